"""Text out of pictures: files that are pictures, and pages that hold nothing else. Run it in `index.sandbox`."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from statistics import fmean
from typing import TYPE_CHECKING, Any

from index.errors import FileRefused
from index.load.budget import go_on
from index.load.extracted import Extracted

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 50_000_000
MOST_PICTURES = 100
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
INSTALL = "pip install 'dossier-rag[ocr]'"
_LONGEST_SIDE = 2_400
_LEAST_CONFIDENCE = 0.5
_BAND, _OVERLAP = 800, 120
_NEXT_COLUMN = 2.5
_NEXT_PARAGRAPH = 0.9


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was read of one picture: its text, and how sure of it the model is on average, 0 to 1; 0 where there is none."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Words:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float


def is_installed() -> bool:
    return find_spec("rapidocr") is not None


def parse_picture(content: bytes) -> Extracted:
    """The text of a picture; each picture of a file that holds several is a page."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # it is looked at here, and refused in our words
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as file:
            check_pixels(*file.size)
            if not is_installed():
                raise FileRefused("no_text", f"It is a picture, and text recognition is not installed: {INSTALL}.")
            kind, found = Image.MIME[str(file.format)], [recognised(frame) for frame in _frames(file)]
    except UnidentifiedImageError as error:
        raise FileRefused("bad_type", "Its name says picture, but it is none that can be read.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise FileRefused("parse_error", "The picture is cut off or damaged.") from error
    if not any(one.text for one in found):
        raise FileRefused("no_text", "No text was recognised in the picture.")
    read = tuple((place, one.confidence) for place, one in enumerate(found) if one.text)
    return Extracted(tuple(one.text for one in found), kind, unit="page", notes=(note_of(read),), recognised=read)


def note_of(read: Sequence[tuple[int, float]]) -> str:
    """What is said of a document of which some pages were recognised."""
    pages = "1 page" if len(read) == 1 else f"{len(read)} pages"
    return f"read {pages} by text recognition (mean confidence {fmean(sure for _, sure in read):.0%})"


def recognised(picture: Image.Image) -> Recognised:
    """The text of a picture, line by line from top to bottom, paragraphs apart; columns one after the other.

    Raises:
        FileRefused: too_complex for more than MOST_PIXELS.
    """
    check_pixels(*picture.size)
    shown = picture.convert("RGB")
    shown.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    words = list(_words(shown))
    if not words:
        return Recognised("", 0.0)
    text = "\n\n".join(_text_of(column) for column in _columns(words))
    letters = sum(len(one.text) for one in words)
    return Recognised(text, sum(one.confidence * len(one.text) for one in words) / letters)


def check_pixels(width: int, height: int) -> None:
    """Raises FileRefused before a picture is unpacked that would take too much room."""
    if width * height > MOST_PIXELS:
        raise FileRefused(
            "too_complex", f"The picture has {width:,} x {height:,} pixels; {MOST_PIXELS:,} in all are allowed."
        )


def _frames(file: Image.Image) -> Iterator[Image.Image]:
    for place in range(getattr(file, "n_frames", 1)):
        if place == MOST_PICTURES:
            raise FileRefused("too_complex", f"It holds more than {MOST_PICTURES} pictures. Split it.")
        file.seek(place)
        check_pixels(*file.size)
        yield file


def _words(picture: Image.Image) -> Iterator[_Words]:
    """Runs of words on one line, with their place and confidence, band by band: a whole page takes too much memory at once.

    Bands overlap; words at a cut edge may be halves and are left to the other band, and what both bands read counts once.
    """
    before: list[_Words] = []
    for top in range(0, picture.height, _BAND - _OVERLAP):
        end = min(top + _BAND, picture.height)
        first = top + _OVERLAP / 4 if top else 0.0
        last = end - _OVERLAP / 4 if end < picture.height else float(end)
        found = [
            replace(one, top=one.top + top, bottom=one.bottom + top)
            for one in _words_of(picture.crop((0, top, picture.width, end)))
        ]
        found = [one for one in found if first <= (one.top + one.bottom) / 2 <= last]
        before = [one for one in found if not any(_is_same(one, other) for other in before)]
        yield from before
        if end == picture.height:
            return


def _is_same(one: _Words, other: _Words) -> bool:
    across = min(one.right, other.right) > max(one.left, other.left)
    return across and other.top < (one.top + one.bottom) / 2 < other.bottom


def _words_of(band: Image.Image) -> Iterator[_Words]:
    import numpy as np

    go_on()
    engine = _engine()
    go_on()
    read = engine(np.asarray(band)[:, :, ::-1].copy())
    if read.boxes is None:
        return
    for box, text, confidence in zip(read.boxes, read.txts, read.scores, strict=True):
        text = " ".join(text.split())
        if text and confidence >= _LEAST_CONFIDENCE:
            across, down = [float(x) for x, _ in box], [float(y) for _, y in box]
            yield _Words(text, min(across), min(down), max(across), max(down), float(confidence))


def _columns(words: Sequence[_Words]) -> list[list[_Words]]:
    """The words of each column: parts of the page between which a white strip runs from top to bottom."""
    high = fmean(one.bottom - one.top for one in words)
    columns: list[list[_Words]] = []
    reached = float("-inf")
    for one in sorted(words, key=lambda one: one.left):
        if columns and one.left < reached + _NEXT_COLUMN * high:
            columns[-1].append(one)
        else:
            columns.append([one])
        reached = max(reached, one.right)
    # What stands beside a few lines is a row of a table, or a date in a corner, rather than a column.
    return columns if len(columns) > 1 and min(map(len, columns)) > 4 else [list(words)]


def _text_of(words: Sequence[_Words]) -> str:
    rows: list[list[_Words]] = []
    for one in sorted(words, key=lambda one: one.top + one.bottom):
        middle = (one.top + one.bottom) / 2
        if rows and rows[-1][0].top < middle < rows[-1][0].bottom:
            rows[-1].append(one)
        else:
            rows.append([one])
    text, before = "", None
    for row in rows:
        line = " ".join(one.text for one in sorted(row, key=lambda one: one.left))
        top, bottom = min(one.top for one in row), max(one.bottom for one in row)
        apart = before is not None and top - before > _NEXT_PARAGRAPH * (bottom - top)
        text += ("\n\n" if apart else "\n" if before is not None else "") + line
        before = bottom
    return text


@cache
def _engine() -> Any:
    """The models, which lie in the package; one thread, as the sandbox allows no other."""
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(0)
    engine = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    return RapidOCR(params={**engine, "Global.use_cls": False, "Rec.rec_batch_num": 1, "Global.log_level": "critical"})
