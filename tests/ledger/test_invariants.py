"""The invariants of the ledger through the recorder, on both databases: fewer seasons than on the rules alone, each
replayed at the end. What only the ledger has is here: pages, totals, registrations.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis.stateful import invariant

import models
from demo.totals import totals
from domain import events as told
from domain.refusals import Refused
from domain.values import Actor
from labels.page import page_json
from ledger.issue import issue_label, revoke_label
from ledger.passport import build
from ledger.queries import claims_of, trace
from ledger.record import Recorder, record
from ledger.registry import Change, begin, settle
from ledger.replay import replay
from models.base import table
from models.db import scoped_session, system_session
from tests.api.test_registry import Org, client, coop, other
from tests.builders import at
from tests.builders import uid as named
from tests.domain import reference as ref
from tests.domain.machine import (
    EITHER,
    PICK,
    Move,
    Season,
    Seen,
    State,
    happens,
    ident,
    walk,
)
from tests.ledger.season import Chain
from tests.ledger.test_reaching_back import again, correct, identical

__all__ = ["client", "coop", "other"]  # the service, for registrations

_LOT, _LINE, _HOLD = table(models.Lot), table(models.Line), table(models.Hold)
_PAPER, _LOAD, _EVENT = table(models.Consignment), table(models.Load), table(models.Event)
_LABEL, _PAGE = table(models.Label), table(models.PublicPage)
ACTOR = Actor(1, "COOP", "user:test")
SEXES = {"OLD": "F", "NEW": "M", "LAPSED": "F", "OUT": "M", "EST": "F"}


class Recorded:
    """The ledger on a database."""

    def __init__(self, recorder: Recorder, schemes: tuple[str, ...], *, strict: bool) -> None:
        self.recorder, self.schemes = recorder, schemes
        self.known = ref.cluster()
        with system_session(recorder.database, write=True) as session:
            for row in founded(self.known, schemes, strict=strict):
                session.add(row)
                session.flush()

    def tell(self, event: Any, now: int) -> str | None:
        at = Recorder(self.recorder.database, entropy=self.recorder.entropy, clock=lambda: now)
        (answer,) = record(at, ACTOR, [event])
        return answer.refused.code if answer.refused is not None else None

    def last(self) -> int:
        with system_session(self.recorder.database, write=False) as session:
            return int(session.execute(sa.select(sa.func.max(_EVENT.c.seq))).scalar_one())

    def sync(self, cluster: ref.Cluster, change: tuple[str, str, date] | None) -> None:
        with scoped_session(self.recorder.database, 1, write=True) as session:
            begin(session)
            farmer = cluster.farmers["EST"]
            estimate = session.get(models.Estimate, (1, ident("EST"), "2024/25", ref.WET))
            assert estimate is not None
            assert farmer.estimate_g is not None
            estimate.grams, estimate.signed = farmer.estimate_g, farmer.signed
            if change is None:
                return
            cause, record_of, since = change
            papers = [scheme for scheme in self.schemes if ref.SCHEMES[scheme].member]
            said: dict[str, Any] = {"org_id": 1, "from_day": since.isoformat()}
            if cause == "membership":
                rows = [
                    models.MembershipStatus(
                        membership_id=ident(f"{record_of}{n}"), status="suspended", recorded_at=2, **said
                    )
                    for n in range(len(papers))
                ]
                concerned = Change("membership", ident(f"{record_of}0"), since, farmers=(record_of,))
            else:
                rows = [
                    models.CertificateStatus(certificate_id=ident(record_of), status="suspended", recorded_at=2, **said)
                ]
                concerned = Change("certificate", ident(record_of), since, certificate=ident(record_of))
            for row in rows:
                session.merge(row)
            session.flush()
            settle(session, self.recorder, ACTOR, concerned)

    def state(self) -> State:
        with system_session(self.recorder.database, write=False) as session:
            rows = session.execute(sa.select(_LOT)).all()
            claims = claims_of(session, [row.id for row in rows])
            holds: dict[int, set[str]] = {row.id: set() for row in rows}
            for lot, kind in session.execute(
                sa.select(_HOLD.c.lot_id, _HOLD.c.kind).where(_HOLD.c.ended_seq.is_(None))
            ):
                holds[lot].add(kind)
            uids = {row.id: row.uid for row in rows}
            papers = {
                (uids[row.lot_id], row.kind, row.scheme, row.number, row.grams, row.state)
                for row in session.execute(sa.select(_PAPER))
            }
            lines = session.execute(sa.select(_LINE).where(_LINE.c.kind != "note").order_by(_LINE.c.seq)).all()
            moves = tuple(Move(row.seq, uids[row.lot_id], row.kind, row.grams, row.occurred_at) for row in lines)
            runs = {row.uid: (row.started_at, row.ended_at) for row in session.execute(sa.select(_LOAD))}
        lots = {
            row.uid: Seen(
                row.initial_g,
                row.remaining_g,
                row.deficit_g,
                row.disposition,
                frozenset(holds[row.id]),
                claims.get(row.id, {}),
                row.made_at,
            )
            for row in rows
        }
        return State(lots, {paper for paper in papers if lots[paper[0]].initial_g}, moves, runs)

    def composition(self, lot: str) -> dict[str, int]:
        with system_session(self.recorder.database, write=False) as session:
            return {share.lot: share.grams for share in trace(session, None, lot, "back").composition}

    def below(self, lot: str) -> set[str]:
        with system_session(self.recorder.database, write=False) as session:
            return {node.id for node in trace(session, None, lot, "forward").nodes}

    def logged(self) -> list[str]:
        with system_session(self.recorder.database, write=False) as session:
            return list(session.execute(sa.select(_EVENT.c.id).order_by(_EVENT.c.seq)).scalars())

    def rebuilt(self) -> bool:
        return replay(self.recorder).identical


def founded(cluster: ref.Cluster, schemes: tuple[str, ...], *, strict: bool) -> list[Any]:
    """The registry of the reference as rows."""
    org: dict[str, Any] = {"org_id": 1}
    rows: list[Any] = [
        models.Organisation(id=1, code="COOP", name="COOP", kind="farmer_group", country="LR", created_at=1)
    ]
    rows += [
        models.Site(**org, id=ident(code), code=code, name=code, kind="facility", country="LR") for code in ref.SITES
    ]
    rows += [
        models.Vessel(
            **org, id=ident(code), site_id=ident(site), code=code, kind="fermentation_box", capacity_g=ref.BOX_G
        )
        for code, site in ref.VESSELS.items()
    ]
    for scheme in schemes:
        paperless = not ref.SCHEMES[scheme].certificate
        rows.append(
            models.SchemeSetting(
                **org, scheme=scheme, from_day="2024-01-01", recorded_at=1, claimed=paperless, strict=strict
            )
        )
        if paperless:
            continue
        paper, identity = cluster.papers[scheme], {**org, "certificate_id": ident(scheme)}
        rows.append(
            models.Certificate(
                **org,
                id=ident(scheme),
                scheme=scheme,
                number=scheme,
                body="Test Certifier",
                body_code="LR-BIO-000",
                valid_from=paper.since.isoformat(),
                valid_to=paper.until.isoformat(),
                created_at=1,
            )
        )
        rows.append(models.CertificateProduct(**identity, category="cocoa_beans"))
        rows += [
            models.CertificateSite(
                **identity,
                site_id=ident(site),
                from_day=since.isoformat(),
                to_day=until.isoformat() if until is not None else None,
            )
            for site, (since, until) in paper.sites.items()
        ]
        rows += [
            models.CertificateStatus(**identity, from_day=day.isoformat(), status=state, recorded_at=1)
            for day, state in paper.states
        ]
    members = [scheme for scheme in schemes if ref.SCHEMES[scheme].member]
    for code, farmer in cluster.farmers.items():
        rows += list(_member(code, farmer, members))
    return rows


def _member(code: str, farmer: ref.Farmer, schemes: list[str]) -> Any:
    org: dict[str, Any] = {"org_id": 1, "farmer_id": ident(code)}
    yield models.Farmer(org_id=1, id=ident(code), code=code, created_at=1)
    yield models.Person(**org, full_name="A. B.", sex=SEXES.get(code))
    for number, scheme in enumerate(schemes):
        membership = ident(f"{code}{number}")
        yield models.Membership(**org, id=membership, certificate_id=ident(scheme), joined_on="2024-01-01")
        for day, state in farmer.states:
            yield models.MembershipStatus(
                org_id=1, membership_id=membership, from_day=day.isoformat(), status=state, recorded_at=1
            )
    for number, day in enumerate(farmer.inspected):
        yield models.Inspection(
            **org, id=ident(f"{code}i{number}"), inspected_on=day.isoformat(), inspector="I1", recorded_at=1
        )
    plot = farmer.plot
    geometry = f'{{"coordinates":[-8654321,7123456],"type":"{plot.located}"}}' if plot.located else None
    yield models.Plot(
        **org,
        id=ident(f"{code}p"),
        code=f"{code}-P",
        crop="cocoa",
        area_m2=plot.area_m2,
        conversion_start=plot.since.isoformat(),
        geometry=geometry,
        cleared_on=plot.cleared.isoformat() if plot.cleared else None,
    )
    if farmer.estimate_g is not None:
        yield models.Estimate(**org, season="2024/25", product=ref.WET, grams=farmer.estimate_g)


def recorded(season: Season) -> Recorded:
    assert isinstance(season, Labelled)
    return Recorded(season.recorder, season.schemes, strict=season.strict)


class Labelled(Season):
    """A season on a database; lots get labels, and their pages are read after every step."""

    ledger_of = recorded
    traced = 6
    recorder: ClassVar[Recorder]

    @happens(often=3, pick=PICK, lots=(1, 2, 3), revoke=EITHER)
    def label(self, pick: int, lots: int, revoke: bool) -> None:
        for lot in self.lots()[pick % 3 : pick % 3 + lots]:
            blocked = bool(self.model.view.kinds(lot))
            try:
                code = issue_label(self.recorder, ACTOR, lot)
            except Refused as refused:
                assert blocked, refused
                continue
            assert not blocked
            if revoke and pick % 4 == 0:
                revoke_label(self.recorder, ACTOR, code, "misprint")
        self.look()

    @invariant()
    def I12_no_page_shows_more_than_the_ledger(self) -> None:
        """In order: then the lot is available, the label in force, and the lot carries all that was printed. The page
        kept is the page that would be made now."""
        with system_session(self.recorder.database, write=False) as session:
            query = sa.select(_LABEL, _LOT.c.uid, _PAGE.c.state.label("shown"), _PAGE.c["data"])
            query = query.join(_LOT, _LOT.c.id == _LABEL.c.lot_id).join(_PAGE, _PAGE.c.code == _LABEL.c.code)
            for row in session.execute(query).all():
                live, page = self.state.lots[row.uid], json.loads(row.data)
                if row.shown == "valid":
                    assert live.disposition == "available", live
                    assert row.state == "issued"
                    for scheme, printed in json.loads(row.claims).items():
                        rank = ref.SCHEMES[scheme].rank
                        assert rank(live.claims[scheme]) >= rank(printed)
                for claim in page["claims"]:
                    assert live.claims[claim["scheme"]] == claim["value"]
                label = session.execute(sa.select(_LABEL).where(_LABEL.c.code == row.code)).one()
                now = build(session, self.recorder.host, label, self.recorder.clock()).passport
                assert row.data == page_json(now)
                assert (page["state"], page["net_g"]) == (row.shown, live.initial_g)

    def teardown(self) -> None:
        self.I18_the_totals_are_those_of_the_events()
        super().teardown()

    def I18_the_totals_are_those_of_the_events(self) -> None:
        """Every figure of the season's totals, counted again from the facts; women + men + not stated = all."""
        view = self.model.view
        with system_session(self.recorder.database, write=False) as session:
            person = table(models.Person)
            sexes = Counter(session.execute(sa.select(person.c.sex)).scalars())
            brought = [lot for lot, goods in self.model.lots.items() if goods.kind == "delivery" and not view.void(lot)]
            if self.schemes != ("EU_ORG",) or not brought:
                return
            found = totals(session, "LR_COCOA")
        assert found["women"] == sexes["F"]
        assert found["farmers"] == sexes["F"] + sexes["M"] + sexes[None] == len(self.model.cluster.farmers)
        assert found["deliveries"] == len(brought)
        assert found["wet_kg"] == sum(view.into[lot] for lot in brought) / 1000
        works = [fact.act for fact in view.facts if fact.act.kind == "transformed"]
        again_dried = {lot for act in works if act.process == "redry" for lot in act.took}
        final = {lot for act in works for lot in act.made} - again_dried
        assert found["dry_kg"] == sum(view.into[lot] for lot in final) / 1000
        for value in ("organic", "in_conversion"):
            carried = [lot for lot in final if view.claims[lot]["EU_ORG"] == value]
            assert found[f"{value}_dry_kg"] == sum(view.into[lot] for lot in carried) / 1000
        lost = sum(sum(act.took.values()) - sum(act.made.values()) for act in works)
        assert found["process_and_redry_loss_kg"] == lost / 1000


