"""Language models through llama-index, which is imported here and nowhere else, and only when a model is configured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from index.errors import DossierError, LanguageModelFailed, SettingInvalid
from rag.bounded import bounded_client, current_budget, within
from rag.gguf import GgufModel

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

MAX_RESPONSE_BYTES = 1024 * 1024
_SCHEMA_REFUSED = frozenset({400, 404, 415, 422, 501})  # statuses of a server that does not know `response_format`
_FORMS = "openai+http://HOST/v1?model=NAME, openai+https://HOST/v1?model=NAME or llama:///ABSOLUTE/FILE.gguf"


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


class LanguageModel(Protocol):
    """Messages in, text out, in time or not at all."""

    @property
    def name(self) -> str: ...

    def complete(self, messages: Sequence[Message], *, json_schema: Mapping[str, Any] | None = None) -> Completion:
        """One reply, of the JSON schema where the server supports that. Raises LanguageModelFailed, nothing else."""

    def close(self) -> None: ...


def open_llm(url: str, *, key: str | None, timeout_s: float, max_tokens: int) -> LanguageModel:
    """The language model that a setting names; nothing is loaded or sent before the first `complete`.

    Args:
        url: `openai+http://HOST/v1?model=NAME`, `openai+https://...` or `llama:///ABSOLUTE/FILE.gguf`.
        key: Sent as bearer token to an openai endpoint; never taken from elsewhere in the environment.
        timeout_s: Longest wait for a whole reply, connecting and loading included.

    Raises:
        SettingInvalid: The URL is none of these.
        ModelUnavailable: The GGUF file or the library that runs it is missing.
    """
    try:
        parts = urlsplit(url)
        port = parts.port  # a bad port is only noticed when it is read
    except ValueError as error:
        raise SettingInvalid(f"DOSSIER_LLM is not a URL ({error}). Give {_FORMS}") from error
    if parts.scheme == "llama" and not parts.netloc and parts.path.startswith("/") and not parts.query:
        model = GgufModel(Path(unquote(parts.path)), max_tokens=max_tokens)
        return LlamaIndexModel(model.path.stem, "the GGUF model", lambda: _open_gguf(model), model.close, timeout_s)
    if parts.scheme not in ("openai+http", "openai+https") or not parts.hostname:
        raise SettingInvalid(
            f"DOSSIER_LLM starts with {parts.scheme + '://' if parts.scheme else 'no scheme'!r}. Give {_FORMS}"
        )
    if "@" in parts.netloc:
        raise SettingInvalid(
            "DOSSIER_LLM holds a user or a password. Leave them out, and put the key into DOSSIER_LLM_KEY."
        )
    query = parse_qs(parts.query)
    if set(query) != {"model"} or len(query["model"]) != 1:
        raise SettingInvalid(f"DOSSIER_LLM must have exactly one parameter, model. Give {_FORMS}")
    name, scheme = query["model"][0], parts.scheme.removeprefix("openai+")
    host = f"{parts.hostname}:{port}" if port else str(parts.hostname)
    client = bounded_client(tls=scheme == "https")
    base = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return LlamaIndexModel(
        name, host, lambda: _open_openai(name, base, key, client, max_tokens), client.close, timeout_s
    )


class LlamaIndexModel:
    """Any chat model of llama-index, bounded in time and size."""

    def __init__(
        self, name: str, place: str, open_model: Callable[[], LLM], close: Callable[[], None], timeout_s: float
    ) -> None:
        self._name = name
        self._place = place
        self._open_model = open_model
        self._close = close
        self._timeout_s = timeout_s
        self._model: LLM | None = None
        self._takes_schema = True

    @property
    def name(self) -> str:
        return self._name

    def complete(self, messages: Sequence[Message], *, json_schema: Mapping[str, Any] | None = None) -> Completion:
        """One reply. Raises LanguageModelFailed when it fails, is empty, too large or too late."""
        try:
            completion = within(
                self._timeout_s, lambda: self._chat(messages, json_schema), response_bytes=MAX_RESPONSE_BYTES
            )
        except Exception as error:
            raise LanguageModelFailed(self._complaint(error)) from error
        if not completion.text.strip():
            raise LanguageModelFailed(f"Language model '{self._name}' at {self._place} gave an empty answer. {_MEND}")
        return completion

    def close(self) -> None:
        """Let go of connections or memory."""
        self._close()

    def _chat(self, messages: Sequence[Message], json_schema: Mapping[str, Any] | None) -> Completion:
        if self._model is None:
            self._model = self._open_model()
        schema = json_schema if self._takes_schema else None
        try:
            return _chat_once(self._model, messages, schema)
        except Exception as error:
            if schema is None or getattr(error, "status_code", None) not in _SCHEMA_REFUSED:
                raise
            completion = _chat_once(self._model, messages, None)
            self._takes_schema = False
            return completion

    def _complaint(self, error: Exception) -> str:
        """What went wrong, without a word of the response: it may repeat what was sent."""
        status = getattr(error, "status_code", None)
        if isinstance(error, TimeoutError) or _caused_by(error, TimeoutError):
            what = f"did not answer within {self._timeout_s:g} s"
        elif _caused_by(error, OverflowError):
            what = f"sent more than {MAX_RESPONSE_BYTES} bytes, or compressed ones"
        elif isinstance(status, int):
            what = f"answered HTTP {status}"
        elif isinstance(error, DossierError):
            return str(error)
        else:
            what = f"gave no usable answer ({type(error).__name__})"
        return f"Language model '{self._name}' at {self._place} {what}. {_MEND}"


_MEND = "Check DOSSIER_LLM, or unset it to answer without a language model."


def _caused_by(error: BaseException | None, kind: type[Exception]) -> bool:
    for _ in range(10):
        if error is None or isinstance(error, kind):
            break
        error = error.__cause__ or error.__context__
    return isinstance(error, kind)


def _chat_once(model: LLM, messages: Sequence[Message], json_schema: Mapping[str, Any] | None) -> Completion:
    from llama_index.core.llms import ChatMessage

    options: dict[str, Any] = {}
    if json_schema is not None:
        named = {"name": "answer", "strict": True, "schema": dict(json_schema)}
        options["response_format"] = {"type": "json_schema", "json_schema": named}
    response = model.chat([ChatMessage(role=message.role, content=message.content) for message in messages], **options)
    counts = response.additional_kwargs
    text = response.message.content
    return Completion(text or "", _count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens")))


def _count(tokens: object) -> int:
    return tokens if isinstance(tokens, int) and tokens > 0 else 0


def _open_openai(name: str, base: str, key: str | None, client: Any, max_tokens: int) -> LLM:
    from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]

    model: LLM = OpenAILike(
        model=name,
        api_base=base,
        api_key=key or "none",  # None would make it read OPENAI_API_KEY and send that
        is_chat_model=True,
        temperature=0.0,
        max_tokens=max_tokens,
        max_retries=0,
        timeout=600.0,  # the budget of `within` ends it before
        http_client=client,
        additional_kwargs={"seed": 0},
    )
    return model


def _open_gguf(model: GgufModel) -> LLM:
    from llama_index.core.llms import (
        ChatMessage,
        ChatResponse,
        CompletionResponse,
        CompletionResponseGen,
        CustomLLM,
        LLMMetadata,
        MessageRole,
    )

    class GgufLLM(CustomLLM):
        """`GgufModel` as llama-index sees it."""

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(model_name=model.path.stem, is_chat_model=True)

        def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
            plain = [{"role": str(message.role.value), "content": message.content or ""} for message in messages]
            budget = current_budget()
            text, read, written = model.chat(plain, kwargs.get("response_format"), seconds_left=budget.seconds)
            counts = {"prompt_tokens": read, "completion_tokens": written}
            return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text), additional_kwargs=counts)

        async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
            # CustomLLM.achat would run the model in the event loop and stop a whole server.
            return await asyncio.to_thread(self.chat, messages, **kwargs)

        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
            reply = self.chat([ChatMessage(role=MessageRole.USER, content=prompt)], **kwargs)
            return CompletionResponse(text=reply.message.content or "", additional_kwargs=reply.additional_kwargs)

        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
            yield self.complete(prompt, formatted, **kwargs)

    return GgufLLM()
