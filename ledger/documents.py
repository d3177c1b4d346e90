"""Documents as files: drawn once, signed, kept to the byte; and what there is to say of a copy.

A document is signed when it is first asked for, and from then on the same bytes are given out. With it go the frozen
facts, the record of its issue in the log, the address of the label, and the proof of the log where there is one yet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import models
from domain import events as told
from domain.documents import (
    CODES,
    DIGEST_SHOWN,
    DocumentCheck,
    DocumentState,
    DocumentVerdict,
    PublicDocument,
    Seal,
    path_of,
)
from domain.log import Stored
from domain.note import BadNote, Policy, parse_proof, verify_proof
from domain.refusals import Refused
from ledger import issue, signing
from ledger.keys import Keys
from ledger.log import CannotSeal, SealedLog, known_keys, proof_of, seal
from ledger.record import Recorder
from models.base import table
from models.db import SystemSession, system_session

_DOCUMENT, _FILE, _EVENT = table(models.Document), table(models.DocumentFile), table(models.Event)
_ORG, _LABEL = table(models.Organisation), table(models.Label)

MOST_BYTES: Final = 10 << 20
"""Bytes of a file that is verified."""

FACTS, RECORD, LABEL, PROOF = "facts.json", "event.json", "label.txt", "proof.tlog-proof"
"""Names of the files attached to a document."""

ProofOf = Callable[[int, int], tuple[bytes, bytes] | None]
"""(organisation, number of the event) -> its record and the log's proof (``.tlog-proof``); none: not sealed yet."""


Trusts = Callable[[str], Policy | None]
"""The name of a log -> whom to trust with its proofs; none: no log of this deployment."""


def _no_log(_origin: str) -> None:
    return None


