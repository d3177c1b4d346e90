"""Who looked at a label, written down in batches by a thread of its own: a page never waits for it.

What is kept of a visitor: the instant, the country where a proxy tells it, a position only if the visitor sent one,
rounded to 0.1 degree, and a hash of the address with a salt that lives in this process for one day and is never stored.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from hashlib import sha256
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Scope

from api.limits import address
from domain.clones import DAY, HOUR, Kind, Sighting
from ledger import scans
from ledger.record import Recorder

EVERY: Final = 2.0
"""Seconds between two batches."""

MOST: Final = 10_000
"""Scans that wait at most; under a flood the oldest are dropped, not the service."""

BATCH: Final = 200
TENTH: Final = 100_000
_LATITUDES, _LONGITUDES = 90 * 1_000_000, 180 * 1_000_000
_COUNTRY_LETTERS: Final = 2
_LOG = logging.getLogger("filiere.scans")


class ScanLog:
    """Scans on their way into the ledger."""

    def __init__(self, recorder: Recorder, country_header: str | None = None) -> None:
        self._recorder = recorder
        self._header = country_header.lower().encode() if country_header else None
        self._waiting: deque[scans.Seen] = deque(maxlen=MOST)
        self._salt: tuple[int, bytes] = (-1, b"")
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._swept_at = 0

    def note(self, code: str, kind: Kind, scope: Scope, at: str | None = None) -> None:
        """Somebody looked at a label. ``at``: what the visitor sent of the place, ``53.55,9.99``."""
        now = self._recorder.clock()
        sighting = Sighting(now, kind, self._country(scope), position(at), self._visitor(scope, now))
        self._waiting.append(scans.Seen(code, sighting))

    def _country(self, scope: Scope) -> str | None:
        if self._header is None:
            return None
        found = dict(scope["headers"]).get(self._header, b"").decode("latin-1").strip().upper()
        right = len(found) == _COUNTRY_LETTERS and found.isascii() and found.isalpha() and found != "XX"
        return found if right else None

    def _visitor(self, scope: Scope, now: int) -> str:
        if self._salt[0] != now // DAY:
            self._salt = (now // DAY, secrets.token_bytes(32))
        return sha256(self._salt[1] + address(scope).encode()).hexdigest()[:16]

    def flush(self) -> int:
        """Write what waits; answers how many scans."""
        written = 0
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            scans.keep_now(self._recorder, batch)
            written += len(batch)
        return written

    def start(self) -> None:
        """Write from now on."""
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, name="scans", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what still waits, and no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            self._once()
        self._once()

    def _once(self) -> None:
        try:
            self.flush()
            now = self._recorder.clock()
            if now - self._swept_at > HOUR:
                self._swept_at = now
                scans.sweep(self._recorder)
        except SQLAlchemyError:
            _LOG.exception("scans could not be written")


def position(sent: str | None) -> tuple[int, int] | None:
    """A place that a visitor sent, to 0.1 degree, in micro-degrees; none for anything else."""
    parts = (sent or "")[:40].split(",")
    try:
        latitude, longitude = (round(float(part) * 10) * TENTH for part in parts)
    except (ValueError, OverflowError):
        return None
    if abs(latitude) > _LATITUDES or abs(longitude) > _LONGITUDES:
        return None
    return latitude, longitude
