"""A hard end for calls that may never end: in time also when bytes drip, in bytes also when they pour, and when nobody waits."""

from __future__ import annotations

import queue
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from contextvars import ContextVar
from typing import Any, TypeVar

import httpcore
import httpx

Piece = TypeVar("Piece")
_LOOK_S = 0.5
"""Between two looks whether the time is over or nobody waits any more."""
_MAY_BE_SAID = frozenset(
    (
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "user-agent",
        "idempotency-key",
        "anthropic-version",
    )
)


class Abandoned(Exception):
    """Whoever asked has gone."""


class Budget:
    """What is left of one call."""

    def __init__(self, seconds: float, response_bytes: int) -> None:
        self._end = time.monotonic() + seconds
        self._bytes = response_bytes
        self._cancelled = threading.Event()
        self._open: list[Callable[[], None]] = []

    def seconds(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError when there are none, or when the call was given up."""
        left = self._end - time.monotonic()
        if left <= 0 or self._cancelled.is_set():
            raise TimeoutError("the time for this call is over")
        return left

    def spend(self, received: int) -> None:
        """Count received bytes. Raises OverflowError when they are too many."""
        self._bytes -= received
        if self._bytes < 0:
            raise OverflowError("the response is too large")

    def rest(self, seconds: float) -> None:
        """Wait. Raises TimeoutError when the call ends first."""
        self._cancelled.wait(min(seconds, self.seconds()))
        self.seconds()

    def cancel(self) -> None:
        """End the call: what it waits for ends within a moment."""
        self._cancelled.set()

    def opened(self, close: Callable[[], None]) -> None:
        """Remember what is to be closed at the end, however long a library holds on to it."""
        self._open.append(close)

    def close(self) -> None:
        """Close what was opened; called by the thread that works on the call."""
        for close in self._open:
            close()


_BUDGET: ContextVar[Budget] = ContextVar("budget")


def current_budget() -> Budget:
    """The budget of the call that this thread works on. Raises LookupError outside `pieces_within`."""
    return _BUDGET.get()


def pieces_within(
    seconds: float,
    call: Callable[[], Generator[Piece, None, None]],
    *,
    response_bytes: int,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Piece]:
    """What a call yields, as it comes, from a thread of its own, which is left behind when its time is over.

    What the call does through a `bounded_client` ends with its budget too, so the thread does not live on. It ends as well
    when the iterator is closed.

    Raises:
        TimeoutError: The whole took longer than `seconds`.
        Abandoned: `stopped` said so while there was nothing to yield.
        Otherwise whatever the call raises.
    """
    budget = Budget(seconds, response_bytes)

    def work(put: Callable[[Piece], None]) -> None:
        _BUDGET.set(budget)
        with closing(budget), closing(call()) as pieces:
            for piece in pieces:
                budget.seconds()
                put(piece)

    def look() -> float:
        if stopped():
            raise Abandoned
        return min(_LOOK_S, budget.seconds())

    try:
        yield from handed_over(work, look)
    finally:
        budget.cancel()


def handed_over(work: Callable[[Callable[[Piece], None]], None], look: Callable[[], float]) -> Iterator[Piece]:
    """What `work`, in a thread of its own, puts; and then what it raises.

    Args:
        look: Seconds until it is to be called again; raises when there is no use in waiting.
    """
    put: queue.SimpleQueue[tuple[Piece] | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            work(lambda piece: put.put((piece,)))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            put.put(error)
        else:
            put.put(None)

    threading.Thread(target=run, name="bounded-call", daemon=True).start()
    while True:
        try:
            found = put.get(timeout=look())
        except queue.Empty:
            continue
        if found is None:
            return
        if isinstance(found, BaseException):
            raise found
        yield found[0]


def bounded_client(
    *, tls: bool, key_header: str, key: str, parameters: Mapping[str, str] | None = None
) -> httpx.Client:
    """An HTTP client whose every wait ends with the current budget; no proxy, no redirect, no word about this machine.

    Args:
        key_header, key: The only thing that is said of who asks, whatever the library above has found elsewhere.
        parameters: What every address is given behind a question mark.
    """

    def say_little(request: httpx.Request) -> None:
        for name in [name for name in request.headers if name.lower() not in _MAY_BE_SAID]:
            del request.headers[name]
        if parameters:
            request.url = request.url.copy_merge_params(parameters)
        request.headers.update({"accept-encoding": "identity", "user-agent": "dossier", key_header: key})

    return httpx.Client(
        transport=_Transport(httpx.create_ssl_context() if tls else None),
        follow_redirects=False,
        timeout=None,  # noqa: S113 - the budget is shorter than any timeout, and holds for the whole call
        event_hooks={"request": [say_little], "response": [_refuse_compression]},
    )


def _refuse_compression(response: httpx.Response) -> None:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise OverflowError("a compressed response was not asked for")


class _Transport(httpx.BaseTransport):
    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._pool = httpcore.ConnectionPool(context, network_backend=_Backend(), keepalive_expiry=30)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        content = request.stream if isinstance(request.stream, httpx.SyncByteStream) else None
        response = self._pool.handle_request(
            httpcore.Request(request.method, url, headers=request.headers.raw, content=content)
        )
        current_budget().opened(response.close)
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, current_budget().seconds(), local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(min(seconds, current_budget().seconds()))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        budget = current_budget()
        while True:
            try:
                received = self._inner.read(max_bytes, min(_LOOK_S, budget.seconds()))
            except httpcore.ReadTimeout:
                continue
            budget.spend(len(received))
            return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, current_budget().seconds())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, current_budget().seconds()))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()
