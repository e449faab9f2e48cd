"""Word documents and PowerPoint slides. The archive is checked, counted and cleared of entities before a library opens it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any
from zipfile import BadZipFile

from docx import Document as open_docx
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError
from pptx import Presentation as open_pptx

from index.errors import FileRefused
from index.load.extracted import Extracted, keywords
from index.load.limits import Archive
from index.load.rows import row_lines
from index.values import Provenance

MAX_SLIDES = 5_000
_DEEPEST_GROUP = 20
_WIDEST_SPAN = 100
_BROKEN = (LxmlError, BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError)
_NO_AUTHOR = frozenset(
    {"python-docx", "microsoft office user", "user", "admin", "administrator", "windows user", "steve canny"}
)
_PROPERTIES = ("subject", "category", "keywords", "comments", "content_status", "identifier", "version", "last_modified_by", "created", "modified", "revision")  # fmt: skip
_NO_TITLE = frozenset({"powerpoint presentation", "word document", "untitled", "presentation"})


def parse_docx(content: bytes) -> Extracted:
    archive = Archive(content, claimed="Word document", required=("[Content_Types].xml", "word/document.xml"))
    document = _opened(open_docx, archive)
    try:
        lines = list(_blocks(document))
        title = next((text for text, style in lines if style == "Title" and text.strip()), None)
        provenance = _provenance(document.core_properties, title)
    except _BROKEN as error:
        raise FileRefused("parse_error", f"It is not a readable Word document ({type(error).__name__}).") from error
    text = "\n\n".join(text for text, _ in lines if text.strip())
    return Extracted(
        (text,),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        provenance=provenance,
        metadata=_properties(document.core_properties),
    )


def parse_pptx(content: bytes) -> Extracted:
    """One block per slide."""
    archive = Archive(content, claimed="PowerPoint file", required=("[Content_Types].xml", "ppt/presentation.xml"))
    presentation = _opened(open_pptx, archive)
    try:
        slides = list(presentation.slides)
        if len(slides) > MAX_SLIDES:
            raise FileRefused("too_complex", f"It has {len(slides):,} slides; {MAX_SLIDES:,} are allowed. Split it.")
        blocks = tuple(_slide_text(slide) for slide in slides)
        first = slides[0].shapes.title if slides else None
        provenance = _provenance(presentation.core_properties, first.text_frame.text if first is not None else None)
    except _BROKEN as error:
        raise FileRefused("parse_error", f"It is not a readable PowerPoint file ({type(error).__name__}).") from error
    return Extracted(
        blocks,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        unit="page",
        provenance=provenance,
        debris=False,
        metadata=_properties(presentation.core_properties),
    )


def _opened(opener: Callable[[io.BytesIO], Any], archive: Archive) -> Any:
    for name in archive.names():
        if name.lower().endswith((".xml", ".rels")):
            refuse_entities(archive.read(name))
    archive.restart()
    try:
        return opener(archive.unpacked())
    except _BROKEN as error:
        raise FileRefused("parse_error", f"Its parts do not fit together ({type(error).__name__}).") from error


def refuse_entities(xml: bytes) -> None:
    """Refuse a document type or entity, in any width of characters: none belongs in these files."""
    narrow = xml.replace(b"\x00", b"")
    if b"<!DOCTYPE" in narrow or b"<!ENTITY" in narrow:
        raise FileRefused("parse_error", "It declares XML entities, which no such document needs.")


def _provenance(properties: Any, title: str | None) -> Provenance:
    """The properties' dates tell when the file was saved, not when the text was published: they are not read."""
    named = " ".join((title or properties.title or "").split())[:300]
    author = " ".join((properties.author or "").split())[:300]
    return Provenance(
        title=None if named.lower() in _NO_TITLE else named or None,
        author=None if author.lower() in _NO_AUTHOR else author or None,
    )


def _properties(properties: Any) -> dict[str, object]:
    """The file's own properties. Its dates are kept under their names and are no date of publication."""
    found: dict[str, object] = {}
    for name in _PROPERTIES:
        try:
            found[name.replace("_", " ")] = getattr(properties, name)
        except _BROKEN:  # a date that is none
            continue
    return {**found, "keywords": keywords(str(found.get("keywords") or "")), "revision": found.get("revision") or None}


def _blocks(document: Any) -> Iterator[tuple[str, str]]:
    """(text, style name) of every paragraph and table, in order."""
    hides = bool(document.element.body.xpath(".//w:vanish"))
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            style = block.style.name or "" if block.style is not None else ""
            text = _visible(block) if hides else block.text
            yield ("- " + text if style.startswith("List") and text.strip() else text), style
        elif isinstance(block, Table):
            yield "\n".join(row_lines(list(_rows(block)))), "Table"


def _visible(paragraph: Paragraph) -> str:
    return "".join(run.text for run in paragraph.runs if not run.font.hidden)


def _rows(table: Table) -> Iterator[list[str]]:
    # table.rows[n].cells is quadratic in the size of the table; the elements are not.
    for row in table._tbl.tr_lst:
        cells: list[str] = []
        for cell in row.tc_lst:
            words = [" ".join("".join(part.itertext("{*}t")).split()) for part in cell.p_lst]
            spanned = min(cell.grid_span, _WIDEST_SPAN)
            cells += [" ".join(filter(None, words))] + [""] * (spanned - 1)
        yield cells


def _slide_text(slide: Any) -> str:
    lines = [line for line in _shape_texts(slide.shapes, 0) if line.strip()]
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        lines += [notes] if notes else []
    return "\n\n".join(lines)


def _shape_texts(shapes: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST_GROUP:
        raise FileRefused("too_complex", "Its shapes are grouped too deeply.")
    for shape in shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        elif getattr(shape, "has_table", False) and shape.has_table:
            yield "\n".join(
                row_lines([[" ".join(cell.text.split()) for cell in row.cells] for row in shape.table.rows])
            )
        elif hasattr(shape, "shapes"):
            yield from _shape_texts(shape.shapes, depth + 1)
