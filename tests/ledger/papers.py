"""Documents of a small deployment, its log, and what a forger does to a copy."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import models
from domain import events as told
from domain.log import Stored, published_salt
from domain.merkle import inclusion_proof, leaf_hash, nodes_of_leaves, root_of
from domain.note import ED25519, Checkpoint, Policy, Proof, SignerKey, sign_note
from ledger import documents, issue, signing
from ledger.documents import Desk
from ledger.keys import Keys
from ledger.record import Recorder
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

LOG = SignerKey("log.example.org", ED25519, b"\x07" * 32)
_EVENT = table(models.Event)


def policy(secret: bytes = LOG.secret) -> Policy:
    """Whom a verifier of the tests trusts: one log, no witness."""
    return Policy(LOG.name, (replace(LOG, secret=secret).verifier,))


@dataclass
class Office:
    """A deployment that hands out documents on lot DB: 150 of 400 kg were shipped as organic."""

    recorder: Recorder
    folder: Path
    chain: Chain = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.chain = Chain(self.recorder)
        self.chain.dry_lot()
        self.chain.ok(self.chain.inspect("DB"))
        self.chain.ok(self.shipment("sale", 150))
        self.actor = self.chain.cluster.actor("COOP")
        issue.issue_label(self.recorder, self.actor, uid("DB"))
        self.desk = Desk(self.recorder, Keys(self.folder / "keys"))

    def shipment(self, name: str, weight: int, **values: Any) -> told.Shipped:
        claims = (told.ClaimMade(scheme="EU_ORG", value="organic", certificates=(uid("GRP"),)),)
        said: dict[str, Any] = {"claims": claims, "to": "EXP", "document": "CMR-1", "container": "MSKU1", "seal": "S77"}
        return told.Shipped(
            id=uid(name), occurred_at=at("2025-02-01T09:00:00Z"), lot=uid("DB"), quantity=kg(weight), **said | values
        )

    def issue(self, kind: Any = "traceability_certificate", lang: Any = "en", **values: Any) -> str:
        if kind == "transaction_statement":
            values = {"about": uid("sale")} | values
        return issue.issue_certificate(self.recorder, self.actor, "DB", lang, kind, **values)

    def file(self, number: str) -> bytes:
        return documents.signed(self.desk, self.actor.org_id, number).content

    def document(self, number: str) -> issue.Document:
        with system_session(self.recorder.database, write=False) as session:
            return issue.document(session, self.actor.org_id, number)

    def verdict(self, data: bytes, trusted: Policy | None = None) -> documents.DocumentVerdict:
        return documents.verify_document(self.recorder, data, lambda _origin: trusted)

    def proof_of(self, org_id: int, seq: int) -> tuple[bytes, bytes]:
        """The proof of an event in a log of three entries, of which it is the second."""
        with system_session(self.recorder.database, write=False) as session:
            row = session.execute(sa.select(_EVENT).where(_EVENT.c.seq == seq)).one()
        salt = bytes(row.salt)
        stored = Stored(org_id, seq, row.received_at, row.logged_at, row.actor, row.body, row.ruling, salt)
        leaves = [leaf_hash(entry) for entry in (b"\x01" * 32, stored.entry(), b"\x02" * 32)]
        note = sign_note(str(Checkpoint(LOG.name, 3, root_of(leaves))), LOG)
        hashes = tuple(inclusion_proof(1, 3, nodes_of_leaves(leaves)))
        return stored.record(), bytes(Proof(1, hashes, bytes(note), published_salt(salt)))


# --- what a forger does ---


def edited(data: bytes, change: Any) -> bytes:
    """An incremental update: the signed bytes stay, and what a reader shows changes."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(data))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def renumber(writer: Any) -> None:
    """The number that a reader shows in large letters: the first page's content is written anew."""
    from pyhanko.pdf_utils.generic import StreamObject, pdf_name

    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page[pdf_name("/Contents")] = writer.add_object(
        StreamObject(stream_data=b"BT /F1 12 Tf 60 700 Td (No. TC-COOP-2030-9999) Tj ET")
    )
    writer.update_container(page)


def swap_facts(writer: Any) -> None:
    """Other data behind the name of the attachment."""
    from pyhanko.pdf_utils.embed import EmbeddedFileObject
    from pyhanko.pdf_utils.generic import pdf_name

    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    spec = names[1].get_object()
    spec["/EF"][pdf_name("/F")] = EmbeddedFileObject.from_file_data(writer, b'{"passport":{}}').ef_stream_ref
    writer.update_container(spec)


def drop_attachments(writer: Any) -> None:
    del writer.root["/Names"]
    writer.update_root()


def retitle(writer: Any) -> None:
    from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name, pdf_string

    writer.set_info(writer.add_object(DictionaryObject({pdf_name("/Title"): pdf_string("Organic certificate")})))


def resigned(data: bytes, keys: Keys, host: str = "https://trace.example.org", field_name: str = "Second") -> bytes:
    """A further signature over everything, by another key."""
    from asn1crypto import keys as asn1_keys
    from asn1crypto import x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, SimpleSigner
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers.pdf_signer import PdfSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    other = signing.signer_of(keys, host, 1_900_000_000_000)
    signer = SimpleSigner(
        x509.Certificate.load(other.certificate),
        asn1_keys.PrivateKeyInfo.load(other.key),
        SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    said = PdfSignatureMetadata(field_name=field_name, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)

    class Careless(PdfSigner):
        """A signer that does not ask whether the document may still be changed."""

        def _enforce_certification_constraints(self, *_: Any) -> None:
            pass

    out: BytesIO = Careless(said, signer).sign_pdf(IncrementalPdfFileWriter(BytesIO(data)))
    return out.getvalue()


def unsigned(office: Office, number: str) -> bytes:
    """The paper as it is drawn, without a signature: what a forger draws himself."""
    with system_session(office.recorder.database, write=False) as session:
        return issue.certificate_bytes(issue.certificate(session, None, number))


def self_made(office: Office, number: str, signer: signing.Signer) -> bytes:
    """The same paper, drawn and signed by somebody else, attachments and all."""
    held = office.document(number)
    files = [signing.File("facts.json", "application/json", "facts", held.facts.encode())]
    return signer.sign(unsigned(office, number), files, number, datetime(2030, 3, 18, tzinfo=UTC))


def flipped(data: bytes, place: int, seed: int = 0) -> bytes:
    """One bit changed."""
    changed = bytearray(data)
    changed[place] ^= 1 << random.Random(seed or place).randrange(8)
    return bytes(changed)
