"""Why a lot claims no more: the facts that lower it, with the lot and the event that each comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

import models
from domain.findings import Finding
from ledger.profiles import profiles
from ledger.queries import chunks, claims_of, disclosed_ancestors
from models.base import table
from models.db import SystemSession

MOST_REASONS = 100


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact that lowers a claim."""

    finding: Finding
    lot_code: str  # the lot that it concerns: this one, or one that it was made from
    event_id: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A claim of a lot, and why not more."""

    scheme: str
    name: dict[str, str]
    value: str
    label: dict[str, str]
    claimable: bool
    reasons: tuple[Reason, ...]


def explain(session: SystemSession, org_id: int | None, lot: Any) -> list[Explained]:
    """The claims of a lot; the reasons are those of the lots upstream that the organisation may see."""
    carried = claims_of(session, [lot.id]).get(lot.id, {})
    codes = disclosed_ancestors(session, org_id, lot.id)
    answer = []
    for scheme, value in sorted(carried.items()):
        rules = profiles().schemes[scheme]
        known = rules.value(value)
        top = rules.values[-1].code
        reasons = () if value == top else _reasons(session, codes, scheme, value, top)
        answer.append(Explained(scheme, dict(rules.name), value, dict(known.label), known.claimable, reasons))
    return answer


def _reasons(session: SystemSession, codes: dict[int, str], scheme: str, value: str, top: str) -> tuple[Reason, ...]:
    """What lowers to the value; a rule of mixing (strict) is kept at the top value and named too."""
    cap, event = table(models.LotCap), table(models.Event)
    found: list[Reason] = []
    for chunk in chunks(codes):
        query = (
            select(cap.c.lot_id, cap.c.reasons, event.c.id)
            .join(event, event.c.seq == cap.c.seq)
            .where(cap.c.lot_id.in_(chunk), cap.c.scheme == scheme, cap.c.value.in_((value, top)))
            .order_by(cap.c.seq, cap.c.lot_id)
        )
        for key, text, event_id in session.execute(query):
            found += [Reason(Finding.from_dict(plain), codes[key], event_id) for plain in json.loads(text)]
    return tuple(found[:MOST_REASONS])
