"""Shared facilities: who has a vessel when, what it costs whom, how well it is used, what is lost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, Field

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep, WriteDep
from api.v1.prices import CurrencyCode, PerTonne
from api.versions import Body, Instant, Shown, example, find, nothing, refused, same
from domain import events as told
from domain import facilities as rules
from domain.events import When
from domain.facilities import Slot
from domain.quantity import MOST_GRAMS
from domain.refusals import Lang
from ledger import facilities, prices
from ledger.facilities import State, Wanted
from ledger.queries import instant

routes = Routes(prefix="/v1/sites/{site_id}", tags=["facilities"])
READ, WRITE, WORK = Needs("registry:read"), Needs("registry:write"), Needs("events:write")

LONGEST = timedelta(days=366)
"""Of a slot, and of a period that is asked for."""

Grams = Annotated[int, Field(strict=True, ge=1, le=MOST_GRAMS)]
Minor = Annotated[int, Field(strict=True, ge=0, le=10**15)]
BasisPoints = Annotated[int, Field(strict=True, ge=0, le=10_000)]

# --- shapes ---


class BookingIn(Body):
    """A slot of a vessel. `organisation`: the code of whom it is for; only the operator may name another."""

    model_config = example(
        id="0193b2c4-8a11-7c3e-9a57-000000000071", vessel="0193b2c4-8a11-7c3e-9a57-000000000007",
        since="2026-12-01T06:00:00Z", until="2026-12-07T06:00:00Z", grams=1_000_000, note="Wet beans of Gbarnga",
    )  # fmt: skip

    id: told.Id | None = None
    vessel: told.Id
    since: When
    until: When
    grams: Grams
    organisation: told.Code | None = None
    note: told.Note | None = None


class BookedOut(Shown):
    """A slot. Whose it is and what it holds is null where that is another's. `used`: a load began in it."""

    id: str
    vessel_id: str
    vessel: str
    since: Instant
    until: Instant
    organisation: str | None
    grams: int | None
    note: str | None
    state: State
    load: str | None


class BookedPage(BaseModel):
    """All of them: there is never a next page."""

    data: list[BookedOut]
    next: None = None


class TariffIn(Body):
    """What the site asks from a day on: a fee a tonne loaded, and the part of its capital cost that its users bear.

    `spread_months`: the capital cost falls due evenly over them; left out: once, on the first day.
    """

    model_config = example(
        from_day="2024-10-01", currency="USD", fee_per_tonne=2_000, capital_minor=2_400_000, users_share_bp=3_000,
        spread_months=60,
    )  # fmt: skip

    from_day: told.Day
    currency: CurrencyCode
    fee_per_tonne: PerTonne
    capital_minor: Minor = 0
    users_share_bp: BasisPoints = 0
    spread_months: Annotated[int | None, Field(strict=True, ge=1, le=600)] = None


class TariffOut(BaseModel):
    """A tariff, and the parts of the capital cost."""

    from_day: date
    currency: str
    fee_per_tonne: int
    fee_per_kg: str
    capital_minor: int
    users_share_bp: int
    users_minor: int
    others_minor: int
    spread_months: int | None


class TariffPage(BaseModel):
    """All of them, oldest first: there is never a next page."""

    data: list[TariffOut]
    next: None = None


class BaselineIn(Body):
    """The share that was lost before the facility, and where the figure is from."""

    model_config = example(measured_on="2024-06-30", loss_bp=3_400, source="Survey of 120 households")

    measured_on: told.Day
    loss_bp: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    source: told.Note


class BaselineOut(Shown):
    """A share that was lost, measured on a day."""

    measured_on: date
    loss_bp: int
    source: str


class BaselinePage(BaseModel):
    """All of them, oldest first: there is never a next page."""

    data: list[BaselineOut]
    next: None = None


class WantedDays(Body):
    """Some days (UTC), both included, a year at most."""

    from_day: told.Day
    to_day: told.Day

    def checked(self) -> tuple[date, date]:
        """The days; 422 where they are not in order."""
        if self.to_day < self.from_day or self.to_day - self.from_day > LONGEST:
            raise refused("to_day", "order", "The last day comes after the first, by a year at most.")
        return self.from_day, self.to_day


class WantedFile(WantedDays):
    """Some days, and the language of the file."""

    lang: Lang = "en"


class CostShareOut(BaseModel):
    """What an organisation owes in a currency: minor units, and the total as people write it."""

    organisation: str
    currency: str
    grams: int
    fee_minor: int
    capital_minor: int
    total_minor: int
    total: str


