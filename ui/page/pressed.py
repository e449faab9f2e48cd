"""What a press on the page carries to Python, checked: anyone can send it over HTTP."""

from __future__ import annotations

from ui.desk import check_id, check_key
from ui.problems import Problem

_LONGEST = 300


def short(command: str) -> str:
    """Raises Problem for what no button sends."""
    if not isinstance(command, str) or not command or len(command) > _LONGEST:
        raise Problem("invalid-request", "That is nothing this page can do.")
    return command


def key(command: str) -> str:
    """The id of something that is kept. Raises Problem."""
    return check_key(short(command), "id")


def reference(command: str) -> tuple[str, int, int]:
    """A document and a range of its text, as "ID START END". Raises Problem, or UnknownDocument."""
    parts = short(command).split(" ")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts[1:]):
        raise Problem("invalid-request", "That is nothing this page can show.")
    return check_id(parts[0]), int(parts[1]), int(parts[2])


def page_number(command: str) -> int:
    """Raises Problem."""
    text = short(command)
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Problem("invalid-request", "There is no such page.")
    return int(text)
