"""One small server on loopback that behaves as a given provider of language models does: what it refuses, in whose words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

REPLY = json.dumps(
    {
        "statements": [{"text": "The market hall of Tarn was reopened on 4 May 2019.", "citations": [1]}],
        "short": "2019",
        "not_stated": False,
    }
)
Refusal = tuple[int, Any]
"""A status and the body that comes with it."""


@dataclass(frozen=True)
class Provider:
    """How a provider behaves.

    Attributes:
        refuse: What it says to a request that it does not take; None when it takes it.
        base: Where its addresses begin; a path, or the whole of one with `query`.
        lists: The body of its list of models.
        facts: Bodies of its other addresses, by path.
        whole: It sends a whole answer also where one in pieces was asked for.
        thinks: Tokens that it thinks before it says anything.
    """

    refuse: Callable[[Mapping[str, Any]], Refusal | None] = lambda body: None
    base: str = "/v1"
    query: str = ""
    key_header: str = "authorization"
    lists: Any = field(default_factory=lambda: {"object": "list", "data": [{"id": "m-1", "object": "model"}]})
    facts: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    thinks: int = 0


def unsupported(name: str, instead: str = "") -> Refusal:
    """As OpenAI's newest say it."""
    message = f"Unsupported parameter: '{name}' is not supported with this model.{instead}"
    return 400, {
        "error": {"message": message, "type": "invalid_request_error", "param": name, "code": "unsupported_parameter"}
    }


def openai_newest(body: Mapping[str, Any]) -> Refusal | None:
    if "max_tokens" in body:
        return unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    if body.get("temperature", 1) != 1:
        return unsupported("temperature")
    if "seed" in body:
        return unsupported("seed")
    if body.get("stream"):
        message = "Your organization must be verified to stream this model."
        return 400, {"error": {"message": message, "param": "stream", "code": "unsupported_value"}}
    return None


def gemini(body: Mapping[str, Any]) -> Refusal | None:
    for name in ("seed", "stream_options"):
        if name in body:
            message = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            return 400, [{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}]
    return None


def azure(body: Mapping[str, Any]) -> Refusal | None:
    if "stream_options" in body:
        return 400, {"error": {"message": "Unrecognized request argument supplied: stream_options", "code": None}}
    if "response_format" in body:
        message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
        return 400, {"error": {"message": message, "param": None, "code": None}}
    return None


def litellm(body: Mapping[str, Any]) -> Refusal | None:
    dropped = sorted({"seed", "temperature"} & set(body))
    if dropped:
        message = f"litellm.UnsupportedParamsError: openai does not support parameters: {dropped}, for model=m-1."
        return 400, {"error": {"message": message, "type": "None", "param": None, "code": "400"}}
    return None


def openrouter(body: Mapping[str, Any]) -> Refusal | None:
    if "response_format" in body:
        return 404, {"error": {"message": "No endpoints found that can handle the requested parameters.", "code": 404}}
    return None


def lm_studio(body: Mapping[str, Any]) -> Refusal | None:
    if body["messages"][0]["role"] == "system":
        return 400, {"error": "Error rendering prompt with jinja template: System role not supported"}
    return None


def vllm(body: Mapping[str, Any]) -> Refusal | None:
    if "response_format" in body:
        return 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "response_format"], "msg": "Extra inputs"}]}
    return None


def says_nothing_of_use(body: Mapping[str, Any]) -> Refusal | None:
    if {"response_format", "stream_options", "seed"} & set(body):
        return 400, "Bad Request"
    return None


_LLAMA_CPP = {"object": "list", "data": [{"id": "m-1", "owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}}]}
_OLLAMA = {"object": "list", "data": [{"id": "m-1", "object": "model", "owned_by": "library"}]}
PROVIDERS: dict[str, Provider] = {
    "Ollama": Provider(
        lists=_OLLAMA,
        facts={
            "/api/ps": {"models": []},
            "/api/show": {"model_info": {"llama.context_length": 131072}, "parameters": "stop x\nnum_ctx 8192"},
        },
    ),
    "LM Studio": Provider(lm_studio, facts={"/api/v0/models/m-1": {"id": "m-1", "loaded_context_length": 4000}}),
    "vLLM": Provider(vllm, lists={"data": [{"id": "m-1", "max_model_len": 16384}]}),
    "llama.cpp": Provider(lists=_LLAMA_CPP, facts={"/props": {"default_generation_settings": {"n_ctx": 2048}}}),
    "LiteLLM": Provider(litellm),
    "OpenRouter": Provider(openrouter, base="/api/v1", lists={"data": [{"id": "m-1", "context_length": 200000}]}),
    "Azure": Provider(
        azure, base="/openai/deployments/m-1", query="&api-version=2024-10-21", key_header="api-key", lists=None
    ),
    "Gemini": Provider(gemini, base="/v1beta/openai", lists={"data": [{"id": "models/m-1"}]}),
    "OpenAI": Provider(openai_newest, thinks=200),
    "whole answers only": Provider(whole=True),
    "no reason given": Provider(says_nothing_of_use),
}
WINDOWS = {"Ollama": 8192, "LM Studio": 4000, "vLLM": 16384, "llama.cpp": 2048, "OpenRouter": 200000}
"""Tokens that each is known to read at once; the others do not say."""


class ProviderServer:
    """Serves one provider; `bodies` holds what was asked, `paths` each address with its query, and `keys` what came in its header."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stub.paths.append(self.path)
                path = self.path.partition("?")[0]
                found = stub.provider.lists if path == f"{stub.provider.base}/models" else stub.provider.facts.get(path)
                self.send(404 if found is None else 200, found or {"error": "not found"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path in stub.provider.facts:
                    return self.send(200, stub.provider.facts[self.path])
                stub.paths.append(self.path)
                stub.bodies.append(body)
                stub.keys.append(self.headers.get(stub.provider.key_header))
                refused = stub.provider.refuse(body)
                return self.send(*refused) if refused else self.answer(body)

            def answer(self, body: Mapping[str, Any]) -> None:
                room = body.get("max_completion_tokens") or body.get("max_tokens") or 10**6
                said, ended = (REPLY, "stop") if room > stub.provider.thinks else ("", "length")
                usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
                whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "m-1", "usage": usage}
                if stub.provider.whole or not body.get("stream"):
                    message = {"role": "assistant", "content": said}
                    choice = {"index": 0, "message": message, "finish_reason": ended}
                    return self.send(200, {**whole, "choices": [choice]})
                piece = {"index": 0, "delta": {"role": "assistant", "content": said}, "finish_reason": ended}
                event = {**whole, "object": "chat.completion.chunk", "choices": [piece]}
                content = f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n".encode()
                return self.send(200, content, kind="text/event-stream")

            def send(self, status: int, content: Any, kind: str = "application/json") -> None:
                sent = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def base(self) -> str:
        return f"http://{self.place}{self.provider.base}"

    @property
    def url(self) -> str:
        return f"openai+{self.base}?model=m-1{self.provider.query}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
