"""What comes in at the gate, and what is made of it."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import PROFILE, Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "OUTPUT_EXCEEDS_INPUT": kind(
        "conflict",
        "input_g output_g",
        title=("More comes out than went in", "Il sort plus qu'il n'est entré"),
        sentence=("{output_g} come out of {input_g}.", "{output_g} sortent de {input_g}."),
        advice=(
            "Weigh again, or add the inputs that are missing.",
            "Pesez de nouveau, ou ajoutez les entrées qui manquent.",
        ),
    ),
    "LOSS_MISMATCH": kind(
        "conflict",
        "loss_g expected_g",
        title=("Loss does not close the balance", "La perte n'équilibre pas le bilan"),
        sentence=(
            "A loss of {loss_g} is told; inputs less outputs are {expected_g}.",
            "Une perte de {loss_g} est déclarée ; les entrées moins les sorties font {expected_g}.",
        ),
        advice=(
            "Weigh again, or leave the loss out: it is then worked out.",
            "Pesez de nouveau, ou omettez la perte : elle est alors calculée.",
        ),
    ),
    "OUTPUT_MISMATCH": kind(
        "conflict",
        "input_g output_g",
        title=("Parts do not make the whole", "Les parts ne font pas le tout"),
        sentence=(
            "The parts weigh {output_g} together; {input_g} were drawn.",
            "Les parts pèsent {output_g} ensemble ; {input_g} ont été prélevés.",
        ),
        advice=(
            "Make the parts sum to {input_g}; record a loss as an event of its own.",
            "Faites que les parts totalisent {input_g} ; enregistrez une perte par un événement à part.",
        ),
    ),
    "RECEIVING_LOT_CLOSED": kind(
        "conflict",
        "lot",
        title=("Receiving lot is closed", "Lot de réception fermé"),
        sentence=(
            "{lot} takes no more deliveries: it was drawn from, is blocked, or stands at another site.",
            "{lot} ne reçoit plus de livraisons : on y a prélevé, ou il est bloqué ou sur un autre site.",
        ),
        advice=("Receive into a new lot.", "Recevez dans un nouveau lot."),
    ),
    "NOT_A_DELIVERY": kind(
        "conflict",
        "lot",
        title=("Not a delivery", "Pas une livraison"),
        sentence=(
            "{lot} is not a delivery; only deliveries are received.",
            "{lot} n'est pas une livraison ; seules les livraisons sont reçues.",
        ),
        advice=("Bulk the lots instead.", "Regroupez plutôt les lots."),
    ),
    "STEP_UNKNOWN": kind(
        "malformed",
        "process commodity",
        title=("Process unknown", "Procédé inconnu"),
        sentence=(
            "“{process}” is not a process of the profile of {commodity}.",
            "« {process} » n'est pas un procédé du profil {commodity}.",
        ),
        advice=PROFILE,
    ),
    "CATCH_DAYS_WRONG": kind(
        "malformed",
        "since until day",
        title=("Days of the catch", "Jours de la capture"),
        sentence=(
            "The catch is from {since} to {until}, the landing on {day}: a catch ends after it begins, before it is "
            "landed.",
            "La capture va du {since} au {until}, le débarquement est du {day} : une capture finit après son début et "
            "avant le débarquement.",
        ),
        advice=("Correct the days.", "Corrigez les jours."),
    ),
}