class LabelledOrganic(Labelled):
    """One scheme, the weakest link."""


class LabelledStrict(Labelled):
    """Several schemes, strict mixing."""

    schemes = ("EUDR", "EU_ORG", "NOP")
    strict = True


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("machine", [LabelledOrganic, LabelledStrict])
def test_seasons_through_the_recorder(recorder: Recorder, machine: type[Labelled], seed: int) -> None:
    machine.recorder = recorder
    walk(machine, 10_000 + seed, 18)


# --- I19: one registration a person, product and scheme ---

PEOPLE = {"COOP": ("A", "B", "A"), "OTHER": ("A", "B")}
"""Identity numbers of the farmers of two groups: one person has two codes in the first, and one in the second."""


class Groups:
    """Two organisations with certificates for the same product, and farmers who are partly the same persons."""

    def __init__(self, *orgs: Org) -> None:
        self.orgs = orgs
        self.farmers: list[tuple[Org, str]] = []
        self.papers: list[tuple[Org, str]] = []
        self.joined: list[tuple[Org, str]] = []
        self.day = date(2025, 1, 1)
        for org in orgs:
            for number, identity in enumerate(PEOPLE[org.code]):
                self.farmers.append((org, org.farmer(f"{org.code}-{number}", identity_no=identity)))
            for number, scheme in (("1", "EU_ORG"), ("2", "EU_ORG"), ("3", "NOP")):
                body = {
                    "id": named(f"{org.code}/{number}"),
                    "scheme": scheme,
                    "number": f"{org.code}-{number}",
                    "body": "Test Certifier",
                    "valid_from": "2024-06-01",
                    "valid_to": "2035-12-31",
                    "products": ["cocoa_beans"],
                }
                self.papers.append((org, org.post("/certificates", body)["id"]))

    def join(self, farmer: int, paper: int) -> bool:
        org, farmer_id = self.farmers[farmer % len(self.farmers)]
        own = [paper_id for owner, paper_id in self.papers if owner is org]
        chosen = own[paper % len(own)]
        body = {"farmer_id": farmer_id, "certificate_id": chosen, "joined_on": "2025-01-01"}
        answer = org.client.post("/v1/memberships", json=body, headers=org.headers)
        assert answer.status_code in {201, 409}, answer.text
        if answer.status_code == 201:
            self.joined.append((org, answer.json()["id"]))
        return answer.status_code == 201

    def say(self, member: int, status: str) -> bool:
        org, membership = self.joined[member % len(self.joined)]
        self.day += timedelta(days=1)
        body = {"from_day": self.day.isoformat(), "status": status}
        answer = org.client.post(f"/v1/memberships/{membership}/statuses", json=body, headers=org.headers)
        assert answer.status_code in {201, 409}, answer.text
        return answer.status_code == 201

    def most(self, recorder: Recorder) -> int:
        """The most registrations in force that one person has for one product under one scheme."""
        member, paper, product = (
            table(models.Membership),
            table(models.Certificate),
            table(models.CertificateProduct),
        )
        person, state = table(models.Person), table(models.MembershipStatus)
        with system_session(recorder.database, write=False) as session:
            last: dict[str, str] = {}
            for row in session.execute(sa.select(state).order_by(state.c.from_day)):
                last[row.membership_id] = row.status
            query = (
                sa.select(member.c.id, person.c.identity_no, paper.c.scheme, product.c.category)
                .join(paper, paper.c.id == member.c.certificate_id)
                .join(product, product.c.certificate_id == paper.c.id)
                .join(person, sa.and_(person.c.org_id == member.c.org_id, person.c.farmer_id == member.c.farmer_id))
            )
            held = Counter(
                (identity, scheme, category)
                for membership, identity, scheme, category in session.execute(query)
                if last.get(membership) != "withdrawn"
            )
        return max(held.values(), default=0)


