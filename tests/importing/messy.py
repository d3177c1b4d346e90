"""A list of 1,015 farmers as an ICS manager has it: seeded, with a title, a total, French habits, and planted faults.

``messy()`` gives the workbook and what is planted, by cell reference; ``messy(fixed=True)`` the same list put right.
Whoever changes the columns need not count letters: references follow from ``HEADINGS``.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import xlsxwriter

ROWS = 1_015
FIRST = 5
"""Number of the first row with a farmer: title, note, empty row and headings stand above."""

HEADINGS = {
    "n": "N°",
    "code": "Code producteur",
    "name": "Nom et prénoms",
    "sex": "Sexe (H/F)",
    "birth": "Date de naissance",
    "phone": "Téléphone",
    "village": "Village",
    "identity": "N° CNI",
    "plot": "Code parcelle",
    "area": "Superficie déclarée (ha)",
    "crop": "Culture",
    "conversion": "Début de conversion",
    "lat": "Latitude",
    "lon": "Longitude",
    "joined": "Date d'adhésion",
    "agreement": "Contrat signé le",
    "unit": "Section",
    "estimate": "Estimation (kg)",
    "status": "Statut",
}
PLACES = {key: place for place, key in enumerate(HEADINGS)}

FIRST_NAMES = (
    "Anna Aminata Beatrice Comfort Decontee Esther Fatu Garmai Hawa Irene Jebbeh Korto Lorpu Musu Nowai Oretha "
    "Princess Quita Rebecca Sonie Tenneh Victoria Watta Yassah Abraham Boakai Cooper Dennis Emmanuel Flomo Gbessay "
    "Harris Isaac James Kollie Lamin Moses Nathaniel Oliver Peter Roland Samuel Togba Varney William Zubah"
)
LAST_NAMES = (
    "Kollie Flomo Kpan Dolo Sumo Karnley Mulbah Togbah Zayzay Gono Paye Suah Weah Barclay Cooper Dennis Freeman "
    "Gaye Harmon Jallah Kamara Lomax Massaquoi Nyumah Pewee Quiah Roberts Sirleaf Tarpeh Urey Vonjoe Wesseh Yarkpawolo "
    "Zawolo Binda Cisco Diggs Emery Fallah Gbelee"
)
VILLAGES = [
    f"{stem}{end}" for stem in ("Gbar", "Zor", "Kpaa", "Tota", "Sanni", "Bele") for end in ("nga", "la", "ta", "quelle")
]


def letters(place: int) -> str:
    return (chr(64 + place // 26) if place >= 26 else "") + chr(65 + place % 26)


def cell(key: str, index: int) -> str:
    """The reference of a farmer's cell; ``index`` from 0."""
    return f"{letters(PLACES[key])}{FIRST + index}"


@dataclass
class Messy:
    """The workbook, and what is planted in it: fault by cell."""

    data: bytes
    planted: dict[str, str]
    warnings: dict[str, str]
    duplicates: dict[str, str]
    farmers: list[dict[str, Any]]

    @property
    def rows(self) -> set[int]:
        """Numbers of the rows that have to be corrected."""
        return {int("".join(one for one in place if one.isdigit())) for place in self.planted}


@dataclass
class _List:
    farmers: list[dict[str, Any]]
    planted: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)


def _similar(one: str, other: str) -> bool:
    """Much stricter than the rule under test: any shared word."""
    return bool(set(one.lower().split()) & set(other.lower().split()))


def _farmers(chance: random.Random, count: int) -> list[dict[str, Any]]:
    farmers: list[dict[str, Any]] = []
    known: dict[tuple[str, int], list[str]] = {}
    while len(farmers) < count:
        index = len(farmers)
        name = f"{chance.choice(LAST_NAMES.split())} {chance.choice(FIRST_NAMES.split())}"
        village, born = chance.choice(VILLAGES), date(1945, 1, 1) + timedelta(days=chance.randrange(20_000))
        block = known.setdefault((village, born.year), [])
        if any(_similar(name, other) for other in block):
            continue
        block.append(name)
        conversion = date(2017, 1, 1) + timedelta(days=chance.randrange(2_500))
        joined = date(2021, 1, 1) + timedelta(days=chance.randrange(1_200))
        hectares = f"{0.5 + chance.randrange(60, 520) / 100:.2f}"
        farmers.append(
            {
                "n": index + 1,
                "code": f"LR-C9-{index + 1:04}",
                "name": name.upper() if chance.random() < 0.3 else name,
                "sex": chance.choice(["H", "F", "M", "f", "Homme", "Femme"]),
                "birth": born if chance.random() < 0.7 else born.year,
                "phone": f"0{770_000_000 + index * 37 + chance.randrange(30)}",
                "village": village,
                "identity": f"{100_000_000 + index * 11}" if chance.random() < 0.8 else "",
                "plot": f"LR-C9-{index + 1:04}-A",
                "area": chance.choice(
                    [float(hectares), hectares.replace(".", ","), f"{hectares.replace('.', ',')} ha"]
                ),
                "crop": chance.choice(["Cacao", "cacao", "Cocoa"]),
                "conversion": conversion if chance.random() < 0.6 else conversion.strftime("%d/%m/%Y"),
                "lat": round(6.3 + chance.random() * 1.2, 6),
                "lon": -round(9.0 + chance.random() * 1.2, 6),
                "joined": joined,
                "agreement": joined.strftime("%d.%m.%Y"),
                "unit": f"Section {chance.randrange(1, 9)}",
                "estimate": chance.randrange(150, 1_900),
                "status": chance.choice(["agréé", "Agréé", "actif", "demande"]),
            }
        )
    return farmers


