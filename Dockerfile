# The service: migrate, then serve, as an ordinary user. Data (SQLite file, keys) lives in /data.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app FILIERE_DATA_DIR=/data
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY api api
COPY demo demo
COPY domain domain
COPY exchange exchange
COPY labels labels
COPY ledger ledger
COPY migrations migrations
COPY models models
COPY profiles profiles

# ``docker compose exec app filiere …`` is the command line.
RUN printf '#!/bin/sh\nexec python -m api "$@"\n' > /usr/local/bin/filiere && chmod 755 /usr/local/bin/filiere
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin filiere && mkdir /data && chown filiere /data
USER 10001
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]

CMD ["sh", "-c", "filiere migrate && exec filiere serve --host 0.0.0.0"]
