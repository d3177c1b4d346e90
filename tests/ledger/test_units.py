"""Labels of units: never more of them than grams, each state once, whoever tells it, and a replay that agrees."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models
from domain import events as told
from domain.label_token import Token, parse_token, parse_typed_code, to_base32, verify_label
from domain.log import units_root, verify_unit
from domain.refusals import Refused
from domain.units import opens
from ledger import issue, opening, units
from ledger.keys import Keys
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

KEY = 7
_UNIT, _CODE, _RUN = table(models.Unit), table(models.UnitCode), table(models.LabelRun)
HOST = "https://t.example.org"


@pytest.fixture
def chain(recorder: Recorder, tmp_path: Path) -> Chain:
    """A lot DB of 400 kg in six sacks of 62.5 kg and one of 25 kg, packed on 21 January 2025."""
    keys = Keys(tmp_path / "keys")
    keys.make_label(KEY, recorder.entropy)
    return packed(replace(recorder, keys=keys, host=HOST))


def packed(recorder: Recorder) -> Chain:
    chain = Chain(recorder)
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    chain.ok(
        told.Packed(
            id=uid("pack"),
            occurred_at=at("2025-01-21T09:00:00Z"),
            lot=uid("DB"),
            packaging="jute_62.5",
            units=6,
            rest=kg(25),
        )
    )
    return chain


def label(chain: Chain, first: int = 1, count: int = 7, **more: Any) -> units.Labelled:
    return units.label_units(
        chain.recorder, chain.cluster.actor("COOP"), "DB", first=first, count=count, key=KEY, **more
    )


def to_print(chain: Chain, first: int = 1, count: int = 7, org: str = "COOP") -> list[Any]:
    with system_session(chain.recorder.database, write=False) as session:
        return units.unit_labels(session, chain.recorder, chain.cluster.orgs[org], "DB", first, count)


def rows(chain: Chain) -> dict[int, Any]:
    with system_session(chain.recorder.database, write=False) as session:
        return {row.number: row for row in session.execute(sa.select(_UNIT).order_by(_UNIT.c.number))}


def states(chain: Chain) -> list[str | None]:
    return [row.state for row in rows(chain).values()]


def span(first: int, last: int | None = None) -> tuple[told.UnitRange, ...]:
    return (told.UnitRange(first=first, last=last or first),)


def act(kind: Any, name: str, when: str = "2030-01-22T09:00:00Z", **values: Any) -> Any:
    return kind(id=uid(name), occurred_at=at(when), lot=uid("DB"), **values)


def ship(name: str, weight: Any, spans: tuple[told.UnitRange, ...] | None, to: str = "EXP") -> told.Shipped:
    return act(told.Shipped, name, "2030-01-23T09:00:00Z", quantity=kg(weight), to=to, units=spans)


def code_of(item: Any) -> str:
    return to_base32(parse_typed_code(item.typed_code))


def same_after_replay(chain: Chain) -> None:
    report = replay(chain.recorder)
    assert (report.missing, report.surplus) == ({}, {})


def test_a_label_says_what_was_packed_and_is_the_same_every_time(chain: Chain) -> None:
    done = label(chain, design="bag_100x150")
    printed = to_print(chain)
    assert printed == to_print(chain)
    assert [item.number for item in printed] == [1, 2, 3, 4, 5, 6, 7]
    assert {item.of for item in printed} == {7}
    assert [item.net_grams for item in printed] == [62_500] * 6 + [25_000]
    assert {item.packed_on for item in printed} == {date(2025, 1, 21)}
    publics = units.public_keys(chain.recorder)
    for item in printed:
        assert item.address.startswith("HTTPS://T.EXAMPLE.ORG/L/")
        token = verify_label(item.address.rpartition("/")[2], publics)
        assert (token.key, token.net_grams, token.packed, token.commodity) == (KEY, item.net_grams, item.packed_on, 1)
        assert token.unit == parse_typed_code(item.typed_code)
    tokens = [verify_label(item.address.rpartition("/")[2], publics) for item in printed]
    assert units_root(token.said for token in tokens).hex() == done.codes_root
    assert len({item.typed_code for item in printed}) == len({item.opening_code for item in printed}) == 7
    with system_session(chain.recorder.database, write=False) as session:
        run = session.execute(sa.select(_RUN)).one()
        event = session.execute(
            sa.select(table(models.Event).c.body).where(table(models.Event).c.seq == run.seq)
        ).scalar_one()
        assert len(session.execute(sa.select(_CODE)).all()) == 7
    assert run.seed.hex() not in event
    assert code_of(printed[0]) not in event
    assert opens(run.opening_seed, 1, printed[0].opening_code.lower())
    assert not opens(run.opening_seed, 1, printed[1].opening_code)
    assert states(chain) == ["issued"] * 7
    assert chain.lot("DB").remaining_g == 400_000
    same_after_replay(chain)


def proven(chain: Chain, code: str) -> tuple[Token, str]:
    """What the proof of a code says of its unit (under key 0), and the root that it leads to."""
    with system_session(chain.recorder.database, write=False) as session:
        found = units.proof_of_unit(session, code)
        assert found is not None
        body = session.execute(
            sa.select(table(models.Event).c.body).where(table(models.Event).c.seq == found.seq)
        ).scalar_one()
    event = told.parse(body)
    assert isinstance(event, told.UnitsLabelled)
    assert verify_unit(found.said, found.index, event.count, found.hashes, bytes.fromhex(event.codes_root))
    return parse_token(b"\x01\0\0" + found.said), event.codes_root


def test_the_event_commits_to_what_each_label_says(chain: Chain) -> None:
    label(chain, first=5, count=3)
    for item in to_print(chain, 5, 3):
        token = verify_label(item.address.rpartition("/")[2], units.public_keys(chain.recorder))
        assert proven(chain, token.code)[0] == replace(token, key=0)
    with system_session(chain.recorder.database, write=False) as session:
        assert session.execute(sa.select(_RUN.c.nets)).scalar_one() == "[[2, 62500], [1, 25000]]"
        assert units.proof_of_unit(session, "0" * 16) is None


def test_what_was_issued_is_proven_though_the_lot_is_packed_otherwise_since(chain: Chain) -> None:
    label(chain)
    items = to_print(chain)
    before = [proven(chain, code_of(item)) for item in items]
    chain.ok(act(told.UnitsVoided, "v", units=span(1, 7), reason="Miscounted"))
    instead = told.Packed(
        id=uid("p2"), occurred_at=at("2025-01-25T09:00:00Z"), lot=uid("DB"), packaging="jute_60", units=3
    )
    wrong = told.Corrected(
        id=uid("c"), occurred_at=at("2030-01-22T09:00:00Z"), event=uid("pack"), reason="Miscounted", instead=instead
    )
    chain.ok(wrong)
    assert [row.grams for row in rows(chain).values()] == [60_000] * 3
    assert [proven(chain, code_of(item)) for item in items] == before
    label(chain, count=3)
    again = to_print(chain, 1, 3)
    assert [proven(chain, code_of(item))[0].net_grams for item in again] == [60_000] * 3
    assert {item.packed_on for item in again} == {date(2025, 1, 25)}
    same_after_replay(chain)


def test_labels_are_not_issued_for_what_was_packed_otherwise_meanwhile(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the weights and the record the packing is corrected: the labels say the new weights."""
    secret = units._secret
    corrections = [
        told.Corrected(
            id=uid("c"),
            occurred_at=at("2030-01-22T09:00:00Z"),
            event=uid("pack"),
            reason="Miscounted",
            instead=told.Packed(
                id=uid("p2"), occurred_at=at("2025-01-21T09:00:00Z"), lot=uid("DB"), packaging="jute_60", units=6
            ),
        )
    ]

    def meanwhile(recorder: Recorder, key: int) -> bytes:
        if corrections:
            chain.ok(corrections.pop())
        return secret(recorder, key)

    monkeypatch.setattr(units, "_secret", meanwhile)
    label(chain, count=6)
    assert {proven(chain, code_of(item))[0].net_grams for item in to_print(chain, 1, 6)} == {60_000}


