"""The settings: three to know in production (database, data folder, public address), none for a trial."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. Read from the environment once, when the process starts."""

    database_url: str
    data_dir: Path
    public_url: str  # scheme and host that labels point to, without a slash at the end
    read_database_url: str | None = None  # a streaming replica
    secure_cookies: bool = False  # set when the public address is https
    pages_per_minute: int = 600  # public pages for one address
    country_header: str | None = None  # in which the proxy says the visitor's country (ISO 3166 alpha-2)

    @classmethod
    def from_env(cls) -> Settings:
        """``FILIERE_DATABASE_URL``, ``FILIERE_DATA_DIR`` and ``FILIERE_PUBLIC_URL``.

        Seldom ``FILIERE_READ_DATABASE_URL``, ``FILIERE_PAGES_PER_MINUTE`` and ``FILIERE_COUNTRY_HEADER``.
        ``FILIERE_PROFILES`` is read by ``ledger.profiles``.
        """
        data_dir = Path(os.environ.get("FILIERE_DATA_DIR", ".filiere")).resolve()
        public_url = os.environ.get("FILIERE_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
        return cls(
            database_url=os.environ.get("FILIERE_DATABASE_URL", f"sqlite:///{data_dir / 'filiere.db'}"),
            data_dir=data_dir,
            public_url=public_url,
            read_database_url=os.environ.get("FILIERE_READ_DATABASE_URL"),
            secure_cookies=public_url.startswith("https://"),
            pages_per_minute=int(os.environ.get("FILIERE_PAGES_PER_MINUTE", "600")),
            country_header=os.environ.get("FILIERE_COUNTRY_HEADER"),
        )
