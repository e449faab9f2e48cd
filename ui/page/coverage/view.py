"""What each document says about one thing, as markup: the counts, the values with who holds them, and a row for each document."""

from __future__ import annotations

from collections.abc import Mapping

from rag.coverage.table import Coverage, DocumentCoverage, Status
from rag.values import Position
from ui.export.coverage import coverage_csv
from ui.page.markup import Html, block, fill, join
from ui.page.proof_view import excerpt, reference
from ui.words import STANDINGS, backing_of, count, listed, written

_STATUSES: dict[Status, str] = {"contradicts": "Contradicts", "says": "Says", "silent": "Silent"}
_QUOTE_CHARS = 400


def asking_view(most: int) -> str:
    """What the tab is for, before anything was asked."""
    return block(
        fill(
            '<p class="empty">Ask a question and it is read in every document; type a name or a phrase and it is counted, word by '
            "word. The table says of each of up to {most} documents what it says, and which say nothing.</p>",
            most=f"{most:,}",
        ),
        "coverage",
    )


def progress_view(done: int, total: int) -> str:
    """How far it is; before anything was read, that it waits."""
    said = f"Reading … {done:,} of {count(total, 'document')}" if total else "Waiting for a free place …"
    return block(
        fill(
            '<p class="progress" role="status">{said}</p><div class="bar"><div style="width: {percent}%"></div></div>',
            said=said,
            percent=100 * done // total if total else 0,
        ),
        "coverage",
    )


def coverage_view(found: Coverage) -> str:
    """The whole table; who contradicts comes first, who is silent last."""
    rows = sorted(found.documents, key=lambda row: (list(_STATUSES).index(row.status), row.number))
    numbered = {row.number: row for row in found.documents}
    return block(
        fill(
            '<p class="said-in-all">{text}</p>{counts}{positions}{table}{tools}',
            text=found.text,
            counts=_counts(found),
            positions=_positions(found, numbered),
            table=_table(rows, mention=found.reading == "mention"),
            tools=_tools(found),
        ),
        "coverage",
    )


def _counts(found: Coverage) -> Html:
    """Exact counts; of a phrase that is counted no document can contradict another."""
    kinds: list[tuple[Status, str]] = [
        ("says", "mention it" if found.reading == "mention" else "say so, uncontradicted")
    ]
    if found.reading == "question":
        kinds.append(("contradicts", "hold a value that others contradict"))
    kinds.append(("silent", "are silent"))
    items = []
    for status, words in kinds:
        number = getattr(found, status)
        origins = count(number.origins, "independent report") if number.documents else ""
        items.append(
            fill(
                '<li class="{status}"><b class="value">{number}</b> <span class="label">{words}</span> <span class="note">{origins}</span></li>',
                status=Html(status),
                number=f"{number.documents:,}",
                words=words,
                origins=origins,
            )
        )
    return fill('<ul class="counts">{items}</ul>', items=join(items))


def _positions(found: Coverage, numbered: Mapping[int, DocumentCoverage]) -> Html:
    if not found.positions:
        return Html("")
    items = join(_position(one, numbered) for one in found.positions)
    return fill('<h3>Values, by how many independent reports hold them</h3><ul class="held">{items}</ul>', items=items)


def _position(position: Position, numbered: Mapping[int, DocumentCoverage]) -> Html:
    chips = join(_chip(numbered[number]) for number in position.citations if number in numbered)
    return fill(
        '<li><b class="value">{value}</b> <span class="note">{backing}</span> {chips}</li>',
        value=position.value,
        backing=backing_of(position) or listed([STANDINGS[position.standing], "1 document"], ", "),
        chips=chips,
    )


def _chip(row: DocumentCoverage) -> Html:
    if row.start is None or row.end is None:
        return Html("")
    return fill(
        '<button type="button" class="open number" title="{byline}"><span class="sr">Document </span>{number}{reference}</button>',
        byline=_byline(row),
        number=row.number,
        reference=reference(row.document_id, row.start, row.end),
    )


def _table(rows: list[DocumentCoverage], *, mention: bool) -> Html:
    if not rows:
        return Html('<p class="empty">There is no document to look at.</p>')
    return fill(
        '<div class="scroll" tabindex="0"><table class="covered"><thead><tr><th>Document</th><th>Says it?</th><th>{value}</th><th>In its words</th></tr></thead>'
        "<tbody>{rows}</tbody></table></div>",
        value="Times" if mention else "Value",
        rows=join(_row(row, mention=mention) for row in rows),
    )


def _row(row: DocumentCoverage, *, mention: bool) -> Html:
    value = (count(row.mentions, "time") if row.mentions else "") if mention else row.value
    return fill(
        '<tr class="{status}"><td><span class="which"><span class="number">{number}</span> <span class="name"><b>{title}</b>'
        '<span class="byline">{byline}</span></span></span></td><td class="status"><span class="mark">{word}</span></td>'
        '<td class="held-value">{value}</td><td class="words-of">{quote}</td></tr>',
        status=Html(row.status),
        number=row.number,
        title=row.title or row.document_id,
        byline=_byline(row),
        word=_STATUSES[row.status],
        value=value,
        quote=_quote(row),
    )


def _byline(row: DocumentCoverage) -> str:
    return listed([row.publisher, row.author, written(row.published)])


def _quote(row: DocumentCoverage) -> Html:
    if row.quote is None or row.start is None or row.end is None:
        read = f"{row.read} of {count(row.passages, 'passage')} read"
        return fill('<span class="note">{read}</span>', read=read)
    return fill(
        '<button type="button" class="open quote">“{quote}”{reference}</button>',
        quote=excerpt(row.quote, _QUOTE_CHARS),
        reference=reference(row.document_id, row.start, row.end),
    )


def _tools(found: Coverage) -> Html:
    if not found.documents:
        return Html("")
    return fill(
        '<p class="tools"><button type="button" class="quiet csv">Download as CSV<i hidden>{csv}</i></button></p>',
        csv=coverage_csv(found),
    )
