"""Vessels and their loads: use, bookings, cleaning, readings."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import CHECK_ID, Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "KEY_OF_OTHERS": kind(
        "conflict",
        "owners",
        title=("The key names others", "La clé nomme d'autres"),
        sentence=(
            "The key names {owners}; these are not just the owners of what went in, each once.",
            "La clé nomme {owners} ; ce ne sont pas exactement les propriétaires de ce qui est entré, chacun une fois.",
        ),
        advice=(
            "Give every owner of the goods that went in its parts, once; or leave the key out to share by weight.",
            "Donnez une fois ses parts à chaque propriétaire de ce qui est entré ; ou omettez la clé pour partager au "
            "poids.",
        ),
    ),
    "VESSEL_UNKNOWN": kind(
        "unknown",
        "vessel",
        title=("Vessel unknown", "Récipient inconnu"),
        sentence=(
            "Your organisation knows no vessel {vessel}.",
            "Votre organisation ne connaît pas de récipient {vessel}.",
        ),
        advice=CHECK_ID,
    ),
    "FACILITY_OVER_CAPACITY": kind(
        "conflict",
        "vessel capacity_g wanted_g",
        title=("More than the vessel takes", "Plus que le récipient ne contient"),
        sentence=(
            "{vessel} takes {capacity_g}; the load weighs {wanted_g}.",
            "{vessel} contient {capacity_g} ; la charge pèse {wanted_g}.",
        ),
        advice=("Load less, or use a second vessel.", "Chargez moins, ou utilisez un second récipient."),
    ),
    "FACILITY_BUSY": kind(
        "conflict",
        "vessel since until",
        title=("Vessel is in use", "Récipient occupé"),
        sentence=(
            "{vessel} is in use from {since} to {until}.",
            "{vessel} est occupé du {since} au {until}.",
        ),
        advice=(
            "End the run that is in it first, or use another vessel.",
            "Terminez d'abord le cycle en cours, ou utilisez un autre récipient.",
        ),
        without={
            "until": (
                "{vessel} is in use since {since}.",
                "{vessel} est occupé depuis le {since}.",
            )
        },
    ),
    "LOAD_UNKNOWN": kind(
        "unknown",
        "load",
        title=("Load unknown", "Charge inconnue"),
        sentence=(
            "Your organisation knows no load {load}.",
            "Votre organisation ne connaît pas de charge {load}.",
        ),
        advice=CHECK_ID,
    ),
    "LOAD_ENDED": kind(
        "conflict",
        "load ended",
        title=("Load has ended", "Charge terminée"),
        sentence=("The load {load} ended on {ended}.", "La charge {load} s'est terminée le {ended}."),
        advice=(
            "Check the load and the time of the event.",
            "Vérifiez la charge et l'heure de l'événement.",
        ),
    ),
    "LOT_NOT_IN_LOAD": kind(
        "conflict",
        "lot load",
        title=("Lot and load do not match", "Lot et charge ne concordent pas"),
        sentence=(
            "{lot} lies in the load {load}, and is not among the inputs.",
            "{lot} se trouve dans la charge {load} et n'est pas parmi les entrées.",
        ),
        advice=(
            "Add {lot} to the inputs, or leave the load out.",
            "Ajoutez {lot} aux entrées, ou omettez la charge.",
        ),
    ),
    "CLEANING_NOT_RECORDED": kind(
        "conflict",
        "lot since until",
        title=("No cleaning record", "Pas d'enregistrement de nettoyage"),
        sentence=(
            "{lot} is held because no cleaning between {since} and {until} was recorded in time.",
            "{lot} est bloqué : aucun nettoyage entre le {since} et le {until} n'a été enregistré à temps.",
        ),
        advice=(
            "Record the cleaning if it was done and the time for it has not passed, or downgrade the lot.",
            "Enregistrez le nettoyage s'il a eu lieu et que le délai court encore, ou déclassez le lot.",
        ),
    ),
    "VESSEL_BOOKED": kind(
        "conflict",
        "vessel since until",
        title=("Vessel is booked", "Récipient réservé"),
        sentence=(
            "{vessel} is booked from {since} to {until}.",
            "{vessel} est réservé du {since} au {until}.",
        ),
        advice=("Choose another time or vessel.", "Choisissez un autre moment ou un autre récipient."),
    ),
    "BOOKING_PAST": kind(
        "conflict",
        "until now",
        title=("Slot is over", "Créneau passé"),
        sentence=("The slot ends on {until}; it is {now}.", "Le créneau finit le {until} ; il est {now}."),
        advice=(
            "Book a time that is still to come; what happened is recorded as events.",
            "Réservez un moment à venir ; ce qui a eu lieu s'enregistre comme événements.",
        ),
    ),
    "BOOKING_CANCELLED": kind(
        "conflict",
        "vessel",
        title=("Booking was cancelled", "Réservation annulée"),
        sentence=(
            "This booking of {vessel} was cancelled.",
            "Cette réservation de {vessel} a été annulée.",
        ),
        advice=("Make a new one, with an id of its own.", "Faites-en une nouvelle, avec son propre identifiant."),
    ),
    "READING_DIFFERS": kind(
        "conflict",
        "device occurred_at have sent",
        title=("Reading differs", "Relevé différent"),
        sentence=(
            "{device} said {have} at {occurred_at}; now {sent} is sent for the same instant.",
            "{device} a donné {have} le {occurred_at} ; {sent} est envoyé pour le même instant.",
        ),
        advice=(
            "A reading is never overwritten: check the device.",
            "Un relevé ne se remplace pas : vérifiez l'appareil.",
        ),
    ),
    "READINGS_TOO_MANY": kind(
        "malformed",
        "count most",
        title=("Too many readings", "Trop de relevés"),
        sentence=(
            "The load would hold {count} readings; at most {most} are kept.",
            "La charge aurait {count} relevés ; {most} au plus sont gardés.",
        ),
        advice=("Send one value a minute or fewer.", "Envoyez au plus une valeur par minute."),
    ),
}
