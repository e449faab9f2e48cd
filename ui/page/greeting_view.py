"""The greeting of documents that came in, as markup."""

from __future__ import annotations

from collections.abc import Sequence

from ui.page.ask.body_view import prose
from ui.page.greeting import Found, Greeting
from ui.page.markup import Html, fill, join
from ui.page.proof_view import reference
from ui.words import count, listed, title_of


def greetings_view(greetings: Sequence[Greeting]) -> Html:
    """Each document in a card of its own; every part leads to its place."""
    if not greetings:
        return Html("")
    return fill(
        '<section class="greetings"><h2>Newest in your documents</h2>{cards}</section>',
        cards=join(map(_card, greetings)),
    )


def _card(one: Greeting) -> Html:
    cited = {citation.number: citation for citation in one.citations}
    document, said = one.document, one.document.provenance
    return fill(
        '<article class="card greeting"><h3><button type="button" class="open">{title}{reference}</button></h3>'
        '<p class="byline">{byline}</p>{sentences}{parts}</article>',
        title=title_of(document),
        reference=reference(document.id, 0, 0),
        byline=listed(
            [
                said.publisher,
                said.author,
                count(len(document.page_starts), "page") if document.page_starts else None,
                count(document.chunk_count, "passage"),
            ]
        ),
        sentences=fill(
            '<ul class="items">{items}</ul>',
            items=join(
                fill(
                    '<li class="item">{said}</li>', said=prose([sentence.model_copy(update={"attribution": ""})], cited)
                )
                for sentence in one.sentences
            ),
        )
        if one.sentences
        else Html(""),
        parts=join(
            (
                _part("Outline", document.id, one.headings),
                _part("Dates", document.id, one.dates),
                _part("Tables", document.id, one.tables),
            )
        ),
    )


def _part(name: str, document_id: str, found: Sequence[Found]) -> Html:
    if not found:
        return Html("")
    places = join(
        (
            fill(
                '<button type="button" class="open place">{words}{reference}</button>',
                words=one.words,
                reference=reference(document_id, one.span.start, one.span.end),
            )
            for one in found
        ),
        " ",
    )
    return fill('<p class="found-in"><span class="label">{name}</span> {places}</p>', name=name, places=places)
