"""A sheet as Markdown with footnotes. What a document or a person says stays text, whatever it looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ui.export.sheet import Note, Paragraph, Section, Sheet, Table
from ui.terminal import printable

_ACTIVE = re.compile(r"([\\`*_\[\]<>&~|!$^@{}])|(?<=\w)(\.)(?=\w)|(:)(?=//)")
_OPENS_A_BLOCK = re.compile(r"([-+#=])|(\d{1,9})([.)])")


def as_markdown(sheet: Sheet) -> bytes:
    """UTF-8 text; footnotes as GitHub, Pandoc and most readers know them."""
    lines = [f"# {escaped(sheet.title)}"]
    for section in sheet.sections:
        lines += _section(section)
    lines += [_note(note) for note in sheet.notes]
    return ("\n\n".join(lines) + "\n").encode()


def escaped(text: str) -> str:
    r"""One line in which nothing is markup, a link, an image or a footnote.

    >>> escaped("1. see [this](http://x.example) <b>now</b>")
    '1\\. see \\[this\\](http\\://x\\.example) \\<b\\>now\\</b\\>'
    """
    line = " ".join(printable(text).split())
    line = _ACTIVE.sub(lambda found: f"\\{found[0]}", line)
    opening = _OPENS_A_BLOCK.match(line)
    if opening is None:
        return line
    return f"{opening[2] or ''}\\{opening[1] or opening[3]}{line[opening.end() :]}"


def _section(section: Section) -> list[str]:
    head = [f"## {escaped(section.heading)}"] if section.heading else []
    return head + [_table(one) if isinstance(one, Table) else _paragraph(one) for one in section.blocks]


def _paragraph(paragraph: Paragraph) -> str:
    text = escaped(paragraph.text)
    return (f"**{text}**" if paragraph.strong else text) + _references(paragraph.notes)


def _references(notes: Iterable[int]) -> str:
    return "".join(f"[^{number}]" for number in notes)


def _table(table: Table) -> str:
    rows = [_row(map(escaped, table.head)), _row("---" for _ in table.head)]
    for (*cells, last), notes in table.rows:
        rows.append(_row((*map(escaped, cells), escaped(last) + _references(notes))))
    return "\n".join(rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _note(note: Note) -> str:
    quote = "" if note.quote is None else f" “{escaped(note.quote)}”"
    return f"[^{note.number}]: {escaped(note.byline)}.{quote} {escaped(note.place)}."
