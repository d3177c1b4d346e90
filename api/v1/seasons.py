"""From one season to the next: estimates are proposed for the approved members, stock is carried over."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

import models
from api.access import Needs, Routes
from api.deps import LedgerDep, WriteDep
from domain import events as told
from ledger import registry
from ledger.seasons import Proposal, RollOver, roll_over
from models.db import ScopedSession, as_system

routes = Routes(prefix="/v1/seasons", tags=["seasons"])

SeasonCode = Annotated[str, Field(pattern=r"^[0-9]{4}(/[0-9]{2})?$")]


class RollOverIn(BaseModel):
    """From which season to which, for the members of a certificate. ``dry_run``: say what would be done, no more."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {
                    "from": "2024/25",
                    "to": "2025/26",
                    "certificate": "0193b2c4-8a11-7c3e-9a57-000000000002",
                    "dry_run": True,
                }
            ]
        },
    )

    old: Annotated[SeasonCode, Field(alias="from")]
    new: Annotated[SeasonCode, Field(alias="to")]
    certificate: told.Id
    dry_run: Annotated[bool, Field(strict=True)] = True


class ProposalOut(BaseModel):
    """An estimate in grams of a product. What is proposed is not signed: that takes the ICS manager.

    ``basis``: the last estimate; or what was delivered, which was less; or the last estimate although more was
    delivered, which an inspection has to look into. ``state``: kept where there was one already.
    """

    farmer_id: str
    farmer: str
    product: str
    grams: int
    basis: Literal["last_estimate", "delivered_less", "delivered_more", "delivered_only"]
    state: Literal["proposed", "kept"]
    signed: bool


class OpeningOut(BaseModel):
    """Stock that the new season begins with. It follows from the events: nothing is booked."""

    product: str
    grams: int


class RollOverOut(BaseModel):
    """What was done, or, in a dry run, what would be done. The same again changes nothing."""

    dry_run: bool
    made: int
    opening: list[OpeningOut]
    estimates: list[ProposalOut]
    without: list[str]


@routes.post("/roll-over", access=Needs("registry:write"), summary="Begin the next season")
def roll_over_season(session: WriteDep, recorder: LedgerDep, body: RollOverIn) -> RollOverOut:
    """Proposes, for each approved member, an estimate for the season that follows; an estimate that is there is kept.

    `without` names the members for whom there is nothing to go by. Ask with `dry_run` first.
    """
    if not body.dry_run:
        registry.begin(session)  # two at once would both propose
    with as_system(session) as system:
        found = roll_over(system, session.org_id, body.certificate, body.old, body.new)
    made = [] if body.dry_run else [one for one in found.proposals if one.state == "proposed"]
    _write(session, found, made, recorder.clock())
    return RollOverOut(
        dry_run=body.dry_run,
        made=len(made),
        opening=[OpeningOut(product=code, grams=grams) for code, grams in sorted(found.opening_g.items())],
        estimates=[
            ProposalOut(
                farmer_id=one.farmer_id,
                farmer=one.farmer,
                product=one.product,
                grams=one.grams,
                basis=one.basis,
                state=one.state,
                signed=one.signed,
            )
            for one in found.proposals
        ],
        without=list(found.without),
    )


def _write(session: ScopedSession, found: RollOver, made: list[Proposal], now: int) -> None:
    """Each estimate and its first version, unsigned, with where it comes from."""
    for one in made:
        session.add(
            models.Estimate(
                org_id=session.org_id,
                farmer_id=one.farmer_id,
                season=found.new,
                product=one.product,
                grams=one.grams,
                signed=False,
            )
        )
    session.flush()
    for one in made:
        session.add(
            models.EstimateRevision(
                org_id=session.org_id,
                farmer_id=one.farmer_id,
                season=found.new,
                product=one.product,
                number=1,
                grams=one.grams,
                reason=f"Rolled over from {found.old}: {one.basis.replace('_', ' ')}",
                recorded_at=now,
            )
        )
    session.flush()
