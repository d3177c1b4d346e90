"""The command ``filiere`` as people type it: data out, talk aside, and an exit status that means something."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from PIL import Image

from api.app import build
from api.settings import Settings
from ledger.record import Recorder
from tests.builders import uid
from tests.ledger.season import Chain

zxingcpp = pytest.importorskip("zxingcpp")
ROOT = Path(__file__).resolve().parents[2]


class Shell:
    """A terminal in which FILIERE_* is set."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "FILIERE_DATABASE_URL": url,
            "FILIERE_DATA_DIR": str(folder),
            "FILIERE_PUBLIC_URL": "http://127.0.0.1:8000",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *words: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "api", *words],
            capture_output=True,
            check=False,
            cwd=self.folder,
            env=self.environment,
            input=given.encode(),
            timeout=120,
        )


@pytest.fixture
def shell(recorder: Recorder, tmp_path: Path) -> Shell:
    chain = Chain(recorder)
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    return Shell(tmp_path, recorder.database.url)


def test_lots_are_listed_for_people_and_for_programs(shell: Shell) -> None:
    plain = shell.run("lots")
    assert plain.returncode == 0
    assert b"DB" in plain.stdout
    found = json.loads(shell.run("lots", "--json").stdout)
    assert {lot["code"]: lot["remaining_g"] for lot in found} == {"DB": 400_000, "RL": 0, "D1": 0, "D2": 0}


def test_a_trace_comes_as_json_csv_and_picture(shell: Shell) -> None:
    found = json.loads(shell.run("trace", "DB").stdout)
    assert sum(share["grams"] for share in found["composition"]) == 400_000
    rows = shell.run("trace", uid("DB"), "--format", "csv").stdout.decode().splitlines()
    assert len(rows) == 3
    drawn = shell.run("trace", "D1", "--direction", "forward", "--format", "svg", "-o", "t.svg")
    assert drawn.returncode == 0
    assert (shell.folder / "t.svg").read_text("utf-8").startswith("<")


def test_a_label_is_issued_printed_and_scans_to_its_address(shell: Shell) -> None:
    made = shell.run("label", "DB", "--format", "png", "-o", "label.png")
    assert made.returncode == 0, made.stderr
    url = made.stderr.decode().strip().splitlines()[-1]
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO((shell.folder / "label.png").read_bytes())))
    assert {symbol.text for symbol in found} == {url}
    assert shell.run("label", "DB", "--format", "pdf").stdout.startswith(b"%PDF-")
    tag = shell.run("label", "DB", "--format", "zpl", "--design", "tag", "--lang", "ka", "--dpi", "203", "--count", "2")
    assert tag.stdout.count(b"^XF") == 2
    assert url.encode() in tag.stdout
    wrong = shell.run("label", "DB", "--format", "pdf", "--design", "pallet", "--grid", "3x7")
    assert wrong.returncode != 0
    assert b"3x7" in wrong.stderr
    paper = shell.run("certificate", "DB", "-o", "c.pdf")
    assert paper.returncode == 0, paper.stderr
    assert (shell.folder / "c.pdf").read_bytes().startswith(b"%PDF-")
    genuine = shell.run("verify", "c.pdf", "--here", "--json")
    assert genuine.returncode == 0, genuine.stderr
    assert {check["code"]: check["answer"] for check in json.loads(genuine.stdout)["checks"]}["logged"] == "passed"


def test_a_certificate_of_analysis_is_of_what_was_measured_label_or_not(shell: Shell) -> None:
    refused = shell.run("certificate", "D1", "--kind", "analysis")
    assert refused.returncode == 1
    assert b"No check of D1 is recorded." in refused.stderr
    paper = shell.run("certificate", "DB", "--kind", "analysis", "--lang", "fr", "-o", "ca.pdf")
    assert paper.returncode == 0, paper.stderr
    assert b"CA-COOP-" in paper.stderr
    assert (shell.folder / "ca.pdf").read_bytes().startswith(b"%PDF-")


