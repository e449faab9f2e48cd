"""One request over HTTP to an address that was checked: what is connected to is what was resolved, and every wait has an end."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from index.errors import FileRefused

AGENT = "dossier"
_HEAD_BYTES = 256 * 1024
_ACCEPTED = "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5"
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))  # IPv4 behind a gateway


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one request. Names of headers are lower case; the last of a name counts."""

    status: int
    headers: dict[str, str]
    content: bytes


class Budget:
    """What one request may still take: seconds, and bytes on the wire."""

    def __init__(self, seconds: float, response_bytes: int) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._bytes = response_bytes + _HEAD_BYTES

    def seconds(self) -> float:
        """Seconds left. Raises FileRefused when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise FileRefused("unreachable", f"It did not arrive within {self._seconds:g} s.")
        return left

    def spend(self, received: int) -> None:
        """Count received bytes. Raises FileRefused when they are too many."""
        self._bytes -= received
        if self._bytes < 0:
            raise FileRefused("too_large", "It is larger than may be read. Raise DOSSIER_MAX_FILE_BYTES.")


def get(url: str, *, seconds: float, max_bytes: int, private: bool) -> Response:
    """GET one address, no redirect followed, no proxy, no cookie.

    Args:
        private: Whether addresses may be reached that are not public.

    Raises:
        FileRefused: unreachable, private_address, too_large or parse_error.
    """
    budget = Budget(seconds, max_bytes)
    headers = [("User-Agent", AGENT), ("Accept", _ACCEPTED), ("Accept-Encoding", "gzip"), ("Connection", "close")]
    with httpcore.ConnectionPool(network_backend=_Backend(budget, private), retries=0) as pool:
        try:
            with pool.stream("GET", url, headers=headers) as answer:
                named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
                content = _content(answer.iter_stream(), named.get("content-encoding", ""), max_bytes)
                return Response(answer.status, named, content)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise FileRefused("unreachable", f"Its server cannot be reached: {_said(error)}.") from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, UnicodeError, ssl.SSLError) as error:
            raise FileRefused("unreachable", f"Its server does not speak HTTP: {_said(error)}.") from error


def is_public(address: str) -> bool:
    """Whether an address can be that of a server on the internet: not private, loopback, link-local, multicast or reserved.

    >>> is_public("93.184.216.34"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False, False)
    """
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inside is None and any(found in network for network in _TRANSLATED):
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None and not is_public(str(inside)):
            return False
    return found.is_global and not found.is_multicast


def _content(pieces: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """The body, unpacked under the same bound. Raises FileRefused."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise FileRefused("parse_error", f"Its server packs it as {encoding!r:.40}, which was not asked for.")
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in encoding else None
    content = bytearray()
    for piece in pieces:
        try:
            content += unpacking.decompress(piece, max_bytes + 1 - len(content)) if unpacking else piece
        except zlib.error as error:
            raise FileRefused("parse_error", "What its server sends cannot be unpacked.") from error
        if len(content) > max_bytes or (unpacking and unpacking.unconsumed_tail):
            raise FileRefused("too_large", f"It is larger than {max_bytes:,} bytes. Raise DOSSIER_MAX_FILE_BYTES.")
    if unpacking and not unpacking.eof:
        raise FileRefused("unreachable", "Its end did not arrive.")
    return bytes(content)


def _said(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:160]


class _Backend(httpcore.NetworkBackend):
    """Resolves a name once, checks every address it stands for, and connects to one that was checked."""

    def __init__(self, budget: Budget, private: bool) -> None:
        self._budget = budget
        self._private = private
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise FileRefused("unreachable", f"There is no server of the name {host!r:.120}.") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not self._private and not all(map(is_public, addresses)):
            reason = f"{host[:120]} is an address of this machine or its network, and such pages are not fetched."
            raise FileRefused("private_address", f"{reason} Set DOSSIER_FETCH_PRIVATE=true where that is meant.")
        for address in addresses[:-1]:
            try:
                return self._connected(address, port, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connected(addresses[-1], port, socket_options)

    def _connected(self, address: str, port: int, socket_options: Iterable[Any] | None) -> httpcore.NetworkStream:
        inner = self._inner.connect_tcp(address, port, self._budget.seconds(), None, socket_options)
        return _Stream(inner, self._budget)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(min(seconds, self._budget.seconds()))


class _Stream(httpcore.NetworkStream):
    """Every wait ends with the budget, also when bytes drip."""

    def __init__(self, inner: httpcore.NetworkStream, budget: Budget) -> None:
        self._inner = inner
        self._budget = budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        received = self._inner.read(max_bytes, self._budget.seconds())
        self._budget.spend(len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._budget.seconds())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._budget.seconds()), self._budget)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()
