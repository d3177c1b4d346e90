"""The command that checks a label, a code, a proof file or a document."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli_shared import Language, open_recorder, stop
from api.settings import Settings


def install(app: typer.Typer) -> None:
    """Hang the commands into ``filiere``."""
    app.command()(verify)


def _file(text: str) -> Any:
    return typer.Option(help=text, exists=True, dir_okay=False)


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
        stop(str(misused), 2)
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
        stop("The code is mistyped: its last two characters do not fit. Compare it with the label.")
    code = given.code if given.host is None and given.code is not None else normal_code(what)
    address = what if "://" in what else public_url(Settings.from_env().public_url, code)
    try:
        answer = httpx.get(address, headers={"Accept": "application/json"}, timeout=20, follow_redirects=False)
    except httpx.HTTPError as error:
        stop(f"{address} does not answer: {error}")
    if answer.status_code == 404:  # noqa: PLR2004
        stop(f"Unknown code: {address} was not issued by this host.")
    if answer.status_code != 200:  # noqa: PLR2004
        stop(f"{address} answered {answer.status_code}.")
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

        desk = desk_of(settings.log(open_recorder(settings)), seals=False)
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
        stop(f"{address} does not answer: {error}")
    if answer.status_code != 200:  # noqa: PLR2004
        stop(f"{address} answered {answer.status_code}.")
    found: dict[str, Any] = answer.json()
    return found


def _verdict(found: dict[str, Any]) -> str:
    lines = [f"{found['verdict']['en']}: {found['lot_code']}, {found['net_g'] / 1000:g} kg, {found['product']['en']}"]
    lines += [
        f"  {item['number']}. {item['code'].replace('_', ' ')}: {item['answer']}" for item in found["verifications"]
    ]
    return "\n".join(lines)
