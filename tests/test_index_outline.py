"""Headings, lists and tables, read off the lines of a text."""

from index.outline import MOST_CELLS, MOST_ROWS, outline_of, row_at
from index.sentences import sentence_spans
from index.values import Span

TEXT = """Rules of the boathouse

Kept by the harbour office.

## 2 Boats

2.1 Fees

Boat: Skiff; Seats: 2; Fee: 9
Boat: Cutter; Seats: 8; Fee: 40
Oar: Long; Wood: ash

The fee is due on Friday.

What may I bring?

- A lamp
- Two ropes,
  each of ten metres
- A whistle

Fenders are lent out."""


def words(span: Span) -> str:
    return TEXT[span.start : span.end]


def test_headings_have_levels_and_the_path_above_a_place_holds_them_all() -> None:
    outline = outline_of(TEXT)
    assert [(words(one.heading), one.level) for one in outline.sections] == [
        ("Rules of the boathouse", 1),
        ("2 Boats", 2),
        ("2.1 Fees", 3),
        ("What may I bring?", 6),
    ]
    assert outline.path_at(TEXT.index("The fee is due")) == ("Rules of the boathouse", "2 Boats", "2.1 Fees")
    assert outline.path_at(TEXT.index("Kept by")) == ("Rules of the boathouse",)
    assert outline.is_heading(Span(TEXT.index("2 Boats"), TEXT.index("2 Boats") + 7))
    assert not outline.is_heading(Span(TEXT.index("Fenders"), TEXT.index("Fenders") + 7))


def test_a_list_has_its_lead_and_the_lines_that_go_on_with_an_item() -> None:
    (block,) = outline_of(TEXT).lists
    assert block.lead is not None and words(block.lead) == "What may I bring?"
    assert [words(item) for item in block.items] == ["- A lamp", "- Two ropes,\n  each of ten metres", "- A whistle"]
    assert outline_of(TEXT).list_at(Span(TEXT.index("whistle"), TEXT.index("whistle") + 3)) == block
    assert outline_of(TEXT).list_at(Span(TEXT.index("Fenders"), TEXT.index("Fenders") + 3)) is None


def test_rows_under_other_heads_are_another_table() -> None:
    first, second = outline_of(TEXT).tables
    assert first.heads == ("Boat", "Seats", "Fee") and second.heads == ("Oar", "Wood")
    assert [(cell := row.cell("Fee")) and cell.value for row in first.rows] == ["9", "40"]
    cell = first.rows[1].cells[0]
    assert words(cell.span) == cell.value == "Cutter"


def test_a_line_that_stands_on_every_page_is_no_heading() -> None:
    pages = "\n\n".join(f"Boathouse News - {n}\n\nThe lake was calm on day {n}." for n in range(1, 5))
    assert outline_of(pages).sections == ()


def test_every_row_and_every_marked_heading_is_one_sentence() -> None:
    found = [words(span) for span in sentence_spans(TEXT)]
    assert "Boat: Skiff; Seats: 2; Fee: 9" in found and "## 2 Boats" in found
    years = "1859. The railway came at last. It was late."
    assert [years[s.start : s.end] for s in sentence_spans(years)] == [
        "1859. The railway came at last.",
        "It was late.",
    ]


def test_a_long_table_is_looked_at_around_a_place_and_says_that_it_is_a_part() -> None:
    text = "\n".join(f"Order: {n}; Total: {n}" for n in range(6 * MOST_ROWS))
    place = text.index(f"Order: {3 * MOST_ROWS};")
    table = outline_of(text).table_at(Span(place, place + 5))
    assert table is not None and not table.whole and len(table.rows) == 2 * MOST_ROWS + 1
    assert table.rows[MOST_ROWS].span.start == place
    assert outline_of(TEXT).table_at(Span(TEXT.index("Cutter"), TEXT.index("Cutter") + 1)) == next(
        outline_of(TEXT).tables
    )


def test_a_hundred_thousand_headings_end_in_one_pass() -> None:
    names = [
        chr(97 + n % 26) + chr(97 + n // 26 % 26) + chr(97 + n // 676 % 26) + chr(97 + n // 17576)
        for n in range(100_000)
    ]
    text = "\n\n".join(f"{'#' * (1 + n % 3)} {name}" for n, name in enumerate(names))
    sections = outline_of(text).sections
    assert len(sections) == len(names)
    assert sections[0].body.end == sections[3].heading.start - 2 and sections[1].body.end == sections[0].body.end


def test_a_row_of_thousands_of_cells_is_cut() -> None:
    text = "; ".join(f"h{n}: {n}" for n in range(5_000))
    row = row_at(text, Span(0, len(text)))
    assert row is not None and len(row.cells) == MOST_CELLS


def test_lines_that_nearly_are_rows_are_none() -> None:
    text = "a: b; c\n" * 200_000
    assert list(outline_of(text).tables) == [] and outline_of(text).lists == ()
