"""Rows of a table as lines that carry their heads, so that a cell can be found, read and cited alone: "Price: 640; Season: high"."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"[-+(]?(?:[$€£¥]|[A-Z]{3} )?\s?\d[\d,.'\s]*(?:%|[€$£]|\s?[A-Za-z°/²³]{1,6})?\)?")
YEAR = re.compile(r"(?:1[89]|20)\d\d")
MAX_HEAD_CHARS = 200


def row_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row; empty cells and empty rows are left out.

    Heads are the first row where it names the columns. A table of two columns without heads is read as names and values.

    >>> row_lines([["Room", "Beds"], ["Alder", "2"]]), row_lines([["Beds", "2"], ["Floor", "3"]])
    (['Room: Alder; Beds: 2'], ['Beds: 2', 'Floor: 3'])
    """
    clean = [[" ".join(str(cell).split()) for cell in row] for row in rows]
    clean = [row for row in clean if any(row)]
    heads, rest = heads_of(clean)
    if heads is None:
        pairs = all(sum(map(bool, row)) <= 2 and len(row) == 2 for row in clean)
        return [(": " if pairs else " | ").join(cell for cell in row if cell) for row in clean]
    return [line for row in rest if (line := headed(row, heads))]


def headed(row: Sequence[str], heads: Sequence[str]) -> str:
    """A row with the head before each cell."""
    names = [*heads, *[""] * len(row)]
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=False) if cell)


def heads_of(rows: Sequence[Sequence[str]]) -> tuple[list[str] | None, Sequence[Sequence[str]]]:
    """The names of the columns and the rows under them; None where the first row does not name columns.

    A first row with merged cells over a row of names gives names of two parts: "2025 spring".
    """
    if len(rows) < 2:
        return None, rows
    first = list(rows[0])
    second = list(rows[1])
    if len(rows) > 2 and _names(second) and _merged(first) and second[0] in ("", first[0]):
        filled = _carried(first)
        both = [" ".join(dict.fromkeys(part for part in pair if part)) for pair in zip(filled, second, strict=False)]
        if len(set(both)) == len(both):
            return both, rows[2:]
    if not _names(first) or len({cell for cell in first if cell}) < sum(map(bool, first)):
        return None, rows
    if len(first) == 2 and not any(_is_number(cell) for row in rows for cell in row):
        # Two columns of words may as well be names and values; a head is then longer known by no row repeating its kind.
        return (None, rows) if first[0].endswith(":") else (first, rows[1:])
    return first, rows[1:]


def _names(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell]
    if len(filled) < 2 or any(len(cell) > MAX_HEAD_CHARS for cell in filled):
        return False
    return not any(_is_number(cell) and not YEAR.fullmatch(cell) for cell in filled) and not all(
        YEAR.fullmatch(cell) for cell in filled
    )


def _merged(row: Sequence[str]) -> bool:
    """Merged cells come as repeated or empty ones."""
    filled = [cell for cell in row if cell]
    return bool(filled) and (len(set(filled)) < len(filled) or not all(row[1:]))


def _carried(row: Sequence[str]) -> list[str]:
    found: list[str] = []
    for place, cell in enumerate(row):
        found.append(cell or (found[-1] if place > 1 else ""))
    return found


def _is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell))
