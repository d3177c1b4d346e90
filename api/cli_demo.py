"""The command that plays a season through the ledger, and shows where to look."""

from __future__ import annotations

import json
import os
from shutil import rmtree
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli_deployment import listen
from api.cli_labels import certificate_pdf, owner
from api.cli_shared import open_recorder, progress_bar, say, stop, write
from api.settings import Settings

if TYPE_CHECKING:
    from ledger.log import SealedLog
    from ledger.record import Recorder


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.command()(demo)


def demo(
    cluster: Annotated[
        str, typer.Option(help="LR_COCOA (full size), GH_MANGO, GH_CASSAVA, TN_PEAR, GE_PHARMA or GE_FISH")
    ] = "LR_COCOA",
    totals: Annotated[bool, typer.Option("--totals", help="print the season's totals as JSON, and stop")] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="play the season, and stop")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Play a whole season through the ledger, then serve it."""
    from demo.clusters import CLUSTERS
    from ledger.log import seal

    if cluster not in CLUSTERS:
        stop(f"There is no cluster {cluster}. Known: {', '.join(CLUSTERS)}.", 2)
    settings = _demo_settings(cluster, port)
    recorder = open_recorder(settings, migrated=False)
    log = settings.log(recorder)
    played = _play(recorder, cluster, log)
    if totals:
        from demo.totals import totals as sums
        from models.db import system_session

        with system_session(recorder.database, write=False) as session:
            typer.echo(json.dumps(sums(session, cluster), indent=1, ensure_ascii=False))
        return
    with progress_bar("Sealing the log") as progress:
        seal(log, progress)
    _guide(recorder, settings, played)
    recorder.database.close()
    if not no_serve:
        listen("127.0.0.1", port)


def _demo_settings(cluster: str, port: int) -> Settings:
    """The demo lives in a file of its own, made anew each time, unless a database is named."""
    os.environ.setdefault("FILIERE_PUBLIC_URL", f"http://127.0.0.1:{port}")
    if "FILIERE_DATABASE_URL" not in os.environ:
        folder = Settings.from_env().data_dir / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{cluster.lower()}.db"
        for old in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            old.unlink(missing_ok=True)
        sealed = folder / f"{cluster.lower()}-log"  # a season played anew is another history
        rmtree(sealed, ignore_errors=True)
        os.environ["FILIERE_DATABASE_URL"] = f"sqlite:///{file}"
        os.environ["FILIERE_LOG_DIR"] = str(sealed / "public")
        os.environ["FILIERE_KEYS_DIR"] = str(sealed / "keys")
        os.environ["FILIERE_CHECKPOINT_FILE"] = str(sealed / "last-checkpoint")
    return Settings.from_env()


def _play(recorder: Recorder, cluster: str, log: SealedLog) -> Any:
    """Play the season, or take it as it is where it was played before. The log is open from the first event on."""
    from sqlalchemy import func, select

    import models
    from demo.play import play
    from ledger.log import open_log
    from models.base import table
    from models.db import system_session
    from models.schema import migrate as upgrade

    upgrade(recorder.database)
    open_log(log)
    with system_session(recorder.database, write=False) as session:
        there = session.execute(select(func.count()).select_from(table(models.Event))).scalar_one()
    if there:
        say(f"The database holds {there} events already; the season is not played again.")
        return None
    with progress_bar(f"Playing {cluster}") as progress:
        return play(recorder, cluster, progress)


def _guide(recorder: Recorder, settings: Settings, played: Any) -> None:
    """Where to look, and how to sign in."""
    from sqlalchemy import select

    import models
    from ledger.issue import issue_certificate, public_url
    from models.base import table
    from models.db import system_session

    label, lot, page = table(models.Label), table(models.Lot), table(models.PublicPage)
    document = table(models.Document)
    with system_session(recorder.database, write=False) as session:
        rows = session.execute(
            select(label.c.code, lot.c.code.label("lot"), lot.c.uid, lot.c.owner_id, page.c.state)
            .join(lot, lot.c.id == label.c.lot_id)
            .join(page, page.c.code == label.c.code)
            .order_by(lot.c.code, label.c.seq)
        ).all()
        traced = select(document.c.number).where(document.c.kind == "traceability_certificate")
        numbers = session.execute(traced.order_by(document.c.seq)).scalars().all()
    shown: dict[str, Any] = {}
    for row in rows:
        shown.setdefault(row.state, row)
    certificate = numbers[0] if numbers else None
    if certificate is None and "valid" in shown:
        certificate = issue_certificate(recorder, owner(recorder, shown["valid"].uid), shown["valid"].uid)
    say("")
    say(f"  API reference      {settings.public_url}/docs")
    for state, row in shown.items():
        say(f"  Page, {state:<12} {public_url(settings.public_url, row.code)}   ({row.lot})")
    if played is not None and played.bags is not None:
        say(f"  A bag, received    {played.bags.received}")
        say(f"  A bag, opened      {played.bags.opened}")
    if certificate is not None and "valid" in shown:
        file = settings.data_dir / "demo" / f"{certificate}.pdf"
        write(certificate_pdf(recorder, certificate), file)
        say(f"  Certificate        {file}")
    for login, password in played.logins if played is not None else ():
        say(f"  Sign in            {login}   password: {password}")
    say("")
