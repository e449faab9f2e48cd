"""A language model as the rest sees it: messages in, text out in pieces, in time or not at all, failing in one way only."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from index.errors import DossierError, LanguageModelFailed
from rag.llm.backends import Backend, backend_of
from rag.llm.bounded import Abandoned, current_budget, pieces_within
from rag.llm.gguf import Said

MAX_RESPONSE_BYTES = 4 * 1024 * 1024  # a stream wraps each token in some 300 bytes
_OPTIONS_REFUSED = frozenset({400, 404, 415, 422, 501})  # statuses of a server that does not know what was asked for
_TRY_AGAIN = frozenset({429, 503, 529})
_PAUSES_S = (0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's reply; token counts are 0 when the server does not tell."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


def unheard(piece: str) -> None:
    """Let it pass."""


def never() -> bool:
    """Somebody always waits."""
    return False


class LanguageModel(Protocol):
    """Messages in, text out, in time or not at all."""

    @property
    def name(self) -> str: ...

    def complete(
        self,
        messages: Sequence[Message],
        *,
        json_schema: Mapping[str, Any] | None = None,
        hear: Callable[[str], None] = unheard,
        stopped: Callable[[], bool] = never,
    ) -> Completion:
        """One reply, of the JSON schema where the server supports that.

        Args:
            hear: Called with each piece of the reply as it comes.
            stopped: Asked about twice a second whether anybody still waits for the reply.

        Raises:
            LanguageModelFailed: No reply in time, or none that can be used. Pieces may have been heard before.
            NobodyWaits: `stopped` said so.
        """

    def close(self) -> None: ...


class NobodyWaits(LanguageModelFailed):
    """Whoever asked has gone, so the model was not listened to any longer."""


def open_llm(url: str, *, key: str | None, timeout_s: float, max_tokens: int) -> LlamaIndexModel:
    """The language model that a setting names; nothing is loaded or sent before the first `complete`.

    Args:
        url, key: As for `backend_of`.
        timeout_s: Longest wait for a whole reply, connecting, loading and trying again included.

    Raises:
        SettingInvalid: The URL names no model.
        ModelUnavailable: The file or the library of the model is missing.
    """
    return LlamaIndexModel(backend_of(url, key=key, max_tokens=max_tokens), timeout_s)


class LlamaIndexModel:
    """Any chat model of llama-index, bounded in time and size; a busy server is asked again while there is time."""

    def __init__(self, backend: Backend, timeout_s: float) -> None:
        self._backend = backend
        self._timeout_s = timeout_s
        self._takes_options = True

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def small(self) -> bool:
        """Whether it is too small to be trusted with JSON, or with saying that it does not know."""
        return self._backend.small

    def warm_up(self) -> None:
        """Import what the model is spoken to with, so that no deadline is spent on that. Nothing is sent."""
        self._backend.warm_up()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        json_schema: Mapping[str, Any] | None = None,
        hear: Callable[[str], None] = unheard,
        stopped: Callable[[], bool] = never,
    ) -> Completion:
        """As in the protocol. A reply that is empty or too large is a failure too."""
        text, read, written = "", 0, 0
        with closing(self._heard(messages, json_schema, stopped)) as pieces:
            for piece in pieces:
                text += piece.text
                read, written = piece.prompt_tokens or read, piece.completion_tokens or written
                hear(piece.text)
        if not text.strip():
            raise LanguageModelFailed(f"{self._who()} gave an empty answer. {_MEND}")
        return Completion(text, read, written)

    def close(self) -> None:
        """Let go of connections or memory."""
        self._backend.close()

    def _heard(
        self, messages: Sequence[Message], schema: Mapping[str, Any] | None, stopped: Callable[[], bool]
    ) -> Generator[Said, None, None]:
        try:
            yield from pieces_within(
                self._timeout_s,
                lambda: self._patiently(messages, schema),
                response_bytes=MAX_RESPONSE_BYTES,
                stopped=stopped,
            )
        except Abandoned as error:
            raise NobodyWaits(f"Nobody waits for {self._who()} any more.") from error
        except Exception as error:
            raise LanguageModelFailed(self._complaint(error)) from error

    def _patiently(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Generator[Said, None, None]:
        """The reply; a server that is busy or not up yet is asked again, unless it has begun to answer or time is short."""
        for pause_s in (*_PAUSES_S, None):
            begun = False
            try:
                for piece in self._ask(messages, schema):
                    begun = True
                    yield piece
                return
            except Exception as error:
                wait_s = None if begun or pause_s is None else _wait_s(error, pause_s)
                budget = current_budget()
                if wait_s is None or wait_s >= budget.seconds():
                    raise
                budget.rest(wait_s)

    def _ask(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Iterator[Said]:
        said = [(message.role, message.content) for message in messages]
        options = self._backend.options(schema) if self._takes_options else {}
        try:
            yield from self._backend.ask(said, options)
        except Exception as error:
            if not options or getattr(error, "status_code", None) not in _OPTIONS_REFUSED:
                raise
            yield from self._backend.ask(said, {})
            self._takes_options = False

    def _who(self) -> str:
        return f"Language model '{self._backend.name}' at {self._backend.place}"

    def _complaint(self, error: Exception) -> str:
        """What went wrong, without a word of the response: it may repeat what was sent."""
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            what = f"answered HTTP {status}"
        elif isinstance(error, TimeoutError) or _caused_by(error, TimeoutError):
            what = f"did not answer within {self._timeout_s:g} s"
        elif _caused_by(error, OverflowError):
            what = f"sent more than {MAX_RESPONSE_BYTES} bytes, or compressed ones"
        elif isinstance(error, DossierError):
            return str(error)
        else:
            what = f"gave no usable answer ({type(error).__name__})"
        return f"{self._who()} {what}. {_MEND}"


_MEND = "Check DOSSIER_LLM, or unset it to answer without a language model."


def _wait_s(error: Exception, pause_s: float) -> float | None:
    """Seconds until it makes sense to ask again: what the server says, else our own pause; None when it makes none."""
    if getattr(error, "status_code", None) in _TRY_AGAIN:
        said = getattr(error, "response", None)
        after = "" if said is None else said.headers.get("retry-after", "")
        return float(after) if after.isdecimal() and len(after) < 6 else pause_s
    return pause_s if _caused_by(error, ConnectionRefusedError) else None


def _caused_by(error: BaseException | None, kind: type[Exception]) -> bool:
    for _ in range(10):
        if error is None or isinstance(error, kind):
            break
        error = error.__cause__ or error.__context__
    return isinstance(error, kind)