class CostSharePage(BaseModel):
    """What the users owe for some days: of a site of yours all of it, else your own part."""

    site: str
    from_day: date
    to_day: date
    tariffs: list[TariffOut]
    data: list[CostShareOut]
    next: None = None


class UseOut(BaseModel):
    """Hours used of hours available, and grams of what the runs could hold; shares in basis points."""

    runs: int
    used_hours: int
    available_hours: int
    used_bp: int
    grams: int
    capacity_g: int
    filled_bp: int


class VesselUseOut(UseOut):
    """A vessel and its use."""

    vessel_id: str
    vessel: str


class UsePage(BaseModel):
    """The vessels of a site, and the site as a whole."""

    site: UseOut
    data: list[VesselUseOut]
    next: None = None


class LossOut(Shown):
    """Grams for a reason."""

    reason: str
    grams: int


class LossesOut(BaseModel):
    """What was lost at a site, of what was there or came in. `processes`: what they take by nature, not a loss.

    `reduction_bp`: by how much the share fell, of the baseline's.
    """

    handled_g: int
    lost_g: int
    loss_bp: int | None
    reasons: list[LossOut]
    processes: list[LossOut]
    baseline: BaselineOut | None
    reduction_bp: int | None


# --- bookings ---


def _millis(when: datetime) -> int:
    return told.millis(when)


@routes.get("/bookings", access=READ, name="bookings", summary="Who has which vessel when")
def list_bookings(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    site_id: told.Id,
    wanted: Annotated[WantedDays, Query()],
) -> BookedPage:
    """By vessel and time. Slots of others are shown without their name and weight, unless the site is yours."""
    period = facilities.days(*wanted.checked())
    rows = facilities.calendar(session, caller.org_id, site_id, period, ledger.clock())
    return BookedPage(data=[BookedOut.model_validate(row) for row in rows])


@routes.post("/bookings", access=WORK, name="book", summary="Book a vessel", status_code=201)
def add_booking(
    caller: CallerDep, ledger: LedgerDep, site_id: told.Id, body: BookingIn, response: Response
) -> BookedOut:
    """At a site of yours, or one that is shared with you. The same slot under the same id changes nothing."""
    slot = Slot(_millis(body.since), _millis(body.until))
    if not body.since < body.until <= body.since + LONGEST:
        raise refused("until", "order", "The slot ends after it begins, a year later at most.")
    wanted = Wanted(body.vessel, slot, body.grams, body.organisation, body.note, body.id)
    row, new = facilities.book(ledger, caller.actor, site_id, wanted)
    response.status_code = 201 if new else 200
    response.headers["location"] = f"/v1/sites/{site_id}/bookings"
    return BookedOut.model_validate(row)


@routes.delete("/bookings/{booking_id}", access=WORK, name="cancel", summary="Give a slot back", status_code=204)
def cancel_booking(caller: CallerDep, ledger: LedgerDep, site_id: told.Id, booking_id: told.Id) -> None:
    """By the operator of the site, or by whom it is for. What was loaded stays recorded."""
    if not facilities.cancel(ledger, caller.actor, site_id, booking_id):
        raise nothing("booking")


# --- costs ---


def _tariff(one: rules.Tariff) -> TariffOut:
    return TariffOut(
        **asdict(one),
        fee_per_kg=prices.currency(one.currency).per_kg(one.fee_per_tonne),
        users_minor=one.users_minor,
        others_minor=one.others_minor,
    )


@routes.get("/tariffs", access=READ, name="tariffs", summary="What the site asks")
def list_tariffs(caller: CallerDep, session: LedgerReadDep, site_id: told.Id) -> TariffPage:
    """Of a site of yours, or one that is shared with you."""
    place = facilities.site(session, caller.org_id, site_id)
    return TariffPage(data=[_tariff(one) for one in facilities.tariffs(session, place)])


@routes.post("/tariffs", access=WRITE, name="add_tariff", summary="A tariff from a day on", status_code=201)
def add_tariff(session: WriteDep, ledger: LedgerDep, site_id: told.Id, body: TariffIn, response: Response) -> TariffOut:
    """Said again, it changes nothing; another one of the same day is refused. A fee is that of the day of loading."""
    find(session, models.Site, site_id, "site")
    prices.currency(body.currency)
    values = body.model_dump() | {"from_day": body.from_day.isoformat()}
    row = session.get(models.Tariff, (session.org_id, site_id, values["from_day"]))
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        session.add(models.Tariff(org_id=session.org_id, site_id=site_id, recorded_at=ledger.clock(), **values))
        session.flush()
    return _tariff(rules.Tariff(**body.model_dump()))


