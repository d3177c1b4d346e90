"""Asks witnesses to cosign (c2sp.org/tlog-witness, add-checkpoint): a thread beside the sealer, never in its way.

The sealer only says that there is something new. This thread holds no lock and no transaction while it waits for
others; each witness has a time in which to answer, and is left in peace for a while after it failed. What it answers
is believed no more than what anybody posts: ``ledger.log.cosigned`` decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from functools import cache
from typing import TYPE_CHECKING, Final

from domain.note import Note, parse_checkpoint, parse_note
from domain.witness import MOST_ANSWERED, Answer, NotAnswered, Trouble, read_answer
from ledger.log import SealedLog
from ledger.witnesses import Asked, due, failed, request_of, take

if TYPE_CHECKING:
    import httpx

_LOG: Final = logging.getLogger("filiere.witnesses")

SECONDS: Final = 10.0
"""So long may a witness take for one answer, from the first byte sent to the last received."""

LOOK_SECONDS: Final = 10.0
"""So often it is looked whom to ask, if nobody says that there is something new."""

MOST_REQUESTS: Final = 3
"""Of one witness for one checkpoint: from the size kept, from the size told, and once more if that has just changed."""

SENTENCES: Final = {
    Trouble.UNREACHABLE: "it cannot be reached",
    Trouble.SLOW: "it does not answer in time",
    Trouble.REDIRECT: "it sends elsewhere, which is not followed: name its new address with “filiere keys witness”",
    Trouble.TOO_LONG: "its answer is too long",
    Trouble.STATUS: "its answer is not one of the protocol",
    Trouble.NOT_COSIGNED: "its answer holds no cosignature of its key that verifies",
    Trouble.MALFORMED: "it does not understand the request",
    Trouble.NOT_SIGNED: "it does not know this log, or not its newest key: tell it that key (“filiere keys list”)",
    Trouble.UNKNOWN_LOG: "it does not know this log: tell it the key of the log (“filiere keys list”)",
    Trouble.AHEAD: "it saw more of this log than there is: was the log cut off, or restored from an old copy?",
    Trouble.INCONSISTENT: "IT SAYS THAT THE LOG WAS REWRITTEN: this is not the log that it saw. Run “filiere audit”",
}


def sentence(trouble: Trouble, detail: str) -> str:
    """What is wrong with a witness, for the operator."""
    return f"{SENTENCES[trouble]} ({detail})" if detail else SENTENCES[trouble]


class Pusher:
    """The thread. ``seconds``: so long may a witness take for one answer."""

    def __init__(self, log: SealedLog, seconds: float = SECONDS) -> None:
        self._log = log
        self._seconds = seconds
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken: asyncio.Event | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin; whoever has not cosigned the newest checkpoint is asked at once."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="pusher", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is a new checkpoint. Returns at once."""
        if self._loop is not None and self._woken is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._woken.set)

    def stop(self) -> None:
        """End; no answer is waited for."""
        self._stopping = True
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def once(self, *, patient: bool = True) -> None:
        """Ask everybody once, and come back when all have answered or failed. ``patient``: who failed may rest."""
        asyncio.run(self._once(patient=patient))

    async def _once(self, *, patient: bool) -> None:
        async with _client() as client:
            everybody = await asyncio.to_thread(due, self._log, patient=patient)
            await asyncio.gather(*(self._ask(client, one) for one in everybody))

    async def _serve(self) -> None:
        """Each witness is asked by a task of its own: none waits for another."""
        self._woken, busy = asyncio.Event(), dict[str, asyncio.Task[None]]()
        self._loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack:
            client: httpx.AsyncClient | None = None
            while not self._stopping:
                self._woken.clear()
                busy = {key: task for key, task in busy.items() if not task.done()}
                for one in await self._due():
                    if client is None:
                        client = await stack.enter_async_context(_client())
                    if str(one.key) not in busy:
                        busy[str(one.key)] = asyncio.create_task(self._ask(client, one))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)
            for task in busy.values():
                task.cancel()
            await asyncio.gather(*busy.values(), return_exceptions=True)

    async def _due(self) -> list[Asked]:
        try:
            return await asyncio.to_thread(due, self._log)
        except Exception:  # noqa: BLE001 - nothing stands around this that would go on
            _LOG.exception("whom to ask for a cosignature could not be read; it is tried again")
            return []

    async def _ask(self, client: httpx.AsyncClient, one: Asked) -> None:
        """(1) the request, (2) the answer, from another size if the witness says so, (3) verify, store, publish."""
        try:
            try:
                had_failed = await self._exchange(client, one)
            except NotAnswered as why:
                if await asyncio.to_thread(failed, self._log, one, why):
                    said = sentence(why.trouble, why.detail)
                    _LOG.warning("Witness %s (%s) does not cosign: %s.", one.key.name, one.url, said)
            else:
                if had_failed:
                    _LOG.warning("Witness %s (%s) cosigns again.", one.key.name, one.url)
        except Exception:  # noqa: BLE001 - of one witness; the others go on
            _LOG.exception("witness %s could not be asked; it is tried again", one.key.name)

    async def _exchange(self, client: httpx.AsyncClient, one: Asked) -> bool:
        old: int | None = None
        for _ in range(MOST_REQUESTS):
            asked = await asyncio.to_thread(request_of, self._log, one, old)  # (1)
            answer = await self._post(client, f"{one.url}/add-checkpoint", bytes(asked))
            found = read_answer(answer, asked, one.key)  # (2)
            if isinstance(found, Note):
                size = parse_checkpoint(parse_note(asked.checkpoint).text).size
                return await asyncio.to_thread(take, self._log, one, found, size)  # (3)
            old = found
        raise NotAnswered(Trouble.STATUS, "it told another size each time")

    async def _post(self, client: httpx.AsyncClient, url: str, body: bytes) -> Answer:
        """One answer in its time. A kept connection that was closed meanwhile is opened once more."""
        import httpx

        try:
            async with asyncio.timeout(self._seconds):
                try:
                    return await _read(client, url, body)
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                    return await _read(client, url, body)
        except (TimeoutError, httpx.TimeoutException):
            raise NotAnswered(Trouble.SLOW, f"{self._seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotAnswered(Trouble.UNREACHABLE, str(error) or type(error).__name__) from None


def _client() -> httpx.AsyncClient:
    import httpx

    headers = {"accept-encoding": "identity"}
    return httpx.AsyncClient(verify=_trusted(), timeout=SECONDS, follow_redirects=False, headers=headers)


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that this machine trusts: read once, which takes a twentieth of a second."""
    import httpx

    return httpx.create_ssl_context()


async def _read(client: httpx.AsyncClient, url: str, body: bytes) -> Answer:
    """The answer as it comes, unpacked by nobody, and no more of it than is read."""
    async with client.stream("POST", url, content=body) as response:
        held = bytearray()
        async for part in response.aiter_raw():
            held += part
            if len(held) > MOST_ANSWERED:
                raise NotAnswered(Trouble.TOO_LONG)
        return Answer(response.status_code, response.headers.get("content-type", ""), bytes(held))
