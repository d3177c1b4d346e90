"""The cost-share statement of a shared facility as a workbook: what each user owes, and by which tariff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from domain.facilities import CostShare, Tariff
from domain.prices import Currency
from domain.refusals import Lang
from exchange.workbook import Check, Column, Cover, Kind, Table, workbook

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

WORDS: Final[dict[str, tuple[str, str]]] = {
    "cover": ("Cost share", "Partage des coûts"),
    "title": ("Cost share of {site}", "Partage des coûts de {site}"),
    "sums": ("Users", "Utilisateurs"),
    "sums.note": (
        "A fee is that of the day of loading, rounded once. The capital cost due is shared by weight.",
        "Le tarif est celui du jour de chargement, arrondi une fois. Le capital dû est partagé selon le poids.",
    ),
    "tariffs": ("Tariffs", "Tarifs"),
    "tariffs.note": (
        "Fee per tonne loaded. Of the capital cost, the users bear their share and others the rest.",
        "Tarif par tonne chargée. Du capital, les utilisateurs portent leur part et d'autres le reste.",
    ),
    "organisation": ("Organisation", "Organisation"),
    "grams": ("Loaded (kg)", "Chargé (kg)"),
    "fee": ("Fee ({currency})", "Redevance ({currency})"),
    "capital": ("Capital cost ({currency})", "Capital ({currency})"),
    "owed": ("Total ({currency})", "Total ({currency})"),
    "from_day": ("From", "Dès le"),
    "rate": ("Per kg", "Par kg"),
    "invested": ("Capital cost ({currency})", "Capital ({currency})"),
    "users": ("Users' part", "Part des utilisateurs"),
    "others": ("Borne by others ({currency})", "À la charge d'autres ({currency})"),
    "months": ("Spread over (months)", "Étalé sur (mois)"),
    "period": ("Period", "Période"),
    "figure": ("Figure", "Chiffre"),
    "ledger": ("Ledger", "Registre"),
    "sheet": ("Sheet", "Feuille"),
    "difference": ("Difference", "Écart"),
    "check": ("Check", "Contrôle"),
    "same": ("same", "identique"),
    "differs": ("differs", "différent"),
}


def _say(key: str, lang: Lang, **params: str) -> str:
    return WORDS[key][0 if lang == "en" else 1].format(**params)


def _kind(currency: Currency) -> Kind:
    return {0: "minor0", 3: "minor3"}.get(currency.digits, "minor2")  # type: ignore[return-value]


def cost_share_xlsx(
    site: str,
    first: date,
    last: date,
    shares: Sequence[CostShare],
    tariffs: Sequence[Tariff],
    money: Mapping[str, Currency],
    made_at: datetime,
    lang: Lang = "en",
) -> bytes:
    """A sheet of what is owed and one of the tariffs for each currency."""
    tables, checks = list[Table](), list[Check]()
    title = _say("title", lang, site=site)
    for code in sorted({one.currency for one in shares} | {one.currency for one in tariffs}):
        kind = _kind(money[code])
        owed = [one for one in shares if one.currency == code]
        columns = [
            Column("organisation", _say("organisation", lang), width=22),
            Column("grams", _say("grams", lang), "kg", 16, summed=True),
            *(Column(key, _say(key, lang, currency=code), kind, 20, summed=True) for key in ("fee", "capital", "owed")),
        ]
        rows = [(one.organisation, one.grams, one.fee_minor, one.capital_minor, one.total_minor) for one in owed]
        name = f"{_say('sums', lang)} {code}"
        tables.append(Table(f"sums{code}", name, title, _say("sums.note", lang), columns, rows))
        total = sum(one.total_minor for one in owed)
        checks.append(Check(_say("owed", lang, currency=code), kind, total, tables[-1], "owed"))
        tables.append(_tariffs([one for one in tariffs if one.currency == code], money[code], title, lang))
    period = f"{first.isoformat()} – {last.isoformat()}"
    cover = Cover(
        name=_say("cover", lang),
        title=title,
        subtitle=period,
        facts=[(_say("period", lang), period)],
        headings=tuple(_say(key, lang) for key in ("figure", "ledger", "sheet", "difference", "check")),  # type: ignore[arg-type]
        same=_say("same", lang),
        differs=_say("differs", lang),
        checks=checks,
        reading=[_say("sums.note", lang), _say("tariffs.note", lang)],
    )
    return workbook(cover, tables, made_at, site)


def _tariffs(tariffs: Sequence[Tariff], money: Currency, title: str, lang: Lang) -> Table:
    kind = _kind(money)
    columns = [
        Column("from_day", _say("from_day", lang), "day"),
        Column("rate", f"{_say('rate', lang)} ({money.code})"),
        Column("invested", _say("invested", lang, currency=money.code), kind, 20),
        Column("users", _say("users", lang), "percent"),
        Column("others", _say("others", lang, currency=money.code), kind, 20),
        Column("months", _say("months", lang), "count"),
    ]
    rows = [
        (
            one.from_day,
            money.per_kg(one.fee_per_tonne),
            one.capital_minor,
            one.users_share_bp,
            one.others_minor,
            one.spread_months,
        )
        for one in tariffs
    ]
    name = f"{_say('tariffs', lang)} {money.code}"
    return Table(f"tariffs{money.code}", name, title, _say("tariffs.note", lang), columns, rows)
