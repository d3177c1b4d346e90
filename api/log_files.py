"""What is published of the log (c2sp.org/tlog-tiles): the checkpoint, tiles, entries, notices, keys, proofs of labels.

Files as the sequencer wrote them; any file server may serve the folder in this place. A tile never changes; the
checkpoint is asked for anew each time. What is not a file (keys, notices, proofs) is read by a thread.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import select

import models
from domain.label_token import CODE_CHARACTERS, TOKEN_BYTES, from_base32, parse_token
from domain.log import BUNDLE, directory
from domain.merkle import TILE_WIDTH, Tile, parse_entries_path, parse_tile_path
from domain.note import encode_base64
from ledger import units
from ledger.issue import normal_code
from ledger.log import SealedLog, known_keys, notices, proof_of
from ledger.profiles import profiles
from models.base import table
from models.db import system_session

TEXT: Final = b"text/plain; charset=utf-8"
BYTES: Final = b"application/octet-stream"
JSON: Final = b"application/json"
FOR_EVER: Final = b"public, max-age=31536000, immutable"
ANEW: Final = b"no-cache"
SHORT: Final = b"public, max-age=60"

_LABEL = table(models.Label)
_PROOF = re.compile(r"/[lL]/([0-9A-Za-z-]{16,160})/proof")

Found = tuple[bytes, bytes, bytes]
"""Media type, how long it keeps, and the bytes."""


class LogFiles:
    """The published files, and what is said with them."""

    def __init__(self, log: SealedLog) -> None:
        self._log = log

    def file(self, path: str) -> Found | None:
        """A file of the log by its path; none if there is no such file."""
        if path == "/checkpoint":
            return self._read(self._log.folder / "checkpoint", TEXT, ANEW)
        try:
            entries = path.startswith("/tile/entries/")
            tile = parse_entries_path(path[1:]) if entries else parse_tile_path(path[1:])
        except ValueError:
            return None
        place = tile.entries_path() if entries else tile.path()
        found = self._read(self._log.folder / place, BYTES, FOR_EVER)
        if found is None and tile.width < TILE_WIDTH:  # only the whole is kept: a part is its beginning
            whole = Tile(tile.level, tile.index)
            kept = self._read(self._log.folder / (whole.entries_path() if entries else whole.path()), BYTES, FOR_EVER)
            size = 34 if entries else 32
            return None if kept is None else (kept[0], kept[1], kept[2][: size * tile.width])
        return found

    def keys(self) -> Found:
        """Every key that signed, for ever."""
        with system_session(self._log.recorder.database, write=False) as session:
            known = known_keys(session)
        named = profiles()
        goods = [
            (number, named.commodities[identity].name)
            for identity, number in sorted(named.register.numbers.items(), key=lambda item: item[1])
            if identity in named.commodities
        ]
        return JSON, SHORT, orjson.dumps(directory(self._log.recorder.host, known, goods))

    def notices(self) -> Found:
        """What the log said about itself, in the order of its saying."""
        with system_session(self._log.recorder.database, write=False) as session:
            return JSON, SHORT, orjson.dumps({"notices": notices(session)})

    def proof(self, typed: str) -> Found | None:
        """The proof that a label was issued, by its code; none for an unknown code, and before it is sealed."""
        code = _code(typed)
        if code is None:
            return None
        with system_session(self._log.recorder.database, write=False) as session:
            row = session.execute(select(_LABEL.c.org_id, _LABEL.c.seq).where(_LABEL.c.code == code)).first()
            unit = units.proof_of_unit(session, code) if row is None else None
        issued = (row.org_id, row.seq) if row is not None else (unit.org_id, unit.seq) if unit is not None else None
        found = proof_of(self._log, *issued) if issued is not None else None
        if found is None:
            return None
        bundle: dict[str, Any] = {"format": BUNDLE, "code": code}
        bundle |= {"event": found.record.decode(), "proof": found.proof.decode()}
        if unit is not None:
            hashes = [encode_base64(item) for item in unit.hashes]
            bundle["unit"] = {"index": unit.index, "size": unit.size, "said": unit.said.hex(), "hashes": hashes}
        return JSON, SHORT, json.dumps(bundle, ensure_ascii=False, indent=1).encode() + b"\n"

    @staticmethod
    def label_of(path: str) -> str | None:
        """The code in ``/l/<code>/proof``."""
        found = _PROOF.fullmatch(path)
        return found[1] if found else None

    @staticmethod
    def _read(path: Path, media: bytes, keep: bytes) -> Found | None:
        try:
            return media, keep, path.read_bytes()
        except OSError:
            return None


def _code(typed: str) -> str | None:
    """The 16 characters of a code, typed or in a signed label; none for what is neither."""
    plain = normal_code(typed)
    if len(plain) == CODE_CHARACTERS:
        return plain
    try:
        return parse_token(from_base32(plain)[:TOKEN_BYTES]).code
    except ValueError:
        return None
