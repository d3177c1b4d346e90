"""The interface described: OpenAPI 3.1, and the same as pages to read. No script, and nothing from another host."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api import problems
from api.auth import cookie_name
from domain.refusals import CATALOGUE
from labels.page import negotiate
from labels.texts import Lang
from ledger.access import CATALOGUE as ACCESS

TEMPLATES = Path(__file__).parent / "templates"
Schema = dict[str, Any]

_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `code` never changes its meaning; `type` leads to its page.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["/docs/problems#not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["not-found"]},
        "detail": {"type": "string"},
        "advice": {"type": "string"},
        "params": {"type": "object"},
        "errors": {"type": "array", "items": {"type": "object"}},
        "request_id": {"type": "string"},
    },
}
_PUBLIC: Schema = {
    "/l/{code}": {
        "get": {
            "tags": ["public"],
            "operationId": "public_label",
            "summary": "The page of a label, for people and for machines",
            "description": "HTML in English or French; JSON with `Accept: application/json` or as `/l/{code}.json`.",
            "x-access": "public: whoever scans a label asks this",
            "parameters": [
                {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "lang", "in": "query", "schema": {"type": "string", "enum": ["en", "fr"]}},
            ],
            "responses": {
                "200": {
                    "description": "What the ledger says of the lot",
                    "content": {"text/html": {}, "application/json": {}},
                },
                "304": {"description": "Nothing changed since the ETag sent"},
                "404": {"description": "A code that was not issued"},
            },
        }
    },
    "/l/{code}/open": {
        "post": {
            "tags": ["public"],
            "operationId": "public_open_unit",
            "summary": "Say that a unit was opened, by the code under its tear-off",
            "description": "A form with `opening`. After five wrong codes none is taken until the next day (UTC).",
            "x-access": "public: whoever opens a unit has its code",
            "parameters": [{"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": {"description": "With `Accept: application/json`: opened, wrong, locked or unknown"},
                "303": {"description": "Back to the page of the unit"},
                "404": {"description": "A code that was not issued"},
                "429": {"description": "Too many forms from this address"},
            },
        }
    },
    "/l/{code}/differs": {
        "post": {
            "tags": ["public"],
            "operationId": "public_unit_differs",
            "summary": "Say that a unit and its page do not agree",
            "x-access": "public: whoever has the unit sees it",
            "parameters": [{"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "303": {"description": "Back to the page of the unit"},
                "404": {"description": "A code that was not issued"},
                "429": {"description": "Too many forms from this address"},
            },
        }
    },
    "/healthz": {
        "get": {
            "tags": ["public"],
            "operationId": "public_health",
            "summary": "Whether the process answers",
            "x-access": "public: asked by the machine that runs it",
            "responses": {"200": {"description": "It does"}},
        }
    },
    "/readyz": {
        "get": {
            "tags": ["public"],
            "operationId": "public_ready",
            "summary": "Whether the database answers at the right schema",
            "x-access": "public: asked by the machine that runs it",
            "responses": {"200": {"description": "It does"}, "503": {"description": "Not now"}},
        }
    },
}


def install(app: FastAPI) -> None:
    """Complete the OpenAPI document, and serve it as pages."""
    plain = app.openapi

    def openapi() -> Schema:
        schema = plain()
        if "Problem" not in schema.setdefault("components", {}).setdefault("schemas", {}):
            _complete(schema, cookie_name(app.state.settings))
        return schema

    app.openapi = openapi  # type: ignore[method-assign]

    @cache
    def reference() -> str:
        return _render("docs.html", **_reference(openapi(), app.state.settings.public_url))

    async def docs(_request: Request) -> Response:
        return _page(reference())

    async def refusals(request: Request) -> Response:
        lang = negotiate(request.headers.get("accept-language"), request.query_params.get("lang"))
        return _page(_refusals(lang), lang)

    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/docs/problems", refusals, include_in_schema=False)


# --- OpenAPI ---


def _complete(schema: Schema, cookie: str) -> None:
    """How to sign in, what each operation needs, and the problems that it may answer."""
    components = schema["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = _PROBLEM
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "bearerFormat": "flk_…", "description": "An API key."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "From POST /v1/session.",
        },
    }
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            access = str(operation.get("x-access", ""))
            open_to_all = access.startswith("public")
            operation["security"] = [] if open_to_all else [{"key": []}, {"session": []}]
            answers = operation["responses"]
            answers.pop("422", None)
            if not open_to_all or path == "/v1/session":
                answers["401"] = _answer("Not signed in")
            if not open_to_all:
                answers["403"] = _answer("Not within your rights")
            if "{" in path:
                answers["404"] = _answer("Unknown, or of another organisation")
            if method != "get":
                answers["409"] = _answer("Refused: it contradicts what is recorded")
                answers["413"] = _answer("More than 1 MiB")
            if operation.get("parameters") or operation.get("requestBody"):
                answers["422"] = _answer("The request cannot be read")
            if any(one["name"] == "if-match" for one in operation.get("parameters", ())):
                answers["412"] = _answer("Changed meanwhile")
                answers["428"] = _answer("If-Match is missing")
            answers["default"] = _answer("Any other problem")
    schema["paths"].update(_PUBLIC)  # their operations are complete as they stand


def _answer(description: str) -> Schema:
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


def resolved(schema: Schema, document: Schema) -> Schema:
    """A schema behind its reference."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def example(schema: Schema, document: Schema) -> Any:
    """A value of a schema: its own example where it gives one, else the least that fits."""
    given = schema.get("examples") or ([schema["example"]] if "example" in schema else [])
    if given:
        return given[0]
    schema = resolved(schema, document)
    if schema.get("examples"):
        return schema["examples"][0]
    for known in ("const", "default"):
        if schema.get(known) is not None:
            return schema[known]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(schema[several][0], document)
    match schema.get("type"):
        case "object":
            needed = schema.get("required", ())
            return {
                name: example(one, document)
                for name, one in schema.get("properties", {}).items()
                if name in needed or one.get("examples")
            }
        case "array":
            return [example(schema["items"], document)] if schema.get("items") else []
        case "integer" | "number":
            return max(1, int(schema.get("minimum", 1)))
        case "boolean":
            return False
        case "string":
            formats = {"date": "2026-11-05", "date-time": "2026-11-05T08:00:00Z"}
            if "[0-9a-f]{8}" in schema.get("pattern", ""):
                return "01900000-0000-7000-8000-000000000001"
            return formats.get(schema.get("format", ""), "1" if "pattern" in schema else "text")
    return None


