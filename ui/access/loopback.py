"""Is a host this machine and nothing else? Asked by the server, by the guard and by the remote commands."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """True for "localhost" and for addresses of this machine's loopback interface; no name is looked up.

    >>> is_loopback("[::1]"), is_loopback("127.0.0.2"), is_loopback("0.0.0.0"), is_loopback("localhost.example.org")
    (True, True, False, False)
    """
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False
