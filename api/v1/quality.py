"""What quality control knows of a lot."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep
from api.v1.attachments import AttachmentOut
from api.versions import Instant
from ledger.quality import picks, quality_of
from ledger.quality_work import waiting
from ledger.queries import instant

routes = Routes(prefix="/v1", tags=["quality"])


class Shape(BaseModel):
    """An answer read from values of the ledger."""

    model_config = ConfigDict(from_attributes=True)


class CountedOut(Shape):
    """How many tests were ordered, and what became of them."""

    ordered: int
    passed: int
    failed: int
    awaited: int


class TestOut(Shape):
    """A test that was ordered."""

    __test__ = False

    test: str
    state: Literal["awaited", "passed", "failed"]


class OrderOut(Shape):
    """Tests ordered together; late: something is awaited after the day that it was due."""

    at: Instant
    by: str
    laboratory: str | None
    sample: str | None
    due: date | None
    late: bool
    tests: tuple[TestOut, ...]


class MadeOut(Shape):
    """A check; lifted: it failed, and a retest with its reason found otherwise."""

    event: str
    at: Instant
    by: str
    stage: str
    verdict: str
    grade: str | None
    retest_of: str | None
    lifted: bool
    lines: tuple[dict[str, Any], ...]


class HandedOverOut(Shape):
    """A step of a sample on its way to the tests; broken: sample or seal was not whole."""

    at: Instant
    to: str
    seal: str | None
    broken: bool


class LabelsOut(Shape):
    """Printed labels of the lot, counted."""

    at: Instant
    by: str
    printed: int
    used: int
    spoiled: int
    put_back: int
    missing: int


class SampleOut(Shape):
    """A sample of the lot; lots: of how many lots it was drawn together."""

    code: str
    at: Instant
    by: str
    bags: int | None
    drawn_from: int | None
    increments: int
    grams: int | None
    seal: str | None
    lots: int
    way: tuple[HandedOverOut, ...]


class ChecklistOut(Shape):
    """A checklist of good practice that was gone through."""

    checklist: str
    at: Instant
    by: str
    passed: bool
    answers: tuple[dict[str, Any], ...]


class DueOut(Shape):
    """What the lot must still show before a step."""

    before: str
    tests: tuple[str, ...]
    checklists: tuple[str, ...]


class DeviationOut(Shape):
    """A deviation with its cause and corrective action; late: the action was due and is not verified."""

    deviation: str
    grade: Literal["minor", "major", "critical"]
    description: str
    raised_at: Instant
    by: str
    closed_at: Instant | None
    root_cause: str | None
    action: str | None
    owner: str | None
    due: date | None
    late: bool
    verified_at: Instant | None
    effective: bool | None
    evidence: str | None


class BatchOut(Shape):
    """Last day of use, certification, and until when the record is kept."""

    expires_on: date | None
    certified_at: Instant | None
    certified_by: str | None
    keep_until: date | None


class PickOut(BaseModel):
    """So much of a lot."""

    lot: str
    grams: int


class PicksOut(BaseModel):
    """What leaves first, and what is missing."""

    picks: list[PickOut]
    missing_g: int


class IssuedOut(Shape):
    """A certificate of analysis issued here; own: you can fetch it by its number."""

    number: str
    at: Instant
    by: str
    language: Literal["en", "fr"]
    own: bool


class QualityOut(Shape):
    """Everything that quality control knows of a lot."""

    lot: str
    product: str
    verdict: Literal["pending", "pass", "fail"]
    counted: CountedOut
    due: tuple[DueOut, ...]
    orders: tuple[OrderOut, ...]
    checks: tuple[MadeOut, ...]
    samples: tuple[SampleOut, ...]
    checklists: tuple[ChecklistOut, ...]
    deviations: tuple[DeviationOut, ...]
    labels: tuple[LabelsOut, ...]
    batch: BatchOut
    attached: tuple[AttachmentOut, ...]
    issued: tuple[IssuedOut, ...]


@routes.get("/lots/{lot}/quality", access=Needs("lots:read"), summary="Quality control of a lot")
def get_quality(caller: CallerDep, ledger: LedgerDep, session: LedgerReadDep, lot: str) -> QualityOut:
    """Samples, orders and what became of them, every check with its retests, checklists, and what is still due."""
    today = instant(ledger.clock()).date()
    return QualityOut.model_validate(quality_of(session, caller.org_id, lot, today))


class WaitingOut(Shape):
    """One thing to do; about: code of a hold, tests awaited, a deviation, or its corrective action."""

    kind: Literal["hold", "tests", "deviation", "action"]
    lot: str
    lot_code: str
    product: str
    since: Instant
    about: str
    reason: str | None
    grade: str | None
    owner: str | None
    due: date | None
    late: bool
    deviation: str | None


class WorkOut(BaseModel):
    """What waits, late first; counts: how many of each kind; late: how many are late."""

    data: list[WaitingOut]
    counts: dict[Literal["hold", "tests", "deviation", "action"], int]
    late: int


@routes.get("/quality", access=Needs("lots:read"), summary="What waits for somebody in quality control")
def get_work(caller: CallerDep, ledger: LedgerDep, session: LedgerReadDep) -> WorkOut:
    """Lots on hold, tests awaited, deviations open, corrective actions to do or to verify: late first, then by age."""
    found = [
        WaitingOut.model_validate(item) for item in waiting(session, caller.org_id, instant(ledger.clock()).date())
    ]
    counts = Counter(item.kind for item in found)
    return WorkOut(
        data=found,
        counts={kind: counts[kind] for kind in ("hold", "tests", "deviation", "action")},
        late=sum(item.late for item in found),
    )


@routes.get("/picks", access=Needs("lots:read"), summary="Which lots leave first")
def get_picks(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    product: Annotated[str, Query(max_length=60)],
    grams: Annotated[int, Query(ge=1, le=10**12)],
) -> PicksOut:
    """First expired, first out: of lots of your own that may leave."""
    found, missing = picks(session, caller.org_id, product, grams, instant(ledger.clock()).date())
    return PicksOut(picks=[PickOut(lot=lot, grams=weight) for lot, weight in found], missing_g=missing)
