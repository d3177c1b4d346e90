"""The certifier's pack as tables with headings in English and French: what the workbook and the PDF both show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from domain.findings import Finding, sentence
from domain.pack import Pack, PackMember
from domain.refusals import Lang
from exchange.workbook import Check, Column, Kind, Table

WORDS: Final[dict[str, tuple[str, str]]] = {
    # --- states and the like
    "applied": ("applied for", "demandé"),
    "approved": ("approved", "agréé"),
    "suspended": ("suspended", "suspendu"),
    "withdrawn": ("withdrawn", "retiré"),
    "active": ("active", "en vigueur"),
    "expired": ("expired", "échu"),
    "not_yet": ("not yet in force", "pas encore en vigueur"),
    "minor": ("minor", "mineure"),
    "major": ("major", "majeure"),
    "critical": ("critical", "critique"),
    "warning": ("warning", "avertissement"),
    "lot_excluded": ("lot excluded", "lot exclu"),
    "suspension": ("suspension", "suspension"),
    "expulsion": ("expulsion", "exclusion"),
    "conditions": ("with conditions", "sous conditions"),
    "rejected": ("rejected", "refusé"),
    "available": ("available", "disponible"),
    "on_hold": ("on hold", "bloqué"),
    "recalled": ("recalled", "rappelé"),
    "void": ("void", "annulé"),
    "pending": ("not checked", "non contrôlé"),
    "pass": ("passed", "conforme"),
    "fail": ("failed", "non conforme"),
    "alert": ("alert", "alerte"),
    "notice": ("notice", "avis"),
    "account.certificate": ("the certificate", "le certificat"),
    "account.claim": ("a claim", "une allégation"),
    "account.site": ("a site", "un site"),
    # --- tables: name of the sheet, title, how to read it
    "members": ("Members", "Membres"),
    "members.title": ("List of members", "Liste des membres"),
    "members.note": (
        "Fields of Reg. (EU) 2021/279 Art. 5(a). Areas by months of conversion on the last day of the season.",
        "Champs du règl. (UE) 2021/279 art. 5, point a). Surfaces selon les mois de conversion au dernier jour.",
    ),
    "plots": ("Plots", "Parcelles"),
    "plots.title": ("Production units of the members", "Unités de production des membres"),
    "plots.note": (
        "Position of the point, or the middle of the outline (WGS 84). The member's estimate is shared by area.",
        "Position du point, ou milieu du contour (WGS 84). L'estimation du membre est répartie selon la surface.",
    ),
    "inspections": ("Inspections", "Inspections"),
    "inspections.title": ("Internal inspections", "Inspections internes"),
    "inspections.note": ("Of this season and the one before.", "De cette campagne et de la précédente."),
    "controls": ("Official controls", "Contrôles officiels"),
    "controls.title": ("Controls by the control body", "Contrôles par l'organisme de contrôle"),
    "controls.note": ("External inspections, re-inspections and samples.", "Inspections externes et prélèvements."),
    "non_conformities": ("Non-conformities", "Non-conformités"),
    "non_conformities.title": ("Non-conformities and corrective actions", "Non-conformités et actions correctives"),
    "non_conformities.note": ("Found in the season, or still open.", "Constatées pendant la campagne, ou ouvertes."),
    "sanctions": ("Sanctions", "Sanctions"),
    "sanctions.title": ("Sanctions", "Sanctions"),
    "sanctions.note": ("In force in the season.", "En vigueur pendant la campagne."),
    "purchases": ("Purchases", "Achats"),
    "purchases.title": ("Purchase register", "Registre des achats"),
    "purchases.note": (
        "Every delivery of the members, in the order in which it happened. Times are UTC.",
        "Toutes les livraisons des membres, dans l'ordre des faits. Heures UTC.",
    ),
    "balances": ("Balances", "Bilans"),
    "balances.title": ("Mass balance", "Bilan matière"),
    "balances.note": (
        "Opening + in = closing + out + loss. Claims are those that the lots carry now. The difference is zero.",
        "Stock initial + entrées = stock final + sorties + pertes. Allégations actuelles. L'écart est nul.",
    ),
    "member_balances": ("Member balances", "Bilans des membres"),
    "member_balances.title": ("Deliveries against estimates", "Livraisons et estimations"),
    "member_balances.note": (
        "The largest excess first. “As estimated”: by the typical yield, in the product of the estimate.",
        "Le plus grand dépassement d'abord. « Équivalent » : selon le rendement usuel, dans le produit estimé.",
    ),
    "runs": ("Runs", "Transformations"),
    "runs.title": ("Transformations", "Transformations"),
    "runs.note": (
        "Conversion factor: output by input, against the plausible range of the step.",
        "Facteur de conversion : sortie sur entrée, comparé à la plage plausible de l'étape.",
    ),
    "lots": ("Lots and claims", "Lots et allégations"),
    "lots.title": ("Lots, what they claim, and why no more", "Lots, leurs allégations, et leurs raisons"),
    "lots.note": (
        "Made in the season, or in stock at its end. In brackets: how many lots upstream a reason was found at.",
        "Faits pendant la campagne, ou en stock à la fin. Entre parenthèses : nombre de lots en amont concernés.",
    ),
    "corrections": ("Corrections", "Corrections"),
    "corrections.title": ("Events declared wrong", "Événements déclarés erronés"),
    "corrections.note": (
        "Nothing is deleted: the event stays in the log, and another takes its place.",
        "Rien n'est effacé : l'événement reste au journal, un autre prend sa place.",
    ),
    "contracts": ("Contracts", "Contrats"),
    "contracts.title": ("Contracts of the season", "Contrats de la campagne"),
    "contracts.note": (
        "Estimated, available and missing are of all contracts for the same product and claim together.",
        "Estimé, disponible et manquant valent pour tous les contrats du même produit et de la même allégation.",
    ),
    "findings": ("Findings", "Constats"),
    "findings.title": ("What asks for a look", "Ce qui demande un examen"),
    "findings.note": (
        "Balances, losses in store, conversion factors, goods sold with a claim, contracts: what does not hold.",
        "Bilans, pertes en stock, facteurs de conversion, ventes avec allégation, contrats : ce qui ne tient pas.",
    ),
    "nothing": ("Nothing is recorded.", "Rien n'est enregistré."),
    "nothing.findings": ("The checks found nothing.", "Les contrôles n'ont rien trouvé."),
    # --- columns
    "code": ("Code", "Code"),
    "name": ("Name", "Nom"),
    "phone": ("Phone", "Téléphone"),
    "village": ("Village", "Village"),
    "registered_on": ("Registered", "Inscrit le"),
    "unit": ("Unit", "Unité"),
    "agreement_on": ("Agreement signed", "Accord signé"),
    "status": ("Status", "Statut"),
    "status_since": ("Status since", "Statut depuis"),
    "status_reason": ("Reason", "Motif"),
    "holding_m2": ("Whole farm (ha)", "Exploitation (ha)"),
    "plots_count": ("Plots", "Parcelles"),
    "area": ("Area (ha)", "Surface (ha)"),
    "product": ("Product", "Produit"),
    "estimate_g": ("Estimate (kg)", "Estimation (kg)"),
    "estimate_signed": ("Estimate signed", "Estimation signée"),
    "inspected_on": ("Internal inspection", "Inspection interne"),
    "inspector": ("Inspector", "Inspecteur"),
    "controlled_on": ("Official control", "Contrôle officiel"),
    "controller": ("Controlled by", "Contrôleur"),
    "member": ("Member", "Membre"),
    "plot": ("Plot", "Parcelle"),
    "crop": ("Crop", "Culture"),
    "latitude": ("Latitude", "Latitude"),
    "longitude": ("Longitude", "Longitude"),
    "outline": ("Outline", "Contour"),
    "conversion_start": ("Conversion since", "Conversion depuis"),
    "from_day": ("From", "Depuis"),
    "to_day": ("To", "Jusqu'au"),
    "last_treated_on": ("Last treatment", "Dernier traitement"),
    "valid": ("Counts", "Compte"),
    "scope": ("Looked at", "Examiné"),
    "started_at": ("Start", "Début"),
    "ended_at": ("End", "Fin"),
    "no_answers": ("Answers “no”", "Réponses « non »"),
    "decision": ("Decision", "Décision"),
    "issued_on": ("Issued", "Établi le"),
    "inspector_signed_on": ("Inspector signed", "Signé inspecteur"),
    "member_signed_on": ("Member signed", "Signé membre"),
    "conform": ("In order", "Conforme"),
    "note": ("Note", "Note"),
    "subject": ("Concerns", "Concerne"),
    "severity": ("Severity", "Gravité"),
    "found_on": ("Found", "Constatée le"),
    "action": ("Corrective action", "Action corrective"),
    "due_on": ("Due", "Échéance"),
    "closed_on": ("Closed", "Close le"),
    "effective": ("Effective", "Efficace"),
    "notified_on": ("Control body told", "Organisme informé"),
    "step": ("Step", "Mesure"),
    "reason": ("Reason", "Motif"),
    "decided_by": ("Decided by", "Décidé par"),
    "decided_at": ("Decided", "Décidé le"),
    "lifted_on": ("Lifted", "Levée le"),
    "receipt": ("Receipt", "Reçu"),
    "at": ("Date and time", "Date et heure"),
    "buying_point": ("Buying point", "Point d'achat"),
    "buyer_user": ("Taken in by", "Reçu par"),
    "harvested_on": ("Harvested", "Récolté le"),
    "net_g": ("Net (kg)", "Net (kg)"),
    "at_receipt": ("Claim at receipt", "Allégation à la réception"),
    "claim_now": ("Claim now", "Allégation actuelle"),
    "running_g": ("Season so far, as estimated (kg)", "Cumul, équivalent (kg)"),
    "running_bp": ("Of estimate", "De l'estimation"),
    "scale": ("Scale", "Balance"),
    "lot": ("Lot", "Lot"),
    "site": ("Site", "Site"),
    "claim": ("Claim", "Allégation"),
    "disposition": ("State", "État"),
    "account": ("Of", "De"),
    "key": ("Which", "Lequel"),
    "opening_g": ("Opening stock (kg)", "Stock initial (kg)"),
    "delivered_g": ("Delivered (kg)", "Livré (kg)"),
    "moved_in_g": ("Taken over (kg)", "Repris (kg)"),
    "made_g": ("Made (kg)", "Obtenu (kg)"),
    "used_g": ("Processed (kg)", "Transformé (kg)"),
    "moved_out_g": ("Handed over (kg)", "Cédé (kg)"),
    "shipped_g": ("Shipped (kg)", "Expédié (kg)"),
    "lost_g": ("Lost (kg)", "Perdu (kg)"),
    "closing_g": ("Closing stock (kg)", "Stock final (kg)"),
    "difference_g": ("Difference (kg)", "Écart (kg)"),
    "deliveries": ("Deliveries", "Livraisons"),
    "as_estimated_g": ("As estimated (kg)", "Équivalent (kg)"),
    "share_bp": ("Of estimate", "De l'estimation"),
    "excess_g": ("Above estimate (kg)", "Au-delà (kg)"),
    "previous_g": ("Season before, as estimated (kg)", "Campagne précédente, équivalent (kg)"),
    "process": ("Process", "Procédé"),
    "inputs": ("Lots in", "Lots entrants"),
    "outputs": ("Lots out", "Lots sortants"),
    "input_g": ("In (kg)", "Entrée (kg)"),
    "output_g": ("Out (kg)", "Sortie (kg)"),
    "loss_g": ("Loss (kg)", "Perte (kg)"),
    "yield_bp": ("Factor", "Facteur"),
    "least_bp": ("At least", "Au moins"),
    "most_bp": ("At most", "Au plus"),
    "finding": ("Finding", "Constat"),
    "made_at": ("Made", "Fait le"),
    "stock_g": ("In stock at the end (kg)", "En stock à la fin (kg)"),
    "grade": ("Grade", "Grade"),
    "qc": ("Quality", "Qualité"),
    "reasons": ("Why no more", "Pourquoi pas plus"),
    "corrected_at": ("Corrected", "Corrigé le"),
    "by": ("By", "Par"),
    "type": ("Event", "Événement"),
    "occurred_at": ("Told for", "Déclaré pour"),
    "event": ("Event id", "Identifiant"),
    "lots_named": ("Lots", "Lots"),
    "was_g": ("Was (kg)", "Avant (kg)"),
    "now_g": ("Is (kg)", "Après (kg)"),
    "buyer": ("Buyer", "Acheteur"),
    "contract_g": ("Contracted (kg)", "Sous contrat (kg)"),
    "expected_g": ("Estimated (kg)", "Estimé (kg)"),
    "available_g": ("Available (kg)", "Disponible (kg)"),
    "missing_g": ("Missing (kg)", "Manquant (kg)"),
    "level": ("Level", "Niveau"),
    "rule": ("Source", "Source"),
    # --- cover
    "cover": ("Cover", "Couverture"),
    "pack": ("Certifier's pack", "Dossier de contrôle"),
    "subtitle": (
        "{holder} · certificate {number} · season {season}",
        "{holder} · certificat {number} · campagne {season}",
    ),
    "fact.holder": ("Group", "Groupement"),
    "fact.certificate": ("Certificate", "Certificat"),
    "fact.scheme": ("Scheme", "Référentiel"),
    "fact.body": ("Control body", "Organisme de contrôle"),
    "fact.valid": ("Valid", "Validité"),
    "fact.status": ("Status", "Statut"),
    "fact.sites": ("Sites in scope", "Sites couverts"),
    "fact.season": ("Season", "Campagne"),
    "fact.list": ("Member list", "Liste des membres"),
    "fact.list.frozen": ("version {number} of {day}", "version {number} du {day}"),
    "fact.list.live": ("not frozen: as it stands now", "non figée : état actuel"),
    "fact.made": ("Made", "Établi"),
    "fact.made.at": ("{at} UTC, from {events} events", "{at} UTC, d'après {events} événements"),
    "check.figure": ("Figure", "Grandeur"),
    "check.ledger": ("The ledger says", "Selon le registre"),
    "check.sheet": ("Sum of the sheet", "Somme de la feuille"),
    "check.difference": ("Difference", "Écart"),
    "check.check": ("Check", "Contrôle"),
    "same": ("in order", "en règle"),
    "differs": ("differs", "écart"),
    "sum.members": ("Members", "Membres"),
    "sum.plots": ("Plots", "Parcelles"),
    "sum.area": ("Area of the plots (ha)", "Surface des parcelles (ha)"),
    "sum.estimate": ("Estimated harvest (kg)", "Récolte estimée (kg)"),
    "sum.deliveries": ("Deliveries", "Livraisons"),
    "sum.delivered": ("Delivered by members (kg)", "Livré par les membres (kg)"),
    "sum.member_deliveries": ("Delivered, by member (kg)", "Livré, par membre (kg)"),
    "sum.used": ("Processed (kg)", "Transformé (kg)"),
    "sum.made": ("Made by processing (kg)", "Obtenu par transformation (kg)"),
    "sum.stock": ("Stock at the end (kg)", "Stock à la fin (kg)"),
    "sum.contracted": ("Contracted (kg)", "Sous contrat (kg)"),
    "read.1": (
        "How to read: the first column of figures is what the ledger says by itself, the second is a formula over the "
        "sheet named. Where they differ, a row was changed or left out after this file was made.",
        "Lecture : la première colonne de chiffres est ce que dit le registre lui-même, la deuxième est une formule "
        "sur la feuille. Si elles diffèrent, une ligne a été modifiée ou retirée après l'établissement du fichier.",
    ),
    "read.2": (
        "Weights are whole grams in the ledger and kilograms with three decimals here. The row Σ of a sheet sums what "
        "a filter shows.",
        "Les poids sont des grammes entiers dans le registre, des kilogrammes à trois décimales ici. La ligne Σ "
        "additionne ce qu'un filtre montre.",
    ),
    "read.3": (
        "Every figure can be followed to its events in the ledger: filiere balance, or /v1/balances of the service.",
        "Chaque chiffre se suit jusqu'aux événements du registre : filiere balance, ou /v1/balances du service.",
    ),
    "read.4": (
        "Names and phone numbers of persons are in the list of members only: pass it on to those who control.",
        "Noms et téléphones ne figurent que dans la liste des membres : à ne remettre qu'aux contrôleurs.",
    ),
}
"""English and French. A key with a dot belongs to the key before it."""


def say(key: str, lang: Lang) -> str:
    """A text of the pack; a word that is not known is said itself."""
    texts = WORDS.get(key)
    return key if texts is None else texts[0 if lang == "en" else 1]


def word(value: str | None, lang: Lang) -> str:
    """A word of a closed list, as people say it."""
    return say(value, lang) if value else ""


def told(finding: Finding | None, pack: Pack, lang: Lang) -> str:
    """A finding as a sentence."""
    return sentence(finding, lang, {code: pack.name(code, lang) for code in pack.names}) if finding else ""


def tables(pack: Pack, lang: Lang) -> dict[str, Table]:
    """The tables of a pack by key, in the order of the sheets."""
    made = (
        _members(pack, lang), _plots(pack, lang), _inspections(pack, lang), _controls(pack, lang),
        _non_conformities(pack, lang), _sanctions(pack, lang), _purchases(pack, lang), _balances(pack, lang),
        _member_balances(pack, lang), _runs(pack, lang), _lots(pack, lang), _corrections(pack, lang),
        _contracts(pack, lang), _findings(pack, lang),
    )  # fmt: skip
    return {table.key: table for table in made}


def checks(pack: Pack, made: dict[str, Table], lang: Lang) -> list[Check]:
    """The figures of the cover: the ledger's own sums, and the sheet that each can be added up from."""
    sums = pack.sums
    rows: Sequence[tuple[str, Kind, int, str, str, bool]] = (
        ("sum.members", "count", sums.members, "members", "code", True),
        ("sum.plots", "count", sums.plots, "plots", "plot", True),
        ("sum.area", "ha", sums.area_m2, "plots", "area", False),
        ("sum.estimate", "kg", sums.estimate_g, "members", "estimate_g", False),
        ("sum.deliveries", "count", sums.deliveries, "purchases", "lot", True),
        ("sum.delivered", "kg", sums.delivered_g, "purchases", "net_g", False),
        ("sum.member_deliveries", "kg", sums.delivered_g, "member_balances", "delivered_g", False),
        ("sum.used", "kg", sums.used_g, "runs", "input_g", False),
        ("sum.made", "kg", sums.made_g, "runs", "output_g", False),
        ("sum.stock", "kg", sums.stock_g, "lots", "stock_g", False),
        ("sum.contracted", "kg", sums.contracted_g, "contracts", "contract_g", False),
    )
    return [
        Check(f"{say(title, lang)} · {made[key].name}", kind, ledger, made[key], column, counted)
        for title, kind, ledger, key, column, counted in rows
    ]


