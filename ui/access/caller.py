"""Who sends a request and what that caller may touch; known to everything that runs on behalf of the request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from index.errors import UnknownCollection
from ui.problems import Problem

SCOPE_KEY = "dossier.caller"
"""Where an ASGI scope carries its caller."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or program, as the outermost layer recognised it.

    Attributes:
        name: "local" for this machine without a key, otherwise the key's id; safe to log.
        collections: Names that may be touched; None means all.
        may_write: May documents come and go?
    """

    name: str
    collections: frozenset[str] | None = None
    may_write: bool = True

    def may_see(self, collection: str) -> bool:
        return self.collections is None or collection in self.collections

    def own_default(self, usual: str) -> str:
        """The collection meant when none is named: the usual one, or the first that this caller may see."""
        if self.may_see(usual) or not self.collections:
            return usual
        return min(self.collections)

    def check(self, collection: str, *, write: bool = False) -> None:
        """Raises UnknownCollection for a foreign one, as for one that is missing; Problem for a write with a read key."""
        if not self.may_see(collection):
            raise UnknownCollection(
                f"There is no collection {collection!r}. Run: dossier index FOLDER --collection NAME"
            )
        if write and not self.may_write:
            raise Problem("read-only-key", "This key may read, not write.")


LOCAL = Caller("local")
"""Whoever reaches a server that only this machine can reach, or runs a command on it."""

_ACTING: ContextVar[Caller] = ContextVar("dossier_caller")


def acting() -> Caller:
    """The caller on whose behalf this runs. Raises LookupError outside of `acting_as`: nothing is done for nobody."""
    return _ACTING.get()


@contextmanager
def acting_as(caller: Caller) -> Iterator[None]:
    token = _ACTING.set(caller)
    try:
        yield
    finally:
        _ACTING.reset(token)