@pytest.mark.parametrize("seed", range(3))
def test_I19_a_person_has_one_registration_in_force(recorder: Recorder, coop: Org, other: Org, seed: int) -> None:
    groups, chance = Groups(coop, other), random.Random(seed)
    taken = Counter[bool]()
    gone: set[int] = set()
    for _ in range(40):
        if not groups.joined or chance.random() < 0.6:
            farmer = chance.randrange(len(groups.farmers))
            taken[groups.join(farmer, chance.randrange(3))] += 1
        else:
            member = chance.randrange(len(groups.joined))
            status = chance.choice(("withdrawn", "withdrawn", "suspended", "approved"))
            groups.say(member, status)
            gone |= {member} if status == "withdrawn" else set()
        assert groups.most(recorder) <= 1
    assert min(taken[True], taken[False]) > 5


def test_I19_a_person_with_two_codes_is_registered_once_in_a_group(recorder: Recorder, coop: Org, other: Org) -> None:
    groups = Groups(coop, other)
    assert groups.join(0, 0)
    assert not groups.join(2, 0)  # the same person, by the other code


def test_I19_a_withdrawn_member_is_not_taken_back_while_registered_elsewhere(
    recorder: Recorder,
    coop: Org,
    other: Org,
) -> None:
    groups = Groups(coop, other)
    assert groups.join(0, 0)
    assert groups.say(0, "withdrawn")
    assert groups.join(3, 0)  # the same person, in the other group
    groups.say(0, "approved")
    assert groups.most(recorder) == 1


