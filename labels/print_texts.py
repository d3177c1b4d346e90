"""What labels, certificates and drawings say, in English and in French, and how it is set.

The vocabulary that they share with the public page (steps, tests, checks, dates) is taken from
``labels.texts``, so that paper and page say the same word for the same thing. Sentences that stand only on
paper are here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlsplit

from domain.refusals import Refused
from labels import texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

Lang: TypeAlias = texts.Lang

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # --- the label
    "lot": ("Lot", "Lot"),
    "unit": ("bag {number} / {of}", "sac {number} / {of}"),
    "units": ("{n} bags", "{n} sacs"),
    "net": ("net", "net"),
    "lot_net": ("lot net", "lot net"),
    "crop": ("Crop {season}", "Récolte {season}"),
    "origin": ("Origin: {place}", "Origine : {place}"),
    "packed_by": ("Packed by {organisation}", "Emballé par {organisation}"),
    "label_of": ("Label of lot {lot}", "Étiquette du lot {lot}"),
    "scan_or_type": (
        "Scan the symbol, or type {code} at {host}.",
        "Scanner le symbole, ou saisir {code} sur {host}.",
    ),
    "measure_me": (
        "Print at 100 %. This line measures 50 mm.",
        "Imprimer à 100 %. Cette ligne mesure 50 mm.",
    ),
    # Reg. (EU) 2018/848 Art. 30, 32: term, code number of the control body, where the raw material was farmed
    "claim.organic": ("ORGANIC – {rules}", "BIOLOGIQUE – {rules}"),
    "claim.in_conversion": (
        "IN CONVERSION to organic farming – {rules}",
        "EN CONVERSION vers l’agriculture biologique – {rules}",
    ),
    "claim.other": ("{rules}", "{rules}"),
    "agriculture": ("{country} Agriculture", "Agriculture {country}"),
    "certified_by": ("Certified by {body}", "Certifié par {body}"),
    "ggn": ("GGN {number}", "GGN {number}"),
    # --- the certificate
    "certificate": ("Traceability certificate", "Certificat de traçabilité"),
    "certificate_subject": ("Lot {lot}, certificate {number}", "Lot {lot}, certificat {number}"),
    "number": ("No. {number}", "N° {number}"),
    "issued_by": ("Issued by {organisation}", "Émis par {organisation}"),
    "fact.product": ("Product", "Produit"),
    "fact.net": ("Net weight", "Poids net"),
    "fact.units": ("Packed as", "Conditionnement"),
    "fact.season": ("Crop season", "Campagne"),
    "fact.grade": ("Grade", "Grade"),
    "fact.hs": ("Customs code (HS)", "Code douanier (SH)"),
    "fact.origin": ("Origin", "Origine"),
    "fact.harvest": ("Harvested", "Récolte"),
    "fact.contact": ("Contact", "Contact"),
    "fact.label": ("Label issued", "Étiquette émise"),
    "units_of": ("{n} × {unit}", "{n} × {unit}"),
    "live": ("Live state", "État actuel"),
    "live_long": (
        "This paper shows one moment. The live state:",
        "Ce document montre un instant. L’état actuel :",
    ),
    "state.valid": ("In order", "En règle"),
    "state.on_hold": ("On hold", "En attente"),
    "state.recalled": ("Recalled: do not use", "Rappelé : ne pas utiliser"),
    "state.superseded": ("Label replaced", "Étiquette remplacée"),
    "state.revoked": ("Label cancelled", "Étiquette annulée"),
    "state_on.valid": (
        "On {at}, nothing stood against this lot.",
        "Le {at}, rien ne s’opposait à ce lot.",
    ),
    "state_on.on_hold": (
        "On {at}, this lot was on hold. Do not use, sell or move it until it is released.",
        "Le {at}, ce lot était en attente. Ne pas l’utiliser, le vendre ni le déplacer avant sa libération.",
    ),
    "state_on.recalled": (
        "On {at}, this lot was under recall. Do not use, sell or process it.",
        "Le {at}, ce lot faisait l’objet d’un rappel. Ne pas l’utiliser, le vendre ni le transformer.",
    ),
    "state_on.superseded": (
        "On {at}, a newer label had taken the place of the one behind this certificate.",
        "Le {at}, une étiquette plus récente avait remplacé celle de ce certificat.",
    ),
    "state_on.revoked": (
        "On {at}, the label behind this certificate was cancelled. It speaks for no goods.",
        "Le {at}, l’étiquette de ce certificat était annulée. Elle ne vaut pour aucune marchandise.",
    ),
    "since": ("Since {day}.", "Depuis le {day}."),
    "section.claims": ("Claims and certificates", "Mentions et certificats"),
    "no_claims": ("No claim is made for this lot.", "Aucune mention n’est faite pour ce lot."),
    "paper": ("Certificate {number}, held by {holder}", "Certificat {number}, titulaire : {holder}"),
    "paper_body": ("{body} ({code})", "{body} ({code})"),
    "valid": ("{first} to {last}", "du {first} au {last}"),
    "col.certificate": ("Certificate", "Certificat"),
    "col.holder": ("Holder", "Titulaire"),
    "col.body": ("Certification body", "Organisme certificateur"),
    "col.valid": ("Valid", "Validité"),
    "col.status": ("On the day", "Ce jour"),
    "more_papers": (
        "{n} more certificates are in the data.",
        "{n} autres certificats figurent dans les données.",
    ),
    "section.composition": ("What the lot is made of", "Composition du lot"),
    "big.deliveries.one": ("delivery", "livraison"),
    "big.deliveries.many": ("deliveries", "livraisons"),
    "big.farmers.one": ("farmer", "producteur"),
    "big.farmers.many": ("farmers", "producteurs"),
    "big.net": ("net weight", "poids net"),
    "big.delivered": ("delivered by the farmers", "livrés par les producteurs"),
    "col.month": ("Month of delivery", "Mois de livraison"),
    "col.place": ("Place of delivery", "Lieu de livraison"),
    "col.deliveries": ("Deliveries", "Livraisons"),
    "col.farmers": ("Farmers", "Producteurs"),
    "col.delivered": ("Delivered, g", "Livré, g"),
    "col.delivered_kg": ("Delivered, kg", "Livré, kg"),
    "col.grams": ("In this lot, g", "Dans ce lot, g"),
    "col.annex_grams": ("Grams", "Grammes"),
    "col.share": ("Share", "Part"),
    "total": ("Total", "Total"),
    "exact": (
        "The deliveries sum to the net weight to the gram.",
        "Les livraisons donnent le poids net au gramme près.",
    ),
    "inexact": (
        "The deliveries known to the issuer account for {known} g of {net} g.",
        "Les livraisons connues de l’émetteur représentent {known} g sur {net} g.",
    ),
    "annex_follows": (
        "Shares by farmer code: see the annex.",
        "Parts par code de producteur : voir l’annexe.",
    ),
    "annex_in_data": (
        "Shares of single deliveries: see the data of this certificate.",
        "Parts des livraisons : voir les données de ce certificat.",
    ),
    "section.quality": ("Quality checks", "Contrôles de qualité"),
    "no_quality": ("No quality check is recorded.", "Aucun contrôle de qualité n’est enregistré."),
    "check_of": ("Lot {lot}, {day}, {by}", "Lot {lot}, {day}, {by}"),
    "col.test": ("Test", "Essai"),
    "col.result": ("Result", "Résultat"),
    "col.limit": ("Limit", "Limite"),
    "col.count": ("Count", "Comptage"),
    "col.verdict": ("Verdict", "Verdict"),
    "of": ("{n} of {of}", "{n} sur {of}"),
    "graded": ("grade {grade}", "grade {grade}"),
    "more_checks.one": (
        "{n} more check, of lots that this one was made from: {passed} passed, {failed} failed.",
        "{n} autre contrôle, de lots dont celui-ci est issu : conforme {passed}, non conforme {failed}.",
    ),
    "more_checks.many": (
        "{n} more checks, of lots that this one was made from: {passed} passed, {failed} failed.",
        "{n} autres contrôles, de lots dont celui-ci est issu : conformes {passed}, non conformes {failed}.",
    ),
    "section.steps": ("What happened to it", "Parcours"),
    "no_steps": ("No step is recorded.", "Aucune étape n’est enregistrée."),
    "col.when": ("When", "Quand"),
    "col.step": ("Step", "Étape"),
    "col.where": ("Where, by whom", "Où, par qui"),
    "col.in": ("In, kg", "Entrée, kg"),
    "col.out": ("Out, kg", "Sortie, kg"),
    "section.verified": ("What was checked", "Ce qui a été vérifié"),
    "check.blocked": ("Yes. See the state above.", "Oui. Voir l’état ci-dessus."),
    "section.limits": ("What this certificate does not prove", "Ce que ce certificat ne prouve pas"),
    "limit.goods": (
        "That the goods before you are those of this record. Compare lot, weight, seals; scan the label.",
        "Que cette marchandise est celle du dossier. Comparer lot, poids et scellés, et scanner l’étiquette.",
    ),
    "limit.later": (
        "What happened after {at}. Only the live page shows a hold or a recall.",
        "Ce qui s’est passé après le {at}. Seule la page en ligne le montre.",
    ),
    "limit.weight": (
        "That a weight is right. It is what was recorded at the scale.",
        "Qu’un poids est exact. C’est celui qui a été enregistré à la balance.",
    ),
    "limit.sample": (
        "The quality of every bag. A result speaks for the sample.",
        "La qualité de chaque sac. Un résultat vaut pour l’échantillon.",
    ),
    "limit.paper": (
        "That a certificate is authentic. The certification body named above can confirm it.",
        "Qu’un certificat est authentique. L’organisme certificateur nommé plus haut peut le confirmer.",
    ),
    # --- the transaction statement
    "statement": ("Transaction statement", "Attestation de transaction"),
    "statement.shipment": ("{net} shipped on {day}", "{net} expédiés le {day}"),
    "statement.consignment": ("{net} put on a certificate on {day}", "{net} portés sur un certificat le {day}"),
    "statement.nature": (
        "Computed from the record, as it stood on {at}; nobody typed a figure for it. It is no transaction "
        "certificate: only a control body issues those.",
        "Calculée d’après l’enregistrement, au {at} ; aucun chiffre n’a été saisi pour elle. Ce n’est pas un "
        "certificat de transaction : seul un organisme de contrôle en délivre.",
    ),
    "statement.unclaimed": (
        "No claim was made for these goods.",
        "Aucune mention n’a été revendiquée pour ces marchandises.",
    ),
    "fact.seller": ("Seller", "Vendeur"),
    "fact.buyer": ("Buyer", "Acheteur"),
    "fact.shipped": ("Shipped on", "Expédié le"),
    "fact.certified": ("Certified on", "Certifié le"),
    "fact.document": ("Transport document", "Document de transport"),
    "fact.container": ("Container", "Conteneur"),
    "fact.seal": ("Seal", "Scellé"),
    "fact.paper": ("Certificate of the control body", "Certificat de l’organisme de contrôle"),
    "fact.country": ("Made in", "Fait en"),
    "paper.coi": ("certificate of inspection", "certificat d’inspection"),
    "paper.tc": ("transaction certificate", "certificat de transaction"),
    "paper.nop_import": ("NOP import certificate", "certificat d’importation NOP"),
    "paper.catch": ("catch certificate", "certificat de capture"),
    "paper.processing": ("processing statement", "déclaration de transformation"),
    "section.weights": ("Weights", "Poids"),
    "col.kilograms": ("Kilograms", "Kilogrammes"),
    "col.in_grams": ("Grams", "Grammes"),
    "weight.this.shipment": ("This shipment", "Cette expédition"),
    "weight.this.consignment": ("On this certificate", "Sur ce certificat"),
    "weight.returned": ("Of it came back", "Dont revenu"),
    "weight.lot": ("The lot as it was made", "Le lot tel que constitué"),
    "weight.shipped": ("Of the lot has left in all", "Du lot, déjà parti en tout"),
    "weight.remaining": ("Of the lot in stock", "Du lot, en stock"),
    "statement.left": (
        "{left} of the lot may still leave with this claim.",
        "{left} du lot peuvent encore partir avec cette mention.",
    ),
    "statement.left_balance": (
        "{left} of the lot may still leave with this claim, by the mass balance of what it was made from.",
        "{left} du lot peuvent encore partir avec cette mention, selon le bilan de masse de ce dont il est fait.",
    ),
    "statement.left_certified": (
        "{left} of the lot may still be put on a certificate of this kind.",
        "{left} du lot peuvent encore être portés sur un certificat de ce type.",
    ),
    "no_papers": (
        "No certificate was named with this claim.",
        "Aucun certificat n’a été indiqué avec cette mention.",
    ),
    "section.statement_limits": ("What this statement does not prove", "Ce que cette attestation ne prouve pas"),
    "limit.uncertified": (
        "That a control body certified the transaction. Where its rules ask for a certificate, only that one counts.",
        "Qu’un organisme de contrôle a certifié la transaction. Si ses règles exigent un certificat, lui seul compte.",
    ),
    "limit.buyer": (
        "That the buyer received the goods.",
        "Que l’acheteur a reçu la marchandise.",
    ),
    # --- how a signed paper is checked
    "section.seal": ("How to check this file", "Comment vérifier ce fichier"),
    "seal.signed": (
        "The file is signed by {host}. The signature covers every byte of it and can be seen in any PDF reader; a copy "
        "that was edited, or printed, does not carry it.",
        "Le fichier est signé par {host}. La signature en couvre chaque octet et se voit dans tout lecteur PDF ; une "
        "copie modifiée ou imprimée ne la porte pas.",
    ),
    "seal.verify": (
        "Whoever holds the file can have it checked, without an account: POST it to {host}/v1/documents/verify, or run "
        "“filiere verify FILE.pdf”.",
        "Qui détient le fichier peut le faire vérifier, sans compte : POST à {host}/v1/documents/verify, ou "
        "« filiere verify FICHIER.pdf ».",
    ),
    "seal.state": (
        "Whether it is still in force, was replaced or withdrawn: {address}",
        "S’il est toujours en vigueur, remplacé ou retiré : {address}",
    ),
    "seal.attached": ("Attached to the file: {files}.", "Pièces jointes au fichier : {files}."),
    "seal.facts": ("the frozen data", "les données figées"),
    "seal.event": ("the record of its issue", "l’écriture de son émission"),
    "seal.label": ("the address of the lot’s label", "l’adresse de l’étiquette du lot"),
    "seal.proof": ("the log’s proof of its issue", "la preuve de son émission par le journal"),
    "seal.unproven": (
        "The log had not sealed the issue yet when the file was signed: its proof can be fetched from that address.",
        "Le journal n’avait pas encore scellé l’émission à la signature : sa preuve s’obtient à cette adresse.",
    ),
    "section.annex": ("Annex: shares by farmer code", "Annexe : parts par code de producteur"),
    "annex_about": (
        "Codes, not names: only the group can tell who is meant. Grams of this lot from each farmer.",
        "Des codes, non des noms : seul le groupement sait de qui il s’agit. Grammes venant de chacun.",
    ),
    "col.farmer": ("Farmer", "Producteur"),
    "annex_total": ("Total: {deliveries}, {grams} g", "Total : {deliveries}, {grams} g"),
    "not_stated": ("not stated", "non indiqué"),
    "continued": ("{title}, continued", "{title}, suite"),
    "page": ("page {n} of {m}", "page {n} sur {m}"),
    "digest": ("SHA-256 of the frozen data: {digest}", "SHA-256 des données figées : {digest}"),
    # --- the certificate of analysis
    "analysis": ("Certificate of analysis", "Certificat d’analyse"),
    "standing.conforms": ("Conforms", "Conforme"),
    "standing.does_not_conform": ("Does not conform", "Non conforme"),
    "standing.incomplete": ("Incomplete", "Incomplet"),
    "standing_on.conforms": (
        "On {at}, nothing that failed stood against this lot, and no test was awaited.",
        "Le {at}, aucun échec ne pesait sur ce lot, et aucun essai n’était attendu.",
    ),
    "standing_on.does_not_conform": (
        "On {at}, results outside their limit stood against this lot: {tests}.",
        "Le {at}, des résultats hors limite pesaient sur ce lot : {tests}.",
    ),
    "standing_on.incomplete": (
        "On {at}, nothing that failed stood, but not every test was decided: {tests}.",
        "Le {at}, aucun échec ne subsistait, mais tous les essais n’étaient pas tranchés : {tests}.",
    ),
    "standing.lifted.one": (
        "A failure was lifted by a retest; both are shown.",
        "Un échec a été levé par une contre-analyse ; les deux figurent ci-dessous.",
    ),
    "standing.lifted.many": (
        "{n} failures were lifted by retests; all are shown.",
        "{n} échecs ont été levés par des contre-analyses ; tous figurent ci-dessous.",
    ),
    "standing.lowered": (
        "Limits of a better grade were not met.",
        "Les limites d’un meilleur grade ne sont pas tenues.",
    ),
    "standing.blocked": (
        "On that day the lot was blocked: {disposition}.",
        "Ce jour-là, le lot était bloqué : {disposition}.",
    ),
    "no_label": (
        "This lot had no label when this was issued: there is no page to scan.",
        "Ce lot n’avait pas d’étiquette à l’émission : aucune page à scanner.",
    ),
    "in_check": ("{test} (check {n})", "{test} (contrôle {n})"),
    "fact.made": ("Made", "Date de fabrication"),
    "fact.expires": ("Last day of use", "Date limite d’utilisation"),
    "fact.owner": ("Owner", "Propriétaire"),
    "fact.samples": ("Samples", "Échantillons"),
    "fact.laboratories": ("Laboratories", "Laboratoires"),
    "fact.checks": ("Checks", "Contrôles"),
    "none_stated": ("none stated", "non indiqué"),
    "big.ordered.one": ("test ordered", "essai commandé"),
    "big.ordered.many": ("tests ordered", "essais commandés"),
    "big.checks.one": ("check; no tests were ordered", "contrôle ; aucun essai n’a été commandé"),
    "big.checks.many": ("checks; no tests were ordered", "contrôles ; aucun essai n’a été commandé"),
    "big.passed.one": ("passed", "conforme"),
    "big.passed.many": ("passed", "conformes"),
    "big.failed.one": ("failed", "non conforme"),
    "big.failed.many": ("failed", "non conformes"),
    "big.awaited.one": ("awaited", "attendu"),
    "big.awaited.many": ("awaited", "attendus"),
    "section.results": ("Results", "Résultats"),
    "check_no": ("Check {n} of {day}, {by}", "Contrôle {n} du {day}, {by}"),
    "check_sample": ("Sample {sample}", "Échantillon {sample}"),
    "check_laboratory": ("Laboratory {laboratory}", "Laboratoire {laboratory}"),
    "check_accreditation": ("ISO/IEC 17025 no. {accreditation}", "ISO/IEC 17025 n° {accreditation}"),
    "check_stage": ("Stage: {stage}", "Étape : {stage}"),
    "stage.lot": ("lot", "lot"),
    "stage.loading": ("loading", "chargement"),
    "stage.discharge": ("discharge", "déchargement"),
    "stage.in_process": ("in process", "en cours de procédé"),
    "stage.receipt": ("receipt", "réception"),
    "check_retest": ("Retest of check {n}. Reason: {reason}", "Contre-analyse du contrôle {n}. Motif : {reason}"),
    "check_lifted": (
        "What failed here was lifted by the retest, check {n} of {day}. This result stays on record.",
        "L’échec a été levé par la contre-analyse, contrôle {n} du {day}. Ce résultat reste au dossier.",
    ),
    "check_stands": ("This failure stands.", "Cet échec subsiste."),
    "check_again": ("A retest did not lift it.", "Une contre-analyse ne l’a pas levé."),
    "retest_row": ("Retest (check {n})", "Contre-analyse (contrôle {n})"),
    "col.method": ("Method", "Méthode"),
    "col.unit": ("Unit", "Unité"),
    "col.source": ("Ref.", "Réf."),
    "below": ("< LOQ ({value})", "< LQ ({value})"),
    "verdict.passed": ("passed", "conforme"),
    "verdict.failed": ("FAILED", "NON conforme"),
    "verdict.lowers_grade": ("lowers grade", "déclasse"),
    "verdict.not_decided": ("not decided", "non tranché"),
    "verdict.does_not_count": ("does not count", "ne compte pas"),
    "verdict.information": ("information", "information"),
    "about_uncertainty": (
        "±: expanded uncertainty, in the unit of the result, as the laboratory states it.",
        "± : incertitude élargie, dans l’unité du résultat, telle que le laboratoire l’indique.",
    ),
    "about_loq": (
        "< LOQ: less than the limit of quantification, shown in brackets. Not decided: that limit lies above the "
        "specification.",
        "< LQ : moins que la limite de quantification, entre parenthèses. Non tranché : cette limite dépasse la "
        "spécification.",
    ),
    "about_counting": (
        "Does not count: within its limit, but not sampled or analysed as the sampling plan asks for.",
        "Ne compte pas : dans sa limite, mais ni prélevé ni analysé comme le plan d’échantillonnage le demande.",
    ),
    "section.ordered": ("Tests ordered", "Essais commandés"),
    "col.ordered": ("Ordered", "Commandé"),
    "col.laboratory": ("Laboratory", "Laboratoire"),
    "col.due": ("Due", "Attendu le"),
    "col.state": ("State", "État"),
    "state_of.awaited": ("awaited", "attendu"),
    "state_of.late": ("awaited, late", "attendu, en retard"),
    "state_of.passed": ("passed", "conforme"),
    "state_of.failed": ("FAILED", "NON conforme"),
    "section.due": ("Still due", "Encore dus"),
    "due": ("Before {step}: {tests}.", "Avant {step} : {tests}."),
    "due_none": ("No test is due before a next step.", "Aucun essai n’est dû avant une prochaine étape."),
    "before.transformed": ("processing", "la transformation"),
    "before.bulked": ("bulking", "l’assemblage"),
    "before.packed": ("packing", "l’emballage"),
    "before.batch_certified": ("certification of the batch", "la certification du lot"),
    "before.shipped": ("shipping", "l’expédition"),
    "before.label_issued": ("labelling", "l’étiquetage"),
    "section.sampling": ("Sampling", "Échantillonnage"),
    "no_samples": ("No sampling is recorded.", "Aucun prélèvement n’est enregistré."),
    "col.sample": ("Sample", "Échantillon"),
    "col.drawn": ("Drawn", "Prélevé"),
    "col.by": ("By", "Par"),
    "col.bags": ("Bags", "Sacs"),
    "col.increments": ("Increments", "Prélèvements"),
    "col.weight": ("Weight", "Poids"),
    "col.seal": ("Seal", "Scellé"),
    "shared_sample": (
        "Sample {sample} was drawn of {n} lots together; its results hold for each.",
        "L’échantillon {sample} provient de {n} lots ensemble ; ses résultats valent pour chacun.",
    ),
    "section.sources": ("Where the limits are written", "Source des limites"),
    "no_sources": ("No limit was in force for what was tested.", "Aucune limite ne s’appliquait à ces essais."),
    "source": ("{source}. In force here since {day}.", "{source}. En vigueur ici depuis le {day}."),
    "limit.goods_sampled": (
        "That the goods before you are those that were sampled. Compare lot, weight and seals.",
        "Que cette marchandise est celle qui a été prélevée. Comparer lot, poids et scellés.",
    ),
    "limit.results": (
        "That a result is right. It is what the laboratory, or who checked, told {organisation} or its partners; "
        "{organisation} states it in full.",
        "Qu’un résultat est exact. C’est ce qu’a communiqué le laboratoire ou le contrôleur ; {organisation} le "
        "reproduit en entier.",
    ),
    "limit.accreditation": (
        "That an accreditation is in force. The accreditation body named by the number can confirm it.",
        "Qu’une accréditation est en vigueur. L’organisme d’accréditation peut le confirmer.",
    ),
    "limit.later_results": (
        "What was found after {at}. Ask for a new certificate.",
        "Ce qui a été trouvé après le {at}. Demander un nouveau certificat.",
    ),
    # --- the drawing of a trace
    "trace.back": ("Where lot {lot} comes from", "D’où vient le lot {lot}"),
    "trace.forward": ("Where lot {lot} went", "Où est allé le lot {lot}"),
    "trace.lots_and": ("{lots} and {deliveries}", "{lots} et {deliveries}"),
    "trace.about": ("{lots}, {links}; oldest on the left.", "{lots}, {links} ; les plus anciens à gauche."),
    "lots.one": ("{n} lot", "{n} lot"),
    "lots.many": ("{n} lots", "{n} lots"),
    "deliveries.one": ("{n} delivery", "{n} livraison"),
    "deliveries.many": ("{n} deliveries", "{n} livraisons"),
    "links.one": ("{n} link", "{n} lien"),
    "links.many": ("{n} links", "{n} liens"),
    "farmers.one": ("from {n} farmer", "de {n} producteur"),
    "farmers.many": ("from {n} farmers", "de {n} producteurs"),
    "held_by_other": ("held by another organisation", "détenu par une autre organisation"),
    "hidden.one": (
        "{n} lot is held by another organisation and not shown.",
        "{n} lot est détenu par une autre organisation et n’est pas montré.",
    ),
    "hidden.many": (
        "{n} lots are held by other organisations and not shown.",
        "{n} lots sont détenus par d’autres organisations et ne sont pas montrés.",
    ),
    "shipped": ("shipped {kg}", "expédié {kg}"),
    "lost": ("lost {kg}", "perdu {kg}"),
    "stock": ("in stock {kg}", "en stock {kg}"),
    "key.O": ("organic", "biologique"),
    "key.C": ("in conversion", "en conversion"),
    "key.N": ("no such claim", "sans cette mention"),
    "disposition.on_hold": ("on hold", "en attente"),
    "disposition.rejected": ("rejected", "refusé"),
    "disposition.recalled": ("recalled", "rappelé"),
    "disposition.void": ("void", "annulé"),
}

TEXTS: Final[dict[str, dict[Lang, str]]] = {
    key: {"en": english, "fr": french.replace(" :", "\u00a0:").replace(" ;", "\u202f;")}
    for key, (english, french) in _WORDS.items()
}
"""key -> language -> sentence."""

RULES: Final[dict[str, dict[Lang, str]]] = {
    "EU_ORG": {"en": "EU\u00a02018/848", "fr": "UE\u00a02018/848"},
    "NOP": {"en": "USDA\u00a0NOP", "fr": "USDA\u00a0NOP"},
    "NPOP": {"en": "NPOP", "fr": "NPOP"},
    "GLOBALGAP_IFA": {"en": "GLOBALG.A.P.", "fr": "GLOBALG.A.P."},
    "GMP": {"en": "GMP", "fr": "BPF"},
    "GI": {"en": "Geographical indication", "fr": "Indication géographique"},
}
"""scheme -> how its rules are named on a label; other schemes by their own name."""

CLAIM_WORDS: Final = re.compile(
    r"\borganic|\borg[aá]nic[oa]|\bbio\b|\bbiologi|\bbiol[oó]gic|\b(?:ö|oe)ko|\becol[oó]gic[oa]"
    r"|عضوي|بيولوجي|ორგანულ|\bბიო",
    re.IGNORECASE,
)
"""Words kept for organic goods, in several languages (Reg. (EU) 2018/848 Annex IV)."""

_FOLDED: Final = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u02bc": "\u2019",
        "ɛ": "e",
        "Ɛ": "E",
        "ɔ": "o",
        "Ɔ": "O",
        "ŋ": "n",
        "Ŋ": "N",
        "ɓ": "b",
        "Ɓ": "B",
        "ɖ": "d",
        "Ɖ": "D",
        "ɗ": "d",
        "Ɗ": "D",
        "ɣ": "g",
        "Ɣ": "G",
        "ʋ": "v",
        "Ʋ": "V",
        "ƙ": "k",
        "Ƙ": "K",
        "→": "-",
    },
)
"""Letters that the typeface lacks, many West African, as passports write them (ICAO Doc 9303 part 3)."""


def language(lang: str) -> Lang:
    """The language to print in; English where we do not speak the one asked for."""
    return texts.language(lang) or "en"


def say(lang: Lang, key: str, **params: str | int) -> str:
    """A sentence with its placeholders filled."""
    return TEXTS[key][lang].format_map(params)


def counted(lang: Lang, key: str, n: int, **params: str | int) -> str:
    """A sentence about a number of things, singular or plural."""
    return say(lang, texts.counted(lang, key, n), n=texts.number(n), **params)


def clean(text: str) -> str:
    """Text on one line, without control, direction and invisible characters."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    spaced = re.sub(r"\s*[\t\n\r]\s*|  +", " ", unicodedata.normalize("NFC", text))
    return "".join(character for character in spaced if unicodedata.category(character)[0] != "C").strip()


