"""The commands that list lots and trace them."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from api.cli_shared import Language, Lot, Output, open_recorder, write
from api.settings import Settings


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.command()(lots)
    app.command()(trace)


def lots(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    code: Annotated[str | None, typer.Option(help="code begins with")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
) -> None:
    """List lots, newest first."""
    from sqlalchemy import select

    import models
    from ledger.queries import claims_of
    from models.base import table
    from models.db import system_session

    lot = table(models.Lot)
    query = select(lot).order_by(lot.c.id.desc()).limit(limit)
    if code is not None:
        query = query.where(lot.c.code.startswith(code.upper(), autoescape=True))
    with system_session(open_recorder(Settings.from_env()).database, write=False) as session:
        rows = session.execute(query).all()
        claims = claims_of(session, [row.id for row in rows])
    plain = [
        {
            "id": row.uid,
            "code": row.code,
            "kind": row.kind,
            "product": row.product,
            "initial_g": row.initial_g,
            "remaining_g": row.remaining_g,
            "disposition": row.disposition,
            "qc": row.qc,
            "grade": row.grade,
            "claims": claims.get(row.id, {}),
        }
        for row in rows
    ]
    if as_json:
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    for item in plain:
        said = ",".join(f"{scheme}:{value}" for scheme, value in item["claims"].items()) or "-"
        kilograms = f"{item['remaining_g'] / 1000:>11.3f} of {item['initial_g'] / 1000:>11.3f} kg"
        typer.echo(
            f"{item['code']:<22}{item['product']:<18}{kilograms}  {item['disposition']:<10}{item['qc']:<8}{said}"
        )


def trace(
    lot: Lot,
    direction: Annotated[Literal["back", "forward"], typer.Option(help="where it is from, or where it went")] = "back",
    form: Annotated[Literal["json", "csv", "svg"], typer.Option("--format")] = "json",
    output: Output = None,
    lang: Language = "en",
) -> None:
    """Where a lot is from, to the gram, or where it went."""
    from api.v1.lots import trace_csv, trace_out
    from ledger.queries import trace as follow
    from models.db import system_session

    with system_session(open_recorder(Settings.from_env()).database, write=False) as session:
        found = follow(session, None, lot, direction)
    if form == "json":
        write(trace_out(found).model_dump_json(indent=1) + "\n", output)
    elif form == "csv":
        write(trace_csv(found), output)
    else:
        from labels.lineage import trace_svg

        write(trace_svg(found, lang), output)