# --- what shows on a database ---


def test_I12_the_page_of_a_lot_held_for_its_claim_does_not_say_that_all_is_in_order(recorder: Recorder) -> None:
    chain = Chain(recorder)
    chain.cluster.farmer(
        "DORA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),), estimate=("2024/25", "cocoa_wet_beans", 100)
    )
    chain.ok(chain.deliver("D1", 100, farmer="DORA"))
    code = issue_label(recorder, chain.cluster.actor("COOP"), named("D1"))
    chain.ok(correct("deliver-D1", again(chain.deliver("D1", 200, farmer="DORA"))))
    assert chain.lot("D1").disposition == "on_hold"
    with system_session(recorder.database, write=False) as session:
        shown = session.execute(sa.select(_PAGE.c.state).where(_PAGE.c.code == code)).scalar_one()
    assert shown == "on_hold"


def test_I14_replay_mixes_as_it_was_mixed_when_strict_mixing_had_ended(recorder: Recorder) -> None:
    chain = Chain(recorder)
    chain.cluster.setting("COOP", strict=True, since="2025-01-01")
    chain.cluster.setting("COOP", strict=False, since="2025-01-12")
    chain.ok(chain.deliver("A", 10))
    chain.ok(chain.deliver("B", 10))
    chain.ok(chain.deliver("C", 10, farmer="BEN", when="2025-01-12T08:00:00Z"))
    chain.ok(chain.receive("R", {"A": 10, "B": 10}, when="2025-01-11T08:00:00Z"))
    chain.ok(chain.receive("R", {"C": 10}, when="2025-01-13T08:00:00Z"))
    identical(chain)