def facts(pack: Pack, lang: Lang) -> list[tuple[str, str]]:
    """What the pack is of, for the cover."""
    paper = pack.paper
    frozen = (
        say("fact.list.frozen", lang).format(number=pack.list_number, day=pack.list_on)
        if pack.list_number is not None
        else say("fact.list.live", lang)
    )
    body = f"{paper.body} ({paper.body_code})" if paper.body_code else paper.body
    made = say("fact.made.at", lang).format(at=f"{pack.made_at:%Y-%m-%d %H:%M}", events=pack.events)
    found = (
        ("holder", f"{paper.holder} ({paper.holder_code}, {paper.country})"),
        ("certificate", paper.number),
        ("scheme", pack.name(paper.scheme, lang)),
        ("body", body),
        ("valid", f"{paper.valid_from} – {paper.valid_to}"),
        ("status", word(paper.status, lang)),
        ("sites", ", ".join(paper.sites) or "–"),
        ("season", f"{pack.season}: {pack.first} – {pack.last}, {pack.name(pack.commodity, lang)}"),
        ("list", frozen),
        ("made", made),
    )
    return [(say(f"fact.{key}", lang), value) for key, value in found]


# --- the tables ---


def _table(key: str, lang: Lang, columns: Iterable[Column], rows: Iterable[Sequence[Any]]) -> Table:
    rows = list(rows)
    note = say(f"{key}.note", lang)
    return Table(
        key, say(key, lang), say(f"{key}.title", lang), note if rows else nothing(key, lang), list(columns), rows
    )


