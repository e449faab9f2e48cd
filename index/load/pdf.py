"""PDF text, page by page. The files are hostile until shown otherwise: run under the limits of `index.sandbox`."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError

from index.errors import FileRefused
from index.load.extracted import Extracted
from index.load.limits import MAX_TEXT_CHARS, check_pdf
from index.values import Provenance

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_PAGES = 5_000
_END_MARK_BYTES = 2_048
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
        pages = _texts(reader)
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
    notes = (f"{blank} of {len(pages)} pages hold no text",) if blank else ()
    return Extracted(tuple(pages), "application/pdf", unit="page", provenance=provenance, notes=notes)


def _unlock(reader: PdfReader) -> None:
    """Open a file that only restricts printing or copying; anything that needs a password is refused."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise FileRefused("encrypted", "It is protected by a password. Save a copy without one.")


def _texts(reader: PdfReader) -> list[str]:
    texts: list[str] = []
    total = 0
    for page in reader.pages:
        text = _text(page)
        total += len(text)
        if total > MAX_TEXT_CHARS:
            raise FileRefused("too_complex", f"It holds more than {MAX_TEXT_CHARS:,} characters of text. Split it.")
        texts.append(text)
    return texts


def _text(page: PageObject) -> str:
    text = page.extract_text() or ""
    # A word that is divided at the end of a line is one word.
    text = re.sub(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])", "", text) if "\u00ad\n" in text else text
    return re.sub(r"[ \t]+(?=\n|\Z)", "", text).strip("\n")


def _provenance(reader: PdfReader) -> Provenance:
    """Title and author of the file's properties; its dates tell when the file was made, not when the text was published."""
    properties = reader.metadata
    if properties is None:
        return Provenance()
    title, author = (" ".join(str(value or "").split())[:300] for value in (properties.title, properties.author))
    return Provenance(title=None if _NO_TITLE.fullmatch(title) else title or None, author=author or None)
