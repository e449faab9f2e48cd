"""PDF text, page by page. The files are hostile until shown otherwise: run under the limits of `index.sandbox`."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from math import hypot
from typing import TYPE_CHECKING

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError

from index.errors import FileRefused
from index.load.extracted import Extracted
from index.load.limits import MAX_TEXT_CHARS, check_pdf
from index.values import Provenance

if TYPE_CHECKING:
    from pypdf import PageObject
    from pypdf.generic import RectangleObject

Matrix = Sequence[float]

MAX_PAGES = 5_000
_END_MARK_BYTES = 2_048
_SMALLEST_POINTS = 2.0
_NO_TITLE = re.compile(
    r"(?i)untitled|microsoft (?:word|powerpoint)\b.*|.*\.(?:docx?|pptx?|indd|pdf|tex|rtf|odt|html?)|document\d*|slide \d+|print\w*|-*|\(.*\)|\W+"
)


def parse_pdf(content: bytes) -> Extracted:
    """One block per page; a scan without a text layer gives blocks without text."""
    check_pdf(content)
    if b"%%EOF" not in content[-_END_MARK_BYTES:]:
        raise FileRefused("parse_error", "It is cut off: its end mark is missing. Fetch it again.")
    try:
        reader = PdfReader(io.BytesIO(content))
        _unlock(reader)
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise FileRefused("too_complex", f"It has {count:,} pages; {MAX_PAGES:,} are allowed. Split it.")
        pages, hidden = _texts(reader)
        provenance = _provenance(reader)
    except LimitReachedError as error:
        raise FileRefused("too_complex", "A part of it unpacks to more than is allowed.") from error
    except (FileNotDecryptedError, DependencyError) as error:
        raise FileRefused("encrypted", "It is protected by a password. Save a copy without one.") from error
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        AssertionError,
        NotImplementedError,
        OverflowError,
    ) as error:
        raise FileRefused("parse_error", f"It is not a readable PDF ({type(error).__name__}).") from error
    if not any(page.strip() for page in pages):
        raise FileRefused("no_text", f"None of its {len(pages)} pages holds text: a scan needs text recognition first.")
    blank = sum(1 for page in pages if not page.strip())
    notes = [f"{blank} of {len(pages)} pages hold no text"] if blank else []
    notes += [f"left out {hidden:,} characters off the page or too small to read"] if hidden else []
    return Extracted(tuple(pages), "application/pdf", unit="page", provenance=provenance, notes=tuple(notes))


def _unlock(reader: PdfReader) -> None:
    """Open a file that only restricts printing or copying; anything that needs a password is refused."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise FileRefused("encrypted", "It is protected by a password. Save a copy without one.")


def _texts(reader: PdfReader) -> tuple[list[str], int]:
    """The text of every page, and how many characters were left out because no reader of the page sees them."""
    texts: list[str] = []
    total = left_out = 0
    for page in reader.pages:
        text, hidden = _text(page)
        left_out += hidden
        total += len(text)
        if total > MAX_TEXT_CHARS:
            raise FileRefused("too_complex", f"It holds more than {MAX_TEXT_CHARS:,} characters of text. Split it.")
        texts.append(text)
    return texts, left_out


def _text(page: PageObject) -> tuple[str, int]:
    runs: list[tuple[str, bool]] = []
    box = _box(page)

    def visit(run: str, outer: Matrix, inner: Matrix, _font: object, size: float) -> None:
        runs.append((run, not run.strip() or _is_seen(outer, inner, size, box)))

    whole = page.extract_text(visitor_text=visit) or ""
    seen = "".join(run for run, is_seen in runs if is_seen)
    hidden = sum(len(run) for run, is_seen in runs if not is_seen)
    # A page of which most seems hidden, or whose runs do not add up, is one that these matrices do not explain.
    text, hidden = (
        (seen, hidden) if 2 * hidden < len(whole) and "".join(run for run, _ in runs) == whole else (whole, 0)
    )
    # A word that is divided at the end of a line is one word.
    text = re.sub(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])", "", text) if "\u00ad\n" in text else text
    return re.sub(r"[ \t]+(?=\n|\Z)", "", text).strip("\n"), hidden


def _box(page: PageObject) -> RectangleObject | None:
    """The page's size; None when it does not say one."""
    try:
        box: RectangleObject = page.mediabox
    except ValueError:
        return None
    return box


def _is_seen(outer: Matrix, inner: Matrix, size: float, box: RectangleObject | None) -> bool:
    """Whether a run of text is on the page and large enough to be read."""
    high = abs(size) * hypot(inner[2] * outer[0] + inner[3] * outer[2], inner[2] * outer[1] + inner[3] * outer[3])
    if box is None:
        return high >= _SMALLEST_POINTS
    x = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
    y = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
    left = float(box.left) - float(box.width)  # a run may begin before the edge and reach into the page
    return high >= _SMALLEST_POINTS and left < x < float(box.right) and float(box.bottom) - high < y < float(box.top)


def _provenance(reader: PdfReader) -> Provenance:
    """Title and author of the file's properties; its dates tell when the file was made, not when the text was published."""
    properties = reader.metadata
    if properties is None:
        return Provenance()
    title, author = (" ".join(str(value or "").split())[:300] for value in (properties.title, properties.author))
    return Provenance(title=None if _NO_TITLE.fullmatch(title) else title or None, author=author or None)
