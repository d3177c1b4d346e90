"""The commands of recalls: open one, test one, write the report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from api.cli_shared import Language, Output, acting_for, open_recorder, say, write
from api.settings import Settings

if TYPE_CHECKING:
    from ledger.record import Recorder

recalls = typer.Typer(help="Recall goods, test a recall, and write the report.", no_args_is_help=True)
From = Annotated[Literal["lot", "input", "plot", "load", "vessel", "check"], typer.Option("--from", help="what REF is")]
Ref = Annotated[str, typer.Argument(help="code or id of the lot, plot, load or vessel; id of the check's event")]
Reason = Annotated[str, typer.Option(help="why; of a recall it stays in the log: no names of persons")]
Acting = Annotated[str, typer.Option(help="code of the organisation that recalls")]


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.add_typer(recalls, name="recall")


@recalls.command("open")
def recall_open(
    ref: Ref, reason: Reason, organisation: Acting, origin: From = "lot", output: Output = None, lang: Language = "en"
) -> None:
    """Block goods and all that was made from them, at once, and write the report (PDF)."""
    _open_recall("real", ref, reason, organisation, origin, output, lang)


@recalls.command("mock")
def recall_mock(
    ref: Ref,
    organisation: Acting,
    reason: Reason = "Test of traceability",
    origin: From = "lot",
    output: Output = None,
    lang: Language = "en",
) -> None:
    """Test a recall: the same without blocking anything, timed, with the record that auditors ask for (PDF)."""
    _open_recall("mock", ref, reason, organisation, origin, output, lang)


def _open_recall(
    kind: Literal["real", "mock"],
    ref: str,
    reason: str,
    organisation: str,
    origin: Literal["lot", "input", "plot", "load", "vessel", "check"],
    output: Path | None,
    lang: Language,
) -> None:
    from ledger import recall as cases

    recorder = open_recorder(Settings.from_env())
    actor = acting_for(recorder, organisation)
    identity, _ = cases.open_case(recorder, actor, kind, cases.Origin(origin, ref), reason)
    _recall_report(recorder, identity, output, lang)


@recalls.command("report")
def recall_report(
    number: Annotated[str, typer.Argument(help="number or id of the recall or test")],
    output: Output = None,
    lang: Language = "en",
) -> None:
    """Write the report of a recall, or the record of a test (PDF)."""
    _recall_report(open_recorder(Settings.from_env()), number, output, lang)


def _recall_report(recorder: Recorder, wanted: str, output: Path | None, lang: Language) -> None:
    from domain.findings import sentence
    from domain.refusals import kg
    from ledger import recall as cases
    from models.db import system_session

    with system_session(recorder.database, write=False) as session:
        found = cases.report(session, None, wanted, now=recorder.clock())
    sums, case = found.survey.sums, found.case
    assert sums is not None  # the whole case, as its opener sees it
    say(f"{case.number}: {len(found.survey.lots) + found.survey.hidden_lots} lots, traced in {case.took_ms} ms.")
    parts = (("in house", sums.in_house_g), ("shipped", sums.shipped_g), ("destroyed", sums.destroyed_g))
    said = ", ".join(f"{kg(grams)} {name}" for name, grams in (*parts, ("returned", sums.returned_g)))
    say(f"{kg(sums.affected_g)} affected: {said}.")
    for one in found.findings:
        say(f"  {sentence(one, lang)}")
    if output is not None or not sys.stdout.isatty():
        write(cases.paper(found, lang), output)
