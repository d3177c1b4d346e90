"""Papers of laboratories: attach one to a lot, fetch it again, and ask whether a file is one of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep
from api.problems import Problem
from api.versions import Instant
from domain import events as told
from domain.attachments import SUFFIXES
from ledger import attachments

routes = Routes(prefix="/v1", tags=["quality"])

_FILE = {"requestBody": {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SUFFIXES}}}


class AttachmentOut(BaseModel):
    """A paper attached to a lot; kept: its bytes can be fetched."""

    model_config = ConfigDict(from_attributes=True)

    event: str
    lot: str
    code: str
    kind: Literal["certificate_of_analysis"]
    sha256: str
    media_type: str
    size: int
    number: str | None
    laboratory: str | None
    checks: tuple[str, ...]
    at: Instant
    by: str
    kept: bool


class AttachmentsOut(BaseModel):
    """The papers of a lot, in the order told."""

    data: list[AttachmentOut]


class VerifiedOut(BaseModel):
    """The digest of a file, and where it is attached among the lots that you may see; nowhere: an empty list."""

    sha256: str
    attached: list[AttachmentOut]


async def sent(request: Request) -> bytes:
    """The body as it is, counted as it comes."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > told.MAX_ATTACHMENT:
            raise HTTPException(413)
        parts.append(part)
    return b"".join(parts)


Sent = Annotated[bytes, Depends(sent)]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file")]


@routes.post(
    "/lots/{lot}/attachments",
    access=Needs("quality:write"),
    status_code=201,
    summary="Attach a laboratory's certificate to a lot",
    openapi_extra=_FILE,
)
def attach(
    caller: CallerDep,
    ledger: LedgerDep,
    response: Response,
    lot: str,
    data: Sent,
    kind: Literal["certificate_of_analysis"] = "certificate_of_analysis",
    number: Annotated[told.Word | None, Query(description="as printed on the paper")] = None,
    laboratory: Annotated[told.Code | None, Query(description="code of the laboratory")] = None,
    checks: Annotated[
        list[told.Id] | None, Query(max_length=100, description="events of the checks that it backs")
    ] = None,
    event_id: Annotated[told.Id | None, Query(description="made before sending; none: one is made here")] = None,
    occurred_at: Annotated[told.When | None, Query(description="none: now")] = None,
) -> AttachmentOut:
    """The body is the file itself: PDF, PNG or JPEG by its first bytes, at most 10 MiB; it is kept as it came.

    The log gets its SHA-256. The same bytes to the same lot again answer 200 and change nothing.
    """
    said = attachments.Said(kind, event_id, number, laboratory, tuple(checks or ()), occurred_at)
    found, new = attachments.attach(ledger, caller.actor, lot, data, said)
    if not new:
        response.status_code = 200
    return AttachmentOut.model_validate(found)


@routes.get("/lots/{lot}/attachments", access=Needs("lots:read"), summary="Papers attached to a lot")
def list_attachments(caller: CallerDep, session: LedgerReadDep, lot: str) -> AttachmentsOut:
    """For every party of the lot."""
    found = attachments.papers(session, caller.org_id, lot)
    return AttachmentsOut(data=[AttachmentOut.model_validate(item) for item in found])


@routes.get(
    "/lots/{lot}/attachments/{sha256}",
    access=Needs("lots:read"),
    summary="Fetch a paper attached to a lot",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in SUFFIXES}}},
)
def get_attachment(caller: CallerDep, session: LedgerReadDep, lot: str, sha256: Digest) -> Response:
    """The very bytes that were sent: to be saved, never shown in a page of ours."""
    found, data = attachments.content(session, caller.org_id, lot, sha256)
    name = f"{_file_name(found.code)}-{sha256[:12]}.{SUFFIXES[found.media_type]}"
    return Response(data, media_type=found.media_type, headers=_LOCKED_UP | {"content-disposition": _saved(name)})


_LOCKED_UP = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox"}
"""What a stranger made is not run in a page of ours, whatever it is."""


def _saved(name: str) -> str:
    return f'attachment; filename="{name}"'


def _file_name(code: str) -> str:
    return "".join(one if one.isalnum() or one == "-" else "-" for one in code)


@routes.post(
    "/attachments/verify", access=Needs("lots:read"), summary="Whether a file is attached to a lot", openapi_extra=_FILE
)
def verify(
    caller: CallerDep,
    session: LedgerReadDep,
    data: Sent,
    sha256: Annotated[told.Sha256 | None, Query(description="instead of the file, which then need not be sent")] = None,
) -> VerifiedOut:
    """Send the file, or its SHA-256. The answer names the lots, of those that you may see, and since when.

    Nothing of the file is kept.
    """
    if sha256 is None and not data:
        raise Problem(
            422, "malformed", "There is no file in the request.", advice="Send the file, or its SHA-256 as sha256."
        )
    digest = sha256 if sha256 is not None else attachments.digest_of(data)
    found = attachments.attached_anywhere(session, caller.org_id, digest)
    return VerifiedOut(sha256=digest, attached=[AttachmentOut.model_validate(item) for item in found])


@routes.post(
    "/attachments/{sha256}/erase",
    access=Needs("quality:write"),
    status_code=204,
    summary="Erase the bytes of a file that you attached",
)
def erase(caller: CallerDep, ledger: LedgerDep, sha256: Digest) -> None:
    """Where a paper names persons, or had no business here. The log keeps its digest, and a copy still verifies."""
    attachments.erase(ledger, caller.org_id, sha256)
