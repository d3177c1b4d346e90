"""The transparency log beside the ledger: sealing, proofs, tampering, restored copies, keys; on both databases."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain.log import Stored, published_salt
from domain.merkle import leaf_hash, nodes_of_tiles, root
from domain.note import (
    COSIGNATURE,
    BadNote,
    SignerKey,
    cosign,
    encode_base64,
    parse_checkpoint,
    parse_note,
    parse_proof,
    verify_proof,
)
from domain.witness import KnownLog, NotCosigned, Request, Why, decide
from ledger.audit import audit, leaf_of, repeated_wrongly
from ledger.keys import Keys, KeysUnsafe
from ledger.log import (
    CannotSeal,
    SealedLog,
    compromised,
    cosigned,
    dismiss_witness,
    known_keys,
    label_key,
    name_witness,
    open_log,
    pin,
    proof_of,
    read_tile,
    reopen,
    rotate_label_key,
    rotate_log_key,
    seal,
    standing,
    stored,
)
from ledger.record import Recorder
from ledger.units import label_units
from models.base import table
from models.db import Database, migration_connection, system_session
from tests.builders import uid
from tests.ledger.season import Chain
from tests.ledger.test_units import packed

_EVENT, _ENTRY = table(models.Event), table(models.LogEntry)
WITNESS = SignerKey("witness.example.org", COSIGNATURE, bytes(range(32)))


@pytest.fixture
def log(recorder: Recorder, tmp_path: Path) -> SealedLog:
    """A log that is open, before the first event."""
    held = SealedLog(
        replace(recorder, host="https://t.example.org"), Keys(tmp_path / "keys"), tmp_path / "log", tmp_path / "last"
    )
    open_log(held)
    return held


@pytest.fixture
def chain(log: SealedLog) -> Chain:
    return Chain(log.recorder)


def deliveries(chain: Chain, count: int, begin: int = 0) -> None:
    for number in range(begin, begin + count):
        chain.ok(chain.deliver(f"D{number}", 60 + number))


def rows(log: SealedLog) -> list[Any]:
    with system_session(log.recorder.database, write=False) as session:
        return list(session.execute(sa.select(_EVENT).order_by(_EVENT.c.seq)))


def tamper(log: SealedLog, *statements: str, **values: Any) -> None:
    """As somebody who owns the database: its triggers do not hold him."""
    database = log.recorder.database
    with migration_connection(database) as connection:
        names = ("event", "log_entry", "log_notice", "log_checkpoint")
        if database.is_postgresql:
            for name in names:
                connection.execute(sa.text(f"ALTER TABLE {name} DISABLE TRIGGER ALL"))
                connection.execute(sa.text(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"))
            connection.execute(sa.text("SELECT set_config('app.system', 'on', false)"))
        else:
            connection.execute(sa.text("PRAGMA foreign_keys=OFF"))
            for name in names:
                for act in ("update", "delete"):
                    connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}_no_{act}"))
        for statement in statements:
            bound = {key: value for key, value in values.items() if f":{key}" in statement}
            connection.execute(sa.text(statement), bound)
        connection.commit()


def faults(log: SealedLog, **more: Any) -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.seq) for fault in audit(log, **more).faults]


# --- sealing and proofs ---


def test_an_event_is_proven_by_record_checkpoint_and_salt(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 3)
    sealed = seal(log)
    assert sealed is not None
    assert sealed.checkpoint.size == 6  # three notices: opened, the log's key, the first key of labels
    with system_session(log.recorder.database, write=False) as session:
        policy = known_keys(session).policy()
    for row in rows(log):
        found = proof_of(log, row.org_id, row.seq)
        assert found is not None
        proven = verify_proof(found.proof, found.record, policy)
        assert (proven.index, proven.size) == (found.index, 6)
        record = json.loads(found.record)
        assert record["event"] == json.loads(row.body)
        assert (record["org"], record["seq"], record["received_at"]) == (row.org_id, row.seq, row.received_at)
        assert row.actor.encode() not in found.record
        assert bytes(row.salt) not in found.proof
        with pytest.raises(BadNote):
            verify_proof(found.proof, found.record.replace(b'"seq":', b'"seq": '), policy)
    assert faults(log) == []


def test_nothing_new_is_not_signed_again(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 1)
    assert seal(log) is not None
    before = log.last.read_bytes()
    assert seal(log) is None
    assert log.last.read_bytes() == before == (log.folder / "checkpoint").read_bytes()
    assert proof_of(log, 1, 999) is None


def test_the_tree_grows_over_tiles_and_keeps_its_beginning(log: SealedLog, chain: Chain) -> None:
    """More than a tile, in steps: each checkpoint goes on from the last, the files alone give the root."""
    sizes, last = [], None
    for begin, count in ((0, 250), (250, 3), (253, 1), (254, 30)):
        deliveries(chain, count, begin)
        sealed = seal(log)
        assert sealed is not None
        sizes.append(sealed.checkpoint.size)
        nodes = nodes_of_tiles(sealed.checkpoint.size, lambda tile: read_tile(log.folder, tile))
        assert root(sealed.checkpoint.size, nodes) == sealed.checkpoint.root
        last = sealed.checkpoint
    assert sizes == [253, 256, 257, 287]
    assert last is not None
    assert (log.folder / "tile/0/000").stat().st_size == 256 * 32
    assert (log.folder / "tile/entries/000").stat().st_size == 256 * 34
    assert not (log.folder / "tile/0/000.p").exists()
    assert faults(log) == []


def test_lost_files_are_made_again(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 300)
    seal(log)
    kept = {path.relative_to(log.folder): path.read_bytes() for path in log.folder.rglob("*") if path.is_file()}
    shutil.rmtree(log.folder)
    assert seal(log) is None
    again = {path.relative_to(log.folder): path.read_bytes() for path in log.folder.rglob("*") if path.is_file()}
    assert again == kept


def test_after_a_crash_between_entering_and_signing_the_log_goes_on(
    log: SealedLog, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliveries(chain, 2)
    for number, broken in enumerate(("_sign", "_exchange", "_write_tiles", "publish")):
        with monkeypatch.context() as patch:

            def fail(*_args: Any, **_more: Any) -> None:
                raise OSError("the power went")

            patch.setattr(f"ledger.log.{broken}", fail)
            chain.ok(chain.deliver(f"X{number}", 50))
            with pytest.raises(OSError, match="the power went"):
                seal(log)
        sealed = seal(log)
        assert broken == "publish" or sealed is not None
        assert log.last.read_bytes() == (log.folder / "checkpoint").read_bytes()
        assert faults(log) == []


# --- tampering ---


def edits(row: Any) -> list[tuple[str, Any]]:
    """Every single-byte edit of every field: each byte of text and blobs changed, each decimal digit of numbers."""
    made: list[tuple[str, Any]] = []
    chance = random.Random(row.seq)
    for name, value in row._mapping.items():
        if isinstance(value, str):
            raw = value.encode()
            for at in range(len(raw)):
                changed = bytearray(raw)
                changed[at] ^= 1 << chance.randrange(8)
                made.append((name, bytes(changed).decode("utf-8", "surrogateescape")))
        elif isinstance(value, bytes | memoryview):
            raw = bytes(value)
            for at in range(len(raw)):
                changed = bytearray(raw)
                changed[at] ^= 1 << chance.randrange(8)
                made.append((name, bytes(changed)))
        else:
            made += [(name, value ^ (1 << bit)) for bit in range(max(8, int(value).bit_length()))]
    return made


def test_every_single_byte_edit_of_any_field_of_200_events_is_found_at_its_event(log: SealedLog, chain: Chain) -> None:
    if log.recorder.database.is_postgresql:
        pytest.skip("what is compared is the same on both; edits in the database are tried below")
    deliveries(chain, 200)
    seal(log)
    count = 0
    for row in rows(log):
        leaf = leaf_hash(stored(row).entry())
        for name, value in edits(row):
            changed = SimpleNamespace(**(dict(row._mapping) | {name: value}))
            assert leaf_of(changed) != leaf or repeated_wrongly(changed), (name, value)
            count += 1
    assert count > 100_000


@pytest.mark.parametrize(
    "name",
    [
        "org_id",
        "seq",
        "id",
        "type",
        "version",
        "occurred_at",
        "received_at",
        "logged_at",
        "actor",
        "body",
        "ruling",
        "salt",
    ],
)
def test_an_edit_in_the_database_is_located(log: SealedLog, chain: Chain, name: str) -> None:
    chance = random.Random(name)
    deliveries(chain, 12)
    seal(log)
    row = chance.choice(rows(log))
    while True:
        _, value = chance.choice([edit for edit in edits(row) if edit[0] == name])
        if isinstance(value, str) and (not value.isprintable() or not value.isascii()):
            continue
        if name == "seq" and value in {other.seq for other in rows(log)}:
            continue
        if name != "org_id" or 0 < value < 4:
            break
    tamper(log, f"UPDATE event SET {name} = :value WHERE seq = {row.seq}", value=value)
    found = faults(log)
    assert ("renumbered" if name == "seq" else "altered", row.seq) in found
    assert {seq for _, seq in found} <= {row.seq, value if name == "seq" else row.seq}


def test_text_that_is_not_even_text_is_located(log: SealedLog, chain: Chain) -> None:
    if log.recorder.database.is_postgresql:
        pytest.skip("PostgreSQL refuses such text")
    deliveries(chain, 5)
    seal(log)
    row = rows(log)[2]
    tamper(
        log,
        f"UPDATE event SET body = CAST(:value AS TEXT) WHERE seq = {row.seq}",
        value=b"\xff" + row.body[1:].encode(),
    )
    assert faults(log) == [("altered", row.seq)]


def test_what_is_taken_out_put_in_exchanged_cut_off_or_renumbered_is_located(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 20)
    seal(log)
    told = rows(log)
    one, two, three = told[4], told[9], told[14]
    tamper(log, f"DELETE FROM event WHERE seq = {one.seq}")
    assert faults(log) == [("deleted", one.seq)]
    free = told[-1].seq + 1000
    tamper(
        log,
        f"UPDATE event SET seq = {free} WHERE seq = {two.seq}",
        f"UPDATE event SET seq = {two.seq} WHERE seq = {three.seq}",
        f"UPDATE event SET seq = {three.seq} WHERE seq = {free}",
    )
    assert sorted(faults(log)) == [("deleted", one.seq), ("moved", two.seq), ("moved", three.seq)]
    columns = "id, type, version, occurred_at, received_at, logged_at, actor, body, ruling, salt"
    tamper(
        log,
        f"INSERT INTO event (org_id, seq, {columns}) SELECT org_id, {one.seq}, 'another', type, version, occurred_at, "
        f"received_at, logged_at, actor, body, ruling, salt FROM event WHERE seq = {told[0].seq}",
    )
    assert ("altered", one.seq) in faults(log)
    tamper(log, f"DELETE FROM event WHERE seq > {told[15].seq}")
    assert {("deleted", row.seq) for row in told[16:]} <= set(faults(log))


def test_an_event_put_among_the_sealed_ones_is_found(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 6)
    tamper(log, f"UPDATE event SET seq = seq + 100 WHERE seq > {rows(log)[2].seq}")
    seal(log)
    assert faults(log) == []
    gap = rows(log)[2].seq + 1
    columns = "type, version, occurred_at, received_at, logged_at, actor, body, ruling, salt"
    tamper(
        log,
        f"INSERT INTO event (org_id, seq, id, {columns}) SELECT org_id, {gap}, 'put in', {columns} FROM event LIMIT 1",
    )
    assert faults(log) == [("inserted", gap)]


def test_entries_and_notices_that_were_changed_are_located(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 4)
    seal(log)
    last = rows(log)[-1].seq
    tamper(log, f"UPDATE log_entry SET entry = :value WHERE seq = {last}", value=bytes(32))
    assert faults(log) == [("entry_altered", last)]
    tamper(log, f"DELETE FROM log_entry WHERE seq = {last}", "UPDATE log_notice SET body = '{}' WHERE number = 3")
    assert sorted(faults(log), key=str) == [("altered", None), ("entry_missing", None)]
    tamper(log, "UPDATE log_notice SET body = '{}' WHERE number = 2")  # the key that signs
    assert faults(log) == [("checkpoint", None)]
    tamper(log, "UPDATE log_notice SET body = '[]' WHERE number = 2")
    assert faults(log) == [("checkpoint", None)]


def test_the_hash_beside_the_row_is_the_attackers_too(log: SealedLog, chain: Chain) -> None:
    """An event is changed and its entry made to fit: the published tiles still know."""
    deliveries(chain, 4)
    seal(log)
    row = rows(log)[1]
    forged = replace(stored(row), body=row.body.replace("61", "91"))
    tamper(
        log,
        f"UPDATE event SET body = :body WHERE seq = {row.seq}",
        f"UPDATE log_entry SET entry = :entry WHERE seq = {row.seq}",
        body=forged.body,
        entry=forged.entry(),
    )
    assert sorted(faults(log)) == [("altered", row.seq), ("entry_altered", row.seq)]


def test_tiles_that_were_changed_do_not_hide_anything(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 4)
    seal(log)
    tile = next((log.folder / "tile/0").rglob("7"))
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    assert faults(log) == [("tiles", None)]
    deliveries(chain, 1, 4)
    with pytest.raises(CannotSeal, match="filiere audit"):
        seal(log)


# --- a rewritten history, with every secret ---


def rewritten(log: SealedLog) -> SealedLog:
    """The operator changes the first delivery, and builds log, tiles and checkpoint anew with the log's own key."""
    row = rows(log)[0]
    tamper(
        log,
        f"UPDATE event SET body = :body WHERE seq = {row.seq}",
        "DELETE FROM log_entry",
        "DELETE FROM log_checkpoint",
        body=row.body.replace("60", "90"),
    )
    shutil.rmtree(log.folder)
    log.last.unlink()
    sealed = seal(log)
    assert sealed is not None
    return log


