"""Lists brought in, on both databases: checked without a trace, applied whole, resumed, taken back."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter

import models
from domain import events as told
from domain.refusals import Refused
from exchange import tables
from ledger import import_undo, importing
from ledger.importing import Checked, Options
from ledger.queries import claims_of
from ledger.record import Recorder
from models.base import table
from models.db import scoped_session, system_session
from tests.builders import Cluster, at, kg, uid
from tests.importing.messy import ROWS, messy

REGISTRY = (
    models.Farmer,
    models.Person,
    models.Membership,
    models.MembershipStatus,
    models.Plot,
    models.Estimate,
    models.EstimateRevision,
    models.Inspection,
    models.InspectionReport,
)


class Coop:
    """A cooperative with a certificate, and short ways to bring lists in."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder, self.cluster = recorder, Cluster(recorder)
        self.cluster.org("COOP")
        self.cluster.site("STATION", "COOP")
        self.cluster.certificate(
            "GRP",
            "COOP",
            sites=(("STATION", "2024-06-01", None),),
            valid=("2024-01-01", "2040-12-31"),
            status=(("2024-01-01", "active"),),
        )
        self.actor = self.cluster.actor("COOP")

    def bring(self, data: bytes | str, kind: Any = "farmers", name: str = "list.xlsx", **options: Any) -> Checked:
        raw = data.encode() if isinstance(data, str) else data
        said = {"certificate": "GRP"} | options
        return importing.receive(self.recorder, self.actor, kind, name, raw, Options(**said))

    def apply(self, checked: Checked, leave_out: Any = False) -> importing.Applied:
        return importing.apply(self.recorder, self.actor, checked.run.id, leave_out=leave_out)

    def undo(self, checked: Checked) -> models.ImportRun:
        return importing.undo(self.recorder, self.actor, checked.run.id)

    def rows(self, model: Any) -> list[Any]:
        with system_session(self.recorder.database, write=False) as session:
            held = table(model)
            return list(session.execute(sa.select(held).order_by(*held.primary_key)).all())

    def registry(self) -> dict[str, list[Any]]:
        return {model.__tablename__: self.rows(model) for model in REGISTRY}


@pytest.fixture
def coop(recorder: Recorder) -> Coop:
    return Coop(recorder)


def found(checked: Checked, level: str) -> dict[str | None, str]:
    """The faults of a level by cell; a cell with two would hide one, so their number is compared too."""
    faults = [one for one in checked.faults if one.level == level]
    cells = {checked.layout.cell(one.column, one.row): one.code for one in faults}
    assert len(cells) == len(faults)
    return cells


def states(checked: Checked) -> dict[str, int]:
    return {
        state: sum(row.state == state for row in checked.rows) for state in ("new", "change", "unchanged", "correct")
    }


# --- the list of an ICS manager ---


