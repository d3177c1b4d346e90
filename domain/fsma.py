"""FSMA 204: the key data elements of each critical tracking event, as 21 CFR 1.1325 to 1.1350 list them.

One record a traceability lot code (and source, where several farms went into it). Quantities are grams; the sheet
writes them in kilograms with the unit beside. Text, days and places are as the ledger holds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

Event: TypeAlias = Literal[
    "harvesting", "cooling", "initial_packing", "first_land_receiving", "shipping", "receiving", "transformation"
]

SECTIONS: Final[Mapping[Event, str]] = {
    "harvesting": "21 CFR 1.1325(a)",
    "cooling": "21 CFR 1.1325(b)",
    "initial_packing": "21 CFR 1.1330",
    "first_land_receiving": "21 CFR 1.1335",
    "shipping": "21 CFR 1.1340",
    "receiving": "21 CFR 1.1345",
    "transformation": "21 CFR 1.1350",
}

ELEMENTS: Final[Mapping[Event, tuple[str, ...]]] = {
    "harvesting": (
        "next_recipient", "commodity", "grams", "unit", "farm_location", "field_name", "harvest_date",
        "harvester", "harvester_phone", "document_type", "document_number",
    ),
    "cooling": (
        "next_recipient", "commodity", "grams", "unit", "cooling_location", "cooling_date", "farm_location",
        "document_type", "document_number",
    ),
    "initial_packing": (
        "commodity", "received_date", "received_grams", "unit", "farm_location", "field_name", "harvester",
        "harvester_phone", "harvest_date", "cooling_location", "cooling_date", "lot_code", "product", "packed_grams",
        "packed_unit", "lot_code_source", "packing_date", "document_type", "document_number",
    ),
    "first_land_receiving": (
        "lot_code", "product", "grams", "unit", "harvest_dates", "harvest_area", "lot_code_source", "landing_date",
        "document_type", "document_number",
    ),
    "shipping": (
        "lot_code", "grams", "unit", "product", "next_recipient", "ship_from", "ship_date", "lot_code_source",
        "document_type", "document_number",
    ),
    "receiving": (
        "lot_code", "grams", "unit", "product", "previous_source", "received_at", "received_date", "lot_code_source",
        "document_type", "document_number",
    ),
    "transformation": (
        "input_lot_code", "input_product", "used_grams", "used_unit", "lot_code", "lot_code_source", "completed_date",
        "product", "grams", "unit", "document_type", "document_number",
    ),
}  # fmt: skip
"""The elements of each event, in the order of the regulation. ``…grams`` are written in kilograms."""

DATES: Final = frozenset(
    {"harvest_date", "cooling_date", "received_date", "packing_date", "landing_date", "ship_date", "completed_date"}
)

UNIT: Final = "kg"

Value: TypeAlias = str | int | date | None


@dataclass(frozen=True, slots=True)
class Record:
    """One critical tracking event of one lot code. Elements that nobody recorded are left out."""

    event: Event
    at: datetime
    elements: Mapping[str, Value]

    def row(self) -> tuple[Value, ...]:
        """The elements in the order of the regulation."""
        return tuple(self.elements.get(name) for name in ELEMENTS[self.event])


@dataclass(frozen=True, slots=True)
class Sheet:
    """The records of an organisation, for some lots or days."""

    organisation: str
    contact: str
    made_at: datetime
    asked: str
    records: tuple[Record, ...]
    foods: tuple[tuple[str, str], ...]  # (food on the list, products)

    def of(self, event: Event) -> list[Record]:
        """The records of one event, oldest first."""
        return [one for one in self.records if one.event == event]
