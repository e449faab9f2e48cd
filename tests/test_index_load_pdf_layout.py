"""PDF pages by their layout: what is read is what a reader reads, in the order in which it is read."""

from pathlib import Path

import pytest
from bidi.algorithm import get_display

from index.errors import FileRefused
from index.load import parse_file
from index.load.pdf.grids import extend
from index.load.pdf.parts import Box, Part
from index.load.pdf.tables import Row, Table, lines_of
from index.sentences import sentence_spans
from tests.bombs import with_object
from tests.documents import raw_pdf
from tests.pdf_layouts import Columns, columns_pdf, displayed_pdf, placed_pdf, sentences, table_pdf

FONTS = sorted(Path("/usr/share/fonts").rglob("DejaVuSans.ttf")) if Path("/usr/share/fonts").exists() else []
needs_font = pytest.mark.skipif(not FONTS, reason="no DejaVu Sans on this machine (Debian: fonts-dejavu-core)")
PRICES = [
    ["Oak board", "12.40", "13.10", "from the valley"],
    ["Steel nails", "4.15", "4.60", "galvanised"],
    ["Brass hinge", "", "3.20", "new"],
]


@pytest.fixture
def load(tmp_path):
    def parse(content):
        path = tmp_path / "a.pdf"
        path.write_bytes(content)
        return parse_file(path, path.name, max_bytes=10_000_000)

    return parse


def cited(parsed):
    """Every sentence that can be cited."""
    return [
        parsed.text[span.start : span.end]
        for body in parsed.body
        for span in sentence_spans(parsed.text, body.start, body.end)
    ]


