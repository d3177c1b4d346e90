"""``filiere verify`` without network: what was given and which keys, all nine checks, and how they are written out.

Only a proof asked for by its address goes to the network, and then its host is asked for everything that is not given
as a file. ``Misused`` is for what no verdict can be given on: exit status 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from domain import note, verification
from domain.merkle import Tile, consistency_proof, nodes_of_tiles
from domain.note import Policy
from domain.verification import Evidence, Given, Keys, Report
from labels import texts
from labels.check_texts import TEXTS
from labels.texts import Lang

FORMAT: Final = "filiere-verification/1"
KEYS_PATH: Final = "/.well-known/filiere-keys"
PROOF_PATH: Final = "/proof"
MARKS: Final = {"passed": "\u2713", "failed": "\u2717", "not_checked": "?", "not_applicable": "\u2013"}
LONGEST_TEXT: Final = 4096
TIMEOUT: Final = 20
FULL_TILE: Final = 256 * 32


class Misused(Exception):
    """What is missing or cannot be read, and what to do."""


def is_offline(what: str, *files: Path | None) -> bool:
    """Whether it is checked here; otherwise the live page is asked."""
    if Path(what).is_file() or any(file is not None for file in files):
        return True
    return what.endswith(PROOF_PATH) if "://" in what else verification.read(what).label is not None


def verify(
    what: str,
    *,
    keys: Path | None,
    policy: Path | None,
    checkpoint: Path | None,
    event: Path | None,
    proof: Path | None,
) -> tuple[Report, Keys, Policy | None, bytes | None]:
    """The report on a file, an address, a label or a code; with the keys, the policy and the checkpoint used."""
    host = None
    if "://" in what and what.endswith(PROOF_PATH):
        host = what[: what.index("/", what.index("://") + 3)]
        given = _of_bytes(_fetched(what), event)
    elif Path(what).is_file():
        given = _of_bytes(Path(what).read_bytes(), event)
    else:
        given = verification.read(what)
    if proof is not None:
        more = _of_bytes(proof.read_bytes(), event)
        given = replace(given, evidence=more.evidence, strange_evidence=more.evidence is None)
    known = _keys(keys, host, needed=policy is None or given.label is not None)
    trusted = _policy(policy) if policy is not None else verification.default_policy(known, given.evidence)
    kept = None if checkpoint is None else checkpoint.read_bytes()
    consistency = _consistency(given.evidence, trusted, kept, host) if host and kept else None
    report = verification.check(given, known, trusted, kept=kept, consistency=consistency)
    return report, known, trusted, kept


def _of_bytes(data: bytes, event: Path | None) -> Given:
    """What a file holds: a proof of ours, a ``.tlog-proof`` with its event, or the text of a label or code."""
    try:
        if data.startswith(note.PROOF.encode()):
            if event is None:
                raise Misused("A .tlog-proof does not hold its event. Give the event as it is in the log: --event FILE")
            return Given(evidence=verification.plain_evidence(data, event.read_bytes()))
        if data.lstrip().startswith(b"{"):
            return Given(evidence=verification.parse_evidence(data))
    except verification.BadBundle:
        return Given(strange_evidence=True)
    if len(data) <= LONGEST_TEXT and data.isascii():
        return verification.read(data.decode("ascii"))
    return Given(strange_evidence=True)


def _keys(path: Path | None, host: str | None, *, needed: bool) -> Keys:
    if path is not None:
        data = path.read_bytes()
    elif host is not None:
        data = _fetched(host + KEYS_PATH)
    elif needed:
        raise Misused(
            f"The keys of the deployment are needed: --keys FILE. It publishes them at {KEYS_PATH}; keep them from "
            "when you had no reason to doubt, or get them another way."
        )
    else:
        return Keys("", None, {})
    try:
        return verification.parse_keys(data)
    except verification.BadKeys as error:
        raise Misused(f"{path or host}: {error}") from error


def _policy(path: Path) -> Policy:
    try:
        return verification.parse_policy(path.read_bytes())
    except verification.BadKeys as error:
        raise Misused(f"{path}: {error}") from error


def _fetched(url: str) -> bytes:
    import httpx

    try:
        answer = httpx.get(url, timeout=TIMEOUT, follow_redirects=False)
    except httpx.HTTPError as error:
        raise Misused(f"{url} does not answer: {error}") from error
    if answer.status_code != httpx.codes.OK:
        raise Misused(f"{url} answered {answer.status_code}.")
    return answer.content


def _consistency(evidence: Evidence | None, trusted: Policy | None, kept: bytes, host: str) -> Sequence[bytes] | None:
    """The hashes between the tree kept and that of the proof, out of the tiles that the host publishes."""
    if evidence is None or trusted is None:
        return None
    try:
        trees = [
            note.parse_checkpoint(note.parse_note(data).text).size
            for data in (kept, note.parse_proof(evidence.proof).checkpoint)
        ]
        return consistency_proof(min(trees), max(trees), nodes_of_tiles(max(trees), lambda tile: _tile(host, tile)))
    except (Misused, ValueError):
        return None


def _tile(host: str, tile: Tile) -> bytes:
    try:
        return _fetched(f"{host}/{tile.path()}")
    except Misused:
        if tile.width * 32 == FULL_TILE:
            raise
        return _fetched(f"{host}/{Tile(tile.level, tile.index).path()}")[: tile.width * 32]


# --- written out ---


def as_json(report: Report) -> dict[str, Any]:
    """The report as one JSON document."""
    token, logged = report.token, report.logged
    return {
        "format": FORMAT,
        "verdict": report.verdict,
        "in_order": report.in_order,
        "checks": [
            {"number": one.number, "check": one.code, "answer": one.answer, **({"why": one.why} if one.why else {})}
            for one in report.checks
        ],
        "code": report.code,
        "label": token
        and {
            "key": token.key,
            "packed": token.packed.isoformat(),
            "net_g": token.net_grams,
            "commodity": token.commodity,
        },
        "log": logged
        and {
            "index": logged.index,
            "size": logged.size,
            "seen": [{"witness": name, "at": _iso(at)} for name, at in logged.seen],
            "at": logged.at and _iso(logged.at),
        },
    }


def as_text(report: Report, given: str, keys: Keys, policy: Policy | None, kept: bytes | None, lang: Lang) -> str:
    """A line a check, all of them, then the verdict: the words of the checker's page."""
    said = _values(report, given, keys, policy, kept, lang)
    lines = []
    for one in report.checks:
        line = f"{MARKS[one.answer]} {one.number}. {TEXTS[f'what.{one.code}'][lang]}: "
        line += texts.text(lang, f"answer.{one.answer}")
        candidates = (f"said.{one.code}.{one.why}", f"said.{one.code}.{one.answer}")
        found = next((key for key in candidates if key in TEXTS), None)
        lines.append(line + (f". {TEXTS[found][lang].format_map(said)}" if found else "."))
    if report.token is not None:
        names = keys.commodities.get(report.token.commodity, {})
        facts = [texts.kilograms(lang, report.token.net_grams)] if report.token.net_grams else []
        facts += [texts.day(lang, report.token.packed), names.get(lang) or names.get("en") or ""]
        lines.append(f"{TEXTS['what_it_says'][lang]}: {', '.join(filter(None, facts))}")
    if report.logged is not None:
        key = "in_log.plain" if report.logged.at is None else "in_log.by"
        lines.append(f"{TEXTS['in_log'][lang]}: {TEXTS[key][lang].format_map(said)}")
    lines.append(f"{TEXTS[f'word.{report.verdict}'][lang]}. {TEXTS[f'why.{report.verdict}'][lang].format_map(said)}")
    return "\n".join(lines)


