"""What each pattern says: the figures as facts, and what to look at first. English and French.

A sentence accuses nobody: most of what stands out has an honest reason, and ``look`` names the usual ones.
Codes and params keep their meaning, because stored signals hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.refusals import Lang, Texts, require_params, say
from domain.signals.values import Signal


@dataclass(frozen=True, slots=True)
class Kind:
    """A pattern: the further figures it needs (``figures``), its evidence (``params``) and its texts."""

    figures: tuple[str, ...]
    params: tuple[str, ...]
    title: Texts
    sentence: Texts
    look: Texts

    def check(self, code: str, evidence: Mapping[str, str | int]) -> None:
        """``TypeError`` unless the evidence is what the sentence says."""
        require_params(code, self.params, evidence)


def sentence(signal: Signal, lang: Lang = "en", words: Mapping[str, str] | None = None) -> str:
    """The figures of a signal in words; ``words`` gives names for codes, such as the login of a user."""
    names = {code: kind.title[lang] for code, kind in CATALOGUE.items()} | dict(words or {})
    evidence = dict(signal.evidence)
    if isinstance(marks := evidence.get("marks"), str):
        evidence["marks"] = ", ".join(MARKS[one][lang] if one in MARKS else one for one in marks.split(", "))
    return say(CATALOGUE[signal.pattern].sentence, {}, evidence, lang, names)


MARKS: Final[dict[str, Texts]] = {
    "full": {"en": "the full estimate was delivered", "fr": "toute l'estimation a été livrée"},
    "new": {"en": "registered shortly before", "fr": "enregistré peu avant"},
    "one_clerk": {"en": "always the same clerk", "fr": "toujours le même agent"},
    "no_phone": {"en": "no telephone", "fr": "pas de téléphone"},
    "no_shape": {"en": "no plot on the map", "fr": "aucune parcelle sur la carte"},
    "-": {"en": "none", "fr": "aucun"},
}
"""What else is said of a farmer whom nobody inspected."""


def look(pattern: str, lang: Lang = "en") -> str:
    """What to look at first."""
    return CATALOGUE[pattern].look[lang]


def _kind(figures: str, params: str, title: tuple[str, str], sentence: tuple[str, str], look: tuple[str, str]) -> Kind:
    def both(texts: tuple[str, str]) -> Texts:
        return {"en": texts[0], "fr": texts[1]}

    return Kind(tuple(figures.split()), tuple(params.split()), both(title), both(sentence), both(look))


_WEIGH = (
    "Watch a weighing day at the site; compare with the receipts of the farmers.",
    "Assister à une journée de pesée sur le site ; comparer avec les reçus des agriculteurs.",
)
_VISIT = (
    "Visit the plots and compare with the estimate; a good year, a new plot or a neighbour's goods may be behind it.",
    "Visiter les parcelles et comparer à l'estimation ; une bonne année, une parcelle nouvelle ou la marchandise d'un "
    "voisin peuvent l'expliquer.",
)
_PAPERS = (
    "Look at the papers; a slip of the pen is the usual reason.",
    "Regarder les pièces ; une faute de frappe en est la raison habituelle.",
)
_CLERK = (
    "Talk with the clerk; look whether the login was lent, and at the receipts of some farmers.",
    "Parler avec l'agent ; voir si l'identifiant a été prêté, et regarder les reçus de quelques agriculteurs.",
)
_FACILITY = (
    "Weigh one batch in and out together; look at drainage, moisture and the scales.",
    "Peser ensemble un lot à l'entrée et à la sortie ; regarder l'égouttage, l'humidité et les balances.",
)
_INSPECTOR = (
    "Repeat some of these inspections with another inspector.",
    "Refaire quelques-unes de ces inspections avec un autre inspecteur.",
)
_MAP = (
    "Look at both outlines on the map; walk the boundary with both farmers.",
    "Regarder les deux contours sur la carte ; parcourir la limite avec les deux agriculteurs.",
)

CATALOGUE: Final[dict[str, Kind]] = {
    # --- how much a farmer brings ---
    "area_yield": _kind(
        "least_g",
        "farmer delivered_g per_ha_g top_g",
        ("More per hectare than the crop usually gives", "Plus par hectare que la culture ne donne d'habitude"),
        (
            "{farmer} brought {delivered_g}, {per_ha_g} per hectare; the usual range ends at {top_g}.",
            "{farmer} a apporté {delivered_g}, soit {per_ha_g} par hectare ; la plage habituelle s'arrête à {top_g}.",
        ),
        _VISIT,
    ),
    "area_peers": _kind(
        "least_peers spread_bp least_g",
        "farmer per_ha_g peers peers_g times_bp",
        ("More per hectare than the neighbours", "Plus par hectare que les voisins"),
        (
            "{farmer} brought {per_ha_g} per hectare, {times_bp} of the median ({peers_g}) of {peers} farmers nearby.",
            "{farmer} a apporté {per_ha_g} par hectare, {times_bp} de la médiane ({peers_g}) de {peers} agriculteurs "
            "proches.",
        ),
        _VISIT,
    ),
    "plot_peers": _kind(
        "least_peers spread_bp least_g",
        "plot farmer per_ha_g peers_g times_bp",
        ("More from one plot than plots nearby give", "Plus d'une parcelle que n'en donnent les parcelles proches"),
        (
            "{per_ha_g} per hectare were told as harvested on plot {plot} of {farmer}, {times_bp} of the median nearby "
            "({peers_g}).",
            "{per_ha_g} par hectare sont déclarés récoltés sur la parcelle {plot} de {farmer}, {times_bp} de la "
            "médiane "
            "proche ({peers_g}).",
        ),
        (
            "Ask which plot the goods came from; the farmer may have another that is not certified.",
            "Demander de quelle parcelle vient la marchandise ; l'agriculteur en a peut-être une autre, non certifiée.",
        ),
    ),
    "over_estimate": _kind(
        "least_g",
        "farmer delivered_g estimate_g share_bp unit_bp",
        ("More than was estimated", "Plus qu'estimé"),
        (
            "{farmer} brought {delivered_g}, {share_bp} of the estimate ({estimate_g}); the median nearby is "
            "{unit_bp}.",
            "{farmer} a apporté {delivered_g}, {share_bp} de l'estimation ({estimate_g}) ; la médiane proche est de "
            "{unit_bp}.",
        ),
        _VISIT,
    ),
    "fills_estimate": _kind(
        "near_bp late_bp least_deliveries",
        "farmer delivered_g estimate_g last_g usual_g day",
        ("The last delivery fills the estimate exactly", "La dernière livraison remplit exactement l'estimation"),
        (
            "The deliveries of {farmer} come to {delivered_g}, the estimate is {estimate_g}; the last one, on "
            "{day}, was "
            "{last_g}, the others {usual_g} in the median.",
            "Les livraisons de {farmer} totalisent {delivered_g}, l'estimation est de {estimate_g} ; la dernière, le "
            "{day}, était de {last_g}, les autres de {usual_g} en médiane.",
        ),
        _VISIT,
    ),
    "landing": _kind(
        "below_bp above_bp band_bp",
        "site farmers expected of",
        ("Many farmers end just at their estimate", "Beaucoup d'agriculteurs finissent juste à leur estimation"),
        (
            "At {site}, {farmers} of {of} farmers near their estimate end right at it; about {expected} would by "
            "chance.",
            "Sur le site {site}, {farmers} des {of} agriculteurs proches de leur estimation finissent juste dessus ; "
            "environ {expected} le feraient par hasard.",
        ),
        _WEIGH,
    ),
    "estimate_raised": _kind(
        "near_bp",
        "farmer before_g after_g delivered_g day",
        ("An estimate was raised once it was reached", "Une estimation a été relevée une fois atteinte"),
        (
            "The estimate of {farmer} was raised from {before_g} to {after_g} on {day}, when {delivered_g} were "
            "delivered.",
            "L'estimation de {farmer} a été relevée de {before_g} à {after_g} le {day}, {delivered_g} étant livrés.",
        ),
        (
            "Look who asked for the new estimate and whether somebody visited the plots.",
            "Voir qui a demandé la nouvelle estimation et si quelqu'un a visité les parcelles.",
        ),
    ),
    "huge_delivery": _kind(
        "least_peers spread_bp",
        "farmer lot delivery_g median_g times_bp",
        ("One delivery far larger than the others", "Une livraison bien plus grande que les autres"),
        (
            "{farmer} brought {delivery_g} at once ({lot}), {times_bp} of the median at this site ({median_g}).",
            "{farmer} a apporté {delivery_g} en une fois ({lot}), {times_bp} de la médiane sur ce site ({median_g}).",
        ),
        _WEIGH,
    ),
    "many_a_day": _kind(
        "",
        "farmer deliveries day grams_g",
        ("Many deliveries on one day", "Beaucoup de livraisons en un jour"),
        (
            "{farmer} brought {deliveries} deliveries on {day}, {grams_g} together.",
            "{farmer} a fait {deliveries} livraisons le {day}, {grams_g} en tout.",
        ),
        _WEIGH,
    ),
    "after_window": _kind(
        "least_g",
        "farmer outside_g delivered_g share_bp",
        ("Deliveries outside the harvest", "Livraisons hors récolte"),
        (
            "{farmer} brought {outside_g} of {delivered_g} ({share_bp}) outside the harvest of the crop.",
            "{farmer} a apporté {outside_g} sur {delivered_g} ({share_bp}) hors de la récolte de la culture.",
        ),
        _VISIT,
    ),
    "old_harvest": _kind(
        "least_deliveries",
        "farmer days deliveries",
        ("Long between harvest and delivery", "Longtemps entre récolte et livraison"),
        (
            "The {deliveries} deliveries of {farmer} were told as harvested {days} days before, in the median.",
            "Les {deliveries} livraisons de {farmer} sont déclarées récoltées {days} jours avant, en médiane.",
        ),
        (
            "Fresh goods do not keep that long: look at the harvest dates, and where the goods were.",
            "De la marchandise fraîche ne se garde pas si longtemps : regarder les dates de récolte et où elle était.",
        ),
    ),
    "told_after_end": _kind(
        "least_days",
        "farmer deliveries until days grams_g",
        ("Told after a certificate's end, dated before it", "Déclarées après la fin d'un certificat, datées d'avant"),
        (
            "{deliveries} deliveries of {farmer} ({grams_g}) were told after {until}, the last day of "
            "certification, up "
            "to {days} days after they are said to have happened.",
            "{deliveries} livraisons de {farmer} ({grams_g}) ont été déclarées après le {until}, dernier jour de "
            "certification, jusqu'à {days} jours après leur date.",
        ),
        (
            "Look for other marks of the date: receipts, the load they went into, the telephone's journal.",
            "Chercher d'autres traces de la date : reçus, charge où elles sont allées, journal du téléphone.",
        ),
    ),
    "certificate_rush": _kind(
        "rush_days before_days least_deliveries",
        "site deliveries expected until times_bp",
        ("A rush before a certificate ends", "Une ruée avant la fin d'un certificat"),
        (
            "{site} took {deliveries} deliveries in the last days before {until}, when certification ended; {expected} "
            "were to be expected ({times_bp}).",
            "Le site {site} a pris {deliveries} livraisons dans les derniers jours avant le {until}, fin de la "
            "certification ; {expected} étaient à attendre ({times_bp}).",
        ),
        _WEIGH,
    ),
    # --- who a farmer is ---
    "shared_phone": _kind(
        "per_unit",
        "farmers units first",
        ("One telephone for many farmers", "Un téléphone pour beaucoup d'agriculteurs"),
        (
            "{farmers} farmers of {units} units have the same telephone number, {first} among them.",
            "{farmers} agriculteurs de {units} unités ont le même numéro de téléphone, dont {first}.",
        ),
        (
            "Families and lead farmers share telephones; see whether these farmers know each other.",
            "Familles et agriculteurs relais partagent des téléphones ; voir si ces agriculteurs se connaissent.",
        ),
    ),
    "shared_identity": _kind(
        "",
        "farmers first",
        ("One paper for several farmers", "Une pièce pour plusieurs agriculteurs"),
        (
            "{farmers} farmers are registered with the same identity paper, {first} among them.",
            "{farmers} agriculteurs sont enregistrés avec la même pièce d'identité, dont {first}.",
        ),
        _PAPERS,
    ),
    "photo_reused": _kind(
        "",
        "farmers first",
        ("One photo for several farmers", "Une photo pour plusieurs agriculteurs"),
        (
            "The same photo is filed with {farmers} farmers, {first} among them.",
            "La même photo est classée chez {farmers} agriculteurs, dont {first}.",
        ),
        _PAPERS,
    ),
    "plot_overlap": _kind(
        "",
        "plot other farmer neighbour share_bp",
        ("Plots of two farmers cover each other", "Les parcelles de deux agriculteurs se recouvrent"),
        (
            "Plot {plot} of {farmer} and plot {other} of {neighbour} cover each other by {share_bp}.",
            "La parcelle {plot} de {farmer} et la parcelle {other} de {neighbour} se recouvrent à {share_bp}.",
        ),
        _MAP,
    ),
    "plot_copied": _kind(
        "",
        "plots farmers first",
        ("The same outline more than once", "Le même contour plusieurs fois"),
        (
            "{plots} plots of {farmers} farmers have the very same outline, {first} among them.",
            "{plots} parcelles de {farmers} agriculteurs ont exactement le même contour, dont {first}.",
        ),
        _MAP,
    ),
    "plot_borrowed": _kind(
        "",
        "farmer deliveries plot owner",
        ("Deliveries from a plot of somebody else", "Livraisons d'une parcelle d'autrui"),
        (
            "{deliveries} deliveries of {farmer} name a plot of another farmer, such as {plot} of {owner}.",
            "{deliveries} livraisons de {farmer} nomment une parcelle d'un autre agriculteur, comme {plot} de {owner}.",
        ),
        _PAPERS,
    ),
    "area_inflated": _kind(
        "least_m2",
        "plot farmer declared_m2 measured_m2 share_bp",
        ("More area declared than measured", "Plus de surface déclarée que mesurée"),
        (
            "Plot {plot} of {farmer} is declared with {declared_m2} m² and measured with {measured_m2} m² "
            "({share_bp}).",
            "La parcelle {plot} de {farmer} est déclarée à {declared_m2} m² et mesurée à {measured_m2} m² "
            "({share_bp}).",
        ),
        _MAP,
    ),
    "ghost": _kind(
        "full_bp new_days uninspected full new one_clerk no_phone no_shape least_deliveries interval_days",
        "farmer delivered_g share_bp marks",
        ("Never inspected, and brings the full estimate", "Jamais inspecté, et apporte toute l'estimation"),
        (
            "No valid inspection of {farmer} is on record; {delivered_g} were delivered, {share_bp} of the estimate. "
            "Further marks: {marks}.",
            "Aucune inspection valable de {farmer} n'est enregistrée ; {delivered_g} ont été livrés, {share_bp} de "
            "l'estimation. Autres indices : {marks}.",
        ),
        (
            "Visit the farmer at home and on the plot.",
            "Rendre visite à l'agriculteur, chez lui et sur la parcelle.",
        ),
    ),
    # --- where, when, and on what paper ---
    "two_places": _kind(
        "least_m",
        "farmer from_site to_site km minutes",
        ("At two sites too soon after each other", "Sur deux sites trop vite l'un après l'autre"),
        (
            "{farmer} delivered at {from_site} and {minutes} minutes later at {to_site}, about {km} km away.",
            "{farmer} a livré à {from_site} et {minutes} minutes plus tard à {to_site}, à environ {km} km.",
        ),
        _PAPERS,
    ),
    "receipt_reused": _kind(
        "same_weight",
        "receipt deliveries same first",
        ("One receipt for several deliveries", "Un reçu pour plusieurs livraisons"),
        (
            "Receipt {receipt} stands on {deliveries} deliveries, {same} of them with the same weight; the first is of "
            "{first}.",
            "Le reçu {receipt} figure sur {deliveries} livraisons, dont {same} de même poids ; la première est "
            "de {first}.",
        ),
        _PAPERS,
    ),
    "presented_twice": _kind(
        "within_days",
        "farmer times grams_g from_site to_site",
        ("The same weight at two sites", "Le même poids sur deux sites"),
        (
            "{farmer} delivered the same weight at two sites within days, {times} times, such as {grams_g} at "
            "{from_site} "
            "and {to_site}.",
            "{farmer} a livré le même poids sur deux sites à quelques jours, {times} fois, comme {grams_g} à "
            "{from_site} "
            "et {to_site}.",
        ),
        (
            "See whether both sites hold the goods.",
            "Voir si les deux sites détiennent la marchandise.",
        ),
    ),
    # --- weights and clerks ---
    "round_weights": _kind(
        "unit_g step_g least",
        "who round_n of step_g",
        ("Round weights", "Poids ronds"),
        (
            "{round_n} of {of} whole-kilogram weights of {who} are multiples of {step_g}, far more than weighing "
            "gives.",
            "{round_n} des {of} poids en kilos entiers de {who} sont des multiples de {step_g}, bien plus que "
            "n'en donne "
            "la pesée.",
        ),
        _WEIGH,
    ),
    "end_digits": _kind(
        "least",
        "who weights digit seen",
        ("Last digits that a scale does not give", "Derniers chiffres qu'une balance ne donne pas"),
        (
            "The last digits of {weights} weights of {who} are not spread as a scale spreads them: {digit} comes "
            "{seen} "
            "times.",
            "Les derniers chiffres de {weights} poids de {who} ne sont pas répartis comme les donne une balance "
            ": {digit} "
            "vient {seen} fois.",
        ),
        _WEIGH,
    ),
    "repeated_weights": _kind(
        "spread_bp",
        "farmer times of grams_g",
        ("The same weight again and again", "Toujours le même poids"),
        (
            "{times} of {of} deliveries of {farmer} weigh the same, {grams_g}.",
            "{times} des {of} livraisons de {farmer} ont le même poids, {grams_g}.",
        ),
        _WEIGH,
    ),
    "copied_weights": _kind(
        "least base_bp",
        "clerk times of",
        ("A weight that repeats the one before", "Un poids qui répète le précédent"),
        (
            "{times} of {of} weights told by {clerk} equal the weight of the farmer before.",
            "{times} des {of} poids déclarés par {clerk} sont égaux à celui de l'agriculteur précédent.",
        ),
        _CLERK,
    ),
    "clerk_two_places": _kind(
        "least_m",
        "clerk times from_site to_site km minutes",
        ("A clerk at two sites at once", "Un agent sur deux sites à la fois"),
        (
            "{clerk} told weighings at {from_site} and {minutes} minutes later at {to_site}, about {km} km away; "
            "{times} "
            "times in all.",
            "{clerk} a déclaré des pesées à {from_site} et {minutes} minutes plus tard à {to_site}, à environ "
            "{km} km ; "
            "{times} fois en tout.",
        ),
        _CLERK,
    ),
    "scale_density": _kind(
        "run",
        "who deliveries seconds day",
        ("Faster than one can weigh", "Plus vite qu'on ne peut peser"),
        (
            "On {day}, {deliveries} deliveries in a row on {who} are {seconds} seconds apart on average.",
            "Le {day}, {deliveries} livraisons de suite sur {who} sont espacées de {seconds} secondes en moyenne.",
        ),
        _WEIGH,
    ),
    "odd_hours": _kind(
        "base_bp least",
        "clerk outside of",
        ("Outside opening hours", "Hors des heures d'ouverture"),
        (
            "{outside} of {of} deliveries told by {clerk} are dated outside opening hours.",
            "{outside} des {of} livraisons déclarées par {clerk} sont datées hors des heures d'ouverture.",
        ),
        _CLERK,
    ),
    "told_late": _kind(
        "least sitting_min",
        "clerk deliveries days",
        ("Many deliveries told late at once", "Beaucoup de livraisons déclarées tard d'un coup"),
        (
            "{clerk} told {deliveries} deliveries in one sitting, {days} days after they are said to have happened, in "
            "the median.",
            "{clerk} a déclaré {deliveries} livraisons en une fois, {days} jours après leur date, en médiane.",
        ),
        (
            "A telephone without network is the usual reason; see whether it was, and compare with paper receipts.",
            "Un téléphone sans réseau en est la raison habituelle ; vérifier, et comparer aux reçus papier.",
        ),
    ),
    "corrections_rate": _kind(
        "base_bp",
        "clerk corrections deliveries others_bp",
        ("Corrects far more often than others", "Corrige bien plus souvent que les autres"),
        (
            "{clerk} corrected {corrections} of {deliveries} deliveries; the others correct {others_bp}.",
            "{clerk} a corrigé {corrections} livraisons sur {deliveries} ; les autres en corrigent {others_bp}.",
        ),
        _CLERK,
    ),
    "corrections_up": _kind(
        "least",
        "clerk up corrections net_g",
        ("Corrections nearly all upwards", "Corrections presque toutes à la hausse"),
        (
            "{up} of {corrections} corrections by {clerk} raise the weight, by {net_g} in all.",
            "{up} des {corrections} corrections de {clerk} augmentent le poids, de {net_g} en tout.",
        ),
        _CLERK,
    ),
    "clerk_weighs": _kind(
        "least_farmers least_bp",
        "clerk farmers difference_bp",
        ("Weights differ by who weighs", "Les poids diffèrent selon qui pèse"),
        (
            "Weights told by {clerk} differ by {difference_bp} from those that other clerks told for the same "
            "{farmers} "
            "farmers.",
            "Les poids déclarés par {clerk} diffèrent de {difference_bp} de ceux d'autres agents pour les mêmes "
            "{farmers} "
            "agriculteurs.",
        ),
        _WEIGH,
    ),
    # --- facilities and quality ---
    "batch_yield": _kind(
        "least_peers spread_bp dry_bp",
        "lot site input_g output_g median_bp yield_bp",
        ("A batch yields unlike the others", "Un lot rend autrement que les autres"),
        (
            "{lot} at {site}: {output_g} from {input_g}, {yield_bp} at equal moisture; the median is {median_bp}.",
            "{lot} sur {site} : {output_g} à partir de {input_g}, {yield_bp} à humidité égale ; la médiane est de "
            "{median_bp}.",
        ),
        _FACILITY,
    ),
    "dry_matter_gain": _kind(
        "",
        "lot site output_g expected_g surplus_g",
        ("More dry matter came out than went in", "Il est sorti plus de matière sèche qu'entré"),
        (
            "{lot} at {site}: {output_g} came out; by the moistures measured {expected_g} can, {surplus_g} less.",
            "{lot} sur {site} : {output_g} sont sortis ; d'après les humidités mesurées {expected_g} le peuvent, "
            "{surplus_g} de moins.",
        ),
        _FACILITY,
    ),
    "dry_matter_loss": _kind(
        "",
        "lot site output_g expected_g missing_g",
        ("Dry matter is missing", "Il manque de la matière sèche"),
        (
            "{lot} at {site}: {output_g} came out; by the moistures measured {expected_g} should, {missing_g} more.",
            "{lot} sur {site} : {output_g} sont sortis ; d'après les humidités mesurées {expected_g} le devraient, "
            "{missing_g} de plus.",
        ),
        _FACILITY,
    ),
    "facility_yield": _kind(
        "least_batches least_z dry_bp",
        "site batches yield_bp others_bp difference_bp",
        ("A facility yields unlike the others", "Une unité rend autrement que les autres"),
        (
            "{batches} batches at {site} yield {yield_bp} in the median, at other facilities {others_bp}: "
            "{difference_bp} apart.",
            "{batches} lots sur {site} rendent {yield_bp} en médiane, dans les autres unités {others_bp} : "
            "{difference_bp} d'écart.",
        ),
        _FACILITY,
    ),
    "facility_uniform": _kind(
        "least_batches dry_bp",
        "site batches spread_bp others_bp",
        ("Yields more even than processing gives", "Rendements plus réguliers que ne les donne le traitement"),
        (
            "The yields of {batches} batches at {site} are spread by {spread_bp} about their median, elsewhere by "
            "{others_bp}.",
            "Les rendements de {batches} lots sur {site} s'écartent de {spread_bp} de leur médiane, ailleurs de "
            "{others_bp}.",
        ),
        _FACILITY,
    ),
    "moisture_bunching": _kind(
        "below_bp above_bp least",
        "site below near others_bp limit_bp",
        ("Moistures end just within the limit", "Les humidités s'arrêtent juste à la limite"),
        (
            "{below} of {near} moistures near the limit ({limit_bp}) at {site} lie just within it, elsewhere "
            "{others_bp}.",
            "{below} des {near} humidités proches de la limite ({limit_bp}) sur {site} sont juste en deçà, ailleurs "
            "{others_bp}.",
        ),
        (
            "Measure some lots again with another meter.",
            "Mesurer quelques lots à nouveau avec un autre humidimètre.",
        ),
    ),
    "retests": _kind(
        "",
        "lot failed checks",
        ("Tested again until it passed", "Testé jusqu'à ce que ça passe"),
        (
            "{lot} was checked {checks} times: {failed} failed, then one passed.",
            "{lot} a été contrôlé {checks} fois : {failed} échecs, puis un succès.",
        ),
        (
            "See what was done to the lot between the checks, and who took the samples.",
            "Voir ce qui a été fait du lot entre les contrôles, et qui a prélevé les échantillons.",
        ),
    ),
    # --- internal inspections ---
    "inspections_day": _kind(
        "",
        "inspector inspections day",
        ("More inspections in a day than one can do", "Plus d'inspections en un jour qu'on ne peut en faire"),
        (
            "{inspector} inspected {inspections} farmers on {day}.",
            "{inspector} a inspecté {inspections} agriculteurs le {day}.",
        ),
        _INSPECTOR,
    ),
    "inspection_minutes": _kind(
        "minutes base_bp",
        "inspector short of minutes",
        ("Short inspections", "Inspections courtes"),
        (
            "{short} of {of} inspections of {inspector} took less than {minutes} minutes.",
            "{short} des {of} inspections de {inspector} ont duré moins de {minutes} minutes.",
        ),
        _INSPECTOR,
    ),
    "inspection_answers": _kind(
        "least",
        "inspector same of others_bp",
        ("The same answers at every farm", "Les mêmes réponses dans chaque ferme"),
        (
            "{same} of {of} inspections of {inspector} have the same answers throughout; of the others "
            "{others_bp} have.",
            "{same} des {of} inspections de {inspector} ont partout les mêmes réponses ; chez les autres {others_bp}.",
        ),
        _INSPECTOR,
    ),
    "inspection_told_late": _kind(
        "least sitting_min",
        "inspector inspections days",
        ("Many inspections told late at once", "Beaucoup d'inspections déclarées tard d'un coup"),
        (
            "{inspections} inspections of {inspector} were told in one sitting, {days} days after their day, in the "
            "median.",
            "{inspections} inspections de {inspector} ont été déclarées en une fois, {days} jours après leur date, en "
            "médiane.",
        ),
        _INSPECTOR,
    ),
    # --- of the records as a whole ---
    "common": _kind(
        "",
        "pattern subjects of",
        ("Too common to point at anybody", "Trop courant pour désigner quelqu'un"),
        (
            "{subjects} of {of} show “{pattern}”: that says something of how records are made, not of each one.",
            "{subjects} sur {of} présentent « {pattern} » : cela tient à la façon d'enregistrer, pas à chacun.",
        ),
        (
            "Look at how the records are made: one form, one import, one setting is the usual reason.",
            "Regarder comment les données sont saisies : un formulaire, un import, un réglage en est souvent la cause.",
        ),
    ),
}
