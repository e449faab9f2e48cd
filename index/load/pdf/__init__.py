"""PDF text in the order in which it is read, page by page. The files are hostile: run under the limits of `index.sandbox`."""

from __future__ import annotations

import re

from index.errors import FileRefused
from index.load.extracted import Extracted, keywords
from index.load.limits import MAX_TEXT_CHARS, check_pdf
from index.load.ocr import note_of
from index.load.pdf.engine import MAX_PAGES, Properties, laid_out, opened, properties
from index.load.pdf.flow import page_texts, set_asides
from index.load.pdf.grids import extend
from index.load.pdf.parts import PageParts, parts_of
from index.load.pdf.righttoleft import WRITTEN_LEFTWARD, reorder
from index.load.pdf.running import running_lines
from index.load.pdf.scans import no_text_of, with_scans
from index.values import Provenance

_END_MARK_BYTES = 2_048
_NO_TITLE = re.compile(
    r"(?i)untitled|microsoft (?:word|powerpoint)\b.*|.*\.(?:docx?|pptx?|indd|pdf|tex|rtf|odt|html?)|document\d*|slide \d+|print\w*|-*|\(.*\)|\W+"
)
# What a font without a table of its characters leaves: codes of its glyphs, marks of what is unknown, private characters.
_UNMAPPED = re.compile("\\(cid:\\d+\\)|[\x00-\x08\x0e-\x1f\ufffd\ue000-\uf8ff]")
_MOST_UNMAPPED = 0.3
_DATES = {"CreationDate": "created", "ModDate": "modified"}
_DATE = re.compile(r"(?:D:)?(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


def parse_pdf(content: bytes) -> Extracted:
    """One block per page; a page without a text layer gives a block without text."""
    check_pdf(content)
    if b"%%EOF" not in content[-_END_MARK_BYTES:]:
        raise FileRefused("parse_error", "It is cut off: its end mark is missing. Fetch it again.")
    said = properties(content)
    if said.pages > MAX_PAGES:
        raise FileRefused("too_complex", f"It has {said.pages:,} pages; {MAX_PAGES:,} are allowed. Split it.")
    pages = pages_of(content)
    _refuse_unmapped(pages)
    running = running_lines(pages)
    for page in pages:
        set_asides(page, running.get(page.number, []))
    texts = page_texts(pages)
    texts, read = with_scans(content, texts)
    if not any(page.text.strip() for page in texts):
        raise FileRefused("no_text", no_text_of(len(texts)))
    blank = sum(1 for page in texts if not page.text.strip())
    hidden = sum(page.hidden for page in pages)
    notes = [f"{blank} of {len(texts)} pages hold no text"] if blank else []
    notes += [note_of(read)] if read else []
    notes += [f"left out {hidden:,} characters too small to read"] if hidden else []
    return Extracted(
        tuple(page.text for page in texts),
        "application/pdf",
        unit="page",
        provenance=_provenance(said),
        notes=tuple(notes),
        joints=tuple(page.before for page in texts[1:]),
        asides=tuple(page.asides for page in texts),
        recognised=tuple(read),
        metadata=_metadata(said),
    )


def pages_of(content: bytes) -> list[PageParts]:
    """The parts of every page, in the order of reading. Raises FileRefused."""
    pages: list[PageParts] = []
    total = 0
    for laid in laid_out(content):
        pages.append(parts_of(laid))
        extend(pages[-1].parts)
        total += sum(len(line.text) for line in pages[-1].lines)
        if total > MAX_TEXT_CHARS:
            raise FileRefused("too_complex", f"It holds more than {MAX_TEXT_CHARS:,} characters of text. Split it.")
    leftward = [page for page in pages if any(WRITTEN_LEFTWARD.search(line.text) for line in page.lines)]
    if leftward:
        with opened(content) as document:
            for page in leftward:
                reorder(page, document[page.number - 1])
    return pages


def _refuse_unmapped(pages: list[PageParts]) -> None:
    letters = unmapped = 0
    for page in pages:
        for line in page.lines:
            letters += len(line.text)
            unmapped += sum(len(match) for match in _UNMAPPED.findall(line.text))
    if unmapped > _MOST_UNMAPPED * letters:
        reason = f"Its fonts do not say which characters their glyphs are: {unmapped:,} of {letters:,} cannot be read."
        raise FileRefused("no_text", f"{reason} Export it again with another program, or scan it.")


def _metadata(said: Properties) -> dict[str, object]:
    """The other fields of its information; its dates are kept under their names and are no date of publication."""
    found: dict[str, object] = {}
    for name, value in said.others.items():
        when = _DATE.match(value) if name in _DATES else None
        found[_DATES.get(name, name)] = "-".join(when.groups()) if when else value
    return {**found, "Keywords": keywords(said.others.get("Keywords", ""))}


def _provenance(said: Properties) -> Provenance:
    """Title and author of the file's properties; its dates tell when the file was made, not when the text was published."""
    title, author = (" ".join(value.split())[:300] for value in (said.title, said.author))
    return Provenance(title=None if _NO_TITLE.fullmatch(title) else title or None, author=author or None)
