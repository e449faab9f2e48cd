"""What `dossier` alone says: what lies here, and the next three steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ui.command.glance import document_counts
from ui.terminal import write
from ui.words import count, listed

if TYPE_CHECKING:
    from rag.settings import Settings

_MOST_NAMED = 5


def show_start(console: Console, settings: Settings) -> None:
    """Three commands, with the one that comes next first."""
    held = document_counts(settings.data)
    write(console, "Dossier answers questions over your own documents and proves every sentence.", "bold")
    write(console, f"{settings.data}: {_held(held)}", "dim")
    console.print()
    for command, does in (
        ("dossier index FOLDER", "bring files and folders in"),
        ('dossier ask "QUESTION"', "one answer, every sentence with its source"),
        ("dossier serve", f"the page and the API on http://{settings.host}:{settings.port}"),
        ("dossier --help", "every command; dossier COMMAND --help has examples"),
    ):
        write(console, Text(f"  {command:25}", style="cyan") + Text(does, style="default"))


def _held(held: dict[str, int]) -> str:
    if not held:
        return "no documents yet"
    named = [f"{name} ({count(number, 'document')})" for name, number in list(held.items())[:_MOST_NAMED]]
    return listed([*named, f"{len(held) - _MOST_NAMED} more collections" if len(held) > _MOST_NAMED else None], ", ")
