"""Every event, in one shape: request body, stored canonical JSON and replayed value are the same typed object.

Law of this file: a type, once released, keeps its meaning. Fields are never renamed or reinterpreted; a new field
comes last, with a default; a new meaning is a new ``version``. Events hold references and codes, never a name, a
phone number or a position.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, get_args

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
)
from pydantic_core import PydanticCustomError

from domain.note import BadNote, decode_hash
from domain.quantity import decimal_text
from domain.refusals import Refused, sentence

FORBIDDEN_TEXT = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Unicode classes refused in free text: controls, bidirectional overrides, surrogates."""

MAX_LOTS = 500
"""Lots in one event, each way; larger runs are recorded as several events."""

MAX_UNITS = 100_001
"""Units of one lot: as many as ``packed`` takes, and one for the rest."""

MAX_SCANNED = 1_000
"""Codes of units in one event."""

MAX_ATTACHMENT = 10 << 20
"""Bytes of a file that a document_attached may speak of."""


def _is_text(value: Any) -> Any:
    if isinstance(value, str | datetime | date):
        return value
    raise ValueError("write the date as text, for example 2025-01-10T08:00:00Z")


def _clean(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(character) in FORBIDDEN_TEXT for character in value):
        raise ValueError("write plain text: control and direction characters are refused")
    return value


def _root(value: str) -> str:
    try:
        decode_hash(value)
    except BadNote:
        raise ValueError("write the third line of a checkpoint as it stands: 44 characters of base64") from None
    return value


def _decimal(value: Any) -> str:
    """Decimal text; what is not a number is an error at its place, with the refusal's code and sentence."""
    try:
        return decimal_text(value)
    except Refused as refused:
        raise PydanticCustomError("QTY_NOT_A_NUMBER", "{reason}", {"reason": sentence(refused)}) from None


def _uuid_text(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Id: TypeAlias = Annotated[
    str,
    BeforeValidator(_uuid_text),
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
]
"""A UUID in lower case, made by the client before it is sent."""

Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9](?:[A-Z0-9./_-]{0,38}[A-Z0-9])?$")]
"""A code as printed: capitals, digits, ``. / _ -``; never a name."""

LotCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9](?:[A-Z0-9./_-]{0,18}[A-Z0-9])?$")]
"""A lot code of at most 20 characters, to fit GS1 application identifier (10)."""

Word: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.%/-]{0,39}$")]
"""A word of a profile: product, process, test, packaging, scheme, value, unit."""

Note: TypeAlias = Annotated[str, BeforeValidator(_clean), StringConstraints(min_length=1, max_length=500)]
"""Free text. It is in the log for ever: no names of persons."""

Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 (FIPS 180-4) as 64 hexadecimal digits in lower case."""

Root: TypeAlias = Annotated[str, AfterValidator(_root)]
"""The root of a checkpoint as its third line writes it: base64 of 32 bytes (c2sp.org/tlog-checkpoint)."""

MediaType: TypeAlias = Literal["application/pdf", "image/png", "image/jpeg"]
"""What a laboratory sends: a document or a picture of one."""

When: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_is_text)]
Day: TypeAlias = Annotated[date, BeforeValidator(_is_text)]
Decimal: TypeAlias = Annotated[str, BeforeValidator(_decimal)]
"""Decimal text such as ``"62.5"``; a JSON number is taken as it is written."""


class Value(BaseModel):
    """A frozen value that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Quantity(Value):
    """A weight as it was said: number and unit (g, kg, t, lb, or a packaging code such as ``jute_62.5``)."""

    value: Decimal
    unit: Word


class Drawn(Value):
    """So much of a lot."""

    lot: Id
    quantity: Quantity


class NewLot(Value):
    """A lot that this event makes. ``owner`` is needed only when the inputs have several owners."""

    lot: Id
    code: LotCode
    product: Word
    quantity: Quantity
    owner: Code | None = None
    expires_on: Day | None = None  # the last day of use; none: what the profile and the inputs say