def test_a_rewritten_history_is_refused_by_a_witness_and_by_whoever_kept_a_checkpoint(
    log: SealedLog, chain: Chain
) -> None:
    deliveries(chain, 9)
    seal(log)
    kept = log.last.read_bytes()
    seen = parse_checkpoint(parse_note(kept).text)
    with system_session(log.recorder.database, write=False) as session:
        keys = known_keys(session).policy().log_keys
    deliveries(chain, 1, 9)
    rewritten(log)
    assert faults(log) == []  # by itself it is sound
    assert faults(log, kept=kept) == [("checkpoint", None)]
    note = log.last.read_bytes()
    size = parse_checkpoint(parse_note(note).text).size
    nodes = nodes_of_tiles(size, lambda tile: read_tile(log.folder, tile))
    from domain.merkle import consistency_proof

    request = Request(seen.size, tuple(consistency_proof(seen.size, size, nodes)), note)
    with pytest.raises(NotCosigned) as refused:
        decide(bytes(request), {seen.origin: KnownLog(keys, seen)}, WITNESS, 1_800_000_000)
    assert refused.value.why is Why.INCONSISTENT


# --- restored copies ---


@pytest.fixture
def copy(log: SealedLog) -> Callable[[], Callable[[], None]]:
    """Back up the database now; answers what restores it (on PostgreSQL: the rows of the log, as dumped)."""
    database = log.recorder.database
    names = ("event", "log_entry", "log_notice", "log_checkpoint", "cosignature")

    def take() -> Callable[[], None]:
        with system_session(database, write=False) as session:
            held = {
                name: [dict(row._mapping) for row in session.execute(sa.select(models.metadata.tables[name]))]
                for name in names
            }

        def restore() -> None:
            tamper(log, *(f"DELETE FROM {name}" for name in names))
            with migration_connection(database) as connection:
                if database.is_postgresql:
                    connection.execute(sa.text("SELECT set_config('app.system', 'on', false)"))
                for name in names:
                    if held[name]:
                        connection.execute(sa.insert(models.metadata.tables[name]), held[name])
                connection.commit()

        return restore

    return take