def test_a_messy_list_of_1015_farmers(coop: Coop, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly the 40 planted faults are found; nothing is written until they are put right; then all 1,015 are."""
    list_ = messy()
    assert (len(list_.planted), len(list_.rows), len(set(list_.planted.values()))) == (40, 40, 14)
    before = coop.registry()
    began = time.perf_counter()
    checked = coop.bring(list_.data)
    seconds = time.perf_counter() - began
    assert found(checked, "correct") == list_.planted
    assert found(checked, "warning") == list_.warnings
    assert found(checked, "duplicate") == list_.duplicates
    assert states(checked) == {"new": ROWS - 40, "change": 0, "unchanged": 0, "correct": 40}
    assert checked.layout.skipped == (5 + ROWS,)
    with pytest.raises(Refused) as refused:
        coop.apply(checked)
    assert (refused.value.code, refused.value.params["count"]) == ("IMPORT_TO_CORRECT", 40)
    assert coop.registry() == before
    assert seconds < 6, seconds

    fixed = coop.bring(messy(fixed=True).data)
    assert found(fixed, "correct") == {}
    began = time.perf_counter()
    coop.apply(fixed)
    applied = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n  1,015 farmers: checked in {seconds:.2f} s, applied in {applied:.2f} s")  # noqa: T201 - asked for
    registry = coop.registry()
    assert {name: len(rows) for name, rows in registry.items()} == {
        **dict.fromkeys(registry, ROWS),
        "inspection": 0,
        "inspection_report": 0,
    }
    first, persons = list_.farmers[0], {one.phone: one for one in coop.rows(models.Person)}
    assert persons[first["phone"]].full_name == first["name"]
    (plot,) = [one for one in coop.rows(models.Plot) if one.code == first["plot"]]
    assert json.loads(plot.geometry)["coordinates"] == [round(first["lon"] * 10**6), round(first["lat"] * 10**6)]
    assert "PRECISION_BELOW_6_DECIMALS" not in "".join(one.judged for one in coop.rows(models.Plot))
    again = coop.bring(messy(fixed=True).data)
    assert states(again)["unchanged"] == ROWS
    assert again.same is not None and again.same.id == fixed.run.id


def test_rows_left_out_on_purpose_and_the_corrected_sheet(coop: Coop) -> None:
    """975 rows are imported without the 40; their workbook, corrected, brings in the rest."""
    list_, right = messy(), messy(fixed=True)
    checked = coop.bring(list_.data)
    sheet = importing.error_sheet(checked, "fr")
    applied = coop.apply(checked, leave_out=True)
    summary = json.loads(applied.run.summary)
    assert (summary["left_out"], summary["done"]) == (sorted(list_.rows), ROWS - 40)
    assert len(coop.rows(models.Farmer)) == ROWS - 40
    corrected = coop.bring(put_right(sheet, right.data), certificate=None)
    assert (found(corrected, "correct"), states(corrected)["new"]) == ({}, 40)
    assert corrected.aim.certificate is not None, "what was said of the list before still holds"
    coop.apply(corrected)
    assert len(coop.rows(models.Farmer)) == len(coop.rows(models.Membership)) == ROWS
    assert states(coop.bring(right.data)) == {"new": 0, "change": 0, "unchanged": ROWS, "correct": 0}


def test_a_sheet_corrected_before_anything_was_applied_completes_the_list(coop: Coop) -> None:
    list_, right = messy(), messy(fixed=True)
    checked = coop.bring(list_.data)
    corrected = coop.bring(put_right(importing.error_sheet(checked), right.data))
    assert (states(corrected)["new"], len(corrected.rows)) == (ROWS, ROWS)
    coop.apply(corrected)
    assert len(coop.rows(models.Farmer)) == ROWS
    with pytest.raises(Refused, match="IMPORT_CONTENT_GONE"):
        coop.apply(checked)


def put_right(sheet: bytes, fixed: bytes) -> bytes:
    """Each row of an error sheet as the fixed list has it, by its number."""
    (wrong,), (right,) = tables.read(sheet).sheets, tables.read(fixed).sheets
    rows = [[*row.cells[:2], *right.rows[int(row.cells[0]) - 1].cells] for row in wrong.rows[1:]]
    return of_rows(wrong.name, list(wrong.rows[0].cells), *rows)


def test_the_error_sheet_holds_only_the_rows_to_correct_and_no_formula(coop: Coop) -> None:
    list_ = messy()
    data = importing.error_sheet(coop.bring(list_.data), "fr")
    (sheet,) = tables.read(data).sheets
    assert sheet.rows[0].cells[:4] == ("Ligne", "À faire", "N°", "Code producteur")
    numbers = [int(row.cells[0]) for row in sheet.rows[1:]]
    assert numbers == sorted(list_.rows)
    assert any(cell == "=R12*2" for row in sheet.rows for cell in row.cells)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
        comments = archive.read("xl/comments1.xml").decode()
    assert "<f>" not in xml
    assert set(re.findall(r'<c r="[A-Z]+[0-9]+"[^>]*t="(\w+)"', xml)) == {"s"}, "every cell is text"
    styles = dict(re.findall(r'<c r="([A-Z]+[0-9]+)" s="(\d+)"', xml))
    planted = {shifted(cell, numbers) for cell in list_.planted}
    (marked,) = {styles[cell] for cell in planted}
    assert {cell for cell, style in styles.items() if style == marked} == planted
    assert set(re.findall(r'<comment ref="([A-Z]+[0-9]+)"', comments)) == planted
    assert re.findall(r"<formula1>(.*?)</formula1>", xml) == ['"F,M"', '"applied,approved,suspended,withdrawn"']


def shifted(cell: str, numbers: list[int]) -> str:
    """Where a cell of the list stands in the error sheet: two columns further, in the row of its number."""
    letter, row = cell[0], int(cell[1:])
    return f"{chr(ord(letter) + 2)}{numbers.index(row) + 2}"


def test_a_corrected_sheet_is_held_against_the_rows_that_it_corrects(coop: Coop) -> None:
    checked = coop.bring("Code;Name;Sex\nA1;Anna;X\nA2;Ben;M\n;Cora;F\n")
    assert checked.to_correct() == [2, 4]
    name = "import-" + checked.run.id.replace("-", "")[:20]
    columns = ["Row", "What to do", "Code", "Name", "Sex"]
    told = of_rows(
        name, columns, ["2", "", "A9", "Anna", "F"], ["4", "", "A3", "Cora", "F"], ["77", "", "A7", "Q", "F"]
    )
    wrong = coop.bring(told)
    assert [(one.row, one.code) for one in wrong.faults if one.level == "correct"] == [
        (2, "ROW_OF_ANOTHER"),
        (4 + 4, "ROW_UNKNOWN"),
    ]
    right = coop.bring(of_rows(name, columns, ["2", "", "A1", "Anna", "F"], ["4", "", "A3", "Cora", "F"]))
    assert [(row.number, row.code, row.state) for row in right.rows] == [
        (2, "A1", "new"),
        (3, "A2", "new"),
        (4, "A3", "new"),
    ]


def of_rows(name: str, *rows: list[Any]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return stream.getvalue()


def test_windows_1252_with_semicolons(coop: Coop) -> None:
    text = "Code;Nom;Sexe;Village;Superficie;Code parcelle;Culture\r\n0042;Éléonore Gbè;H;Kpélé;4,8;0042-A;Cacao\r\n"
    checked = coop.bring(text.encode("cp1252"), name="liste.csv")
    assert checked.faults == []
    coop.apply(checked)
    (farmer,), (person,), (plot,) = coop.rows(models.Farmer), coop.rows(models.Person), coop.rows(models.Plot)
    assert (farmer.code, person.full_name, person.sex, person.village) == ("0042", "Éléonore Gbè", "M", "Kpélé")
    assert (plot.code, plot.area_m2, plot.crop) == ("0042-A", 48_000, "cocoa")


# --- what is written ---

LIST = """Code;Name;Sex;Birth year;Village;Plot;Area;Crop;Conversion start;Joined;Unit;Estimate;Status
A1;Anna Kollie;F;1981;Gbarnga;A1-A;4,8;cocoa;01/01/2019;01/06/2024;S1;1200;approved
A1;;;;;A1-B;1,2;cocoa;01/01/2020;;;;
A2;Ben Flomo;M;1975;Zorzor;A2-A;2;cocoa;01/03/2023;01/06/2024;S2;700;
"""


def test_what_a_list_of_farmers_makes(coop: Coop) -> None:
    coop.apply(coop.bring(LIST))
    ids = {one.code: one.id for one in coop.rows(models.Farmer)}
    assert ids.keys() == {"A1", "A2"}
    plots = {one.code: one for one in coop.rows(models.Plot)}
    assert {code: (one.farmer_id, one.area_m2, one.conversion_start) for code, one in plots.items()} == {
        "A1-A": (ids["A1"], 48_000, "2019-01-01"),
        "A1-B": (ids["A1"], 12_000, "2020-01-01"),
        "A2-A": (ids["A2"], 20_000, "2023-03-01"),
    }
    members = {one.farmer_id: one for one in coop.rows(models.Membership)}
    assert {(one.certificate_id, one.joined_on) for one in members.values()} == {(uid("GRP"), "2024-06-01")}
    states_ = {one.membership_id: (one.from_day, one.status) for one in coop.rows(models.MembershipStatus)}
    assert states_[members[ids["A1"]].id] == ("2024-06-01", "approved")
    assert states_[members[ids["A2"]].id] == ("2024-06-01", "applied")  # nobody is approved who is not said to be
    estimates = {one.farmer_id: (one.season, one.product, one.grams) for one in coop.rows(models.Estimate)}
    assert estimates[ids["A1"]] == ("2029/30", "cocoa_wet_beans", 1_200_000)
    assert [one.number for one in coop.rows(models.EstimateRevision)] == [1, 1]
    records = {(one.row, one.part) for one in coop.rows(models.ImportRecord)}
    assert {part for row, part in records if row == 2} == {
        "farmer",
        "person",
        "membership",
        "status",
        "plot",
        "estimate",
    }
    assert {part for row, part in records if row == 3} == {"plot"}


def test_applying_again_changes_nothing(coop: Coop) -> None:
    checked = coop.bring(LIST)
    coop.apply(checked)
    before = coop.registry()
    assert coop.apply(checked).run.state == "applied"
    assert coop.registry() == before
    (run,) = coop.rows(models.ImportRun)
    assert (run.content, run.applied_by) == (None, "user:test")


def test_one_row_that_the_database_refuses_takes_the_whole_list_with_it(
    coop: Coop, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = coop.bring(LIST)
    before = coop.registry()
    judged = importing.Writer._plot

    def failing(self: Any, row: Any, *rest: Any) -> None:
        judged(self, row, *rest)
        if row.number == 4:
            self.stages[1].append(
                models.Plot(
                    org_id=self.session.org_id, id=uid("x"), farmer_id=uid("nobody"), code="X", crop="cocoa", area_m2=1
                )
            )

    monkeypatch.setattr(importing.Writer, "_plot", failing)
    with pytest.raises(Refused, match="IMPORT_OVERTAKEN"):
        coop.apply(checked)
    assert coop.registry() == before
    monkeypatch.undo()
    coop.apply(checked)
    assert len(coop.rows(models.Plot)) == 3


def test_the_registry_is_asked_again_when_a_list_is_applied(coop: Coop) -> None:
    """Somebody registers another farmer with the code in between."""
    checked = coop.bring(LIST)
    coop.cluster.farmer("A2", "COOP", inspected=())
    with system_session(coop.recorder.database, write=True) as session:
        session.add(models.Person(org_id=1, farmer_id=uid("A2"), full_name="Moses Togba", birth_year=1950))
    with pytest.raises(Refused) as refused:
        coop.apply(checked)
    assert refused.value.params == {"count": 1, "rows": "4"}
    assert [one.code for one in coop.rows(models.Farmer)] == ["A2"]
    coop.apply(checked, leave_out=[4])
    assert sorted(one.code for one in coop.rows(models.Farmer)) == ["A1", "A2"]


def test_a_changed_list_changes_only_what_differs(coop: Coop) -> None:
    coop.apply(coop.bring(LIST))
    before = coop.registry()
    changed = coop.bring(LIST.replace("4,8", "5,0").replace("Zorzor", "Totota").replace("700", "800"))
    assert states(changed) == {"new": 0, "change": 2, "unchanged": 1, "correct": 0}
    coop.apply(changed)
    after = coop.registry()
    assert {name for name in before if before[name] != after[name]} == {
        "farmer",
        "person",
        "plot",
        "estimate",
        "estimate_revision",
    }
    versions = {one.code: one.version for one in coop.rows(models.Farmer)}
    assert versions == {"A1": 1, "A2": 2}
    assert sorted(one.number for one in coop.rows(models.EstimateRevision)) == [1, 1, 2]
    coop.undo(changed)
    back = coop.registry()
    assert back["person"] == before["person"]
    assert back["estimate_revision"] == before["estimate_revision"]
    assert {one.code: one.area_m2 for one in coop.rows(models.Plot)}["A1-A"] == 48_000


def test_a_member_suspended_by_a_list_loses_claims_from_today(coop: Coop, recorder: Recorder) -> None:
    """The past stands; what is delivered from today on claims no more, and what was delivered today is judged again."""
    coop.apply(coop.bring(LIST + "A3;Cora;F;1980;Gbarnga;A3-A;1;cocoa;01/01/2019;01/06/2024;S1;500;approved\n"))
    coop.cluster._add(
        models.Inspection(
            org_id=1,
            id=uid("v"),
            farmer_id={one.code: one.id for one in coop.rows(models.Farmer)}["A3"],
            inspected_on="2030-01-02",
            inspector="I1",
            recorded_at=1,
        )
    )
    for name, when in (("D1", "2030-03-10T08:00:00Z"), ("D2", "2030-03-17T08:00:00Z")):
        event = told.Delivered(
            id=uid(name),
            occurred_at=at(when),
            site=uid("STATION"),
            farmer="A3",
            plot="A3-A",
            lot=told.NewLot(lot=uid(f"{name}-lot"), code=name, product="cocoa_wet_beans", quantity=kg("50")),
        )
        assert coop.cluster.tell("COOP", event).refused is None
    changed = coop.bring("Code;Name;Status\nA3;Cora;suspendu\n")
    applied = coop.apply(changed)
    assert [(lot.code, lot.claims["EU_ORG"]) for lot in applied.lowered] == [("D2", "conventional")]
    assert "reassessed" in {one.type for one in coop.rows(models.Event)}
    with system_session(recorder.database, write=False) as session:
        lots = {row.code: row.id for row in session.execute(sa.select(table(models.Lot)))}
        assert claims_of(session, list(lots.values()))[lots["D1"]]["EU_ORG"] == "organic"


def test_a_choice_of_columns_is_remembered(coop: Coop) -> None:
    text = "Matricule interne;Appellation;Notes\nA1;Anna;x\nA2;Ben;y\n"
    checked = coop.bring(text)
    assert (checked.missing, checked.rows) == (("farmer_code", "name"), ())
    assert next((one.text, one.column, one.samples) for one in checked.layout.headings) == (
        "Matricule interne",
        None,
        ("A1", "A2"),
    )
    with pytest.raises(Refused, match="IMPORT_COLUMNS_MISSING"):
        coop.apply(checked)
    columns = {"Matricule interne": "farmer_code", "Appellation": "name", "Notes": None}
    chosen = importing.choose(coop.recorder, coop.actor, checked.run.id, columns, Options())
    assert (chosen.missing, states(chosen)["new"]) == ((), 2)
    coop.apply(chosen)
    again = coop.bring(text.replace("Ben", "Ben Flomo"))
    assert (again.missing, states(again)) == ((), {"new": 0, "change": 1, "unchanged": 1, "correct": 0})


def test_files_that_nobody_applied_are_not_kept_for_ever(coop: Coop) -> None:
    from dataclasses import replace

    old = coop.bring(LIST)
    later = replace(coop.recorder, clock=lambda: coop.recorder.clock() + importing.KEPT_MS + 1)
    importing.receive(later, coop.actor, "farmers", "other.csv", b"Code;Name\nB1;Bob\n", Options())
    assert {one.file_name: one.content is None for one in coop.rows(models.ImportRun)} == {
        "list.xlsx": True,
        "other.csv": False,
    }
    with pytest.raises(Refused, match="IMPORT_CONTENT_GONE"):
        coop.apply(old)


def test_a_check_leaves_no_name_in_what_is_kept_of_it(coop: Coop) -> None:
    coop.apply(coop.bring(LIST))
    kept = str(coop.rows(models.ImportRun)) + str(coop.rows(models.ImportRecord))
    assert "Anna" not in kept
    assert "Gbarnga" not in kept


# --- undo ---


def test_a_list_of_farmers_is_taken_back(coop: Coop) -> None:
    before = coop.registry()
    checked = coop.bring(LIST)
    coop.apply(checked)
    assert coop.undo(checked).state == "undone"
    assert coop.registry() == before
    assert coop.undo(checked).state == "undone"
    fresh = coop.bring(LIST)
    coop.apply(fresh)
    assert len(coop.rows(models.Farmer)) == 2


def test_what_is_used_is_not_taken_back(coop: Coop) -> None:
    checked = coop.bring(LIST)
    with pytest.raises(Refused, match="IMPORT_NOT_APPLIED"):
        coop.undo(checked)
    coop.apply(checked)
    ids = {one.code: one.id for one in coop.rows(models.Farmer)}
    coop.cluster._add(
        models.Inspection(
            org_id=1, id=uid("v"), farmer_id=ids["A2"], inspected_on="2030-01-02", inspector="I1", recorded_at=1
        )
    )
    with pytest.raises(Refused) as refused:
        coop.undo(checked)
    assert (refused.value.code, refused.value.params) == ("IMPORT_IN_USE", {"used": "inspection (A2)"})
    with system_session(coop.recorder.database, write=True) as session:
        session.execute(sa.delete(table(models.Inspection)))
    event = told.Delivered(
        id=uid("e"),
        occurred_at=at("2025-01-10T08:00:00Z"),
        site=uid("STATION"),
        farmer="A1",
        lot=told.NewLot(lot=uid("D1"), code="D1", product="cocoa_wet_beans", quantity=kg("50")),
    )
    coop.cluster.tell("COOP", event)
    with pytest.raises(Refused) as refused:
        coop.undo(checked)
    assert refused.value.params == {"used": "D1 (A1)"}
    assert len(coop.rows(models.Farmer)) == 2


def test_what_somebody_changed_since_is_not_taken_back(coop: Coop) -> None:
    checked = coop.bring(LIST)
    coop.apply(checked)
    (plot,) = [one for one in coop.rows(models.Plot) if one.code == "A2-A"]
    coop.cluster.change(models.Plot, (1, plot.id), area_m2=1, version=2)
    with pytest.raises(Refused) as refused:
        coop.undo(checked)
    assert (refused.value.code, refused.value.params) == ("IMPORT_CHANGED_SINCE", {"records": "A2-A"})


def test_what_imports_keep_of_an_erased_person_is_forgotten(coop: Coop) -> None:
    coop.apply(coop.bring(LIST))
    changed = coop.bring(LIST.replace("Zorzor", "Totota"))
    coop.apply(changed)
    assert "Zorzor" in str(coop.rows(models.ImportRecord))
    ben = next(one.id for one in coop.rows(models.Farmer) if one.code == "A2")
    with scoped_session(coop.recorder.database, 1, write=True) as session:
        import_undo.forget(session, ben)
    assert "Zorzor" not in str(coop.rows(models.ImportRecord))
    coop.undo(changed)
    assert {one.village for one in coop.rows(models.Person)} == {"Gbarnga", "Totota"}


# --- deliveries ---


def deliveries(count: int) -> str:
    lines = [
        f"{1 + place % 28:02}/01/2030;08:{place % 60:02};{'A1' if place % 3 else 'A2'};STATION;{40 + place % 50},5 kg;R-{place}"
        for place in range(count)
    ]
    return "\n".join(["Date;Heure;Producteur;Site;Poids;N° reçu", *lines]) + "\n"


@pytest.fixture
def members(coop: Coop) -> Coop:
    coop.apply(coop.bring(LIST))
    return coop


def bring_deliveries(coop: Coop, data: str, **more: Any) -> Checked:
    return coop.bring(data, "deliveries", certificate=None, product="cocoa_wet_beans", **more)


def test_deliveries_become_events_and_the_same_file_again_nothing(members: Coop) -> None:
    checked = bring_deliveries(members, deliveries(700))
    assert (states(checked)["new"], checked.faults) == (700, [])
    seen: list[tuple[int, int]] = []
    importing.apply(
        members.recorder, members.actor, checked.run.id, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(500, 700), (700, 700)]
    events = [one for one in members.rows(models.Event) if one.type == "delivered"]
    assert len(events) == 700
    body = json.loads(events[0].body)
    assert (body["receipt"][:2], body["lot"]["product"]) == ("R-", "cocoa_wet_beans")
    assert sum(one.initial_g for one in members.rows(models.Lot)) == sum(
        40_500 + place % 50 * 1000 for place in range(700)
    )
    again = bring_deliveries(members, deliveries(700))
    assert (states(again)["unchanged"], again.same is not None) == (700, True)
    members.apply(again)
    assert len([one for one in members.rows(models.Event) if one.type == "delivered"]) == 700


def test_an_import_of_deliveries_that_was_cut_off_goes_on(members: Coop, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = bring_deliveries(members, deliveries(700))
    record, batches = importing.record, []

    def cut(*args: Any, **kwargs: Any) -> Any:
        batches.append(len(args[2]))
        if len(batches) == 2:
            raise ConnectionError
        return record(*args, **kwargs)

    monkeypatch.setattr(importing, "record", cut)
    with pytest.raises(ConnectionError):
        members.apply(checked)
    monkeypatch.undo()
    (run,) = [one for one in members.rows(models.ImportRun) if one.kind == "deliveries"]
    assert (run.state, json.loads(run.summary)["done"]) == ("checked", 500)
    assert states(importing.look(members.recorder, members.actor, run.id)) == {
        "new": 200,
        "change": 0,
        "unchanged": 500,
        "correct": 0,
    }
    members.apply(checked)
    assert len(members.rows(models.Lot)) == 700
    assert len([one for one in members.rows(models.ImportRecord) if one.part == "event"]) == 700


def test_a_delivery_that_the_ledger_refuses_names_its_row(members: Coop) -> None:
    members.cluster.org("EXP", "exporter")
    checked = bring_deliveries(members, deliveries(3) + "05/01/2030;08:00;A1;STATION;10 kg;R-9\n")
    members.cluster.change(models.Site, (1, uid("STATION")), ended_at=1)
    with pytest.raises(Refused) as refused:
        members.apply(checked)
    assert refused.value.code == "IMPORT_TO_CORRECT"
    assert members.rows(models.Lot) == []


def test_deliveries_are_taken_back_by_corrections(members: Coop) -> None:
    checked = bring_deliveries(members, deliveries(6))
    members.apply(checked)
    assert members.undo(checked).state == "undone"
    assert {(one.disposition, one.remaining_g) for one in members.rows(models.Lot)} == {("void", 0)}
    assert [one.type for one in members.rows(models.Event)].count("corrected") == 6
    again = bring_deliveries(members, deliveries(6))
    assert states(again)["new"] == 6, "what was taken back is not there any more"


def test_deliveries_that_were_drawn_are_not_taken_back(members: Coop) -> None:
    checked = bring_deliveries(members, deliveries(6))
    members.apply(checked)
    lot = members.rows(models.Lot)[0]
    event = told.Received(
        id=uid("r"),
        occurred_at=at("2030-02-01T08:00:00Z"),
        site=uid("STATION"),
        inputs=(told.Drawn(lot=lot.uid, quantity=kg(10)),),
        into=told.Named(lot=uid("RL"), code="RL"),
    )
    assert members.cluster.tell("COOP", event).refused is None
    with pytest.raises(Refused) as refused:
        members.undo(checked)
    assert refused.value.params == {"used": lot.code}


# --- plots, inspections, other organisations ---


def test_plots_and_inspections(members: Coop) -> None:
    members.apply(members.bring("Plot;Farmer;Area (ha);Crop\nA1-C;A1;2,5;cocoa\nA2-A;A2;2,1;\n", "plots"))
    areas = {one.code: one.area_m2 for one in members.rows(models.Plot)}
    assert areas == {"A1-A": 48_000, "A1-B": 12_000, "A1-C": 25_000, "A2-A": 21_000}
    anna = next(one.id for one in members.rows(models.Farmer) if one.code == "A1")
    plan = {"certificate_id": uid("GRP"), "season": "2029/30", "farmer_id": anna, "inspector": "I-7"}
    members.cluster._add(models.PlannedInspection(org_id=1, id=uid("plan"), due_on="2030-02-01", **plan))
    text = (
        "Producteur;Date;Inspecteur;Début;Fin;Signé\nA1;10/01/2030;I-7;09:00;10:10;10/01/2030\nA2;11/01/2030;I-7;;;\n"
    )
    checked = members.bring(text, "inspections")
    members.apply(checked)
    visits = {one.inspected_on: one for one in members.rows(models.Inspection)}
    assert visits.keys() == {"2030-01-10", "2030-01-11"}
    (report,) = members.rows(models.InspectionReport)
    assert (report.scheme, report.ended_at - report.started_at, report.member_signed_on) == (
        "EU_ORG",
        70 * 60_000,
        "2030-01-10",
    )
    assert states(members.bring(text, "inspections"))["unchanged"] == 2
    assert (report.told_by, visits["2030-01-10"].valid) == ("user:test", False)
    assert "INVALID_INSPECTOR_UNKNOWN" in {one["code"] for one in json.loads(report.judged)}
    assert [one.state for one in members.rows(models.PlannedInspection)] == ["done"]
    members.undo(checked)
    assert [one.state for one in members.rows(models.PlannedInspection)] == ["planned"]
    assert members.rows(models.Inspection) == members.rows(models.InspectionReport) == []


def test_another_organisation_knows_nothing_of_an_import(members: Coop) -> None:
    members.cluster.org("RIVAL")
    rival, run = members.cluster.actor("RIVAL"), members.rows(models.ImportRun)[0]
    for act in (importing.look, importing.apply, importing.undo):
        with pytest.raises(Refused, match="IMPORT_UNKNOWN"):
            act(members.recorder, rival, run.id)
    checked = importing.receive(members.recorder, rival, "farmers", "list.csv", LIST.encode(), Options())
    assert (states(checked)["new"], checked.same) == (3, None)
    assert checked.idle == ("conversion_start",) or "status" in checked.idle
    with pytest.raises(Refused, match="IMPORT_CERTIFICATE_UNKNOWN"):
        importing.receive(members.recorder, rival, "farmers", "list.csv", LIST.encode(), Options(certificate="GRP"))
