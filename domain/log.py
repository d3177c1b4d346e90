"""What the log commits to of each event, and what is published about the log itself; pure functions.

An entry of the log is ``note.commitment(salt, bytes)``. The bytes are the *record* of an event, canonical JSON (RFC
8785) of everything that is stored of it: the event as it was told, its organisation, number and the times at which it
was received and logged. Who told it and how it was judged stand in the record as a salted digest (``rest``): whoever
keeps them can prove them, and a proof that is handed out names nobody.

The salt of 32 bytes that is kept with an event is never published. Two are derived from it, one for the record, which a
proof carries, and one for the rest, so that a proof lets nobody try out who told the event.

Notices are what the log says about itself, in public and without a salt: the keys that sign, their end, and a log that
goes on under a new name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

import orjson

from domain.label_token import MOST_KEYS
from domain.merkle import inclusion_proof, leaf_hash, nodes_of_leaves, root_of, verify_inclusion
from domain.note import (
    SALT_BYTES,
    BadNote,
    Checkpoint,
    Policy,
    VerifierKey,
    commitment,
    encode_base64,
    parse_key,
    verify_checkpoint,
)

_RECORD_SALT: Final = b"filiere/record-salt/v1\x00"
_REST_SALT: Final = b"filiere/rest-salt/v1\x00"
_REST: Final = b"filiere/rest/v1\x00"
_NOTICE: Final = b"filiere/notice/v1\x00"

BUNDLE: Final = "filiere-proof/1"
KEYS: Final = "filiere-keys/1"


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything stored of an event: ``body`` is its canonical JSON, ``ruling`` the text of how it was judged."""

    org_id: int
    seq: int
    received_at: int
    logged_at: int
    actor: str
    body: str
    ruling: str
    salt: bytes

    def record(self) -> bytes:
        """The record, canonical JSON: keys in order, the event as it stands."""
        return (
            f'{{"event":{self.body},"logged_at":{self.logged_at},"org":{self.org_id},"received_at":{self.received_at},'
            f'"rest":"{self._rest()}","seq":{self.seq}}}'
        ).encode()

    def _rest(self) -> str:
        """The digest of who told the event and how it was judged, hexadecimal."""
        salt = sha256(_REST_SALT + self.salt).digest()
        actor = self.actor.encode()
        return sha256(_REST + salt + len(actor).to_bytes(8, "big") + actor + self.ruling.encode()).hexdigest()

    def entry(self) -> bytes:
        """The entry of the log, 32 bytes."""
        return commitment(published_salt(self.salt), self.record())


def published_salt(salt: bytes) -> bytes:
    """The salt of an event's record, which its proofs carry, from the one that is kept."""
    if len(salt) != SALT_BYTES:
        message = "a salt has 32 bytes"
        raise ValueError(message)
    return sha256(_RECORD_SALT + salt).digest()


def notice_entry(notice: bytes) -> bytes:
    """The entry of a notice, canonical JSON that anybody may read."""
    return sha256(_NOTICE + notice).digest()


# --- units of a print run ---


def units_root(units: Iterable[bytes]) -> bytes:
    """The root over what the labels of one run say (``Token.said``), as it stands in the event that issued them.

    It commits to code, day of packing, net weight and commodity of each: whoever steals the key cannot sign a genuine
    code with another weight and have a proof of it.
    """
    return root_of(map(leaf_hash, units))


def unit_proof(units: list[bytes], index: int) -> list[bytes]:
    """The hashes that prove what is said of the unit at ``index`` (from 0) in its run."""
    return inclusion_proof(index, len(units), nodes_of_leaves([leaf_hash(unit) for unit in units]))


def verify_unit(unit: bytes, index: int, size: int, hashes: list[bytes], root: bytes) -> bool:
    """Whether this was said of the unit at ``index`` of a run of ``size``."""
    return verify_inclusion(leaf_hash(unit), index, size, hashes, root)


# --- the keys that the log has named ---


@dataclass(frozen=True, slots=True)
class LabelKey:
    """A key that signs labels: its number, the public key, and the days (UTC milliseconds) from which and until when.

    ``compromised_since``: somebody else may have had it from then on. A label of this key counts only if its issue
    stands in a checkpoint that was seen before.
    """

    number: int
    public: bytes
    since: int
    until: int | None = None
    compromised_since: int | None = None


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key that signs checkpoints, under the origin that is its name."""

    key: VerifierKey
    since: int
    until: int | None = None
    compromised_since: int | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """All keys that the notices of a log name, the newest last; none is ever taken away."""

    tree: int = 0
    origin: str = ""
    log: tuple[LogKey, ...] = ()
    labels: tuple[LabelKey, ...] = ()
    witnesses: tuple[VerifierKey, ...] = ()

    def label_public(self) -> dict[int, bytes]:
        """Public keys of labels by number."""
        return {item.number: item.public for item in self.labels}

    def policy(self, quorum: int = 0) -> Policy:
        """Who signs: every key of the present tree, and the witnesses. ``ValueError`` where there is none.

        A key that was withdrawn is among them: what this log signed last, it signed.
        """
        return Policy(self.origin, self._keys(self.origin), self.witnesses, quorum)

    def judging(self, origin: str) -> Policy:
        """Whom to trust with a proof that names this tree, present or past; what was withdrawn since counts no more.

        ``ValueError`` for a tree that this log never had.
        """
        withdrawn = tuple(
            (item.key, item.compromised_since // 1000) for item in self.log if item.compromised_since is not None
        )
        return Policy(origin, self._keys(origin), self.witnesses, withdrawn=withdrawn)

    def _keys(self, origin: str) -> tuple[VerifierKey, ...]:
        keys = tuple(item.key for item in self.log if item.key.name == origin)
        if not keys:
            message = "the log has named no key yet" if origin == self.origin else f"there is no log {origin}"
            raise ValueError(message)
        return keys


Notice = dict[str, Any]
"""``type`` and ``at`` (UTC milliseconds), and what belongs to the type:

