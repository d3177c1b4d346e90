"""Why a lot may claim what it claims: the facts that stand behind it, in a sentence each, with their law."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from domain.refusals import Lang, Params, Texts, say


@dataclass(frozen=True, slots=True)
class Ground:
    """A fact that supports a claim. ``rule`` is the source that asks for it."""

    code: str
    params: Params = field(hash=False)
    rule: str | None = None


def sentence(ground: Ground, lang: Lang = "en") -> str:
    """The fact, with its figures."""
    return say(CATALOGUE[ground.code], {}, ground.params, lang)


CATALOGUE: Final[dict[str, Texts]] = {
    "DELIVERIES": {
        "en": "Deliveries behind it: {deliveries} (farmers: {farmers}), from {since} to {until}.",
        "fr": "Livraisons à l'origine : {deliveries} (agriculteurs : {farmers}), du {since} au {until}.",
    },
    "MEMBERS_APPROVED": {
        "en": "On the day of delivery each farmer was an approved member of the group.",
        "fr": "Le jour de la livraison, chaque agriculteur était membre agréé du groupement.",
    },
    "MEMBERS_INSPECTED": {
        "en": "Each had been inspected internally within {days} days before.",
        "fr": "Chacun avait été inspecté en interne dans les {days} jours précédents.",
    },
    "LICENSED": {
        "en": "On every day of each catch the vessel held a valid licence.",
        "fr": "Chaque jour de chaque capture, le navire avait une licence valable.",
    },
    "PLOTS_CONVERTED": {
        "en": "At harvest every plot had been under conversion for {months} months or more.",
        "fr": "À la récolte, chaque parcelle était en conversion depuis {months} mois ou plus.",
    },
    "PLOTS_IN_ZONE": {
        "en": "Every plot lies in the zone that the certificate names.",
        "fr": "Chaque parcelle se trouve dans la zone nommée par le certificat.",
    },
    "PLOTS_DEFORESTATION_FREE": {
        "en": "Every plot is located as its size asks for, and none is known to have been cleared after {cut_off}.",
        "fr": "Chaque parcelle est localisée comme sa taille l'exige, et aucune n'est connue comme défrichée après le "
        "{cut_off}.",
    },
    "SITES_IN_SCOPE": {
        "en": "The goods were handled at {sites}, in the scope of a certificate in force on the day.",
        "fr": "La marchandise est passée par {sites}, dans la portée d'un certificat en vigueur ce jour-là.",
    },
    "CERTIFICATES": {
        "en": "The certificates of these sites: {certificates}.",
        "fr": "Les certificats de ces sites : {certificates}.",
    },
    "NOTHING_LESS_MIXED_IN": {
        "en": "Nothing that carries less was mixed in.",
        "fr": "Rien qui porte moins n'y a été mélangé.",
    },
    "CLAIM_COUNTED": {
        "en": "Goods with and without the claim may be mixed; the grams that may carry it are counted.",
        "fr": "Les marchandises avec et sans allégation peuvent être mélangées ; les grammes qui peuvent la porter "
        "sont comptés.",
    },
}
