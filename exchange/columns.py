"""Which column of a sheet means what: headings matched by name in English, French, Arabic and Georgian.

Real lists start with a title and end with a total: the row of headings is looked for in the first rows, and totals at
the end are left out and said so. What an organisation chose for a heading before goes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.cells import COLUMNS, Kind, fold
from domain.importing import Line, is_total
from exchange.tables import Book, Row, Sheet, TableError

SEARCHED: Final = 15
"""Rows in which the headings are looked for."""

SAMPLES: Final = 3

ROW: Final = "row"
TODO: Final = "todo"
"""The columns that an error sheet puts in front: the row of the list that it corrects, and what to do."""

HEADINGS: Final[dict[str, str]] = {
    ROW: "row; ligne",
    TODO: "what to do; à faire; que faire",
    "farmer_code": "farmer code; farmer; farmer id; farmer no; farmer number; member code; member id; member; "
    "member number; producer code; producer; producer id; code; code producteur; code du producteur; producteur; "
    "code planteur; code membre; code de l'agriculteur; code agriculteur; n° producteur; matricule; id producteur; "
    "رمز المزارع; رمز العضو; الرمز; رقم المزارع; ფერმერის კოდი; წევრის კოდი; კოდი; ფერმერი",
    "name": "name; full name; farmer name; farmer's name; name of farmer; member name; producer name; names; nom; "
    "noms; nom complet; nom et prénom; nom et prénoms; nom prénom; noms et prénoms; nom du producteur; nom producteur; "
    "nom du planteur; الاسم; الاسم الكامل; اسم المزارع; სახელი; სახელი და გვარი; სახელი გვარი; "
    "ფერმერის სახელი",
    "sex": "sex; gender; m/f; f/m; male/female; sexe; genre; h/f; f/h; الجنس; النوع; სქესი",
    "birth": "birth year; year of birth; date of birth; birth date; birthday; born; dob; birth; yob; "
    "année de naissance; date de naissance; naissance; année naissance; né en; né le; سنة الميلاد; تاريخ الميلاد; "
    "سنة الولادة; დაბადების წელი; დაბადების თარიღი",
    "phone": "phone; phone number; telephone; tel; mobile; contact; cell; téléphone; tél; numéro de téléphone; "
    "n° de téléphone; portable; الهاتف; رقم الهاتف; ტელეფონი; ტელეფონის ნომერი; მობილური",
    "village": "village; town; community; locality; localité; communauté; campement; القرية; البلدة; სოფელი; დაბა",
    "identity_no": "identity number; identity no; id number; id card; national id; nin; passport; identity card; "
    "numéro d'identité; n° d'identité; pièce d'identité; cni; n° cni; numéro cni; carte d'identité; رقم الهوية; "
    "رقم بطاقة التعريف; بطاقة التعريف; პირადი ნომერი; პირადობის ნომერი",
    "plot_code": "plot code; plot; plot id; field code; field; farm code; parcel; parcel code; code parcelle; "
    "code de la parcelle; parcelle; n° parcelle; id parcelle; champ; رمز القطعة; القطعة; قطعة الأرض; ნაკვეთის კოდი; "
    "ნაკვეთი",
    "area": "area; declared area; plot area; farm size; size; hectares; ha; area ha; surface; superficie; "
    "superficie déclarée; surface déclarée; surface parcelle; superficie ha; المساحة; المساحة المصرح بها; ფართობი; "
    "დეკლარირებული ფართობი; მონაკვეთის ფართობი",
    "crop": "crop; culture; commodity; spéculation; المحصول; الزراعة; კულტურა; მოსავალი",
    "conversion_start": "conversion start; start of conversion; conversion date; in conversion since; organic since; "
    "début de conversion; début conversion; date de conversion; en conversion depuis; بداية التحول; "
    "تاريخ بداية التحول; კონვერსიის დასაწყისი; კონვერსიის თარიღი; გარდამავალი პერიოდის დასაწყისი",
    "from_day": "from day; worked since; farmed since; since; exploitée depuis; exploité depuis; depuis; "
    "cultivée depuis; منذ; تاريخ الاستغلال; მუშავდება; მუშავდება თარიღიდან",
    "latitude": "latitude; lat; gps latitude; latitude gps; gps lat; خط العرض; განედი",
    "longitude": "longitude; lon; long; lng; gps longitude; longitude gps; gps long; خط الطول; გრძედი",
    "joined_on": "joined on; joined; member since; date joined; joining date; registration date; date d'adhésion; "
    "adhésion; membre depuis; date adhésion; تاريخ الانضمام; عضو منذ; გაწევრიანების თარიღი; წევრია",
    "agreement_on": "agreement date; agreement signed; agreement signed on; agreement; contract date; signed on; "
    "date de l'accord; date du contrat; contrat signé le; signature du contrat; date de l'engagement; تاريخ العقد; "
    "تاريخ الاتفاق; ხელშეკრულების თარიღი",
    "unit": "unit; production unit; section; group; cell group; unité; unité de production; groupe; الوحدة; المجموعة; "
    "ერთეული; ჯგუფი; სექცია",
    "estimate": "estimate; estimated harvest; estimated yield; harvest estimate; expected harvest; estimate kg; "
    "estimated production; forecast; estimation; estimation de récolte; récolte estimée; production estimée; "
    "estimation kg; rendement estimé; prévision; تقدير المحصول; الإنتاج المتوقع; მოსავლის პროგნოზი; შეფასება",
    "status": "status; membership status; member status; statut; statut du membre; état; الحالة; حالة العضوية; სტატუსი",
    "date": "date; day; delivery date; date of delivery; delivered on; inspection date; date of inspection; "
    "inspected on; purchase date; date de livraison; livré le; date d'inspection; inspecté le; date d'achat; jour; "
    "التاريخ; تاريخ التسليم; تاريخ التفتيش; თარიღი; ჩაბარების თარიღი; შემოწმების თარიღი",
    "time": "time; hour; delivery time; heure; heure de livraison; الوقت; الساعة; დრო; საათი",
    "site_code": "site code; site; buying station; station; centre; center; collection point; depot; code du site; "
    "code site; centre d'achat; point de collecte; station d'achat; magasin; الموقع; رمز الموقع; مركز التجميع; "
    "ობიექტის კოდი; ობიექტი; პუნქტი; საიტი",
    "quantity": "quantity; net weight; weight; net kg; kg; kilograms; kilos; net; quantité; poids; poids net; "
    "poids kg; quantité kg; الكمية; الوزن; الوزن الصافي; რაოდენობა; წონა; ნეტო წონა",
    "quantity_unit": "unit; unit of weight; weight unit; uom; unité; unité de poids; الوحدة; وحدة الوزن; ერთეული; "
    "საზომი ერთეული",
    "receipt": "receipt number; receipt no; receipt; ticket; ticket number; voucher; numéro de reçu; n° de reçu; reçu; "
    "n° reçu; bon; n° bon; رقم الإيصال; الإيصال; ქვითრის ნომერი; ქვითარი",
    "product": "product; produit; product code; code produit; المنتج; პროდუქტი; პროდუქცია",
    "lot_code": "lot code; lot; lot number; batch; code du lot; code lot; n° lot; numéro de lot; رمز الدفعة; الدفعة; "
    "ლოტის კოდი; ლოტი; პარტია",
    "harvested_on": "harvested on; harvest date; date of harvest; harvested; date de récolte; récolté le; récolte; "
    "تاريخ الحصاد; تاريخ الجني; მოსავლის აღების თარიღი; აღების თარიღი",
    "inspector": "inspector; inspector code; inspector id; inspecteur; code inspecteur; code de l'inspecteur; "
    "contrôleur; المفتش; رمز المفتش; ინსპექტორი; ინსპექტორის კოდი",
    "start": "start; start time; began; started at; begin; début; heure de début; heure début; بداية; وقت البداية; "
    "დაწყების დრო; დასაწყისი",
    "end": "end; end time; ended at; finished; fin; heure de fin; heure fin; نهاية; وقت النهاية; დასრულების დრო; "
    "დასასრული",
    "inspector_signed_on": "inspector signed on; inspector signed; signed by inspector; inspector signature; "
    "signé par l'inspecteur; signature inspecteur; signature de l'inspecteur; توقيع المفتش; ინსპექტორის ხელმოწერა",
    "member_signed_on": "member signed on; member signed; farmer signed; signed by farmer; signed; farmer signature; "
    "member signature; signé par le producteur; signature producteur; signature du producteur; signé; signé le; "
    "توقيع المزارع; ფერმერის ხელმოწერა; წევრის ხელმოწერა",
    "valid": "valid; counts; valide; compte; صالح; ძალაშია; ვარგისია",
}
"""What people call a column, by its name here."""

_UNIT = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\b(ha|m2|m²|kg|g|t|lb|acres?)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the sheet: its place, what stands above it, what it means (none: not known), and what it holds."""

    place: int
    text: str
    column: str | None
    samples: tuple[str, ...]

    @property
    def unit(self) -> str | None:
        """The unit that the heading names: "Superficie (ha)"."""
        found = _UNIT.search(self.text)
        return next((part.strip() for part in found.groups() if part), None) if found else None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sheet is read: the row of its headings (as numbered in the sheet), its columns, its rows, and what is not.

    ``skipped``: numbers of rows at the end that are totals.
    """

    sheet: str
    header: int
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    skipped: tuple[int, ...]

    def place(self, column: str) -> int | None:
        """Where a column stands; none: the sheet has none such."""
        return next((one.place for one in self.headings if one.column == column), None)

    def cell(self, column: str, row: int) -> str | None:
        """The reference of a cell, such as D412."""
        place = self.place(column)
        return None if place is None else f"{letters(place)}{row}"

    def units(self) -> dict[str, str]:
        """The units that headings name, by column."""
        return {one.column: one.unit for one in self.headings if one.column and one.unit}


def letters(place: int) -> str:
    """0 is A, 25 Z, 26 AA."""
    text = ""
    place += 1
    while place > 0:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def key(heading: str) -> str:
    """A heading as it is compared and remembered: no accents, capitals, marks; no unit in brackets."""
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", heading)
    return fold(bare) or fold(heading)


def _known(kind: Kind) -> dict[str, str]:
    """What each known heading means in a list of a kind; of columns with one name the first in order has it."""
    answer: dict[str, str] = {}
    for column in (ROW, TODO, *(one.name for one in COLUMNS[kind])):
        for name in (column, *HEADINGS[column].split(";")):
            answer.setdefault(fold(name), column)
    return answer


def meanings(headings: Sequence[str], kind: Kind, remembered: Mapping[str, str]) -> list[str | None]:
    """What each heading means. ``remembered``: choices by ``key``; an empty one means: leave this column out.

    A meaning is given once: a choice goes before a name, then from left to right.
    """
    known = _known(kind)
    taken: set[str] = set()
    names: list[str | None] = [None] * len(headings)
    for place, heading in enumerate(headings):
        chosen = remembered.get(key(heading)) if heading.strip() else None
        if chosen and chosen not in taken:
            names[place] = chosen
            taken.add(chosen)
    for place, heading in enumerate(headings):
        if names[place] is None and heading.strip() and key(heading) not in remembered:
            meant = known.get(key(heading)) or known.get(fold(heading)) or known.get(_without_unit(heading))
            if meant is not None and meant not in taken:
                names[place] = meant
                taken.add(meant)
    return names


def _without_unit(heading: str) -> str:
    return fold(_UNIT.sub(" ", heading))


def lay_out(
    book: Book, kind: Kind, remembered: Mapping[str, str], header: int | None = None, sheet: str | None = None
) -> Layout:
    """The sheet and the row of headings that fit best. Raises ``TableError``.

    ``header``, ``sheet``: as somebody said. Where no heading is known, the fullest of the first rows is taken: its
    columns are then to be chosen.
    """
    best: tuple[tuple[int, int, int], Sheet, int] | None = None
    for one in book.sheets:
        if sheet is not None and one.name != sheet:
            continue
        rows = range(len(one.rows))[:SEARCHED] if header is None else [header - 1]
        for place in rows:
            if not 0 <= place < len(one.rows):
                continue
            cells = [text.strip() for text in one.rows[place].cells]
            names = meanings(cells, kind, remembered)
            fit = (sum(name is not None for name in names), sum(map(bool, cells)), -place)
            if any(cells) and (best is None or fit[0] > best[0][0] or (best[0][0] == fit[0] == 0 and fit > best[0])):
                best = (fit, one, place)
    if best is None:
        if header is not None:
            raise TableError("no_header", row=header)
        raise TableError("empty")
    return _laid(best[1], best[2], kind, remembered)


def _laid(sheet: Sheet, header: int, kind: Kind, remembered: Mapping[str, str]) -> Layout:
    texts = [text.strip() for text in sheet.rows[header].cells]
    names = meanings(texts, kind, remembered)
    below = sheet.rows[header + 1 :]
    widest = max((len(row.cells) for row in below), default=0)
    headings = tuple(
        Heading(place, texts[place], names[place], _samples(below, place))
        for place in range(len(texts))
        if texts[place]
    ) + tuple(
        Heading(place, "", None, samples)
        for place in range(max(len(texts), widest))
        if (place >= len(texts) or not texts[place]) and (samples := _samples(below, place))
    )
    columns = {one.place: one.column for one in headings if one.column}
    lines = [
        line
        for number, row in enumerate(below, start=header + 2)
        if (line := _line(number, row, columns)).cells or any(cell.strip() for cell in row.cells)
    ]
    skipped: list[int] = []
    while lines and _ends(sheet.rows[lines[-1].number - 1], lines[-1], kind):
        skipped.append(lines.pop().number)
    return Layout(sheet.name, header + 1, headings, tuple(lines), tuple(reversed(skipped)))


def _samples(rows: Iterable[Row], place: int) -> tuple[str, ...]:
    """The first different values of a column."""
    found: dict[str, None] = {}
    for row in rows:
        text = row.cells[place].strip() if place < len(row.cells) else ""
        if text:
            found[text[:60]] = None
            if len(found) == SAMPLES:
                break
    return tuple(found)


def _line(number: int, row: Row, columns: Mapping[int, str]) -> Line:
    cells = {
        column: row.cells[place] for place, column in columns.items() if place < len(row.cells) and row.cells[place]
    }
    numbers = frozenset(columns[place] for place in row.numbers if place in columns)
    return Line(number, cells, numbers, row.cells)


def _ends(row: Row, line: Line, kind: Kind) -> bool:
    """Whether the last row of a list is a total, and no record."""
    texts = [cell for place, cell in enumerate(row.cells) if cell.strip() and place not in row.numbers]
    return is_total(kind, line, texts)
