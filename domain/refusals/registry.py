"""The registry and the internal control system: seasons, farmers, estimates, inspections, rights."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "COMMODITY_UNKNOWN": kind(
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
    "SEASON_UNKNOWN": kind(
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
    "SEASON_NOT_NEXT": kind(
        "malformed",
        "season following told",
        title=("Not the season after", "Pas la campagne suivante"),
        sentence=(
            "After {season} comes {following}, not {told}.",
            "Après {season} vient {following}, et non {told}.",
        ),
        advice=("Roll over one season at a time.", "Passez d'une campagne à la suivante."),
    ),
    "ESTIMATE_NOT_REVISED": kind(
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
    "ALREADY_MEMBER_FOR_PRODUCT": kind(
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
    "HOLDING_NOT_DECLARED": kind(
        "conflict",
        "farmer scheme",
        title=("Nothing to test", "Rien à examiner"),
        sentence=(
            "{scheme} has no limits for members, or {farmer} has declared no holding by that day.",
            "{scheme} n'a pas de limites pour les membres, ou {farmer} n'a déclaré aucune exploitation à cette date.",
        ),
        advice=("Record what the farmer declares of the whole farm.", "Enregistrez ce que déclare l'agriculteur."),
    ),
    "SAMPLE_RULE_UNKNOWN": kind(
        "malformed",
        "scheme rule",
        title=("No such sample", "Échantillon inconnu"),
        sentence=("{scheme} has no sample rule “{rule}”.", "{scheme} n'a pas de règle d'échantillon « {rule} »."),
        advice=("Use one of those that the scheme lists.", "Utilisez une de celles que le référentiel énumère."),
    ),
    "FOUR_EYES": kind(
        "conflict",
        "inspection",
        title=("Somebody else decides", "Une autre personne décide"),
        sentence=(
            "The inspection {inspection} is decided by the ICS manager, not by whoever inspected or reported it.",
            "L'inspection {inspection} est décidée par le responsable du SCI, pas par qui l'a faite ou rapportée.",
        ),
        advice=("Ask another user to decide.", "Demandez à un autre utilisateur de décider."),
    ),
    "INSPECTION_DOES_NOT_COUNT": kind(
        "conflict",
        "inspection",
        title=("The inspection does not count", "L'inspection ne compte pas"),
        sentence=(
            "The inspection {inspection} does not count, so nobody can be approved on it.",
            "L'inspection {inspection} ne compte pas : personne ne peut être agréé sur sa base.",
        ),
        advice=("See what stands against it, and inspect again.", "Voyez ce qui s'y oppose, puis inspectez à nouveau."),
    ),
    "INSPECTION_DECIDED": kind(
        "conflict",
        "inspection",
        title=("Decided already", "Déjà décidée"),
        sentence=("The inspection {inspection} is decided already.", "L'inspection {inspection} est déjà décidée."),
        advice=("Change the membership itself, with a reason.", "Modifiez l'adhésion elle-même, avec un motif."),
    ),
    "FARMER_CODE_MALFORMED": kind(
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
    "NOT_PERMITTED": kind(
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
}
