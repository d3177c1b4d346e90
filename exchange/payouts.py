"""What farmers get, as CSV and as a workbook: a sheet of sums and a sheet of deliveries for each currency."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from domain.prices import Amount, Currency, payouts
from domain.refusals import Lang
from exchange.workbook import Check, Column, Cover, Kind, Table, safe, workbook

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

WORDS: Final[dict[str, tuple[str, str]]] = {
    "cover": ("Payout", "Paiement"),
    "title": ("What farmers get", "Ce que reçoivent les producteurs"),
    "sums": ("Farmers", "Producteurs"),
    "sums.title": ("By farmer, in {currency}", "Par producteur, en {currency}"),
    "sums.note": (
        "Sums over the deliveries that stand: corrected ones as put right, void ones left out.",
        "Sommes des livraisons valables : les corrigées comme rectifiées, sans celles annulées.",
    ),
    "rows": ("Deliveries", "Livraisons"),
    "rows.title": ("By delivery, in {currency}", "Par livraison, en {currency}"),
    "rows.note": (
        "The price is that of the day of the delivery (UTC); an amount is rounded once, at its end.",
        "Le prix est celui du jour de la livraison (UTC) ; un montant est arrondi une fois, à la fin.",
    ),
    "none": ("No price", "Sans prix"),
    "none.title": ("Deliveries without a price", "Livraisons sans prix"),
    "none.note": (
        "They meet no line of a price list, and are in no sum.",
        "Elles ne répondent à aucune ligne de prix et ne sont dans aucune somme.",
    ),
    "farmer": ("Farmer", "Producteur"),
    "deliveries": ("Deliveries", "Livraisons"),
    "grams": ("Brought (kg)", "Livré (kg)"),
    "paid_g": ("Paid for (kg)", "Payé (kg)"),
    "amount": ("Amount ({currency})", "Montant ({currency})"),
    "at": ("Brought at (UTC)", "Livré le (UTC)"),
    "lot": ("Lot", "Lot"),
    "product": ("Product", "Produit"),
    "harvested_on": ("Harvested on", "Récolté le"),
    "line": ("Price line", "Ligne de prix"),
    "list": ("Price list", "Liste de prix"),
    "version": ("Version", "Version"),
    "state": ("State of the lot", "État du lot"),
    "event": ("Event", "Événement"),
    "why": ("Why", "Pourquoi"),
    "period": ("Period", "Période"),
    "organisation": ("Organisation", "Organisation"),
    "total": ("Amount {currency}", "Montant {currency}"),
    "figure": ("Figure", "Chiffre"),
    "ledger": ("Ledger", "Registre"),
    "sheet": ("Sheet", "Feuille"),
    "difference": ("Difference", "Écart"),
    "check": ("Check", "Contrôle"),
    "same": ("same", "identique"),
    "differs": ("differs", "différent"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery and what it is paid."""

    farmer: str
    at: datetime
    lot: str
    product: str
    harvested_on: date | None
    state: str
    event: str
    amount: Amount


def say(key: str, lang: Lang, **params: str) -> str:
    """A word of the sheets."""
    return WORDS[key][0 if lang == "en" else 1].format(**params)


