"""What an answer rests on, as markup: its numbers, its citations, and the passages nearest to it."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from rag.values import Citation, EvidenceView
from ui.page.markup import Html, fill, join
from ui.words import count, date_with_source, listed, written

EXCERPT_CHARS = 320
_HEADING = re.compile(r"^#{1,6} +(.*\S) *$(?=\s)", re.MULTILINE)


def reference(document_id: str, start: int, end: int) -> Html:
    """What a button points at, for the script: a document and a range of its text."""
    return fill("<i hidden>{id} {start} {end}</i>", id=document_id, start=start, end=end)


def excerpt(text: str, length: int = EXCERPT_CHARS) -> str:
    """The beginning of a passage, on one line, cut between words; a heading of Markdown without its hashes."""
    line = " ".join(_HEADING.sub(r"\1 –", text).split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0] + " …"


def citations_view(citations: Sequence[Citation], *, said: Container[int] = (), headed: bool = True) -> Html:
    """The sources by number.

    Args:
        said: Numbers of those whose quotes stand above word for word: they are not said twice.
        headed: Begin with how many there are.
    """
    return fill(
        '<section class="sources">{head}<ul class="citations">{items}</ul></section>',
        head=fill("<h3>{count}</h3>", count=count(len(citations), "source")) if headed else Html(""),
        items=join(_citation(one, quoted=one.number not in said) for one in citations),
    )


def _citation(citation: Citation, *, quoted: bool) -> Html:
    return fill(
        '<li class="citation"><button type="button" class="open"><span class="number"><span class="sr">Source </span>{number}'
        '</span><span class="said"><span class="byline">{byline}</span><span class="title">{title}</span>{quote}</span>{reference}</button></li>',
        number=citation.number,
        byline=listed(
            [
                citation.publisher,
                citation.author,
                citation.kind,
                date_with_source(citation.published, citation.published_precision, citation.published_source),
                f"page {citation.page}" if citation.page else None,
                f"read off a picture, {citation.read_confidence:.0%} sure" if citation.read_confidence else None,
                "superseded by a newer version" if citation.superseded_by else None,
            ]
        ),
        title=citation.title or "Untitled",
        quote=fill('<span class="quote">{quote}</span>', quote=citation.quote) if quoted else Html(""),
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


def chip(citation: Citation) -> Html:
    """A numbered button that shows the quote when it has the focus or the pointer, and selects the source on a click."""
    return fill(
        '<span class="cite"><button type="button" class="chip"><span class="sr">Source </span>{number}{reference}</button>'
        '<span class="tip" role="tooltip"><q>{quote}</q><b>{title}</b><span class="byline">{byline}</span></span></span>',
        number=citation.number,
        reference=reference(citation.document_id, citation.start, citation.end),
        quote=" ".join(citation.quote.split()),
        title=citation.title or "Untitled",
        byline=listed(
            [
                citation.publisher,
                citation.author,
                written(citation.published),
                f"page {citation.page}" if citation.page else None,
                f"read off a picture, {citation.read_confidence:.0%} sure" if citation.read_confidence else None,
            ]
        ),
    )
