"""A hard end for calls that may never end: in time also when bytes drip, and in bytes also when they pour."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextvars import ContextVar
from typing import Any, TypeVar

import httpcore
import httpx

Result = TypeVar("Result")
_TELLTALE = ("x-stainless-", "openai-organization", "openai-project", "user-agent")


class Budget:
    """What is left of one call."""

    def __init__(self, seconds: float, response_bytes: int) -> None:
        self._end = time.monotonic() + seconds
        self._bytes = response_bytes

    def seconds(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this call is over")
        return left

    def spend(self, received: int) -> None:
        """Count received bytes. Raises OverflowError when they are too many."""
        self._bytes -= received
        if self._bytes < 0:
            raise OverflowError("the response is too large")


_BUDGET: ContextVar[Budget] = ContextVar("budget")


def current_budget() -> Budget:
    """The budget of the call that this thread works on. Raises LookupError outside `within`."""
    return _BUDGET.get()


def within(seconds: float, call: Callable[[], Result], *, response_bytes: int) -> Result:
    """Run a call in a thread of its own and leave it behind when its time is over.

    What the call does through a `bounded_client` ends with its budget too, so the thread does not live on.

    Raises:
        TimeoutError: The call took longer than `seconds`. Otherwise whatever the call raises.
    """
    outcome: Future[Result] = Future()

    def work() -> None:
        _BUDGET.set(Budget(seconds, response_bytes))
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            outcome.set_exception(error)

    threading.Thread(target=work, name="bounded-call", daemon=True).start()
    try:
        return outcome.result(timeout=seconds)
    except FutureTimeout as error:
        raise TimeoutError(f"no answer within {seconds:g} s") from error


def bounded_client(*, tls: bool) -> httpx.Client:
    """An HTTP client whose every wait ends with the current budget; no proxy, no redirect, no word about this machine."""
    return httpx.Client(
        transport=_Transport(httpx.create_ssl_context() if tls else None),
        follow_redirects=False,
        timeout=None,  # noqa: S113 - the budget is shorter than any timeout, and holds for the whole call
        event_hooks={"request": [_say_little], "response": [_refuse_compression]},
    )


def _say_little(request: httpx.Request) -> None:
    for name in [name for name in request.headers if name.lower().startswith(_TELLTALE)]:
        del request.headers[name]
    request.headers["accept-encoding"] = "identity"
    request.headers["user-agent"] = "dossier"


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
        received = self._inner.read(max_bytes, budget.seconds())
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
