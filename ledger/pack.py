"""Collects the certifier's pack of a certificate and a season in one read: see ``domain.pack``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import balance
from domain.balance import Account, statement
from domain.findings import Finding
from domain.pack import (
    Pack,
    PackContract,
    PackControl,
    PackCorrection,
    PackInspection,
    PackLot,
    PackMember,
    PackNonConformity,
    PackPlot,
    PackRun,
    PackSanction,
    PackStatement,
    Paper,
    Purchase,
    Reason,
    Sums,
)
from domain.profiles import Scheme
from domain.quantity import grams as to_grams
from domain.quantity import proportion
from ledger import balances
from ledger.balances import Books, Member, Season, day_of
from ledger.facts import among, ask
from ledger.profiles import profiles
from ledger.queries import instant
from models.base import table
from models.db import SystemSession

_EVENT, _LINE, _CAP = table(models.Event), table(models.Line), table(models.LotCap)
_FARMER, _PERSON, _MEMBER = table(models.Farmer), table(models.Person), table(models.Membership)
_STATE, _PLOT, _ESTIMATE = table(models.MembershipStatus), table(models.Plot), table(models.Estimate)
_VISIT, _REPORT, _CONTROL = table(models.Inspection), table(models.InspectionReport), table(models.OfficialControl)
_NC, _SANCTION, _HOLDING = table(models.NonConformity), table(models.Sanction), table(models.Holding)
_SITE, _INSTRUMENT, _VOIDED = table(models.Site), table(models.Instrument), table(models.Voided)
_CONTRACT, _LIST = table(models.Contract), table(models.MemberList)

_EVENTS = select(_EVENT).where(among(_EVENT.c.seq))
_CAPS = select(_CAP.c.lot_id, _CAP.c.seq, _CAP.c.value, _CAP.c.reasons, _CAP.c.since).where(among(_CAP.c.lot_id))
REASONS_SHOWN = 4


def pack(session: SystemSession, org_id: int | None, wanted: str, season: str, *, now: int) -> Pack:
    """The pack of a certificate (by id or number) and a season, as everything stands now.

    Call it within one session: all is read in one transaction. Refuses with CERT_UNKNOWN and SEASON_UNKNOWN.
    """
    held = balances.certificate(session, org_id, wanted)
    year = balances.season(balances.commodity_of_certificate(session, held), season)
    books = balances.read(session, held.org_id)
    return _Collector(session, held, year, books, now).pack()


@dataclass
class _Collector:
    """What the parts of a pack share."""

    session: SystemSession
    held: Any
    year: Season
    books: Books
    now: int

    def pack(self) -> Pack:
        frozen = self.session.execute(
            select(_LIST.c.number, _LIST.c.as_of)
            .where(_LIST.c.org_id == self.org_id, _LIST.c.certificate_id == self.held.id)
            .order_by(_LIST.c.number.desc())
        ).first()
        runs = self.runs()
        commitments = balances.commitments(self.session, self.books, self.year, now=self.now)
        return Pack(
            paper=self.paper(),
            season=self.year.code,
            commodity=self.year.commodity.id,
            first=self.year.first,
            last=self.year.last,
            made_at=instant(self.now),
            events=self._count(select(_EVENT.c.seq).where(_EVENT.c.org_id == self.org_id)),
            list_number=frozen.number if frozen else None,
            list_on=_day(frozen.as_of) if frozen else None,
            sums=self.sums(),
            members=tuple(self.members()),
            plots=tuple(self.plots()),
            inspections=tuple(self.inspections()),
            controls=tuple(self.controls()),
            non_conformities=tuple(self.non_conformities()),
            sanctions=tuple(self.sanctions()),
            purchases=tuple(self.purchases()),
            statements=tuple(self.statements()),
            whole=balance.total(self.stated.values()),
            runs=tuple(runs),
            lots=tuple(self.lots()),
            corrections=tuple(self.corrections()),
            contracts=tuple(self.contracts(commitments)),
            shipped=self.shipped(),
            findings=tuple(self.findings(commitments)),
            values=tuple(value.code for value in reversed(self.scheme.values)),
            names=self.names(),
        )

    @property
    def org_id(self) -> int:
        return int(self.held.org_id)

    @cached_property
    def scheme(self) -> Scheme:
        return profiles().schemes[self.held.scheme]

    @cached_property
    def account(self) -> Account:
        return balances.under(self.session, self.books, self.held)

    @cached_property
    def stated(self) -> dict[str, balance.Balance]:
        return self._of_commodity(statement(self.books.movements, self.account, self.year.span))

    @cached_property
    def listed(self) -> list[Member]:
        return balances.members(self.session, self.books, self.held, self.year)

    @cached_property
    def farmers(self) -> dict[str, str]:
        """Codes of the members by id."""
        return {one.farmer_id: one.code for one in self.listed}

    @cached_property
    def sites(self) -> dict[str, str]:
        """Codes of sites by id."""
        wanted = {one.site_id for one in self.books.lots.values() if one.site_id} | self._scope()
        wanted |= {
            place.site for one in self.books.movements for place in (one.source, one.target) if place and place.site
        }
        query = select(_SITE.c.id, _SITE.c.code).where(among(_SITE.c.id))
        return {row[0]: row[1] for row in ask(self.session.connection(), query, wanted)}

    @cached_property
    def actors(self) -> dict[str, str]:
        """Login names of who acted."""
        user = table(models.User)
        query = select(user.c.id, user.c.name).where(user.c.org_id == self.org_id)
        return {f"user:{identity}": name for identity, name in self.session.execute(query)}

    def _scope(self) -> set[str]:
        scope = table(models.CertificateSite)
        query = select(scope.c.site_id).where(scope.c.org_id == self.org_id, scope.c.certificate_id == self.held.id)
        return set(self.session.execute(query).scalars())

    def _of_commodity(self, stated: Mapping[str, balance.Balance]) -> dict[str, balance.Balance]:
        return {product: one for product, one in stated.items() if product in self.year.commodity.products}

    def _count(self, query: Any) -> int:
        return int(self.session.execute(select(sa.func.count()).select_from(query.subquery())).scalar_one())

    def _rows(self, query: Any) -> list[Any]:
        return list(self.session.execute(query).all())

    # --- the certificate and its members ---

    def paper(self) -> Paper:
        organisation, status = table(models.Organisation), table(models.CertificateStatus)
        category = table(models.CertificateProduct)
        holder = self.session.execute(select(organisation).where(organisation.c.id == self.org_id)).one()
        states = self._rows(
            select(status.c.status)
            .where(status.c.org_id == self.org_id, status.c.certificate_id == self.held.id)
            .where(status.c.from_day <= self.year.last.isoformat())
            .order_by(status.c.from_day.desc())
        )
        categories = self.session.execute(
            select(category.c.category)
            .where(category.c.org_id == self.org_id, category.c.certificate_id == self.held.id)
            .order_by(category.c.category)
        ).scalars()
        return Paper(
            self.held.id,
            self.held.scheme,
            self.held.number,
            holder.name,
            holder.code,
            holder.country,
            self.held.body,
            self.held.body_code,
            date.fromisoformat(self.held.valid_from),
            date.fromisoformat(self.held.valid_to),
            states[0].status if states else "not_yet",
            tuple(categories),
            self._sites_in_scope(),
        )

    def _sites_in_scope(self) -> tuple[str, ...]:
        """Code and name of each site that the certificate covers."""
        query = select(_SITE.c.code, _SITE.c.name).where(among(_SITE.c.id))
        return tuple(sorted(f"{code} {name}" for code, name in ask(self.session.connection(), query, self._scope())))

    def members(self) -> Iterator[PackMember]:
        persons = self._by_farmer(select(_PERSON).where(_PERSON.c.org_id == self.org_id))
        memberships = self._by_farmer(
            select(_MEMBER).where(_MEMBER.c.org_id == self.org_id, _MEMBER.c.certificate_id == self.held.id)
        )
        states = self._states()
        holdings = self._by_farmer(
            select(_HOLDING)
            .where(_HOLDING.c.org_id == self.org_id, _HOLDING.c.from_day <= self.year.last.isoformat())
            .order_by(_HOLDING.c.from_day)
        )
        visits = self._by_farmer(self._visits(until=self.year.last).where(_VISIT.c.valid.is_(True)))
        controls = self._by_farmer(self._controls())
        plots: dict[str, int] = defaultdict(int)
        for row in self._plot_rows:
            plots[row.farmer_id] += 1
        for one in self.listed:
            person, membership = persons.get(one.farmer_id), memberships[one.farmer_id]
            state, visit, control = states.get(membership.id), visits.get(one.farmer_id), controls.get(one.farmer_id)
            holding = holdings.get(one.farmer_id)
            by_value: dict[str, int] = defaultdict(int)
            for (_, value), grams in one.delivered.items():
                by_value[value] += grams
            yield PackMember(
                one.code,
                person.full_name if person else None,
                person.phone if person else None,
                person.village if person else None,
                one.joined_on,
                membership.unit,
                _day(membership.agreement_on),
                one.status,
                _day(state.from_day) if state else None,
                state.reason if state else None,
                holding.area_m2 if holding else None,
                plots[one.farmer_id],
                one.area_m2,
                one.product,
                one.estimate_g,
                one.signed,
                dict(by_value),
                one.delivered_g,
                one.previous_g,
                one.share_bp,
                one.excess_g,
                one.deliveries,
                _day(visit.inspected_on) if visit else None,
                visit.inspector if visit else None,
                _day(control.controlled_on) if control else None,
                control.inspector if control else None,
            )

    def _by_farmer(self, query: Any) -> dict[str, Any]:
        """The last row of each farmer."""
        return {row.farmer_id: row for row in self.session.execute(query)}

    def _states(self) -> dict[str, Any]:
        """The state of each membership on the last day of the season."""
        query = (
            select(_STATE)
            .join(_MEMBER, sa.and_(_MEMBER.c.org_id == _STATE.c.org_id, _MEMBER.c.id == _STATE.c.membership_id))
            .where(_MEMBER.c.org_id == self.org_id, _MEMBER.c.certificate_id == self.held.id)
            .where(_STATE.c.from_day <= self.year.last.isoformat())
            .order_by(_STATE.c.from_day)
        )
        return {row.membership_id: row for row in self.session.execute(query)}

    @cached_property
    def _plot_rows(self) -> list[Any]:
        """The plots of the members that were worked in the season, by code."""
        query = (
            select(_PLOT)
            .where(_PLOT.c.org_id == self.org_id, _PLOT.c.crop == self.year.commodity.id)
            .order_by(_PLOT.c.code)
        )
        return [
            row
            for row in self.session.execute(query)
            if row.farmer_id in self.farmers
            and not (row.ended_at is not None and day_of(row.ended_at) < self.year.first)
            and not (row.from_day is not None and row.from_day > self.year.last.isoformat())
        ]

    def plots(self) -> Iterator[PackPlot]:
        """Each member's estimate is shared over the plots by area, to the gram."""
        parts: dict[str, int] = {}
        rows: dict[str, list[Any]] = defaultdict(list)
        for row in self._plot_rows:
            rows[row.farmer_id].append(row)
        for one in self.listed:
            own = rows[one.farmer_id]
            if one.estimate_g is not None and sum(row.area_m2 for row in own):
                shares = proportion(one.estimate_g, [row.area_m2 for row in own])
                parts |= {row.id: grams for row, grams in zip(own, shares, strict=True)}
        for row in self._plot_rows:
            start = _day(row.conversion_start)
            longitude, latitude, outline = position(row.geometry)
            yield PackPlot(
                self.farmers[row.farmer_id],
                row.code,
                row.crop,
                row.area_m2,
                latitude,
                longitude,
                outline,
                start,
                balances.plot_value(self.scheme, self.year.commodity, start, self.year.last),
                parts.get(row.id),
                _day(row.last_treated_on),
                _day(row.from_day),
            )

    # --- the control system ---

    def _visits(self, *, until: date) -> Any:
        return (
            select(_VISIT)
            .where(_VISIT.c.org_id == self.org_id, _VISIT.c.inspected_on <= until.isoformat())
            .order_by(_VISIT.c.inspected_on, _VISIT.c.id)
        )

    def _controls(self) -> Any:
        return (
            select(_CONTROL)
            .where(_CONTROL.c.org_id == self.org_id, _CONTROL.c.scheme == self.held.scheme)
            .where(_CONTROL.c.controlled_on <= self.year.last.isoformat())
            .order_by(_CONTROL.c.controlled_on, _CONTROL.c.id)
        )

    def inspections(self) -> Iterator[PackInspection]:
        """Those of the season, and of the year before it: what counted for its deliveries."""
        since = self.year.before().first.isoformat()
        reports = {
            row.inspection_id: row
            for row in self.session.execute(
                select(_REPORT).where(_REPORT.c.org_id == self.org_id, _REPORT.c.scheme == self.held.scheme)
            )
        }
        for row in self.session.execute(self._visits(until=self.year.last).where(_VISIT.c.inspected_on >= since)):
            if row.farmer_id not in self.farmers:
                continue
            report = reports.get(row.id)
            no = [one for one in json.loads(report.answers) if one["answer"] == "no"] if report else []
            yield PackInspection(
                self.farmers[row.farmer_id],
                date.fromisoformat(row.inspected_on),
                row.inspector,
                row.valid,
                report.scope if report else None,
                instant(report.started_at) if report and report.started_at is not None else None,
                instant(report.ended_at) if report and report.ended_at is not None else None,
                len(no) if report else None,
                report.decision if report else None,
                _day(report.issued_on) if report else None,
                _day(report.inspector_signed_on) if report else None,
                _day(report.member_signed_on) if report else None,
            )

    def controls(self) -> Iterator[PackControl]:
        for row in self.session.execute(self._controls()):
            if row.farmer_id in self.farmers:
                day = date.fromisoformat(row.controlled_on)
                yield PackControl(self.farmers[row.farmer_id], day, row.inspector, row.conform, row.note)

    def non_conformities(self) -> Iterator[PackNonConformity]:
        """Those found in the season, and those found before it that were still open when it began."""
        query = (
            select(_NC)
            .where(_NC.c.org_id == self.org_id, _NC.c.scheme == self.held.scheme)
            .where(_NC.c.found_on <= self.year.last.isoformat())
            .where(sa.or_(_NC.c.closed_on.is_(None), _NC.c.closed_on >= self.year.first.isoformat()))
            .order_by(_NC.c.found_on, _NC.c.id)
        )
        for row in self.session.execute(query):
            if row.farmer_id is not None and row.farmer_id not in self.farmers:
                continue
            site = self.sites.get(row.site_id, row.site_id) if row.site_id else "–"
            yield PackNonConformity(
                self.farmers[row.farmer_id] if row.farmer_id else site,
                row.code,
                row.severity,
                date.fromisoformat(row.found_on),
                row.note,
                row.action,
                _day(row.due_on),
                _day(row.closed_on),
                row.effective,
                _day(row.notified_on),
            )

    def sanctions(self) -> Iterator[PackSanction]:
        query = (
            select(_SANCTION, _MEMBER.c.farmer_id)
            .join(_MEMBER, sa.and_(_MEMBER.c.org_id == _SANCTION.c.org_id, _MEMBER.c.id == _SANCTION.c.membership_id))
            .where(_MEMBER.c.org_id == self.org_id, _MEMBER.c.certificate_id == self.held.id)
            .where(_SANCTION.c.from_day <= self.year.last.isoformat())
            .where(sa.or_(_SANCTION.c.lifted_on.is_(None), _SANCTION.c.lifted_on >= self.year.first.isoformat()))
            .order_by(_SANCTION.c.from_day, _SANCTION.c.id)
        )
        for row in self.session.execute(query):
            yield PackSanction(
                self.farmers[row.farmer_id],
                row.step,
                date.fromisoformat(row.from_day),
                row.reason,
                row.decided_by,
                instant(row.decided_at),
                _day(row.notified_on),
                _day(row.lifted_on),
            )

    # --- goods ---

    def purchases(self) -> Iterator[Purchase]:
        """The purchase register: every delivery of the members in the season, in the order in which they came."""
        estimates = {one.code: one for one in self.listed}
        brought = [
            entry
            for entry in balance.entries(self.books.movements, self.account)
            if entry.cell == "delivered" and self._within(entry.movement.at, entry.movement.product)
        ]
        events = self._events({entry.movement.seq for entry in brought})
        caps = self._caps({entry.lot for entry in brought})
        scales = self._scales()
        running: dict[str, int] = defaultdict(int)
        for entry in brought:
            row, lot = events[entry.movement.seq], self.books.lots[entry.lot]
            told = _told(row.body)
            member = estimates.get(lot.farmer)
            as_estimated = member.product if member else entry.movement.product
            part = self.year.commodity.equivalent(entry.grams, entry.movement.product, as_estimated)
            running[lot.farmer] += part or 0
            place = entry.movement.target
            judged = [cap.value for cap in caps[entry.lot] if cap.seq == entry.movement.seq and cap.since is None]
            yield Purchase(
                told.get("receipt"),
                instant(entry.movement.at),
                self.sites.get(place.site, "") if place and place.site else "",
                self.actors.get(row.actor, row.actor),
                lot.farmer or "",
                lot.plot,
                _day(lot.harvested_on),
                entry.movement.product,
                entry.grams,
                min(judged, key=self.scheme.rank) if judged else self.scheme.values[-1].code,
                self.books.value(entry.lot, self.scheme.id),
                running[lot.farmer],
                member.estimate_g if member else None,
                scales.get(told.get("scale") or ""),
                lot.code,
                lot.disposition,
            )

    def _within(self, at: int, product: str) -> bool:
        span = self.year.span
        return product in self.year.commodity.products and not span.before(at) and not span.after(at)

    def _events(self, seqs: Collection[int]) -> dict[int, Any]:
        return {row.seq: row for row in ask(self.session.connection(), _EVENTS, seqs)}

    def _caps(self, lots: Collection[int]) -> dict[int, list[Any]]:
        """The caps of some lots under the scheme of the certificate, oldest first."""
        answer: dict[int, list[Any]] = defaultdict(list)
        query = _CAPS.where(_CAP.c.scheme == self.scheme.id).order_by(_CAP.c.seq)
        for row in ask(self.session.connection(), query, lots):
            answer[row.lot_id].append(row)
        return answer

    def _scales(self) -> dict[str, str]:
        return {row[0]: row[1] for row in self.session.execute(select(_INSTRUMENT.c.id, _INSTRUMENT.c.code))}

    def statements(self) -> Iterator[PackStatement]:
        """Of the certificate, of each claim, and of each site at which its goods were."""
        for product, one in self.stated.items():
            yield PackStatement("certificate", "–", product, one)
        for value in reversed(self.scheme.values):
            part = self.books.claiming(self.account, self.scheme.id, value.code)
            for product, one in self._of_commodity(statement(self.books.movements, part, self.year.span)).items():
                yield PackStatement("claim", value.code, product, one)
        for site, code in sorted(self.sites.items(), key=lambda item: item[1]):
            here = _at(self.account, site)
            for product, one in self._of_commodity(statement(self.books.movements, here, self.year.span)).items():
                yield PackStatement("site", code, product, one)

    def runs(self) -> Iterator[PackRun]:
        done = [
            one
            for one in balances.judged_runs(self.session, self.books, self.account, self.year.span)
            if any(product in self.year.commodity.products for product in one.run.inputs)
        ]
        lots: dict[tuple[int, str], list[str]] = defaultdict(list)
        for moved in self.books.movements:
            place = moved.source if moved.kind == "used" else moved.target
            if moved.kind in ("used", "made") and place is not None and self.account(place):
                lots[moved.seq, moved.kind].append(self.books.lots[place.lot].code)
        for one in done:
            step = self.year.commodity.steps.get(one.run.process) if one.run.process else None
            yield PackRun(
                instant(one.run.at),
                one.run.process,
                self.sites.get(one.run.site) if one.run.site else None,
                tuple(sorted(lots[one.run.seq, "used"])),
                tuple(sorted(lots[one.run.seq, "made"])),
                one.run.used_g,
                one.run.made_g,
                one.run.yield_bp,
                step.yield_min_bp if step else None,
                step.yield_max_bp if step else None,
                one.finding,
            )

    def lots(self) -> Iterator[PackLot]:
        """Lots made of deliveries in the season, and whatever is in stock at its end."""
        stock = balance.stock_by_lot(self.books.movements, self.account, self.year.span)
        stock = {key: grams for key, grams in stock.items() if self._product(key)}
        made: dict[int, int] = defaultdict(int)
        for moved in self.books.movements:
            source, target = moved.source, moved.target
            if target is None or not self._within(moved.at, moved.product) or not self.account(target):
                continue
            if moved.kind == "made" or (moved.kind == "moved" and (source is None or source.lot != target.lot)):
                made[target.lot] += moved.grams
        wanted = sorted({*made, *stock})
        caps = self._caps(self.books.visible)
        parents = self._parents()
        for key in wanted:
            row = self.books.lots[key]
            value = self.books.value(key, self.scheme.id)
            yield PackLot(
                row.code,
                row.product,
                instant(row.made_at),
                self.sites.get(row.site_id) if row.site_id else None,
                made.get(key, 0),
                stock.get(key, 0),
                row.grade,
                row.qc,
                row.disposition,
                value,
                () if value == self.scheme.values[-1].code else _reasons(key, value, parents, caps),
            )

    def _product(self, lot: int) -> bool:
        return self.books.lots[lot].product in self.year.commodity.products

    def _parents(self) -> dict[int, set[int]]:
        """The lots that each lot was made from."""
        drawn: dict[int, set[int]] = defaultdict(set)
        answer: dict[int, set[int]] = defaultdict(set)
        for one in self.books.movements:
            if one.kind == "used" and one.source:
                drawn[one.seq].add(one.source.lot)
            elif one.kind == "moved" and one.source and one.target and one.source.lot != one.target.lot:
                answer[one.target.lot].add(one.source.lot)
        for one in self.books.movements:
            if one.kind == "made" and one.target:
                answer[one.target.lot] |= drawn[one.seq]
        return answer

    def corrections(self) -> Iterator[PackCorrection]:
        """Events of the season that were declared wrong, with the grams that they moved before and move now."""
        rows = self._rows(
            select(_VOIDED.c.seq, _VOIDED.c.by_seq).where(_VOIDED.c.org_id == self.org_id).order_by(_VOIDED.c.by_seq)
        )
        events = self._events({seq for row in rows for seq in row})
        codes = {row.uid: row.code for row in self.books.lots.values()}
        for seq, by_seq in rows:
            wrong, by = events[seq], events[by_seq]
            if not self.year.first <= day_of(wrong.occurred_at) <= self.year.last:
                continue
            body = json.loads(wrong.body)
            told = json.loads(by.body)
            uids = sorted(set(_uids(_told(wrong.body))) & codes.keys())
            yield PackCorrection(
                instant(by.logged_at),
                self.actors.get(by.actor, by.actor),
                told["reason"],
                (body.get("instead") or body)["type"],
                instant(wrong.occurred_at),
                wrong.id,
                tuple(codes[uid] for uid in uids),
                _grams(_told(wrong.body), json.loads(wrong.ruling)),
                _grams(told.get("instead") or {}, json.loads(by.ruling)),
            )

    def contracts(self, commitments: Iterable[tuple[balance.Commitment, tuple[Any, ...]]]) -> Iterator[PackContract]:
        """Those under the scheme of the certificate, and those without a claim."""
        for commitment, rows in commitments:
            if commitment.scheme not in (self.scheme.id, "-"):
                continue
            for row in rows:
                yield PackContract(
                    row.code,
                    row.buyer,
                    row.product,
                    row.value,
                    row.grams,
                    date.fromisoformat(row.from_day),
                    date.fromisoformat(row.to_day),
                    commitment.estimate_g,
                    commitment.available_g,
                    commitment.missing_g,
                )

    def shipped(self) -> dict[str, int]:
        told = balances.shipped_as(self.session, self.books, self.account, self.year.span)
        return {value: grams for (scheme, value), grams in sorted(told.items()) if scheme == self.scheme.id}

    def findings(self, commitments: Iterable[tuple[balance.Commitment, Any]]) -> list[Finding]:
        """What asks for a look, alerts first."""
        found = balances.checks(self.session, self.books, self.account, self.year, now=self.now)
        found += balances.short_lots(self.books, self.account)
        listed = self.listed or None
        found += balances.claim_checks(self.books, self.account, self.scheme, self.year, listed)
        found += balances.contract_findings(
            [(one, rows) for one, rows in commitments if one.scheme in (self.scheme.id, "-")]
        )
        found += self.above_estimates()
        found += self.actions_overdue()
        return sorted(found, key=lambda one: one.level)

    def above_estimates(self) -> Iterator[Finding]:
        """Members who brought more than the estimate allows before a delivery is held, the most first."""
        limits = self.scheme.params_at(self.year.last)
        hold_bp = limits.over_delivery_hold_bp
        above = [one for one in self.members() if hold_bp is not None and (one.share_bp or 0) > hold_bp]
        for one in sorted(above, key=lambda one: (-(one.share_bp or 0), one.code)):
            said: dict[str, str | int] = {
                "scheme": self.scheme.id,
                "farmer": one.code,
                "season": self.year.code,
                "product": one.product,
                "delivered_g": one.delivered_g,
                "estimate_g": one.estimate_g or 0,
                "share_bp": one.share_bp or 0,
            }
            yield Finding("OVER_DELIVERY", "alert", said, self.scheme.rule("OVER_DELIVERY"))

    def actions_overdue(self) -> Iterator[Finding]:
        """Corrective actions that were not closed by their day, nor by the end of the season."""
        on = min(self.year.last, instant(self.now).date())
        late = [
            one
            for one in self.non_conformities()
            if one.due_on is not None and one.due_on < on and (one.closed_on is None or one.closed_on > on)
        ]
        if late:
            first = min(late, key=lambda one: (one.due_on, one.subject))
            said: dict[str, str | int] = {"count": len(late), "first": first.subject, "due_on": str(first.due_on)}
            yield Finding("CORRECTIVE_ACTIONS_OVERDUE", "alert", said, None)

    # --- sums and names ---

    def sums(self) -> Sums:
        """Asked of the database by themselves, as far as it can say them in one statement."""
        members = select(_MEMBER.c.farmer_id).where(
            _MEMBER.c.org_id == self.org_id, _MEMBER.c.certificate_id == self.held.id
        )
        lot = table(models.Lot)
        codes = select(_FARMER.c.code).where(_FARMER.c.org_id == self.org_id, _FARMER.c.id.in_(members))
        span = self.year.span
        delivered = (
            select(sa.func.count(), sa.func.coalesce(sa.func.sum(_LINE.c.grams), 0))
            .join(lot, lot.c.id == _LINE.c.lot_id)
            .where(lot.c.org_id == self.org_id, lot.c.farmer.in_(codes))
            .where(lot.c.product.in_(sorted(self.year.commodity.products)))
            .where(_LINE.c.type == "delivered", _LINE.c.kind == "in")
            .where(_LINE.c.occurred_at >= span.since, _LINE.c.occurred_at < span.until)
        )
        deliveries, grams = self.session.execute(delivered).one()
        estimate = (
            select(sa.func.coalesce(sa.func.sum(_ESTIMATE.c.grams), 0))
            .where(_ESTIMATE.c.org_id == self.org_id, _ESTIMATE.c.season == self.year.code)
            .where(_ESTIMATE.c.farmer_id.in_(members))
            .where(_ESTIMATE.c.product.in_(sorted(self.year.commodity.products)))
        )
        area = select(sa.func.count(), sa.func.coalesce(sa.func.sum(_PLOT.c.area_m2), 0)).where(
            _PLOT.c.org_id == self.org_id,
            _PLOT.c.farmer_id.in_(members),
            _PLOT.c.crop == self.year.commodity.id,
            sa.or_(_PLOT.c.ended_at.is_(None), _PLOT.c.ended_at >= span.since),
            sa.or_(_PLOT.c.from_day.is_(None), _PLOT.c.from_day <= self.year.last.isoformat()),
        )
        contracted = (
            select(sa.func.coalesce(sa.func.sum(_CONTRACT.c.grams), 0))
            .where(_CONTRACT.c.org_id == self.org_id, _CONTRACT.c.ended_at.is_(None))
            .where(_CONTRACT.c.product.in_(sorted(self.year.commodity.products)))
            .where(sa.or_(_CONTRACT.c.scheme.is_(None), _CONTRACT.c.scheme == self.scheme.id))
            .where(
                _CONTRACT.c.from_day >= self.year.first.isoformat(), _CONTRACT.c.from_day <= self.year.last.isoformat()
            )
        )
        plots, square_metres = self.session.execute(area).one()
        return Sums(
            members=self._count(members),
            plots=int(plots),
            area_m2=int(square_metres),
            estimate_g=int(self.session.execute(estimate).scalar_one()),
            deliveries=int(deliveries),
            delivered_g=int(grams),
            used_g=sum(one.used_g for one in self.stated.values()),
            made_g=sum(one.made_g for one in self.stated.values()),
            stock_g=sum(one.closing_g for one in self.stated.values()),
            contracted_g=int(self.session.execute(contracted).scalar_one()),
        )

    def names(self) -> dict[str, Mapping[str, str]]:
        commodity = self.year.commodity
        return {
            **{site: {"en": code, "fr": code} for site, code in self.sites.items()},
            self.scheme.id: self.scheme.name,
            commodity.id: commodity.name,
            **{value.code: value.label for value in self.scheme.values},
            **{code: product.name for code, product in commodity.products.items()},
            **{code: step.name for code, step in commodity.steps.items()},
        }


