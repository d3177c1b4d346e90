"""Packing, shipping, and what comes back."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import PROFILE, Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "UNITS_EXCEED_LOT": kind(
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
    "FEFO_VIOLATION": kind(
        "conflict",
        "lot earlier expires_on",
        title=("Another lot expires first", "Un autre lot expire d'abord"),
        sentence=(
            "{earlier} expires on {expires_on}, before {lot}: what expires first leaves first.",
            "{earlier} expire le {expires_on}, avant {lot} : ce qui expire d'abord part d'abord.",
        ),
        advice=("Ship {earlier}, or give the reason.", "Expédiez {earlier}, ou indiquez le motif."),
    ),
    "DECLARATION_MISSING": kind(
        "conflict",
        "lot declares test value",
        title=("Declaration is missing on the label", "Mention manquante sur l'étiquette"),
        sentence=(
            "{lot} was measured with {test} {value}: its label declares “{declares}”.",
            "{lot} a été mesuré à {test} {value} : son étiquette mentionne « {declares} ».",
        ),
        advice=("Issue the label with the declaration.", "Émettez l'étiquette avec la mention."),
    ),
    "PACKAGING_UNKNOWN": kind(
        "malformed",
        "packaging commodity",
        title=("Packaging unknown", "Emballage inconnu"),
        sentence=(
            "“{packaging}” is not a packaging of the profile of {commodity}.",
            "« {packaging} » n'est pas un emballage du profil {commodity}.",
        ),
        advice=PROFILE,
    ),
    "LAW_NOT_MET": kind(
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
    "SHIPMENT_UNKNOWN": kind(
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
    "RETURN_BEFORE_SHIPMENT": kind(
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
    "SHIPMENT_RETURNED": kind(
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
    "RETURN_EXCEEDS_SHIPMENT": kind(
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
}
