"""Values over time drawn as a curve: the range of good practice as a band, alarms, turnings; and control charts.

Nothing is drawn where nothing was read: a line breaks at a gap, and dots are drawn where they are few enough to be told
apart. The SVG holds no script, no style sheet, no font and no reference; colours repeat what words and shapes say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from html import escape
from typing import Final

from domain.refusals import moment as short
from labels import print_texts as words
from labels import texts
from labels.lot_label import FONT, POINT_MM, cut, text_width
from labels.print_texts import Lang

WIDE: Final = 900
LEFT, RIGHT, TOP, HIGH = 62, 118, 84, 300
"""Pixels: the drawing; the margins of its plot (names of lines stand to the right), and the height of the plot."""

FEW: Final = 90
"""Dots of a series up to which each is drawn."""

MOST_ROWS: Final = 10
ROW: Final = 20

INK: Final = "#1c2320"
MUTED: Final = "#5a655f"
GRID: Final = "#e3e9e6"
ACCENT: Final = "#0b5d3b"
BAND: Final = "#d5eadf"
AIM: Final = "#b5dcc6"
ALERT: Final = "#9b1c1c"
ALERT_FILL: Final = "#fdeaea"
SERIES: Final = (("#0b5d3b", ""), ("#1f4e8c", "7 3"), ("#7a4a00", "2 3"), ("#6b2f7a", "9 3 2 3"))
"""Colour and dashes of the series, in turn: they differ without colour too."""

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "no_values": ("Nothing was read.", "Rien n’a été relevé."),
    "range": ("{low} to {high} {unit}", "{low} à {high} {unit}"),
    "from": ("{low} {unit} or more", "{low} {unit} ou plus"),
    "up_to": ("up to {high} {unit}", "jusqu’à {high} {unit}"),
    "range_from": (", lower limit from {hours} h on", ", minimum à partir de {hours} h"),
    "good": ("Good practice: {range}.", "Bonne pratique : {range}."),
    "aim": ("Aimed at: {low} to {high} {unit}.", "Visé : {low} à {high} {unit}."),
    "usual": ("usual {value}", "usuel {value}"),
    "turned": ("turned", "brassé"),
    "turn_due": ("first turn", "1er brassage"),
    "in_range_one": ("The one value is within the range.", "La seule valeur est dans la plage."),
    "in_range": ("All {n} values are within the range.", "Les {n} valeurs sont dans la plage."),
    "high": (
        "Above from {since} to {until}: up to {extreme} {unit}, {n}",
        "Au-dessus du {since} au {until} : jusqu’à {extreme} {unit}, {n}",
    ),
    "low": (
        "Below from {since} to {until}: down to {extreme} {unit}, {n}",
        "En dessous du {since} au {until} : jusqu’à {extreme} {unit}, {n}",
    ),
    "high_still": (
        "Above since {since}: up to {extreme} {unit}, {n}",
        "Au-dessus depuis le {since} : jusqu’à {extreme} {unit}, {n}",
    ),
    "low_still": (
        "Below since {since}: down to {extreme} {unit}, {n}",
        "En dessous depuis le {since} : jusqu’à {extreme} {unit}, {n}",
    ),
    "one_value": ("1 value", "1 valeur"),
    "more": ("and {n} more", "et {n} de plus"),
    "mean": ("mean {value}", "moyenne {value}"),
    "upper": ("+3σ {value}", "+3σ {value}"),
    "lower": ("−3σ {value}", "−3σ {value}"),
    "spec_max": ("limit {value}", "limite {value}"),
    "spec_min": ("limit {value}", "limite {value}"),
    "values": ("{n} values", "{n} valeurs"),
    "few": (
        "{n} values: control limits need at least {least}.",
        "{n} valeurs : il en faut {least} pour les limites de contrôle.",
    ),
    "steady": ("No pattern stands out.", "Aucune anomalie."),
    "signal": ("{at} · {lot} · {value} {unit}: {rules}", "{at} · {lot} · {value} {unit} : {rules}"),
}


def _say(lang: Lang, key: str, **params: str | int) -> str:
    return _WORDS[key][0 if lang == "en" else 1].format(**params)


# --- what is drawn ---


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one device as (milliseconds, value), cut into stretches where nothing was read in between."""

    name: str
    stretches: Sequence[Sequence[tuple[int, float]]]

    @property
    def points(self) -> list[tuple[int, float]]:
        return [point for stretch in self.stretches for point in stretch]


