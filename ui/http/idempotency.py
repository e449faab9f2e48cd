"""A request that is sent again with the same Idempotency-Key is answered as it was the first time, and done once."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from ui.access.caller import acting
from ui.http.strict import StrictRequest, StrictRoute
from ui.problems import Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_S = 24 * 60 * 60.0
MOST_KEPT = 1000
MOST_BYTES = 32 * 1024 * 1024
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_UPLOAD = "multipart/form-data"
_AT_ONCE = 1024 * 1024


@dataclass(slots=True)
class _Done:
    """One request that has a key. Until it has a response, it still runs."""

    asked: bytes
    since: float
    response: Response | None = None

    @property
    def size(self) -> int:
        return len(self.response.body) if self.response is not None else 0


class Replays:
    """Responses by caller and key, in memory, the oldest forgotten first. Used by one event loop.

    Only what succeeded is kept: a request that was refused has done nothing and may be sent again.
    """

    def __init__(
        self, *, most: int = MOST_KEPT, most_bytes: int = MOST_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._clock = clock
        self._done: OrderedDict[tuple[str, ...], _Done] = OrderedDict()
        self._bytes = 0

    def begin(self, key: tuple[str, ...], asked: bytes) -> Response | None:
        """The first response where there is one; otherwise the request begins, and `finish` or `forget` must follow.

        Raises:
            Problem: The key was used for another request, or the first one still runs.
        """
        self._forget_old()
        done = self._done.get(key)
        if done is None:
            self._done[key] = _Done(asked, self._clock())
            self._forget_old()
            return None
        if done.asked != asked:
            raise Problem("idempotency-key-reused", "This Idempotency-Key came with another request before.")
        if done.response is None:
            raise Problem(
                "idempotency-key-in-use", "The first request with this key still runs.", headers={"Retry-After": "1"}
            )
        return done.response

    def finish(self, key: tuple[str, ...], response: Response) -> None:
        done = self._done.get(key)
        if done is not None:
            done.response = response
            self._bytes += done.size
            self._forget_old()

    def forget(self, key: tuple[str, ...]) -> None:
        done = self._done.pop(key, None)
        if done is not None:
            self._bytes -= done.size

    def clear(self) -> None:
        """Forget every response: what is deleted must not come back from here."""
        for key in [key for key, done in self._done.items() if done.response is not None]:
            self.forget(key)

    def _forget_old(self) -> None:
        ended = [key for key, done in self._done.items() if done.response is not None]
        for key in ended:
            fits = len(self._done) <= self._most and self._bytes <= self._most_bytes
            if fits and self._done[key].since > self._clock() - KEPT_S:
                return
            self.forget(key)


class IdempotentRoute(StrictRoute):
    """A route of strict JSON that honours an Idempotency-Key, over the Replays in `app.state.replays`."""

    form: ClassVar[Any] = {}
    """Limits of the route's multipart forms, as those of its router."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def once(request: Request) -> Response:
            replays: Replays = request.app.state.replays
            given = request.headers.getlist(HEADER)
            if request.method != "POST" or not given:
                response = await answer(request)
                if request.method == "DELETE":
                    replays.clear()
                return response
            if len(given) > 1 or not _KEY.fullmatch(given[0]):
                raise Problem("invalid-request", f"{HEADER}: must be one text of 1 to 200 visible ASCII characters.")
            read = StrictRequest(request.scope, request.receive)
            key = (acting().name, request.url.path, given[0])
            try:
                first = replays.begin(key, await self._digest(read))
                return await _answered(replays, key, answer, read) if first is None else _again(first)
            finally:
                await read.close()

        return once

    async def _digest(self, request: Request) -> bytes:
        """Hash of what is asked; of an upload its parts, as their boundary is another each time."""
        digest = hashlib.sha256(request.scope["query_string"])
        if not request.headers.get("content-type", "").startswith(_UPLOAD):
            digest.update(b"\0" + await request.body())
            return digest.digest()
        form = await request.form(**self.form)
        for name, value in form.multi_items():
            said = value.filename or "" if isinstance(value, UploadFile) else value
            digest.update(repr((name, said)).encode())
            if isinstance(value, UploadFile):
                digest.update(await run_in_threadpool(_hash_of, value))
        return digest.digest()


async def _answered(
    replays: Replays,
    key: tuple[str, ...],
    answer: Callable[[Request], Coroutine[Any, Any, Response]],
    request: Request,
) -> Response:
    try:
        response = await answer(request)
    except BaseException:
        replays.forget(key)
        raise
    if isinstance(response, StreamingResponse):
        response.body_iterator = _heard(replays, key, response, response.body_iterator)
    else:
        replays.finish(key, response)
    return response


async def _heard(
    replays: Replays, key: tuple[str, ...], response: Response, parts: AsyncIterable[Any]
) -> AsyncIterator[Any]:
    """A stream passed on; once it has ended it is kept whole, and not at all where it was cut."""
    held: list[bytes] = []
    try:
        async for part in parts:
            held.append(bytes(part) if not isinstance(part, str) else part.encode())
            yield part
    except BaseException:
        replays.forget(key)
        raise
    replays.finish(key, Response(b"".join(held), response.status_code, media_type=response.media_type))


def _again(first: Response) -> Response:
    again = Response(first.body, first.status_code, media_type=first.media_type)
    again.headers[REPLAYED] = "true"
    return again


def _hash_of(file: UploadFile) -> bytes:
    digest = hashlib.sha256()
    while part := file.file.read(_AT_ONCE):
        digest.update(part)
    file.file.seek(0)
    return digest.digest()