- ``log_opened``: ``tree``, ``origin``; where an earlier tree could not go on, ``after`` (its last state) and ``why``;
- ``log_key``, ``witness``: ``key``, as verifiers write it; ``label_key``: ``number``, ``public`` (hexadecimal);
- ``key_ended``: ``key`` or ``number``; ``key_compromised``: the same, and ``since``.
"""


def canonical_notice(notice: Notice) -> bytes:
    """A notice as it is published: canonical JSON of plain values."""
    return orjson.dumps(notice, option=orjson.OPT_SORT_KEYS)


def published(notices: Iterable[Notice]) -> Published:
    """The keys as the notices leave them, oldest notice first; a key that was named keeps its number for ever."""
    log: dict[str, LogKey] = {}
    labels: dict[int, LabelKey] = {}
    witnesses: dict[str, VerifierKey] = {}
    tree, origin = 0, ""
    for notice in notices:
        match notice.get("type"):
            case "log_opened":
                tree, origin = notice["tree"], notice["origin"]
            case "log_key":
                log.setdefault(notice["key"], LogKey(parse_key(notice["key"]), notice["at"]))
            case "label_key":
                labels.setdefault(
                    notice["number"], LabelKey(notice["number"], bytes.fromhex(notice["public"]), notice["at"])
                )
            case "witness":
                witnesses.setdefault(notice["key"], parse_key(notice["key"]))
            case "key_ended":
                _end(notice, log, labels, witnesses)
            case "key_compromised":
                _compromise(notice, log, labels)
            case _:
                pass
    return Published(tree, origin, tuple(log.values()), tuple(labels.values()), tuple(witnesses.values()))


def _end(
    notice: Notice, log: dict[str, LogKey], labels: dict[int, LabelKey], witnesses: dict[str, VerifierKey]
) -> None:
    if "number" in notice:
        labels[notice["number"]] = replace(labels[notice["number"]], until=notice["at"])
    elif notice["key"] in log:
        log[notice["key"]] = replace(log[notice["key"]], until=notice["at"])
    else:
        witnesses.pop(notice["key"], None)


def _compromise(notice: Notice, log: dict[str, LogKey], labels: dict[int, LabelKey]) -> None:
    if "number" in notice:
        held = labels[notice["number"]]
        labels[notice["number"]] = replace(held, until=held.until or notice["at"], compromised_since=notice["since"])
    else:
        known = log[notice["key"]]
        log[notice["key"]] = replace(known, until=known.until or notice["at"], compromised_since=notice["since"])


def next_label_key(known: Published) -> int:
    """The number of the next label key; ``ValueError`` when all 65,535 are used."""
    number = max((item.number for item in known.labels), default=0) + 1
    if number > MOST_KEYS:
        message = "there are no more numbers for label keys"
        raise ValueError(message)
    return number


def directory(host: str, known: Published, commodities: Sequence[tuple[int, Mapping[str, str]]]) -> dict[str, Any]:
    """The published keys, as they are served under ``/.well-known/filiere-keys``, and the goods that tokens number."""
    return {
        "format": KEYS,
        "host": host,
        "log": {
            "origin": known.origin,
            "keys": [str(item.key) for item in known.log],
            "history": [
                {
                    "key": str(item.key),
                    "from": item.since,
                    "until": item.until,
                    "compromised_since": item.compromised_since,
                }
                for item in known.log
            ],
        },
        "commodities": [{"number": number, "name": dict(name)} for number, name in commodities],
        "witnesses": [str(key) for key in known.witnesses],
        "labels": [
            {
                "number": item.number,
                "public": encode_base64(item.public),
                "from": item.since,
                "until": item.until,
                "compromised_since": item.compromised_since,
            }
            for item in known.labels
        ],
    }


@dataclass(frozen=True, slots=True)
class Seal:
    """The state of the log that was signed last: until which event, when, and who else saw it."""

    checkpoint: Checkpoint
    signed_at: int
    seq: int
    witnesses: tuple[tuple[str, int], ...] = field(default=())


def seen_by(note: bytes, known: Published) -> tuple[tuple[str, int], ...]:
    """The witnesses, by name and second, whose cosignatures on a checkpoint hold; none where it is not the log's."""
    try:
        return verify_checkpoint(note, known.policy()).seen
    except (BadNote, ValueError):
        return ()