class _Values(dict[str, str]):
    """What a sentence names and nobody knows is left empty."""

    def __missing__(self, _key: str) -> str:
        return "\u2013"


def _values(
    report: Report, given: str, keys: Keys, policy: Policy | None, kept: bytes | None, lang: Lang
) -> dict[str, str]:
    key, logged = report.key, report.logged
    said = _Values(host=verification.host_name(keys.host) if keys.host else (policy.origin if policy else "\u2013"))
    read = verification.read(given)
    if read.host is not None:
        said["other"] = read.host
    if read.label is not None and (number := verification.named_key(read.label)) is not None:
        said["key"] = str(number)
    if key is not None:
        said["key"] = str(key.number)
        if key.withdrawn is not None:
            said["since"] = _moment(lang, key.withdrawn)
        if key.last is not None:
            said["last"] = texts.day(lang, key.last)
    if report.token is not None:
        said["packed"] = texts.day(lang, report.token.packed)
    if policy is not None:
        said["origin"] = policy.origin
    if logged is not None:
        said["index"], said["size"] = texts.number(logged.index), texts.number(logged.size)
        said["names"] = ", ".join(f"{name} ({_moment(lang, at)})" for name, at in logged.seen)
        if logged.at is not None:
            said["at"] = _moment(lang, logged.at)
    if kept is not None:
        try:
            said["kept"] = texts.number(note.parse_checkpoint(note.parse_note(kept).text).size)
        except note.BadNote:
            said["kept"] = "\u2013"
    return said


def _moment(lang: Lang, second: int) -> str:
    return texts.moment(lang, datetime.fromtimestamp(second, UTC))


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
