"""The books of organisations: to the gram over random seasons with transfers and corrections, on both databases."""

from __future__ import annotations

import itertools
import json
import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import balance
from domain import events as told
from domain.balance import Balance, Span, statement, total
from ledger import balances, pack, seasons
from ledger.balances import Books
from ledger.profiles import profiles
from ledger.record import Recorder
from models.base import table
from models.db import SystemSession, system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

WET, DRY = "cocoa_wet_beans", "cocoa_dry_beans"
SEASON = "2024/25"
NOW = 1_740_000_000_000  # 19 February 2025: the season goes on
LATER = 1_800_000_000_000


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    return Chain(recorder)


def reading(chain: Chain) -> Any:
    return system_session(chain.recorder.database, write=False)


def year() -> balances.Season:
    return balances.season(profiles().commodities["cocoa"], SEASON)


def books(session: SystemSession, chain: Chain, org: str = "COOP") -> Books:
    return balances.read(session, chain.cluster.orgs[org])


def under(session: SystemSession, found: Books, number: str = "GRP") -> tuple[Any, balance.Account]:
    held = balances.certificate(session, found.org_id, number)
    return held, balances.under(session, found, held)


def add(chain: Chain, *rows: Any) -> None:
    with system_session(chain.recorder.database, write=True) as session:
        for row in rows:
            session.add(row)
            session.flush()


def hand_over(chain: Chain, lot: str, when: str, weighed: int | None = None, *, ownership: bool = True) -> None:
    chain.ok(
        told.TransferOffered(
            id=uid(f"offer-{lot}"), occurred_at=at(when), lots=(uid(lot),), to="EXP", ownership=ownership
        )
    )
    drawn = () if weighed is None else (told.Drawn(lot=uid(lot), quantity=kg(weighed)),)
    chain.ok(
        told.TransferAccepted(
            id=uid(f"accept-{lot}"),
            occurred_at=at(when) + timedelta(hours=5),
            offer=uid(f"offer-{lot}"),
            site=uid("STORE"),
            weighed=drawn,
        ),
        "EXP",
    )


def correct(chain: Chain, event: str, instead: Any = None, when: str = "2025-02-18T08:00:00Z") -> None:
    right = instead.model_copy(update={"id": uid(f"right-{event}")}) if instead is not None else None
    chain.ok(
        told.Corrected(id=uid(f"fix-{event}"), occurred_at=at(when), event=uid(event), reason="typo", instead=right)
    )


# --- conservation ---


@pytest.mark.parametrize("seed", range(3))
def test_a_random_season_closes_in_every_account_and_agrees_with_the_lots(chain: Chain, seed: int) -> None:
    """Deliveries, receipts, drying, losses, splits, takeovers and corrections, in any order that the rules allow."""
    chance = random.Random(seed)
    play(chain, chance)
    with reading(chain) as session:
        ledgers = {org: books(session, chain, org) for org in ("COOP", "EXP")}
        cuts = sorted(chance.randrange(1_735_689_600_000, 1_740_787_200_000) for _ in range(3))
        spans = [
            Span(None, cuts[0]),
            *(Span(*pair) for pair in itertools.pairwise(cuts)),
            Span(cuts[-1], None),
        ]
        for org, found in ledgers.items():
            accounts = [found.owned(), found.held()]
            accounts += [found.claiming(found.owned(), "EU_ORG", value) for value in ("organic", "conventional")]
            accounts += [found.at(uid(site)) for site in ("FERM", "STORE")]
            if org == "COOP":
                accounts.append(under(session, found)[1])
            for account in accounts:
                closing: dict[str, int] = {}
                for span in spans:
                    stated = statement(found.movements, account, span)
                    for product, one in stated.items():
                        assert one.difference_g == 0
                        assert one.opening_g == closing.get(product, 0)
                    closing |= {product: one.closing_g for product, one in stated.items()}
                assert {code: grams for code, grams in closing.items() if grams} == {
                    code: grams for code, grams in deficits(found, account).items() if grams
                }
        whole = [total(statement(one.movements, one.held(), Span()).values()) for one in ledgers.values()]
        assert sum(one.moved_in_g for one in whole) == sum(one.moved_out_g for one in whole) > 0
        assert sum(one.delivered_g for one in whole) == sum(one.closing_g + one.shipped_g + one.lost_g for one in whole)
        assert sum(one.delivered_g for one in whole) == delivered(session)


