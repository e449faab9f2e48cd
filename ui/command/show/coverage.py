"""What each document says, as a table for a person at a terminal and as lines where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ui.terminal import text_of

if TYPE_CHECKING:
    from rag.coverage.table import Coverage, DocumentCoverage

_ORDER = ("contradicts", "says", "silent")
_STYLES = {"contradicts": "yellow", "says": "green", "silent": "dim"}
_QUOTE_CHARS = 240


def show_coverage(console: Console, found: Coverage) -> None:
    """The counts in words, the values with who holds them, then one row for each document."""
    console.print(text_of(found.text, "bold"))
    for position in found.positions:
        numbers = "".join(f"[{number}]" for number in position.citations)
        held = f"{_count(position.documents, 'document')}, {_count(position.origins, 'independent report')}"
        marks = "".join(f", {mark}" for mark, on in _marks(position.standing, position.outvoted) if on)
        console.print(text_of(f"  {position.value}: {held}{marks} {numbers}"))
    rows = sorted(found.documents, key=lambda row: (_ORDER.index(row.status), row.number))
    if not rows:
        return
    if console.is_terminal:
        console.print(_table(rows, found.reading))
    else:
        for row in rows:
            console.print(text_of(_line(row)))


def _marks(standing: str, outvoted: bool) -> tuple[tuple[str, bool], ...]:
    return (
        ("expected then", standing == "expected"),
        ("no longer in force", standing == "superseded"),
        ("outvoted", outvoted),
    )


def _table(rows: list[DocumentCoverage], reading: str) -> Table:
    table = Table(expand=True, header_style="bold", padding=(0, 1))
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("document", ratio=2)
    table.add_column("times" if reading == "mention" else "value", ratio=1, overflow="fold")
    table.add_column("quote", ratio=4)
    for row in rows:
        value = str(row.mentions) if reading == "mention" else row.value or ""
        cells = (str(row.number), row.status, _who(row), value, _quote(row))
        table.add_row(*(text_of(cell, _STYLES[row.status] if n == 1 else "") for n, cell in enumerate(cells)))
    return table


def _line(row: DocumentCoverage) -> str:
    times = f" ({_count(row.mentions, 'time')})" if row.mentions else ""
    value = f" {row.value}:" if row.value and not row.mentions else ""
    return f"[{row.number}] {row.status}{times}  {_who(row)}{':' if row.quote else ''}{value} {_quote(row)}".rstrip()


def _who(row: DocumentCoverage) -> str:
    if row.attribution:
        return row.attribution
    named = ", ".join(part for part in (row.publisher, row.published, row.title) if part) or row.document_id
    return f"{named} ({row.read} of {_count(row.passages, 'passage')} read)"


def _quote(row: DocumentCoverage) -> str:
    flat = " ".join((row.quote or "").split())
    if len(flat) > _QUOTE_CHARS:
        flat = flat[:_QUOTE_CHARS].rstrip() + " ..."
    return f"“{flat}”" if flat else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
