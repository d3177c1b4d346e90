"""The commands of the log: seal it, audit it, its keys, and the witness for those outside."""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_shared import open_recorder, progress_bar, say
from api.settings import Settings

if TYPE_CHECKING:
    from domain.note import SignerKey
    from ledger.log import SealedLog
    from ledger.witnesses import Asked

log = typer.Typer(help="The transparency log: seal it, see how far it is.", no_args_is_help=True)
keys = typer.Typer(help="The keys that sign the log, labels and documents.", no_args_is_help=True)


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.add_typer(log, name="log")
    app.add_typer(keys, name="keys")
    app.command()(audit)
    app.command()(witness)


def _opened() -> SealedLog:
    from ledger.log import open_log

    settings = Settings.from_env()
    held = settings.log(open_recorder(settings))
    open_log(held)
    return held


def _ask_witnesses(held: SealedLog, *, patient: bool = True) -> None:
    """Ask those that have an address for their cosignatures, and say who gave none."""
    from api.pushing import Pusher
    from ledger.witnesses import due

    if due(held, patient=patient):
        Pusher(held).once(patient=patient)
        for one in _asked(held):
            say(_how_it_went(one))


def _asked(held: SealedLog) -> list[Asked]:
    from ledger.witnesses import asked
    from models.db import system_session

    with system_session(held.recorder.database, write=False) as session:
        return asked(session)


def _how_it_went(one: Asked) -> str:
    from api.pushing import sentence
    from ledger.queries import instant

    if one.trouble is not None and one.failing_since is not None:
        since = instant(one.failing_since).isoformat(timespec="seconds")
        again = instant(one.next_at).isoformat(timespec="seconds")
        said = sentence(one.trouble, one.detail)
        return f"NOT COSIGNED by {one.key.name} ({one.url}) since {since}: {said}. Asked again from {again}."
    if one.tried_at is None:
        return f"{one.key.name} ({one.url}) has not been asked yet."
    return f"Asked {one.key.name} ({one.url}): cosigned at {one.size} entries."


# --- the log ---


@log.command("seal")
def log_seal() -> None:
    """Enter what is new, and sign it. The service does so by itself every few seconds."""
    from ledger.log import seal

    held = _opened()
    with progress_bar("Sealing events") as progress:
        done = seal(held, progress)
    if done is None:
        say("Nothing new: everything is sealed.")
    else:
        say(f"Sealed: {done.checkpoint.size} entries, events up to {done.seq}.")
    _ask_witnesses(held)


@log.command("status")
def log_status(as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False) -> None:
    """How far the log is sealed, and who else saw it."""
    from ledger.log import standing
    from ledger.queries import instant
    from models.db import system_session

    held = _opened()
    with system_session(held.recorder.database, write=False) as session:
        now = standing(session)
    at = instant(now.signed_at).isoformat(timespec="seconds") if now.signed_at is not None else None
    seen = [{"witness": name, "at": instant(when).isoformat(), "size": size} for name, when, size in now.witnesses]
    asked = _asked(held)
    if as_json:
        plain = {"origin": now.origin, "size": now.size, "seq": now.seq, "sealed_at": at, "waiting": now.waiting}
        typer.echo(json.dumps(plain | {"witnesses": seen, "asked": list(map(_plain, asked))}, indent=1))
        return
    typer.echo(f"{now.origin}: {now.size} entries, events up to {now.seq}, sealed {at or 'never'}.")
    typer.echo(f"{now.waiting} events wait to be sealed.")
    for who in seen:
        typer.echo(f"Seen by {who['witness']} at {who['size']} entries, {who['at']}.")
    for one in asked:
        typer.echo(_how_it_went(one))
    if not seen:
        typer.echo("No witness outside has seen it: against its operator the log proves little. See docs/log.md.")


def _plain(one: Asked) -> dict[str, object]:
    from ledger.queries import instant

    def at(millis: int | None) -> str | None:
        return instant(millis).isoformat(timespec="seconds") if millis is not None else None

    trouble = one.trouble.value if one.trouble is not None else None
    plain: dict[str, object] = {"witness": one.key.name, "url": one.url, "size": one.size, "at": at(one.tried_at)}
    return plain | {"failing_since": at(one.failing_since), "trouble": trouble, "detail": one.detail}


@log.command("reopen")
def log_reopen(
    why: Annotated[str, typer.Option(help="what happened; it is published for ever, in the first entry")],
) -> None:
    """Go on under a new name, after a copy was restored that is older than what was signed."""
    from ledger.log import reopen, seal

    held = _opened()
    name = reopen(held, why)
    seal(held)
    say(f"The log goes on as {name}. Its first entry is the old one’s last checkpoint, and why. Tell the witnesses.")


