"""From one season to the next: what the members are expected to bring, and the stock that is carried over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from domain import balance
from domain.balance import Basis
from domain.refusals import Refused
from domain.season import following
from ledger import balances
from models.db import SystemSession

State = Literal["proposed", "kept"]
"""kept: there is an estimate for the season already, and it stays."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An estimate for the next season, in grams of a product, why so much, and whether there is one already."""

    farmer_id: str
    farmer: str
    product: str
    grams: int
    basis: Basis
    state: State
    signed: bool


@dataclass(frozen=True, slots=True)
class RollOver:
    """What is carried from a season into the next: stock by product, and proposals for the approved members."""

    certificate: str
    scheme: str
    old: str
    new: str
    opening_g: dict[str, int]
    proposals: tuple[Proposal, ...]
    without: tuple[str, ...]  # approved members for whom there is nothing to go by


def roll_over(session: SystemSession, org_id: int, certificate: str, old: str, new: str) -> RollOver:
    """What a roll-over would do. Refuses with CERT_UNKNOWN, SEASON_UNKNOWN and SEASON_NOT_NEXT; writes nothing.

    Approved are those who are so on the last day of the old season. The opening stock is the closing stock of the old
    season: it is worked out from the movements, and nothing has to be booked for it.
    """
    held = balances.certificate(session, org_id, certificate)
    year = balances.season(balances.commodity_of_certificate(session, held), old)
    if following(old) != new:
        raise Refused("SEASON_NOT_NEXT", season=old, following=following(old), told=new)
    books = balances.read(session, org_id)
    account = balances.under(session, books, held)
    stated = balance.statement(books.movements, account, year.span)
    there = balances.estimates(session, org_id, year.shifted(new))
    proposals, without = [], []
    for one in balances.members(session, books, held, year):
        if one.status != "approved":
            continue
        made = _proposal(one, there.get(one.farmer_id))
        if made is None:
            without.append(one.code)
        else:
            proposals.append(made)
    opening = {code: item.closing_g for code, item in stated.items() if code in year.commodity.products}
    return RollOver(held.id, held.scheme, old, new, opening, tuple(proposals), tuple(without))


def _proposal(one: balances.Member, there: Any) -> Proposal | None:
    proposed = balance.proposed_estimate(one.estimate_g, one.delivered_g)
    if there is not None:
        basis: Basis = proposed[1] if proposed is not None else "last_estimate"
        return Proposal(one.farmer_id, one.code, there.product, there.grams, basis, "kept", there.signed)
    if proposed is None:
        return None
    return Proposal(one.farmer_id, one.code, one.product, *proposed, "proposed", signed=False)
