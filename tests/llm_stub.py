"""A small server on loopback that speaks as OpenAI's and Anthropic's do, and answers well or badly, as told."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

GOOD = {
    "statements": [{"text": "Ostria and Marland signed a truce in Belport on March 4.", "citations": [1]}],
    "short": "March 4",
    "not_stated": False,
}
_CITED = "Ostria and Marland signed a truce in Belport on March 4."
REPLIES: dict[str, str] = {
    "good": json.dumps(GOOD),
    "plain": f"{_CITED} [1] Trade fell to $6bn in 2021.[1]",
    "fenced": f"Here you are {{friend}}:\n```json\n{json.dumps(GOOD)}\n```",
    "thinking": f"<think>{{maybe}} [9]</think>{json.dumps(GOOD)}",
    "empty": "",
    "not_stated": json.dumps({"statements": [], "short": "", "not_stated": True}),
    "invalid_json": '{"statements": [{"text": "' + _CITED + '", "citations": [1]}, {"text": "cut',
    "junk": "lorem ]}{[ ipsum",
    "bad_citations": json.dumps(
        {"statements": [{"text": f"{_CITED} [0][99]", "citations": [0, 99, -1, True, None, 10**30]}], "short": ""}
    ),
    "repeated_citations": json.dumps(
        {"statements": [{"text": f"{_CITED} [1][1][1]", "citations": [1, 1, "[1]"]}], "short": "March 4"}
    ),
    "invented": json.dumps(
        {
            "statements": [{"text": _CITED.replace("4", "17"), "citations": [1]}, {"text": _CITED, "citations": [1]}],
            "short": "March 17",
        }
    ),
    "surrogate": '{"statements": [{"text": "\\ud800 vanished", "citations": [1]}], "short": "\\udfff", "not_stated": false}',
    "deep": "[" * 100_000,
}
BROKEN = (
    "hang",
    "drip",
    "drip_headers",
    "trickle",
    "429",
    "500",
    "html",
    "cut",
    "huge",
    "gzip",
    "redirect",
    "no_choices",
    "not_json",
    "closed",
)
PIECE = 16  # characters of a reply in one event
Reply = Callable[[str], str]


class StubServer:
    """Serves `POST /v1/chat/completions` and `POST /v1/messages`, as streams.

    `mode` names a reply or a way to fail; or it is called with the prompt and returns the reply. `requests` holds the bodies and
    `headers` the headers that came in; `asked` is set when there is one, `gone` when a client hung up on a reply.
    """

    def __init__(self, mode: str | Reply) -> None:
        self.mode = mode
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()
        self.asked = threading.Event()
        self.gone = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.requests.append(json.loads(body))
                stub.headers.append({name.lower(): value for name, value in self.headers.items()})
                stub.asked.set()
                try:
                    stub.answer(self)
                except OSError:
                    stub.gone.set()
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"openai+http://127.0.0.1:{self.port}/v1?model=stub-1"

    @property
    def anthropic_url(self) -> str:
        return f"anthropic+http://127.0.0.1:{self.port}?model=stub-1"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        mode, last = self.mode, self.requests[-1]
        if callable(mode):
            return self._stream(handler, mode(self.prompt()))
        if mode == "no_schema" and ("response_format" in last or "output_config" in last):
            return self._send(handler, b'{"error": {"message": "unknown field"}}', status=400)
        if mode in ("429", "500"):
            return self._send(handler, b'{"error": {"message": "SECRET ECHO"}}', status=int(mode))
        if mode.startswith("busy") and len(self.requests) == 1:
            return self._send(handler, b"{}", status=429, headers={"Retry-After": mode.removeprefix("busy ")})
        if mode == "redirect":
            return self._send(handler, b"", status=307, headers={"Location": f"http://127.0.0.1:{self.port}/elsewhere"})
        if mode == "html":
            return self._send(handler, b"<html><body>Sign in</body></html>", kind="text/html")
        if mode == "not_json":
            return self._send(handler, b"data: {]\n\n", kind="text/event-stream")
        if mode == "no_choices":
            return self._send(handler, b'data: {"object": "chat.completion.chunk", "choices": []}\n\n')
        if mode == "gzip":
            return self._send(handler, b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})
        if mode == "closed":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return None
        if mode == "hang":
            return self._wait(handler)
        if mode in ("drip", "drip_headers"):
            return self._drip(handler)
        if mode == "huge":
            return self._stream(handler, "a" * 10_000_000, piece=100_000)
        if mode == "trickle":
            return self._trickle(handler)
        if mode == "stops":
            return self._stream(handler, REPLIES["good"], stop_after=REPLIES["good"].index("short"))
        return self._stream(handler, REPLIES.get(mode, REPLIES["good"]), cut=mode == "cut")

    def _stream(
        self,
        handler: BaseHTTPRequestHandler,
        text: str,
        *,
        piece: int = PIECE,
        cut: bool = False,
        stop_after: int | None = None,
    ) -> None:
        """A reply in events, cut off in the middle of the first, or standing still after some characters."""
        pieces = [text[start : start + piece] for start in range(0, len(text), piece)]
        said = _anthropic_events if "messages" in handler.path else _openai_events
        if stop_after is not None:
            pieces = pieces[: stop_after // piece + 1]
        events = [f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode() for kind, body in said(pieces)]
        if cut:
            return self._send(handler, events[0][:40], length=sum(map(len, events)), kind="text/event-stream")
        if stop_after is None:
            return self._send(handler, b"".join(events), kind="text/event-stream")
        self._send(handler, b"".join(events[: len(pieces)]), length=10**6, kind="text/event-stream")
        return self._wait(handler)

    def _trickle(self, handler: BaseHTTPRequestHandler) -> None:
        """One token every 50 ms, each in an event as it should be, without end."""
        self._send(handler, b"", length=10**9, kind="text/event-stream")
        said = _anthropic_events if "messages" in handler.path else _openai_events
        for kind, body in said(["word "] * 10_000):
            if self.released.wait(0.05):
                break
            handler.wfile.write(f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode())

    def _wait(self, handler: BaseHTTPRequestHandler) -> None:
        """Until the client hangs up, or the test is over."""
        handler.connection.settimeout(0.05)
        while not self.released.is_set():
            with contextlib.suppress(TimeoutError):
                if not handler.connection.recv(1):
                    self.gone.set()
                    break
        handler.close_connection = True

    def _send(
        self,
        handler: BaseHTTPRequestHandler,
        body: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        handler.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(length or len(body)),
            **(headers or {}),
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = length is not None

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        """One byte every 50 ms: faster than any timeout between two reads, slower than anybody's patience."""
        start = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        if self.mode == "drip":
            handler.wfile.write(start + b"Content-Length: 100000\r\n\r\n")
            start = b""
        for byte in start + b"X-Long: " + b" " * 2000:
            if self.released.wait(0.05):
                break
            handler.wfile.write(bytes([byte]))
        handler.close_connection = True

    def prompt(self) -> str:
        """The last prompt, all messages."""
        last = self.requests[-1]
        return "\n".join([str(last.get("system", "")), *(_text(message["content"]) for message in last["messages"])])

    def passage(self, number: int) -> str:
        return passages_of(self.prompt()).get(number, "")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def passages_of(prompt: str) -> dict[int, str]:
    """The passages of a prompt by their numbers, as a model reads them."""
    found = re.findall(r'<passage number="(\d+)"[^>]*>\n(.*?)\n</passage>', prompt, re.DOTALL)
    return {int(number): text for number, text in found}


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content)


def _openai_events(pieces: list[str]) -> list[tuple[str, dict[str, Any]]]:
    base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "stub-1"}
    said = [{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None} for piece in pieces]
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    events: list[dict[str, Any]] = [{**base, "choices": [choice]} for choice in said]
    return [("message", event) for event in [*events, {**base, "choices": [], "usage": usage}]]


def _anthropic_events(pieces: list[str]) -> list[tuple[str, dict[str, Any]]]:
    message = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "stub-1",
        "content": [],
        "stop_reason": None,
    }
    start = {**message, "stop_sequence": None, "usage": {"input_tokens": 11, "output_tokens": 1}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]
    return [(str(event["type"]), event) for event in events]
