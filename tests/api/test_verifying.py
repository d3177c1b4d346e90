"""``filiere verify`` on files: every check with its answer, exit status 0, 1 or 2, and no network unless an address asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from domain.verification import BadKeys, parse_policy
from tests import published
from tests.api.hosting import Hosted, hosted

ROOT = Path(__file__).resolve().parents[2]
LABEL = published.label()
W1, W2 = (str(witness.verifier) for witness in published.WITNESSES)
POLICY = f"""# whom we trust
log {published.LOG.verifier} https://t.example.org
witness one {W1}
witness two {W2} https://w2.example

group both all one two
quorum both
"""


class Desk:
    """A folder with the files of a quality manager, and a terminal in it; ``net`` is off unless a test serves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file("keys.json", published.keys())
        self.file("unit.json", published.unit_bundle())
        self.file("lot.json", published.bundle())
        self.file("policy", POLICY)
        self.file("seal", published.PUBLISHED.checkpoint(900))

    def file(self, name: str, data: Any) -> str:
        body = (
            data if isinstance(data, bytes) else data.encode() if isinstance(data, str) else json.dumps(data).encode()
        )
        (self.folder / name).write_bytes(body)
        return name

    def verify(self, *words: str) -> tuple[int, str, str]:
        """Exit status, what was written, and what was complained of: in this process, which is a second quicker."""
        done = CliRunner().invoke(app, ["verify", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FILIERE_PUBLIC_URL", "http://127.0.0.1:9")
    return Desk(tmp_path)


def test_it_needs_no_database_and_no_network_in_a_process_of_its_own(desk: Desk) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-m", "api", "verify", *words]
        return subprocess.run(command, cwd=desk.folder, env=environment, capture_output=True, check=False, timeout=60)

    done = run(LABEL, "--keys", "keys.json")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("\u2713 1.")
    assert run(LABEL).returncode == 2
    assert run(published.label(9), "--keys", "keys.json").returncode == 1
    assert not list(desk.folder.glob("**/*.db"))


def test_a_proof_file_is_checked_in_nine_numbered_lines(desk: Desk) -> None:
    status, said, _ = desk.verify("unit.json", "--keys", "keys.json", "--checkpoint", "seal")
    assert status == 0, said
    marks = [line[:4] for line in said.splitlines()]
    assert marks[:9] == ["✓ 1.", "– 2.", "– 3.", "– 4.", "✓ 5.", "✓ 6.", "✓ 7.", "✓ 8.", "✓ 9."]
    assert "by 18\u00a0November 2026, 11:06\u00a0UTC, entry 700 of 900" in said
    assert said.splitlines()[-1].startswith("Issued and logged, state unknown. The log of t.example.org holds")


def test_the_whole_list_stands_though_one_check_fails(desk: Desk) -> None:
    bundle = published.unit_bundle()
    desk.file("bad.json", {**bundle, "event": bundle["event"].replace('"lot":"l"', '"lot":"m"')})
    status, said, _ = desk.verify("bad.json", "--keys", "keys.json", "--lang", "fr")
    assert status == 1
    assert [line[0] for line in said.splitlines()[:9]] == list("✓–––✓✓✓✗?")
    assert "La preuve ne tient pas" in said


def test_a_label_is_checked_with_keys_and_may_bring_its_proof(desk: Desk) -> None:
    assert desk.verify(LABEL, "--keys", "keys.json")[0] == 0
    assert desk.verify(f"HTTPS://T.EXAMPLE.ORG/L/{LABEL}", "--keys", "keys.json")[0] == 0
    desk.file("label.txt", f"{LABEL}\n")
    status, said, _ = desk.verify("label.txt", "--keys", "keys.json")
    assert status == 0
    assert "62.5\u00a0kg, 23\u00a0November 2026, Cocoa" in said
    two = published.label(2)
    status, said, _ = desk.verify(two, "--keys", "keys.json")
    assert (status, said.splitlines()[-1].split(".")[0]) == (1, "Look closer: key withdrawn")
    assert "Key 2 was withdrawn with effect from 1\u00a0December 2026, 00:00\u00a0UTC" in said
    assert desk.verify(two, "--keys", "keys.json", "--proof", "unit.json")[0] == 0
    assert desk.verify(two, "--keys", "keys.json", "--proof", "lot.json")[0] == 1  # of another code
    status, said, _ = desk.verify(published.label(9), "--keys", "keys.json")
    assert (status, "names key 9" in said) == (1, True)
    status, said, _ = desk.verify(f"https://evil.example/L/{LABEL}", "--keys", "keys.json")
    assert (status, "evil.example" in said) == (1, True)


def test_a_code_is_read_and_proves_nothing(desk: Desk) -> None:
    status, said, _ = desk.verify(published.TYPED, "--keys", "keys.json")
    assert (status, said.splitlines()[-1].split(".")[0]) == (1, "Code complete, nothing proven")
    assert desk.verify(published.TYPED, "--keys", "keys.json", "--proof", "unit.json")[0] == 0
    status, _, complaint = desk.verify("Z" + published.TYPED[1:])
    assert (status, "mistyped" in complaint) == (1, True)  # before anybody is asked


def test_a_plain_proof_comes_with_its_event(desk: Desk) -> None:
    desk.file("e.tlog-proof", published.PUBLISHED.proof(published.PUBLISHED.events[5]))
    desk.file("event.json", published.PUBLISHED.events[5])
    assert desk.verify("e.tlog-proof", "--event", "event.json", "--policy", "policy")[0] == 0
    desk.file("other.json", published.PUBLISHED.events[6])
    assert desk.verify("e.tlog-proof", "--event", "other.json", "--policy", "policy")[0] == 1
    status, _, complaint = desk.verify("e.tlog-proof", "--policy", "policy")
    assert (status, "--event" in complaint) == (2, True)


def test_ones_own_policy_counts_more_than_what_the_deployment_names(desk: Desk) -> None:
    desk.file("one.json", published.unit_bundle(witnesses=published.WITNESSES[:1]))
    assert desk.verify("one.json", "--keys", "keys.json")[0] == 0
    status, said, _ = desk.verify("one.json", "--keys", "keys.json", "--policy", "policy")
    assert (status, said.splitlines()[6][:4]) == (1, "✗ 7.")
    desk.file("else", POLICY.replace(str(published.LOG.verifier), str(published.OTHER_LOG.verifier)))
    assert desk.verify("unit.json", "--policy", "else")[0] == 1


def test_the_answer_as_json(desk: Desk) -> None:
    status, said, _ = desk.verify(LABEL, "--keys", "keys.json", "--proof", "unit.json", "--json")
    found = json.loads(said)
    assert (status, found["verdict"], found["in_order"]) == (0, "proven", True)
    assert [one["number"] for one in found["checks"]] == list(range(1, 10))
    assert found["label"] == {"key": 1, "packed": "2026-11-23", "net_g": 62500, "commodity": 3}
    assert found["log"]["at"] == "2026-11-18T11:06:40Z"


def test_without_keys_or_with_none_that_can_be_read_there_is_no_verdict(desk: Desk) -> None:
    for words in (
        (LABEL,),
        ("unit.json",),
        (LABEL, "--policy", "policy"),
        (LABEL, "--keys", "unit.json"),
        ("unit.json", "--keys", "nowhere.json"),
        ("unit.json", "--policy", "keys.json"),
        (published.TYPED, "--proof", "unit.json"),
    ):
        status, said, complaint = desk.verify(*words)
        assert (status, said) == (2, ""), words
        assert complaint
        assert "Traceback" not in complaint


@pytest.fixture
def host(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    served = hosted(empty_sqlite, tmp_path_factory.mktemp("host"))
    yield served
    served.close()


def test_a_proof_is_fetched_by_its_address_and_the_log_followed_over_its_tiles(desk: Desk, host: Hosted) -> None:
    host.prove(published.unit_bundle())
    host.publish(published.keys(host=host.url), size=900)
    address = f"{host.url}/l/{published.CODE}/proof"
    assert desk.verify(address)[0] == 0
    desk.file("old", published.PUBLISHED.checkpoint(715))
    status, said, _ = desk.verify(address, "--checkpoint", "old")
    assert (status, said.splitlines()[8][:4]) == (0, "✓ 9.")
    assert "a seal of 715 entries" in said
    forked = published.Published(events=[b"{}", *published.PUBLISHED.events[1:]])
    desk.file("old", forked.checkpoint(715))
    status, said, _ = desk.verify(address, "--checkpoint", "old")
    assert (status, said.splitlines()[8][:4]) == (1, "✗ 9.")
    status, _, complaint = desk.verify(f"{host.url}/l/0000000000000000/proof")
    assert (status, "404" in complaint) == (2, True)


def test_a_policy_is_read_as_its_specification_has_it() -> None:
    found = parse_policy(POLICY.encode())
    assert (found.origin, found.quorum, len(found.witnesses)) == (published.ORIGIN, 2, 2)
    assert parse_policy(POLICY.replace("both all", "both any").encode()).quorum == 1
    assert parse_policy(POLICY.replace("quorum both", "quorum one").encode()).witnesses[0].name == "w1.example"
    assert parse_policy(POLICY.replace("quorum both", "quorum none").encode()).witnesses == ()
    for bad in (
        POLICY.replace("quorum both", ""),
        POLICY.replace("quorum both", "quorum three"),
        POLICY.replace("both all", "both 3"),
        POLICY.replace("all one two", "all one three"),
        POLICY + "group more all both\nquorum more\n",
        POLICY.replace("log ", "lgo "),
        POLICY.replace(W2, W1),
        POLICY.replace("one", "none"),
        POLICY + f"log {published.SignerKey('another', 1, bytes(32)).verifier}\n",
    ):
        with pytest.raises(BadKeys):
            parse_policy(bad.encode())
