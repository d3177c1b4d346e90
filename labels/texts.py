"""Every sentence of the public page, in English and in French, as data; and how figures and dates are written.

A sentence is found by its key. Placeholders have names and are the same in both languages. A key that ends in ``+``
says more and is used when all that it names is known; without it the plain key is used. Sentences are typed with plain
apostrophes and spaces: ``typeset`` sets them as a printer would. Nothing here promises more than the page has checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from string import Formatter
from typing import Final, Literal, TypeAlias

Lang: TypeAlias = Literal["en", "fr"]
LANGS: Final[tuple[Lang, ...]] = ("en", "fr")
LANGUAGE_NAMES: Final[dict[Lang, str]] = {"en": "English", "fr": "Français"}

THIN: Final = "\u202f"
"""Narrow no-break space: thousands, and before ; ! ? and % in French."""

NBSP: Final = "\u00a0"

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # --- the verdict ------------------------------------------------------------------------------------------------
    "word.valid": ("In order", "En règle"),
    "word.on_hold": ("Look closer: on hold", "À vérifier : en attente"),
    "word.on_hold.CERT_EXPIRED": ("Look closer: certificate ended", "À vérifier : certificat échu"),
    "word.on_hold.CERT_NOT_ACTIVE": (
        "Look closer: certificate not in force",
        "À vérifier : certificat non en vigueur",
    ),
    "word.on_hold.CLAIM_LOWERED": ("Look closer: claim lowered", "À vérifier : mention déclassée"),
    "word.on_hold.EXPIRED": ("Past its last day of use", "Date limite dépassée"),
    "word.on_hold.STOCK_MISMATCH": ("Look closer: stock does not add up", "À vérifier : écart de stock"),
    "word.recalled": ("Do not use: recalled", "Ne pas utiliser : rappelé"),
    "word.superseded": ("Look closer: replaced", "À vérifier : remplacé"),
    "word.revoked": ("Do not use: label cancelled", "Ne pas utiliser : étiquette annulée"),
    "why.valid": (
        "Label issued by {organisation}. Nothing against it when we checked.",
        "Étiquette émise par {organisation}. Rien à signaler au moment de la vérification.",
    ),
    "why.HOLD": (
        "The lot is on hold. Do not use, sell or move it until it is released.",
        "Le lot est en attente. Ne pas l'utiliser, le vendre ni le déplacer avant sa libération.",
    ),
    "why.HOLD+": (
        "On hold since {since}. Do not use, sell or move the lot until it is released.",
        "En attente depuis le {since}. Ne pas utiliser, vendre ni déplacer le lot avant sa libération.",
    ),
    "why.QUALITY_FAILED": (
        "A quality check found values outside the limits.",
        "Un contrôle de qualité a trouvé des valeurs hors limites.",
    ),
    "why.QUALITY_FAILED+": (
        "A quality check of lot {lot} found values outside the limits.",
        "Un contrôle de qualité du lot {lot} a trouvé des valeurs hors limites.",
    ),
    "why.PARENT_FAILED": (
        "A lot that this one was made from did not pass its quality check.",
        "Un lot dont celui-ci est issu n'a pas réussi son contrôle de qualité.",
    ),
    "why.PARENT_FAILED+": (
        "Lot {lot}, from which this one was made, did not pass its quality check.",
        "Le lot {lot}, dont celui-ci est issu, n'a pas réussi son contrôle de qualité.",
    ),
    "why.RECALLED": (
        "The lot was recalled. Do not use, sell or process it.",
        "Le lot a été rappelé. Ne pas l'utiliser, le vendre ni le transformer.",
    ),
    "why.RECALLED+": (
        "Recalled on {since}. Do not use, sell or process the lot.",
        "Rappelé le {since}. Ne pas utiliser, vendre ni transformer le lot.",
    ),
    "why.REVOKED": (
        "This label was cancelled. It no longer speaks for any goods.",
        "Cette étiquette a été annulée. Elle ne vaut plus pour aucune marchandise.",
    ),
    "why.REVOKED+": (
        "This label was cancelled on {since}. It no longer speaks for any goods.",
        "Cette étiquette a été annulée le {since}. Elle ne vaut plus pour aucune marchandise.",
    ),
    "why.SUPERSEDED": (
        "A newer label has taken the place of this one.",
        "Une étiquette plus récente a remplacé celle-ci.",
    ),
    "why.SUPERSEDED+": (
        "A newer label took the place of this one on {since}.",
        "Une étiquette plus récente a remplacé celle-ci le {since}.",
    ),
    "why.CERT_EXPIRED": (
        "A certificate behind a claim of this label has ended.",
        "Un certificat à l'appui d'une mention de cette étiquette est échu.",
    ),
    "why.CERT_EXPIRED+": (
        "Certificate {certificate}, behind a claim of this label, has ended.",
        "Le certificat {certificate}, à l'appui d'une mention de cette étiquette, est échu.",
    ),
    "why.CERT_NOT_ACTIVE": (
        "A certificate behind a claim of this label is not in force.",
        "Un certificat à l'appui d'une mention de cette étiquette n'est pas en vigueur.",
    ),
    "why.CERT_NOT_ACTIVE+": (
        "Certificate {certificate}, behind a claim of this label, is not in force.",
        "Le certificat {certificate}, à l'appui d'une mention de cette étiquette, n'est pas en vigueur.",
    ),
    "why.CLAIM_LOWERED": (
        "The lot no longer carries a claim that is printed on the label. See the claims below.",
        "Le lot ne porte plus une mention imprimée sur l'étiquette. Voir les mentions ci-dessous.",
    ),
    "why.CLAIM_LOWERED+": (
        "{scheme}: the lot no longer carries the claim printed on the label. See the claims below.",
        "{scheme} : le lot ne porte plus la mention imprimée sur l'étiquette. Voir les mentions ci-dessous.",
    ),
    "why.EXPIRED": (
        "It was to be used until {expires_on}.",
        "À utiliser jusqu'au {expires_on}.",
    ),
    "why.STOCK_MISMATCH": (
        "More was taken from the lot than its records hold. The issuer has to correct the records.",
        "Il a été pris sur le lot plus que n'en contiennent ses écritures. L'émetteur doit les corriger.",
    ),
    "why.other": (
        "Something stands against this label. Ask the issuer before you rely on it.",
        "Un point s'oppose à cette étiquette. Interroger l'émetteur avant de s'y fier.",
    ),
    "forged.title": ("Not our label", "Pas notre étiquette"),
    "forged.sentence": (
        "It looks like a label of {host}, and its signature is wrong: we did not print it.",
        "Elle ressemble à une étiquette de {host}, et sa signature est fausse : nous ne l'avons pas imprimée.",
    ),
    "forged.advice": (
        "Scan it once more: a dirty symbol may read wrong. If it stays so, keep the goods aside and tell whoever sold "
        "them.",
        "Scanner encore une fois : un symbole sale peut être mal lu. Sinon, mettre la marchandise de côté et le dire "
        "au vendeur.",
    ),
    "unit.number": ("Unit {n} of {of}", "Unité {n} sur {of}"),
    "unit.issued": ("labelled", "étiquetée"),
    "unit.applied": ("label put on", "étiquette posée"),
    "unit.shipped": ("shipped", "expédiée"),
    "unit.received": ("received", "reçue"),
    "unit.returned": ("came back", "revenue"),
    "unit.opened": ("opened", "ouverte"),
    "unit.void": ("void", "annulée"),
    "unit.look": ("Look closer", "À vérifier"),
    "unit.opened.word": ("Look closer: unit opened", "À vérifier : unité ouverte"),
    "unit.returned.word": ("Look closer: unit came back", "À vérifier : unité revenue"),
    "unit.returned.said": (
        "This unit came back from its shipment on {day}. It is for sale again only as part of the lot of that return.",
        "Cette unité est revenue de son expédition le {day}. Elle n'est remise en vente qu'avec le lot de ce retour.",
    ),
    "unit.void.said": (
        "The label of this unit was cancelled. Whatever carries it now is not what it was printed for.",
        "L'étiquette de cette unité a été annulée. Ce qui la porte n'est pas ce pour quoi elle a été imprimée.",
    ),
    "unit.opened.said": (
        "This unit was opened on {day}. If you see it full and closed, report it: it is not what was packed.",
        "Cette unité a été ouverte le {day}. Si elle est pleine et fermée, signalez-le : ce n'est pas ce qui a "
        "été emballé.",
    ),
    "unit.before_applied": (
        "This code was looked at before its label was on the unit.",
        "Ce code a été consulté avant que l'étiquette soit sur l'unité.",
    ),
    "unit.after_opened": (
        "This code was looked at after the unit had been opened, on {day}.",
        "Ce code a été consulté après l'ouverture de l'unité, le {day}.",
    ),
    "unit.second_receipt": (
        "A unit with this code came in a second time on {day}.",
        "Une unité portant ce code est arrivée une seconde fois le {day}.",
    ),
    "unit.far_apart": (
        "This code was seen in two places far apart within a short time, on {day}.",
        "Ce code a été vu à deux endroits éloignés en peu de temps, le {day}.",
    ),
    "unit.far_apart+": (
        "This code was seen in two countries within a short time, on {day}: {countries}.",
        "Ce code a été vu dans deux pays en peu de temps, le {day} : {countries}.",
    ),
    "unit.off_route": (
        "This code was seen outside the countries that it was sent to, on {day}.",
        "Ce code a été vu hors des pays où il a été envoyé, le {day}.",
    ),
    "unit.many_devices": (
        "This code was looked at by very many devices within a few days.",
        "Ce code a été consulté par un très grand nombre d'appareils en quelques jours.",
    ),
    "unit.label_differs": (
        "Somebody reported on {day} that the goods and this page do not agree.",
        "Quelqu'un a signalé le {day} que la marchandise et cette page ne concordent pas.",
    ),
    "unit.say": ("You open it, or something differs?", "Vous l'ouvrez, ou quelque chose diffère ?"),
    "unit.say.differs": ("Does something differ?", "Quelque chose diffère ?"),
    "unit.open.label": ("Opening code, under the tear-off", "Code d'ouverture, sous la languette"),
    "unit.open.button": ("Mark as opened", "Marquer comme ouverte"),
    "unit.open.means": (
        "Type it when you open the unit. From then on this page tells everybody that it was opened, so nobody can sell "
        "it filled again. It cannot be undone.",
        "Saisissez-le en ouvrant l'unité. Cette page dira alors à tous qu'elle a été ouverte : personne ne peut la "
        "revendre remplie de nouveau. C'est définitif.",
    ),
    "unit.open.wrong": (
        "That is not the opening code of this unit. After five wrong codes the form is shut until the next day.",
        "Ce n'est pas le code d'ouverture de cette unité. Après cinq codes faux, le formulaire se ferme jusqu'au "
        "lendemain.",
    ),
    "unit.open.locked": (
        "Five wrong codes were typed for this unit today. The form is shut until tomorrow (00:00 UTC): then try again, "
        "or ask whoever issued the label.",
        "Cinq codes faux ont été saisis aujourd'hui pour cette unité. Le formulaire est fermé jusqu'à demain "
        "(00:00 UTC) : réessayer alors, ou demander à l'émetteur.",
    ),
    "unit.differs.button": (
        "My unit says another weight or product",
        "Mon unité indique un autre poids ou produit",
    ),
    "unit.differs.thanks": (
        "Thank you. Whoever issued the label will look into it.",
        "Merci. L'émetteur de l'étiquette va vérifier.",
    ),
    "seen.kept": (
        "Of a look at this page we keep for 90 days, as personal data: when, the country, and a number made from your "
        "address that changes daily.",
        "D'une consultation nous gardons 90 jours, comme données personnelles : quand, le pays, et un nombre tiré de "
        "votre adresse qui change chaque jour.",
    ),
    "reason_given": ("Reason given:", "Motif donné :"),
    "contact": ("Contact: {contact}", "Contact : {contact}"),
    "checked_at": ("Checked {time}", "Vérifié le {time}"),
    "new_label": ("Open the new label", "Ouvrir la nouvelle étiquette"),
    "summary.passed": (
        "{n} of {of} checks passed, none failed",
        "{n} points sur {of} conformes, aucun échec",
    ),
    "summary.failed.one": ("{n} of {of} checks failed", "{n} point sur {of} non conforme"),
    "summary.failed.many": ("{n} of {of} checks failed", "{n} points sur {of} non conformes"),
    # --- the frame --------------------------------------------------------------------------------------------------
    "languages": ("Language", "Langue"),
    "lot": ("Lot", "Lot"),
    "net_weight": ("Net weight", "Poids net"),
    "lot_net_weight": ("Net weight of the lot", "Poids net du lot"),
    "units": ("{n} \u00d7 {unit}", "{n} \u00d7 {unit}"),
    "units_plain": ("{n} bags or boxes", "{n} sacs ou caisses"),
    "facts": ("The lot", "Le lot"),
    "issuer": ("Issued by", "Émis par"),
    "origin": ("From", "Origine"),
    "deliveries.one": ("{n} delivery", "{n} livraison"),
    "deliveries.many": ("{n} deliveries", "{n} livraisons"),
    "farmers.one": ("{n} farmer", "{n} producteur"),
    "farmers.many": ("{n} farmers", "{n} producteurs"),
    "from_farmers": ("{deliveries} from {farmers}", "{deliveries} de {farmers}"),
    "harvested": ("Harvested", "Récolté"),
    "season": ("Season", "Campagne"),
    "contains": ("Contains", "Contient"),
    "tests_ordered": (
        "Tests ordered: {ordered}; passed: {passed}; failed: {failed}; awaited: {awaited}.",
        "Analyses commandées : {ordered} ; réussies : {passed} ; échouées : {failed} ; attendues : {awaited}.",
    ),
    "declared.sulphites": ("sulphites", "sulfites"),
    "grade": ("Grade", "Grade"),
    "hs_code": ("Customs code (HS)", "Code douanier (SH)"),
    "claims": ("Claims", "Mentions"),
    "no_claims": ("No claim is made for this lot.", "Aucune mention n'est faite pour ce lot."),
    "claims_left_out": (
        "{n} more claims are in the data (JSON).",
        "{n} autres mentions figurent dans les données (JSON).",
    ),
    "claim_certificate": ("Certificate", "Certificat"),
    "claim_body": ("Issued by", "Délivré par"),
    "body_code": ("code {code}", "code {code}"),
    "scheme.EU_ORG": ("EU organic 2018/848", "Biologique UE 2018/848"),
    "scheme.EUDR": ("EU deforestation regulation", "Règlement UE sur la déforestation"),
    "scheme.GDP": ("Good distribution practice", "Bonnes pratiques de distribution"),
    "scheme.GI": ("Geographical indication", "Indication géographique"),
    "scheme.GLOBALGAP_IFA": ("GLOBALG.A.P. IFA", "GLOBALG.A.P. IFA"),
    "scheme.GMP": ("Good manufacturing practice", "Bonnes pratiques de fabrication"),
    "scheme.HACCP": ("HACCP and good hygiene practice", "HACCP et bonnes pratiques d'hygiène"),
    "scheme.IUU": ("EU catch certification (IUU)", "Certification des captures UE (INN)"),
    "scheme.NOP": ("USDA organic (NOP)", "Biologique USDA (NOP)"),
    "valid_until": ("Valid until {day}", "Valable jusqu'au {day}"),
    "not_valid": ("Not valid: {status}", "Non valable : {status}"),
    "valid_from_to": ("{first} to {last}", "du {first} au {last}"),
    "not_granted": ("Not granted", "Non accordée"),
    "granted": ("Granted", "Accordée"),
    "nothing_claimed": (
        "The lot may not be sold under {scheme}.",
        "Le lot ne peut pas être vendu sous {scheme}.",
    ),
    "because": ("Why:", "Motif :"),
    "why_not_more": ("Why not more:", "Pourquoi pas davantage :"),
    "times.one": ("{n} case", "{n} cas"),
    "times.many": ("{n} cases", "{n} cas"),
    "more_reasons": ("{n} more reasons in the data (JSON).", "{n} autres motifs dans les données (JSON)."),
    "story": ("What happened to it", "Son parcours"),
    "no_steps": ("No step is recorded.", "Aucune étape n'est enregistrée."),
    "steps_between.one": ("Show {n} step in between", "Afficher {n} étape intermédiaire"),
    "steps_between.many": ("Show {n} steps in between", "Afficher {n} étapes intermédiaires"),
    "steps_left_out": (
        "{n} more steps are in the data (JSON).",
        "{n} autres étapes figurent dans les données (JSON).",
    ),
    "in_out": ("{weight_in} in, {weight_out} out", "{weight_in} entrés, {weight_out} sortis"),
    "quality": ("Quality checks", "Contrôles de qualité"),
    "quality_samples": (
        "Made on samples of this lot or of lots it was made from.",
        "Faits sur des échantillons de ce lot ou de lots dont il est issu.",
    ),
    "quality_pass.one": ("{n} passed", "{n} conforme"),
    "quality_pass.many": ("{n} passed", "{n} conformes"),
    "quality_fail.one": ("{n} failed", "{n} non conforme"),
    "quality_fail.many": ("{n} failed", "{n} non conformes"),
    "no_quality": ("No quality check is recorded.", "Aucun contrôle de qualité n'est enregistré."),
    "checks_more.one": ("Show {n} more check", "Afficher {n} autre contrôle"),
    "checks_more.many": ("Show {n} more checks", "Afficher {n} autres contrôles"),
    "checks_left_out": (
        "{n} more checks are in the data (JSON).",
        "{n} autres contrôles figurent dans les données (JSON).",
    ),
    "values_left_out": (
        "{n} more values are in the data (JSON).",
        "{n} autres valeurs figurent dans les données (JSON).",
    ),
    "dated": ("{day}: {what}", "{day} : {what}"),
    "limit": ("limit {limit}", "limite {limit}"),
    "of_samples": ("{found} (worst of {n} samples)", "{found} (le moins bon de {n} échantillons)"),
    "in_order": ("in order", "en ordre"),
    "not_in_order": ("not in order", "pas en ordre"),
    "no_limit": ("for information", "pour information"),
    "pass": ("passed", "conforme"),
    "fail": ("failed", "non conforme"),
    "counted": ("{n} of {of}: {test}", "{n} sur {of} : {test}"),
    "certificates": ("Certificates", "Certificats"),
    "no_certificates": ("No certificate is recorded.", "Aucun certificat n'est enregistré."),
    "certificates_left_out": (
        "{n} more certificates are in the data (JSON).",
        "{n} autres certificats figurent dans les données (JSON).",
    ),
    "holder": ("Holder", "Titulaire"),
    "certificate.active": ("in force", "en vigueur"),
    "certificate.suspended": ("suspended", "suspendu"),
    "certificate.withdrawn": ("withdrawn", "retiré"),
    "certificate.expired": ("ended", "échu"),
    "checked": ("What we checked", "Ce que nous avons vérifié"),
    "answer.passed": ("passed", "conforme"),
    "answer.failed": ("failed", "non conforme"),
    "answer.not_applicable": ("does not apply", "sans objet"),
    "answer.not_checked": ("could not be checked", "non vérifiable"),
    "limits": ("What this page does not prove", "Ce que cette page ne prouve pas"),
    "limits.copy": (
        "A copied label scans the same. Compare the lot, the weight and the bags with what stands before you, and look "
        "at the address bar: it must begin with {host}.",
        "Une étiquette copiée donne la même page. Comparer le lot, le poids et les sacs avec la marchandise, et "
        "regarder la barre d'adresse : elle doit commencer par {host}.",
    ),
    "limits.weight": (
        "A weight is what was recorded at the scale. That it is recorded does not make it true.",
        "Un poids est celui qui a été enregistré à la balance. L'enregistrer ne le rend pas exact.",
    ),
    "limits.sample": (
        "A quality result speaks for the sample, not for every bag.",
        "Un résultat de qualité vaut pour l'échantillon, non pour chaque sac.",
    ),
    "limits.certificate": (
        "Certificates stand here as the issuer recorded them. Ask the certification body to confirm.",
        "Les certificats figurent tels que l'émetteur les a enregistrés. L'organisme certificateur peut les confirmer.",
    ),
    "limits.history": (
        "The record shows later changes only to those who kept an earlier seal of it.",
        "Le registre ne révèle une modification qu'à ceux qui en ont gardé un sceau antérieur.",
    ),
    "limits.time": (
        "This is the state at the time shown. A print or a picture of the screen does not change when the state does.",
        "Ceci est l'état à l'heure affichée. Une impression ou une capture d'écran ne change pas avec lui.",
    ),
    "code": ("The code", "Le code"),
    "typed_code": (
        "As printed under the QR, to type by hand:",
        "Tel qu'imprimé sous le QR, à saisir à la main :",
    ),
    "address": ("Address of this page", "Adresse de cette page"),
    "label_issued": ("Label issued", "Étiquette émise"),
    "newest_fact": ("Newest entry", "Dernière écriture"),
    "version": ("version {n}", "version {n}"),
    "keep": ("Keep, use, report", "Garder, réutiliser, signaler"),
    "print": (
        "To keep this page, print it or save it as PDF from the browser's menu: two A4 pages, with time and address.",
        "Pour garder cette page, l'imprimer ou l'enregistrer en PDF depuis le menu du navigateur : deux pages A4, avec "
        "l'heure et l'adresse.",
    ),
    "json": ("Data of this page (JSON)", "Données de cette page (JSON)"),
    "report": ("Report a problem", "Signaler un problème"),
    "report_subject": ("Lot {lot}, label {code}", "Lot {lot}, étiquette {code}"),
    "no_contact": ("The issuer has given no contact.", "L'émetteur n'a pas indiqué de contact."),
    "other_code": ("Check another code", "Vérifier un autre code"),
    "proof_file": (
        "The proof that this label was issued, to keep (a file; a minute after the issue at the latest)",
        "La preuve de l'émission de cette étiquette, à garder (un fichier ; au plus tard une minute après l'émission)",
    ),
    "check_here": (
        "Check the signature on this device, also without network",
        "Vérifier la signature sur cet appareil, même sans réseau",
    ),
    # --- unknown code, and the start page ---------------------------------------------------------------------------
    "unknown.title": ("Unknown code", "Code inconnu"),
    "unknown.sentence": (
        "We did not issue this code. Look at the address bar: it must begin with {host}. Then compare the code with "
        "the label, letter by letter.",
        "Nous n'avons pas émis ce code. Regarder la barre d'adresse : elle doit commencer par {host}. Puis comparer le "
        "code avec l'étiquette, lettre par lettre.",
    ),
    "unknown.typed": ("Code received", "Code reçu"),
    "unknown.advice": (
        "If the label shows this very code, do not rely on the label, and ask whoever sold you the goods.",
        "Si l'étiquette porte bien ce code, ne pas s'y fier et interroger le vendeur de la marchandise.",
    ),
    "start.title": ("Check a label", "Vérifier une étiquette"),
    "start.sentence": (
        "Scan the QR with the camera of your phone, or type the code printed under it.",
        "Scanner le QR avec l'appareil photo du téléphone, ou saisir le code imprimé dessous.",
    ),
    # --- the page of a document -------------------------------------------------------------------------------------
    "document.traceability_certificate": ("Traceability certificate", "Certificat de traçabilité"),
    "document.certificate_of_analysis": ("Certificate of analysis", "Certificat d'analyse"),
    "document.transaction_statement": ("Transaction statement", "Attestation de transaction"),
    "document.state.issued": ("In force", "En vigueur"),
    "document.state.superseded": ("Replaced", "Remplacé"),
    "document.state.revoked": ("Withdrawn", "Retiré"),
    "document.state.corrected": ("Corrected since", "Corrigé depuis"),
    "document.issued": (
        "The issuer has neither replaced nor withdrawn this document.",
        "L'émetteur n'a ni remplacé ni retiré ce document.",
    ),
    "document.superseded": (
        "Since {day} another document stands in its place: {number}. Ask the issuer for it.",
        "Depuis le {day}, un autre document le remplace : {number}. Le demander à l'émetteur.",
    ),
    "document.revoked": (
        "The issuer withdrew it on {day}. Do not rely on it.",
        "L'émetteur l'a retiré le {day}. Ne pas s'y fier.",
    ),
    "document.corrected": (
        "What it states was declared wrong on {day}. Do not rely on it: ask the issuer for a new one.",
        "Ce qu'il atteste a été déclaré faux le {day}. Ne pas s'y fier : en demander un nouveau à l'émetteur.",
    ),
    "document.number": ("Number", "Numéro"),
    "document.issued_at": ("Issued", "Émis le"),
    "document.lot_now": ("How the lot stands now", "L'état actuel du lot"),
    "document.copy": (
        "This page does not show that the paper in your hand was not changed. Compare number, lot and SHA-256. The PDF "
        "itself is checked by sending it to {host}/v1/documents/verify, or with the command filiere verify.",
        "Cette page ne montre pas que le papier en main n'a pas été modifié. Comparer numéro, lot et SHA-256. Le PDF "
        "lui-même se vérifie en l'envoyant à {host}/v1/documents/verify, ou par la commande filiere verify.",
    ),
    "document.data": ("Data and proof (JSON)", "Données et preuve (JSON)"),
    "form.label": ("Code on the label", "Code de l'étiquette"),
    "form.hint": (
        "16 or 18 letters and digits, for example {example}. Hyphens, spaces and small letters do not matter.",
        "16 ou 18 lettres et chiffres, par exemple {example}. Tirets, espaces et minuscules sont sans importance.",
    ),
    "form.button": ("Check this code", "Vérifier ce code"),
    # --- values of claims -------------------------------------------------------------------------------------------
    "value.organic": ("Organic", "Biologique"),
    "value.in_conversion": (
        "In conversion to organic farming",
        "En conversion vers l'agriculture biologique",
    ),
    "value.conventional": ("Conventional", "Conventionnel"),
    "value.ggn": ("Certified production (GGN)", "Production certifiée (GGN)"),
    "value.gi": ("Geographical indication", "Indication géographique"),
    "value.certified": ("Certified", "Certifié"),
    "value.compliant": ("Compliant", "Conforme"),
    "value.not_certified": ("Not certified", "Non certifié"),
    "value.none": ("No claim", "Aucune mention"),
    "value.ready": ("Ready", "Prêt"),
    "value.incomplete": ("Incomplete", "Incomplet"),
    "value.non_compliant": ("Not compliant", "Non conforme"),
    # --- why a claim is not granted, or not higher ------------------------------------------------------------------
    "reason.PLOT_IN_CONVERSION": (
        "Part of the goods was harvested on a plot that was still in conversion.",
        "Une partie de la marchandise vient d'une parcelle encore en conversion.",
    ),
    "reason.PLOT_IN_CONVERSION+": (
        "Part of the goods was harvested on {harvested_on} on a plot in conversion, organic only from {organic_from}.",
        "Une partie de la marchandise a été récoltée le {harvested_on} sur une parcelle en conversion, biologique "
        "seulement à partir du {organic_from}.",
    ),
    "reason.PLOT_CONVERSION_NOT_BEGUN": (
        "Part of the goods was harvested on a plot whose conversion had not begun.",
        "Une partie de la marchandise vient d'une parcelle dont la conversion n'avait pas commencé.",
    ),
    "reason.PLOT_CONVERTED_LESS_THAN_MINIMUM": (
        "Part of the goods was harvested on a plot that had not been in conversion long enough.",
        "Une partie de la marchandise vient d'une parcelle en conversion depuis trop peu de temps.",
    ),
    "reason.PLOT_CONVERTED_LESS_THAN_MINIMUM+": (
        "Part of the goods was harvested on {harvested_on} on a plot in conversion since {since}: at least {months} "
        "months are needed.",
        "Une partie de la marchandise a été récoltée le {harvested_on} sur une parcelle en conversion depuis le "
        "{since} : il faut au moins {months} mois.",
    ),
    "reason.PLOT_UNKNOWN": (
        "For part of the goods no registered plot is known.",
        "Pour une partie de la marchandise, aucune parcelle enregistrée n'est connue.",
    ),
    "reason.SITE_NOT_IN_SCOPE": (
        "A place where the goods were handled was not on the certificate.",
        "Un lieu où la marchandise a été manipulée ne figurait pas sur le certificat.",
    ),
    "reason.SITE_NOT_IN_SCOPE+": (
        "{site}, where the goods were handled on {day}, was not on the certificate.",
        "{site}, où la marchandise a été manipulée le {day}, ne figurait pas sur le certificat.",
    ),
    "reason.SITE_CERT_NOT_ACTIVE": (
        "The certificate of a place where the goods were handled was not in force on that day.",
        "Le certificat d'un lieu où la marchandise a été manipulée n'était pas en vigueur ce jour-là.",
    ),
    "reason.SITE_CERT_NOT_ACTIVE+": (
        "Certificate {certificate} of a place where the goods were handled was not in force on {day}.",
        "Le certificat {certificate} d'un lieu où la marchandise a été manipulée n'était pas en vigueur le {day}.",
    ),
    "reason.PRODUCT_NOT_IN_SCOPE": (
        "The product is not covered by the certificate.",
        "Le produit n'est pas couvert par le certificat.",
    ),
    "reason.PRODUCT_NOT_IN_SCOPE+": (
        "The product is not covered by certificate {certificate}.",
        "Le produit n'est pas couvert par le certificat {certificate}.",
    ),
    "reason.NO_CERTIFICATE": (
        "No certificate stands behind this claim.",
        "Aucun certificat n'appuie cette mention.",
    ),
    "reason.DOWNGRADED": ("The claim was lowered by decision.", "La mention a été déclassée par décision."),
    "reason.DOWNGRADED+": (
        "The claim was lowered by decision. Reason given: {reason}",
        "La mention a été déclassée par décision. Motif donné : {reason}",
    ),
    "reason.INHERITED": (
        "A lot that it was made from carries no more than this.",
        "Un lot dont il est issu ne porte pas davantage.",
    ),
    "reason.INHERITED+": (
        "Lot {lot}, from which it was made, carries no more than this.",
        "Le lot {lot}, dont il est issu, ne porte pas davantage.",
    ),
    "reason.CERT_NOT_ACTIVE": (
        "The certificate was not in force on the day of a delivery.",
        "Le certificat n'était pas en vigueur le jour d'une livraison.",
    ),
    "reason.CERT_NOT_ACTIVE+": (
        "Certificate {certificate} was not in force on {day}.",
        "Le certificat {certificate} n'était pas en vigueur le {day}.",
    ),
    "reason.MEMBER_NOT_APPROVED": (
        "A farmer who delivered was not an approved member on that day.",
        "Un producteur n'était pas membre agréé le jour de sa livraison.",
    ),
    "reason.NOT_ON_APPROVED_LIST": (
        "A farmer who delivered is not on the list of approved members.",
        "Un producteur ne figure pas sur la liste des membres agréés.",
    ),
    "reason.INTERNAL_INSPECTION_OVERDUE": (
        "The yearly internal inspection of a farmer who delivered was overdue.",
        "L'inspection interne annuelle d'un producteur était en retard.",
    ),
    "reason.other": (
        "A rule of the scheme was not met. Ask the issuer for the details.",
        "Une règle du référentiel n'était pas remplie. Interroger l'émetteur pour les détails.",
    ),
    # --- steps ------------------------------------------------------------------------------------------------------
    "step.delivered.one": ("{n} delivery by a farmer", "{n} livraison d'un producteur"),
    "step.delivered.many": ("{n} deliveries by farmers", "{n} livraisons de producteurs"),
    "step.received.one": ("Weighed in", "Pesée à la réception"),
    "step.received.many": ("Weighed in, {n} times", "Pesée à la réception, {n} fois"),
    "step.bulked.one": ("Put together with other lots", "Réuni avec d'autres lots"),
    "step.bulked.many": ("Put together with other lots, {n} times", "Réuni avec d'autres lots, {n} fois"),
    "step.split.one": ("Divided", "Divisé"),
    "step.split.many": ("Divided, {n} times", "Divisé, {n} fois"),
    "step.loaded.one": ("Loaded for processing", "Chargé pour traitement"),
    "step.loaded.many": ("Loaded for processing, {n} times", "Chargé pour traitement, {n} fois"),
    "step.read.one": ("Process values read", "Relevé des valeurs"),
    "step.read.many": ("Process values read, {n} times", "Relevé des valeurs, {n} fois"),
    "step.turned.one": ("Turned", "Retourné"),
    "step.turned.many": ("Turned, {n} times", "Retourné, {n} fois"),
    "step.unloaded.one": ("Taken out of the box", "Sorti de la caisse"),
    "step.unloaded.many": ("Taken out of the box, {n} times", "Sorti de la caisse, {n} fois"),
    "step.transformed.one": ("Processed", "Transformé"),
    "step.transformed.many": ("Processed, {n} runs", "Transformé, {n} passages"),
    "step.transformed.ferment.one": ("Fermented", "Fermenté"),
    "step.transformed.ferment.many": ("Fermented, {n} runs", "Fermenté, {n} passages"),
    "step.transformed.dry.one": ("Dried", "Séché"),
    "step.transformed.dry.many": ("Dried, {n} runs", "Séché, {n} passages"),
    "step.transformed.ferment_dry.one": ("Fermented and dried", "Fermenté et séché"),
    "step.transformed.ferment_dry.many": ("Fermented and dried, {n} runs", "Fermenté et séché, {n} passages"),
    "step.transformed.redry.one": ("Dried again", "Séché de nouveau"),
    "step.transformed.redry.many": ("Dried again, {n} runs", "Séché de nouveau, {n} passages"),
    "step.sampled.one": ("Sample drawn", "Échantillon prélevé"),
    "step.sampled.many": ("{n} samples drawn", "{n} échantillons prélevés"),
    "step.tests_ordered.one": ("Tests ordered", "Analyses commandées"),
    "step.tests_ordered.many": ("Tests ordered, {n} times", "Analyses commandées, {n} fois"),
    "step.checked.one": ("Good practice checked", "Bonnes pratiques vérifiées"),
    "step.checked.many": ("Good practice checked, {n} times", "Bonnes pratiques vérifiées, {n} fois"),
    "step.sample_handed_over.one": ("Sample handed over", "Échantillon remis"),
    "step.sample_handed_over.many": ("{n} samples handed over", "{n} échantillons remis"),
    "step.returned.one": ("Came back", "Revenu"),
    "step.returned.many": ("{n} returns", "{n} retours"),
    "step.units_applied.one": ("Labels put on", "Étiquettes posées"),
    "step.units_applied.many": ("Labels put on, {n} times", "Étiquettes posées, {n} fois"),
    "step.units_received.one": ("Units received", "Unités reçues"),
    "step.units_received.many": ("Units received, {n} times", "Unités reçues, {n} fois"),
    "step.units_opened.one": ("Units opened", "Unités ouvertes"),
    "step.units_opened.many": ("Units opened, {n} times", "Unités ouvertes, {n} fois"),
    "step.units_voided.one": ("Labels of units cancelled", "Étiquettes d'unités annulées"),
    "step.units_voided.many": ("Labels of units cancelled, {n} times", "Étiquettes d'unités annulées, {n} fois"),
    "step.units_labelled.one": ("Units labelled", "Unités étiquetées"),
    "step.units_labelled.many": ("Units labelled, {n} times", "Unités étiquetées, {n} fois"),
    "step.labels_printed.one": ("Labels printed", "Étiquettes imprimées"),
    "step.labels_printed.many": ("Labels printed, {n} times", "Étiquettes imprimées, {n} fois"),
    "step.labels_reconciled.one": ("Labels counted", "Étiquettes comptées"),
    "step.labels_reconciled.many": ("Labels counted {n} times", "Étiquettes comptées {n} fois"),
    "step.deviation_raised.one": ("Deviation raised", "Déviation ouverte"),
    "step.deviation_raised.many": ("{n} deviations raised", "{n} déviations ouvertes"),
    "step.deviation_closed.one": ("Deviation closed", "Déviation close"),
    "step.deviation_closed.many": ("{n} deviations closed", "{n} déviations closes"),
    "step.action_verified.one": ("Corrective action verified", "Action corrective vérifiée"),
    "step.action_verified.many": ("{n} corrective actions verified", "{n} actions correctives vérifiées"),
    "step.batch_certified.one": ("Batch certified", "Lot certifié"),
    "step.batch_certified.many": ("Batches certified, {n} times", "Lots certifiés, {n} fois"),
    "step.document_attached.one": ("Laboratory's certificate attached", "Certificat du laboratoire joint"),
    "step.document_attached.many": ("{n} laboratory certificates attached", "{n} certificats de laboratoire joints"),
    "step.inspected.one": ("Quality checked", "Contrôle de qualité"),
    "step.inspected.many": ("{n} quality checks", "{n} contrôles de qualité"),
    "step.held.one": ("Put on hold", "Mis en attente"),
    "step.held.many": ("Put on hold, {n} times", "Mis en attente, {n} fois"),
    "step.released.one": ("Released from hold", "Libéré"),
    "step.released.many": ("Released from hold, {n} times", "Libéré, {n} fois"),
    "step.transfer_offered.one": ("Handover offered", "Remise proposée"),
    "step.transfer_offered.many": ("Handover offered, {n} times", "Remise proposée, {n} fois"),
    "step.transfer_accepted.one": ("Taken over", "Pris en charge"),
    "step.transfer_accepted.many": ("Taken over, {n} times", "Pris en charge, {n} fois"),
    "step.transfer_rejected.one": ("Handover refused", "Remise refusée"),
    "step.transfer_rejected.many": ("Handover refused, {n} times", "Remise refusée, {n} fois"),
    "step.packed.one": ("Packed", "Emballé"),
    "step.packed.many": ("Packed, {n} times", "Emballé, {n} fois"),
    "step.shipped.one": ("Shipped", "Expédié"),
    "step.shipped.many": ("Shipped, {n} times", "Expédié, {n} fois"),
    "step.lost.one": ("Loss recorded", "Perte enregistrée"),
    "step.lost.many": ("Loss recorded, {n} times", "Perte enregistrée, {n} fois"),
    "step.recalled.one": ("Recalled", "Rappelé"),
    "step.recalled.many": ("Recalled, {n} times", "Rappelé, {n} fois"),
    "step.downgraded.one": ("Claim lowered", "Mention déclassée"),
    "step.downgraded.many": ("Claim lowered, {n} times", "Mention déclassée, {n} fois"),
    "step.cleaned.one": ("Cleaned", "Nettoyé"),
    "step.cleaned.many": ("Cleaned, {n} times", "Nettoyé, {n} fois"),
    "step.certified.one": ("Certificate of the control body", "Certificat de l’organisme de contrôle"),
    "step.certified.many": ("Certificates of the control body, {n}", "Certificats de l’organisme de contrôle, {n}"),
    "step.label_issued.one": ("Label issued", "Étiquette émise"),
    "step.label_issued.many": ("Label issued, {n} times", "Étiquette émise, {n} fois"),
    "step.label_revoked.one": ("Label cancelled", "Étiquette annulée"),
    "step.label_revoked.many": ("Label cancelled, {n} times", "Étiquette annulée, {n} fois"),
    "step.document_issued.one": ("Document issued", "Document émis"),
    "step.document_issued.many": ("{n} documents issued", "{n} documents émis"),
    "step.document_revoked.one": ("Document withdrawn", "Document retiré"),
    "step.document_revoked.many": ("{n} documents withdrawn", "{n} documents retirés"),
    "step.reassessed.one": ("Assessed anew", "Réévalué"),
    "step.reassessed.many": ("Assessed anew, {n} times", "Réévalué, {n} fois"),
    "step.corrected.one": ("Record corrected", "Écriture corrigée"),
    "step.corrected.many": ("Record corrected, {n} times", "Écritures corrigées, {n} fois"),
    "step.other.one": ("Other step", "Autre étape"),
    "step.other.many": ("Other step, {n} times", "Autre étape, {n} fois"),
    # --- what was measured ------------------------------------------------------------------------------------------
    "test.cut_test": ("Cut test", "Épreuve à la coupe"),
    "test.moisture": ("Moisture", "Humidité"),
    "test.mouldy": ("Mouldy beans", "Fèves moisies"),
    "test.slaty": ("Slaty beans", "Fèves ardoisées"),
    "test.insect_germinated_flat": (
        "Insect-damaged, germinated or flat beans",
        "Fèves mitées, germées ou plates",
    ),
    "test.insect_damaged": ("Insect-damaged beans", "Fèves mitées"),
    "test.germinated": ("Germinated beans", "Fèves germées"),
    "test.flat": ("Flat beans", "Fèves plates"),
    "test.violet": ("Violet beans", "Fèves violettes"),
    "test.cocoa_related_matter": ("Cocoa-related matter", "Matières liées au cacao"),
    "test.flat_beans_mass": ("Flat beans, by weight", "Fèves plates, en masse"),
    "test.foreign_matter": ("Foreign matter", "Matières étrangères"),
    "test.sieving": ("Sieving residue", "Résidu de tamisage"),
    "test.bean_count": ("Bean count", "Nombre de fèves"),
    "test.odour": ("Odour", "Odeur"),
    "test.live_insects": ("Live insects", "Insectes vivants"),
    "test.benzo_a_pyrene": ("Benzo(a)pyrene", "Benzo(a)pyrène"),
    "test.pah4": ("Sum of 4 PAH", "Somme de 4 HAP"),
    "test.cadmium": ("Cadmium", "Cadmium"),
    "test.lead": ("Lead", "Plomb"),
    "test.mercury": ("Mercury", "Mercure"),
    "test.ochratoxin_a": ("Ochratoxin A", "Ochratoxine A"),
    "test.aflatoxin_b1": ("Aflatoxin B1", "Aflatoxine B1"),
    "test.aflatoxin_total": ("Aflatoxins, total", "Aflatoxines, total"),
    "test.pesticides_organic": ("Pesticide residues", "Résidus de pesticides"),
    "test.water_activity": ("Water activity", "Activité de l'eau"),
    "test.so2": ("Sulphur dioxide", "Dioxyde de soufre"),
    "test.e_coli": ("E. coli", "E. coli"),
    "test.salmonella": ("Salmonella", "Salmonelles"),
    "test.yeast_mould": ("Yeasts and moulds", "Levures et moisissures"),
    "test.metal": ("Metal", "Métal"),
    "test.hcn_total": ("Total hydrocyanic acid", "Acide cyanhydrique total"),
    "test.total_ash": ("Total ash", "Cendres totales"),
    "test.acid_insoluble_ash": ("Acid-insoluble ash", "Cendres insolubles dans l'acide"),
    "test.crude_fibre": ("Crude fibre", "Fibres brutes"),
    "test.ph": ("pH", "pH"),
    "test.acid_value": ("Acid value", "Indice d'acide"),
    "test.peroxide_value": ("Peroxide value", "Indice de peroxyde"),
    "test.saponification": ("Saponification value", "Indice de saponification"),
    "test.histamine": ("Histamine", "Histamine"),
    "test.core_temp": ("Core temperature", "Température à cœur"),
    "test.assay": ("Assay", "Dosage"),
    "found.mouldy": ("{n} of {of} beans mouldy", "{n} fèves moisies sur {of}"),
    "found.slaty": ("{n} of {of} beans slaty", "{n} fèves ardoisées sur {of}"),
    "found.insect_germinated_flat": (
        "{n} of {of} beans insect-damaged, germinated or flat",
        "{n} fèves mitées, germées ou plates sur {of}",
    ),
    "found.insect_damaged": ("{n} of {of} beans insect-damaged", "{n} fèves mitées sur {of}"),
    "found.germinated": ("{n} of {of} beans germinated", "{n} fèves germées sur {of}"),
    "found.flat": ("{n} of {of} beans flat", "{n} fèves plates sur {of}"),
    "found.violet": ("{n} of {of} beans violet", "{n} fèves violettes sur {of}"),
    # --- what we checked: a question, and its four answers ----------------------------------------------------------
    "check.label_known": ("Did we issue this label?", "Avons-nous émis cette étiquette ?"),
    "check.label_known.passed": (
        "Yes, for this lot, by {organisation} on {issued}.",
        "Oui, pour ce lot, par {organisation} le {issued}.",
    ),
    "check.label_known.failed": (
        "No label with this code is on record.",
        "Aucune étiquette ne porte ce code.",
    ),
    "check.label_known.not_applicable": (
        "There is no label to look up.",
        "Il n'y a pas d'étiquette à rechercher.",
    ),
    "check.label_known.not_checked": ("The record could not be read.", "Le registre n'a pas pu être lu."),
    "check.not_blocked": ("Is anything blocking it?", "Est-il bloqué ?"),
    "check.not_blocked.passed": (
        "No. The label is not cancelled, and the lot is neither on hold nor recalled.",
        "Non. L'étiquette n'est pas annulée, et le lot n'est ni en attente ni rappelé.",
    ),
    "check.not_blocked.failed": (
        "Yes. See the sentence at the top of this page.",
        "Oui. Voir la phrase en tête de cette page.",
    ),
    "check.not_blocked.not_applicable": ("Nothing can block this lot.", "Rien ne peut bloquer ce lot."),
    "check.not_blocked.not_checked": ("The state could not be read.", "L'état n'a pas pu être lu."),
    "check.balance": ("Is every kilogram accounted for?", "Chaque kilogramme est-il justifié ?"),
    "check.balance.passed": (
        "Yes. At every step, what went in equals what came out plus the recorded loss, to the gram.",
        "Oui. À chaque étape, les entrées égalent les sorties plus la perte enregistrée, au gramme près.",
    ),
    "check.balance.failed": (
        "No. At some step, more came out than went in.",
        "Non. À une étape, il est sorti plus qu'il n'est entré.",
    ),
    "check.balance.not_applicable": ("Nothing was handled yet.", "Rien n'a encore été manipulé."),
    "check.balance.not_checked": (
        "The entries of another organisation are not open to us.",
        "Les écritures d'une autre organisation ne nous sont pas ouvertes.",
    ),
    "check.members": ("Were the farmers approved?", "Les producteurs étaient-ils agréés ?"),
    "check.members.passed": (
        "Yes, every one, on the day of delivery.",
        "Oui, chacun, le jour de sa livraison.",
    ),
    "check.members.passed+": (
        "Yes, all {farmers}, on the day of each of {deliveries} deliveries.",
        "Oui, tous ({farmers}), le jour de chacune des {deliveries} livraisons.",
    ),
    "check.members.failed": (
        "No. At least one was not approved on the day of delivery.",
        "Non. Un au moins n'était pas agréé le jour de sa livraison.",
    ),
    "check.members.not_applicable": (
        "No claim needs a list of approved farmers.",
        "Aucune mention n'exige une liste de producteurs agréés.",
    ),
    "check.members.not_checked": (
        "The deliveries were recorded by another organisation.",
        "Les livraisons ont été enregistrées par une autre organisation.",
    ),
    "check.certificates": ("Do the certificates cover it?", "Les certificats le couvrent-ils ?"),
    "check.certificates.passed": (
        "Yes: product, places and dates. They are in force today.",
        "Oui : produit, lieux et dates. Ils sont en vigueur aujourd'hui.",
    ),
    "check.certificates.passed+": (
        "Yes: product, places and dates. They are in force at least until {until}.",
        "Oui : produit, lieux et dates. Ils sont en vigueur au moins jusqu'au {until}.",
    ),
    "check.certificates.failed": (
        "No. See the claims and the certificates.",
        "Non. Voir les mentions et les certificats.",
    ),
    "check.certificates.not_applicable": (
        "No claim is made for this lot.",
        "Aucune mention n'est faite pour ce lot.",
    ),
    "check.certificates.not_checked": (
        "A certificate belongs to an organisation that does not show it to us.",
        "Un certificat appartient à une organisation qui ne nous le montre pas.",
    ),
    "check.quality": ("Were the quality limits met?", "Les limites de qualité sont-elles respectées ?"),
    "check.quality.passed": ("Yes, in every check of this lot.", "Oui, à chaque contrôle de ce lot."),
    "check.quality.failed": ("No. See the quality checks.", "Non. Voir les contrôles de qualité."),
    "check.quality.not_applicable": (
        "No limits are set for this product.",
        "Aucune limite n'est fixée pour ce produit.",
    ),
    "check.quality.not_checked": (
        "No quality check of this lot is recorded yet.",
        "Aucun contrôle de ce lot n'est encore enregistré.",
    ),
    "check.history": ("Is the record unchanged?", "Le registre est-il inchangé ?"),
    "check.history.passed": (
        "Yes. The entries are in a sealed log, and the seal is whole.",
        "Oui. Les écritures sont dans un journal scellé, et le sceau est intact.",
    ),
    "check.history.passed+": (
        "Yes. The entries are in a log sealed on {sealed_at}, and the seal is whole. Outside witnesses: {witnesses}.",
        "Oui. Les écritures sont dans un journal scellé le {sealed_at}, et le sceau est intact. Témoins extérieurs : "
        "{witnesses}.",
    ),
    "check.history.failed": (
        "No. The entries do not match their seal.",
        "Non. Les écritures ne correspondent pas à leur sceau.",
    ),
    "check.history.not_applicable": ("This log is not sealed.", "Ce journal n'est pas scellé."),
    "check.history.not_checked": (
        "The newest entries are not sealed yet.",
        "Les dernières écritures ne sont pas encore scellées.",
    ),
    "check.other": ("Another check ({code})", "Autre vérification ({code})"),
}

CHECK_PARAMS: Final[dict[str, tuple[str, ...]]] = {
    "members": ("farmers", "deliveries"),
    "certificates": ("until",),
    "history": ("sealed_at", "witnesses"),
}
"""The parameters of a ``Verification`` that its sentence can use; without them it says less."""

UNITS: Final[dict[str, tuple[str, str]]] = {
    "% of 300 beans": ("%", "%"),
    "% m/m": ("%", "%"),
    "% dry": ("%", "%"),
    "% FA": ("%", "%"),
    "% label": ("%", "%"),
    "ug/kg": ("\u00b5g/kg", "\u00b5g/kg"),
    "C": ("\u00b0C", "\u00b0C"),
    "CFU/g": ("CFU/g", "UFC/g"),
    "beans/100 g": ("beans/100 g", "fèves/100 g"),
    "in 25 g": ("in 25 g", "dans 25 g"),
    "absent/1 g": ("in 1 g", "dans 1 g"),
    "aw": ("", ""),
    "pH": ("", ""),
}
"""Units of the profiles as they are shown; others are shown as they are written."""

YES_NO: Final = "pass/fail"
"""The unit of a test that something passes, 1, or not, 0."""

_MONTHS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
}

_PLAIN_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,12})?")
_ISO_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S{0,20}")


def typeset(lang: Lang, sentence: str) -> str:
    """The sentence with the apostrophes and spaces that a printer would set."""
    sentence = sentence.replace("'", "\u2019").replace(" \u00d7 ", f"{NBSP}\u00d7{NBSP}")
    if lang == "fr":
        sentence = sentence.replace(" :", f"{NBSP}:")
        sentence = re.sub(r" ([;!?])", rf"{THIN}\1", sentence)
    return sentence


TEXTS: Final[dict[str, dict[Lang, str]]] = {
    key: {"en": typeset("en", english), "fr": typeset("fr", french)} for key, (english, french) in _WORDS.items()
}
"""key -> language -> sentence."""


def text(lang: Lang, key: str) -> str:
    """The sentence of a key, its placeholders still open. A missing key is a mistake of ours."""
    return TEXTS[key][lang]


def scheme(lang: Lang, code: str, given: str) -> str:
    """The name of a scheme in a language; ``given``, its English name, where it is one that we do not ship."""
    key = f"scheme.{code}"
    return text(lang, key) if has(key) and text("en", key) == given else given


def declared(lang: Lang, allergens: Sequence[str]) -> str:
    """The allergens that a label declares, by name."""
    named = {code: f"declared.{code}" for code in allergens}
    return ", ".join(text(lang, key) if has(key) else words(code) for code, key in named.items())


def has(key: str) -> bool:
    """Whether there is a sentence for a key."""
    return key in TEXTS


def placeholders(sentence: str) -> frozenset[str]:
    """The names that a sentence leaves open."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name)


