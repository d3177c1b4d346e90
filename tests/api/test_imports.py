"""Lists over HTTP and at the command line: uploaded, looked at, columns chosen, applied, taken back."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

import models
from exchange import tables
from models.base import table
from models.db import system_session
from tests.api.conftest import House
from tests.api.test_cli import Shell
from tests.builders import Cluster, uid
from tests.importing.messy import ROWS, messy

LIST = "Code;Name;Sex;Village;Plot;Area;Crop\nA1;Anna Kollie;F;Gbarnga;A1-A;4,8 ha;cocoa\nA2;Ben Flomo;H;Zorzor;A2-A;2;cocoa\n"
BAD = LIST + "A3;;X;Zorzor;A3-A;-1;cocoa\n"


@dataclass
class Desk:
    """An ICS manager at the desk."""

    house: House
    org: int
    client: TestClient

    def bring(
        self, data: bytes | str, expect: int = 201, *, name: str = "list.csv", lang: str = "en", **form: Any
    ) -> Any:
        raw = data.encode() if isinstance(data, str) else data
        answer = self.client.post(
            "/v1/imports",
            files={"file": (name, io.BytesIO(raw))},
            data={"kind": "farmers"} | form,
            headers={"origin": "http://testserver", "accept-language": lang},
        )
        assert answer.status_code == expect, answer.text[:2000]
        return answer.json()

    def post(self, path: str, body: Any = None, expect: int = 200) -> Any:
        answer = self.client.post(f"/v1/imports/{path}", json=body, headers={"origin": "http://testserver"})
        assert answer.status_code == expect, answer.text[:2000]
        return answer.json()

    def get(self, path: str = "", expect: int = 200) -> Any:
        answer = self.client.get(f"/v1/imports{path}")
        assert answer.status_code == expect, answer.text[:2000]
        return answer.json()

    def farmers(self) -> list[str]:
        with system_session(self.house.recorder.database, write=False) as session:
            return sorted(session.execute(sa.select(table(models.Farmer).c.code)).scalars())


@pytest.fixture
def desk(house: House) -> Desk:
    org, _ = house.found("COOP")
    cluster = Cluster(house.recorder, orgs={"COOP": org})
    cluster.site("STATION", "COOP")
    cluster.certificate("GRP", "COOP", valid=("2024-01-01", "2040-12-31"))
    return Desk(house, org, house.client(org, house.user(org, "ics_manager")))


def test_a_list_is_checked_applied_and_taken_back(desk: Desk) -> None:
    checked = desk.bring(LIST, certificate="GRP")
    assert checked["counts"] == {
        "rows": 2,
        "new": 2,
        "change": 0,
        "unchanged": 0,
        "correct": 0,
        "warnings": 0,
        "duplicates": 0,
    }
    assert checked["detail"].startswith("2 rows: 2 ready (2 new, 0 change)")
    assert (checked["state"], checked["created_by"], checked["certificate"]) == ("checked", "Person ics_manager", "GRP")
    assert desk.farmers() == []
    rows = desk.get(f"/{checked['id']}/rows?state=new&limit=1")
    assert ([row["code"] for row in rows["data"]], rows["next"]) == (["A1"], "2")
    assert [row["code"] for row in desk.get(f"/{checked['id']}/rows?cursor=2")["data"]] == ["A2"]
    applied = desk.post(f"{checked['id']}/apply", {})
    assert (applied["state"], applied["done"], applied["kept"], applied["lowered"]) == ("applied", 2, False, [])
    assert desk.farmers() == ["A1", "A2"]
    assert desk.post(f"{checked['id']}/apply", {})["applied_at"] == applied["applied_at"]
    made = desk.get(f"/{checked['id']}/rows")["data"]
    assert {one["part"] for one in made[0]["records"]} == {"farmer", "person", "membership", "status", "plot"}
    again = desk.bring(LIST, certificate="GRP")
    assert again["counts"]["unchanged"] == 2
    assert again["imported_before"]["id"] == checked["id"]
    assert again["imported_before"]["by"] == "Person ics_manager"
    assert desk.post(f"{checked['id']}/undo")["state"] == "undone"
    assert desk.farmers() == []
    listed = desk.get("?state=undone")
    assert [one["id"] for one in listed["data"]] == [checked["id"]]


def test_problems_name_cell_and_what_to_do_in_both_languages(desk: Desk) -> None:
    checked = desk.bring(BAD)
    told = {one["cell"]: (one["code"], one["heading"], one["value"]) for one in checked["problems"]}
    assert told == {
        "B4": ("VALUE_MISSING", "Name", ""),
        "C4": ("SEX_UNKNOWN", "Sex", "X"),
        "F4": ("AREA_NOT_POSITIVE", "Area", "-1"),
    }
    assert checked["problems"][1]["advice"] == "Write F or M, or leave it empty."
    french = desk.bring(BAD, lang="fr")
    assert french["problems"][1]["advice"] == "Écrivez F ou M, ou laissez vide."
    assert french["detail"].startswith("3 lignes : 2 prêtes")
    refused = desk.post(f"{checked['id']}/apply", {}, 409)
    assert (refused["code"], refused["params"]) == ("IMPORT_TO_CORRECT", {"count": 1, "rows": "4"})
    assert desk.farmers() == []
    left = desk.post(f"{checked['id']}/apply", {"leave_out": [4]})
    assert (left["left_out"], desk.farmers()) == ([4], ["A1", "A2"])


def test_the_workbook_of_rows_to_correct_comes_back_corrected(desk: Desk) -> None:
    checked = desk.bring(BAD, certificate="GRP")
    answer = desk.client.get(f"/v1/imports/{checked['id']}/errors.xlsx")
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    assert answer.headers["content-disposition"].startswith("attachment")
    (sheet,) = tables.read(answer.content).sheets
    assert [row.cells[0] for row in sheet.rows] == ["Row", "4"]
    assert "F or M" in sheet.rows[1].cells[1]
    corrected = ";".join(sheet.rows[0].cells) + "\n4;;A3;Cora;F;Zorzor;A3-A;1;cocoa\n"
    put_in = desk.bring(corrected, corrects=checked["id"])
    assert (put_in["counts"]["new"], put_in["counts"]["correct"], put_in["corrects"]) == (3, 0, checked["id"])
    desk.post(f"{put_in['id']}/apply", {})
    assert desk.farmers() == ["A1", "A2", "A3"]
    assert desk.post(f"{checked['id']}/apply", {}, 409)["code"] == "IMPORT_CONTENT_GONE"


def test_columns_are_chosen_and_remembered(desk: Desk) -> None:
    text = "Matricule interne;Appellation;Notes\nA1;Anna;x\n"
    checked = desk.bring(text)
    assert checked["missing"] == ["farmer_code", "name"]
    assert checked["columns"][0] == {"place": 0, "heading": "Matricule interne", "column": None, "samples": ["A1"]}
    assert desk.post(f"{checked['id']}/apply", {}, 409)["code"] == "IMPORT_COLUMNS_MISSING"
    wrong = desk.post(f"{checked['id']}/mapping", {"columns": {"Notes": "salary"}}, 422)
    assert "salary" in wrong["detail"]
    columns = {"Matricule interne": "farmer_code", "Appellation": "name", "Notes": None}
    chosen = desk.post(f"{checked['id']}/mapping", {"columns": columns})
    assert (chosen["missing"], chosen["counts"]["new"]) == ([], 1)
    assert desk.get(f"/{checked['id']}")["missing"] == []
    assert desk.bring(text.replace("A1", "A2"))["missing"] == []


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b"<html><table>", "html"), (b"PK\x03\x04 and no more", "damaged")],
)
def test_a_file_that_is_no_table_is_named(desk: Desk, data: bytes, code: str) -> None:
    answer = desk.bring(data, 422)
    assert [(one["parameter"], one["code"]) for one in answer["errors"]] == [("file", code)]
    assert answer["advice"]


def test_a_file_may_have_ten_mebibytes_and_no_more(desk: Desk) -> None:
    line = b"A1;" + b"x" * 1000 + b"\n"
    big = b"Code;Name\n" + line * (9 * 1024)
    assert desk.bring(big)["counts"]["correct"] == 9 * 1024
    assert desk.bring(big + line * 1300, 422)["errors"][0]["code"] == "too_large"
    assert desk.bring(big * 2, 413)["code"] == "too-large"
    answer = desk.client.post(
        "/v1/farmers",
        content=b"x" * (1 << 20 | 1),
        headers={"origin": "http://testserver", "content-type": "application/json"},
    )
    assert answer.status_code == 413


def test_options_that_name_what_is_not_there(desk: Desk) -> None:
    assert desk.bring(LIST, 422, certificate="NONE")["code"] == "IMPORT_CERTIFICATE_UNKNOWN"
    assert desk.bring(LIST, 422, product="gold")["code"] == "PRODUCT_UNKNOWN"
    assert desk.bring(LIST, 422, kind="cats")["code"] == "malformed"
    assert desk.bring(LIST, 404, corrects=uid("nothing"))["code"] == "IMPORT_UNKNOWN"
    assert desk.get(f"/{uid('nothing')}", 404)["code"] == "IMPORT_UNKNOWN"
    assert desk.get("?colour=red", 422)["code"] == "malformed"


def test_deliveries_need_the_right_to_record_events(desk: Desk) -> None:
    desk.post(f"{desk.bring(LIST)['id']}/apply", {})
    text = "Date;Time;Farmer;Site;Weight\n05/11/2025;08:30;A1;STATION;62,5 kg\n"
    form = {"kind": "deliveries", "product": "cocoa_wet_beans"}
    checked = desk.bring(text, **form)
    desk.post(f"{checked['id']}/apply", {})
    lot = desk.client.get("/v1/lots").json()["data"][0]
    assert lot["initial_g"] == 62_500
    assert desk.get(f"/{checked['id']}")["done"] == 1
    maker = desk.house.user(desk.org, "admin", "maker")
    key = desk.house.key(desk.org, maker, "registry:read", "registry:write")
    desk.client = desk.house.client(authorization=f"Bearer {key}")
    assert desk.bring(text, 403, **form)["code"] == "not-permitted"
    for act, body in (("apply", {}), ("undo", None), ("mapping", {})):
        assert desk.post(f"{checked['id']}/{act}", body, 403)["code"] == "not-permitted"


def test_a_reader_looks_and_changes_nothing(desk: Desk) -> None:
    checked = desk.bring(LIST)
    desk.client = desk.house.client(desk.org, desk.house.user(desk.org, "viewer"))
    assert desk.get(f"/{checked['id']}")["counts"]["new"] == 2
    desk.bring(LIST, 403)
    desk.post(f"{checked['id']}/apply", {}, 403)
    assert desk.farmers() == []


def test_the_examples_of_the_description_are_taken(desk: Desk) -> None:
    schemas = desk.client.get("/openapi.json").json()["components"]["schemas"]
    checked = desk.bring(LIST)
    for path, name in (("mapping", "MappingIn"), ("apply", "ApplyIn")):
        desk.post(f"{checked['id']}/{path}", schemas[name]["examples"][0])


# --- the command line ---


@pytest.fixture
def shell(desk: Desk, tmp_path: Any) -> Shell:
    return Shell(tmp_path, desk.house.recorder.database.url)


def test_a_list_is_brought_in_by_command(desk: Desk, shell: Shell) -> None:
    (shell.folder / "list.csv").write_text(BAD)
    words = ["import", "list.csv", "--kind", "farmers", "--organisation", "COOP", "--certificate", "GRP"]
    checked = shell.run(*words, "--errors", "errors.xlsx")
    assert checked.returncode == 1
    assert checked.stdout.decode().splitlines()[0].startswith("B4      correct   This cell is empty")
    assert "3 rows: 2 ready (2 new, 0 change)" in checked.stderr.decode()
    assert len(tables.read((shell.folder / "errors.xlsx").read_bytes()).sheets[0].rows) == 2
    refused = shell.run(*words, "--apply")
    assert refused.returncode == 1
    assert "Rows to correct: 1 (4). Nothing was written." in refused.stderr.decode()
    assert desk.farmers() == []
    applied = shell.run(*words, "--apply", "--leave-out")
    assert applied.returncode == 0, applied.stderr
    assert b"Importing: 2 of 2" in applied.stderr
    assert desk.farmers() == ["A1", "A2"]


def test_the_command_says_what_is_amiss(shell: Shell) -> None:
    (shell.folder / "list.xlsx").write_text("<html><table>")
    (shell.folder / "odd.csv").write_text("Foo;Bar\n1;2\n")
    words = ["--kind", "farmers", "--organisation"]
    html = shell.run("import", "list.xlsx", *words, "COOP")
    assert (html.returncode, b"Open it in the spreadsheet program" in html.stderr) == (1, True)
    odd = shell.run("import", "odd.csv", *words, "COOP")
    assert (odd.returncode, b"No heading is known for: farmer_code, name." in odd.stderr) == (1, True)
    nobody = shell.run("import", "odd.csv", *words, "NOBODY")
    assert (nobody.returncode, b"There is no organisation NOBODY." in nobody.stderr) == (2, True)


def test_the_list_of_1015_over_http(desk: Desk) -> None:
    list_ = messy()
    checked = desk.bring(list_.data, name="membres.xlsx", certificate="GRP")
    assert checked["counts"]["rows"] == ROWS
    wrong = {one["cell"] for one in checked["problems"] if one["level"] == "correct"}
    assert wrong == list_.planted.keys()
    duplicates = desk.get(f"/{checked['id']}/rows?state=duplicate")["data"]
    assert len(duplicates) == len(list_.duplicates)
