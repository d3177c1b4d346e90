"""What a label, a typed code and a proof file prove by themselves, without network: nine numbered checks, and a word.

The checks, in this order; each is answered even where an earlier one failed (docs/verification.md says what each
proves):

1. ``read``: what was given has the form of a label, a code or a proof, in its one spelling.
2. ``address``: the address on the label is that of the deployment.
3. ``signature``: the label is signed by the key that it names.
4. ``key``: that key was not withdrawn, or the label was in the log before it was; and it was not retired before the
   goods were packed.
5. ``event``: the event in the proof issues this code, and for a unit what its label says.
6. ``log``: the checkpoint in the proof is signed by the log.
7. ``witnesses``: as many witnesses as are asked for saw it.
8. ``inclusion``: the event is in the tree of that checkpoint.
9. ``history``: that tree and the one of a checkpoint kept from before are one log.

None of this says what became of the goods since: that is asked at the address. No clock is read, no file, no network.
The same is written a second time, for browsers, in ``api/static/verdict.js``; tests hold them against each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, TypeAlias

from domain import label_token, note
from domain.label_token import BadLabel, Token
from domain.merkle import leaf_hash, verify_consistency, verify_inclusion
from domain.note import BadNote, Policy, VerifierKey, Witnessed

KEYS_FORMAT: Final = "filiere-keys/1"
PROOF_FORMAT: Final = "filiere-proof/1"
MOST_BYTES: Final = note.MOST_BYTES
LARGEST_NUMBER: Final = 2**53 - 1
"""The largest number of a JSON file: programs that read numbers as IEEE 754 doubles keep it exactly."""

LAST_MILLISECOND: Final = 253_402_300_799_999
"""The end of the year 9999."""

Answer: TypeAlias = Literal["passed", "failed", "not_checked", "not_applicable"]
Verdict: TypeAlias = Literal[
    "malformed",
    "mistyped",
    "unsigned",
    "unknown_key",
    "not_proven",
    "forked",
    "withdrawn_before",
    "withdrawn",
    "other_host",
    "retired",
    "unwitnessed",
    "proven",
    "sound",
    "typed",
]
CHECKS: Final = ("read", "address", "signature", "key", "event", "log", "witnesses", "inclusion", "history")
IN_ORDER: Final = frozenset({"proven", "sound"})
"""Verdicts by which something was proven and nothing failed. ``typed`` is none: a code by itself proves nothing."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_HEX_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEX_SAID: Final = re.compile(rf"[0-9a-f]{{{2 * label_token.SAID_BYTES}}}", re.ASCII)
_ADDRESS: Final = re.compile(r"(?:https?://)?([^/?# \t\r\n]+)/l/([^/?# \t\r\n]+)[^ \t\r\n]*", re.IGNORECASE | re.ASCII)
_CHECKER: Final = re.compile(
    r"https?://([^/?# \t\r\n]+)/check(?:\?[^# \t\r\n]*)?#([^ \t\r\n]+)", re.IGNORECASE | re.ASCII
)
_MOST_DIGITS: Final = 400


class BadKeys(ValueError):
    """Not the published keys of a deployment."""


class BadBundle(ValueError):
    """Not a proof file of ours."""


@dataclass(frozen=True, slots=True)
class LabelKey:
    """A key that signs labels: the first day, the last one if it is retired, the second since when it is withdrawn."""

    number: int
    public: bytes
    first: date
    last: date | None = None
    withdrawn: int | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """What a deployment publishes of its keys at ``/.well-known/filiere-keys``.

    ``logs``: the log that signs now, and those before it that could not go on, by name. ``withdrawn``: the second from
    which somebody else may have had a key of a log.
    """

    host: str
    policy: Policy | None
    labels: Mapping[int, LabelKey]
    commodities: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    logs: Mapping[str, Policy] = field(default_factory=dict)
    withdrawn: Mapping[VerifierKey, int] = field(default_factory=dict)

    @property
    def publics(self) -> dict[int, bytes]:
        return {number: key.public for number, key in self.labels.items()}


