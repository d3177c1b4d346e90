"""What the logbook refuses, as typed values: a code, the figures, and what to do next, in English and French.

Laws of the catalogue. A code, once released, keeps its meaning and its params; a new meaning is a new code. A
sentence says what is the case, with the figures, and the advice says what to do. Params carry their unit in
their name: ``…_g`` are grams and are said in kilograms, ``…_bp`` are basis points and are said in percent;
days and instants are ISO 8601 text (``MOMENTS``); words of a closed list (``LISTED``) are translated; all
else is said as it stands.

``kinds`` is what an entry is, ``words`` are the words of closed lists; every other module of this package holds the
entries of one area, and ``CATALOGUE`` all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Final

from domain.refusals import (
    claims,
    custody,
    documents,
    events,
    facilities,
    importing,
    labels,
    leaving,
    lots,
    making,
    prices,
    quality,
    recall,
    registry,
    release,
    units,
)
from domain.refusals.kinds import NONE, Lang, Params, Refusal, Status, Texts
from domain.refusals.words import LISTED, MOMENTS, MONTHS, WORDS

__all__ = [
    "CATALOGUE",
    "LISTED",
    "MOMENTS",
    "MONTHS",
    "NONE",
    "WORDS",
    "Lang",
    "Params",
    "Refusal",
    "Refused",
    "Status",
    "Texts",
    "advice",
    "kg",
    "moment",
    "percent",
    "require_params",
    "say",
    "sentence",
    "title",
]


class Refused(Exception):
    """Something that cannot be recorded as told.

    ``Refused("INSUFFICIENT_STOCK", lot="LR-C1-0042", have_g=412_500, wanted_g=500_000)``; ``pointer`` is the
    JSON pointer of the field in the event. A code that is not in the catalogue is a ``LookupError``, params
    other than those it names are a ``TypeError``: both are mistakes of ours, not of the teller.
    """

    def __init__(self, code: str, /, *, pointer: str | None = None, **params: str | int) -> None:
        kind = CATALOGUE.get(code)
        if kind is None:
            message = f"{code} is not in the catalogue of refusals"
            raise LookupError(message)
        require_params(code, kind.params, params)
        super().__init__(code)
        self.code = code
        self.params: Params = params
        self.status: Status = kind.status
        self.pointer = pointer

    def at(self, pointer: str) -> Refused:
        """The same refusal, told of a field of the event."""
        return Refused(self.code, pointer=pointer, **self.params)

    def __str__(self) -> str:
        return f"{self.code}: {sentence(self)}"

    def __reduce__(self) -> tuple[object, tuple[str, str | None, Params]]:
        return _rebuilt, (self.code, self.pointer, self.params)


def _rebuilt(code: str, pointer: str | None, params: Params) -> Refused:
    return Refused(code, pointer=pointer, **params)


def require_params(code: str, wanted: tuple[str, ...], given: Mapping[str, object]) -> None:
    """``TypeError`` unless exactly the wanted params are given, each text or an integer."""
    if given.keys() != set(wanted):
        message = f"{code} takes {', '.join(wanted) or 'no params'}; given {', '.join(sorted(given)) or 'none'}"
        raise TypeError(message)
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            message = f"{code}: {name} is text or an integer, not {type(value).__name__}"
            raise TypeError(message)


def sentence(refused: Refused, lang: Lang = "en", words: Mapping[str, str] | None = None) -> str:
    """What is the case, with the figures.

    ``words`` gives the labels of codes (products, claim values) in ``lang``; a code without one is said
    itself.
    """
    kind = CATALOGUE[refused.code]
    return say(kind.sentence, kind.without, refused.params, lang, words)


def advice(refused: Refused, lang: Lang = "en", words: Mapping[str, str] | None = None) -> str:
    """What to do next."""
    return say(CATALOGUE[refused.code].advice, {}, refused.params, lang, words)


def title(refused: Refused, lang: Lang = "en") -> str:
    """The refusal in a few words, without figures."""
    return CATALOGUE[refused.code].title[lang]


def say(
    texts: Texts,
    without: Mapping[str, Texts],
    params: Mapping[str, str | int],
    lang: Lang,
    words: Mapping[str, str] | None = None,
) -> str:
    """A template in a language with its params filled in as people read them."""
    chosen = next((other for name, other in without.items() if params.get(name) == NONE), texts)
    return chosen[lang].format(**{name: _read(name, value, lang, words or {}) for name, value in params.items()})


def _read(name: str, value: str | int, lang: Lang, words: Mapping[str, str]) -> str:
    if isinstance(value, int):
        if name.endswith("_g"):
            return kg(value, lang)
        return percent(value, lang) if name.endswith("_bp") else _grouped(value)
    if name in MOMENTS:
        return moment(value, lang)
    if name in LISTED:
        return WORDS[lang].get(value, value)
    return words.get(value, value)


def kg(grams: int, lang: Lang = "en") -> str:
    """Grams as kilograms, exactly: "412.5 kg", in French "412,5 kg"; thousands are set apart by U+202F."""
    return f"{_scaled(grams, 3, lang)} kg"


def percent(basis_points: int, lang: Lang = "en") -> str:
    """Basis points as percent, exactly: 5250 is "52.5 %"."""
    return f"{_scaled(basis_points, 2, lang)} %"


def moment(text: str, lang: Lang = "en") -> str:
    """An ISO day as "9 Jan 2025", an ISO instant as "9 Jan 2025, 08:00 UTC"; anything else as it stands."""
    try:
        if len(text) == len("2025-01-09"):
            return _day(date.fromisoformat(text), lang)
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    return f"{_day(instant, lang)}, {instant:%H:%M:%S} UTC".replace(":00 UTC", " UTC")


def _day(day: date, lang: Lang) -> str:
    return f"{day.day} {MONTHS[lang][day.month - 1]} {day.year}"


def _scaled(value: int, places: int, lang: Lang) -> str:
    whole, part = divmod(abs(value), 10**places)
    decimals = f"{part:0{places}d}".rstrip("0")
    mark = "," if lang == "fr" else "."
    return ("-" if value < 0 else "") + _grouped(whole) + (mark + decimals if decimals else "")


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


def _merged(areas: Iterable[Mapping[str, Refusal]]) -> dict[str, Refusal]:
    """All entries; a code stands in one area only."""
    found: dict[str, Refusal] = {}
    for area in areas:
        twice = sorted(found.keys() & area.keys())
        assert not twice, f"in two areas of the catalogue: {', '.join(twice)}"
        found.update(area)
    return found


CATALOGUE: Final[dict[str, Refusal]] = _merged(
    (
        lots.REFUSALS,
        events.REFUSALS,
        making.REFUSALS,
        facilities.REFUSALS,
        custody.REFUSALS,
        claims.REFUSALS,
        quality.REFUSALS,
        release.REFUSALS,
        leaving.REFUSALS,
        registry.REFUSALS,
        importing.REFUSALS,
        documents.REFUSALS,
        labels.REFUSALS,
        units.REFUSALS,
        recall.REFUSALS,
        prices.REFUSALS,
    )
)
