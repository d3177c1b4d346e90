"""Certificates of analysis: what is frozen, what is refused, and papers of laboratories in the log. On both databases."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.attachments import media_type_of
from domain.refusals import Refused
from ledger import attachments
from ledger.attachments import Said, attach
from ledger.issue import (
    IssuedAnalysis,
    certificate,
    certificate_bytes,
    document,
    issue_certificate,
    issue_label,
)
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain
from tests.ledger.test_quality_control import ordered, results

PDF = b"%PDF-1.7\nCertificate of analysis 4711\n%%EOF"
DIGEST = hashlib.sha256(PDF).hexdigest()


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    """A lot of 400 kg of dry beans, DB."""
    chain = Chain(recorder)
    chain.dry_lot()
    return chain


def issued(chain: Chain, lot: str = "DB", org: str = "COOP") -> IssuedAnalysis:
    actor = chain.cluster.actor(org)
    number = issue_certificate(chain.recorder, actor, lot, kind="certificate_of_analysis")
    return held(chain, number, org)


def held(chain: Chain, number: str, org: str = "COOP") -> IssuedAnalysis:
    with system_session(chain.recorder.database, write=False) as session:
        paper = certificate(session, chain.cluster.orgs[org], number)
    assert isinstance(paper, IssuedAnalysis)
    return paper


def refused(code: str, act: Any, *args: Any, **values: Any) -> None:
    with pytest.raises(Refused) as caught:
        act(*args, **values)
    assert caught.value.code == code


def replays(chain: Chain) -> None:
    report = replay(chain.recorder)
    assert report.identical, (report.missing, report.surplus)


def paper(lot: str = "DB", name: str = "", when: str = "2025-01-30T09:00:00Z", **values: Any) -> told.DocumentAttached:
    said = {"sha256": DIGEST, "media_type": "application/pdf", "size": len(PDF)} | values
    return told.DocumentAttached(
        id=uid(f"paper-{lot}-{name}"), occurred_at=at(when), lot=uid(lot), kind="certificate_of_analysis", **said
    )


# --- issued by us ---


def test_nothing_measured_no_certificate(chain: Chain) -> None:
    chain.ok(ordered("DB", "pah4"))
    refused("NOTHING_ANALYSED", issued, chain)
    refused("LOT_UNKNOWN", issued, chain, "DB", "RIVAL")


def test_every_result_is_frozen_with_its_limit_and_where_that_is_written(chain: Chain) -> None:
    chain.ok(
        told.Sampled(
            id=uid("s"), occurred_at=at("2025-01-19T10:00:00Z"), lots=(uid("DB"),), sample="S-1", bags=100,
            drawn_from=30, increments=30, quantity=kg("3"), seal="SEAL-1",
        )
    )  # fmt: skip
    chain.ok(ordered("DB", "benzo_a_pyrene", "moisture", "cut_test"))
    chain.ok(chain.inspect("DB"))
    found = (
        told.Result(test="benzo_a_pyrene", value="0.5", below=True, method="EN-16619"),
        told.Result(test="moisture", value="7.3", uncertainty="0.2"),
    )
    chain.ok(
        results("DB", "2025-01-22T09:00:00Z").model_copy(
            update={"measurements": found, "sample": "S-1", "laboratory": "LAB-1", "accreditation": "LR-T-1"}
        )
    )
    paper = issued(chain)
    analysis = paper.analysis
    assert (analysis.standing, analysis.lot_code, analysis.net_g, analysis.owner) == (
        "conforms", "DB", chain.lot("DB").initial_g, "Organisation COOP"
    )  # fmt: skip
    assert (analysis.counted.ordered, analysis.counted.passed, analysis.counted.awaited) == (3, 3, 0)
    assert [item.code for item in analysis.samples] == ["S-1"]
    assert (analysis.samples[0].drawn_from, analysis.samples[0].grams, analysis.samples[0].seal) == (30, 3000, "SEAL-1")
    first, second = analysis.checks
    assert {line.test for line in first.lines} >= {"moisture", "mouldy", "slaty"}
    assert (second.sample, second.laboratory, second.accreditation) == ("S-1", "LAB-1", "LR-T-1")
    lines = {line.test: line for line in second.lines}
    assert (lines["benzo_a_pyrene"].below, lines["benzo_a_pyrene"].method) == (True, "EN-16619")
    assert (lines["moisture"].uncertainty, lines["moisture"].verdict) == ("0.2", "passed")
    assert all(line.source and line.source_from for check in analysis.checks for line in check.lines if line.limit)
    assert "2023/915" in str(lines["benzo_a_pyrene"].source)
    assert analysis.due == ()
    assert (analysis.url, analysis.label) == (None, None)
    with system_session(chain.recorder.database, write=False) as session:
        kept = document(session, chain.cluster.orgs["COOP"], paper.number)
    assert hashlib.sha256(kept.facts.encode()).hexdigest() == paper.facts_sha256
    replays(chain)


def test_a_failure_is_the_headline_and_a_retest_lifts_it_without_hiding_it(chain: Chain) -> None:
    chain.ok(chain.inspect("DB"))
    failed = results("DB", "2025-01-21T09:00:00Z", benzo_a_pyrene="7.1")
    chain.ok(failed)
    before = issued(chain)
    assert (before.analysis.standing, before.analysis.disposition) == ("does_not_conform", "rejected")
    assert [check.verdict for check in before.analysis.checks] == ["pass", "fail"]
    frozen = certificate_bytes(before)
    said = {"retest_of": failed.id, "reason": "The standard had expired"}
    chain.ok(results("DB", "2025-01-22T09:00:00Z", benzo_a_pyrene="1.0").model_copy(update=said))
    after = issued(chain)
    assert after.analysis.standing == "conforms"
    wrong, retest = after.analysis.checks[1:]
    assert (wrong.verdict, wrong.lifted_by, wrong.lines[0].value) == ("fail", 3, "7.1")
    assert (retest.retest_of, retest.reason, retest.lifted_by) == (2, "The standard had expired", None)
    assert after.analysis.disposition == "rejected"  # until somebody releases it
    again = held(chain, before.number)
    assert again == before  # results since then change nothing
    assert certificate_bytes(again) == frozen


def test_what_is_awaited_or_due_leaves_it_incomplete(chain: Chain) -> None:
    chain.ok(results("DB", "2025-01-20T09:00:00Z", moisture="7.1"))
    assert chain.lot("DB").qc == "pass"
    analysis = issued(chain).analysis
    assert analysis.standing == "incomplete"  # the cut test is due before shipping
    assert "cut_test" in {test for item in analysis.due for test, _ in item.tests}
    chain.ok(chain.inspect("DB"))
    assert issued(chain).analysis.standing == "conforms"
    chain.ok(ordered("DB", "pah4", when="2025-01-23T09:00:00Z"))
    analysis = issued(chain).analysis
    assert (analysis.standing, [test.state for test in analysis.ordered]) == ("incomplete", ["awaited"])


def test_each_kind_has_its_own_numbers_without_gaps(chain: Chain) -> None:
    chain.ok(chain.inspect("DB"))
    refused("LOT_WITHOUT_LABEL", issue_certificate, chain.recorder, chain.cluster.actor("COOP"), "DB")
    issue_label(chain.recorder, chain.cluster.actor("COOP"), uid("DB"))
    numbers = [issued(chain).number]
    trace = [issue_certificate(chain.recorder, chain.cluster.actor("COOP"), "DB")]
    with ThreadPoolExecutor(4) as pool:
        numbers += list(pool.map(lambda _: issued(chain).number, range(4)))
    trace += [issue_certificate(chain.recorder, chain.cluster.actor("COOP"), "DB")]
    year = numbers[0].split("-")[2]
    assert sorted(numbers) == [f"CA-COOP-{year}-{number:04d}" for number in range(1, 6)]
    assert trace == [f"TC-COOP-{year}-0001", f"TC-COOP-{year}-0002"]
    replays(chain)


def test_the_lots_page_stands_on_it_once_it_has_a_label(chain: Chain) -> None:
    chain.ok(chain.inspect("DB"))
    code = issue_label(chain.recorder, chain.cluster.actor("COOP"), uid("DB"))
    analysis = issued(chain).analysis
    assert analysis.label == code
    assert analysis.url is not None
    assert analysis.url.endswith(f"/L/{code}")


def test_a_check_that_was_corrected_is_shown_as_it_stands(chain: Chain) -> None:
    wrong = results("DB", "2025-01-21T09:00:00Z", moisture="7.9")
    chain.ok(wrong)
    right = wrong.model_copy(update={"id": uid("right"), "measurements": (told.Result(test="moisture", value="7.1"),),
                                     "laboratory": "LAB-9"})  # fmt: skip
    chain.ok(
        told.Corrected(
            id=uid("corr"), occurred_at=at("2025-01-22T09:00:00Z"), event=wrong.id, reason="Typed", instead=right
        )
    )
    (check,) = issued(chain).analysis.checks
    assert (check.laboratory, check.lines[0].value) == ("LAB-9", "7.1")


# --- papers of laboratories ---


def rows(chain: Chain) -> list[Any]:
    held = table(models.AttachedDocument)
    with system_session(chain.recorder.database, write=False) as session:
        return list(session.execute(sa.select(held).order_by(held.c.seq)).all())


def kept(chain: Chain) -> list[tuple[int, str, int]]:
    held = table(models.Attachment)
    with system_session(chain.recorder.database, write=False) as session:
        return [(row.org_id, row.sha256, row.size) for row in session.execute(sa.select(held))]


def test_the_event_carries_the_digest_and_the_bytes_lie_beside_the_log(chain: Chain) -> None:
    check = chain.inspect("DB")
    chain.ok(check)
    said = Said(number="COA-4711", laboratory="LAB-1", checks=(check.id,))
    found, new = attach(chain.recorder, chain.cluster.actor("COOP"), "DB", PDF, said)
    assert new
    assert (found.sha256, found.media_type, found.size, found.kept) == (DIGEST, "application/pdf", len(PDF), True)
    assert (found.number, found.laboratory, found.checks) == ("COA-4711", "LAB-1", (check.id,))
    again, new = attach(chain.recorder, chain.cluster.actor("COOP"), "DB", PDF, Said(number="another"))
    assert (again, new) == (found, False)
    assert kept(chain) == [(chain.cluster.orgs["COOP"], DIGEST, len(PDF))]
    log = table(models.Event)
    with system_session(chain.recorder.database, write=False) as session:
        bodies = session.execute(sa.select(log.c.body).where(log.c.type == "document_attached")).scalars().all()
    (body,) = bodies
    assert json.loads(body)["sha256"] == DIGEST
    assert "4711\\n" not in body
    replays(chain)


def test_the_type_of_a_file_is_what_its_first_bytes_say(chain: Chain) -> None:
    assert media_type_of(PDF) == "application/pdf"
    assert media_type_of(b"\x89PNG\r\n\x1a\n....") == "image/png"
    assert media_type_of(b"\xff\xd8\xff\xe0....") == "image/jpeg"
    for other in (b"", b"<html>", b" %PDF-1.7", b"MZ\x90", b"PK\x03\x04", b"\x89PNG", b"GIF89a"):
        refused("ATTACHMENT_NOT_A_PAPER", attach, chain.recorder, chain.cluster.actor("COOP"), "DB", other, Said())
    assert rows(chain) == []
    assert kept(chain) == []


def test_a_paper_backs_checks_of_its_own_lot_only(chain: Chain) -> None:
    check = chain.inspect("DB")
    chain.ok(check)
    other = chain.deliver("D9", 10)
    chain.ok(other)
    assert chain.refused(paper("D9", checks=(check.id,))) == "CHECK_UNKNOWN"
    assert chain.refused(paper("DB", checks=(uid("nothing"),))) == "CHECK_UNKNOWN"
    actor = chain.cluster.actor("COOP")
    refused("CHECK_UNKNOWN", attach, chain.recorder, actor, "D9", PDF, Said(checks=(check.id,)))
    assert kept(chain) == []  # refused: nothing is kept


def test_who_is_no_party_of_the_lot_attaches_nothing_and_reads_nothing(chain: Chain) -> None:
    assert chain.refused(paper(), "RIVAL") == "LOT_UNKNOWN"
    refused("LOT_UNKNOWN", attach, chain.recorder, chain.cluster.actor("RIVAL"), "DB", PDF, Said())
    attach(chain.recorder, chain.cluster.actor("COOP"), "DB", PDF, Said())
    rival = chain.cluster.orgs["RIVAL"]
    with system_session(chain.recorder.database, write=False) as session:
        refused("LOT_UNKNOWN", attachments.content, session, rival, "DB", DIGEST)
        assert attachments.attached_anywhere(session, rival, DIGEST) == ()
        assert len(attachments.attached_anywhere(session, chain.cluster.orgs["COOP"], DIGEST)) == 1


def test_a_digest_told_by_another_opens_no_bytes(chain: Chain) -> None:
    """Whoever knows only the digest of a foreign file gets nothing by attaching it to a lot of its own."""
    attach(chain.recorder, chain.cluster.actor("COOP"), "DB", PDF, Said())
    rival = told.Delivered(
        id=uid("rd"), occurred_at=at("2025-01-10T08:00:00Z"), site=uid("SHED"), farmer="NOBODY",
        lot=told.NewLot(lot=uid("RD"), code="RD", product="cocoa_wet_beans", quantity=kg("5")),
    )  # fmt: skip
    chain.ok(rival, "RIVAL")
    chain.ok(paper("RD"), "RIVAL")
    with system_session(chain.recorder.database, write=False) as session:
        refused("ATTACHMENT_GONE", attachments.content, session, chain.cluster.orgs["RIVAL"], "RD", DIGEST)


def test_attached_to_the_wrong_lot_is_put_right_and_replays(chain: Chain) -> None:
    chain.ok(chain.deliver("D9", 10))
    wrong = paper("D9")
    chain.ok(wrong)
    assert chain.refused(paper("D9", "twice")) == "DOCUMENT_ATTACHED_BEFORE"
    right = paper("DB", "right")
    chain.ok(
        told.Corrected(
            id=uid("c"), occurred_at=at("2025-02-01T09:00:00Z"), event=wrong.id, reason="Another lot", instead=right
        )
    )
    (row,) = rows(chain)
    assert (row.lot_id, row.sha256) == (chain.lot("DB").id, DIGEST)
    replays(chain)
    other = paper("DB", "other", number="COA-2")  # the same lot and bytes, told better
    chain.ok(
        told.Corrected(
            id=uid("c2"), occurred_at=at("2025-02-02T09:00:00Z"), event=uid("c"), reason="Number", instead=other
        )
    )
    assert [row.number for row in rows(chain)] == ["COA-2"]
    chain.ok(told.Corrected(id=uid("c3"), occurred_at=at("2025-02-03T09:00:00Z"), event=uid("c2"), reason="Not ours"))
    assert rows(chain) == []
    chain.ok(paper("DB", "after all"))
    assert len(rows(chain)) == 1
    replays(chain)


def test_erased_bytes_are_gone_the_digest_stays_and_the_same_bytes_come_back(chain: Chain) -> None:
    actor, coop = chain.cluster.actor("COOP"), chain.cluster.orgs["COOP"]
    attach(chain.recorder, actor, "DB", PDF, Said())
    refused("ATTACHMENT_UNKNOWN", attachments.erase, chain.recorder, chain.cluster.orgs["RIVAL"], DIGEST)
    attachments.erase(chain.recorder, coop, DIGEST)
    assert kept(chain) == []
    with system_session(chain.recorder.database, write=False) as session:
        refused("ATTACHMENT_GONE", attachments.content, session, coop, "DB", DIGEST)
        (found,) = attachments.attached_anywhere(session, coop, DIGEST)
        assert not found.kept
    replays(chain)
    _, new = attach(chain.recorder, actor, "DB", PDF, Said())
    assert not new
    with system_session(chain.recorder.database, write=False) as session:
        assert attachments.content(session, coop, "DB", DIGEST)[1] == PDF


def test_the_same_file_sent_by_many_at_once_is_attached_once(chain: Chain) -> None:
    actor = chain.cluster.actor("COOP")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: attach(chain.recorder, actor, "DB", PDF, Said()), range(8)))
    assert sum(new for _, new in answers) == 1
    assert len({found.event for found, _ in answers}) == 1
    assert len(rows(chain)) == len(kept(chain)) == 1
    replays(chain)


def test_an_event_that_was_taken_back_does_not_attach_again(chain: Chain) -> None:
    actor = chain.cluster.actor("COOP")
    said = Said(event=uid("mine"), at=at("2025-01-30T09:00:00Z"))
    attach(chain.recorder, actor, "DB", PDF, said)
    assert attach(chain.recorder, actor, "DB", PDF, said)[1] is False
    chain.ok(told.Corrected(id=uid("c"), occurred_at=at("2025-02-01T09:00:00Z"), event=uid("mine"), reason="Wrong lot"))
    refused("ALREADY_CORRECTED", attach, chain.recorder, actor, "DB", PDF, said)
    refused("EVENT_ID_REUSED", attach, chain.recorder, actor, "DB", PDF + b"more", replace(said, number="X"))
    assert rows(chain) == []
