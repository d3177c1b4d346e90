"""The settings: three to know in production (database, data folder, public address), none for a trial."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.keys import Keys
    from ledger.log import SealedLog
    from ledger.record import Recorder


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. Read from the environment once, when the process starts."""

    database_url: str
    data_dir: Path
    public_url: str  # scheme and host that labels point to, without a slash at the end
    read_database_url: str | None = None  # a streaming replica
    secure_cookies: bool = False  # set when the public address is https
    pages_per_minute: int = 600  # public pages for one address
    log_dir: Path | None = None  # published files of the log; none: in the data folder
    keys_dir: Path | None = None  # secret keys; none: in the data folder
    checkpoint_file: Path | None = None  # the checkpoint signed last, best on another volume; none: in the data folder
    seal_seconds: int = 10  # how often what is new is sealed; 0: not by this process
    country_header: str | None = None  # in which the proxy says the visitor's country (ISO 3166 alpha-2)

    @classmethod
    def from_env(cls) -> Settings:
        """``FILIERE_DATABASE_URL``, ``FILIERE_DATA_DIR`` and ``FILIERE_PUBLIC_URL``.

        Seldom ``FILIERE_READ_DATABASE_URL``, ``FILIERE_PAGES_PER_MINUTE``, ``FILIERE_COUNTRY_HEADER``, and for the log
        ``FILIERE_LOG_DIR``, ``FILIERE_KEYS_DIR``, ``FILIERE_CHECKPOINT_FILE``, ``FILIERE_SEAL_SECONDS``.
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
            log_dir=_path("FILIERE_LOG_DIR"),
            keys_dir=_path("FILIERE_KEYS_DIR"),
            checkpoint_file=_path("FILIERE_CHECKPOINT_FILE"),
            seal_seconds=int(os.environ.get("FILIERE_SEAL_SECONDS", "10")),
            country_header=os.environ.get("FILIERE_COUNTRY_HEADER"),
        )

    @property
    def keys(self) -> Keys:
        """The folder of secret keys."""
        from ledger.keys import Keys

        return Keys(self.keys_dir or self.data_dir / "keys")

    def log(self, recorder: Recorder) -> SealedLog:
        """The log of this deployment."""
        from ledger.log import SealedLog

        return SealedLog(
            recorder,
            recorder.keys or self.keys,
            self.log_dir or self.data_dir / "log",
            self.checkpoint_file or self.data_dir / "last-checkpoint",
        )


def _path(name: str) -> Path | None:
    said = os.environ.get(name)
    return Path(said).resolve() if said else None
