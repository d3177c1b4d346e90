"""What was handed out, labels with their public page and documents; and papers of others that were attached."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import lot_scoped, maybe_millis, millis, one_of, org_scoped, text


@lot_scoped
class Label(SQLModel, table=True):
    """A public code for a lot: a projection of ``label_issued`` and ``label_revoked``."""

    __tablename__ = "label"
    __table_args__ = (one_of("state", ("issued", "superseded", "revoked")),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    code: str = Field(primary_key=True, unique=True)
    org_id: int
    seq: int = Field(sa_type=BigInteger)
    issued_at: int = millis()
    claims: str = text()  # JSON of the claims carried when it was issued: scheme -> value
    declares: str = text("[]")  # JSON of the allergens that it declares
    state: str = "issued"
    reason: str | None = text(None)
    superseded_by: str | None = None
    ended_at: int | None = maybe_millis()


class PublicPage(SQLModel, table=True):
    """The prepared answer behind a public code. One row, read without a session; everything in it is public."""

    __tablename__ = "public_page"

    code: str = Field(primary_key=True)
    lot_id: int = Field(sa_type=BigInteger, index=True)
    version: int
    digest: str
    state: str
    review_at: int | None = maybe_millis()  # a certificate ends or starts: render again after this instant
    html_en: bytes = Field(sa_type=LargeBinary)
    html_fr: bytes = Field(sa_type=LargeBinary)
    data: bytes = Field(sa_type=LargeBinary)


@org_scoped
class Document(SQLModel, table=True):
    """A numbered document handed out on a lot: a projection of ``document_issued`` and ``document_revoked``."""

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("org_id", "number"),
        Index("ix_document_number", "number"),
        one_of("state", ("issued", "superseded", "revoked")),
    )

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    number: str
    kind: str
    lot_id: int = Field(sa_type=BigInteger, index=True)
    language: str
    issued_at: int = millis()
    facts_sha256: str
    about: str | None = None  # the event that a transaction statement is of
    supersedes: str | None = None
    state: str = "issued"
    reason: str | None = text(None)
    superseded_by: str | None = None
    ended_at: int | None = maybe_millis()


@org_scoped
class DocumentFile(SQLModel, table=True):
    """A document as it was signed, to the byte. Kept, not projected; found by its SHA-256 when a copy is verified."""

    __tablename__ = "document_file"
    __table_args__ = (Index("ix_document_file_sha256", "sha256"), Index("ix_document_file_signer", "signer"))

    org_id: int = Field(primary_key=True)
    number: str = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str
    signer: str  # SHA-256 of the certificate that signed it
    signed_at: int = millis()


@org_scoped
class Frozen(SQLModel, table=True):
    """The facts of a document as they stood when it was issued, found by their SHA-256. Kept, not projected."""

    __tablename__ = "frozen"

    org_id: int = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    facts: str = text()


@lot_scoped
class AttachedDocument(SQLModel, table=True):
    """A paper of somebody else about a lot, by its digest: a projection of ``document_attached``."""

    __tablename__ = "attached_document"
    __table_args__ = (Index("ix_attached_document_seq", "seq"),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int = Field(primary_key=True)
    sha256: str = Field(primary_key=True, index=True)
    seq: int = Field(sa_type=BigInteger)
    kind: str
    media_type: str
    size: int
    number: str | None = None
    laboratory: str | None = None
    checks: str = text("[]")  # JSON list of the events that it backs
    attached_at: int = millis()


@org_scoped
class Attachment(SQLModel, table=True):
    """The bytes of attached papers as they were sent, found by their SHA-256. Kept, not projected; can be erased."""

    __tablename__ = "attachment"

    org_id: int = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    media_type: str
    size: int
    content: bytes = Field(sa_type=LargeBinary)
    kept_at: int = millis()
