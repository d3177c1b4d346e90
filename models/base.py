"""What every table shares: the naming convention, integer time, and which rows an organisation may see.

Instants are UTC milliseconds, weights are grams, areas square metres, positions micro-degrees: integers
everywhere, so that both databases hold the same row for the same fact.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import BigInteger, CheckConstraint, Table, Text
from sqlmodel import Field, SQLModel

metadata = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

ORG_SCOPED: list[type[SQLModel]] = []
"""Tables whose rows belong to one organisation: it alone sees them (column ``org_id``)."""

LOT_SCOPED: list[type[SQLModel]] = []
"""Tables whose rows belong to a lot: the parties of that lot see them (column ``lot_id``)."""


T = TypeVar("T", bound=type[SQLModel])


def org_scoped(table: T) -> T:
    """Mark a table as belonging to one organisation."""
    ORG_SCOPED.append(table)
    return table


def lot_scoped(table: T) -> T:
    """Mark a table as visible to the parties of a lot."""
    LOT_SCOPED.append(table)
    return table


def millis(*, index: bool = False) -> Any:
    """A required UTC instant in milliseconds."""
    return Field(sa_type=BigInteger, index=index)


def maybe_millis() -> Any:
    """An optional UTC instant in milliseconds."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def grams(default: Any = ...) -> Any:
    """A weight in grams."""
    return Field(default=default, sa_type=BigInteger)


def text(default: Any = ...) -> Any:
    """Text without a bound in the column; the bound is in the request model."""
    return Field(default=default, sa_type=Text)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """CHECK that a column holds one of the known words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model, for statements on hot paths."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found
