"""A terminal: where lines go, and text in which nothing of a document steers it."""

from __future__ import annotations

import unicodedata

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    r"""Text in which no escape sequence, direction override or stray surrogate reaches the terminal.

    >>> printable("a\x1b[31mb")
    'a\ufffd[31mb'
    """
    kept = (char if char in "\n\t" or not _dangerous(char) else "\ufffd" for char in text)
    return "".join(kept)


def _dangerous(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs") or char in _OVERRIDES


def out() -> Console:
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def err() -> Console:
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(text: str) -> None:
    write(out(), text)


def complain(text: str) -> None:
    """One line on standard error."""
    write(err(), "dossier: " + flat(text), "red" if err().is_terminal else "")


def write(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    shown = Text(printable(text), style=style)
    if console.is_terminal:
        console.print(Padding(shown, (0, 0, 0, indent)), soft_wrap=False)
    else:
        console.print(Text(" " * indent) + shown)


def flat(text: str, most: int | None = None) -> str:
    flat = " ".join(text.split())
    return flat if most is None or len(flat) <= most else flat[:most].rstrip() + " ..."
