"""Files to text: one module per format, every one behind the same checks. Run it in `index.sandbox`, not in the service."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path, PurePath

from index.clean import clean_blocks, normalise
from index.errors import FileRefused
from index.language import language_of
from index.load.extracted import Extracted
from index.load.limits import MAX_TEXT_CHARS, read_regular_file
from index.metadata import readable
from index.page import read_page
from index.provenance import from_file_name, from_page, merge
from index.values import ParsedFile, Provenance, Recognised, Span

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
    ".msg": ("index.load.outlook", "parse_outlook"),
    ".mbox": ("index.load.mail", "parse_mailbox"),
    ".mhtml": ("index.load.mail", "parse_saved_page"),
    ".mht": ("index.load.mail", "parse_saved_page"),
    ".epub": ("index.load.epub", "parse_epub"),
    ".xlsx": ("index.load.sheet", "parse_xlsx"),
    ".xlsm": ("index.load.sheet", "parse_xlsx"),
    ".xls": ("index.load.sheet", "parse_xls"),
    ".ods": ("index.load.sheet", "parse_ods"),
    ".odt": ("index.load.opendocument", "parse_odt"),
    ".odp": ("index.load.opendocument", "parse_odp"),
    ".rtf": ("index.load.opendocument", "parse_rtf"),
    ".json": ("index.load.keyed", "parse_json"),
    ".jsonl": ("index.load.keyed", "parse_jsonl"),
    ".ndjson": ("index.load.keyed", "parse_jsonl"),
    ".yaml": ("index.load.keyed", "parse_yaml"),
    ".yml": ("index.load.keyed", "parse_yaml"),
    ".toml": ("index.load.keyed", "parse_toml"),
    ".xml": ("index.load.keyed", "parse_xml"),
    ".rss": ("index.load.keyed", "parse_xml"),
    ".atom": ("index.load.keyed", "parse_xml"),
    ".ics": ("index.load.calendar", "parse_calendar"),
    ".ipynb": ("index.load.notebook", "parse_notebook"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"), ("index.load.ocr", "parse_picture")),
}
SUFFIXES = frozenset(_PARSERS)
_BY_CONTENT = ("index.load.text", "parse_plain")
"""Of a file whose suffix says nothing: source code, logs, subtitles and every other kind of plain text."""
UNREAD = {
    **dict.fromkeys((".gif", ".heic", ".svg", ".ico"), "pictures of this kind: save as png or jpg"),
    **dict.fromkeys((".mp3", ".wav", ".ogg", ".flac", ".m4a", ".mp4", ".mov", ".avi", ".mkv", ".webm"), "sound and film"),
    **dict.fromkeys((".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"), "archives: unpack them"),
    **dict.fromkeys((".doc", ".ppt", ".pages", ".numbers", ".key", ".wpd"), "older or closed formats: save as docx, pptx, xlsx or eml"),
    **dict.fromkeys((".exe", ".dll", ".so", ".bin", ".iso", ".pyc", ".class", ".jar", ".wasm", ".o", ".a"), "programs"),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy", ".npz", ".onnx", ".gguf", ".safetensors", ".parquet", ".sqlite", ".db", ".sqlite3"), "data and models"),
    **dict.fromkeys((".pem", ".p12", ".pfx", ".kdbx", ".ppk", ".jks", ".gpg", ".asc"), "keys and secrets"),
    **dict.fromkeys((".ttf", ".otf", ".woff", ".woff2"), "fonts"),
}  # fmt: skip
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
    refuse_unread(suffix)
    content = read_regular_file(path, max_bytes)
    try:
        extracted = extract(content, suffix)
    except RecursionError as error:
        raise FileRefused("too_complex", "Its parts are nested too deeply.") from error
    except MemoryError as error:
        raise FileRefused("too_complex", "Reading it takes more memory than is allowed.") from error
    return _assembled(extracted, name)


def refuse_unread(suffix: str) -> None:
    """Raise FileRefused for a suffix of what is never text, in words that say what it is."""
    if suffix in UNREAD:
        raise FileRefused("bad_type", f"Files of type '{suffix}' are not read ({UNREAD[suffix]}).")


def extract(content: bytes, suffix: str) -> Extracted:
    """The raw text of a file's bytes, by the suffix of its name, else by what is in it. Raises FileRefused."""
    module, function = _PARSERS.get(suffix, _BY_CONTENT)
    parser: Callable[[bytes], Extracted] = getattr(import_module(module), function)
    return parser(content)


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
    language = language_of(text[len(front) :])
    if extracted.unit == "row":
        body = tuple(
            stripped(text, Span(start, start + len(block)))
            for start, block in zip(starts, blocks, strict=True)
            if block.strip()
        )
    elif extracted.debris:
        seen = _blanked(text, asides)
        page = read_page(seen, len(front), language)
        body, said = _without(text, page.body, asides), from_page(seen, page, language)
    else:
        body = (stripped(text, Span(len(front), len(text))),)
    if extracted.quoted:
        body = _without_quotes(text) or body
    metadata, left_out = readable(extracted.metadata)
    return ParsedFile(
        text=text,
        media_type=extracted.media_type,
        provenance=merge(extracted.provenance, said, from_file_name(name, language)),
        body=body,
        page_starts=tuple(starts) if extracted.unit == "page" else (),
        notes=(*extracted.notes, *notes, *left_out),
        language=language,
        recognised=tuple(
            Recognised(starts[place], starts[place] + len(blocks[place]), sure) for place, sure in extracted.recognised
        ),
        metadata=metadata,
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
