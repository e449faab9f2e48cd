"""PDFium behind two packages: liteparse reads the layout of pages, pypdfium2 the properties, single glyphs and pictures.

Their bugs are those of native code: run them in `index.sandbox`, where a crash costs one file.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import liteparse
import pypdfium2
from liteparse.types import ParsedPage

from index.errors import FileRefused

MAX_PAGES = 5_000
# PDFium takes 1 GiB of address space for scripts that it never runs, and does without where that is refused.
_ADDRESS_SPACE = 1 << 30
_BATCH_PAGES = 50
_ENCRYPTED = "It is protected by a password. Save a copy without one."


@dataclass(frozen=True, slots=True)
class Properties:
    """What a file says of itself: its number of pages, its title, its author, and every other field of its information."""

    pages: int
    title: str
    author: str
    others: Mapping[str, str]


def properties(content: bytes) -> Properties:
    """Opened once, and closed: nothing of a page is read.

    Raises:
        FileRefused: encrypted, parse_error.
    """
    with opened(content) as document:
        said = document.get_metadata_dict(skip_empty=True)
        title, author = said.pop("Title", ""), said.pop("Author", "")
        return Properties(len(document), title, author, said)


@contextlib.contextmanager
def opened(content: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """The document as pypdfium2 sees it."""
    with _bounded():
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower() or "security" in str(error).lower():
                raise FileRefused("encrypted", _ENCRYPTED) from error
            raise FileRefused("parse_error", "It is not a readable PDF.") from error
        try:
            yield document
        finally:
            document.close()


def laid_out(content: bytes) -> Iterator[ParsedPage]:
    """Every page with its text items and its blocks in reading order, fifty pages in memory at a time.

    Raises:
        FileRefused: encrypted, parse_error.
    """
    with _bounded():
        try:
            for batch in parser().parse_batches(content, batch_size=_BATCH_PAGES):
                yield from batch.result.pages
        except liteparse.ParseError as error:
            if "password" in str(error):
                raise FileRefused("encrypted", _ENCRYPTED) from error
            raise FileRefused("parse_error", "It is not a readable PDF.") from error


@cache
def parser() -> liteparse.LiteParse:
    """The one parser of this process. It starts a thread, so it must be made before threads are forbidden."""
    return liteparse.LiteParse(
        ocr_enabled=False,
        output_format="json",
        image_mode="off",
        extract_links=False,
        extract_blocks=True,
        # It takes lines of text for running heads when they differ in digits only: `index.load.pdf.running` decides.
        keep_headers_footers=True,
        max_pages=MAX_PAGES,
        num_workers=1,
        quiet=True,
    )


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limited = _ADDRESS_SPACE if soft == resource.RLIM_INFINITY else min(soft, _ADDRESS_SPACE)
    in_sandbox = hard != resource.RLIM_INFINITY
    if in_sandbox:
        resource.setrlimit(resource.RLIMIT_AS, (limited, hard))
    try:
        yield
    finally:
        if in_sandbox:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
