"""The facts of a transaction statement, from the event by which goods left or were put on a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.passport import Certificate
from domain.profiles import Scheme
from domain.quantity import grams as to_grams
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.transaction import ClaimStated, Party, Transaction
from domain.values import Actor
from ledger.claims import claimed_g
from ledger.facts import certificate_facts
from ledger.passport import COUNTRIES, paper_status, public_url
from ledger.profiles import profiles
from ledger.queries import claims_of, find_lot, instant
from models.base import table
from models.db import SystemSession

_EVENT, _VOIDED, _LINE = table(models.Event), table(models.Voided), table(models.Line)
_ORG, _CONSIGNEE, _LABEL = table(models.Organisation), table(models.Consignee), table(models.Label)
_CERTIFICATE, _CONSIGNMENT = table(models.Certificate), table(models.Consignment)


@dataclass(frozen=True, slots=True)
class _Told:
    """The event that stands, its ruling and its number in the log."""

    event: told.Shipped | told.Certified
    ruling: Ruling
    seq: int

    @property
    def grams(self) -> int:
        return to_grams(self.event.quantity.value, self.event.quantity.unit, self.ruling.packaging)


def transaction_of(session: SystemSession, host: str, actor: Actor, wanted: str, about: str | None) -> Transaction:
    """What the record says of one shipment or consignment of a lot, told by the organisation that states it.

    Refuses with LOT_UNKNOWN, SHIPMENT_UNKNOWN (also for one that was corrected), LOT_BLOCKED, STATEMENT_EXCEEDS_LOT
    and STATEMENT_CLAIM_LOWERED.
    """
    lot = find_lot(session, actor.org_id, wanted)
    found = _told(session, actor, lot, about)
    if lot.disposition != "available":
        raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    event, quantity = found.event, found.grams
    returned = _returned(session, actor, event.id, lot) if isinstance(event, told.Shipped) else 0
    if quantity - returned > lot.initial_g - lot.deficit_g:
        wanted_g = quantity - returned
        raise Refused("STATEMENT_EXCEEDS_LOT", lot=lot.code, have_g=lot.initial_g - lot.deficit_g, wanted_g=wanted_g)
    _, product = profiles().product(lot.product)
    label = session.execute(
        select(_LABEL.c.code).where(_LABEL.c.lot_id == lot.id, _LABEL.c.state == "issued").order_by(_LABEL.c.seq.desc())
    ).scalar()
    seller = session.execute(select(_ORG).where(_ORG.c.id == actor.org_id)).one()
    shipped = session.execute(
        select(sa.func.sum(_LINE.c.grams)).where(_LINE.c.lot_id == lot.id, _LINE.c.kind == "shipped")
    ).scalar()
    left = isinstance(event, told.Shipped)
    return Transaction(
        kind="shipment" if left else "consignment",
        event=event.id,
        at=event.occurred_at,
        lot=lot.uid,
        lot_code=lot.code,
        product=dict(product.name),
        hs_code=product.hs,
        made_on=instant(lot.made_at).date(),
        country=_country(session, lot),
        seller=Party(seller.code, seller.name, seller.country),
        buyer=_buyer(session, actor, event.to),
        quantity_g=quantity,
        returned_g=returned,
        lot_g=lot.initial_g,
        shipped_g=int(shipped or 0),
        remaining_g=lot.remaining_g,
        claims=_claims(session, lot, found),
        document=event.document if isinstance(event, told.Shipped) else None,
        container=event.container if isinstance(event, told.Shipped) else None,
        seal=event.seal if isinstance(event, told.Shipped) else None,
        paper_kind=event.kind if isinstance(event, told.Certified) else None,
        paper_number=event.number if isinstance(event, told.Certified) else None,
        url=public_url(host, label) if label is not None else None,
        label=label,
    )


def _told(session: SystemSession, actor: Actor, lot: Any, about: str | None) -> _Told:
    """The event as it stands: not corrected, or itself what a correction put in place; of this lot."""
    unknown = Refused("SHIPMENT_UNKNOWN", lot=lot.code, shipment=about or "-")
    if about is None:
        raise unknown
    row = session.execute(
        select(_EVENT.c.body, _EVENT.c.ruling, _EVENT.c.seq).where(
            _EVENT.c.org_id == actor.org_id, _EVENT.c.id == about.lower()
        )
    ).first()
    if row is None:
        raise unknown
    gone = select(_VOIDED.c.seq).where(_VOIDED.c.org_id == actor.org_id, _VOIDED.c.seq == row.seq)
    event, ruling = told.parse(row.body), Ruling.load(orjson.loads(row.ruling))
    identity = event.id
    if isinstance(event, told.Corrected) and event.instead is not None and ruling.instead is not None:
        event, ruling = event.instead, ruling.instead
    if not isinstance(event, told.Shipped | told.Certified) or event.lot != lot.uid:
        raise unknown
    if session.execute(gone).first() is not None or not _stands(session, lot, event, row.seq):
        raise unknown
    return _Told(event.model_copy(update={"id": identity}), ruling, row.seq)


def _stands(session: SystemSession, lot: Any, event: told.Shipped | told.Certified, seq: int) -> bool:
    """A certificate of a control body that was flagged or cancelled since says too much."""
    if isinstance(event, told.Shipped):
        return True
    query = select(_CONSIGNMENT.c.state).where(_CONSIGNMENT.c.lot_id == lot.id, _CONSIGNMENT.c.seq == seq)
    return session.execute(query).scalar() == "issued"


def _returned(session: SystemSession, actor: Actor, shipment: str, lot: Any) -> int:
    """Grams of a shipment that came back."""
    query = (
        select(_EVENT.c.body, _LINE.c.grams)
        .join(_LINE, _LINE.c.seq == _EVENT.c.seq)
        .where(_EVENT.c.org_id == actor.org_id, _LINE.c.lot_id == lot.id, _LINE.c.kind == "shipped", _LINE.c.grams < 0)
    )
    total = 0
    for row in session.execute(query):
        event = told.parse(row.body)
        if isinstance(event, told.Corrected) and event.instead is not None:
            event = event.instead
        if isinstance(event, told.Returned) and event.shipment == shipment:
            total -= row.grams
    return total


def _country(session: SystemSession, lot: Any) -> dict[str, str] | None:
    """Where the lot was made, by the site or else by whoever made it."""
    site = table(models.Site)
    found = session.execute(select(site.c.country).where(site.c.id == lot.site_id)).scalar()
    code = found or session.execute(select(_ORG.c.country).where(_ORG.c.id == lot.org_id)).scalar()
    return COUNTRIES.get(code, {"en": code, "fr": code}) if code else None


def _buyer(session: SystemSession, actor: Actor, code: str | None) -> Party | None:
    """The recipient by its code: an organisation of this deployment, or one that the seller keeps a name of."""
    if code is None:
        return None
    own = select(_CONSIGNEE.c.name).where(
        _CONSIGNEE.c.org_id == actor.org_id, _CONSIGNEE.c.code == code, _CONSIGNEE.c.ended_at.is_(None)
    )
    name = session.execute(own).scalar()
    if name is not None:
        return Party(code, name)
    row = session.execute(select(_ORG.c.name, _ORG.c.country).where(_ORG.c.code == code)).first()
    return Party(code, row.name, row.country) if row is not None else Party(code)


def _claims(session: SystemSession, lot: Any, found: _Told) -> tuple[ClaimStated, ...]:
    """The claims made, each of which the lot must carry today as well."""
    event = found.event
    if isinstance(event, told.Certified):
        made: tuple[told.ClaimMade, ...] = (told.ClaimMade(scheme=event.scheme, value=event.value),)
    else:
        made = event.claims
    carried = claims_of(session, [lot.id]).get(lot.id, {})
    day = event.occurred_at.date()
    answer = []
    for claim in made:
        scheme = profiles().schemes[claim.scheme]
        value = scheme.value(claim.value)
        now = carried.get(scheme.id, scheme.values[0].code)
        if scheme.rank(now) < scheme.rank(claim.value):
            said = {"scheme": scheme.id, "value": claim.value, "carried": now}
            raise Refused("STATEMENT_CLAIM_LOWERED", lot=lot.code, **said)
        answer.append(
            ClaimStated(
                scheme.id,
                dict(scheme.name),
                value.code,
                dict(value.label),
                scheme.chain_of_custody == "mass_balance",
                _papers(session, claim.certificates, scheme, day),
                _left(session, lot, event, scheme, value.code),
            )
        )
    return tuple(answer)


def _left(session: SystemSession, lot: Any, event: told.Shipped | told.Certified, scheme: Scheme, value: str) -> int:
    """Grams that may still leave with the claim, or (of a consignment) be put on a certificate of its kind."""
    if isinstance(event, told.Certified):
        used = session.execute(
            select(sa.func.sum(_CONSIGNMENT.c.grams)).where(
                _CONSIGNMENT.c.lot_id == lot.id,
                _CONSIGNMENT.c.kind == event.kind,
                _CONSIGNMENT.c.scheme == scheme.id,
                _CONSIGNMENT.c.state == "issued",
            )
        ).scalar()
        gone = session.execute(
            select(sa.func.sum(_LINE.c.grams)).where(_LINE.c.lot_id == lot.id, _LINE.c.kind.in_(("out", "lost")))
        ).scalar()
        free: int = lot.initial_g - int(gone or 0) - int(used or 0)
        return max(0, free)
    left = claimed_g(session.connection(), lot.id, scheme, value)
    return int(lot.remaining_g if left is None else left)


def _papers(session: SystemSession, ids: tuple[str, ...], scheme: Scheme, day: date) -> tuple[Certificate, ...]:
    """The certificates named at dispatch, as they stood on that day."""
    query = (
        select(_CERTIFICATE, _ORG.c.name.label("holder"))
        .join(_ORG, _ORG.c.id == _CERTIFICATE.c.org_id)
        .where(_CERTIFICATE.c.id.in_(ids))
        .order_by(_CERTIFICATE.c.number)
    )
    rows = session.execute(query).all()
    known = certificate_facts(session.connection(), rows)
    return tuple(
        Certificate(
            scheme=scheme.id,
            scheme_name=scheme.name["en"],
            number=row.number,
            holder=row.holder,
            body=row.body,
            body_code=row.body_code,
            valid_from=known[row.id].valid_from,
            valid_to=known[row.id].valid_to,
            status=paper_status(known[row.id], day),
        )
        for row in rows
    )
