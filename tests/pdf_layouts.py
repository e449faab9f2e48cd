"""PDF pages in the layouts that people have: columns drawn both ways, running heads, tables, divided words. All text is invented."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from fpdf import FPDF

_WHO = """council|harbour board|school|museum|ferry company|orchard|water office|theatre|county engineer|library|hospital|parish|brewery|
    observatory|rowing club|cooperative|chamber of trade|bakery|foundry|rescue service""".replace("\n    ", "").split(
    "|"
)
_WHERE = "Marl Quern Aldby Tessin Hollin Norrvik Castrel Ombra Pellworth Sandhagen Driva Lunde".split()
_DID = """approved|postponed|inspected|repaired|bought|sold|painted|measured|opened|closed|rebuilt|insured""".split("|")
_WHAT = """the eastern stairway|a new pumping station|the collection of maps|its oldest warehouse|the timetable for winter|a bridge for bicycles|
    the accounts of the spring fair|two hundred window frames|the contract with the carrier|the regulations on mooring|an extension of the reading room""".replace(
    "\n    ", ""
).split("|")
_WHEN = """after a long discussion|in the second week of the holidays|before the first frost|at the request of the neighbours|
    without any further delay|because the roof had leaked since autumn|although the costs had nearly doubled""".replace(
    "\n    ", ""
).split("|")


def sentences(count: int, seed: int = 0) -> list[str]:
    """Different sentences of different length, each with a number of its own."""
    chance = random.Random(seed)
    made = []
    for place in range(count):
        number = 1000 + 37 * place + chance.randrange(30)
        long = f"; it {chance.choice(_DID)} {chance.choice(_WHAT)} too" if chance.random() < 0.4 else ""
        made.append(
            f"The {chance.choice(_WHO)} of {chance.choice(_WHERE)} {chance.choice(_DID)} {chance.choice(_WHAT)} "
            f"{chance.choice(_WHEN)}{long} and paid {number:,} crowns."
        )
    return made


@dataclass(frozen=True, slots=True)
class Columns:
    """How a page of columns is set: sizes in points."""

    count: int
    by_line: bool
    size: float = 10.0
    gutter: float = 18.0
    leading: float = 1.25
    divided: bool = False
    title: str | None = None
    head: str | None = None
    foot: str | None = None


def new_pdf(*, font: str | None = None) -> FPDF:
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_auto_page_break(False)
    if font is not None:
        pdf.add_font("used", fname=font)
    return pdf


def columns_pdf(text: Sequence[Sequence[str]], how: Columns) -> bytes:
    """One page for each list of sentences, set in columns, drawn column by column or line by line across the page."""
    pdf = new_pdf()
    for number, page in enumerate(text, start=1):
        pdf.add_page()
        top = 60.0
        if how.head:
            _draw(pdf, 40, 30, 8, how.head.format(page=number))
        if how.foot:
            _draw(pdf, 250, 815, 8, how.foot.format(page=number))
        if how.title:
            _draw(pdf, 40, top, 18, how.title, "B")
            top += 40
        pdf.set_font("helvetica", size=how.size)
        width = (515 - how.gutter * (how.count - 1)) / how.count
        lines = wrapped(pdf, " ".join(page), width, divided=how.divided)
        high = -(-len(lines) // how.count)
        columns = [lines[at : at + high] for at in range(0, len(lines), high)]
        places = [
            (line, column, columns[column][line])
            for column in range(len(columns))
            for line in range(len(columns[column]))
        ]
        if how.by_line:
            places.sort(key=lambda place: place[:2])
        for line, column, words in places:
            _draw(pdf, 40 + column * (width + how.gutter), top + line * how.size * how.leading, how.size, words)
    return bytes(pdf.output())


def _draw(pdf: FPDF, x: float, y: float, size: float, words: str, style: str = "") -> None:
    pdf.set_font("helvetica", style, size)
    pdf.text(x, y, words)


def wrapped(pdf: FPDF, text: str, width: float, *, divided: bool = False) -> list[str]:
    """The text in lines no wider than `width` in the font that is set; `divided` puts half of a long last word on the next line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if pdf.get_string_width(longer) <= width:
            line = longer
            continue
        cut = len(word) // 2
        if divided and len(word) >= 8 and word.isalpha() and pdf.get_string_width(f"{line} {word[:cut]}-") <= width:
            lines.append(f"{line} {word[:cut]}-")
            line = word[cut:]
        else:
            lines.append(line)
            line = word
    return [*lines, line]


def table_pdf(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    borders: str = "ALL",
    bold_heads: bool = True,
    intro: str = "",
) -> bytes:
    """One table under a title, drawn by fpdf."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", "B", 16)
    pdf.cell(0, 10, "List of the year", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", size=10)
    if intro:
        pdf.multi_cell(0, 6, intro, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)
    with pdf.table(borders_layout=borders, text_align="LEFT", v_align="TOP", first_row_as_headings=bold_heads) as table:
        for row in [heads, *rows] if heads else rows:
            table.row(row)
    return bytes(pdf.output())


def placed_pdf(
    pages: Sequence[Sequence[tuple[float, float, str]]], *, font: str | None = None, size: float = 11
) -> bytes:
    """Words at places (x, y) in points from the upper left corner, drawn in the order given."""
    pdf = new_pdf(font=font)
    for words in pages:
        pdf.add_page()
        pdf.set_font("used" if font else "helvetica", size=size)
        for x, y, text in words:
            pdf.text(x, y, text)
    return bytes(pdf.output())


def displayed_pdf(lines: Sequence[str], *, font: str, leftward: bool) -> bytes:
    """Lines in display order, flush right, every glyph drawn alone: from left to right, or from right to left."""
    pdf = new_pdf(font=font)
    pdf.add_page()
    pdf.set_font("used", size=13)
    for row, line in enumerate(lines):
        x = 550 - sum(pdf.get_string_width(letter) for letter in line)
        places = []
        for letter in line:
            places.append((x, letter))
            x += pdf.get_string_width(letter)
        for x, letter in reversed(places) if leftward else places:
            pdf.text(x, 60 + 25 * row, letter)
    return bytes(pdf.output())