@dataclass(frozen=True, slots=True)
class Warned:
    """A stretch out of range (``until`` none: to the last value); texts as they are printed.

    ``seen_until``: where the values stop saying so, which is where its mark ends; none: at ``until``. ``device``: named
    where there are several.
    """

    side: str  # "low", "high"
    since: int
    until: int | None
    extreme: str
    values: int
    seen_until: int | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """What was read of one thing in a run. Limits are decimal text; ``low`` holds from ``low_from`` hours on."""

    title: str
    about: str
    unit: str
    start: int
    end: int
    series: Sequence[Series]
    low: str | None = None
    high: str | None = None
    low_from: int = 0
    usual: str | None = None
    source: str = ""
    aim: tuple[str, str] | None = None
    turned: Sequence[int] = ()
    turn_due: tuple[int, int] | None = None  # hours
    alarms: Sequence[Warned] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of a control chart, and the names of the patterns that it completes."""

    at: int
    value: float
    text: str
    lot: str
    rules: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """A control chart: values in the order of time at equal distances, and its lines (none: too few values)."""

    title: str
    about: str
    unit: str
    values: Sequence[Measured]
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None
    spec_min: str | None = None
    spec_max: str | None = None
    least: int = 0
    decimals: int = 1


def curve_svg(curve: Curve, lang: str = "en") -> bytes:
    """A curve as SVG."""
    return _curve(curve, words.language(lang))


def control_svg(control: Control, lang: str = "en") -> bytes:
    """A control chart as SVG."""
    return _control(control, words.language(lang))


# --- the sheet ---


@dataclass(slots=True)
class _Sheet:
    """A plot with two scales; parts are added from the back to the front."""

    lang: Lang
    x: tuple[float, float]
    y: tuple[float, float]
    parts: list[str] = field(default_factory=list)
    beside: list[tuple[float, str, str]] = field(default_factory=list)

    wide: int = WIDE - LEFT - RIGHT

    def px(self, x: float) -> float:
        return LEFT + (x - self.x[0]) * self.wide / (self.x[1] - self.x[0])

    def py(self, y: float) -> float:
        return TOP + HIGH - (y - self.y[0]) * HIGH / (self.y[1] - self.y[0])

    def box(self, x: tuple[float, float], y: tuple[float, float], look: str) -> None:
        """A rectangle in values, cut at the edges of the plot."""
        left, right = (min(max(self.px(one), LEFT), LEFT + self.wide) for one in x)
        top, bottom = (min(max(self.py(one), TOP), TOP + HIGH) for one in (y[1], y[0]))
        if right > left and bottom > top:
            self.parts.append(f'<path {look} d="M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}z"/>')

    def level(self, y: float, colour: str, dashes: str, name: str = "") -> None:
        """A line across, with its name to the right."""
        self.parts.append(
            f'<path stroke="{colour}" stroke-dasharray="{dashes}" d="M{LEFT} {self.py(y):.1f}h{self.wide}"/>'
        )
        if name:
            self.beside.append((self.py(y), name, colour))

    def ticks_y(self) -> None:
        """Round values across the plot, and the grid."""
        for value, said in nice(*self.y):
            y = self.py(value)
            self.parts.append(f'<path stroke="{GRID}" d="M{LEFT} {y:.1f}h{self.wide}"/>')
            self.parts.append(_text(LEFT - 8, y + 4, texts.decimal(self.lang, said), 11, anchor="end", colour=MUTED))

    def names(self) -> None:
        """The names of lines, pushed apart where they would lie on each other."""
        last = TOP - 99.0
        for y, name, colour in sorted(self.beside):
            last = max(y + 4, last + 13)
            self.parts.append(_text(LEFT + self.wide + 8, last, _fit(name, RIGHT - 12, 11), 11, colour=colour))

    def frame(self) -> None:
        self.parts.append(
            f'<path fill="none" stroke="{MUTED}" d="M{LEFT}.5 {TOP}v{HIGH}h{self.wide}" stroke-linecap="square"/>'
        )

    def svg(self, title: str, about: str, rows: Sequence[tuple[str, str]], below: int) -> bytes:
        """The whole: heading, plot, and lines of text as (colour, text) under it."""
        if len(rows) > MOST_ROWS:
            rows = [*rows[: MOST_ROWS - 1], (MUTED, _say(self.lang, "more", n=len(rows) - MOST_ROWS + 1))]
        start = TOP + HIGH + below
        high = start + ROW * len(rows) + 10
        spoken = ". ".join([about, *(text for _, text in rows)])
        lines = [
            _text(24, start + ROW * number, _fit(text, WIDE - 48, 12), 12, colour=colour)
            for number, (colour, text) in enumerate(rows)
        ]
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{high}" viewBox="0 0 {WIDE} {high}" '
                f'xml:lang="{self.lang}" role="img" font-size="12" {FONT}>',
                f"<title>{escape(title)}</title><desc>{escape(spoken)}</desc>",
                f'<path fill="#fff" d="M0 0h{WIDE}v{high}h-{WIDE}z"/>',
                _text(24, 32, _fit(title, WIDE - 48, 18, bold=True), 18, bold=True),
                _text(24, 54, _fit(about, WIDE - 48, 12), 12, colour=MUTED),
                *self.parts,
                *lines,
                "</svg>\n",
            ]
        ).encode()


def nice(low: float, high: float, about: int = 6) -> list[tuple[float, str]]:
    """Round values between two, about so many, each with its text."""
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [
        (number * step, f"{number * step:.{places}f}") for number in range(first, math.floor(high / step + 1e-9) + 1)
    ]


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Bounds around values with some air; never empty."""
    low, high = min(values), max(values)
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - air, high + air


