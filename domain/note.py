"""Signed notes, checkpoints, cosignatures and proofs of the log in the C2SP formats, read strictly.

- Note: a text, an empty line, signature lines (c2sp.org/signed-note).
- Checkpoint: a note whose text is origin, tree size, root hash (c2sp.org/tlog-checkpoint).
- Cosignature: a witness signs a checkpoint with the time at which it saw it (c2sp.org/tlog-cosignature, Ed25519).
- Proof: an entry's index, its inclusion proof and a checkpoint in one file (c2sp.org/tlog-proof).

There is one spelling of everything: what is read and written again is the same to the byte. So lines are split at
U+000A and nowhere else, base64 is decoded, encoded again and compared, numbers have no leading zeros. Whatever is not
so raises ``BadNote``; a signature of a known key that does not verify raises ``BadNote``; keys are 32 bytes, given by
the caller, and no clock is read.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.merkle import HASH_BYTES, LARGEST_SIZE, leaf_hash, verify_inclusion

ED25519: Final = 0x01
"""Signature type: Ed25519 over the note's text (signed-note, Signature types)."""

COSIGNATURE: Final = 0x04
"""Signature type: timestamped Ed25519 over a checkpoint (tlog-cosignature)."""

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
SIGNATURE_BYTES: Final = 64
TIME_BYTES: Final = 8

MOST_SIGNATURES: Final = 64
"""Signature lines of a note. Verifiers accept 16 at least and set a limit (signed-note, Format)."""

MOST_BYTES: Final = 1 << 20
"""Bytes of a note or a proof: 64 signatures of the largest kind and room for the text."""

MOST_HASHES: Final = 63
"""Hashes of an inclusion proof: no tree has more than 2**63 - 1 entries."""

LATEST: Final = 2**63 - 1
"""The last second that a cosignature can name (tlog-cosignature, Format)."""

SALT_BYTES: Final = 32
COMMITMENT: Final = b"filiere/event/v1\x00"
PROOF: Final = "c2sp.org/tlog-proof@v1"

