"""Why a language model did not answer: a stable code for each reason, in words that may be shown, and what mends it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from index.errors import DossierError, LanguageModelFailed

_MOST_SAID = 4000
_KEY_REFUSED = re.compile(r"(?i)api[ _-]?key\b|API_KEY_INVALID")
_MODEL_UNKNOWN = re.compile(
    r"(?i)\bmodels?\b.{0,120}?(?:not found|does ?n[o']t exist|not exist|unknown|not a valid|not available|not loaded)"
    r"|(?:invalid|unknown|no such) model|model_not_found|not a valid model|DeploymentNotFound"
)
_TOO_LONG = re.compile(
    r"(?i)context[ _](?:length|size|window)|maximum context|prompt is too long|too many (?:input )?tokens"
)
_NO_CREDIT = re.compile(r"(?i)insufficient[_ ](?:quota|credits?|balance|funds)")
_WINDOW = re.compile(r'(?i)"?n_ctx"?\D{1,4}(\d{3,7})|context (?:length|size|window)\D{0,20}?(\d{3,7})\b')


class Reason(NamedTuple):
    """What happened, as the end of "The language model ...", and the mend, as a sentence of its own."""

    what: str
    mend: str


_CHECK = "Run: dossier models check"
REASONS: dict[str, Reason] = {
    "unauthorized": Reason("does not accept the key", "Set DOSSIER_LLM_KEY to a key of this server."),
    "no-credit": Reason("has no credit left for this key", "Top it up, or set another DOSSIER_LLM_KEY."),
    "model-not-found": Reason(
        "is not known at the address in DOSSIER_LLM", "See what there is: dossier models list --from URL"
    ),
    "rate-limited": Reason("is asked too often for this key", "Wait a moment and ask again."),
    "parameter-refused": Reason(
        "refuses what it is asked with, also without every parameter that can be left out", _CHECK
    ),
    "context-exceeded": Reason(
        "has too small a window for the question and a passage",
        "Give it a larger context, or set DOSSIER_LLM_CONTEXT_TOKENS to what it has.",
    ),
    "empty": Reason(
        "gave an empty answer", "Raise DOSSIER_LLM_MAX_TOKENS if it thinks before it answers, or name another."
    ),
    "timeout": Reason("did not answer in time", "Raise DOSSIER_LLM_TIMEOUT_S, or name a smaller model."),
    "unreachable": Reason("cannot be reached", "Start its server, or mend the address in DOSSIER_LLM."),
    "server-error": Reason("failed on its server", "Look at the server's own log."),
    "unusable": Reason("gave no answer that can be read", "Check that DOSSIER_LLM names an OpenAI-compatible address."),
    "model-unavailable": Reason("cannot be loaded", _CHECK),
    "resting": Reason("failed too often and is left alone for a while", _CHECK),
    "broke-off": Reason("broke off in the middle of its answer", "Ask again."),
    "passage-instructs": Reason(
        "said nothing, and a passage tells its reader what to say, so that its silence proves nothing",
        "Read the quotes.",
    ),
    "nothing-supported": Reason("said nothing that the passages prove", "A larger model keeps closer to them."),
}


def reason_in_words(code: str) -> str:
    """The sentences that an answer carries, without a word of where the model runs.

    >>> reason_in_words("rate-limited")
    'The language model is asked too often for this key. Wait a moment and ask again.'
    """
    reason = REASONS[code]
    return f"The language model {reason.what}. {reason.mend}"


def code_of(error: Exception) -> str:
    """The reason that an exception of a call stands for."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _code_of_status(status, said_in(error))
    if isinstance(error, LanguageModelFailed):
        return error.reason
    if isinstance(error, DossierError):
        return "model-unavailable"
    if caused_by(error, TimeoutError):
        return "timeout"
    if caused_by(error, OverflowError):
        return "unusable"
    if caused_by(error, OSError) or any("Connect" in type(one).__name__ for one in _causes(error)):
        return "unreachable"
    return "context-exceeded" if _TOO_LONG.search(str(error)) else "unusable"


def said_in(error: Exception) -> str:
    """What a server says went wrong, to be looked at and never to be shown: it may repeat what was sent."""
    body = getattr(error, "body", None)
    return (body if isinstance(body, str) else json.dumps(body, default=str))[:_MOST_SAID] if body else ""


def window_said(error: Exception) -> int | None:
    """Tokens that a server which refuses a prompt as too long says it can take."""
    found = _WINDOW.search(said_in(error) or str(error))
    return int(found[1] or found[2]) if found else None


def caused_by(error: BaseException | None, kind: type[Exception]) -> bool:
    return any(isinstance(one, kind) for one in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _code_of_status(status: int, said: str) -> str:
    if status in (401, 403) or (status == 400 and _KEY_REFUSED.search(said)):
        return "unauthorized"
    if status == 402 or (status == 429 and _NO_CREDIT.search(said)):
        return "no-credit"
    if status == 429:
        return "rate-limited"
    if _TOO_LONG.search(said) and status < 500:
        return "context-exceeded"
    if status == 404 or (status in (400, 422) and _MODEL_UNKNOWN.search(said)):
        return "model-not-found"
    if status in (408, 504):
        return "timeout"
    if status >= 500 and status != 501:
        return "server-error"
    return "parameter-refused" if status >= 400 else "unusable"
