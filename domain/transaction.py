"""The facts of a transaction statement: one shipment, or one paper of a control body, computed from the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.passport import Certificate

Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys: its code, and where it is known its name and country."""

    code: str
    name: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimStated:
    """A claim under which the goods went, and the papers behind it as they stood on that day.

    ``left_g``: grams of the lot that may still leave with it.
    """

    scheme: str
    scheme_name: Names
    value: str
    value_name: Names
    mass_balance: bool
    certificates: tuple[Certificate, ...]
    left_g: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A shipment or consignment as the record has it; grams, and days of UTC.

    ``kind``: goods left (shipment), or a control body put them on a certificate (consignment: ``paper_kind`` and
    ``paper_number``). ``returned_g`` came back since. ``lot_g`` was made, ``shipped_g`` of it has left in all and did
    not come back, ``remaining_g`` is there.
    """

    kind: Literal["shipment", "consignment"]
    event: str
    at: datetime
    lot: str
    lot_code: str
    product: Names
    hs_code: str | None
    made_on: date
    country: Names | None
    seller: Party
    buyer: Party | None
    quantity_g: int
    returned_g: int
    lot_g: int
    shipped_g: int
    remaining_g: int
    claims: tuple[ClaimStated, ...]
    document: str | None
    container: str | None
    seal: str | None
    paper_kind: str | None
    paper_number: str | None
    url: str | None
    label: str | None

    @property
    def net_g(self) -> int:
        """What went and did not come back."""
        return self.quantity_g - self.returned_g