def _plant(made: _List, chance: random.Random, *, fixed: bool) -> None:
    """40 faults of 15 kinds, five warnings, two pairs who may be one person; each on a row of its own."""
    free = list(range(10, len(made.farmers) - 10))
    chance.shuffle(free)

    def put(key: str, code: str, count: int, value: Callable[[dict[str, Any]], Any], into: dict[str, str]) -> None:
        for _ in range(count):
            index = free.pop()
            wrong = value(made.farmers[index])
            if into is made.planted and fixed:
                continue
            if isinstance(wrong, Mapping):
                made.farmers[index] |= wrong
            else:
                made.farmers[index][key] = wrong
            into[cell(key, index)] = code

    def planted(key: str, code: str, count: int, value: Callable[[dict[str, Any]], Any]) -> None:
        put(key, code, count, value, made.planted)

    planted("name", "VALUE_MISSING", 4, lambda _: "")
    planted("code", "VALUE_MISSING", 3, lambda _: "  ")
    # the first ten rows carry no fault of their own: codes are copied from them, with another name
    planted("code", "CODE_TWICE", 4, lambda _: f"LR-C9-{chance.randrange(1, 10):04}")
    planted("birth", "DATE_IMPOSSIBLE", 3, lambda _: "31/02/1980")
    planted("conversion", "YEAR_ONLY", 3, lambda _: 2019)
    planted("joined", "DATE_IN_FUTURE", 3, lambda _: date(2062, 11, 5))
    planted("lat", "COORDINATES_SWAPPED", 4, lambda one: {"lat": one["lon"], "lon": one["lat"]})
    planted("lat", "OUTSIDE_COUNTRY", 2, lambda _: {"lat": 48.858222, "lon": 2.2945})
    planted("area", "AREA_NOT_POSITIVE", 3, lambda _: chance.choice([-1.2, 0, "0 ha"]))
    planted("sex", "SEX_UNKNOWN", 3, lambda _: "X")
    planted("phone", "PHONE_UNREADABLE", 2, lambda _: "2,31777E+11")
    planted("area", "UNIT_UNKNOWN", 2, lambda _: "4,8 lots")
    planted("estimate", "FORMULA", 2, lambda _: "=R12*2")
    planted("village", "TEXT_TOO_LONG", 1, lambda _: "Gbarnga " * 40)
    planted("village", "CONTROL_CHARACTERS", 1, lambda _: "Gbarnga\nZone 2")
    put("area", "AREA_LOST_COMMA", 3, lambda _: chance.choice([48, "52 ha"]), made.warnings)
    put("phone", "PHONE_WITHOUT_ZERO", 2, lambda one: int(one["phone"]), made.warnings)
    for index in (4, 5):  # the same person, registered again further down with a slip of the pen
        first, again = made.farmers[index], free.pop()
        name = first["name"].split()
        name[0] = name[0][:-1] if len(name[0]) > 4 else name[0]
        second = made.farmers[again]
        second |= {key: first[key] for key in ("village", "birth")} | {"name": " ".join(reversed(name))}
        made.duplicates[cell("name", again)] = "SAME_PERSON"


def messy(seed: int = 20241105, rows: int = ROWS, *, fixed: bool = False) -> Messy:
    """The list of a seed; ``fixed``: with every planted fault put right (warnings and possible duplicates stay)."""
    made = _List(_farmers(random.Random(seed), rows))
    _plant(made, random.Random(seed + 1), fixed=fixed)
    return Messy(workbook(made.farmers), made.planted, made.warnings, made.duplicates, made.farmers)


def workbook(farmers: list[dict[str, Any]]) -> bytes:
    """The farmers below a title, above a total."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": datetime(2024, 9, 30)})
        sheet = book.add_worksheet("Membres 2024")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_string(0, 0, "COOPÉRATIVE LR-C9 : LISTE DES MEMBRES, CAMPAGNE 2024/2025")
        sheet.write_string(1, 0, "Arrêtée au 30/09/2024 par le responsable SCI")
        for key, place in PLACES.items():
            sheet.write_string(FIRST - 2, place, HEADINGS[key])
            for index, farmer in enumerate(farmers):
                at, value = (FIRST - 1 + index, place), farmer[key]
                if isinstance(value, date):
                    sheet.write_datetime(*at, value, day)
                elif isinstance(value, str):
                    sheet.write_string(*at, value)
                else:
                    sheet.write_number(*at, value)
        end = FIRST - 1 + len(farmers)
        sheet.write_string(end, PLACES["name"], "TOTAL GÉNÉRAL")
        sheet.write_number(
            end, PLACES["estimate"], sum(one["estimate"] for one in farmers if isinstance(one["estimate"], int))
        )
    return stream.getvalue()
