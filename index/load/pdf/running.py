"""Running heads and feet: lines that stand at the same place of several pages and say the same, but for the page's number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from index.load.pdf.parts import Line, PageParts

_ROWS = 3
_APART = 4.0
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]{1,7}", re.I)


class _Edge(NamedTuple):
    page: int
    line: Line
    place: float
    numbers: tuple[int, ...]


def running_lines(pages: Sequence[PageParts]) -> dict[int, list[Line]]:
    """The running lines of each page, by its number."""
    groups: dict[tuple[str, bool], list[_Edge]] = defaultdict(list)
    for page in pages:
        for line, at_top in _edges(page):
            place = line.box.top if at_top else page.height - line.box.bottom
            numbers = tuple(int(digits[:9]) for digits in _DIGITS.findall(line.text))
            said = "#" if _ROMAN.fullmatch(line.text) else _DIGITS.sub("#", line.text)
            groups[said, at_top].append(_Edge(page.number, line, place, numbers))
    found: dict[int, list[Line]] = defaultdict(list)
    for edges in groups.values():
        for edge in _repeated(edges, len(pages)):
            found[edge.page].append(edge.line)
    return found


def _edges(page: PageParts) -> list[tuple[Line, bool]]:
    """The lines of the first and of the last rows of a page."""
    tops = sorted({round(line.box.top) for line in page.lines})
    if not tops:
        return []
    high, low = tops[min(_ROWS, len(tops)) - 1], tops[-min(_ROWS, len(tops))]
    middle = page.height / 2
    edges = [
        (line, line.box.top < middle)
        for line in page.lines
        if (round(line.box.top) <= high if line.box.top < middle else round(line.box.top) >= low)
    ]
    # The heads of a table that goes on over pages repeat too.
    tables = [part.lines for part in page.parts if part.table is not None]
    return [edge for edge in edges if not any(edge[0] in lines and not _alone(edge[0], lines) for lines in tables)]


def _alone(line: Line, lines: Sequence[Line]) -> bool:
    return not any(other != line and abs(other.box.top - line.box.top) < 2 for other in lines)


def _repeated(edges: list[_Edge], pages: int) -> list[_Edge]:
    place = median(edge.place for edge in edges)
    near = [edge for edge in edges if abs(edge.place - place) < _APART]
    if len({edge.page for edge in near}) < (2 if pages <= 3 else 3):
        return []
    if len({edge.numbers for edge in near}) == 1 or not near[0].numbers:
        return near
    # A number that differs is the page's own: what else is numbered is text.
    for column in zip(*(edge.numbers for edge in near), strict=False):
        steps = [number - edge.page for number, edge in zip(column, near, strict=True)]
        if sum(1 for step in steps if step == median(steps)) >= 0.8 * len(steps):
            return near
    return []
