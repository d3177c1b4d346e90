"""The sortable spreadsheet of 21 CFR 1.1455(c)(3)(ii): a sheet for each critical tracking event, in English."""

from __future__ import annotations

from typing import Final

from domain.fsma import DATES, ELEMENTS, SECTIONS, Event, Sheet
from exchange.workbook import Column, Cover, Table, workbook

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

NAMES: Final[dict[Event, str]] = {
    "harvesting": "Harvesting",
    "cooling": "Cooling",
    "initial_packing": "Initial packing",
    "first_land_receiving": "First land-based receiving",
    "shipping": "Shipping",
    "receiving": "Receiving",
    "transformation": "Transformation",
}

HEADINGS: Final[dict[str, str]] = {
    "next_recipient": "Next recipient: name and location",
    "commodity": "Commodity and variety",
    "grams": "Quantity (kg)",
    "unit": "Unit of measure",
    "farm_location": "Farm: location description",
    "field_name": "Field or growing area name",
    "harvest_date": "Harvest date",
    "harvester": "Harvester: business name",
    "harvester_phone": "Harvester: phone",
    "document_type": "Reference document type",
    "document_number": "Reference document number",
    "cooling_location": "Cooling location",
    "cooling_date": "Cooling date",
    "received_date": "Date received",
    "received_grams": "Quantity received (kg)",
    "lot_code": "Traceability lot code",
    "product": "Product description",
    "packed_grams": "Packed quantity (kg)",
    "packed_unit": "Packed unit of measure",
    "lot_code_source": "Traceability lot code source: location",
    "packing_date": "Packing date",
    "harvest_dates": "Harvest date range",
    "harvest_area": "Harvest area",
    "landing_date": "Landing date",
    "ship_from": "Shipped from: location",
    "ship_date": "Ship date",
    "previous_source": "Immediate previous source: name and location",
    "received_at": "Received at: location",
    "input_lot_code": "Input: traceability lot code",
    "input_product": "Input: product description",
    "used_grams": "Input: quantity used (kg)",
    "used_unit": "Input: unit of measure",
    "completed_date": "Date completed",
}

NOTES: Final[dict[Event, str]] = {
    "cooling": "Cooling before packing is not recorded as an event of its own; add rows here where goods were cooled.",
    "transformation": "One row for each lot used and each lot made; the quantity used is what went into that lot.",
}


def fsma_xlsx(sheet: Sheet) -> bytes:
    """The spreadsheet. The same records give the same bytes."""
    cover = Cover(
        name="About",
        title="Traceability records, FSMA 204",
        subtitle=f"{sheet.organisation} · {sheet.asked}",
        facts=[
            ("Organisation", sheet.organisation),
            ("Point of contact", sheet.contact or "not recorded"),
            ("Made at (UTC)", f"{sheet.made_at:%Y-%m-%d %H:%M}"),
            ("Asked for", sheet.asked),
            *((f"On the list: {food}", products) for food, products in sheet.foods),
            *((NAMES[event], f"{len(sheet.of(event))} rows, {SECTIONS[event]}") for event in ELEMENTS),
        ],
        headings=("", "", "", "", ""),
        same="",
        differs="",
        checks=[],
        reading=[
            "Every sheet can be sorted and filtered. Days are ISO 8601; quantities are kilograms, their unit beside.",
            "Empty cells were not recorded. Foods are on the list by the dated entry of the commodity's profile.",
        ],
    )
    return workbook(cover, [_table(sheet, event) for event in ELEMENTS], sheet.made_at, sheet.organisation)


def _table(sheet: Sheet, event: Event) -> Table:
    return Table(
        key=event,
        name=NAMES[event],
        title=f"{NAMES[event]} ({SECTIONS[event]})",
        note=NOTES.get(event, "One row for each traceability lot code."),
        columns=[_column(name) for name in ELEMENTS[event]],
        rows=[one.row() for one in sheet.of(event)],
    )


def _column(name: str) -> Column:
    if name.endswith("grams"):
        return Column(name, HEADINGS[name], "kg", 14)
    if name in DATES:
        return Column(name, HEADINGS[name], "day", 13)
    wide = {"unit": 10, "used_unit": 10, "packed_unit": 10, "lot_code": 22, "input_lot_code": 22, "field_name": 20}
    return Column(name, HEADINGS[name], "text", wide.get(name, 30))
