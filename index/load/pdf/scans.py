"""Pages of a PDF that are pictures: read by text recognition, where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pypdfium2
from PIL import Image

from index.load.ocr import INSTALL, MOST_PICTURES, is_installed, recognised
from index.load.pdf.engine import opened
from index.load.pdf.flow import PageText

DOTS_PER_INCH = 200
MOST_PIXELS = 6_000_000
_POINTS_PER_INCH = 72


def with_scans(content: bytes, pages: Sequence[PageText]) -> tuple[list[PageText], list[tuple[int, float]]]:
    """The pages, those without text that hold a picture read by text recognition, MOST_PICTURES of them at most.

    Returns:
        The pages; and which of them were read so, by place, with the mean confidence of the model.
    """
    found, read = list(pages), []
    blank = [place for place, page in enumerate(pages) if not page.text.strip()]
    if not blank or not is_installed():
        return found, []
    for place in blank[:MOST_PICTURES]:
        picture = _picture(content, place)
        seen = recognised(picture) if picture is not None else None
        if seen is not None and seen.text:
            found[place] = replace(found[place], text=seen.text)
            read.append((place, seen.confidence))
    return found, read


def _picture(content: bytes, place: int) -> Image.Image | None:
    """A page as it looks; None of one on which there is no picture. PDFium is closed again, as it leaves too little room for the models."""
    with opened(content) as document:
        page = document[place]
        if not any(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
            return None
        width, height = page.get_size()
        scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
        drawn: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
        return drawn


def no_text_of(pages: int) -> str:
    """Why nothing could be read of a file of so many pages."""
    if is_installed():
        return f"None of its {pages} pages holds text, and none was recognised in pictures of them."
    return f"None of its {pages} pages holds text: a scan needs text recognition: {INSTALL}."
