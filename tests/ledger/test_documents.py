"""Documents as files: signed once, kept to the byte, reissued, withdrawn; and the verdict on 150 copies."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.documents import CODES
from domain.refusals import Refused
from ledger import documents, issue, signing
from ledger.documents import Desk
from ledger.keys import Keys, KeysUnsafe
from ledger.record import Recorder, record
from ledger.replay import replay
from models.base import table
from models.db import connect, system_session
from tests.builders import at, kg, uid
from tests.ledger import papers
from tests.ledger.papers import Office

HOST = "https://trace.example.org"
NOW = 1_900_000_000_000
KINDS = ("traceability_certificate", "certificate_of_analysis", "transaction_statement")


@pytest.fixture
def office(recorder: Recorder, tmp_path: Path) -> Office:
    return Office(replace(recorder, host=HOST), tmp_path)


def refused(code: str, act: Any, *args: Any, **values: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        act(*args, **values)
    assert caught.value.code == code
    return caught.value


def answers(verdict: documents.DocumentVerdict) -> dict[str, str]:
    return {check.code: check.answer for check in verdict.checks}


# --- signed once ---


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_signed_once_and_the_same_ever_after(office: Office, kind: str) -> None:
    number = office.issue(kind)
    first = documents.signed(office.desk, office.actor.org_id, number)
    assert documents.signed(office.desk, None, number) == first
    assert hashlib.sha256(first.content).hexdigest() == first.sha256
    held = office.document(number)
    files = signing.attached(first.content)
    assert hashlib.sha256(files["facts.json"]).hexdigest() == held.facts_sha256
    assert json.loads(files["event.json"])["event"]["number"] == number
    assert files["label.txt"].decode().startswith("HTTPS://TRACE.EXAMPLE.ORG/L/")
    verdict = office.verdict(first.content)
    assert (verdict.in_order, verdict.number, verdict.kind) == (True, number, kind)
    assert answers(verdict) == dict.fromkeys(CODES, "passed") | {"logged": "not_checked"}


def test_two_who_ask_at_once_get_the_same_bytes(office: Office) -> None:
    number = office.issue()
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: office.file(number), range(4)))
    assert len(found) == 1


def test_another_library_finds_a_pades_signature_that_forbids_every_change(office: Office) -> None:
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    data = office.file(office.issue())
    (signature,) = PdfFileReader(BytesIO(data)).embedded_signatures
    signer = signing.signer_of(office.desk.keys, HOST, NOW)
    context = ValidationContext(trust_roots=[x509.Certificate.load(signer.certificate)], allow_fetching=False)
    status = validate_pdf_signature(signature, context)
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert status.modification_level == ModificationLevel.NONE
    assert signature.docmdp_level == MDPPerm.NO_CHANGES
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert status.pkcs7_signature_mechanism == "sha256_ecdsa"
    assert signature.sig_object["/Reason"].startswith("TC-COOP-")
    assert signature.sig_object["/Location"] == HOST


def test_the_proof_of_the_log_goes_along_and_is_held_against_the_log_s_key(office: Office) -> None:
    office.desk = replace(office.desk, proof_of=office.proof_of)
    data = office.file(office.issue())
    assert answers(office.verdict(data, papers.policy()))["logged"] == "passed"
    unknown = next(check for check in office.verdict(data).checks if check.code == "logged")
    assert (unknown.answer, unknown.why) == ("not_checked", "policy")
    other = office.verdict(data, papers.policy(b"\x08" * 32))
    assert (answers(other)["logged"], other.genuine) == ("failed", False)


# --- the signer's key ---


def test_the_key_is_private_and_made_once(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: signing.signer_of(keys, HOST, NOW), range(4)))
    assert len(made) == 1
    for name in (signing.KEY, signing.CERTIFICATE):
        assert stat.S_IMODE((keys.folder / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in keys.folder.iterdir()) == [signing.CERTIFICATE, signing.KEY]
    (signer,) = made
    assert signer.key.hex() not in repr(signer)
    (keys.folder / signing.KEY).chmod(0o644)
    with pytest.raises(KeysUnsafe, match="open to others"):
        signing.signer_of(keys, HOST, NOW)


def test_an_operator_may_bring_a_key_of_his_own(tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

    made = Keys(tmp_path / "made")
    signing.signer_of(made, "https://qualified.example.org", NOW)
    key: Any = load_pem_private_key((made.folder / signing.KEY).read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((made.folder / signing.CERTIFICATE).read_bytes())
    packed = pkcs12.serialize_key_and_certificates(b"q", key, certificate, None, BestAvailableEncryption(b"secret"))
    keys = Keys(tmp_path / "keys")
    _put(keys, signing.PKCS12, packed)
    with pytest.raises(signing.SignerUnfit, match="passphrase"):
        signing.signer_of(keys, HOST, NOW)
    _put(keys, signing.PASSPHRASE, b"secret\n")
    assert "qualified.example.org" in signing.Signed(0, True, signing.signer_of(keys, HOST, NOW).certificate).name
    other = Keys(tmp_path / "other")
    _put(other, signing.KEY, (made.folder / signing.KEY).read_bytes())
    _put(other, signing.CERTIFICATE, _certificate_of(rsa.generate_private_key(65537, 2048)))
    with pytest.raises(signing.SignerUnfit, match="not that of its key"):
        signing.signer_of(other, HOST, NOW)


def _put(keys: Keys, name: str, data: bytes) -> None:
    path = keys.document_file(name)
    path.write_bytes(data)
    path.chmod(0o600)


def _certificate_of(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return signing._self_signed(HOST, key, documents.datetime(2030, 1, 1, tzinfo=documents.UTC)).public_bytes(
        Encoding.PEM
    )


def test_nothing_is_signed_by_a_certificate_that_ended(office: Office) -> None:
    number = office.issue()
    signing.signer_of(office.desk.keys, HOST, NOW)
    late = replace(office.recorder, clock=lambda: NOW + 11 * 365 * 86_400_000)
    with pytest.raises(signing.SignerUnfit, match="valid from 2030-03-16 to"):
        documents.signed(Desk(late, office.desk.keys), None, number)


def test_what_an_earlier_key_signed_is_still_ours(office: Office) -> None:
    old = office.file(office.issue())
    for name in (signing.KEY, signing.CERTIFICATE):
        (office.desk.keys.folder / name).unlink()
    new = office.file(office.issue(lang="fr"))
    assert signing.signatures(old)[0].fingerprint != signing.signatures(new)[0].fingerprint
    assert office.verdict(old).in_order
    assert office.verdict(new).in_order


# --- reissued and withdrawn ---


@pytest.mark.parametrize("kind", KINDS)
def test_a_reissue_supersedes_in_the_same_transaction(office: Office, kind: str) -> None:
    old = office.issue(kind)
    data = office.file(old)
    new = issue.reissue(office.recorder, office.actor, old, "fr")
    before, after = office.document(old), office.document(new)
    assert (before.state, before.superseded_by, before.ended_at) == ("superseded", new, after.issued_at)
    assert (after.state, after.supersedes, after.language, after.kind) == ("issued", old, "fr", kind)
    verdict = office.verdict(data)
    assert (verdict.genuine, verdict.in_order, verdict.superseded_by) == (True, False, new)
    assert verdict.checks[-1].sentence("en") == f"{new} stands in its place since 2030-03-17."
    refused("DOCUMENT_NOT_IN_FORCE", issue.reissue, office.recorder, office.actor, old)
    assert office.file(old) == data
    report = replay(office.recorder)
    assert report.identical, (report.missing, report.surplus)


def test_a_withdrawn_document_says_why_for_ever(office: Office) -> None:
    number = office.issue()
    data = office.file(number)
    rival = office.chain.cluster.actor("RIVAL")
    refused("DOCUMENT_UNKNOWN", issue.revoke_document, office.recorder, rival, number, "theirs")
    refused("DOCUMENT_UNKNOWN", issue.reissue, office.recorder, rival, number)
    issue.revoke_document(office.recorder, office.actor, number, "Issued for the wrong buyer")
    again = refused("DOCUMENT_NOT_IN_FORCE", issue.revoke_document, office.recorder, office.actor, number, "twice")
    assert again.params["state"] == "revoked"
    held = office.document(number)
    assert (held.state, held.reason) == ("revoked", "Issued for the wrong buyer")
    verdict = office.verdict(data)
    assert (verdict.genuine, verdict.in_order) == (True, False)
    assert "Issued for the wrong buyer" in verdict.checks[-1].sentence("fr")
    refused("DOCUMENT_NOT_IN_FORCE", issue.reissue, office.recorder, office.actor, number)
    assert replay(office.recorder).identical


def test_a_superseded_document_may_still_be_withdrawn(office: Office) -> None:
    old = office.issue()
    new = issue.reissue(office.recorder, office.actor, old)
    issue.revoke_document(office.recorder, office.actor, old, "Never true")
    held = office.document(old)
    assert (held.state, held.superseded_by) == ("revoked", new)
    assert office.document(new).state == "issued"
    assert replay(office.recorder).identical


def test_a_document_does_not_supersede_one_of_another_kind(office: Office) -> None:
    old = office.issue()
    refused("DOCUMENT_UNKNOWN", office.issue, "certificate_of_analysis", supersedes=old)
    assert office.document(old).state == "issued"


def test_of_two_who_reissue_at_once_one_is_refused(office: Office) -> None:
    old = office.issue()

    def act(_: int) -> str:
        try:
            return issue.reissue(office.recorder, office.actor, old)
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(act, range(2)))
    assert found == ["DOCUMENT_NOT_IN_FORCE", "TC-COOP-2030-0002"]


# --- transaction statements ---


def transaction(office: Office, number: str) -> Any:
    with system_session(office.recorder.database, write=False) as session:
        held = issue.certificate(session, None, number)
    assert isinstance(held, issue.IssuedStatement)
    return held.transaction


def test_a_statement_is_computed_from_the_shipment(office: Office) -> None:
    sale = transaction(office, office.issue("transaction_statement"))
    assert (sale.seller.name, sale.buyer.name) == ("Organisation COOP", "Organisation EXP")
    assert (sale.quantity_g, sale.lot_g, sale.shipped_g, sale.remaining_g) == (150_000, 400_000, 150_000, 250_000)
    (claim,) = sale.claims
    assert (claim.scheme, claim.value, claim.left_g) == ("EU_ORG", "organic", 250_000)
    (paper,) = claim.certificates
    assert (paper.number, paper.body_code, paper.status) == ("GRP", "LR-BIO-000", "active")
    assert (sale.document, sale.container, sale.seal) == ("CMR-1", "MSKU1", "S77")


def test_a_statement_of_a_certificate_of_a_control_body(office: Office) -> None:
    paper = told.Certified(
        id=uid("coi"), occurred_at=at("2025-02-01T08:00:00Z"), lot=uid("DB"), kind="coi", number="COI-7",
        scheme="EU_ORG", value="organic", quantity=kg(100), to="EXP",
    )  # fmt: skip
    office.chain.ok(paper)
    sale = transaction(office, office.issue("transaction_statement", about=uid("coi")))
    assert (sale.kind, sale.paper_kind, sale.paper_number, sale.quantity_g) == ("consignment", "coi", "COI-7", 100_000)
    assert sale.claims[0].left_g == 300_000


def test_a_transaction_is_stated_once(office: Office) -> None:
    first = office.issue("transaction_statement")
    told_so = refused("STATEMENT_ISSUED_BEFORE", office.issue, "transaction_statement")
    assert told_so.params["document"] == first
    issue.revoke_document(office.recorder, office.actor, first, "Wrong buyer")
    assert office.issue("transaction_statement") == "TS-COOP-2030-0002"


def test_no_statement_of_what_is_not_a_shipment_that_stands(office: Office) -> None:
    refused("SHIPMENT_UNKNOWN", office.issue, "transaction_statement", about=uid("nowhere"))
    refused("SHIPMENT_UNKNOWN", office.issue, "transaction_statement", about=uid("dry-DB"))
    correction = told.Corrected(
        id=uid("correction"), occurred_at=at("2025-02-02T09:00:00Z"), event=uid("sale"), reason="Weighed again",
        instead=office.shipment("right", 140),
    )  # fmt: skip
    office.chain.ok(correction)
    refused("SHIPMENT_UNKNOWN", office.issue, "transaction_statement")
    sale = transaction(office, office.issue("transaction_statement", about=uid("correction")))
    assert (sale.quantity_g, sale.remaining_g) == (140_000, 260_000)


def test_a_statement_falls_with_the_shipment_that_it_is_of(office: Office) -> None:
    first = office.issue("transaction_statement")
    paper = office.file(first)
    assert office.verdict(paper).in_order
    for wrong, right in (("sale", "correction"), ("correction", "again")):
        correction = told.Corrected(
            id=uid(right), occurred_at=at("2025-02-02T09:00:00Z"), event=uid(wrong), reason="Weighed again",
            instead=office.shipment(f"{right}-sale", 140),
        )  # fmt: skip
        office.chain.ok(correction)
        verdict = office.verdict(paper)
        assert (verdict.genuine, verdict.in_order, verdict.state) == (True, False, "corrected")
        assert "corrected since" in verdict.sentence("en")
        assert "declared wrong on " in verdict.checks[-1].sentence("en")
        assert office.document(first).state == "corrected"
        refused("DOCUMENT_NOT_IN_FORCE", issue.reissue, office.recorder, office.actor, first)
        first = office.issue("transaction_statement", about=uid(right))
        paper = office.file(first)
        assert office.verdict(paper).in_order


def test_no_statement_of_a_blocked_lot_or_a_lowered_claim(office: Office) -> None:
    coop = office.actor
    lowered = told.Downgraded(
        id=uid("down"), occurred_at=at("2025-03-01T09:00:00Z"), lot=uid("DB"), scheme="EU_ORG", to="in_conversion",
        reason="Residue",
    )  # fmt: skip
    office.chain.ok(lowered)
    said = refused("STATEMENT_CLAIM_LOWERED", office.issue, "transaction_statement")
    assert said.params["carried"] == "in_conversion"
    held = told.Held(id=uid("held"), occurred_at=at("2025-03-02T09:00:00Z"), lot=uid("DB"), reason="Complaint")
    record(office.recorder, coop, [held])
    refused("LOT_BLOCKED", office.issue, "transaction_statement")


def test_a_statement_says_what_came_back(office: Office) -> None:
    back = told.Returned(
        id=uid("back"), occurred_at=at("2025-02-10T09:00:00Z"), site=uid("FERM"), lot=uid("DB"),
        into=told.Named(lot=uid("RET"), code="RET"), quantity=kg(20), shipment=uid("sale"), unopened=True,
        kept_as_required=True, reason="Bags torn",
    )  # fmt: skip
    office.chain.ok(back)
    sale = transaction(office, office.issue("transaction_statement"))
    assert (sale.returned_g, sale.net_g, sale.shipped_g) == (20_000, 130_000, 130_000)


def test_no_statement_of_more_than_the_lot_even_where_the_rows_were_changed_by_hand(office: Office) -> None:
    lot = table(models.Lot)
    with system_session(office.recorder.database, write=True) as session:
        session.connection().execute(sa.update(lot).where(lot.c.code == "DB").values(initial_g=149_999, remaining_g=0))
    said = refused("STATEMENT_EXCEEDS_LOT", office.issue, "transaction_statement")
    assert (said.params["have_g"], said.params["wanted_g"]) == (149_999, 150_000)


# --- the verdict on 150 copies (T22) ---


@dataclass
class Exhibits:
    """One deployment with its documents, another one, and a forger's keys. Made once for all cases."""

    office: Office
    other: Office
    forger: Keys
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def exhibits(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exhibits]:
    opened = []

    def deployment(name: str, seed: int, host: str) -> Office:
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(empty_sqlite, folder / "filiere.db")
        database = connect(f"sqlite:///{folder / 'filiere.db'}")
        opened.append(database)
        return Office(Recorder(database, host, lambda: NOW, random.Random(seed).randbytes), folder)

    ours, other = deployment("ours", 1, HOST), deployment("other", 2, "https://other.example.org")
    files = {}
    for kind in KINDS[:2]:
        for lang in ("en", "fr"):
            files[f"{kind}/{lang}"] = ours.file(ours.issue(kind, lang))
    statement = ours.issue(KINDS[2])
    files["replaced"] = ours.file(statement)
    files[f"{KINDS[2]}/fr"] = ours.file(issue.reissue(ours.recorder, ours.actor, statement, "fr"))
    gone = ours.issue(KINDS[1])
    files["withdrawn"] = ours.file(gone)
    issue.revoke_document(ours.recorder, ours.actor, gone, "Wrong lot")
    ours.desk = replace(ours.desk, proof_of=ours.proof_of)
    files["proven"] = ours.file(ours.issue())
    files["tampered"] = ours.file(ours.issue())
    document = table(models.Document)
    with system_session(ours.recorder.database, write=True) as session:
        last = sa.select(sa.func.max(document.c.seq)).scalar_subquery()
        session.connection().execute(sa.update(document).where(document.c.seq == last).values(facts_sha256="0" * 64))
    files["insider"] = _by_an_insider(ours, "facts.json", b'"net_g":400000', b'"net_g":900000')
    files["other record"] = _by_an_insider(ours, "event.json", b'"language":"en"', b'"language":"fr"')
    for kind in KINDS:
        files[f"other/{kind}"] = other.file(other.issue(kind))
    yield Exhibits(ours, other, Keys(tmp_path_factory.mktemp("forger") / "keys"), files)
    for database in opened:
        database.close()


