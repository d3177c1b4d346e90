"""What is paid."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "CURRENCY_UNKNOWN": kind(
        "malformed",
        "currency",
        title=("Currency unknown", "Monnaie inconnue"),
        sentence=("No currency is written {currency}.", "Aucune monnaie ne s'écrit {currency}."),
        advice=(
            "Use a code of profiles/currencies.toml, such as EUR, or have it added.",
            "Utilisez un code de profiles/currencies.toml, tel que EUR, ou faites-le ajouter.",
        ),
    ),
    "PRICE_LINE_TWICE": kind(
        "conflict",
        "first second",
        title=("Same price line twice", "Même ligne de prix deux fois"),
        sentence=(
            "The lines {first} and {second} have the same code or the same conditions.",
            "Les lignes {first} et {second} ont le même code ou les mêmes conditions.",
        ),
        advice=("Keep one of them.", "Gardez-en une seule."),
    ),
    "PRICE_TIE": kind(
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
    "PRICED_ELSEWHERE": kind(
        "conflict",
        "product list",
        title=("Priced by another list", "Prix dans une autre liste"),
        sentence=(
            "{product} has its prices in your list {list} already.",
            "{product} a déjà ses prix dans votre liste {list}.",
        ),
        advice=("Add a version to that list instead.", "Ajoutez plutôt une version à cette liste."),
    ),
    "PRICES_IN_USE": kind(
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
    "PRICE_LINE_UNKNOWN": kind(
        "unknown",
        "line",
        title=("Price line unknown", "Ligne de prix inconnue"),
        sentence=("The prices of that day have no line {line}.", "Les prix de ce jour n'ont pas de ligne {line}."),
        advice=("Look up the lines of the price list.", "Consultez les lignes de la liste de prix."),
    ),
    "HARVEST_OUTSIDE_WINDOW": kind(
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
    "PRICE_NOT_DUE": kind(
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
}