# --- curves ---


def _curve(curve: Curve, lang: Lang) -> bytes:
    points = [point for series in curve.series for point in series.points]
    limits = [float(one) for one in (curve.low, curve.usual, curve.high) if one is not None]
    if not points:
        sheet = _Sheet(lang, (0, 1), (0, 1))
        return sheet.svg(curve.title, curve.about, [(MUTED, _say(lang, "no_values"))], 20 - HIGH)
    end = max(curve.end, curve.start + HOUR_MS, *(at for at, _ in points))
    sheet = _Sheet(lang, (curve.start, end), _span([value for _, value in points] + limits))
    bottom, top = sheet.y
    low_at = curve.start + curve.low_from * HOUR_MS
    high = float(curve.high) if curve.high is not None else top
    look = f'fill="{BAND}"'
    if curve.low is not None:
        sheet.box((low_at, end), (float(curve.low), high), look)
        if curve.low_from and curve.high is not None:
            sheet.box((curve.start, low_at), (bottom, high), f'fill="{BAND}" fill-opacity=".45"')
    elif curve.high is not None:
        sheet.box((curve.start, end), (bottom, high), look)
    if curve.aim is not None:
        sheet.box((low_at, end), (float(curve.aim[0]), float(curve.aim[1])), f'fill="{AIM}"')
    for alarm in curve.alarms:
        until = alarm.until if alarm.until is not None else max(at for at, _ in points)
        until = until if alarm.seen_until is None else alarm.seen_until
        until = max(until, alarm.since + round((end - curve.start) * 3 / sheet.wide))
        sheet.box((alarm.since, until), (bottom, top), f'fill="{ALERT_FILL}" fill-opacity=".8"')
        sheet.parts.append(
            f'<path stroke="{ALERT}" stroke-width="4" d="M{sheet.px(alarm.since):.1f} {TOP - 3}'
            f'H{sheet.px(until):.1f}"/>'
        )
    sheet.ticks_y()
    if curve.high is not None:
        sheet.level(float(curve.high), ACCENT, "5 3", f"{texts.decimal(lang, curve.high)} {curve.unit}")
    if curve.low is not None:
        y = sheet.py(float(curve.low))
        sheet.parts.append(
            f'<path stroke="{ACCENT}" stroke-dasharray="5 3" d="M{sheet.px(low_at):.1f} {y:.1f}H{LEFT + sheet.wide}"/>'
        )
        sheet.beside.append((y, f"{texts.decimal(lang, curve.low)} {curve.unit}", ACCENT))
    if curve.usual is not None:
        said = _say(lang, "usual", value=f"{texts.decimal(lang, curve.usual)} {curve.unit}")
        sheet.level(float(curve.usual), MUTED, "1 4", said)
    _turnings(curve, sheet, lang)
    _hours(curve, sheet, end, lang)
    for number, series in enumerate(curve.series):
        colour, dashes = SERIES[number % len(SERIES)]
        _line(series, sheet, colour, dashes)
        at_end = series.points[-1][1]
        if len(curve.series) > 1:
            sheet.beside.append((sheet.py(at_end), series.name, colour))
    sheet.names()
    sheet.frame()
    sheet.parts.append(_text(LEFT - 8, TOP - 12, curve.unit, 11, anchor="end", colour=MUTED))
    return sheet.svg(curve.title, curve.about, _curve_rows(curve, len(points), lang), 66)


