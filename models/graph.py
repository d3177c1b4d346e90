"""The graph of lots in SQL: one recursive query, ``UNION`` on the key alone, so that diamonds cost nothing.

PostgreSQL gets the form whose plan does not depend on statistics (``LATERAL … OFFSET 0``); SQLite the join order
pinned by ``CROSS JOIN``.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

Way = Literal["back", "forward"]

_STEP = {
    ("back", "postgresql"): (
        "SELECT s.lot_id FROM family f CROSS JOIN LATERAL (SELECT o.lot_id FROM line i JOIN line o "
        "ON o.seq = i.seq AND o.kind = 'out' WHERE i.lot_id = f.id AND i.kind = 'in' OFFSET 0) s"
    ),
    ("forward", "postgresql"): (
        "SELECT s.lot_id FROM family f CROSS JOIN LATERAL (SELECT i.lot_id FROM line o JOIN line i "
        "ON i.seq = o.seq AND i.kind = 'in' WHERE o.lot_id = f.id AND o.kind = 'out' OFFSET 0) s"
    ),
    ("back", "sqlite"): (
        "SELECT o.lot_id FROM family f CROSS JOIN line i ON i.lot_id = f.id AND i.kind = 'in' "
        "CROSS JOIN line o ON o.seq = i.seq AND o.kind = 'out'"
    ),
    ("forward", "sqlite"): (
        "SELECT i.lot_id FROM family f CROSS JOIN line o ON o.lot_id = f.id AND o.kind = 'out' "
        "CROSS JOIN line i ON i.seq = o.seq AND i.kind = 'in'"
    ),
}


def family(connection: Connection, keys: Collection[int], way: Way) -> set[int]:
    """The lots, and all that they were made from (``back``) or that was made from them (``forward``)."""
    if not keys:
        return set()
    found: set[int] = set()
    ordered = sorted(keys)
    for start in range(0, len(ordered), 5_000):
        query = sa.text(
            "WITH RECURSIVE family(id) AS (SELECT id FROM lot WHERE id IN :roots UNION "
            f"{_STEP[way, connection.dialect.name]}) SELECT id FROM family"
        ).bindparams(sa.bindparam("roots", expanding=True))
        found.update(connection.execute(query, {"roots": ordered[start : start + 5_000]}).scalars())
    return found


def fills_into(connection: Connection, keys: Collection[int]) -> list[Fill]:
    """What some lots were made from, event by event. A delivery has a fill from no lot."""
    query = sa.text(
        "SELECT i.lot_id, i.seq, i.occurred_at, o.lot_id FROM line i LEFT JOIN line o ON o.seq = i.seq "
        "AND o.kind = 'out' WHERE i.lot_id IN :keys AND i.kind = 'in' ORDER BY i.lot_id, i.seq, o.lot_id"
    ).bindparams(sa.bindparam("keys", expanding=True))
    ordered = sorted(keys)
    fills: list[Fill] = []
    for start in range(0, len(ordered), 5_000):
        rows = connection.execute(query, {"keys": ordered[start : start + 5_000]}).all()
        for (lot, seq, at), group in groupby(rows, key=lambda row: (row[0], row[1], row[2])):
            fills.append(Fill(lot, seq, at, tuple(row[3] for row in group if row[3] is not None)))
    return fills


class Fill(NamedTuple):
    """One event that put grams into a lot, when it happened, and the lots that it drew from."""

    lot: int
    seq: int
    at: int
    parents: tuple[int, ...]
