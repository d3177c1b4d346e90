"""Recalls."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "RECALL_UNKNOWN": kind(
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
    "RECALL_NOTHING_THERE": kind(
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
    "RECALL_NOT_A_FAILURE": kind(
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
    "RECALL_ID_TAKEN": kind(
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
    "RECALL_CLOSED": kind(
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
    "RECALL_NOT_NOTIFIED": kind(
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
    "RECALL_FOUR_EYES": kind(
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
    "RECALL_RECIPIENT_UNKNOWN": kind(
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
    "RECALL_RETURN_EXCEEDS": kind(
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
    "RECALL_IS_A_TEST": kind(
        "conflict",
        "recall",
        title=("Recall is a test", "Le rappel est un essai"),
        sentence=("{recall} is a test: no goods come back.", "{recall} est un essai : aucune marchandise ne revient."),
        advice=("Open a real recall first.", "Ouvrez d'abord un vrai rappel."),
    ),
    "RECALL_RETURN_UNKNOWN": kind(
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
}