@dataclass(frozen=True, slots=True)
class Unit:
    """That a unit is among those that one event issued: its place, and the hashes from its sibling up.

    ``said``: what its label says, ``Token.said``: code, day of packing, net weight, commodity.
    """

    index: int
    size: int
    hashes: tuple[bytes, ...]
    said: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """A proof file that was read: the event as it is in the log, its proof, and for units the way to the code."""

    event: bytes
    proof: bytes
    code: str | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody holds: of a label, an address or a code at most one, and a proof or none.

    ``mistyped`` is a code whose check characters do not fit, ``strange`` anything that is neither label nor code.
    """

    label: str | None = None
    code: str | None = None
    host: str | None = None
    mistyped: bool = False
    strange: bool = False
    evidence: Evidence | None = None
    strange_evidence: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One answered check; ``why`` says more where an answer has several reasons."""

    number: int
    code: str
    answer: Answer
    why: str


@dataclass(frozen=True, slots=True)
class Logged:
    """Where the log holds the event, who saw that tree and when, and the second by which as many as asked had."""

    index: int
    size: int
    seen: tuple[tuple[str, int], ...]
    at: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict, every check, and what the label says, which is worth what the verdict is worth."""

    verdict: Verdict
    checks: tuple[Check, ...]
    code: str | None
    token: Token | None
    key: LabelKey | None
    logged: Logged | None

    @property
    def in_order(self) -> bool:
        return self.verdict in IN_ORDER


# --- what is read ---


def parse_keys(data: bytes) -> Keys:
    """The published keys of a deployment; raises ``BadKeys``. Names that are not known are passed over."""
    try:
        return _keys(_object(data, KEYS_FORMAT))
    except ValueError as error:
        raise BadKeys(f"not the keys of a deployment: {error}") from error


def _keys(found: Mapping[str, Any]) -> Keys:
    listed = [_label_key(one) for one in _list(found, "labels")]
    labels = {key.number: key for key in listed}
    if len(labels) != len(listed):
        raise ValueError("two label keys have one number")
    witnesses = [note.parse_key(_as_text(one)) for one in _list(found, "witnesses")]
    origin, logs, withdrawn = _logs(found.get("log"), witnesses)
    named = _commodities(found.get("commodities"))
    return Keys(_text(found, "host"), logs.get(origin), labels, named, logs, withdrawn)


def parse_evidence(data: bytes) -> Evidence:
    """A proof file as ``/l/<code>/proof`` hands it out; raises ``BadBundle``. Unknown names are passed over."""
    try:
        return _evidence(_object(data, PROOF_FORMAT))
    except ValueError as error:
        raise BadBundle(f"not a proof file: {error}") from error


def _evidence(found: Mapping[str, Any]) -> Evidence:
    code = _text(found, "code")
    if len(code) != label_token.CODE_CHARACTERS:
        raise ValueError(f"a code has {label_token.CODE_CHARACTERS} characters")
    label_token.from_base32(code)
    unit = None if found.get("unit") is None else _unit(found["unit"])
    evidence = Evidence(_text(found, "event").encode(), _text(found, "proof").encode(), code, unit)
    _read_proof(evidence.proof)
    return evidence


def plain_evidence(proof: bytes, event: bytes) -> Evidence:
    """A ``.tlog-proof`` and the event that it is of, for no code in particular; raises ``BadBundle``."""
    try:
        _read_proof(proof)
    except ValueError as error:
        raise BadBundle(f"not a proof file: {error}") from error
    return Evidence(event, proof)


def read(text: str) -> Given:
    """What somebody scanned, pasted or typed: a label, a code of 16 or 18 characters, or an address with one."""
    text = text.strip(" \t\r\n")
    host = None
    if found := _CHECKER.fullmatch(text) or _ADDRESS.fullmatch(text):
        host, text = found[1].lower(), found[2]
    if len(text) == label_token.SIGNED_CHARACTERS:
        return Given(label=text, host=host)
    plain = [character for character in text if character not in label_token.SKIPPED]
    if len(plain) == label_token.CODE_CHARACTERS:
        try:
            return Given(code=label_token.plain_code(text), host=host)
        except BadLabel:
            return Given(strange=True, host=host)
    if len(plain) == label_token.CODE_CHARACTERS + label_token.CHECK_CHARACTERS:
        try:
            return Given(code=label_token.to_base32(label_token.parse_typed_code(text)), host=host)
        except BadLabel:
            return Given(mistyped=True, host=host)
    return Given(strange=True, host=host)


def parse_policy(data: bytes) -> Policy:
    """Whom somebody trusts, in the format of c2sp.org/tlog-policy: one log, witnesses, how many must have seen it.

    Witnesses count that the quorum names, by itself or in one group; groups of groups are refused. ``BadKeys``.
    """
    try:
        return _policy_of(note.decode_text(data.replace(b"\t", b" ").replace(b"\r\n", b"\n")))
    except BadKeys:
        raise
    except ValueError as error:
        raise BadKeys(f"not a policy: {error}") from error


def _policy_of(text: str) -> Policy:
    logs: list[VerifierKey] = []
    names: dict[str, tuple[VerifierKey, ...]] = {}
    needed: dict[str, int] = {"none": 0}
    quorum: str | None = None
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        match words:
            case ["log", key] | ["log", key, _]:
                logs.append(note.parse_key(key))
            case ["witness", name, key] | ["witness", name, key, _] if name not in needed:
                names[name], needed[name] = (note.parse_key(key),), 1
            case ["group", name, count, *members] if members and name not in needed:
                names[name] = _members(members, names)
                needed[name] = {"any": 1, "all": len(members)}.get(count) or note.decode_number(count)
            case ["quorum", name] if quorum is None and name in needed:
                quorum = name
            case _:
                raise BadKeys(f"not a line of a policy: {line[:80]}")
    if quorum is None:
        raise BadKeys("a policy says its quorum")
    if len({key.name for key in logs}) != 1:
        raise BadKeys("a policy here names one log")
    return Policy(logs[0].name, tuple(logs), names.get(quorum, ()), needed[quorum])


def _members(members: Sequence[str], names: Mapping[str, tuple[VerifierKey, ...]]) -> tuple[VerifierKey, ...]:
    found = [names[member] for member in members if member in names and len(names[member]) == 1]
    if len(found) != len(members):
        raise BadKeys("a group here has witnesses for members, named before it")
    return tuple(key for (key,) in found)


def named_key(label: str) -> int | None:
    """The number of the key that a label names, though nobody may have signed it; none where it cannot be read."""
    try:
        return label_token.parse_token(label_token.from_base32(label)[: label_token.TOKEN_BYTES]).key
    except BadLabel:
        return None


# --- what is checked ---


def default_policy(keys: Keys, evidence: Evidence | None = None) -> Policy | None:
    """The log and the witnesses that the deployment names, of which one must have seen a checkpoint.

    The log that signs now; for a proof of one before it that could not go on, that one.
    """
    named = keys.policy if evidence is None else keys.logs.get(_read_proof(evidence.proof).origin, keys.policy)
    return None if named is None else replace(named, quorum=1 if named.witnesses else 0)


def check(
    given: Given,
    keys: Keys,
    policy: Policy | None,
    *,
    kept: bytes | None = None,
    consistency: Sequence[bytes] | None = None,
) -> Report:
    """Answers all nine checks.

    ``kept``: a checkpoint from before, signed by the same log. ``consistency``: the hashes that are to prove that the
    larger of the two trees goes on from the smaller one; none where they could not be fetched.
    """
    checks: list[Check] = []

    def say(code: str, answer: Answer, why: str = "") -> bool:
        checks.append(Check(len(checks) + 1, code, answer, why))
        return answer == "passed"

    # (1) The form. (2) The address. (3) The signature.
    token, signature, why = _label(given, keys)
    code = given.code or (token.code if token else None)
    strange = "mistyped" if given.mistyped else "strange" if given.strange or signature == "malformed" else ""
    strange = strange or ("strange_proof" if given.strange_evidence else "")
    say("read", "failed" if strange else "passed", strange)
    ours = host_name(keys.host)
    if given.host is None or not ours:
        say("address", "not_applicable")
    else:
        say("address", "passed" if given.host == ours else "failed", "" if given.host == ours else "other_host")
    say("signature", signature if signature != "malformed" else "not_checked", why)

    # (5) to (8), first: whether the key counts may hang on when the event was in the log.
    if policy is not None:
        policy = replace(policy, withdrawn=tuple(keys.withdrawn.items()))
    proof = _Proof(given.evidence, policy, code, token)
    key = keys.labels.get(token.key) if token is not None and signature == "passed" else None
    say("key", *_key(key, token, proof))
    for name, answer, because in proof.answers:
        say(name, answer, because)
    # (9) One log, then and now.
    say("history", *_history(proof, policy, keys, kept, consistency))

    answers = {one.code: one for one in checks}
    shown = token if signature == "passed" else None
    return Report(_verdict(answers, given), tuple(checks), code or proof.code, shown, key, proof.logged)


def host_name(host: str) -> str:
    """The host and port of a deployment's address, in small letters."""
    return host.partition("://")[2].partition("/")[0].lower() if "://" in host else host.lower()


