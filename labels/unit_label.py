"""The value that every label of a unit or lot is drawn from, and what is said on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.passport import Certificate, Claim, Passport
from domain.refusals import Refused
from labels import label_texts as says
from labels import lot_label, typeset
from labels import print_texts as words
from labels.label_texts import Tongue

CODE_OF_UNIT = 16
"""Characters of a typed code without its check: the short address of a unit ends in them."""


@dataclass(frozen=True, slots=True)
class UnitLabel:
    """One label. ``url`` is what the symbol holds: the signed label of a unit, or the short address of a lot.

    ``code``: what is typed where the symbol does not read: 18 characters for a unit (with two check characters), 16
    for a lot. ``number``, ``of``: which unit of how many. ``net_g``: what this unit holds; where it is not given, the
    even part of the lot, or the lot's weight named as such. ``link``: the GS1 Digital Link of the unit
    (``domain.gs1``), for the retail label. ``packed_on``: the day of packing. ``opening``: the opening code, for the
    design that goes under the tear-off; no other design prints it.
    """

    passport: Passport
    url: str
    code: str
    number: int | None = None
    of: int | None = None
    net_g: int | None = None
    link: str | None = None
    packed_on: date | None = None
    opening: str | None = None

    @property
    def short_url(self) -> str:
        """The address with the unit's code in place of the signed label: for symbols that have to be small."""
        head, _, tail = self.url.rpartition("/")
        return self.url if len(tail) <= CODE_OF_UNIT else f"{head}/{self.code[:CODE_OF_UNIT]}"


def of_lot(passport: Passport, number: int | None = None, of: int | None = None) -> UnitLabel:
    """The label of a lot, or of a unit of it that has no code of its own."""
    return UnitLabel(passport, passport.url, passport.code, number, of)


def slot(label: UnitLabel, lang: Tongue, name: str) -> str:
    """What differs from unit to unit, by the name of its place on the label."""
    match name:
        case "number":
            return number_of(label)
        case "net":
            return says.net_figure(lang, net_of(label)[1])
        case "code":
            return words.typed(label.code)
        case "opening":
            return words.typed(label.opening or "")
        case _:
            code = words.typed(label.code)
            cut = code.index("-", len(code) // 2 - 2) + 1
            return code[:cut] if name == "code1" else code[cut:]


def number_of(label: UnitLabel) -> str:
    """Which unit of how many; without a number, how many there are, where that is known."""
    if label.number is not None:
        return f"{label.number} / {label.of}" if label.of else str(label.number)
    return str(label.passport.units) if label.passport.units else ""


def net_of(label: UnitLabel) -> tuple[str, int]:
    """What the printed weight is the weight of (``net`` or ``lot_net``), and grams."""
    if label.net_g is not None:
        return "net", label.net_g
    unit = None if label.number is None else (label.number, label.of or label.number)
    return lot_label.net_of(label.passport, unit)


def facts_of(passport: Passport, lang: Tongue) -> list[str]:
    """What the label must declare; grade and crop season."""
    facts = []
    if passport.declares:
        facts.append(says.say(lang, "contains", what=says.declared(lang, passport.declares)))
    graded = []
    if passport.grade:
        grade = passport.grade[1:] if passport.grade[:1] == "G" and passport.grade[1:].isdigit() else passport.grade
        graded.append(says.say(lang, "grade", grade=grade))
    if passport.season:
        graded.append(says.say(lang, "crop", season=passport.season))
    return [*facts, " · ".join(graded)] if graded else facts


def place_of(passport: Passport, lang: Tongue) -> str:
    """Country and region of origin."""
    country = says.country(lang, passport.origin)
    if not passport.origin.region:
        return country
    return f"{country}{'، ' if lang == 'ar' else ', '}{says.isolated(lang, passport.origin.region)}"


def claim_lines(passport: Passport, lang: Tongue, *, short: bool = False) -> list[tuple[str, str]]:
    """What is claimed and on whose word, claim by claim; nothing for a claim that is not granted.

    ``short``: the law's term alone, where a label has little room.

    An organic claim carries the code number of the control body and the place of farming in the same field
    (Reg. (EU) 2018/848 Art. 32(1)(a), (2)); without a code number the label is refused.
    """
    lines = []
    for claim in passport.claims:
        if not claim.granted:
            continue
        rules = says.RULES.get(claim.scheme, {}).get(lang, claim.scheme_name)
        paper = lot_label.paper_of(passport, claim)
        if claim.value in lot_label.ORGANIC_CLAIMS:
            control = says.isolated(lang, _control(claim, paper, lang))
            key = f"claim.{claim.value}{'.short' if short else ''}"
            lines.append((says.say(lang, key, rules=rules), f"{control} · {farmed(passport, lang)}"))
        elif claim.value == "ggn" and paper:
            lines.append((rules, says.say(lang, "ggn", number=paper.number)))
        elif claim.value in lot_label.NUMBERED and paper:
            lines.append((rules, paper.number))
    return lines


def farmed(passport: Passport, lang: Tongue) -> str:
    """Where the goods were farmed, as Art. 32(2) asks: the country where it is one, else that it lies elsewhere."""
    if not passport.origin.country:
        return says.say(lang, "agriculture.elsewhere")
    return says.say(lang, "agriculture", country=says.country(lang, passport.origin))


def _control(claim: Claim, paper: Certificate | None, lang: Tongue) -> str:
    if paper and paper.body_code:
        return paper.body_code
    if paper and claim.scheme != "EU_ORG":
        return says.say(lang, "certified_by", body=paper.body)
    raise Refused("CLAIM_WITHOUT_CONTROL_BODY", scheme=claim.scheme)


def host_of(label: UnitLabel) -> str:
    """What to type before the code."""
    return typeset.printable(words.host_of(label.url))