def test_a_restored_copy_signs_no_fork_and_says_what_to_do(
    log: SealedLog, chain: Chain, copy: Callable[[], Callable[[], None]]
) -> None:
    deliveries(chain, 3)
    seal(log)
    restore = copy()
    deliveries(chain, 2, 3)
    seal(log)
    signed = log.last.read_bytes()
    restore()
    with pytest.raises(CannotSeal, match="filiere log reopen"):
        seal(log)
    tamper(log, "UPDATE event SET logged_at = logged_at + 1 WHERE seq = (SELECT max(seq) FROM event)")
    with pytest.raises(CannotSeal):  # however it looks now
        seal(log)
    assert log.last.read_bytes() == signed
    assert (log.folder / "checkpoint").read_bytes() == signed


def test_a_restored_copy_that_grew_past_the_signed_size_signs_no_fork(
    log: SealedLog, chain: Chain, copy: Callable[[], Callable[[], None]]
) -> None:
    """Plant: compare sizes only. Ten events later the copy is longer than what was signed, and still another history."""
    deliveries(chain, 3)
    seal(log)
    restore = copy()
    deliveries(chain, 2, 3)
    seal(log)
    restore()
    before = {row.seq for row in rows(log)}
    tamper(
        log,
        *(
            "INSERT INTO event (org_id, seq, id, type, version, occurred_at, received_at, logged_at, actor, body, ruling, "
            f"salt) SELECT org_id, {max(before) + number}, 'again-{number}', type, version, occurred_at, received_at, "
            f"logged_at + {number}, actor, body, ruling, salt FROM event WHERE seq = {min(before)}"
            for number in range(1, 11)
        ),
    )
    with pytest.raises(CannotSeal, match="restored from an older copy"):
        seal(log)
    assert [row for row in rows(log) if row.seq not in before]


