"""Hebrew and Arabic lines in the order in which they are read, from where each glyph stands on the page.

A file may draw such a line from left to right, from right to left or word by word; only the places of the glyphs are the same.
"""

from __future__ import annotations

import re
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import pypdfium2
from bidi import get_display

from index.load.pdf.parts import Box, Line, PageParts, folded

WRITTEN_LEFTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LATIN = re.compile(r"[^\W\d_]")


class _Glyph(NamedTuple):
    letter: str
    left: float
    right: float
    top: float
    bottom: float


def reorder(page: PageParts, source: pypdfium2.PdfPage) -> None:
    """Write every part that holds such letters anew."""
    glyphs = _glyphs(source, page.height)
    for part in page.parts:
        if any(WRITTEN_LEFTWARD.search(line.text) for line in part.lines):
            if part.table is None:
                part.text = _paragraph([line.text for line in _lines(glyphs, part.box)]) or part.text
            else:
                part.table.reorder(lambda box: " ".join(line.text for line in _lines(glyphs, Box(*box))))
    page.lines[:] = [_reordered(line, glyphs) for line in page.lines]
    page.dropped[:] = [_reordered(line, glyphs) for line in page.dropped]
    for part in page.parts:
        part.lines[:] = [_reordered(line, glyphs) for line in part.lines]


def _reordered(line: Line, glyphs: list[_Glyph]) -> Line:
    if not WRITTEN_LEFTWARD.search(line.text):
        return line
    return Line(" ".join(one.text for one in _lines(glyphs, line.box)) or line.text, line.box, line.bold)


def _glyphs(source: pypdfium2.PdfPage, height: float) -> list[_Glyph]:
    text = source.get_textpage()
    found = []
    for place in range(text.count_chars()):
        letter = chr(pypdfium2.raw.FPDFText_GetUnicode(text, place))
        if letter.isspace() or letter == "\x00":
            continue
        left, bottom, right, top = text.get_charbox(place, loose=True)
        found.append(_Glyph(letter, left, right, height - top, height - bottom))
    text.close()
    return found


def _lines(glyphs: list[_Glyph], box: Box) -> list[Line]:
    """The lines inside a box from top to bottom."""
    inside = [one for one in glyphs if box.holds(Box(one.left, one.top, one.right, one.bottom))]
    rows: list[list[_Glyph]] = []
    for glyph in sorted(inside, key=lambda one: one.top + one.bottom):
        middle = (glyph.top + glyph.bottom) / 2
        if rows and rows[-1][0].top < middle < rows[-1][0].bottom:
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    return [Line(_logical(row), box) for row in rows]


def _logical(row: list[_Glyph]) -> str:
    """The row as it is read: the rules that order it for display are their own inverse. PDFium has turned the brackets."""
    row = sorted(row, key=lambda one: one.left)
    high = median(one.bottom - one.top for one in row)
    seen = row[0].letter
    for before, glyph in pairwise(row):
        seen += (" " if glyph.left - before.right > 0.12 * high else "") + glyph.letter
    leftward = len(WRITTEN_LEFTWARD.findall(seen))
    direction = "R" if 2 * leftward >= len(_LATIN.findall(seen)) else "L"
    return folded(str(get_display(seen, base_dir=direction)))


def _paragraph(lines: list[str]) -> str:
    """Lines of prose as one, others apart."""
    widest = max(map(len, lines), default=0)
    text = ""
    for place, line in enumerate(lines):
        wrapped = place and len(lines[place - 1]) > 0.75 * widest and widest > 40
        text += ("" if not place else " " if wrapped else "\n") + line
    return text
