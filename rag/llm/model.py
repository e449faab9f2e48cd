"""A language model as the rest sees it: messages in, text out in pieces, in time or not at all, failing in one way only."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from index.errors import DossierError, LanguageModelFailed, SettingInvalid
from rag.llm.backends import Backend, backend_of
from rag.llm.bounded import Abandoned, current_budget, pieces_within
from rag.llm.dialect import MOST_REFUSALS, Dialect
from rag.llm.failure import REASONS, caused_by, code_of, window_said
from rag.llm.gguf import Said

MAX_RESPONSE_BYTES = 4 * 1024 * 1024  # a stream wraps each token in some 300 bytes
UNKNOWN_WINDOW = 4096
"""Tokens that a model is taken to read at once where nobody says: what the common local servers take by themselves."""
_TRY_AGAIN = frozenset({429, 503, 529})
_PAUSES_S = (0.25, 0.5, 1.0)
_MEND = "Check DOSSIER_LLM, or unset it to answer without a language model."


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


def open_llm(
    url: str, *, key: str | None, timeout_s: float, max_tokens: int, window: int | None = None
) -> LlamaIndexModel:
    """The language model that a setting names; nothing is loaded or sent before the first `complete`.

    Args:
        url, key: As for `backend_of`.
        timeout_s: Longest wait for a whole reply, connecting, loading and trying again included.
        window: Tokens that the model reads at once; None asks whoever runs it.

    Raises:
        SettingInvalid: The URL names no model, or the key could not be sent.
        ModelUnavailable: The file or the library of the model is missing.
    """
    return LlamaIndexModel(backend_of(url, key=key, max_tokens=max_tokens), timeout_s, window=window)


class NothingCame(Exception):
    """An answer in pieces that has none: the server does not speak in pieces, or the model said nothing."""


class LlamaIndexModel:
    """Any chat model of llama-index, bounded in time and size; a busy server is asked again while there is time.

    What its server refuses is left out from then on.
    """

    def __init__(self, backend: Backend, timeout_s: float, *, window: int | None = None) -> None:
        self._backend = backend
        self._timeout_s = timeout_s
        self._window = window
        self.dialect = Dialect()

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def place(self) -> str:
        """Where it runs, in words for whoever runs it."""
        return self._backend.place

    @property
    def small(self) -> bool:
        """Whether it is too small to be trusted with JSON, or with saying that it does not know."""
        return self._backend.small

    @property
    def local(self) -> bool:
        """Whether it runs on this machine, where what it reads costs seconds."""
        return self._backend.local

    def window(self) -> int:
        """Tokens of prompt and reply together: as set, else as whoever runs the model says, else `UNKNOWN_WINDOW`.

        A server that does not answer is asked again the next time.
        """
        if self._window is None:
            try:
                self._window = self._backend.window() or UNKNOWN_WINDOW
            except LanguageModelFailed as error:
                if error.reason in ("timeout", "unreachable"):
                    return UNKNOWN_WINDOW
                self._window = UNKNOWN_WINDOW
        return self._window

    def warm_up(self, messages: Sequence[Message] = ()) -> None:
        """Import what the model is spoken to with, so that no deadline is spent on that. Nothing is sent.

        Args:
            messages: What every prompt begins with; a model in this process reads it ahead.
        """
        self._backend.warm_up([(message.role, message.content) for message in messages])

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
            raise LanguageModelFailed(f"{self._who()} gave an empty answer. {_MEND}", reason="empty")
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
        except SettingInvalid as error:
            raise LanguageModelFailed(str(error), reason="model-not-found") from error
        except Exception as error:
            code = code_of(error)
            if code == "context-exceeded":
                self._learn_window(error)
            raise LanguageModelFailed(self._complaint(error, code), reason=code) from error

    def _learn_window(self, error: Exception) -> None:
        """A server that finds a prompt too long has less room than it was thought to have."""
        known = self.window()
        self._window = min(window_said(error) or known // 2, known)

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
        """The reply, in the words that the server takes; those that it refuses are found out, and kept only if it then answers."""
        said = [(message.role, message.content) for message in messages]
        offered = self._backend.offered(schema)
        dialect = self.dialect
        first: Exception = NothingCame()
        error: Exception = first
        for _ in range(MOST_REFUSALS):
            begun, cut = False, False
            try:
                for piece in self._backend.ask(said, dialect, offered):
                    begun = begun or bool(piece.text)
                    cut = cut or piece.cut
                    yield piece
                if begun:
                    self.dialect = dialect
                    return
                error = NothingCame()
                after = dialect.after_silence(offered, cut=cut)
            except Exception as raised:
                if begun:
                    raise
                error = raised
                after = dialect.after(error, offered)
            first = error if isinstance(first, NothingCame) else first
            if after is None:
                break
            dialect = after
        if not isinstance(error, NothingCame):
            raise first

    def _who(self) -> str:
        return f"Language model '{self._backend.name}' at {self._backend.place}"

    def _complaint(self, error: Exception, code: str) -> str:
        """What went wrong, without a word of the response: it may repeat what was sent."""
        status = getattr(error, "status_code", None)
        if isinstance(error, DossierError):
            return str(error)
        if isinstance(status, int):
            return f"{self._who()} answered HTTP {status}: it {REASONS[code].what}. {_MEND} {REASONS[code].mend}"
        if code == "timeout":
            what = f"did not answer within {self._timeout_s:g} s"
        elif caused_by(error, OverflowError):
            what = f"sent more than {MAX_RESPONSE_BYTES} bytes, or compressed ones"
        elif code == "unusable":
            what = f"gave no usable answer ({type(error).__name__})"
        else:
            what = REASONS[code].what
        return f"{self._who()} {what}. {_MEND}"


def _wait_s(error: Exception, pause_s: float) -> float | None:
    """Seconds until it makes sense to ask again: what the server says, else our own pause; None when it makes none."""
    if getattr(error, "status_code", None) in _TRY_AGAIN and code_of(error) != "no-credit":
        said = getattr(error, "response", None)
        after = "" if said is None else said.headers.get("retry-after", "")
        return float(after) if after.isdecimal() and len(after) < 6 else pause_s
    return pause_s if caused_by(error, ConnectionRefusedError) else None