def test_a_log_that_cannot_go_on_is_reopened_under_a_name_that_says_so(
    log: SealedLog, chain: Chain, copy: Callable[[], Callable[[], None]]
) -> None:
    deliveries(chain, 3)
    seal(log)
    restore = copy()
    deliveries(chain, 1, 3)
    seal(log)
    old = log.last.read_bytes()
    restore()
    assert reopen(log, "The disk broke on 3 May; the copy of the night before was restored.") == "t.example.org/log-2"
    sealed = seal(log)
    assert sealed is not None
    assert sealed.checkpoint.origin == "t.example.org/log-2"
    with system_session(log.recorder.database, write=False) as session:
        known = known_keys(session)
        first = session.execute(
            sa.select(_ENTRY.c.notice).where(_ENTRY.c.tree == 2, _ENTRY.c["index"] == 0)
        ).scalar_one()
        body = session.execute(
            sa.select(models.metadata.tables["log_notice"].c.body).where(
                models.metadata.tables["log_notice"].c.number == first
            )
        ).scalar_one()
    notice = json.loads(body)
    assert notice["after"] == old.decode()
    assert notice["why"].startswith("The disk broke")
    row = rows(log)[0]
    found = proof_of(log, row.org_id, row.seq)
    assert found is not None
    verify_proof(found.proof, found.record, known.policy())
    assert faults(log) == []
    assert (log.folder / "ended-1/checkpoint").read_bytes() == old


