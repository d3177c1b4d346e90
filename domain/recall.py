"""A recall: which goods are affected, where every gram of them is, whom to tell, and how long it took.

The affected set is the lots where it begins and all that was made from them. Its grams are followed through the events:

    roots + mixed in − lost in processing − lost before the recall = affected
    affected = in house + shipped + destroyed + returned

Both hold to the gram, whatever was split, mixed and dried on the way; for each lot by itself, what it was made with is
what is in house, went on into other lots, was lost or destroyed, shipped or came back.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias

from domain.findings import Finding, found
from domain.profiles import Limit, ProfileMistake, in_force
from domain.quantity import WHOLE_BP
from domain.refusals import NONE, Lang, Texts, moment
from domain.refusals import kg as said_kg
from domain.trace import Trace

Kind: TypeAlias = Literal["real", "mock"]
State: TypeAlias = Literal["open", "closed"]
OriginKind: TypeAlias = Literal["lot", "input", "plot", "load", "vessel", "check"]
"""From what a case is opened. ``input``: a delivery or lot fed in. ``vessel``: all its runs in some days. ``check``: an
inspection that failed, by the id of its event."""
Outcome: TypeAlias = Literal["returned", "destroyed"]
"""What became of shipped goods: they came back, or the consignee destroyed them."""

MINUTE_MS: Final = 60_000


# --- what the figures are held against ---


@dataclass(frozen=True, slots=True)
class Rules:
    """The dated figures of ``profiles/recall.toml``."""

    target_minutes: tuple[Limit, ...]
    reconciled_least_bp: tuple[Limit, ...]
    between_tests_days: tuple[Limit, ...]

    def target(self, on: date) -> Limit:
        """Minutes within which a trace is complete."""
        return in_force(self.target_minutes, on)

    def reconciled(self, on: date) -> Limit:
        """The least share of the affected goods, in basis points, whose whereabouts are known."""
        return in_force(self.reconciled_least_bp, on)

    def interval(self, on: date) -> Limit:
        """Days between two tests."""
        return in_force(self.between_tests_days, on)


def load_rules(text: str, name: str) -> Rules:
    """The figures that a TOML text gives; ``name`` is its file name. Raises ``ProfileMistake``."""
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileMistake(name, "", f"the file is not TOML: {error}") from error
    known = ("target_minutes", "reconciled_least_bp", "between_tests_days")
    for key in sorted(top.keys() - set(known)):
        raise ProfileMistake(name, key, f"remove it or correct its name; known here: {', '.join(known)}")
    return Rules(*(_limits(top, key, name) for key in known))


def _limits(top: Mapping[str, Any], key: str, name: str) -> tuple[Limit, ...]:
    tables = top.get(key)
    if not isinstance(tables, list) or not tables:
        raise ProfileMistake(name, key, f"write at least one [[{key}]]")
    wanted = {"value": int, "valid_from": date, "source": str}
    for at, table in enumerate(tables):
        if table.keys() != wanted.keys() or any(type(table[field]) is not kind for field, kind in wanted.items()):
            todo = "write a whole number as value, a day as valid_from and text as source"
            raise ProfileMistake(name, f"{key}[{at}]", todo)
    return tuple(Limit(table["value"], table["valid_from"], table["source"]) for table in tables)


# --- where the grams are ---


@dataclass(frozen=True, slots=True)
class Moved:
    """A line in the book of a lot of the set: grams that came in, were drawn, lost or shipped by event ``seq``."""

    lot: int
    seq: int
    kind: str
    grams: int
    type: str


@dataclass(frozen=True, slots=True)
class Account:
    """One lot, in grams: ``made`` is the sum of all the rest.

    ``lost`` before the recall, ``destroyed`` since; ``shipped`` is still out, ``returned`` is what came back of it, and
    what a consignee destroyed is in ``destroyed``. ``over``: drawn beyond the lot after a correction; zero in order.
    """

    made_g: int = 0
    in_house_g: int = 0
    processed_g: int = 0
    lost_g: int = 0
    destroyed_g: int = 0
    shipped_g: int = 0
    returned_g: int = 0
    over_g: int = 0

    @property
    def difference_g(self) -> int:
        """What is not explained; zero."""
        gone = self.processed_g + self.lost_g + self.destroyed_g + self.shipped_g + self.returned_g
        return self.made_g + self.over_g - self.in_house_g - gone

    def __add__(self, other: Account) -> Account:
        return Account(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Back:
    """Grams of a lot that were shipped and of which somebody knows what became."""

    lot: int
    outcome: Outcome
    grams: int


def accounts(
    held: Mapping[int, tuple[int, int]], moves: Iterable[Moved], back: Iterable[Back], since: int | None
) -> dict[int, Account]:
    """The account of each lot.

    ``held``: lot -> (grams in house, grams drawn beyond it). ``since``: number of the event that recalled; what is told
    as lost after it was destroyed. None: nothing was recalled.
    """
    sums: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for move in moves:
        name = move.kind
        if name == "lost" and since is not None and move.seq > since and move.type == "lost":
            name = "destroyed"
        sums[move.lot][name] += move.grams
    for one in back:
        sums[one.lot][one.outcome] += one.grams
        sums[one.lot]["shipped"] -= one.grams
    return {
        lot: Account(
            made_g=sums[lot]["in"],
            in_house_g=remaining,
            processed_g=sums[lot]["out"],
            lost_g=sums[lot]["lost"],
            destroyed_g=sums[lot]["destroyed"],
            shipped_g=sums[lot]["shipped"],
            returned_g=sums[lot]["returned"],
            over_g=over,
        )
        for lot, (remaining, over) in held.items()
    }


@dataclass(frozen=True, slots=True)
class Sums:
    """The whole set, in grams: how the affected goods came about, and where they are.

    ``unknown_g`` is the part of ``shipped_g`` of which nobody told who got it.
    """

    roots_g: int
    mixed_in_g: int
    process_loss_g: int
    lost_g: int
    in_house_g: int
    shipped_g: int
    destroyed_g: int
    returned_g: int
    over_g: int
    unknown_g: int

    @property
    def affected_g(self) -> int:
        return self.roots_g + self.mixed_in_g - self.process_loss_g - self.lost_g + self.over_g

    @property
    def found_g(self) -> int:
        return self.in_house_g + self.shipped_g + self.destroyed_g + self.returned_g

    @property
    def difference_g(self) -> int:
        """Affected goods that are nowhere; zero."""
        return self.affected_g - self.found_g

    @property
    def reconciled_bp(self) -> int:
        """The share of the affected goods whose whereabouts are known, in basis points."""
        if self.affected_g <= 0:
            return WHOLE_BP
        return (self.found_g - self.unknown_g) * WHOLE_BP // self.affected_g

    @property
    def secured_bp(self) -> int:
        """The share of the affected goods that nobody can use any more, or that is in house, in basis points."""
        if self.affected_g <= 0:
            return WHOLE_BP
        return (self.found_g - self.shipped_g) * WHOLE_BP // self.affected_g


def sums(
    roots: Collection[int],
    of: Mapping[int, Account],
    moves: Sequence[Moved],
    others_in: Mapping[int, int],
    unknown_g: int = 0,
) -> Sums:
    """The accounts of a whole set together.

    ``roots``: the lots where it begins. ``moves``: every line of the set with grams. ``others_in``: grams that lots
    outside the set put into each event that drew from it.
    """
    drawn: dict[int, int] = defaultdict(int)
    made: dict[int, int] = defaultdict(int)
    begun = mixed = 0
    for move in moves:
        if move.kind == "out":
            drawn[move.seq] += move.grams
    for move in moves:
        if move.kind != "in":
            continue
        if move.seq in drawn:
            made[move.seq] += move.grams
        elif move.lot in roots:
            begun += move.grams
        else:
            mixed += move.grams
    mixed += sum(others_in.get(seq, 0) for seq in drawn)
    loss = sum(grams + others_in.get(seq, 0) - made[seq] for seq, grams in drawn.items())
    whole = sum(of.values(), Account())
    return Sums(
        roots_g=begun,
        mixed_in_g=mixed,
        process_loss_g=loss,
        lost_g=whole.lost_g,
        in_house_g=whole.in_house_g,
        shipped_g=whole.shipped_g,
        destroyed_g=whole.destroyed_g,
        returned_g=whole.returned_g,
        over_g=whole.over_g,
        unknown_g=unknown_g,
    )


# --- what was found: kept with the case ---


@dataclass(frozen=True, slots=True)
class LotPart:
    """A lot of the affected set and its account. Of a lot that is not disclosed only the grams are told."""

    id: str
    code: str
    product: str
    organisation: str  # that holds it
    site: str | None
    at: datetime
    root: bool
    disposition: str
    disclosed: bool
    account: Account


@dataclass(frozen=True, slots=True)
class Consigned:
    """Grams of a lot that left for a recipient: shipped out of the ledger, or handed over to another organisation."""

    lot: str  # id
    code: str
    product: str
    recipient: str  # code, "-" where none was told
    how: Literal["shipped", "transferred"]
    grams: int
    at: datetime
    document: str | None
    event: str  # id


@dataclass(frozen=True, slots=True)
class Destroyed:
    """Grams of a lot in house that were told as lost after the recall."""

    code: str
    grams: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to reach at a recipient, from the registry."""

    code: str
    name: str
    person: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None

    @property
    def reachable(self) -> bool:
        return bool(self.phone or self.email)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a recall found at one moment: both sets, every account, whom it went to.

    ``sums`` is none for an organisation that sees only its part of the set. ``hidden``: accounts of the lots of others,
    together. ``forward`` and ``back`` are the graphs from the roots.
    """

    made_at: datetime
    roots: tuple[str, ...]  # codes
    lots: tuple[LotPart, ...]
    hidden_lots: int
    hidden: Account
    consigned: tuple[Consigned, ...]
    destroyed: tuple[Destroyed, ...]
    unreachable: tuple[str, ...]  # recipients without telephone and e-mail at that moment
    contacts: tuple[Contact, ...]  # persons: never kept with the case
    sums: Sums | None
    forward: Trace
    back: Trace

    @property
    def whole(self) -> Account:
        return sum((one.account for one in self.lots), self.hidden)

    def contact(self, code: str) -> Contact:
        """Whom to reach, or the bare code."""
        return next((one for one in self.contacts if one.code == code), Contact(code, code))

    def recipients(self) -> list[str]:
        """Codes of those who got something, in order."""
        return sorted({one.recipient for one in self.consigned})

    def to(self, recipient: str) -> list[Consigned]:
        """What one recipient got."""
        return [one for one in self.consigned if one.recipient == recipient]


@dataclass(frozen=True, slots=True)
class Notified:
    """A recipient was told: when (recorded), by whom, how."""

    recipient: str
    at: datetime
    by: str
    how: str


@dataclass(frozen=True, slots=True)
class Returned:
    """An entry on what became of shipped goods."""

    id: str
    lot: str  # id
    code: str
    recipient: str
    outcome: Outcome
    grams: int
    on: date
    place: str
    document: str | None
    at: datetime
    by: str
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A recall case or a test: why it was opened, by whom, how long it took, how it was closed."""

    id: str
    number: str
    organisation: str
    organisation_name: str
    kind: Kind
    state: State
    origin: OriginKind
    ref: str
    reason: str
    opened_at: datetime
    opened_by: str
    took_ms: int
    left_out: int
    held_lots: int
    pages: int
    closed_at: datetime | None
    closed_by: str | None
    note: str | None
    version: int
    mine: bool  # false: another organisation opened it, and this is your part


