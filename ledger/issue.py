"""Hand out labels and certificates: an event first, then the bytes. What is handed out can always be looked up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.analysis import Analysis
from domain.documents import DocumentState, Kind, Seal
from domain.label_token import to_base32
from domain.passport import Passport
from domain.refusals import Refused
from domain.trace import Share
from domain.transaction import Transaction
from domain.values import Actor
from ledger.analysis import analysis_of
from ledger.brackets import beacon_now, newest_root
from ledger.ids import uuid7
from ledger.passport import build, public_url
from ledger.project import dumps
from ledger.queries import find_lot, trace
from ledger.record import Answer, Recorder, lock, record, record_in
from ledger.transaction import transaction_of
from models.base import table
from models.db import SystemSession, system_session

_LABEL, _DOCUMENT, _FROZEN = table(models.Label), table(models.Document), table(models.Frozen)
_LOT, _EVENT, _VOIDED = table(models.Lot), table(models.Event), table(models.Voided)

Language = Literal["en", "fr"]


def new_code(entropy: bytes) -> str:
    """A public code: 80 random bits as 16 characters of Crockford's base32 (no I, L, O, U)."""
    return to_base32(entropy)


def issue_label(recorder: Recorder, actor: Actor, lot: str, *, declares: Sequence[str] = ()) -> str:
    """A new public code for a lot (by id); an earlier one is superseded. Answers the code.

    ``declares``: the allergens that the label names.
    """
    now = recorder.clock()
    code = new_code(recorder.entropy(10))
    event = told.LabelIssued(
        id=uuid7(now, recorder.entropy),
        occurred_at=datetime.fromtimestamp(now / 1000, UTC),
        lot=lot,
        code=code,
        declares=tuple(declares) or None,
        beacon=beacon_now(recorder),
    )
    _accepted(record(recorder, actor, [event]))
    return code


def revoke_label(recorder: Recorder, actor: Actor, code: str, reason: str) -> None:
    """Cancel a label; its page says so for ever."""
    now = recorder.clock()
    event = told.LabelRevoked(
        id=uuid7(now, recorder.entropy),
        occurred_at=datetime.fromtimestamp(now / 1000, UTC),
        code=normal_code(code),
        reason=reason,
    )
    _accepted(record(recorder, actor, [event]))


def normal_code(typed: str) -> str:
    """A public code as people type it: spaces, dashes, small letters, I, L and O are understood."""
    plain = "".join(character for character in typed.upper() if character.isalnum())
    return plain.translate(str.maketrans("ILO", "110"))


def _accepted(answers: list[Answer]) -> Answer:
    (answer,) = answers
    if answer.refused is not None:
        raise answer.refused
    return answer


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label in force, with the public view behind it."""

    code: str
    passport: Passport
    units: int


def label_of(session: SystemSession, recorder: Recorder, org_id: int | None, wanted: str) -> Labelled:
    """The label in force of a lot, by the lot's id or code. A lot without one is refused."""
    lot = find_lot(session, org_id, wanted)
    if lot.disposition != "available":
        raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    label = session.execute(
        select(_LABEL).where(_LABEL.c.lot_id == lot.id, _LABEL.c.state == "issued").order_by(_LABEL.c.seq.desc())
    ).first()
    if label is None:
        raise Refused("LOT_WITHOUT_LABEL", lot=lot.code)
    view = build(session, recorder.host, label, recorder.clock())
    return Labelled(label.code, view.passport, lot.units)


