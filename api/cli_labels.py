"""The commands of labels, of documents, and of labelled units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from api.cli_shared import Lot, Output, open_recorder, progress_bar, say, stop, write
from api.settings import Settings

if TYPE_CHECKING:
    from domain.values import Actor
    from ledger.record import Recorder


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.command()(label)
    app.command()(certificate)
    app.command()(units)


def label(
    lot: Lot,
    form: Annotated[Literal["svg", "png", "pdf", "zpl"], typer.Option("--format")] = "svg",
    output: Output = None,
    lang: Annotated[Literal["en", "fr", "ar", "ka"], typer.Option(help="language of the label")] = "en",
    design: Annotated[
        Literal["sack", "carton", "retail", "pallet", "tag", "short"] | None,
        typer.Option(help="what the label is for; default: the bag label of 99.1 x 67.7 mm"),
    ] = None,
    dpi: Annotated[int, typer.Option(help="dots an inch of the printer's head: 203, 300 or 600")] = 300,
    grid: Annotated[
        Literal["roll", "2x4", "2x2", "3x6", "3x7"] | None,
        typer.Option(help="roll, or die-cut A4; default: roll for a design, else 2x4"),
    ] = None,
    first: Annotated[int, typer.Option(min=1, help="first unit to print")] = 1,
    count: Annotated[int | None, typer.Option(min=1, help="labels on the sheets; default: one a unit")] = None,
    skip: Annotated[int, typer.Option(min=0, max=20, help="positions already used on the first sheet")] = 0,
) -> None:
    """Print the label of a lot; one is issued if it has none."""
    from domain.refusals import Refused
    from ledger.issue import issue_label, label_of, printed
    from models.db import system_session

    recorder = open_recorder(Settings.from_env())
    try:
        with system_session(recorder.database, write=False) as session:
            labelled = label_of(session, recorder, None, lot)
    except Refused as refused:
        if refused.code != "LOT_WITHOUT_LABEL":
            raise
        actor, uid = _owner_of(recorder, lot)
        issue_label(recorder, actor, uid)
        with system_session(recorder.database, write=False) as session:
            labelled = label_of(session, recorder, None, lot)
    data, _ = printed(labelled, form, lang=lang, design=design, dpi=dpi, grid=grid, first=first, count=count, skip=skip)
    write(data, output)
    say(labelled.passport.url)


def certificate(
    lot: Annotated[str | None, typer.Argument(help="code or id of the lot")] = None,
    output: Output = None,
    lang: Annotated[Literal["en", "fr"] | None, typer.Option(help="language of the text")] = None,
    kind: Annotated[
        Literal["traceability", "analysis", "transaction"], typer.Option(help="which document")
    ] = "traceability",
    shipment: Annotated[
        str | None, typer.Option(help="of a transaction statement: id of the event that shipped or certified the goods")
    ] = None,
    reissue: Annotated[str | None, typer.Option(help="number of a document to issue anew, in its place")] = None,
    revoke: Annotated[str | None, typer.Option(help="number of a document to withdraw")] = None,
    reason: Annotated[str | None, typer.Option(help="why it is withdrawn; no names of persons")] = None,
) -> None:
    """Issue a numbered, frozen, signed document on a lot; issue one anew, or withdraw it."""
    from domain.documents import Kind
    from ledger import issue

    if sum(one is not None for one in (lot, reissue, revoke)) != 1:
        stop("Name a lot, or a document to issue anew, or one to withdraw.", 2)
    if (revoke is None) != (reason is None):
        stop("To withdraw a document takes --revoke NUMBER and --reason.", 2)
    if (kind == "transaction") != (shipment is not None):
        stop("A transaction statement takes --kind transaction and --shipment EVENT.", 2)
    recorder = open_recorder(Settings.from_env())
    if revoke is not None and reason is not None:
        issue.revoke_document(recorder, _issuer_of(recorder, revoke), revoke, reason)
        say(f"Withdrawn: {revoke}.")
        return
    if reissue is not None:
        number = issue.reissue(recorder, _issuer_of(recorder, reissue), reissue, lang)
    else:
        kinds: dict[str, Kind] = {
            "traceability": "traceability_certificate",
            "analysis": "certificate_of_analysis",
            "transaction": "transaction_statement",
        }
        actor, uid = _owner_of(recorder, lot or "")
        number = issue.issue_certificate(recorder, actor, uid, lang or "en", kinds[kind], about=shipment)
    write(certificate_pdf(recorder, number), output)
    say(f"Issued {number}." + (f" {reissue} is superseded." if reissue is not None else ""))


def units(
    lot: Lot,
    label: Annotated[bool, typer.Option("--label", help="label packed units that have no label")] = False,
    first: Annotated[int, typer.Option(min=1, help="first unit")] = 1,
    count: Annotated[int | None, typer.Option(min=1, help="how many; default: all from the first on")] = None,
    print_: Annotated[
        Literal["pdf", "zpl"] | None, typer.Option("--print", help="print their labels; goes into the register")
    ] = None,
    design: Annotated[
        Literal["sack", "carton", "retail", "pallet", "tag", "short", "opening"],
        typer.Option(help="what the label is for; opening: the opening codes, for under the tear-off"),
    ] = "sack",
    lang: Annotated[Literal["en", "fr", "ar", "ka"], typer.Option(help="language of the label")] = "en",
    dpi: Annotated[int, typer.Option(help="dots an inch of the printer's head: 203, 300 or 600")] = 300,
    grid: Annotated[Literal["roll", "2x4", "2x2", "3x6", "3x7"], typer.Option(help="roll, or die-cut A4")] = "roll",
    skip: Annotated[int, typer.Option(min=0, max=20, help="places already used on the first sheet")] = 0,
    reason: Annotated[str | None, typer.Option(help="why again, where a label was printed before")] = None,
    output: Output = None,
) -> None:
    """The units of a lot and what became of them (CSV). With --label they get labels, with --print these are drawn.

    With --label alone: address, typed code and opening code of each label as CSV.
    """
    from domain.units import OPENING_DESIGN
    from ledger.log import open_log
    from ledger.units import label_units, unit_labels, units_of
    from models.db import system_session

    recorder = open_recorder(Settings.from_env())
    if label:
        open_log(Settings.from_env().log(recorder))
    actor, uid = _owner_of(recorder, lot)
    with system_session(recorder.database, write=False) as session:
        code, of, found = units_of(session, actor.org_id, uid, first=first, limit=count or 200_000)
    wanted = count or max(1, of - first + 1)
    if label:
        done = label_units(
            recorder, actor, uid, first=first, count=wanted, design=None if design == OPENING_DESIGN else design
        )
        say(f"{code}: {done.count} units labelled from {done.first} on.")
    if print_ is not None:
        from ledger.unit_print import Job, print_units

        if output is None or str(output) == "-":
            stop("Name the file to print to: -o labels.pdf", 2)
        job = Job(uid, first, wanted, print_, design, lang, dpi, grid, skip, 1, reason)
        with output.open("wb") as sink, progress_bar("Drawing labels") as progress:
            drawn = print_units(recorder, actor, job, sink, progress)
        return say(f"Wrote {output}: {drawn} labels.")
    if not label:
        rows = [
            (unit.number, unit.net_g, unit.state or "packed", unit.by or "", unit.prints, unit.opening_prints)
            for unit in found
        ]
        write(_csv(("unit", "net_g", "state", "by", "prints", "opening_prints"), rows), output)
        return say(f"{code}: {of} units.")
    with system_session(recorder.database, write=False) as session:
        labels = unit_labels(session, recorder, actor.org_id, uid, first, wanted)
    lines = [(one.number, one.of, one.net_grams, one.address, one.typed_code, one.opening_code) for one in labels]
    return write(_csv(("unit", "of", "net_g", "address", "typed_code", "opening_code"), lines), output)


def _csv(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue()


def certificate_pdf(recorder: Recorder, number: str) -> bytes:
    """A document as it was signed; the log's proof is in it."""
    from ledger.documents import desk_of, signed
    from ledger.log import open_log

    log = Settings.from_env().log(recorder)
    open_log(log)
    return signed(desk_of(log, seals=True), None, number).content