class Part(Value):
    """So many parts of what comes out are an organisation's: 60 of 100, or 2 of 3."""

    owner: Code
    parts: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class Named(Value):
    """A new lot whose product and quantity follow from what goes into it."""

    lot: Id
    code: LotCode


class Measurement(Value):
    """A test of the specification and its value."""

    test: Word
    value: Decimal


class Result(Measurement):
    """A test, its value, and how it was come by.

    ``below``: the laboratory found less than its limit of quantification, and ``value`` is that limit. ``samples``: so
    many of the samples that were tested apart gave this value (none told: one); other values of the test are results of
    their own.
    """

    below: Literal[True] | None = None
    method: Word | None = None
    uncertainty: Decimal | None = None  # expanded, in the unit of the test
    samples: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    instrument: Id | None = None  # meter, thermometer or detector that gave it


class Answered(Value):
    """A point of a checklist, and whether it was in order; ``value`` as read, where something is read."""

    point: Word
    ok: bool
    value: Decimal | None = None


class CutTest(Value):
    """ISO 1114: beans cut, and how many in each class; a bean counts once, in its gravest class."""

    beans: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 300
    mouldy: Annotated[int, Field(strict=True, ge=0)] = 0
    slaty: Annotated[int, Field(strict=True, ge=0)] = 0
    insect_damaged: Annotated[int, Field(strict=True, ge=0)] = 0
    germinated: Annotated[int, Field(strict=True, ge=0)] = 0
    flat: Annotated[int, Field(strict=True, ge=0)] = 0
    violet: Annotated[int, Field(strict=True, ge=0)] = 0
    reason: Note | None = None  # why not 300


class Catch(Value):
    """Where, when and with what fish was caught (Reg. (EC) No 1005/2008 Annex II).

    ``area``: FAO major fishing area with subarea and division, such as 37.4.2. ``gear``: code of the International
    Standard Statistical Classification of Fishing Gear, such as PS. ``estimated``: the live weight in the logbook.
    """

    area: Word
    since: Day
    until: Day
    gear: Word | None = None
    estimated: Quantity | None = None
    transhipped: Literal[True] | None = None


class UnitRange(Value):
    """Units of a lot by their numbers, the first and the last among them."""

    first: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]
    last: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]


class UnitWeighed(Value):
    """The net weight of a unit as it was found."""

    unit: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]
    net: Quantity


def _in_order(ranges: tuple[UnitRange, ...]) -> tuple[UnitRange, ...]:
    """Ranges that follow each other: then a body of a few bytes cannot name more units than a lot has."""
    before = 0
    for span in ranges:
        if not before < span.first <= span.last:
            raise ValueError("write ranges in order, none reaching into another, first not above last")
        before = span.last
    return ranges


UnitRanges: TypeAlias = Annotated[tuple[UnitRange, ...], Field(max_length=MAX_LOTS), AfterValidator(_in_order)]

UnitCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{16}$")]
"""The code of a unit: 16 characters of Crockford's base32."""


