"""The models that are known by name, for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console

from ui.terminal import write
from ui.words import size_in_words

if TYPE_CHECKING:
    from ui.command.models import Listed

_ROLES = {"llm": "writes answers", "embedder": "finds passages"}


def show_models(console: Console, found: Iterable[Listed]) -> None:
    """Name and state on one line, what it is and where it comes from on the next."""
    for one in found:
        model = one.model
        write(console, f"{model.name}  ({_state(one)})", "bold" if one.here else "")
        known = f"{model.title}; {_ROLES[model.role]}; {size_in_words(model.size_bytes)}; {model.licence}"
        write(console, f"{known}; {', '.join(model.sources) or 'only with --from PLACE'}", "dim", indent=4)


def _state(one: Listed) -> str:
    if one.in_use:
        return "in use" if one.here else f"in use, but not here: dossier models get {one.model.name}"
    return "here" if one.here else f"dossier models get {one.model.name}"