def nothing(key: str, lang: Lang) -> str:
    """What is said where a list is empty."""
    return say("nothing.findings" if key == "findings" else "nothing", lang)


def _columns(lang: Lang) -> Callable[..., Column]:
    def column(key: str, kind: Kind = "text", width: int = 14, *, summed: bool = False, **more: Any) -> Column:
        return Column(key, more.pop("title", say(key, lang)), kind, width, summed, more.pop("formula", None))

    return column


def _members(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("code"), column("name", width=24), column("phone"), column("village"), column("unit"),
        column("registered_on", "day", 12), column("agreement_on", "day", 12), column("status", width=12),
        column("status_since", "day", 12), column("status_reason", width=24), column("holding_m2", "ha", 11),
        column("plots_count", "count", 8, summed=True),
        *(
            column(f"area.{value}", "ha", 14, summed=True, title=f"{say('area', lang)}, {pack.name(value, lang)}")
            for value in pack.values
        ),
        column("product", width=18), column("estimate_g", "kg", summed=True), column("estimate_signed", "truth", 10),
        column("inspected_on", "day", 12), column("inspector"), column("controlled_on", "day", 12),
        column("controller"),
    ]  # fmt: skip
    rows = [
        (
            one.code, one.name, one.phone, one.village, one.unit, one.registered_on, one.agreement_on,
            word(one.status, lang), one.status_since, one.status_reason, one.holding_m2, one.plots,
            *(one.area_m2.get(value) for value in pack.values), pack.name(one.product, lang), one.estimate_g,
            one.estimate_signed, one.inspected_on, one.inspector, one.controlled_on, one.controller,
        )
        for one in pack.members
    ]  # fmt: skip
    return _table("members", lang, columns, rows)


