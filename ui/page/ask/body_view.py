"""What an answer says, in the form of its kind, as markup: prose, a list, steps, or the rows of a table as a grid."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from itertools import groupby

from index.outline import Row, row_at
from index.values import Span
from rag.values import Answer, Citation, Statement
from ui.page.markup import Html, fill, join
from ui.page.proof_view import chip
from ui.words import DOUBTS

Cited = Mapping[int, Citation]
Source = tuple[str, str | None]
STEPS = "howto"
_MARK = re.compile(r"\s*(?:[-*•‣▪●–—]|[(\[]?(?P<number>\d{1,3})[.)\]])\s+")


def body_view(answer: Answer, cited: Cited, *, said: Container[Statement] = ()) -> Html:
    """The statements of an answer: its items as a list, rows that are quoted as a grid, the rest as prose, in their order.

    Args:
        said: Statements that stand above already.
    """
    statements = [one for one in answer.statements if one not in said]
    parts: list[Html] = []
    before: Source | None = None
    for form, group in groupby(statements, lambda one: _form(answer, one)):
        found = list(group)
        if form != "prose" and _source(found[0], cited) != before and found[0].attribution:
            parts.append(fill('<p class="by">{who}:</p>', who=found[0].attribution))
        if form == "row":
            parts.append(grid_view(found, cited, marked=(answer.short, *answer.items)))
        elif form == "item":
            parts.append(_items(found, cited, numbered=answer.kind == STEPS))
        else:
            parts.append(fill('<p class="text" dir="auto">{text}</p>', text=prose(found, cited)))
        before = _source(found[-1], cited)
    return join(parts)


def _form(answer: Answer, statement: Statement) -> str:
    """How a statement is shown: as a "row", an "item" or "prose"."""
    if _row(statement):
        return "row"
    text = statement.text.rstrip()
    return "item" if any(text.endswith(item) for item in answer.items) else "prose"


def _row(statement: Statement) -> Row | None:
    return row_at(statement.text, Span(0, len(statement.text)))


def _items(found: Sequence[Statement], cited: Cited, *, numbered: bool) -> Html:
    """A list; numbered where it is of steps, or is numbered in its source."""
    marks = [_MARK.match(one.text) for one in found]
    numbered = numbered or all(mark and mark["number"] for mark in marks)
    items = [(one.text[mark.end() if mark else 0 :], one) for one, mark in zip(found, marks, strict=True)]
    lines = join(
        fill(
            '<li class="item" dir="auto"><span class="statement {status}">{text}</span>{chips}</li>',
            status=one.status,
            text=text,
            chips=_proof(one, cited),
        )
        for text, one in items
    )
    return fill('<ol class="items">{lines}</ol>' if numbered else '<ul class="items">{lines}</ul>', lines=lines)


def grid_view(found: Sequence[Statement], cited: Cited, *, marked: Sequence[str] = ()) -> Html:
    """Rows under the heads that they have, each with its proof.

    Args:
        marked: Values that answer the question: their cells stand out.
    """
    rows = [(row, one) for one in found if (row := _row(one))]
    heads = list(dict.fromkeys(cell.head for row, _ in rows for cell in row.cells))
    wanted = {one.strip() for one in marked if one.strip()}
    lines = join(
        fill(
            "<tr>{cells}<td>{chips}</td></tr>",
            cells=join(_cell(row, head, wanted) for head in heads),
            chips=_proof(one, cited),
        )
        for row, one in rows
    )
    return fill(
        '<div class="grid"><div class="scroll" tabindex="0"><table><thead><tr>{heads}<th>Proof</th></tr></thead><tbody>{lines}</tbody></table>'
        '</div><button type="button" class="quiet csv">Copy as CSV</button></div>',
        heads=join(fill("<th>{head}</th>", head=head) for head in heads),
        lines=lines,
    )


def _cell(row: Row, head: str, wanted: set[str]) -> Html:
    cell = row.cell(head)
    value = cell.value if cell else ""
    marked = value in wanted or any(value and value in one for one in wanted)
    return fill("<td>{value}</td>", value=fill("<b>{value}</b>", value=value) if marked else value)


def prose(statements: Sequence[Statement], cited: Cited) -> Html:
    """The statements, each led by who says it; a source that goes on is not named again."""
    sentences = []
    before: Source | None = None
    for one in statements:
        source = _source(one, cited)
        sentences.append(_statement(one, cited, led=bool(one.attribution) and source != before))
        before = source
    return join(sentences, " ")


def _source(statement: Statement, cited: Cited) -> Source:
    """Who says a statement, and in which document."""
    first = next((cited[number] for number in statement.citations if number in cited), None)
    return statement.attribution, first.document_id if first else None


def _statement(statement: Statement, cited: Cited, *, led: bool) -> Html:
    return fill(
        '{lead}<span class="statement {status}">{text}</span>{chips}',
        lead=fill('<span class="by">{who}:</span> ', who=statement.attribution) if led else Html(""),
        status=statement.status,
        text=statement.text,
        chips=_proof(statement, cited),
    )


def _proof(statement: Statement, cited: Cited) -> Html:
    """The numbers of what a statement rests on, and the doubt that is left."""
    chips = join(chip(cited[number]) for number in statement.citations if number in cited)
    doubt = DOUBTS[statement.status]
    return fill(
        "&nbsp;{chips}{doubt}",
        chips=chips,
        doubt=fill(' <span class="doubt">{doubt}</span>', doubt=doubt) if doubt else Html(""),
    )
