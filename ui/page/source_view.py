"""A document as markup, with one range of its text marked and as much around it as a browser carries easily."""

from __future__ import annotations

import re

from index.values import Document
from ui.page.markup import Html, block, escape, fill
from ui.page.proof_view import reference
from ui.words import count, date_with_source, listed, source_name, title_of

AROUND_CHARS = 20_000
_FRONT_MATTER = re.compile(r"---\n(?:[^\n]{0,2000}\n){1,60}?---\n")


def source_view(document: Document, start: int = 0, end: int = 0) -> str:
    """`document` with `text[start:end]` marked; nothing is marked when the range is empty.

    Raises:
        ValueError: The range is not inside the text.
    """
    text = document.text
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"start and end must lie in the text (0 to {len(text)}), got {start} and {end}")
    end = min(end, start + AROUND_CHARS)
    first, last = max(0, start - AROUND_CHARS), min(len(text), end + AROUND_CHARS)
    at = start if end > start else None
    marked = Html("") if at is None else fill('<mark tabindex="-1">{quote}</mark>', quote=text[start:end])
    before, after = (text[first:last], "") if at is None else (text[first:start], text[end:last])
    return block(
        fill(
            '<article class="source">{head}<div class="body" tabindex="0" role="region">{earlier}'
            '<div class="words">{before}{marked}{after}</div>{later}</div></article>',
            head=_head(document, at),
            earlier=_more(document, "Earlier text", first - AROUND_CHARS) if first > 0 else Html(""),
            before=_before(before, whole=first == 0),
            marked=marked,
            after=after,
            later=_more(document, "Later text", last) if last < len(text) else Html(""),
        ),
        "source-panel",
    )


def _before(text: str, *, whole: bool) -> Html:
    """The text ahead of the mark; front matter, which is stored but not part of the prose, is set apart."""
    found = _FRONT_MATTER.match(text) if whole else None
    if found is None:
        return escape(text)
    return fill('<span class="matter">{matter}</span>{rest}', matter=found.group(), rest=text[found.end() :])


def _head(document: Document, quoted_at: int | None) -> Html:
    said = document.provenance
    page = document.page_of(quoted_at) if quoted_at is not None else None
    published = said.published
    return fill(
        '<header><p class="byline">{byline}</p><h2>{title}</h2><p class="when">{when}</p></header>',
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
    )


def _more(document: Document, label: str, at: int) -> Html:
    """A button that shows the part of a long text that begins at `at`."""
    place = max(0, at)
    return fill(
        '<button type="button" class="quiet open more">{label}{reference}</button>',
        label=label,
        reference=reference(document.id, place, place),
    )


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