def _label(given: Given, keys: Keys) -> tuple[Token | None, Any, str]:
    if given.label is None:
        return None, "not_applicable", ""
    try:
        data = label_token.from_base32(given.label)
        token = label_token.parse_token(data[: label_token.TOKEN_BYTES])
    except BadLabel:
        return None, "malformed", "malformed"
    if token.key not in keys.labels:
        return token, "failed", "unknown_key"
    try:
        label_token.verify_label(given.label, keys.publics)
    except BadLabel:
        return token, "failed", "unsigned"
    return token, "passed", ""


def _key(key: LabelKey | None, token: Token | None, proof: _Proof) -> tuple[Answer, str]:
    if token is None:
        return "not_applicable", ""
    if key is None:
        return "not_checked", ""
    if key.withdrawn is not None:
        if not proof.holds:
            return "failed", "withdrawn"
        if proof.logged is None or proof.logged.at is None or proof.logged.at >= key.withdrawn:
            return "failed", "withdrawn_before"
        return "passed", "logged_before"
    if key.last is not None and token.packed > key.last:
        return "failed", "retired"
    return "passed", ""


class _Proof:
    """Checks 5 to 8 on a proof, and what they found."""

    def __init__(self, evidence: Evidence | None, policy: Policy | None, code: str | None, token: Token | None) -> None:
        self.code: str | None = None
        self.logged: Logged | None = None
        self.witnessed: Witnessed | None = None
        if evidence is None or policy is None:
            why = "" if evidence is None else "no_log"
            names = ("event", "log", "witnesses", "inclusion")
            self.answers: list[tuple[str, Answer, str]] = [(name, "not_checked", why) for name in names]
            self.holds = False
            return
        read_proof = _read_proof(evidence.proof)
        # (5) The event issues the code, with what the label says.
        event: tuple[Answer, str] = ("not_applicable", "")
        if evidence.code is not None:
            why = _issues(evidence, code, token)
            event = ("failed", why) if why else ("passed", "")
            self.code = evidence.code
        # (6) The log. (7) The witnesses.
        alone = Policy(policy.origin, policy.log_keys)
        log: tuple[Answer, str] = ("passed", "")
        witnesses: tuple[Answer, str] = ("not_checked", "")
        inclusion: tuple[Answer, str] = ("not_checked", "")
        try:
            self.witnessed = note.verify_checkpoint(read_proof.checkpoint, alone)
        except BadNote:
            log = ("failed", "")
        if self.witnessed is not None:
            try:
                everybody = replace(policy, quorum=0, withdrawn=())
                self.witnessed = note.verify_checkpoint(read_proof.checkpoint, everybody)
            except BadNote:
                witnesses = ("failed", "bad_cosignature")
            else:
                enough = len(self.witnessed.seen) >= policy.quorum
                witnesses = ("passed", "") if enough else ("failed", "too_few")
                witnesses = witnesses if policy.quorum else ("not_applicable", "none_asked")
            if not note.in_time(self.witnessed, policy):
                log = ("failed", "withdrawn")
            # (8) The tree.
            checkpoint, seen = self.witnessed.checkpoint, self.witnessed.seen
            assert read_proof.extra is not None
            leaf = leaf_hash(note.commitment(read_proof.extra, evidence.event))
            held = verify_inclusion(leaf, read_proof.index, checkpoint.size, read_proof.hashes, checkpoint.root)
            inclusion = ("passed", "") if held else ("failed", "")
            if held and log[0] == "passed":
                at = seen[policy.quorum - 1][1] if 0 < policy.quorum <= len(seen) else None
                self.logged = Logged(read_proof.index, checkpoint.size, seen, at)
        self.answers = [("event", *event), ("log", *log), ("witnesses", *witnesses), ("inclusion", *inclusion)]
        self.holds = all(answer != "failed" for _, answer, _ in self.answers)