@dataclass(frozen=True, slots=True)
class Report:
    """A case with all that belongs to it, as an organisation may see it."""

    case: Case
    survey: Survey
    notified: tuple[Notified, ...]
    returned: tuple[Returned, ...]
    target: Limit
    interval: Limit
    findings: tuple[Finding, ...]

    def told(self, recipient: str) -> Notified | None:
        """How a recipient was told, if it was."""
        return next((one for one in self.notified if one.recipient == recipient), None)

    @property
    def waiting(self) -> list[str]:
        """Recipients who were not told yet."""
        told = {one.recipient for one in self.notified}
        return [one for one in self.survey.recipients() if one not in told and one != NONE]

    @property
    def minutes(self) -> int | None:
        """From opening to closing, in whole minutes."""
        if self.case.closed_at is None:
            return None
        return int((self.case.closed_at - self.case.opened_at).total_seconds()) // 60


def findings(case: Case, survey: Survey, waiting: Sequence[str], rules: Rules) -> tuple[Finding, ...]:
    """What somebody has to look at before the case is closed, or an auditor will ask about."""
    day = case.opened_at.date()
    target, least = rules.target(day), rules.reconciled(day)
    said: list[Finding] = []
    if case.left_out:
        said.append(found("RECALL_LEFT_OUT", lots=case.left_out, origin=case.origin, ref=case.ref))
    if survey.sums is not None:
        if survey.sums.difference_g:
            said.append(found("RECALL_DIFFERENCE", difference_g=survey.sums.difference_g))
        if survey.sums.reconciled_bp < least.value:
            bp = survey.sums.reconciled_bp
            said.append(found("RECALL_NOT_RECONCILED", least.source, reconciled_bp=bp, least_bp=least.value))
    said += [
        found("RECALL_CONSIGNEE_UNKNOWN", lot=one.code, shipped_g=one.grams)
        for one in survey.consigned
        if one.recipient == NONE
    ]
    said += [found("RECALL_NO_CONTACT", recipient=code) for code in survey.unreachable]
    if waiting and case.kind == "real":
        said.append(found("RECALL_NOT_NOTIFIED_YET", recipients=", ".join(waiting)))
    minutes = -(-case.took_ms // MINUTE_MS)
    if case.closed_at is not None and case.kind == "mock":
        minutes = max(minutes, int((case.closed_at - case.opened_at).total_seconds()) // 60)
    if minutes > target.value:
        said.append(found("RECALL_TOO_SLOW", target.source, minutes=minutes, target=target.value))
    return tuple(said)


# --- what the recipients are told ---

NOTICE: Final[Mapping[str, Texts]] = {
    "real": {
        "en": "RECALL {number}\n\nTo: {name}\nFrom: {organisation}\n\n"
        "{organisation} recalls the goods below, which you received from us. Reason: {reason}\n\n{lines}\n\n"
        "Total: {total}\n\n"
        "1. Stop using, selling and moving these goods now, and keep them apart under a sign.\n"
        "2. Tell us today how much of each lot you still have and where, and how much you passed on.\n"
        "3. Tell those to whom you passed it on.\n"
        "4. Send nothing back and destroy nothing before we have agreed on it; keep the weighing note.\n",
        "fr": "RAPPEL {number}\n\nÀ : {name}\nDe : {organisation}\n\n"
        "{organisation} rappelle les marchandises ci-dessous, que vous avez reçues de nous. Motif : {reason}\n\n"
        "{lines}\n\nTotal : {total}\n\n"
        "1. Cessez dès maintenant d'utiliser, de vendre et de déplacer ces marchandises ; isolez-les et signalez-les.\n"
        "2. Dites-nous aujourd'hui combien vous détenez encore de chaque lot et où, et combien vous avez cédé.\n"
        "3. Prévenez ceux à qui vous en avez cédé.\n"
        "4. Ne renvoyez et ne détruisez rien avant accord avec nous ; gardez le bon de pesée.\n",
    },
    "mock": {
        "en": "TEST OF A RECALL {number} - no goods are recalled\n\nTo: {name}\nFrom: {organisation}\n\n"
        "{organisation} tests how fast its goods are traced. You received from us:\n\n{lines}\n\nTotal: {total}\n\n"
        "Please answer with the quantity of each lot that you still have. You may use the goods as before.\n",
        "fr": "ESSAI DE RAPPEL {number} - aucune marchandise n'est rappelée\n\nÀ : {name}\nDe : {organisation}\n\n"
        "{organisation} vérifie en combien de temps elle retrouve ses marchandises. Vous avez reçu de nous :\n\n"
        "{lines}\n\nTotal : {total}\n\n"
        "Merci de répondre avec la quantité que vous détenez encore de chaque lot. "
        "Vous pouvez utiliser les marchandises comme avant.\n",
    },
}


def notice(report: Report, recipient: str, names: Mapping[str, str], lang: Lang = "en") -> str:
    """The text for one recipient, to copy or send: lots, kilograms, when and on which paper."""
    case, survey = report.case, report.survey
    goods = survey.to(recipient)
    lines = "\n".join(
        f"- {one.code}, {names.get(one.product, one.product)}: {said_kg(one.grams, lang)}, "
        f"{moment(one.at.date().isoformat(), lang)}" + (f", {one.document}" if one.document else "")
        for one in goods
    )
    return NOTICE[case.kind][lang].format(
        number=case.number,
        name=survey.contact(recipient).name,
        organisation=case.organisation_name,
        reason=case.reason,
        lines=lines,
        total=said_kg(sum(one.grams for one in goods), lang),
    )
