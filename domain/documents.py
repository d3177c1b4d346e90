"""What is said of a copy of one of our documents: numbered checks, each with its answer and its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Kind = Literal["traceability_certificate", "certificate_of_analysis", "transaction_statement"]
DocumentState = Literal["issued", "superseded", "revoked", "corrected"]
"""corrected: the event that a statement is of was declared wrong since."""

Answer = Literal["passed", "failed", "not_checked"]
Lang = Literal["en", "fr"]

DIGEST_SHOWN: Final = 16
"""Digits of the facts' SHA-256 in the address of a document: whoever holds the paper has them, nobody guesses them."""


def path_of(number: str, facts_sha256: str) -> str:
    """The path at which anybody who holds the paper reads what became of it."""
    return f"/d/{number}.{facts_sha256[:DIGEST_SHOWN]}"


@dataclass(frozen=True, slots=True)
class Seal:
    """What a signed paper says of itself: who signs, where its state is read, and what is attached.

    ``label``: the address of the lot's label is attached. ``proven``: the log's proof of the issue is attached.
    """

    host: str
    address: str
    label: bool
    proven: bool


@dataclass(frozen=True, slots=True)
class PublicDocument:
    """What anybody who holds the paper may read of it: no more than the paper says, and what became of it.

    ``label``: the live page of the lot. ``record`` and ``proof``: what the log proves of the issue, once it is sealed.
    """

    number: str
    kind: Kind
    lot_code: str
    issuer: str
    issued_at: datetime
    facts_sha256: str
    state: DocumentState
    reason: str | None
    superseded_by: str | None
    ended_at: datetime | None
    label: str | None
    record: str | None
    proof: str | None


CODES: Final = ("intact", "whole", "signer", "known", "facts", "logged", "in_force")
"""The checks in their order; the number of a check is its place here, counted from 1."""

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class DocumentCheck:
    """One check of a copy. ``why`` names the sentence where an answer has several."""

    code: str
    answer: Answer
    why: str = ""
    params: Params = field(default_factory=dict)

    @property
    def number(self) -> int:
        return CODES.index(self.code) + 1

    def sentence(self, lang: Lang) -> str:
        key = f"{self.code}.{self.answer}" + (f".{self.why}" if self.why else "")
        return _SENTENCES[key][lang == "fr"].format_map(self.params)


@dataclass(frozen=True, slots=True)
class DocumentVerdict:
    """All checks of a copy; what the document is, where the file is one of ours.

    ``genuine``: the file is, to the byte, what was issued. ``in_order``: it is in force today as well.
    """

    checks: tuple[DocumentCheck, ...]
    sha256: str
    number: str | None = None
    kind: Kind | None = None
    issued_at: datetime | None = None
    state: DocumentState | None = None
    superseded_by: str | None = None

    @property
    def genuine(self) -> bool:
        return self.number is not None and not any(
            check.answer == "failed" for check in self.checks if check.code != "in_force"
        )

    @property
    def in_order(self) -> bool:
        return self.genuine and self.state == "issued"

    def sentence(self, lang: Lang) -> str:
        """The verdict in one sentence."""
        if not self.genuine:
            key = "verdict.forged" if self.checks[2].answer == "passed" else "verdict.foreign"
        else:
            key = f"verdict.{self.state}"
        said = {"number": self.number or "", "superseded_by": self.superseded_by or ""}
        return _SENTENCES[key][lang == "fr"].format_map(said)


