"""Starting: imports and the first answer in a fresh process, and what must not be loaded by then."""

from __future__ import annotations

import subprocess
import sys

from bench.data import HOST, World
from bench.measure import Effort, Record, interleaved, least

HEAVY = ("reportlab", "PIL", "qrcode")

_BARE = "import fastapi, sqlmodel, uvicorn"
_OURS = f"""
import asyncio, os
from api.app import create_app
from api.settings import Settings
from pathlib import Path
app = create_app(Settings(os.environ["BENCH_URL"], Path(), {HOST!r}, seal_seconds=0))
answers = []
async def receive(): return {{"type": "http.request", "body": b"", "more_body": False}}
async def send(message): answers.append(message)
async def first():
    scope = {{"type": "http", "asgi": {{"version": "3.0"}}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/v1/lots", "raw_path": b"/v1/lots", "query_string": b"", "root_path": "", "state": {{}},
        "headers": [(b"host", b"testserver"), (b"authorization", b"Bearer " + os.environ["BENCH_KEY"].encode())],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80)}}
    await app(scope, receive, send)
asyncio.run(first())
assert answers[0]["status"] == 200, answers
"""
_SCRIPT = """
import time
begun = time.process_time()
{work}
import sys
print(time.process_time() - begun, ",".join(name for name in {heavy!r} if name in sys.modules) or "none")
"""


def _process(work: str, environment: dict[str, str]) -> tuple[float, set[str]]:
    script = _SCRIPT.format(work=work, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    seconds, _, loaded = done.stdout.strip().partition(" ")
    return float(seconds), set() if loaded == "none" else set(loaded.split(","))


def startup(world: World, effort: Effort) -> list[Record]:
    """CPU seconds over bare Python."""
    import os

    rounds, loaded = effort.of(7, 2), set[str]()
    environment = dict(os.environ) | {"BENCH_URL": world.url, "BENCH_KEY": world.cooperative.key}

    def ours() -> float:
        seconds, found = _process(_OURS, environment)
        loaded.update(found)
        return seconds

    times = interleaved(rounds, ours, lambda: _process(_BARE, environment)[0])
    database = world.place.name
    return [
        Record(
            "startup", database, 1000 * least(times, 0), "ms", 1000 * least(times, 1),
            least(times, 0) / least(times, 1), "<= 2.0",
            "goal 19; import of api.app, checks and a first answer (GET /v1/lots) / import of fastapi, sqlmodel, "
            f"uvicorn; CPU time, minimum of {rounds}",
        ),
        Record(
            "startup_heavy_modules", database, len(loaded), "modules", None, len(loaded), "== 0",
            f"goal 19; of {', '.join(HEAVY)} loaded by then: {', '.join(sorted(loaded)) or 'none'}",
        ),
    ]  # fmt: skip