def counted(lang: Lang, key: str, n: int) -> str:
    """The key of a sentence for a number of things (French: nought is singular)."""
    one = n == 1 or (lang == "fr" and n == 0)
    return f"{key}.one" if one else f"{key}.many"


def richest(lang: Lang, key: str, known: frozenset[str]) -> str | None:
    """The sentence of a key that says most with what is known, or nothing where the key is strange to us."""
    for candidate in (f"{key}+", key):
        if candidate in TEXTS and placeholders(sentence := TEXTS[candidate][lang]) <= known:
            return sentence
    return None


def number(n: int) -> str:
    """12500 as «12 500», with a narrow no-break space, in every language."""
    return f"{n:,}".replace(",", THIN)


def decimal(lang: Lang, value: str) -> str:
    """Decimal text as it is written in a language; any other text as it is."""
    if not _PLAIN_NUMBER.fullmatch(value):
        return value
    whole, _, fraction = value.partition(".")
    sign = "\u2212" if whole.startswith("-") else ""
    grouped = sign + number(int(whole.lstrip("+-")))
    return f"{grouped}{_point(lang)}{fraction}" if fraction else grouped


def kilograms(lang: Lang, grams: int) -> str:
    """Grams as kilograms, exactly: «12 500 kg», «978.4 kg», «978,4 kg»."""
    whole, rest = divmod(abs(grams), 1000)
    fraction = f"{_point(lang)}{rest:03d}".rstrip("0") if rest else ""
    sign = "\u2212" if grams < 0 else ""
    return f"{sign}{number(whole)}{fraction}{NBSP}kg"


