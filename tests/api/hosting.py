"""A service on a port of this machine with what it publishes, which can be stopped, and started again with other keys."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from api.app import Service, build
from api.checker import checker
from api.settings import Settings
from ledger.log import open_log, rotate_label_key, seal
from ledger.record import Recorder
from models.db import connect
from tests import published
from tests.api.test_public import issue

PROOF = "/l/{code}/proof"


@dataclass
class Hosted:
    """A deployment; ``answers`` stand before it, by path, as long as the parts that publish them are not in it."""

    database: Path
    port: int = 0
    answers: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    delay: float = 0
    """Seconds before any of ``answers`` comes."""

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.host = f"127.0.0.1:{self.port}"
        opened = connect(f"sqlite:///{self.database}")
        self._service: Service = build(
            Settings(opened.url, self.database.parent, self.url), Recorder(opened, host=self.url)
        )
        self._opened = opened
        self.publish(published.keys(host=self.url), published.PUBLISHED.checkpoint(900))
        self.start()

    def publish(self, keys: dict[str, Any], checkpoint: bytes | None = None, size: int | None = None) -> None:
        """Other keys, another checkpoint, and the tiles of the tree of that size."""
        self.answers["/.well-known/filiere-keys"] = ("application/json", json.dumps(keys).encode())
        if checkpoint is not None:
            self.answers["/checkpoint"] = ("text/plain; charset=utf-8", checkpoint)
        if size is not None:
            tiles = published.PUBLISHED.tiles(size).items()
            self.answers |= {f"/{path}": ("application/octet-stream", data) for path, data in tiles}

    def prove(self, bundle: dict[str, Any]) -> None:
        self.answers[PROOF.format(code=bundle["code"])] = ("application/json", json.dumps(bundle).encode())

    def issue(self) -> str:
        """A label of a lot of the service itself, sealed in its log: its code."""
        log = self._service.state.log
        open_log(log)
        code = issue(log)
        seal(log)
        return code

    def issue_more(self) -> None:
        """One more entry of the log, sealed."""
        log = self._service.state.log
        rotate_label_key(log)
        seal(log)

    def release(self, host: str) -> None:
        """Another release: every file of the checker is of another version, and its page names this host."""
        assert self._service.public is not None
        self._service.public._checker = checker(host)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.asked.append(scope["path"])
        answer = self.answers.get(scope.get("path", ""))
        if answer is None:
            await self._service(scope, receive, send)
            return
        await asyncio.sleep(self.delay)
        headers = [(b"content-type", answer[0].encode()), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer[1]})

    def start(self) -> None:
        self._server = uvicorn.Server(uvicorn.Config(self, port=self.port, log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        for _ in range(200):
            if self._server.started:
                return
            time.sleep(0.02)
        raise RuntimeError("the server did not start")

    def stop(self) -> None:
        """No port is open afterwards: whoever asks is refused."""
        self._server.force_exit = self._server.should_exit = True
        self._thread.join(10)

    def close(self) -> None:
        self.stop()
        self._opened.close()


def hosted(empty: Path, folder: Path) -> Hosted:
    """A deployment with an empty database of its own."""
    path = folder / "filiere.db"
    shutil.copy(empty, path)
    return Hosted(path)
