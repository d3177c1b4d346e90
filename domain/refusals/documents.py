"""Papers that are attached, and documents that are issued."""

from __future__ import annotations

from typing import Final

from domain.refusals.kinds import Refusal, kind

REFUSALS: Final[dict[str, Refusal]] = {
    "DOCUMENT_ATTACHED_BEFORE": kind(
        "conflict",
        "lot sha256",
        title=("Attached before", "Déjà joint"),
        sentence=(
            "The file with SHA-256 {sha256} is attached to {lot} already.",
            "Le fichier de SHA-256 {sha256} est déjà joint à {lot}.",
        ),
        advice=(
            "There is nothing to do. To change what was said of it, correct the event that attached it.",
            "Il n'y a rien à faire. Pour changer ce qui en a été dit, corrigez l'événement qui l'a joint.",
        ),
    ),
    "ATTACHMENT_NOT_A_PAPER": kind(
        "malformed",
        "",
        title=("Not a PDF, PNG or JPEG", "Ni PDF, ni PNG, ni JPEG"),
        sentence=(
            "The file does not begin like a PDF, a PNG or a JPEG, whatever it is called.",
            "Le fichier ne commence pas comme un PDF, un PNG ou un JPEG, quel que soit son nom.",
        ),
        advice=(
            "Send the file of the laboratory as it is, of at most 10 MiB.",
            "Envoyez le fichier du laboratoire tel quel, de 10 Mio au plus.",
        ),
    ),
    "ATTACHMENT_UNKNOWN": kind(
        "unknown",
        "sha256",
        title=("No such file", "Pas de tel fichier"),
        sentence=(
            "There is no attached file with SHA-256 {sha256} that you may see.",
            "Aucun fichier joint de SHA-256 {sha256} ne vous est accessible.",
        ),
        advice=("Look it up in the attachments of the lot.", "Cherchez-le parmi les pièces jointes du lot."),
    ),
    "ATTACHMENT_GONE": kind(
        "conflict",
        "sha256",
        title=("The file is no longer kept", "Le fichier n'est plus conservé"),
        sentence=(
            "The file with SHA-256 {sha256} is not kept here; the log holds its digest only.",
            "Le fichier de SHA-256 {sha256} n'est pas conservé ici ; le journal n'en garde que l'empreinte.",
        ),
        advice=(
            "Ask whoever sent it. The same bytes, sent again, are kept again.",
            "Adressez-vous à qui l'a envoyé. Les mêmes octets, renvoyés, sont de nouveau conservés.",
        ),
    ),
    "DOCUMENT_NOT_IN_FORCE": kind(
        "conflict",
        "document state",
        title=("Document no longer in force", "Document qui n'est plus en vigueur"),
        sentence=("{document} is {state} already.", "{document} est déjà {state}."),
        advice=(
            "Ask for the document by its number: it says what stands in its place, or why it was withdrawn.",
            "Demandez le document par son numéro : il dit ce qui le remplace, ou pourquoi il a été retiré.",
        ),
    ),
    "STATEMENT_ISSUED_BEFORE": kind(
        "conflict",
        "document",
        title=("Stated already", "Déjà attesté"),
        sentence=(
            "{document} states this transaction already, and is in force.",
            "{document} atteste déjà cette transaction, et est en vigueur.",
        ),
        advice=(
            "Send that one, or issue it anew: the new one then stands in its place.",
            "Envoyez celui-là, ou émettez-le de nouveau : le nouveau le remplacera.",
        ),
    ),
    "STATEMENT_EXCEEDS_LOT": kind(
        "conflict",
        "lot have_g wanted_g",
        title=("More than the lot", "Plus que le lot"),
        sentence=(
            "{wanted_g} would be stated of {lot}, which stands for {have_g}.",
            "{wanted_g} seraient attestés pour {lot}, qui en représente {have_g}.",
        ),
        advice=(
            "Correct the lot or the shipment first.",
            "Corrigez d'abord le lot ou l'expédition.",
        ),
    ),
    "STATEMENT_CLAIM_LOWERED": kind(
        "conflict",
        "lot scheme value carried",
        title=("The claim was lowered since", "Mention abaissée depuis"),
        sentence=(
            "It was told as {value} under {scheme}; {lot} carries {carried} now.",
            "Annoncé {value} au titre de {scheme} ; {lot} porte désormais {carried}.",
        ),
        advice=(
            "Open the claims of the lot to see what lowered it, tell the buyer, and correct the shipment.",
            "Ouvrez les mentions du lot pour voir ce qui l'a abaissée, prévenez l'acheteur et corrigez l'expédition.",
        ),
    ),
    "DOCUMENT_UNKNOWN": kind(
        "unknown",
        "document",
        title=("Document unknown", "Document inconnu"),
        sentence=(
            "Your organisation has issued no document {document}.",
            "Votre organisation n'a émis aucun document {document}.",
        ),
        advice=(
            "Check the number printed at the foot of the document.",
            "Vérifiez le numéro imprimé au bas du document.",
        ),
    ),
}
