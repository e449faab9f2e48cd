"""Files to text: one module per format, every one behind the same checks. Run it in `index.sandbox`, not in the service."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path, PurePath

from index.clean import clean_blocks, normalise
from index.errors import FileRefused
from index.language import language_of
from index.load.extracted import Extracted
from index.load.limits import MAX_TEXT_CHARS, read_regular_file
from index.page import read_page
from index.provenance import from_file_name, from_page, merge
from index.values import ParsedFile, Provenance, Span

# A parser's module is imported with the first file of its format.
_PARSERS = {
    ".txt": ("index.load.text", "parse_text"),
    ".text": ("index.load.text", "parse_text"),
    ".md": ("index.load.text", "parse_markdown"),
    ".markdown": ("index.load.text", "parse_markdown"),
    ".html": ("index.load.html", "parse_html"),
    ".htm": ("index.load.html", "parse_html"),
    ".xhtml": ("index.load.html", "parse_html"),
    ".pdf": ("index.load.pdf", "parse_pdf"),
    ".docx": ("index.load.office", "parse_docx"),
    ".pptx": ("index.load.office", "parse_pptx"),
    ".csv": ("index.load.table", "parse_csv"),
    ".tsv": ("index.load.table", "parse_csv"),
    ".eml": ("index.load.mail", "parse_mail"),
    ".epub": ("index.load.epub", "parse_epub"),
}
SUFFIXES = frozenset(_PARSERS)
BETWEEN = "\n\n"


def parse_file(path: Path, name: str, *, max_bytes: int) -> ParsedFile:
    """Load and clean one file.

    Args:
        path: Where the bytes are; read once, never through a link.
        name: The file's name: its suffix chooses the parser, and it is the last resort for title and date.
        max_bytes: Largest file that is read.

    Raises:
        FileRefused: with the codes that `index.errors.FileRefused` lists.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in _PARSERS:
        raise FileRefused(
            "bad_type",
            f"Files of type {suffix or 'without suffix'!r} are not read. Known: {', '.join(sorted(SUFFIXES))}.",
        )
    content = read_regular_file(path, max_bytes)
    module, function = _PARSERS[suffix]
    parser: Callable[[bytes], Extracted] = getattr(import_module(module), function)
    try:
        extracted = parser(content)
    except RecursionError as error:
        raise FileRefused("too_complex", "Its parts are nested too deeply.") from error
    except MemoryError as error:
        raise FileRefused("too_complex", "Reading it takes more memory than is allowed.") from error
    return _assembled(extracted, name)


def _assembled(extracted: Extracted, name: str) -> ParsedFile:
    """Clean the blocks, join them, and tell body from header and debris."""
    if sum(map(len, extracted.blocks)) > MAX_TEXT_CHARS:
        raise FileRefused(
            "too_complex", f"It holds more than {MAX_TEXT_CHARS:,} characters of text. Split it into smaller files."
        )
    front, _ = normalise(extracted.front)
    blocks, notes = clean_blocks(extracted.blocks, drop_caps=extracted.unit != "row")
    if not any(block.strip() for block in blocks):
        raise FileRefused("no_text", "It holds no text; a scan needs text recognition first.")
    starts: list[int] = []
    at = len(front)
    for block in blocks:
        starts.append(at)
        at += len(block) + len(BETWEEN)
    text = front + BETWEEN.join(blocks)
    said = Provenance()
    language = language_of(text[len(front) :])
    if extracted.unit == "row":
        body = tuple(
            stripped(text, Span(start, start + len(block)))
            for start, block in zip(starts, blocks, strict=True)
            if block.strip()
        )
    elif extracted.debris:
        page = read_page(text, len(front), language)
        body, said = page.body, from_page(text, page, language)
    else:
        body = (stripped(text, Span(len(front), len(text))),)
    if extracted.quoted:
        body = _without_quotes(text) or body
    return ParsedFile(
        text=text,
        media_type=extracted.media_type,
        provenance=merge(extracted.provenance, said, from_file_name(name, language)),
        body=body,
        page_starts=tuple(starts) if extracted.unit == "page" else (),
        notes=(*extracted.notes, *notes),
        language=language,
    )


def _without_quotes(text: str) -> tuple[Span, ...]:
    """The runs of lines between quoted ones, and between the lines that announce them."""
    quoted = re.compile(
        r"(?:[ \t]*>[^\n]*(?:\n|\Z)|(?:On|Am|Le|El)\b[^\n]{0,200}(?:wrote|schrieb|écrit|escribió)\s*:[ \t]*(?:\n|\Z))",
        re.M,
    )
    spans: list[Span] = []
    at = 0
    for match in [*quoted.finditer(text), None]:
        if match is not None and match.start() > 0 and text[match.start() - 1] != "\n":
            continue
        end = match.start() if match else len(text)
        if text[at:end].strip():
            spans.append(stripped(text, Span(at, end)))
        at = match.end() if match else end
    return tuple(spans)


def stripped(text: str, span: Span) -> Span:
    """The span without the white space at its ends."""
    piece = text[span.start : span.end]
    start = span.start + len(piece) - len(piece.lstrip())
    return Span(start, start + len(piece.strip()))
