"""The command ``filiere``: data on standard output, talk and errors on standard error.

Exit status: 0 done · 1 refused, or not in order · 2 misused. Heavy modules are imported by the command that needs them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from api import cli_log
from api.settings import Settings

if TYPE_CHECKING:
    from domain.values import Actor
    from ledger.log import SealedLog
    from ledger.record import Recorder

app = typer.Typer(
    name="filiere",
    help="The shared, verifiable logbook of a cluster value chain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Lot = Annotated[str, typer.Argument(help="code or id of the lot")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="file to write; standard output if none, or -")]
Language = Annotated[Literal["en", "fr"], typer.Option(help="language of the text")]


cli_log.install(app)


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
        _stop(f"{sentence(refused)} {advice(refused)}")
    except AccessRefused as refused:
        entry = CATALOGUE[refused.code]
        _stop(" ".join(text["en"].format(**refused.params) for text in (entry.sentence, entry.advice)))
    except (ScopeError, ValueError, OSError) as error:
        _stop(str(error))
    except OperationalError as error:
        _stop(f"The database does not answer: {str(error.orig).strip()}")


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _stop(text: str, status: int = 1) -> NoReturn:
    _say(text)
    sys.exit(status)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
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
            _say(f"{title}: {done} of {total}")

    yield line


def _recorder(settings: Settings, *, migrated: bool = True) -> Recorder:
    from ledger.record import Recorder
    from models.db import connect
    from models.schema import current, head

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = connect(settings.database_url, settings.read_database_url)
    if migrated and current(database) != head():
        _stop("The database is not at this release's schema. Run: filiere migrate")
    return Recorder(database, host=settings.public_url, keys=settings.keys)


def _write(data: bytes | str, output: Path | None) -> None:
    raw = data.encode() if isinstance(data, str) else data
    if output is None or str(output) == "-":
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(raw)
    _say(f"Wrote {output} ({len(raw):,} bytes).")


# --- the deployment ---


@app.command()
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

    recorder = _recorder(Settings.from_env(), migrated=False)
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
    _say(f"Founded {name}. Sign in as {admin}@{code}. Next: filiere serve")


@app.command()
def migrate() -> None:
    """Bring the database to this release's schema."""
    from models.schema import current, head
    from models.schema import migrate as upgrade

    recorder = _recorder(Settings.from_env(), migrated=False)
    before = current(recorder.database)
    upgrade(recorder.database)
    _say(f"Schema: {before or 'empty'} → {head()}.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve the API and the public pages."""
    _recorder(Settings.from_env()).database.close()
    _listen(host, port)


def _listen(host: str, port: int) -> None:
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


@app.command()
def replay(
    write: Annotated[bool, typer.Option("--write", help="keep the rebuilt rows; otherwise only compare")] = False,
) -> None:
    """Rebuild everything that follows from the log, and say where the rows differ."""
    from ledger.replay import replay as rebuild

    recorder = _recorder(Settings.from_env())
    with _progress("Replaying events") as progress:
        report = rebuild(recorder, write=write, progress=progress)
    _say(f"{report.events} events, {report.rows} rows.")
    if report.identical:
        _say("Identical: every row follows from the log.")
        return
    for title, rows in (("missing in the database", report.missing), ("not in the log", report.surplus)):
        for name, found in sorted(rows.items()):
            _say(f"{name}: {len(found)} {title}, for example {found[0]}")
    if not write:
        _stop("The rows differ from the log. `filiere replay --write` puts them right.")


@app.command()
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
        _stop(f"There is no cluster {cluster}. Known: {', '.join(CLUSTERS)}.", 2)
    settings = _demo_settings(cluster, port)
    recorder = _recorder(settings, migrated=False)
    log = settings.log(recorder)
    played = _play(recorder, cluster, log)
    if totals:
        from demo.totals import totals as sums
        from models.db import system_session

        with system_session(recorder.database, write=False) as session:
            typer.echo(json.dumps(sums(session, cluster), indent=1, ensure_ascii=False))
        return
    with _progress("Sealing the log") as progress:
        seal(log, progress)
    _guide(recorder, settings, played)
    recorder.database.close()
    if not no_serve:
        _listen("127.0.0.1", port)


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
        _say(f"The database holds {there} events already; the season is not played again.")
        return None
    with _progress(f"Playing {cluster}") as progress:
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
        certificate = issue_certificate(recorder, _owner(recorder, shown["valid"].uid), shown["valid"].uid)
    _say("")
    _say(f"  API reference      {settings.public_url}/docs")
    for state, row in shown.items():
        _say(f"  Page, {state:<12} {public_url(settings.public_url, row.code)}   ({row.lot})")
    if played is not None and played.bags is not None:
        _say(f"  A bag, received    {played.bags.received}")
        _say(f"  A bag, opened      {played.bags.opened}")
    if certificate is not None and "valid" in shown:
        file = settings.data_dir / "demo" / f"{certificate}.pdf"
        _write(_certificate_pdf(recorder, certificate), file)
        _say(f"  Certificate        {file}")
    for login, password in played.logins if played is not None else ():
        _say(f"  Sign in            {login}   password: {password}")
    _say("")


# --- lots ---


@app.command()
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
    with system_session(_recorder(Settings.from_env()).database, write=False) as session:
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


@app.command()
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

    with system_session(_recorder(Settings.from_env()).database, write=False) as session:
        found = follow(session, None, lot, direction)
    if form == "json":
        _write(trace_out(found).model_dump_json(indent=1) + "\n", output)
    elif form == "csv":
        _write(trace_csv(found), output)
    else:
        from labels.lineage import trace_svg

        _write(trace_svg(found, lang), output)


@app.command()
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

    recorder = _recorder(Settings.from_env())
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
    _write(data, output)
    _say(labelled.passport.url)


@app.command()
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
        _stop("Name a lot, or a document to issue anew, or one to withdraw.", 2)
    if (revoke is None) != (reason is None):
        _stop("To withdraw a document takes --revoke NUMBER and --reason.", 2)
    if (kind == "transaction") != (shipment is not None):
        _stop("A transaction statement takes --kind transaction and --shipment EVENT.", 2)
    recorder = _recorder(Settings.from_env())
    if revoke is not None and reason is not None:
        issue.revoke_document(recorder, _issuer_of(recorder, revoke), revoke, reason)
        _say(f"Withdrawn: {revoke}.")
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
    _write(_certificate_pdf(recorder, number), output)
    _say(f"Issued {number}." + (f" {reissue} is superseded." if reissue is not None else ""))


@app.command()
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

    recorder = _recorder(Settings.from_env())
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
        _say(f"{code}: {done.count} units labelled from {done.first} on.")
    if print_ is not None:
        from ledger.unit_print import Job, print_units

        if output is None or str(output) == "-":
            _stop("Name the file to print to: -o labels.pdf", 2)
        job = Job(uid, first, wanted, print_, design, lang, dpi, grid, skip, 1, reason)
        with output.open("wb") as sink, _progress("Drawing labels") as progress:
            drawn = print_units(recorder, actor, job, sink, progress)
        return _say(f"Wrote {output}: {drawn} labels.")
    if not label:
        rows = [
            (unit.number, unit.net_g, unit.state or "packed", unit.by or "", unit.prints, unit.opening_prints)
            for unit in found
        ]
        _write(_csv(("unit", "net_g", "state", "by", "prints", "opening_prints"), rows), output)
        return _say(f"{code}: {of} units.")
    with system_session(recorder.database, write=False) as session:
        labels = unit_labels(session, recorder, actor.org_id, uid, first, wanted)
    lines = [(one.number, one.of, one.net_grams, one.address, one.typed_code, one.opening_code) for one in labels]
    return _write(_csv(("unit", "of", "net_g", "address", "typed_code", "opening_code"), lines), output)


def _csv(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue()


def _certificate_pdf(recorder: Recorder, number: str) -> bytes:
    from ledger.documents import desk_of, signed
    from ledger.log import open_log

    log = Settings.from_env().log(recorder)
    open_log(log)
    return signed(desk_of(log, seals=True), None, number).content


def _issuer_of(recorder: Recorder, number: str) -> Actor:
    """The organisation that issued a document."""
    from sqlalchemy import select

    import models
    from domain.refusals import Refused
    from domain.values import Actor
    from models.base import table
    from models.db import system_session

    document, organisation = table(models.Document), table(models.Organisation)
    with system_session(recorder.database, write=False) as session:
        row = session.execute(
            select(organisation.c.id, organisation.c.code)
            .join(document, document.c.org_id == organisation.c.id)
            .where(document.c.number == number)
        ).first()
    if row is None:
        raise Refused("DOCUMENT_UNKNOWN", document=number)
    return Actor(row.id, row.code, "system")


def _owner_of(recorder: Recorder, lot: str) -> tuple[Actor, str]:
    from ledger.queries import find_lot
    from models.db import system_session

    with system_session(recorder.database, write=False) as session:
        found = find_lot(session, None, lot)
    return _owner(recorder, found.uid), found.uid


def _owner(recorder: Recorder, uid: str) -> Actor:
    """The organisation that owns a lot: whoever runs the command line acts for it."""
    from sqlalchemy import select

    import models
    from domain.values import Actor
    from models.base import table
    from models.db import system_session

    lot, organisation = table(models.Lot), table(models.Organisation)
    with system_session(recorder.database, write=False) as session:
        row = session.execute(
            select(organisation.c.id, organisation.c.code)
            .join(lot, lot.c.owner_id == organisation.c.id)
            .where(lot.c.uid == uid)
        ).first()
    assert row is not None
    return Actor(row.id, row.code, "system")


# --- a season on paper ---

SeasonCode = Annotated[str, typer.Option(help="season, such as 2024/25")]


@app.command()
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
        _stop("Name a certificate, or an organisation, or a site.", 2)
    with system_session(_recorder(Settings.from_env()).database, write=False) as session:
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
        _stop("Nothing moved in this time.")
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


@app.command()
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

    recorder = _recorder(Settings.from_env())
    with system_session(recorder.database, write=False) as session:
        actor = organisations(session.connection(), [organisation])
        if organisation not in actor:
            _stop(f"There is no organisation {organisation}.")
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
        _write(made, output)
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
        _write("".join(f"{line}\n" for line in ("farmer\tdeliveries\tkg\tamount", *lines)), output)
    unpriced = sum(row.amount.minor is None for row in rows)
    _say(
        f"{len(rows)} deliveries, {unpriced} without a price: "
        f"{', '.join(money[code].said(minor) for code, minor in sums.items()) or 'nothing to pay'}."
    )


@app.command()
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

    recorder = _recorder(Settings.from_env())
    with system_session(recorder.database, write=False) as session:
        found = collect(session, None, certificate, season, now=recorder.clock())
    name = f"{found.paper.number}-{found.season}".replace("/", "-")
    _write(pack_xlsx(found, lang), out / f"{name}.xlsx")
    _write(pack_pdf(found, lang), out / f"{name}.pdf")
    _say(f"{len(found.members)} members, {len(found.purchases)} deliveries, {len(found.findings)} findings.")


# --- recalls ---

recalls = typer.Typer(help="Recall goods, test a recall, and write the report.", no_args_is_help=True)
app.add_typer(recalls, name="recall")

From = Annotated[Literal["lot", "input", "plot", "load", "vessel", "check"], typer.Option("--from", help="what REF is")]
Ref = Annotated[str, typer.Argument(help="code or id of the lot, plot, load or vessel; id of the check's event")]
Reason = Annotated[str, typer.Option(help="why; of a recall it stays in the log: no names of persons")]
Acting = Annotated[str, typer.Option(help="code of the organisation that recalls")]


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

    recorder = _recorder(Settings.from_env())
    actor = _organisation(recorder, organisation)
    identity, _ = cases.open_case(recorder, actor, kind, cases.Origin(origin, ref), reason)
    _recall_report(recorder, identity, output, lang)


@recalls.command("report")
def recall_report(
    number: Annotated[str, typer.Argument(help="number or id of the recall or test")],
    output: Output = None,
    lang: Language = "en",
) -> None:
    """Write the report of a recall, or the record of a test (PDF)."""
    _recall_report(_recorder(Settings.from_env()), number, output, lang)


def _recall_report(recorder: Recorder, wanted: str, output: Path | None, lang: Language) -> None:
    from domain.findings import sentence
    from domain.refusals import kg
    from ledger import recall as cases
    from models.db import system_session

    with system_session(recorder.database, write=False) as session:
        found = cases.report(session, None, wanted, now=recorder.clock())
    sums, case = found.survey.sums, found.case
    assert sums is not None  # the whole case, as its opener sees it
    _say(f"{case.number}: {len(found.survey.lots) + found.survey.hidden_lots} lots, traced in {case.took_ms} ms.")
    parts = (("in house", sums.in_house_g), ("shipped", sums.shipped_g), ("destroyed", sums.destroyed_g))
    said = ", ".join(f"{kg(grams)} {name}" for name, grams in (*parts, ("returned", sums.returned_g)))
    _say(f"{kg(sums.affected_g)} affected: {said}.")
    for one in found.findings:
        _say(f"  {sentence(one, lang)}")
    if output is not None or not sys.stdout.isatty():
        _write(cases.paper(found, lang), output)


# --- profiles ---

profile = typer.Typer(
    help="Commodities and schemes as data.", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)
app.add_typer(profile, name="profile")


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
    _say(f"{file.name} is in order.")


# --- lists ---


@app.command(name="import")
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

    recorder = _recorder(Settings.from_env())
    actor = _organisation(recorder, organisation)
    options = importing.Options(certificate=certificate, season=season, product=product, site=site)
    checked = importing.receive(recorder, actor, kind, file.name, file.read_bytes(), options)
    for fault in checked.faults:
        place = checked.layout.cell(fault.column, fault.row) or f"row {fault.row}"
        typer.echo(f"{place:<8}{fault.level:<10}{fault.said(lang)} {fault.todo(lang)}")
    _say(importing.said(checked.run, lang))
    if checked.missing:
        _say(f"No heading is known for: {', '.join(checked.missing)}.")
    if checked.same is not None:
        _say(f"The same file was imported before, as {checked.same.id}.")
    if errors is not None:
        _write(importing.error_sheet(checked, lang), errors)
    if apply:
        with _progress("Importing") as progress:
            applied = importing.apply(recorder, actor, checked.run.id, leave_out=leave_out, progress=progress)
        _say(f"Imported. {len(applied.lowered)} lots claim less now." if applied.lowered else "Imported.")
    elif checked.missing or checked.to_correct():
        sys.exit(1)


def _organisation(recorder: Recorder, code: str) -> Actor:
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
        _stop(f"There is no organisation {code}.", 2)
    return Actor(row.id, row.code, "system")


def _file(text: str) -> Any:
    return typer.Option(help=text, exists=True, dir_okay=False)


@app.command()
def verify(
    what: Annotated[str, typer.Argument(help="file, address, label (132 characters), code, or PDF of a document")],
    keys: Annotated[Path | None, _file("published keys of the deployment: check here, without network")] = None,
    policy: Annotated[Path | None, _file("whom you trust: log, witnesses, quorum (c2sp.org/tlog-policy)")] = None,
    checkpoint: Annotated[Path | None, _file("checkpoint kept from before, which the log must go on from")] = None,
    proof: Annotated[Path | None, _file("proof file that goes with a label or code")] = None,
    event: Annotated[Path | None, _file("event that a .tlog-proof is of, as it is in the log")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the whole answer")] = False,
    here: Annotated[bool, typer.Option("--here", help="a document: by this database, without asking its host")] = False,
    lang: Language = "en",
) -> None:
    """Check a label, a code, a proof file or a PDF, or ask the live page. Exit status 0 only if it is in order.

    Files and labels are checked on this machine with --keys or --policy; an address or a code without them is asked
    for. Of an address that ends in /proof the proof is fetched and checked here. Status 2: no verdict could be given.
    """
    from api import verifying

    if _is_pdf(what):
        _verify_document(Path(what).read_bytes(), as_json=as_json, here=here, lang=lang)
        return
    if not verifying.is_offline(what, keys, policy, proof):
        _ask_page(what, as_json=as_json)
        return
    try:
        report, known, trusted, kept = verifying.verify(
            what, keys=keys, policy=policy, checkpoint=checkpoint, event=event, proof=proof
        )
    except verifying.Misused as misused:
        _stop(str(misused), 2)
    if as_json:
        typer.echo(json.dumps(verifying.as_json(report), ensure_ascii=False, indent=1))
    else:
        typer.echo(verifying.as_text(report, what, known, trusted, kept, lang))
    if not report.in_order:
        sys.exit(1)


def _ask_page(what: str, *, as_json: bool) -> None:
    """Ask the page behind a label."""
    import httpx

    from domain import verification
    from ledger.issue import normal_code, public_url

    given = verification.read(what)
    if given.mistyped:
        _stop("The code is mistyped: its last two characters do not fit. Compare it with the label.")
    code = given.code if given.host is None and given.code is not None else normal_code(what)
    address = what if "://" in what else public_url(Settings.from_env().public_url, code)
    try:
        answer = httpx.get(address, headers={"Accept": "application/json"}, timeout=20, follow_redirects=False)
    except httpx.HTTPError as error:
        _stop(f"{address} does not answer: {error}")
    if answer.status_code == 404:  # noqa: PLR2004
        _stop(f"Unknown code: {address} was not issued by this host.")
    if answer.status_code != 200:  # noqa: PLR2004
        _stop(f"{address} answered {answer.status_code}.")
    found = answer.json()
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else _verdict(found))
    if found["state"] != "valid":
        sys.exit(1)


def _is_pdf(name: str) -> bool:
    """Whether a file of that name begins like a PDF."""
    if "://" in name or not Path(name).is_file():
        return False
    with Path(name).open("rb") as file:
        return file.read(5) == b"%PDF-"


def _verify_document(data: bytes, *, as_json: bool, here: bool, lang: Language) -> None:
    """The numbered checks of a document, by the host of the setting or by the database at hand."""
    settings = Settings.from_env()
    if here:
        from api.v1.documents import verdict_out
        from ledger.documents import desk_of, verify_document

        desk = desk_of(settings.log(_recorder(settings)), seals=False)
        found = verdict_out(verify_document(desk.recorder, data, desk.policy)).model_dump(mode="json")
    else:
        found = _ask_host(f"{settings.public_url}/v1/documents/verify", data)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        lines = [f"  {item['number']}. {item['answer']}: {item['sentence'][lang]}" for item in found["checks"]]
        typer.echo("\n".join([found["sentence"][lang], *lines]))
    if not found["in_order"]:
        sys.exit(1)


def _ask_host(address: str, data: bytes) -> dict[str, Any]:
    import httpx

    try:
        answer = httpx.post(address, content=data, headers={"Content-Type": "application/pdf"}, timeout=60)
    except httpx.HTTPError as error:
        _stop(f"{address} does not answer: {error}")
    if answer.status_code != 200:  # noqa: PLR2004
        _stop(f"{address} answered {answer.status_code}.")
    found: dict[str, Any] = answer.json()
    return found


def _verdict(found: dict[str, Any]) -> str:
    lines = [f"{found['verdict']['en']}: {found['lot_code']}, {found['net_g'] / 1000:g} kg, {found['product']['en']}"]
    lines += [
        f"  {item['number']}. {item['code'].replace('_', ' ')}: {item['answer']}" for item in found["verifications"]
    ]
    return "\n".join(lines)