def test_labels_need_a_key_a_packed_unit_and_an_owner(chain: Chain) -> None:
    with pytest.raises(Refused, match="LABEL_KEY_MISSING"):
        units.label_units(chain.recorder, chain.cluster.actor("COOP"), "DB", first=1, count=1, key=8)
    with pytest.raises(Refused, match="LABEL_KEY_MISSING"):
        units.label_units(
            replace(chain.recorder, keys=None), chain.cluster.actor("COOP"), "DB", first=1, count=1, key=KEY
        )
    with pytest.raises(Refused, match="NO_SUCH_UNIT"):
        label(chain, first=7, count=2)
    with pytest.raises(Refused, match="LOT_UNKNOWN"):
        units.label_units(chain.recorder, chain.cluster.actor("RIVAL"), "DB", first=1, count=1, key=KEY)
    assert states(chain) == [None] * 7
    with pytest.raises(Refused, match="UNIT_WITHOUT_LABEL"):
        to_print(chain)


def test_a_unit_has_one_label_and_another_only_when_that_is_void(chain: Chain) -> None:
    label(chain, count=3)
    with pytest.raises(Refused, match="UNIT_STATE"):
        label(chain, first=3, count=2)
    assert states(chain) == ["issued"] * 3 + [None] * 4
    before = to_print(chain, 3, 1)[0]
    chain.ok(act(told.UnitsVoided, "void", units=span(3), reason="Torn"))
    with pytest.raises(Refused, match="UNIT_WITHOUT_LABEL"):
        to_print(chain, 3, 1)
    label(chain, first=3, count=1)
    after = to_print(chain, 3, 1)[0]
    assert after.typed_code != before.typed_code
    assert after.opening_code != before.opening_code
    # the old code leads nowhere: whoever has it can receive nothing by it
    received = act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", codes=(code_of(before),))
    assert chain.refused(received, "EXP") == "UNIT_CODE_UNKNOWN"
    same_after_replay(chain)


