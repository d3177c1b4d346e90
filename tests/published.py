"""What a deployment publishes: keys, a log with two witnesses, labels, a unit's and a label's proof; by fixed secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from domain.label_token import Token, from_base32, signed_label, to_base32, typed_code
from domain.merkle import consistency_proof, inclusion_proof, leaf_hash, nodes_of_leaves, root_of, tile_at
from domain.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Note,
    Proof,
    SignerKey,
    commitment,
    cosign,
    encode_base64,
    public_key,
    sign_note,
)

HOST = "https://t.example.org"
ORIGIN = "t.example.org/2026"
LOG = SignerKey(ORIGIN, ED25519, sha256(b"log").digest())
OTHER_LOG = SignerKey(ORIGIN, ED25519, sha256(b"other log").digest())
WITNESSES = tuple(SignerKey(name, COSIGNATURE, sha256(name.encode()).digest()) for name in ("w1.example", "w2.example"))
SEEN = 1_795_000_000
"""2026-11-18T11:06:40Z: when the first witness saw any of these checkpoints; the second a minute later."""

SECRETS = {number: sha256(b"label key %d" % number).digest() for number in (1, 2, 3, 9)}
UNITS = [sha256(b"unit %d" % number).digest()[:10] for number in range(300)]
CODE = to_base32(UNITS[16])
LABEL_CODE = to_base32(sha256(b"a label").digest()[:10])
TYPED = typed_code(UNITS[16])


def canonical(event: dict[str, Any]) -> bytes:
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def record(event: dict[str, Any], seq: int) -> bytes:
    """What the log commits to: the event as it was told, and what the service knows of its coming."""
    times = {"logged_at": 1_794_990_000_000, "received_at": 1_794_990_000_000, "rest": "0" * 64}
    return canonical({"event": event, "org": 1, "seq": seq, **times})


SAID = [Token(1, unit, date(2026, 11, 23), 62_500, 3).said for unit in UNITS]
"""What the labels of the units say: the same under every key."""

UNIT_LEAVES = [leaf_hash(said) for said in SAID]
UNITS_LABELLED = record(
    {"type": "units_labelled", "id": "u", "codes_root": root_of(UNIT_LEAVES).hex(), "count": 300, "lot": "l"}, 700
)
LABEL_ISSUED = record({"type": "label_issued", "id": "i", "code": LABEL_CODE, "lot": "é"}, 701)
BARE = canonical({"type": "label_issued", "id": "b", "code": LABEL_CODE})
"""An event by itself, without the record around it."""


@dataclass
class Published:
    """A log of events, and what is served of it."""

    events: list[bytes] = field(
        default_factory=lambda: [
            *(b'{"id":"%d","type":"received"}' % number for number in range(700)),
            UNITS_LABELLED,
            LABEL_ISSUED,
            BARE,
            *(b'{"id":"%d","type":"shipped"}' % number for number in range(300)),
        ]
    )
    log: SignerKey = LOG

    def __post_init__(self) -> None:
        self.salts = [sha256(b"salt %d" % number).digest() for number in range(len(self.events))]
        pairs = zip(self.salts, self.events, strict=True)
        self.leaves = [leaf_hash(commitment(salt, event)) for salt, event in pairs]

    def checkpoint(self, size: int, witnesses: tuple[SignerKey, ...] = WITNESSES, at: int = SEEN) -> bytes:
        text = str(Checkpoint(self.log.name, size, root_of(self.leaves[:size])))
        lines = tuple(cosign(text, witness, at + 60 * place) for place, witness in enumerate(witnesses))
        return bytes(Note(text, sign_note(text, self.log).signatures + lines))

    def proof(self, event: bytes, size: int = 900, **options: Any) -> bytes:
        index = self.events.index(event)
        hashes = tuple(inclusion_proof(index, size, nodes_of_leaves(self.leaves[:size])))
        return bytes(Proof(index, hashes, self.checkpoint(size, **options), self.salts[index]))

    def consistency(self, old: int, size: int) -> list[bytes]:
        return consistency_proof(old, size, nodes_of_leaves(self.leaves[:size]))

    def tile(self, level: int, index: int, size: int) -> tuple[str, bytes]:
        """The path of a tile of the tree of this size, and its hashes."""
        tile = tile_at(level, index, size)
        node = nodes_of_leaves(self.leaves[:size])
        data = b"".join(node(8 * level, 256 * index + at) for at in range(tile.width))
        return tile.path(), data

    def tiles(self, size: int) -> dict[str, bytes]:
        places = [(level, index) for level in (0, 1) for index in range(-(-(size >> (8 * level)) // 256))]
        return dict(self.tile(level, index, size) for level, index in places)


PUBLISHED = Published()


def label_key(number: int, **more: Any) -> dict[str, Any]:
    told = {"number": number, "public": encode_base64(public_key(SECRETS[number])), "from": 1_767_225_600_000}
    return {**told, "until": None, "compromised_since": None, **more}


def logs(*held: tuple[SignerKey, str | int | None]) -> dict[str, Any]:
    """The log, with the keys of this and earlier ones, and since when each is withdrawn."""
    history = [{"key": str(key.verifier), "compromised_since": since} for key, since in held]
    return {"origin": ORIGIN, "keys": [str(key.verifier) for key, _ in held], "history": history}


def keys(**more: Any) -> dict[str, Any]:
    """Key 1 signs, key 2 was withdrawn on 1 December 2026, key 3 retired at the end of June 2026; key 9 is another's."""
    return {
        "format": "filiere-keys/1",
        "host": HOST,
        "log": logs((LOG, None)),
        "witnesses": [str(witness.verifier) for witness in WITNESSES],
        "labels": [
            label_key(1),
            label_key(2, compromised_since=1_796_083_200_000),
            label_key(3, until="2026-06-30"),
        ],
        "commodities": [{"number": 3, "name": {"en": "Cocoa", "fr": "Cacao", "ar": "كاكاو", "ka": "კაკაო"}}],
        **more,
    }


def label(key: int = 1, code: str = CODE, packed: date = date(2026, 11, 23), net: int = 62_500) -> str:
    return signed_label(Token(key, from_base32(code), packed, net, 3), SECRETS[key])


def bundle(
    published: Published = PUBLISHED, size: int = 900, event: bytes = LABEL_ISSUED, **options: Any
) -> dict[str, Any]:
    """The proof of the label of a lot: of ``LABEL_CODE``."""
    proof = published.proof(event, size, **options)
    return {
        "format": "filiere-proof/1",
        "code": LABEL_CODE,
        "event": event.decode(),
        "proof": proof.decode(),
    }


def unit_bundle(published: Published = PUBLISHED, size: int = 900, place: int = 16, **options: Any) -> dict[str, Any]:
    """The proof of one unit of 300: of ``CODE`` at place 16."""
    hashes = inclusion_proof(place, 300, nodes_of_leaves(UNIT_LEAVES))
    return {
        "format": "filiere-proof/1",
        "code": to_base32(UNITS[place]),
        "event": UNITS_LABELLED.decode(),
        "proof": published.proof(UNITS_LABELLED, size, **options).decode(),
        "unit": {
            "index": place,
            "size": 300,
            "said": SAID[place].hex(),
            "hashes": [encode_base64(one) for one in hashes],
        },
    }