def payout_csv(rows: Sequence[Row], money: Mapping[str, Currency], lang: Lang = "en") -> bytes:
    """One line a delivery, UTF-8 with a byte order mark, decimals with a point: what another program reads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    keys = ("farmer", "at", "lot", "product", "harvested_on", "grams", "paid_g")
    writer.writerow(
        [
            *(say(key, lang) for key in keys),
            say("amount", lang, currency="–"),
            "currency",
            *(say(key, lang) for key in ("line", "list", "version", "state", "event", "why")),
        ]
    )
    for row in rows:
        one = row.amount
        writer.writerow(
            [
                safe(row.farmer),
                f"{row.at:%Y-%m-%dT%H:%M:%SZ}",
                safe(row.lot),
                row.product,
                row.harvested_on or "",
                f"{one.grams // 1000}.{one.grams % 1000:03d}",
                f"{one.paid_g // 1000}.{one.paid_g % 1000:03d}",
                money[one.currency].text(one.minor) if one.currency is not None and one.minor is not None else "",
                one.currency or "",
                safe(one.line or ""),
                safe(one.list_code or ""),
                one.version or "",
                row.state,
                row.event,
                _why(row, lang),
            ]
        )
    return out.getvalue().encode("utf-8-sig")


def _why(row: Row, lang: Lang) -> str:
    return safe(" ".join(reason.sentence(lang) for reason in row.amount.reasons))


def payout_xlsx(
    rows: Sequence[Row],
    totals: Mapping[str, int],
    money: Mapping[str, Currency],
    *,
    organisation: str,
    period: str,
    made_at: datetime,
    lang: Lang = "en",
) -> bytes:
    """A cover that compares the ledger's own sums (``totals``, by currency) with the sheets, and the sheets."""
    tables, checks = list[Table](), list[Check]()
    for code in sorted({row.amount.currency for row in rows if row.amount.currency is not None} | totals.keys()):
        some = [row for row in rows if row.amount.currency == code]
        for made in (_sums(some, money[code], lang), _deliveries(some, money[code], lang)):
            tables.append(made)
            kind = _kind(money[code])
            title = f"{say('total', lang, currency=code)} · {made.name}"
            checks.append(Check(title, kind, totals.get(code, 0), made, "amount"))
    unpriced = [row for row in rows if row.amount.currency is None]
    if unpriced:
        tables.append(_deliveries(unpriced, None, lang))
    cover = Cover(
        name=say("cover", lang),
        title=say("title", lang),
        subtitle=period,
        facts=[(say("organisation", lang), organisation), (say("period", lang), period)],
        headings=tuple(say(key, lang) for key in ("figure", "ledger", "sheet", "difference", "check")),  # type: ignore[arg-type]
        same=say("same", lang),
        differs=say("differs", lang),
        checks=checks,
        reading=[say("sums.note", lang), say("rows.note", lang)],
    )
    return workbook(cover, tables, made_at, organisation)


def _kind(currency: Currency) -> Kind:
    return {0: "minor0", 3: "minor3"}.get(currency.digits, "minor2")  # type: ignore[return-value]


def _sums(rows: Sequence[Row], currency: Currency, lang: Lang) -> Table:
    columns = [
        Column("farmer", say("farmer", lang)),
        Column("deliveries", say("deliveries", lang), "count", summed=True),
        Column("grams", say("grams", lang), "kg", 16, summed=True),
        Column("paid_g", say("paid_g", lang), "kg", 16, summed=True),
        Column("amount", say("amount", lang, currency=currency.code), _kind(currency), 20, summed=True),
    ]
    found = payouts((row.farmer, row.amount) for row in rows)
    values = [(one.farmer, one.deliveries, one.grams, one.paid_g, one.minor) for one in found]
    return _table("sums", currency.code, columns, values, lang)


def _deliveries(rows: Sequence[Row], currency: Currency | None, lang: Lang) -> Table:
    columns = [
        Column("farmer", say("farmer", lang)),
        Column("at", say("at", lang), "moment", 18),
        Column("lot", say("lot", lang), width=18),
        Column("product", say("product", lang), width=18),
        Column("harvested_on", say("harvested_on", lang), "day"),
        Column("grams", say("grams", lang), "kg", 16, summed=True),
    ]
    values: list[list[Any]] = [
        [row.farmer, row.at, row.lot, row.product, row.harvested_on, row.amount.grams] for row in rows
    ]
    if currency is not None:
        columns += [
            Column("paid_g", say("paid_g", lang), "kg", 16, summed=True),
            Column("amount", say("amount", lang, currency=currency.code), _kind(currency), 20, summed=True),
            Column("line", say("line", lang)),
            Column("list", say("list", lang)),
            Column("version", say("version", lang), "count", 9),
        ]
        for row, value in zip(rows, values, strict=True):
            one = row.amount
            value += [one.paid_g, one.minor, one.line, one.list_code, one.version]
    columns += [
        Column("state", say("state", lang)),
        Column("event", say("event", lang), width=38),
        Column("why", say("why", lang), width=90),
    ]
    for row, value in zip(rows, values, strict=True):
        value += [row.state, row.event, _why(row, lang)]
    return _table("rows" if currency is not None else "none", currency.code if currency else "", columns, values, lang)


def _table(key: str, currency: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], lang: Lang) -> Table:
    name = f"{say(key, lang)} {currency}".strip()
    return Table(
        f"{key}{currency}", name, say(f"{key}.title", lang, currency=currency), say(f"{key}.note", lang), columns, rows
    )
