"""What the doctor found, and the settings with what set them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console

from ui.terminal import flat, write

if TYPE_CHECKING:
    from index.doctor import Finding


def show_findings(console: Console, findings: Iterable[Finding]) -> None:
    """One line for each thing that was looked at; under a broken one, what mends it."""
    for one in findings:
        write(console, f"{'ok ' if one.ok else 'BAD'}  {one.name}: {flat(one.detail)}", "" if one.ok else "red")
        if one.mend is not None:
            write(console, f"mend: {flat(one.mend)}", indent=5)


def show_table(console: Console, rows: Iterable[tuple[str, str, str, str]]) -> None:
    for name, value, where, description in rows:
        write(console, f"{name} = {value}  ({where})", "bold")
        write(console, description, "dim", indent=4)
