"""Whatever goes wrong in a route is answered with a problem document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from index.errors import DossierError
from ui.problems import OPENAI_PATHS, PROBLEMS, Problem, of_error, unexpected

_MOST_ERRORS = 20


def of_validation(error: RequestValidationError) -> Problem:
    """What is wrong and where; never the value that was sent."""
    found = error.errors()[:_MOST_ERRORS]
    errors = [{"where": _where(one["loc"]), "message": str(one["msg"]).removeprefix("Value error, ")} for one in found]
    first = errors[0] if errors else {"where": "body", "message": "invalid"}
    return Problem("invalid-request", f"{first['where']}: {first['message']}", errors=errors)


def _where(loc: Sequence[Any]) -> str:
    parts = [
        text for part in loc if (text := str(part)).isdigit() or text.isidentifier()
    ]  # not: which of several types
    if len(parts) > 1 and parts[0] in ("body", "query", "path"):
        parts = parts[1:]
    return ".".join(parts)[:100]


def of_http(error: HTTPException) -> Problem:
    if isinstance(error, Problem):
        return error
    codes = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large", 415: "unsupported-media-type"}
    code = codes.get(error.status_code, "bad-request" if error.status_code < 500 else "error")
    return Problem(code, PROBLEMS[code][1] + ".", headers=error.headers)


def problem_of(error: BaseException) -> Problem:
    """The problem for whatever went wrong."""
    if isinstance(error, HTTPException):
        return of_http(error)
    if isinstance(error, RequestValidationError):
        return of_validation(error)
    return of_error(error) if isinstance(error, DossierError) else unexpected(error)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        return problem.openai_response() if request.url.path.startswith(OPENAI_PATHS) else problem.response()

    for kind in (Exception, DossierError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)