def unit(lang: Lang, code: str) -> str:
    """A unit as it is written in a language; nothing where the value says it all."""
    return UNITS[code][LANGS.index(lang)] if code in UNITS else code


def amount(lang: Lang, value: str, code: str) -> str:
    """A value with its unit: «7.1 %»; of a test in «pass/fail» what its 1 or 0 means."""
    if code == YES_NO and value in ("0", "1"):
        return text(lang, "in_order" if value == "1" else "not_in_order")
    named = unit(lang, code)
    if not named or code == YES_NO:
        return decimal(lang, value)
    return f"{decimal(lang, value)}{THIN if named.startswith('%') else NBSP}{named}"


def limit(lang: Lang, written: str, code: str = "") -> str:
    """A limit as profiles write it, with its unit: ``8.0`` is at most; ``≥ 1`` and ``5.0–8.0`` say what they are."""
    if code == YES_NO:
        return text(lang, "in_order")
    if written.startswith("≥ "):
        return f"≥{NBSP}{amount(lang, written[2:], code)}"
    low, dash, high = written.rpartition("–")
    return f"{decimal(lang, low)}–{amount(lang, high, code)}" if dash else f"≤{NBSP}{amount(lang, high, code)}"


def day(lang: Lang, on: date) -> str:
    """A date written out."""
    return f"{_day_number(lang, on)}{NBSP}{_MONTHS[lang][on.month - 1]} {on.year}"


