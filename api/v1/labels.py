"""Labels and certificates of lots: issue, print, revoke."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep
from api.problems import Problem
from domain import events as told
from domain.documents import Kind
from ledger import issue
from ledger.queries import find_lot
from models.db import system_session

routes = Routes(prefix="/v1", tags=["labels"])


class LabelOut(BaseModel):
    """A public code and the address that its QR holds."""

    code: str
    url: str


class Revocation(BaseModel):
    """Why a label is cancelled; its page says so."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Printed twice"}]})

    reason: told.Note


class CertificateOut(BaseModel):
    """The number of a certificate just frozen, and where its PDF is."""

    number: str
    url: str


@routes.post("/lots/{lot}/labels", access=Needs("labels:issue"), status_code=201, summary="Issue a label for a lot")
def issue_label(
    caller: CallerDep,
    ledger: LedgerDep,
    lot: str,
    declares: Annotated[
        list[told.Word] | None, Query(max_length=20, description="allergens that the label names, such as sulphites")
    ] = None,
) -> LabelOut:
    """A new public code. An earlier label of the lot is superseded, and its page points to the new one."""
    with system_session(ledger.database, write=False) as session:
        found = find_lot(session, caller.org_id, lot)
    code = issue.issue_label(ledger, caller.actor, found.uid, declares=declares or ())
    return LabelOut(code=code, url=issue.public_url(ledger.host, code))


@routes.get(
    "/lots/{lot}/label",
    access=Needs("labels:issue"),
    summary="Print the label of a lot",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}, "image/png": {}, "application/pdf": {}}}},
)
def print_label(
    ledger: LedgerDep,
    caller: CallerDep,
    session: LedgerReadDep,
    lot: str,
    format: Literal["svg", "png", "pdf"] = "svg",  # noqa: A002 - the parameter's plain name
    lang: Literal["en", "fr"] = "en",
    dpi: Literal["203", "300", "600"] = "300",
    grid: Literal["2x4", "3x7"] = "2x4",
    first: Annotated[int, Query(ge=1, le=100_000, description="first unit to print")] = 1,
    count: Annotated[int | None, Query(ge=1, le=5_000, description="labels on the sheets; default: one a unit")] = None,
    skip: Annotated[int, Query(ge=0, le=20, description="positions already used on the first sheet")] = 0,
) -> Response:
    """SVG or PNG of one label, or A4 sheets with one label a unit."""
    labelled = issue.label_of(session, ledger, caller.org_id, lot)
    data, media_type = issue.printed(
        labelled, format, lang=lang, dpi=int(dpi), grid=grid, first=first, count=count, skip=skip
    )
    return Response(data, media_type=media_type)


@routes.post("/labels/{code}/revoke", access=Needs("labels:issue"), status_code=204, summary="Cancel a label")
def revoke_label(caller: CallerDep, ledger: LedgerDep, code: str, body: Revocation) -> None:
    """Its page says from now on, and for ever, that it was cancelled."""
    issue.revoke_label(ledger, caller.actor, code, body.reason)


@routes.post(
    "/lots/{lot}/certificates",
    access=Needs("labels:issue"),
    status_code=201,
    summary="Issue a certificate",
)
def issue_certificate(
    caller: CallerDep,
    ledger: LedgerDep,
    lot: str,
    lang: Literal["en", "fr"] = "en",
    kind: Kind = "traceability_certificate",
    about: Annotated[
        told.Id | None, Query(description="of a transaction statement: the event that shipped or certified the goods")
    ] = None,
) -> CertificateOut:
    """Numbered and frozen: the facts as they stand now. The QR leads to the live state.

    ``traceability_certificate``: the lot needs a label, and nothing may block it. ``certificate_of_analysis``: every
    result of the lot, passed or not; refused only where nothing was ever measured. ``transaction_statement``: of one
    shipment, or one certificate of a control body (``about``), whose claims the lot carries still.
    """
    if (kind == "transaction_statement") != (about is not None):
        raise Problem(
            422,
            "malformed",
            "A transaction statement is of one event, and only that kind of document is.",
            advice="Name the event by which the goods left, as about, with kind=transaction_statement.",
        )
    number = issue.issue_certificate(ledger, caller.actor, lot, lang, kind, about=about)
    return CertificateOut(number=number, url=f"/v1/documents/{number}")
