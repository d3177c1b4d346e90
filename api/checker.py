"""The checker as it is served: its page in each language, its modules and its worker, as bytes that are made once.

All of them carry one version, the digest of them all: the worker keeps the files of one version together, so that a
page never runs with modules of another release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from labels import check_page
from labels.texts import LANGS, Lang

STATIC: Final = Path(__file__).parent / "static"
MODULES: Final = ("check.js", "verdict.js", "verify.js")
WORKER: Final = "/sw.js"

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src '{style}'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"
"""What a worker may do is said by the answer that it came in."""

SCRIPT: Final = "text/javascript; charset=utf-8"


@dataclass(frozen=True, slots=True)
class File:
    """Bytes that are the same until the next release; ``policy`` where it is not that of the other public answers."""

    body: bytes
    media_type: str
    etag: str
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Checker:
    """The page by language, and every file by its path."""

    pages: Mapping[Lang, File]
    files: Mapping[str, File]


def checker(host: str) -> Checker:
    """The checker of a deployment."""
    policy = PAGE_POLICY.format(style=check_page.csp_style_hash())
    pages = {lang: _file(check_page.check_html(lang, host), "text/html; charset=utf-8", policy) for lang in LANGS}
    files = {f"{check_page.PATH}/{name}": _file((STATIC / name).read_bytes(), SCRIPT) for name in MODULES}
    worker = (STATIC / WORKER[1:]).read_bytes()
    parts = [*(page.body for page in pages.values()), *(one.body for one in files.values()), worker]
    version = sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:16]
    files[WORKER] = _file(worker.replace(b"@@VERSION@@", version.encode()), SCRIPT, WORKER_POLICY)
    return Checker(pages, files)


def _file(body: bytes, media_type: str, policy: str | None = None) -> File:
    return File(body, media_type, f'"{sha256(body).hexdigest()[:20]}"', policy)
