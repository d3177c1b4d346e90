"""Who looked at a label, written down in batches by a thread of its own: a page never waits for it.

What is kept of a visitor: the instant, the country where a proxy tells it, a position only if the visitor sent one,
rounded to 0.1 degree, and a hash of the address with the salt of the day, which all processes share and which goes when
its day is over. The address itself waits in memory until the hash is written, some seconds.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Scope

from api.limits import address
from domain.clones import DAY, HOUR, Kind, Sighting
from ledger import opening, scans
from ledger.record import Recorder

EVERY: Final = 2.0
"""Seconds between two batches."""

MOST: Final = 10_000
"""Scans that wait at most; under a flood the oldest are dropped, not the service."""

BATCH: Final = 200
VISITOR_DIGITS: Final = 16
TENTH: Final = 100_000
_LATITUDES, _LONGITUDES = 90 * 1_000_000, 180 * 1_000_000
_COUNTRY_LETTERS: Final = 2
_LOG = logging.getLogger("filiere.scans")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A scan that is not written yet, and the address that it came from."""

    code: str
    sighting: Sighting
    address: str

    def under(self, salt: bytes) -> scans.Seen:
        """As it is written: the address is a hash."""
        visitor = sha256(salt + self.address.encode()).hexdigest()[:VISITOR_DIGITS]
        return scans.Seen(self.code, replace(self.sighting, visitor=visitor))


class ScanLog:
    """Scans on their way into the ledger."""

    def __init__(self, recorder: Recorder, country_header: str | None = None) -> None:
        self._recorder = recorder
        self._header = country_header.lower().encode() if country_header else None
        self._waiting: deque[_Waiting] = deque(maxlen=MOST)
        self._salt: tuple[int, bytes] | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._swept_at = 0

    def note(self, code: str, kind: Kind, scope: Scope, at: str | None = None) -> None:
        """Somebody looked at a label. ``at``: what the visitor sent of the place, ``53.55,9.99``."""
        now = self._recorder.clock()
        sighting = Sighting(now, kind, self._country(scope), position(at))
        self._waiting.append(_Waiting(code, sighting, address(scope)))

    def _country(self, scope: Scope) -> str | None:
        if self._header is None:
            return None
        found = dict(scope["headers"]).get(self._header, b"").decode("latin-1").strip().upper()
        right = len(found) == _COUNTRY_LETTERS and found.isascii() and found.isalpha() and found != "XX"
        return found if right else None

    def _salt_of_today(self) -> bytes:
        """Asked for once a day. What is written just after midnight counts for the new day."""
        if self._salt is None or self._salt[0] != self._recorder.clock() // DAY:
            self._salt = scans.salt_of_today(self._recorder)
        return self._salt[1]

    def flush(self) -> int:
        """Write what waits; answers how many scans."""
        written = 0
        while self._waiting:
            salt = self._salt_of_today()
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            scans.keep_now(self._recorder, [one.under(salt) for one in batch])
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
            if now - self._swept_at > HOUR or now // DAY != self._swept_at // DAY:
                self._swept_at = now
                self._salt = self._salt if self._salt is not None and self._salt[0] == now // DAY else None
                scans.sweep(self._recorder)
                opening.sweep(self._recorder)
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
