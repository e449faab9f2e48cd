"""Answers from the rows of a table: one cell, the row of the largest or smallest value, a sum, a mean, or how many rows there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from index.outline import Row, Table, outline_of
from index.stop_words import STOP_WORDS
from index.values import Document, Span
from rag.answerers.answering import Proposal, Question, quoting
from rag.answerers.subject import names_of
from rag.answerers.table.linking import Linked, Wanted, link
from rag.answerers.table.values import value_of, words_of
from rag.reading.judge import AskedFor
from rag.values import DraftStatement, Evidence

SURE, UNSURE = 0.85, 0.6
"""Confidence of an answer from a cell, and of a row that is shown whole as it is not sure which of its cells is meant."""
CLEAR = 0.12
"""So much nearer must the question be to one head than to every other for its cell to be the headline."""
MOST_HITS, MOST_TABLES, MOST_SHOWN = 20, 6, 30
LEAST_COVERED, LEAST_COMPARED, LEAST_ALONE = 0.5, 0.65, 0.75
"""Share of the question's words, without those that stand above the table, that the rows and their heads must hold: for a cell, for rows
side by side, and for a row that is shown whole because it is not sure which of its cells is meant."""
MOST_COMPARED = 4
OPERATIONS = ("largest", "smallest", "sum", "mean")


@dataclass(frozen=True, slots=True)
class _Found:
    document: Document
    linked: Linked
    covered: float


@dataclass(frozen=True, slots=True)
class TableAnswerer:
    """Links the question to the tables that the search found, and answers from the one that holds most of it."""

    def propose(self, question: Question) -> Proposal | None:
        wanted = Wanted.of(question.query.text)
        if question.asked.kind == "compare":
            return _compared(question, list(self._found(question, wanted, compared=True)))
        found = [one for one in self._found(question, wanted) if one.covered >= LEAST_COVERED]
        if not found:
            return None
        best = max(found, key=lambda one: (round(one.covered, 2), one.linked.score))
        operation = question.asked.detail if question.asked.kind == "table" else None
        if question.asked.kind == "count":
            return _counted(question, best)
        if operation in OPERATIONS and len(best.linked.rows) > 1:
            return _computed(question, best, str(operation))
        return _looked_up(question, best, listed=question.asked.kind == "list")

    def _found(self, question: Question, wanted: Wanted, *, compared: bool = False) -> Iterator[_Found]:
        for document, table in _tables(question):
            linked = link(wanted, table, question.embedder)
            above, held = _above(document, table), _held(linked)
            asked = wanted.words - above - _only_asking(document.language) or wanted.words
            if (compared or _hard(question) <= above | held) and asked:
                told = len(asked) - (question.asked.detail in OPERATIONS)  # "highest" itself stands in no cell
                yield _Found(document, linked, len(asked & held) / max(1, told))


def _tables(question: Question) -> Iterator[tuple[Document, Table]]:
    """The tables that the best passages lie in, each once."""
    seen: set[tuple[str, int]] = set()
    for hit in question.hits[:MOST_HITS]:
        document = question.corpus.document(hit.chunk.document_id)
        table = outline_of(document.text).table_at(Span(hit.chunk.start, hit.chunk.end))
        if table is None or (document.id, table.span.start) in seen or len(table.rows) < 2:
            continue
        seen.add((document.id, table.span.start))
        yield document, table
        if len(seen) == MOST_TABLES:
            return


@cache
def _only_asking(language: str | None) -> frozenset[str]:
    """Stems of the words of a language that only ask or join."""
    return words_of(" ".join(STOP_WORDS.get(language or "", ())))


def _above(document: Document, table: Table) -> frozenset[str]:
    """What is said of every row: the names of the document, and the headings above the table."""
    return words_of(" ".join([names_of(document), *outline_of(document.text).path_at(table.span.start)]))


def _held(linked: Linked) -> frozenset[str]:
    """What the rows that are named say, and their heads."""
    told = [*linked.table.heads, *(cell.value for row in linked.rows[:MOST_SHOWN] for cell in row.cells)]
    return words_of(" ".join(told)) | linked.named


def _hard(question: Question) -> frozenset[str]:
    """Names and numbers of the question: a table that lacks one of them is of another thing."""
    return words_of(" ".join(AskedFor.of(question.query.text).hard))


def _compared(question: Question, found: Sequence[_Found]) -> Proposal | None:
    """The rows that are to be compared, from one table or several, each whole; together they must hold every name and number."""
    named = [one for one in found if one.linked.score > 0 and one.covered >= LEAST_COMPARED]
    rows = [(one.document, row) for one in named for row in one.linked.rows[:MOST_COMPARED]]
    known = frozenset[str]().union(*(_above(one.document, one.linked.table) | _held(one.linked) for one in named))
    if not _hard(question) <= known or not 2 <= len(rows) <= MOST_COMPARED * 2:
        return None
    statements, evidence = _quoted(question, rows)
    return Proposal(statements, evidence, SURE)


def _looked_up(question: Question, found: _Found, *, listed: bool) -> Proposal | None:
    linked = found.linked
    if linked.score <= 0 or not linked.columns:
        return None
    column, clear = _column(linked)
    if len(linked.rows) > 1:
        return _listed(question, found, column) if listed else None
    row = linked.rows[0]
    cell = row.cell(column)
    statements, evidence = _quoted(question, [(found.document, row) for row in (row,)])
    if cell is None or not clear:
        if found.covered < LEAST_ALONE:
            return None
        return Proposal(statements, evidence, UNSURE, stand_in=True)
    return Proposal(statements, evidence, SURE, short=cell.value)


def _listed(question: Question, found: _Found, column: str) -> Proposal | None:
    rows = found.linked.rows[:MOST_SHOWN]
    statements, evidence = _quoted(question, [(found.document, row) for row in rows])
    items = tuple(dict.fromkeys(cell.value for row in rows if (cell := row.cell(column))))
    return Proposal(statements, evidence, UNSURE, items=items)


def _counted(question: Question, found: _Found) -> Proposal | None:
    """How many rows are named; where one is, the cell of it that says how many."""
    linked = found.linked
    if len(linked.rows) == 1:
        return _looked_up(question, found, listed=False)
    if len(linked.rows) > MOST_SHOWN or linked.score <= 0 or not linked.table.whole:
        return None
    statements, evidence = _quoted(question, [(found.document, row) for row in linked.rows])
    items = tuple(row.cells[0].value for row in linked.rows)
    return Proposal(statements, evidence, UNSURE, short=str(len(linked.rows)), items=items)


def _computed(question: Question, found: _Found, operation: str) -> Proposal | None:
    """The row of the largest or smallest value, or what the values of the rows come to."""
    linked = found.linked
    numeric = [(head, near) for head, near in linked.columns if _numbers(linked.rows, head)]
    if not numeric or not linked.table.whole:
        return None
    head = numeric[0][0]
    rows = [(number, row) for row in linked.rows if (number := _number(row, head)) is not None]
    if operation in ("largest", "smallest"):
        ranked = sorted(rows, key=lambda one: one[0], reverse=operation == "largest")
        same = [row for number, row in ranked if number == ranked[0][0]]
        statements, evidence = _quoted(question, [(found.document, row) for row in same[:MOST_SHOWN]])
        label = ", ".join(row.cells[0].value for row in same)
        value = same[0].cell(head)
        short = label if value is None or value == same[0].cells[0] else f"{label} ({value.value})"
        return Proposal(statements, evidence, SURE, short=short)
    total = sum((number for number, _ in rows), Decimal(0))
    result = total if operation == "sum" else (total / len(rows)).quantize(Decimal("0.01"))
    statements, evidence = _quoted(question, [(found.document, row) for _, row in rows[:MOST_SHOWN]])
    return Proposal(statements, evidence, SURE, short=f"{result.normalize():f}")


def _column(linked: Linked) -> tuple[str, bool]:
    """The column that is meant, and whether the question names it and is nearly as near to no other."""
    best, *others = linked.columns
    return best[0], best[0] in linked.spoken and (not others or best[1] - others[0][1] >= CLEAR)


def _numbers(rows: Sequence[Row], head: str) -> bool:
    """Whether most cells of a column are numbers."""
    return sum(_number(row, head) is not None for row in rows) * 2 > len(rows)


def _number(row: Row, head: str) -> Decimal | None:
    cell = row.cell(head)
    return value_of(cell.value).number if cell else None


def _quoted(
    question: Question, rows: Sequence[tuple[Document, Row]]
) -> tuple[tuple[DraftStatement, ...], tuple[Evidence, ...]]:
    chunks = {document.id: question.corpus.passages(document.id) for document, _ in rows}
    pieces = []
    for document, row in rows:
        chunk = next((one for one in chunks[document.id] if one.start <= row.span.start < one.end), None)
        if chunk is not None:
            pieces.append((document, chunk, Span(row.span.start, min(row.span.end, chunk.end))))
    return quoting(pieces)