def test_a_lost_last_checkpoint_is_not_guessed(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 2)
    seal(log)
    held = log.last.read_bytes()
    log.last.unlink()
    deliveries(chain, 1, 2)
    with pytest.raises(CannotSeal, match="filiere log pin"):
        seal(log)
    pin(log, held)
    assert seal(log) is not None
    with pytest.raises(CannotSeal, match="never replaced by hand"):
        pin(log, held)


def test_a_file_of_another_log_is_refused(log: SealedLog, chain: Chain, tmp_path: Path) -> None:
    deliveries(chain, 1)
    seal(log)
    spoilt = bytearray(log.last.read_bytes())
    spoilt[-10] ^= 1
    log.last.write_bytes(spoilt)
    with pytest.raises(CannotSeal, match="no checkpoint of this log"):
        seal(log)


def test_two_services_on_one_file_do_not_both_sign(
    log: SealedLog, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compare and swap: the file changed between reading and writing."""
    import ledger.log

    deliveries(chain, 1)
    seal(log)
    deliveries(chain, 1, 1)
    exchange = ledger.log._exchange

    def late(path: Path, before: bytes | None, after: bytes) -> None:
        path.write_bytes(b"somebody else's")
        exchange(path, before, after)

    monkeypatch.setattr(ledger.log, "_exchange", late)
    with pytest.raises(CannotSeal, match="somebody else"):
        seal(log)


def test_writers_and_sealers_at_once_lose_nothing(log: SealedLog, chain: Chain) -> None:
    """Deliveries from four threads while two seal: every event is entered once, in the order of the numbers."""
    from concurrent.futures import ThreadPoolExecutor

    def write(worker: int) -> None:
        for number in range(12):
            chain.ok(chain.deliver(f"W{worker}-{number}", 50))

    def sealing(_: int) -> None:
        for _round in range(8):
            seal(log)

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(write, worker) for worker in range(4)] + [pool.submit(sealing, 0) for _ in range(2)]
        for one in done:
            one.result()
    seal(log)
    with system_session(log.recorder.database, write=False) as session:
        entered = (
            session.execute(sa.select(_ENTRY.c.seq).where(_ENTRY.c.seq.is_not(None)).order_by(_ENTRY.c["index"]))
            .scalars()
            .all()
        )
    assert list(entered) == [row.seq for row in rows(log)]
    assert len(entered) == 48
    assert faults(log) == []


def test_a_long_import_is_not_waited_for_and_holds_nobody_up(log: SealedLog, chain: Chain) -> None:
    """Whoever waits for the lock alone keeps all writers waiting: the sequencer gives up after a second."""
    import time

    from ledger.record import lock

    if not log.recorder.database.is_postgresql:
        pytest.skip("SQLite has one writer anyway")
    deliveries(chain, 2)
    with system_session(log.recorder.database, write=True) as importing:
        lock(importing, alone=False)
        began = time.monotonic()
        assert seal(log) is None
        assert time.monotonic() - began < 5
        deliveries(chain, 1, 2)  # others go on writing
    sealed = seal(log)
    assert sealed is not None
    assert sealed.checkpoint.size == 6


# --- witnesses ---


def test_a_witness_that_the_log_named_is_counted_and_no_other(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 2)
    seal(log)
    name_witness(log, str(WITNESS.verifier))
    seal(log)
    text = parse_note(log.last.read_bytes()).text
    at = log.recorder.clock() // 1000
    line = cosign(text, WITNESS, at)
    assert cosigned(log, f"{text}\n{line}".encode()) == ("witness.example.org", at)
    assert str(line) in (log.folder / "checkpoint").read_text("utf-8")
    with system_session(log.recorder.database, write=False) as session:
        assert standing(session).witnesses == (("witness.example.org", at * 1000, 6),)
    stranger = SignerKey("other.example.org", COSIGNATURE, bytes(32))
    for spoilt in (cosign(text, stranger, at), cosign(text, WITNESS, at + 3600)):
        with pytest.raises(BadNote):
            cosigned(log, f"{text}\n{spoilt}".encode())
    other = text.replace("\n6\n", "\n7\n")
    with pytest.raises(BadNote):
        cosigned(log, f"{other}\n{cosign(other, WITNESS, at)}".encode())
    row = rows(log)[0]
    deliveries(chain, 1, 2)
    seal(log)
    found = proof_of(log, row.org_id, row.seq)
    assert found is not None
    with system_session(log.recorder.database, write=False) as session:
        proven = verify_proof(found.proof, found.record, known_keys(session).policy(1))
    assert (proven.seen, proven.at) == (
        (("witness.example.org", at),),
        at,
    )  # not the newest state: the one that was seen
    dismiss_witness(log, str(WITNESS.verifier))
    with system_session(log.recorder.database, write=False) as session:
        assert standing(session).witnesses == ()


# --- keys ---


def test_keys_are_files_of_their_own_that_nobody_else_reads(log: SealedLog) -> None:
    files = sorted(path.name for path in log.keys.folder.iterdir())
    assert len(files) == 2
    assert files[0] == "label-1.json"
    assert {path.stat().st_mode & 0o777 for path in log.keys.folder.iterdir()} == {0o600}
    (log.keys.folder / files[0]).chmod(0o640)
    with pytest.raises(KeysUnsafe, match="chmod 600"):
        log.keys.label(1)
    with pytest.raises(KeysUnsafe, match="chmod 600"):
        log.keys.check()


def test_a_label_key_that_a_crash_left_behind_is_taken(log: SealedLog) -> None:
    left = log.keys.make_label(2, log.recorder.entropy)
    assert rotate_label_key(log) == 2
    with system_session(log.recorder.database, write=False) as session:
        assert known_keys(session).label_public()[2] == left


def test_a_key_that_was_rotated_signs_no_more_and_is_published_for_ever(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 2)
    seal(log)
    first = rows(log)[0]
    assert rotate_label_key(log) == 2
    rotate_log_key(log)
    deliveries(chain, 1, 2)
    seal(log)
    with system_session(log.recorder.database, write=False) as session:
        known = known_keys(session)
        assert label_key(session) == 2
    assert [(item.number, item.until is None) for item in known.labels] == [(1, False), (2, True)]
    assert [item.until is None for item in known.log] == [False, True]
    found = proof_of(log, first.org_id, first.seq)
    assert found is not None
    verify_proof(found.proof, found.record, known.policy())
    assert faults(log) == []


def test_a_compromised_key_is_named_with_its_day_and_replaced(log: SealedLog, chain: Chain) -> None:
    deliveries(chain, 1)
    compromised(log, "1", 1_800_000_000_000)
    with system_session(log.recorder.database, write=False) as session:
        known = known_keys(session)
    assert [(item.number, item.compromised_since) for item in known.labels] == [(1, 1_800_000_000_000), (2, None)]
    compromised(log, str(known.log[0].key), 1_800_000_000_000)
    seal(log)
    assert faults(log) == []
    with pytest.raises(CannotSeal, match="filiere keys list"):
        compromised(log, "77", 0)


def cosign_now(log: SealedLog, at: int, *witnesses: SignerKey) -> None:
    text = parse_note(log.last.read_bytes()).text
    for witness in witnesses:
        cosigned(log, f"{text}\n{cosign(text, witness, at)}".encode())


def judged(log: SealedLog, row: Any, quorum: int = 0) -> tuple[int, tuple[str, ...]]:
    """The size of the tree in the proof of an event, and who saw it, as somebody finds who knows every key's days."""
    found = proof_of(log, row.org_id, row.seq)
    assert found is not None
    with system_session(log.recorder.database, write=False) as session:
        policy = known_keys(session).judging(parse_proof(found.proof).origin)
    proven = verify_proof(found.proof, found.record, replace(policy, quorum=quorum))
    return proven.size, tuple(name for name, _ in proven.seen)


def test_a_proof_shows_that_the_event_was_there_before_the_log_s_key_was_withdrawn(
    log: SealedLog, chain: Chain
) -> None:
    other = SignerKey("second.example.org", COSIGNATURE, bytes(32))
    name_witness(log, str(WITNESS.verifier))
    name_witness(log, str(other.verifier))
    now = log.recorder.clock() // 1000
    deliveries(chain, 2)
    seal(log)
    cosign_now(log, now - 1000, WITNESS)
    deliveries(chain, 1, 2)
    seal(log)
    cosign_now(log, now - 500, WITNESS, other)
    early, late = rows(log)[0], rows(log)[2]
    assert judged(log, early) == judged(log, late, 2) == (8, ("second.example.org", "witness.example.org"))
    with system_session(log.recorder.database, write=False) as session:
        key = str(known_keys(session).log[0].key)
    compromised(log, key, (now - 700) * 1000)
    assert judged(log, early, 1) == (7, ("witness.example.org",))
    with pytest.raises(BadNote, match="withdrawn"):
        judged(log, late)  # somebody else may have signed this, until the new key does
    seal(log)
    assert judged(log, late) == (10, ())  # two more notices: withdrawn, and the new key
    assert judged(log, early) == (7, ("witness.example.org",))
    assert faults(log) == []


def test_labels_of_a_key_that_was_withdrawn_are_proven_by_what_was_seen_before(log: SealedLog) -> None:
    """The first state that most witnesses saw is of after the withdrawal; the one of before is handed out."""
    other = SignerKey("second.example.org", COSIGNATURE, bytes(32))
    name_witness(log, str(WITNESS.verifier))
    name_witness(log, str(other.verifier))
    now = log.recorder.clock() // 1000
    chain = packed(replace(log.recorder, keys=log.keys))
    before = seal(log)
    assert before is not None
    label_units(chain.recorder, chain.cluster.actor("COOP"), "DB", first=1, count=7, key=1)
    seal(log)
    first = parse_checkpoint(parse_note(log.last.read_bytes()).text).size
    cosign_now(log, now - 1000, WITNESS)
    deliveries(chain, 1, 50)
    seal(log)
    cosign_now(log, now - 500, WITNESS, other)
    row = next(row for row in rows(log) if '"units_labelled"' in row.body)
    assert json.loads(row.body)["beacon"] == encode_base64(before.checkpoint.root)
    assert judged(log, row) != (first, ("witness.example.org",))
    compromised(log, "1", (now - 700) * 1000)
    assert judged(log, row) == (first, ("witness.example.org",))


def test_a_proof_of_a_tree_that_could_not_go_on_is_judged_by_the_keys_of_that_tree(
    log: SealedLog, chain: Chain
) -> None:
    deliveries(chain, 1)
    seal(log)
    row = rows(log)[0]
    old = proof_of(log, row.org_id, row.seq)
    assert old is not None
    reopen(log, "Moved, and the file of the last checkpoint was lost.")
    seal(log)
    with system_session(log.recorder.database, write=False) as session:
        known = known_keys(session)
    verify_proof(old.proof, old.record, known.judging("t.example.org/log"))
    with pytest.raises(BadNote):
        verify_proof(old.proof, old.record, known.policy())
    with pytest.raises(ValueError, match="there is no log"):
        known.judging("t.example.com/log")
    compromised(log, str(known.log[0].key), 0)
    with system_session(log.recorder.database, write=False) as session:
        known = known_keys(session)
    with pytest.raises(BadNote, match="withdrawn"):
        verify_proof(old.proof, old.record, known.judging("t.example.org/log"))
    assert judged(log, row)[0] > 0


# --- persons ---


def test_erasing_a_person_leaves_every_proof_valid(log: SealedLog, chain: Chain) -> None:
    with system_session(log.recorder.database, write=True) as session:
        farmer = session.execute(sa.select(table(models.Farmer)).where(table(models.Farmer).c.code == "ANNA")).one()
        values = {
            "org_id": farmer.org_id,
            "farmer_id": farmer.id,
            "full_name": "Zenobia Marker",
            "phone": "0886-555-0199",
        }
        session.connection().execute(sa.insert(table(models.Person)).values(values))
    deliveries(chain, 3)
    seal(log)
    before = {row.seq: proof_of(log, row.org_id, row.seq) for row in rows(log)}
    with system_session(log.recorder.database, write=True) as session:
        session.connection().execute(sa.delete(table(models.Person)))
    published = b"".join(path.read_bytes() for path in log.folder.rglob("*") if path.is_file())
    handed_out = b"".join(found.record + found.proof for found in before.values() if found is not None)
    assert b"Zenobia" not in published + handed_out
    assert b"555-0199" not in published + handed_out
    with system_session(log.recorder.database, write=False) as session:
        policy = known_keys(session).policy()
    for found in before.values():
        assert found is not None
        verify_proof(found.proof, found.record, policy)
    assert faults(log) == []


def test_the_salt_that_is_kept_is_not_the_one_that_is_published() -> None:
    held = Stored(1, 2, 3, 4, "user:1", '{"id":"1"}', "{}", bytes(32))
    assert published_salt(held.salt) != held.salt
    other = replace(held, actor="user:2")
    assert other.record() != held.record()
    assert uid("x")
    assert replace(held, salt=bytes(31) + b"1").record() != held.record()  # who told it cannot be tried out


def test_the_log_of_another_database_is_not_opened_over_this_one(log: SealedLog, database: Database) -> None:
    seal(log)
    tamper(log, "DELETE FROM log_entry", "DELETE FROM log_checkpoint", "DELETE FROM log_notice")
    with pytest.raises(CannotSeal, match="another one, or an old copy"):
        open_log(log)
