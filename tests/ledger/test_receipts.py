"""Receiving by scan: every label gets its answer, what is good is booked at once, and copies are noticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.clones import DAY, Sighting
from domain.label_token import SIGNED_CHARACTERS, parse_typed_code, to_base32, typed_code
from domain.refusals import Refused
from ledger import receipts, scans, units
from ledger.record import Recorder
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain
from tests.ledger.test_units import act, back, label, same_after_replay, ship, span, states, to_print
from tests.ledger.test_units import chain as chain  # noqa: PLC0414 - a fixture

_SCAN = table(models.Scan)


def scan(chain: Chain, texts: list[str], org: str = "EXP", recorder: Recorder | None = None) -> receipts.Receipt:
    used = recorder or chain.recorder
    return receipts.receive(used, chain.cluster.actor(org), texts, units.public_keys(chain.recorder))


def alerts(chain: Chain, org: str = "COOP") -> list[scans.Alert]:
    with system_session(chain.recorder.database, write=False) as session:
        return scans.alerts(session, chain.cluster.orgs[org])


def scan_rows(chain: Chain) -> list[Any]:
    with system_session(chain.recorder.database, write=False) as session:
        return list(session.execute(sa.select(_SCAN).order_by(_SCAN.c.id)))


def test_what_is_good_is_received_at_once_and_each_scan_gets_its_answer(chain: Chain) -> None:
    label(chain)
    printed = to_print(chain)
    chain.ok(ship("s", 375, span(1, 6), to="ELSEWHERE"))
    chain.ok(act(told.UnitsVoided, "v", "2030-01-24T09:00:00Z", units=span(6), reason="Torn"))
    label_of_1 = printed[0].address.rpartition("/")[2]
    wrong = label_of_1[:-2] + ("0" if label_of_1[-2] != "0" else "1") + label_of_1[-1]
    code = to_base32(parse_typed_code(printed[2].typed_code))
    typed = printed[1].typed_code.lower()
    done = scan(
        chain,
        [
            printed[0].address,
            f"{typed[:4]}-{typed[4:8]} {typed[8:]}",
            f"https://t.example.org/l/{code}",
            printed[0].address,
            printed[5].address,
            wrong,
            printed[3].typed_code[:-1] + ("0" if printed[3].typed_code[-1] != "0" else "1"),
            typed_code(bytes(10)),
            printed[6].address,
        ],
    )
    assert [answer.status for answer in done.scans] == [
        "received", "received", "received", "twice", "void", "forged", "mistyped", "unknown", "received",
    ]  # fmt: skip
    assert [(answer.number, answer.net_g, answer.of) for answer in done.scans[:3]] == [
        (1, 62_500, 7), (2, 62_500, 7), (3, 62_500, 7),
    ]  # fmt: skip
    assert {answer.lot_code for answer in done.scans[:4]} == {"DB"}
    assert all(answer.lot_code is None for answer in done.scans[5:8])
    assert len(label_of_1) == SIGNED_CHARACTERS
    assert (done.grams, len(done.events)) == (212_500, 1)
    assert states(chain) == ["received"] * 3 + ["shipped"] * 2 + ["void", "received"]
    again = scan(chain, [printed[0].address, printed[1].address])
    assert [answer.status for answer in again.scans] == ["already_yours"] * 2
    assert again.events == ()
    assert [row.kind for row in scan_rows(chain)] == ["receipt"] * 4
    same_after_replay(chain)


def test_whoever_labelled_does_not_receive_what_has_not_left(chain: Chain) -> None:
    label(chain)
    assert scan(chain, [to_print(chain)[0].address], "COOP").scans[0].status == "not_sent"
    assert states(chain) == ["issued"] * 7


def test_units_of_several_lots_are_one_receipt(chain: Chain) -> None:
    label(chain)
    chain.ok(chain.deliver("D3", 100))
    chain.ok(chain.receive("RM", {"D3": 100}))
    chain.ok(chain.dry("DC", 62.5, {"RM": 100}))
    chain.ok(chain.inspect("DC"))
    packed = told.Packed(
        id=uid("pack2"), occurred_at=at("2025-01-21T09:00:00Z"), lot=uid("DC"), packaging="jute_62.5", units=1
    )
    chain.ok(packed)
    units.label_units(chain.recorder, chain.cluster.actor("COOP"), "DC", first=1, count=1, key=7)
    with system_session(chain.recorder.database, write=False) as session:
        other = units.unit_labels(session, chain.recorder, chain.cluster.orgs["COOP"], "DC", 1, 1)
    done = scan(chain, [to_print(chain)[0].address, other[0].address])
    assert [(answer.status, answer.lot_code) for answer in done.scans] == [("received", "DB"), ("received", "DC")]
    assert (len(done.events), done.grams) == (2, 125_000)


def test_a_second_receipt_by_somebody_else_is_an_alert_of_the_issuer(chain: Chain) -> None:
    label(chain)
    copied = to_print(chain)[0].address
    scan(chain, [copied])
    assert alerts(chain) == []
    second = scan(chain, [copied], "RIVAL").scans[0]
    assert (second.status, second.state) == ("elsewhere", "received")
    (alert,) = alerts(chain)
    assert (alert.lot_code, alert.number, alert.points) == ("DB", 1, 100)
    assert [fact.rule for fact in alert.facts] == ["second_receipt"]
    assert alerts(chain, "EXP") == []
    scans.close(chain.recorder, chain.cluster.actor("COOP"), alert.code)
    assert alerts(chain) == []
    with pytest.raises(Refused, match="ALERT_UNKNOWN"):
        scans.close(chain.recorder, chain.cluster.actor("EXP"), alert.code)
    seen = Sighting(chain.recorder.clock(), "differs", "LR")
    scans.keep_now(chain.recorder, [scans.Seen(alert.code, seen)])
    (again,) = alerts(chain)  # more came to light
    assert again.points == 150


def test_a_label_scanned_twice_by_one_receiver_is_one_receipt_and_the_next_day_another(chain: Chain) -> None:
    label(chain)
    address = to_print(chain)[0].address
    scan(chain, [address])
    scan(chain, [address])
    assert alerts(chain) == []
    later = replace(chain.recorder, clock=lambda: chain.recorder.clock() + DAY + 1)
    assert scan(chain, [address], recorder=later).scans[0].status == "already_yours"
    assert [alert.points for alert in alerts(chain)] == [100]


def test_what_was_shipped_on_may_be_received_again(chain: Chain) -> None:
    label(chain)
    address = to_print(chain)[0].address
    offered = told.TransferOffered(id=uid("offer"), occurred_at=at("2030-01-22T09:00:00Z"), lots=(uid("DB"),), to="EXP")
    chain.ok(offered)
    chain.ok(
        told.TransferAccepted(
            id=uid("take"), occurred_at=at("2030-01-23T09:00:00Z"), offer=uid("offer"), site=uid("STORE")
        ),
        "EXP",
    )
    assert scan(chain, [address]).scans[0].status == "received"
    out = act(told.Shipped, "s", "2030-03-17T17:46:40Z", quantity=kg(62.5), to="RIVAL", units=span(1))
    chain.ok(out, "EXP")
    assert scan(chain, [address], "RIVAL").scans[0].status == "received"
    assert alerts(chain) == []
    same_after_replay(chain)


def test_what_came_back_is_received_anew_without_suspicion(chain: Chain) -> None:
    label(chain)
    address = to_print(chain)[0].address
    chain.ok(ship("s", 62.5, span(1)))
    assert scan(chain, [address]).scans[0].status == "received"
    chain.ok(back("b", 62.5, "2030-03-17T17:46:40Z"))
    assert scan(chain, [address], "COOP").scans[0].status == "not_sent"
    assert scan(chain, [address], "RIVAL").scans[0].status == "received"
    assert alerts(chain) == []
    assert scan(chain, [address], "EXP").scans[0].status == "elsewhere"
    assert [alert.points for alert in alerts(chain)] == [100]
    same_after_replay(chain)


def test_two_receivers_who_scan_the_same_load_at_once_share_it_without_a_copy(chain: Chain) -> None:
    label(chain)
    addresses = [item.address for item in to_print(chain)]

    def both(org: str) -> receipts.Receipt:
        return scan(chain, addresses, org)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(both, ["EXP", "RIVAL"])
    counts = sorted(sum(answer.status == "received" for answer in done.scans) for done in (one, other))
    assert counts == [0, 7]
    assert states(chain) == ["received"] * 7
    same_after_replay(chain)


def test_scans_are_deleted_when_they_were_kept_long_enough(chain: Chain) -> None:
    label(chain)
    code = to_base32(parse_typed_code(to_print(chain)[0].typed_code))
    now = chain.recorder.clock()
    kept = scans.rules_at(now).kept
    ages = (kept + 1, kept - 1, 0)
    scans.keep_now(chain.recorder, [scans.Seen(code, Sighting(now - age, "public")) for age in ages])
    scans.keep_now(chain.recorder, [scans.Seen("0" * 16, Sighting(now, "public"))])
    assert len(scan_rows(chain)) == 3
    assert scans.sweep(chain.recorder) == 1
    assert [row.at for row in scan_rows(chain)] == [now - kept + 1, now]


def test_the_rules_on_copies_hear_of_the_life_of_the_unit(chain: Chain, tmp_path: Path) -> None:
    label(chain)
    code = to_base32(parse_typed_code(to_print(chain)[0].typed_code))
    opened = "2030-01-25T09:00:00Z"
    chain.ok(act(told.UnitsOpened, "o", opened, units=span(1)))
    early, late = told.millis(at(opened)) + DAY - 1, told.millis(at(opened)) + DAY + 1
    scans.keep_now(chain.recorder, [scans.Seen(code, Sighting(early, "public", "DE", None, "v"))])
    assert alerts(chain) == []
    scans.keep_now(chain.recorder, [scans.Seen(code, Sighting(late, "public", "DE", None, "w"))])
    assert [[fact.rule for fact in alert.facts] for alert in alerts(chain)] == [["after_opened"]]
