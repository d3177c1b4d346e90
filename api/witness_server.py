"""A witness that logs ask to cosign (c2sp.org/tlog-witness): ``add-checkpoint``, and the checkpoint of each log.

``domain.witness`` decides. Here is what surrounds it: the logs that this witness was told of, the file that is
exchanged before the answer goes out, and bounds on what strangers may send. Nobody signs in: a log proves itself by its
signature. TLS is for what stands in front.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.witness import Seen, exchange, file_of, held_in
from domain.note import (
    ED25519,
    MOST_BYTES,
    BadNote,
    Signature,
    SignerKey,
    VerifierKey,
    parse_checkpoint,
    parse_key,
    parse_note,
    verify_note,
)
from domain.witness import SIZE_TYPE, KnownLog, NotCosigned, Why, decide, kept_note, parse_request

_LOG: Final = logging.getLogger("filiere.witness")

BODY_SECONDS: Final = 10.0
"""So long may a log take to send its request."""

Logs = Mapping[str, Sequence[VerifierKey]]
"""The keys of each log that is witnessed, by origin."""


def logs_of(written: Sequence[str]) -> dict[str, list[VerifierKey]]:
    """The logs to witness, from keys as they are written; several of one name are keys of one log. ``BadNote``."""
    logs: dict[str, list[VerifierKey]] = {}
    for key in map(parse_key, written):
        if key.kind != ED25519:
            message = f"{key.name} is not the key of a log: that has type 0x01"
            raise BadNote(message)
        logs.setdefault(key.name, []).append(key)
    return logs


def add_checkpoint(data: bytes, logs: Logs, signer: SignerKey, folder: Path, second: int) -> Signature:
    """The cosignature on what a log asks for, stored before it is given out. ``NotCosigned``, and nothing stored."""
    try:
        note = parse_request(data).checkpoint
    except BadNote:
        raise NotCosigned(Why.MALFORMED) from None
    origin = parse_checkpoint(parse_note(note).text).origin
    keys = logs.get(origin)
    if keys is None:
        raise NotCosigned(Why.UNKNOWN_LOG)
    while True:
        path = file_of(folder, origin)
        held = held_in(path)
        seen = Seen.parse(held)
        _, line = decide(data, {origin: KnownLog(keys, seen.last)}, signer, second)
        kept = [*seen.keys, *(key for key in keys if key not in seen.keys)]
        if exchange(path, held, Seen(kept, kept_note(note, keys, line).decode())):
            return line


def latest(digest: str, logs: Logs, signer: SignerKey, folder: Path) -> bytes | None:
    """For monitors: the checkpoint cosigned last of the log whose origin has this SHA-256; none if there is none."""
    for origin in logs:
        if sha256(origin.encode()).hexdigest() == digest:
            seen = Seen.read(file_of(folder, origin))
            if seen.note is None:
                return None
            note = seen.note.encode()
            try:
                verify_note(parse_note(note), [signer.verifier])
            except BadNote:  # kept by an older release, without its cosignature
                return None
            return note
    return None


def application(
    signer: SignerKey, logs: Logs, folder: Path, now: Callable[[], float] = time.time, seconds: float = BODY_SECONDS
) -> Starlette:
    """The witness as a web application; both its prefixes are where it is mounted."""

    async def add(request: Request) -> Response:
        try:
            async with asyncio.timeout(seconds):
                data = await _body(request)
        except TimeoutError:
            return PlainTextResponse("too slow\n", 408)
        if data is None:
            return PlainTextResponse(f"more than {MOST_BYTES} bytes\n", 413)
        try:
            line = await run_in_threadpool(add_checkpoint, data, logs, signer, folder, int(now()))
        except NotCosigned as refused:
            return _refusal(refused, data)
        return PlainTextResponse(str(line))

    async def monitor(request: Request) -> Response:
        note = await run_in_threadpool(latest, request.path_params["digest"], logs, signer, folder)
        return Response(note, media_type="text/plain") if note is not None else PlainTextResponse("not seen\n", 404)

    routes = [Route("/add-checkpoint", add, methods=["POST"]), Route("/{digest}/checkpoint", monitor, methods=["GET"])]
    return Starlette(routes=routes)


async def _body(request: Request) -> bytes | None:
    """The whole request; none if it is longer than any can be."""
    held = bytearray()
    try:
        async for part in request.stream():
            held += part
            if len(held) > MOST_BYTES:
                return None
    except ClientDisconnect:
        return b""
    return bytes(held)


def _refusal(refused: NotCosigned, data: bytes) -> Response:
    if refused.why is Why.OTHER_SIZE:
        return Response(f"{refused.size}\n", 409, headers={"content-type": SIZE_TYPE})
    if refused.why is Why.INCONSISTENT:
        text = parse_note(parse_request(data).checkpoint).text
        _LOG.error("Not cosigned: %r does not go on from what was seen before, or its proof is wrong.", text)
    return PlainTextResponse(f"{refused.why.name.lower()}\n", refused.why.value)
