"""The commands that read files of people: profiles, and lists that are brought in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli_shared import Language, acting_for, open_recorder, progress_bar, say, write
from api.settings import Settings

profile = typer.Typer(
    help="Commodities and schemes as data.", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.add_typer(profile, name="profile")
    app.command(name="import")(import_)


@profile.callback()
def profile_group() -> None:
    """Commodities and schemes as data."""


@profile.command(name="check")
def profile_check(
    file: Annotated[Path, typer.Argument(help="TOML file of a commodity or a scheme", exists=True, dir_okay=False)],
) -> None:
    """Read one profile: what it says, or what is wrong with it, on which line, and what to write instead."""
    from domain.profiles import Commodity
    from labels.profile_text import commodity_text, scheme_text
    from ledger.profiles import check

    found = check(file)
    typer.echo(commodity_text(found) if isinstance(found, Commodity) else scheme_text(found))
    say(f"{file.name} is in order.")


def import_(
    file: Annotated[Path, typer.Argument(help="XLSX, XLS, ODS or CSV", exists=True, dir_okay=False)],
    kind: Annotated[Literal["farmers", "plots", "deliveries", "inspections"], typer.Option(help="what the rows are")],
    organisation: Annotated[str, typer.Option(help="code of the organisation whose list it is")],
    certificate: Annotated[str | None, typer.Option(help="number: farmers become members under it")] = None,
    season: Annotated[str | None, typer.Option(help="of the estimates, such as 2024/25")] = None,
    product: Annotated[str | None, typer.Option(help="of estimates, and of deliveries that tell none")] = None,
    site: Annotated[str | None, typer.Option(help="code of the site of deliveries that tell none")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="write the rows; otherwise they are only checked")] = False,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="apply without the rows to correct")] = False,
    errors: Annotated[Path | None, typer.Option(help="write the rows to correct to this XLSX file")] = None,
    lang: Language = "en",
) -> None:
    """Check a list of farmers, plots, deliveries or inspections, and bring it in."""
    from ledger import importing

    recorder = open_recorder(Settings.from_env())
    actor = acting_for(recorder, organisation)
    options = importing.Options(certificate=certificate, season=season, product=product, site=site)
    checked = importing.receive(recorder, actor, kind, file.name, file.read_bytes(), options)
    for fault in checked.faults:
        place = checked.layout.cell(fault.column, fault.row) or f"row {fault.row}"
        typer.echo(f"{place:<8}{fault.level:<10}{fault.said(lang)} {fault.todo(lang)}")
    say(importing.said(checked.run, lang))
    if checked.missing:
        say(f"No heading is known for: {', '.join(checked.missing)}.")
    if checked.same is not None:
        say(f"The same file was imported before, as {checked.same.id}.")
    if errors is not None:
        write(importing.error_sheet(checked, lang), errors)
    if apply:
        with progress_bar("Importing") as progress:
            applied = importing.apply(recorder, actor, checked.run.id, leave_out=leave_out, progress=progress)
        say(f"Imported. {len(applied.lowered)} lots claim less now." if applied.lowered else "Imported.")
    elif checked.missing or checked.to_correct():
        sys.exit(1)