SPACES: Final = frozenset(
    "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
"""Unicode's White_Space (PropList.txt): none of them stands in the name of a key."""

_DASH: Final = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


class BadNote(ValueError):
    """Not a note, checkpoint, key or proof as the specification has it, or one that does not verify."""


def commitment(salt: bytes, event: bytes) -> bytes:
    """The log entry of an event: SHA-256 of ``filiere/event/v1``, a zero byte, the salt of 32 bytes and its bytes.

    Without the salt the entry says nothing about the event; when the salt is erased with the event, what stays in
    the log proves only that there was one.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return sha256(COMMITMENT + salt + event).digest()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who signs, in which way (``ED25519`` or ``COSIGNATURE``), and the public key (signed-note, Verifier keys)."""

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.kind not in (ED25519, COSIGNATURE) or len(self.public) != KEY_BYTES:
            raise BadNote("a verifier key has 32 bytes, of type 0x01 or 0x04")

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256(name, 0x0A, type, public key)."""
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """``name+id+key``, as it is given to others."""
        return f"{self.name}+{self.id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"


def parse_key(text: str) -> VerifierKey:
    """A verifier key from ``name+id+key``; raises ``BadNote``, also if the id is not that of the key."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):  # noqa: PLR2004 - name, id, key
        raise BadNote("a verifier key is written name+id+key")
    material = _from_base64(parts[2])
    key = VerifierKey(parts[0], material[0], material[1:])
    if key.id.hex() != parts[1]:
        raise BadNote("the id of the verifier key is not that of its name, type and key")
    return key


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A name, the way of signing, and the secret: the 32 bytes of RFC 8032 5.1.5. Never shown by ``repr``."""

    name: str
    kind: int
    secret: bytes

    def __repr__(self) -> str:
        return f"SignerKey({self.name!r}, {self.kind})"

    @property
    def verifier(self) -> VerifierKey:
        """The key that others verify with."""
        return VerifierKey(self.name, self.kind, public_key(self.secret))


def public_key(secret: bytes) -> bytes:
    """The 32 bytes of the public key that belongs to a secret of 32 bytes (RFC 8032 5.1.5)."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def sign(secret: bytes, message: bytes) -> bytes:
    """The Ed25519 signature, 64 bytes (RFC 8032 5.1.6): the same for the same message, without randomness."""
    return Ed25519PrivateKey.from_private_bytes(secret).sign(message)


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature is that of the key over the message (RFC 8032 5.1.7)."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, key id of 4 bytes, signature; for a cosignature the time stands in its first 8."""

    name: str
    key_id: bytes
    data: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.key_id) != KEY_ID_BYTES or not self.data:
            raise BadNote("a signature has a key id of 4 bytes and is not empty")

    def __str__(self) -> str:
        """The line, with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.data)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures, verified or not."""

    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that verified: whose, and at what second since 1970 if it is a cosignature."""

    key: VerifierKey
    time: int | None


def parse_note(data: bytes) -> Note:
    """A note as signed-note has it, its signatures not yet verified; raises ``BadNote``."""
    whole = decode_text(data)
    end = whole.rfind("\n\n")
    if end < 0 or not whole.endswith("\n"):
        raise BadNote("a note is a text, an empty line and signature lines")
    lines = whole[end + 2 :].split("\n")[:-1]
    if not 0 < len(lines) <= MOST_SIGNATURES:
        raise BadNote(f"a note has 1 to {MOST_SIGNATURES} signatures")
    return Note(whole[: end + 1], tuple(map(_parse_signature, lines)))


def sign_note(text: str, *signers: SignerKey) -> Note:
    """A text signed by keys of type ``ED25519``; raises ``BadNote`` if it cannot be the text of a note."""
    _check_text(text)
    if any(signer.kind != ED25519 for signer in signers):
        raise BadNote("a witness's key signs checkpoints only, with a time")
    lines = (Signature(signer.name, signer.verifier.id, sign(signer.secret, text.encode())) for signer in signers)
    return Note(text, tuple(lines))


def cosign(text: str, signer: SignerKey, time: int) -> Signature:
    """A witness's line for a checkpoint's text: it saw this tree, as the largest of this log, at this second.

    Raises ``BadNote`` for a key of another type, a text that is no checkpoint, or a time outside 1 to 2**63 - 1.
    """
    parse_checkpoint(text)
    if signer.kind != COSIGNATURE or not 0 < time <= LATEST:
        raise BadNote("a cosignature is made with a key of type 0x04 at a second after 1970")
    data = time.to_bytes(TIME_BYTES, "big") + sign(signer.secret, _cosigned(text, time))
    return Signature(signer.name, signer.verifier.id, data)


def verify_note(note: Note, keys: Sequence[VerifierKey]) -> tuple[Verified, ...]:
    """The signatures of known keys, in the order of the note; those of unknown keys are passed over.

    Raises ``BadNote`` if one of a known key does not verify, or if there is none (signed-note, Signatures).
    """
    known = {(key.name, key.id): key for key in keys}
    verified = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            verified.append(Verified(key, _verify_line(note.text, line, key)))
    if not verified:
        raise BadNote("no known key signed the note")
    return tuple(verified)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: whose, how many entries, the root hash; extension lines prove nothing."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The note's text."""
        return "\n".join((self.origin, str(self.size), encode_base64(self.root), *self.extensions, ""))