def days(lang: Lang, first: date, last: date) -> str:
    """Two dates written out, without saying the month or the year twice."""
    dash = "\u2013"
    if first == last:
        return day(lang, first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{_day_number(lang, first)}{dash}{day(lang, last)}"
    if first.year == last.year:
        return f"{_day_number(lang, first)}{NBSP}{_MONTHS[lang][first.month - 1]} {dash} {day(lang, last)}"
    return f"{day(lang, first)} {dash} {day(lang, last)}"


def moment(lang: Lang, at: datetime) -> str:
    """An instant written out, in UTC."""
    at = utc(at)
    return f"{day(lang, at.date())}, {at:%H:%M}{NBSP}UTC"


def utc(at: datetime) -> datetime:
    """An instant in UTC; one without a zone is taken to be in UTC already."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def parameter(lang: Lang, name: str, value: str | int) -> str:
    """A parameter of a reason as it is written: weights (``…_g``), dates, numbers, words."""
    if isinstance(value, int):
        return kilograms(lang, value) if name.endswith("_g") else number(value)
    if _ISO_DAY.fullmatch(value) or _ISO_MOMENT.fullmatch(value):
        try:
            return day(lang, date.fromisoformat(value[:10]))
        except ValueError:
            return value
    if name == "status" and (key := f"certificate.{value}") in TEXTS:
        return TEXTS[key][lang]
    return value


def words(code: str) -> str:
    """A code that we have no word for, as readable as it gets: ``brix_ratio`` -> «Brix ratio»."""
    plain = code.replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


def language(tag: str) -> Lang | None:
    """The language of a tag such as ``fr-CI``, where we speak it."""
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return next((lang for lang in LANGS if lang == primary), None)


def _point(lang: Lang) -> str:
    return "," if lang == "fr" else "."


def _day_number(lang: Lang, on: date) -> str:
    return "1er" if lang == "fr" and on.day == 1 else str(on.day)
