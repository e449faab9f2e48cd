"""The description of the API: what each route takes and gives, with examples, and every problem that it can answer with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ui.access.routes import Route, find_route
from ui.http.examples import EXAMPLES, STREAMS
from ui.http.idempotency import HEADER
from ui.problems import MEDIA_TYPE, OPENAI_PATHS, PROBLEMS, Problem, for_openai

PROBLEMS_KEY = "x-problems"
"""Where a route names the problems that only it has; see `problems`."""
_BEARER = "key"
_ALWAYS = ("host-missing", "misdirected-host", "unsupported-content-encoding", "error", "storage-failed")
_ASKING = ("model-changed", "model-unavailable", "busy", "too-slow", "too-many-requests", "shutting-down")
_OF_PARAMETERS = {
    "collection": "unknown-collection",
    "document_id": "unknown-document",
    "answer_id": "unknown-answer",
    "feedback_id": "unknown-feedback",
    "thread_id": "unknown-thread",
    "job_id": "unknown-job",
    "name": "unknown-collection",
    "model": "unknown-model",
}
_BODIES = {
    "none": ("body-not-expected",),
    "json": ("invalid-json", "body-too-large", "body-too-slow", "unsupported-media-type", "invalid-request"),
    "upload": ("bad-request", "body-too-large", "body-too-slow", "unsupported-media-type", "invalid-request"),
    "form": (),
}
_KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Sent again with the same key and body within a day, the request is answered as it was the first time.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "example": "5f2c1a7e-quay-upload",
}
_EVENT = {
    "description": "One server-sent event after another.",
    "type": "object",
    "required": ["data"],
    "properties": {"event": {"type": "string"}, "data": {"type": "string", "contentMediaType": "application/json"}},
}
_PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "RFC 9457. `type` is urn:dossier:problem:CODE; codes are stable.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:dossier:problem:[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "description": "What is wrong with a request, and where.",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "message"],
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "error": {"description": "The same for OpenAI's clients, at the addresses that they use.", "type": "object"},
    },
}


def _links(field: str, place: str, *targets: str) -> dict[str, Any]:
    """Where a field of a response leads."""
    return {one: {"operationId": one, "parameters": {field: f"$response.body#/{place}"}} for one in targets}


LINKS = {
    "answer": {
        **_links("answer_id", "id", "kept", "replay", "export", "forget"),
        **_links("thread_id", "thread", "thread"),
    },
    "answers": _links("answer_id", "answers/0/id", "kept", "replay", "export", "forget"),
    "complete_chat": _links("answer_id", "dossier/id", "kept"),
    "respond": _links("answer_id", "dossier/id", "kept"),
    "upload": _links("job_id", "id", "job"),
    "list_documents": _links(
        "document_id", "documents/0/id", "get_document", "read_text", "edit_document", "remove_document"
    ),
    "edit_document": _links("document_id", "id", "get_document"),
    "make_collection": _links("name", "name", "remove_collection"),
    "judge": _links("feedback_id", "id", "remove_feedback"),
    "list_models": _links("model", "data/0/id", "get_model"),
}
TAGS = [
    {"name": "asking", "description": "Questions, searches, and one thing asked of every document."},
    {"name": "kept answers", "description": "What was answered, asked again, exported, forgotten."},
    {"name": "documents", "description": "What is asked of."},
    {"name": "collections", "description": "Documents that are searched together."},
    {"name": "feedback", "description": "Judgements of answers, and the gold cases made of them."},
    {
        "name": "OpenAI-compatible",
        "description": "For programs that speak OpenAI's API; docs/api.md says what of it there is.",
    },
    {"name": "running it", "description": "Health and measures."},
]


def problems(*codes: str) -> dict[str, Any]:
    """`openapi_extra` of a route that has problems of its own."""
    return {PROBLEMS_KEY: list(codes)}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        components = document.setdefault("components", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(unused, None)
        components["schemas"]["Problem"] = _PROBLEM_SCHEMA
        components["securitySchemes"] = {
            _BEARER: {
                "type": "http",
                "scheme": "bearer",
                "description": "A key from `dossier keys create`. A server that only its own machine can reach needs none.",
            }
        }
        for method, path, operation in _operations(document):
            _complete(operation, method, path)
        app.openapi_schema = document
    return app.openapi_schema


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    route, _ = find_route(method, path.replace("{", "").replace("}", ""))
    if route.need != "open":
        operation["security"] = [{_BEARER: []}, {}]
    if method == "POST":
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    codes = _codes(operation, route, method)
    operation["responses"] = {
        **{status: one for status, one in operation["responses"].items() if status.startswith("2")},
        **_refusals(codes, path),
    }
    _give_examples(operation)
    links = LINKS.get(operation["operationId"])
    if links:
        next(iter(operation["responses"].values()))["links"] = links


def _codes(operation: dict[str, Any], route: Route, method: str) -> list[str]:
    """The problems that an operation can answer with."""
    parameters = {one["name"]: one for one in operation.get("parameters", ())}
    found = [*_ALWAYS, *_BODIES[route.body], *operation.pop(PROBLEMS_KEY, ())]
    found += [code for name, code in _OF_PARAMETERS.items() if name in parameters]
    if parameters:
        found.append("invalid-request")
    if route.need != "open":
        found.append("key-needed")
    if method != "GET":
        found.append("foreign-origin")
    if route.need == "write":
        found.append("read-only-key")
    if route.need == "all":
        found.append("limited-key")
    if route.asks:
        found += _ASKING
    if HEADER in parameters:
        found += ("idempotency-key-in-use", "idempotency-key-reused")
    return sorted(set(found))


def _refusals(codes: list[str], path: str) -> dict[str, Any]:
    """One response for each status, with every problem that has it."""
    statuses = sorted({PROBLEMS[code][0] for code in codes})
    return {str(status): _refusal([code for code in codes if PROBLEMS[code][0] == status], path) for status in statuses}


def _refusal(codes: list[str], path: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    examples = {code: {"value": _example(code, path)} for code in codes}
    said = "; ".join(f"{PROBLEMS[code][1]} (`{code}`)" for code in codes)
    headers = {}
    if PROBLEMS[codes[0]][0] in (429, 503) or "idempotency-key-in-use" in codes:
        headers = {"headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}}
    return {"description": f"{said}.", "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}}, **headers}


def _example(code: str, path: str) -> dict[str, Any]:
    content = Problem(code, f"{PROBLEMS[code][1]}.").content()
    return for_openai(content) if path.startswith(OPENAI_PATHS) else content


def _give_examples(operation: dict[str, Any]) -> None:
    """Put an example beside every body, by the name of its schema."""
    bodies = [one.get("content", {}) for one in operation["responses"].values()]
    bodies.append(operation.get("requestBody", {}).get("content", {}))
    for content in bodies:
        for media in content.values():
            name = str(media.get("schema", {}).get("$ref", "")).rsplit("/", 1)[-1]
            if name in EXAMPLES:
                media["example"] = EXAMPLES[name]
    if operation["operationId"] in STREAMS:
        stream = {"schema": _EVENT, "example": STREAMS[operation["operationId"]]}
        operation["responses"]["200"]["content"]["text/event-stream"] = stream
