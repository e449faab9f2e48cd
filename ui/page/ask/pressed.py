"""What a press on the page carries to Python, checked: anyone can send it over HTTP."""

from __future__ import annotations

from index.values import Span
from ui.desk import check_id, check_key
from ui.problems import Problem

_LONGEST = 300
_LONGEST_REFERENCE = 2000
_NOTHING = "That is nothing this page can show."


def short(command: str) -> str:
    """Raises Problem for what no button sends."""
    if not isinstance(command, str) or not command or len(command) > _LONGEST:
        raise Problem("invalid-request", "That is nothing this page can do.")
    return command


def key(command: str) -> str:
    """The id of something that is kept. Raises Problem."""
    return check_key(short(command), "id")


def turns_of(command: str) -> tuple[str, int, int]:
    """A conversation and two turns of it: "ID BEFORE SHOWN". Raises Problem."""
    thread, *turns = short(command).rsplit(" ", 2)
    if len(turns) != 2 or not all(turn.isascii() and turn.isdigit() and len(turn) < 8 for turn in turns):
        raise Problem("invalid-request", _NOTHING)
    before, shown = map(int, turns)
    return key(thread), before, shown


def reference(command: str) -> tuple[str, tuple[Span, ...]]:
    """A document and ranges of its text, the one to be shown first: "ID START END" and more pairs. Raises Problem, or UnknownDocument."""
    if not isinstance(command, str) or not 0 < len(command) <= _LONGEST_REFERENCE:
        raise Problem("invalid-request", _NOTHING)
    document_id, *ends = command.split(" ")
    if not ends or len(ends) % 2 or not all(end.isascii() and end.isdigit() and len(end) < 12 for end in ends):
        raise Problem("invalid-request", _NOTHING)
    numbers = [int(end) for end in ends]
    return check_id(document_id), tuple(Span(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True))
