"""Documents that were handed out: fetch one as it was signed, issue it anew, withdraw it; and verify a copy."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api.access import Needs, Public, Routes
from api.deps import CallerDep, DeskDep, LedgerDep, LedgerReadDep
from api.problems import Problem
from api.v1.attachments import Sent
from api.v1.labels import CertificateOut
from api.versions import Instant
from domain import events as told
from domain.documents import Answer, DocumentState, DocumentVerdict, Kind
from ledger import documents, issue

routes = Routes(prefix="/v1", tags=["documents"])

_PDF: dict[str, Any] = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


class DocumentOut(BaseModel):
    """A document as it was frozen, and what became of it.

    ``facts_sha256`` is of ``facts`` as JSON with sorted keys and no spaces. ``ended_at``: when that ended.
    """

    number: str
    kind: Kind
    issued_at: Instant
    language: Literal["en", "fr"]
    state: DocumentState
    reason: str | None
    supersedes: str | None
    superseded_by: str | None
    ended_at: Instant | None
    about: str | None
    facts: dict[str, Any]
    facts_sha256: str


class Withdrawal(BaseModel):
    """Why a document is withdrawn; whoever asks after it is told."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "Issued for the wrong buyer"}]}
    )

    reason: told.Note


class CheckOut(BaseModel):
    """One check of a copy, in words."""

    number: int
    code: str
    answer: Answer
    sentence: dict[Literal["en", "fr"], str]


class VerdictOut(BaseModel):
    """What there is to say of a copy. ``genuine``: the very file issued; ``in_order``: and in force today."""

    genuine: bool
    in_order: bool
    sentence: dict[Literal["en", "fr"], str]
    sha256: str
    number: str | None
    kind: Kind | None
    issued_at: Instant | None
    state: DocumentState | None
    superseded_by: str | None
    checks: list[CheckOut]


def verdict_out(found: DocumentVerdict) -> VerdictOut:
    """The verdict with its sentences, for machines and for the command line."""
    return VerdictOut(
        genuine=found.genuine,
        in_order=found.in_order,
        sentence={"en": found.sentence("en"), "fr": found.sentence("fr")},
        sha256=found.sha256,
        number=found.number,
        kind=found.kind,
        issued_at=found.issued_at,
        state=found.state,
        superseded_by=found.superseded_by,
        checks=[
            CheckOut(
                number=check.number,
                code=check.code,
                answer=check.answer,
                sentence={"en": check.sentence("en"), "fr": check.sentence("fr")},
            )
            for check in found.checks
        ],
    )


@routes.get(
    "/documents/{number}",
    access=Needs("lots:read"),
    summary="A document as PDF, or its facts",
    response_model=DocumentOut,
    responses={200: {"content": {"application/pdf": {}}}},
)
def get_document(
    caller: CallerDep,
    desk: DeskDep,
    session: LedgerReadDep,
    number: str,
    format: Literal["pdf", "json"] = "pdf",  # noqa: A002 - the parameter's plain name
) -> Any:
    """The PDF, signed when first asked for and the same to the byte ever after. JSON says what became of it."""
    held = issue.document(session, caller.org_id, number)
    if format == "json":
        return DocumentOut(
            number=held.number,
            kind=held.kind,
            issued_at=held.issued_at,
            language=held.language,
            state=held.state,
            reason=held.reason,
            supersedes=held.supersedes,
            superseded_by=held.superseded_by,
            ended_at=held.ended_at,
            about=held.about,
            facts=json.loads(held.facts),
            facts_sha256=held.facts_sha256,
        )
    session.rollback()  # signing writes what it signed
    kept = documents.signed(desk, caller.org_id, number)
    return Response(
        kept.content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{kept.number}.pdf"', "etag": f'"{kept.sha256}"'},
    )


@routes.post(
    "/documents/{number}/reissue", access=Needs("labels:issue"), status_code=201, summary="Issue a document anew"
)
def reissue(
    caller: CallerDep,
    ledger: LedgerDep,
    number: str,
    lang: Annotated[Literal["en", "fr"] | None, Query(description="none: as before")] = None,
) -> CertificateOut:
    """Of the facts as they stand now, under a new number; from that moment the old one is superseded by it."""
    new = issue.reissue(ledger, caller.actor, number, lang)
    return CertificateOut(number=new, url=f"/v1/documents/{new}")


@routes.post("/documents/{number}/revoke", access=Needs("labels:issue"), status_code=204, summary="Withdraw a document")
def revoke(caller: CallerDep, ledger: LedgerDep, number: str, body: Withdrawal) -> None:
    """Whoever verifies a copy, or opens its address, is told from now on, and why."""
    issue.revoke_document(ledger, caller.actor, number, body.reason)


@routes.post(
    "/documents/verify",
    access=Public("anybody may check a paper that he holds; only who holds the very file learns what it is"),
    summary="Verify a copy of a document",
    openapi_extra={"requestBody": {"content": _PDF}},
)
def verify(request: Request, desk: DeskDep, data: Sent) -> VerdictOut:
    """The body is the PDF, at most 10 MiB; nothing of it is kept. Seven numbered checks, each with its sentence.

    Its signature holds, over the whole file, by a key of this service; it is the very file that was issued; its data
    and its proof stand in the log; it is in force today. A copy that was edited fails, and the check says where.
    """
    wait = request.app.state.limits.page(request.scope)
    if wait is not None:
        raise Problem(
            429,
            "too-many-requests",
            f"Too many files from this address. Try again in {wait} s.",
            headers={"retry-after": str(wait)},
        )
    if not data:
        raise Problem(422, "malformed", "There is no file in the request.", advice="Send the PDF as the body.")
    return verdict_out(documents.verify_document(desk.recorder, data, desk.policy))
