"""What is found when an event is judged and recorded all the same: alerts, notices, why a lot claims no more.

Goods on the scale are a fact: a finding is stated with the event, kept with it, and never stops it. Laws and
params are those of ``domain.refusals``: a code keeps its meaning and its params for ever, because stored
rulings hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from domain.refusals import Lang, Params, Texts, require_params, say

Level: TypeAlias = Literal["alert", "notice"]
"""alert: somebody has to act. notice: good to know."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding: its usual level, the params it needs, and its sentence."""

    level: Level
    params: tuple[str, ...]
    sentence: Texts
    without: Mapping[str, Texts] = field(default_factory=dict)
    """The sentence instead, when this param is "-" (none)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact stated with a recorded event.

    ``rule`` is the source that it rests on, such as "Reg. (EU) 2018/848 Annex II Part I 1.7.1". A code that
    is not in the catalogue is a ``LookupError``, params other than those it names are a ``TypeError``.
    """

    code: str
    level: Level
    params: Params = field(hash=False)
    rule: str | None = None

    def __post_init__(self) -> None:
        kind = CATALOGUE.get(self.code)
        if kind is None:
            message = f"{self.code} is not in the catalogue of findings"
            raise LookupError(message)
        require_params(self.code, kind.params, self.params)

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain JSON values; ``rule`` is left out when there is none."""
        plain: dict[str, Any] = {"code": self.code, "level": self.level, "params": dict(self.params)}
        if self.rule is not None:
            plain["rule"] = self.rule
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Finding:
        """The finding of stored JSON values."""
        return cls(plain["code"], plain["level"], dict(plain["params"]), plain.get("rule"))


def found(code: str, rule: str | None = None, **params: str | int) -> Finding:
    """A finding at the usual level of its kind."""
    if code not in CATALOGUE:
        message = f"{code} is not in the catalogue of findings"
        raise LookupError(message)
    return Finding(code, CATALOGUE[code].level, params, rule)


def sentence(finding: Finding, lang: Lang = "en", words: Mapping[str, str] | None = None) -> str:
    """What was found, with the figures.

    ``words`` gives the labels of codes (products, claim values) in ``lang``; a code without one is said
    itself.
    """
    kind = CATALOGUE[finding.code]
    return say(kind.sentence, kind.without, finding.params, lang, words)


def _kind(
    level: Level, params: str, english: str, french: str, without: dict[str, tuple[str, str]] | None = None
) -> Kind:
    others: dict[str, Texts] = {name: {"en": en, "fr": fr} for name, (en, fr) in (without or {}).items()}
    return Kind(level, tuple(params.split()), {"en": english, "fr": french}, others)


CATALOGUE: Final[dict[str, Kind]] = {
    # --- members and certificates, at a delivery ---
    "CERT_NOT_ACTIVE": _kind(
        "alert",
        "scheme certificate status day",
        "Certificate {certificate} was {status} on {day}.",
        "Le certificat {certificate} était {status} le {day}.",
    ),
    "MEMBER_NOT_APPROVED": _kind(
        "alert",
        "scheme farmer status",
        "{farmer} was not an approved member under {scheme} on the day of delivery (status: {status}).",
        "{farmer} n'était pas membre agréé selon {scheme} le jour de la livraison (statut : {status}).",
    ),
    "NOT_ON_APPROVED_LIST": _kind(
        "alert",
        "scheme farmer",
        "{farmer} is on no member list under {scheme}.",
        "{farmer} ne figure sur aucune liste de membres selon {scheme}.",
    ),
    "INTERNAL_INSPECTION_OVERDUE": _kind(
        "alert",
        "scheme farmer last days",
        "The last internal inspection of {farmer} was on {last}, {days} days before the delivery.",
        "La dernière inspection interne de {farmer} a eu lieu le {last}, {days} jours avant la livraison.",
        {
            "last": (
                "No internal inspection of {farmer} is recorded before the delivery.",
                "Aucune inspection interne de {farmer} n'est enregistrée avant la livraison.",
            )
        },
    ),
    "OVER_DELIVERY": _kind(
        "notice",
        "scheme farmer season product delivered_g estimate_g share_bp",
        "{farmer} has delivered {delivered_g} of {product} in {season}, {share_bp} of the {estimate_g} estimated.",
        "{farmer} a livré {delivered_g} de {product} en {season}, {share_bp} des {estimate_g} estimés.",
    ),
    "SAMPLE_SEAL_BROKEN": _kind(
        "alert",
        "sample seal found",
        "Sample {sample} was not whole: sealed {seal}, found {found}. What it passes does not count.",
        "L'échantillon {sample} n'était pas intact : scellé {seal}, trouvé {found}. Ce qu'il réussit ne compte pas.",
    ),
    "RESULT_DOES_NOT_COUNT": _kind(
        "notice",
        "test why",
        "{test} passed but does not count: {why}.",
        "{test} est conforme mais ne compte pas : {why}.",
    ),
    "RETURN_NOT_SALEABLE": _kind(
        "alert",
        "lot days most_days",
        "{lot} came back after {days} days (at most {most_days}), opened, or without proof of how it was kept: it is "
        "not sold again.",
        "{lot} est revenu après {days} jours (au plus {most_days}), ouvert, ou sans preuve de conservation : il n'est "
        "pas revendu.",
    ),
    "CUSTODY_LOST": _kind(
        "alert",
        "scheme",
        "The goods came back opened: nobody knows what was done to them ({scheme}).",
        "La marchandise est revenue ouverte : nul ne sait ce qu'elle a subi ({scheme}).",
    ),
    "LABELS_DO_NOT_ADD_UP": _kind(
        "alert",
        "lot printed missing",
        "Of {printed} labels printed for {lot}, {missing} are unaccounted for.",
        "Sur {printed} étiquettes imprimées pour {lot}, {missing} restent inexpliquées.",
    ),
    "LICENCE_NOT_VALID": _kind(
        "alert",
        "scheme farmer day since until",
        "{farmer} held no valid licence on {day}; the catch was from {since} to {until}.",
        "{farmer} n'avait pas de licence valable le {day} ; la capture a eu lieu du {since} au {until}.",
    ),
    "SCALE_NOT_CALIBRATED": _kind(
        "alert",
        "instrument until day",
        "Scale {instrument} was calibrated until {until}; it was used on {day}. Calibrate it; where it erred by more "
        "than 1 %, correct the weights.",
        "La balance {instrument} était étalonnée jusqu'au {until} ; elle a servi le {day}. L'étalonner ; si elle s'est "
        "trompée de plus de 1 %, corriger les poids.",
        {
            "until": (
                "Scale {instrument} has never been calibrated; it was used on {day}. Calibrate it; where it erred by "
                "more than 1 %, correct the weights.",
                "La balance {instrument} n'a jamais été étalonnée ; elle a servi le {day}. L'étalonner ; si elle s'est "
                "trompée de plus de 1 %, corriger les poids.",
            )
        },
    ),
    # --- quantities ---
    "SHARED_OTHERWISE": _kind(
        "notice",
        "lot got_g share_g why",
        "The owner of {lot} got {got_g} of what came out; its share {why} is {share_g}.",
        "Le propriétaire de {lot} a reçu {got_g} de ce qui est sorti ; sa part {why} est de {share_g}.",
    ),
    "YIELD_ABOVE_RANGE": _kind(
        "alert",
        "process input_g output_g yield_bp explained_g unexplained_g",
        "{process}: {output_g} came out of {input_g} ({yield_bp}); at most {explained_g} can be explained, "
        "{unexplained_g} cannot.",
        "{process} : {output_g} sont sortis de {input_g} ({yield_bp}) ; au plus {explained_g} s'expliquent, "
        "{unexplained_g} ne s'expliquent pas.",
    ),
    "YIELD_BELOW_RANGE": _kind(
        "notice",
        "process input_g output_g yield_bp",
        "{process}: {output_g} came out of {input_g} ({yield_bp}), less than is usual.",
        "{process} : {output_g} sont sortis de {input_g} ({yield_bp}), moins que d'habitude.",
    ),
    "LOSS_ABOVE_TOLERANCE": _kind(
        "notice",
        "lot loss_g lot_g tolerance_bp",
        "{loss_g} of {lot_g} of {lot} are lost, more than the usual {tolerance_bp}.",
        "{loss_g} sur {lot_g} de {lot} sont perdus, plus que les {tolerance_bp} habituels.",
    ),
    # --- balances of a season ---
    "BALANCE_DIFFERENCE": _kind(
        "alert",
        "product book_g stock_g difference_g",
        "{product}: the books say {book_g}, the stock is {stock_g}: {difference_g} are not explained. Find the weight "
        "that is wrong, and correct it.",
        "{product} : les livres disent {book_g}, le stock est de {stock_g} : {difference_g} restent inexpliqués. "
        "Trouver le poids en cause et le corriger.",
    ),
    "STORAGE_LOSS_ABOVE_TOLERANCE": _kind(
        "alert",
        "product lost_g held_g share_bp tolerance_bp",
        "{lost_g} of {held_g} of {product} were lost without a process in the season ({share_bp}), more than "
        "{tolerance_bp}.",
        "{lost_g} sur {held_g} de {product} ont été perdus hors transformation pendant la campagne ({share_bp}), plus "
        "que {tolerance_bp}.",
    ),
    "CLAIM_ABOVE_RECEIVED": _kind(
        "alert",
        "scheme value product sold_g explained_g",
        "{sold_g} of {product} left as “{value}” under {scheme}; what was received with this claim explains "
        "{explained_g} at most.",
        "{sold_g} de {product} sont partis comme « {value} » selon {scheme} ; ce qui a été reçu avec cette allégation "
        "en explique au plus {explained_g}.",
    ),
    "CLAIM_ABOVE_ESTIMATES": _kind(
        "alert",
        "scheme value product sold_g estimate_g",
        "{sold_g} of {product} left as “{value}” under {scheme}; stock and the members' estimates come to "
        "{estimate_g}.",
        "{sold_g} de {product} sont partis comme « {value} » selon {scheme} ; stock et estimations des membres font "
        "{estimate_g}.",
    ),
    "CONTRACT_OVERCOMMITTED": _kind(
        "alert",
        "scheme value season product contracted_g estimate_g available_g missing_g",
        "{contracted_g} of {product} as “{value}” under {scheme} are contracted for {season}; {estimate_g} are "
        "estimated, {available_g} are in stock or sold: {missing_g} have nothing behind them.",
        "{contracted_g} de {product} comme « {value} » selon {scheme} sont sous contrat pour {season} ; {estimate_g} "
        "sont estimés, {available_g} sont en stock ou vendus : {missing_g} ne reposent sur rien.",
        {
            "scheme": (
                "{contracted_g} of {product} are contracted for {season}; {estimate_g} are estimated, {available_g} "
                "are in stock or sold: {missing_g} have nothing behind them.",
                "{contracted_g} de {product} sont sous contrat pour {season} ; {estimate_g} sont estimés, "
                "{available_g} sont en stock ou vendus : {missing_g} ne reposent sur rien.",
            )
        },
    ),
    "WEIGH_IN_DIFFERENCE": _kind(
        "notice",
        "input_g output_g",
        "{input_g} were told at delivery; the scale says {output_g}.",
        "{input_g} ont été déclarés à la livraison ; la balance indique {output_g}.",
    ),
    "INSUFFICIENT_STOCK_AFTER_CORRECTION": _kind(
        "alert",
        "lot deficit_g",
        "After a correction, {deficit_g} more was drawn from {lot} than it ever held.",
        "Après une correction, {deficit_g} de plus ont été prélevés sur {lot} qu'il n'a jamais contenu.",
    ),
    # --- processes and quality ---
    "COMMINGLING": _kind(
        "notice",
        "scheme value lot lots",
        "Lots that carry more under {scheme} were mixed with {lot}: the whole carries “{value}”, "
        "the value of {lots} of the inputs.",
        "Des lots qui portent davantage selon {scheme} ont été mélangés à {lot} : l'ensemble porte "
        "« {value} », la valeur de {lots} des entrées.",
    ),
    "STRICT_MIXTURE": _kind(
        "notice",
        "scheme",
        "Under the strict reading of {scheme}, goods with different values are not mixed: the whole claims nothing.",
        "Selon la lecture stricte de {scheme}, des marchandises de valeurs différentes ne se mélangent pas : "
        "l'ensemble n'allègue rien.",
    ),
    "STRICT_MIXTURE_STANDS": _kind(
        "notice",
        "scheme",
        "Goods with different values under {scheme} were mixed; a part found to be less since does not make the whole "
        "claim more.",
        "Des marchandises de valeurs différentes selon {scheme} ont été mélangées ; qu'une partie s'avère moindre "
        "depuis ne fait pas alléguer davantage à l'ensemble.",
    ),
    "IDENTITY_LOST": _kind(
        "notice",
        "scheme origins",
        "Goods of {origins} origins were put together; under {scheme} each is kept by itself.",
        "Des marchandises de {origins} origines ont été réunies ; selon {scheme}, chacune reste à part.",
    ),
    "CLAIM_LOST_BY_TEST": _kind(
        "alert",
        "scheme test value above",
        "{test} is {value}; above {above} the goods claim nothing under {scheme}, and the cause is investigated.",
        "{test} est de {value} ; au-dessus de {above}, la marchandise n'allègue rien selon {scheme}, et la cause fait "
        "l'objet d'une enquête.",
    ),
    "CRITICAL_POINT_FAILED": _kind(
        "alert",
        "checklist point",
        "“{point}” of the checklist “{checklist}” is critical and not in order: the lots are held.",
        "« {point} » de la liste de contrôle « {checklist} » est critique et pas en ordre : les lots sont bloqués.",
    ),
    "POINT_NOT_IN_ORDER": _kind(
        "notice",
        "checklist point",
        "“{point}” of the checklist “{checklist}” is not in order.",
        "« {point} » de la liste de contrôle « {checklist} » n'est pas en ordre.",
    ),
    "LIMIT_OF_QUANTIFICATION_TOO_HIGH": _kind(
        "notice",
        "test value unit limit",
        "{test} is below {value} {unit}, which does not show that it meets the limit ({limit}): the test is not done.",
        "{test} est inférieur à {value} {unit}, ce qui ne montre pas qu'il respecte la limite ({limit}) : l'analyse "
        "n'est pas faite.",
    ),
    "SAMPLE_OF_TOO_FEW_BAGS": _kind(
        "notice",
        "sample drawn_from bags needed",
        "The sample {sample} was drawn from {drawn_from} of {bags} bags; the plan asks for {needed}.",
        "L'échantillon {sample} a été prélevé dans {drawn_from} sacs sur {bags} ; le plan en demande {needed}.",
    ),
    "SAMPLE_TOO_SMALL": _kind(
        "notice",
        "sample sample_g needed_g",
        "The sample {sample} weighs {sample_g}; the plan asks for {needed_g}.",
        "L'échantillon {sample} pèse {sample_g} ; le plan demande {needed_g}.",
    ),
    "SAMPLE_INCREMENT_TOO_LARGE": _kind(
        "notice",
        "sample increments most_g",
        "The increments of the sample {sample} ({increments}) weigh more than {most_g} each.",
        "Les prélèvements de l'échantillon {sample} ({increments}) pèsent plus de {most_g} chacun.",
    ),
    "CLEANING_RECORD_MISSING": _kind(
        "alert",
        "scheme site vessel since until value",
        "{vessel} held goods that carry “{value}” under {scheme} until {since}; no cleaning is recorded before "
        "{until}.",
        "{vessel} contenait jusqu'au {since} une marchandise qui porte « {value} » selon {scheme} ; aucun nettoyage "
        "n'est enregistré avant le {until}.",
        {
            "vessel": (
                "The line of this site worked on goods that carry “{value}” under {scheme} until {since}; no cleaning "
                "is recorded before {until}.",
                "La ligne de ce site a traité jusqu'au {since} une marchandise qui porte « {value} » selon {scheme} ; "
                "aucun nettoyage n'est enregistré avant le {until}.",
            )
        },
    ),
    "CLEANING_TOLD_LATE": _kind(
        "notice",
        "hours",
        "The cleaning was told {hours} hours after it was done: it does not count for goods that need a record in "
        "time.",
        "Le nettoyage a été déclaré {hours} heures après : il ne compte pas pour les marchandises qui exigent un "
        "enregistrement à temps.",
    ),
    "CONSIGNMENT_FLAGGED": _kind(
        "alert",
        "scheme number count",
        "Certificate {number} ({count} in all) was issued for goods that have lost the claim under {scheme} since: "
        "tell the control body and the consignee in writing, without delay.",
        "Le certificat {number} ({count} en tout) a été délivré pour une marchandise qui a perdu depuis l'allégation "
        "selon {scheme} : avertir par écrit, sans délai, l'organisme de contrôle et le destinataire.",
    ),
    "READING_OUT_OF_RANGE": _kind(
        "notice",
        "test value unit",
        "{test} was read at {value} {unit}, outside the range of good practice.",
        "{test} a été relevé à {value} {unit}, hors de la plage de bonne pratique.",
    ),
    "QUALITY_FAILED": _kind(
        "alert",
        "lot test value unit limit",
        "{lot}: {test} is {value} {unit}; the limit is {limit}.",
        "{lot} : {test} est à {value} {unit} ; la limite est {limit}.",
        {
            "limit": (
                "{lot}: {test} is {value} {unit}, which does not pass.",
                "{lot} : {test} est à {value} {unit}, ce qui n'est pas conforme.",
            )
        },
    ),
    # --- groups, members, internal inspections ---
    "ELIGIBLE_BY_AREA": _kind(
        "notice",
        "farmer area_m2",
        "{farmer} may be a member: the holding of {area_m2} m² is small enough.",
        "{farmer} peut être membre : l'exploitation de {area_m2} m² est assez petite.",
    ),
    "ELIGIBLE_BY_TURNOVER": _kind(
        "notice",
        "farmer turnover_cents cost_share_bp",
        "{farmer} may be a member: turnover or output is small, and certifying alone would cost {cost_share_bp} of it.",
        "{farmer} peut être membre : chiffre d'affaires ou production sont modestes, et une certification individuelle "
        "en coûterait {cost_share_bp}.",
    ),
    "NOT_ELIGIBLE": _kind(
        "alert",
        "farmer area_m2",
        "{farmer} may not be a member: the holding of {area_m2} m² is too large, and the turnover test is not passed.",
        "{farmer} ne peut être membre : l'exploitation de {area_m2} m² est trop grande, et le critère du chiffre "
        "d'affaires n'est pas rempli.",
    ),
    "GROUP_SIZE_LIMIT": _kind(
        "alert",
        "members most",
        "The group has {members} members; {most} is the most.",
        "Le groupement a {members} membres ; {most} est le maximum.",
    ),
    "NEW_MEMBERS_LIMIT": _kind(
        "alert",
        "added members most_bp",
        "{added} new members beside {members}: more than {most_bp} are added only after an inspection.",
        "{added} nouveaux membres pour {members} : au-delà de {most_bp}, seulement après inspection.",
    ),
    "CORRECTIVE_ACTIONS_OVERDUE": _kind(
        "alert",
        "count first due_on",
        "Corrective actions past their day: {count}; the oldest, of {first}, was due on {due_on}.",
        "Actions correctives en retard : {count} ; la plus ancienne, de {first}, était due le {due_on}.",
    ),
    "INVALID_SELF": _kind(
        "alert",
        "inspector farmer day",
        "{inspector} inspected the own farm {farmer} on {day}: it does not count.",
        "{inspector} a inspecté sa propre exploitation {farmer} le {day} : cela ne compte pas.",
    ),
    "INVALID_CONFLICT": _kind(
        "alert",
        "inspector farmer day tie",
        "{inspector} has a declared tie with {farmer} ({tie}): the inspection of {day} does not count.",
        "{inspector} a un lien déclaré avec {farmer} ({tie}) : l'inspection du {day} ne compte pas.",
    ),
    "INVALID_ROLE": _kind(
        "alert",
        "inspector farmer day",
        "{inspector} is the ICS manager, who does not inspect: the inspection of {farmer} on {day} does not count.",
        "{inspector} est responsable du SCI et n'inspecte pas : l'inspection de {farmer} du {day} ne compte pas.",
    ),
    "INVALID_INSPECTOR_UNKNOWN": _kind(
        "alert",
        "inspector farmer day",
        "{inspector} is on no list of inspectors: the inspection of {farmer} on {day} does not count.",
        "{inspector} ne figure sur aucune liste d'inspecteurs : l'inspection de {farmer} du {day} ne compte pas.",
    ),
    "INVALID_TRAINING_EXPIRED": _kind(
        "alert",
        "inspector farmer day last months",
        "The last training of {inspector} was on {last}, more than {months} months before {day}: the inspection of "
        "{farmer} does not count.",
        "La dernière formation de {inspector} date du {last}, plus de {months} mois avant le {day} : l'inspection de "
        "{farmer} ne compte pas.",
        {
            "last": (
                "{inspector} has passed no training before {day}: the inspection of {farmer} does not count.",
                "{inspector} n'a suivi aucune formation avant le {day} : l'inspection de {farmer} ne compte pas.",
            )
        },
    ),
    "INVALID_UNSIGNED": _kind(
        "alert",
        "inspector farmer day missing",
        "The report of {inspector} on {farmer} of {day} is not signed by the {missing}: it does not count.",
        "Le rapport de {inspector} sur {farmer} du {day} n'est pas signé ({missing}) : il ne compte pas.",
    ),
    "WARN_STATEMENT_MISSING": _kind(
        "notice",
        "inspector farmer day months",
        "{inspector} had signed no statement on conflicts of interest in the {months} months before {day}.",
        "{inspector} n'avait signé aucune déclaration d'intérêts dans les {months} mois avant le {day}.",
    ),
    "WARN_ROTATION": _kind(
        "notice",
        "inspector farmer day years most",
        "{inspector} inspects {farmer} for the {years}th year in a row; {most} is good practice.",
        "{inspector} inspecte {farmer} pour la {years}e année de suite ; {most} est l'usage.",
    ),
    "WARN_TOO_SHORT": _kind(
        "notice",
        "inspector farmer day minutes least",
        "{inspector} spent {minutes} minutes with {farmer} on {day}; {least} are usual at least.",
        "{inspector} a passé {minutes} minutes chez {farmer} le {day} ; {least} au moins sont d'usage.",
    ),
    "WARN_TOO_MANY_PER_DAY": _kind(
        "notice",
        "inspector farmer day inspections most",
        "{inspector} reports {inspections} inspections on {day}; {most} a day are credible.",
        "{inspector} déclare {inspections} inspections le {day} ; {most} par jour sont crédibles.",
    ),
    # --- why a lot can claim no more ---
    "PLOT_IN_CONVERSION": _kind(
        "notice",
        "scheme plot since harvested_on organic_from",
        "Plot {plot} is under conversion since {since}; harvests are organic from {organic_from}, "
        "this one was on {harvested_on}.",
        "La parcelle {plot} est en conversion depuis le {since} ; les récoltes sont biologiques "
        "à partir du {organic_from}, celle-ci date du {harvested_on}.",
    ),
    "PLOT_CONVERSION_NOT_BEGUN": _kind(
        "notice",
        "scheme plot",
        "The conversion of plot {plot} had not begun at harvest.",
        "La conversion de la parcelle {plot} n'avait pas commencé à la récolte.",
    ),
    "PLOT_CONVERTED_LESS_THAN_MINIMUM": _kind(
        "notice",
        "scheme plot since harvested_on months",
        "Plot {plot} is under conversion since {since}, less than {months} months at the harvest of {harvested_on}.",
        "La parcelle {plot} est en conversion depuis le {since}, moins de {months} mois à la récolte du "
        "{harvested_on}.",
    ),
    "PLOT_UNKNOWN": _kind(
        "notice",
        "scheme farmer plot",
        "{farmer} has no plot {plot} on record.",
        "Aucune parcelle {plot} n'est enregistrée pour {farmer}.",
        {
            "plot": (
                "{farmer} has no plot on record.",
                "Aucune parcelle n'est enregistrée pour {farmer}.",
            )
        },
    ),
    "PLOT_OUTSIDE_ZONE": _kind(
        "notice",
        "scheme plot zone",
        "Plot {plot} does not lie in the zone {zone}.",
        "La parcelle {plot} ne se trouve pas dans la zone {zone}.",
        {
            "zone": (
                "Plot {plot} cannot lie in the zone: no certificate of the member names one.",
                "La parcelle {plot} ne peut être dans la zone : aucun certificat du membre n'en nomme.",
            )
        },
    ),
    "HARVEST_OUTSIDE_WINDOW": _kind(
        "notice",
        "scheme harvested_on first last",
        "The harvest of {harvested_on} lies outside the days from {first} to {last}.",
        "La récolte du {harvested_on} est hors de la période du {first} au {last}.",
    ),
    "PLOT_NOT_LOCATED": _kind(
        "notice",
        "scheme plot",
        "Plot {plot} has no position with six decimals.",
        "La parcelle {plot} n'a pas de position à six décimales.",
    ),
    "PLOT_NEEDS_POLYGON": _kind(
        "notice",
        "scheme plot area_m2 above_m2",
        "Plot {plot} has {area_m2} m², more than {above_m2} m²: a polygon is required, a point is not enough.",
        "La parcelle {plot} a {area_m2} m², plus de {above_m2} m² : il faut un polygone, un point ne suffit pas.",
    ),
    "DEFORESTED_AFTER_CUTOFF": _kind(
        "alert",
        "scheme plot cleared_on cut_off",
        "Plot {plot} was cleared on {cleared_on}, after {cut_off}: nothing of it may be placed on the market.",
        "La parcelle {plot} a été défrichée le {cleared_on}, après le {cut_off} : rien n'en peut être mis sur le "
        "marché.",
    ),
    # --- where plots lie ---
    "OUTSIDE_COUNTRY": _kind(
        "alert",
        "plot country swapped",
        "Plot {plot} lies outside of {country}; with longitude and latitude the other way round it would lie inside: "
        "exchange them.",
        "La parcelle {plot} se trouve hors de {country} ; avec longitude et latitude inversées, elle serait dedans : "
        "échangez-les.",
        {
            "swapped": (
                "Plot {plot} lies outside of {country}: check its position, or its country.",
                "La parcelle {plot} se trouve hors de {country} : vérifiez sa position, ou son pays.",
            )
        },
    ),
    "COUNTRY_BOUNDS_UNKNOWN": _kind(
        "notice",
        "plot country",
        "Whether plot {plot} lies in {country} was not tested: no profile says where that country lies.",
        "On n'a pas vérifié si la parcelle {plot} se trouve dans {country} : aucun profil ne dit où est ce pays.",
    ),
    "PRECISION_BELOW_6_DECIMALS": _kind(
        "alert",
        "plot decimals needed",
        "The position of plot {plot} was told with {decimals} decimals; {needed} are needed. Record it again, or send "
        "all the digits that the device shows.",
        "La position de la parcelle {plot} a été donnée avec {decimals} décimales ; il en faut {needed}. Relevez-la de "
        "nouveau, ou envoyez tous les chiffres que l'appareil affiche.",
    ),
    "INVALID_GEOMETRY": _kind(
        "alert",
        "plot why where",
        "Plot {plot}, position {where}: {why}",
        "Parcelle {plot}, position {where} : {why}",
        {"where": ("Plot {plot}: {why}", "Parcelle {plot} : {why}")},
    ),
    "AREA_MISMATCH": _kind(
        "alert",
        "plot declared_m2 measured_m2 difference_bp",
        "Plot {plot} was declared with {declared_m2} m² and measures {measured_m2} m² by its outline, a difference of "
        "{difference_bp}: walk the boundary again, or correct the area.",
        "La parcelle {plot} est déclarée pour {declared_m2} m² et mesure {measured_m2} m² d'après son contour, un "
        "écart de {difference_bp} : refaites le tour, ou corrigez la surface.",
    ),
    "OVERLAP": _kind(
        "alert",
        "plot other farmer share_bp",
        "Plots {plot} and {other} (of {farmer}) lie on each other: {share_bp} of the smaller one belong to both. Walk "
        "the boundary together.",
        "Les parcelles {plot} et {other} (de {farmer}) se recouvrent : {share_bp} de la plus petite sont dans les "
        "deux. Faites ensemble le tour de la limite.",
        {
            "other": (
                "Plot {plot} and a plot of another organisation lie on each other: about {share_bp} of the smaller one "
                "belong to both. Walk the boundary with the neighbours.",
                "La parcelle {plot} et une parcelle d'une autre organisation se recouvrent : environ {share_bp} de la "
                "plus petite sont dans les deux. Faites le tour de la limite avec les voisins.",
            )
        },
    ),
    "DEFORESTATION_NOT_SCREENED": _kind(
        "notice",
        "plot",
        "Nobody has looked up yet whether forest was cleared on plot {plot}.",
        "Personne n'a encore vérifié si la parcelle {plot} a été déboisée.",
    ),
    "SITE_NOT_IN_SCOPE": _kind(
        "notice",
        "scheme site day",
        "No certificate under {scheme} covered the site {site} on {day}.",
        "Aucun certificat selon {scheme} ne couvrait le site {site} le {day}.",
    ),
    "SITE_CERT_NOT_ACTIVE": _kind(
        "notice",
        "scheme site day certificate status",
        "Certificate {certificate}, which covers the site {site}, was {status} on {day}.",
        "Le certificat {certificate}, qui couvre le site {site}, était {status} le {day}.",
    ),
    "PRODUCT_NOT_IN_SCOPE": _kind(
        "notice",
        "scheme product certificate",
        "Certificate {certificate} does not list {product}.",
        "Le certificat {certificate} ne mentionne pas {product}.",
    ),
    "NO_CERTIFICATE": _kind(
        "notice",
        "scheme",
        "No certificate under {scheme} stands behind these goods.",
        "Aucun certificat selon {scheme} ne couvre cette marchandise.",
    ),
    "DOWNGRADED": _kind(
        "notice",
        "scheme to reason",
        "Downgraded to “{to}” under {scheme}: {reason}",
        "Déclassé en « {to} » selon {scheme} : {reason}",
    ),
    "INHERITED": _kind(
        "notice",
        "scheme lot value",
        "Made from {lot}, which carries “{value}” under {scheme}.",
        "Fait à partir de {lot}, qui porte « {value} » selon {scheme}.",
    ),
    # --- recalls and their tests ---
    "RECALL_DIFFERENCE": _kind(
        "alert",
        "difference_g",
        "{difference_g} of the affected goods are not explained: a lot holds less than was drawn from it.",
        "{difference_g} des marchandises concernées restent inexpliqués : d'un lot est sorti plus qu'il ne contenait.",
    ),
    "RECALL_NOT_RECONCILED": _kind(
        "alert",
        "reconciled_bp least_bp",
        "The whereabouts of {reconciled_bp} of the affected goods are known; at least {least_bp} are expected.",
        "On sait où se trouvent {reconciled_bp} des marchandises concernées ; on en attend au moins {least_bp}.",
    ),
    "RECALL_CONSIGNEE_UNKNOWN": _kind(
        "alert",
        "lot shipped_g",
        "{shipped_g} of {lot} were shipped without saying to whom.",
        "{shipped_g} de {lot} ont été expédiés sans dire à qui.",
    ),
    "RECALL_NO_CONTACT": _kind(
        "alert",
        "recipient",
        "Neither telephone nor e-mail of {recipient} is known.",
        "Ni téléphone ni adresse électronique de {recipient} n'est connu.",
    ),
    "RECALL_NOT_NOTIFIED_YET": _kind(
        "alert",
        "recipients",
        "Not told yet: {recipients}.",
        "Pas encore prévenus : {recipients}.",
    ),
    "RECALL_TOO_SLOW": _kind(
        "alert",
        "minutes target",
        "It took {minutes} minutes; the target is {target}.",
        "Il a fallu {minutes} minutes ; l'objectif est de {target}.",
    ),
    "RECALL_LEFT_OUT": _kind(
        "alert",
        "lots origin ref",
        "Lots of others belong to the {origin} {ref}, too: {lots}. Only who made, owns or holds them can recall them.",
        "D'autres lots font partie de : {origin} {ref} ({lots}). Seul qui les a faits, les possède ou les détient peut "
        "les rappeler.",
    ),
}