def _no_proof(_org_id: int, _seq: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Desk:
    """What signing and verifying take: the ledger, the folder of keys, the log's proofs, and whose a proof must be."""

    recorder: Recorder
    keys: Keys
    proof_of: ProofOf = _no_proof
    policy: Trusts = _no_log


def desk_of(log: SealedLog, *, seals: bool) -> Desk:
    """The desk of a deployment with a log; ``seals``: what waits to be sealed when it is asked for is sealed first."""

    def proven(org_id: int, seq: int) -> tuple[bytes, bytes] | None:
        found = proof_of(log, org_id, seq)
        if found is None and seals:
            with suppress(CannotSeal):
                seal(log)
            found = proof_of(log, org_id, seq)
        return (found.record, found.proof) if found is not None else None

    def policy(origin: str) -> Policy | None:
        with system_session(log.recorder.database, write=False) as session:
            known = known_keys(session)
        with suppress(ValueError):
            return known.judging(origin)
        return None

    return Desk(log.recorder, log.keys, proven, policy)


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it was signed."""

    number: str
    content: bytes
    sha256: str
    signed_at: int


def signed(desk: Desk, org_id: int | None, number: str) -> Kept:
    """A document as PDF, to the byte as it was first given out; ``DOCUMENT_UNKNOWN`` if there is none."""
    with system_session(desk.recorder.database, write=False) as session:
        held = issue.certificate(session, org_id, number)
        row = _row(session, org_id, number)
        kept = _kept(session, row.org_id, number)
        if kept is not None:
            return kept
        record = record_of(session, row.org_id, row.seq)
        facts = issue.document(session, row.org_id, number).facts
    return _sign(desk, held, row, record, facts.encode())


def _sign(desk: Desk, held: issue.Issued, row: Any, record: bytes, facts: bytes) -> Kept:
    """Drawn, signed, and kept unless somebody else kept it meanwhile."""
    recorder = desk.recorder
    proven = desk.proof_of(row.org_id, row.seq)
    files = [
        signing.File(FACTS, "application/json", "The frozen data, whose SHA-256 stands in the log", facts),
        signing.File(RECORD, "application/json", "The record of the issue in the log", proven[0] if proven else record),
    ]
    if held.url is not None:
        files.append(signing.File(LABEL, "text/plain", "The address of the lot's label", f"{held.url}\n".encode()))
    if proven is not None:
        files.append(signing.File(PROOF, "text/plain", "The log's proof of the issue (C2SP tlog-proof)", proven[1]))
    signer, now = signing.signer_of(desk.keys, recorder.host, recorder.clock()), recorder.clock()
    host = recorder.host.rstrip("/")
    address = host + path_of(held.number, held.facts_sha256)
    seal = Seal(host.partition("://")[2] or host, address, held.url is not None, proven is not None)
    pdf = issue.certificate_bytes(held, seal)
    content = signer.sign(pdf, files, held.number, datetime.fromtimestamp(now // 1000, UTC))
    digest = sha256(content).hexdigest()
    own = {"org_id": row.org_id, "number": held.number, "sha256": digest}
    try:
        with system_session(recorder.database, write=True) as session:
            kept = _kept(session, row.org_id, held.number)
            if kept is None:
                values = own | {"content": content, "signer": signer.fingerprint, "signed_at": now}
                session.connection().execute(sa.insert(_FILE).values(**values))
                kept = Kept(held.number, content, digest, now)
    except IntegrityError:
        with system_session(recorder.database, write=False) as session:
            kept = _kept(session, row.org_id, held.number)
        assert kept is not None
    return kept


def _row(session: SystemSession, org_id: int | None, number: str) -> Any:
    query = select(_DOCUMENT).where(_DOCUMENT.c.number == number)
    row = session.execute(query if org_id is None else query.where(_DOCUMENT.c.org_id == org_id)).first()
    if row is None:
        raise Refused("DOCUMENT_UNKNOWN", document=number)
    return row


def _kept(session: SystemSession, org_id: int, number: str) -> Kept | None:
    row = session.execute(select(_FILE).where(_FILE.c.org_id == org_id, _FILE.c.number == number)).first()
    return Kept(row.number, bytes(row.content), row.sha256, row.signed_at) if row is not None else None


def record_of(session: SystemSession, org_id: int, seq: int) -> bytes:
    """The record of an event, of which the log's entry is a commitment."""
    row = session.execute(select(_EVENT).where(_EVENT.c.org_id == org_id, _EVENT.c.seq == seq)).one()
    stored = Stored(
        org_id, seq, row.received_at, row.logged_at, row.actor, row.body, row.ruling, bytes(row.salt)
    )  # fmt: skip
    return stored.record()


_ADDRESS = re.compile(rf"(?P<number>[A-Z0-9./_-]{{1,40}})\.(?P<digits>[0-9a-f]{{{DIGEST_SHOWN}}})")


def public(desk: Desk, address: str) -> PublicDocument | None:
    """What became of the document with an address (``number.digits``); none where either is not that of a document."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    lot = table(models.Lot)
    with system_session(desk.recorder.database, write=False) as session:
        row = session.execute(
            select(_DOCUMENT, lot.c.code.label("lot_code"), _ORG.c.name.label("issuer"))
            .join(lot, lot.c.id == _DOCUMENT.c.lot_id)
            .join(_ORG, _ORG.c.id == _DOCUMENT.c.org_id)
            .where(_DOCUMENT.c.number == match["number"], _DOCUMENT.c.facts_sha256.startswith(match["digits"]))
        ).first()
        if row is None:
            return None
        label = session.execute(
            select(_LABEL.c.code)
            .where(_LABEL.c.lot_id == row.lot_id, _LABEL.c.state == "issued")
            .order_by(_LABEL.c.seq.desc())
        ).scalar()
        state, ended_at = issue.state_now(session, row)
    proven = desk.proof_of(row.org_id, row.seq)
    return PublicDocument(
        number=row.number,
        kind=row.kind,
        lot_code=row.lot_code,
        issuer=row.issuer,
        issued_at=datetime.fromtimestamp(row.issued_at / 1000, UTC),
        facts_sha256=row.facts_sha256,
        state=state,
        reason=row.reason,
        superseded_by=row.superseded_by,
        ended_at=datetime.fromtimestamp(ended_at / 1000, UTC) if ended_at is not None else None,
        label=issue.public_url(desk.recorder.host, label) if label is not None else None,
        record=proven[0].decode() if proven is not None else None,
        proof=proven[1].decode() if proven is not None else None,
    )


# --- what there is to say of a copy ---


def verify_document(recorder: Recorder, data: bytes, policy: Trusts = _no_log) -> DocumentVerdict:
    """Whether a file is, to the byte, a document of this deployment, and whether that is in force today.

    (1) Its signature holds, (2) over the whole file, (3) by a key that signed documents here. (4) It is a file that was
    kept when it was issued. (5) Its data are those whose digest stands in the log, (6) whose proof, if it carries one,
    holds under the ``policy`` of the log that it names. (7) It was neither superseded nor withdrawn, and the event that
    it states was not declared wrong. What rests on a check that failed is not checked; only bytes that a key of ours
    signed are opened. ``ValueError`` above ``MOST_BYTES``.
    """
    if len(data) > MOST_BYTES:
        message = f"more than {MOST_BYTES} bytes"
        raise ValueError(message)
    digest = sha256(data).hexdigest()
    try:
        found = signing.signatures(data)
    except signing.NoSignature:
        return _unread(digest, DocumentCheck("intact", "failed", "unsigned"))
    with system_session(recorder.database, write=False) as session:
        ours = [one for one in found if one.holds and _signs_here(session, one.fingerprint)]
        if not ours:
            return _foreign(found, data, digest)
        own = max(ours, key=lambda one: one.until)
        checks = [DocumentCheck("intact", "passed"), _whole(own, data), DocumentCheck("signer", "passed")]
        return _looked_up(session, data[: own.until], checks, digest, policy)


def _unread(digest: str, *checks: DocumentCheck) -> DocumentVerdict:
    """What was found, and that nothing else was looked at."""
    rest = (DocumentCheck(code, "not_checked") for code in CODES[len(checks) :])
    return DocumentVerdict((*checks, *rest), digest)


def _foreign(found: tuple[signing.Signed, ...], data: bytes, digest: str) -> DocumentVerdict:
    """No key of ours signed it: the last signature that holds says who did."""
    held = [one for one in found if one.holds]
    if not held:
        return _unread(digest, DocumentCheck("intact", "failed", "altered"))
    last = max(held, key=lambda one: one.until)
    signer = DocumentCheck("signer", "failed", params={"name": last.name})
    return _unread(digest, DocumentCheck("intact", "passed"), _whole(last, data), signer)


def _whole(own: signing.Signed, data: bytes) -> DocumentCheck:
    if own.until != len(data):
        return DocumentCheck("whole", "failed", params={"count": len(data) - own.until})
    return DocumentCheck("whole", "passed")


def _signs_here(session: SystemSession, fingerprint: str) -> bool:
    query = select(_FILE.c.number).where(_FILE.c.signer == fingerprint).limit(1)
    return session.execute(query).first() is not None


def _looked_up(
    session: SystemSession, data: bytes, checks: list[DocumentCheck], digest: str, policy: Trusts
) -> DocumentVerdict:
    """The steps from (4) on, of what a key of ours signed."""
    file = session.execute(
        select(_FILE.c.org_id, _FILE.c.number).where(_FILE.c.sha256 == sha256(data).hexdigest())
    ).first()
    if file is None:
        return _unread(digest, *checks, DocumentCheck("known", "failed"))
    row = _row(session, file.org_id, file.number)
    name = session.execute(select(_ORG.c.name).where(_ORG.c.id == row.org_id)).scalar_one()
    checks.append(DocumentCheck("known", "passed", params={"number": row.number, "organisation": name}))
    files = signing.attached(data)
    checks.append(DocumentCheck("facts", "passed" if _as_logged(session, row, files) else "failed"))
    checks.append(_proof(files, policy))
    state, ended_at = issue.state_now(session, row)
    checks.append(_in_force(row, state, ended_at))
    at = datetime.fromtimestamp(row.issued_at / 1000, UTC)
    return DocumentVerdict(tuple(checks), digest, row.number, row.kind, at, state, row.superseded_by)


def _as_logged(session: SystemSession, row: Any, files: Any) -> bool:
    """The facts have the digest that the event names, and the event stands in the log as it was attached."""
    record = files[RECORD]
    if record != record_of(session, row.org_id, row.seq):
        return False
    event = told.parse(json.dumps(json.loads(record)["event"]))
    return (
        isinstance(event, told.DocumentIssued)
        and (event.number, event.facts_sha256) == (row.number, row.facts_sha256)
        and sha256(files[FACTS]).hexdigest() == event.facts_sha256
    )


def _proof(files: Any, policy: Trusts) -> DocumentCheck:
    if PROOF not in files:
        return DocumentCheck("logged", "not_checked", "none")
    try:
        trusted = policy(parse_proof(files[PROOF]).origin)
        if trusted is None:
            return DocumentCheck("logged", "not_checked", "policy")
        proven = verify_proof(files[PROOF], files[RECORD], trusted)
    except BadNote:
        return DocumentCheck("logged", "failed")
    return DocumentCheck("logged", "passed", params={"index": proven.index, "size": proven.size})


def _in_force(row: Any, state: DocumentState, ended_at: int | None) -> DocumentCheck:
    if ended_at is None:
        return DocumentCheck("in_force", "passed")
    day = datetime.fromtimestamp(ended_at / 1000, UTC).date().isoformat()
    said = {
        "corrected": {"day": day},
        "superseded": {"superseded_by": row.superseded_by, "day": day},
        "revoked": {"reason": row.reason, "day": day},
    }
    return DocumentCheck("in_force", "failed", state, said[state])
