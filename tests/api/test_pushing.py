# ruff: noqa: F811 - a fixture of another module
"""The log asks witnesses for cosignatures, over real HTTP, on both databases; what a bad witness answers changes nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from starlette.requests import Request as Asked
from typer.testing import CliRunner

import ledger.log
import models
from api import cli_log, witness_server
from api.cli import app as filiere
from api.pushing import Pusher
from api.sealing import Sealer
from api.witness import NotWitnessed, Seen, file_of, witness
from api.witness_server import add_checkpoint, application, latest, logs_of
from domain.merkle import consistency_proof, nodes_of_leaves, root_of
from domain.note import (
    COSIGNATURE,
    BadNote,
    Checkpoint,
    SignerKey,
    cosign,
    parse_checkpoint,
    parse_note,
    sign_note,
    verify_checkpoint,
    verify_note,
)
from domain.witness import MOST_ANSWERED, SIZE_TYPE, NotCosigned, Request, Trouble, Why
from ledger.keys import Keys
from ledger.log import SealedLog, cosigned, known_keys, open_log, rotate_label_key, rotate_log_key, seal, standing
from ledger.record import Recorder
from ledger.witnesses import asked, due, name
from models.base import table
from models.db import system_session
from tests.api.conftest import Clock
from tests.api.test_events import Trade, trade  # noqa: F401 - fixture
from tests.domain.notes import LEAVES, LOG, ORIGIN, TIME
from tests.ledger.season import Chain
from tests.ledger.test_log import deliveries, tamper

WITNESS = SignerKey("witness.example.org", COSIGNATURE, bytes(range(32)))
OTHER = SignerKey("other.example.org", COSIGNATURE, bytes(32))
SHORT = 0.3
"""Seconds that a bad witness has to answer in these tests."""


class Outside:
    """A machine outside with a port: whatever stands behind it can be exchanged. Counts what it was asked."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.app: Any = None
        self.asked: list[str] = []
        config = uvicorn.Config(self, port=self.port, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        await self.app(scope, receive, send)

    def stop(self) -> None:
        self._server.force_exit = self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture(scope="module")
def machine() -> Iterator[Outside]:
    held = Outside()
    yield held
    held.stop()


@pytest.fixture
def outside(machine: Outside) -> Outside:
    machine.app = None
    machine.asked.clear()
    return machine


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(recorder: Recorder, clock: Clock, tmp_path: Path) -> SealedLog:
    """A log of the notices with which it begins, sealed."""
    told = replace(recorder, host="https://t.example.org", clock=clock)
    held = SealedLog(told, Keys(tmp_path / "keys"), tmp_path / "log", tmp_path / "last")
    open_log(held)
    seal(held)
    return held


@pytest.fixture
def chain(log: SealedLog) -> Chain:
    return Chain(log.recorder)


def more(log: SealedLog) -> int:
    """More notices, sealed: the size of the log."""
    rotate_label_key(log)
    sealed = seal(log)
    assert sealed is not None
    return sealed.checkpoint.size


def serve(log: SealedLog, folder: Path, signer: SignerKey = WITNESS) -> Any:
    """A witness of this log, with what it keeps in a folder."""
    with system_session(log.recorder.database, write=False) as session:
        keys = [str(item.key) for item in known_keys(session).log]
    folder.mkdir(exist_ok=True)
    return application(signer, logs_of(keys), folder, now=lambda: log.recorder.clock() / 1000)


def always(status: int = 200, body: bytes = b"", media: str = "text/plain", **headers: str) -> Any:
    """A server that answers one thing, whatever it is asked."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        named = [(b"content-type", media.encode()), *((key.encode(), value.encode()) for key, value in headers.items())]
        await send({"type": "http.response.start", "status": status, "headers": named})
        await send({"type": "http.response.body", "body": body})

    return answer


def standing_of(log: SealedLog) -> tuple[tuple[str, int, int], ...]:
    with system_session(log.recorder.database, write=False) as session:
        return standing(session).witnesses


def state(log: SealedLog) -> Any:
    with system_session(log.recorder.database, write=False) as session:
        (one,) = asked(session)
        return one


def cosigned_by(log: SealedLog) -> list[str]:
    """Who cosigned the published checkpoint, verified."""
    with system_session(log.recorder.database, write=False) as session:
        policy = known_keys(session).policy()
    return [who for who, _ in verify_checkpoint((log.folder / "checkpoint").read_bytes(), policy).seen]


def size_of(log: SealedLog) -> int:
    return parse_checkpoint(parse_note(log.last.read_bytes()).text).size


# --- the way it should go ---


def test_a_new_checkpoint_is_cosigned_published_and_counted(log: SealedLog, outside: Outside, tmp_path: Path) -> None:
    outside.app = serve(log, tmp_path / "w")
    name(log, str(WITNESS.verifier), f"{outside.url}/")
    seal(log)
    Pusher(log).once()
    size, at = size_of(log), log.recorder.clock()
    assert cosigned_by(log) == ["witness.example.org"]
    assert standing_of(log) == (("witness.example.org", at, size),)
    assert (state(log).size, state(log).trouble, state(log).failures) == (size, None, 0)
    assert due(log) == []
    Pusher(log).once()
    assert len(outside.asked) == 1  # nothing new, nobody asked
    for _ in range(2):
        size = more(log)
        Pusher(log).once()
        assert (state(log).size, cosigned_by(log)) == (size, ["witness.example.org"])
    assert outside.asked == ["/add-checkpoint"] * 3  # from the size that is remembered: no 409 on the way


def test_the_page_says_who_saw_it_and_readiness_who_did_not(trade: Trade, outside: Outside, tmp_path: Path) -> None:
    held: SealedLog = trade.house.app.state.log
    sealer: Sealer = trade.house.app.state.sealer
    open_log(held)
    trade.chain()
    code = trade.keys["EXP"].post("/v1/lots/X/labels").json()["code"]
    name(held, str(WITNESS.verifier), outside.url)
    sealer.once()
    outside.app = always(503)
    Pusher(held).once()
    sealer.look()
    anybody = trade.house.client()
    assert anybody.get("/readyz").json()["witnesses"] == "1 did not cosign: see filiere log status"
    assert "Outside witnesses: 0." in anybody.get(f"/l/{code}").text
    outside.app = serve(held, tmp_path / "w")
    trade.house.clock.turn(minutes=1)
    Pusher(held).once()
    sealer.look()
    assert "witnesses" not in anybody.get("/readyz").json()
    assert "Outside witnesses: 1." in anybody.get(f"/l/{code}").text


def test_a_witness_that_saw_less_or_more_tells_its_size_and_is_asked_from_there(
    log: SealedLog, outside: Outside, tmp_path: Path
) -> None:
    folder = tmp_path / "w"
    outside.app = serve(log, folder)
    name(log, str(WITNESS.verifier), outside.url)
    seal(log)
    Pusher(log).once()
    shutil.copytree(folder, tmp_path / "copy")
    more(log)
    Pusher(log).once()
    outside.app = serve(log, tmp_path / "copy")  # the witness was restored from a backup
    size = more(log)
    outside.asked.clear()
    Pusher(log).once()
    assert (len(outside.asked), state(log).size, cosigned_by(log)) == (2, size, ["witness.example.org"])
    outside.app = serve(log, tmp_path / "new")  # it lost everything
    size = more(log)
    Pusher(log).once()
    assert (state(log).size, cosigned_by(log)) == (size, ["witness.example.org"])
    name(log, str(WITNESS.verifier), outside.url)  # the log does not remember
    assert state(log).size == 0
    size = more(log)
    Pusher(log).once()
    assert (state(log).size, cosigned_by(log), state(log).trouble) == (size, ["witness.example.org"], None)


def test_after_a_new_log_key_the_witness_says_that_it_does_not_know_it(
    log: SealedLog, outside: Outside, tmp_path: Path, clock: Clock
) -> None:
    outside.app = serve(log, tmp_path / "w")
    name(log, str(WITNESS.verifier), outside.url)
    rotate_log_key(log)
    seal(log)
    Pusher(log).once()
    assert (state(log).trouble, cosigned_by(log)) == (Trouble.NOT_SIGNED, [])
    outside.app = serve(log, tmp_path / "w")  # its operator named the new one
    clock.turn(minutes=1)
    Pusher(log).once()
    assert cosigned_by(log) == ["witness.example.org"]


# --- witnesses that cannot be relied upon ---


def refusals(log: SealedLog, outside: Outside, good: Any) -> dict[str, tuple[Any, Trouble]]:
    """Answers of a bad witness, and what the log makes of them."""
    text = parse_note(log.last.read_bytes()).text
    at = log.recorder.clock() // 1000
    line = str(cosign(text, WITNESS, at)).encode()
    impostor = SignerKey(WITNESS.name, COSIGNATURE, bytes(32))
    of_another_tree = str(Checkpoint(parse_checkpoint(text).origin, size_of(log), bytes(32)))

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(SHORT + 1)
        await good(scope, receive, send)

    async def dripping(scope: Any, receive: Any, send: Any) -> None:
        """Each byte comes in good time; the whole never."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for byte in line:
            await asyncio.sleep(SHORT / 5)
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": bytes(MOST_ANSWERED), "more_body": True})

    async def contrary(scope: Any, receive: Any, send: Any) -> None:
        """Another size each time."""
        old = int((await Asked(scope, receive).body()).split(b"\n")[0].split()[1])
        await always(409, b"%d\n" % (old + 1 if old < 2 else 0), SIZE_TYPE)(scope, receive, send)

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith("/good"):
            await good({**scope, "path": scope["path"].removeprefix("/good")}, receive, send)
        else:
            await always(307, location=f"{outside.url}/good/add-checkpoint")(scope, receive, send)

    return {
        "rubbish": (always(body=b"<html>not found</html>"), Trouble.NOT_COSIGNED),
        "nothing": (always(), Trouble.NOT_COSIGNED),
        "a stranger's signature": (always(body=str(cosign(text, OTHER, at)).encode()), Trouble.NOT_COSIGNED),
        "its name, another key": (always(body=str(cosign(text, impostor, at)).encode()), Trouble.NOT_COSIGNED),
        "spoilt": (always(body=line[:60] + (b"B" if line[60:61] == b"A" else b"A") + line[61:]), Trouble.NOT_COSIGNED),
        "of another tree": (always(body=str(cosign(of_another_tree, WITNESS, at)).encode()), Trouble.NOT_COSIGNED),
        "of a time to come": (always(body=str(cosign(text, WITNESS, at + 3600)).encode()), Trouble.NOT_COSIGNED),
        "packed": (always(body=gzip.compress(line), **{"content-encoding": "gzip"}), Trouble.NOT_COSIGNED),
        "much": (always(body=line + bytes(MOST_ANSWERED)), Trouble.TOO_LONG),
        "endless": (endless, Trouble.TOO_LONG),
        "slow": (slow, Trouble.SLOW),
        "dripping": (dripping, Trouble.SLOW),
        "elsewhere": (elsewhere, Trouble.REDIRECT),
        "busy": (always(503, b"later"), Trouble.STATUS),
        "a size that is none": (always(409, b"many\n", SIZE_TYPE), Trouble.STATUS),
        "contrary": (contrary, Trouble.STATUS),
        "ahead": (always(409, b"1000000\n", SIZE_TYPE), Trouble.AHEAD),
        "unknown": (always(404), Trouble.UNKNOWN_LOG),
    }  # fmt: skip


def test_what_a_bad_witness_answers_changes_nothing_and_is_said_once(
    log: SealedLog, outside: Outside, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    good = serve(log, tmp_path / "w")
    name(log, str(WITNESS.verifier), outside.url)
    seal(log)
    published = (log.folder / "checkpoint").read_bytes()
    for what, (answers, trouble) in refusals(log, outside, good).items():
        outside.app = answers
        caplog.clear()
        began = time.monotonic()
        Pusher(log, SHORT).once(patient=False)
        assert time.monotonic() - began < 3 * SHORT + 1, what
        assert (state(log).trouble, state(log).size) == (trouble, 0), what
        assert (log.folder / "checkpoint").read_bytes() == published, what
        assert standing_of(log) == (), what
        assert not any(path.startswith("/good") for path in outside.asked), what
    assert list((tmp_path / "w").glob("*.json")) == []  # no redirect was followed
    failures = state(log).failures
    assert (failures, state(log).failing_since) == (18, clock())
    outside.app = always(404)
    caplog.clear()
    Pusher(log, SHORT).once()
    assert state(log).failures == failures  # it rests
    clock.turn(minutes=16)
    Pusher(log, SHORT).once()
    assert state(log).failures == failures + 1
    assert caplog.records == []  # the same trouble as before
    outside.app = good
    clock.turn(minutes=16)
    with caplog.at_level(logging.WARNING):
        Pusher(log).once()
    assert [record.getMessage() for record in caplog.records] == [
        f"Witness witness.example.org ({outside.url}) cosigns again."
    ]
    assert (state(log).failures, state(log).failing_since, cosigned_by(log)) == (0, None, ["witness.example.org"])


def test_a_failure_is_said_when_it_changes(log: SealedLog, outside: Outside, caplog: pytest.LogCaptureFixture) -> None:
    name(log, str(WITNESS.verifier), outside.url)
    seal(log)
    for status in (404, 404, 422, 422, 404):
        outside.app = always(status)
        Pusher(log).once(patient=False)
    said = [record.getMessage().partition("does not cosign: ")[2] for record in caplog.records]
    assert [one.split(":")[0] for one in said] == [
        "it does not know this log",
        "IT SAYS THAT THE LOG WAS REWRITTEN",
        "it does not know this log",
    ]


def test_a_trouble_of_another_release_stops_nothing(log: SealedLog) -> None:
    name(log, str(WITNESS.verifier), "https://w.example.org")
    with system_session(log.recorder.database, write=True) as session:
        session.connection().execute(sa.update(table(models.WitnessAddress)).values(trouble="of tomorrow"))
    assert state(log).trouble is Trouble.STATUS


def test_nobody_listens(log: SealedLog) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        name(log, str(WITNESS.verifier), f"http://127.0.0.1:{free.getsockname()[1]}")
        Pusher(log, SHORT).once()
    assert state(log).trouble is Trouble.UNREACHABLE


def test_a_dead_witness_holds_up_neither_sealing_nor_writers_nor_the_others(
    log: SealedLog, chain: Chain, outside: Outside, tmp_path: Path
) -> None:
    asked_for = threading.Event()
    good = serve(log, tmp_path / "w")

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith("/dead"):
            asked_for.set()
            await asyncio.sleep(30)
        else:
            await good(scope, receive, send)

    outside.app = answer
    name(log, str(OTHER.verifier), f"{outside.url}/dead")
    name(log, str(WITNESS.verifier), outside.url)
    sealer = Sealer(log, 0.1)  # type: ignore[arg-type]
    sealer.start()
    try:
        assert asked_for.wait(10)
        for number in range(2):  # the dead one keeps its request all this time
            began, before = time.monotonic(), size_of(log)
            deliveries(chain, 1, number)
            while size_of(log) == before or cosigned_by(log) != ["witness.example.org"]:
                assert time.monotonic() - began < 5, number
                time.sleep(0.02)
    finally:
        began = time.monotonic()
        sealer.stop()
    assert time.monotonic() - began < 3
    assert outside.asked.count("/dead/add-checkpoint") == 1


def test_a_cosignature_that_comes_while_the_next_is_signed_does_not_put_the_older_one_back(
    log: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    name(log, str(WITNESS.verifier), None)
    seal(log)
    text = parse_note(log.last.read_bytes()).text
    line = cosign(text, WITNESS, log.recorder.clock() // 1000)
    writing, done, real = threading.Event(), threading.Event(), ledger.log.write_public

    def slow(path: Path, data: bytes) -> None:
        if path.name == "checkpoint" and not writing.is_set():
            writing.set()
            done.wait(0.5)  # the next one is published meanwhile, if it can be
        real(path, data)

    monkeypatch.setattr(ledger.log, "write_public", slow)
    taker = threading.Thread(target=cosigned, args=(log, f"{text}\n{line}".encode()))
    taker.start()
    assert writing.wait(5)
    size = more(log)
    done.set()
    taker.join()
    assert parse_checkpoint(parse_note((log.folder / "checkpoint").read_bytes()).text).size == size


# --- a rewritten history ---


def run(log: SealedLog, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """The command, in the deployment of this log."""
    monkeypatch.setattr(cli_log, "_opened", lambda: log)
    return CliRunner().invoke(filiere, list(words))


def test_a_rewritten_history_is_refused_and_the_status_says_so(
    log: SealedLog, chain: Chain, outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    deliveries(chain, 2)
    outside.app = serve(log, tmp_path / "w")
    told = run(log, monkeypatch, "keys", "witness", str(WITNESS.verifier), "--url", outside.url)
    assert (told.exit_code, "cosigned at" in told.output) == (0, True)
    assert f"asked at {outside.url}" in run(log, monkeypatch, "keys", "list").output
    assert f"Asked witness.example.org ({outside.url})" in run(log, monkeypatch, "log", "status").output
    (file,) = (tmp_path / "w").glob("*.json")
    kept = file.read_bytes()
    # Who owns database, files and key makes another history of it, and it is sound in itself.
    tamper(
        log,
        "UPDATE event SET body = replace(body, '60', '61') WHERE seq = (SELECT min(seq) FROM event)",
        "DELETE FROM log_entry",
        "DELETE FROM log_checkpoint",
        "DELETE FROM cosignature",
    )
    shutil.rmtree(log.folder)
    log.last.unlink()
    deliveries(chain, 1, 2)
    clock.turn(minutes=1)
    told = run(log, monkeypatch, "log", "seal")
    assert told.exit_code == 0, told.output
    assert "THE LOG WAS REWRITTEN" in told.output
    assert (state(log).trouble, cosigned_by(log), standing_of(log)) == (Trouble.INCONSISTENT, [], ())
    assert file.read_bytes() == kept  # the evidence
    said = run(log, monkeypatch, "log", "status").output
    assert "NOT COSIGNED by witness.example.org" in said
    assert "THE LOG WAS REWRITTEN" in said
    assert "No witness outside has seen it" in said
    (plain,) = json.loads(run(log, monkeypatch, "log", "status", "--json").output)["asked"]
    assert (plain["trouble"], plain["url"]) == ("inconsistent", outside.url)


def test_an_address_is_changed_taken_away_and_forgotten_with_its_witness(
    log: SealedLog, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = str(WITNESS.verifier)
    for bad in ("http://w.example.org", "https://u@w.example.org"):
        with pytest.raises(ValueError, match="address of a witness"):
            name(log, key, bad)
    with system_session(log.recorder.database, write=False) as session:
        assert known_keys(session).witnesses == ()  # nothing entered for ever before the address was good
    assert name(log, key, None) == WITNESS.verifier
    assert due(log) == []
    assert name(log, key, "https://w.example.org/a/") is None
    assert state(log).url == "https://w.example.org/a"
    outside.app = always(404)
    assert "The address is changed." in run(log, monkeypatch, "keys", "witness", key, "--url", outside.url).output
    assert state(log).failures == 1
    assert run(log, monkeypatch, "keys", "witness", key, "--url", "").exit_code == 0
    assert due(log) == []
    name(log, key, outside.url)
    assert run(log, monkeypatch, "keys", "witness", key, "--remove").exit_code == 0
    with system_session(log.recorder.database, write=False) as session:
        assert session.execute(sa.select(table(models.WitnessAddress))).all() == []
        assert outside.url not in json.dumps([row.body for row in session.execute(sa.select(table(models.LogNotice)))])


# --- the witness as a server ---


def told(size: int, old: int = 0, **more: Any) -> Request:
    text = str(Checkpoint(ORIGIN, size, root_of(LEAVES[:size])))
    proof = tuple(consistency_proof(old, size, nodes_of_leaves(LEAVES[:size])))
    return replace(Request(old, proof, bytes(sign_note(text, LOG))), **more)


LOGS = {ORIGIN: [LOG.verifier]}


def test_the_server_answers_as_the_protocol_has_it(outside: Outside, tmp_path: Path) -> None:
    outside.app = application(WITNESS, LOGS, tmp_path, now=lambda: TIME, seconds=SHORT)
    digest = sha256(ORIGIN.encode()).hexdigest()
    with httpx.Client(base_url=outside.url) as client:

        def post(data: bytes | Request) -> tuple[int, str, str]:
            answer = client.post("/add-checkpoint", content=bytes(data))
            return answer.status_code, answer.headers["content-type"], answer.text

        assert client.get(f"/{digest}/checkpoint").status_code == 404
        status, _, line = post(told(10))
        assert (status, line) == (200, str(cosign(str(Checkpoint(ORIGIN, 10, root_of(LEAVES[:10]))), WITNESS, TIME)))
        assert post(told(20)) == (409, "text/x.tlog.size", "10\n")
        assert post(told(20, 10))[0] == 200
        assert post(told(20, 20))[0] == 200  # the same again
        assert post(told(20, 10)) == (409, "text/x.tlog.size", "20\n")
        assert post(b"")[0] == 400
        assert post(replace(told(20, 10), old=21))[0] == 400
        assert post(told(30, 20, checkpoint=told(30).checkpoint.replace(b"\n30\n", b"\n31\n")))[0] == 403
        other = bytes(sign_note(str(Checkpoint("x.example", 1, bytes(32))), replace(LOG, name="x.example")))
        assert post(Request(0, (), other))[0] == 404
        assert post(told(30, 20, proof=()))[0] == 422
        assert post(b"x" * ((1 << 20) + 1))[0] == 413
        assert client.get("/add-checkpoint").status_code == 405
        shown = client.get(f"/{digest}/checkpoint").content
        known = verify_note(parse_note(shown), [LOG.verifier, WITNESS.verifier])
        assert [one.key for one in known] == [LOG.verifier, WITNESS.verifier]
        assert parse_checkpoint(parse_note(shown).text).size == 20
        assert client.get(f"/{digest.upper()}/checkpoint").status_code == 404

        def never() -> Iterator[bytes]:
            yield b"old"
            time.sleep(SHORT + 0.3)
            yield b" 0\n"

        assert client.post("/add-checkpoint", content=never()).status_code == 408


def test_nothing_is_given_out_that_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_checkpoint(bytes(told(10)), LOGS, WITNESS, tmp_path, TIME)
    kept = file_of(tmp_path, ORIGIN).read_bytes()

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("api.witness.write_private", full)
    with pytest.raises(OSError):
        add_checkpoint(bytes(told(20, 10)), LOGS, WITNESS, tmp_path, TIME)
    assert file_of(tmp_path, ORIGIN).read_bytes() == kept


def test_of_two_requests_at_once_one_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the same last checkpoint; whoever comes second is told that it is not the last any more."""
    add_checkpoint(bytes(told(10)), LOGS, WITNESS, tmp_path, TIME)
    real: Callable[..., bool] = witness_server.exchange

    def interrupted(*given: Any) -> bool:
        monkeypatch.setattr(witness_server, "exchange", real)
        add_checkpoint(bytes(told(30, 10)), LOGS, WITNESS, tmp_path, TIME)
        return real(*given)

    monkeypatch.setattr(witness_server, "exchange", interrupted)
    with pytest.raises(NotCosigned) as refused:
        add_checkpoint(bytes(told(20, 10)), LOGS, WITNESS, tmp_path, TIME)
    assert (refused.value.why, refused.value.size) == (Why.OTHER_SIZE, 30)
    last = Seen.read(file_of(tmp_path, ORIGIN)).last
    assert last is not None and last.size == 30


def test_two_threads_never_cosign_two_histories_of_one_log(tmp_path: Path) -> None:
    """Before the first checkpoint, too, when there is no file yet to compare with."""
    for round_ in range(10):
        folder = tmp_path / str(round_)
        folder.mkdir()
        start, given = threading.Barrier(2), list[int]()
        others = [sha256(leaf).digest() for leaf in LEAVES[:20]]
        rewritten = Request(0, (), bytes(sign_note(str(Checkpoint(ORIGIN, 20, root_of(others))), LOG)))

        def ask(request: Request, start: Any = start, folder: Path = folder, given: list[int] = given) -> None:
            start.wait()
            try:
                add_checkpoint(bytes(request), LOGS, WITNESS, folder, TIME)
                given.append(1)
            except NotCosigned:
                pass

        threads = [threading.Thread(target=ask, args=(one,)) for one in (told(20), rewritten)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sum(given) == 1


def test_a_log_that_is_first_watched_while_it_asks_has_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no file yet, and the one who watches makes it under another name than the one who is asked."""
    real: Callable[..., bool] = witness_server.exchange

    def interrupted(*given: Any) -> bool:
        monkeypatch.setattr(witness_server, "exchange", real)
        files = {"checkpoint": told(30).checkpoint}
        assert witness(files.__getitem__, WITNESS, tmp_path / "url.json", [str(LOG.verifier)], now=lambda: TIME)
        return real(*given)

    monkeypatch.setattr(witness_server, "exchange", interrupted)
    with pytest.raises(NotCosigned) as refused:
        add_checkpoint(bytes(told(20)), LOGS, WITNESS, tmp_path, TIME)
    assert (refused.value.why, refused.value.size) == (Why.OTHER_SIZE, 30)
    assert [path.name for path in tmp_path.glob("*.json")] == ["url.json"]


@pytest.mark.parametrize("named", ["url.json", None])
def test_a_spoilt_file_is_never_taken_for_none(tmp_path: Path, named: str | None) -> None:
    add_checkpoint(bytes(told(10)), LOGS, WITNESS, tmp_path, TIME)
    path = file_of(tmp_path, ORIGIN)
    path = path.rename(path.with_name(named or path.name))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError):
        add_checkpoint(bytes(told(10)), LOGS, WITNESS, tmp_path, TIME)
    assert list(tmp_path.glob("*.json")) == [path]


def test_a_witness_that_watches_and_one_that_is_asked_keep_one_file(tmp_path: Path) -> None:
    leaves = {"at": 10}

    def get(path: str) -> bytes:
        size = leaves["at"]
        if path == "checkpoint":
            return told(size).checkpoint
        assert path == f"tile/0/000.p/{size}"
        return b"".join(LEAVES[:size])

    url = tmp_path / "log_example_org.json"
    assert witness(get, WITNESS, url, [str(LOG.verifier)], now=lambda: TIME) is not None
    with pytest.raises(NotCosigned):  # it was seen at 10
        add_checkpoint(bytes(told(20)), LOGS, WITNESS, tmp_path, TIME)
    add_checkpoint(bytes(told(20, 10)), LOGS, WITNESS, tmp_path, TIME)
    with pytest.raises(NotWitnessed, match="cut off"):
        witness(get, WITNESS, url, [], now=lambda: TIME)
    leaves["at"] = 20
    assert witness(get, WITNESS, url, [], now=lambda: TIME) is None
    leaves["at"] = 30
    assert witness(get, WITNESS, url, [], now=lambda: TIME) is not None
    assert [path.name for path in tmp_path.glob("*.json")] == [url.name]
    assert latest(sha256(ORIGIN.encode()).hexdigest(), LOGS, WITNESS, tmp_path) is not None
    url.rename(tmp_path / "another.json")  # asked first, then watching
    leaves["at"] = 40
    assert witness(get, WITNESS, url, [], now=lambda: TIME) is not None
    assert [path.name for path in tmp_path.glob("*.json")] == ["another.json"]


def test_logs_are_named_by_keys_that_logs_have() -> None:
    assert logs_of([str(LOG.verifier)]) == LOGS
    for bad in (str(WITNESS.verifier), "x"):
        with pytest.raises(BadNote):
            logs_of([bad])


def test_the_command_listens_for_the_logs_that_it_is_told_of(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening: dict[str, Any] = {}

    def run(app: Any, **options: Any) -> None:
        outside.app = app
        listening.update(options)

    monkeypatch.setattr(uvicorn, "run", run)
    runner, folder = CliRunner(), str(tmp_path / "w")
    words = ["witness", "--listen", "[::1]:8100", "--log", str(LOG.verifier), "--name", "w.example", "--folder", folder]
    said = runner.invoke(filiere, words)
    assert said.exit_code == 0, said.output
    assert (listening["host"], listening["port"]) == ("::1", 8100)
    assert "Witness w.example+" in said.output
    assert f"Cosigns {ORIGIN}" in said.output
    answer = httpx.post(f"{outside.url}/add-checkpoint", content=bytes(told(10)))
    assert answer.text.startswith("— w.example ")
    log_too = ["--log", str(LOG.verifier)]
    for bad in (
        [],
        ["https://t.example.org", "--listen", "127.0.0.1:1", *log_too],
        ["--listen", "127.0.0.1:1"],
        ["https://t.example.org", *log_too],
        ["--listen", "8100", *log_too],
        ["--listen", "127.0.0.1:0", *log_too],
    ):
        assert runner.invoke(filiere, ["witness", *bad, "--folder", folder]).exit_code == 2, bad
