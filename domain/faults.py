"""What is found about the rows of a list that is brought in: what to correct, what to look at, who may be the same.

A fault names the row and the column; whoever shows it adds the cell's reference. Laws of ``domain.refusals`` hold: a
code keeps its meaning, and its sentence says what is the case and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from domain.refusals import Lang, require_params, say

Level: TypeAlias = Literal["correct", "warning", "duplicate"]
"""correct: the row cannot be taken. warning: worth a look. duplicate: somebody decides whether it is one person."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: params, what is the case, and what to do, in English and French."""

    level: Level
    params: tuple[str, ...]
    said: Mapping[Lang, str]
    todo: Mapping[Lang, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something about a cell (``column`` by its name here; ``row`` as numbered in the sheet)."""

    row: int
    column: str
    code: str
    value: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        require_params(self.code, FAULTS[self.code].params, self.params)

    @property
    def level(self) -> Level:
        return FAULTS[self.code].level

    def said(self, lang: Lang = "en") -> str:
        """What is the case."""
        words = {key: texts[lang] for key, texts in BY.items()}
        return say(dict(FAULTS[self.code].said), {}, {**self.params, "value": _short(self.value)}, lang, words)

    def todo(self, lang: Lang = "en") -> str:
        """What to do."""
        return say(dict(FAULTS[self.code].todo), {}, {**self.params, "value": _short(self.value)}, lang)


def _short(value: str) -> str:
    return value if len(value) <= 60 else value[:59] + "…"  # noqa: PLR2004 - as much as a sentence bears


def _kind(level: Level, params: str, said: tuple[str, str], todo: tuple[str, str]) -> Kind:
    return Kind(level, tuple(params.split()), {"en": said[0], "fr": said[1]}, {"en": todo[0], "fr": todo[1]})


FAULTS: Final[dict[str, Kind]] = {
    # --- any cell ---
    "VALUE_MISSING": _kind(
        "correct",
        "",
        ("This cell is empty, and the row cannot do without it.", "Cette cellule est vide, et la ligne en a besoin."),
        ("Fill it in.", "Remplissez-la."),
    ),
    "TEXT_TOO_LONG": _kind(
        "correct",
        "count most",
        ("The text has {count} characters; {most} are kept.", "Le texte a {count} caractères ; {most} sont conservés."),
        ("Shorten it.", "Raccourcissez-le."),
    ),
    "CONTROL_CHARACTERS": _kind(
        "correct",
        "",
        (
            "“{value}” holds line breaks or characters that nobody sees.",
            "« {value} » contient des retours à la ligne ou des caractères invisibles.",
        ),
        ("Type the text again, on one line.", "Saisissez de nouveau le texte, sur une seule ligne."),
    ),
    "FORMULA": _kind(
        "correct",
        "",
        ("“{value}” is a formula, not a value.", "« {value} » est une formule, pas une valeur."),
        ("Write the value itself.", "Écrivez la valeur elle-même."),
    ),
    "CELL_FAILED": _kind(
        "correct",
        "",
        (
            "A formula in this cell has no result ({value}).",
            "Une formule de cette cellule n'a pas de résultat ({value}).",
        ),
        ("Write the value itself.", "Écrivez la valeur elle-même."),
    ),
    "CODE_MALFORMED": _kind(
        "correct",
        "most",
        (
            "“{value}” is not a code: letters without accents, digits and . / _ -, at most {most}.",
            "« {value} » n'est pas un code : lettres sans accents, chiffres et . / _ -, {most} au plus.",
        ),
        ("Write the code as it is printed on the member's card.", "Écrivez le code tel qu'il figure sur la carte."),
    ),
    "NUMBER_UNREADABLE": _kind(
        "correct",
        "",
        ("“{value}” is not a number.", "« {value} » n'est pas un nombre."),
        ("Write a number, for example 4.8.", "Écrivez un nombre, par exemple 4,8."),
    ),
    "NUMBER_AMBIGUOUS": _kind(
        "correct",
        "",
        ("“{value}” may be thousands or decimals.", "« {value} » : milliers ou décimales ?"),
        (
            "Write it without a mark between thousands, or say which mark is the decimal one.",
            "Écrivez-le sans marque de milliers, ou dites quelle marque est la virgule.",
        ),
    ),
    "UNIT_UNKNOWN": _kind(
        "correct",
        "unit units",
        ("“{unit}” is not a unit that is known here.", "« {unit} » n'est pas une unité connue ici."),
        ("Use one of: {units}.", "Utilisez l'une de celles-ci : {units}."),
    ),
    "DATE_UNREADABLE": _kind(
        "correct",
        "",
        ("“{value}” is not a date.", "« {value} » n'est pas une date."),
        ("Write day, month and year, for example 31/01/2026.", "Écrivez jour, mois et année, par exemple 31/01/2026."),
    ),
    "DATE_IMPOSSIBLE": _kind(
        "correct",
        "",
        ("There is no such day: {value}.", "Ce jour n'existe pas : {value}."),
        ("Correct day, month or year.", "Corrigez le jour, le mois ou l'année."),
    ),
    "YEAR_ONLY": _kind(
        "correct",
        "",
        ("“{value}” is a year; a day is needed here.", "« {value} » est une année ; il faut un jour ici."),
        ("Write day, month and year.", "Écrivez jour, mois et année."),
    ),
    "DATE_IN_FUTURE": _kind(
        "correct",
        "day",
        ("{day} is in the future.", "Le {day} est dans le futur."),
        ("Correct the date.", "Corrigez la date."),
    ),
    "TIME_UNREADABLE": _kind(
        "correct",
        "",
        ("“{value}” is not a time of day.", "« {value} » n'est pas une heure."),
        ("Write it as 08:30.", "Écrivez-la sous la forme 08:30."),
    ),
    "YES_OR_NO": _kind(
        "correct",
        "",
        ("“{value}” is neither yes nor no.", "« {value} » n'est ni oui ni non."),
        ("Write yes or no.", "Écrivez oui ou non."),
    ),
    # --- persons ---
    "SEX_UNKNOWN": _kind(
        "correct",
        "",
        ("“{value}” is not a sex that is known here.", "« {value} » n'est pas un sexe connu ici."),
        ("Write F or M, or leave it empty.", "Écrivez F ou M, ou laissez vide."),
    ),
    "BIRTH_IMPLAUSIBLE": _kind(
        "correct",
        "least most",
        (
            "Born in “{value}”: members are {least} to {most} years old.",
            "Né en « {value} » : les membres ont de {least} à {most} ans.",
        ),
        ("Correct the year, or leave it empty.", "Corrigez l'année, ou laissez vide."),
    ),
    "PHONE_UNREADABLE": _kind(
        "correct",
        "",
        ("“{value}” is not a phone number.", "« {value} » n'est pas un numéro de téléphone."),
        (
            "Write 5 to 30 digits, with + in front or not; format the cell as text first.",
            "Écrivez 5 à 30 chiffres, précédés ou non de + ; mettez d'abord la cellule au format texte.",
        ),
    ),
    "PHONE_WITHOUT_ZERO": _kind(
        "warning",
        "",
        (
            "“{value}” begins neither with 0 nor with +, as the others do: a zero may be lost.",
            "« {value} » ne commence ni par 0 ni par +, comme les autres : un zéro a pu se perdre.",
        ),
        ("Compare it with the card, and add the 0.", "Comparez avec la fiche et ajoutez le 0."),
    ),
    "STATUS_UNKNOWN": _kind(
        "correct",
        "known",
        ("“{value}” is not a status of a membership.", "« {value} » n'est pas un statut de membre."),
        ("Use one of: {known}.", "Utilisez l'un de ceux-ci : {known}."),
    ),
    "CODE_TWICE": _kind(
        "correct",
        "row",
        (
            "Row {row} has this code too, with another name.",
            "La ligne {row} a aussi ce code, avec un autre nom.",
        ),
        ("Give one of the two a code of its own.", "Donnez à l'un des deux un code à lui."),
    ),
    "ROW_TWICE": _kind(
        "correct",
        "row",
        (
            "Row {row} has this code already, and this row has no further plot.",
            "La ligne {row} a déjà ce code, et cette ligne n'a pas d'autre parcelle.",
        ),
        ("Delete one of the two rows, or add the plot.", "Supprimez l'une des deux lignes, ou ajoutez la parcelle."),
    ),
    "CODE_OF_ANOTHER": _kind(
        "correct",
        "name",
        (
            "This code belongs to {name}, who is registered already.",
            "Ce code est celui de {name}, déjà enregistré.",
        ),
        (
            "Give the new member a code of their own, or correct the name.",
            "Donnez au nouveau membre un code à lui, ou corrigez le nom.",
        ),
    ),
    "FARMER_ENDED": _kind(
        "correct",
        "",
        ("The record of farmer {value} has ended.", "La fiche du producteur {value} est close."),
        ("Use another code, or open the record again.", "Utilisez un autre code, ou rouvrez la fiche."),
    ),
    "SAME_PERSON": _kind(
        "duplicate",
        "other by",
        (
            "May be the same person as {other}: {by}.",
            "Peut-être la même personne que {other} : {by}.",
        ),
        (
            "Decide: leave the row out if it is one person, or import both.",
            "Décidez : écartez la ligne si c'est une seule personne, ou importez les deux.",
        ),
    ),
    "ROWS_DISAGREE": _kind(
        "warning",
        "row",
        (
            "Row {row} says something else of this farmer; the first row counts.",
            "La ligne {row} dit autre chose de ce producteur ; la première ligne compte.",
        ),
        ("Correct one of the two.", "Corrigez l'une des deux."),
    ),
    # --- plots ---
    "PLOT_TWICE": _kind(
        "correct",
        "row",
        ("Row {row} has this plot already.", "La ligne {row} a déjà cette parcelle."),
        ("Give each plot a code of its own.", "Donnez à chaque parcelle un code à elle."),
    ),
    "PLOT_OF_ANOTHER": _kind(
        "correct",
        "farmer",
        ("Plot {value} belongs to farmer {farmer}.", "La parcelle {value} est au producteur {farmer}."),
        ("Correct the code of the plot or of the farmer.", "Corrigez le code de la parcelle ou du producteur."),
    ),
    "PLOT_UNKNOWN": _kind(
        "correct",
        "farmer",
        ("Farmer {farmer} has no plot {value}.", "Le producteur {farmer} n'a pas de parcelle {value}."),
        ("Correct the code, or register the plot first.", "Corrigez le code, ou enregistrez d'abord la parcelle."),
    ),
    "AREA_NOT_POSITIVE": _kind(
        "correct",
        "",
        ("An area of {value} cannot be.", "Une surface de {value} est impossible."),
        ("Write the area of the plot, for example 4.8 ha.", "Écrivez la surface de la parcelle, par exemple 4,8 ha."),
    ),
    "AREA_TOO_LARGE": _kind(
        "correct",
        "",
        ("“{value}” is more than any plot has.", "« {value} » dépasse toute parcelle."),
        ("Check number and unit.", "Vérifiez le nombre et l'unité."),
    ),
    "AREA_LOST_COMMA": _kind(
        "warning",
        "times",
        (
            "“{value}” is {times} times what is usual in this list: a decimal comma may be lost.",
            "« {value} » est {times} fois ce qui est habituel dans cette liste : une virgule a pu se perdre.",
        ),
        ("Compare it with the declaration.", "Comparez avec la déclaration."),
    ),
    "CROP_UNREADABLE": _kind(
        "correct",
        "",
        ("“{value}” is not the name of a crop.", "« {value} » n'est pas le nom d'une culture."),
        ("Write one word, for example cocoa.", "Écrivez un mot, par exemple cocoa."),
    ),
    "CROP_NOT_IN_PROFILES": _kind(
        "warning",
        "",
        (
            "No profile knows the crop “{value}”: it is kept, and nothing is claimed of it.",
            "Aucun profil ne connaît la culture « {value} » : elle est conservée, sans allégation.",
        ),
        ("Check how it is written.", "Vérifiez son écriture."),
    ),
    "COORDINATE_UNREADABLE": _kind(
        "correct",
        "",
        ("“{value}” is not a position in degrees.", "« {value} » n'est pas une position en degrés."),
        (
            "Write decimal degrees, for example 6.998765; west and south are negative.",
            "Écrivez des degrés décimaux, par exemple 6,998765 ; ouest et sud sont négatifs.",
        ),
    ),
    "COORDINATE_MISSING": _kind(
        "correct",
        "",
        ("Only one of latitude and longitude is told.", "Une seule des deux coordonnées est donnée."),
        ("Fill in both, or none.", "Remplissez les deux, ou aucune."),
    ),
    "COORDINATES_SWAPPED": _kind(
        "correct",
        "country",
        (
            "Latitude and longitude are swapped: the other way round the plot lies in {country}.",
            "Latitude et longitude sont inversées : dans l'autre sens, la parcelle est dans le bon pays ({country}).",
        ),
        ("Swap the two values.", "Échangez les deux valeurs."),
    ),
    "OUTSIDE_COUNTRY": _kind(
        "correct",
        "country",
        ("The position lies outside {country}.", "La position est hors du pays : {country}."),
        ("Correct the coordinates: digits, sign, order.", "Corrigez les coordonnées : chiffres, signe, ordre."),
    ),
    # --- what is named ---
    "FARMER_UNKNOWN": _kind(
        "correct",
        "",
        ("There is no farmer {value} in your registry.", "Il n'y a pas de producteur {value} dans votre registre."),
        ("Correct the code, or register the farmer first.", "Corrigez le code, ou enregistrez d'abord le producteur."),
    ),
    "SITE_UNKNOWN": _kind(
        "correct",
        "",
        ("There is no site {value} to which you bring goods.", "Il n'y a pas de site {value} où vous livrez."),
        ("Use the code of one of your sites.", "Utilisez le code d'un de vos sites."),
    ),
    "PRODUCT_UNKNOWN": _kind(
        "correct",
        "known",
        ("“{value}” is not a product that is known here.", "« {value} » n'est pas un produit connu ici."),
        ("Use one of: {known}.", "Utilisez l'un de ceux-ci : {known}."),
    ),
    "INSPECTOR_UNKNOWN": _kind(
        "warning",
        "",
        ("There is no inspector {value} in your registry.", "Il n'y a pas d'inspecteur {value} dans votre registre."),
        ("Check the code, or register the inspector.", "Vérifiez le code, ou enregistrez l'inspecteur."),
    ),
    # --- deliveries and inspections ---
    "QUANTITY_NOT_POSITIVE": _kind(
        "correct",
        "",
        ("A weight of {value} cannot be.", "Un poids de {value} est impossible."),
        ("Write the net weight, for example 62.5.", "Écrivez le poids net, par exemple 62,5."),
    ),
    "QUANTITY_TOO_LARGE": _kind(
        "correct",
        "",
        ("“{value}” is more than any lot weighs.", "« {value} » dépasse le poids de tout lot."),
        ("Check number and unit.", "Vérifiez le nombre et l'unité."),
    ),
    "RECEIPT_TWICE": _kind(
        "correct",
        "row",
        ("Row {row} has this receipt already.", "La ligne {row} a déjà ce reçu."),
        ("Delete one of the two, or correct the number.", "Supprimez l'une des deux, ou corrigez le numéro."),
    ),
    "LOT_CODE_TAKEN": _kind(
        "correct",
        "",
        ("There is a lot {value} already.", "Il y a déjà un lot {value}."),
        (
            "Use another code, or leave it empty: one is made.",
            "Prenez un autre code, ou laissez vide : un code est créé.",
        ),
    ),
    "SAME_DELIVERY": _kind(
        "warning",
        "row",
        (
            "Same farmer, time and weight as row {row}.",
            "Mêmes producteur, heure et poids que la ligne {row}.",
        ),
        ("Leave the row out if it is one delivery.", "Écartez la ligne si c'est une seule livraison."),
    ),
    "DELIVERY_KNOWN": _kind(
        "warning",
        "",
        (
            "A delivery of this farmer with this time and weight is recorded already.",
            "Une livraison de ce producteur, à cette heure et de ce poids, est déjà enregistrée.",
        ),
        ("Leave the row out if it is the same.", "Écartez la ligne si c'est la même."),
    ),
    "HARVEST_AFTER_DELIVERY": _kind(
        "correct",
        "day",
        ("The harvest of {day} is after the delivery.", "La récolte du {day} est après la livraison."),
        ("Correct one of the two dates.", "Corrigez l'une des deux dates."),
    ),
    "END_BEFORE_START": _kind(
        "correct",
        "",
        ("The inspection ends before it begins.", "L'inspection finit avant de commencer."),
        ("Correct start or end.", "Corrigez le début ou la fin."),
    ),
    "VISIT_TWICE": _kind(
        "correct",
        "row",
        ("Row {row} has this inspection already.", "La ligne {row} a déjà cette inspection."),
        ("Delete one of the two.", "Supprimez l'une des deux."),
    ),
    # --- corrected sheets ---
    "ROW_OF_ANOTHER": _kind(
        "correct",
        "row code",
        (
            "Row {row} of the list was {code}, and its code needed no correction.",
            "La ligne {row} de la liste était {code}, dont le code n'était pas à corriger.",
        ),
        (
            "Put back the number in the column Row, or the code.",
            "Rétablissez le numéro de la colonne Ligne, ou le code.",
        ),
    ),
    "ROW_UNKNOWN": _kind(
        "correct",
        "",
        ("The list has no row “{value}”.", "La liste n'a pas de ligne « {value} »."),
        ("Put back the number in the column Row.", "Rétablissez le numéro de la colonne Ligne."),
    ),
}

BY: Final[dict[str, dict[Lang, str]]] = {
    "name": {"en": "name, village and birth year", "fr": "nom, village et année de naissance"},
    "phone": {"en": "phone number", "fr": "numéro de téléphone"},
    "identity": {"en": "identity number", "fr": "numéro d'identité"},
}
"""By what two rows may be one person."""

TITLES: Final[dict[str, dict[Lang, str]]] = {
    "farmer_code": {"en": "farmer code", "fr": "code du producteur"},
    "name": {"en": "name", "fr": "nom"},
    "sex": {"en": "sex", "fr": "sexe"},
    "birth": {"en": "birth year", "fr": "année de naissance"},
    "phone": {"en": "phone", "fr": "téléphone"},
    "village": {"en": "village", "fr": "village"},
    "identity_no": {"en": "identity number", "fr": "numéro d'identité"},
    "plot_code": {"en": "plot code", "fr": "code de la parcelle"},
    "area": {"en": "declared area", "fr": "superficie déclarée"},
    "crop": {"en": "crop", "fr": "culture"},
    "conversion_start": {"en": "start of conversion", "fr": "début de conversion"},
    "from_day": {"en": "worked since", "fr": "exploitée depuis"},
    "latitude": {"en": "latitude", "fr": "latitude"},
    "longitude": {"en": "longitude", "fr": "longitude"},
    "joined_on": {"en": "member since", "fr": "membre depuis"},
    "agreement_on": {"en": "agreement signed on", "fr": "accord signé le"},
    "unit": {"en": "production unit", "fr": "unité de production"},
    "estimate": {"en": "estimate in kg", "fr": "estimation en kg"},
    "status": {"en": "status", "fr": "statut"},
    "date": {"en": "date", "fr": "date"},
    "time": {"en": "time", "fr": "heure"},
    "site_code": {"en": "site code", "fr": "code du site"},
    "quantity": {"en": "quantity", "fr": "quantité"},
    "quantity_unit": {"en": "unit of weight", "fr": "unité de poids"},
    "receipt": {"en": "receipt number", "fr": "numéro de reçu"},
    "product": {"en": "product", "fr": "produit"},
    "lot_code": {"en": "lot code", "fr": "code du lot"},
    "harvested_on": {"en": "harvested on", "fr": "récolté le"},
    "inspector": {"en": "inspector code", "fr": "code de l'inspecteur"},
    "start": {"en": "start", "fr": "début"},
    "end": {"en": "end", "fr": "fin"},
    "inspector_signed_on": {"en": "signed by the inspector on", "fr": "signé par l'inspecteur le"},
    "member_signed_on": {"en": "signed by the member on", "fr": "signé par le membre le"},
    "valid": {"en": "counts", "fr": "compte"},
    "row": {"en": "row", "fr": "ligne"},
}
"""What columns are called where a sheet names none."""
