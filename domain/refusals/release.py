"""The release of a batch: its certification, deviations, checklist and reconciliations."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "LOT_NOT_RELEASED": kind(
        "conflict",
        "lot",
        title=("Batch is not released", "Lot non libéré"),
        sentence=(
            "{lot} was not certified by the qualified person.",
            "{lot} n'a pas été certifié par la personne qualifiée.",
        ),
        advice=("Have the batch certified first.", "Faites d'abord certifier le lot."),
    ),
    "BATCH_CERTIFIED_BEFORE": kind(
        "conflict",
        "lot",
        title=("Certified before", "Déjà certifié"),
        sentence=("{lot} is certified already.", "{lot} est déjà certifié."),
        advice=("Nothing needs to be done.", "Il n'y a rien à faire."),
    ),
    "BATCH_FOUR_EYES": kind(
        "conflict",
        "lot",
        title=("Somebody else certifies", "Une autre personne certifie"),
        sentence=(
            "You recorded the making of {lot}; somebody else certifies it.",
            "Vous avez enregistré la fabrication de {lot} ; une autre personne le certifie.",
        ),
        advice=("Ask the qualified person.", "Demandez à la personne qualifiée."),
    ),
    "DEVIATION_OPEN": kind(
        "conflict",
        "lot count",
        title=("Deviation is open", "Déviation ouverte"),
        sentence=("Open deviations of {lot}: {count}.", "Déviations ouvertes de {lot} : {count}."),
        advice=("Close them with cause and action first.", "Clôturez-les d'abord, avec cause et action."),
    ),
    "DEVIATION_EXISTS": kind(
        "conflict",
        "deviation",
        title=("Deviation exists", "Déviation déjà enregistrée"),
        sentence=("There is a deviation {deviation} already.", "Il existe déjà une déviation {deviation}."),
        advice=("Give it an id of its own.", "Donnez-lui un identifiant à elle."),
    ),
    "DEVIATION_UNKNOWN": kind(
        "unknown",
        "deviation",
        title=("Unknown deviation", "Déviation inconnue"),
        sentence=("There is no deviation {deviation} of yours.", "Vous n'avez pas de déviation {deviation}."),
        advice=("Check the id.", "Vérifiez l'identifiant."),
    ),
    "DEVIATION_ENDED": kind(
        "conflict",
        "deviation",
        title=("Deviation is closed", "Déviation close"),
        sentence=("The deviation {deviation} is closed.", "La déviation {deviation} est close."),
        advice=("Raise another if there is more to it.", "Ouvrez-en une autre s'il y a du nouveau."),
    ),
    "TESTS_NOT_PASSED": kind(
        "conflict",
        "lot tests",
        title=("Tests are missing", "Analyses manquantes"),
        sentence=(
            "{lot} has not passed: {tests}. Its profile asks for these before this step.",
            "{lot} n'a pas réussi : {tests}. Son profil les demande avant cette étape.",
        ),
        advice=("Record the check first.", "Enregistrez d'abord le contrôle."),
    ),
    "CHECKLIST_MISSING": kind(
        "conflict",
        "lot checklist",
        title=("Checklist is missing", "Liste de contrôle manquante"),
        sentence=(
            "The checklist “{checklist}” was not gone through, in order, for {lot}.",
            "La liste de contrôle « {checklist} » n'a pas été remplie, en ordre, pour {lot}.",
        ),
        advice=("Go through the checklist first.", "Remplissez d'abord la liste de contrôle."),
    ),
    "CHECKLIST_UNKNOWN": kind(
        "malformed",
        "checklist",
        title=("Unknown checklist", "Liste de contrôle inconnue"),
        sentence=(
            "No profile of these goods has the checklist “{checklist}”.",
            "Aucun profil de ces marchandises ne comporte la liste de contrôle « {checklist} ».",
        ),
        advice=("Use a checklist of the commodity's profile.", "Utilisez une liste du profil de la denrée."),
    ),
    "POINT_UNKNOWN": kind(
        "malformed",
        "checklist point",
        title=("Unknown point", "Point inconnu"),
        sentence=(
            "The checklist “{checklist}” has no point “{point}”.",
            "La liste de contrôle « {checklist} » ne comporte pas le point « {point} ».",
        ),
        advice=("Use the points of the profile.", "Utilisez les points du profil."),
    ),
    "POINTS_NOT_ANSWERED": kind(
        "malformed",
        "checklist points",
        title=("Points are not answered", "Points sans réponse"),
        sentence=(
            "These points of “{checklist}” are not answered: {points}.",
            "Ces points de « {checklist} » restent sans réponse : {points}.",
        ),
        advice=("Answer every point.", "Répondez à chaque point."),
    ),
    "RELEASE_TESTS_MISSING": kind(
        "conflict",
        "lot tests",
        title=("Tests before the release", "Analyses avant la libération"),
        sentence=(
            "{lot} is released only after it passed: {tests}.",
            "{lot} n'est libéré qu'après avoir réussi : {tests}.",
        ),
        advice=("Record the results first.", "Enregistrez d'abord les résultats."),
    ),
    "RELEASE_WITHOUT_LICENCE": kind(
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
    "RELEASE_OF_RETURN": kind(
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
    "LABELS_NOT_RECONCILED": kind(
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
    "LABELS_MISSING": kind(
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
    "YIELD_NOT_EXPLAINED": kind(
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
}
