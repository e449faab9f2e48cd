"""The parts of one page in reading order: headings, paragraphs, list items and rows of tables, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import NamedTuple
from unicodedata import normalize

from liteparse.types import LayoutBlock, ParsedPage, TextItem

from index.load.pdf.tables import Table

SMALLEST_POINTS = 2.0
_FOLDED = re.compile("[\ufb00-\ufdff\ufe70-\ufefc]+")
_MOST_LINES = 8


class Box(NamedTuple):
    """A rectangle in points from the page's upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Box) -> bool:
        """Whether the middle of `other` lies in it."""
        across, down = (other.left + other.right) / 2, (other.top + other.bottom) / 2
        return self.left - 1 <= across <= self.right + 1 and self.top - 1 <= down <= self.bottom + 1


class Line(NamedTuple):
    """A run of text on one line."""

    text: str
    box: Box
    bold: bool = False


@dataclass(slots=True)
class Part:
    """One part of a page.

    Attributes:
        kind: "aside" is what repeats over the pages: running heads and feet.
        text: As it is stored; the rows of a table are made when the tables of all pages are known.
        lines: The lines that it was made of, from top to bottom.
    """

    kind: str
    text: str
    box: Box
    lines: list[Line] = field(default_factory=list)
    table: Table | None = None

    @property
    def size(self) -> float:
        """Height of its lines in points."""
        return median(line.box.bottom - line.box.top for line in self.lines) if self.lines else 0.0


@dataclass(slots=True)
class PageParts:
    """A page's parts, its lines from top to bottom, and how many characters nobody can see.

    Attributes:
        dropped: Lines that no part holds.
    """

    number: int
    height: float
    parts: list[Part]
    lines: list[Line]
    dropped: list[Line]
    hidden: int = 0


def parts_of(page: ParsedPage) -> PageParts:
    """Put every text item of a page into the block that holds it."""
    lines, hidden = _lines(page)
    unseen = [line.text for line in hidden]
    parts = [part for block in page.blocks or [] if (part := _part(block, unseen)) is not None]
    dropped: list[Line] = []
    # A paragraph that runs over columns may surround a table.
    inner_first = sorted(parts, key=lambda part: (part.box.right - part.box.left) * (part.box.bottom - part.box.top))
    for line in lines:
        holder = next((part for part in inner_first if part.box.holds(line.box)), None)
        (dropped if holder is None else holder.lines).append(line)
    for part in parts.copy():
        if part.kind == "paragraph":
            part.text = _broken(part, parts)
        elif part.table is not None:
            _unite(part, parts)
    return PageParts(page.page_num, page.height, parts, lines, dropped, sum(map(len, unseen)))


def folded(text: str) -> str:
    """Ligatures and the forms that letters take beside others, as plain letters.

    >>> folded("o\ufb03ce")
    'office'
    """
    return text if text.isascii() else _FOLDED.sub(lambda match: normalize("NFKC", match.group()), text)


def _lines(page: ParsedPage) -> tuple[list[Line], list[Line]]:
    """The lines that a reader sees from top to bottom, and those that are too small to be read."""
    seen: list[Line] = []
    hidden: list[Line] = []
    for item in page.text_items:
        text = folded(" ".join(item.text.split()))
        if text:
            (seen if _height(item) >= SMALLEST_POINTS else hidden).append(
                Line(text, _box_of_item(item), "bold" in (item.font_name or "").lower())
            )
    # A page of which most seems hidden is one that these sizes do not explain.
    if 2 * sum(len(line.text) for line in hidden) >= sum(len(line.text) for line in [*seen, *hidden]):
        seen, hidden = seen + hidden, []
    return sorted(seen, key=lambda line: (line.box.top, line.box.left)), hidden


def _height(item: TextItem) -> float:
    return max(item.height, item.width) if item.rotation else item.height


def _box_of_item(item: TextItem) -> Box:
    return Box(item.x, item.y, item.x + item.width, item.y + item.height)


def _part(block: LayoutBlock, unseen: list[str]) -> Part | None:
    if block.bbox is None:
        return None
    box = Box(block.bbox.x, block.bbox.y, block.bbox.x + block.bbox.width, block.bbox.y + block.bbox.height)
    if block.kind == "table":
        return Part("table", "", box, table=Table.of(block))
    text = block.text if block.text is not None else "\n".join(block.lines or [])
    text = folded(text).strip()
    for words in unseen:
        text = text.replace(words, "").strip()
    if not text:
        return None
    if block.kind == "list_item":
        return Part("item", f"{block.marker or '-'} {text}", box)
    return Part("heading" if block.kind == "heading" else "paragraph", text, box)


def _unite(part: Part, parts: list[Part]) -> None:
    """Take sentences that were cut into the cells of a table's first or last row out of the table."""
    assert part.table is not None
    for last in (False, True):
        while (row := part.table.edge(last=last)) is not None:
            line = next((line for line in part.lines if line.text == row), None)
            if line is None:
                break
            part.lines.remove(line)
            part.table.take(last=last)
            at = parts.index(part) + last
            parts.insert(at, Part("paragraph", line.text, line.box, [line]))
    if part.lines:
        first = part.lines[0].box
        rows = [[line.bold for line in part.lines if (line.box.top > first.bottom) == below] for below in (False, True)]
        part.table.bold = all(rows[0]) and not all(rows[1])


def _broken(part: Part, parts: list[Part]) -> str:
    """A short paragraph with the line breaks that its width did not force: titles, addresses, bylines."""
    lines = part.lines
    if not 2 <= len(lines) <= _MOST_LINES or any(
        after.box.top < before.box.bottom - 3 for before, after in pairwise(lines)
    ):
        return part.text
    edge = max(line.box.right for line in lines)
    alike = [
        other.box.right
        for other in parts
        if other is not part and abs(other.box.left - part.box.left) < 3 and other.kind != "heading"
    ]
    beside = any(
        other.box.left > part.box.right and other.box.top < part.box.bottom and other.box.bottom > part.box.top
        for other in parts
    )
    wide = max([edge, *alike]) if not beside else edge
    text, at = part.text, 0
    for line, following in pairwise(lines):
        at = text.find(following.text[:12], at + 1)
        if at < 0:
            return part.text
        if text[at - 1] == " " and _is_free(line, following, edge, wide):
            text = f"{text[: at - 1]}\n{text[at:]}"
    return text


def _is_free(line: Line, following: Line, edge: float, wide: float) -> bool:
    """Whether the next word would have had room on the line."""
    first = following.text.split(" ", 1)[0]
    letter = (following.box.right - following.box.left) / max(1, len(following.text))
    needed = line.box.right + (len(first) + 1.5) * letter
    if needed < edge - letter:
        return True
    return needed < wide - 4 * letter and not following.text[0].islower() and line.text[-1] not in ",;-"