def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from the text of a note (tlog-checkpoint, Note text); raises ``BadNote``."""
    _check_text(text)
    lines = text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):  # noqa: PLR2004 - origin, size, root
        raise BadNote("a checkpoint has three lines or more, none empty")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, decode_number(size), decode_hash(root), tuple(extensions))


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom a verifier trusts: the origin and the keys of one log, witnesses, and how many of them must have seen it.

    ``withdrawn``: keys of the log that somebody else may have had from a second on. What they alone signed counts only
    if as many witnesses as asked for, and one at least, saw it before.

    ``ValueError`` for a policy that would count somebody twice: a public key that stands under two names, or more
    witnesses asked for than there are.
    """

    origin: str
    log_keys: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0
    withdrawn: tuple[tuple[VerifierKey, int], ...] = ()

    def __post_init__(self) -> None:
        keys = [key.public for key in (*self.log_keys, *self.witnesses)]
        names = {key.name for key in self.witnesses}
        if len(set(keys)) != len(keys):
            raise ValueError("a public key stands for one log or one witness")
        if not self.log_keys or any(key.kind != ED25519 for key in self.log_keys):
            raise ValueError("a log has keys of type 0x01")
        if any(key.kind != COSIGNATURE for key in self.witnesses):
            raise ValueError("a witness has keys of type 0x04")
        if not 0 <= self.quorum <= len(names):
            raise ValueError("no more witnesses can be asked for than there are")


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A verified checkpoint, the keys of the log that signed it, and the witnesses that saw it, earliest first.

    A witness that signed twice, or with two keys of one name, stands here once, with its earliest second.
    """

    checkpoint: Checkpoint
    signers: tuple[VerifierKey, ...]
    seen: tuple[tuple[str, int], ...]


def in_time(witnessed: Witnessed, policy: Policy) -> bool:
    """Whether one of the keys that signed was the log's alone: never withdrawn, or seen by witnesses before it was."""
    since = dict(policy.withdrawn)
    enough = max(policy.quorum, 1)
    seen_at = witnessed.seen[enough - 1][1] if len(witnessed.seen) >= enough else None
    return any(key not in since or (seen_at is not None and seen_at < since[key]) for key in witnessed.signers)


