"""Files to text: one module per format, every one behind the same checks. Run it in `index.sandbox`, not in the service."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path, PurePath

from index.clean import clean_blocks, normalise
from index.errors import FileRefused
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
    joints = extracted.joints or (BETWEEN,) * (len(blocks) - 1)
    starts: list[int] = []
    text = front
    for block, joint in zip(blocks, ("", *joints), strict=True):
        text += joint
        starts.append(len(text))
        text += block
    asides = _asides(text, starts, extracted.asides)
    said = Provenance()
    if extracted.unit == "row":
        body = tuple(
            stripped(text, Span(start, start + len(block)))
            for start, block in zip(starts, blocks, strict=True)
            if block.strip()
        )
    elif extracted.debris:
        seen = _blanked(text, asides)
        page = read_page(seen, len(front))
        body, said = _without(text, page.body, asides), from_page(seen, page)
    else:
        body = (stripped(text, Span(len(front), len(text))),)
    if extracted.quoted:
        body = _without_quotes(text) or body
    return ParsedFile(
        text=text,
        media_type=extracted.media_type,
        provenance=merge(extracted.provenance, said, from_file_name(name)),
        body=body,
        page_starts=tuple(starts) if extracted.unit == "page" else (),
        notes=(*extracted.notes, *notes),
    )


def _asides(text: str, starts: list[int], asides: tuple[tuple[str, ...], ...]) -> list[Span]:
    """Where the lines stand that are not body, each on its own block."""
    spans: list[Span] = []
    for place, lines in enumerate(asides):
        at, end = starts[place], starts[place + 1] if place + 1 < len(starts) else len(text)
        for line in lines:
            line, _ = normalise(line)
            found = re.compile(rf"^{re.escape(line)}$", re.M).search(text, at, end) if line else None
            if found:
                spans.append(Span(found.start(), found.end()))
                at = found.end()
    return spans


def _blanked(text: str, spans: list[Span]) -> str:
    """The text with spaces in the place of the spans, so that every offset stays."""
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], " " * (span.end - span.start)]
        at = span.end
    return "".join([*pieces, text[at:]])


def _without(text: str, body: Sequence[Span], asides: list[Span]) -> tuple[Span, ...]:
    """The body without the spans, in pieces."""
    pieces = []
    for part in body:
        at = part.start
        for aside in asides[bisect_left(asides, part) :]:
            if aside.end > part.end:
                break
            pieces.append(Span(at, aside.start))
            at = aside.end
        pieces.append(Span(at, part.end))
    return tuple(stripped(text, piece) for piece in pieces if text[piece.start : piece.end].strip())


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
