"""Quantities, products and lots: what every event names."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import CHECK_ID, Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "NON_POSITIVE_QTY": kind(
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
    "QTY_NOT_A_NUMBER": kind(
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
    "QTY_ABSURD": kind(
        "malformed",
        "value unit most_g",
        title=("Quantity beyond any lot", "Quantité au-delà de tout lot"),
        sentence=(
            "{value} {unit} is more than {most_g}, which no lot can weigh.",
            "{value} {unit} dépasse {most_g}, ce qu'aucun lot ne peut peser.",
        ),
        advice=("Check the number and the unit.", "Vérifiez le nombre et l'unité."),
    ),
    "UNIT_UNKNOWN": kind(
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
    "DENSITY_REQUIRED": kind(
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
    "INSUFFICIENT_STOCK": kind(
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
    "NOTHING_LEFT": kind(
        "conflict",
        "lot",
        title=("Lot is empty", "Lot vide"),
        sentence=("{lot} holds nothing any more.", "{lot} ne contient plus rien."),
        advice=(
            "Choose a lot with stock, or correct the event that emptied it.",
            "Choisissez un lot en stock, ou corrigez l'événement qui l'a vidé.",
        ),
    ),
    "LOT_UNKNOWN": kind(
        "unknown",
        "lot",
        title=("Lot unknown", "Lot inconnu"),
        sentence=(
            "Your organisation knows no lot {lot}.",
            "Votre organisation ne connaît pas de lot {lot}.",
        ),
        advice=CHECK_ID,
    ),
    "LOT_CODE_TAKEN": kind(
        "conflict",
        "lot",
        title=("Lot code is taken", "Code de lot déjà pris"),
        sentence=(
            "Your organisation already has a lot with the code {lot}.",
            "Votre organisation a déjà un lot portant le code {lot}.",
        ),
        advice=("Give the new lot another code.", "Donnez un autre code au nouveau lot."),
    ),
    "LOT_EXISTS": kind(
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
    "LOT_BLOCKED": kind(
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
    "LOT_NOT_YOURS": kind(
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
    "LOT_VOID": kind(
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
    "LOT_IN_TRANSFER": kind(
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
    "LOT_IN_VESSEL": kind(
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
    "OWNER_REQUIRED": kind(
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
    "DUPLICATE_LOT": kind(
        "malformed",
        "lot",
        title=("Same lot twice", "Même lot deux fois"),
        sentence=("{lot} stands twice in this event.", "{lot} figure deux fois dans cet événement."),
        advice=("Add its quantities up in one line.", "Additionnez ses quantités sur une seule ligne."),
    ),
    "TOO_MANY_LOTS": kind(
        "malformed",
        "count most",
        title=("Too many lots in one event", "Trop de lots dans un événement"),
        sentence=(
            "The event names {count} lots; {most} is the most.",
            "L'événement nomme {count} lots ; le maximum est {most}.",
        ),
        advice=("Record it as several events.", "Enregistrez-le en plusieurs événements."),
    ),
    "CYCLE": kind(
        "conflict",
        "lot",
        title=("Lot made from itself", "Lot fait de lui-même"),
        sentence=(
            "{lot} would be made from itself.",
            "{lot} serait fait de lui-même.",
        ),
        advice=("Name the lots that really went in.", "Nommez les lots qui sont réellement entrés."),
    ),
    "PRODUCT_UNKNOWN": kind(
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
    "PRODUCT_MISMATCH": kind(
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
    "LOT_EXPIRED": kind(
        "conflict",
        "lot expires_on",
        title=("Lot has expired", "Lot périmé"),
        sentence=(
            "{lot} was to be used until {expires_on}.",
            "{lot} était à utiliser jusqu'au {expires_on}.",
        ),
        advice=("Record it as lost, or choose another lot.", "Enregistrez-le comme perdu, ou choisissez un autre lot."),
    ),
}
