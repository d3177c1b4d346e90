"""What the logbook refuses, as typed values: a code, the figures, and what to do next, in English and French.

Laws of this file. A code, once released, keeps its meaning and its params; a new meaning is a new code. A
sentence says what is the case, with the figures, and the advice says what to do. Params carry their unit in
their name: ``…_g`` are grams and are said in kilograms, ``…_bp`` are basis points and are said in percent;
days and instants are ISO 8601 text (``MOMENTS``); words of a closed list (``LISTED``) are translated; all
else is said as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Literal, TypeAlias

Lang: TypeAlias = Literal["en", "fr"]
Status: TypeAlias = Literal["unknown", "conflict", "malformed"]
"""unknown: it names something that is not there for the teller. conflict: it contradicts what is recorded.
malformed: it is wrong in itself, whatever is recorded."""
Texts: TypeAlias = dict[Lang, str]
Params: TypeAlias = dict[str, str | int]

NONE: Final = "-"
"""A param that has no value. A refusal or finding may have another sentence for that case (``without``)."""

MOMENTS: Final = frozenset(
    {
        "day",
        "since",
        "until",
        "harvested_on",
        "organic_from",
        "last",
        "made",
        "occurred",
        "occurred_at",
        "now",
        "ended",
        "cleared_on",
        "cut_off",
        "due_on",
    }
)
"""Params that hold a day (2025-01-09) or an instant (2025-01-09T08:00:00Z)."""

LISTED: Final = frozenset({"status", "disposition", "state", "qc", "why", "origin", "unit_state", "unit_becomes"})
"""Params that hold a word of a closed list, translated by ``WORDS``."""

WORDS: Final[dict[Lang, dict[str, str]]] = {
    "en": {
        "on_hold": "on hold",
        "by_key": "by the agreed key",
        "by_weight": "by weight",
        "seal_broken": "the seal of its sample was broken",
        "not_accredited": "the laboratory told no accreditation",
        "not_sampled": "no sample was recorded",
        "same_person": "whoever tested had drawn the sample",
        "owner_tested": "the owner of the goods tested",
        "not_calibrated": "the instrument was not calibrated that day",
        "too_few_samples": "fewer samples were tested than the plan asks for",
        "not_yet": "not yet in force",
        "void": "void",
        "fail": "failed",
        "applied": "applied for",
        "unit_packed": "packed, without a label",
        "unit_issued": "labelled",
        "unit_applied": "labelled on the bag",
        "unit_shipped": "shipped",
        "unit_received": "received",
        "unit_returned": "back from its shipment",
        "unit_opened": "opened",
        "unit_void": "void",
        "not_a_plot": "Send a GeoJSON geometry of type Point, Polygon or MultiPolygon.",
        "empty": "There are no positions.",
        "not_a_position": "A position is two numbers: longitude, then latitude, for example [-9.471234, 6.998765].",
        "not_numbers": "Longitude and latitude are numbers in decimal degrees.",
        "beyond_longitude": "Longitude lies between -180 and 180 degrees, and comes first.",
        "beyond_latitude": "Latitude lies between -90 and 90 degrees, and comes second, after longitude.",
        "too_few_positions": "A ring has at least four positions: three corners, and the first once more.",
        "too_few_corners": "A ring has at least three different corners.",
        "ring_open": "The ring is not closed: repeat its first position at the end.",
        "too_many_positions": "There are more positions than a plot may have: record fewer, or simplify the outline.",
        "crosses_itself": "The outline crosses itself: correct the order of these positions, or walk the boundary "
        "again.",
        "touches_itself": "The outline touches itself: move one of these positions, or send two polygons.",
        "hole_outside": "A hole lies inside the outer ring, and not in another hole.",
        "hole_cuts": "The holes cut the plot into parts: send each part as a polygon.",
        "parts_overlap": "Two parts of the plot lie on each other: send the outline of both together.",
        "passes_antimeridian": "The outline spans half the globe: cut it where longitude passes 180 degrees.",
    },
    "fr": {
        "active": "en vigueur",
        "by_key": "selon la clé convenue",
        "by_weight": "au poids",
        "seal_broken": "le scellé de l'échantillon était rompu",
        "not_accredited": "le laboratoire n'a pas indiqué d'accréditation",
        "not_sampled": "aucun prélèvement n'est enregistré",
        "same_person": "qui a analysé avait prélevé l'échantillon",
        "owner_tested": "le propriétaire de la marchandise a analysé",
        "not_calibrated": "l'instrument n'était pas étalonné ce jour-là",
        "too_few_samples": "moins d'échantillons ont été analysés que le plan n'en demande",
        "suspended": "suspendu",
        "withdrawn": "retiré",
        "expired": "expiré",
        "superseded": "remplacé",
        "revoked": "retiré",
        "not_yet": "pas encore en vigueur",
        "available": "disponible",
        "on_hold": "bloqué",
        "rejected": "refusé",
        "recalled": "rappelé",
        "void": "annulé",
        "offered": "proposée",
        "accepted": "acceptée",
        "pending": "en attente",
        "pass": "conforme",
        "fail": "non conforme",
        "applied": "demandé",
        "approved": "agréé",
        "input": "intrant",
        "plot": "parcelle",
        "load": "charge",
        "vessel": "cuve",
        "check": "contrôle",
        "unit_packed": "emballée, sans étiquette",
        "unit_issued": "étiquetée",
        "unit_applied": "étiquetée sur le sac",
        "unit_shipped": "expédiée",
        "unit_received": "reçue",
        "unit_returned": "revenue de son expédition",
        "unit_opened": "ouverte",
        "unit_void": "annulée",
        "not_a_plot": "Envoyez une géométrie GeoJSON de type Point, Polygon ou MultiPolygon.",
        "empty": "Il n'y a aucune position.",
        "not_a_position": "Une position est faite de deux nombres : longitude, puis latitude, par exemple "
        "[-9.471234, 6.998765].",
        "not_numbers": "Longitude et latitude sont des nombres en degrés décimaux.",
        "beyond_longitude": "La longitude est comprise entre -180 et 180 degrés, et vient en premier.",
        "beyond_latitude": "La latitude est comprise entre -90 et 90 degrés, et vient en second, après la longitude.",
        "too_few_positions": "Un anneau a au moins quatre positions : trois sommets, et le premier de nouveau.",
        "too_few_corners": "Un anneau a au moins trois sommets différents.",
        "ring_open": "L'anneau n'est pas fermé : répétez sa première position à la fin.",
        "too_many_positions": "Il y a plus de positions qu'une parcelle ne peut en avoir : relevez-en moins, ou "
        "simplifiez le contour.",
        "crosses_itself": "Le contour se croise : corrigez l'ordre de ces positions, ou refaites le tour de la "
        "parcelle.",
        "touches_itself": "Le contour se touche : déplacez une de ces positions, ou envoyez deux polygones.",
        "hole_outside": "Un trou se trouve dans l'anneau extérieur, et non dans un autre trou.",
        "hole_cuts": "Les trous coupent la parcelle en morceaux : envoyez chaque morceau comme polygone.",
        "parts_overlap": "Deux parties de la parcelle se recouvrent : envoyez le contour de l'ensemble.",
        "passes_antimeridian": "Le contour couvre la moitié du globe : coupez-le où la longitude passe 180 degrés.",
    },
}

MONTHS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": (
        "janv.",
        "févr.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "août",
        "sept.",
        "oct.",
        "nov.",
        "déc.",
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: its status, the params it needs, and its words."""

    status: Status
    params: tuple[str, ...]
    title: Texts
    sentence: Texts
    advice: Texts
    without: Mapping[str, Texts] = field(default_factory=dict)
    """The sentence instead, when this param is ``NONE``."""


class Refused(Exception):
    """Something that cannot be recorded as told.

    ``Refused("INSUFFICIENT_STOCK", lot="LR-C1-0042", have_g=412_500, wanted_g=500_000)``; ``pointer`` is the
    JSON pointer of the field in the event. A code that is not in the catalogue is a ``LookupError``, params
    other than those it names are a ``TypeError``: both are mistakes of ours, not of the teller.
    """

    def __init__(self, code: str, /, *, pointer: str | None = None, **params: str | int) -> None:
        kind = CATALOGUE.get(code)
        if kind is None:
            message = f"{code} is not in the catalogue of refusals"
            raise LookupError(message)
        require_params(code, kind.params, params)
        super().__init__(code)
        self.code = code
        self.params: Params = params
        self.status: Status = kind.status
        self.pointer = pointer

    def at(self, pointer: str) -> Refused:
        """The same refusal, told of a field of the event."""
        return Refused(self.code, pointer=pointer, **self.params)

    def __str__(self) -> str:
        return f"{self.code}: {sentence(self)}"

    def __reduce__(self) -> tuple[object, tuple[str, str | None, Params]]:
        return _rebuilt, (self.code, self.pointer, self.params)


def _rebuilt(code: str, pointer: str | None, params: Params) -> Refused:
    return Refused(code, pointer=pointer, **params)


def require_params(code: str, wanted: tuple[str, ...], given: Mapping[str, object]) -> None:
    """``TypeError`` unless exactly the wanted params are given, each text or an integer."""
    if given.keys() != set(wanted):
        message = f"{code} takes {', '.join(wanted) or 'no params'}; given {', '.join(sorted(given)) or 'none'}"
        raise TypeError(message)
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            message = f"{code}: {name} is text or an integer, not {type(value).__name__}"
            raise TypeError(message)


def sentence(refused: Refused, lang: Lang = "en", words: Mapping[str, str] | None = None) -> str:
    """What is the case, with the figures.

    ``words`` gives the labels of codes (products, claim values) in ``lang``; a code without one is said
    itself.
    """
    kind = CATALOGUE[refused.code]
    return say(kind.sentence, kind.without, refused.params, lang, words)


def advice(refused: Refused, lang: Lang = "en", words: Mapping[str, str] | None = None) -> str:
    """What to do next."""
    return say(CATALOGUE[refused.code].advice, {}, refused.params, lang, words)


def title(refused: Refused, lang: Lang = "en") -> str:
    """The refusal in a few words, without figures."""
    return CATALOGUE[refused.code].title[lang]


def say(
    texts: Texts,
    without: Mapping[str, Texts],
    params: Mapping[str, str | int],
    lang: Lang,
    words: Mapping[str, str] | None = None,
) -> str:
    """A template in a language with its params filled in as people read them."""
    chosen = next((other for name, other in without.items() if params.get(name) == NONE), texts)
    return chosen[lang].format(**{name: _read(name, value, lang, words or {}) for name, value in params.items()})


def _read(name: str, value: str | int, lang: Lang, words: Mapping[str, str]) -> str:
    if isinstance(value, int):
        if name.endswith("_g"):
            return kg(value, lang)
        return percent(value, lang) if name.endswith("_bp") else _grouped(value)
    if name in MOMENTS:
        return moment(value, lang)
    if name in LISTED:
        return WORDS[lang].get(value, value)
    return words.get(value, value)


def kg(grams: int, lang: Lang = "en") -> str:
    """Grams as kilograms, exactly: "412.5 kg", in French "412,5 kg"; thousands are set apart by U+202F."""
    return f"{_scaled(grams, 3, lang)} kg"


def percent(basis_points: int, lang: Lang = "en") -> str:
    """Basis points as percent, exactly: 5250 is "52.5 %"."""
    return f"{_scaled(basis_points, 2, lang)} %"


def moment(text: str, lang: Lang = "en") -> str:
    """An ISO day as "9 Jan 2025", an ISO instant as "9 Jan 2025, 08:00 UTC"; anything else as it stands."""
    try:
        if len(text) == len("2025-01-09"):
            return _day(date.fromisoformat(text), lang)
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    return f"{_day(instant, lang)}, {instant:%H:%M:%S} UTC".replace(":00 UTC", " UTC")


def _day(day: date, lang: Lang) -> str:
    return f"{day.day} {MONTHS[lang][day.month - 1]} {day.year}"


def _scaled(value: int, places: int, lang: Lang) -> str:
    whole, part = divmod(abs(value), 10**places)
    decimals = f"{part:0{places}d}".rstrip("0")
    mark = "," if lang == "fr" else "."
    return ("-" if value < 0 else "") + _grouped(whole) + (mark + decimals if decimals else "")


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


def _kind(
    status: Status,
    params: str,
    *,
    title: tuple[str, str],
    sentence: tuple[str, str],
    advice: tuple[str, str],
    without: dict[str, tuple[str, str]] | None = None,
) -> Refusal:
    return Refusal(
        status,
        tuple(params.split()),
        _both(title),
        _both(sentence),
        _both(advice),
        {name: _both(texts) for name, texts in (without or {}).items()},
    )


def _both(texts: tuple[str, str]) -> Texts:
    return {"en": texts[0], "fr": texts[1]}


