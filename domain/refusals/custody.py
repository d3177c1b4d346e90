"""Who has the goods, and where: organisations, sites, transfers."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import CHECK_ID, Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "WEIGHT_ABOVE_OFFER": kind(
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
    "SITE_UNKNOWN": kind(
        "unknown",
        "site",
        title=("Site unknown", "Site inconnu"),
        sentence=(
            "Your organisation knows no site {site}.",
            "Votre organisation ne connaît pas de site {site}.",
        ),
        advice=CHECK_ID,
    ),
    "SITE_NOT_SHARED": kind(
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
    "ORGANISATION_UNKNOWN": kind(
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
    "TRANSFER_UNKNOWN": kind(
        "unknown",
        "transfer",
        title=("Offer unknown", "Offre inconnue"),
        sentence=(
            "Your organisation knows no offer {transfer}.",
            "Votre organisation ne connaît pas d'offre {transfer}.",
        ),
        advice=CHECK_ID,
    ),
    "TRANSFER_NOT_FOR_YOU": kind(
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
    "TRANSFER_CLOSED": kind(
        "conflict",
        "transfer state",
        title=("Offer is closed", "Offre close"),
        sentence=("The offer {transfer} is already {state}.", "L'offre {transfer} est déjà {state}."),
        advice=("Make a new offer.", "Faites une nouvelle offre."),
    ),
}
