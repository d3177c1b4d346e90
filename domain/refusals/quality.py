"""Samples, tests and holds."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import PROFILE, Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "QC_PENDING": kind(
        "conflict",
        "lot qc",
        title=("Quality check is missing", "Contrôle qualité manquant"),
        sentence=(
            "The quality check of {lot} is {qc}; a lot leaves when it has passed.",
            "Le contrôle qualité de {lot} est {qc} ; un lot part quand il est conforme.",
        ),
        advice=("Record a check of the lot first.", "Enregistrez d'abord un contrôle du lot."),
    ),
    "RETEST_OF_NOTHING": kind(
        "conflict",
        "lot check",
        title=("No failed check to repeat", "Pas de contrôle échoué à répéter"),
        sentence=(
            "{check} is not a failed check of {lot}.",
            "{check} n'est pas un contrôle échoué de {lot}.",
        ),
        advice=("Name the event of the check that failed.", "Indiquez l'événement du contrôle qui a échoué."),
    ),
    "CHECK_UNKNOWN": kind(
        "conflict",
        "lot check",
        title=("No such check of this lot", "Pas de tel contrôle de ce lot"),
        sentence=("{check} is not a check of {lot}.", "{check} n'est pas un contrôle de {lot}."),
        advice=(
            "Name the events of the checks that the paper backs, or leave them out.",
            "Indiquez les événements des contrôles que le document appuie, ou laissez-les de côté.",
        ),
    ),
    "NOTHING_ANALYSED": kind(
        "conflict",
        "lot",
        title=("Nothing was measured yet", "Rien n'a encore été mesuré"),
        sentence=("No check of {lot} is recorded.", "Aucun contrôle de {lot} n'est enregistré."),
        advice=(
            "Record what was measured (inspected); then issue the certificate of analysis.",
            "Enregistrez ce qui a été mesuré (inspected), puis émettez le certificat d'analyse.",
        ),
    ),
    "RETEST_WITHOUT_REASON": kind(
        "malformed",
        "lot",
        title=("Why was it tested again?", "Pourquoi une nouvelle analyse ?"),
        sentence=(
            "{lot} was tested again without a reason.",
            "{lot} a été analysé de nouveau sans motif.",
        ),
        advice=(
            "Say what the investigation of the first result found.",
            "Dites ce qu'a trouvé l'enquête sur le premier résultat.",
        ),
    ),
    "SAMPLE_CODE_TAKEN": kind(
        "conflict",
        "sample",
        title=("Sample code is taken", "Code d'échantillon déjà pris"),
        sentence=("There is a sample {sample} already.", "Il existe déjà un échantillon {sample}."),
        advice=("Give the sample another code.", "Donnez un autre code à l'échantillon."),
    ),
    "SAMPLE_OF_OTHER_LOTS": kind(
        "conflict",
        "sample lot",
        title=("Sample of other lots", "Échantillon d'autres lots"),
        sentence=(
            "The sample {sample} was not drawn of {lot}.",
            "L'échantillon {sample} n'a pas été prélevé sur {lot}.",
        ),
        advice=("Check sample and lot.", "Vérifiez l'échantillon et le lot."),
    ),
    "CUT_TEST_COUNT": kind(
        "malformed",
        "beans expected",
        title=("Cut test of another size", "Épreuve à la coupe d'une autre taille"),
        sentence=(
            "{beans} beans were cut; the method wants {expected}.",
            "{beans} fèves ont été coupées ; la méthode en demande {expected}.",
        ),
        advice=(
            "Cut {expected} beans, or say why it is another number.",
            "Coupez {expected} fèves, ou dites pourquoi le nombre est différent.",
        ),
    ),
    "CUT_TEST_SUM": kind(
        "malformed",
        "counted beans",
        title=("More defects than beans", "Plus de défauts que de fèves"),
        sentence=(
            "The classes add up to {counted} beans; {beans} were cut.",
            "Les classes totalisent {counted} fèves ; {beans} ont été coupées.",
        ),
        advice=(
            "Count each bean once, in its gravest class.",
            "Comptez chaque fève une fois, dans sa classe la plus grave.",
        ),
    ),
    "NOTHING_MEASURED": kind(
        "malformed",
        "",
        title=("Nothing was measured", "Rien n'a été mesuré"),
        sentence=(
            "The check holds neither a measurement nor a cut test.",
            "Le contrôle ne contient ni mesure ni épreuve à la coupe.",
        ),
        advice=("Add what was measured.", "Ajoutez ce qui a été mesuré."),
    ),
    "TEST_UNKNOWN": kind(
        "malformed",
        "test commodity",
        title=("Test unknown", "Essai inconnu"),
        sentence=(
            "“{test}” is not a measurement of the profile of {commodity}.",
            "« {test} » n'est pas une mesure du profil {commodity}.",
        ),
        advice=PROFILE,
    ),
    "STAGE_UNKNOWN": kind(
        "malformed",
        "stage commodity",
        title=("Stage unknown", "Stade inconnu"),
        sentence=(
            "“{stage}” is not a stage of the profile of {commodity}.",
            "« {stage} » n'est pas un stade du profil {commodity}.",
        ),
        advice=PROFILE,
    ),
    "NOT_ON_HOLD": kind(
        "conflict",
        "lot",
        title=("Nothing to release", "Rien à libérer"),
        sentence=(
            "{lot} has no hold that a release can end.",
            "{lot} n'a aucun blocage qu'une libération puisse lever.",
        ),
        advice=(
            "Open the lot to see what stands against it; a rejection or a recall is not released.",
            "Ouvrez le lot pour voir ce qui s'y oppose ; un refus ou un rappel ne se lève pas.",
        ),
    ),
    "SAMPLE_UNKNOWN": kind(
        "unknown",
        "sample",
        title=(
            "Sample not known",
            "Échantillon inconnu",
        ),
        sentence=(
            "You have recorded no sample {sample}.",
            "Vous n'avez enregistré aucun échantillon {sample}.",
        ),
        advice=(
            "Check its code, or record first how it was drawn.",
            "Vérifiez son code, ou enregistrez d'abord son prélèvement.",
        ),
    ),
    "INSTRUMENT_UNKNOWN": kind(
        "unknown",
        "instrument",
        title=("No such instrument", "Instrument inconnu"),
        sentence=("There is no instrument {instrument}.", "Il n'y a pas d'instrument {instrument}."),
        advice=("Register the instrument first, or leave it out.", "Enregistrez d'abord l'instrument, ou omettez-le."),
    ),
}