_CHECK_ID = (
    "Check the id; what belongs to another organisation is seen only once it is shared with yours.",
    "Vérifiez l'identifiant ; ce qui est à une autre organisation n'est visible qu'une fois partagé.",
)
_PROFILE = (
    "Use a code of the profile of {commodity}, or have it added to the profile.",
    "Utilisez un code du profil {commodity}, ou faites-le ajouter au profil.",
)

CATALOGUE: Final[dict[str, Refusal]] = {
    # --- quantities ---
    "NON_POSITIVE_QTY": _kind(
        "malformed",
        "value unit",
        title=("Quantity is not above zero", "Quantité nulle ou négative"),
        sentence=(
            "{value} {unit} is less than one gram; a quantity is at least one gram.",
            "{value} {unit} fait moins d'un gramme ; une quantité est d'au moins un gramme.",
        ),
        advice=(
            "Enter the weight as a number above zero, for example 62.5.",
            "Saisissez le poids comme un nombre supérieur à zéro, par exemple 62,5.",
        ),
    ),
    "QTY_NOT_A_NUMBER": _kind(
        "malformed",
        "value",
        title=("Not a number", "Pas un nombre"),
        sentence=(
            "“{value}” is not a plain decimal number.",
            "« {value} » n'est pas un nombre décimal simple.",
        ),
        advice=(
            "Write digits with a point for decimals, for example 62.5.",
            "Écrivez des chiffres avec un point pour les décimales, par exemple 62.5.",
        ),
    ),
    "QTY_ABSURD": _kind(
        "malformed",
        "value unit most_g",
        title=("Quantity beyond any lot", "Quantité au-delà de tout lot"),
        sentence=(
            "{value} {unit} is more than {most_g}, which no lot can weigh.",
            "{value} {unit} dépasse {most_g}, ce qu'aucun lot ne peut peser.",
        ),
        advice=("Check the number and the unit.", "Vérifiez le nombre et l'unité."),
    ),
    "UNIT_UNKNOWN": _kind(
        "malformed",
        "unit",
        title=("Unit unknown", "Unité inconnue"),
        sentence=(
            "“{unit}” is neither a unit of weight nor a packaging of this product.",
            "« {unit} » n'est ni une unité de poids ni un emballage de ce produit.",
        ),
        advice=(
            "Use g, kg, t, lb, oz, short_ton, long_ton, or a packaging of the product's profile.",
            "Utilisez g, kg, t, lb, oz, short_ton, long_ton, ou un emballage du profil du produit.",
        ),
    ),
    "DENSITY_REQUIRED": _kind(
        "malformed",
        "unit",
        title=("Volume without density", "Volume sans densité"),
        sentence=(
            "“{unit}” measures volume, and no density of the product is known.",
            "« {unit} » mesure un volume, et la densité du produit n'est pas connue.",
        ),
        advice=(
            "Weigh the goods and enter kilograms.",
            "Pesez la marchandise et saisissez des kilogrammes.",
        ),
    ),
    "INSUFFICIENT_STOCK": _kind(
        "conflict",
        "lot have_g wanted_g",
        title=("Lot does not hold that much", "Le lot ne contient pas autant"),
        sentence=(
            "{lot} holds {have_g}; you asked for {wanted_g}.",
            "{lot} contient {have_g} ; vous avez demandé {wanted_g}.",
        ),
        advice=(
            "Draw at most {have_g}, or record a correction of the weight first.",
            "Prélevez au plus {have_g}, ou enregistrez d'abord une correction du poids.",
        ),
    ),
    "NOTHING_LEFT": _kind(
        "conflict",
        "lot",
        title=("Lot is empty", "Lot vide"),
        sentence=("{lot} holds nothing any more.", "{lot} ne contient plus rien."),
        advice=(
            "Choose a lot with stock, or correct the event that emptied it.",
            "Choisissez un lot en stock, ou corrigez l'événement qui l'a vidé.",
        ),
    ),
    "OUTPUT_EXCEEDS_INPUT": _kind(
        "conflict",
        "input_g output_g",
        title=("More comes out than went in", "Il sort plus qu'il n'est entré"),
        sentence=("{output_g} come out of {input_g}.", "{output_g} sortent de {input_g}."),
        advice=(
            "Weigh again, or add the inputs that are missing.",
            "Pesez de nouveau, ou ajoutez les entrées qui manquent.",
        ),
    ),
    "LOSS_MISMATCH": _kind(
        "conflict",
        "loss_g expected_g",
        title=("Loss does not close the balance", "La perte n'équilibre pas le bilan"),
        sentence=(
            "A loss of {loss_g} is told; inputs less outputs are {expected_g}.",
            "Une perte de {loss_g} est déclarée ; les entrées moins les sorties font {expected_g}.",
        ),
        advice=(
            "Weigh again, or leave the loss out: it is then worked out.",
            "Pesez de nouveau, ou omettez la perte : elle est alors calculée.",
        ),
    ),
    "OUTPUT_MISMATCH": _kind(
        "conflict",
        "input_g output_g",
        title=("Parts do not make the whole", "Les parts ne font pas le tout"),
        sentence=(
            "The parts weigh {output_g} together; {input_g} were drawn.",
            "Les parts pèsent {output_g} ensemble ; {input_g} ont été prélevés.",
        ),
        advice=(
            "Make the parts sum to {input_g}; record a loss as an event of its own.",
            "Faites que les parts totalisent {input_g} ; enregistrez une perte par un événement à part.",
        ),
    ),
    "UNITS_EXCEED_LOT": _kind(
        "conflict",
        "lot have_g wanted_g",
        title=("Units weigh more than the lot", "Les unités pèsent plus que le lot"),
        sentence=(
            "The units weigh {wanted_g} together; {lot} has {have_g} that are not packed.",
            "Les unités pèsent {wanted_g} ensemble ; {lot} a {have_g} non emballés.",
        ),
        advice=(
            "Pack fewer units; a lot is packed once.",
            "Emballez moins d'unités ; un lot n'est emballé qu'une fois.",
        ),
    ),
    "WEIGHT_ABOVE_OFFER": _kind(
        "conflict",
        "lot offered_g weighed_g",
        title=("Weight above the offer", "Poids supérieur à l'offre"),
        sentence=(
            "{weighed_g} of {lot} were weighed; {offered_g} were offered.",
            "{weighed_g} de {lot} ont été pesés ; {offered_g} ont été proposés.",
        ),
        advice=(
            "Weigh again, or ask the sender to correct the lot before you accept.",
            "Pesez de nouveau, ou demandez à l'expéditeur de corriger le lot avant d'accepter.",
        ),
    ),
    # --- lots ---
    "LOT_UNKNOWN": _kind(
        "unknown",
        "lot",
        title=("Lot unknown", "Lot inconnu"),
        sentence=(
            "Your organisation knows no lot {lot}.",
            "Votre organisation ne connaît pas de lot {lot}.",
        ),
        advice=_CHECK_ID,
    ),
    "LOT_CODE_TAKEN": _kind(
        "conflict",
        "lot",
        title=("Lot code is taken", "Code de lot déjà pris"),
        sentence=(
            "Your organisation already has a lot with the code {lot}.",
            "Votre organisation a déjà un lot portant le code {lot}.",
        ),
        advice=("Give the new lot another code.", "Donnez un autre code au nouveau lot."),
    ),
    "LOT_EXISTS": _kind(
        "conflict",
        "lot",
        title=("Lot exists already", "Le lot existe déjà"),
        sentence=(
            "The id of the new lot {lot} already belongs to a lot.",
            "L'identifiant du nouveau lot {lot} appartient déjà à un lot.",
        ),
        advice=(
            "Give the new lot an id of its own.",
            "Donnez au nouveau lot un identifiant qui lui soit propre.",
        ),
    ),
    "LOT_BLOCKED": _kind(
        "conflict",
        "lot disposition",
        title=("Lot is blocked", "Lot bloqué"),
        sentence=(
            "{lot} is {disposition}: nothing can be drawn, shipped or labelled from it.",
            "{lot} est {disposition} : rien ne peut en être prélevé, expédié ni étiqueté.",
        ),
        advice=(
            "Open the lot to see why, and who can release it.",
            "Ouvrez le lot pour voir pourquoi, et qui peut le libérer.",
        ),
    ),
    "LOT_NOT_YOURS": _kind(
        "conflict",
        "lot",
        title=("Lot is not yours", "Le lot n'est pas à vous"),
        sentence=(
            "For this, {lot} would have to be your organisation's.",
            "Pour cela, {lot} devrait être à votre organisation.",
        ),
        advice=(
            "Ask the organisation that owns or holds it, or accept the transfer first.",
            "Adressez-vous à celle qui le possède ou le détient, ou acceptez d'abord le transfert.",
        ),
    ),
    "LOT_VOID": _kind(
        "conflict",
        "lot",
        title=("Lot is void", "Lot annulé"),
        sentence=(
            "A correction has taken {lot} back: the lot never was.",
            "Une correction a annulé {lot} : ce lot n'a jamais existé.",
        ),
        advice=(
            "Use the lot that the correction put in its place.",
            "Utilisez le lot que la correction a mis à sa place.",
        ),
    ),
    "LOT_IN_TRANSFER": _kind(
        "conflict",
        "lot",
        title=("Lot is on offer", "Lot proposé à un tiers"),
        sentence=(
            "{lot} is offered to another organisation, which has not answered.",
            "{lot} est proposé à une autre organisation, qui n'a pas répondu.",
        ),
        advice=(
            "Wait for the answer; a rejected offer frees the lot.",
            "Attendez la réponse ; une offre refusée libère le lot.",
        ),
    ),
    "LOT_IN_VESSEL": _kind(
        "conflict",
        "lot",
        title=("Lot lies in a vessel", "Lot dans un récipient"),
        sentence=(
            "What you ask of {lot} lies in a vessel whose run has not ended.",
            "Ce que vous demandez de {lot} se trouve dans un récipient dont le cycle n'est pas terminé.",
        ),
        advice=(
            "Name the load that ends with this step, or end it first.",
            "Nommez la charge qui se termine avec cette étape, ou terminez-la d'abord.",
        ),
    ),
    "RECEIVING_LOT_CLOSED": _kind(
        "conflict",
        "lot",
        title=("Receiving lot is closed", "Lot de réception fermé"),
        sentence=(
            "{lot} takes no more deliveries: it was drawn from, is blocked, or stands at another site.",
            "{lot} ne reçoit plus de livraisons : on y a prélevé, ou il est bloqué ou sur un autre site.",
        ),
        advice=("Receive into a new lot.", "Recevez dans un nouveau lot."),
    ),
    "NOT_A_DELIVERY": _kind(
        "conflict",
        "lot",
        title=("Not a delivery", "Pas une livraison"),
        sentence=(
            "{lot} is not a delivery; only deliveries are received.",
            "{lot} n'est pas une livraison ; seules les livraisons sont reçues.",
        ),
        advice=("Bulk the lots instead.", "Regroupez plutôt les lots."),
    ),
    "KEY_OF_OTHERS": _kind(
        "conflict",
        "owners",
        title=("The key names others", "La clé nomme d'autres"),
        sentence=(
            "The key names {owners}; these are not just the owners of what went in, each once.",
            "La clé nomme {owners} ; ce ne sont pas exactement les propriétaires de ce qui est entré, chacun une fois.",
        ),
        advice=(
            "Give every owner of the goods that went in its parts, once; or leave the key out to share by weight.",
            "Donnez une fois ses parts à chaque propriétaire de ce qui est entré ; ou omettez la clé pour partager au "
            "poids.",
        ),
    ),
    "OWNER_REQUIRED": _kind(
        "conflict",
        "lot",
        title=("Owner is not told", "Propriétaire non indiqué"),
        sentence=(
            "The inputs belong to several organisations; whose {lot} is does not follow.",
            "Les entrées sont à plusieurs organisations ; le propriétaire de {lot} n'en découle pas.",
        ),
        advice=(
            "Name as owner one of those whose goods went in.",
            "Nommez comme propriétaire l'une de celles dont la marchandise est entrée.",
        ),
    ),
    "DUPLICATE_LOT": _kind(
        "malformed",
        "lot",
        title=("Same lot twice", "Même lot deux fois"),
        sentence=("{lot} stands twice in this event.", "{lot} figure deux fois dans cet événement."),
        advice=("Add its quantities up in one line.", "Additionnez ses quantités sur une seule ligne."),
    ),
    "TOO_MANY_LOTS": _kind(
        "malformed",
        "count most",
        title=("Too many lots in one event", "Trop de lots dans un événement"),
        sentence=(
            "The event names {count} lots; {most} is the most.",
            "L'événement nomme {count} lots ; le maximum est {most}.",
        ),
        advice=("Record it as several events.", "Enregistrez-le en plusieurs événements."),
    ),
    "CYCLE": _kind(
        "conflict",
        "lot",
        title=("Lot made from itself", "Lot fait de lui-même"),
        sentence=(
            "{lot} would be made from itself.",
            "{lot} serait fait de lui-même.",
        ),
        advice=("Name the lots that really went in.", "Nommez les lots qui sont réellement entrés."),
    ),
    # --- events ---
    "EVENT_BEFORE_LOT_EXISTS": _kind(
        "conflict",
        "lot made occurred",
        title=("Before the lot existed", "Avant l'existence du lot"),
        sentence=(
            "{lot} exists since {made}; the event is dated {occurred}.",
            "{lot} existe depuis le {made} ; l'événement est daté du {occurred}.",
        ),
        advice=(
            "Check the time of the event, or correct the one that made the lot.",
            "Vérifiez l'heure de l'événement, ou corrigez celui qui a créé le lot.",
        ),
    ),
    "EVENT_IN_FUTURE": _kind(
        "conflict",
        "occurred_at now",
        title=("Event in the future", "Événement dans le futur"),
        sentence=(
            "The event is dated {occurred_at}; it is {now}.",
            "L'événement est daté du {occurred_at} ; nous sommes le {now}.",
        ),
        advice=(
            "Set the clock of the device right, then the time of the event.",
            "Réglez l'horloge de l'appareil, puis l'heure de l'événement.",
        ),
    ),
    "EVENT_ID_REUSED": _kind(
        "conflict",
        "event",
        title=("Event id is used", "Identifiant d'événement déjà utilisé"),
        sentence=(
            "The id {event} already names an event that says something else.",
            "L'identifiant {event} désigne déjà un événement qui dit autre chose.",
        ),
        advice=(
            "Send what was sent before unchanged, or give this event a new id.",
            "Renvoyez tel quel ce qui a été envoyé, ou donnez un nouvel identifiant à cet événement.",
        ),
    ),
    "EVENT_UNKNOWN": _kind(
        "unknown",
        "event",
        title=("Event unknown", "Événement inconnu"),
        sentence=(
            "Your organisation has recorded no event {event}.",
            "Votre organisation n'a pas enregistré d'événement {event}.",
        ),
        advice=(
            "Check the id; only the organisation that told an event can correct it.",
            "Vérifiez l'identifiant ; seule l'organisation qui a raconté un événement peut le corriger.",
        ),
    ),
    "EVENT_NOT_SEALED": _kind(
        "conflict",
        "event",
        title=("Not sealed yet", "Pas encore scellé"),
        sentence=(
            "The event {event} is recorded, and not sealed in the log yet.",
            "L'événement {event} est enregistré et n'est pas encore scellé dans le journal.",
        ),
        advice=("Ask again in a minute.", "Redemandez dans une minute."),
    ),
    "COSIGNATURE_REFUSED": _kind(
        "conflict",
        "",
        title=("Cosignature not taken", "Contresignature non retenue"),
        sentence=(
            "This is no cosignature of a witness that the log has named, on a checkpoint that the log signed.",
            "Ce n'est pas la contresignature d'un témoin nommé par le journal, sur un état signé par le journal.",
        ),
        advice=(
            "Ask the operator to name your key: filiere keys witness KEY. Then cosign the newest checkpoint.",
            "Faites nommer votre clé par l'exploitant (filiere keys witness CLÉ), puis contresignez le dernier état.",
        ),
    ),
    "CORRECTION_NOT_ALLOWED": _kind(
        "conflict",
        "event type",
        title=("Cannot be corrected", "Correction impossible"),
        sentence=(
            "The event {event} ({type}) cannot be corrected: its kind is final, or its lots changed hands.",
            "L'événement {event} ({type}) ne peut être corrigé : son genre est définitif, "
            "ou ses lots ont changé de mains.",
        ),
        advice=(
            "Record what happened since as an event of its own.",
            "Enregistrez ce qui s'est passé depuis par un événement à part.",
        ),
    ),
    "ALREADY_CORRECTED": _kind(
        "conflict",
        "event",
        title=("Corrected already", "Déjà corrigé"),
        sentence=("The event {event} is corrected already.", "L'événement {event} est déjà corrigé."),
        advice=(
            "Correct the event that took its place.",
            "Corrigez l'événement qui a pris sa place.",
        ),
    ),
    "CORRECTION_TYPE_MISMATCH": _kind(
        "conflict",
        "event type instead",
        title=("Correction of another kind", "Correction d'un autre genre"),
        sentence=(
            "The event {event} is “{type}”; a “{instead}” cannot take its place.",
            "L'événement {event} est « {type} » ; un « {instead} » ne peut prendre sa place.",
        ),
        advice=(
            "Put a “{type}” in its place, or nothing, and record the other event by itself.",
            "Mettez un « {type} » à sa place, ou rien, et enregistrez l'autre événement à part.",
        ),
    ),
    # --- products, steps, sites ---
    "PRODUCT_UNKNOWN": _kind(
        "malformed",
        "product",
        title=("Product unknown", "Produit inconnu"),
        sentence=(
            "No profile knows the product “{product}”.",
            "Aucun profil ne connaît le produit « {product} ».",
        ),
        advice=(
            "Use the code of a product of the profiles, for example cocoa_wet_beans.",
            "Utilisez le code d'un produit des profils, par exemple cocoa_wet_beans.",
        ),
    ),
    "COMMODITY_UNKNOWN": _kind(
        "malformed",
        "commodity commodities",
        title=("Commodity unknown", "Filière inconnue"),
        sentence=(
            "“{commodity}” is not a commodity; there are {commodities}.",
            "« {commodity} » n'est pas une filière ; il y a {commodities}.",
        ),
        advice=("Name one of them.", "Nommez-en une."),
        without={
            "commodity": (
                "There are goods of several commodities, whose seasons differ: {commodities}.",
                "Il y a des marchandises de plusieurs filières, dont les campagnes diffèrent : {commodities}.",
            )
        },
    ),
    "SEASON_UNKNOWN": _kind(
        "malformed",
        "season commodity",
        title=("Not a season", "Pas une campagne"),
        sentence=(
            "“{season}” is not a season of {commodity}.",
            "« {season} » n'est pas une campagne de {commodity}.",
        ),
        advice=(
            "Write 2024/25, or 2025 where the season begins in January.",
            "Écrivez 2024/25, ou 2025 là où la campagne commence en janvier.",
        ),
    ),
    "SEASON_NOT_NEXT": _kind(
        "malformed",
        "season following told",
        title=("Not the season after", "Pas la campagne suivante"),
        sentence=(
            "After {season} comes {following}, not {told}.",
            "Après {season} vient {following}, et non {told}.",
        ),
        advice=("Roll over one season at a time.", "Passez d'une campagne à la suivante."),
    ),
    "PRODUCT_MISMATCH": _kind(
        "conflict",
        "lot product expected",
        title=("Another product is wanted", "Un autre produit est attendu"),
        sentence=(
            "{lot} is {product}; here it would have to be {expected}.",
            "{lot} est {product} ; il faudrait ici {expected}.",
        ),
        advice=(
            "Check the lot, the product and the process.",
            "Vérifiez le lot, le produit et le procédé.",
        ),
    ),
    "STEP_UNKNOWN": _kind(
        "malformed",
        "process commodity",
        title=("Process unknown", "Procédé inconnu"),
        sentence=(
            "“{process}” is not a process of the profile of {commodity}.",
            "« {process} » n'est pas un procédé du profil {commodity}.",
        ),
        advice=_PROFILE,
    ),
    "SITE_UNKNOWN": _kind(
        "unknown",
        "site",
        title=("Site unknown", "Site inconnu"),
        sentence=(
            "Your organisation knows no site {site}.",
            "Votre organisation ne connaît pas de site {site}.",
        ),
        advice=_CHECK_ID,
    ),
    "SITE_NOT_SHARED": _kind(
        "conflict",
        "site",
        title=("Site is not shared", "Site non partagé"),
        sentence=(
            "The site {site} is not shared with your organisation.",
            "Le site {site} n'est pas partagé avec votre organisation.",
        ),
        advice=(
            "Ask its operator to share it.",
            "Demandez à son exploitant de le partager.",
        ),
    ),
    "VESSEL_UNKNOWN": _kind(
        "unknown",
        "vessel",
        title=("Vessel unknown", "Récipient inconnu"),
        sentence=(
            "Your organisation knows no vessel {vessel}.",
            "Votre organisation ne connaît pas de récipient {vessel}.",
        ),
        advice=_CHECK_ID,
    ),
    "FACILITY_OVER_CAPACITY": _kind(
        "conflict",
        "vessel capacity_g wanted_g",
        title=("More than the vessel takes", "Plus que le récipient ne contient"),
        sentence=(
            "{vessel} takes {capacity_g}; the load weighs {wanted_g}.",
            "{vessel} contient {capacity_g} ; la charge pèse {wanted_g}.",
        ),
        advice=("Load less, or use a second vessel.", "Chargez moins, ou utilisez un second récipient."),
    ),
    "FACILITY_BUSY": _kind(
        "conflict",
        "vessel since until",
        title=("Vessel is in use", "Récipient occupé"),
        sentence=(
            "{vessel} is in use from {since} to {until}.",
            "{vessel} est occupé du {since} au {until}.",
        ),
        advice=(
            "End the run that is in it first, or use another vessel.",
            "Terminez d'abord le cycle en cours, ou utilisez un autre récipient.",
        ),
        without={
            "until": (
                "{vessel} is in use since {since}.",
                "{vessel} est occupé depuis le {since}.",
            )
        },
    ),
    "LOAD_UNKNOWN": _kind(
        "unknown",
        "load",
        title=("Load unknown", "Charge inconnue"),
        sentence=(
            "Your organisation knows no load {load}.",
            "Votre organisation ne connaît pas de charge {load}.",
        ),
        advice=_CHECK_ID,
    ),
    "LOAD_ENDED": _kind(
        "conflict",
        "load ended",
        title=("Load has ended", "Charge terminée"),
        sentence=("The load {load} ended on {ended}.", "La charge {load} s'est terminée le {ended}."),
        advice=(
            "Check the load and the time of the event.",
            "Vérifiez la charge et l'heure de l'événement.",
        ),
    ),
    "LOT_NOT_IN_LOAD": _kind(
        "conflict",
        "lot load",
        title=("Lot and load do not match", "Lot et charge ne concordent pas"),
        sentence=(
            "{lot} lies in the load {load}, and is not among the inputs.",
            "{lot} se trouve dans la charge {load} et n'est pas parmi les entrées.",
        ),
        advice=(
            "Add {lot} to the inputs, or leave the load out.",
            "Ajoutez {lot} aux entrées, ou omettez la charge.",
        ),
    ),
    # --- organisations and transfers ---
    "ORGANISATION_UNKNOWN": _kind(
        "unknown",
        "organisation",
        title=("Organisation unknown", "Organisation inconnue"),
        sentence=(
            "No other organisation here has the code {organisation}.",
            "Aucune autre organisation n'a ici le code {organisation}.",
        ),
        advice=(
            "Check the code in the list of organisations.",
            "Vérifiez le code dans la liste des organisations.",
        ),
    ),
    "TRANSFER_UNKNOWN": _kind(
        "unknown",
        "transfer",
        title=("Offer unknown", "Offre inconnue"),
        sentence=(
            "Your organisation knows no offer {transfer}.",
            "Votre organisation ne connaît pas d'offre {transfer}.",
        ),
        advice=_CHECK_ID,
    ),
    "TRANSFER_NOT_FOR_YOU": _kind(
        "conflict",
        "transfer",
        title=("Offer to another organisation", "Offre faite à une autre organisation"),
        sentence=(
            "The offer {transfer} is made to another organisation.",
            "L'offre {transfer} est faite à une autre organisation.",
        ),
        advice=(
            "Only the organisation that it is made to can accept it.",
            "Seule l'organisation à qui elle est faite peut l'accepter.",
        ),
    ),
    "TRANSFER_CLOSED": _kind(
        "conflict",
        "transfer state",
        title=("Offer is closed", "Offre close"),
        sentence=("The offer {transfer} is already {state}.", "L'offre {transfer} est déjà {state}."),
        advice=("Make a new offer.", "Faites une nouvelle offre."),
    ),
    # --- claims and certificates ---
    "SCHEME_UNKNOWN": _kind(
        "malformed",
        "scheme",
        title=("Scheme unknown", "Référentiel inconnu"),
        sentence=(
            "No profile knows the scheme “{scheme}”.",
            "Aucun profil ne connaît le référentiel « {scheme} ».",
        ),
        advice=(
            "Use the id of a scheme of the profiles, for example EU_ORG.",
            "Utilisez l'identifiant d'un référentiel des profils, par exemple EU_ORG.",
        ),
    ),
    "CLAIM_VALUE_UNKNOWN": _kind(
        "malformed",
        "scheme value",
        title=("Claim unknown", "Allégation inconnue"),
        sentence=(
            "“{value}” is not a claim of {scheme}.",
            "« {value} » n'est pas une allégation de {scheme}.",
        ),
        advice=(
            "Use a value of the scheme's profile, for example organic.",
            "Utilisez une valeur du profil du référentiel, par exemple organic.",
        ),
    ),
    "CLAIM_NOT_SUPPORTED": _kind(
        "conflict",
        "lot scheme value carried",
        title=("Lot does not carry this claim", "Le lot ne porte pas cette allégation"),
        sentence=(
            "{lot} carries “{carried}” under {scheme}; “{value}” is more.",
            "{lot} porte « {carried} » selon {scheme} ; « {value} » est davantage.",
        ),
        advice=(
            "Ship it as “{carried}”; the lot says why it carries no more.",
            "Expédiez-le comme « {carried} » ; le lot dit pourquoi il ne porte pas davantage.",
        ),
    ),
    "CLAIM_NOT_LOWER": _kind(
        "conflict",
        "lot scheme value carried",
        title=("Not a downgrade", "Pas un déclassement"),
        sentence=(
            "{lot} carries “{carried}” under {scheme}; “{value}” is not lower.",
            "{lot} porte « {carried} » selon {scheme} ; « {value} » n'est pas inférieur.",
        ),
        advice=(
            "A claim only goes down: choose a lower value.",
            "Une allégation ne peut que baisser : choisissez une valeur inférieure.",
        ),
    ),
    "CERT_UNKNOWN": _kind(
        "unknown",
        "certificate scheme",
        title=("Certificate unknown", "Certificat inconnu"),
        sentence=(
            "No certificate {certificate} under {scheme} is known to your organisation.",
            "Votre organisation ne connaît pas de certificat {certificate} selon {scheme}.",
        ),
        advice=(
            "Name the certificates that stand behind the claim, as registered.",
            "Nommez les certificats qui fondent l'allégation, tels qu'enregistrés.",
        ),
        without={
            "certificate": (
                "A claim under {scheme} is made and no certificate is named.",
                "Une allégation selon {scheme} est faite sans nommer de certificat.",
            )
        },
    ),
    "CERT_NOT_ACTIVE_AT_DISPATCH": _kind(
        "conflict",
        "certificate status day",
        title=("Certificate was not in force", "Certificat pas en vigueur"),
        sentence=(
            "Certificate {certificate} was {status} on {day}.",
            "Le certificat {certificate} était {status} le {day}.",
        ),
        advice=(
            "Ship without the claim, or wait until the certificate is in force.",
            "Expédiez sans l'allégation, ou attendez que le certificat soit en vigueur.",
        ),
    ),
    "PRODUCT_NOT_IN_CERT_SCOPE": _kind(
        "conflict",
        "certificate product",
        title=("Product not on the certificate", "Produit absent du certificat"),
        sentence=(
            "Certificate {certificate} does not list {product}.",
            "Le certificat {certificate} ne mentionne pas {product}.",
        ),
        advice=(
            "Ship without the claim, or have the product added by the certification body.",
            "Expédiez sans l'allégation, ou faites ajouter le produit par l'organisme certificateur.",
        ),
    ),
    # --- quality and packing ---
    "QC_PENDING": _kind(
        "conflict",
        "lot qc",
        title=("Quality check is missing", "Contrôle qualité manquant"),
        sentence=(
            "The quality check of {lot} is {qc}; a lot leaves when it has passed.",
            "Le contrôle qualité de {lot} est {qc} ; un lot part quand il est conforme.",
        ),
        advice=("Record a check of the lot first.", "Enregistrez d'abord un contrôle du lot."),
    ),
    "LOT_EXPIRED": _kind(
        "conflict",
        "lot expires_on",
        title=("Lot has expired", "Lot périmé"),
        sentence=(
            "{lot} was to be used until {expires_on}.",
            "{lot} était à utiliser jusqu'au {expires_on}.",
        ),
        advice=("Record it as lost, or choose another lot.", "Enregistrez-le comme perdu, ou choisissez un autre lot."),
    ),
    "FEFO_VIOLATION": _kind(
        "conflict",
        "lot earlier expires_on",
        title=("Another lot expires first", "Un autre lot expire d'abord"),
        sentence=(
            "{earlier} expires on {expires_on}, before {lot}: what expires first leaves first.",
            "{earlier} expire le {expires_on}, avant {lot} : ce qui expire d'abord part d'abord.",
        ),
        advice=("Ship {earlier}, or give the reason.", "Expédiez {earlier}, ou indiquez le motif."),
    ),
    "LOT_NOT_RELEASED": _kind(
        "conflict",
        "lot",
        title=("Batch is not released", "Lot non libéré"),
        sentence=(
            "{lot} was not certified by the qualified person.",
            "{lot} n'a pas été certifié par la personne qualifiée.",
        ),
        advice=("Have the batch certified first.", "Faites d'abord certifier le lot."),
    ),
    "BATCH_CERTIFIED_BEFORE": _kind(
        "conflict",
        "lot",
        title=("Certified before", "Déjà certifié"),
        sentence=("{lot} is certified already.", "{lot} est déjà certifié."),
        advice=("Nothing needs to be done.", "Il n'y a rien à faire."),
    ),
    "BATCH_FOUR_EYES": _kind(
        "conflict",
        "lot",
        title=("Somebody else certifies", "Une autre personne certifie"),
        sentence=(
            "You recorded the making of {lot}; somebody else certifies it.",
            "Vous avez enregistré la fabrication de {lot} ; une autre personne le certifie.",
        ),
        advice=("Ask the qualified person.", "Demandez à la personne qualifiée."),
    ),
    "DEVIATION_OPEN": _kind(
        "conflict",
        "lot count",
        title=("Deviation is open", "Déviation ouverte"),
        sentence=("Open deviations of {lot}: {count}.", "Déviations ouvertes de {lot} : {count}."),
        advice=("Close them with cause and action first.", "Clôturez-les d'abord, avec cause et action."),
    ),
    "DEVIATION_EXISTS": _kind(
        "conflict",
        "deviation",
        title=("Deviation exists", "Déviation déjà enregistrée"),
        sentence=("There is a deviation {deviation} already.", "Il existe déjà une déviation {deviation}."),
        advice=("Give it an id of its own.", "Donnez-lui un identifiant à elle."),
    ),
    "DEVIATION_UNKNOWN": _kind(
        "unknown",
        "deviation",
        title=("Unknown deviation", "Déviation inconnue"),
        sentence=("There is no deviation {deviation} of yours.", "Vous n'avez pas de déviation {deviation}."),
        advice=("Check the id.", "Vérifiez l'identifiant."),
    ),
    "DEVIATION_ENDED": _kind(
        "conflict",
        "deviation",
        title=("Deviation is closed", "Déviation close"),
        sentence=("The deviation {deviation} is closed.", "La déviation {deviation} est close."),
        advice=("Raise another if there is more to it.", "Ouvrez-en une autre s'il y a du nouveau."),
    ),
    "TESTS_NOT_PASSED": _kind(
        "conflict",
        "lot tests",
        title=("Tests are missing", "Analyses manquantes"),
        sentence=(
            "{lot} has not passed: {tests}. Its profile asks for these before this step.",
            "{lot} n'a pas réussi : {tests}. Son profil les demande avant cette étape.",
        ),
        advice=("Record the check first.", "Enregistrez d'abord le contrôle."),
    ),
    "CHECKLIST_MISSING": _kind(
        "conflict",
        "lot checklist",
        title=("Checklist is missing", "Liste de contrôle manquante"),
        sentence=(
            "The checklist “{checklist}” was not gone through, in order, for {lot}.",
            "La liste de contrôle « {checklist} » n'a pas été remplie, en ordre, pour {lot}.",
        ),
        advice=("Go through the checklist first.", "Remplissez d'abord la liste de contrôle."),
    ),
    "CHECKLIST_UNKNOWN": _kind(
        "malformed",
        "checklist",
        title=("Unknown checklist", "Liste de contrôle inconnue"),
        sentence=(
            "No profile of these goods has the checklist “{checklist}”.",
            "Aucun profil de ces marchandises ne comporte la liste de contrôle « {checklist} ».",
        ),
        advice=("Use a checklist of the commodity's profile.", "Utilisez une liste du profil de la denrée."),
    ),
    "POINT_UNKNOWN": _kind(
        "malformed",
        "checklist point",
        title=("Unknown point", "Point inconnu"),
        sentence=(
            "The checklist “{checklist}” has no point “{point}”.",
            "La liste de contrôle « {checklist} » ne comporte pas le point « {point} ».",
        ),
        advice=("Use the points of the profile.", "Utilisez les points du profil."),
    ),
    "POINTS_NOT_ANSWERED": _kind(
        "malformed",
        "checklist points",
        title=("Points are not answered", "Points sans réponse"),
        sentence=(
            "These points of “{checklist}” are not answered: {points}.",
            "Ces points de « {checklist} » restent sans réponse : {points}.",
        ),
        advice=("Answer every point.", "Répondez à chaque point."),
    ),
    "RELEASE_TESTS_MISSING": _kind(
        "conflict",
        "lot tests",
        title=("Tests before the release", "Analyses avant la libération"),
        sentence=(
            "{lot} is released only after it passed: {tests}.",
            "{lot} n'est libéré qu'après avoir réussi : {tests}.",
        ),
        advice=("Record the results first.", "Enregistrez d'abord les résultats."),
    ),
    "RETEST_OF_NOTHING": _kind(
        "conflict",
        "lot check",
        title=("No failed check to repeat", "Pas de contrôle échoué à répéter"),
        sentence=(
            "{check} is not a failed check of {lot}.",
            "{check} n'est pas un contrôle échoué de {lot}.",
        ),
        advice=("Name the event of the check that failed.", "Indiquez l'événement du contrôle qui a échoué."),
    ),
    "CHECK_UNKNOWN": _kind(
        "conflict",
        "lot check",
        title=("No such check of this lot", "Pas de tel contrôle de ce lot"),
        sentence=("{check} is not a check of {lot}.", "{check} n'est pas un contrôle de {lot}."),
        advice=(
            "Name the events of the checks that the paper backs, or leave them out.",
            "Indiquez les événements des contrôles que le document appuie, ou laissez-les de côté.",
        ),
    ),
    "DOCUMENT_ATTACHED_BEFORE": _kind(
        "conflict",
        "lot sha256",
        title=("Attached before", "Déjà joint"),
        sentence=(
            "The file with SHA-256 {sha256} is attached to {lot} already.",
            "Le fichier de SHA-256 {sha256} est déjà joint à {lot}.",
        ),
        advice=(
            "There is nothing to do. To change what was said of it, correct the event that attached it.",
            "Il n'y a rien à faire. Pour changer ce qui en a été dit, corrigez l'événement qui l'a joint.",
        ),
    ),
    "ATTACHMENT_NOT_A_PAPER": _kind(
        "malformed",
        "",
        title=("Not a PDF, PNG or JPEG", "Ni PDF, ni PNG, ni JPEG"),
        sentence=(
            "The file does not begin like a PDF, a PNG or a JPEG, whatever it is called.",
            "Le fichier ne commence pas comme un PDF, un PNG ou un JPEG, quel que soit son nom.",
        ),
        advice=(
            "Send the file of the laboratory as it is, of at most 10 MiB.",
            "Envoyez le fichier du laboratoire tel quel, de 10 Mio au plus.",
        ),
    ),
    "ATTACHMENT_UNKNOWN": _kind(
        "unknown",
        "sha256",
        title=("No such file", "Pas de tel fichier"),
        sentence=(
            "There is no attached file with SHA-256 {sha256} that you may see.",
            "Aucun fichier joint de SHA-256 {sha256} ne vous est accessible.",
        ),
        advice=("Look it up in the attachments of the lot.", "Cherchez-le parmi les pièces jointes du lot."),
    ),
    "ATTACHMENT_GONE": _kind(
        "conflict",
        "sha256",
        title=("The file is no longer kept", "Le fichier n'est plus conservé"),
        sentence=(
            "The file with SHA-256 {sha256} is not kept here; the log holds its digest only.",
            "Le fichier de SHA-256 {sha256} n'est pas conservé ici ; le journal n'en garde que l'empreinte.",
        ),
        advice=(
            "Ask whoever sent it. The same bytes, sent again, are kept again.",
            "Adressez-vous à qui l'a envoyé. Les mêmes octets, renvoyés, sont de nouveau conservés.",
        ),
    ),
    "NOTHING_ANALYSED": _kind(
        "conflict",
        "lot",
        title=("Nothing was measured yet", "Rien n'a encore été mesuré"),
        sentence=("No check of {lot} is recorded.", "Aucun contrôle de {lot} n'est enregistré."),
        advice=(
            "Record what was measured (inspected); then issue the certificate of analysis.",
            "Enregistrez ce qui a été mesuré (inspected), puis émettez le certificat d'analyse.",
        ),
    ),
    "RETEST_WITHOUT_REASON": _kind(
        "malformed",
        "lot",
        title=("Why was it tested again?", "Pourquoi une nouvelle analyse ?"),
        sentence=(
            "{lot} was tested again without a reason.",
            "{lot} a été analysé de nouveau sans motif.",
        ),
        advice=(
            "Say what the investigation of the first result found.",
            "Dites ce qu'a trouvé l'enquête sur le premier résultat.",
        ),
    ),
    "SAMPLE_CODE_TAKEN": _kind(
        "conflict",
        "sample",
        title=("Sample code is taken", "Code d'échantillon déjà pris"),
        sentence=("There is a sample {sample} already.", "Il existe déjà un échantillon {sample}."),
        advice=("Give the sample another code.", "Donnez un autre code à l'échantillon."),
    ),
    "SAMPLE_OF_OTHER_LOTS": _kind(
        "conflict",
        "sample lot",
        title=("Sample of other lots", "Échantillon d'autres lots"),
        sentence=(
            "The sample {sample} was not drawn of {lot}.",
            "L'échantillon {sample} n'a pas été prélevé sur {lot}.",
        ),
        advice=("Check sample and lot.", "Vérifiez l'échantillon et le lot."),
    ),
    "DECLARATION_MISSING": _kind(
        "conflict",
        "lot declares test value",
        title=("Declaration is missing on the label", "Mention manquante sur l'étiquette"),
        sentence=(
            "{lot} was measured with {test} {value}: its label declares “{declares}”.",
            "{lot} a été mesuré à {test} {value} : son étiquette mentionne « {declares} ».",
        ),
        advice=("Issue the label with the declaration.", "Émettez l'étiquette avec la mention."),
    ),
    "CUT_TEST_COUNT": _kind(
        "malformed",
        "beans expected",
        title=("Cut test of another size", "Épreuve à la coupe d'une autre taille"),
        sentence=(
            "{beans} beans were cut; the method wants {expected}.",
            "{beans} fèves ont été coupées ; la méthode en demande {expected}.",
        ),
        advice=(
            "Cut {expected} beans, or say why it is another number.",
            "Coupez {expected} fèves, ou dites pourquoi le nombre est différent.",
        ),
    ),
    "CUT_TEST_SUM": _kind(
        "malformed",
        "counted beans",
        title=("More defects than beans", "Plus de défauts que de fèves"),
        sentence=(
            "The classes add up to {counted} beans; {beans} were cut.",
            "Les classes totalisent {counted} fèves ; {beans} ont été coupées.",
        ),
        advice=(
            "Count each bean once, in its gravest class.",
            "Comptez chaque fève une fois, dans sa classe la plus grave.",
        ),
    ),
    "NOTHING_MEASURED": _kind(
        "malformed",
        "",
        title=("Nothing was measured", "Rien n'a été mesuré"),
        sentence=(
            "The check holds neither a measurement nor a cut test.",
            "Le contrôle ne contient ni mesure ni épreuve à la coupe.",
        ),
        advice=("Add what was measured.", "Ajoutez ce qui a été mesuré."),
    ),
    "TEST_UNKNOWN": _kind(
        "malformed",
        "test commodity",
        title=("Test unknown", "Essai inconnu"),
        sentence=(
            "“{test}” is not a measurement of the profile of {commodity}.",
            "« {test} » n'est pas une mesure du profil {commodity}.",
        ),
        advice=_PROFILE,
    ),
    "STAGE_UNKNOWN": _kind(
        "malformed",
        "stage commodity",
        title=("Stage unknown", "Stade inconnu"),
        sentence=(
            "“{stage}” is not a stage of the profile of {commodity}.",
            "« {stage} » n'est pas un stade du profil {commodity}.",
        ),
        advice=_PROFILE,
    ),
    "PACKAGING_UNKNOWN": _kind(
        "malformed",
        "packaging commodity",
        title=("Packaging unknown", "Emballage inconnu"),
        sentence=(
            "“{packaging}” is not a packaging of the profile of {commodity}.",
            "« {packaging} » n'est pas un emballage du profil {commodity}.",
        ),
        advice=_PROFILE,
    ),
    "NOT_ON_HOLD": _kind(
        "conflict",
        "lot",
        title=("Nothing to release", "Rien à libérer"),
        sentence=(
            "{lot} has no hold that a release can end.",
            "{lot} n'a aucun blocage qu'une libération puisse lever.",
        ),
        advice=(
            "Open the lot to see what stands against it; a rejection or a recall is not released.",
            "Ouvrez le lot pour voir ce qui s'y oppose ; un refus ou un rappel ne se lève pas.",
        ),
    ),
    "ESTIMATE_NOT_REVISED": _kind(
        "conflict",
        "lot farmer season delivered_g estimate_g",
        title=("Beyond the estimate", "Au-delà de l'estimation"),
        sentence=(
            "{lot} is held because {farmer} has delivered {delivered_g} in {season} and {estimate_g} are estimated.",
            "{lot} est bloqué : {farmer} a livré {delivered_g} en {season} et {estimate_g} sont estimés.",
        ),
        advice=(
            "Inspect the plots and revise the estimate with a reason (beyond the scheme's highest threshold it must be "
            "signed), or downgrade the lot.",
            "Inspectez les parcelles et révisez l'estimation avec un motif (au-delà du seuil le plus haut, signée), ou "
            "déclassez le lot.",
        ),
    ),
    "CLEANING_NOT_RECORDED": _kind(
        "conflict",
        "lot since until",
        title=("No cleaning record", "Pas d'enregistrement de nettoyage"),
        sentence=(
            "{lot} is held because no cleaning between {since} and {until} was recorded in time.",
            "{lot} est bloqué : aucun nettoyage entre le {since} et le {until} n'a été enregistré à temps.",
        ),
        advice=(
            "Record the cleaning if it was done and the time for it has not passed, or downgrade the lot.",
            "Enregistrez le nettoyage s'il a eu lieu et que le délai court encore, ou déclassez le lot.",
        ),
    ),
    "COI_QTY_EXCEEDED": _kind(
        "conflict",
        "lot number left_g wanted_g",
        title=("More than the lot", "Plus que le lot"),
        sentence=(
            "Certificate {number} is for {wanted_g}; {left_g} of {lot} are on no certificate yet.",
            "Le certificat {number} porte sur {wanted_g} ; {left_g} de {lot} ne figurent encore sur aucun.",
        ),
        advice=(
            "Correct the quantity, or cancel an earlier certificate of the lot.",
            "Corrigez la quantité, ou annulez un certificat antérieur du lot.",
        ),
    ),
    "CATCH_CERTIFICATE_OF_LANDINGS": _kind(
        "conflict",
        "lot",
        title=("Not a landing", "Pas un débarquement"),
        sentence=(
            "A catch certificate is of what a vessel landed; {lot} was made from landings.",
            "Un certificat de capture porte sur ce qu'un navire a débarqué ; {lot} est fait de débarquements.",
        ),
        advice=(
            "Put the landings on the catch certificate, and the product on a processing statement.",
            "Portez les débarquements sur le certificat de capture, le produit sur une déclaration de transformation.",
        ),
    ),
    "PROCESSING_STATEMENT_OF_PRODUCTS": _kind(
        "conflict",
        "lot",
        title=("Not a processed product", "Pas un produit transformé"),
        sentence=(
            "{lot} is a landing: nothing was processed.",
            "{lot} est un débarquement : rien n'a été transformé.",
        ),
        advice=(
            "Put the landing on a catch certificate.",
            "Portez le débarquement sur un certificat de capture.",
        ),
    ),
    "CATCH_WEIGHT_EXCEEDED": _kind(
        "conflict",
        "lot number landing left_g wanted_g",
        title=("More catch than certified", "Plus de captures que certifié"),
        sentence=(
            "Statement {number} of {lot} takes {wanted_g} of landing {landing}; its certificates have {left_g} left.",
            "La déclaration {number} de {lot} prend {wanted_g} du débarquement {landing} ; il reste {left_g} sur ses "
            "certificats de capture.",
        ),
        advice=(
            "Record the catch certificate of the landing first, or correct the quantity.",
            "Enregistrez d'abord le certificat de capture du débarquement, ou corrigez la quantité.",
        ),
    ),
    "CATCH_DAYS_WRONG": _kind(
        "malformed",
        "since until day",
        title=("Days of the catch", "Jours de la capture"),
        sentence=(
            "The catch is from {since} to {until}, the landing on {day}: a catch ends after it begins, before it is "
            "landed.",
            "La capture va du {since} au {until}, le débarquement est du {day} : une capture finit après son début et "
            "avant le débarquement.",
        ),
        advice=("Correct the days.", "Corrigez les jours."),
    ),
    "RELEASE_WITHOUT_LICENCE": _kind(
        "conflict",
        "lot",
        title=("No licence", "Pas de licence"),
        sentence=(
            "{lot} is held because no licence was valid while it was caught; a reason does not replace the licence.",
            "{lot} est bloqué car aucune licence n'était valable pendant la capture ; un motif ne la remplace pas.",
        ),
        advice=(
            "If there was a licence, register it, then correct the landing: it is judged anew.",
            "S'il y avait une licence, enregistrez-la, puis corrigez le débarquement : il est rejugé.",
        ),
    ),
    "LAW_NOT_MET": _kind(
        "conflict",
        "lot scheme carried",
        title=("Not proven lawful", "Légalité non prouvée"),
        sentence=(
            "{lot} carries “{carried}” under {scheme}: such goods do not leave.",
            "{lot} porte « {carried} » selon {scheme} : une telle marchandise ne part pas.",
        ),
        advice=(
            "See the claims of the lot: they say what is missing.",
            "Voyez les allégations du lot : elles disent ce qui manque.",
        ),
    ),
    "SAMPLE_UNKNOWN": _kind(
        "unknown",
        "sample",
        title=(
            "Sample not known",
            "Échantillon inconnu",
        ),
        sentence=(
            "You have recorded no sample {sample}.",
            "Vous n'avez enregistré aucun échantillon {sample}.",
        ),
        advice=(
            "Check its code, or record first how it was drawn.",
            "Vérifiez son code, ou enregistrez d'abord son prélèvement.",
        ),
    ),
    "SHIPMENT_UNKNOWN": _kind(
        "unknown",
        "lot shipment",
        title=(
            "Shipment not known",
            "Expédition inconnue",
        ),
        sentence=(
            "{shipment} is no shipment of {lot} that you recorded and that stands.",
            "{shipment} n'est pas une expédition de {lot} que vous avez enregistrée et qui tient.",
        ),
        advice=(
            "Name the event by which the goods left.",
            "Indiquez l'événement par lequel la marchandise est partie.",
        ),
    ),
    "RETURN_BEFORE_SHIPMENT": _kind(
        "conflict",
        "lot day",
        title=(
            "Back before it left",
            "Revenu avant d'être parti",
        ),
        sentence=(
            "The goods of {lot} left on {day}, after this return.",
            "La marchandise de {lot} est partie le {day}, après ce retour.",
        ),
        advice=(
            "Correct the time of the return.",
            "Corrigez l'heure du retour.",
        ),
    ),
    "SHIPMENT_RETURNED": _kind(
        "conflict",
        "lot returned_g wanted_g",
        title=(
            "Goods came back from this shipment",
            "Des marchandises sont revenues de cette expédition",
        ),
        sentence=(
            "Of {lot}, {returned_g} came back from what this correction leaves as {wanted_g}.",
            "De {lot}, {returned_g} sont revenus de ce que cette correction ramène à {wanted_g}.",
        ),
        advice=(
            "Correct the return first, then the shipment.",
            "Corrigez d'abord le retour, puis l'expédition.",
        ),
    ),
    "RETURN_EXCEEDS_SHIPMENT": _kind(
        "conflict",
        "lot shipped_g wanted_g",
        title=(
            "More than left",
            "Plus que parti",
        ),
        sentence=(
            "{wanted_g} of {lot} are said to come back; {shipped_g} left and are not back yet.",
            "{wanted_g} de {lot} seraient revenus ; {shipped_g} sont partis et ne sont pas encore revenus.",
        ),
        advice=(
            "Weigh again, or name another shipment.",
            "Pesez à nouveau, ou indiquez une autre expédition.",
        ),
    ),
    "RELEASE_OF_RETURN": _kind(
        "conflict",
        "lot",
        title=(
            "Not for sale again",
            "Ne se revend pas",
        ),
        sentence=(
            "{lot} came back too late, opened, or without proof of how it was kept; a reason does not make it "
            "saleable.",
            "{lot} est revenu trop tard, ouvert, ou sans preuve de conservation ; un motif ne le rend pas vendable.",
        ),
        advice=(
            "Destroy it and record the loss; if a fact was told wrongly, correct the return.",
            "Détruisez-le et enregistrez la perte ; si un fait était faux, corrigez le retour.",
        ),
    ),
    "LABELS_NOT_RECONCILED": _kind(
        "conflict",
        "lot",
        title=(
            "Labels not counted",
            "Étiquettes non comptées",
        ),
        sentence=(
            "The printed labels of {lot} have not been reconciled.",
            "Les étiquettes imprimées de {lot} n'ont pas été rapprochées.",
        ),
        advice=(
            "Record how many were printed, used, spoiled and put back.",
            "Enregistrez combien ont été imprimées, utilisées, gâtées et rendues.",
        ),
    ),
    "LABELS_MISSING": _kind(
        "conflict",
        "lot count",
        title=(
            "Labels do not add up",
            "Les étiquettes ne concordent pas",
        ),
        sentence=(
            "{count} labels of {lot} are unaccounted for, and no deviation says why.",
            "{count} étiquettes de {lot} restent inexpliquées, et aucune déviation ne dit pourquoi.",
        ),
        advice=(
            "Count again, or raise a deviation and close it with its cause.",
            "Recomptez, ou ouvrez une déviation et clôturez-la avec sa cause.",
        ),
    ),
    "YIELD_NOT_EXPLAINED": _kind(
        "conflict",
        "lot",
        title=(
            "Yield not explained",
            "Rendement inexpliqué",
        ),
        sentence=(
            "The yield of {lot} is beyond the range of its step, and no deviation says why.",
            "Le rendement de {lot} sort de la plage de son étape, et aucune déviation ne dit pourquoi.",
        ),
        advice=(
            "Raise a deviation and close it with its cause, or correct the weights.",
            "Ouvrez une déviation et clôturez-la avec sa cause, ou corrigez les poids.",
        ),
    ),
    "CERTIFICATE_NUMBER_TAKEN": _kind(
        "conflict",
        "number lot",
        title=("Number used already", "Numéro déjà utilisé"),
        sentence=(
            "Certificate {number} is recorded already, on {lot}.",
            "Le certificat {number} est déjà enregistré, sur {lot}.",
        ),
        advice=("Check the number on the paper.", "Vérifiez le numéro sur le document."),
    ),
    "OPERATOR_NOT_CERTIFIED": _kind(
        "conflict",
        "scheme",
        title=("No certificate of your own", "Pas de certificat propre"),
        sentence=(
            "Goods leave with a claim under {scheme} only under a certificate of their owner, too; none of those named "
            "is yours.",
            "Une marchandise part avec une allégation selon {scheme} aussi sous un certificat de son propriétaire ; "
            "aucun de ceux cités n'est le vôtre.",
        ),
        advice=("Name your own certificate too, or ship without the claim.", "Citez aussi le vôtre, ou expédiez sans."),
    ),
    "CLAIM_BALANCE_EXCEEDED": _kind(
        "conflict",
        "lot scheme left_g wanted_g",
        title=("More than may carry the claim", "Plus que la part certifiée"),
        sentence=(
            "{wanted_g} of {lot} would leave with the claim under {scheme}; {left_g} of it may carry it.",
            "{wanted_g} de {lot} partiraient avec l'allégation selon {scheme} ; {left_g} peuvent la porter.",
        ),
        advice=(
            "Ship that much with the claim, and the rest without.",
            "Expédiez cette part avec l'allégation, et le reste sans.",
        ),
    ),
    "INSTRUMENT_UNKNOWN": _kind(
        "unknown",
        "instrument",
        title=("No such instrument", "Instrument inconnu"),
        sentence=("There is no instrument {instrument}.", "Il n'y a pas d'instrument {instrument}."),
        advice=("Register the instrument first, or leave it out.", "Enregistrez d'abord l'instrument, ou omettez-le."),
    ),
    "ALREADY_MEMBER_FOR_PRODUCT": _kind(
        "conflict",
        "scheme",
        title=("Registered already", "Déjà inscrit"),
        sentence=(
            "This person is registered under {scheme} for the same product in another group or under another "
            "certificate.",
            "Cette personne est inscrite selon {scheme} pour le même produit dans un autre groupement ou sous un autre "
            "certificat.",
        ),
        advice=(
            "A person is in one group only for a product (Reg. (EU) 2021/279 Art. 4): end the other one first.",
            "Une personne n'est que dans un groupement par produit (règl. (UE) 2021/279 art. 4) : mettez fin à "
            "l'autre inscription.",
        ),
    ),
    "HOLDING_NOT_DECLARED": _kind(
        "conflict",
        "farmer scheme",
        title=("Nothing to test", "Rien à examiner"),
        sentence=(
            "{scheme} has no limits for members, or {farmer} has declared no holding by that day.",
            "{scheme} n'a pas de limites pour les membres, ou {farmer} n'a déclaré aucune exploitation à cette date.",
        ),
        advice=("Record what the farmer declares of the whole farm.", "Enregistrez ce que déclare l'agriculteur."),
    ),
    "SAMPLE_RULE_UNKNOWN": _kind(
        "malformed",
        "scheme rule",
        title=("No such sample", "Échantillon inconnu"),
        sentence=("{scheme} has no sample rule “{rule}”.", "{scheme} n'a pas de règle d'échantillon « {rule} »."),
        advice=("Use one of those that the scheme lists.", "Utilisez une de celles que le référentiel énumère."),
    ),
    "FOUR_EYES": _kind(
        "conflict",
        "inspection",
        title=("Somebody else decides", "Une autre personne décide"),
        sentence=(
            "The inspection {inspection} is decided by the ICS manager, not by whoever inspected or reported it.",
            "L'inspection {inspection} est décidée par le responsable du SCI, pas par qui l'a faite ou rapportée.",
        ),
        advice=("Ask another user to decide.", "Demandez à un autre utilisateur de décider."),
    ),
    "INSPECTION_DOES_NOT_COUNT": _kind(
        "conflict",
        "inspection",
        title=("The inspection does not count", "L'inspection ne compte pas"),
        sentence=(
            "The inspection {inspection} does not count, so nobody can be approved on it.",
            "L'inspection {inspection} ne compte pas : personne ne peut être agréé sur sa base.",
        ),
        advice=("See what stands against it, and inspect again.", "Voyez ce qui s'y oppose, puis inspectez à nouveau."),
    ),
    "INSPECTION_DECIDED": _kind(
        "conflict",
        "inspection",
        title=("Decided already", "Déjà décidée"),
        sentence=("The inspection {inspection} is decided already.", "L'inspection {inspection} est déjà décidée."),
        advice=("Change the membership itself, with a reason.", "Modifiez l'adhésion elle-même, avec un motif."),
    ),
    # --- registry, rights, labels ---
    "FARMER_CODE_MALFORMED": _kind(
        "malformed",
        "farmer",
        title=("Not a farmer's code", "Pas un code d'agriculteur"),
        sentence=(
            "“{farmer}” is not a code: capitals, digits and . / _ - only.",
            "« {farmer} » n'est pas un code : capitales, chiffres et . / _ - uniquement.",
        ),
        advice=(
            "Use the farmer's code, for example LR-C1-0042; names stay out of the log.",
            "Utilisez le code de l'agriculteur, par exemple LR-C1-0042 ; les noms restent hors du journal.",
        ),
    ),
    "NOT_PERMITTED": _kind(
        "conflict",
        "action",
        title=("Not within your rights", "Hors de vos droits"),
        sentence=(
            "Your account does not have this right: {action}.",
            "Votre compte n'a pas ce droit : {action}.",
        ),
        advice=(
            "Ask an administrator of your organisation.",
            "Adressez-vous à un administrateur de votre organisation.",
        ),
    ),
    "CLAIM_WORD_WITHOUT_CLAIM": _kind(
        "conflict",
        "word text",
        title=("Claim word without claim", "Mention sans droit"),
        sentence=(
            "“{word}” stands in “{text}”, and the lot carries no such claim.",
            "« {word} » figure dans « {text} », et le lot ne porte pas cette mention.",
        ),
        advice=(
            "Change the text, or see why the claim is not carried.",
            "Changez le texte, ou voyez pourquoi la mention manque.",
        ),
    ),
    "CLAIM_WITHOUT_CONTROL_BODY": _kind(
        "conflict",
        "scheme",
        title=("Control body missing", "Organisme de contrôle manquant"),
        sentence=(
            "A claim under {scheme} is printed with the code of the control body, and no certificate names one.",
            "Une mention {scheme} s'imprime avec le code de l'organisme de contrôle, et aucun certificat n'en donne.",
        ),
        advice=(
            "Add the code to the certificate.",
            "Ajoutez le code au certificat.",
        ),
    ),
    "GLYPH_MISSING": _kind(
        "conflict",
        "character text",
        title=("Letter missing", "Lettre manquante"),
        sentence=(
            "The typeface of this document has no {character}, which stands in “{text}”.",
            "La police de ce document n'a pas {character}, qui figure dans « {text} ».",
        ),
        advice=(
            "Print the label as SVG, or write the name in Latin letters.",
            "Imprimez en SVG, ou écrivez le nom en lettres latines.",
        ),
    ),
    "ADDRESS_TOO_LONG": _kind(
        "conflict",
        "url",
        title=("Address too long", "Adresse trop longue"),
        sentence=(
            "{url} is too long for a symbol that scans well from a sack.",
            "{url} est trop longue pour un symbole bien lisible sur un sac.",
        ),
        advice=(
            "Use a shorter host name (FILIERE_PUBLIC_URL).",
            "Prenez un nom d'hôte plus court (FILIERE_PUBLIC_URL).",
        ),
    ),
    "SKIP_OUT_OF_RANGE": _kind(
        "malformed",
        "skip places",
        title=("Sheet position out of range", "Position hors de la feuille"),
        sentence=(
            "A sheet has {places} places; {skip} cannot be skipped.",
            "Une feuille a {places} places ; {skip} ne peuvent être sautées.",
        ),
        advice=(
            "Skip fewer places than a sheet has.",
            "Sautez moins de places que n'en a la feuille.",
        ),
    ),
    "DESIGN_UNKNOWN": _kind(
        "malformed",
        "design designs",
        title=("Label design unknown", "Modèle d'étiquette inconnu"),
        sentence=(
            "{design} is not a label design that we print.",
            "{design} n'est pas un modèle d'étiquette que nous imprimons.",
        ),
        advice=(
            "Known designs: {designs}.",
            "Modèles connus : {designs}.",
        ),
    ),
    "LABEL_TOO_SMALL": _kind(
        "conflict",
        "design text",
        title=("Label too small", "Étiquette trop petite"),
        sentence=(
            "“{text}” must stand on the label and does not fit on the design {design}.",
            "« {text} » doit figurer sur l'étiquette et ne tient pas sur le modèle {design}.",
        ),
        advice=(
            "Choose a larger design.",
            "Choisissez un modèle plus grand.",
        ),
    ),
    "GRID_UNKNOWN": _kind(
        "malformed",
        "grid grids",
        title=("Sheet unknown", "Feuille inconnue"),
        sentence=(
            "{grid} is not a sheet that we print on.",
            "{grid} n'est pas une feuille que nous imprimons.",
        ),
        advice=(
            "Known sheets: {grids}.",
            "Feuilles connues : {grids}.",
        ),
    ),
    "DOCUMENT_NOT_IN_FORCE": _kind(
        "conflict",
        "document state",
        title=("Document no longer in force", "Document qui n'est plus en vigueur"),
        sentence=("{document} is {state} already.", "{document} est déjà {state}."),
        advice=(
            "Ask for the document by its number: it says what stands in its place, or why it was withdrawn.",
            "Demandez le document par son numéro : il dit ce qui le remplace, ou pourquoi il a été retiré.",
        ),
    ),
    "STATEMENT_ISSUED_BEFORE": _kind(
        "conflict",
        "document",
        title=("Stated already", "Déjà attesté"),
        sentence=(
            "{document} states this transaction already, and is in force.",
            "{document} atteste déjà cette transaction, et est en vigueur.",
        ),
        advice=(
            "Send that one, or issue it anew: the new one then stands in its place.",
            "Envoyez celui-là, ou émettez-le de nouveau : le nouveau le remplacera.",
        ),
    ),
    "STATEMENT_EXCEEDS_LOT": _kind(
        "conflict",
        "lot have_g wanted_g",
        title=("More than the lot", "Plus que le lot"),
        sentence=(
            "{wanted_g} would be stated of {lot}, which stands for {have_g}.",
            "{wanted_g} seraient attestés pour {lot}, qui en représente {have_g}.",
        ),
        advice=(
            "Correct the lot or the shipment first.",
            "Corrigez d'abord le lot ou l'expédition.",
        ),
    ),
    "STATEMENT_CLAIM_LOWERED": _kind(
        "conflict",
        "lot scheme value carried",
        title=("The claim was lowered since", "Mention abaissée depuis"),
        sentence=(
            "It was told as {value} under {scheme}; {lot} carries {carried} now.",
            "Annoncé {value} au titre de {scheme} ; {lot} porte désormais {carried}.",
        ),
        advice=(
            "Open the claims of the lot to see what lowered it, tell the buyer, and correct the shipment.",
            "Ouvrez les mentions du lot pour voir ce qui l'a abaissée, prévenez l'acheteur et corrigez l'expédition.",
        ),
    ),
    "DOCUMENT_UNKNOWN": _kind(
        "unknown",
        "document",
        title=("Document unknown", "Document inconnu"),
        sentence=(
            "Your organisation has issued no document {document}.",
            "Votre organisation n'a émis aucun document {document}.",
        ),
        advice=(
            "Check the number printed at the foot of the document.",
            "Vérifiez le numéro imprimé au bas du document.",
        ),
    ),
    "IMPORT_UNKNOWN": _kind(
        "unknown",
        "run",
        title=("Import unknown", "Import inconnu"),
        sentence=("Your organisation has no import {run}.", "Votre organisation n'a pas d'import {run}."),
        advice=("Look it up in the list of imports.", "Cherchez-le dans la liste des imports."),
    ),
    "IMPORT_CERTIFICATE_UNKNOWN": _kind(
        "malformed",
        "certificate",
        title=("Certificate unknown", "Certificat inconnu"),
        sentence=(
            "Your organisation has no certificate {certificate}.",
            "Votre organisation n'a pas de certificat {certificate}.",
        ),
        advice=(
            "Use the number of a certificate as it is registered.",
            "Utilisez le numéro d'un certificat tel qu'il est enregistré.",
        ),
    ),
    "IMPORT_COLUMNS_MISSING": _kind(
        "conflict",
        "columns",
        title=("Columns are missing", "Des colonnes manquent"),
        sentence=(
            "No column of the list is known to hold: {columns}.",
            "Aucune colonne de la liste n'est reconnue pour : {columns}.",
        ),
        advice=("Say which columns hold them.", "Dites quelles colonnes les contiennent."),
    ),
    "IMPORT_TO_CORRECT": _kind(
        "conflict",
        "count rows",
        title=("Rows to correct", "Lignes à corriger"),
        sentence=(
            "Rows to correct: {count} ({rows}). Nothing was written.",
            "Lignes à corriger : {count} ({rows}). Rien n'a été enregistré.",
        ),
        advice=(
            "Correct them and bring the list in again, or leave them out on purpose.",
            "Corrigez-les et importez la liste de nouveau, ou écartez-les délibérément.",
        ),
    ),
    "IMPORT_CONTENT_GONE": _kind(
        "conflict",
        "run",
        title=("The file is no longer kept", "Le fichier n'est plus conservé"),
        sentence=(
            "The file of import {run} is no longer kept.",
            "Le fichier de l'import {run} n'est plus conservé.",
        ),
        advice=("Bring the file in again.", "Importez de nouveau le fichier."),
    ),
    "IMPORT_NOT_APPLIED": _kind(
        "conflict",
        "run",
        title=("Not imported yet", "Pas encore importé"),
        sentence=("Import {run} has written nothing yet.", "L'import {run} n'a encore rien enregistré."),
        advice=("There is nothing to take back.", "Il n'y a rien à annuler."),
    ),
    "IMPORT_OVERTAKEN": _kind(
        "conflict",
        "",
        title=("Overtaken", "Devancé"),
        sentence=(
            "Somebody registered one of these records at the same time. Nothing was written.",
            "Quelqu'un a enregistré l'une de ces fiches au même moment. Rien n'a été enregistré.",
        ),
        advice=("Apply the import again.", "Relancez l'import."),
    ),
    "IMPORT_IN_USE": _kind(
        "conflict",
        "used",
        title=("In use", "Déjà utilisé"),
        sentence=(
            "What this import made is in use: {used}. Nothing was taken back.",
            "Ce que cet import a créé est utilisé : {used}. Rien n'a été annulé.",
        ),
        advice=("Correct single records instead.", "Corrigez plutôt les fiches une à une."),
    ),
    "IMPORT_CHANGED_SINCE": _kind(
        "conflict",
        "records",
        title=("Changed since", "Modifié depuis"),
        sentence=(
            "Somebody changed since what this import wrote: {records}. Nothing was taken back.",
            "Ce que cet import a enregistré a été modifié depuis : {records}. Rien n'a été annulé.",
        ),
        advice=("Correct single records instead.", "Corrigez plutôt les fiches une à une."),
    ),
    "LOT_WITHOUT_LABEL": _kind(
        "conflict",
        "lot",
        title=("Lot without label", "Lot sans étiquette"),
        sentence=("{lot} has no label yet.", "{lot} n'a pas encore d'étiquette."),
        advice=("Issue a label for it first.", "Émettez d'abord une étiquette."),
    ),
    "LABEL_UNKNOWN": _kind(
        "unknown",
        "label",
        title=("Label unknown", "Étiquette inconnue"),
        sentence=(
            "Your organisation has no label {label} in use.",
            "Votre organisation n'a pas d'étiquette {label} en usage.",
        ),
        advice=(
            "Check the 16 characters printed under the symbol.",
            "Vérifiez les 16 caractères imprimés sous le symbole.",
        ),
    ),
    # --- labelled units ---
    "NO_SUCH_UNIT": _kind(
        "unknown",
        "lot unit",
        title=("Unit unknown", "Unité inconnue"),
        sentence=(
            "{lot} has no unit {unit}.",
            "{lot} n'a pas d'unité {unit}.",
        ),
        advice=(
            "Check the number; units are counted when the lot is packed.",
            "Vérifiez le numéro ; les unités sont comptées à l'emballage du lot.",
        ),
    ),
    "UNIT_STATE": _kind(
        "conflict",
        "lot unit unit_state unit_becomes",
        title=("Not in this state", "Pas dans cet état"),
        sentence=(
            "Unit {unit} of {lot} is {unit_state}: it cannot become {unit_becomes} now.",
            "L'unité {unit} de {lot} est {unit_state} : elle ne peut pas devenir {unit_becomes} maintenant.",
        ),
        advice=(
            "Look at the unit; leave it out, or tell first what came before.",
            "Regardez l'unité ; laissez-la de côté, ou indiquez d'abord ce qui précède.",
        ),
    ),
    "UNIT_CODE_UNKNOWN": _kind(
        "unknown",
        "label",
        title=("Code of a unit unknown", "Code d'unité inconnu"),
        sentence=(
            "{label} is no label in use of a unit of this lot.",
            "{label} n'est pas une étiquette en usage d'une unité de ce lot.",
        ),
        advice=(
            "Scan the label again; if it stays unknown, put the unit aside and ask who sent it.",
            "Scannez-la de nouveau ; si elle reste inconnue, mettez l'unité de côté et demandez à l'expéditeur.",
        ),
    ),
    "UNIT_WITHOUT_LABEL": _kind(
        "conflict",
        "lot unit",
        title=("Unit without a label", "Unité sans étiquette"),
        sentence=(
            "Unit {unit} of {lot} has no label that counts.",
            "L'unité {unit} de {lot} n'a pas d'étiquette valable.",
        ),
        advice=(
            "Label the units first.",
            "Étiquetez d'abord les unités.",
        ),
    ),
    "REPRINT_WITHOUT_REASON": _kind(
        "conflict",
        "lot unit",
        title=("Printed before", "Déjà imprimée"),
        sentence=(
            "The label of unit {unit} of {lot} was printed before.",
            "L'étiquette de l'unité {unit} de {lot} a déjà été imprimée.",
        ),
        advice=(
            "Say why it is printed again: the register keeps the reason.",
            "Dites pourquoi elle est réimprimée : le registre garde la raison.",
        ),
    ),
    "LABELS_EXCEED_LOT": _kind(
        "conflict",
        "lot have_g wanted_g",
        title=("More labels than goods", "Plus d'étiquettes que de marchandise"),
        sentence=(
            "The labels of {lot} would name {wanted_g} together; it has {have_g}.",
            "Les étiquettes de {lot} indiqueraient {wanted_g} ensemble ; il a {have_g}.",
        ),
        advice=(
            "Void labels of units that are no more, or label fewer.",
            "Annulez les étiquettes d'unités qui n'existent plus, ou étiquetez-en moins.",
        ),
    ),
    "UNIT_TOO_HEAVY": _kind(
        "conflict",
        "lot unit have_g",
        title=("Unit too heavy for a label", "Unité trop lourde pour une étiquette"),
        sentence=(
            "Unit {unit} of {lot} weighs {have_g}; a label names at most 16 t.",
            "L'unité {unit} de {lot} pèse {have_g} ; une étiquette indique au plus 16 t.",
        ),
        advice=(
            "Pack smaller units.",
            "Emballez de plus petites unités.",
        ),
    ),
    "UNIT_WEIGHT_OFF": _kind(
        "conflict",
        "lot unit weighed_g label_g tolerance_g",
        title=("Weighs otherwise than its label", "Pèse autrement que son étiquette"),
        sentence=(
            "Unit {unit} of {lot} weighs {weighed_g}, its label says {label_g}; {tolerance_g} off are allowed.",
            "L'unité {unit} de {lot} pèse {weighed_g}, son étiquette dit {label_g} ; {tolerance_g} d'écart sont admis.",
        ),
        advice=(
            "Weigh again; refill the unit, or void its label.",
            "Pesez de nouveau ; complétez l'unité, ou annulez son étiquette.",
        ),
    ),
    "UNITS_WEIGH_OTHERWISE": _kind(
        "conflict",
        "lot units_g wanted_g",
        title=("Units and quantity differ", "Unités et quantité diffèrent"),
        sentence=(
            "The units named of {lot} weigh {units_g}, and {wanted_g} are told.",
            "Les unités indiquées de {lot} pèsent {units_g}, et {wanted_g} sont dits.",
        ),
        advice=(
            "Name the units that leave or come back, all of them and no other.",
            "Indiquez les unités qui partent ou reviennent, toutes et aucune autre.",
        ),
    ),
    "NO_UNITS": _kind(
        "malformed",
        "lot",
        title=("No units named", "Aucune unité indiquée"),
        sentence=(
            "No unit of {lot} is named.",
            "Aucune unité de {lot} n'est indiquée.",
        ),
        advice=(
            "Name the units by number or by code.",
            "Indiquez les unités par numéro ou par code.",
        ),
    ),
    "UNIT_NOT_SENT": _kind(
        "conflict",
        "lot unit",
        title=("Not sent yet", "Pas encore envoyée"),
        sentence=(
            "Unit {unit} of {lot} was labelled here and has not left.",
            "L'unité {unit} de {lot} a été étiquetée ici et n'est pas partie.",
        ),
        advice=(
            "Whoever gets the goods tells that they came.",
            "C'est qui reçoit la marchandise qui indique son arrivée.",
        ),
    ),
    "UNITS_NOT_FOR_YOU": _kind(
        "conflict",
        "lot unit",
        title=("Not shipped to you", "Pas expédiée à vous"),
        sentence=(
            "No shipment to your organisation names unit {unit} of {lot}.",
            "Aucune expédition à votre organisation ne nomme l'unité {unit} de {lot}.",
        ),
        advice=(
            "Scan the label of the unit.",
            "Scannez l'étiquette de l'unité.",
        ),
    ),
    "UNITS_LABELLED": _kind(
        "conflict",
        "lot units",
        title=("Labels are about", "Des étiquettes circulent"),
        sentence=(
            "{units} units of {lot} have labels: it cannot be packed otherwise.",
            "{units} unités de {lot} ont des étiquettes : il ne peut pas être emballé autrement.",
        ),
        advice=(
            "Void the labels first.",
            "Annulez d'abord les étiquettes.",
        ),
    ),
    "UNIT_CHANGED_SINCE": _kind(
        "conflict",
        "lot unit unit_state",
        title=("Something followed", "Il y a eu une suite"),
        sentence=(
            "Unit {unit} of {lot} is {unit_state} since: only what was told of it last is taken back.",
            "L'unité {unit} de {lot} est {unit_state} depuis : seul ce qui en a été dit en dernier peut être annulé.",
        ),
        advice=(
            "Correct first what was told of the unit since, or leave it as it is.",
            "Corrigez d'abord ce qui a été dit de l'unité depuis, ou laissez-la ainsi.",
        ),
    ),
    "UNIT_OPENED_BY_CODE": _kind(
        "conflict",
        "lot unit",
        title=("Opened by its code", "Ouverte par son code"),
        sentence=(
            "Unit {unit} of {lot} was opened by whoever had the code under its tear-off: that is not taken back.",
            "L'unité {unit} de {lot} a été ouverte par qui avait le code sous sa languette : cela ne s'annule pas.",
        ),
        advice=(
            "Void its label, and label the unit anew if it is still closed.",
            "Annulez son étiquette, et étiquetez l'unité à nouveau si elle est encore fermée.",
        ),
    ),
    "UNIT_NOT_SHIPPED": _kind(
        "conflict",
        "lot unit",
        title=("Not of this shipment", "Pas de cette expédition"),
        sentence=(
            "Unit {unit} of {lot} did not leave with the shipment that is named.",
            "L'unité {unit} de {lot} n'est pas partie avec l'expédition indiquée.",
        ),
        advice=(
            "Name the units that came back, or the shipment that they left with.",
            "Indiquez les unités revenues, ou l'expédition avec laquelle elles sont parties.",
        ),
    ),
    "UNIT_MOVED_ON": _kind(
        "conflict",
        "lot unit unit_state",
        title=("A unit has arrived", "Une unité est arrivée"),
        sentence=(
            "Unit {unit} of {lot} is {unit_state}: the shipment that it left with names it.",
            "L'unité {unit} de {lot} est {unit_state} : l'expédition avec laquelle elle est partie la nomme.",
        ),
        advice=(
            "Name the unit in the correction too.",
            "Nommez aussi l'unité dans la correction.",
        ),
    ),
    "LABEL_KEY_MISSING": _kind(
        "conflict",
        "key",
        title=("No key for labels", "Pas de clé pour étiquettes"),
        sentence=(
            "This deployment has no secret of label key {key}.",
            "Cette installation n'a pas le secret de la clé d'étiquettes {key}.",
        ),
        advice=(
            "Ask whoever runs it to make a label key.",
            "Demandez à qui l'exploite de créer une clé d'étiquettes.",
        ),
    ),
    "ALERT_UNKNOWN": _kind(
        "unknown",
        "label",
        title=("Alert unknown", "Alerte inconnue"),
        sentence=(
            "Your organisation has no open alert on the label {label}.",
            "Votre organisation n'a pas d'alerte ouverte sur l'étiquette {label}.",
        ),
        advice=(
            "Look at the list of alerts; somebody may have closed it.",
            "Regardez la liste des alertes ; quelqu'un l'a peut-être close.",
        ),
    ),
    # --- recalls ---
    "RECALL_UNKNOWN": _kind(
        "unknown",
        "recall",
        title=("Recall unknown", "Rappel inconnu"),
        sentence=(
            "There is no recall {recall} that concerns your organisation.",
            "Aucun rappel {recall} ne concerne votre organisation.",
        ),
        advice=(
            "Look it up in the list of recalls.",
            "Cherchez-le dans la liste des rappels.",
        ),
    ),
    "RECALL_NOTHING_THERE": _kind(
        "unknown",
        "origin ref",
        title=("Nothing to recall", "Rien à rappeler"),
        sentence=(
            "No lot of yours follows from the {origin} {ref}.",
            "Aucun de vos lots ne vient de : {origin} {ref}.",
        ),
        advice=(
            "Check the code or id; of a vessel, check the days too.",
            "Vérifiez le code ou l'identifiant ; pour une cuve, vérifiez aussi les jours.",
        ),
    ),
    "RECALL_NOT_A_FAILURE": _kind(
        "conflict",
        "check",
        title=("The check did not fail", "Le contrôle n'a pas échoué"),
        sentence=(
            "The check {check} did not fail.",
            "Le contrôle {check} n'a pas échoué.",
        ),
        advice=(
            "Open the recall from the lot itself if it is to be recalled all the same.",
            "Ouvrez le rappel à partir du lot s'il doit être rappelé malgré tout.",
        ),
    ),
    "RECALL_ID_TAKEN": _kind(
        "conflict",
        "recall",
        title=("Id used before", "Identifiant déjà utilisé"),
        sentence=(
            "The id {recall} belongs to another recall.",
            "L'identifiant {recall} est celui d'un autre rappel.",
        ),
        advice=(
            "Give the new recall an id of its own.",
            "Donnez au nouveau rappel un identifiant à lui.",
        ),
    ),
    "RECALL_CLOSED": _kind(
        "conflict",
        "recall",
        title=("Recall is closed", "Rappel clos"),
        sentence=(
            "Recall {recall} is closed; its record stands.",
            "Le rappel {recall} est clos ; son dossier reste tel quel.",
        ),
        advice=(
            "Open another recall if more goods are concerned.",
            "Ouvrez un autre rappel si d'autres marchandises sont concernées.",
        ),
    ),
    "RECALL_NOT_NOTIFIED": _kind(
        "conflict",
        "recall recipients",
        title=("Recipients not told", "Destinataires non prévenus"),
        sentence=(
            "Recall {recall} cannot be closed: not told yet are {recipients}.",
            "Le rappel {recall} ne peut être clos : pas encore prévenus : {recipients}.",
        ),
        advice=(
            "Tell them, and record when and how.",
            "Prévenez-les, et notez quand et comment.",
        ),
    ),
    "RECALL_FOUR_EYES": _kind(
        "conflict",
        "recall",
        title=("A second person closes", "Une seconde personne clôt"),
        sentence=(
            "Recall {recall} was opened by you; somebody else closes it.",
            "Vous avez ouvert le rappel {recall} ; quelqu'un d'autre le clôt.",
        ),
        advice=(
            "Ask a colleague with the same right.",
            "Demandez à un collègue qui a le même droit.",
        ),
    ),
    "RECALL_RECIPIENT_UNKNOWN": _kind(
        "unknown",
        "recall recipient",
        title=("Recipient unknown", "Destinataire inconnu"),
        sentence=(
            "{recipient} got none of the goods of recall {recall} from you.",
            "{recipient} n'a reçu de vous aucune marchandise du rappel {recall}.",
        ),
        advice=(
            "Choose a recipient of its list.",
            "Choisissez un destinataire de sa liste.",
        ),
    ),
    "RECALL_RETURN_EXCEEDS": _kind(
        "conflict",
        "lot recipient shipped_g wanted_g",
        title=("More than was shipped", "Plus que l'expédié"),
        sentence=(
            "Of {lot}, {shipped_g} are still out at {recipient}; you told {wanted_g}.",
            "De {lot}, {shipped_g} sont encore chez {recipient} ; vous avez indiqué {wanted_g}.",
        ),
        advice=(
            "Enter what came back of this lot, or withdraw an earlier entry first.",
            "Saisissez ce qui est revenu de ce lot, ou retirez d'abord une saisie antérieure.",
        ),
    ),
    "RECALL_IS_A_TEST": _kind(
        "conflict",
        "recall",
        title=("Recall is a test", "Le rappel est un essai"),
        sentence=("{recall} is a test: no goods come back.", "{recall} est un essai : aucune marchandise ne revient."),
        advice=("Open a real recall first.", "Ouvrez d'abord un vrai rappel."),
    ),
    "RECALL_RETURN_UNKNOWN": _kind(
        "unknown",
        "entry",
        title=("Entry unknown", "Saisie inconnue"),
        sentence=(
            "There is no entry {entry} of yours in this recall.",
            "Il n'y a pas de saisie {entry} de votre part dans ce rappel.",
        ),
        advice=(
            "Look it up in the recall; a withdrawn entry stays withdrawn.",
            "Cherchez-la dans le rappel ; une saisie retirée le reste.",
        ),
    ),
    # --- prices and facilities ---
    "CURRENCY_UNKNOWN": _kind(
        "malformed",
        "currency",
        title=("Currency unknown", "Monnaie inconnue"),
        sentence=("No currency is written {currency}.", "Aucune monnaie ne s'écrit {currency}."),
        advice=(
            "Use a code of profiles/currencies.toml, such as EUR, or have it added.",
            "Utilisez un code de profiles/currencies.toml, tel que EUR, ou faites-le ajouter.",
        ),
    ),
    "PRICE_LINE_TWICE": _kind(
        "conflict",
        "first second",
        title=("Same price line twice", "Même ligne de prix deux fois"),
        sentence=(
            "The lines {first} and {second} have the same code or the same conditions.",
            "Les lignes {first} et {second} ont le même code ou les mêmes conditions.",
        ),
        advice=("Keep one of them.", "Gardez-en une seule."),
    ),
    "PRICE_TIE": _kind(
        "conflict",
        "first second",
        title=("Two prices could apply", "Deux prix possibles"),
        sentence=(
            "A delivery can meet both {first} and {second}, and neither is narrower.",
            "Une livraison peut répondre à {first} et à {second}, et aucune n'est plus précise.",
        ),
        advice=(
            "Add a line with the conditions of both: it says what such goods are paid.",
            "Ajoutez une ligne avec les conditions des deux : elle dit le prix de ces produits.",
        ),
    ),
    "PRICED_ELSEWHERE": _kind(
        "conflict",
        "product list",
        title=("Priced by another list", "Prix dans une autre liste"),
        sentence=(
            "{product} has its prices in your list {list} already.",
            "{product} a déjà ses prix dans votre liste {list}.",
        ),
        advice=("Add a version to that list instead.", "Ajoutez plutôt une version à cette liste."),
    ),
    "PRICES_IN_USE": _kind(
        "conflict",
        "list since count",
        title=("Prices in use", "Prix déjà appliqués"),
        sentence=(
            "{count} deliveries since {since} have their price by {list}; their amounts would change.",
            "{count} livraisons depuis le {since} ont leur prix selon {list} ; leurs montants changeraient.",
        ),
        advice=(
            "Begin on a later day, or say why the past changes: send “reason”.",
            "Commencez un jour plus tard, ou dites pourquoi le passé change : envoyez « reason ».",
        ),
    ),
    "PRICE_LINE_UNKNOWN": _kind(
        "unknown",
        "line",
        title=("Price line unknown", "Ligne de prix inconnue"),
        sentence=("The prices of that day have no line {line}.", "Les prix de ce jour n'ont pas de ligne {line}."),
        advice=("Look up the lines of the price list.", "Consultez les lignes de la liste de prix."),
    ),
    "HARVEST_OUTSIDE_WINDOW": _kind(
        "conflict",
        "line harvested_on since until",
        title=("Harvested outside the window", "Récolté hors de la période"),
        sentence=(
            "Harvested on {harvested_on}; {line} is for harvests from {since} to {until}.",
            "Récolté le {harvested_on} ; {line} vaut pour les récoltes du {since} au {until}.",
        ),
        advice=(
            "The delivery gets the price of its own day of harvest.",
            "La livraison reçoit le prix de son propre jour de récolte.",
        ),
        without={
            "harvested_on": (
                "The day of harvest is not known; {line} is for harvests from {since} to {until}.",
                "Le jour de récolte n'est pas connu ; {line} vaut pour les récoltes du {since} au {until}.",
            ),
            "until": (
                "Harvested on {harvested_on}; {line} is for harvests from {since} on.",
                "Récolté le {harvested_on} ; {line} vaut pour les récoltes à partir du {since}.",
            ),
            "since": (
                "Harvested on {harvested_on}; {line} is for harvests up to {until}.",
                "Récolté le {harvested_on} ; {line} vaut pour les récoltes jusqu'au {until}.",
            ),
        },
    ),
    "PRICE_NOT_DUE": _kind(
        "conflict",
        "line",
        title=("Price not due", "Prix non dû"),
        sentence=(
            "The goods do not meet the conditions of {line}.",
            "Les produits ne répondent pas aux conditions de {line}.",
        ),
        advice=(
            "Leave the line out: the delivery gets the narrowest one that it meets.",
            "Ne nommez pas de ligne : la livraison reçoit la plus précise à laquelle elle répond.",
        ),
    ),
    "VESSEL_BOOKED": _kind(
        "conflict",
        "vessel since until",
        title=("Vessel is booked", "Récipient réservé"),
        sentence=(
            "{vessel} is booked from {since} to {until}.",
            "{vessel} est réservé du {since} au {until}.",
        ),
        advice=("Choose another time or vessel.", "Choisissez un autre moment ou un autre récipient."),
    ),
    "BOOKING_PAST": _kind(
        "conflict",
        "until now",
        title=("Slot is over", "Créneau passé"),
        sentence=("The slot ends on {until}; it is {now}.", "Le créneau finit le {until} ; il est {now}."),
        advice=(
            "Book a time that is still to come; what happened is recorded as events.",
            "Réservez un moment à venir ; ce qui a eu lieu s'enregistre comme événements.",
        ),
    ),
    "BOOKING_CANCELLED": _kind(
        "conflict",
        "vessel",
        title=("Booking was cancelled", "Réservation annulée"),
        sentence=(
            "This booking of {vessel} was cancelled.",
            "Cette réservation de {vessel} a été annulée.",
        ),
        advice=("Make a new one, with an id of its own.", "Faites-en une nouvelle, avec son propre identifiant."),
    ),
    "READING_DIFFERS": _kind(
        "conflict",
        "device occurred_at have sent",
        title=("Reading differs", "Relevé différent"),
        sentence=(
            "{device} said {have} at {occurred_at}; now {sent} is sent for the same instant.",
            "{device} a donné {have} le {occurred_at} ; {sent} est envoyé pour le même instant.",
        ),
        advice=(
            "A reading is never overwritten: check the device.",
            "Un relevé ne se remplace pas : vérifiez l'appareil.",
        ),
    ),
    "READINGS_TOO_MANY": _kind(
        "malformed",
        "count most",
        title=("Too many readings", "Trop de relevés"),
        sentence=(
            "The load would hold {count} readings; at most {most} are kept.",
            "La charge aurait {count} relevés ; {most} au plus sont gardés.",
        ),
        advice=("Send one value a minute or fewer.", "Envoyez au plus une valeur par minute."),
    ),
}