def test_all_labels_together_never_name_more_than_the_lot_has(chain: Chain) -> None:
    label(chain, count=6)  # 375 kg
    chain.ok(
        told.Lost(id=uid("lost"), occurred_at=at("2025-01-25T09:00:00Z"), lot=uid("DB"), quantity=kg(1), reason="Spilt")
    )
    with pytest.raises(Refused, match="LABELS_EXCEED_LOT") as refused:
        label(chain, first=7, count=1)  # 400 kg of labels for 399 kg
    assert refused.value.params == {"lot": "DB", "have_g": 399_000, "wanted_g": 400_000}
    chain.ok(act(told.UnitsVoided, "void", units=span(1), reason="Torn"))
    label(chain, first=7, count=1)
    assert sum(row.grams for row in rows(chain).values() if row.state not in (None, "void")) == 337_500


def test_what_left_counts_still_and_does_not_free_labels(chain: Chain) -> None:
    label(chain, count=6)
    chain.ok(ship("s", 62.5, span(1)))
    label(chain, first=7, count=1)
    assert states(chain) == ["shipped"] + ["issued"] * 6
    same_after_replay(chain)


def test_the_register_knows_who_issued_printed_printed_again_and_voided(chain: Chain) -> None:
    label(chain, count=4, design="bag")
    actor = chain.cluster.actor("COOP")
    units.printed(chain.recorder, actor, "DB", first=1, count=2, copies=2, design="bag")
    with pytest.raises(Refused, match="REPRINT_WITHOUT_REASON"):
        units.printed(chain.recorder, actor, "DB", first=2, count=2)
    units.printed(chain.recorder, actor, "DB", first=2, count=2, reason="Jam in the printer")
    chain.ok(act(told.UnitsVoided, "void", units=span(4), reason="Torn"))
    with pytest.raises(Refused, match="UNIT_WITHOUT_LABEL"):
        units.printed(chain.recorder, actor, "DB", first=4, count=1)
    with system_session(chain.recorder.database, write=False) as session:
        lines = units.register(session, actor.org_id)
        again = units.register(session, actor.org_id, lot="DB", kind="reprinted")
        others = units.register(session, chain.cluster.orgs["EXP"])
        older = units.register(session, actor.org_id, before=lines[1].seq, limit=1)
    said = [(line.kind, line.units, line.labels, line.copies, line.reason, line.told_by) for line in lines]
    assert said == [
        ("void", ((4, 4),), 1, 1, "Torn", "user:test"),
        ("reprinted", ((2, 3),), 2, 1, "Jam in the printer", "user:test"),
        ("printed", ((1, 2),), 2, 2, None, "user:test"),
        ("issued", ((1, 4),), 4, 1, None, "user:test"),
        ("lot_issued", (), 1, 1, None, "user:test"),
    ]
    issue.revoke_label(chain.recorder, actor, lines[4].code or "", "Wrong lot on the pallet")
    with system_session(chain.recorder.database, write=False) as session:
        (revoked,) = units.register(session, actor.org_id, kind="lot_revoked")
        assert units.register(session, actor.org_id, limit=1) == [revoked]
        assert units.register(session, actor.org_id, kind="lot_issued", lot="DB") == [lines[4]]
    assert (revoked.reason, revoked.code, revoked.told_by) == ("Wrong lot on the pallet", lines[4].code, "user:test")
    assert again == [lines[1]]
    assert older == [lines[2]]
    assert others == []
    assert [row.prints for row in rows(chain).values()] == [2, 3, 1, 0, 0, 0, 0]
    same_after_replay(chain)


