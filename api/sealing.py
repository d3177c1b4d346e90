"""Seals the log beside the requests: a thread that enters what is new every few seconds, and how far it came.

Witnesses that are asked to cosign have a thread of their own (``api.pushing``), which only hears that there is news.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from api.pushing import Pusher
from labels.page import Seal
from ledger import witnesses
from ledger.log import CannotSeal, SealedLog, seal, standing
from models.db import system_session

_LOG: Final = logging.getLogger("filiere.seal")


class Sealer:
    """The thread, and the state that it saw last. ``seconds`` 0: it looks, and another process seals."""

    def __init__(self, log: SealedLog, seconds: int) -> None:
        self._log = log
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.state: Seal | None = None
        self.refused: str | None = None
        self.silent: tuple[str, ...] = ()  # witnesses that were asked last and did not cosign
        self._pusher = Pusher(log)
        self._asked = (0, 0)  # tree and size about which the witnesses were asked last

    def start(self) -> None:
        """Begin; what waits is sealed at once."""
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)
        self._thread.start()
        if self._seconds:
            self._pusher.start()

    def stop(self) -> None:
        """End after the seal that is under way."""
        self._stop.set()
        self._pusher.stop()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while True:
            self.once()
            if self._stop.wait(self._seconds or 10):
                return

    def once(self) -> None:
        """Seal what is new, and see how far the log is sealed. What must not be signed is said, and not signed."""
        try:
            if self._seconds:
                seal(self._log)
            self.refused = None
        except CannotSeal as refused:
            if self.refused != str(refused):
                _LOG.error("The log is not sealed: %s", refused)
            self.refused = str(refused)
        except (OSError, SQLAlchemyError, ValueError):
            _LOG.exception("the log could not be sealed; it is tried again")
        self.look()

    def look(self) -> None:
        """How far the log is sealed, by whomever; the witnesses are asked about what is new."""
        try:
            with system_session(self._log.recorder.database, write=False) as session:
                now = standing(session)
                self.silent = tuple(one.key.name for one in witnesses.asked(session) if one.trouble is not None)
        except SQLAlchemyError:
            _LOG.exception("the state of the log could not be read")
            return
        if (now.tree, now.size) != self._asked:
            self._asked = (now.tree, now.size)
            self._pusher.wake()
        if now.signed_at is not None:
            at = datetime.fromtimestamp(now.signed_at // 1000, UTC)
            self.state = Seal(now.seq, at, len(now.witnesses))
