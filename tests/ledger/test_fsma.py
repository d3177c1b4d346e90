"""FSMA 204: what the sheet says of a landing, and of the places where goods were handled."""

from __future__ import annotations

from datetime import date

import models
from domain.fsma import ELEMENTS, Sheet
from ledger.fsma import sheet
from ledger.record import Recorder
from models.db import system_session
from tests.ledger.season import Chain
from tests.ledger.test_fish import chain, landed  # noqa: F401 - fixture

# The key data elements in the order of 21 CFR 1.1325 to 1.1350 (eCFR, text of 2026-06-11).
LISTED = {
    "harvesting": "next_recipient commodity grams unit farm_location field_name harvest_date",
    "cooling": "next_recipient commodity grams unit cooling_location cooling_date farm_location",
    "initial_packing": "commodity received_date received_grams unit farm_location field_name harvester harvester_phone "
    "harvest_date cooling_location cooling_date lot_code product packed_grams packed_unit lot_code_source packing_date",
    "first_land_receiving": "lot_code product grams unit harvest_dates harvest_area lot_code_source landing_date",
    "shipping": "lot_code grams unit product next_recipient ship_from ship_date lot_code_source",
    "receiving": "lot_code grams unit product previous_source received_at received_date lot_code_source",
    "transformation": "input_lot_code input_product used_grams used_unit lot_code lot_code_source completed_date "
    "product grams unit",
}


def read(chain: Chain) -> Sheet:  # noqa: F811
    with system_session(chain.recorder.database, write=False) as session:
        return sheet(session, chain.cluster.orgs["COOP"], now=0)


def test_every_sheet_has_the_elements_of_its_section_in_their_order() -> None:
    assert ELEMENTS.keys() == LISTED.keys()
    for event, listed in LISTED.items():
        assert [name for name in ELEMENTS[event] if name in listed.split()] == listed.split(), event
        assert ELEMENTS[event][-2:] == ("document_type", "document_number"), event


def test_a_landing_says_when_and_where_the_fish_was_caught(chain: Chain) -> None:  # noqa: F811
    chain.ok(landed("L1", "2025-11-10", "2025-11-12", receipt="LD-1"))
    (row,) = read(chain).of("first_land_receiving")
    said = row.elements
    assert (said["harvest_dates"], said["harvest_area"]) == ("2025-11-10 to 2025-11-12", "FAO area 37.4.2")
    assert (said["lot_code"], said["grams"], said["landing_date"]) == ("L1", 1_000_000, date(2025, 11, 12))
    assert (said["document_type"], said["document_number"]) == ("Receipt", "LD-1")


def test_a_place_says_whose_it_is_and_whom_to_reach(chain: Chain, recorder: Recorder) -> None:  # noqa: F811
    with system_session(recorder.database, write=True) as session:
        row = session.get(models.Organisation, chain.cluster.orgs["COOP"])
        assert row is not None
        row.contact, name = "+995 1 234", row.name
    chain.ok(landed("L1", "2025-11-10", "2025-11-12"))
    (landing,) = read(chain).of("first_land_receiving")
    place = str(landing.elements["lot_code_source"])
    assert place.startswith(f"{name}, +995 1 234, ")
