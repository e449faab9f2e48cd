"""What an answer rests on, as markup: its citations, the passages nearest to it, and why each was read."""

from __future__ import annotations

from collections.abc import Sequence

from rag.values import Answer, Citation, EvidenceView
from ui.page.markup import Html, fill, join
from ui.words import count, date_with_source, listed, written

EXCERPT_CHARS = 320


def reference(document_id: str, start: int, end: int) -> Html:
    """What a button points at, for the script: a document and a range of its text."""
    return fill("<i hidden>{id} {start} {end}</i>", id=document_id, start=start, end=end)


def excerpt(text: str, length: int = EXCERPT_CHARS) -> str:
    """The beginning of a passage, on one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0] + " …"


def citations_view(citations: Sequence[Citation]) -> Html:
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


def nearest_view(passage: EvidenceView) -> Html:
    return fill(
        '<li><span class="byline">{byline}</span><p>{text}</p>'
        '<button type="button" class="quiet open">Read in context{reference}</button></li>',
        byline=listed([passage.publisher, passage.title, written(passage.published)]),
        text=excerpt(passage.text),
        reference=reference(passage.document_id, passage.start, passage.end),
    )


def why_view(answer: Answer) -> Html:
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
