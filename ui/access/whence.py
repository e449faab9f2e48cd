"""Is a request meant for this server, and does it come from a page of its own? By the names that browsers send along."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from ui.access.loopback import is_loopback
from ui.problems import Problem

_NAME = re.compile(r"[a-z0-9_.:-]{1,253}", re.ASCII)
_FORWARDING = ("forwarded", "x-real-ip", "via")


class Hosts:
    """The names this server answers to, against a stranger's name that leads to this machine.

    Args:
        names: Names besides those of loopback; "" and upper case do not occur in them.
        any_name: Answer to whatever name is one: for a public address without `names`.
    """

    def __init__(self, names: Iterable[str] = (), *, any_name: bool = False) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._any = any_name

    def check(self, headers: Headers) -> None:
        """Raises Problem."""
        given = headers.getlist("host")
        if len(given) != 1 or not given[0]:
            raise Problem("host-missing", "The request needs one Host header.")
        name = _host_name(given[0])
        known = name is not None and (self._any or name in self._names or is_loopback(name))
        if not known:
            raise Problem("misdirected-host", "This server does not go by that name; its setting 'hosts' lists others.")


def _host_name(host: str) -> str | None:
    """The name without its port, in lower case; None for what cannot be one."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return name if name and parts.netloc == host and "@" not in host and _NAME.fullmatch(name) else None


def check_origin(scope: Scope, headers: Headers, *, vouched: bool, allowed: bool = False) -> None:
    """Refuse what a page of another site sends: browsers say where a request comes from, other clients say nothing.

    Args:
        allowed: It comes from a page that the settings let in, which a cookie does not vouch for.
        vouched: Whoever sends it must say so: a cookie goes along with requests that nobody meant.
    """
    if allowed and not vouched:
        return
    site = headers.get("sec-fetch-site")
    origins = headers.getlist("origin")
    own = {f"{scheme}://{headers['host']}" for scheme in ("https", scope["scheme"])}  # a proxy may have taken TLS off
    foreign = site not in (None, "same-origin", "none") or (origins and (len(origins) != 1 or origins[0] not in own))
    if foreign or (vouched and not origins and site != "same-origin"):
        raise Problem("foreign-origin", "A page of another site may not do this.")


def was_forwarded(headers: Headers) -> bool:
    """Did a proxy pass the request on? Then whoever sent it is not on this machine, or nobody knows."""
    return any(name in _FORWARDING or name.startswith("x-forwarded-") for name in headers)
