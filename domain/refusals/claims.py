"""Claims, and the certificates that they rest on."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "SCHEME_UNKNOWN": kind(
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
    "CLAIM_VALUE_UNKNOWN": kind(
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
    "CLAIM_NOT_SUPPORTED": kind(
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
    "CLAIM_NOT_LOWER": kind(
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
    "CERT_UNKNOWN": kind(
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
    "CERT_NOT_ACTIVE_AT_DISPATCH": kind(
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
    "PRODUCT_NOT_IN_CERT_SCOPE": kind(
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
    "COI_QTY_EXCEEDED": kind(
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
    "CATCH_CERTIFICATE_OF_LANDINGS": kind(
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
    "PROCESSING_STATEMENT_OF_PRODUCTS": kind(
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
    "CATCH_WEIGHT_EXCEEDED": kind(
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
    "CERTIFICATE_NUMBER_TAKEN": kind(
        "conflict",
        "number lot",
        title=("Number used already", "Numéro déjà utilisé"),
        sentence=(
            "Certificate {number} is recorded already, on {lot}.",
            "Le certificat {number} est déjà enregistré, sur {lot}.",
        ),
        advice=("Check the number on the paper.", "Vérifiez le numéro sur le document."),
    ),
    "OPERATOR_NOT_CERTIFIED": kind(
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
    "CLAIM_BALANCE_EXCEEDED": kind(
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
}
