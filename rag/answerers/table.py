"""A cell looked up by its row and its head: rows are stored as "Head: value; Head: value", whatever format they came in.

The row is the one whose own cells the question names; the column is the one whose head it names. Where two rows fit as well, or no head
is named, nothing is chosen. No list of words, so it holds for every language that puts spaces between words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.values import Chunk, Document, Span
from rag.answerers.answering import Proposal, Question, quoting
from rag.answerers.subject import names_of
from rag.reading.judge import AskedFor, stems

CONFIDENCE = 0.85
MOST_HITS, MOST_ROWS = 20, 400
_CELL = re.compile(r"(?:^|; )([^:;\n]{1,120}): ")
_LEAST_CELLS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in a passage.

    Attributes:
        cells: (head, value, where the value stands).
    """

    document: Document
    chunk: Chunk
    span: Span
    cells: tuple[tuple[str, str, Span], ...]


@dataclass(frozen=True, slots=True)
class TableLookUp:
    """Answers with one cell, cited with the whole of its row."""

    def propose(self, question: Question) -> Proposal | None:
        asked = AskedFor.of(question.query.text)
        words = asked.words
        named = [(row, _named(row, words)) for row in _rows(question)]
        found = [(row, heads, covered) for row, (heads, covered) in named if heads and asked.hard <= _known(row)]
        if not found:
            return None
        most = max(len(covered) for _, _, covered in found)
        best = [(row, heads) for row, heads, covered in found if len(covered) == most]
        cells = {(cell[1], row.span): (row, cell) for row, heads in best if (cell := _cell(row, heads, words))}
        if not cells or len({value for value, _ in cells}) > 1 or len(cells) < len({row.span for row, _ in best}):
            return None
        row, (_, value, _) = next(iter(cells.values()))
        statements, evidence = quoting([(row.document, row.chunk, row.span)])
        return Proposal(statements, evidence, CONFIDENCE, short=value)


def _rows(question: Question) -> Iterator[Row]:
    """Every row in the passages that were found, each once."""
    seen: set[tuple[str, int]] = set()
    for hit in question.hits[:MOST_HITS]:
        document = question.corpus.document(hit.chunk.document_id)
        at = hit.chunk.start
        for line in document.text[hit.chunk.start : hit.chunk.end].split("\n"):
            span = Span(at, at + len(line))
            at = span.end + 1
            cells = cells_of(document.text, span)
            if len(cells) >= _LEAST_CELLS and (document.id, span.start) not in seen and len(seen) < MOST_ROWS:
                seen.add((document.id, span.start))
                yield Row(document, hit.chunk, span, cells)


def cells_of(text: str, span: Span) -> tuple[tuple[str, str, Span], ...]:
    """The cells of a line, each with its head and its place.

    >>> [(head, value) for head, value, _ in cells_of("Room: Alder; Beds: 2", Span(0, 20))]
    [('Room', 'Alder'), ('Beds', '2')]
    """
    line = text[span.start : span.end]
    marks = list(_CELL.finditer(line))
    if not marks or marks[0].start() != 0:
        return ()
    ends = [*(mark.start() for mark in marks[1:]), len(line)]
    return tuple(
        (mark[1].strip(), line[mark.end() : end].strip(), Span(span.start + mark.end(), span.start + end))
        for mark, end in zip(marks, ends, strict=True)
    )


def _known(row: Row) -> frozenset[str]:
    """Everything that a row and the names of its document say: a name or number of the question that is not there is another thing's."""
    return stems(row.document.text[row.span.start : row.span.end]) | stems(names_of(row.document))


def _named(row: Row, words: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The heads of the cells that the question names whole, and the words that it names them with."""
    heads: set[str] = set()
    covered: set[str] = set()
    for head, value, _ in row.cells:
        own = AskedFor.of(value).words
        if own and own <= words:
            heads.add(head)
            covered |= own
    return frozenset(heads), frozenset(covered)


def _cell(row: Row, named: frozenset[str], words: frozenset[str]) -> tuple[str, str, Span] | None:
    """The cell whose head the question names best; None where it names none, or two as well."""
    scored = sorted(
        (
            (_share(AskedFor.of(head).words, words), (head, value, span))
            for head, value, span in row.cells
            if head not in named
        ),
        key=lambda one: -one[0],
    )
    if not scored or scored[0][0] <= 0 or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1]


def _share(head: frozenset[str], words: frozenset[str]) -> float:
    return len(head & words) / len(head) if head else 0.0
