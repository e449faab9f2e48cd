"""A document as markup, with the quoted ranges of its text marked and as much around them as a browser carries easily."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote, urlencode

from index.pictures import DRAWN
from index.values import Document, Span
from ui.page.markup import Html, block, escape, fill, join
from ui.page.proof_view import reference
from ui.words import count, date_with_source, listed, size_in_words, source_name, title_of

AROUND_CHARS = 20_000
_HEADINGS = re.compile(r"(?m)^(#{1,6} [^\n]+)$")
_HEADING = re.compile(r"(#{1,6} )([^\n]+)")
_FRONT_MATTER = re.compile(r"---\n(?:[^\n]{0,2000}\n){1,60}?---\n")


def source_view(
    document: Document, start: int = 0, end: int = 0, others: Sequence[Span] = (), collection: str | None = None
) -> str:
    """`document` with `text[start:end]` marked; nothing is marked when the range is empty.

    Args:
        others: More quotes of the same answer; what of them overlaps is left out.
        collection: Where the original is asked for; None is the one that this caller gets when none is named.

    Raises:
        ValueError: A range is not inside the text.
    """
    text = document.text
    for one in (Span(start, end), *others):
        if not 0 <= one.start <= one.end <= len(text):
            raise ValueError(f"start and end must lie in the text (0 to {len(text)}), got {one.start} and {one.end}")
    end = min(end, start + AROUND_CHARS)
    first, last = max(0, start - AROUND_CHARS), min(len(text), end + AROUND_CHARS)
    quotes = _apart(Span(start, end), others) if end > start else []
    return block(
        fill(
            '<article class="source">{head}{picture}<div class="body" tabindex="0" role="region">{earlier}'
            '<div class="words">{words}</div>{later}</div></article>',
            head=_head(document, Span(start, end) if quotes else None, quotes, collection),
            picture=_picture(document, Span(start, end), collection) if quotes else Html(""),
            earlier=_more(document, "Earlier text", first - AROUND_CHARS) if first > 0 else Html(""),
            words=_words(text, Span(first, last), quotes, start),
            later=_more(document, "Later text", last) if last < len(text) else Html(""),
        ),
        "source-panel",
    )


def _apart(shown: Span, others: Sequence[Span]) -> list[Span]:
    """The quotes in the order of the text, none over another; the one that is shown is always among them."""
    kept = [shown]
    for one in others:
        if one.start < one.end and all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def _words(text: str, window: Span, quotes: Sequence[Span], shown: int) -> Html:
    """The text of the window, with the quotes in it marked."""
    inside = [one for one in quotes if window.start <= one.start and one.end <= window.end]
    parts: list[Html] = []
    at = window.start
    for one in inside:
        parts += [_plain(text, at, one.start), _mark(text[one.start : one.end], shown=one.start == shown)]
        at = one.end
    return join((*parts, _plain(text, at, window.end)))


def _mark(quote: str, *, shown: bool) -> Html:
    if shown:
        return fill('<mark tabindex="-1">{quote}</mark>', quote=quote)
    return fill('<span class="also">{quote}</span>', quote=quote)


def _plain(text: str, start: int, end: int) -> Html:
    """Text between quotes; front matter, which is stored but not part of the prose, is set apart."""
    said = text[start:end]
    found = _FRONT_MATTER.match(said) if start == 0 else None
    if found is None:
        return _headed(said)
    return fill('<span class="matter">{matter}</span>{rest}', matter=found.group(), rest=_headed(said[found.end() :]))


def _headed(text: str) -> Html:
    """Every character of the text, with the headings of Markdown set as headings."""
    return join(
        fill('<b class="heading"><span class="hashes">{hashes}</span>{words}</b>', hashes=found[1], words=found[2])
        if (found := _HEADING.fullmatch(part))
        else escape(part)
        for part in _HEADINGS.split(text)
    )


def _head(document: Document, shown: Span | None, quotes: Sequence[Span], collection: str | None) -> Html:
    said = document.provenance
    page = document.page_of(shown.start) if shown else None
    published = said.published
    return fill(
        '<header><button type="button" class="quiet close">Close</button><p class="byline">{byline}</p><h2>{title}</h2>'
        '<p class="when">{when}</p><p class="ways">{quotes}{whole}{original}</p></header>',
        byline=listed([said.publisher, said.author, said.kind]),
        title=title_of(document),
        when=listed(
            [
                date_with_source(published.date, published.precision, published.source) if published else "undated",
                f"page {page} of {len(document.page_starts)}" if page else None,
                count(len(document.text), "character"),
                source_name(document.sources[0]) if document.sources else None,
            ]
        ),
        quotes=_turning(document, shown, quotes) if shown and len(quotes) > 1 else Html(""),
        whole=_open(document, "Open whole document", Span(0, 0), "whole") if shown else Html(""),
        original=_original(document, collection),
    )


def _original(document: Document, collection: str | None) -> Html:
    """A link that saves the file that the document was read from, where that is kept."""
    if document.original_bytes is None:
        return Html("")
    return fill(
        '<a class="original" href="{place}" download>Original file ({size})</a>',
        place=_place(document, "file", collection=collection),
        size=size_in_words(document.original_bytes),
    )


def _picture(document: Document, shown: Span, collection: str | None) -> Html:
    """The page of the quote as it looks, drawn when it is unfolded."""
    page = document.page_of(shown.start)
    if document.original_bytes is None or page is None or document.media_type not in DRAWN:
        return Html("")
    return fill(
        '<details class="picture"><summary>Page {page} as it looks</summary>'
        '<img loading="lazy" alt="Page {page}, with the quoted lines boxed" src="{place}"></details>',
        page=page,
        place=_place(document, f"pages/{page}.png", start=shown.start, end=shown.end, collection=collection),
    )


def _place(document: Document, what: str, **query: str | int | None) -> str:
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"v1/documents/{quote(document.id, safe='')}/{what}{'?' if given else ''}{given}"


def _turning(document: Document, shown: Span, quotes: Sequence[Span]) -> Html:
    """Which quote is shown, and the ones before and after it."""
    before = next((one for one, after in pairwise(quotes) if after == shown), None)
    after = next((after for one, after in pairwise(quotes) if one == shown), None)
    return fill(
        '<span class="turning">{before} Quote {at} of {total} {after}</span>',
        before=_open(document, "Previous quote", before, "previous") if before else Html(""),
        at=quotes.index(shown) + 1,
        total=len(quotes),
        after=_open(document, "Next quote", after, "next") if after else Html(""),
    )


def _open(document: Document, label: str, span: Span, name: str) -> Html:
    return fill(
        '<button type="button" class="quiet open {name}">{label}{reference}</button>',
        name=Html(name),
        label=label,
        reference=reference(document.id, span.start, span.end),
    )


def _more(document: Document, label: str, at: int) -> Html:
    """A button that shows the part of a long text that begins at `at`."""
    place = max(0, at)
    return _open(document, label, Span(place, place), "more")


def gone_view() -> str:
    """For a document that was removed since the answer was given."""
    return block(
        Html(
            '<p class="empty">This document is no longer in the collection. Ask again for an answer from what is there.</p>'
        ),
        "source-panel",
    )


def no_source_view() -> str:
    return block(
        Html(
            '<p class="empty">The source of an answer is shown here, with the quoted words marked. Choose a number in the answer.</p>'
        ),
        "source-panel",
    )
