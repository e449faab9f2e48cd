"""An Answer as markup: the verdict in words, the text with its numbers, the proof under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.values import Answer, Citation, Conflict, Position, Statement
from ui.page.markup import Html, block, escape, fill, join
from ui.page.proof_view import citations_view, nearest_view, reference, why_view
from ui.words import DOUBTS, STANDINGS, VERDICTS, backing_of, listed, written

NEAREST = 3
EXPORTS = {"markdown": "Markdown", "docx": "Word", "csv": "CSV", "json": "JSON"}
_NOT_STATED = "The documents don't say."

_DEGRADED = Html('<p class="note">The language model did not answer; the built-in reader stood in for it.</p>')

Citations = Mapping[int, Citation]


def answer_view(answer: Answer, *, kept: bool = False) -> str:
    """The whole answer. `not_stated` shows what was searched and the nearest passages instead of citations.

    Args:
        kept: It can be fetched as a file.
    """
    cited = {citation.number: citation for citation in answer.citations}
    parts = [_not_stated(answer) if answer.verdict == "not_stated" else _stated(answer, cited, kept=kept)]
    if answer.timeline:
        parts.append(_timeline(answer.timeline, cited))
    if answer.citations:
        parts.append(citations_view(answer.citations))
    if answer.evidence:
        parts.append(why_view(answer))
    return block(join(parts), "answer")


def _verdict(answer: Answer) -> Html:
    scope = _scope(answer)
    return fill(
        '<p class="verdict {name}">{words}{scope}</p>',
        name=answer.verdict,
        words=VERDICTS[answer.verdict],
        scope=fill('<span class="scope">searched: {scope}</span>', scope=scope) if scope else Html(""),
    )


def _scope(answer: Answer) -> str:
    filters = answer.filters
    return listed(
        [
            f"only {filters.publisher}" if filters.publisher else None,
            f"from {written(filters.since)}" if filters.since else None,
            f"until {written(filters.until)}" if filters.until else None,
            f"as of {written(filters.as_of)}" if filters.as_of else None,
            "as the question asks" if filters.detected else None,
        ],
        ", ",
    )


def _stated(answer: Answer, cited: Citations, *, kept: bool) -> Html:
    return fill(
        '<section class="card stated">{asked}{verdict}{lead}<p class="text">{text}</p>{missing}{degraded}{tools}</section>',
        asked=_asked_as(answer),
        verdict=_verdict(answer),
        lead=_lead(answer, cited),
        text=_prose(answer, cited) if answer.statements else escape(answer.text),
        missing=_missing(answer),
        degraded=_DEGRADED if answer.degraded else Html(""),
        tools=_tools(answer, kept=kept),
    )


def _asked_as(answer: Answer) -> Html:
    """A follow-up as it was searched: whoever reads the answer must see which question it answers."""
    if answer.rewritten_by is None:
        return Html("")
    return fill('<p class="note asked">Asked as: <q>{query}</q></p>', query=answer.query)


def _lead(answer: Answer, cited: Citations) -> Html:
    """The bare answer, or the positions side by side where the sources disagree: none of them is chosen."""
    if answer.conflicts:
        return join(_conflict(conflict, cited, named=len(answer.conflicts) > 1) for conflict in answer.conflicts)
    return fill('<p class="short">{short}</p>', short=answer.short) if answer.short else Html("")


def _prose(answer: Answer, cited: Citations) -> Html:
    """The statements, each led by who says it; a source that goes on is not named again."""
    sentences = []
    before: tuple[str, str | None] | None = None
    for one in answer.statements:
        document = cited[one.citations[0]].document_id if one.citations and one.citations[0] in cited else None
        source = (one.attribution, document)
        sentences.append(_statement(one, cited, led=bool(one.attribution) and source != before))
        before = source
    return join(sentences, " ")


def _statement(statement: Statement, cited: Citations, *, led: bool) -> Html:
    chips = join(chip(cited[number]) for number in statement.citations if number in cited)
    doubt = DOUBTS[statement.status]
    return fill(
        '{lead}<span class="statement {status}">{text}</span>&nbsp;{chips}{doubt}',
        lead=fill('<span class="by">{who}:</span> ', who=statement.attribution) if led else Html(""),
        status=statement.status,
        text=statement.text,
        chips=chips,
        doubt=fill(' <span class="doubt">{doubt}</span>', doubt=doubt) if doubt else Html(""),
    )


def _missing(answer: Answer) -> Html:
    if not answer.missing:
        return Html("")
    return fill(
        '<p class="missing"><b>Not in the documents:</b> {parts}</p>', parts=listed(list(answer.missing), " · ")
    )


def _tools(answer: Answer, *, kept: bool) -> Html:
    """Copying, and the answer as a file; addresses are of this server, and hold nothing but an id of ours."""
    links = [
        fill(
            '<a class="quiet" href="v1/answers/{id}/export?format={name}">{label}</a>',
            id=Html(answer.id),
            name=Html(name),
            label=label,
        )
        for name, label in EXPORTS.items()
    ]
    return fill(
        '<p class="tools"><button type="button" class="quiet copy">Copy with sources</button>{links}</p>',
        links=fill('<span class="exports">Export: {links}</span>', links=join(links, " ")) if kept else Html(""),
    )


def chip(citation: Citation) -> Html:
    """A numbered button that shows the quote when it has the focus or the pointer, and selects the source on a click."""
    return fill(
        '<span class="cite"><button type="button" class="chip"><span class="sr">Source </span>{number}{reference}</button>'
        '<span class="tip" role="tooltip"><q>{quote}</q><b>{byline}</b></span></span>',
        number=citation.number,
        reference=reference(citation.document_id, citation.start, citation.end),
        quote=" ".join(citation.quote.split()),
        byline=listed([citation.publisher or citation.title, written(citation.published)]),
    )


def _conflict(conflict: Conflict, cited: Citations, *, named: bool) -> Html:
    return fill(
        '{about}<div class="positions">{positions}</div>',
        about=fill('<p class="about">{about}</p>', about=conflict.about) if named else Html(""),
        positions=join(_position(position, cited) for position in conflict.positions),
    )


def _position(position: Position, cited: Citations) -> Html:
    chips = join(chip(cited[number]) for number in position.citations if number in cited)
    return fill(
        '<div class="position {standing}"><p class="short">{value}</p><p class="byline">{byline}&nbsp;{chips}</p>{backing}</div>',
        standing=position.standing,
        value=position.value,
        byline=listed([position.publisher, written(position.published)]),
        chips=chips,
        backing=fill('<p class="backing">{backing}</p>', backing=backing)
        if (backing := backing_of(position))
        else Html(""),
    )


def _timeline(points: Sequence[Position], cited: Citations) -> Html:
    """What was said when, newest first."""
    rows = join(
        fill(
            '<li class="{standing}"><span class="when">{date}</span><span class="what">{value}&nbsp;{chips}</span>'
            '<span class="byline">{byline}</span></li>',
            standing=point.standing,
            date=written(point.published),
            value=point.value,
            chips=join(chip(cited[number]) for number in point.citations if number in cited),
            byline=listed([point.publisher, STANDINGS[point.standing] or None]),
        )
        for point in points
    )
    return fill('<section class="over-time"><h2>Over time</h2><ol class="timeline">{rows}</ol></section>', rows=rows)


def _not_stated(answer: Answer) -> Html:
    said = answer.text.removeprefix(_NOT_STATED).strip()
    nearest = answer.evidence[:NEAREST]
    return fill(
        '<section class="card unstated">{asked}{verdict}<p class="text">{said}</p>{nearest}</section>',
        asked=_asked_as(answer),
        verdict=_verdict(answer),
        said=said,
        nearest=fill(
            '<h2>Nearest passages</h2><ul class="nearest">{items}</ul>',
            items=join(nearest_view(one) for one in nearest),
        )
        if nearest
        else Html(""),
    )