TC = f"{KINDS[0]}/en"
Case = tuple[str, Any, str | None]
"""What it is, how the copy is made of the exhibits, and the first check that fails (None: in order)."""


def _cases() -> list[Case]:
    cases: list[Case] = []

    def add(name: str, make: Any, fails: str | None) -> None:
        cases.append((name, make, fails))

    for name in (*(f"{kind}/{lang}" for kind in KINDS[:2] for lang in ("en", "fr")), f"{KINDS[2]}/fr", "proven"):
        add(f"in order: {name}", lambda e, name=name: e.files[name], None)
    for name in ("replaced", "withdrawn"):
        add(name, lambda e, name=name: e.files[name], "in_force")
    add("its row says another digest", lambda e: e.files["tampered"], "facts")
    add("facts changed by an insider with key and database", lambda e: e.files["insider"], "facts")
    add("record changed by an insider with key and database", lambda e: e.files["other record"], "facts")
    for index in range(64):  # every part of the file: header, pages, fonts, attachments, signature, trailer
        add(f"bit {index} of 64", lambda e, i=index: _flip(e.files[TC], (2 * i + 1) / 128, i), "any")
    for name in (f"{KINDS[1]}/fr", f"{KINDS[2]}/fr", "proven", "withdrawn"):
        for index in range(6):
            add(f"{name}, bit {index}", lambda e, n=name, i=index: _flip(e.files[n], (2 * i + 1) / 12, i), "any")
    for index in range(12):  # inside the signature's own bytes, padding included
        add(f"signature, digit {index}", lambda e, i=index: _flip_signature(e.files[TC], i / 12), "any")
    for kept in (0.1, 0.5, 0.9, 0.99):
        add(f"cut to {kept}", lambda e, k=kept: e.files[TC][: int(len(e.files[TC]) * k)], "intact")
    for lost in (1, 2, 6, 100):
        add(f"{lost} bytes lost at the end", lambda e, n=lost: e.files[TC][:-n], "intact")
        add(f"{lost} bytes lost at the beginning", lambda e, n=lost: e.files[TC][n:], "intact")
    for added in (b"\n", b" ", b"\0", b"%%EOF\n", b"PK\x03\x04" * 9):
        add(f"{added[:8]!r} added at the end", lambda e, a=added: e.files[TC] + a, "whole")
        add(f"{added[:8]!r} added before it", lambda e, a=added: a + e.files[TC], "intact")
    add("twice in one file", lambda e: e.files[TC] * 2, "whole")
    add("two documents in one file", lambda e: e.files[TC] + e.files["proven"], "whole")
    changes = (papers.renumber, papers.swap_facts, papers.drop_attachments, papers.retitle)
    for change in changes:
        for name in (TC, f"{KINDS[2]}/fr"):
            add(f"{change.__name__} in {name}", lambda e, c=change, n=name: papers.edited(e.files[n], c), "whole")
    add("signed again by another", lambda e: papers.resigned(e.files[TC], e.forger), "whole")
    for change in changes:
        add(
            f"{change.__name__}, signed again by another",
            lambda e, c=change: papers.resigned(papers.edited(e.files[TC], c), e.forger),
            "whole",
        )
    for kind in KINDS:
        add(f"issued by another deployment: {kind}", lambda e, k=kind: e.files[f"other/{k}"], "signer")
    add("drawn and signed by a forger under our name", lambda e: _self_made(e, e.forger, HOST), "signer")
    add("drawn and signed with our stolen key", lambda e: _self_made(e, e.office.desk.keys, HOST), "known")
    add("drawn and not signed", lambda e: papers.unsigned(e.office, "TC-COOP-2030-0001"), "intact")
    add("a unsigned copy signed by a forger", lambda e: papers.resigned(_drawn(e), e.forger), "signer")
    add("our signature in another's file", _transplanted, "intact")
    add("the digest in the signature put right", _digest_put_right, "intact")
    add("the signature's gap made wider", _widened, "intact")
    add("the byte range begins later", lambda e: e.files[TC].replace(b"/ByteRange [0 ", b"/ByteRange [1 ", 1), "intact")
    add(
        "a byte range of huge numbers", lambda _: b"%PDF-1.7\n/ByteRange [0 9999999999 9999999999 9999999999]", "intact"
    )
    add("nine byte ranges", lambda e: e.files[TC] + b"/ByteRange [0 1 2 3]" * 9, "intact")
    add("a second byte range that leads nowhere", lambda e: e.files[TC] + b"/ByteRange [0 1 2 3]", "whole")
    add("nothing at all", lambda _: b"", "intact")
    add("only a header", lambda _: b"%PDF-1.7\n%%EOF\n", "intact")
    add("a picture", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(1000), "intact")
    add("a signature of deep nesting", _nested, "intact")
    add("a signature of 200 kB", lambda _: _with_contents(b"30" * 200_000), "intact")
    return cases


