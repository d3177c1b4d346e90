"""Lists in pages: keyset cursors, so that a page stays right while others write.

    BY_CODE = Order("farmers", (col(models.Farmer.code),), lambda row: (row.code,))

    def list_farmers(listing: Annotated[Listing, Query()], …) -> Page[FarmerOut]:
        rows, following = turn(session, query, BY_CODE, listing, request, response)

A cursor says the list that it belongs to and the last key of the page before. It holds nothing secret and
gives no right: it is not signed, but what it holds is checked, and a query sees the caller's organisation
only. A query parameter that a list does not know is refused, never ignored.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api.problems import Problem

T = TypeVar("T")
MOST = 200


class Page(BaseModel, Generic[T]):
    """A part of a list. ``next``: the cursor of the part that follows, or null at the end."""

    data: list[T]
    next: str | None


class Listing(BaseModel):
    """Which part of a list; a list with filters adds its own fields."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST, description="rows of one page")] = 50
    cursor: Annotated[str | None, Field(max_length=400, description="`next` of the page before")] = None


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: columns that are never null and together unique, and the key of a row."""

    name: str
    columns: tuple[Any, ...]
    key: Callable[[Any], tuple[str, ...]]
    newest_first: bool = False


def turn(
    session: Session, query: Any, order: Order, listing: Listing, request: Request, response: Response
) -> tuple[list[Any], str | None]:
    """The rows of the page asked for and the cursor of the next, which the header Link names too."""
    columns = order.columns
    if listing.cursor is not None:
        after = sa.tuple_(*(sa.literal(part) for part in read_cursor(order, listing.cursor)))
        here = sa.tuple_(*columns)
        query = query.where(here < after if order.newest_first else here > after)
    query = query.order_by(*(column.desc() if order.newest_first else column for column in columns))
    found: Sequence[Any] = session.execute(query.limit(listing.limit + 1)).all()
    rows = [row[0] if len(row) == 1 else row for row in found[: listing.limit]]
    following = cursor(order, rows[-1]) if len(found) > listing.limit else None
    if following is not None:
        asked = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        address = f"{request.url.path}?{urlencode([*asked, ('cursor', following)])}"
        response.headers["link"] = f'<{address}>; rel="next"'
    return rows, following


def cursor(order: Order, row: Any) -> str:
    """The cursor that continues behind a row."""
    plain = json.dumps([order.name, *order.key(row)], separators=(",", ":"))
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(order: Order, text: str) -> tuple[str, ...]:
    """The key in a cursor; 422 for what this list did not hand out."""
    try:
        plain = json.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        plain = None
    if (
        not isinstance(plain, list)
        or len(plain) != len(order.columns) + 1
        or plain[0] != order.name
        or not all(isinstance(part, str) and part.isascii() and part.isprintable() for part in plain)
    ):
        raise Problem(
            422,
            "malformed",
            "This cursor is not one of this list.",
            advice="Send “next” of the page before as it is, or leave the cursor out to begin again.",
            errors=[{"parameter": "cursor", "code": "cursor", "detail": "Not a cursor of this list."}],
        )
    return tuple(plain[1:])
