"""Errors as RFC 9457 problem documents: one table from code to status, and no path or exception text for a stranger."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from index.errors import DossierError

if TYPE_CHECKING:
    from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
OPENAI_PATHS = ("/v1/chat/", "/v1/models", "/v1/responses", "/v1/embeddings", "/v1/rerank")
_LOG = logging.getLogger("dossier")

PROBLEMS: dict[str, tuple[int, str]] = {
    "invalid-json": (400, "The body is not JSON"),
    "body-not-expected": (400, "This address takes no body"),
    "host-missing": (400, "One Host header is needed"),
    "bad-request": (400, "Bad request"),
    "unsupported-parameter": (400, "This parameter is not supported"),
    "key-needed": (401, "A key is needed"),
    "foreign-origin": (403, "Another site may not do this"),
    "read-only-key": (403, "This key may only read"),
    "limited-key": (403, "This key is limited to some collections"),
    "not-found": (404, "There is nothing at this address"),
    "unknown-collection": (404, "There is no such collection"),
    "unknown-document": (404, "There is no such document"),
    "no-original": (404, "The file of this document is not kept"),
    "no-page": (404, "There is no picture of that page"),
    "unknown-answer": (404, "There is no such answer"),
    "unknown-thread": (404, "There is no such thread"),
    "unknown-job": (404, "There is no such job"),
    "unknown-model": (404, "There is no such model"),
    "unknown-feedback": (404, "There is no such feedback"),
    "method-not-allowed": (405, "This address does not take that method"),
    "body-too-slow": (408, "The body came too slowly"),
    "empty-collection": (409, "The collection is empty"),
    "idempotency-key-in-use": (409, "The first request with that key still runs"),
    "collection-exists": (409, "There is a collection of that name"),
    "feedback-full": (409, "No more feedback is kept"),
    "no-gold-case": (409, "No gold case can be made of this"),
    "model-changed": (409, "The vectors are of another model"),
    "no-language-model": (409, "This server has no language model"),
    "body-too-large": (413, "The body is too large"),
    "file-too-large": (413, "A file is too large"),
    "unsupported-media-type": (415, "This address does not take that content type"),
    "unsupported-content-encoding": (415, "Compressed bodies are not read"),
    "misdirected-host": (421, "This server does not go by that name"),
    "invalid-request": (422, "The request does not make sense"),
    "question-too-long": (422, "The question is too long"),
    "idempotency-key-reused": (422, "The Idempotency-Key came with another request"),
    "client-left": (499, "The client went away"),
    "too-many-requests": (429, "This key asked too much"),
    "error": (500, "Something went wrong"),
    "setting-invalid": (500, "A setting is wrong"),
    "data-directory-owned": (503, "Another process owns the data"),
    "language-model-failed": (503, "The language model did not answer"),
    "model-unavailable": (503, "A model is missing"),
    "not-ready": (503, "The models are still loading"),
    "busy": (503, "Too much is asked at once"),
    "too-slow": (503, "It took too long"),
    "shutting-down": (503, "The server is going down"),
    "storage-failed": (503, "The data cannot be written or read"),
}
# Messages of these are about what the caller named; the others may hold paths and stay in the log.
_SAYABLE = frozenset(
    {
        "unknown-document",
        "no-original",
        "no-page",
        "unknown-answer",
        "unknown-thread",
        "unknown-feedback",
        "empty-collection",
        "feedback-full",
    }
)
_MENDS = {
    "unknown-collection": "There is no such collection. Run: dossier index FOLDER --collection NAME",
    "model-changed": "Run on the server's machine: dossier rebuild --reembed",
    "busy": "Another change of the same documents takes long. Try again.",
    "language-model-failed": "Look whether the endpoint in DOSSIER_LLM answers.",
}


class Problem(HTTPException):
    """A refusal with a stable code. `detail` is for people and safe to show."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        status, self.title = PROBLEMS[code]
        if status == 503:  # whoever is sent away is told when to come back
            headers = {"Retry-After": str(RETRY_AFTER_S), **(headers or {})}
        super().__init__(status, detail, headers)
        self.code = code
        self.errors = errors

    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = {
            "type": f"urn:dossier:problem:{self.code}",
            "title": self.title,
            "status": self.status_code,
            "detail": self.detail,
        }
        if self.errors:
            content["errors"] = list(self.errors)
        return content

    def response(self) -> Response:
        return self._with(self.content())

    def openai_response(self) -> Response:
        """As for OpenAI's clients."""
        return self._with(for_openai(self.content()))

    def _with(self, content: Mapping[str, Any]) -> Response:
        from starlette.responses import Response

        return Response(json.dumps(content), self.status_code, self.headers, MEDIA_TYPE)


def for_openai(content: Mapping[str, Any]) -> dict[str, Any]:
    """A problem document that is also an error as OpenAI's clients read it."""
    kind = "invalid_request_error" if content["status"] < 500 else "server_error"
    code = content["type"].rsplit(":", 1)[-1]
    param = next((one["where"] for one in content.get("errors", ())), None)
    return {**content, "error": {"message": content["detail"], "type": kind, "param": param, "code": code}}


def busy(what: str, *, retry_after_s: int = 1) -> Problem:
    return Problem("busy", f"{what} Try again in {retry_after_s} s.", headers={"Retry-After": str(retry_after_s)})


def unexpected(error: BaseException) -> Problem:
    """Log an error nobody foresaw under a new id; the caller is told the id and nothing else."""
    name = f"err_{secrets.token_hex(8)}"
    _LOG.error("%s", name, exc_info=error)
    return Problem("error", f"The server's log has it under {name}.")


def of_error(error: DossierError) -> Problem:
    """The problem for an error of the index or of answering."""
    code = error.code if error.code in PROBLEMS else "error"
    if code in _SAYABLE:
        return Problem(code, str(error))
    if PROBLEMS[code][0] >= 500:
        _LOG.error("%s: %s", error.code, error)
    return Problem(code, _MENDS.get(code, "Run on the server's machine: dossier doctor"))
