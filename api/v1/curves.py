"""Readings of loads taken in and shown as curves; control charts of quality parameters."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep
from api.problems import language
from api.v1.plots import BodyTextDep
from api.versions import Body, Instant, Shown, example, refused
from domain import events as told
from domain.readings import Alarm
from domain.refusals import Lang, Refused, sentence
from exchange import readings as sent
from ledger import facilities, readings
from ledger.queries import instant

routes = Routes(prefix="/v1", tags=["curves"])
READ, WORK = Needs("lots:read"), Needs("events:write")
SVG: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"image/svg+xml": {}}}}

# --- shapes ---


class ReadingIn(Body):
    """A value at an instant. It is read by itself: what is wrong with it is answered by its row."""

    at: Any
    test: Annotated[str, Field(max_length=40)]
    value: Any
    device: Annotated[str | None, Field(max_length=80)] = None


class ReadingsIn(Body):
    """Values of sensors: `readings`, or `sensorElementList` of EPCIS 2.0 with `tests` (measurement type: our code)."""

    model_config = example(
        device="T-17",
        readings=[
            {"at": "2024-12-01T08:00:00Z", "test": "mass_temperature", "value": 28.5},
            {"at": "2024-12-01T09:00:00Z", "test": "mass_temperature", "value": "29.1"},
        ],
    )

    device: Annotated[str, Field(min_length=1, max_length=80)] = "sensor"
    readings: Annotated[list[ReadingIn], Field(max_length=sent.MOST_ROWS)] = Field(default_factory=list)
    sensorElementList: Annotated[list[dict[str, Any]], Field(max_length=sent.MOST_ROWS)] = Field(  # noqa: N815 - as EPCIS writes it
        default_factory=list
    )
    tests: Annotated[dict[str, told.Word], Field(max_length=20)] = Field(default_factory=dict)


class WrongOut(BaseModel):
    """A row that was not taken, counted from 1."""

    row: int
    code: str
    detail: str


class TakenOut(BaseModel):
    """What became of the rows."""

    added: int
    known: int
    errors: list[WrongOut]


class PointOut(Shown):
    """A value at an instant."""

    at: Instant
    value: str


class AlarmOut(BaseModel):
    """Values out of range: since the first, until the first that was back; null: not yet."""

    device: str
    side: str
    since: Instant
    until: Instant | None
    extreme: str
    values: int


class SeriesOut(BaseModel):
    """The values of a device, in the order of time."""

    device: str
    points: list[PointOut]


class CourseOut(BaseModel):
    """What was read of one test in a load. `min` holds from `min_from_hours` after the start."""

    load: str
    vessel: str
    started_at: Instant
    ended_at: Instant | None
    test: str | None
    tests: list[str]
    unit: str | None
    min: str | None
    max: str | None
    min_from_hours: int
    source: str | None
    turned: list[Instant]
    alarms: list[AlarmOut]
    series: list[SeriesOut]


class WantedTest(Body):
    """Which test; left out: the one read most often."""

    test: told.Word | None = None


class WantedPicture(WantedTest):
    """Which test, in which language."""

    lang: Lang = "en"


class WantedChart(Body):
    """Which parameter of which product, at which stage, and of which days (both included; none: all)."""

    product: told.Word
    test: told.Word
    stage: told.Word = "lot"
    from_day: told.Day | None = None
    to_day: told.Day | None = None


class WantedChartPicture(WantedChart):
    """Which parameter, in which language."""

    lang: Lang = "en"


class ValueOut(BaseModel):
    """A value of a chart and the patterns that it completes."""

    at: Instant
    lot: str
    lot_code: str
    value: str
    rules: list[str]


class ChartOut(BaseModel):
    """A control chart of individual values. Its lines are rounded to three decimals; null: too few values."""

    product: str
    test: str
    unit: str
    min: str | None
    max: str | None
    mean: str | None
    sigma: str | None
    lower: str | None
    upper: str | None
    values: list[ValueOut]


# --- readings ---


def _lang(request: Request) -> Lang:
    return "fr" if language(request) == "fr" else "en"


def _taken(found: readings.Taken, lang: Lang) -> TakenOut:
    errors = [
        WrongOut(
            row=one.row,
            code=one.code,
            detail=sentence(one.reason, lang) if isinstance(one.reason, Refused) else one.reason,
        )
        for one in found.wrong
    ]
    return TakenOut(added=found.added, known=found.known, errors=errors)


def _bounded(rows: list[sent.Row]) -> list[sent.Row]:
    if len(rows) > sent.MOST_ROWS:
        raise Refused("READINGS_TOO_MANY", count=len(rows), most=sent.MOST_ROWS)
    return rows


@routes.post("/loads/{load_id}/readings", access=WORK, name="read", summary="Take in readings of a load")
def add_readings(
    caller: CallerDep, ledger: LedgerDep, load_id: told.Id, body: ReadingsIn, request: Request
) -> TakenOut:
    """Rows that cannot be kept are answered as `errors` and stop nothing. The same reading again changes nothing."""
    if bool(body.readings) == bool(body.sensorElementList):
        raise refused("readings", "one-of", "Send readings, or sensorElementList: one of them.")
    rows: list[sent.Row] = [
        sent.read(number, one.at, one.test, one.value, one.device or body.device)
        for number, one in enumerate(body.readings, start=1)
    ] or sent.from_epcis(body.sensorElementList, body.tests, body.device)
    return _taken(readings.take(ledger, caller.actor, load_id, _bounded(rows)), _lang(request))


@routes.post(
    "/loads/{load_id}/readings.csv",
    access=WORK,
    name="read_csv",
    summary="Take in readings of a load as CSV",
    openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def add_readings_csv(
    caller: CallerDep,
    ledger: LedgerDep,
    load_id: told.Id,
    content: BodyTextDep,
    request: Request,
    device: Annotated[str, Query(min_length=1, max_length=80, description="where the file names none")] = "sensor",
) -> TakenOut:
    """Columns at, test, value, and perhaps device, with `;` or `,` between; the heading names them."""
    try:
        rows = sent.from_csv(content, device)
    except ValueError as error:
        readings.take(ledger, caller.actor, load_id, ())  # whose load it is comes first
        raise refused("", "columns", str(error)) from None
    return _taken(readings.take(ledger, caller.actor, load_id, _bounded(rows)), _lang(request))


@routes.get("/loads/{load_id}/readings", access=READ, name="course", summary="What was read on a load")
def show_course(
    caller: CallerDep, session: LedgerReadDep, load_id: told.Id, wanted: Annotated[WantedTest, Query()]
) -> CourseOut:
    """Of one test, by device, with the alarms. What somebody told as an event is the device “by hand”."""
    found = readings.course(session, caller.org_id, load_id, wanted.test)
    limit = found.limit
    return CourseOut(
        load=found.load.uid,
        vessel=found.load.vessel,
        started_at=found.load.started_at,
        ended_at=found.load.ended_at,
        test=limit.code if limit is not None else None,
        tests=list(found.tests),
        unit=limit.unit if limit is not None else None,
        min=limit.min if limit is not None else None,
        max=limit.max if limit is not None else None,
        min_from_hours=limit.min_from_hours if limit is not None else 0,
        source=limit.source if limit is not None else None,
        turned=list(found.turned),
        alarms=[_alarm(device, one) for device, some in found.alarms.items() for one in some],
        series=[
            SeriesOut(device=device, points=[PointOut.model_validate(point) for point in points])
            for device, points in found.series.items()
        ],
    )


def _alarm(device: str, one: Alarm) -> AlarmOut:
    return AlarmOut(
        device=device,
        side=one.side,
        since=one.since,
        until=one.until,
        extreme=one.extreme,
        values=one.values,
    )


@routes.get(
    "/loads/{load_id}/curve.svg",
    access=READ,
    name="curve",
    summary="What was read on a load, drawn",
    response_class=Response,
    responses=SVG,
)
def draw_curve(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    load_id: told.Id,
    wanted: Annotated[WantedPicture, Query()],
) -> Response:
    """With the range of good practice, the alarms and the turnings."""
    from labels.curve import curve_svg

    found = readings.course(session, caller.org_id, load_id, wanted.test)
    content = curve_svg(readings.drawn(found, ledger.clock(), wanted.lang), wanted.lang)
    return Response(content, media_type="image/svg+xml")


# --- what comes out of a shared load ---


class SharedOut(Shown):
    """What an organisation had in the load, and its part of what comes out, in grams."""

    organisation: str
    loaded_g: int
    share_g: int


KeyPart: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9./_-]{0,39}:[1-9][0-9]{0,6}$")]


class WantedShares(Body):
    """What came out, in grams; perhaps the agreed key, `COOP:60` for each owner."""

    grams: Annotated[int, Field(ge=1, le=10**12)]
    key: Annotated[list[KeyPart], Field(max_length=50)] = Field(default_factory=list)


@routes.get("/loads/{load_id}/shares", access=READ, name="shares", summary="How the owners share what comes out")
def show_shares(
    caller: CallerDep, session: LedgerReadDep, load_id: told.Id, wanted: Annotated[WantedShares, Query()]
) -> list[SharedOut]:
    """To the gram, by the weight of what each had in it or by the agreed key; who uses the site sees its own part."""
    key = {owner: int(parts) for owner, _, parts in (one.rpartition(":") for one in wanted.key)}
    found = facilities.shares(session, caller.org_id, load_id, wanted.grams, key)
    return [SharedOut.model_validate(one) for one in found]


# --- control charts ---


def _watched(session: Any, org_id: int, wanted: WantedChart, today: date) -> readings.Watched:
    first, last = wanted.from_day or date(1970, 1, 1), wanted.to_day or today
    if last < first:
        raise refused("to_day", "order", "The last day comes after the first.")
    period = facilities.days(first, last) if wanted.from_day or wanted.to_day else None
    return readings.watched(session, org_id, wanted.product, wanted.test, wanted.stage, period, last)


@routes.get("/control-chart", access=READ, name="control_chart", summary="A quality parameter over time")
def show_control_chart(
    caller: CallerDep, ledger: LedgerDep, session: LedgerReadDep, wanted: Annotated[WantedChart, Query()]
) -> ChartOut:
    """What you measured on lots of a product, with mean, control limits, and the patterns that stand out."""
    found = _watched(session, caller.org_id, wanted, instant(ledger.clock()).date())
    chart = found.chart
    rules: dict[int, list[str]] = {}
    for one in chart.signals:
        rules.setdefault(one.index, []).append(one.rule)
    lines = {
        name: f"{float(line):.3f}" if line is not None else None
        for name, line in (
            ("mean", chart.mean), ("sigma", chart.sigma), ("lower", chart.lower), ("upper", chart.upper),
        )
    }  # fmt: skip
    return ChartOut(
        product=found.product.code,
        test=found.test,
        unit=found.unit,
        min=found.limit.min if found.limit is not None else None,
        max=found.limit.max if found.limit is not None else None,
        values=[
            ValueOut(at=one.at, lot=one.lot, lot_code=one.lot_code, value=one.value, rules=rules.get(number, []))
            for number, one in enumerate(found.values)
        ],
        **lines,
    )


@routes.get(
    "/control-chart.svg",
    access=READ,
    name="control_chart_svg",
    summary="A quality parameter over time, drawn",
    response_class=Response,
    responses=SVG,
)
def draw_control_chart(
    caller: CallerDep, ledger: LedgerDep, session: LedgerReadDep, wanted: Annotated[WantedChartPicture, Query()]
) -> Response:
    """The same as a picture."""
    from labels.curve import control_svg

    found = _watched(session, caller.org_id, wanted, instant(ledger.clock()).date())
    return Response(control_svg(readings.chart_drawn(found, wanted.lang), wanted.lang), media_type="image/svg+xml")
