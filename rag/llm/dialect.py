"""Which parameters a server takes: those that it refuses are left out or renamed, and that is remembered."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rag.llm.failure import code_of, said_in

MOST_REFUSALS = 8
"""Refusals of one question after which it is given up: one for each thing that can be left out."""
THOUGHT_ROOM = 8
"""Times as many tokens for a model that thinks before it answers: its thoughts count against its answer."""
_LADDER = (
    ("response_format", "output_config", "stream_options"),
    ("max_tokens",),
    ("seed",),
    ("temperature",),
    ("system",),
    ("max_completion_tokens",),
    ("stream",),
)
_SYSTEM = re.compile(r"(?i)system[ _](?:role|message|prompt|instruction)|role.{0,30}system|developer instruction")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is sent beside the messages.

    Attributes:
        refused: Names of parameters that the server does not take; "system" is a message in that role, and "stream" an answer
            in pieces.
        room: Factor of the tokens that an answer may have.
    """

    refused: frozenset[str] = frozenset()
    room: int = 1

    def takes(self, name: str) -> bool:
        return name not in self.refused

    def options(self, offered: Mapping[str, Any]) -> dict[str, Any]:
        """Of the parameters that are offered, those that the server takes, under the names that it takes them by."""
        taken = {name: value for name, value in offered.items() if self.takes(name)}
        if not self.takes("stream"):
            taken.pop("stream_options", None)
        tokens = offered.get("max_tokens")
        if tokens is None:
            return taken
        if self.takes("max_tokens"):
            taken["max_tokens"] = tokens * self.room
        elif self.takes("max_completion_tokens"):  # what takes this name thinks first, and its thoughts count
            taken["max_completion_tokens"] = tokens * max(self.room, THOUGHT_ROOM)
        return taken

    def after_silence(self, offered: Collection[str], *, cut: bool) -> Dialect | None:
        """What to try when not a word came: more room where thoughts took all of it (`cut`), else a whole answer at once."""
        if cut:
            return replace(self, room=THOUGHT_ROOM) if self.room < THOUGHT_ROOM else None
        if "stream" in offered and self.takes("stream"):
            return replace(self, refused=self.refused | {"stream"})
        return None

    def after(self, error: Exception, offered: Mapping[str, Any]) -> Dialect | None:
        """What to try when a server refused what was sent of what was `offered`; None when leaving something out would not help.

        The parameter that the error names is dropped, or all of several; where it names none, the next on a ladder is, from what
        fewest servers take to what most do.
        """
        sent = self.options(offered)
        code = code_of(error)
        status = getattr(error, "status_code", None)
        if not isinstance(status, int) or code in ("unauthorized", "no-credit", "rate-limited", "context-exceeded"):
            return None
        named = _named(error, sent)
        if named:
            return replace(self, refused=self.refused | named)
        if code != "parameter-refused" and not (status == 404 and "parameter" in said_in(error)):
            return None
        for step in _LADDER:
            if dropped := {name for name in step if name in sent}:
                return replace(self, refused=self.refused | dropped)
        return None


def _named(error: Exception, sent: Collection[str]) -> frozenset[str]:
    """Which of the parameters that were sent the error names; in a field of its own before in quotes, and then in plain words."""
    body = getattr(error, "body", None)
    if isinstance(body, Mapping) and body.get("param") in sent:
        return frozenset({body["param"]})
    said = said_in(error)
    if "system" in sent and _SYSTEM.search(said):
        return frozenset({"system"})
    names = [name for name in sent if name != "system"]
    quoted = {name for name in names if re.search(rf"""["'`]{name}\\?["'`]""", said)}
    return frozenset(quoted or {name for name in names if name != "stream" and re.search(rf"\b{name}\b", said)})