@pytest.mark.parametrize("by_line", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_columns_are_read_one_after_the_other_however_they_are_drawn(load, count, by_line):
    for size, gutter, divided, title in (
        (9, 12, True, None),
        (11, 18, False, "Report of the year"),
        (10, 24, True, None),
    ):
        how = Columns(
            count,
            by_line,
            size=size,
            gutter=gutter,
            divided=divided,
            title=title,
            head="Harbour gazette - draft {page}",
            foot="page {page} of 4",
        )
        pages = [sentences(18, seed=10 * size + page) for page in range(3)]
        said = [sentence for page in pages for sentence in page]
        assert [one for one in cited(load(columns_pdf(pages, how))) if one != title] == said


def test_running_heads_and_feet_are_stored_and_not_cited(load):
    pages = [sentences(4, seed=page) for page in range(4)]
    parsed = load(columns_pdf(pages, Columns(1, False, head="Water board - draft", foot="page {page} of 4")))
    assert parsed.text.count("Water board - draft") == 4
    assert [f"page {page} of 4" in parsed.text for page in range(1, 5)] == [True] * 4
    assert not [one for one in cited(parsed) if "draft" in one or "page" in one]
    assert parsed.provenance.title == "a"


def test_a_sentence_goes_on_over_the_foot_and_the_head_between_two_pages(load):
    head, foot = "Water board - draft", "page {} of 2"
    parsed = load(
        placed_pdf(
            [
                [(40, 30, head), (40, 60, "The pool was drained in July. It could only"), (250, 815, foot.format(1))],
                [(40, 30, head), (40, 60, "be filled again on 9 November."), (250, 815, foot.format(2))],
            ]
        )
    )
    assert cited(parsed) == ["The pool was drained in July.", "It could only be filled again on 9 November."]
    second = parsed.page_starts[1]
    assert parsed.text[second:].startswith("be filled again")
    assert foot.format(1) in parsed.text[:second]
    assert foot.format(2) in parsed.text[second:]


def test_a_word_that_is_divided_between_two_pages_is_one_word(load):
    parsed = load(placed_pdf([[(40, 60, "The reservoir was drained for an inspec-")], [(40, 60, "tion of the dam.")]]))
    assert cited(parsed) == ["The reservoir was drained for an inspection of the dam."]
    assert parsed.text[parsed.page_starts[1] :] == "tion of the dam."


def test_numbered_headings_at_the_top_of_pages_are_text(load):
    numbers = (3, 8, 11, 12)
    parsed = load(placed_pdf([[(40, 60, f"Rule {number}"), (40, 90, f"It costs {number}.50.")] for number in numbers]))
    assert [one for one in cited(parsed) if one.startswith("Rule")] == [f"Rule {number}" for number in numbers]


def test_a_compound_keeps_the_hyphen_at_which_it_was_divided(load):
    lines = [
        "All self-governing islands met, and two of the most re-",
        "mote were heard first. A vote of the self-",
        "governing islands of the north followed it.",
    ]
    parsed = load(placed_pdf([[(40, 60 + 14 * row, line) for row, line in enumerate(lines)]]))
    assert cited(parsed) == [
        "All self-governing islands met, and two of the most remote were heard first.",
        "A vote of the self-governing islands of the north followed it.",
    ]


def test_a_title_and_an_address_keep_their_lines(load):
    lines = ["Fares of the northern line", "Valid from 1 April", "Harbour office, Quern"]
    text = "The fares hold for one crossing and are paid on board, in coins or by card, before the ferry leaves."
    parsed = load(placed_pdf([[*((40, 60 + 13 * row, line) for row, line in enumerate(lines)), (40, 130, text)]]))
    assert parsed.text.split("\n\n") == ["\n".join(lines), text]


@needs_font
def test_ligatures_are_letters(load):
    parsed = load(placed_pdf([[(40, 60, "The \ufb01rst o\ufb03cer sits on the \ufb02oor.")]], font=str(FONTS[0])))
    assert parsed.text == "The first officer sits on the floor."


@needs_font
@pytest.mark.parametrize("leftward", [False, True])
@pytest.mark.parametrize(
    "lines",
    [
        [
            "מוזיאון העיר",
            "הכניסה עולה 45 שקלים, ו-20 שקלים לילדים.",
            "המוזיאון (החדש) נפתח ב-7 ביוני 1994 על ידי Sara Klein.",
        ],
        [
            "متحف المدينة",
            "سعر الدخول 45 درهما في اليوم.",
            "افتتح المتحف في 7 يونيو 1994 (بعد الترميم) وفيه 3,200 قطعة.",
        ],
    ],
    ids=["hebrew", "arabic"],
)
def test_hebrew_and_arabic_are_read_from_the_right_however_they_are_drawn(load, lines, leftward):
    shown = [get_display(line) for line in lines]
    assert load(displayed_pdf(shown, font=str(FONTS[0]), leftward=leftward)).text.split("\n") == lines


@pytest.mark.parametrize("borders", ["ALL", "NONE", "MINIMAL", "HORIZONTAL_LINES"])
def test_every_row_of_a_table_names_its_columns(load, borders):
    heads = ["Goods", "Price 2024", "Price 2025", "Remark"]
    intro = "All prices are in crowns and hold from 1 March. Orders above 500 crowns are brought free of charge."
    said = cited(load(table_pdf(heads, PRICES, borders=borders, intro=intro)))
    assert said[-3:] == [
        "Goods: Oak board; Price 2024: 12.40; Price 2025: 13.10; Remark: from the valley",
        "Goods: Steel nails; Price 2024: 4.15; Price 2025: 4.60; Remark: galvanised",
        "Goods: Brass hinge; Price 2025: 3.20; Remark: new",
    ]


@pytest.mark.parametrize("borders", ["ALL", "NONE"])
def test_a_cell_of_several_lines_belongs_to_its_row(load, borders):
    remark = "planed on both sides, packed in bundles of ten and brought on Mondays only"
    rows = [["Oak board", "12.40", "dry"], ["Pine board", "8.20", remark], ["Steel nails", "4.15", "galvanised"]]
    parsed = load(table_pdf(["Goods", "Price", "Remark"], rows, borders=borders))
    assert f"Goods: Pine board; Price: 8.20; Remark: {remark}" in cited(parsed)


def test_two_columns_without_heads_name_each_other(load):
    rows = [["Chair", "Oriane Feld"], ["Seat", "Quern"], ["Founded", "1912"], ["Members", "212"]]
    parsed = load(table_pdf([], rows, bold_heads=False))
    assert parsed.text.split("\n\n")[-4:] == ["Chair: Oriane Feld", "Seat: Quern", "Founded: 1912", "Members: 212"]


def test_a_table_that_goes_on_over_pages_keeps_its_heads(load):
    pages = []
    for page in range(3):
        cells = [[f"Mill lane {10 * page + row}", str(200 + row), "Friday"] for row in range(12)]
        rows = ([["Street", "Bins", "Day"]] if page == 0 else []) + cells
        words = [(40 + 150 * at, 60 + 20 * row, cell) for row, line in enumerate(rows) for at, cell in enumerate(line)]
        pages.append([(40, 25, "Waste office"), (500, 25, f"sheet {page + 1}"), *words])
    said = cited(load(placed_pdf(pages)))
    assert len(said) == 36
    assert said[20] == "Street: Mill lane 18; Bins: 208; Day: Friday"


def test_heads_that_a_table_repeats_on_every_page_are_no_running_heads(load):
    rows = [["Street", "Bins", "Day"], ["Mill lane", "120", "Friday"], ["Kiln road", "80", "Monday"]]
    page = [(40 + 150 * at, 60 + 20 * row, cell) for row, line in enumerate(rows) for at, cell in enumerate(line)]
    said = cited(load(placed_pdf([page] * 4)))
    assert said == ["Street: Mill lane; Bins: 120; Day: Friday", "Street: Kiln road; Bins: 80; Day: Monday"] * 4


def test_a_font_that_does_not_say_its_characters_is_refused_with_a_reason(load):
    names = b" ".join(b"/g%d" % number for number in range(1, 16))
    drawings = b" ".join(b"/g%d 6 0 R" % number for number in range(1, 16))
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 700] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 1 /LastChar 15"
        b" /Widths [" + b"500 " * 15 + b"] /Encoding << /Type /Encoding /Differences [1 " + names + b"] >>"
        b" /CharProcs << " + drawings + b" >> /Resources << >> >>"
    )
    content = raw_pdf(b"BT /F1 12 Tf 72 700 Td <0102030405060708090A0B0C0D0E0F> Tj ET")
    content = content.replace(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", font)
    glyph = b"<< /Length 39 >>\nstream\n500 0 0 0 500 700 d1 0 0 400 600 re f\nendstream"
    with pytest.raises(FileRefused, match="which characters") as refused:
        load(with_object(content, 6, glyph))
    assert refused.value.code == "no_text"


def test_heads_that_were_broken_over_lines_are_whole() -> None:
    rows = [["Kiln", "Price,", "Heat,"], ["", "crowns", "degrees"], ["Raku", "40", "980"], ["Salt", "75", "1,280"]]
    table = Table([Row(cells, 10.0 * n, [None] * 3) for n, cells in enumerate(rows)])
    lines, heads = lines_of(table, None)
    assert heads == ["Kiln", "Price, crowns", "Heat, degrees"]
    assert lines[0] == "Kiln: Raku; Price, crowns: 40; Heat, degrees: 980"


def test_a_table_with_a_wide_gap_is_one_table() -> None:
    left = _table([["Kiln", ""], ["Raku", ""], ["Salt", ""]], lefts=(50, 215))
    right = _table([["Price", "Heat"], ["40", "980"], ["75", "1,280"]], lefts=(218, 383))
    lower = _table([["Clay", "Weight"], ["Red", "12"], ["White", "9"]], lefts=(218, 383), top=400)
    parts = [left, lower, right]
    extend(parts)
    assert parts == [left, lower] and left.table is not None
    assert lines_of(left.table, None)[0] == ["Kiln: Raku; Price: 40; Heat: 980", "Kiln: Salt; Price: 75; Heat: 1,280"]


def _table(rows: list[list[str]], *, lefts: tuple[float, float], top: float = 100) -> Part:
    made = [
        Row(cells, top + 15 * n, [(left, top + 15 * n - 5, left + 90, top + 15 * n + 5) for left in lefts])
        for n, cells in enumerate(rows)
    ]
    return Part("table", "", Box(lefts[0], top - 5, lefts[1] + 90, top + 40), table=Table(made))
