"""The log: what happened, as it was told, and the tree over it. Append-only by trigger on both databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import maybe_millis, millis, org_scoped, text


@org_scoped
class Event(SQLModel, table=True):
    """One event: canonical JSON (RFC 8785), three times, the salt of its commitment, and its ruling.

    ``body`` is exactly the typed object that was sent. ``ruling`` is what the registry said of it when it was
    judged, so that replay does not re-judge history.
    """

    __tablename__ = "event"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "id"),
        Index("ix_event_type_time", "org_id", "type", "occurred_at"),
    )

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger, unique=True)
    id: str
    type: str
    version: int
    occurred_at: int = millis()
    received_at: int = millis()
    logged_at: int = millis()
    actor: str  # "user:<id>", "key:<id>" or "system"
    body: str = text()
    ruling: str = text()
    salt: bytes = Field(sa_type=LargeBinary)


class LogEntry(SQLModel, table=True):
    """An entry of a tree, in order from 0: the commitment of an event, or of a notice of the log about itself.

    There is one tree, and one more for each time that the log had to go on under a new name.
    """

    __tablename__ = "log_entry"
    __table_args__ = (UniqueConstraint("tree", "seq"), UniqueConstraint("tree", "notice"))

    tree: int = Field(primary_key=True)
    index: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int | None = Field(default=None, sa_type=BigInteger)
    notice: int | None = None
    entry: bytes = Field(sa_type=LargeBinary)


class LogNotice(SQLModel, table=True):
    """What the log says about itself, as canonical JSON that anybody may read: keys, their end, a new name."""

    __tablename__ = "log_notice"

    number: int = Field(primary_key=True)
    at: int = millis()
    body: str = text()


class LogCheckpoint(SQLModel, table=True):
    """A state of the tree that was signed: until which event, and when."""

    __tablename__ = "log_checkpoint"

    tree: int = Field(primary_key=True)
    size: int = Field(primary_key=True, sa_type=BigInteger)
    root: bytes = Field(sa_type=LargeBinary, index=True)
    seq: int = Field(sa_type=BigInteger)
    signed_at: int = millis()
    signature: str = text()


class Cosignature(SQLModel, table=True):
    """A witness's line under a checkpoint: it saw this tree, and that it went on from the one it saw before."""

    __tablename__ = "cosignature"

    tree: int = Field(primary_key=True)
    size: int = Field(primary_key=True, sa_type=BigInteger)
    witness: str = Field(primary_key=True)
    line: str = text()
    seen_at: int = millis()


class WitnessAddress(SQLModel, table=True):
    """Where a witness is asked to cosign, and how it went last. The operator's own: nothing of it is published.

    ``size``: that of the checkpoint which it cosigned last in this ``tree``, as far as it is known. ``failures`` in a
    row since ``failing_since``; ``trouble`` is the last, ``detail`` what else was to be said.
    """

    __tablename__ = "witness_address"

    witness: str = Field(primary_key=True)  # its key, as verifiers write it
    url: str
    tree: int = 0
    size: int = Field(default=0, sa_type=BigInteger)
    tried_at: int | None = maybe_millis()
    failures: int = 0
    failing_since: int | None = maybe_millis()
    trouble: str | None = None
    detail: str | None = None
