"""Lists that are brought in."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "IMPORT_UNKNOWN": kind(
        "unknown",
        "run",
        title=("Import unknown", "Import inconnu"),
        sentence=("Your organisation has no import {run}.", "Votre organisation n'a pas d'import {run}."),
        advice=("Look it up in the list of imports.", "Cherchez-le dans la liste des imports."),
    ),
    "IMPORT_CERTIFICATE_UNKNOWN": kind(
        "malformed",
        "certificate",
        title=("Certificate unknown", "Certificat inconnu"),
        sentence=(
            "Your organisation has no certificate {certificate}.",
            "Votre organisation n'a pas de certificat {certificate}.",
        ),
        advice=(
            "Use the number of a certificate as it is registered.",
            "Utilisez le numéro d'un certificat tel qu'il est enregistré.",
        ),
    ),
    "IMPORT_COLUMNS_MISSING": kind(
        "conflict",
        "columns",
        title=("Columns are missing", "Des colonnes manquent"),
        sentence=(
            "No column of the list is known to hold: {columns}.",
            "Aucune colonne de la liste n'est reconnue pour : {columns}.",
        ),
        advice=("Say which columns hold them.", "Dites quelles colonnes les contiennent."),
    ),
    "IMPORT_TO_CORRECT": kind(
        "conflict",
        "count rows",
        title=("Rows to correct", "Lignes à corriger"),
        sentence=(
            "Rows to correct: {count} ({rows}). Nothing was written.",
            "Lignes à corriger : {count} ({rows}). Rien n'a été enregistré.",
        ),
        advice=(
            "Correct them and bring the list in again, or leave them out on purpose.",
            "Corrigez-les et importez la liste de nouveau, ou écartez-les délibérément.",
        ),
    ),
    "IMPORT_CONTENT_GONE": kind(
        "conflict",
        "run",
        title=("The file is no longer kept", "Le fichier n'est plus conservé"),
        sentence=(
            "The file of import {run} is no longer kept.",
            "Le fichier de l'import {run} n'est plus conservé.",
        ),
        advice=("Bring the file in again.", "Importez de nouveau le fichier."),
    ),
    "IMPORT_NOT_APPLIED": kind(
        "conflict",
        "run",
        title=("Not imported yet", "Pas encore importé"),
        sentence=("Import {run} has written nothing yet.", "L'import {run} n'a encore rien enregistré."),
        advice=("There is nothing to take back.", "Il n'y a rien à annuler."),
    ),
    "IMPORT_OVERTAKEN": kind(
        "conflict",
        "",
        title=("Overtaken", "Devancé"),
        sentence=(
            "Somebody registered one of these records at the same time. Nothing was written.",
            "Quelqu'un a enregistré l'une de ces fiches au même moment. Rien n'a été enregistré.",
        ),
        advice=("Apply the import again.", "Relancez l'import."),
    ),
    "IMPORT_IN_USE": kind(
        "conflict",
        "used",
        title=("In use", "Déjà utilisé"),
        sentence=(
            "What this import made is in use: {used}. Nothing was taken back.",
            "Ce que cet import a créé est utilisé : {used}. Rien n'a été annulé.",
        ),
        advice=("Correct single records instead.", "Corrigez plutôt les fiches une à une."),
    ),
    "IMPORT_CHANGED_SINCE": kind(
        "conflict",
        "records",
        title=("Changed since", "Modifié depuis"),
        sentence=(
            "Somebody changed since what this import wrote: {records}. Nothing was taken back.",
            "Ce que cet import a enregistré a été modifié depuis : {records}. Rien n'a été annulé.",
        ),
        advice=("Correct single records instead.", "Corrigez plutôt les fiches une à une."),
    ),
}