def _issues(evidence: Evidence, code: str | None, token: Token | None) -> str:
    """Why the event does not issue the code, or the label where there is one; nothing if it does."""
    assert evidence.code is not None
    if code is not None and code != evidence.code:
        return "other_code"
    try:
        event = _object(evidence.event)
    except ValueError:
        return "strange_event"
    if "type" not in event and isinstance(event.get("event"), dict):
        event = event["event"]  # the record of an event, with its organisation, number and times
    if evidence.unit is None:
        if event.get("type") != "label_issued":
            return "other_event"
        if token is not None:
            return "other_label"  # the code of a lot is on no signed label: nothing was fixed that it says
        return "" if event.get("code") == evidence.code else "other_code"
    if event.get("type") != "units_labelled":
        return "other_event"
    root, count = event.get("codes_root"), _whole(event.get("count"))
    if not isinstance(root, str) or not _HEX_HASH.fullmatch(root) or count is None:
        return "strange_event"
    unit = evidence.unit
    if label_token.to_base32(unit.said[: label_token.UNIT_BYTES]) != evidence.code:
        return "other_code"
    held = verify_inclusion(leaf_hash(unit.said), unit.index, count, unit.hashes, bytes.fromhex(root))
    if unit.size != count or not held:
        return "other_unit"
    return "" if token is None or token.said == unit.said else "other_label"