def printed(
    labelled: Labelled,
    form: Literal["svg", "png", "pdf", "zpl"],
    *,
    lang: str = "en",
    design: str | None = None,
    dpi: int = 300,
    grid: str | None = None,
    first: int = 1,
    count: int | None = None,
    skip: int = 0,
) -> tuple[bytes, str]:
    """The label as bytes and their media type: one label (SVG, PNG), or one a unit (PDF, ZPL).

    ``design``, ``grid``: of ``labels.designs``. Without a design, in English and French: the bag label of the lot, and
    its A4 sheets.
    """
    passport, units = labelled.passport, labelled.units
    if design or form == "zpl" or grid not in (None, "2x4", "3x7") or lang not in ("en", "fr"):
        from labels import designs, formats, unit_label

        wanted = count if count is not None else max(1, units - first + 1)
        which = [number if units else None for number in range(first, first + wanted)]
        drawn = [unit_label.of_lot(passport, number, units or None) for number in which]
        named = design or designs.of_grid(grid)
        made = formats.UNITS[f"unit-{form}"]
        return made.make(drawn, lang, named, grid or "roll", skip, dpi), made.media_type
    grid = grid or "2x4"
    if form == "pdf":
        from labels.sheet_a4 import sheet_pdf

        wanted = count if count is not None else max(1, units - first + 1)
        numbers = [(number, units) if units else None for number in range(first, first + wanted)]
        return sheet_pdf([(passport, unit) for unit in numbers], lang, grid, skip), "application/pdf"
    from labels import lot_label

    unit = (first, units) if units else None
    if form == "png":
        return lot_label.label_png(passport, lang, dpi, unit), "image/png"
    return lot_label.label_svg(passport, lang, unit), "image/svg+xml"


# --- numbered documents ---

PREFIXES: Final[dict[Kind, str]] = {
    "traceability_certificate": "TC",
    "certificate_of_analysis": "CA",
    "transaction_statement": "TS",
}
"""How the numbers of a kind of document begin; each kind is counted for itself, by organisation and year."""


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A traceability certificate as it was frozen."""

    number: str
    issued_at: datetime
    language: Language
    passport: Passport
    composition: tuple[Share, ...]
    facts_sha256: str

    @property
    def url(self) -> str | None:
        """The address of the lot's label."""
        return self.passport.url


@dataclass(frozen=True, slots=True)
class IssuedAnalysis:
    """A certificate of analysis as it was frozen."""

    number: str
    issued_at: datetime
    language: Language
    analysis: Analysis
    facts_sha256: str

    @property
    def url(self) -> str | None:
        """The address of the lot's label, where it has one."""
        return self.analysis.url


@dataclass(frozen=True, slots=True)
class IssuedStatement:
    """A transaction statement as it was frozen."""

    number: str
    issued_at: datetime
    language: Language
    transaction: Transaction
    facts_sha256: str

    @property
    def url(self) -> str | None:
        """The address of the lot's label, where it has one."""
        return self.transaction.url