def deficits(found: Books, account: balance.Account) -> dict[str, int]:
    """Stock as the lots say it, less what was drawn beyond them."""
    answer = dict(found.stock(account))
    for key, row in found.lots.items():
        if row.deficit_g and account(balance.Place(key, row.site_id, row.holder_id, row.owner_id)):
            answer[row.product] = answer.get(row.product, 0) - row.deficit_g
    return answer


def delivered(session: SystemSession) -> int:
    lot = table(models.Lot)
    query = sa.select(sa.func.sum(lot.c.initial_g)).where(lot.c.kind == "delivery")
    return int(session.execute(query).scalar_one())


def play(chain: Chain, chance: random.Random) -> None:
    when = at("2025-01-02T06:00:00Z")
    delivering: dict[str, Any] = {}
    for number in range(45):
        when += timedelta(hours=chance.randint(1, 30))
        moment = when.isoformat()
        with reading(chain) as session:
            lot = table(models.Lot)
            rows = session.execute(
                sa.select(lot).where(lot.c.remaining_g > 1000, lot.c.disposition == "available").order_by(lot.c.id)
            ).all()
        coop = chain.cluster.orgs["COOP"]
        mine = [row for row in rows if row.owner_id == coop]
        act = chance.choice(("deliver", "deliver", "receive", "dry", "lose", "split", "hand", "correct", "ship"))
        pick = chance.choice(mine) if mine else None
        if act == "deliver" or pick is None:
            one = chain.deliver(f"D{number}", chance.randint(20, 300), chance.choice(("ANNA", "BEN", "GHOST")), moment)
            chain.ok(one)
            delivering[f"deliver-D{number}"] = one
        elif act == "receive" and pick.kind == "delivery" and pick.product == WET:
            part = pick.remaining_g // 1000
            chain.ok(
                chain.receive(f"R{number}", {pick.code: part}, moment, weighed=kg(max(1, part - chance.randint(0, 2))))
            )
        elif act == "dry" and pick.product == WET:
            part = chance.randint(1, pick.remaining_g // 1000)
            chain.ok(chain.dry(f"B{number}", part * 4 // 10 or "0.3", {pick.code: part}, moment))
        elif act == "lose":
            quantity = told.Quantity(value=chance.randint(1, pick.remaining_g), unit="g")
            chain.ok(
                told.Lost(
                    id=uid(f"lost-{number}"), occurred_at=when, lot=pick.uid, quantity=quantity, reason="stock-take"
                )
            )
        elif act == "split":
            half = pick.remaining_g // 2
            outs = tuple(
                told.NewLot(
                    lot=uid(f"S{number}{i}"), code=f"S{number}{i}", product=pick.product,
                    quantity=told.Quantity(value=half, unit="g"),
                )
                for i in (0, 1)
            )  # fmt: skip
            drawn = told.Drawn(lot=pick.uid, quantity=told.Quantity(value=2 * half, unit="g"))
            chain.ok(
                told.Split(id=uid(f"split-{number}"), occurred_at=when, site=uid("FERM"), input=drawn, outputs=outs)
            )
        elif act == "hand" and pick.holder_id == coop:
            hand_over(chain, pick.code, moment, pick.remaining_g // 1000, ownership=chance.random() < 0.7)
            when += timedelta(hours=6)
        elif act == "ship" and pick.product == DRY:
            chain.ok(chain.inspect(pick.code, moment))
            chain.ok(chain.ship(pick.code, chance.randint(1, pick.remaining_g // 1000), moment, f"-{number}"))
        elif act == "correct" and delivering:
            name = chance.choice(sorted(delivering))
            one = delivering.pop(name)
            less = one.model_copy(update={"lot": one.lot.model_copy(update={"quantity": kg(chance.randint(1, 400))})})
            chain.tell(
                told.Corrected(
                    id=uid(f"fix-{number}"), occurred_at=when, event=one.id, reason="typed wrong",
                    instead=less.model_copy(update={"id": uid(f"right-{number}")}) if chance.random() < 0.8 else None,
                )
            )  # fmt: skip


def test_what_a_correction_declares_wrong_does_not_count(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.deliver("D2", 400))
    chain.ok(chain.deliver("D3", 50, "GHOST"))
    correct(chain, "deliver-D1", chain.deliver("D1", 60))
    correct(chain, "deliver-D2")
    with reading(chain) as session:
        found = books(session, chain)
        stated = statement(found.movements, found.owned(), year().span)
        assert stated == {WET: Balance(delivered_g=110_000, closing_g=110_000)}
        (row, other) = balances.events_behind(session, found, found.owned(), year().span, WET, "delivered")
        assert sorted((row.grams, other.grams)) == [50_000, 60_000]
        assert {row.event, other.event} == {uid("fix-deliver-D1"), uid("deliver-D3")}
        gone = pack.pack(session, None, "GRP", SEASON, now=NOW).corrections
    assert [(one.lots, one.was_g, one.now_g, one.type) for one in gone] == [
        (("D1",), 600_000, 60_000, "delivered"),
        (("D2",), 400_000, 0, "delivered"),
    ]


def test_a_lot_that_is_short_after_a_correction_is_an_open_difference(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.receive("RL", {"D1": 600}))
    correct(chain, "deliver-D1", chain.deliver("D1", 60))
    with reading(chain) as session:
        found = books(session, chain)
        said = balances.checks(session, found, found.owned(), year(), now=NOW)
        assert [(one.code, one.params["difference_g"]) for one in said] == [("BALANCE_DIFFERENCE", 540_000)]
        assert [one.params["lot"] for one in balances.short_lots(found, found.owned())] == ["D1"]
        stated = statement(found.movements, found.owned(), year().span)
        assert stated[WET].difference_g == 0


# --- whose, where, under which certificate, with which claim ---


def test_a_sold_lot_leaves_the_sellers_books_and_enters_the_buyers(chain: Chain) -> None:
    chain.dry_lot()
    hand_over(chain, "DB", "2025-01-25T08:00:00Z", 396)
    with reading(chain) as session:
        coop, exporter = books(session, chain), books(session, chain, "EXP")
        assert statement(coop.movements, coop.owned(), Span())[DRY] == Balance(made_g=400_000, moved_out_g=400_000)
        bought = Balance(moved_in_g=400_000, lost_g=4_000, closing_g=396_000)
        assert statement(exporter.movements, exporter.owned(), Span()) == {DRY: bought}
        assert statement(exporter.movements, under(session, exporter, "EXPC")[1], Span()) == {DRY: bought}
        assert balances.sold(coop, coop.owned(), year().span) == {DRY: 400_000}


def test_goods_of_others_mixed_into_a_members_lot_come_in_from_outside_the_certificate(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.deliver("D2", 100, "GHOST"))
    chain.ok(chain.receive("RL", {"D1": 600, "D2": 100}))
    with reading(chain) as session:
        found = books(session, chain)
        _, account = under(session, found)
        assert statement(found.movements, account, Span())[WET] == Balance(
            delivered_g=600_000, moved_in_g=100_000, closing_g=700_000
        )
        organic = statement(found.movements, found.claiming(account, "EU_ORG", "organic"), Span())
        assert organic[WET] == Balance(delivered_g=600_000, moved_out_g=600_000)  # the mixture carries nothing


def test_the_parts_by_claim_sum_to_the_account(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.deliver("D2", 100, "BEN"))
    chain.ok(chain.deliver("D3", 300, "BEN"))
    chain.ok(chain.receive("RL", {"D1": 600, "D2": 100}))
    chain.ok(chain.dry("DB", 280, {"RL": 700}))
    with reading(chain) as session:
        found = books(session, chain)
        organic = found.claiming(found.owned(), "EU_ORG", "organic")
        assert statement(found.movements, organic, Span())[WET].moved_out_g == 600_000
        assert balances.sold(found, organic, Span()) == {}  # mixed into what carries less, and not sold
        parts = balances.by_claim(found, found.owned(), Span())
        whole = statement(found.movements, found.owned(), Span())
    assert {key: {code: one.closing_g for code, one in part.items()} for key, part in parts.items()} == {
        ("EU_ORG", "organic"): {WET: 0},
        ("EU_ORG", "in_conversion"): {WET: 300_000, DRY: 280_000},
    }
    for product, one in whole.items():
        for cell in ("delivered_g", "made_g", "used_g", "shipped_g", "lost_g", "closing_g"):
            assert sum(getattr(part.get(product, Balance()), cell) for part in parts.values()) == getattr(one, cell)


def test_shipped_grams_stand_beside_the_claims_told_for_them(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    organic = told.ClaimMade(scheme="EU_ORG", value="organic", certificates=(uid("GRP"),))
    chain.ok(chain.ship("DB", 150).model_copy(update={"claims": (organic,)}))
    chain.ok(chain.ship("DB", 50, name="plain"))
    with reading(chain) as session:
        found = books(session, chain)
        assert balances.shipped_as(session, found, found.owned(), year().span) == {("EU_ORG", "organic"): 150_000}
        assert statement(found.movements, found.owned(), year().span)[DRY].shipped_g == 200_000


# --- members ---


def estimate(chain: Chain, farmer: str, grams: int, season: str = SEASON, product: str = DRY) -> models.Estimate:
    return models.Estimate(
        org_id=chain.cluster.orgs["COOP"], farmer_id=uid(farmer), season=season, product=product, grams=grams
    )


def test_members_are_held_against_their_estimate_and_the_season_before(chain: Chain) -> None:
    add(chain, estimate(chain, "ANNA", 100_000))
    chain.ok(chain.deliver("D0", 90, when="2024-09-30T23:59:59Z"))
    chain.ok(chain.deliver("D1", 200, when="2024-10-01T00:00:00Z"))
    chain.ok(chain.deliver("D2", 75))
    with reading(chain) as session:
        found = books(session, chain)
        held, _ = under(session, found)
        anna, ben = balances.members(session, found, held, year())
        rows = balances.deliveries_of(session, found, held, uid("ANNA"), year())
        assert balances.deliveries_of(session, found, held, uid("GHOST"), year()) is None
    assert (anna.delivered_g, anna.previous_g, anna.share_bp, anna.excess_g) == (110_000, 36_000, 11_000, 10_000)
    assert anna.delivered == {(WET, "organic"): 275_000}
    assert (anna.area_m2, ben.area_m2) == ({"organic": 10_000}, {"in_conversion": 10_000})
    assert (ben.estimate_g, ben.share_bp, ben.deliveries) == (None, None, 0)
    assert rows is not None and [row.grams for row in rows] == [200_000, 75_000]


# --- checks ---


def test_an_untrue_yield_and_a_loss_in_store_are_found(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 1000))
    chain.ok(chain.receive("RL", {"D1": 1000}))
    chain.ok(chain.dry("DB", 460, {"RL": 1000}))
    chain.ok(
        told.Lost(
            id=uid("shrunk"),
            occurred_at=at("2025-02-01T08:00:00Z"),
            lot=uid("DB"),
            quantity=kg(10),
            reason="stock-take",
        )
    )
    with reading(chain) as session:
        found = books(session, chain)
        said = balances.checks(session, found, found.owned(), year(), now=NOW)
    assert sorted(one.code for one in said) == ["STORAGE_LOSS_ABOVE_TOLERANCE", "YIELD_ABOVE_RANGE"]


def test_nothing_is_found_where_nothing_is_wrong(chain: Chain) -> None:
    add(chain, estimate(chain, "ANNA", 400_000))
    chain.dry_lot()
    hand_over(chain, "DB", "2025-01-25T08:00:00Z")
    with reading(chain) as session:
        found = books(session, chain)
        held, account = under(session, found)
        listed = balances.members(session, found, held, year())
        assert balances.checks(session, found, account, year(), now=NOW) == []
        assert balances.claim_checks(found, account, profiles().schemes["EU_ORG"], year(), listed) == []


def test_organic_sold_beyond_the_estimates_is_found(chain: Chain) -> None:
    """I10: 400 kg dry from 1,000 kg wet is plausible; the members were expected to bring 300 kg."""
    chain.dry_lot()
    add(chain, estimate(chain, "ANNA", 300_000))
    hand_over(chain, "DB", "2025-01-25T08:00:00Z")
    with reading(chain) as session:
        found = books(session, chain)
        held, account = under(session, found)
        listed = balances.members(session, found, held, year())
        (said,) = balances.claim_checks(found, account, profiles().schemes["EU_ORG"], year(), listed)
    assert (said.code, said.params["sold_g"], said.params["estimate_g"]) == ("CLAIM_ABOVE_ESTIMATES", 400_000, 300_000)


# --- contracts and seasons ---


def contract(chain: Chain, code: str, grams: int, value: str | None = "organic", **more: Any) -> models.Contract:
    scheme = "EU_ORG" if value else None
    days = {"from_day": "2024-11-01", "to_day": "2025-08-31"} | more
    return models.Contract(
        org_id=chain.cluster.orgs["COOP"], id=uid(code), code=code, buyer="B", product=DRY, scheme=scheme, value=value,
        grams=grams, **days,
    )  # fmt: skip


def test_contracts_beyond_estimates_and_goods_are_over_committed(chain: Chain) -> None:
    add(chain, estimate(chain, "ANNA", 500_000), estimate(chain, "BEN", 900_000))
    add(chain, contract(chain, "K1", 450_000), contract(chain, "K2", 100_000), contract(chain, "K3", 50_000, None))
    add(chain, contract(chain, "OLD", 10**9, from_day="2023-11-01", to_day="2024-06-30"))
    chain.dry_lot()
    chain.ok(chain.deliver("D3", 100))
    with reading(chain) as session:
        found = books(session, chain)
        plain, organic = balances.commitments(session, found, year(), now=NOW)
        (ended, _), _ = balances.commitments(session, found, year(), now=LATER)[::-1]
    assert (plain[0].estimate_g, plain[0].missing_g) == (1_400_000, 0)
    assert [row.code for row in organic[1]] == ["K1", "K2"]
    assert (organic[0].contracted_g, organic[0].estimate_g, organic[0].available_g) == (550_000, 500_000, 440_000)
    finding = balance.overcommitted(organic[0])
    assert finding is not None and finding.params["missing_g"] == 50_000
    assert ended.missing_g == 110_000  # the season is over: only goods count


def test_a_season_is_rolled_over_for_approved_members_only(chain: Chain) -> None:
    chain.cluster.farmer(
        "CARL", "COOP", certificate="GRP", status=(("2024-06-01", "approved"), ("2025-01-01", "suspended"))
    )
    chain.cluster.farmer("DORA", "COOP", certificate="GRP")
    chain.cluster.farmer("EVE", "COOP", certificate="GRP")
    add(chain, estimate(chain, "ANNA", 500_000), estimate(chain, "BEN", 90_000), estimate(chain, "CARL", 1))
    add(chain, estimate(chain, "EVE", 70_000), estimate(chain, "EVE", 80_000, "2025/26"))
    chain.dry_lot()
    left = {"membership_id": uid("ANNA/GRP"), "from_day": "2025-10-01", "status": "withdrawn", "recorded_at": 1}
    add(chain, models.MembershipStatus(org_id=chain.cluster.orgs["COOP"], **left))  # after the season
    with reading(chain) as session:
        found = seasons.roll_over(session, chain.cluster.orgs["COOP"], "GRP", SEASON, "2025/26")
    assert [(one.farmer, one.grams, one.basis, one.state) for one in found.proposals] == [
        ("ANNA", 400_000, "delivered_less", "proposed"),
        ("BEN", 90_000, "last_estimate", "proposed"),
        ("EVE", 80_000, "last_estimate", "kept"),
    ]
    assert found.without == ("DORA",)
    assert found.opening_g == {WET: 0, DRY: 400_000}


# --- the pack ---


def test_the_pack_holds_the_control_system_as_it_stands(chain: Chain) -> None:
    coop = chain.cluster.orgs["COOP"]
    membership = uid("BEN/GRP")
    add(
        chain,
        models.Person(org_id=coop, farmer_id=uid("ANNA"), full_name="Anna A", phone="+231 1", village="Bahn"),
        models.Holding(org_id=coop, farmer_id=uid("ANNA"), from_day="2024-06-01", area_m2=30_000, recorded_at=1),
        models.InspectionReport(
            org_id=coop, inspection_id=uid("ANNA/2024-08-10"), scheme="EU_ORG", scope="plot A", started_at=1_723_276_800_000,
            ended_at=1_723_280_400_000, answers=json.dumps([{"code": "a", "answer": "no"}, {"code": "b", "answer": "yes"}]),
            inspector_signed_on="2024-08-10", decision="conditions",
        ),
        models.NonConformity(
            org_id=coop, id=uid("nc"), scheme="EU_ORG", farmer_id=uid("ANNA"), code="buffer", severity="minor",
            found_on="2024-08-10", action="plant a hedge", due_on="2025-03-01",
        ),
        models.NonConformity(
            org_id=coop, id=uid("closed"), scheme="EU_ORG", farmer_id=uid("ANNA"), code="old", severity="minor",
            found_on="2023-08-10", closed_on="2023-09-01",
        ),
        models.MembershipStatus(
            org_id=coop, membership_id=membership, from_day="2025-01-20", status="suspended", reason="spraying", recorded_at=1
        ),
        models.MembershipStatus(
            org_id=coop, membership_id=membership, from_day="2025-10-01", status="withdrawn", recorded_at=1
        ),  # after the season
        models.Sanction(
            org_id=coop, id=uid("sanction"), membership_id=membership, step="suspension", from_day="2025-01-20",
            reason="spraying", decided_by="user:x", decided_at=1_737_331_200_000,
        ),
        models.OfficialControl(
            org_id=coop, id=uid("control"), farmer_id=uid("ANNA"), scheme="EU_ORG", controlled_on="2024-11-05",
            inspector="CB-7", conform=True,
        ),
        models.MemberList(
            org_id=coop, certificate_id=uid("GRP"), number=3, as_of="2024-10-01", frozen_at=1, frozen_by="user:x",
            rows="[]", sha256="0" * 64,
        ),
        estimate(chain, "ANNA", 500_000),
        contract(chain, "K1", 450_000),
    )  # fmt: skip
    chain.dry_lot()
    chain.ok(chain.deliver("D3", 100, "BEN"))
    with reading(chain) as session:
        found = pack.pack(session, coop, "GRP", SEASON, now=NOW)
        by_id = pack.pack(session, None, uid("GRP"), SEASON, now=NOW)
    assert by_id == found
    anna, ben = found.members
    assert (anna.name, anna.phone, anna.village, anna.holding_m2) == ("Anna A", "+231 1", "Bahn", 30_000)
    assert (str(anna.inspected_on), anna.inspector, str(anna.controlled_on), anna.controller) == (
        "2024-08-10", "I1", "2024-11-05", "CB-7",
    )  # fmt: skip
    assert (ben.status, str(ben.status_since), ben.status_reason) == ("suspended", "2025-01-20", "spraying")
    assert [(one.member, one.findings, one.decision) for one in found.inspections] == [
        ("ANNA", 1, "conditions"),
        ("BEN", None, None),
    ]
    assert [(one.subject, one.code) for one in found.non_conformities] == [("ANNA", "buffer")]
    assert [(one.member, one.step) for one in found.sanctions] == [("BEN", "suspension")]
    assert [one.inspector for one in found.controls] == ["CB-7"]
    assert (found.list_number, str(found.list_on)) == (3, "2024-10-01")
    assert [(one.member, one.at_receipt, one.running_g) for one in found.purchases] == [
        ("ANNA", "organic", 240_000),
        ("ANNA", "organic", 400_000),
        ("BEN", "in_conversion", 100_000),  # no estimate: as delivered
    ]
    assert {(one.account, one.key, one.product): one.balance.closing_g for one in found.statements} == {
        ("certificate", "–", WET): 100_000,
        ("certificate", "–", DRY): 400_000,
        ("claim", "organic", WET): 0,
        ("claim", "organic", DRY): 400_000,
        ("claim", "in_conversion", WET): 100_000,
        ("site", "FERM", WET): 100_000,
        ("site", "FERM", DRY): 400_000,
    }
    lots = {one.code: one for one in found.lots}
    assert {code: one.stock_g for code, one in lots.items()} == {"RL": 0, "DB": 400_000, "D3": 100_000}
    assert [reason.finding.code for reason in lots["D3"].reasons] == ["PLOT_IN_CONVERSION"]
    assert [(one.code, one.missing_g) for one in found.contracts] == [("K1", 0)]
    sums = found.sums
    assert (sums.members, sums.plots, sums.area_m2, sums.deliveries, sums.delivered_g) == (2, 2, 20_000, 3, 1_100_000)
    assert (sums.used_g, sums.made_g, sums.stock_g, sums.contracted_g) == (1_000_000, 400_000, 500_000, 450_000)


@pytest.mark.parametrize("upstream", [True, False])
def test_a_buyers_pack_tells_nothing_of_what_lies_behind_the_goods(chain: Chain, upstream: bool) -> None:
    """Lots of the seller are read, to know both ends of a movement; nothing of them is shown."""
    chain.ok(chain.deliver("D1", 500, "BEN"))
    chain.ok(chain.receive("RL", {"D1": 500}))
    drawn = told.Drawn(lot=uid("RL"), quantity=kg(500))
    lowered = {"lot": uid("RL"), "scheme": "EU_ORG", "to": "conventional", "reason": "our own business"}
    chain.ok(told.Downgraded(id=uid("down"), occurred_at=at("2025-01-10T20:00:00Z"), **lowered))
    chain.ok(
        told.Bulked(
            id=uid("bulk"), occurred_at=at("2025-01-11T08:00:00Z"), site=uid("FERM"), inputs=(drawn,),
            into=told.Named(lot=uid("BK"), code="BK"),
        )
    )  # fmt: skip
    moment = at("2025-01-12T08:00:00Z")
    chain.ok(told.TransferOffered(id=uid("o"), occurred_at=moment, lots=(uid("BK"),), to="EXP", upstream=upstream))
    chain.ok(told.TransferAccepted(id=uid("a"), occurred_at=moment, offer=uid("o"), site=uid("STORE")), "EXP")
    with reading(chain) as session:
        found = books(session, chain, "EXP")
        bought = pack.pack(session, chain.cluster.orgs["EXP"], "EXPC", SEASON, now=NOW)
        own = pack.pack(session, chain.cluster.orgs["COOP"], "GRP", SEASON, now=NOW)
    assert {found.lots[key].code for key in found.visible} == {"BK"}
    assert [(one.code, one.stock_g, one.value, one.reasons) for one in bought.lots] == [
        ("BK", 500_000, "conventional", ())
    ]
    assert "our own business" not in repr(bought) and "BEN" not in repr(bought) and "RL" not in repr(bought.lots)
    assert [reason.finding.code for one in own.lots if one.code == "BK" for reason in one.reasons] == ["DOWNGRADED"]
