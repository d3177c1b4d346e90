"""RFC 9457 problem details: the one place where a refusal becomes an HTTP status."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004 - the pool's own
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain.refusals import CATALOGUE, Refused, advice, say, sentence
from ledger.access import CATALOGUE as ACCESS
from ledger.access import AccessRefused

STATUS = {"unknown": 404, "conflict": 409, "malformed": 422}
STATUS_OF_CODE = {"BEYOND_YOUR_RIGHTS": 403, "PASSWORD_WRONG": 403, "CHANGED_MEANWHILE": 412}
MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("filiere.http")

PROBLEMS: dict[str, tuple[int, str, str, str, str]] = {
    "not-signed-in": (
        401,
        "Not signed in",
        "Pas connecté",
        "There is no session and no API key, or it has ended.",
        "Il n'y a ni session ni clé d'API, ou elle a pris fin.",
    ),
    "wrong-login": (
        401,
        "Name or password is not right",
        "Nom ou mot de passe erroné",
        "The login name or the password is not right. The answer is the same for both.",
        "Le nom de connexion ou le mot de passe est erroné. La réponse est la même dans les deux cas.",
    ),
    "not-permitted": (
        403,
        "Not within your rights",
        "Hors de vos droits",
        "Your role or key lacks the right that this needs.",
        "Votre rôle ou votre clé n'a pas le droit nécessaire.",
    ),
    "cross-site": (
        403,
        "Asked by another site",
        "Demandé par un autre site",
        "A page of another site asked your browser to change something here.",
        "Une page d'un autre site a demandé à votre navigateur une modification ici.",
    ),
    "not-found": (
        404,
        "Not found",
        "Introuvable",
        "There is nothing here for you: it does not exist, or it belongs to another organisation.",
        "Il n'y a rien ici pour vous : cela n'existe pas, ou appartient à une autre organisation.",
    ),
    "method-not-allowed": (
        405,
        "Method not allowed",
        "Méthode non permise",
        "This address takes other methods; the header Allow lists them.",
        "Cette adresse accepte d'autres méthodes ; l'en-tête Allow les donne.",
    ),
    "batch-refused": (
        409,
        "The batch was refused",
        "Le lot d'événements est refusé",
        "It was sent as all or nothing, and an event in it was refused; results names which and why.",
        "Il était à prendre en entier ou pas du tout, et un événement est refusé ; results dit lequel et pourquoi.",
    ),
    "id-reused": (
        409,
        "Id used before",
        "Identifiant déjà utilisé",
        "There is a record with this id, and it says something else. The same content again changes nothing.",
        "Une fiche porte cet identifiant et dit autre chose. Le même contenu, renvoyé, ne change rien.",
    ),
    "own-site": (
        409,
        "Your own site",
        "Votre propre site",
        "A site is shared with others; you may bring goods to your own anyway.",
        "Un site se partage avec d'autres ; vous pouvez de toute façon livrer au vôtre.",
    ),
    "taken": (
        409,
        "Taken",
        "Déjà pris",
        "Another record has this value, which must be unique in your organisation.",
        "Une autre fiche a cette valeur, qui doit être unique dans votre organisation.",
    ),
    "too-large": (
        413,
        "Too large",
        "Trop volumineux",
        "A request holds at most 1 MiB, a file 10 MiB. Send it in several parts.",
        "Une requête contient au plus 1 Mio, un fichier 10 Mio. Envoyez le tout en plusieurs parties.",
    ),
    "media-type": (
        415,
        "Media type not taken",
        "Type de contenu refusé",
        "Send JSON, with the header Content-Type: application/json.",
        "Envoyez du JSON, avec l'en-tête Content-Type: application/json.",
    ),
    "malformed": (
        422,
        "The request cannot be read",
        "La requête est illisible",
        "Each entry of errors names a place in the request and what is wrong there.",
        "Chaque entrée de errors nomme un endroit de la requête et ce qui n'y va pas.",
    ),
    "version-required": (
        428,
        "Say from which version",
        "Dites de quelle version vous partez",
        "A change of a record sends If-Match with the ETag that was read, so that nobody overwrites unseen.",
        "Une modification envoie If-Match avec l'ETag lu, pour que personne n'écrase sans voir.",
    ),
    "too-many-requests": (
        429,
        "Too many requests",
        "Trop de requêtes",
        "Wait as long as the header Retry-After says.",
        "Attendez le temps qu'indique l'en-tête Retry-After.",
    ),
    "internal": (
        500,
        "Our mistake",
        "Erreur de notre part",
        "Something failed that should not. Nothing was recorded; the request id finds it in the log.",
        "Une erreur inattendue. Rien n'a été enregistré ; l'identifiant permet de la retrouver.",
    ),
    "busy": (
        503,
        "Busy",
        "Occupé",
        "The database did not answer in time. Send the same request again: an event's id counts once.",
        "La base n'a pas répondu à temps. Renvoyez la même requête : un événement ne compte qu'une fois.",
    ),
}
"""What HTTP itself answers, as status, title en and fr, and what it means in en and fr. Listed at /docs/problems."""


class Problem(Exception):
    """An answer that is not the one hoped for, with what to do next."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        advice: str | None = None,
        errors: Sequence[dict[str, Any]] = (),
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.advice = advice
        self.errors = list(errors)
        self.headers = headers or {}
        self.extra = extra or {}


