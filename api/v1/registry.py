"""The registry of the caller's organisation, and the profiles that its records speak of."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from api.access import Needs, Routes
from api.problems import Problem
from api.v1 import certificates, estimates, farmers, fisheries, groups, inspections, inspectors, plot_maps, plots, sites
from api.versions import Body
from domain.events import Word
from domain.profiles import Commodity, Packaging, Scheme
from ledger.profiles import profiles

routes = Routes()
for part in (farmers, estimates, inspections, inspectors, groups, plot_maps, plots, sites, certificates, fisheries):
    routes.include_router(part.routes)

READ = Needs("registry:read")


class Products(Body):
    """Which products."""

    commodity: Word | None = None


class ProductOut(BaseModel):
    """A form in which a commodity is traded or processed; certificates cover its ``category``."""

    code: str
    commodity: str
    category: str
    name: dict[str, str]
    form: str
    hs: str
    packaging: list[Packaging]


class ProductsOut(BaseModel):
    """All of them: there is never a next page."""

    data: list[ProductOut]
    next: None = None


class SchemesOut(BaseModel):
    """All of them: there is never a next page."""

    data: list[Scheme]
    next: None = None


@routes.get("/v1/products", access=READ, tags=["profiles"], name="products", summary="Products of the profiles")
def list_products(wanted: Annotated[Products, Query()]) -> ProductsOut:
    """Their codes are those of events; their categories those of certificates."""
    data = [
        ProductOut(
            code=product.code,
            commodity=commodity.id,
            category=product.category,
            name=product.name,
            form=product.form,
            hs=product.hs,
            packaging=list(commodity.packaging.values()),
        )
        for commodity in profiles().commodities.values()
        if wanted.commodity in (None, commodity.id)
        for product in commodity.products.values()
    ]
    return ProductsOut(data=data)


@routes.get(
    "/v1/commodities/{commodity_id}",
    access=READ,
    tags=["profiles"],
    name="commodity",
    summary="All that the rules know of a commodity",
)
def show_commodity(commodity_id: Word) -> Commodity:
    """Steps, yields, packaging, specifications, grades: each with its source and since when it holds."""
    found = profiles().commodities.get(commodity_id)
    if found is None:
        raise Problem(404, "not-found", "No profile knows this commodity.", advice="See /v1/products.")
    return found


@routes.get("/v1/schemes", access=READ, tags=["profiles"], name="schemes", summary="Schemes that can be claimed")
def list_schemes() -> SchemesOut:
    """The values of each from the lowest to the highest, its conditions, and where each rule is written."""
    return SchemesOut(data=list(profiles().schemes.values()))
