"""A certificate is suspended back to a day: what is judged again is bounded by the lots that it touches."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

import models
from bench.data import RUN, Cooperative, Raw, World, analyse, uid
from bench.measure import Effort, Record, spent
from ledger.registry import Change, begin, settle
from models.base import table
from models.db import scoped_session, system_session

SINCE = date(2025, 6, 1)


def _fill(cooperative: Cooperative, lots: int, start: datetime) -> int:
    """Deliveries in runs of thirty, from an instant on; answers how many lots there are then."""
    cooperative.start = start
    deliveries = lots * RUN // (RUN + 1)
    delivered = cooperative.lots(deliveries)
    runs = [cooperative.run(delivered[at : at + RUN]) for at in range(0, deliveries, RUN)]
    cooperative.tell(runs)
    return deliveries + len(runs)


def _suspend(cooperative: Cooperative) -> int:
    """The certificate is suspended back to a day; answers how many lots lost the claim."""
    certificate = uid("certificate")
    with scoped_session(cooperative.recorder.database, cooperative.org_id, write=True) as session:
        begin(session)
        session.add(
            models.CertificateStatus(
                org_id=cooperative.org_id,
                certificate_id=certificate,
                from_day=SINCE.isoformat(),
                status="suspended",
                recorded_at=1,
            )
        )
        session.flush()
        change = Change("certificate", certificate, SINCE, certificate=certificate)
        return len(settle(session, cooperative.recorder, cooperative.actor, change))


def _bare(cooperative: Cooperative) -> float:
    """The same claims, caps and lines written once more with nothing but the driver: seconds."""
    claim, cap, line = table(models.LotClaim), table(models.LotCap), table(models.Line)
    with system_session(cooperative.recorder.database, write=False) as session:
        caps = [dict(row) for row in session.execute(sa.select(cap)).mappings()]
        seq = max(row["seq"] for row in caps)
        lines = [dict(row) for row in session.execute(sa.select(line).where(line.c.seq == seq)).mappings()]
        claims = session.execute(sa.select(claim.c.lot_id).where(claim.c.value == "conventional")).scalars().all()
    caps = [row | {"seq": seq + 1} for row in caps]
    lines = [row | {"seq": seq + 1} for row in lines]
    raw = Raw(cooperative.recorder.database)

    def write() -> None:
        with raw.transaction() as cursor:
            cursor.executemany(
                raw.sql("UPDATE lot_claim SET value = ? WHERE lot_id = ? AND scheme = ?"),
                [("in_conversion", lot, "EU_ORG") for lot in claims],
            )
            raw.insert(cursor, "lot_cap", [tuple(row.values()) for row in caps], list(caps[0]))
            raw.insert(cursor, "line", [tuple(row.values()) for row in lines], list(lines[0]))

    took = spent(write)
    raw.close()
    return took


def suspension(world: World, effort: Effort) -> list[Record]:
    """A suspension that touches so many lots; the same among four times as many; a quarter of them."""
    count = effort.of(10_000, 620)
    took: dict[str, float] = {}
    with world.copies(3) as (alone, crowded, quarter):
        _fill(crowded, 3 * count, datetime(2025, 1, 2, tzinfo=UTC))
        touched: dict[str, int] = {}
        for name, cooperative, lots in (
            ("alone", alone, count),
            ("crowded", crowded, count),
            ("quarter", quarter, count // 4),
        ):
            made = _fill(cooperative, lots, datetime(2025, 6, 2, tzinfo=UTC))
            analyse(cooperative.recorder.database)
            lowered: list[Any] = []
            took[name] = spent(lambda on=cooperative, into=lowered: into.append(_suspend(on)))  # type: ignore[misc]
            assert lowered == [made], f"{lowered} lots lost the claim, {made} were touched"
            touched[name] = made
        bare = _bare(alone)
    database, lots = world.place.name, touched["alone"]
    share = (took["alone"] / lots) / (took["quarter"] / touched["quarter"])
    return [
        Record(
            "suspension", database, took["alone"], "s", bare, took["alone"] / bare, "<= 20",
            f"a suspension that touches {lots:,} lots, judged again and lowered in one transaction / the claims, caps "
            "and lines alone by executemany",
        ),
        Record(
            "suspension_among_others", database, took["crowded"], "s", took["alone"], took["crowded"] / took["alone"],
            "<= 1.3", "the same with three times as many lots beside that it does not touch",
        ),
        Record(
            "suspension_growth", database, 1e6 * took["alone"] / lots, "us/lot",
            1e6 * took["quarter"] / touched["quarter"], share, "<= 1.3", "a lot of all / a lot of a quarter of them",
        ),
    ]  # fmt: skip
