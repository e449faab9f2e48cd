"""Many clients at once, each on a connection of its own, cheap enough that the server stays the slow part."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_S = 180.0
START_S = 2.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A response; status 0 is a connection that ended without one."""

    status: int
    ms: float
    retry_after: str | None = None


def crowd(url: str, questions: list[str], *, clients: int, seconds: float, patient: bool) -> list[Reply]:
    """What each client got that asks one question after another; they come within the first `START_S`.

    Args:
        patient: A client that is sent away comes back when it was told to; otherwise at once.
    """
    return asyncio.run(_crowd(url, questions, clients, seconds, patient))


async def _crowd(url: str, questions: list[str], clients: int, seconds: float, patient: bool) -> list[Reply]:
    replies: list[Reply] = []
    until = time.monotonic() + seconds

    async def client(number: int) -> None:
        await asyncio.sleep(min(START_S, seconds) * number / clients)
        first = number % len(questions)
        await _client(url, questions[first:] + questions[:first], until, patient, replies)

    await asyncio.gather(*map(client, range(clients)))
    return replies


async def _client(url: str, questions: list[str], until: float, patient: bool, replies: list[Reply]) -> None:
    connection = _Connection(url)
    asked = 0
    while time.monotonic() < until:
        reply = await connection.ask(questions[asked % len(questions)])
        asked += 1
        replies.append(reply)
        if reply.status != 200 and patient:
            wait_s = float(reply.retry_after or 1)
            await asyncio.sleep(max(0.0, min(wait_s, until - time.monotonic())))
    connection.close()


class _Connection:
    """Keeps its connection between questions while the server does."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, question: str) -> Reply:
        body = json.dumps({"question": question}).encode()
        head = f"POST /v1/answer HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        began = time.perf_counter()
        kept = self._writer is not None
        try:
            async with asyncio.timeout(LONGEST_S):
                status, headers = await self._exchange(request)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            self.close()
            if kept:  # the server closes what is idle for long: any client tries once more
                return await self.ask(question)
            return Reply(0, (time.perf_counter() - began) * 1000)
        if headers.get("connection") == "close":
            self.close()
        return Reply(status, (time.perf_counter() - began) * 1000, headers.get("retry-after"))

    async def _exchange(self, request: bytes) -> tuple[int, dict[str, str]]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._writer.write(request)
        return await self._response()

    async def _response(self) -> tuple[int, dict[str, str]]:
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        await self._reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split(" ")[1]), headers

    def close(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.close()
        self._writer = None