_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "verdict.issued": (
        "{number} is genuine and in force.",
        "{number} est authentique et en vigueur.",
    ),
    "verdict.superseded": (
        "{number} is genuine, but {superseded_by} stands in its place.",
        "{number} est authentique, mais {superseded_by} le remplace.",
    ),
    "verdict.revoked": (
        "{number} is genuine, but it was withdrawn.",
        "{number} est authentique, mais a été retiré.",
    ),
    "verdict.corrected": (
        "{number} is genuine, but what it states was corrected since.",
        "{number} est authentique, mais ce qu’il atteste a été corrigé depuis.",
    ),
    "verdict.forged": (
        "This file is not what was issued: it was changed after it was signed.",
        "Ce fichier n’est pas ce qui a été émis : il a été modifié après la signature.",
    ),
    "verdict.foreign": (
        "This file does not carry an intact signature of this service.",
        "Ce fichier ne porte pas de signature intacte de ce service.",
    ),
    "intact.passed": (
        "The signature holds: what it covers was not changed by a single byte.",
        "La signature tient : pas un octet de ce qu’elle couvre n’a été modifié.",
    ),
    "intact.failed.altered": (
        "The signature does not hold: what it covers was changed.",
        "La signature ne tient pas : ce qu’elle couvre a été modifié.",
    ),
    "intact.failed.unsigned": (
        "The file carries no signature that can be read.",
        "Le fichier ne porte aucune signature lisible.",
    ),
    "whole.passed": (
        "The signature covers the whole file.",
        "La signature couvre tout le fichier.",
    ),
    "whole.failed": (
        "{count} bytes were added after it was signed. What they show was not issued.",
        "{count} octets ont été ajoutés après la signature. Ce qu’ils montrent n’a pas été émis.",
    ),
    "whole.not_checked": ("Without a signature there is nothing to compare.", "Sans signature, rien à comparer."),
    "signer.passed": (
        "It was signed by this service.",
        "Il a été signé par ce service.",
    ),
    "signer.failed": (
        "It was signed by another: the certificate names {name}.",
        "Il a été signé par un autre : le certificat nomme {name}.",
    ),
    "signer.not_checked": (
        "Who signed it cannot be said of a signature that does not hold.",
        "On ne peut dire qui a signé quand la signature ne tient pas.",
    ),
    "known.passed": (
        "{number} was issued by {organisation}, and this is the very file.",
        "{number} a été émis par {organisation}, et ce fichier est celui-là même.",
    ),
    "known.failed": (
        "This service signed it, but no document was issued with these bytes.",
        "Ce service l’a signé, mais aucun document n’a été émis avec ces octets.",
    ),
    "known.not_checked": (
        "Only a document signed here can be looked up.",
        "Seul un document signé ici peut être recherché.",
    ),
    "facts.passed": (
        "The data in it are those whose digest stands in the log.",
        "Ses données sont celles dont l’empreinte figure au journal.",
    ),
    "facts.failed": (
        "The data in it are not those whose digest stands in the log now.",
        "Ses données ne sont pas celles dont l’empreinte figure aujourd’hui au journal.",
    ),
    "facts.not_checked": (
        "Only the data of a document issued here can be compared with the log.",
        "Seules les données d’un document émis ici peuvent être comparées au journal.",
    ),
    "logged.passed": (
        "Its issue is entry {index} of the log, in a state of {size} entries that the log signed.",
        "Son émission est l’entrée {index} du journal, dans un état de {size} entrées que le journal a signé.",
    ),
    "logged.failed": (
        "The proof of the log in it does not hold.",
        "La preuve du journal qu’il contient ne tient pas.",
    ),
    "logged.not_checked.none": (
        "It was signed before the log had sealed its issue: it carries no proof.",
        "Il a été signé avant que le journal n’ait scellé son émission : il ne contient pas de preuve.",
    ),
    "logged.not_checked.policy": (
        "It carries a proof of the log, but no key of the log is known here.",
        "Il contient une preuve du journal, mais aucune clé du journal n’est connue ici.",
    ),
    "logged.not_checked": (
        "Only the proof in a document issued here is looked at.",
        "Seule la preuve d’un document émis ici est examinée.",
    ),
    "in_force.passed": ("It is in force today.", "Il est en vigueur aujourd’hui."),
    "in_force.failed.superseded": (
        "{superseded_by} stands in its place since {day}.",
        "{superseded_by} le remplace depuis le {day}.",
    ),
    "in_force.failed.revoked": (
        "It was withdrawn on {day}: {reason}",
        "Il a été retiré le {day} : {reason}",
    ),
    "in_force.failed.corrected": (
        "What it states was declared wrong on {day}, and nothing stands in its place.",
        "Ce qu’il atteste a été déclaré faux le {day}, et rien ne le remplace.",
    ),
    "in_force.not_checked": (
        "Only a document issued here can be said to be in force.",
        "Seul un document émis ici peut être dit en vigueur.",
    ),
}