@log.command("pin")
def log_pin(
    checkpoint: Annotated[Path, typer.Argument(help="file with a checkpoint that you trust", exists=True)],
) -> None:
    """Trust a checkpoint as the last one on this host, where the file of the last one is missing."""
    from ledger.log import pin

    found = pin(_opened(), checkpoint.read_bytes())
    say(f"From now on nothing is signed here that does not go on from {found.size} entries.")


def audit(
    checkpoint: Annotated[
        Path | None, typer.Option(help="hold it against this checkpoint, not the last of this host")
    ] = None,
    kept: Annotated[Path | None, typer.Option(help="an earlier checkpoint that somebody outside kept")] = None,
    tiles: Annotated[
        Path | None, typer.Option(help="folder of tiles that were fetched, not those of this host")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Hold every event against the published log: what was changed, taken out, put in or moved, and where."""
    from functools import partial

    from ledger.audit import audit as check
    from ledger.log import read_tile

    held = _opened()
    with progress_bar("Checking events") as progress:
        found = check(
            held,
            note=checkpoint.read_bytes() if checkpoint is not None else None,
            kept=kept.read_bytes() if kept is not None else None,
            read=partial(read_tile, tiles) if tiles is not None else None,
            progress=progress,
        )
    if as_json:
        faults = [{"kind": one.kind, "seq": one.seq, "index": one.index, "said": one.said} for one in found.faults]
        plain = {"origin": found.origin, "size": found.size, "events": found.events, "waiting": found.waiting}
        typer.echo(json.dumps(plain | {"kept": found.kept, "faults": faults}, indent=1, ensure_ascii=False))
    else:
        say(f"{found.origin}: {found.size} entries, {found.events} events, {found.waiting} not sealed yet.")
        if found.kept is not None and found.clean:
            say(f"It goes on from the checkpoint that was kept at {found.kept} entries.")
        for one in found.faults:
            typer.echo(one.said)
        say("In order: every event is the one that was published." if found.clean else f"{len(found.faults)} faults.")
    if not found.clean:
        sys.exit(1)


# --- keys ---


@keys.command("list")
def keys_list() -> None:
    """Every key that the log has named; none is ever taken away."""
    from ledger.log import known_keys
    from ledger.queries import instant
    from models.db import system_session

    held = _opened()
    with system_session(held.recorder.database, write=False) as session:
        known = known_keys(session)

    def days(since: int, until: int | None, compromised: int | None) -> str:
        said = f"from {instant(since):%Y-%m-%d}"
        said += f" until {instant(until):%Y-%m-%d}" if until is not None else ", in use"
        return said + (f", COMPROMISED since {instant(compromised):%Y-%m-%d %H:%M}" if compromised is not None else "")

    for one in known.log:
        typer.echo(f"log      {one.key}  {days(one.since, one.until, one.compromised_since)}")
    for item in known.labels:
        typer.echo(
            f"label    {item.number}  {item.public.hex()}  {days(item.since, item.until, item.compromised_since)}"
        )
    urls = {one.key: one.url for one in _asked(held)}
    for key in known.witnesses:
        typer.echo(f"witness  {key}" + (f"  asked at {urls[key]}" if key in urls else ""))


@keys.command("rotate")
def keys_rotate(
    which: Annotated[str, typer.Argument(help="log or label")],
) -> None:
    """A new key; the old one signs no more and stays published for ever."""
    from ledger.log import rotate_label_key, rotate_log_key, seal

    held = _opened()
    if which == "label":
        say(f"Labels are signed with key {rotate_label_key(held)} from now on.")
    elif which == "log":
        say(f"Checkpoints are signed with {rotate_log_key(held)} from now on. Tell the witnesses.")
    else:
        say("Say log or label.")
        sys.exit(2)
    seal(held)


@keys.command("compromised")
def keys_compromised(
    key: Annotated[str, typer.Argument(help="number of a label key, or a log key as “keys list” writes it")],
    since: Annotated[datetime, typer.Option(help="since when somebody else may have had it (UTC)")],
) -> None:
    """Say in public that somebody else may have had a key, since when; a new one takes its place."""
    from datetime import UTC

    from ledger.log import compromised, seal

    held = _opened()
    compromised(held, key, int(since.replace(tzinfo=UTC).timestamp() * 1000))
    seal(held)
    say("Published. A label of that key counts only if its issue was sealed, and seen by a witness, before.")


@keys.command("witness")
def keys_witness(
    key: Annotated[str, typer.Argument(help="key of a witness, as “filiere witness” prints it")],
    url: Annotated[
        str | None,
        typer.Option(
            help="where the log asks it (c2sp.org/tlog-witness): https://… up to /add-checkpoint; '': nowhere"
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="take its cosignatures no more")] = False,
) -> None:
    """Name a witness whose cosignatures the log takes, and where it is asked for them if it does not come by itself."""
    from ledger.log import seal
    from ledger.witnesses import dismiss, name

    held = _opened()
    if remove:
        dismiss(held, key)
        say("Dismissed. It is entered in the log.")
    elif name(held, key, url) is not None:
        say("Named. It is entered in the log.")
    else:
        say("It is named already." if url is None else "The address is changed.")
    seal(held)
    if url and not remove:
        _ask_witnesses(held, patient=False)


# --- outside ---


def witness(
    url: Annotated[
        str | None, typer.Argument(help="address of the deployment to watch, e.g. https://t.example.org")
    ] = None,
    name: Annotated[str | None, typer.Option(help="of this witness, e.g. witness.example.org; the first time")] = None,
    folder: Annotated[Path, typer.Option(help="where its key and what it saw are kept")] = Path("witness"),
    trust: Annotated[list[str] | None, typer.Option(help="a key of the log that you got by another way")] = None,
    every: Annotated[int, typer.Option(min=0, help="seconds between looks; 0: look once")] = 0,
    no_send: Annotated[bool, typer.Option("--no-send", help="print the cosignature, do not send it")] = False,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="wait for logs to ask, and watch none (c2sp.org/tlog-witness)"),
    ] = None,
    log_keys: Annotated[
        list[str] | None, typer.Option("--log", help="with --listen: the key of a log to cosign; once for each")
    ] = None,
) -> None:
    """Cosign from outside what goes on from what was seen of a log before, and refuse everything else.

    With an address it watches that log. Exit status 1 when the log was rewritten, cut off or signed by an unknown key;
    the folder is the evidence then. With --listen it waits for the logs that --log names to ask.
    """
    from api.witness import KEY_FILE, signer_of

    if (url is None) == (listen is None) or (listen is None) != (not log_keys):
        say("Say the address of a log to watch, or --listen HOST:PORT with --log KEY.")
        sys.exit(2)
    signer = signer_of(folder / KEY_FILE, name, secrets.token_bytes)
    say(f"Witness {signer.verifier}")
    if listen is not None:
        _listen(listen, signer, log_keys or [], folder)
    elif url is not None:
        _watch(url, signer, folder, trust or [], every=every, send=not no_send)


def _listen(listen: str, signer: SignerKey, written: list[str], folder: Path) -> None:
    import uvicorn

    from api.witness_server import application, logs_of

    logs = logs_of(written)
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        say("Say where to listen as HOST:PORT, e.g. 127.0.0.1:8100.")
        sys.exit(2)
    for origin in logs:
        say(
            f"Cosigns {origin}. Its operator names this witness: filiere keys witness {signer.verifier} --url https://…"
        )
    uvicorn.run(
        application(signer, logs, folder),
        host=host.strip("[]") or "127.0.0.1",
        port=int(port),
        access_log=False,
        server_header=False,
        log_level="warning",
        limit_concurrency=200,
        timeout_keep_alive=30,
    )


def _watch(url: str, signer: SignerKey, folder: Path, trust: list[str], *, every: int, send: bool) -> None:
    import httpx

    from api.witness import NotWitnessed
    from api.witness import witness as look

    base = url.rstrip("/")
    state = folder / f"{''.join(sign if sign.isalnum() else '_' for sign in base.partition('://')[2])}.json"
    with httpx.Client(timeout=30, follow_redirects=False) as client:

        def get(path: str) -> bytes:
            try:
                answer = client.get(f"{base}/{path}")
                answer.raise_for_status()
            except httpx.HTTPError as error:
                message = f"{base}/{path} does not come: {error}"
                raise OSError(message) from None
            return answer.content

        while True:
            try:
                found = look(get, signer, state, trust)
            except NotWitnessed as refused:
                say(str(refused))
                sys.exit(1)
            except OSError as error:
                if not every:
                    raise
                say(str(error))
                found = None
            else:
                _tell(found, client, base, send=send)
            if not every:
                return
            time.sleep(every)


def _tell(found: object, client: object, base: str, *, send: bool) -> None:
    import httpx

    from domain.note import Checkpoint

    if found is None:
        say("Nothing new.")
        return
    assert isinstance(found, tuple)
    assert isinstance(client, httpx.Client)
    checkpoint, note = found
    assert isinstance(checkpoint, Checkpoint)
    say(f"Cosigned: {checkpoint.origin} at {checkpoint.size} entries.")
    if not send:
        typer.echo(note, nl=False)
        return
    answer = client.post(f"{base}/v1/log/cosignatures", json={"note": note})
    if answer.status_code != 201:  # noqa: PLR2004
        say(f"The log did not take it: {answer.json().get('detail', answer.status_code)}")
