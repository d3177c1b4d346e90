"""Events, their corrections, and the log that they are in."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "EVENT_BEFORE_LOT_EXISTS": kind(
        "conflict",
        "lot made occurred",
        title=("Before the lot existed", "Avant l'existence du lot"),
        sentence=(
            "{lot} exists since {made}; the event is dated {occurred}.",
            "{lot} existe depuis le {made} ; l'événement est daté du {occurred}.",
        ),
        advice=(
            "Check the time of the event, or correct the one that made the lot.",
            "Vérifiez l'heure de l'événement, ou corrigez celui qui a créé le lot.",
        ),
    ),
    "EVENT_IN_FUTURE": kind(
        "conflict",
        "occurred_at now",
        title=("Event in the future", "Événement dans le futur"),
        sentence=(
            "The event is dated {occurred_at}; it is {now}.",
            "L'événement est daté du {occurred_at} ; nous sommes le {now}.",
        ),
        advice=(
            "Set the clock of the device right, then the time of the event.",
            "Réglez l'horloge de l'appareil, puis l'heure de l'événement.",
        ),
    ),
    "EVENT_ID_REUSED": kind(
        "conflict",
        "event",
        title=("Event id is used", "Identifiant d'événement déjà utilisé"),
        sentence=(
            "The id {event} already names an event that says something else.",
            "L'identifiant {event} désigne déjà un événement qui dit autre chose.",
        ),
        advice=(
            "Send what was sent before unchanged, or give this event a new id.",
            "Renvoyez tel quel ce qui a été envoyé, ou donnez un nouvel identifiant à cet événement.",
        ),
    ),
    "EVENT_UNKNOWN": kind(
        "unknown",
        "event",
        title=("Event unknown", "Événement inconnu"),
        sentence=(
            "Your organisation has recorded no event {event}.",
            "Votre organisation n'a pas enregistré d'événement {event}.",
        ),
        advice=(
            "Check the id; only the organisation that told an event can correct it.",
            "Vérifiez l'identifiant ; seule l'organisation qui a raconté un événement peut le corriger.",
        ),
    ),
    "EVENT_NOT_SEALED": kind(
        "conflict",
        "event",
        title=("Not sealed yet", "Pas encore scellé"),
        sentence=(
            "The event {event} is recorded, and not sealed in the log yet.",
            "L'événement {event} est enregistré et n'est pas encore scellé dans le journal.",
        ),
        advice=("Ask again in a minute.", "Redemandez dans une minute."),
    ),
    "COSIGNATURE_REFUSED": kind(
        "conflict",
        "",
        title=("Cosignature not taken", "Contresignature non retenue"),
        sentence=(
            "This is no cosignature of a witness that the log has named, on a checkpoint that the log signed.",
            "Ce n'est pas la contresignature d'un témoin nommé par le journal, sur un état signé par le journal.",
        ),
        advice=(
            "Ask the operator to name your key: filiere keys witness KEY. Then cosign the newest checkpoint.",
            "Faites nommer votre clé par l'exploitant (filiere keys witness CLÉ), puis contresignez le dernier état.",
        ),
    ),
    "CORRECTION_NOT_ALLOWED": kind(
        "conflict",
        "event type",
        title=("Cannot be corrected", "Correction impossible"),
        sentence=(
            "The event {event} ({type}) cannot be corrected: its kind is final, or its lots changed hands.",
            "L'événement {event} ({type}) ne peut être corrigé : son genre est définitif, "
            "ou ses lots ont changé de mains.",
        ),
        advice=(
            "Record what happened since as an event of its own.",
            "Enregistrez ce qui s'est passé depuis par un événement à part.",
        ),
    ),
    "ALREADY_CORRECTED": kind(
        "conflict",
        "event",
        title=("Corrected already", "Déjà corrigé"),
        sentence=("The event {event} is corrected already.", "L'événement {event} est déjà corrigé."),
        advice=(
            "Correct the event that took its place.",
            "Corrigez l'événement qui a pris sa place.",
        ),
    ),
    "CORRECTION_TYPE_MISMATCH": kind(
        "conflict",
        "event type instead",
        title=("Correction of another kind", "Correction d'un autre genre"),
        sentence=(
            "The event {event} is “{type}”; a “{instead}” cannot take its place.",
            "L'événement {event} est « {type} » ; un « {instead} » ne peut prendre sa place.",
        ),
        advice=(
            "Put a “{type}” in its place, or nothing, and record the other event by itself.",
            "Mettez un « {type} » à sa place, ou rien, et enregistrez l'autre événement à part.",
        ),
    ),
}