# --- small things ---


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _at(account: Account, site: str) -> Account:
    return lambda place: place.site == site and account(place)


def _told(body: str) -> dict[str, Any]:
    """What an event says: of a correction, what it puts in the place of the error."""
    plain: dict[str, Any] = json.loads(body)
    return plain.get("instead") or plain


def _uids(told: Mapping[str, Any]) -> Iterator[str]:
    """The ids of lots that an event names."""
    for name in ("lot", "into", "input", "inputs", "outputs"):
        items = told.get(name)
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, str):
                yield item
            elif isinstance(item, dict):
                yield item["lot"]


def _grams(told: Mapping[str, Any], ruling: Mapping[str, Any]) -> int:
    """The grams that an event made or took out, as it was told."""
    packaging = (ruling.get("instead") or ruling).get("packaging", {})
    made = told.get("outputs") or ([told["lot"]] if isinstance(told.get("lot"), dict) else [])
    made = made or told.get("inputs") or ([told] if "quantity" in told else [])
    return sum(to_grams(item["quantity"]["value"], item["quantity"]["unit"], packaging) for item in made)


def position(geometry: str | None) -> tuple[int | None, int | None, bool]:
    """Longitude and latitude of a point, or of the middle of an outline's box, in micro-degrees; and which it is."""
    if geometry is None:
        return None, None, False
    kept = json.loads(geometry)
    if kept["type"] == "Point":
        return kept["coordinates"][0], kept["coordinates"][1], False
    rings = kept["coordinates"] if kept["type"] == "Polygon" else [ring for one in kept["coordinates"] for ring in one]
    longitudes, latitudes = zip(*((point[0], point[1]) for ring in rings for point in ring), strict=True)
    return (min(longitudes) + max(longitudes)) // 2, (min(latitudes) + max(latitudes)) // 2, True


def _reasons(
    key: int, value: str, parents: Mapping[int, set[int]], caps: Mapping[int, list[Any]]
) -> tuple[Reason, ...]:
    """Why a lot claims no more: the facts at it and upstream that lower it to its value, the most frequent first."""
    counted: dict[str, int] = defaultdict(int)
    example: dict[str, Finding] = {}
    seen, todo = {key}, [key]
    while todo:
        lot = todo.pop()
        for cap in caps.get(lot, ()):
            if cap.value == value:
                for plain in json.loads(cap.reasons):
                    counted[plain["code"]] += 1
                    example.setdefault(plain["code"], Finding.from_dict(plain))
        for parent in parents.get(lot, set()) - seen:
            seen.add(parent)
            todo.append(parent)
    ranked = sorted(counted, key=lambda code: (-counted[code], code))
    return tuple(Reason(example[code], counted[code]) for code in ranked[:REASONS_SHOWN])


__all__ = ["pack"]