def _plots(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("plot", width=16), column("member"), column("crop", width=10), column("area", "ha", 11, summed=True),
        column("latitude", "degrees", 12), column("longitude", "degrees", 12), column("outline", "truth", 9),
        column("conversion_start", "day", 12), column("status", width=20), column("estimate_g", "kg", summed=True),
        column("last_treated_on", "day", 12), column("from_day", "day", 12),
    ]  # fmt: skip
    rows = [
        (
            one.code, one.member, pack.name(one.crop, lang), one.area_m2, one.latitude, one.longitude, one.outline,
            one.conversion_start, pack.name(one.status, lang), one.estimate_g, one.last_treated_on, one.from_day,
        )
        for one in pack.plots
    ]  # fmt: skip
    return _table("plots", lang, columns, rows)


def _inspections(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("member"), column("inspected_on", "day", 12), column("inspector"), column("valid", "truth", 9),
        column("scope", width=30), column("started_at", "moment", 16), column("ended_at", "moment", 16),
        column("no_answers", "count", 10, summed=True), column("decision"), column("issued_on", "day", 12),
        column("inspector_signed_on", "day", 12), column("member_signed_on", "day", 12),
    ]  # fmt: skip
    rows = [
        (
            one.member, one.inspected_on, one.inspector, one.valid, one.scope, one.started_at, one.ended_at,
            one.findings, word(one.decision, lang), one.issued_on, one.inspector_signed_on, one.member_signed_on,
        )
        for one in pack.inspections
    ]  # fmt: skip
    return _table("inspections", lang, columns, rows)


