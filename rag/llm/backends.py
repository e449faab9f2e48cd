"""Which language model a setting names; a server is spoken to through llama-index, imported here alone and when it is first asked."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from index.errors import ModelUnavailable
from rag.llm.address import Address, check_key, read_address
from rag.llm.bounded import bounded_client, current_budget
from rag.llm.dialect import Dialect
from rag.llm.gguf import GgufModel, Said
from rag.llm.server import Server
from rag.models.gguf import check_writes

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatMessage, ChatResponse

_SMALL_BYTES = 3 * 1024**3


class Backend(Protocol):
    """One place where a model runs. Nothing is loaded before it is first asked or warmed up, and nothing sent before it is asked.

    Attributes:
        place: Where, in words that may be shown.
        local: On this machine, whose processor it most likely has to share: what it reads costs seconds.
        small: So small that it always says something: it neither writes JSON nor knows when it does not know.
    """

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def local(self) -> bool: ...

    @property
    def small(self) -> bool: ...

    def offered(self, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        """What may be sent beside the messages, by the names that a `Dialect` knows."""

    def ask(self, messages: Sequence[tuple[str, str]], dialect: Dialect, offered: Mapping[str, Any]) -> Iterator[Said]:
        """A reply in pieces, as it is written; `messages` are pairs of role and content."""

    def window(self) -> int | None:
        """Tokens of prompt and reply together; None where nobody says. Raises LanguageModelFailed."""

    def warm_up(self, messages: Sequence[tuple[str, str]]) -> None:
        """Load what runs in this process, and read `messages`, with which every prompt begins. Nothing is sent."""

    def close(self) -> None: ...


def backend_of(url: str, *, key: str | None, max_tokens: int) -> Backend:
    """The back end that a setting names.

    Args:
        url: As `rag.llm.address.FORMS` has it.
        key: Sent to an endpoint, which gets no other; never taken from elsewhere in the environment.

    Raises:
        SettingInvalid: The URL is none of these, or the key could not be sent.
        ModelUnavailable: The GGUF file or the library for this kind of model is missing.
    """
    if url.startswith("llama:///") and not (parts := urlsplit(url)).query:
        return GgufBackend(GgufModel(Path(unquote(parts.path)), max_tokens=max_tokens))
    address, sent = read_address(url), check_key(key)
    if address.kind == "anthropic" and importlib.util.find_spec("anthropic") is None:
        raise ModelUnavailable(
            "An anthropic+https:// model needs two libraries that are not installed. "
            "Run: pip install 'anthropic>=0.75,<1' 'llama-index-llms-anthropic>=0.12.3,<0.13'"
        )
    return ServerBackend(address, sent, max_tokens)


class ServerBackend:
    """A model behind a server that speaks as OpenAI's or Anthropic's do."""

    small = False

    def __init__(self, address: Address, key: str, max_tokens: int) -> None:
        self._address = address
        self._max_tokens = max_tokens
        self._picked = address.model
        self._server = Server(address, key)
        self._client = bounded_client(
            tls=address.base.startswith("https"),
            key_header=address.key_header,
            key=f"Bearer {key}" if address.key_header == "authorization" else key,
            parameters=address.parameters,
        )

    @property
    def name(self) -> str:
        return self._picked or self._address.place

    @property
    def place(self) -> str:
        return self._address.place

    @property
    def local(self) -> bool:
        return self._address.local

    def offered(self, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        always = {"temperature": 0.0, "stream": True, "system": True}
        if self._address.kind == "anthropic":
            return {**always, **_output_config(schema)}
        counted = {"max_tokens": self._max_tokens, "stream_options": {"include_usage": True}}
        return {**always, **counted, "seed": 0, **_json_schema(schema)}

    def ask(self, messages: Sequence[tuple[str, str]], dialect: Dialect, offered: Mapping[str, Any]) -> Iterator[Said]:
        options = dialect.options(offered)
        stream, system = options.pop("stream", False), options.pop("system", False)
        chat = _chat(messages if system else _in_one(messages))
        if "temperature" not in options:
            options["temperature"] = self._unsaid
        if stream:
            for response in self._model.stream_chat(chat, **options):
                yield _said(response, response.delta or "")
        else:
            whole = self._model.chat(chat, **options)
            yield _said(whole, whole.message.content or "")

    def window(self) -> int | None:
        return self._server.window(self._chosen())

    def warm_up(self, messages: Sequence[tuple[str, str]]) -> None:
        if self._address.kind == "anthropic":
            import llama_index.llms.anthropic
        else:
            import llama_index.llms.openai_like  # type: ignore[import-untyped]  # noqa: F401

    def close(self) -> None:
        self._client.close()

    def _chosen(self) -> str:
        self._picked = self._picked or self._server.pick()
        return self._picked

    @property
    def _unsaid(self) -> Any:
        """What the library takes for a parameter that is not to be sent."""
        if self._address.kind == "anthropic":
            from anthropic import omit

            return omit
        import openai

        return openai.omit

    @cached_property
    def _model(self) -> LLM:
        of = _anthropic if self._address.kind == "anthropic" else _openai
        return of(self._chosen(), self._address.base, self._client, self._max_tokens)


class GgufBackend:
    """A GGUF file in this process."""

    place = "the GGUF model"
    local = True

    def __init__(self, model: GgufModel) -> None:
        check_writes(model.path)
        self._gguf = model
        self.small = model.path.stat().st_size < _SMALL_BYTES

    @property
    def name(self) -> str:
        return self._gguf.path.stem

    def offered(self, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        return _json_schema(schema)

    def ask(self, messages: Sequence[tuple[str, str]], dialect: Dialect, offered: Mapping[str, Any]) -> Iterator[Said]:
        plain = [{"role": role, "content": text} for role, text in messages]
        response_format = dialect.options(offered).get("response_format")
        return self._gguf.chat(plain, response_format, seconds_left=current_budget().seconds)

    def window(self) -> int | None:
        return self._gguf.window

    def warm_up(self, messages: Sequence[tuple[str, str]]) -> None:
        self._gguf.read_ahead([{"role": role, "content": text} for role, text in messages])

    def close(self) -> None:
        self._gguf.close()


def _chat(messages: Sequence[tuple[str, str]]) -> list[ChatMessage]:
    from llama_index.core.llms import ChatMessage

    return [ChatMessage(role=role, content=text) for role, text in messages]


def _in_one(messages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """For a model that takes no message in the role of the system."""
    return [("user", "\n\n".join(text for _, text in messages))]


def _said(response: ChatResponse, text: str) -> Said:
    counts = {**response.additional_kwargs, **(response.message.additional_kwargs.get("usage") or {})}
    read = counts.get("prompt_tokens") or counts.get("input_tokens")
    written = counts.get("completion_tokens") or counts.get("output_tokens")
    choices = getattr(response.raw, "choices", None) or ()
    cut = any(getattr(choice, "finish_reason", None) == "length" for choice in choices)
    return Said(text, _count(read), _count(written), cut)


def _count(tokens: object) -> int:
    return tokens if isinstance(tokens, int) and tokens > 0 else 0


def _json_schema(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    if schema is None:
        return {}
    named = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _output_config(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    from anthropic import transform_schema

    if schema is None:
        return {}
    return {"output_config": {"format": {"type": "json_schema", "schema": transform_schema(dict(schema))}}}


def _openai(name: str, base: str, client: Any, max_tokens: int) -> LLM:
    from llama_index.llms.openai_like import OpenAILike

    model: LLM = OpenAILike(
        model=name,
        api_base=base,
        api_key="none",  # the client knows it; None would make the library look for one
        is_chat_model=True,
        max_tokens=None,  # every parameter goes with the call, so that a refused one can be left out
        max_retries=0,
        timeout=600.0,  # the budget of the call ends it before
        http_client=client,
    )
    return model


def _anthropic(name: str, base: str, client: Any, max_tokens: int) -> LLM:
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
