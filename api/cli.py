"""The command ``filiere``: data on standard output, talk and errors on standard error.

Exit status: 0 done · 1 refused, or not in order · 2 misused. Heavy modules are imported by the command that needs them.
The commands stand in ``api/cli_….py``; ``filiere --help`` lists them in the order in which they are installed here.
"""

from __future__ import annotations

import typer

from api import cli_demo, cli_deployment, cli_files, cli_labels, cli_log, cli_lots, cli_recall, cli_season, cli_verify
from api.cli_shared import stop

app = typer.Typer(
    name="filiere",
    help="The shared, verifiable logbook of a cluster value chain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

cli_log.install(app)
cli_deployment.install(app)
cli_demo.install(app)
cli_lots.install(app)
cli_labels.install(app)
cli_season.install(app)
cli_recall.install(app)
cli_files.install(app)
cli_verify.install(app)


def main() -> None:
    """Run a command; a refusal is one sentence and what to do, not a stack of calls."""
    from sqlalchemy.exc import OperationalError

    from domain.refusals import Refused, advice, sentence
    from ledger import memory
    from ledger.access import CATALOGUE, AccessRefused
    from models.db import ScopeError

    memory.seldom()
    try:
        app()
    except Refused as refused:
        stop(f"{sentence(refused)} {advice(refused)}")
    except AccessRefused as refused:
        entry = CATALOGUE[refused.code]
        stop(" ".join(text["en"].format(**refused.params) for text in (entry.sentence, entry.advice)))
    except (ScopeError, ValueError, OSError) as error:
        stop(str(error))
    except OperationalError as error:
        stop(f"The database does not answer: {str(error.orig).strip()}")
