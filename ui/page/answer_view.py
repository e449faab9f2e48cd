"""An Answer as markup: the verdict in words, the text with its numbers, the proof under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.values import Answer, Citation, Conflict, EvidenceView, Position, Statement
from ui.page.markup import Html, block, escape, fill, join
from ui.page.words import DOUBTS, VERDICTS, count, date_with_source, listed, written

NEAREST = 3
EXCERPT_CHARS = 320
_NOT_STATED = "The documents don't say."

_DEGRADED = Html('<p class="note">The language model did not answer; the built-in reader stood in for it.</p>')

Citations = Mapping[int, Citation]


def answer_view(answer: Answer) -> str:
    """The whole answer. `not_stated` shows what was searched and the nearest passages instead of citations."""
    cited = {citation.number: citation for citation in answer.citations}
    parts = [_not_stated(answer) if answer.verdict == "not_stated" else _stated(answer, cited)]
    if answer.citations:
        parts.append(_citations(answer.citations))
    if answer.evidence:
        parts.append(_why(answer))
    return block(join(parts), "answer")


def reference(document_id: str, start: int, end: int) -> Html:
    """What a button points at, for the script: a document and a range of its text."""
    return fill("<i hidden>{id} {start} {end}</i>", id=document_id, start=start, end=end)


def excerpt(text: str, length: int = EXCERPT_CHARS) -> str:
    """The beginning of a passage, on one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0] + " …"


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


def _stated(answer: Answer, cited: Citations) -> Html:
    return fill(
        '<section class="card stated">{verdict}{lead}<p class="text">{text}</p>{degraded}'
        '<p class="tools"><button type="button" class="quiet copy">Copy with sources</button></p></section>',
        verdict=_verdict(answer),
        lead=_lead(answer, cited),
        text=join((_statement(one, cited) for one in answer.statements), " ")
        if answer.statements
        else escape(answer.text),
        degraded=_DEGRADED if answer.degraded else Html(""),
    )


def _lead(answer: Answer, cited: Citations) -> Html:
    """The bare answer, or the positions side by side where the sources disagree: none of them is chosen."""
    if answer.conflicts:
        return join(_conflict(conflict, cited, named=len(answer.conflicts) > 1) for conflict in answer.conflicts)
    return fill('<p class="short">{short}</p>', short=answer.short) if answer.short else Html("")


def _statement(statement: Statement, cited: Citations) -> Html:
    chips = join(chip(cited[number]) for number in statement.citations if number in cited)
    doubt = DOUBTS[statement.status]
    return fill(
        '<span class="statement {status}">{text}</span>&nbsp;{chips}{doubt}',
        status=statement.status,
        text=statement.text,
        chips=chips,
        doubt=fill(' <span class="doubt">{doubt}</span>', doubt=doubt) if doubt else Html(""),
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
        '<div class="position"><p class="short">{value}</p><p class="byline">{byline}&nbsp;{chips}</p></div>',
        value=position.value,
        byline=listed([position.publisher, written(position.published)]),
        chips=chips,
    )


def _citations(citations: Sequence[Citation]) -> Html:
    return fill(
        '<section class="sources"><h2>{count}</h2><ul class="citations">{items}</ul></section>',
        count=count(len(citations), "source"),
        items=join(map(_citation, citations)),
    )


def _citation(citation: Citation) -> Html:
    return fill(
        '<li class="citation"><button type="button" class="open"><span class="number"><span class="sr">Source </span>{number}'
        '</span><span class="said"><span class="byline">{byline}</span><span class="title">{title}</span>'
        '<span class="quote">{quote}</span></span>{reference}</button></li>',
        number=citation.number,
        byline=listed(
            [
                citation.publisher,
                citation.author,
                citation.kind,
                date_with_source(citation.published, citation.published_precision, citation.published_source),
                f"page {citation.page}" if citation.page else None,
            ]
        ),
        title=citation.title or "Untitled",
        quote=citation.quote,
        reference=reference(citation.document_id, citation.start, citation.end),
    )


def _not_stated(answer: Answer) -> Html:
    said = answer.text.removeprefix(_NOT_STATED).strip()
    nearest = answer.evidence[:NEAREST]
    return fill(
        '<section class="card unstated">{verdict}<p class="text">{said}</p>{nearest}</section>',
        verdict=_verdict(answer),
        said=said,
        nearest=fill(
            '<h2>Nearest passages</h2><ul class="nearest">{items}</ul>', items=join(_nearest(one) for one in nearest)
        )
        if nearest
        else Html(""),
    )


def _nearest(passage: EvidenceView) -> Html:
    return fill(
        '<li><span class="byline">{byline}</span><p>{text}</p>'
        '<button type="button" class="quiet open">Read in context{reference}</button></li>',
        byline=listed([passage.publisher, passage.title, written(passage.published)]),
        text=excerpt(passage.text),
        reference=reference(passage.document_id, passage.start, passage.end),
    )


def _why(answer: Answer) -> Html:
    seconds = answer.timings_ms.get("total", 0.0) / 1000
    return fill(
        '<details class="why"><summary>Why these passages</summary><p class="note">Each passage was found by its meaning, by its '
        "words, or by both; the two rankings are fused. {facts}</p>"
        '<div class="scroll"><table><thead><tr><th>Rank</th><th>Score</th><th>By meaning</th><th>By words</th><th>Passage</th>'
        "</tr></thead><tbody>{rows}</tbody></table></div></details>",
        facts=listed(
            [
                f"Answered by {_answerer(answer.answered_by)}",
                f"confidence {answer.confidence:.2f}",
                f"{seconds:.2f} s" if seconds else None,
            ]
        ),
        rows=join(_why_row(passage) for passage in answer.evidence),
    )


def _answerer(name: str) -> str:
    return "the built-in reader" if name == "extractive" else name.replace("llm:", "language model ", 1)


def _why_row(passage: EvidenceView) -> Html:
    return fill(
        "<tr><td>{rank}</td><td>{score}</td><td>{dense}</td><td>{lexical}</td><td>"
        '<span class="byline">{byline}</span>'
        '<button type="button" class="quiet open">{text}{reference}</button></td></tr>',
        rank=passage.rank,
        score=f"{passage.score:.4f}",
        dense=_ranked(passage.dense_rank, passage.signals.get("dense_score")),
        lexical=_ranked(passage.lexical_rank, passage.signals.get("lexical_score")),
        byline=listed([passage.publisher or passage.title, written(passage.published)]),
        text=excerpt(passage.text, 140),
        reference=reference(passage.document_id, passage.start, passage.end),
    )


def _ranked(rank: int | None, score: object) -> str:
    if rank is None:
        return "–"
    return f"#{rank} ({score:.2f})" if isinstance(score, int | float) else f"#{rank}"
