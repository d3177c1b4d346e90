"""Reading: where a lot is from, how that grows with the ledger, and the page behind a label."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
import uvloop
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

import models
from bench.capture import service
from bench.data import Cooperative, Raw, World, analyse
from bench.measure import Effort, Record, interleaved, least, median, ratio, spent
from ledger.issue import issue_label
from ledger.queries import trace
from models.base import table
from models.db import system_session
from models.graph import _STEP

WIDE = 32
"""Requests under way at once, as in performance.md."""


def _scope(path: str, *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver"), *((name.encode(), value.encode()) for name, value in headers)],
        "client": ("127.0.0.1", 50_000),
        "server": ("testserver", 80),
        "state": {},
    }


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def ask(app: Any, scope: dict[str, Any]) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request, answered whole."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(dict(scope), _receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    """On a loop of uvloop, as the server has it."""

    async def whole() -> Any:
        return await work()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(whole())


# --- traces ---


def _raw_trace(raw: Raw, key: int) -> Callable[[], list[Any]]:
    """The bare recursive query, with all that a node is made of."""
    step = _STEP["back", "postgresql" if raw.is_postgresql else "sqlite"]
    query = raw.sql(
        f"WITH RECURSIVE family(id) AS (SELECT id FROM lot WHERE id = ? UNION {step}) "
        "SELECT lot.id, lot.uid, lot.code, lot.kind, lot.product, lot.initial_g, lot.made_at, lot.farmer, lot.plot "
        "FROM family JOIN lot ON lot.id = family.id"
    )
    return lambda: raw.connection.execute(query, (key,)).fetchall()


def _key(cooperative: Cooperative, uid: str) -> int:
    lot = table(models.Lot)
    with system_session(cooperative.recorder.database, write=False) as session:
        return int(session.execute(sa.select(lot.c.id).where(lot.c.uid == uid)).scalar_one())


def traces(world: World, effort: Effort) -> list[Record]:
    """A trace to all deliveries of an export lot: the query, the endpoint, and ten times the lots."""
    deliveries, rounds = effort.of(300, 90), effort.of(25, 15)
    few, many = effort.of(2, 1), effort.of(20, 10)
    with world.copies(2) as (small, large):
        wanted = {}
        for cooperative, units in ((small, few), (large, many)):
            lots = [cooperative.export_lot(deliveries) for _ in range(units)]
            wanted[id(cooperative)] = lots[units // 2]
            analyse(cooperative.recorder.database)
        raw = Raw(small.recorder.database, write=False)
        bare = _raw_trace(raw, _key(small, wanted[id(small)]))
        nodes = deliveries + -(-deliveries // 30) + 1
        assert len(bare()) == nodes

        def ours(cooperative: Cooperative) -> Callable[[], float]:
            def once() -> None:
                with system_session(cooperative.recorder.database, write=False) as session:
                    found = trace(session, cooperative.org_id, wanted[id(cooperative)], "back")
                assert len(found.composition) == deliveries

            return lambda: spent(once)

        app = service(small)
        scope = _scope(f"/v1/lots/{wanted[id(small)]}/trace", ("authorization", f"Bearer {small.key}"))

        async def endpoint() -> list[tuple[float, ...]]:
            async def once() -> float:
                begun = time.perf_counter()
                status, _, body = await ask(app, scope)
                assert status == 200, body
                return time.perf_counter() - begun

            await once()
            return [(await once(), spent(bare)) for _ in range(rounds)]

        grown = interleaved(rounds, ours(small), ours(large), lambda: spent(bare))
        served = run(endpoint)
        raw.close()
    database = world.place.name
    return [
        Record(
            "trace_back", database, 1000 * median(grown, 0), "ms", 1000 * median(grown, 2), ratio(grown, 0, 2), None,
            f"ledger.queries.trace of {nodes} lots, with lines, edges, claims and shares / recursive SQL and fetchall",
        ),
        Record(
            "trace_back_endpoint", database, 1000 * median(served, 0), "ms", 1000 * median(served, 1),
            ratio(served, 0, 1), "<= 2.0",
            "goal 7 is for an endpoint that answers the raw rows; this one answers nodes, edges and shares",
        ),
        Record(
            "trace_growth", database, 1000 * least(grown, 1), "ms", 1000 * least(grown, 0),
            least(grown, 1) / least(grown, 0), "<= 1.3",
            f"goal 6; the same trace among {many} export lots / among {few}, minimum of {rounds}",
        ),
    ]  # fmt: skip


# --- the page behind a label ---


def _bare_payload() -> dict[str, Any]:
    """1,085 bytes of JSON."""
    plain: dict[str, Any] = {
        "lot": "E-000001",
        "origin": "Bong, Liberia",
        "events": [{"at": "2025-01-10T08:00:00Z", "type": "received", "place": f"Station {n}"} for n in range(12)],
        "pad": "",
    }
    size = len(JSONResponse(plain).body)
    assert size <= 1085
    plain["pad"] = "x" * (1085 - size)
    assert len(JSONResponse(plain).body) == 1085
    return plain


def verification_page(world: World, effort: Effort) -> list[Record]:
    """Requests a second of the page, its JSON and its 304, against a bare Starlette answer on the same loop."""
    count, rounds = effort.of(100, 20), effort.of(9, 3)
    with world.copies(1) as (cooperative,):
        lots = cooperative.lots(WIDE)
        codes = [issue_label(cooperative.recorder, cooperative.actor, lot) for lot in lots]
        app, payload = service(cooperative), _bare_payload()

        async def answer(_request: Any) -> JSONResponse:
            return JSONResponse(payload)

        bare_app = Starlette(routes=[Route("/verify", answer)])

        async def measured() -> tuple[list[tuple[float, ...]], int]:
            pages = [_scope(f"/l/{code}") for code in codes]
            first = await ask(app, pages[0])
            kinds: list[tuple[Any, list[dict[str, Any]], int]] = [
                (bare_app, [_scope("/verify")] * WIDE, 200),
                (app, pages, 200),
                (app, [_scope(f"/l/{code}", ("accept", "application/json")) for code in codes], 200),
                (app, [], 304),
            ]
            for code in codes:
                _, headers, _ = await ask(app, _scope(f"/l/{code}"))
                kinds[3][1].append(_scope(f"/l/{code}", ("if-none-match", headers[b"etag"].decode())))

            async def loop(kind: int) -> float:
                called, scopes, status = kinds[kind]

                async def one(scope: dict[str, Any]) -> None:
                    for _ in range(count):
                        assert (await ask(called, scope))[0] == status

                begun = time.perf_counter()
                await asyncio.gather(*(one(scope) for scope in scopes))
                return time.perf_counter() - begun

            times: list[tuple[float, ...]] = []
            async with app.router.lifespan_context(app):
                for number in range(rounds + 1):
                    order = range(len(kinds)) if number % 2 else reversed(range(len(kinds)))
                    taken = {kind: await loop(kind) for kind in order}
                    if number:
                        times.append(tuple(taken[kind] for kind in range(len(kinds))))
            return times, len(first[2])

        times, size = run(measured)
    database, rate = world.place.name, count * WIDE
    goal = ">= 0.45" if cooperative.recorder.database.is_postgresql else ">= 0.60"
    bare = rate / median(times, 0)
    how = f"in-process ASGI on uvloop, {WIDE} at once; a row read for each request / bare JSONResponse of 1,085 bytes"
    return [
        Record("verification_page", database, rate / median(times, 1), "requests/s", bare, ratio(times, 0, 1), goal,
               f"goals 1, 2; HTML of {size:,} bytes; {how}"),
        Record("verification_page_json", database, rate / median(times, 2), "requests/s", bare, ratio(times, 0, 2),
               goal, f"goals 1, 2; JSON as the goal has it; {how}"),
        Record("verification_page_304", database, rate / median(times, 3), "requests/s", bare, ratio(times, 0, 3),
               ">= 1.2", "goal 2: not modified / the same bare answer"),
    ]  # fmt: skip
