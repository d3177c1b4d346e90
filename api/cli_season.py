"""The commands of a season on paper: mass balance, payouts, the certifier's pack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.cli_shared import Language, Output, open_recorder, say, stop, write
from api.settings import Settings

SeasonCode = Annotated[str, typer.Option(help="season, such as 2024/25")]


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.command()(balance)
    app.command()(payout)
    app.command()(pack)


def balance(
    certificate: Annotated[str | None, typer.Option(help="number or id of a certificate")] = None,
    organisation: Annotated[str | None, typer.Option(help="code of an organisation")] = None,
    site: Annotated[str | None, typer.Option(help="code of a site; alone, or of the organisation named")] = None,
    basis: Annotated[Literal["owned", "held"], typer.Option(help="whose goods: its own, or what it holds")] = "owned",
    season: Annotated[str | None, typer.Option(help="season, such as 2024/25; otherwise: all time")] = None,
    lang: Language = "en",
) -> None:
    """Print the mass balance of a certificate, an organisation or a site, in kilograms."""
    from domain.balance import Span, statement
    from ledger import balances
    from models.db import system_session

    if sum(one is not None for one in (certificate, organisation or site)) != 1:
        stop("Name a certificate, or an organisation, or a site.", 2)
    with system_session(open_recorder(Settings.from_env()).database, write=False) as session:
        if certificate is not None:
            held = balances.certificate(session, None, certificate)
            books = balances.read(session, held.org_id)
            account = balances.under(session, books, held)
            commodity = balances.commodity_of_certificate(session, held) if season else None
        else:
            org_id, site_id = balances.whose(session, organisation, site)
            books = balances.read(session, org_id)
            own = books.owned() if basis == "owned" else books.held()
            account = books.at(site_id) if site_id is not None else own
            commodity = balances.commodity_of(balances.products_of(books)) if season else None
        span = balances.season(commodity, season).span if commodity is not None and season is not None else Span()
        stated = statement(books.movements, account, span)
    if not stated:
        stop("Nothing moved in this time.")
    _balance_table(stated, lang)


def _balance_table(stated: dict[str, Any], lang: Language) -> None:
    """A line a product, the sum of all below: grams to kilograms, exactly."""
    from rich.console import Console
    from rich.table import Table

    from domain.balance import total
    from domain.refusals import kg
    from exchange.pack_tables import CELLS, say

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(say("product", lang))
    for cell in CELLS:
        table.add_column(say(cell, lang).removesuffix(" (kg)"), justify="right")
    for product, one in [*stated.items(), ("Σ", total(stated.values()))]:
        figures = [kg(getattr(one, cell), lang).removesuffix(" kg") for cell in CELLS]
        table.add_row(product, *figures, style="bold" if product == "Σ" else None)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def payout(
    organisation: Annotated[str, typer.Option(help="code of the organisation that pays")],
    season: Annotated[str | None, typer.Option(help="season, such as 2024/25; otherwise: all time")] = None,
    commodity: Annotated[str | None, typer.Option(help="whose season; needed where there are several")] = None,
    output: Output = None,
    lang: Language = "en",
) -> None:
    """What each farmer gets, by the price lists: a table, or a file .csv or .xlsx with every delivery."""
    from domain.prices import totals
    from ledger import prices
    from ledger.facts import organisations
    from ledger.queries import instant
    from models.db import system_session

    recorder = open_recorder(Settings.from_env())
    with system_session(recorder.database, write=False) as session:
        actor = organisations(session.connection(), [organisation])
        if organisation not in actor:
            stop(f"There is no organisation {organisation}.")
        rows = prices.wanted(session, actor[organisation], season=season, commodity=commodity)
    sums, money = totals([row.amount for row in rows]), prices.currencies()
    if output is not None and output.suffix in (".csv", ".xlsx"):
        from exchange.payouts import payout_csv, payout_xlsx

        sheet = prices.sheet_rows(rows)
        if output.suffix == ".csv":
            made = payout_csv(sheet, money, lang)
        else:
            at = instant(recorder.clock())
            period = season or "…"
            made = payout_xlsx(sheet, sums, money, organisation=organisation, period=period, made_at=at, lang=lang)
        write(made, output)
    else:
        lines = [
            "\t".join(
                (
                    one.farmer,
                    str(one.deliveries),
                    f"{one.grams // 1000}.{one.grams % 1000:03d}",
                    money[one.currency].said(one.minor) if one.currency else "-",
                )
            )
            for one in prices.payouts(rows)
        ]
        write("".join(f"{line}\n" for line in ("farmer\tdeliveries\tkg\tamount", *lines)), output)
    unpriced = sum(row.amount.minor is None for row in rows)
    say(
        f"{len(rows)} deliveries, {unpriced} without a price: "
        f"{', '.join(money[code].said(minor) for code, minor in sums.items()) or 'nothing to pay'}."
    )


def pack(
    certificate: Annotated[str, typer.Option(help="number or id of the certificate")],
    season: SeasonCode,
    out: Annotated[Path, typer.Option(help="folder to write to")] = Path(),
    lang: Language = "en",
) -> None:
    """Write the certifier's pack of a certificate and a season: a workbook and a PDF. They name persons."""
    from exchange.pack_pdf import pack_pdf
    from exchange.pack_xlsx import pack_xlsx
    from ledger.pack import pack as collect
    from models.db import system_session

    recorder = open_recorder(Settings.from_env())
    with system_session(recorder.database, write=False) as session:
        found = collect(session, None, certificate, season, now=recorder.clock())
    name = f"{found.paper.number}-{found.season}".replace("/", "-")
    write(pack_xlsx(found, lang), out / f"{name}.xlsx")
    write(pack_pdf(found, lang), out / f"{name}.pdf")
    say(f"{len(found.members)} members, {len(found.purchases)} deliveries, {len(found.findings)} findings.")
