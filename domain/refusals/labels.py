"""Labels: what may stand on them, and how they are printed."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "CLAIM_WORD_WITHOUT_CLAIM": kind(
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
    "CLAIM_WITHOUT_CONTROL_BODY": kind(
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
    "GLYPH_MISSING": kind(
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
    "ADDRESS_TOO_LONG": kind(
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
    "SKIP_OUT_OF_RANGE": kind(
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
    "DESIGN_UNKNOWN": kind(
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
    "LABEL_TOO_SMALL": kind(
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
    "GRID_UNKNOWN": kind(
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
    "LOT_WITHOUT_LABEL": kind(
        "conflict",
        "lot",
        title=("Lot without label", "Lot sans étiquette"),
        sentence=("{lot} has no label yet.", "{lot} n'a pas encore d'étiquette."),
        advice=("Issue a label for it first.", "Émettez d'abord une étiquette."),
    ),
    "LABEL_UNKNOWN": kind(
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
    "LABEL_KEY_MISSING": kind(
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
}