def test_I04_on_a_database_too_a_delivery_that_fills_a_lot_twice_counts(recorder: Recorder) -> None:
    chain = Chain(recorder)
    chain.cluster.farmer("ZED", "COOP")
    chain.ok(chain.deliver("Z", 10, farmer="ZED"))
    chain.ok(chain.deliver("O", 10))
    chain.ok(chain.receive("R", {"O": 10}))
    for name in ("f1", "f2"):
        chain.ok(chain.receive("R", {"Z": 5}).model_copy(update={"id": named(name)}))
    chain.ok(correct("f1"))
    assert chain.claim("R") == "conventional"


def test_I04_on_a_database_too_goods_that_rise_are_held_to_the_sites_that_they_passed(recorder: Recorder) -> None:
    chain = Chain(recorder)
    chain.cluster.site("WILD", "COOP")
    chain.ok(chain.deliver("D", 100, farmer="NOBODY"))
    chain.ok(chain.dry("B", 40, {"D": 100}, site="WILD"))
    chain.ok(correct("deliver-D", again(chain.deliver("D", 100))))
    assert chain.claim("B") == "conventional"


def test_I03_on_a_database_too_a_lot_short_for_two_reasons_stays_blocked(recorder: Recorder) -> None:
    chain = Chain(recorder)
    chain.ok(chain.deliver("A", 100))
    chain.ok(chain.deliver("B", 100))
    chain.ok(chain.receive("R", {"A": 100, "B": 100}))
    first = correct("deliver-A", again(chain.deliver("A", 10)))
    chain.ok(first)
    chain.ok(correct("deliver-B", again(chain.deliver("B", 10))))
    right = chain.deliver("A", 100).model_copy(update={"id": named("third")})
    when = at("2025-03-02T08:00:00Z")
    chain.ok(told.Corrected(id=named("fix2"), occurred_at=when, event=first.id, reason="x", instead=right))
    assert chain.lot("B").deficit_g == 90_000
    assert chain.lot("R").disposition == "on_hold"
