"""Contracts: so much of a product, with a claim, promised to a buyer.

What stands behind them is at ``/v1/balances/contracts``.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.versions import (
    Body,
    Instant,
    Shown,
    Text,
    VersionDep,
    change,
    ended,
    example,
    find,
    iso,
    left_out,
    make,
    new_id,
    refused,
    same,
    sent,
    shown,
    tag,
)
from domain import events as told
from domain.quantity import MOST_GRAMS
from domain.refusals import Refused
from ledger.profiles import profiles

routes = Routes(prefix="/v1/contracts", tags=["contracts"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

Grams = Annotated[int, Field(strict=True, ge=1, le=MOST_GRAMS)]


class ContractIn(Body):
    """So many grams of a product within some days. ``scheme`` and ``value``: the claim that is promised, or neither.

    A contract belongs to the season in which its days begin.
    """

    model_config = example(
        id="0193b2c4-8a11-7c3e-9a57-000000000041",
        code="K-2024-01",
        buyer="Hansekontor Kakao",
        product="cocoa_dry_beans",
        scheme="EU_ORG",
        value="organic",
        grams=120_000_000,
        from_day="2024-11-01",
        to_day="2025-06-30",
    )

    id: told.Id | None = None
    code: told.Code
    buyer: Text
    product: told.Word
    scheme: told.Word | None = None
    value: told.Word | None = None
    grams: Grams
    from_day: told.Day
    to_day: told.Day


class ContractChange(Body):
    """Fields that are not sent stay."""

    model_config = example(grams=80_000_000, to_day="2025-08-31")

    buyer: Text = Field(default_factory=left_out)
    grams: Grams = Field(default_factory=left_out)
    from_day: told.Day = Field(default_factory=left_out)
    to_day: told.Day = Field(default_factory=left_out)
    ended: Annotated[bool, Field(strict=True)] = Field(default_factory=left_out)


class ContractOut(Shown):
    """A contract."""

    id: str
    code: str
    buyer: str
    product: str
    scheme: str | None
    value: str | None
    grams: int
    from_day: date
    to_day: date
    version: int
    ended_at: Instant | None


class Contracts(Listing):
    """Which contracts."""

    product: told.Word | None = None
    active: Annotated[bool | None, Field(description="not ended, or ended")] = None


BY_CODE = Order("contracts", (col(models.Contract.code),), lambda row: (row.code,))


def _check(product: str, scheme: str | None, value: str | None) -> None:
    """The product is known, and the claim is one that can be made."""
    profiles().product(product)
    if (scheme is None) != (value is None):
        raise refused("value", "missing", "Scheme and value are named together, or neither.")
    if scheme is None or value is None:
        return
    rules = profiles().schemes.get(scheme)
    if rules is None:
        raise Refused("SCHEME_UNKNOWN", scheme=scheme)
    if not rules.value(value).claimable:
        raise refused("value", "not-claimable", f"“{value}” claims nothing: leave scheme and value out.")


def _in_order(from_day: str, to_day: str) -> None:
    if to_day < from_day:
        raise refused("to_day", "order", "The last day is before the first.")


@routes.get("", access=READ, name="list", summary="Your contracts, by code")
def list_contracts(
    session: ReadDep, listing: Annotated[Contracts, Query()], request: Request, response: Response
) -> Page[ContractOut]:
    """Several filters narrow each other."""
    contract, query = models.Contract, select(models.Contract)
    if listing.product is not None:
        query = query.where(contract.product == listing.product)
    if listing.active is not None:
        ended_at = col(contract.ended_at)
        query = query.where(ended_at.is_(None) if listing.active else ended_at.is_not(None))
    rows, following = turn(session, query, BY_CODE, listing, request, response)
    return Page(data=[ContractOut.model_validate(row) for row in rows], next=following)


@routes.post("", access=WRITE, name="add", summary="Note a contract", status_code=201)
def add_contract(session: WriteDep, recorder: LedgerDep, body: ContractIn, response: Response) -> ContractOut:
    """The same content under the same id changes nothing."""
    _check(body.product, body.scheme, body.value)
    values = {name: iso(value) for name, value in body.model_dump(exclude={"id"}).items()}
    _in_order(values["from_day"], values["to_day"])
    row = session.get(models.Contract, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        row = models.Contract(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="code", value=body.code)
    response.headers["location"] = f"/v1/contracts/{row.id}"
    tag(response, row.version)
    return ContractOut.model_validate(row)


@routes.get("/{contract_id}", access=READ, name="show", summary="One contract", response_model=ContractOut)
def show_contract(
    session: ReadDep, contract_id: told.Id, request: Request, response: Response
) -> ContractOut | Response:
    """As it stands now."""
    row = find(session, models.Contract, contract_id, "contract")
    return shown(request, response, ContractOut.model_validate(row), row.version)


@routes.patch("/{contract_id}", access=WRITE, name="change", summary="Change or end a contract")
def change_contract(
    session: WriteDep,
    recorder: LedgerDep,
    contract_id: told.Id,
    body: ContractChange,
    version: VersionDep,
    response: Response,
) -> ContractOut:
    """Needs `If-Match`. An ended contract is not counted any more."""
    row = find(session, models.Contract, contract_id, "contract", update=True)
    values = sent(body)
    _in_order(values.get("from_day", row.from_day), values.get("to_day", row.to_day))
    change(row, version, ended(values, row, recorder.clock()))
    session.flush()
    tag(response, row.version)
    return ContractOut.model_validate(row)