def test_opening_codes_are_printed_once_without_a_reason_whatever_became_of_the_labels(chain: Chain) -> None:
    """Their prints are counted for themselves; void labels forget them, and what is taken back does not."""
    label(chain, count=3)
    actor = chain.cluster.actor("COOP")

    def printed(first: int, design: str, **more: Any) -> None:
        units.printed(chain.recorder, actor, "DB", first=first, count=1, design=design, **more)

    def counted() -> list[tuple[int, int]]:
        return [(row.prints, row.opening_prints) for row in rows(chain).values()][:3]

    printed(1, "sack")
    printed(1, "opening", copies=2)
    printed(2, "opening")
    printed(2, "tag")
    assert counted() == [(1, 2), (1, 1), (0, 0)]
    for first, design in ((1, "opening"), (2, "opening"), (1, "tag"), (2, "sack")):
        with pytest.raises(Refused, match="REPRINT_WITHOUT_REASON"):
            printed(first, design)
    printed(1, "opening", reason="Wet")
    assert counted() == [(1, 3), (1, 1), (0, 0)]
    with system_session(chain.recorder.database, write=False) as session:
        lines = units.register(session, actor.org_id)[:5]
    assert [(line.kind, line.design, line.copies) for line in reversed(lines)] == [
        ("printed", "sack", 1), ("printed", "opening", 2), ("printed", "opening", 1), ("printed", "tag", 1),
        ("reprinted", "opening", 1),
    ]  # fmt: skip
    chain.ok(act(told.UnitsApplied, "a", "2030-02-01T09:00:00Z", units=span(1)))
    chain.ok(told.Corrected(id=uid("c"), occurred_at=at("2030-02-02T09:00:00Z"), event=uid("a"), reason="Wrong"))
    assert counted() == [(1, 3), (1, 1), (0, 0)]
    same_after_replay(chain)
    chain.ok(act(told.UnitsVoided, "v", "2030-02-03T09:00:00Z", units=span(1), reason="Torn"))
    label(chain, first=1, count=1)
    assert counted()[0] == (0, 0)
    printed(1, "opening")
    same_after_replay(chain)


def test_the_life_of_a_unit(chain: Chain) -> None:
    label(chain)
    chain.ok(
        act(told.UnitsApplied, "a", units=span(1, 7), weighed=[{"unit": 2, "net": {"value": "62.9", "unit": "kg"}}])
    )
    assert rows(chain)[2].weighed_g == 62_900
    chain.ok(ship("s", 125, span(1, 2)))
    assert states(chain) == ["shipped"] * 2 + ["applied"] * 5
    received = act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", units=span(1, 2))
    chain.ok(received, "EXP")
    with system_session(chain.recorder.database, write=False) as session:
        _, _, lines = units.units_of(session, chain.cluster.orgs["EXP"], "DB")  # it sees the lot now
    assert [(line.state, line.by) for line in lines[:3]] == [
        ("received", "EXP"),
        ("received", "EXP"),
        ("applied", "COOP"),
    ]
    chain.ok(act(told.UnitsOpened, "o", "2030-02-02T09:00:00Z", units=span(1)), "EXP")
    assert chain.refused(act(told.UnitsOpened, "o2", "2030-02-02T09:00:00Z", units=span(3)), "EXP") == "LOT_NOT_YOURS"
    chain.ok(act(told.UnitsVoided, "v", "2030-02-03T09:00:00Z", units=span(1), reason="Emptied"))
    assert states(chain) == ["void", "received"] + ["applied"] * 5
    row = rows(chain)[1]
    assert [row.applied_at, row.shipped_at, row.received_at, row.opened_at, row.state_at] == [
        told.millis(at(when))
        for when in (
            "2030-01-22T09:00:00Z",
            "2030-01-23T09:00:00Z",
            "2030-02-01T09:00:00Z",
            "2030-02-02T09:00:00Z",
            "2030-02-03T09:00:00Z",
        )
    ]
    same_after_replay(chain)