def _history(
    proof: _Proof, policy: Policy | None, keys: Keys, kept: bytes | None, consistency: Sequence[bytes] | None
) -> tuple[Answer, str]:
    if kept is None or policy is None or proof.witnessed is None:
        return "not_checked", ""
    try:
        before = note.verify_checkpoint(kept, Policy(policy.origin, policy.log_keys)).checkpoint
    except BadNote:
        return ("not_checked", "other_tree") if _of_another_tree(kept, keys) else ("failed", "strange_checkpoint")
    now = proof.witnessed.checkpoint
    if before.size == now.size:
        return ("passed", "") if before.root == now.root else ("failed", "forked")
    if consistency is None:
        return "not_checked", "no_tiles"
    old, new = sorted((before, now), key=lambda one: one.size)
    held = verify_consistency(old.size, new.size, list(consistency), old.root, new.root)
    return ("passed", "") if held else ("failed", "forked")


def _of_another_tree(kept: bytes, keys: Keys) -> bool:
    """Whether a checkpoint is of a log that the deployment had before or after, which begins anew."""
    try:
        own = keys.logs[note.parse_checkpoint(note.parse_note(kept).text).origin]
        note.verify_checkpoint(kept, Policy(own.origin, own.log_keys))
    except (BadNote, KeyError):
        return False
    return True


def _verdict(answers: Mapping[str, Check], given: Given) -> Verdict:
    """The weightiest of what failed; if nothing did, the most that was proven."""

    def failed(code: str, *why: str) -> bool:
        return answers[code].answer == "failed" and (not why or answers[code].why in why)

    ranked: tuple[tuple[bool, Verdict], ...] = (
        (failed("read", "mistyped"), "mistyped"),
        (failed("read", "strange"), "malformed"),
        (failed("signature", "unsigned"), "unsigned"),
        (failed("signature"), "unknown_key"),
        (failed("read"), "not_proven"),
        (any(map(failed, ("event", "log", "inclusion"))), "not_proven"),
        (failed("witnesses", "bad_cosignature"), "not_proven"),
        (failed("history"), "forked"),
        (failed("key", "withdrawn_before"), "withdrawn_before"),
        (failed("key", "withdrawn"), "withdrawn"),
        (failed("address"), "other_host"),
        (failed("key"), "retired"),
        (failed("witnesses"), "unwitnessed"),
        (answers["inclusion"].answer == "passed", "proven"),
        (given.label is not None, "sound"),
        (given.code is not None, "typed"),
    )
    return next((verdict for holds, verdict in ranked if holds), "not_proven")


# --- JSON, read strictly ---


def _object(data: bytes, form: str | None = None) -> dict[str, Any]:
    """The object in JSON text: UTF-8, not too long, no half pairs of surrogates, no NaN; ``ValueError`` otherwise."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_no_number, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what was read is at fault
    if form is not None and found.get("format") != form:
        raise ValueError(f"not of the format {form}")
    return found


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < _MOST_DIGITS else float("inf")


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _whole(value: object) -> int | None:
    """A number from 0 to ``LARGEST_NUMBER``; 16.0 is 16, as it is for programs that have one kind of number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if 0 <= value <= LARGEST_NUMBER else None


