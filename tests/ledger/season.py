"""A small chain that most ledger tests begin with: deliveries, a receiving lot, dry beans, at a certified site."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

import models
from domain import events as told
from domain.values import Lot
from ledger.queries import claims_of
from ledger.record import Answer, Recorder
from models.base import table
from models.db import system_session
from tests.builders import Cluster, at, kg, uid

_LOT = table(models.Lot)


class Chain:
    """A cooperative with one certified farmer, an exporter with a certified warehouse and one without."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.cluster = Cluster(recorder)
        cluster = self.cluster
        cluster.org("COOP")
        cluster.org("EXP", "exporter")
        cluster.org("RIVAL", "exporter")
        cluster.site("FERM", "COOP")
        cluster.site("STORE", "EXP")
        cluster.site("SHED", "RIVAL")
        cluster.vessel("BOX", "FERM", "COOP")
        cluster.certificate("GRP", "COOP", sites=(("FERM", "2024-06-01", None),))
        cluster.certificate("EXPC", "EXP", sites=(("STORE", "2024-06-01", None),))
        cluster.farmer("ANNA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),))
        cluster.farmer("BEN", "COOP", certificate="GRP", plots=(("A", "2023-03-01"),))

    def tell(self, event: told.AnyEvent, org: str = "COOP") -> Answer:
        return self.cluster.tell(org, event)

    def ok(self, event: told.AnyEvent, org: str = "COOP") -> Answer:
        answer = self.tell(event, org)
        assert answer.refused is None, answer.refused
        return answer

    def refused(self, event: told.AnyEvent, org: str = "COOP") -> str:
        answer = self.tell(event, org)
        assert answer.refused is not None
        return answer.refused.code

    def deliver(
        self, lot: str, weight: Any, farmer: str = "ANNA", when: str = "2025-01-10T08:00:00Z"
    ) -> told.Delivered:
        return told.Delivered(
            id=uid(f"deliver-{lot}"),
            occurred_at=at(when),
            site=uid("FERM"),
            farmer=farmer,
            lot=told.NewLot(lot=uid(lot), code=lot, product="cocoa_wet_beans", quantity=kg(weight)),
        )

    def receive(
        self, into: str, items: dict[str, Any], when: str = "2025-01-10T09:00:00Z", **more: Any
    ) -> told.Received:
        return told.Received(
            id=uid(f"receive-{into}-{sorted(items)}"),
            occurred_at=at(when),
            site=uid("FERM"),
            inputs=tuple(told.Drawn(lot=uid(lot), quantity=kg(weight)) for lot, weight in items.items()),
            into=told.Named(lot=uid(into), code=into),
            **more,
        )

    def dry(
        self,
        lot: str,
        weight: Any,
        inputs: dict[str, Any],
        when: str = "2025-01-17T09:00:00Z",
        *,
        name: str | None = None,
        site: str = "FERM",
        **more: Any,
    ) -> told.Transformed:
        return told.Transformed(
            id=uid(name or f"dry-{lot}"),
            occurred_at=at(when),
            site=uid(site),
            process="ferment_dry",
            inputs=tuple(told.Drawn(lot=uid(item), quantity=kg(grams)) for item, grams in inputs.items()),
            outputs=(told.NewLot(lot=uid(lot), code=lot, product="cocoa_dry_beans", quantity=kg(weight)),),
            **more,
        )

    def inspect(self, lot: str, when: str = "2025-01-20T09:00:00Z", **values: str) -> told.Inspected:
        """Some values; none told: moisture and cut test, in order."""
        measured = values or {"moisture": "7.0"}
        return told.Inspected(
            cut_test=None if values else told.CutTest(),
            id=uid(f"inspect-{lot}-{when}-{sorted(measured.items())}"),
            occurred_at=at(when),
            lot=uid(lot),
            measurements=tuple(told.Result(test=test, value=value) for test, value in measured.items()),
        )

    def ship(self, lot: str, weight: Any, when: str = "2025-02-01T09:00:00Z", name: str = "") -> told.Shipped:
        return told.Shipped(
            id=uid(f"ship-{lot}-{weight}{name}"), occurred_at=at(when), lot=uid(lot), quantity=kg(weight)
        )

    def dry_lot(self) -> None:
        """600 kg of ANNA and 400 kg of ANNA become RL, then 400 kg dry in DB."""
        self.ok(self.deliver("D1", 600))
        self.ok(self.deliver("D2", 400))
        self.ok(self.receive("RL", {"D1": 600, "D2": 400}))
        self.ok(self.dry("DB", 400, {"RL": 1000}))

    def lot(self, code: str) -> Any:
        with system_session(self.recorder.database, write=False) as session:
            return session.execute(sa.select(_LOT).where(_LOT.c.code == code)).one()

    def claim(self, code: str) -> str | None:
        with system_session(self.recorder.database, write=False) as session:
            key = session.execute(sa.select(_LOT.c.id).where(_LOT.c.code == code)).scalar_one()
            return claims_of(session, [key]).get(key, {}).get("EU_ORG")


__all__ = ["Chain", "Lot"]
