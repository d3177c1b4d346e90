"""Rows of a list written into the registry, and taken back. In the caller's transaction: all of it, or nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col, select

import models
from domain import geo
from domain.cells import PERSON
from domain.findings import Finding
from domain.ics import counts
from domain.importing import Row, facts
from domain.refusals import Refused
from domain.values import Actor
from ledger import geo as ground
from ledger import ics
from ledger.ids import uuid7
from ledger.import_known import REPORTED, Wanted
from ledger.queries import chunks
from ledger.record import Recorder
from ledger.registry import Change
from models.db import ScopedSession

M = TypeVar("M", bound=SQLModel)

EVER: Final = date(1970, 1, 1)
COLUMN_OF: Final = {"name": "full_name", "birth": "birth_year", "area": "area_m2"}
"""Columns of lists that the registry calls otherwise."""


def _fields(said: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    return {COLUMN_OF.get(one, one): said[one] for one in columns if one in said}


def _put(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set fields of a record; answers what they were, where they were something else."""
    was = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    for name in was:
        setattr(row, name, values[name])
    return was


@dataclass(slots=True)
class Writer:
    """The rows of one import on their way: what is made in three stages, each needing the one before."""

    session: ScopedSession
    recorder: Recorder
    run: models.ImportRun
    aim: Wanted
    now: int
    actor: Actor
    stages: tuple[list[SQLModel], ...] = field(default_factory=lambda: ([], [], []))
    concerned: dict[str, tuple[date, set[str]]] = field(default_factory=dict)  # cause -> since, farmers
    country: str | None = None

    @property
    def today(self) -> str:
        return ground.day_of(self.now).isoformat()

    def new_id(self) -> str:
        return uuid7(self.now, self.recorder.entropy)

    def made(self, stage: int, row: M, number: int, part: str, record: str) -> M:
        """A record that the import makes."""
        self.stages[stage].append(row)
        self._note(number, part, record, None)
        return row

    def changed(
        self, number: int, part: str, record: str, was: dict[str, Any], version: int | None, **more: Any
    ) -> None:
        """A record that the import changes: what its fields were, and the version that it has now."""
        self._note(number, part, record, json.dumps({"fields": was, "version": version, **more}))

    def _note(self, number: int, part: str, record: str, before: str | None) -> None:
        self.stages[2].append(
            models.ImportRecord(
                org_id=self.session.org_id, run_id=self.run.id, row=number, part=part, record=record, before=before
            )
        )

    def lowers(self, cause: str, since: date, farmer: str) -> None:
        """Claims on deliveries of a farmer may fall by it, from a day on."""
        first, farmers = self.concerned.setdefault(cause, (since, set()))
        farmers.add(farmer)
        self.concerned[cause] = (min(first, since), farmers)

    def changes(self) -> list[Change]:
        """What has to be judged again."""
        return [
            Change(cause, self.run.id, since, tuple(sorted(farmers)))  # type: ignore[arg-type]
            for cause, (since, farmers) in sorted(self.concerned.items())
        ]

    def flush(self) -> None:
        """Write what is made. Raises ``Refused`` where somebody was faster."""
        try:
            for stage in self.stages:
                self.session.add_all(stage)
                self.session.flush()
        except IntegrityError:
            raise Refused("IMPORT_OVERTAKEN") from None

    # --- farmers ---

    def farmers(self, rows: Sequence[Row]) -> None:
        """Farmers with person, membership, plots and estimate. ``rows``: all that are not left out."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            groups[row.code].append(row)
        groups = {code: group for code, group in groups.items() if any(row.state != "unchanged" for row in group)}
        around = self._around(rows)
        held = _Held(self.session, groups, self.aim)
        ids: dict[str, str] = {}
        for code, group in groups.items():
            ids[code] = self._farmer(code, group, held)
            if self.aim.certificate is not None:
                self._membership(ids[code], code, group, held)
            self._estimate(ids[code], group, held)
        for row in rows:
            if row.state != "unchanged" and "plot_code" in row.values:
                self._plot(row, ids[row.code], held.plots.get(row.values["plot_code"]), around)

    def _farmer(self, code: str, group: list[Row], held: _Held) -> str:
        number, said = group[0].number, _fields(facts(group, PERSON), PERSON)
        farmer = held.farmers.get(code)
        if farmer is None:
            identity = self.new_id()
            row = models.Farmer(org_id=self.session.org_id, id=identity, code=code, created_at=self.now)
            self.made(0, row, number, "farmer", identity)
            self.made(1, self._person(identity, said), number, "person", identity)
            return identity
        person = held.persons.get(farmer.id)
        if person is None and said:
            self.made(1, self._person(farmer.id, said), number, "person", farmer.id)
            farmer.version += 1
            self.changed(number, "farmer", farmer.id, {}, farmer.version)
        elif person is not None and (was := _put(person, said)):
            farmer.version += 1
            self.changed(number, "person", farmer.id, was, farmer.version)
        return farmer.id

    def _person(self, farmer_id: str, said: Mapping[str, Any]) -> models.Person:
        return models.Person(org_id=self.session.org_id, farmer_id=farmer_id, **said)

    def _membership(self, farmer_id: str, code: str, group: list[Row], held: _Held) -> None:
        assert self.aim.certificate is not None
        number = group[0].number
        said = facts(group, ("joined_on", "agreement_on", "unit"))
        state = facts(group, ("status",)).get("status")
        member = held.members.get(farmer_id)
        if member is None:
            member = models.Membership(
                org_id=self.session.org_id,
                id=self.new_id(),
                farmer_id=farmer_id,
                certificate_id=self.aim.certificate.id,
                **({"joined_on": self.today} | said),
            )
            self.made(1, member, number, "membership", member.id)
            self._status(member, state or "applied", member.joined_on, number)
            return
        was, now = _put(member, said), held.states.get(member.id)
        moved = state is not None and state != now
        if state is not None and moved:
            self._move(member, state, number, held)
            if state != "approved":  # that lowers nothing
                self.lowers("membership", date.fromisoformat(self.today), code)
        if was or moved:
            member.version += 1
            self.changed(number, "membership", member.id, was, member.version)

    def _move(self, member: models.Membership, state: str, number: int, held: _Held) -> None:
        """Another status from today on; one that began today is put right."""
        today = held.dated.get((member.id, self.today))
        if today is None:
            self._status(member, state, self.today, number)
            return
        before = _put(today, {"status": state, "recorded_at": self.now})
        self.changed(number, "status", f"{member.id}/{self.today}", before, None)

    def _status(self, member: models.Membership, status: str, day: str, number: int) -> None:
        row = models.MembershipStatus(
            org_id=self.session.org_id, membership_id=member.id, from_day=day, status=status, recorded_at=self.now
        )
        self.made(2, row, number, "status", f"{member.id}/{day}")

    def _estimate(self, farmer_id: str, group: list[Row], held: _Held) -> None:
        weight = facts(group, ("estimate",)).get("estimate")
        if weight is None or self.aim.season is None or self.aim.product is None:
            return
        number, row = group[0].number, held.estimates.get(farmer_id)
        key: dict[str, Any] = {"org_id": self.session.org_id, "farmer_id": farmer_id, "season": self.aim.season}
        record = f"{farmer_id}/{self.aim.season}/{self.aim.product}"
        if row is None:
            estimate = models.Estimate(**key, product=self.aim.product, grams=weight)
            self.made(1, estimate, number, "estimate", record)
            revision = 1
        elif was := _put(row, {"grams": weight}):
            was |= _put(row, {"signed": False})
            row.version += 1
            revision = row.version
            self.changed(number, "estimate", record, was, row.version, revision=revision)
        else:
            return
        self.stages[2].append(
            models.EstimateRevision(
                **key,
                product=self.aim.product,
                number=revision,
                grams=weight,
                reason=f"Import of {self.run.file_name}"[:500],
                recorded_at=self.now,
            )
        )

    # --- plots ---

    def plots(self, rows: Sequence[Row]) -> None:
        """Plots of farmers who are registered."""
        around = self._around(rows)
        farmers = ground.farmers_by_code(self.session, {row.code for row in rows})
        held = ground.plots_by_code(self.session, {row.values["plot_code"] for row in rows}, update=True)
        for row in rows:
            if row.state != "unchanged":
                self._plot(row, farmers[row.code].id, held.get(row.values["plot_code"]), around)

    def _around(self, rows: Sequence[Row]) -> geo.Ground:
        """Every plot that one of the list may lie on, those of the list as they will be. Reads other organisations'."""
        self.country = ground.country_of(self.session)
        points = {
            row.values["plot_code"]: (_point(row), row.code)
            for row in rows
            if {"plot_code", "point"} <= row.values.keys()
        }
        if not points:
            return geo.Ground([])
        box = geo.around(point for point, _ in points.values())
        others = ground.strangers(self.session, box)
        own = ground.own_plots(self.session, box, points)
        return geo.Ground(
            [*own, *(geo.Neighbour(point, code, whose) for code, (point, whose) in points.items()), *others]
        )

    def _plot(self, row: Row, farmer_id: str, plot: models.Plot | None, around: geo.Ground) -> None:
        values = _fields(row.values, ("area", "crop", "conversion_start", "from_day"))
        located = plot is None or plot.geometry is None or geo.Geometry.stored(plot.geometry).kind == "Point"
        if "point" in row.values and located:
            values["geometry"] = _point(row).store()
        if plot is None:
            plot = models.Plot(
                org_id=self.session.org_id,
                id=self.new_id(),
                farmer_id=farmer_id,
                code=row.values["plot_code"],
                **values,
            )
            ground.judge(plot, around, self.country, self.now, row.values.get("decimals"))
            self.made(1, plot, row.number, "plot", plot.id)
            return
        was = _put(plot, values)
        if not was:
            return
        if was.keys() & {"geometry", "area_m2"}:
            judged = {"judged": plot.judged, "measured_m2": plot.measured_m2}
            ground.judge(plot, around, self.country, self.now, row.values["decimals"] if "geometry" in was else None)
            was |= {name: value for name, value in judged.items() if getattr(plot, name) != value}
        plot.version += 1
        self.changed(row.number, "plot", plot.id, was, plot.version)
        since = _since(plot, was)
        if since is not None:
            self.lowers("plot", since, row.code)

    # --- inspections ---

    def inspections(self, rows: Sequence[Row]) -> None:
        """Internal inspections; with a report of the certificate's scheme where the list tells of one."""
        farmers = ground.farmers_by_code(self.session, {row.code for row in rows})
        codes = {farmer.id: code for code, farmer in farmers.items()}
        visit = models.Inspection
        held: dict[tuple[str, str, str], models.Inspection] = {}
        for some in chunks(codes):
            for one in self.session.scalars(select(visit).where(col(visit.farmer_id).in_(some))):
                held[codes[one.farmer_id], one.inspected_on, one.inspector] = one
        for row in rows:
            day = row.values["date"][0]
            known = held.get((row.code, day, row.values["inspector"]))
            if known is None:
                self._visit(row, farmers[row.code].id, day)
            elif was := _put(known, {"valid": row.values.get("valid", known.valid)}):
                known.version += 1
                self.changed(row.number, "inspection", known.id, was, known.version)
                if not known.valid:
                    self.lowers("inspection", date.fromisoformat(day), row.code)

    def _visit(self, row: Row, farmer_id: str, day: str) -> None:
        """An inspection that is made. With a report it is judged like any other: whether it counts is not told."""
        said = row.values
        reported = self.aim.inspected and bool(said.keys() & set(REPORTED))
        judged = self._judged(row, date.fromisoformat(day)) if reported else ()
        visit = models.Inspection(
            org_id=self.session.org_id,
            id=self.new_id(),
            farmer_id=farmer_id,
            inspected_on=day,
            inspector=said["inspector"],
            valid=said.get("valid", True) and counts(judged),
            recorded_at=self.now,
        )
        self._note(row.number, "inspection", visit.id, None)
        self.session.add(visit)
        self.session.flush()  # the next of the list is judged with this one
        self._kept(row.number, visit)
        if self.aim.certificate is None or not reported:
            return
        report = models.InspectionReport(
            org_id=self.session.org_id,
            inspection_id=visit.id,
            scheme=self.aim.certificate.scheme,
            started_at=said.get("started_at"),
            ended_at=said.get("ended_at"),
            inspector_signed_on=said.get("inspector_signed_on"),
            member_signed_on=said.get("member_signed_on"),
            judged=json.dumps([one.to_dict() for one in judged], ensure_ascii=False),
            told_by=self.actor.name,
        )
        self.made(2, report, row.number, "report", visit.id)

    def _judged(self, row: Row, day: date) -> tuple[Finding, ...]:
        said, (signed, by_member) = row.values, (row.values.get(one) for one in REPORTED[2:])
        assert self.aim.certificate is not None
        told = ics.Told(
            row.code,
            said["inspector"],
            day,
            self.aim.certificate.scheme,
            said.get("started_at"),
            said.get("ended_at"),
            date.fromisoformat(signed) if signed else None,
            date.fromisoformat(by_member) if by_member else None,
        )
        return ics.judge_inspection(self.session, told)

    def _kept(self, number: int, visit: models.Inspection) -> None:
        """A planned inspection of the farmer by the inspector is done with this."""
        planned = models.PlannedInspection
        query = select(planned).where(planned.farmer_id == visit.farmer_id, planned.state == "planned")
        for one in self.session.scalars(query.where(planned.inspector == visit.inspector)):
            was = _put(one, {"state": "done", "inspection_id": visit.id})
            one.version += 1
            self.changed(number, "planned", one.id, was, one.version)
            return


