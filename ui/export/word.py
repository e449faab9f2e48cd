"""A sheet as a DOCX file: notes are numbered at the end, since python-docx writes no footnotes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from docx import Document

from ui.export.sheet import Paragraph, Sheet, Table
from ui.terminal import printable

_NO_XML = dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd")


def as_docx(sheet: Sheet) -> bytes:
    """The bytes of the file."""
    document = Document()
    document.core_properties.author = document.core_properties.last_modified_by = "Dossier"
    document.core_properties.comments = ""
    document.add_heading(_text(sheet.title), level=1)
    for section in sheet.sections:
        if section.heading:
            document.add_heading(_text(section.heading), level=2)
        for block in section.blocks:
            if isinstance(block, Table):
                _add_table(document, block)
            else:
                _add_paragraph(document, block)
    if sheet.notes:
        document.add_heading("Sources", level=2)
    for note in sheet.notes:
        quote = "" if note.quote is None else f" “{note.quote}”"
        document.add_paragraph(_text(f"[{note.number}] {note.byline}.{quote} {note.place}."))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _add_paragraph(document: Any, block: Paragraph) -> None:
    paragraph = document.add_paragraph()
    paragraph.add_run(_text(block.text)).bold = block.strong
    _add_numbers(paragraph, block.notes)


def _add_table(document: Any, block: Table) -> None:
    table = document.add_table(rows=0, cols=len(block.head), style="Table Grid")
    for cells, notes in ((block.head, ()), *block.rows):
        row = table.add_row().cells
        for place, cell in zip(row, cells, strict=True):
            place.text = _text(cell)
        _add_numbers(row[-1].paragraphs[-1], notes)


def _add_numbers(paragraph: Any, notes: Iterable[int]) -> None:
    numbers = "".join(f"[{number}]" for number in notes)
    if numbers:
        paragraph.add_run(numbers).font.superscript = True


def _text(text: str) -> str:
    """What XML can hold and a reader can see."""
    return printable(text).translate(_NO_XML)