Issued = IssuedCertificate | IssuedAnalysis | IssuedStatement


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was frozen, and what became of it: ``facts`` is the text whose SHA-256 stands in the log.

    ``lot``: the id of its lot. ``about``: the event that a transaction statement is of. ``ended_at``: since when it is
    superseded or withdrawn, or that event was declared wrong.
    """

    number: str
    kind: Kind
    issued_at: datetime
    language: Language
    facts: str
    facts_sha256: str
    lot: str
    about: str | None
    supersedes: str | None
    state: DocumentState
    reason: str | None
    superseded_by: str | None
    ended_at: datetime | None


def issue_certificate(
    recorder: Recorder,
    actor: Actor,
    wanted: str,
    language: Language = "en",
    kind: Kind = "traceability_certificate",
    *,
    about: str | None = None,
    supersedes: str | None = None,
) -> str:
    """Freeze the facts of a lot under the next number of the organisation; answers the number.

    A traceability certificate is of a labelled lot that nothing blocks; a certificate of analysis of any lot of which
    something was measured, whatever was found; a transaction statement of one shipment, or of one certificate of a
    control body (``about``: the event). What it ``supersedes`` is over in the same transaction.
    """
    now = recorder.clock()
    with system_session(recorder.database, write=True) as session:
        lock(session, alone=True)  # numbers follow each other without a gap
        lot, plain = _now(session, recorder, actor, wanted, kind, now, about)
        if about is not None:
            _once(session, actor, about, supersedes)
        facts = dumps(plain)
        digest = hashlib.sha256(facts.encode()).hexdigest()
        number = _next_number(session, actor, PREFIXES[kind], instant_year(now))
        event = told.DocumentIssued(
            id=uuid7(now, recorder.entropy),
            occurred_at=datetime.fromtimestamp(now / 1000, UTC),
            lot=lot,
            kind=kind,
            number=number,
            language=language,
            facts_sha256=digest,
            about=about,
            supersedes=supersedes,
            beacon=newest_root(session),
        )
        _accepted(record_in(session, recorder, actor, [event], now, alone=True))
        known = session.execute(
            select(_FROZEN.c.sha256).where(_FROZEN.c.org_id == actor.org_id, _FROZEN.c.sha256 == digest)
        ).first()
        if known is None:
            session.connection().execute(sa.insert(_FROZEN).values(org_id=actor.org_id, sha256=digest, facts=facts))
    return number


def reissue(recorder: Recorder, actor: Actor, number: str, language: Language | None = None) -> str:
    """Issue a document anew, with the facts as they stand now; the old one is superseded. Answers the new number.

    Refuses with DOCUMENT_UNKNOWN, with DOCUMENT_NOT_IN_FORCE, and as a first issue would.
    """
    with system_session(recorder.database, write=False) as session:
        old = document(session, actor.org_id, number)
    if old.state != "issued":
        raise Refused("DOCUMENT_NOT_IN_FORCE", document=number, state=old.state)
    wanted = language or old.language
    return issue_certificate(recorder, actor, old.lot, wanted, old.kind, about=old.about, supersedes=number)


def revoke_document(recorder: Recorder, actor: Actor, number: str, reason: str) -> None:
    """Withdraw a document; whoever asks after it is told so, and why, for ever.

    Refuses with DOCUMENT_UNKNOWN, and with DOCUMENT_NOT_IN_FORCE if it was withdrawn before.
    """
    now = recorder.clock()
    event = told.DocumentRevoked(
        id=uuid7(now, recorder.entropy),
        occurred_at=datetime.fromtimestamp(now / 1000, UTC),
        number=number,
        reason=reason,
    )
    _accepted(record(recorder, actor, [event]))


def _once(session: SystemSession, actor: Actor, about: str, supersedes: str | None) -> None:
    """A transaction is stated once; a second statement of it stands in the place of the first."""
    query = select(_DOCUMENT.c.number).where(
        _DOCUMENT.c.org_id == actor.org_id, _DOCUMENT.c.about == about, _DOCUMENT.c.state == "issued"
    )
    for number in session.execute(query).scalars():
        if number != supersedes:
            raise Refused("STATEMENT_ISSUED_BEFORE", document=number)


def _now(
    session: SystemSession, recorder: Recorder, actor: Actor, wanted: str, kind: Kind, now: int, about: str | None
) -> tuple[str, dict[str, Any]]:
    """The id of the lot, and the facts of a document on it as they stand."""
    if kind == "transaction_statement":
        transaction = transaction_of(session, recorder.host, actor, wanted, about)
        return transaction.lot, {"transaction": _plain(transaction)}
    if kind == "certificate_of_analysis":
        analysis = analysis_of(session, recorder.host, actor.org_id, wanted, now)
        return analysis.lot, {"analysis": _plain(analysis)}
    label = label_of(session, recorder, actor.org_id, wanted)
    back = trace(session, actor.org_id, wanted, "back")
    return back.root.id, _facts(label.passport, back.composition)


def instant_year(at: int) -> int:
    return datetime.fromtimestamp(at / 1000, UTC).year


def _next_number(session: SystemSession, actor: Actor, kind: str, year: int) -> str:
    prefix = f"{kind}-{actor.org_code}-{year}-"
    count = session.execute(
        select(sa.func.count()).where(_DOCUMENT.c.org_id == actor.org_id, _DOCUMENT.c.number.like(f"{prefix}%"))
    ).scalar_one()
    return f"{prefix}{count + 1:04d}"


def state_now(session: SystemSession, row: Any) -> tuple[DocumentState, int | None]:
    """The state of a document and since when (UTC milliseconds); a statement falls with the event that it is of."""
    if row.state == "issued" and row.about is not None:
        wrong, correction = _EVENT.alias(), _EVENT.alias()
        query = (
            select(correction.c.logged_at)
            .select_from(wrong)
            .join(_VOIDED, sa.and_(_VOIDED.c.org_id == wrong.c.org_id, _VOIDED.c.seq == wrong.c.seq))
            .join(correction, sa.and_(correction.c.org_id == wrong.c.org_id, correction.c.seq == _VOIDED.c.by_seq))
            .where(wrong.c.org_id == row.org_id, wrong.c.id == row.about)
        )
        at = session.execute(query).scalar()
        if at is not None:
            return "corrected", at
    return row.state, row.ended_at


def document(session: SystemSession, org_id: int | None, number: str) -> Document:
    """A document by its number, exactly as frozen."""
    query = select(_DOCUMENT).where(_DOCUMENT.c.number == number)
    if org_id is not None:
        query = query.where(_DOCUMENT.c.org_id == org_id)
    row = session.execute(query).first()
    if row is None:
        raise Refused("DOCUMENT_UNKNOWN", document=number)
    facts = session.execute(
        select(_FROZEN.c.facts).where(_FROZEN.c.org_id == row.org_id, _FROZEN.c.sha256 == row.facts_sha256)
    ).scalar_one()
    lot = session.execute(select(_LOT.c.uid).where(_LOT.c.id == row.lot_id)).scalar_one()
    state, ended_at = state_now(session, row)
    return Document(
        row.number,
        row.kind,
        datetime.fromtimestamp(row.issued_at / 1000, UTC),
        row.language,
        facts,
        row.facts_sha256,
        lot,
        row.about,
        row.supersedes,
        state,
        row.reason,
        row.superseded_by,
        datetime.fromtimestamp(ended_at / 1000, UTC) if ended_at is not None else None,
    )


def certificate(session: SystemSession, org_id: int | None, number: str) -> Issued:
    """A certificate by its number, exactly as frozen, as values to draw from."""
    held = document(session, org_id, number)
    plain = json.loads(held.facts)
    if held.kind == "certificate_of_analysis":
        analysis = _thawed(Analysis, plain["analysis"])
        return IssuedAnalysis(held.number, held.issued_at, held.language, analysis, held.facts_sha256)
    if held.kind == "transaction_statement":
        transaction = _thawed(Transaction, plain["transaction"])
        return IssuedStatement(held.number, held.issued_at, held.language, transaction, held.facts_sha256)
    return IssuedCertificate(
        number=held.number,
        issued_at=held.issued_at,
        language=held.language,
        passport=_thawed(Passport, plain["passport"]),
        composition=tuple(_thawed(Share, share) for share in plain["composition"]),
        facts_sha256=held.facts_sha256,
    )


def certificate_bytes(held: Issued, seal: Seal | None = None) -> bytes:
    """A certificate as PDF, drawn from what was frozen: the same bytes every time.

    ``seal``: what the paper says of its signature; none: it is not signed, and says nothing of one.
    """
    said = (held.number, held.issued_at, held.language, held.facts_sha256, seal)
    if isinstance(held, IssuedAnalysis):
        from labels.analysis_certificate import analysis_pdf

        return analysis_pdf(held.analysis, *said)
    if isinstance(held, IssuedStatement):
        from labels.transaction_statement import statement_pdf

        return statement_pdf(held.transaction, *said)
    from labels.certificate import certificate_pdf

    number, at, language, digest, _ = said
    return certificate_pdf(held.passport, number, at, list(held.composition), language, digest, seal)


def _facts(passport: Passport, composition: tuple[Share, ...]) -> dict[str, Any]:
    return {"passport": _plain(passport), "composition": [_plain(share) for share in composition]}


def _plain(value: Any) -> Any:
    """Frozen dataclasses as JSON values."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _thawed(kind: Any, plain: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(plain)


__all__ = [
    "Document",
    "Issued",
    "IssuedAnalysis",
    "IssuedCertificate",
    "IssuedStatement",
    "Kind",
    "Labelled",
    "certificate",
    "certificate_bytes",
    "document",
    "issue_certificate",
    "issue_label",
    "label_of",
    "normal_code",
    "printed",
    "public_url",
    "reissue",
    "revoke_document",
    "revoke_label",
]