def _controls(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("member"), column("controlled_on", "day", 12), column("controller"), column("conform", "truth", 9),
        column("note", width=40),
    ]  # fmt: skip
    rows = [(one.member, one.controlled_on, one.inspector, one.conform, one.note) for one in pack.controls]
    return _table("controls", lang, columns, rows)


def _non_conformities(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("subject"), column("code", width=24), column("severity", width=10), column("found_on", "day", 12),
        column("note", width=36), column("action", width=36), column("due_on", "day", 12),
        column("closed_on", "day", 12), column("effective", "truth", 10), column("notified_on", "day", 12),
    ]  # fmt: skip
    rows = [
        (
            one.subject, one.code, word(one.severity, lang), one.found_on, one.note, one.action, one.due_on,
            one.closed_on, one.effective, one.notified_on,
        )
        for one in pack.non_conformities
    ]  # fmt: skip
    return _table("non_conformities", lang, columns, rows)


def _sanctions(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("member"), column("step"), column("from_day", "day", 12), column("reason", width=40),
        column("decided_by"), column("decided_at", "moment", 16), column("notified_on", "day", 12),
        column("lifted_on", "day", 12),
    ]  # fmt: skip
    rows = [
        (
            one.member, word(one.step, lang), one.from_day, one.reason, one.decided_by, one.decided_at,
            one.notified_on, one.lifted_on,
        )
        for one in pack.sanctions
    ]  # fmt: skip
    return _table("sanctions", lang, columns, rows)


