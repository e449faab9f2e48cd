"""Rows that belong to a table though the layout ended it before them: their words stand under its columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from index.load.pdf.parts import Box, Line, Part
from index.load.pdf.tables import Row

_OFF = 3.0
_MOST_HEIGHTS = 3.0
_LEAST_ROWS = 2


class _Column(NamedTuple):
    left: float
    right: float


def extend(parts: list[Part]) -> None:
    """Let every table take the parts that follow it as far as they stand under its columns."""
    at = 0
    while at < len(parts):
        part = parts[at]
        for other in [one for one in parts[at + 1 :] if _joins(part, one)]:
            parts.remove(other)
        while part.table is not None and at + 1 < len(parts) and _takes(part, parts[at + 1]):
            del parts[at + 1]
        at += 1


def _joins(part: Part, following: Part) -> bool:
    """Let a table take one to its right whose rows stand at the heights of its own: the layout saw two where the gap was wide."""
    table, other = part.table, following.table
    if table is None or other is None or len(table.rows) != len(other.rows) or len(table.rows) < _LEAST_ROWS:
        return False
    if any(abs(mine.middle - its.middle) > _OFF for mine, its in zip(table.rows, other.rows, strict=True)):
        return False
    filled = [place for place in range(table.width) if any(row.cells[place] for row in table.rows)]
    begun = max((place[0] for row in table.rows for n in filled if (place := row.places[n])), default=0.0)
    if any(place and place[0] <= begun + _OFF for row in other.rows for place in row.places):
        return False
    table.rows = [
        Row(
            [*(mine.cells[place] for place in filled), *its.cells],
            mine.middle,
            [*(mine.places[place] for place in filled), *its.places],
        )
        for mine, its in zip(table.rows, other.rows, strict=True)
    ]
    part.lines += following.lines
    part.box = _around(part.box, following.box)
    return True


def _around(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left), min(one.top, other.top), max(one.right, other.right), max(one.bottom, other.bottom)
    )


def _takes(part: Part, following: Part) -> bool:
    table = part.table
    assert table is not None
    columns = _columns(part)
    if columns is None or following.kind not in ("paragraph", "table") or not following.lines:
        return False
    if following.box.top - part.box.bottom > _MOST_HEIGHTS * part.size or following.box.top < part.box.top:
        return False
    rows = [_row(row, columns) for row in _by_height(following.lines)]
    taken = [row for row in rows if row is not None]
    several = sum(1 for row in taken if sum(map(bool, row.cells)) > 1)
    if len(taken) < len(rows) or (not several and any(row.cells[0] for row in taken)):
        return False
    table.rows += taken
    part.lines += following.lines
    part.box = _around(part.box, following.box)
    return True


def _columns(part: Part) -> list[_Column] | None:
    """Where the columns of a table stand; None where a column holds no line of its own or two of them overlap."""
    assert part.table is not None
    columns = []
    for words in zip(*(row.cells for row in part.table.rows), strict=True):
        boxes = [line.box for line in part.lines if line.text in words]
        if not boxes:
            return None
        columns.append(_Column(min(box.left for box in boxes), max(box.right for box in boxes)))
    apart = all(before.right < after.left for before, after in pairwise(columns))
    return columns if len(columns) > 1 and apart else None


def _by_height(lines: Sequence[Line]) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.top):
        if rows and abs(rows[-1][0].box.top - line.box.top) < _OFF:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _row(lines: Sequence[Line], columns: Sequence[_Column]) -> Row | None:
    """The lines of one height as cells; None where one stands under no column."""
    cells = [""] * len(columns)
    places: list[tuple[float, float, float, float] | None] = [None] * len(columns)
    for line in lines:
        box = line.box
        for at, column in enumerate(columns):
            limit = columns[at + 1].left if at + 1 < len(columns) else float("inf")
            aligned = abs(box.left - column.left) < _OFF or abs(box.right - column.right) < _OFF
            if aligned and column.left - _OFF < box.left and box.right < limit and not cells[at]:
                cells[at], places[at] = line.text, (box.left, box.top, box.right, box.bottom)
                break
        else:
            return None
    return Row(cells, (lines[0].box.top + lines[0].box.bottom) / 2, places)