def test_what_is_refused_ends_with_1_and_what_is_misused_with_2(shell: Shell) -> None:
    refused = shell.run("trace", "NOWHERE")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"NOWHERE" in refused.stderr
    assert shell.run("certificate", "DB").returncode == 1  # no label yet
    assert shell.run("trace").returncode == 2
    assert shell.run("label", "DB", "--format", "bmp").returncode == 2
    assert shell.run("demo", "--cluster", "NOWHERE").returncode == 2
    assert shell.run("--help").returncode == 0


def test_replay_says_that_the_rows_follow_from_the_log_and_finds_the_one_that_does_not(
    shell: Shell, recorder: Recorder
) -> None:
    import sqlalchemy as sa

    from models.db import system_session

    assert shell.run("replay").returncode == 0
    with system_session(recorder.database, write=True) as session:
        session.connection().execute(sa.text("UPDATE lot SET grade = 'G9' WHERE code = 'DB'"))
    found = shell.run("replay")
    assert found.returncode == 1
    assert b"lot: 1" in found.stderr
    assert shell.run("replay", "--write").returncode == 0
    assert shell.run("replay").returncode == 0


def test_a_cluster_is_played_and_its_totals_printed(tmp_path: Path) -> None:
    shell = Shell(tmp_path, f"sqlite:///{tmp_path / 'fish.db'}")
    answer = shell.run("demo", "--cluster", "GE_FISH", "--totals")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["landings"] == 96


def test_a_profile_is_checked_by_itself_and_beside_the_others(shell: Shell) -> None:
    shipped = shell.run("profile", "check", str(ROOT / "profiles/commodities/mango.toml"))
    assert shipped.returncode == 0, shipped.stderr
    said = shipped.stdout.decode()
    assert "dry: mango_fresh → mango_dried, 5.8-12.5 %, typically 7.7 %" in said
    assert "water_activity: ≤ 0.650 aw, else hold" in said
    scheme = shell.run("profile", "check", str(ROOT / "profiles/schemes/gi.toml"))
    assert "outside < gi" in scheme.stdout.decode()
    own = shell.run("profile", "check", str(ROOT / "tests/own_profiles/commodities/coffee.toml"))
    assert own.returncode == 0
    assert b"Not told" in shell.run("profile", "check", str(_file(shell, "shea.toml", _shea()))).stdout


def _shea() -> bytes:
    text = (ROOT / "docs/profiles.md").read_text("utf-8")
    return text.split("```toml\n")[1].split("```")[0].encode()


def _file(shell: Shell, name: str, data: bytes) -> Path:
    path = shell.folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("old", "new", "on", "says"),
    [
        ('id = "shea"', 'id = "mango"', 'id = "mango"', "id: “mango” is taken by another profile"),
        (
            'code = "shea_kernels"',
            'code = "shea_nuts"',
            "from_products",
            "steps[0].from_products: “shea_kernels” is not",
        ),
        ("yield_max_bp = 4500", "yield_max_bp = 45 %", "45 %", "the file is not TOML"),
        ("yield_max_bp = 4500", "yield_max_bp = 0.45", "0.45", "steps[0].yield_max_bp: write a whole number"),
        ('max = "3.0"', "max = 3.0", "max = 3.0", "specifications[0].max: write text in quotes"),
        ('max = "3.0"', 'mx = "3.0"', "mx = ", "specifications[0].mx: remove it or correct its name"),
        ("Karité", "Karit\udce9", "Karit", "the file is not UTF-8 text"),
        ('starts = "05-01"', "", "[[seasons]]", "seasons[0].starts: add this key"),
        ("[[seasons]]", "[[season]]", "[[season]]", "season: write seasons"),
        ("[lot_sizes]", "[lot_size]", "[lot_size]", "lot_size: write lot_sizes"),
    ],
)
def test_a_broken_profile_is_explained_by_file_line_and_key(
    tmp_path: Path, old: str, new: str, on: str, says: str
) -> None:
    text = _shea().decode()
    assert old in text
    text = text.replace(old, new, 1)
    line = next(i for i, found in enumerate(text.split("\n"), 1) if on in found)
    shell = Shell(tmp_path, "sqlite://")
    answer = shell.run("profile", "check", str(_file(shell, "shea.toml", text.encode(errors="surrogateescape"))))
    assert (answer.returncode, answer.stdout) == (1, b"")
    assert answer.stderr.decode().startswith(f"shea.toml:{line}: {says}")
    assert len(answer.stderr.decode().splitlines()) == 1