def _purchases(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("receipt"), column("at", "moment", 16), column("buying_point", width=12), column("buyer_user", width=12),
        column("member"), column("plot", width=16), column("harvested_on", "day", 12), column("product", width=20),
        column("net_g", "kg", summed=True), column("at_receipt", width=20), column("claim_now", width=20),
        column("running_g", "kg"), column("running_bp", "percent", 10), column("scale", width=10),
        column("lot", width=18), column("disposition", width=12),
    ]  # fmt: skip
    rows = [
        (
            one.receipt, one.at, one.site, one.buyer, one.member, one.plot, one.harvested_on,
            pack.name(one.product, lang), one.grams, pack.name(one.at_receipt, lang), pack.name(one.value, lang),
            one.running_g, one.running_g * 10_000 // one.estimate_g if one.estimate_g else None, one.scale, one.lot,
            word(one.disposition, lang),
        )
        for one in pack.purchases
    ]  # fmt: skip
    return _table("purchases", lang, columns, rows)


CELLS: Final = (
    "opening_g", "delivered_g", "moved_in_g", "made_g", "used_g", "moved_out_g", "shipped_g", "lost_g", "closing_g",
)  # fmt: skip
DIFFERENCE: Final = (
    "={opening_g}+{delivered_g}+{moved_in_g}+{made_g}-{used_g}-{moved_out_g}-{shipped_g}-{lost_g}-{closing_g}"
)