def folded(text: str) -> str:
    """Text in letters of the printed typeface: its nearest Latin letter for one that the typeface lacks."""
    return text.translate(_FOLDED)


def bare(character: str) -> str:
    """A letter without its accents: ŵ as w; nothing for an accent by itself."""
    return "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))


def of_language(lang: Lang, names: Mapping[str, str]) -> str:
    """A name in a language, else in English, else in any."""
    return names.get(lang) or names.get("en") or next(iter(names.values()), "")


def two_languages(lang: Lang, names: Mapping[str, str]) -> tuple[str, str | None]:
    """A name in the language of the label, and in the other of English and French where it differs."""
    first = of_language(lang, names)
    others = (names[other] for other in ("en", "fr") if other in names and names[other] != first)
    return first, next(others, None)


def kilograms(lang: Lang, grams: int) -> str:
    """Grams in kg with at most two decimals, rounded half up: three could be read as thousands."""
    return f"{kilogram_figure(lang, grams)}\u00a0kg"


def kilogram_figure(lang: Lang, grams: int) -> str:
    """The figure of ``kilograms`` alone, for a column that is headed kg."""
    whole, hundredths = divmod((grams + 5) // 10, 100)
    text = f"{whole}.{hundredths:02d}".rstrip("0").rstrip(".")
    return texts.decimal(lang, text)


def percent(lang: Lang, part: int, whole: int) -> str:
    """A share in per cent with two decimals, from integers; rounded half up."""
    if not whole:
        return "–"
    basis_points = (part * 20_000 + whole) // (2 * whole)
    return texts.amount(lang, f"{basis_points // 100}.{basis_points % 100:02d}", "%")


def colon(lang: Lang) -> str:
    """A colon as it is set: after a space that does not break in French."""
    return "\u00a0:" if lang == "fr" else ":"


def short_days(first: date, last: date) -> str:
    """Two dates for a table, ISO 8601, once where they are equal."""
    return first.isoformat() if first == last else f"{first.isoformat()} – {last.isoformat()}"


def day(lang: Lang, on: date) -> str:
    """A date written out."""
    return texts.day(lang, on)


def moment(lang: Lang, at: datetime) -> str:
    """An instant written out, in UTC."""
    return texts.moment(lang, at)


def host_of(url: str) -> str:
    """The host of an address as people type it: small letters, port only where it is unusual."""
    return clean(urlsplit(url).netloc.rpartition("@")[2].lower())


def typed(code: str) -> str:
    """A public code in groups of four, as it is printed and typed."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def refuse_claim_words(printed: Iterable[str]) -> None:
    """A paper for goods without such a claim must not hold the words of one (Reg. (EU) 2018/848 Art. 30)."""
    for text in printed:
        if found := CLAIM_WORDS.search(unicodedata.normalize("NFKC", clean(text))):
            raise Refused("CLAIM_WORD_WITHOUT_CLAIM", word=found.group(), text=text)
