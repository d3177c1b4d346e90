"""The demo's pack: its sums are the ledger's, in the workbook, in LibreOffice, and on paper, in both languages."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

import models
from demo.lr_cocoa import CERTIFICATES, GROUPS
from domain.balance import Balance, statement, total
from domain.findings import CATALOGUE, found
from domain.pack import Pack
from exchange import pack_tables
from exchange.pack_pdf import TEXTS, pack_pdf
from exchange.pack_tables import WORDS, tables
from exchange.pack_xlsx import pack_xlsx
from ledger import balances, pack
from models.base import table
from models.db import Database, connect, system_session
from tests.conftest import create

SEASON, NOW = "2024/25", 1_760_000_000_000
HOSTILE = '=HYPERLINK("http://x","y")'
GEORGIAN = "ნინო"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("season")]


@pytest.fixture(scope="module")
def played(season_on_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The full season in a file; one member has a name that a spreadsheet would run, one a name in Georgian."""
    path = tmp_path_factory.mktemp("pack") / "season.db"
    shutil.copy(season_on_sqlite, path)
    yield from season(connect(f"sqlite:///{path}"))


@pytest.fixture(scope="module")
def on_postgresql(season_on_postgresql: str, postgresql: Callable[[str], str]) -> Iterator[Database]:
    """The same on PostgreSQL."""
    create(postgresql, "packed", season_on_postgresql)
    yield from season(connect(postgresql("packed")))


def season(opened: Database) -> Iterator[Database]:
    with system_session(opened, write=True) as session:
        person, farmer = table(models.Person), table(models.Farmer)
        for code, name in (("LR-C1-0001", HOSTILE), ("LR-C1-0002", GEORGIAN)):
            who = sa.select(farmer.c.id).where(farmer.c.code == code).scalar_subquery()
            session.connection().execute(sa.update(person).where(person.c.farmer_id == who).values(full_name=name))
    yield opened
    opened.close()


def collect(database: Database, group: str = "LR-C1") -> Pack:
    with system_session(database, write=False) as session:
        return pack.pack(session, None, CERTIFICATES[group][0], SEASON, now=NOW)


