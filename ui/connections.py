"""The server's protocol for one connection, and which connections give way when there are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_WAIT_S = 10.0
MOST_CONNECTIONS = 512
SPARE = 64
"""Connections beyond the most that are let in while none is idle: a look whether the server lives needs one."""


class PatientH11(H11Protocol):
    """uvicorn's h11 protocol, which of itself waits for ever for a connection's first headers, and takes in any number.

    When there are too many, one that asks for nothing is closed: of the client with the most of these, the one that has waited
    for longest. So whoever keeps connections open and silent closes the door to nobody but to that client.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._gone = False
        self._since = self.loop.time()
        self._headers_due = self.loop.call_later(HEADER_WAIT_S, self._cut)
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            self._headers_due.cancel()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_due.cancel()
        super().connection_lost(exc)

    def _cut(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def _make_room(self) -> None:
        others = [one for one in self.connections if isinstance(one, PatientH11) and one is not self and one._is_idle()]
        if (leaves := _first_to_leave(others)) is not None:
            leaves._leave()
        elif len(self.connections) > MOST_CONNECTIONS + SPARE:
            self._leave()

    def _is_idle(self) -> bool:
        return not self._gone and (self.cycle is None or self.cycle.response_complete)

    def _leave(self) -> None:
        self._gone = True
        self.transport.close()


def _first_to_leave(idle: Iterable[PatientH11]) -> PatientH11 | None:
    found = list(idle)
    held = Counter(_address(one) for one in found)
    return min(found, key=lambda one: (-held[_address(one)], one._since), default=None)


def _address(connection: PatientH11) -> str:
    return connection.client[0] if connection.client else ""