def language(request: Request) -> str:
    """English, or French where the client prefers it."""
    from labels.page import negotiate

    return negotiate(request.headers.get("accept-language"), None)


def of_refusal(refused: Refused | AccessRefused, lang: str) -> dict[str, Any]:
    """A refusal as problem details: code, sentence, advice and data."""
    if isinstance(refused, Refused):
        entry, place = CATALOGUE[refused.code], refused.pointer
        said, advised = sentence(refused, lang), advice(refused, lang)  # type: ignore[arg-type]
    else:
        entry, place = ACCESS[refused.code], refused.field and f"/{refused.field}"
        said, advised = (
            say(texts, {}, refused.params, lang)  # type: ignore[arg-type]
            for texts in (entry.sentence, entry.advice)
        )
    body: dict[str, Any] = {
        "type": f"/docs/problems#{refused.code}",
        "title": entry.title[lang],  # type: ignore[index]
        "status": STATUS_OF_CODE.get(refused.code) or STATUS[entry.status],
        "code": refused.code,
        "detail": said,
        "advice": advised,
        "params": dict(refused.params),
    }
    if place:
        body["errors"] = [{"pointer": f"#{place}", "code": refused.code, "detail": said}]
    return body


def answer(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """Problem details as they leave."""
    return Response(orjson.dumps(body), body["status"], media_type=MEDIA_TYPE, headers=headers)


def pointer(location: Sequence[str | int], sent: Any) -> str:
    """The JSON pointer into the body that was sent: tags that Pydantic puts between are left out."""
    here: Any = sent
    parts: list[str] = []
    for part in location:
        inside = part in here if isinstance(here, dict) else isinstance(here, list) and part in range(len(here))
        if inside:
            here = here[part]
        elif part == location[-1] and isinstance(here, dict):
            here = None  # a field that is missing
        else:
            continue
        parts.append(str(part).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in parts)


def of_code(code: str, lang: str, detail: str | None = None) -> dict[str, Any]:
    """Problem details for one of ``PROBLEMS``; its own sentence where no better is given."""
    status, english, french, sentence_en, sentence_fr = PROBLEMS[code]
    return {
        "type": f"/docs/problems#{code}",
        "title": french if lang == "fr" else english,
        "status": status,
        "code": code,
        "detail": detail or (sentence_fr if lang == "fr" else sentence_en),
    }


def malformed(found: Sequence[Any], sent: Any, *, at: str = "", lang: str = "en") -> dict[str, Any]:
    """Everything in a request that cannot be read, each with a pointer into what was sent (or a parameter's name).

    ``at`` is put before the pointers when ``sent`` is a part of the request; else ``sent`` is ``{"body": …}``.
    """
    errors: list[dict[str, Any]] = []
    for item in found:
        location = [part for part in item["loc"] if not (at and part == "body")]
        told: dict[str, Any] = {"code": item["type"], "detail": item["msg"]}
        if not at and location and location[0] != "body":
            errors.append({"parameter": str(location[-1]), **told})
        else:
            inside = pointer(location, sent) if at else pointer(location[1:], sent["body"])
            errors.append({"pointer": f"#{at}{inside}", **told})
    count = f"{len(errors)} {'place' if len(errors) == 1 else 'places'}"
    said = {
        "en": (f"{count} in the request cannot be read.", "Correct what the pointers name, and send it again."),
        "fr": (f"Endroits illisibles dans la requête : {len(errors)}.", "Corrigez-les, puis renvoyez la requête."),
    }["fr" if lang == "fr" else "en"]
    return of_code("malformed", lang, said[0]) | {"advice": said[1], "errors": errors}


def install(app: FastAPI) -> None:
    """Every error of the service leaves as problem details."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Problem) -> Response:
        if problem.code in PROBLEMS:
            body = of_code(problem.code, language(request), problem.detail)
        else:
            title = problem.code.replace("-", " ").replace("_", " ").capitalize()
            body = {
                "type": f"/docs/problems#{problem.code}",
                "title": title,
                "code": problem.code,
                "detail": problem.detail,
            }
        body["status"] = problem.status
        if problem.advice:
            body["advice"] = problem.advice
        if problem.errors:
            body["errors"] = problem.errors
        return answer(body | problem.extra, problem.headers)

    @app.exception_handler(Refused)
    @app.exception_handler(AccessRefused)
    async def _refused(request: Request, refused: Refused | AccessRefused) -> Response:
        return answer(of_refusal(refused, language(request)))

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> Response:
        return answer(malformed(error.errors(), {"body": error.body}, lang=language(request)))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        codes = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "media-type"}
        code = codes.get(error.status_code, "malformed")
        detail = str(error.detail) if code == "malformed" else None
        body = of_code(code, language(request), detail) | {"status": error.status_code}
        return answer(body, dict(error.headers or {}))

    @app.exception_handler(OperationalError)
    @app.exception_handler(TimeoutError)
    async def _busy(request: Request, error: Exception) -> Response:
        _LOG.error("the database did not answer", exc_info=error)
        return answer(of_code("busy", language(request)), {"retry-after": "1"})

    @app.exception_handler(Exception)
    async def _internal(request: Request, error: Exception) -> Response:
        number = uuid4().hex
        _LOG.error("request %s failed", number, exc_info=error)
        return answer(of_code("internal", language(request)) | {"request_id": number}, dict(PLAIN_HEADERS))


PLAIN_HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
"""On every answer that does not say otherwise (``api.app.Headers``); here for the one made outside of it."""