def test_what_cannot_follow_is_refused_with_a_sentence(chain: Chain) -> None:
    label(chain, count=2)
    chain.ok(ship("s", 62.5, span(1)))
    refused = chain.tell(act(told.UnitsApplied, "a", units=span(1))).refused
    assert refused is not None
    assert refused.params == {"lot": "DB", "unit": 1, "unit_state": "unit_shipped", "unit_becomes": "unit_applied"}
    chain.ok(act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", units=span(1)), "EXP")
    again = act(told.UnitsReceived, "r2", "2030-02-01T09:00:00Z", units=span(1))
    assert chain.refused(again, "EXP") == "UNIT_STATE"
    assert chain.refused(act(told.UnitsApplied, "b", units=span(3))) == "UNIT_STATE"
    assert chain.refused(act(told.UnitsApplied, "c", units=())) == "NO_UNITS"
    assert chain.refused(act(told.UnitsApplied, "d", units=span(99))) == "NO_SUCH_UNIT"
    heavy = act(told.UnitsApplied, "e", units=span(2), weighed=[{"unit": 2, "net": {"value": "64", "unit": "kg"}}])
    assert chain.refused(heavy) == "UNIT_WEIGHT_OFF"


def test_a_shipment_weighs_what_its_units_weigh(chain: Chain) -> None:
    label(chain)
    assert chain.refused(ship("s", 125, span(1))) == "UNITS_WEIGH_OTHERWISE"
    assert chain.refused(ship("t", 62.5, span(6, 7))) == "UNITS_WEIGH_OTHERWISE"
    chain.ok(ship("u", 87.5, span(6, 7)))
    assert chain.refused(ship("v", 25, span(7))) == "UNIT_STATE"


def test_who_has_the_code_may_receive_and_who_has_nothing_learns_nothing(chain: Chain) -> None:
    label(chain)
    codes = [code_of(item) for item in to_print(chain)]
    chain.ok(ship("s", 125, span(1, 2), to="ELSEWHERE"))
    when = "2030-02-01T09:00:00Z"
    stranger = chain.tell(act(told.UnitsReceived, "r1", when, units=span(1)), "RIVAL").refused
    nobody = chain.tell(
        told.UnitsReceived(id=uid("r2"), occurred_at=at(when), lot=uid("nothing"), units=span(1)), "RIVAL"
    ).refused
    assert stranger is not None and nobody is not None
    assert (stranger.code, nobody.code) == ("LOT_UNKNOWN", "LOT_UNKNOWN")
    chain.ok(act(told.UnitsReceived, "r3", when, codes=(codes[0],)), "RIVAL")
    # it sees the lot now, but receives the second only by its code
    assert chain.refused(act(told.UnitsReceived, "r4", when, units=span(2)), "RIVAL") == "UNITS_NOT_FOR_YOU"
    chain.ok(act(told.UnitsReceived, "r5", when, codes=(codes[1],)), "RIVAL")
    # whoever labelled a unit that has not left does not receive it
    assert chain.refused(act(told.UnitsReceived, "r6", when, codes=(codes[2],))) == "UNIT_NOT_SENT"
    same_after_replay(chain)


def test_a_code_of_another_lot_is_refused(chain: Chain) -> None:
    label(chain)
    code = code_of(to_print(chain, 1, 1)[0])
    event = told.UnitsReceived(id=uid("r"), occurred_at=at("2030-02-01T09:00:00Z"), lot=uid("RL"), codes=(code,))
    assert chain.refused(event, "EXP") == "UNIT_CODE_UNKNOWN"


def test_labelled_units_cannot_be_packed_otherwise_until_the_labels_are_void(chain: Chain) -> None:
    label(chain, count=2)
    correct = told.Corrected(
        id=uid("c"), occurred_at=at("2030-01-22T09:00:00Z"), event=uid("pack"), reason="Miscounted"
    )
    assert chain.refused(correct) == "UNITS_LABELLED"
    chain.ok(act(told.UnitsVoided, "v", units=span(1, 2), reason="Miscounted"))
    chain.ok(correct)
    assert rows(chain) == {}
    chain.ok(
        told.Packed(id=uid("p2"), occurred_at=at("2030-01-23T09:00:00Z"), lot=uid("DB"), packaging="jute_62.5", units=6)
    )
    label(chain, count=6)
    same_after_replay(chain)


def test_a_corrected_shipment_gives_its_units_back_but_not_those_that_came(chain: Chain) -> None:
    label(chain)
    chain.ok(act(told.UnitsApplied, "a", units=span(1)))
    chain.ok(ship("s", 125, span(1, 2)))

    def corrected(name: str, instead: told.Shipped | None) -> told.Corrected:
        return told.Corrected(
            id=uid(name), occurred_at=at("2030-03-01T09:00:00Z"), event=uid("s"), reason="Wrong", instead=instead
        )

    chain.ok(corrected("c1", replace_units("s1", 62.5, span(1))))
    assert states(chain) == ["shipped", "issued"] + ["issued"] * 5
    chain.ok(act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", units=span(1)), "EXP")

    def again(name: str, instead: told.Shipped | None) -> told.Corrected:
        return told.Corrected(
            id=uid(name), occurred_at=at("2030-03-02T09:00:00Z"), event=uid("c1"), reason="Wrong", instead=instead
        )

    assert chain.refused(again("c2", None)) == "UNIT_MOVED_ON"
    same_after_replay(chain)


def replace_units(name: str, weight: Any, spans: tuple[told.UnitRange, ...]) -> told.Shipped:
    return told.Shipped(
        id=uid(name), occurred_at=at("2030-01-23T09:00:00Z"), lot=uid("DB"), quantity=kg(weight), to="EXP", units=spans
    )


def test_a_shipment_whose_units_came_is_taken_back_only_with_them(chain: Chain) -> None:
    label(chain)
    chain.ok(ship("s", 125, span(1, 2)))
    chain.ok(act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", units=span(1)), "EXP")
    gone = told.Corrected(id=uid("c1"), occurred_at=at("2030-03-01T09:00:00Z"), event=uid("s"), reason="Wrong")
    assert chain.refused(gone) == "UNIT_MOVED_ON"
    chain.ok(gone.model_copy(update={"id": uid("c2"), "instead": replace_units("s1", 62.5, span(1))}))
    assert states(chain) == ["received"] + ["issued"] * 6
    assert chain.lot("DB").remaining_g == 337_500
    same_after_replay(chain)


def back(name: str, weight: Any, when: str = "2030-02-10T09:00:00Z", **more: Any) -> told.Returned:
    said = {"unopened": True, "kept_as_required": True, "reason": "Not wanted", "shipment": uid("s")} | more
    return told.Returned(
        id=uid(name),
        occurred_at=at(when),
        site=uid("FERM"),
        lot=uid("DB"),
        into=told.Named(lot=uid(f"R-{name}"), code=f"R-{name.upper()}"),
        quantity=kg(weight),
        **said,
    )


def test_a_shipment_that_comes_back_brings_its_units_back(chain: Chain) -> None:
    label(chain, count=3)
    chain.ok(act(told.UnitsApplied, "a", units=span(1, 3)))
    chain.ok(ship("s", 187.5, span(1, 3)))
    chain.ok(act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", units=span(2)), "EXP")
    chain.ok(back("b", 187.5))
    assert states(chain) == ["returned"] * 3 + [None] * 4
    two = rows(chain)[2]
    days = [two.applied_at, two.shipped_at, two.received_at, two.returned_at]
    assert days == sorted(days)  # what happened stays
    assert two.state_at == two.returned_at
    # its grams are in the lot of the return: it does not leave as a unit of DB, nor does it come back twice
    assert (
        chain.refused(act(told.Shipped, "s2", "2030-02-11T09:00:00Z", quantity=kg(62.5), units=span(1))) == "UNIT_STATE"
    )
    assert chain.refused(back("b2", 62.5, units=span(1))) in ("UNIT_STATE", "RETURN_EXCEEDS_SHIPMENT")
    # its label names grams of another lot, so that the rest can be labelled
    label(chain, first=4, count=4)
    # whoever gets the goods next receives them by their labels, and nothing is suspected
    code = code_of(to_print(chain, 2, 1)[0])
    chain.ok(act(told.UnitsReceived, "r2", "2030-03-01T09:00:00Z", codes=(code,)), "RIVAL")
    assert states(chain)[:3] == ["returned", "received", "returned"]
    same_after_replay(chain)


def test_of_a_part_that_comes_back_the_units_are_named(chain: Chain) -> None:
    label(chain, count=4)
    chain.ok(ship("s", 187.5, span(1, 3)))
    assert chain.refused(back("b1", 62.5, units=span(4))) == "UNIT_NOT_SHIPPED"
    assert chain.refused(back("b2", 62.5, units=span(1, 2))) == "UNITS_WEIGH_OTHERWISE"
    assert chain.refused(back("b3", 62.5, units=())) == "NO_UNITS"
    chain.ok(back("b4", 62.5))  # nobody said which
    assert states(chain)[:3] == ["shipped"] * 3
    chain.ok(told.Corrected(id=uid("c"), occurred_at=at("2030-02-11T09:00:00Z"), event=uid("b4"), reason="Which?"))
    chain.ok(back("b5", 62.5, units=span(2)))
    assert states(chain)[:3] == ["shipped", "returned", "shipped"]
    assert chain.refused(back("b6", 62.5, units=span(2))) == "UNIT_STATE"
    chain.ok(act(told.UnitsOpened, "o", "2030-02-12T09:00:00Z", units=span(3)))
    assert chain.refused(back("b7", 125, "2030-02-13T09:00:00Z")) == "UNIT_STATE"  # one was opened
    chain.ok(
        back(
            "b8", 120, "2030-02-13T09:00:00Z", unopened=False, units=[{"first": 1, "last": 1}, {"first": 3, "last": 3}]
        )
    )
    assert states(chain)[:4] == ["returned", "returned", "opened", "issued"]
    same_after_replay(chain)


def test_a_return_told_in_error_leaves_the_units_as_they_were(chain: Chain) -> None:
    label(chain, count=3)
    chain.ok(ship("s", 125, span(1, 2)))
    chain.ok(act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", units=span(2)), "EXP")
    before = rows(chain)
    chain.ok(back("b", 125))
    gone = told.Corrected(id=uid("c1"), occurred_at=at("2030-03-01T09:00:00Z"), event=uid("s"), reason="Wrong")
    assert chain.refused(gone) == "UNIT_MOVED_ON"  # what came back left
    chain.ok(gone.model_copy(update={"id": uid("c2"), "event": uid("b"), "instead": back("b1", 62.5, units=span(1))}))
    assert states(chain)[:2] == ["returned", "received"]
    chain.ok(gone.model_copy(update={"id": uid("c3"), "event": uid("c2")}))
    assert rows(chain) == before
    same_after_replay(chain)


def wrong(name: str, of: str, instead: Any = None) -> told.Corrected:
    when = at("2030-03-01T09:00:00Z")
    return told.Corrected(id=uid(name), occurred_at=when, event=uid(of), reason="Wrong", instead=instead)


def test_what_was_told_of_units_is_taken_back_step_by_step(chain: Chain) -> None:
    """Each step is undone to the row, newest first; what somebody else told is theirs to take back."""
    label(chain)
    code = code_of(to_print(chain, 2, 1)[0])
    weighed = [{"unit": 2, "net": {"value": "62.9", "unit": "kg"}}]
    steps = [
        ("a", act(told.UnitsApplied, "a", units=span(1, 3), weighed=weighed), "COOP"),
        ("s", ship("s", 125, span(1, 2)), "COOP"),
        ("r", act(told.UnitsReceived, "r", "2030-02-01T09:00:00Z", units=span(1), codes=(code,)), "EXP"),
        ("o", act(told.UnitsOpened, "o", "2030-02-02T09:00:00Z", units=span(2)), "EXP"),
        ("v", act(told.UnitsVoided, "v", "2030-02-03T09:00:00Z", units=span(2), reason="Emptied"), "COOP"),
    ]
    before = []
    for _, event, org in steps:
        before.append(rows(chain))
        chain.ok(event, org)
    same_after_replay(chain)
    assert chain.refused(wrong("early", "o"), "EXP") == "UNIT_CHANGED_SINCE"
    assert chain.refused(wrong("other", "r"), "COOP") == "EVENT_UNKNOWN"
    for (name, _, org), held in zip(reversed(steps), reversed(before), strict=True):
        chain.ok(wrong(f"c-{name}", name), org)
        assert rows(chain) == held, name
    assert chain.refused(wrong("twice", "a")) == "ALREADY_CORRECTED"
    same_after_replay(chain)


def test_the_right_units_take_the_place_of_the_wrong_ones(chain: Chain) -> None:
    label(chain)
    chain.ok(act(told.UnitsApplied, "a", units=span(1, 3)))
    chain.ok(wrong("c1", "a", act(told.UnitsApplied, "a2", units=span(2, 4))))
    assert states(chain) == ["issued", "applied", "applied", "applied", "issued", "issued", "issued"]
    chain.ok(wrong("c2", "c1", act(told.UnitsApplied, "a3", units=span(4))))  # a correction may be corrected
    assert states(chain) == ["issued"] * 3 + ["applied"] + ["issued"] * 3
    refused = wrong("c3", "c2", act(told.UnitsOpened, "x", units=span(4)))
    assert chain.refused(refused) == "CORRECTION_TYPE_MISMATCH"
    chain.ok(ship("s", 125, span(4, 5)))
    moved = chain.tell(wrong("c4", "c2")).refused
    assert moved is not None
    assert (moved.code, moved.params["unit"], moved.params["unit_state"]) == ("UNIT_CHANGED_SINCE", 4, "unit_shipped")
    same_after_replay(chain)


def test_labels_that_count_again_name_no_more_than_the_lot_has(chain: Chain) -> None:
    label(chain, count=6)  # 375 of 400 kg
    lost = told.Lost(id=uid("l"), occurred_at=at("2025-01-25T09:00:00Z"), lot=uid("DB"), quantity=kg(30), reason="Wet")
    chain.ok(act(told.UnitsVoided, "v", units=span(1, 2), reason="Torn"))
    chain.ok(lost)
    assert chain.refused(wrong("c1", "v")) == "LABELS_EXCEED_LOT"  # 375 kg of labels for 370 kg
    chain.ok(wrong("c2", "v", act(told.UnitsVoided, "v1", units=span(1), reason="Torn")))
    assert states(chain) == ["void"] + ["issued"] * 5 + [None]
    chain.ok(wrong("c3", "l"))
    chain.ok(wrong("c4", "c2"))
    assert states(chain) == ["issued"] * 6 + [None]
    with system_session(chain.recorder.database, write=False) as session:
        lines = units.register(session, chain.cluster.orgs["COOP"])
    assert [line.kind for line in lines] == ["issued", "lot_issued"]
    assert len(to_print(chain, 1, 6)) == 6  # the label is the same again
    chain.ok(act(told.UnitsVoided, "v2", units=span(2), reason="Torn"))
    label(chain, first=2, count=1)
    assert chain.refused(wrong("c5", "v2")) == "UNIT_CHANGED_SINCE"  # it has another label
    same_after_replay(chain)


def test_what_an_opening_code_said_is_not_taken_back(chain: Chain) -> None:
    label(chain)
    item = to_print(chain, 1, 1)[0]
    assert opening.open_unit(chain.recorder, code_of(item), item.opening_code) == "opened"
    with system_session(chain.recorder.database, write=False) as session:
        event = table(models.Event)
        told_id = session.execute(sa.select(event.c.id).where(event.c.type == "units_opened")).scalar_one()
    refused = told.Corrected(id=uid("c"), occurred_at=at("2030-03-18T09:00:00Z"), event=told_id, reason="Wrong")
    assert chain.refused(refused) in ("UNIT_OPENED_BY_CODE", "EVENT_IN_FUTURE")
    assert (
        chain.refused(refused.model_copy(update={"occurred_at": at("2030-03-01T09:00:00Z")})) == "UNIT_OPENED_BY_CODE"
    )
    assert states(chain)[0] == "opened"


def test_two_receivers_of_one_unit_at_once_one_has_it(chain: Chain) -> None:
    label(chain)
    codes = [code_of(item) for item in to_print(chain)]
    chain.ok(ship("s", 400, span(1, 7), to="ELSEWHERE"))

    def receive(turn: int) -> str | None:
        unit, org = turn // 2, ("EXP", "RIVAL")[turn % 2]
        refused = chain.tell(
            act(told.UnitsReceived, f"r{turn}", "2030-02-01T09:00:00Z", codes=(codes[unit],)), org
        ).refused
        return None if refused is None else refused.code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(receive, range(14)))
    for unit in range(7):
        assert sorted(map(str, answers[2 * unit : 2 * unit + 2])) == ["None", "UNIT_STATE"]
    assert states(chain) == ["received"] * 7
    same_after_replay(chain)


def test_the_same_units_labelled_twice_at_once_have_one_label(chain: Chain) -> None:
    def ask(_: int) -> str | None:
        try:
            label(chain)
        except Refused as refused:
            return refused.code
        return None

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(6)))
    assert sorted(map(str, answers)) == ["None"] + ["UNIT_STATE"] * 5
    with system_session(chain.recorder.database, write=False) as session:
        assert len(session.execute(sa.select(_RUN)).all()) == 1
        assert len(session.execute(sa.select(_CODE)).all()) == 7
    same_after_replay(chain)


def gone(chain: Chain) -> int:
    """Grams of DB that were lost, or came back as a lot of their own."""
    line = table(models.Line)
    with system_session(chain.recorder.database, write=False) as session:
        query = sa.select(sa.func.sum(line.c.grams)).where(
            line.c.lot_id == chain.lot("DB").id, line.c.kind.in_(("lost", "out"))
        )
        return int(session.execute(query).scalar_one() or 0)


def told_before(chain: Chain, *kinds: str) -> list[Any]:
    event = table(models.Event)
    with system_session(chain.recorder.database, write=False) as session:
        query = sa.select(event.c.id, event.c.org_id).where(event.c.type.in_(kinds)).order_by(event.c.seq)
        return list(session.execute(query))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["label", "void", "apply", "ship", "receive", "open", "print", "lost", "back", "correct"]),
        st.integers(1, 7),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_is_told_labels_never_exceed_the_grams_and_replay_agrees(
    chain: Chain, acts: list[tuple[str, int, int]]
) -> None:
    """One ledger through all examples: what an earlier one left behind is part of the next."""
    chance = random.Random(repr(acts))
    for kind, first, count in acts:
        last, name = min(7, first + count - 1), f"{kind}-{chance.random()}"
        spans, wanted = span(first, last), last - first + 1
        try:
            match kind:
                case "label":
                    label(chain, first, wanted)
                    held = [row for row in rows(chain).values() if row.returned_at is None]
                    about = sum(row.grams for row in held if row.state not in (None, "void"))
                    assert about <= 400_000 - gone(chain)
                case "print":
                    units.printed(
                        chain.recorder, chain.cluster.actor("COOP"), "DB", first=first, count=wanted, reason="x"
                    )
                case "void":
                    chain.tell(act(told.UnitsVoided, name, units=spans, reason="x"))
                case "apply":
                    chain.tell(act(told.UnitsApplied, name, units=spans))
                case "open":
                    chain.tell(act(told.UnitsOpened, name, units=spans))
                case "receive":
                    chain.tell(act(told.UnitsReceived, name, units=spans), "EXP")
                case "back":
                    weight = sum(row.grams for number, row in rows(chain).items() if first <= number <= last)
                    named = spans if chance.random() < 0.7 else None
                    shipments = told_before(chain, "shipped") or [None]
                    shipment = chance.choice(shipments)
                    if shipment is not None:
                        more = {"shipment": shipment.id, "unopened": chance.random() < 0.5, "units": named}
                        chain.tell(back(f"{chance.randrange(10**8)}", weight / 1000, "2030-03-01T09:00:00Z", **more))
                case "correct":
                    kinds = ("units_applied", "units_received", "units_opened", "units_voided", "shipped", "returned")
                    for event in told_before(chain, *kinds, "corrected")[-wanted:]:
                        org = next(code for code, key in chain.cluster.orgs.items() if key == event.org_id)
                        chain.tell(
                            told.Corrected(
                                id=uid(f"{name}-{event.id}"),
                                occurred_at=at("2030-03-02T09:00:00Z"),
                                event=event.id,
                                reason="x",
                            ),
                            org,
                        )
                case "lost":
                    chain.tell(
                        told.Lost(
                            id=uid(name),
                            occurred_at=at("2025-01-25T09:00:00Z"),
                            lot=uid("DB"),
                            quantity=kg(1),
                            reason="x",
                        )
                    )
                case _:
                    weight = sum(row.grams for number, row in rows(chain).items() if first <= number <= last)
                    chain.tell(ship(name, weight / 1000, spans))
        except Refused:
            pass
    same_after_replay(chain)
