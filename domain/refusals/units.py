"""Labelled units, and the alerts on them."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "NO_SUCH_UNIT": kind(
        "unknown",
        "lot unit",
        title=("Unit unknown", "Unité inconnue"),
        sentence=(
            "{lot} has no unit {unit}.",
            "{lot} n'a pas d'unité {unit}.",
        ),
        advice=(
            "Check the number; units are counted when the lot is packed.",
            "Vérifiez le numéro ; les unités sont comptées à l'emballage du lot.",
        ),
    ),
    "UNIT_STATE": kind(
        "conflict",
        "lot unit unit_state unit_becomes",
        title=("Not in this state", "Pas dans cet état"),
        sentence=(
            "Unit {unit} of {lot} is {unit_state}: it cannot become {unit_becomes} now.",
            "L'unité {unit} de {lot} est {unit_state} : elle ne peut pas devenir {unit_becomes} maintenant.",
        ),
        advice=(
            "Look at the unit; leave it out, or tell first what came before.",
            "Regardez l'unité ; laissez-la de côté, ou indiquez d'abord ce qui précède.",
        ),
    ),
    "UNIT_CODE_UNKNOWN": kind(
        "unknown",
        "label",
        title=("Code of a unit unknown", "Code d'unité inconnu"),
        sentence=(
            "{label} is no label in use of a unit of this lot.",
            "{label} n'est pas une étiquette en usage d'une unité de ce lot.",
        ),
        advice=(
            "Scan the label again; if it stays unknown, put the unit aside and ask who sent it.",
            "Scannez-la de nouveau ; si elle reste inconnue, mettez l'unité de côté et demandez à l'expéditeur.",
        ),
    ),
    "UNIT_WITHOUT_LABEL": kind(
        "conflict",
        "lot unit",
        title=("Unit without a label", "Unité sans étiquette"),
        sentence=(
            "Unit {unit} of {lot} has no label that counts.",
            "L'unité {unit} de {lot} n'a pas d'étiquette valable.",
        ),
        advice=(
            "Label the units first.",
            "Étiquetez d'abord les unités.",
        ),
    ),
    "REPRINT_WITHOUT_REASON": kind(
        "conflict",
        "lot unit",
        title=("Printed before", "Déjà imprimée"),
        sentence=(
            "The label of unit {unit} of {lot} was printed before.",
            "L'étiquette de l'unité {unit} de {lot} a déjà été imprimée.",
        ),
        advice=(
            "Say why it is printed again: the register keeps the reason.",
            "Dites pourquoi elle est réimprimée : le registre garde la raison.",
        ),
    ),
    "LABELS_EXCEED_LOT": kind(
        "conflict",
        "lot have_g wanted_g",
        title=("More labels than goods", "Plus d'étiquettes que de marchandise"),
        sentence=(
            "The labels of {lot} would name {wanted_g} together; it has {have_g}.",
            "Les étiquettes de {lot} indiqueraient {wanted_g} ensemble ; il a {have_g}.",
        ),
        advice=(
            "Void labels of units that are no more, or label fewer.",
            "Annulez les étiquettes d'unités qui n'existent plus, ou étiquetez-en moins.",
        ),
    ),
    "UNIT_TOO_HEAVY": kind(
        "conflict",
        "lot unit have_g",
        title=("Unit too heavy for a label", "Unité trop lourde pour une étiquette"),
        sentence=(
            "Unit {unit} of {lot} weighs {have_g}; a label names at most 16 t.",
            "L'unité {unit} de {lot} pèse {have_g} ; une étiquette indique au plus 16 t.",
        ),
        advice=(
            "Pack smaller units.",
            "Emballez de plus petites unités.",
        ),
    ),
    "UNIT_WEIGHT_OFF": kind(
        "conflict",
        "lot unit weighed_g label_g tolerance_g",
        title=("Weighs otherwise than its label", "Pèse autrement que son étiquette"),
        sentence=(
            "Unit {unit} of {lot} weighs {weighed_g}, its label says {label_g}; {tolerance_g} off are allowed.",
            "L'unité {unit} de {lot} pèse {weighed_g}, son étiquette dit {label_g} ; {tolerance_g} d'écart sont admis.",
        ),
        advice=(
            "Weigh again; refill the unit, or void its label.",
            "Pesez de nouveau ; complétez l'unité, ou annulez son étiquette.",
        ),
    ),
    "UNITS_WEIGH_OTHERWISE": kind(
        "conflict",
        "lot units_g wanted_g",
        title=("Units and quantity differ", "Unités et quantité diffèrent"),
        sentence=(
            "The units named of {lot} weigh {units_g}, and {wanted_g} are told.",
            "Les unités indiquées de {lot} pèsent {units_g}, et {wanted_g} sont dits.",
        ),
        advice=(
            "Name the units that leave or come back, all of them and no other.",
            "Indiquez les unités qui partent ou reviennent, toutes et aucune autre.",
        ),
    ),
    "NO_UNITS": kind(
        "malformed",
        "lot",
        title=("No units named", "Aucune unité indiquée"),
        sentence=(
            "No unit of {lot} is named.",
            "Aucune unité de {lot} n'est indiquée.",
        ),
        advice=(
            "Name the units by number or by code.",
            "Indiquez les unités par numéro ou par code.",
        ),
    ),
    "UNIT_NOT_SENT": kind(
        "conflict",
        "lot unit",
        title=("Not sent yet", "Pas encore envoyée"),
        sentence=(
            "Unit {unit} of {lot} was labelled here and has not left.",
            "L'unité {unit} de {lot} a été étiquetée ici et n'est pas partie.",
        ),
        advice=(
            "Whoever gets the goods tells that they came.",
            "C'est qui reçoit la marchandise qui indique son arrivée.",
        ),
    ),
    "UNITS_NOT_FOR_YOU": kind(
        "conflict",
        "lot unit",
        title=("Not shipped to you", "Pas expédiée à vous"),
        sentence=(
            "No shipment to your organisation names unit {unit} of {lot}.",
            "Aucune expédition à votre organisation ne nomme l'unité {unit} de {lot}.",
        ),
        advice=(
            "Scan the label of the unit.",
            "Scannez l'étiquette de l'unité.",
        ),
    ),
    "UNITS_LABELLED": kind(
        "conflict",
        "lot units",
        title=("Labels are about", "Des étiquettes circulent"),
        sentence=(
            "{units} units of {lot} have labels: it cannot be packed otherwise.",
            "{units} unités de {lot} ont des étiquettes : il ne peut pas être emballé autrement.",
        ),
        advice=(
            "Void the labels first.",
            "Annulez d'abord les étiquettes.",
        ),
    ),
    "UNIT_CHANGED_SINCE": kind(
        "conflict",
        "lot unit unit_state",
        title=("Something followed", "Il y a eu une suite"),
        sentence=(
            "Unit {unit} of {lot} is {unit_state} since: only what was told of it last is taken back.",
            "L'unité {unit} de {lot} est {unit_state} depuis : seul ce qui en a été dit en dernier peut être annulé.",
        ),
        advice=(
            "Correct first what was told of the unit since, or leave it as it is.",
            "Corrigez d'abord ce qui a été dit de l'unité depuis, ou laissez-la ainsi.",
        ),
    ),
    "UNIT_OPENED_BY_CODE": kind(
        "conflict",
        "lot unit",
        title=("Opened by its code", "Ouverte par son code"),
        sentence=(
            "Unit {unit} of {lot} was opened by whoever had the code under its tear-off: that is not taken back.",
            "L'unité {unit} de {lot} a été ouverte par qui avait le code sous sa languette : cela ne s'annule pas.",
        ),
        advice=(
            "Void its label, and label the unit anew if it is still closed.",
            "Annulez son étiquette, et étiquetez l'unité à nouveau si elle est encore fermée.",
        ),
    ),
    "UNIT_NOT_SHIPPED": kind(
        "conflict",
        "lot unit",
        title=("Not of this shipment", "Pas de cette expédition"),
        sentence=(
            "Unit {unit} of {lot} did not leave with the shipment that is named.",
            "L'unité {unit} de {lot} n'est pas partie avec l'expédition indiquée.",
        ),
        advice=(
            "Name the units that came back, or the shipment that they left with.",
            "Indiquez les unités revenues, ou l'expédition avec laquelle elles sont parties.",
        ),
    ),
    "UNIT_MOVED_ON": kind(
        "conflict",
        "lot unit unit_state",
        title=("A unit has arrived", "Une unité est arrivée"),
        sentence=(
            "Unit {unit} of {lot} is {unit_state}: the shipment that it left with names it.",
            "L'unité {unit} de {lot} est {unit_state} : l'expédition avec laquelle elle est partie la nomme.",
        ),
        advice=(
            "Name the unit in the correction too.",
            "Nommez aussi l'unité dans la correction.",
        ),
    ),
    "ALERT_UNKNOWN": kind(
        "unknown",
        "label",
        title=("Alert unknown", "Alerte inconnue"),
        sentence=(
            "Your organisation has no open alert on the label {label}.",
            "Votre organisation n'a pas d'alerte ouverte sur l'étiquette {label}.",
        ),
        advice=(
            "Look at the list of alerts; somebody may have closed it.",
            "Regardez la liste des alertes ; quelqu'un l'a peut-être close.",
        ),
    ),
}
