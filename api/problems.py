"""RFC 9457 problem details: the one place where a refusal becomes an HTTP status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain.refusals import CATALOGUE, Refused, advice, sentence

STATUS = {"unknown": 404, "conflict": 409, "malformed": 422}
MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that is not the one hoped for, with what to do next."""

    def __init__(  # noqa: PLR0913
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
    from labels.page import negotiate  # noqa: PLC0415 - the page's own rule

    return negotiate(request.headers.get("accept-language"), None)


def of_refusal(refused: Refused, lang: str) -> dict[str, Any]:
    """A refusal as problem details: code, sentence, advice and data."""
    entry = CATALOGUE[refused.code]
    body: dict[str, Any] = {
        "type": f"/docs/problems#{refused.code}",
        "title": entry.title[lang],
        "status": STATUS[refused.status],
        "code": refused.code,
        "detail": sentence(refused, lang),
        "advice": advice(refused, lang),
        "params": dict(refused.params),
    }
    if refused.pointer:
        body["errors"] = [{"pointer": f"#{refused.pointer}", "code": refused.code, "detail": body["detail"]}]
    return body


def answer(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), body["status"], media_type=MEDIA_TYPE, headers=headers)


def pointer(location: Sequence[str | int], sent: Any) -> str:
    """The JSON pointer into the body that was sent: tags that Pydantic puts between are left out."""
    here, parts = sent, []
    for part in location:
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif part == location[-1] and isinstance(here, dict):
            here = None  # a field that is missing
        else:
            continue
        parts.append(str(part).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in parts)


def install(app: FastAPI) -> None:
    """Every error of the service leaves as problem details."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, problem: Problem) -> Response:
        body: dict[str, Any] = {
            "type": f"/docs/problems#{problem.code}",
            "title": problem.code.replace("-", " ").capitalize(),
            "status": problem.status,
            "code": problem.code,
            "detail": problem.detail,
        }
        if problem.advice:
            body["advice"] = problem.advice
        if problem.errors:
            body["errors"] = problem.errors
        return answer(body | problem.extra, problem.headers)

    @app.exception_handler(Refused)
    async def _refused(request: Request, refused: Refused) -> Response:
        return answer(of_refusal(refused, language(request)))

    @app.exception_handler(RequestValidationError)
    async def _malformed(_request: Request, error: RequestValidationError) -> Response:
        errors = [
            {
                "pointer": "#" + pointer(item["loc"][1:], error.body) if item["loc"][0] == "body" else None,
                "parameter": item["loc"][-1] if item["loc"][0] != "body" else None,
                "code": item["type"],
                "detail": item["msg"],
            }
            for item in error.errors()
        ]
        errors = [{key: value for key, value in item.items() if value is not None} for item in errors]
        body = {
            "type": "/docs/problems#malformed",
            "title": "The request cannot be read",
            "status": 422,
            "code": "malformed",
            "detail": f"{len(errors)} {'place' if len(errors) == 1 else 'places'} in the request cannot be read.",
            "advice": "Correct what the pointers name, and send it again.",
            "errors": errors,
        }
        return answer(body)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> Response:
        codes = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "media-type", 400: "malformed"}
        code = codes.get(error.status_code, "refused")
        body = {
            "type": f"/docs/problems#{code}",
            "title": code.replace("-", " ").capitalize(),
            "status": error.status_code,
            "code": code,
            "detail": str(error.detail),
        }
        return answer(body, dict(error.headers or {}))