def _issuer_of(recorder: Recorder, number: str) -> Actor:
    """The organisation that issued a document."""
    import models
    from domain.refusals import Refused
    from models.base import table

    document = table(models.Document)
    found = _organisation(recorder, document.c.org_id, document.c.number == number)
    if found is None:
        raise Refused("DOCUMENT_UNKNOWN", document=number)
    return found


def _organisation(recorder: Recorder, org_id: Any, condition: Any) -> Actor | None:
    """The organisation that a column names in the row where a condition holds."""
    from sqlalchemy import select

    import models
    from domain.values import Actor
    from models.base import table
    from models.db import system_session

    organisation = table(models.Organisation)
    with system_session(recorder.database, write=False) as session:
        query = select(organisation.c.id, organisation.c.code).where(organisation.c.id == org_id, condition)
        row = session.execute(query).first()
    return None if row is None else Actor(row.id, row.code, "system")


def _owner_of(recorder: Recorder, lot: str) -> tuple[Actor, str]:
    from ledger.queries import find_lot
    from models.db import system_session

    with system_session(recorder.database, write=False) as session:
        found = find_lot(session, None, lot)
    return owner(recorder, found.uid), found.uid


def owner(recorder: Recorder, uid: str) -> Actor:
    """The organisation that owns a lot: whoever runs the command line acts for it."""
    import models
    from models.base import table

    lot = table(models.Lot)
    found = _organisation(recorder, lot.c.owner_id, lot.c.uid == uid)
    assert found is not None
    return found