# --- pages ---


def _reference(document: Schema, host: str) -> dict[str, Any]:
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            shown = _operation(method.upper(), path, operation, document, host)
            by_tag.setdefault((operation.get("tags") or ["other"])[0], []).append(shown)
    return {"tags": dict(sorted(by_tag.items())), "title": document["info"]["title"], "host": host}


def _operation(method: str, path: str, operation: Schema, document: Schema, host: str) -> dict[str, Any]:
    bodies = []
    content = operation.get("requestBody", {}).get("content", {})
    for schema in (media["schema"] for kind, media in content.items() if kind == "application/json"):
        whole = resolved(schema, document)
        variants = whole.get("oneOf") or [schema]
        bodies = [_body(one, document) for one in variants]
    answers = [
        (code, one.get("description", ""), _name_of(one))
        for code, one in sorted(operation["responses"].items())
        if code != "default"
    ]
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation.get("summary", ""),
        "description": _prose(operation.get("description", "")),
        "access": operation.get("x-access", ""),
        "parameters": [
            (
                one["name"],
                one["in"],
                _type(one.get("schema", {}), document),
                one.get("required", False),
                one.get("description", ""),
            )
            for one in operation.get("parameters", ())
        ],
        "bodies": bodies,
        "answers": answers,
        "curl": _curl(method, path, operation, host, bodies[0]["example"] if bodies else None),
    }


def _body(schema: Schema, document: Schema) -> dict[str, Any]:
    whole = resolved(schema, document)
    needed = whole.get("required", ())
    return {
        "name": schema.get("$ref", "").rsplit("/", 1)[-1] or whole.get("title", "body"),
        "description": _prose(whole.get("description", "")),
        "fields": [
            (name, _type(one, document), name in needed, one.get("description", ""))
            for name, one in whole.get("properties", {}).items()
        ],
        "example": json.dumps(example(schema, document), indent=2, ensure_ascii=False),
    }


def _name_of(answer: Schema) -> str:
    for media in answer.get("content", {}).values():
        return str(media.get("schema", {}).get("$ref", "")).rsplit("/", 1)[-1]
    return ""


def _type(schema: Schema, document: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return (
            name if resolved(schema, document).get("type") == "object" else _type(resolved(schema, document), document)
        )
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(_type(one, document) for one in schema[several])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}), document)}]"
    return str(schema.get("format") or schema.get("type", "any"))


def _curl(method: str, path: str, operation: Schema, host: str, body: str | None) -> str:
    parts = ["curl"] + ([f"-X {method}"] if method != "GET" else [])
    if operation.get("security"):
        parts.append('-H "Authorization: Bearer $FILIERE_KEY"')
    if any(one["name"] == "if-match" for one in operation.get("parameters", ())):
        parts.append("-H 'If-Match: \"1\"'")
    if body is not None:
        one_line = json.dumps(json.loads(body), ensure_ascii=False).replace("'", "'\\''")
        parts.append(f"-H 'Content-Type: application/json' -d '{one_line}'")
    return " ".join([*parts, f"'{host}{path}'"])


def _prose(text: str) -> Markup:
    """Text with `code` marked."""
    return Markup(re.sub(r"`{1,2}([^`]+)`{1,2}", r"<code>\1</code>", escape(text)))  # noqa: S704 - escaped before


def _refusals(lang: Lang) -> str:
    status = problems.STATUS_OF_CODE
    rows: list[tuple[str, int, str, str, str]] = [
        (
            code,
            status.get(code) or problems.STATUS[one.status],
            one.title[lang],
            one.sentence[lang],
            one.advice[lang],
        )
        for code, one in sorted((CATALOGUE | ACCESS).items())
    ]
    for code, (number, english, french, meaning, sens) in problems.PROBLEMS.items():
        rows.append((code, number, french, sens, "") if lang == "fr" else (code, number, english, meaning, ""))
    return _render("problems.html", rows=rows, lang=lang)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _css() -> str:
    return (TEMPLATES / "docs.css").read_text("utf-8")


def _render(template: str, **context: Any) -> str:
    return _environment().get_template(template).render(context, css=Markup(_css()))  # noqa: S704 - our own file


def _page(html: str, lang: str = "en") -> Response:
    digest = b64encode(sha256(_css().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {"content-security-policy": policy, "cache-control": "no-cache", "content-language": lang}
    return HTMLResponse(html, headers=headers)
