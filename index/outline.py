"""The structure of a text, read off its lines: headings and what stands under them, lists with their lead-in, tables row by row.

Loaders write every format in one way (a blank line between blocks, "- " before an item, "Head: value; Head: value" for a row), so the
structure of a document is a function of its text: nothing of it is stored, and it is right for text that was stored long ago.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

from index.values import Span

HEADING_CHARS, HEADING_WORDS = 90, 14
MOST_REPEATED = 2
MOST_LEVELS = 6
MOST_CELLS = 200
MOST_ROWS = 2_500
"""Rows of a table that are looked at on either side of a place: a file may be one table of a million."""
SHORT_CHARS = 300_000
"""Outlines of longer texts are kept one at a time."""
_ROW = re.compile(r"[^:;\n]{1,120}: [^;\n]{1,2000}; [^:;\n]{1,120}: ")
_CELL = re.compile(r"(?:^|; )([^:;\n]{1,120}): ")
_ITEM = re.compile(r"\s*(?:[-*•‣▪●–—]|[(\[]?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)\]])\s+(?=\S)")
_DIGITS = re.compile(r"\d+")
_MARKED = re.compile(r"\s*(#{1,6})\s+\S")
_NUMBERED = re.compile(r"\s*(?:§\s*)?(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[^\W\d_]")
_ENDS = re.compile(r"[.!?:;,…。！？：；،؟۔][\"'”’»)\]*_]*$")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, up to the next heading of its level or above.

    Attributes:
        heading: Its line, without the marks before it.
        level: 1 for the highest; the section ends before the next heading of this level or a higher one.
        body: From behind the heading's line to the section's end.
        path: The headings above it, highest first, its own last.
    """

    heading: Span
    level: int
    body: Span
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    """Items that follow one another.

    Attributes:
        lead: The line before them, where it leads up to them or is their heading.
        items: Each with its mark and the lines that go on with it.
    """

    lead: Span | None
    items: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row: its head, and where its value stands."""

    head: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, with a cell for each column that is filled."""

    span: Span
    cells: tuple[Cell, ...]

    def cell(self, head: str) -> Cell | None:
        """The cell under a head; None where it is empty."""
        return next((cell for cell in self.cells if cell.head == head), None)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that follow one another under the same heads.

    Attributes:
        heads: Names of the columns, in their order.
        whole: Whether these are all its rows; nothing may be computed over a part.
    """

    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    whole: bool = True

    @property
    def span(self) -> Span:
        return Span(self.rows[0].span.start, self.rows[-1].span.end)


@dataclass(frozen=True)
class Outline:
    """The structure of one text; all spans are of it."""

    text: str

    @cached_property
    def lines(self) -> tuple[Span, ...]:
        """Every line that is not blank, without the white space around it."""
        return tuple(_lines(self.text))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Every section, in the order of the text; one inside another comes after it."""
        marked = [(line, *head) for n, line in enumerate(self.lines) if (head := self._heading(n))]
        repeated = Counter(self._bare(line) for line, _, _ in marked)  # a head on every page is none of a section
        found = [one for one in marked if repeated[self._bare(one[0])] <= MOST_REPEATED]
        ends = self._ends([(line.start, level) for line, level, _ in found])
        sections: list[Section] = []
        above: list[tuple[int, str]] = []
        for (line, level, start), end in zip(found, ends, strict=True):
            above = [one for one in above if one[0] < level]
            above.append((level, self.text[start : line.end].strip(" *_#")))
            path = tuple(name for _, name in above)
            sections.append(Section(Span(start, line.end), level, Span(line.end, end), path))
        return tuple(sections)

    def _ends(self, headings: Sequence[tuple[int, int]]) -> list[int]:
        """Where the section of each (start, level) ends, in one pass from behind."""
        ends, following = [0] * len(headings), list[tuple[int, int]]()
        for n in range(len(headings) - 1, -1, -1):
            start, level = headings[n]
            following = [one for one in following if one[1] <= level]
            ends[n] = following[-1][0] if following else len(self.text)
            following.append((start, level))
        return ends

    def section_at(self, place: int) -> Section | None:
        """The innermost section that holds a place; None before the first heading."""
        n = bisect_right(self._starts, place) - 1
        return self.sections[n] if n >= 0 else None

    def path_at(self, place: int) -> tuple[str, ...]:
        """The headings above a place, highest first."""
        section = self.section_at(place)
        return section.path if section else ()

    def is_heading(self, span: Span) -> bool:
        """Whether a span lies in a line that is a heading."""
        section = self.section_at(span.start)
        return section is not None and section.heading.start <= span.end and span.end <= section.heading.end + 1

    @cached_property
    def lists(self) -> tuple[ListBlock, ...]:
        """Every list of two items or more."""
        return tuple(self._lists())

    @property
    def tables(self) -> Iterator[Table]:
        """Every table, one by one: a run of rows, which ends where a line is no row, or begins with another head."""
        place = 0
        while place < len(self.lines):
            row = row_at(self.text, self.lines[place])
            if row is None:
                place += 1
                continue
            rows = [row, *islice(self._rows_from(place + 1, 1, row.cells[0].head), MOST_ROWS)]
            yield _table(rows, whole=len(rows) <= MOST_ROWS)
            place += len(rows)

    def list_at(self, span: Span) -> ListBlock | None:
        """The list that a span lies in, its lead-in included."""
        n = bisect_right(self._list_starts, span.end - 1) - 1
        return self.lists[n] if n >= 0 and span.start < self.lists[n].items[-1].end else None

    def table_at(self, span: Span) -> Table | None:
        """The table that the first row in a span is of, as far as MOST_ROWS before and behind it."""
        n = bisect_right(self._line_starts, span.start)
        first = max(0, n - 1)
        while first < len(self.lines) and self.lines[first].start < span.end:
            row = row_at(self.text, self.lines[first])
            if row is not None and row.span.end > span.start:
                return self._table_around(first, row)
            first += 1
        return None

    def _table_around(self, place: int, row: Row) -> Table:
        before = list(self._rows_from(place - 1, -1, row.cells[0].head))
        after = list(self._rows_from(place + 1, 1, row.cells[0].head))
        rows = [*reversed(before[:MOST_ROWS]), row, *after[:MOST_ROWS]]
        return _table(rows, whole=max(len(before), len(after)) <= MOST_ROWS)

    def _rows_from(self, place: int, step: int, head: str) -> Iterator[Row]:
        """Rows under the same first head, one after another, one more than are looked at."""
        for _ in range(MOST_ROWS + 1):
            row = row_at(self.text, self.lines[place]) if 0 <= place < len(self.lines) else None
            if row is None or row.cells[0].head != head:
                return
            yield row
            place += step

    @cached_property
    def _line_starts(self) -> list[int]:
        return [line.start for line in self.lines]

    @cached_property
    def _list_starts(self) -> list[int]:
        return [_first(one) for one in self.lists]

    @cached_property
    def _starts(self) -> list[int]:
        return [section.heading.start for section in self.sections]

    def _bare(self, line: Span) -> str:
        return _DIGITS.sub("", self.text[line.start : line.end])

    def _heading(self, n: int) -> tuple[int, int] | None:
        """The level of a heading and where its words begin; None for a line that is none."""
        line = self.lines[n]
        words = self.text[line.start : line.end]
        marked = _MARKED.match(words)
        if marked:
            return len(marked[1]), line.start + marked.end() - 1
        asks = words.endswith(("?", "？", "؟"))
        if len(words) > HEADING_CHARS or len(words.split()) > HEADING_WORDS or (_ENDS.search(words) and not asks):
            return None
        if ": " in words or "; " in words or "|" in words or not any(c.isalpha() for c in words):
            return None
        following = self.lines[n + 1] if n + 1 < len(self.lines) else None
        if following is None or not self._apart(n):
            return None
        numbered = _NUMBERED.match(words)
        if numbered:
            return min(MOST_LEVELS, 1 + numbered[1].count(".") + 1), line.start
        if _ITEM.match(words) or not (words[0].isupper() or words[0].isdigit() or ord(words[0]) > 0x2FF):
            return None
        if asks:
            return MOST_LEVELS, line.start
        if not self.text[line.end : following.start].count("\n") > 1:
            return None
        return (1 if n == 0 else 2), line.start

    def _apart(self, n: int) -> bool:
        """Whether a blank line stands before a line."""
        return n == 0 or self.text[self.lines[n - 1].end : self.lines[n].start].count("\n") > 1

    def _lists(self) -> Iterator[ListBlock]:
        items: list[Span] = []
        lead: Span | None = None
        before: Span | None = None
        for n, line in enumerate(self.lines):
            is_item = _ITEM.match(self.text, line.start, line.end) is not None and not self._heading(n)
            if is_item:
                lead = before if not items else lead
                items.append(line)
            elif items and not self._apart(n) and self._indented(line):
                items[-1] = Span(items[-1].start, line.end)
            else:
                if len(items) > 1:
                    yield ListBlock(lead, tuple(items))
                items = []
            before = line
        if len(items) > 1:
            yield ListBlock(lead, tuple(items))

    def _indented(self, line: Span) -> bool:
        return line.start > 0 and self.text[line.start - 1] in " \t"