@routes.get("/cost-share", access=READ, name="cost_share", summary="What each user owes")
def cost_share(
    caller: CallerDep, session: LedgerReadDep, site_id: told.Id, wanted: Annotated[WantedDays, Query()]
) -> CostSharePage:
    """Computed from the loads of those days and whose goods were in them."""
    found = facilities.statement(session, caller.org_id, site_id, *wanted.checked())
    money = prices.currencies()
    data = [
        CostShareOut(**asdict(one), total_minor=one.total_minor, total=money[one.currency].text(one.total_minor))
        for one in found.shares
    ]
    return CostSharePage(
        site=found.site,
        from_day=found.first,
        to_day=found.last,
        tariffs=[_tariff(one) for one in found.tariffs],
        data=data,
    )


@routes.get(
    "/cost-share.xlsx",
    access=READ,
    name="cost_share_xlsx",
    summary="What each user owes, as a workbook",
    response_class=Response,
    responses={200: {"content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {}}}},
)
def cost_share_xlsx(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    site_id: told.Id,
    wanted: Annotated[WantedFile, Query()],
) -> Response:
    """With the tariffs."""
    from exchange import cost_share as sheets

    found = facilities.statement(session, caller.org_id, site_id, *wanted.checked())
    content = sheets.cost_share_xlsx(
        found.site, found.first, found.last, found.shares, found.tariffs, prices.currencies(),
        instant(ledger.clock()), wanted.lang,
    )  # fmt: skip
    name = f"cost-share-{found.first}-{found.last}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=sheets.MEDIA_TYPE, headers=headers)


# --- use and losses ---


def _use(one: rules.Use) -> dict[str, Any]:
    return {
        "runs": one.runs,
        "used_hours": one.used_ms // 3_600_000,
        "available_hours": one.available_ms // 3_600_000,
        "used_bp": one.used_bp,
        "grams": one.grams,
        "capacity_g": one.capacity_g,
        "filled_bp": one.filled_bp,
    }


@routes.get("/utilisation", access=READ, name="utilisation", summary="How well the vessels are used")
def show_utilisation(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    site_id: told.Id,
    wanted: Annotated[WantedDays, Query()],
) -> UsePage:
    """Hours are cut at the ends of the period; a run that is still open lasts until now."""
    rows = facilities.utilisation(session, caller.org_id, site_id, *wanted.checked(), ledger.clock())
    data = [VesselUseOut(vessel_id=row.id, vessel=row.code, **_use(row.use)) for row in rows]
    return UsePage(site=UseOut(**_use(rules.together(row.use for row in rows))), data=data)


@routes.get("/losses", access=READ, name="losses", summary="What is lost, and why")
def show_losses(
    caller: CallerDep, session: LedgerReadDep, site_id: told.Id, wanted: Annotated[WantedDays, Query()]
) -> LossesOut:
    """Against the last baseline that was measured up to the first day."""
    found = facilities.losses(session, caller.org_id, site_id, *wanted.checked())
    return LossesOut(**asdict(found))


@routes.get("/baselines", access=READ, name="baselines", summary="What was lost before")
def list_baselines(caller: CallerDep, session: LedgerReadDep, site_id: told.Id) -> BaselinePage:
    """Of a site of yours."""
    place = facilities.own_site(session, caller.org_id, site_id)
    rows = facilities.baselines(session, place)
    return BaselinePage(data=[BaselineOut.model_validate(row) for row in rows])


@routes.post("/baselines", access=WRITE, name="add_baseline", summary="Note a baseline", status_code=201)
def add_baseline(
    session: WriteDep, ledger: LedgerDep, site_id: told.Id, body: BaselineIn, response: Response
) -> BaselineOut:
    """Said again, it changes nothing; another one of the same day is refused."""
    find(session, models.Site, site_id, "site")
    values = body.model_dump() | {"measured_on": body.measured_on.isoformat()}
    row = session.get(models.LossBaseline, (session.org_id, site_id, values["measured_on"]))
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        session.add(models.LossBaseline(org_id=session.org_id, site_id=site_id, recorded_at=ledger.clock(), **values))
        session.flush()
    return BaselineOut(**body.model_dump())