def sheets(data: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def checked(book: CalamineWorkbook) -> dict[str, list[Any]]:
    """The figures of the cover: title -> what the ledger says, the sum, the difference, the check."""
    rows = book.get_sheet_by_index(0).to_python()
    return {row[0]: row[1:5] for row in rows if row[4] in ("in order", "differs", "en règle", "écart")}


def pages(data: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


# --- the golden season ---


def test_the_certificates_of_the_demo_sum_to_the_golden_season(played: Database) -> None:
    """1,248,485.3 kg wet in, 495,784.2 kg dry out, 752,701.1 kg lost in processing, to the gram."""
    whole = Balance()
    with system_session(played, write=False) as session:
        for group in GROUPS:
            held = balances.certificate(session, None, CERTIFICATES[group.code][0])
            books = balances.read(session, held.org_id)
            year = balances.season(balances.commodity_of_certificate(session, held), SEASON)
            one = total(statement(books.movements, balances.under(session, books, held), year.span).values())
            assert one.difference_g == 0
            for cell in ("delivered", "moved_out", "closing", "lost"):
                whole.add(cell, getattr(one, f"{cell}_g"))
        centre = session.execute(
            sa.select(table(models.Organisation).c.id).where(table(models.Organisation).c.code == "LR-FAC")
        ).scalar_one()
        books = balances.read(session, centre)
        held_there = statement(books.movements, books.held(), year.span)
        assert balances.checks(session, books, books.held(), year, now=0) == []
    assert (whole.delivered_g, whole.lost_g) == (1_248_485_300, 752_701_100)
    assert whole.moved_out_g + whole.closing_g == 495_784_200
    assert total(held_there.values()) == Balance(
        delivered_g=1_248_485_300, moved_out_g=226_634_600, lost_g=752_701_100, closing_g=269_149_600
    )


def test_every_figure_of_a_certificate_leads_to_events_that_sum_to_it(played: Database) -> None:
    with system_session(played, write=False) as session:
        held = balances.certificate(session, None, CERTIFICATES["LR-C3"][0])
        books = balances.read(session, held.org_id)
        account = balances.under(session, books, held)
        year = balances.season(balances.commodity_of_certificate(session, held), SEASON)
        for product, one in statement(books.movements, account, year.span).items():
            for cell in ("opening", "delivered", "moved_in", "made", "used", "moved_out", "shipped", "lost", "closing"):
                rows = balances.events_behind(session, books, account, year.span, product, cell)
                assert sum(row.grams for row in rows) == getattr(one, f"{cell}_g"), (product, cell)
                assert all(row.event for row in rows)


def test_both_databases_give_the_same_pack(played: Database, on_postgresql: Database) -> None:
    for group in ("LR-C1", "LR-C3", "LR-E1"):
        assert collect(on_postgresql, group) == collect(played, group)


# --- the workbook ---


@pytest.mark.parametrize("group", ["LR-C1", "LR-C3"])
def test_the_sums_of_the_workbook_are_the_ledgers(played: Database, group: str) -> None:
    made = collect(played, group)
    data = pack_xlsx(made)
    assert data == pack_xlsx(made)
    book = sheets(data)
    for lang in ("en", "fr"):
        figures = checked(sheets(pack_xlsx(made, lang)))
        assert len(figures) == 11
        for title, (ledger, found_, gap, verdict) in figures.items():
            assert (ledger, gap, verdict) == (found_, 0, {"en": "in order", "fr": "en règle"}[lang]), title
    figures = checked(book)
    wet = {"LR-C1": 270025.2, "LR-C3": 255687.4}[group]
    assert figures["Delivered by members (kg) · Purchases"][:2] == [wet, wet]
    for one in tables(made, "en").values():  # read back, added up by us
        rows = book.get_sheet_by_name(one.name).to_python()
        for at, column in enumerate(one.columns):
            if column.summed:
                assert rows[2][at] == pytest.approx(sum(row[at] or 0 for row in rows[4:]), abs=1e-6)
        assert len(rows) == 4 + len(one.rows)
    register = book.get_sheet_by_name("Purchases").to_python()[4:]
    assert round(sum(row[8] for row in register) * 1000) == made.sums.delivered_g
    balance_rows = book.get_sheet_by_name("Balances").to_python()[4:]
    assert {row[-1] for row in balance_rows} == {0.0}


def test_the_list_of_members_has_the_fields_of_the_regulation(played: Database) -> None:
    made = collect(played)
    rows = sheets(pack_xlsx(made)).get_sheet_by_name("Members").to_python()
    heading, first = rows[3], dict(zip(rows[3], rows[4], strict=True))
    for wanted in ("Code", "Name", "Phone", "Registered", "Status", "Estimate (kg)", "Internal inspection", "Inspector",
                   "Official control", "Controlled by"):  # fmt: skip
        assert wanted in heading
    assert (first["Code"], first["Status"], first["Estimate (kg)"]) == ("LR-C1-0001", "approved", 183.0)
    assert len(rows) == 4 + 540
    plot = dict(
        zip(*(sheets(pack_xlsx(made)).get_sheet_by_name("Plots").to_python()[at] for at in (3, 4)), strict=True)
    )
    assert (plot["Area (ha)"], str(plot["Conversion since"]), plot["Status"]) == (1.08, "2019-05-01", "Organic")
    assert (plot["Latitude"], plot["Longitude"]) == (7.034259, -8.858343)


def test_nothing_that_a_person_typed_runs_in_the_workbook(played: Database) -> None:
    data = pack_xlsx(collect(played))
    rows = sheets(data).get_sheet_by_name("Members").to_python()
    assert rows[4][1] == f"'{HOSTILE}"
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        formulas = {one for name in file.namelist() if "worksheets" in name for one in formulas_of(file.read(name))}
    assert not [one for one in formulas if "HYPERLINK" in one]


def formulas_of(sheet: bytes) -> set[str]:
    return set(re.findall(r"<f>(.*?)</f>", sheet.decode()))


# --- LibreOffice ---

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""


def recalculated(data: bytes, folder: Path) -> CalamineWorkbook:
    """The workbook as LibreOffice saves it after it has worked out every formula itself."""
    (folder / "profile" / "user").mkdir(parents=True)
    (folder / "profile" / "user" / "registrymodifications.xcu").write_text(ALWAYS)
    (folder / "pack.xlsx").write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "ods",
        "--outdir",
        str(folder),
        str(folder / "pack.xlsx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return CalamineWorkbook.from_path(str(folder / "pack.ods"))


OFFICE = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")


@OFFICE
def test_libreoffice_works_out_the_same_sums(played: Database, tmp_path: Path) -> None:
    data = pack_xlsx(collect(played, "LR-C3"))
    ours, theirs = checked(sheets(data)), checked(recalculated(data, tmp_path))
    assert theirs.keys() == ours.keys()
    for title, (ledger, found_, gap, verdict) in theirs.items():
        assert [round(one * 10_000) for one in (ledger, found_, gap)] == [
            round(one * 10_000) for one in ours[title][:3]
        ]
        assert verdict == "in order"


@OFFICE
def test_the_cover_says_so_when_a_row_is_changed(played: Database, tmp_path: Path) -> None:
    """One weight of the purchase register is made 100 kg heavier in the file: the check cell finds it."""
    made = collect(played)
    grams = f"<v>{made.purchases[0].grams / 1000:g}</v>"
    number = 1 + [one.key for one in tables(made, "en").values()].index("purchases") + 1
    path, out = f"xl/worksheets/sheet{number}.xml", io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack_xlsx(made))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == path:
                assert grams.encode() in text
                text = text.replace(grams.encode(), f"<v>{made.purchases[0].grams / 1000 + 100:g}</v>".encode(), 1)
            new.writestr(name, text)
    figures = checked(recalculated(out.getvalue(), tmp_path))
    assert figures["Delivered by members (kg) · Purchases"][2:] == [100.0, "differs"]
    assert figures["Estimated harvest (kg) · Members"][3] == "in order"


# --- on paper ---


def test_the_paper_says_what_the_workbook_says(played: Database) -> None:
    made = collect(played)
    data = pack_pdf(made)
    assert data == pack_pdf(made)
    read = pages(data)
    whole = "\n".join(read).replace("\u00a0", " ")
    for wanted in ("Certifier's pack", "LR-BIO-149-0001", "270 025.2 kg", "107 322.6 kg", "270 025.200", "162 702.6 kg",
                   "6 findings ask for a look", "122 471.000"):  # fmt: skip
        assert wanted in whole, wanted
    for number, text in enumerate(read, start=1):
        assert f"Page {number} of {len(read)}" in text
    for member in made.members:
        assert member.code in whole
    assert HOSTILE in re.sub(r"\s", "", whole)  # paper runs nothing
    assert "????" in whole and "this typeface cannot set" in whole  # the name in Georgian, and that it is not whole
    assert GEORGIAN in str(sheets(pack_xlsx(made)).get_sheet_by_name("Members").to_python()[5])


def test_the_paper_speaks_french(played: Database) -> None:
    made = collect(played, "LR-C3")
    whole = "\n".join(pages(pack_pdf(made, "fr"))).replace("\u00a0", " ")
    for wanted in ("Dossier de contrôle", "Bilan matière", "255 687,400", "76 425,500", "Liste des membres",
                   "En conversion", "Rien n'est enregistré.", "Page 1 sur"):  # fmt: skip
        assert wanted in whole, wanted
    assert "typeface" not in whole and "The " not in whole


def test_findings_stand_on_the_cover_and_in_their_table(played: Database) -> None:
    said = found("BALANCE_DIFFERENCE", product="cocoa_dry_beans", book_g=1_000, stock_g=900, difference_g=-100)
    made = replace(collect(played, "LR-C5"), findings=(said,))
    whole = re.sub(r"\s+", " ", "\n".join(pages(pack_pdf(made))))
    assert "1 finding asks for a look" in whole
    assert "Cocoa beans, dry: the books say 1 kg, the stock is 0.9 kg" in whole
    (row,) = sheets(pack_xlsx(made)).get_sheet_by_name("Findings").to_python()[4:]
    assert row[:2] == ["alert", "BALANCE_DIFFERENCE"]


# --- texts ---


def test_every_text_is_there_in_both_languages() -> None:
    for texts in (WORDS, TEXTS):
        for key, (english, french) in texts.items():
            assert english.strip() and french.strip(), key
            assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", french)), key
    assert "BALANCE_DIFFERENCE" in CATALOGUE
    assert pack_tables.say("unheard-of", "fr") == "unheard-of"