def _number(found: Mapping[str, Any], name: str, most: int = LARGEST_NUMBER) -> int:
    value = _whole(found.get(name))
    if value is None or value > most:
        raise ValueError(f"{name} is a number from 0 to {most}")
    return value


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is missing")  # noqa: TRY004 - what was read is at fault
    value.encode()  # a half pair of surrogates is no text: UnicodeEncodeError is a ValueError
    return value


def _text(found: Mapping[str, Any], name: str) -> str:
    try:
        return _as_text(found.get(name))
    except ValueError:
        raise ValueError(f"{name} is a text") from None


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    if not isinstance(value, list):
        raise ValueError(f"{name} is a list")  # noqa: TRY004 - what was read is at fault
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")  # noqa: TRY004 - what was read is at fault
    return value


def _day(value: object) -> date:
    text = _as_text(value)
    if not _DAY.fullmatch(text):
        raise ValueError("a day is written YYYY-MM-DD")
    return date.fromisoformat(text)


def _date(value: object) -> date:
    """A day, or milliseconds since 1970 and the day in UTC that they are in."""
    return _day(value) if isinstance(value, str) else datetime.fromtimestamp(_millis(value) // 1000, UTC).date()


def _since(value: object) -> int:
    """A day, from its first second in UTC, an instant, or milliseconds since 1970: as the second since 1970."""
    if not isinstance(value, str):
        return _millis(value) // 1000
    text = _as_text(value)
    if _INSTANT.fullmatch(text):
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    on = _day(text)
    return int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp())


def _millis(value: object) -> int:
    millis = _whole(value)
    if millis is None or millis > LAST_MILLISECOND:
        raise ValueError("a time is a day, an instant or milliseconds since 1970")
    return millis


def _label_key(value: object) -> LabelKey:
    found = _mapping(value)
    last, since = found.get("until"), found.get("compromised_since")
    return LabelKey(
        number=_number(found, "number", label_token.MOST_KEYS),
        public=note.decode_hash(_text(found, "public")),
        first=_date(found.get("from")),
        last=None if last is None else _date(last),
        withdrawn=None if since is None else _since(since),
    )


def _logs(value: object, witnesses: Sequence[VerifierKey]) -> tuple[str, dict[str, Policy], dict[VerifierKey, int]]:
    """The name of the log that signs now, every log by name, and the keys that were withdrawn."""
    if value is None:
        return "", {}, {}
    found = _mapping(value)
    origin = _text(found, "origin")
    keys: dict[str, list[VerifierKey]] = {origin: []}
    for key in (note.parse_key(_as_text(one)) for one in _list(found, "keys")):
        keys.setdefault(key.name, []).append(key)
    withdrawn: dict[VerifierKey, int] = {}
    for one in map(_mapping, () if found.get("history") is None else _list(found, "history")):
        if one.get("compromised_since") is not None:
            withdrawn[note.parse_key(_text(one, "key"))] = _since(one["compromised_since"])
    if keys == {"": []}:
        return "", {}, {}
    return origin, {name: Policy(name, tuple(held), tuple(witnesses)) for name, held in keys.items()}, withdrawn


def _commodities(value: object) -> dict[int, dict[str, str]]:
    """Names of commodity numbers by language, where the deployment publishes them."""
    if value is None:
        return {}
    if not isinstance(value, list):
        raise ValueError("commodities is a list")  # noqa: TRY004 - what was read is at fault
    named = {}
    for one in map(_mapping, value):
        number = _number(one, "number", label_token.MOST_COMMODITIES)
        named[number] = {lang: _as_text(name) for lang, name in _mapping(one.get("name")).items()}
    return named


def _unit(value: object) -> Unit:
    found = _mapping(value)
    hashes = _list(found, "hashes")
    if len(hashes) > note.MOST_HASHES:
        raise ValueError("too many hashes")
    said = _text(found, "said")
    if not _HEX_SAID.fullmatch(said):
        raise ValueError(f"what a label says has {label_token.SAID_BYTES} bytes, hexadecimal")
    decoded = tuple(note.decode_hash(_as_text(one)) for one in hashes)
    return Unit(_number(found, "index"), _number(found, "size"), decoded, bytes.fromhex(said))


def _read_proof(data: bytes) -> note.Proof:
    read_proof = note.parse_proof(data)
    if read_proof.extra is None or len(read_proof.extra) != note.SALT_BYTES:
        raise BadNote("a proof of an event carries its salt of 32 bytes")
    return read_proof
