"""Tables of a page: which rows are heads, which cells were broken over lines, and each row as a line that names its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from liteparse.types import LayoutBlock, LayoutCell

_NUMBER = re.compile(r"[-+−–(]?\s?(?:[$€£¥]\s?)?\d[\d.,'’\s]*(?:\s?[%€$£¥])?\)?")
_YEAR = re.compile(r"(?:1[89]|20)\d\d(?:[/–-](?:\d\d)?\d\d)?")
_LONGEST_HEAD = 60


@dataclass(slots=True)
class Row:
    """The cells of one row, their places on the page, and the height at which the row stands."""

    cells: list[str]
    middle: float
    places: list[tuple[float, float, float, float] | None]


@dataclass(slots=True)
class Table:
    """The rows of one table on one page.

    Attributes:
        bold: Whether the first row alone is bold.
    """

    rows: list[Row]
    bold: bool = False

    @classmethod
    def of(cls, block: LayoutBlock) -> Table:
        """The rows as the layout gives them, all of one width."""
        given = [block.header, *(block.rows or [])] if block.header else list(block.rows or [])
        rows = [_row(cells) for cells in given if cells]
        width = max((len(row.cells) for row in rows), default=0)
        for row in rows:
            row.cells += [""] * (width - len(row.cells))
            row.places += [None] * (width - len(row.places))
        return cls(rows)

    def reorder(self, read: Callable[[tuple[float, float, float, float]], str]) -> None:
        """Read every cell anew from its place on the page."""
        for row in self.rows:
            row.cells = [
                (read(place) or cell) if place else cell for cell, place in zip(row.cells, row.places, strict=True)
            ]

    def drop(self, line: str) -> None:
        """Take a line out that is no row: a running head or foot."""
        for row in self.rows:
            row.cells = (
                ["" if cell and cell in line else cell for cell in row.cells] if _holds(row, line) else row.cells
            )
        self.rows = [row for row in self.rows if any(row.cells)]

    def edge(self, *, last: bool) -> str | None:
        """The words of the first or last row, where it has several cells."""
        cells = [cell for cell in self.rows[-1 if last else 0].cells if cell] if self.rows else []
        return " ".join(cells) if len(cells) > 1 else None

    def take(self, *, last: bool) -> None:
        """Remove the first or last row."""
        self.rows.pop(-1 if last else 0)

    @property
    def width(self) -> int:
        return len(self.rows[0].cells) if self.rows else 0


def lines_of(table: Table, before: list[str] | None) -> tuple[list[str], list[str] | None]:
    """The table's rows as lines, and its heads.

    Args:
        before: The heads of a table of as many columns that ends where this one begins, on the page before.
    """
    from index.load.pdf.parts import folded

    rows = _with_whole_heads([[folded(cell) for cell in row.cells] for row in _whole(table.rows)])
    count = _head_rows(rows, bold=table.bold)
    heads = _heads(rows[:count]) if count else before if before and len(before) == table.width else None
    lines = [line for row in rows[count:] if (line := _line(row, heads))]
    if count and not lines:
        lines = ["; ".join(filter(None, heads or []))]
    return lines, heads


def _with_whole_heads(rows: list[list[str]]) -> list[list[str]]:
    """Heads that were broken over lines, joined: lines under the first that begin empty and hold no number, before a row that does not."""
    if not rows or not rows[0][0] or len(rows[0]) < 2:
        return rows
    count = 1
    while count < len(rows) and not rows[count][0] and not any(map(str.isdigit, "".join(rows[count]))):
        count += 1
    if count == 1 or count == len(rows) or not all(rows[0]):
        return rows
    return [[" ".join(filter(None, column)) for column in zip(*rows[:count], strict=True)], *rows[count:]]


def _row(cells: Sequence[LayoutCell]) -> Row:
    places = [
        None if (box := cell.bbox) is None else (box.x, box.y, box.x + box.width, box.y + box.height) for cell in cells
    ]
    middles = [(place[1] + place[3]) / 2 for place in places if place]
    return Row([" ".join(cell.text.split()) for cell in cells], median(middles) if middles else 0.0, places)


def _whole(rows: list[Row]) -> list[Row]:
    """Rows of which one cell was broken over lines are one row: the nearest that is full."""
    full = [row for row in rows if _filled(row) > 1]
    if len(full) < 2 or len(full) == len(rows) or not rows[0].cells or len(rows[0].cells) < 2:
        return rows
    apart = min(after.middle - before.middle for before, after in pairwise(full))
    pieces: dict[int, list[Row]] = {id(row): [row] for row in full}
    kept: list[Row] = []
    for row in rows:
        if _filled(row) > 1:
            kept.append(row)
            continue
        nearest = min(full, key=lambda one: abs(one.middle - row.middle))
        above = [one for one in full if one.middle < row.middle]
        if abs(nearest.middle - row.middle) < 0.75 * apart and (row.cells[0] == "" or nearest.cells[0] != ""):
            pieces[id(nearest)].append(row)
        elif above and row.cells[0] == "" and above[-1] is not full[0] and _covers(above[-1], row):
            pieces[id(above[-1])].append(row)
        else:
            kept.append(row)
    return [_merged(pieces[id(row)]) if id(row) in pieces else row for row in kept]


def _holds(row: Row, line: str) -> bool:
    return line in " ".join(filter(None, row.cells))


def _covers(row: Row, piece: Row) -> bool:
    """Whether every cell of the piece has one in the row to go on."""
    return all(cell for cell, more in zip(row.cells, piece.cells, strict=True) if more)


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell)


def _merged(rows: list[Row]) -> Row:
    ordered = sorted(rows, key=lambda row: row.middle)
    cells = [" ".join(filter(None, column)) for column in zip(*(row.cells for row in ordered), strict=True)]
    return Row(cells, rows[0].middle, rows[0].places)


def _head_rows(rows: list[list[str]], *, bold: bool) -> int:
    """How many rows at the top are heads: none, one, or two where the first spans columns of the second."""
    if len(rows) < 2 or not _may_be_head(rows[0]):
        return 0
    if len(rows) > 2 and "" in rows[0][1:] and _may_be_head(rows[1]) and all(rows[1][1:]) and _has_numbers(rows[2:]):
        return 2
    if bold or len(rows[0]) > 2:
        return 1
    body = [row[-1] for row in rows[1:] if row[-1]]
    figures = sum(1 for cell in body if any(character.isdigit() for character in cell))
    # Of two columns the first may name what the second says, each row for itself.
    return int(bool(body) and figures >= 0.8 * len(body) and not any(map(str.isdigit, rows[0][-1])))


def _may_be_head(row: list[str]) -> bool:
    filled = [cell for cell in row if cell]
    if (len(filled) < 2 and len(row) > 1) or any(len(cell) > _LONGEST_HEAD for cell in filled):
        return False
    if any(_NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in filled):
        return False
    return not any(cell.endswith((".", ":")) and len(cell) > 4 for cell in filled[:1])


def _has_numbers(rows: list[list[str]]) -> bool:
    return any(_NUMBER.fullmatch(cell) for row in rows for cell in row[1:])


def _heads(rows: list[list[str]]) -> list[str]:
    if len(rows) == 1:
        return rows[0]
    spanning = ""
    above = []
    for place, cell in enumerate(rows[0]):
        spanning = cell or spanning
        above.append(spanning if place else cell)
    return [" ".join(filter(None, pair)) for pair in zip(above, rows[1], strict=True)]


def _line(row: list[str], heads: list[str] | None) -> str:
    filled = [cell for cell in row if cell]
    if len(filled) < 2 and len(row) > 1 and row[0]:
        return " ".join(filled)
    if heads is None:
        return ": ".join(filled) if len(row) == 2 else "; ".join(filled)
    return "; ".join(f"{head}: {cell}" if head else cell for head, cell in zip(heads, row, strict=True) if cell)