def verify_checkpoint(data: bytes, policy: Policy) -> Witnessed:
    """The checkpoint in a note, signed by the log and seen by as many witnesses as ``policy`` asks.

    Raises ``BadNote`` if it is malformed, of another log, without a signature of the log, with too few witnesses,
    signed by a withdrawn key and not seen before, or if any signature of a key in the policy does not verify.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != policy.origin:
        raise BadNote("a checkpoint of another log")
    verified = verify_note(note, (*policy.log_keys, *policy.witnesses))
    signers = tuple(item.key for item in verified if item.key.kind == ED25519)
    if not signers:
        raise BadNote("the log did not sign the checkpoint")
    seen: dict[str, int] = {}
    for item in verified:
        if item.time is not None:
            seen[item.key.name] = min(item.time, seen.get(item.key.name, LATEST))
    if len(seen) < policy.quorum:
        raise BadNote(f"{len(seen)} witnesses saw the checkpoint, {policy.quorum} are asked for")
    witnessed = Witnessed(checkpoint, signers, tuple(sorted(seen.items(), key=lambda item: (item[1], item[0]))))
    if not in_time(witnessed, policy):
        raise BadNote("the key that signed was withdrawn, and no witness saw the checkpoint before")
    return witnessed


@dataclass(frozen=True, slots=True)
class Proof:
    """A ``.tlog-proof`` file: index of the entry, inclusion proof from the leaf's sibling up, the checkpoint verbatim.

    ``extra`` is not authenticated; ours is the salt of 32 bytes.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @property
    def origin(self) -> str:
        """The log that the checkpoint names; nothing is verified. Raises ``BadNote``."""
        return parse_checkpoint(parse_note(self.checkpoint).text).origin

    def __bytes__(self) -> bytes:
        lines = [PROOF]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines += [f"index {self.index}", *map(encode_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse_proof(data: bytes) -> Proof:
    """A proof as tlog-proof has it; the checkpoint in it is well-formed but not verified. Raises ``BadNote``."""
    whole = decode_text(data)
    head, gap, tail = whole.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != PROOF:
        raise BadNote(f"a proof begins with {PROOF} and holds a checkpoint after an empty line")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _from_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise BadNote("a proof names the index of its entry")
    index = decode_number(lines.pop(0).removeprefix("index "))
    if len(lines) > MOST_HASHES:
        raise BadNote(f"an inclusion proof has {MOST_HASHES} hashes at most")
    hashes = tuple(map(decode_hash, lines))
    checkpoint = tail.encode()
    parse_checkpoint(parse_note(checkpoint).text)
    return Proof(index, hashes, checkpoint, extra)


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof proves: the event is entry ``index`` of the log, in the tree of ``size`` with ``root``.

    ``seen`` are the witnesses, earliest first. ``at`` is the second by which as many as the policy asks for had seen
    the tree, so the event is not younger; None where no witness is asked for.
    """

    index: int
    size: int
    root: bytes
    seen: tuple[tuple[str, int], ...]
    at: int | None


def verify_proof(data: bytes, event: bytes, policy: Policy) -> Proven:
    """Verifies a proof whole, in the four steps of tlog-proof (Verifying a tlog proof); raises ``BadNote``.

    ``event`` is the canonical JSON of the event; the salt is the ``extra`` of the proof and has 32 bytes.
    """
    proof = parse_proof(data)
    # (1) The leaf hash: the application's own part.
    if proof.extra is None or len(proof.extra) != SALT_BYTES:
        raise BadNote("a proof of an event carries its salt of 32 bytes")
    leaf = leaf_hash(commitment(proof.extra, event))
    # (2) An origin that is accepted, signed by the log. (3) The witnesses.
    witnessed = verify_checkpoint(proof.checkpoint, policy)
    checkpoint = witnessed.checkpoint
    # (4) The inclusion proof binds the leaf to the signed root.
    if not verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root):
        raise BadNote("the event is not where the proof says")
    at = witnessed.seen[policy.quorum - 1][1] if policy.quorum else None
    return Proven(proof.index, checkpoint.size, checkpoint.root, witnessed.seen, at)


def decode_text(data: bytes) -> str:
    """The text of a note or a proof: UTF-8, no control characters but the newline, not too long; or ``BadNote``."""
    if len(data) > MOST_BYTES:
        raise BadNote(f"more than {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadNote("not UTF-8") from None
    if _CONTROL.search(text):
        raise BadNote("control characters other than the newline")
    return text


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise BadNote("the text of a note ends in a newline and holds no other control character")


def _check_name(name: str) -> None:
    if not name or "+" in name or not SPACES.isdisjoint(name) or _CONTROL.search(name):
        raise BadNote("a key has a name without spaces and plus signs")


def _parse_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise BadNote("a signature line is an em dash, a name and a signature, with one space between them")
    data = _from_base64(encoded)
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _verify_line(text: str, line: Signature, key: VerifierKey) -> int | None:
    """The time of a cosignature, None for a plain signature."""
    if key.kind == ED25519:
        if not signed(key.public, text.encode(), line.data):
            raise BadNote(f"the signature of {key.name} does not verify")
        return None
    time = int.from_bytes(line.data[:TIME_BYTES], "big")
    parse_checkpoint(text)
    if not 0 < time <= LATEST or not signed(key.public, _cosigned(text, time), line.data[TIME_BYTES:]):
        raise BadNote(f"the cosignature of {key.name} does not verify")
    return time


def _cosigned(text: str, time: int) -> bytes:
    """What a witness signs (tlog-cosignature, Ed25519 signed message)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def decode_number(text: str) -> int:
    """A size or an index: decimal digits without leading zeros, at most 2**63 - 1."""
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise BadNote("a number is written in decimal digits, without leading zeros")
    return int(text)


def decode_hash(text: str) -> bytes:
    """The 32 bytes of a hash in base64; or ``BadNote``."""
    decoded = _from_base64(text)
    if len(decoded) != HASH_BYTES:
        raise BadNote("a hash has 32 bytes")
    return decoded


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    """Standard base64 with padding (RFC 4648 section 4), in its one spelling; never empty."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise BadNote("not base64") from None
    if not data or encode_base64(data) != text:
        raise BadNote("not base64 in its one spelling")
    return data
