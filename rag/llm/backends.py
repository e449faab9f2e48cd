"""Which language model a setting names, opened through llama-index: imported here and nowhere else, when it is first asked."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from index.errors import ModelUnavailable, SettingInvalid
from rag.llm.bounded import bounded_client, current_budget
from rag.llm.gguf import GgufModel, Said
from rag.models.gguf import check_writes

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

FORMS = (
    "openai+http://HOST/v1?model=NAME, openai+https://HOST/v1?model=NAME, anthropic+https://HOST?model=NAME, "
    "llama:///ABSOLUTE/FILE.gguf or llama://NAME of 'dossier models list'"
)
_SMALL_BYTES = 1024**3
_KEY_HEADERS = {"openai": "authorization", "anthropic": "x-api-key"}


@dataclass(frozen=True)
class Backend:
    """One place where a model runs. Nothing is loaded before it is first asked or warmed up, and nothing sent before it is asked.

    Attributes:
        place: Where, in words that may be shown.
        options: What is sent beside the messages, to get a JSON schema kept where one is given.
        small: So small that it always says something: it neither writes JSON nor knows when it does not know.
    """

    name: str
    place: str
    open_model: Callable[[], LLM]
    options: Callable[[Mapping[str, Any] | None], dict[str, Any]]
    close: Callable[[], None]
    small: bool = False

    def ask(self, messages: Sequence[tuple[str, str]], options: Mapping[str, Any]) -> Iterator[Said]:
        """A reply in pieces, as it is written; `messages` are pairs of role and content."""
        from llama_index.core.llms import ChatMessage

        chat = [ChatMessage(role=role, content=text) for role, text in messages]
        for response in self._model.stream_chat(chat, **options):
            counts = {**response.additional_kwargs, **(response.message.additional_kwargs.get("usage") or {})}
            read = counts.get("prompt_tokens") or counts.get("input_tokens")
            written = counts.get("completion_tokens") or counts.get("output_tokens")
            yield Said(response.delta or "", _count(read), _count(written))

    def warm_up(self) -> None:
        """Import the library."""
        _ = self._model

    @cached_property
    def _model(self) -> LLM:
        return self.open_model()


def backend_of(url: str, *, key: str | None, max_tokens: int) -> Backend:
    """The back end that a setting names.

    Args:
        url: `openai+http://HOST/v1?model=NAME`, `openai+https://...`, `anthropic+https://HOST?model=NAME` or
            `llama:///ABSOLUTE/FILE.gguf`.
        key: Sent to an endpoint, which gets no other; never taken from elsewhere in the environment.

    Raises:
        SettingInvalid: The URL is none of these.
        ModelUnavailable: The GGUF file or the library for this kind of model is missing.
    """
    try:
        parts = urlsplit(url)
        port = parts.port  # a bad port is only noticed when it is read
    except ValueError as error:
        raise SettingInvalid(f"DOSSIER_LLM is not a URL ({error}). Give {FORMS}") from error
    if parts.scheme == "llama" and not parts.netloc and parts.path.startswith("/") and not parts.query:
        return _gguf(Path(unquote(parts.path)), max_tokens)
    kind, _, scheme = parts.scheme.partition("+")
    if kind not in _KEY_HEADERS or scheme not in ("http", "https") or not parts.hostname:
        raise SettingInvalid(
            f"DOSSIER_LLM starts with {parts.scheme + '://' if parts.scheme else 'no scheme'!r}. Give {FORMS}"
        )
    if "@" in parts.netloc:
        raise SettingInvalid(
            "DOSSIER_LLM holds a user or a password. Leave them out, and put the key into DOSSIER_LLM_KEY."
        )
    query = parse_qs(parts.query)
    if set(query) != {"model"} or len(query["model"]) != 1:
        raise SettingInvalid(f"DOSSIER_LLM must have exactly one parameter, model. Give {FORMS}")
    place = f"{parts.hostname}:{port}" if port else str(parts.hostname)
    base = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return (_openai if kind == "openai" else _anthropic)(query["model"][0], place, base, key or "none", max_tokens)


def _count(tokens: object) -> int:
    return tokens if isinstance(tokens, int) and tokens > 0 else 0


def _openai(name: str, place: str, base: str, key: str, max_tokens: int) -> Backend:
    client = bounded_client(tls=base.startswith("https"), key_header=_KEY_HEADERS["openai"], key=f"Bearer {key}")

    def open_model() -> LLM:
        from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]

        model: LLM = OpenAILike(
            model=name,
            api_base=base,
            api_key="none",  # the client knows it; None would make the library look for one
            is_chat_model=True,
            temperature=0.0,
            max_tokens=max_tokens,
            max_retries=0,
            timeout=600.0,  # the budget of the call ends it before
            http_client=client,
            additional_kwargs={"seed": 0},
        )
        return model

    def options(schema: Mapping[str, Any] | None) -> dict[str, Any]:
        return {"stream_options": {"include_usage": True}, **_json_schema(schema)}

    return Backend(name, place, open_model, options, client.close)


def _json_schema(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    if schema is None:
        return {}
    named = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _anthropic(name: str, place: str, base: str, key: str, max_tokens: int) -> Backend:
    if importlib.util.find_spec("anthropic") is None:
        raise ModelUnavailable(
            "An anthropic+https:// model needs a library that is not installed. Run: pip install 'dossier[anthropic]'"
        )
    client = bounded_client(tls=base.startswith("https"), key_header=_KEY_HEADERS["anthropic"], key=key)

    def open_model() -> LLM:
        from anthropic import Anthropic as Sdk
        from llama_index.core.llms import LLMMetadata
        from llama_index.llms.anthropic import Anthropic

        class AnyAnthropic(Anthropic):
            """Also a model whose name is newer than the library."""

            @property
            def metadata(self) -> LLMMetadata:
                return LLMMetadata(model_name=name, num_output=max_tokens, is_chat_model=True)

        model = AnyAnthropic(model=name, base_url=base, api_key="none", max_tokens=max_tokens, temperature=0.0)  # type: ignore[call-arg]
        model._client = Sdk(base_url=base, api_key="none", max_retries=0, timeout=600.0, http_client=client)
        return model

    def options(schema: Mapping[str, Any] | None) -> dict[str, Any]:
        from anthropic import transform_schema

        if schema is None:
            return {}
        return {"output_config": {"format": {"type": "json_schema", "schema": transform_schema(dict(schema))}}}

    return Backend(name, place, open_model, options, client.close)


def _gguf(path: Path, max_tokens: int) -> Backend:
    model = GgufModel(path, max_tokens=max_tokens)
    check_writes(path)
    small = path.stat().st_size < _SMALL_BYTES
    return Backend(path.stem, "the GGUF model", lambda: _open_gguf(model), _json_schema, model.close, small)


def _open_gguf(model: GgufModel) -> LLM:
    from llama_index.core.llms import (
        ChatMessage,
        ChatResponse,
        ChatResponseGen,
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

        def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
            plain = [{"role": str(message.role.value), "content": message.content or ""} for message in messages]
            budget = current_budget()
            for said in model.chat(plain, kwargs.get("response_format"), seconds_left=budget.seconds):
                yield ChatResponse(
                    message=ChatMessage(role=MessageRole.ASSISTANT, content=said.text),
                    delta=said.text,
                    additional_kwargs={
                        "prompt_tokens": said.prompt_tokens,
                        "completion_tokens": said.completion_tokens,
                    },
                )

        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
            pieces = self.stream_chat([ChatMessage(role=MessageRole.USER, content=prompt)], **kwargs)
            return CompletionResponse(text="".join(piece.delta or "" for piece in pieces))

        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
            yield self.complete(prompt, formatted, **kwargs)

    return GgufLLM()