def _by_an_insider(office: Office, changed: str, old: bytes, new: bytes) -> bytes:
    """Another attachment, signed with our own key, and kept as if they had been issued; the log says otherwise."""
    number = office.issue()
    genuine = signing.attached(office.file(number))
    assert old in genuine[changed]
    files = [
        signing.File(name, "application/json", name, data.replace(old, new) if name == changed else data)
        for name, data in genuine.items()
    ]
    signer = signing.signer_of(office.desk.keys, HOST, NOW)
    forged = signer.sign(
        papers.unsigned(office, number), files, number, documents.datetime.fromtimestamp(NOW // 1000, documents.UTC)
    )
    kept = table(models.DocumentFile)
    with system_session(office.recorder.database, write=True) as session:
        values = {"content": forged, "sha256": hashlib.sha256(forged).hexdigest()}
        session.connection().execute(sa.update(kept).where(kept.c.number == number).values(**values))
    return forged


def _digest_put_right(e: Exhibits) -> bytes:
    """Content changed, and the digest in the signature made to fit; only the signature's own value does not."""
    data = e.files[TC]
    begin, end = _gap(data)

    def digest(whole: bytes) -> bytes:
        return hashlib.sha256(whole[:begin] + whole[end:]).hexdigest().encode()

    changed = papers.flipped(data, 2000)
    held = changed[begin:end].lower()
    assert digest(data) in held
    return changed[:begin] + held.replace(digest(data), digest(changed)) + changed[end:]


def _flip(data: bytes, share: float, seed: int) -> bytes:
    return papers.flipped(data, int(len(data) * share), seed + 1)


def _gap(data: bytes) -> tuple[int, int]:
    match = signing._RANGE.search(data)
    assert match is not None
    return int(match[2]), int(match[3])


def _flip_signature(data: bytes, share: float) -> bytes:
    begin, end = _gap(data)
    place = begin + 1 + int((end - begin - 2) * share)
    return data[:place] + (b"1" if data[place : place + 1] != b"1" else b"2") + data[place + 1 :]


def _drawn(e: Exhibits) -> bytes:
    return papers.unsigned(e.office, "TC-COOP-2030-0001")


def _self_made(e: Exhibits, keys: Keys, host: str) -> bytes:
    return papers.self_made(e.office, "TC-COOP-2030-0001", signing.signer_of(keys, host, NOW))


def _transplanted(e: Exhibits) -> bytes:
    """The forger's own file of the same layout, with our signature put into its gap."""
    forged, ours = _self_made(e, e.forger, HOST), e.files[TC]
    (begin, end), (our_begin, our_end) = _gap(forged), _gap(ours)
    room = end - begin
    held = (ours[our_begin : our_end - 1] + b"0" * room)[: room - 1] + b">"
    return forged[:begin] + held + forged[end:]


def _widened(e: Exhibits) -> bytes:
    """The gap that the signature leaves out is said to be larger, to hide other objects in it."""
    data = e.files[TC]
    begin, end = _gap(data)
    said = f"/ByteRange [0 {begin} {end}".encode()
    return data.replace(said, f"/ByteRange [0 {begin - 9} {end}".encode(), 1)


def _with_contents(digits: bytes) -> bytes:
    head = b"%PDF-1.7\n"
    held = b"<" + digits + b">"
    tail = b"/ByteRange [0 %d %d %10d]"
    begin, end = len(head), len(head) + len(held)
    size = len(tail % (begin, end, 0))
    return head + held + tail % (begin, end, size)


def _nested(_: Exhibits) -> bytes:
    inner = b""
    for _depth in range(2000):
        size = len(inner)
        length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
        inner = b"\x30" + length + inner
    return _with_contents(inner.hex().encode())


CASES = _cases()


def test_there_are_150_cases() -> None:
    assert len(CASES) >= 150
    assert len({name for name, _, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("make", "fails"), [(make, fails) for _, make, fails in CASES], ids=[name for name, *_ in CASES]
)
def test_the_right_verdict_on_a_copy(exhibits: Exhibits, make: Any, fails: str | None) -> None:
    data = make(exhibits)
    assert data not in exhibits.files.values() or fails in (None, "in_force", "facts", "signer")
    verdict = exhibits.office.verdict(data, papers.policy())
    assert verdict.in_order is (fails is None)
    assert verdict.genuine is (fails in (None, "in_force"))
    failed = [check.code for check in verdict.checks if check.answer == "failed"]
    if fails == "any":
        assert failed
    else:
        assert failed[:1] == ([] if fails is None else [fails])
    assert [check.code for check in verdict.checks] == list(CODES)
    for lang in ("en", "fr"):
        assert verdict.sentence(lang)
        assert all(check.sentence(lang) for check in verdict.checks)  # no sentence is missing, whatever was found


def test_a_byte_range_that_begins_later_covers_nothing(exhibits: Exhibits) -> None:
    data = exhibits.files[TC]
    match = signing._RANGE.search(data)
    assert match is not None
    _, gap, after, rest = map(int, match.groups())
    assert signing._signed(data, 0, gap, after, rest, at=match.start()).holds
    assert not signing._signed(data, 1, gap, after, rest, at=match.start()).holds
    assert not signing._signed(data, 0, gap, after, rest, at=gap + 1).holds


def test_a_file_above_the_limit_is_not_looked_at(exhibits: Exhibits) -> None:
    with pytest.raises(ValueError, match="more than"):
        exhibits.office.verdict(b"%PDF-" + bytes(documents.MOST_BYTES))
