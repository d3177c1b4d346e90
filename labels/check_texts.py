"""Every sentence of the checker, in English and in French: the page that verifies a label without the network.

The same rules as for ``labels.texts``. A sentence is written so that it holds with the network and without: the checker
never says that goods are in order today. ``word.X`` is the verdict, ``why.X`` its sentence, ``what.X`` the name of a
check, ``said.X.Y`` what is said of check X when it is answered Y (or for the reason Y).
"""

from __future__ import annotations

from typing import Final

from labels.texts import Lang, typeset

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # --- the frame --------------------------------------------------------------------------------------------------
    "title": ("Check a label on this device", "Vérifier une étiquette sur cet appareil"),
    "intro": (
        "The check is done in this browser, with the keys of {host}. After one visit it works without network.",
        "La vérification se fait dans ce navigateur, avec les clés de {host}. Après une visite, elle fonctionne sans "
        "réseau.",
    ),
    "no_script": (
        "JavaScript is off, so nothing can be checked on this device. The form below still opens the live page of a "
        "code.",
        "JavaScript est désactivé : rien ne peut être vérifié sur cet appareil. Le formulaire ci-dessous ouvre quand "
        "même la page en ligne d'un code.",
    ),
    "form.label": ("Label, address or code", "Étiquette, adresse ou code"),
    "form.hint": (
        "Paste what the QR holds, or type the code printed under it, for example {example}.",
        "Coller le contenu du QR, ou saisir le code imprimé dessous, par exemple {example}.",
    ),
    "form.button": ("Check", "Vérifier"),
    "file.label": ("Proof file, if there is one", "Fichier de preuve, s'il y en a un"),
    "file.hint": (
        "The live page of a code hands it out. It proves that the label stands in the log.",
        "La page en ligne d'un code le fournit. Il prouve que l'étiquette figure dans le registre.",
    ),
    "file.drop": ("Take the file away", "Retirer le fichier"),
    "camera.start": ("Scan with the camera", "Scanner avec l'appareil photo"),
    "camera.stop": ("Stop the camera", "Arrêter l'appareil photo"),
    "camera.seeking": ("Hold the QR before the camera.", "Présenter le QR devant l'appareil photo."),
    "camera.refused": (
        "The camera cannot be used. Paste or type the code instead.",
        "L'appareil photo n'est pas utilisable. Coller ou saisir le code.",
    ),
    "offline": (
        "No network: the signature is checked on this device. Today's state is not known.",
        "Pas de réseau : la signature est vérifiée sur cet appareil. L'état du jour n'est pas connu.",
    ),
    "live": ("Ask for today's state", "Demander l'état du jour"),
    "live.offline": (
        "Today's state is asked at {address} when there is network.",
        "L'état du jour se demande à {address} lorsqu'il y a du réseau.",
    ),
    "what_it_says": ("What the label says", "Ce que dit l'étiquette"),
    "net": ("Net weight", "Poids net"),
    "packed": ("Packed on", "Emballé le"),
    "commodity": ("Goods", "Marchandise"),
    "commodity.number": ("number {number}", "numéro {number}"),
    "code": ("Code", "Code"),
    "key": ("Signed by key", "Signée par la clé"),
    "key.good": ("{number}, in force", "{number}, en vigueur"),
    "key.retired": ("{number}, retired on {last}", "{number}, retirée le {last}"),
    "key.withdrawn": ("{number}, withdrawn with effect from {since}", "{number}, révoquée à compter du {since}"),
    "not_stated": ("not stated", "non indiqué"),
    "in_log": ("In the log", "Dans le registre"),
    "in_log.by": (
        "by {at}, entry {index} of {size}",
        "au plus tard le {at}, écriture {index} sur {size}",
    ),
    "in_log.plain": ("entry {index} of {size}", "écriture {index} sur {size}"),
    "seen": ("Seen by", "Vu par"),
    "seen.none": ("no witness", "aucun témoin"),
    "seen.one": ("1 witness: {names}", "1 témoin : {names}"),
    "seen.many": ("{n} witnesses: {names}", "{n} témoins : {names}"),
    "checked": ("What was checked", "Ce qui a été vérifié"),
    # --- the verdict ------------------------------------------------------------------------------------------------
    "word.sound": ("Signature in order, state unknown", "Signature en règle, état inconnu"),
    "why.sound": (
        "This label was issued by {host} and is unchanged. Whether the goods are in order today is not known here.",
        "Cette étiquette a été émise par {host} et n'est pas modifiée. Si la marchandise est en règle aujourd'hui "
        "n'est pas connu ici.",
    ),
    "word.proven": ("Issued and logged, state unknown", "Émise et inscrite, état inconnu"),
    "why.proven": (
        "The log of {host} holds the event that issued this code. Whether the goods are in order today is not known "
        "here.",
        "Le registre de {host} contient l'événement qui a émis ce code. Si la marchandise est en règle aujourd'hui "
        "n'est pas connu ici.",
    ),
    "word.typed": ("Code complete, nothing proven", "Code complet, rien de prouvé"),
    "why.typed": (
        "A code carries no signature. Scan the QR, choose a proof file, or ask for today's state.",
        "Un code ne porte pas de signature. Scanner le QR, choisir un fichier de preuve, ou demander l'état du jour.",
    ),
    "word.mistyped": ("Mistyped code", "Code mal saisi"),
    "why.mistyped": (
        "The last two characters do not fit the others. Compare the code with the label, letter by letter.",
        "Les deux derniers caractères ne correspondent pas aux autres. Comparer le code avec l'étiquette, lettre par "
        "lettre.",
    ),
    "word.malformed": ("Not a label of ours", "Pas une étiquette de chez nous"),
    "why.malformed": (
        "Our labels hold 132 characters in capitals, our codes 16 or 18. Scan again, or compare letter by letter. If "
        "the label shows just this, do not rely on it.",
        "Nos étiquettes portent 132 caractères en capitales, nos codes 16 ou 18. Scanner de nouveau, ou comparer "
        "lettre par lettre. Si l'étiquette porte bien ceci, ne pas s'y fier.",
    ),
    "word.unsigned": ("Do not use: signature wrong", "Ne pas utiliser : signature fausse"),
    "why.unsigned": (
        "Key {key} did not sign this label. Either a character was misread, then scan again, or the label is not ours.",
        "La clé {key} n'a pas signé cette étiquette. Soit un caractère a été mal lu, alors scanner de nouveau, soit "
        "l'étiquette n'est pas de nous.",
    ),
    "word.unknown_key": ("Do not use: not our key", "Ne pas utiliser : clé étrangère"),
    "why.unknown_key": (
        "The label names key {key}. {host} has no such key: we did not issue this label.",
        "L'étiquette désigne la clé {key}. {host} n'a pas cette clé : nous n'avons pas émis cette étiquette.",
    ),
    "word.unknown_key.old": ("Look closer: key not known here", "À vérifier : clé inconnue ici"),
    "why.unknown_key.old": (
        "The label names key {key}, which is not among the keys kept on this device from {day}. It may be newer: "
        "check again with network.",
        "L'étiquette désigne la clé {key}, absente des clés gardées sur cet appareil depuis le {day}. Elle peut être "
        "plus récente : vérifier de nouveau avec du réseau.",
    ),
    "word.not_proven": ("The proof does not hold", "La preuve ne tient pas"),
    "why.not_proven": (
        "The file does not prove that this code was issued. See which check failed, and ask who gave you the file.",
        "Le fichier ne prouve pas que ce code a été émis. Voir le point non conforme, et interroger qui l'a remis.",
    ),
    "word.forked": ("The log does not go on", "Le registre ne se poursuit pas"),
    "why.forked": (
        "This device kept an earlier seal of the log, and this proof is of another log. One of them was rewritten. "
        "Keep both, and tell the buyer and the certification body.",
        "Cet appareil a gardé un sceau antérieur du registre, et cette preuve vient d'un autre. L'un des deux a été "
        "réécrit. Garder les deux, et prévenir l'acheteur et l'organisme certificateur.",
    ),
    "word.withdrawn": ("Look closer: key withdrawn", "À vérifier : clé révoquée"),
    "why.withdrawn": (
        "Key {key} was withdrawn with effect from {since}. Its labels count only with a proof that they were in the "
        "log before.",
        "La clé {key} est révoquée à compter du {since}. Ses étiquettes ne valent qu'avec une preuve qu'elles étaient "
        "dans le registre avant.",
    ),
    "word.withdrawn_before": ("Do not use: key withdrawn", "Ne pas utiliser : clé révoquée"),
    "why.withdrawn_before": (
        "Key {key} was withdrawn with effect from {since}, and no witness saw this label in the log before.",
        "La clé {key} est révoquée à compter du {since}, et aucun témoin n'a vu cette étiquette au registre avant.",
    ),
    "word.other_host": ("Look closer: another address", "À vérifier : autre adresse"),
    "why.other_host": (
        "The signature is ours, but the address leads to {other}, not to {host}. Do not open it, and enter nothing "
        "there.",
        "La signature est de nous, mais l'adresse mène à {other}, non à {host}. Ne pas l'ouvrir, et n'y rien saisir.",
    ),
    "why.other_host.code": (
        "The address leads to {other}, not to {host}. Do not open it, and enter nothing there.",
        "L'adresse mène à {other}, non à {host}. Ne pas l'ouvrir, et n'y rien saisir.",
    ),
    "word.retired": ("Look closer: key had ended", "À vérifier : clé échue"),
    "why.retired": (
        "The label says that the goods were packed on {packed}. Key {key} signed until {last}.",
        "L'étiquette indique un emballage le {packed}. La clé {key} a signé jusqu'au {last}.",
    ),
    "word.unwitnessed": ("Look closer: seen by no witness", "À vérifier : vu par aucun témoin"),
    "why.unwitnessed": (
        "The log holds the code, but nobody outside has seen that state of the log. Ask for a newer proof file.",
        "Le registre contient le code, mais personne d'extérieur n'a vu cet état du registre. Demander un fichier de "
        "preuve plus récent.",
    ),
    # --- the checks -------------------------------------------------------------------------------------------------
    "what.read": ("Its form is ours", "Sa forme est la nôtre"),
    "what.address": ("Its address is ours", "Son adresse est la nôtre"),
    "what.signature": ("Our key signed the label", "Notre clé a signé l'étiquette"),
    "what.key": ("The key was in force", "La clé était en vigueur"),
    "what.event": ("The event issues this code", "L'événement émet ce code"),
    "what.log": ("The log signed its state", "Le registre a signé son état"),
    "what.witnesses": ("Witnesses saw that state", "Des témoins ont vu cet état"),
    "what.inclusion": ("The log holds the event", "Le registre contient l'événement"),
    "what.history": ("It goes on from the seal kept", "Il poursuit le sceau gardé"),
    "said.read.mistyped": ("The check characters do not fit.", "Les caractères de contrôle ne correspondent pas."),
    "said.read.strange": (
        "It has not the form of our labels and codes.",
        "Il n'a pas la forme de nos étiquettes et codes.",
    ),
    "said.read.strange_proof": (
        "The file is not a proof file of ours.",
        "Le fichier n'est pas une preuve de chez nous.",
    ),
    "said.address.other_host": ("It leads to {other}.", "Elle mène à {other}."),
    "said.address.not_applicable": ("No address was given.", "Aucune adresse n'a été donnée."),
    "said.signature.unsigned": ("Key {key} did not sign it.", "La clé {key} ne l'a pas signée."),
    "said.signature.unknown_key": ("Key {key} is not known.", "La clé {key} n'est pas connue."),
    "said.signature.not_applicable": ("A code has no signature.", "Un code n'a pas de signature."),
    "said.signature.passed": ("By key {key}.", "Par la clé {key}."),
    "said.key.passed": ("It was not withdrawn.", "Elle n'est pas révoquée."),
    "said.key.logged_before": (
        "Withdrawn with effect from {since}, but the log issued this code before. Compare weight and day with the live "
        "page.",
        "Révoquée à compter du {since}, mais le registre a émis ce code avant. Comparer poids et jour avec la page en "
        "ligne.",
    ),
    "said.key.withdrawn": ("Withdrawn with effect from {since}.", "Révoquée à compter du {since}."),
    "said.key.withdrawn_before": (
        "Withdrawn with effect from {since}; not proven to be in the log before.",
        "Révoquée à compter du {since} ; présence antérieure dans le registre non prouvée.",
    ),
    "said.key.retired": ("It signed until {last}.", "Elle a signé jusqu'au {last}."),
    "said.event.not_checked": ("No proof file was given.", "Aucun fichier de preuve n'a été donné."),
    "said.event.no_log": ("No log is published yet.", "Aucun registre n'est encore publié."),
    "said.event.other_code": ("The proof is of another code.", "La preuve porte sur un autre code."),
    "said.event.other_event": ("The event issues no code.", "L'événement n'émet pas de code."),
    "said.event.other_unit": (
        "The code is not among those that the event issued.",
        "Le code n'est pas de ceux que l'événement a émis.",
    ),
    "said.event.other_label": (
        "The event issued this code for a label that says another weight, day or product.",
        "L'événement a émis ce code pour une étiquette qui indique un autre poids, jour ou produit.",
    ),
    "said.event.strange_event": ("The event cannot be read.", "L'événement n'est pas lisible."),
    "said.log.passed": ("{origin}, {size} entries.", "{origin}, {size} écritures."),
    "said.log.failed": (
        "The signature of the log is wrong or missing.",
        "La signature du registre est fausse ou absente.",
    ),
    "said.log.withdrawn": (
        "The key that signed it was withdrawn, and no witness saw it before. Ask for the proof again: a newer key "
        "signs it.",
        "La clé qui l'a signé a été retirée, et aucun témoin ne l'a vu avant. Redemandez la preuve : une clé plus "
        "récente la signe.",
    ),
    "said.witnesses.passed": ("{names}", "{names}"),
    "said.witnesses.too_few": ("None of the witnesses that {host} names.", "Aucun des témoins que {host} désigne."),
    "said.witnesses.none_asked": (
        "{host} names no witness: its operator could still rewrite the log unseen.",
        "{host} ne désigne aucun témoin : son exploitant pourrait encore réécrire le registre sans être vu.",
    ),
    "said.witnesses.bad_cosignature": ("A signature of a witness is wrong.", "La signature d'un témoin est fausse."),
    "said.inclusion.passed": ("Entry {index} of {size}.", "Écriture {index} sur {size}."),
    "said.inclusion.failed": (
        "The event is not where the file says, or it was changed.",
        "L'événement n'est pas là où le fichier l'indique, ou il a été modifié.",
    ),
    "said.history.passed": (
        "Compared with a seal of {kept} entries.",
        "Comparé à un sceau de {kept} écritures.",
    ),
    "said.history.forked": ("It is another log.", "C'est un autre registre."),
    "said.history.strange_checkpoint": (
        "The seal kept on this device is not signed by this log.",
        "Le sceau gardé sur cet appareil n'est pas signé par ce registre.",
    ),
    "said.history.other_tree": (
        "The log began anew since, under another name: its first entry says why (/log/notices).",
        "Le registre a recommencé depuis, sous un autre nom : sa première écriture dit pourquoi (/log/notices).",
    ),
    "said.history.no_tiles": (
        "To compare them takes network, or a file of the same state of the log.",
        "Les comparer demande du réseau, ou un fichier du même état du registre.",
    ),
    # --- what it does not prove -------------------------------------------------------------------------------------
    "limits": ("What this does not prove", "Ce que cela ne prouve pas"),
    "limits.state": (
        "Today's state. A lot that was recalled, put on hold or replaced since has the same label. That is asked at "
        "the live page.",
        "L'état du jour. Un lot rappelé, mis en attente ou remplacé depuis porte la même étiquette. Cela se demande à "
        "la page en ligne.",
    ),
    "limits.copy": (
        "That this bag is the one. A copied label scans the same: compare weight, date and goods with what stands "
        "before you.",
        "Que ce sac est le bon. Une étiquette copiée se scanne de même : comparer poids, date et marchandise avec ce "
        "qui se trouve devant vous.",
    ),
    "limits.weight": (
        "That what was recorded is true. A signature shows who said it, not that it is so.",
        "Que ce qui a été enregistré est exact. Une signature montre qui l'a dit, non que c'est vrai.",
    ),
    "limits.log": (
        "That an event happened when it says. The log shows that it was not written later than the time named.",
        "Qu'un événement a eu lieu quand il le dit. Le registre montre qu'il n'a pas été écrit plus tard que l'heure "
        "indiquée.",
    ),
    "limits.page": (
        "That {host} is honest. This page and its keys come from there. Who wants to check without it uses the "
        "command filiere verify with keys got another way.",
        "Que {host} est honnête. Cette page et ses clés en viennent. Pour s'en passer, utiliser la commande filiere "
        "verify avec des clés obtenues autrement.",
    ),
    # --- the keys ---------------------------------------------------------------------------------------------------
    "keys": ("Keys on this device", "Clés sur cet appareil"),
    "keys.none": (
        "The keys of {host} could not be loaded, so nothing can be checked here. Try again with network.",
        "Les clés de {host} n'ont pas pu être chargées : rien ne peut être vérifié ici. Réessayer avec du réseau.",
    ),
    "keys.since": ("Kept since", "Gardées depuis"),
    "keys.not_kept": ("this browser keeps nothing", "ce navigateur ne garde rien"),
    "keys.loaded": ("Last loaded", "Dernier chargement"),
    "keys.now": ("now", "à l'instant"),
    "keys.labels": ("Label keys", "Clés d'étiquettes"),
    "keys.log": ("Log", "Registre"),
    "keys.no_log": ("none published", "aucun publié"),
    "keys.seal": ("Newest seal kept", "Dernier sceau gardé"),
    "keys.seal.said": ("{size} entries", "{size} écritures"),
    "keys.no_seal": ("none", "aucun"),
    "keys.changed": ("The keys of {host} have changed", "Les clés de {host} ont changé"),
    "keys.changed.why": (
        "Since {day} this device keeps keys that are no longer published as they were: {names}. Keys do not change, "
        "they are withdrawn and new ones added. Either the address is not the right one, or somebody has exchanged "
        "them. The check goes on with the keys kept.",
        "Depuis le {day} cet appareil garde des clés qui ne sont plus publiées telles quelles : {names}. Une clé ne "
        "change pas, elle est révoquée et une autre s'ajoute. Soit l'adresse n'est pas la bonne, soit elles ont été "
        "échangées. La vérification continue avec les clés gardées.",
    ),
    "keys.accept": ("Use the new keys all the same", "Utiliser quand même les nouvelles clés"),
    "keys.added": ("New keys of {host}", "Nouvelles clés de {host}"),
    "keys.added.why": (
        "New or withdrawn since {day}: {names}. Ask whoever you buy from whether that is known.",
        "Nouvelles ou révoquées depuis le {day} : {names}. Demander au fournisseur s'il en a connaissance.",
    ),
    "keys.noted": ("Noted", "Bien noté"),
    "keys.name.label": ("label key {number}", "clé d'étiquettes {number}"),
    "keys.name.log": ("key of the log", "clé du registre"),
    "keys.name.witness": ("witness {name}", "témoin {name}"),
    "keys.name.host": ("address", "adresse"),
    "seal.forked": ("The log does not go on from the seal kept", "Le registre ne poursuit pas le sceau gardé"),
    "seal.forked.why": (
        "On {day} this device kept a seal of {size} entries. What {host} publishes now is not a continuation of it: "
        "entries were changed or taken away. Keep this device as it is, and tell the buyer and the certification body.",
        "Le {day} cet appareil a gardé un sceau de {size} écritures. Ce que {host} publie maintenant n'en est pas la "
        "suite : des écritures ont été modifiées ou retirées. Garder cet appareil tel quel, et prévenir l'acheteur et "
        "l'organisme certificateur.",
    ),
    "seal.unsigned": ("The seal of the log is not signed", "Le sceau du registre n'est pas signé"),
    "seal.unsigned.why": (
        "What {host} publishes as the newest state of its log does not carry the log's signature.",
        "Ce que {host} publie comme dernier état de son registre ne porte pas la signature du registre.",
    ),
}

TEXTS: Final[dict[str, dict[Lang, str]]] = {
    key: {"en": typeset("en", english), "fr": typeset("fr", french)} for key, (english, french) in _WORDS.items()
}
"""key -> language -> sentence."""
