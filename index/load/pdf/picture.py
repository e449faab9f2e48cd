"""A page of a PDF as a picture, with the lines that were quoted boxed. Run it in `index.sandbox`."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from unicodedata import normalize

import pypdfium2
from PIL import Image, ImageDraw

from index.errors import FileRefused
from index.load.limits import check_pdf
from index.load.pdf import pages_of
from index.load.pdf.engine import opened
from index.load.pdf.parts import Box, Line

DOTS_PER_INCH = 150
MOST_PIXELS = 4_000_000
_POINTS_PER_INCH = 72
_FILL, _EDGE = (255, 213, 0, 70), (176, 96, 0, 255)
_MARGIN_POINTS = 1.5
_SHORTEST_LETTERS = 4
_NO_LETTER = re.compile(r"[\W_]+")


def page_picture(content: bytes, number: int, text: str, start: int, end: int) -> bytes:
    """Page `number`, counted from 1, as PNG with DOTS_PER_INCH, or fewer where it is large.

    Args:
        text: The stored text of that page.
        start, end: What of it is quoted; nothing is boxed where that is empty or is not found on the page.

    Raises:
        FileRefused: no_page where there is no such page; encrypted, parse_error.
    """
    check_pdf(content)
    with opened(content) as document:
        if not 1 <= number <= len(document):
            raise FileRefused("no_page", f"It has {len(document):,} pages.")
        page = document[number - 1]
        width, height = page.get_size()
        scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
        picture = page.render(scale=scale).to_pil().convert("RGB")
        alone = _alone(document, number) if start < end else b""
    boxes = _quoted(alone, text, start, end) if alone else []
    return png_of(boxed(picture, [Box(*(side * scale for side in box)) for box in boxes], _MARGIN_POINTS * scale))


def boxed(picture: Image.Image, boxes: Sequence[Box], margin: float) -> Image.Image:
    """The picture with boxes over it, through which one can read."""
    over = Image.new("RGBA", picture.size)
    draw = ImageDraw.Draw(over)
    for box in boxes:
        sides = (box.left - margin, box.top - margin, box.right + margin, box.bottom + margin)
        draw.rectangle(sides, fill=_FILL, outline=_EDGE, width=max(1, round(margin / 2)))
    return Image.alpha_composite(picture.convert("RGBA"), over).convert("RGB") if boxes else picture


def png_of(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def lines_quoted(lines: Sequence[Line], text: str, start: int, end: int) -> list[Line]:
    """The lines, given in the order of reading, that hold `text[start:end]`.

    Letters and digits are compared, nothing between them: the text has other spaces, and no divided words. Where the quote
    stands more than once, it is the one whose place in the text is nearest. Where it is not found in one run, as in tables
    that are stored row by row with their heads, it is every line whose letters it holds.
    """
    wanted = _letters(text[start:end])
    if not wanted:
        return []
    written = [_letters(line.text) for line in lines]
    run, before = "".join(written), len(_letters(text[:start]))
    places = [found.start() for found in re.finditer(f"(?={re.escape(wanted)})", run)]
    if not places:
        pairs = zip(lines, written, strict=True)
        return [line for line, own in pairs if len(own) >= _SHORTEST_LETTERS and own in wanted]
    at = min(places, key=lambda place: abs(place - before))
    found, reached = [], 0
    for line, own in zip(lines, written, strict=True):
        if reached < at + len(wanted) and reached + len(own) > at:
            found.append(line)
        reached += len(own)
    return found


def _quoted(alone: bytes, text: str, start: int, end: int) -> list[Box]:
    page = pages_of(alone)[0]
    lines = [line for part in page.parts for line in part.lines] + page.dropped
    return [line.box for line in lines_quoted(lines, text, start, end)]


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", normalize("NFKC", text)).casefold()


def _alone(document: pypdfium2.PdfDocument, number: int) -> bytes:
    """A file of that page only: its layout is read, not that of a thousand others."""
    single = pypdfium2.PdfDocument.new()
    try:
        single.import_pages(document, [number - 1])
        written = io.BytesIO()
        single.save(written)
        return written.getvalue()
    finally:
        single.close()