def _balances(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("account", width=12), column("key", width=22), column("product", width=22),
        *(column(cell, "kg", 15) for cell in CELLS),
        column("difference_g", "kg", 12, formula=f"=ROUND({DIFFERENCE[1:]},3)"),
    ]  # fmt: skip
    rows = [
        (
            say(f"account.{one.account}", lang),
            pack.name(one.key, lang),
            pack.name(one.product, lang),
            *(getattr(one.balance, cell) for cell in CELLS),
            one.balance.difference_g,
        )
        for one in pack.statements
    ]
    return _table("balances", lang, columns, rows)


def by_excess(pack: Pack) -> list[PackMember]:
    """The members whose deliveries ask first for a look: the largest excess, then the largest share."""
    return sorted(pack.members, key=lambda one: (-one.excess_g, -(one.share_bp or 0), one.code))


def _member_balances(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("member"), column("deliveries", "count", 10, summed=True), column("delivered_g", "kg", summed=True),
        *(
            column(f"delivered.{value}", "kg", 16, summed=True, title=f"{pack.name(value, lang)} (kg)")
            for value in pack.values
        ),
        column("product", width=20), column("as_estimated_g", "kg", summed=True),
        column("estimate_g", "kg", summed=True), column("share_bp", "percent", 10),
        column("excess_g", "kg", summed=True), column("previous_g", "kg", summed=True),
    ]  # fmt: skip
    rows = [
        (
            one.code, one.deliveries, sum(one.delivered.values()),
            *(one.delivered.get(value) for value in pack.values), pack.name(one.product, lang), one.delivered_g,
            one.estimate_g, one.share_bp, one.excess_g, one.previous_g,
        )
        for one in by_excess(pack)
    ]  # fmt: skip
    return _table("member_balances", lang, columns, rows)


