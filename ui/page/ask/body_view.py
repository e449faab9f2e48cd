"""What an answer says, in the form of its kind, as markup: prose, a list, steps, or the rows of a table as a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from index.outline import Row, row_at
from index.values import Span
from rag.values import Answer, Citation, Statement
from ui.page.markup import Html, fill, join
from ui.page.proof_view import chip
from ui.words import DOUBTS

Cited = Mapping[int, Citation]
STEPS = "howto"


def body_view(answer: Answer, cited: Cited) -> Html:
    """The statements of an answer: its items as a list, rows that are quoted as a grid, the rest as prose, in their order."""
    parts: list[Html] = []
    listed = [_listing(answer.items, one) for one in answer.statements]
    rows = [row_at(one.text, Span(0, len(one.text))) for one in answer.statements]
    kinds = ["row" if row else "item" if item else "" for row, item in zip(rows, listed, strict=True)]
    for kind, group in groupby(range(len(kinds)), key=kinds.__getitem__):
        places = list(group)
        statements = [answer.statements[place] for place in places]
        if kind:
            parts.append(_led(statements[0]))
        if kind == "row":
            found = [(row, one) for place, one in zip(places, statements, strict=True) if (row := rows[place])]
            parts.append(grid_view(found, cited, marked=(answer.short, *answer.items)))
        elif kind == "item":
            shown = [(listed[place] or one.text, one) for place, one in zip(places, statements, strict=True)]
            parts.append(_items(shown, cited, numbered=answer.kind == STEPS))
        else:
            parts.append(fill('<p class="text">{text}</p>', text=prose(statements, cited)))
    return join(parts)


def _led(statement: Statement) -> Html:
    """Who says what is listed."""
    return fill('<p class="by">{who}:</p>', who=statement.attribution) if statement.attribution else Html("")


def _listing(items: Sequence[str], statement: Statement) -> str:
    """The item that a statement is; "" for one that is none, or says more."""
    return next((item for item in items if statement.text.rstrip().endswith(item)), "")


def _items(items: Sequence[tuple[str, Statement]], cited: Cited, *, numbered: bool) -> Html:
    lines = join(
        fill(
            '<li class="item"><span class="statement {status}">{text}</span>{chips}</li>',
            status=one.status,
            text=text,
            chips=_proof(one, cited),
        )
        for text, one in items
    )
    return fill('<ol class="items">{lines}</ol>' if numbered else '<ul class="items">{lines}</ul>', lines=lines)


def grid_view(rows: Sequence[tuple[Row, Statement]], cited: Cited, *, marked: Sequence[str] = ()) -> Html:
    """Rows under the heads that they have, each with its proof.

    Args:
        marked: Values that answer the question: their cells stand out.
    """
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
    before: tuple[str, str | None] | None = None
    for one in statements:
        document = cited[one.citations[0]].document_id if one.citations and one.citations[0] in cited else None
        source = (one.attribution, document)
        sentences.append(_statement(one, cited, led=bool(one.attribution) and source != before))
        before = source
    return join(sentences, " ")


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
