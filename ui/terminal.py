"""A terminal: where lines go, and text in which nothing of a document steers it."""

from __future__ import annotations

import re
import unicodedata

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = re.compile(r"(\[\d+\])+$")


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


def text_of(text: str, style: str = "") -> Text:
    """Safe text; numbers in brackets at its end are what it cites, and stand out."""
    shown = Text(printable(text), style=style)
    shown.highlight_regex(_MARKS, "cyan")
    return shown


def write(console: Console, text: str | Text, style: str = "", *, indent: int = 0, lead: str = "") -> None:
    """One paragraph: folded to the width of a terminal under its own beginning, one line where there is none.

    Args:
        lead: What stands before it, and nothing under: a number, a bullet.
    """
    shown = text if isinstance(text, Text) else text_of(text, style)
    if not console.is_terminal:
        console.print(Text(" " * indent + (f"{lead} " if lead else "")) + shown)
        return
    if lead:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True, style="bold cyan")
        grid.add_column(overflow="fold")
        grid.add_row(lead, shown)
        console.print(Padding(grid, (0, 0, 0, indent), expand=False), soft_wrap=False)
    else:
        console.print(Padding(shown, (0, 0, 0, indent), expand=False), soft_wrap=False)


def flat(text: str, most: int | None = None) -> str:
    flat = " ".join(text.split())
    return flat if most is None or len(flat) <= most else flat[:most].rstrip() + " ..."