def test_a_profile_that_is_not_there_is_misused(shell: Shell) -> None:
    assert shell.run("profile", "check", "nowhere.toml").returncode == 2
    assert shell.run("profile").returncode in (0, 2)  # the help


def test_init_founds_the_first_organisation_with_a_password_of_its_own(tmp_path: Path) -> None:
    shell = Shell(tmp_path, f"sqlite:///{tmp_path / 'new.db'}")
    words = ("init", "--code", "LR-C9", "--name", "New Cooperative", "--admin", "anna", "--password-stdin")
    weak = shell.run(*words, given="short\n")
    assert weak.returncode == 1
    made = shell.run(*words, given="seven wet boots by the door\n")
    assert made.returncode == 0, made.stderr
    assert b"anna@LR-C9" in made.stderr
    again = shell.run(*words, given="seven wet boots by the door\n")
    assert again.returncode == 1
    assert b"Traceback" not in again.stderr


def test_a_command_on_an_old_schema_says_what_to_do(tmp_path: Path) -> None:
    shell = Shell(tmp_path, f"sqlite:///{tmp_path / 'none.db'}")
    answer = shell.run("lots")
    assert answer.returncode == 1
    assert b"filiere migrate" in answer.stderr


@pytest.fixture
def served(shell: Shell, recorder: Recorder, tmp_path: Path) -> Iterator[None]:
    """The service on a free port, which the terminal takes for the public address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = shell.environment["FILIERE_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    settings = Settings(recorder.database.url, tmp_path, url)
    server = uvicorn.Server(uvicorn.Config(build(settings, recorder), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.05)
    yield
    server.should_exit = True
    thread.join(10)


def test_verify_asks_the_page_and_its_exit_status_is_the_answer(shell: Shell, served: None) -> None:
    url = shell.run("label", "DB").stderr.decode().strip().splitlines()[-1]
    good = shell.run("verify", url)
    assert good.returncode == 0, good.stderr
    assert good.stdout.decode().startswith("In order")
    code = url.rsplit("/", 1)[1]
    assert json.loads(shell.run("verify", code, "--json").stdout)["lot_code"] == "DB"
    unknown = shell.run("verify", "0000-0000-0000-0000")
    assert unknown.returncode == 1
    assert b"Unknown code" in unknown.stderr


def test_a_recall_is_tested_opened_and_reported_from_the_shell(shell: Shell) -> None:
    tested = shell.run("recall", "mock", "RL", "--organisation", "COOP", "-o", "test.pdf")
    assert tested.returncode == 0, tested.stderr
    assert b"MR-COOP-" in tested.stderr
    assert (shell.folder / "test.pdf").read_bytes().startswith(b"%PDF")
    found = json.loads(shell.run("lots", "--json").stdout)
    assert {lot["disposition"] for lot in found} == {"available"}
    opened = shell.run(
        "recall", "open", "RL", "--organisation", "COOP", "--reason", "Mould", "--lang", "fr", "-o", "r.pdf"
    )
    assert opened.returncode == 0, opened.stderr
    found = json.loads(shell.run("lots", "--json").stdout)
    assert {lot["code"] for lot in found if lot["disposition"] == "recalled"} == {"RL", "DB"}
    number = opened.stderr.decode().split(":", 1)[0]
    assert shell.run("recall", "report", number).stdout.startswith(b"%PDF")
    unknown = shell.run("recall", "report", "RC-NONE-2025-0001")
    assert (unknown.returncode, b"RC-NONE-2025-0001" in unknown.stderr) == (1, True)
