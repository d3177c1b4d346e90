"""What the commands share: talk, a bar of progress, the database at hand, and files to write."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from api.settings import Settings

if TYPE_CHECKING:
    from domain.values import Actor
    from ledger.record import Recorder

Lot = Annotated[str, typer.Argument(help="code or id of the lot")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="file to write; standard output if none, or -")]
Language = Annotated[Literal["en", "fr"], typer.Option(help="language of the text")]


def say(text: str) -> None:
    """Talk: to standard error, so that data stays alone on standard output."""
    typer.echo(text, err=True)


def stop(text: str, status: int = 1) -> NoReturn:
    """Say it, and end with an exit status."""
    say(text)
    sys.exit(status)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar with count and time left on a terminal; elsewhere a line every tenth."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(title)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    told = {"tenth": -1}

    def line(done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if tenth != told["tenth"]:
            told["tenth"] = tenth
            say(f"{title}: {done} of {total}")

    yield line


def open_recorder(settings: Settings, *, migrated: bool = True) -> Recorder:
    """The ledger of the settings; ``migrated``: only at the schema of this release."""
    from ledger.record import Recorder
    from models.db import connect
    from models.schema import current, head

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = connect(settings.database_url, settings.read_database_url)
    if migrated and current(database) != head():
        stop("The database is not at this release's schema. Run: filiere migrate")
    return Recorder(database, host=settings.public_url, keys=settings.keys)


def write(data: bytes | str, output: Path | None) -> None:
    """Data to a file, or to standard output where none or - is named."""
    raw = data.encode() if isinstance(data, str) else data
    if output is None or str(output) == "-":
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(raw)
    say(f"Wrote {output} ({len(raw):,} bytes).")


def acting_for(recorder: Recorder, code: str) -> Actor:
    """Whoever runs the command line acts for the organisation that is named."""
    from sqlalchemy import select

    import models
    from domain.values import Actor
    from models.base import table
    from models.db import system_session

    held = table(models.Organisation)
    with system_session(recorder.database, write=False) as session:
        row = session.execute(select(held.c.id, held.c.code).where(held.c.code == code.upper())).first()
    if row is None:
        stop(f"There is no organisation {code}.", 2)
    return Actor(row.id, row.code, "system")