def outline_of(text: str) -> Outline:
    """The outline of a text; the last ones are kept, as one answer asks for them several times."""
    return _kept(text) if len(text) <= SHORT_CHARS else _kept_long(text)


@lru_cache(maxsize=64)
def _kept(text: str) -> Outline:
    return Outline(text)


@lru_cache(maxsize=1)
def _kept_long(text: str) -> Outline:
    return Outline(text)


def row_at(text: str, line: Span) -> Row | None:
    """The row that a line is; None for another line.

    >>> text = "Room: Alder; Beds: 2"
    >>> [(cell.head, cell.value) for cell in row_at(text, Span(0, 20)).cells]
    [('Room', 'Alder'), ('Beds', '2')]
    """
    if not is_row(text, line):
        return None
    marks = list(islice(_CELL.finditer(text[line.start : line.end]), MOST_CELLS))
    ends = [*(mark.start() for mark in marks[1:]), line.end - line.start]
    cells = []
    for mark, end in zip(marks, ends, strict=True):
        value = text[line.start + mark.end() : line.start + end]
        cells.append(Cell(mark[1].strip(), value.strip(), Span(line.start + mark.end(), line.start + end)))
    return Row(line, tuple(cells))


def is_row(text: str, line: Span) -> bool:
    """Whether a line has at least two cells with their heads."""
    return _ROW.match(text, line.start, line.end) is not None


def _table(rows: Sequence[Row], *, whole: bool) -> Table:
    heads = dict.fromkeys(cell.head for row in rows for cell in row.cells)
    return Table(tuple(heads), tuple(rows), whole)


def _first(block: ListBlock) -> int:
    return block.lead.start if block.lead else block.items[0].start


def _lines(text: str) -> Iterator[Span]:
    at = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            start = at + line.index(stripped)
            yield Span(start, start + len(stripped))
        at += len(line) + 1