def _turnings(curve: Curve, sheet: _Sheet, lang: Lang) -> None:
    """When the load was turned, and between which hours it is to be turned first."""
    if curve.turn_due is not None:
        since, until = (curve.start + hours * HOUR_MS for hours in curve.turn_due)
        if since < sheet.x[1]:
            left, right = sheet.px(since), min(sheet.px(until), LEFT + sheet.wide)
            y = TOP + HIGH - 7
            sheet.parts.append(
                f'<path fill="none" stroke="{MUTED}" d="M{left:.1f} {y - 4}v8M{right:.1f} {y - 4}v8M{left:.1f} {y}'
                f'H{right:.1f}"/>'
            )
            sheet.parts.append(_text(left + 4, y - 5, _say(lang, "turn_due"), 10, colour=MUTED, halo=True))
    for at in curve.turned:
        x = sheet.px(at)
        sheet.parts.append(f'<path stroke="{INK}" stroke-dasharray="2 2" d="M{x:.1f} {TOP}v{HIGH}"/>')
        sheet.parts.append(_text(x + 4, TOP + 12, _say(lang, "turned"), 10, colour=INK, halo=True))


def _hours(curve: Curve, sheet: _Sheet, end: int, lang: Lang) -> None:
    """Hours since the start, at round steps, with the day where one begins to be told."""
    hours = (end - curve.start) / HOUR_MS
    step = next((one for one in (1, 2, 4, 6, 12, 24, 48, 96, 168, 336) if hours / one <= 12), 672)  # noqa: PLR2004 - ticks
    told = None
    for number in range(int(hours // step) + 1):
        at = curve.start + number * step * HOUR_MS
        x = sheet.px(at)
        sheet.parts.append(f'<path stroke="{MUTED}" d="M{x:.1f} {TOP + HIGH}v5"/>')
        sheet.parts.append(_text(x, TOP + HIGH + 18, f"{number * step}\u00a0h", 11, anchor="middle", colour=MUTED))
        day = datetime.fromtimestamp(at / 1000, UTC).date()
        if day != told:
            told = day
            said = _day(lang, day) if number == 0 else _day(lang, day).rsplit(" ", 1)[0]
            room = sheet.wide / max(1, hours / step) - 4
            if number == 0 or _width(said, 10) <= room:
                sheet.parts.append(_text(x, TOP + HIGH + 32, said, 10, anchor="middle", colour=MUTED))


def _line(series: Series, sheet: _Sheet, colour: str, dashes: str) -> None:
    """The line of a series, its stretches apart; dots where they can be told apart, and where a value stands alone."""
    count = len(series.points)
    look = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-linejoin="round"'
    look += f' stroke-dasharray="{dashes}"' if dashes else ""
    for stretch in series.stretches:
        drawn = [(sheet.px(at), sheet.py(value)) for at, value in _thinned(stretch, sheet)]
        if len(drawn) > 1:
            sheet.parts.append(f'<path {look} d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in drawn)}"/>')
        if count <= FEW or len(drawn) == 1:
            sheet.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>' for x, y in drawn]


def _thinned(stretch: Sequence[tuple[int, float]], sheet: _Sheet) -> list[tuple[int, float]]:
    """At most four values for each pixel across: first, lowest, highest and last, so that no peak is lost."""
    columns: dict[int, list[tuple[int, float]]] = {}
    for point in stretch:
        columns.setdefault(int(sheet.px(point[0])), []).append(point)
    kept = []
    for some in columns.values():
        picked = {some[0], some[-1], min(some, key=lambda one: one[1]), max(some, key=lambda one: one[1])}
        kept += sorted(picked)
    return kept


def _curve_rows(curve: Curve, count: int, lang: Lang) -> list[tuple[str, str]]:
    rows = []
    low, high = (texts.decimal(lang, one) if one is not None else None for one in (curve.low, curve.high))
    if low is not None or high is not None:
        key = "range" if low and high else "from" if low else "up_to"
        said = _say(lang, key, low=low or "", high=high or "", unit=curve.unit)
        if curve.low_from and low:
            said += _say(lang, "range_from", hours=curve.low_from)
        rows.append((ACCENT, f"{_say(lang, 'good', range=said)} {words.clean(curve.source)}"))
        if curve.aim is not None:
            aimed = [texts.decimal(lang, one) for one in curve.aim]
            rows.append((ACCENT, _say(lang, "aim", low=aimed[0], high=aimed[1], unit=curve.unit)))
        if not curve.alarms:
            rows.append((INK, _say(lang, "in_range" if count > 1 else "in_range_one", n=count)))
    for one in curve.alarms:
        still, until = ("", _moment(lang, one.until)) if one.until is not None else ("_still", "")
        said = _say(
            lang, f"{one.side}{still}", since=_moment(lang, one.since), until=until, unit=curve.unit,
            n=_say(lang, "values" if one.values > 1 else "one_value", n=one.values),
            extreme=texts.decimal(lang, one.extreme),
        )  # fmt: skip
        rows.append((ALERT, f"{said} · {one.device}" if one.device else said))
    return rows


def _day(lang: Lang, day: date) -> str:
    """A day in few letters."""
    return short(day.isoformat(), lang)


def _moment(lang: Lang, at: int) -> str:
    return words.moment(lang, datetime.fromtimestamp(at / 1000, UTC))


# --- control charts ---


def _control(control: Control, lang: Lang) -> bytes:
    if not control.values:
        sheet = _Sheet(lang, (0, 1), (0, 1))
        return sheet.svg(control.title, control.about, [(MUTED, _say(lang, "no_values"))], 20 - HIGH)
    specs = [float(one) for one in (control.spec_min, control.spec_max) if one is not None]
    lines = [one for one in (control.lower, control.upper, control.mean) if one is not None]
    values = [one.value for one in control.values]
    sheet = _Sheet(lang, (-0.5, len(values) - 0.5), _span([*values, *specs, *lines]))
    if control.lower is not None and control.upper is not None:
        sheet.box(sheet.x, (control.lower, control.upper), f'fill="{BAND}" fill-opacity=".6"')
    sheet.ticks_y()
    for level, key, colour, dashes in (
        (control.upper, "upper", ACCENT, "5 3"),
        (control.mean, "mean", ACCENT, ""),
        (control.lower, "lower", ACCENT, "5 3"),
    ):
        if level is not None:
            said = texts.decimal(lang, f"{level:.{control.decimals + 1}f}")
            sheet.level(level, colour, dashes, _say(lang, key, value=said))
    for text, key in ((control.spec_max, "spec_max"), (control.spec_min, "spec_min")):
        if text is not None:
            sheet.level(float(text), ALERT, "9 3 2 3", _say(lang, key, value=texts.decimal(lang, text)))
    places = [(sheet.px(number), sheet.py(value)) for number, value in enumerate(values)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    sheet.parts.append(f'<path fill="none" stroke="{INK}" stroke-width="1.3" d="M{path}"/>')
    for one, (x, y) in zip(control.values, places, strict=True):
        if one.rules:
            sheet.parts.append(f'<path fill="{ALERT}" stroke="#fff" d="M{x:.1f} {y - 6:.1f}l6 6-6 6-6-6z"/>')
        else:
            sheet.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{INK}"/>')
    _days(control, sheet, lang)
    sheet.names()
    sheet.frame()
    sheet.parts.append(_text(LEFT - 8, TOP - 12, control.unit, 11, anchor="end", colour=MUTED))
    rows = [
        (
            ALERT,
            _say(
                lang, "signal", at=_moment(lang, one.at), lot=words.clean(one.lot), unit=control.unit,
                value=texts.decimal(lang, one.text), rules=", ".join(one.rules),
            ),
        )
        for one in control.values
        if one.rules
    ]  # fmt: skip
    if control.upper is None:
        rows = [(MUTED, _say(lang, "few", n=len(values), least=control.least))]
    elif not rows:
        rows = [(INK, _say(lang, "steady"))]
    return sheet.svg(control.title, control.about, rows, 54)


def _days(control: Control, sheet: _Sheet, lang: Lang) -> None:
    """The day under as many values as there is room for."""
    every = max(1, math.ceil(len(control.values) * 78 / sheet.wide))
    for number, one in enumerate(control.values):
        x = sheet.px(number)
        if number % every == 0:
            sheet.parts.append(f'<path stroke="{MUTED}" d="M{x:.1f} {TOP + HIGH}v5"/>')
            day = _day(lang, datetime.fromtimestamp(one.at / 1000, UTC).date())
            sheet.parts.append(_text(x, TOP + HIGH + 18, day, 10, anchor="middle", colour=MUTED))


# --- letters ---


def _width(text: str, size: float, *, bold: bool = False) -> float:
    return text_width(text, size, bold=bold) / POINT_MM


def _fit(text: str, width: float, size: float, *, bold: bool = False) -> str:
    return cut(text, width * POINT_MM, size, bold=bold)


def _text(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    bold: bool = False,
    anchor: str = "start",
    colour: str = INK,
    halo: bool = False,
) -> str:
    look = f' font-size="{size:g}"' if size != 12 else ""  # noqa: PLR2004 - that of the whole drawing
    look += ' font-weight="bold"' if bold else ""
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    look += ' stroke="#fff" stroke-width="3" stroke-opacity=".85" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{look}>{escape(text)}</text>'
