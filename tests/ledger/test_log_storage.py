"""The disk fails, is full, or the power goes, at every step of sealing in turn: nothing is lost, and no fork is signed."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.merkle import consistency_proof, nodes_of_tiles, verify_consistency
from domain.note import Checkpoint, parse_checkpoint, parse_note
from ledger.audit import audit
from ledger.keys import Keys
from ledger.log import SealedLog, open_log, read_tile, seal
from ledger.record import Recorder
from models.db import connect
from tests.ledger.season import Chain

CALLS = ("open", "fsync")
"""Calls of the system by which files are written; ``Path.replace`` and the commits of the database come on top."""


@pytest.fixture
def log(recorder: Recorder, tmp_path: Path) -> SealedLog:
    held = SealedLog(
        replace(recorder, host="https://t.example.org"), Keys(tmp_path / "keys"), tmp_path / "log", tmp_path / "last"
    )
    open_log(held)
    return held


class Storage:
    """Counts what is stored, and lets the call with a number go wrong: before it is done, or when it is."""

    def __init__(self, patch: pytest.MonkeyPatch, log: SealedLog, at: int, fault: Callable[[], None], *, done: bool):
        self.count, self.at, self.fault, self.done = 0, at, fault, done
        for name in CALLS:
            patch.setattr(os, name, self.around(getattr(os, name)))
        patch.setattr(Path, "replace", self.around(Path.replace))
        dialect = log.recorder.database.writer.dialect
        patch.setattr(dialect, "do_commit", self.around(dialect.do_commit))

    def around(self, call: Any) -> Any:
        def watched(*given: Any, **more: Any) -> Any:
            self.count += 1
            mine = self.count == self.at
            if mine and not self.done:
                self.fault()
            answer = call(*given, **more)
            if mine and self.done:
                self.fault()
            return answer

        return watched


def signed(log: SealedLog) -> list[Checkpoint]:
    """What anybody may have seen: the published checkpoint, and the one that was signed last."""
    files = [log.last, log.folder / "checkpoint"]
    return [parse_checkpoint(parse_note(file.read_bytes()).text) for file in files if file.exists()]


def is_one_history(log: SealedLog, seen: list[Checkpoint]) -> None:
    """Everything that was ever seen is the beginning of what is there now."""
    last = parse_checkpoint(parse_note(log.last.read_bytes()).text)
    nodes = nodes_of_tiles(last.size, partial(read_tile, log.folder))
    for one in seen:
        proof = consistency_proof(one.size, last.size, nodes)
        assert verify_consistency(one.size, last.size, proof, one.root, last.root), one.size
    assert audit(log).faults == []


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_whatever_cannot_be_stored_is_sealed_the_next_time(
    log: SealedLog, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, seen, at = Chain(log.recorder), [], 0
    kinds = (errno.EIO, errno.ENOSPC)
    while True:
        at += 1
        chain.ok(chain.deliver(f"D{at}", 60))

        def fault(at: int = at) -> None:
            raise OSError(kinds[at % 2], "the disk")

        failed = True
        with monkeypatch.context() as patch:
            Storage(patch, log, at, fault, done=done)
            try:
                seal(log)
                failed = False
            except OSError as error:
                assert error.errno in kinds
        seen += signed(log)
        assert not list(log.folder.rglob("*.new"))
        seal(log)
        seen += signed(log)
        if not failed:
            break
    assert at > 12  # lock, entries, tiles, checkpoint row, last checkpoint, published one
    is_one_history(log, seen)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_that_is_killed_at_any_step_leaves_a_log_that_goes_on(
    log: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, seen, at = Chain(log.recorder), [], 0
    while True:
        at += 1
        chain.ok(chain.deliver(f"D{at}", 60))
        child = os.fork()
        if child == 0:  # nothing of the parent's connections is used, nothing of it is tidied up
            try:
                own = replace(log, recorder=replace(log.recorder, database=connect(log.recorder.database.url)))
                Storage(monkeypatch, own, at, lambda: os.kill(os.getpid(), signal.SIGKILL), done=at % 2 == 0)
                seal(own)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        seen += signed(log)
        seal(log)
        seen += signed(log)
        if not os.WIFSIGNALED(status):
            break
    assert at > 12
    is_one_history(log, seen)
