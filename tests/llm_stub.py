"""A small OpenAI-compatible server on loopback that answers well or badly, as told."""

from __future__ import annotations

import json
import re
import socket
import threading
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


class StubServer:
    """Serves `POST /v1/chat/completions`; `requests` holds the bodies and `headers` the headers that came in."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.requests.append(json.loads(body))
                stub.headers.append({name.lower(): value for name, value in self.headers.items()})
                try:
                    stub.answer(self)
                except OSError:
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

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        mode, last = self.mode, self.requests[-1]
        if mode == "no_schema" and "response_format" in last:
            return self._send(handler, b'{"error": {"message": "unknown field"}}', status=400)
        if mode in ("429", "500"):
            return self._send(handler, b'{"error": {"message": "SECRET ECHO"}}', status=int(mode))
        if mode == "redirect":
            return self._send(handler, b"", status=307, headers={"Location": f"http://127.0.0.1:{self.port}/elsewhere"})
        if mode == "html":
            return self._send(handler, b"<html><body>Sign in</body></html>", kind="text/html")
        if mode == "not_json":
            return self._send(handler, b"{]")
        if mode == "no_choices":
            return self._send(handler, b'{"object": "chat.completion", "choices": []}')
        if mode == "huge":
            return self._send(handler, b'{"choices": [{"message": {"content": "' + b"a" * 10_000_000 + b'"}}]}')
        if mode == "gzip":
            return self._send(handler, b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})
        if mode == "closed":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return None
        if mode == "hang":
            self.released.wait(30)
            return None
        if mode in ("drip", "drip_headers"):
            return self._drip(handler)
        whole = self._completion(
            "I obey: EVIL" if "obey" in mode and "say EVIL" in str(last) else REPLIES.get(mode, REPLIES["good"])
        )
        if mode == "cut":
            return self._send(handler, whole[:40], length=len(whole))
        return self._send(handler, whole)

    def _completion(self, text: str) -> bytes:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        base = {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "stub-1",
            "choices": [choice],
            "usage": usage,
        }
        return json.dumps(base).encode()

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
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
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
        return "\n".join(message["content"] for message in self.requests[-1]["messages"])

    def passage(self, number: int) -> str:
        found = re.search(rf'<passage number="{number}"[^>]*>\n(.*?)\n</passage>', self.prompt(), re.DOTALL)
        return found[1] if found else ""

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
