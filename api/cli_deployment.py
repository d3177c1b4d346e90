"""The commands of a deployment: found it, migrate it, serve it, rebuild it from its log."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from api.cli_shared import open_recorder, progress_bar, say, stop
from api.settings import Settings


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.command()(init)
    app.command()(migrate)
    app.command()(serve)
    app.command()(replay)


def init(
    code: Annotated[str, typer.Option(help="code of the organisation, e.g. LR-C1", prompt="Code of the organisation")],
    name: Annotated[str, typer.Option(help="its name", prompt="Name of the organisation")],
    admin: Annotated[
        str, typer.Option(help="login name of its administrator", prompt="Login name of the administrator")
    ],
    kind: Annotated[
        str,
        typer.Option(help="farmer_group, facility_operator, exporter, buyer, certifier, laboratory, operator"),
    ] = "operator",
    country: Annotated[str, typer.Option(help="ISO 3166 code of the country")] = "LR",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="read the password from standard input")
    ] = False,
) -> None:
    """Make the database, the first organisation and its administrator."""
    from ledger.access import found
    from ledger.log import open_log
    from models.schema import migrate

    recorder = open_recorder(Settings.from_env(), migrated=False)
    migrate(recorder.database)
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt(
            "Password of the administrator (12 characters or more)",
            hide_input=True,
            confirmation_prompt=True,
            err=True,
        )
    )
    found(
        recorder,
        code=code,
        name=name,
        kind=kind,
        country=country,
        region=None,
        contact=None,
        admin_name=admin,
        admin_full_name=admin,
        password=password,
    )
    open_log(Settings.from_env().log(recorder))
    say(f"Founded {name}. Sign in as {admin}@{code}. Next: filiere serve")


def migrate() -> None:
    """Bring the database to this release's schema."""
    from models.schema import current, head
    from models.schema import migrate as upgrade

    recorder = open_recorder(Settings.from_env(), migrated=False)
    before = current(recorder.database)
    upgrade(recorder.database)
    say(f"Schema: {before or 'empty'} → {head()}.")


def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve the API and the public pages."""
    open_recorder(Settings.from_env()).database.close()
    listen(host, port)


def listen(host: str, port: int) -> None:
    """Run the service until it is stopped."""
    import uvicorn

    uvicorn.run(
        "api.app:service",
        factory=True,
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        log_level="warning",
    )


def replay(
    write: Annotated[bool, typer.Option("--write", help="keep the rebuilt rows; otherwise only compare")] = False,
) -> None:
    """Rebuild everything that follows from the log, and say where the rows differ."""
    from ledger.replay import replay as rebuild

    recorder = open_recorder(Settings.from_env())
    with progress_bar("Replaying events") as progress:
        report = rebuild(recorder, write=write, progress=progress)
    say(f"{report.events} events, {report.rows} rows.")
    if report.identical:
        say("Identical: every row follows from the log.")
        return
    for title, rows in (("missing in the database", report.missing), ("not in the log", report.surplus)):
        for name, found in sorted(rows.items()):
            say(f"{name}: {len(found)} {title}, for example {found[0]}")
    if not write:
        stop("The rows differ from the log. `filiere replay --write` puts them right.")