def _point(row: Row) -> geo.Geometry:
    return geo.Geometry("Point", point=row.values["point"])


def _since(plot: models.Plot, was: Mapping[str, Any]) -> date | None:
    """From which day on deliveries are judged again after a change of a plot; none: no claim can fall by it."""
    if plot.area_m2 > was.get("area_m2", plot.area_m2) or was.keys() & {"geometry", "from_day"}:
        return EVER
    start: str | None = was.get("conversion_start", plot.conversion_start)
    later = start is not None and (plot.conversion_start or "") > start
    return date.fromisoformat(start) if start is not None and (later or "crop" in was) else None


class _Held:
    """The records of the farmers that an import changes, as they stand."""

    def __init__(self, session: ScopedSession, groups: Mapping[str, Sequence[Row]], aim: Wanted) -> None:
        self.farmers = ground.farmers_by_code(session, groups.keys())
        ids = {one.id for one in self.farmers.values()}
        self.persons = {one.farmer_id: one for one in rows_of(session, models.Person, "farmer_id", ids)}
        named = {row.values["plot_code"] for group in groups.values() for row in group if "plot_code" in row.values}
        self.plots = ground.plots_by_code(session, named, update=True)
        self.members: dict[str, models.Membership] = {}
        self.states: dict[str, str] = {}
        self.dated: dict[tuple[str, str], models.MembershipStatus] = {}
        if aim.certificate is not None:
            found = rows_of(session, models.Membership, "farmer_id", ids)
            self.members = {one.farmer_id: one for one in found if one.certificate_id == aim.certificate.id}
            statuses = rows_of(
                session, models.MembershipStatus, "membership_id", {one.id for one in self.members.values()}
            )
            today = aim.terms.today.isoformat()
            for one in sorted(statuses, key=lambda one: one.from_day):
                self.dated[one.membership_id, one.from_day] = one
                if one.from_day <= today:
                    self.states[one.membership_id] = one.status
        self.estimates = {
            one.farmer_id: one
            for one in rows_of(session, models.Estimate, "farmer_id", ids)
            if (one.season, one.product) == (aim.season, aim.product)
        }


def rows_of(session: ScopedSession, model: type[M], name: str, values: Collection[Any]) -> list[M]:
    """The caller's rows of a table with one of some values in a column."""
    column = getattr(model, name)
    return [row for some in chunks(values) for row in session.scalars(select(model).where(column.in_(some)))]
