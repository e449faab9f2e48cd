"""Pages of documents as pictures: what may be asked for, and what of the stored text stands on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from index.errors import FileRefused, NoPage
from index.originals import Original
from index.values import Document, Span

DRAWN = frozenset({"application/pdf"})


class PagePainter(Protocol):
    """Draws pages; `index.sandbox.ParserProcess` is the real one."""

    def picture(self, path: Path, media_type: str, page: int, text: str, quoted: Span) -> bytes:
        """A page as PNG with the quoted part of its text boxed. Raises FileRefused."""

    def close(self) -> None: ...


def page_of_document(
    painter: PagePainter, document: Document, original: Original, page: int, quoted: Span | None
) -> bytes:
    """Page `page` of a document, from 1, as PNG.

    Args:
        quoted: What of the document's text is boxed, as far as it stands on that page.

    Raises:
        NoPage: There is no such page, it cannot be drawn, or it takes too long.
        NoOriginal: The original is damaged.
    """
    if original.media_type not in DRAWN:
        raise NoPage(f"Pages of {original.media_type} are not drawn. Ask for the file.")
    pages = document.page_starts
    if not 1 <= page <= len(pages):
        raise NoPage(f"The document has {len(pages)} pages; there is no page {page}.")
    original.content()
    first = pages[page - 1]
    last = pages[page] if page < len(pages) else len(document.text)
    here = Span(*(min(max(side, first), last) - first for side in (quoted.start, quoted.end))) if quoted else Span(0, 0)
    try:
        return painter.picture(original.path, original.media_type, page, document.text[first:last], here)
    except FileRefused as refused:
        raise NoPage(f"Page {page} cannot be drawn: {refused}") from refused