class Base(BaseModel):
    """What every event says: its id, when it happened, and its version.

    ``beacon``: the root of the newest checkpoint that the client knew. The event was not written before it was signed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    occurred_at: When
    version: Literal[1] = 1
    beacon: Root | None = None


Lots: TypeAlias = Annotated[tuple[Drawn, ...], Field(min_length=1, max_length=MAX_LOTS)]
NewLots: TypeAlias = Annotated[tuple[NewLot, ...], Field(min_length=1, max_length=MAX_LOTS)]
LotIds: TypeAlias = Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_LOTS)]


class Delivered(Base):
    """A farmer brings goods to a site. Makes a delivery lot; its claims are judged now, at event time.

    An unknown farmer code is recorded too: goods on the scale are a fact. They carry no claim.
    """

    type: Literal["delivered"] = "delivered"
    site: Id
    farmer: Code
    lot: NewLot
    plot: Code | None = None
    harvested_on: Day | None = None
    receipt: Code | None = None
    scale: Id | None = None
    catch: Catch | None = None  # of fish that is landed


class Received(Base):
    """Weigh-in: one or many deliveries go into a receiving lot, new or still open."""

    type: Literal["received"] = "received"
    site: Id
    inputs: Lots
    into: Named
    weighed: Quantity | None = None  # what the scale says; less than the deliveries is a loss
    scale: Id | None = None


class Bulked(Base):
    """Lots of one product become one lot. Nothing is lost."""

    type: Literal["bulked"] = "bulked"
    site: Id
    inputs: Lots
    into: Named


class Split(Base):
    """One lot becomes several of the same product. Nothing is lost."""

    type: Literal["split"] = "split"
    site: Id
    input: Drawn
    outputs: NewLots


class Loaded(Base):
    """Lots go into a vessel for one run; several owners may share it. ``load`` names the run."""

    type: Literal["loaded"] = "loaded"
    vessel: Id
    load: Id
    contents: Lots


class Read(Base):
    """Values read on a load in process: temperature, humidity, pH."""

    type: Literal["read"] = "read"
    load: Id
    measurements: Annotated[tuple[Measurement, ...], Field(min_length=1, max_length=50)]


class Turned(Base):
    """A load was turned."""

    type: Literal["turned"] = "turned"
    load: Id


class Unloaded(Base):
    """A run of a vessel ends; what lay in it goes on as it is, to the drying table or the next step."""

    type: Literal["unloaded"] = "unloaded"
    load: Id


class Transformed(Base):
    """Goods change: ferment, dry, re-dry. Inputs = outputs + loss, to the gram."""

    type: Literal["transformed"] = "transformed"
    site: Id
    process: Word | None = None  # a step of the commodity's profile; none: no yield is expected
    inputs: Lots
    outputs: NewLots
    loss: Quantity | None = None  # declared; must close the balance when it is given
    loads: Annotated[tuple[Id, ...], Field(max_length=MAX_LOTS)] = ()  # runs that end with this
    key: Annotated[tuple[Part, ...], Field(min_length=2, max_length=50)] | None = None  # agreed; none: by weight


class Sampled(Base):
    """A sample is drawn of one lot, or of several together: then its results hold for each of them."""

    type: Literal["sampled"] = "sampled"
    lots: LotIds
    sample: Code
    bags: Annotated[int, Field(strict=True, ge=1)] | None = None  # there are; none: bulk
    drawn_from: Annotated[int, Field(strict=True, ge=1)] | None = None  # so many of them
    increments: Annotated[int, Field(strict=True, ge=1)] = 1
    quantity: Quantity | None = None
    seal: Code | None = None


class SampleHandedOver(Base):
    """A sample changes hands on its way to the tests. What a sample passes whose seal was broken does not count.

    ``to``: laboratory or organisation. ``seal``: as it was found. ``intact``: seal and sample were whole.
    """

    type: Literal["sample_handed_over"] = "sample_handed_over"
    sample: Code
    to: Code
    seal: Code | None = None
    intact: bool
    condition: Note | None = None


class TestsOrdered(Base):
    """Tests that a lot must pass before it leaves are ordered, from a laboratory or in house."""

    __test__ = False  # for pytest, which takes every Tests… for its own

    type: Literal["tests_ordered"] = "tests_ordered"
    lot: Id
    tests: Annotated[tuple[Word, ...], Field(min_length=1, max_length=100)]
    laboratory: Code | None = None
    sample: Code | None = None
    due: Day | None = None


class Inspected(Base):
    """Quality control of a sample of a lot, judged by the commodity's specification at this stage.

    A check that failed stands; only a retest that names it, with its reason, can stand beside it.
    """

    type: Literal["inspected"] = "inspected"
    lot: Id
    stage: Word = "lot"
    measurements: Annotated[tuple[Result, ...], Field(max_length=100)] = ()
    cut_test: CutTest | None = None
    sample: Code | None = None
    laboratory: Code | None = None
    accreditation: Code | None = None  # ISO/IEC 17025
    retest_of: Id | None = None  # the check that failed
    reason: Note | None = None  # why it was tested again


class DocumentAttached(Base):
    """A paper of somebody else about a lot: a laboratory's own certificate of analysis, by the digest of its bytes.

    ``checks`` are the inspected events that it backs. The bytes are no part of the log: they lie in a row that can be
    erased, and whoever has them can show that they are these.
    """

    type: Literal["document_attached"] = "document_attached"
    lot: Id
    kind: Literal["certificate_of_analysis"]
    sha256: Sha256
    media_type: MediaType
    size: Annotated[int, Field(strict=True, ge=1, le=MAX_ATTACHMENT)]  # bytes
    number: Word | None = None  # as printed on the paper
    laboratory: Code | None = None
    checks: Annotated[tuple[Id, ...], Field(max_length=100)] = ()


class Checked(Base):
    """A checklist of good practice was gone through at a site, for lots or a vessel.

    A critical point that is not in order holds the lots.
    """

    type: Literal["checked"] = "checked"
    site: Id
    checklist: Word
    answers: Annotated[tuple[Answered, ...], Field(min_length=1, max_length=100)]
    lots: Annotated[tuple[Id, ...], Field(max_length=MAX_LOTS)] = ()
    vessel: Id | None = None


class DeviationRaised(Base):
    """Something was not done, or did not come out, as it must. While it is open the batch is not certified."""

    type: Literal["deviation_raised"] = "deviation_raised"
    lot: Id
    deviation: Id
    grade: Literal["minor", "major", "critical"]
    description: Note


class DeviationClosed(Base):
    """The root cause of a deviation was found, and what is done so that it does not come again: by whom, until when."""

    type: Literal["deviation_closed"] = "deviation_closed"
    deviation: Id
    root_cause: Note
    action: Note
    owner: Code | None = None
    due: Day | None = None


class ActionVerified(Base):
    """Whether the corrective action of a deviation had its effect."""

    type: Literal["action_verified"] = "action_verified"
    deviation: Id
    effective: bool
    evidence: Note


class BatchCertified(Base):
    """The qualified person certifies that a batch was made and checked as it must be: only then it may leave.

    ``register_no``: the number in the register (Directive (EU) 2017/1572; EU GMP Annex 16). Nobody certifies what they
    made themselves.
    """

    type: Literal["batch_certified"] = "batch_certified"
    lot: Id
    register_no: Code


class Held(Base):
    """Nothing may be drawn, shipped or labelled from the lot until it is released."""

    type: Literal["held"] = "held"
    lot: Id
    reason: Note


class Released(Base):
    """The holds on a lot end, with a reason."""

    type: Literal["released"] = "released"
    lot: Id
    reason: Note


class TransferOffered(Base):
    """Custody of lots is offered to another organisation; with ``ownership`` they are sold.

    ``upstream`` lets the receiver follow the lots back to the deliveries (farmer codes, never names).
    """

    type: Literal["transfer_offered"] = "transfer_offered"
    lots: LotIds
    to: Code
    ownership: bool = True
    upstream: bool = True
    document: Code | None = None


class TransferAccepted(Base):
    """The receiver takes over, at a site of its own, with its own weights where it weighed."""

    type: Literal["transfer_accepted"] = "transfer_accepted"
    offer: Id
    site: Id
    weighed: Annotated[tuple[Drawn, ...], Field(max_length=MAX_LOTS)] = ()


class TransferRejected(Base):
    """The receiver does not take over; nothing changes hands."""

    type: Literal["transfer_rejected"] = "transfer_rejected"
    offer: Id
    reason: Note


class Packed(Base):
    """A lot is packed into numbered units of a packaging of its commodity; the rest goes into one more unit."""

    type: Literal["packed"] = "packed"
    lot: Id
    packaging: Word
    units: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    rest: Quantity | None = None


class ClaimMade(Value):
    """A claim under which goods leave, and the certificates that stand behind it."""

    scheme: Word
    value: Word
    certificates: Annotated[tuple[Id, ...], Field(max_length=20)] = ()


class Shipped(Base):
    """Goods leave the ledger, with the claims made for them."""

    type: Literal["shipped"] = "shipped"
    lot: Id
    quantity: Quantity
    claims: Annotated[tuple[ClaimMade, ...], Field(max_length=20)] = ()
    to: Code | None = None
    document: Code | None = None
    container: Code | None = None
    seal: Code | None = None
    reason: Note | None = None  # why not a lot that expires earlier
    units: UnitRanges | None = None  # labelled units that leave; together they weigh the quantity


class UnitsApplied(Base):
    """Labels were put on their units; ``weighed``: the net weight of units that were put on a scale for it."""

    type: Literal["units_applied"] = "units_applied"
    lot: Id
    units: UnitRanges
    weighed: Annotated[tuple[UnitWeighed, ...], Field(max_length=MAX_LOTS)] = ()


class UnitsReceived(Base):
    """Units came, in the word of whoever received them: by the codes on them, or by their numbers.

    Whoever has their codes, or is named as receiver of their shipment, may tell it, and sees the lot from then on.
    """

    type: Literal["units_received"] = "units_received"
    lot: Id
    units: UnitRanges = ()
    codes: Annotated[tuple[UnitCode, ...], Field(max_length=MAX_SCANNED)] = ()


class UnitsOpened(Base):
    """Units were opened: what is full with their label from now on is not what was packed."""

    type: Literal["units_opened"] = "units_opened"
    lot: Id
    units: UnitRanges


class UnitsVoided(Base):
    """The labels of units count no more; a unit may then be labelled again, under another code."""

    type: Literal["units_voided"] = "units_voided"
    lot: Id
    units: UnitRanges
    reason: Note


class Returned(Base):
    """Goods that had left come back, as a lot of their own in quarantine.

    ``unopened``: in the packaging they left in. ``kept_as_required``: it is proven that they were stored and carried as
    they must be. ``units``: the labelled units among them; none named: all that left with the shipment and are not back
    yet, if together they are what comes back.
    """

    type: Literal["returned"] = "returned"
    site: Id
    lot: Id
    into: Named
    quantity: Quantity
    shipment: Id
    unopened: bool
    kept_as_required: bool
    reason: Note
    units: UnitRanges | None = None


class LabelsReconciled(Base):
    """Printed labels of a batch are counted: printed = used + spoiled + put back (EU GMP guide, chapters 5 and 6)."""

    type: Literal["labels_reconciled"] = "labels_reconciled"
    lot: Id
    printed: Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
    used: Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
    spoiled: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] = 0
    put_back: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] = 0


class Lost(Base):
    """Grams that are gone, and why."""

    type: Literal["lost"] = "lost"
    lot: Id
    quantity: Quantity
    reason: Note


class Recalled(Base):
    """A lot and everything made from it is blocked."""

    type: Literal["recalled"] = "recalled"
    lot: Id
    reason: Note


class Downgraded(Base):
    """A lot, and all made from it, can carry no more than ``to`` under a scheme from now on."""

    type: Literal["downgraded"] = "downgraded"
    lot: Id
    scheme: Word
    to: Word
    reason: Note


class Cleaned(Base):
    """A vessel, or the line of a site, was cleaned. Told late, it does not count for goods that need a record."""

    type: Literal["cleaned"] = "cleaned"
    site: Id
    vessel: Id | None = None
    method: Note | None = None
    record: Code | None = None


class Certified(Base):
    """A control body or authority put grams of a lot on a certificate.

    ``kind``: certificate of inspection (coi), transaction certificate (tc), NOP import certificate (nop_import); for
    fish, the catch certificate of landings (catch) and the statement of processed products (processing), which spends
    the weights of the catch certificates behind them (Reg. (EC) No 1005/2008 Art. 12, 14).
    """

    type: Literal["certified"] = "certified"
    lot: Id
    kind: Literal["coi", "tc", "nop_import", "catch", "processing"]
    number: Word
    scheme: Word
    value: Word
    quantity: Quantity
    to: Code | None = None


class LabelIssued(Base):
    """A public code for a lot. An earlier label of the lot is superseded."""

    type: Literal["label_issued"] = "label_issued"
    lot: Id
    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{16}$")]
    declares: Annotated[tuple[Word, ...], Field(max_length=20)] | None = None  # allergens printed on it


class LabelRevoked(Base):
    """A label is cancelled; its page says so for ever."""

    type: Literal["label_revoked"] = "label_revoked"
    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{16}$")]
    reason: Note


class UnitsLabelled(Base):
    """Labels for packed units, one code each, made from a secret seed that is kept beside the log.

    ``key``: number of the label key that signs. ``codes_root``: Merkle root (RFC 9162) over what the labels say, in the
    order of the units: bytes 3 to 17 of their tokens, code, day of packing, net weight and commodity.
    """

    type: Literal["units_labelled"] = "units_labelled"
    lot: Id
    first: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]
    count: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]
    key: Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]
    packed_on: Day
    codes_root: Sha256
    design: Word | None = None


class LabelsPrinted(Base):
    """Labels of units went to a printer. ``reason``: why again, where any of them was printed before.

    ``design``: ``opening`` for their opening codes, whose prints are counted for themselves.
    """

    type: Literal["labels_printed"] = "labels_printed"
    lot: Id
    first: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]
    count: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]
    copies: Annotated[int, Field(strict=True, ge=1, le=20)] = 1  # of each label
    design: Word | None = None
    reason: Note | None = None


class DocumentIssued(Base):
    """A frozen, numbered document on a lot; the digest is of the facts as they stood.

    ``supersedes``: the number of the document in whose place it stands from now on. ``about``: of a transaction
    statement, the event by which the goods left or were put on a certificate.
    """

    type: Literal["document_issued"] = "document_issued"
    lot: Id
    kind: Literal["traceability_certificate", "certificate_of_analysis", "transaction_statement"]
    number: Code
    language: Literal["en", "fr"]
    facts_sha256: Sha256
    about: Id | None = None
    supersedes: Code | None = None


class DocumentRevoked(Base):
    """A document is withdrawn; whoever asks after its number is told so, and why, for ever."""

    type: Literal["document_revoked"] = "document_revoked"
    number: Code
    reason: Note


class Reassessed(Base):
    """The registry learnt something about the past: the events it lowers, with their new ruling.

    Written by the ledger itself, in the transaction of the change that caused it.
    """

    type: Literal["reassessed"] = "reassessed"
    cause: Word  # "membership", "certificate", "plot", "inspection", "licence"
    record: Id
    events: Annotated[tuple[int, ...], Field(min_length=1)]  # their numbers in the log


Recordable: TypeAlias = (
    Delivered
    | Received
    | Bulked
    | Split
    | Loaded
    | Read
    | Turned
    | Unloaded
    | Transformed
    | Sampled
    | SampleHandedOver
    | TestsOrdered
    | Inspected
    | DocumentAttached
    | Checked
    | DeviationRaised
    | DeviationClosed
    | ActionVerified
    | BatchCertified
    | Held
    | Released
    | TransferOffered
    | TransferAccepted
    | TransferRejected
    | Packed
    | Shipped
    | UnitsApplied
    | UnitsReceived
    | UnitsOpened
    | UnitsVoided
    | Returned
    | LabelsReconciled
    | Lost
    | Recalled
    | Downgraded
    | Cleaned
    | Certified
)
"""What a client may tell, and what a correction may put in the place of an error."""


class Corrected(Base):
    """History is not edited: the wrong event is declared, and the right one put in its place (or none)."""

    type: Literal["corrected"] = "corrected"
    event: Id
    reason: Note
    instead: Annotated[Recordable, Field(discriminator="type")] | None = None


Told: TypeAlias = Annotated[Recordable | Corrected, Field(discriminator="type")]
"""An event as clients send it."""

Own: TypeAlias = (
    LabelIssued | LabelRevoked | UnitsLabelled | LabelsPrinted | DocumentIssued | DocumentRevoked | Reassessed
)
"""Events that the ledger writes itself when it issues something or learns of the past."""

AnyEvent: TypeAlias = Recordable | Corrected | Own
Event: TypeAlias = Annotated[AnyEvent, Field(discriminator="type")]

EVENT_TYPES: tuple[type[Base], ...] = (*get_args(Recordable), Corrected, *get_args(Own))


@cache
def _adapter() -> TypeAdapter[AnyEvent]:
    return TypeAdapter(Event)


def parse(body: str | bytes) -> AnyEvent:
    """The typed event of stored canonical JSON."""
    return _adapter().validate_json(body)


def canonical(event: BaseModel) -> bytes:
    """The event as RFC 8785 canonical JSON: sorted keys, no spaces, absent fields left out.

    Events hold text, whole numbers and truth values under ASCII keys only; for these orjson with sorted keys writes
    the very bytes of RFC 8785 (a test holds it against the reference implementation).
    """
    return orjson.dumps(event.model_dump(mode="json", exclude_none=True), option=orjson.OPT_SORT_KEYS)


def millis(when: datetime) -> int:
    """UTC milliseconds of an instant."""
    return (int(when.timestamp()) * 1000) + when.microsecond // 1000


def lots_named(event: AnyEvent) -> tuple[str, ...]:
    """The ids of the lots that an event draws on or speaks of (not those it makes), in the order told."""
    match event:
        case Received() | Bulked() | Transformed():
            drawn = tuple(item.lot for item in event.inputs)
            return (*drawn, event.into.lot) if isinstance(event, Received) else drawn
        case Split():
            return (event.input.lot,)
        case Loaded():
            return tuple(item.lot for item in event.contents)
        case TransferOffered() | Sampled() | Checked():
            return event.lots
        case TransferAccepted():
            return tuple(item.lot for item in event.weighed)
        case (
            TestsOrdered()
            | Inspected()
            | DocumentAttached()
            | DeviationRaised()
            | BatchCertified()
            | Held()
            | Released()
            | Packed()
            | Shipped()
            | UnitsApplied()
            | UnitsReceived()
            | UnitsOpened()
            | UnitsVoided()
            | UnitsLabelled()
            | LabelsPrinted()
            | Returned()
            | LabelsReconciled()
            | Lost()
            | Recalled()
            | Downgraded()
            | Certified()
            | LabelIssued()
            | DocumentIssued()
        ):
            return (event.lot,)
        case (
            Delivered()
            | SampleHandedOver()
            | Read()
            | Turned()
            | Unloaded()
            | DeviationClosed()
            | ActionVerified()
            | TransferRejected()
            | Cleaned()
            | Corrected()
            | LabelRevoked()
            | DocumentRevoked()
            | Reassessed()
        ):
            return ()


def units_named(event: AnyEvent) -> tuple[tuple[int, int], ...]:
    """Ranges of the units that an event names by number."""
    match event:
        case UnitsLabelled() | LabelsPrinted():
            return ((event.first, event.first + event.count - 1),)
        case UnitsApplied() | UnitsReceived() | UnitsOpened() | UnitsVoided() | Shipped() | Returned():
            return tuple((span.first, span.last) for span in event.units or ())
        case _:
            return ()


def lots_made(event: AnyEvent) -> tuple[str, ...]:
    """The ids of the lots that an event makes (for a receiving lot: makes or fills)."""
    match event:
        case Delivered():
            return (event.lot.lot,)
        case Received() | Bulked() | Returned():
            return (event.into.lot,)
        case Split() | Transformed():
            return tuple(item.lot for item in event.outputs)
        case _:
            return ()
