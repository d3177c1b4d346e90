"""What labels of units say, in English, French, Arabic and Georgian.

Figures, codes and dates are the same in all four: Latin digits, ISO 8601. A figure or a Latin name inside an Arabic
sentence is isolated (UAX 9), so that 2026-11-23 is not turned round. Arabic and Georgian wait for a native reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, Literal, TypeAlias, get_args

from domain.passport import Origin
from labels import print_texts as words
from labels import texts

Tongue: TypeAlias = Literal["en", "fr", "ar", "ka"]
TONGUES: Final[tuple[Tongue, ...]] = get_args(Tongue)

RIGHT_TO_LEFT: Final = ("ar",)

_WORDS: Final[dict[str, tuple[str, str, str, str]]] = {
    # the word before the number of a unit, by what it is; and after how many there are
    "one.bag": ("bag", "sac", "كيس", "ტომარა"),
    "one.carton": ("carton", "carton", "كرتون", "ყუთი"),
    "one.item": ("unit", "unité", "عبوة", "შეფუთვა"),
    "one.pallet": ("pallet", "palette", "منصة", "პალეტი"),
    "many.bag": ("bags", "sacs", "أكياس", "ტომარა"),
    "many.carton": ("cartons", "cartons", "كراتين", "ყუთი"),
    "many.item": ("units", "unités", "عبوات", "შეფუთვა"),
    "many.pallet": ("pallets", "palettes", "منصات", "პალეტი"),
    "net": ("net", "net", "الصافي، كغ", "ნეტო, კგ"),
    "lot_net": ("lot net", "lot net", "صافي الدفعة، كغ", "პარტიის ნეტო, კგ"),
    "lot": ("Lot {lot}", "Lot {lot}", "الدفعة {lot}", "პარტია {lot}"),
    "crop": ("Crop {season}", "Récolte {season}", "محصول {season}", "მოსავალი {season}"),
    "grade": ("Grade {grade}", "Grade {grade}", "الدرجة {grade}", "ხარისხი {grade}"),
    "contains": ("Contains {what}", "Contient {what}", "يحتوي على {what}", "შეიცავს: {what}"),
    "declared.sulphites": ("sulphites", "sulfites", "كبريتيت", "სულფიტები"),
    "origin": ("Origin: {place}", "Origine : {place}", "المنشأ: {place}", "წარმოშობა: {place}"),
    "packed_by": (
        "Packed by {organisation}",
        "Emballé par {organisation}",
        "التعبئة: {organisation}",
        "შეფუთა: {organisation}",
    ),
    "packed_on": ("Packed on {day}", "Emballé le {day}", "تاريخ التعبئة: {day}", "შეფუთვის თარიღი: {day}"),
    "label_of": ("Label of lot {lot}", "Étiquette du lot {lot}", "بطاقة الدفعة {lot}", "პარტია {lot}, ეტიკეტი"),
    # what lies under the tear-off, in the closed fold or inside the bag
    "opening": ("Opening code", "Code d’ouverture", "رمز الفتح", "გახსნის კოდი"),
    "opening.type": (
        "Opened it? Type this code at {address} with the code on the label.",
        "Ouvert\u00a0? Saisissez ce code sur {address} avec le code de l’étiquette.",
        "هل فتحتها؟ اكتب هذا الرمز في {address} مع رمز البطاقة.",
        "გახსენით? აკრიფეთ ეს კოდი ეტიკეტის კოდთან ერთად: {address}",
    ),
    "opening.scan": (
        "Opened it? Scan the label and type this code on its page.",
        "Ouvert\u00a0? Scannez l’étiquette et saisissez ce code sur sa page.",
        "هل فتحتها؟ امسح البطاقة واكتب هذا الرمز.",
        "გახსენით? დაასკანერეთ ეტიკეტი და აკრიფეთ ეს კოდი მის გვერდზე.",
    ),
    "measure_me": (
        "Print at 100 %. This line measures 50 mm.",
        "Imprimer à 100 %. Cette ligne mesure 50 mm.",
        "اطبع بمقياس 100٪. طول هذا الخط 50 مم.",
        "დაბეჭდეთ 100 %-ით. ეს ხაზი 50 მმ-ია.",
    ),
    # Reg. (EU) 2018/848 Art. 30, 32: term, code number of the control body, where the raw material was farmed. The
    # law's terms are those of the languages of the Union: beside the Arabic or Georgian word stands the English one.
    "claim.organic": (
        "ORGANIC – {rules}",
        "BIOLOGIQUE – {rules}",
        "عضوي / ORGANIC – {rules}",
        "ორგანული / ORGANIC – {rules}",
    ),
    "claim.in_conversion": (
        "IN CONVERSION to organic farming – {rules}",
        "EN CONVERSION vers l’agriculture biologique – {rules}",
        "في طور التحول إلى الزراعة العضوية / IN\u00a0CONVERSION – {rules}",
        "ორგანულ წარმოებაზე გარდამავალი / IN\u00a0CONVERSION – {rules}",
    ),
    # where there is little room: the law's term alone
    "claim.organic.short": (
        "ORGANIC – {rules}",
        "BIOLOGIQUE – {rules}",
        "ORGANIC – {rules}",
        "ORGANIC – {rules}",
    ),
    "claim.in_conversion.short": (
        "IN\u00a0CONVERSION – {rules}",
        "EN\u00a0CONVERSION – {rules}",
        "IN\u00a0CONVERSION – {rules}",
        "IN\u00a0CONVERSION – {rules}",
    ),
    "agriculture": ("{country} Agriculture", "Agriculture {country}", "زراعة {country}", "სოფლის მეურნეობა: {country}"),
    "agriculture.elsewhere": (
        "non-EU Agriculture",
        "Agriculture non UE",
        "زراعة من خارج الاتحاد الأوروبي",
        "სოფლის მეურნეობა ევროკავშირის გარეთ",
    ),
    "certified_by": ("Certified by {body}", "Certifié par {body}", "جهة المصادقة: {body}", "სერტიფიკატი: {body}"),
    "ggn": ("GGN {number}", "GGN {number}", "GGN {number}", "GGN {number}"),
}

TEXTS: Final[dict[str, dict[Tongue, str]]] = {
    key: dict(zip(TONGUES, (sentences[0], sentences[1].replace(" :", "\u00a0:"), *sentences[2:]), strict=True))
    for key, sentences in _WORDS.items()
}
"""key -> language -> sentence."""

RULES: Final[dict[str, dict[Tongue, str]]] = {
    scheme: {tongue: said["fr" if tongue == "fr" else "en"] for tongue in TONGUES}
    for scheme, said in words.RULES.items()
}
RULES["GI"] |= {"ar": "مؤشر جغرافي", "ka": "გეოგრაფიული აღნიშვნა"}
"""scheme -> how its rules are named; regulations keep their Latin name."""

COUNTRIES: Final[dict[str, tuple[str, str]]] = {
    "BF": ("بوركينا فاسو", "ბურკინა-ფასო"),
    "BJ": ("بنين", "ბენინი"),
    "CI": ("كوت ديفوار", "კოტ-დ’ივუარი"),
    "CM": ("الكاميرون", "კამერუნი"),
    "GE": ("جورجيا", "საქართველო"),
    "GH": ("غانا", "განა"),
    "GN": ("غينيا", "გვინეა"),
    "LR": ("ليبيريا", "ლიბერია"),
    "ML": ("مالي", "მალი"),
    "NG": ("نيجيريا", "ნიგერია"),
    "SL": ("سيراليون", "სიერა-ლეონე"),
    "SN": ("السنغال", "სენეგალი"),
    "TG": ("توغو", "ტოგო"),
    "TN": ("تونس", "ტუნისი"),
}
"""Names in Arabic and in Georgian; English and French ones are data (``profiles/countries``)."""


def tongue(lang: str) -> Tongue:
    """The language to print in, from a tag such as ``ar-TN``; English where we do not speak the one asked for."""
    primary = lang.lower().partition("-")[0]
    return next((each for each in TONGUES if each == primary), "en")


def say(lang: Tongue, key: str, **params: str | int) -> str:
    """A sentence with its placeholders filled; in Arabic each is isolated from its sentence."""
    if lang in RIGHT_TO_LEFT:
        return TEXTS[key][lang].format_map({name: f"\u2068{value}\u2069" for name, value in params.items()})
    return TEXTS[key][lang].format_map(params)


def isolated(lang: Tongue, text: str) -> str:
    """A code or name beside words of a language: in Arabic it keeps its own direction."""
    return f"\u2068{text}\u2069" if lang in RIGHT_TO_LEFT else text


def declared(lang: Tongue, allergens: Sequence[str]) -> str:
    """The allergens that a label declares, by name."""
    named = [TEXTS.get(f"declared.{code}", {}).get(lang) or texts.words(code) for code in allergens]
    return ("، " if lang == "ar" else ", ").join(named)


def country(lang: Tongue, origin: Origin) -> str:
    """The name of the country of origin."""
    if lang in ("ar", "ka") and origin.country in COUNTRIES:
        return COUNTRIES[origin.country][lang == "ka"]
    return words.of_language("fr" if lang == "fr" else "en", origin.country_name)


def names(lang: Tongue, given: Mapping[str, str]) -> list[str]:
    """The names of a product that stand on a label: in its language, else in English; then in English and French."""
    first = given.get(lang) or given.get("en") or next(iter(given.values()), "")
    return list(dict.fromkeys([first, *(given[each] for each in ("en", "fr") if each in given)]))


@lru_cache(maxsize=4096)
def net_figure(lang: Tongue, grams: int) -> str:
    """Net kilograms, with at most two decimals: with its unit in Latin letters; else the word before it has it."""
    if lang in ("en", "fr"):
        return words.kilograms("fr" if lang == "fr" else "en", grams)
    return words.kilogram_figure("fr" if lang == "ka" else "en", grams)


def day(on: date) -> str:
    """ISO 8601: no month to translate, no order to mistake."""
    return on.isoformat()
