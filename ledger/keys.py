"""The secret keys of a deployment: one folder, one file a key, readable by the service alone.

The log, labels and documents have keys of their own: who steals one cannot do what the others do. What is public of
them (numbers, public keys, from when and until when) stands in the log's notices (``ledger.log``), never here alone: a
folder that is lost can be replaced by new keys, a folder that is stolen is answered by a notice.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Any, Final

from domain.note import ED25519, KEY_BYTES, SignerKey, public_key

SECRET_MODE: Final = 0o600
PUBLIC_MODE: Final = 0o644
FOLDER_MODE: Final = 0o700
_UNFIT = re.compile(r"[^A-Za-z0-9._-]")


class KeysUnsafe(ValueError):
    """The folder of keys, or a file in it, is open to others, or not what it must be; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The folder. Nothing is read before it is asked for."""

    folder: Path

    def make_log(self, origin: str, entropy: Callable[[int], bytes]) -> SignerKey:
        """A new key for the log of this name."""
        signer = SignerKey(origin, ED25519, entropy(KEY_BYTES))
        self._keep(f"log-{_file_name(origin)}-{signer.verifier.id.hex()}", {"name": origin}, signer.secret)
        return signer

    def log(self, public: bytes) -> SignerKey | None:
        """The log's signer with this public key; none if its secret is not here."""
        for path in self._files("log-"):
            plain = self._read(path)
            secret = bytes.fromhex(plain["secret"])
            if public_key(secret) == public:
                return SignerKey(plain["name"], ED25519, secret)
        return None

    def make_label(self, number: int, entropy: Callable[[int], bytes]) -> bytes:
        """A new key for labels under this number; answers the public key."""
        secret = entropy(KEY_BYTES)
        self._keep(f"label-{number}", {"number": str(number)}, secret)
        return public_key(secret)

    def label(self, number: int) -> bytes:
        """The secret of a label key; ``KeysUnsafe`` if it is not here."""
        path = self.folder / f"label-{number}.json"
        if not path.exists():
            message = f"The secret of label key {number} is not in {self.folder}: run “filiere keys rotate label”."
            raise KeysUnsafe(message)
        return bytes.fromhex(self._read(path)["secret"])

    def label_publics(self) -> dict[int, bytes]:
        """The public keys of the label keys that are here, by number."""
        known = (self._read(path) for path in self._files("label-"))
        return {int(plain["number"]): public_key(bytes.fromhex(plain["secret"])) for plain in known}

    def check(self) -> None:
        """Refuse a folder or files that others can read."""
        if self.folder.exists():
            _only_mine(self.folder)
            for path in self._files(""):
                _only_mine(path)

    def document_file(self, name: str) -> Path:
        """Where a key or certificate for signing documents is kept."""
        self._make_folder()
        return self.folder / name

    def document_bytes(self, name: str) -> bytes | None:
        """A key or certificate for signing documents; none if it is not here."""
        path = self.folder / name
        if not path.exists():
            return None
        _only_mine(path)
        return path.read_bytes()

    def _files(self, begin: str) -> list[Path]:
        return sorted(self.folder.glob(f"{begin}*.json")) if self.folder.exists() else []

    def _read(self, path: Path) -> dict[str, str]:
        _only_mine(path)
        plain: dict[str, str] = json.loads(path.read_text("utf-8"))
        return plain

    def _keep(self, name: str, plain: dict[str, str], secret: bytes) -> None:
        """Written whole under another name, then renamed; a key that is there is never overwritten."""
        self._make_folder()
        path = self.folder / f"{name}.json"
        if path.exists():
            message = f"{path} is there already; a key is never overwritten."
            raise KeysUnsafe(message)
        write_private(path, json.dumps(plain | {"secret": secret.hex()}, indent=1).encode() + b"\n")

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        _only_mine(self.folder)


def write_private(path: Path, data: bytes) -> None:
    """A file that only this user reads, whole on the disk before it has its name."""
    _write(path, data, SECRET_MODE)


def write_public(path: Path, data: bytes) -> None:
    """A file that anybody may read, whole on the disk before it has its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, data, PUBLIC_MODE)


def _write(path: Path, data: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.new")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A rename is on the disk when its folder is (not on Windows, which has no such call)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time on this host, among threads and processes: whoever holds this file. It stays, and is empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        _lock(file)
        yield


def _lock(file: Any) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX)


def _only_mine(path: Path) -> None:
    if os.name == "nt":
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        wanted = "700" if path.is_dir() else "600"
        message = f"{path} is open to others (mode {mode:o}). Run: chmod {wanted} {path}"
        raise KeysUnsafe(message)


def _file_name(origin: str) -> str:
    return _UNFIT.sub("_", origin)