def _runs(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("at", "moment", 16), column("process", width=24), column("site", width=12), column("inputs", width=24),
        column("outputs", width=24), column("input_g", "kg", summed=True), column("output_g", "kg", summed=True),
        column("loss_g", "kg", summed=True, formula="={input_g}-{output_g}"), column("yield_bp", "percent", 9),
        column("least_bp", "percent", 9), column("most_bp", "percent", 9), column("finding", width=60),
    ]  # fmt: skip
    rows = [
        (
            one.at, pack.name(one.process, lang), one.site, ", ".join(one.inputs), ", ".join(one.outputs), one.used_g,
            one.made_g, one.used_g - one.made_g, one.yield_bp, one.least_bp, one.most_bp,
            told(one.finding, pack, lang),
        )
        for one in pack.runs
    ]  # fmt: skip
    return _table("runs", lang, columns, rows)


def _lots(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("lot", width=18), column("product", width=20), column("made_at", "moment", 16),
        column("site", width=12), column("made_g", "kg"), column("stock_g", "kg", summed=True),
        column("grade", width=8), column("qc", width=14), column("disposition", width=12),
        column("claim_now", width=20), column("reasons", width=80),
    ]  # fmt: skip
    rows = [
        (
            one.code, pack.name(one.product, lang), one.made_at, one.site, one.made_g, one.stock_g, one.grade,
            word(one.qc, lang), word(one.disposition, lang), pack.name(one.value, lang),
            " · ".join(f"{told(reason.finding, pack, lang)} ({reason.lots})" for reason in one.reasons),
        )
        for one in pack.lots
    ]  # fmt: skip
    return _table("lots", lang, columns, rows)


def _corrections(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("corrected_at", "moment", 16), column("by"), column("reason", width=40), column("type"),
        column("occurred_at", "moment", 16), column("lots_named", width=30), column("was_g", "kg"),
        column("now_g", "kg"), column("event", width=38),
    ]  # fmt: skip
    rows = [
        (
            one.corrected_at, one.by, one.reason, one.type, one.occurred_at, ", ".join(one.lots), one.was_g,
            one.now_g, one.event,
        )
        for one in pack.corrections
    ]  # fmt: skip
    return _table("corrections", lang, columns, rows)


def _contracts(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [
        column("code"), column("buyer", width=20), column("product", width=20), column("claim", width=20),
        column("contract_g", "kg", summed=True), column("from_day", "day", 12), column("to_day", "day", 12),
        column("expected_g", "kg"), column("available_g", "kg"), column("missing_g", "kg"),
    ]  # fmt: skip
    rows = [
        (
            one.code, one.buyer, pack.name(one.product, lang), pack.name(one.value, lang), one.grams, one.from_day,
            one.to_day, one.estimate_g, one.available_g, one.missing_g,
        )
        for one in pack.contracts
    ]  # fmt: skip
    return _table("contracts", lang, columns, rows)


def _findings(pack: Pack, lang: Lang) -> Table:
    column = _columns(lang)
    columns = [column("level", width=10), column("code", width=32), column("finding", width=100), column("rule")]
    rows = [(word(one.level, lang), one.code, told(one, pack, lang), one.rule) for one in pack.findings]
    return _table("findings", lang, columns, rows)
