"""A page of a PDF is drawn with the quoted lines boxed, where they stand on it and nowhere else."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image

from index.directory import DataDirectory
from index.errors import FileRefused, NoOriginal, NoPage, UnknownDocument
from index.load import parse_file
from index.load.pdf.parts import Box, Line
from index.load.pdf.picture import MOST_PIXELS, lines_quoted, page_picture
from index.sandbox import ParserLimits, ParserProcess
from index.values import Document, Span
from tests.fakes import WordHashEmbedder
from tests.storage import split_lines, write

WIDTH, HEIGHT = 400, 600
SENTENCES = [f"The quarry of Lomar sold {number} blocks of stone to the harbour." for number in range(101, 113)]


def drawn(pages: Sequence[Sequence[tuple[float, float, str]]]) -> bytes:
    """A PDF of 400 by 600 points with words at places from the upper left."""
    pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
    pdf.set_auto_page_break(False)
    for page in pages:
        pdf.add_page()
        pdf.set_font("helvetica", size=9)
        for left, top, words in page:
            pdf.text(left, top, words)
    return bytes(pdf.output())


def one_column(count: int = 12) -> list[tuple[float, float, str]]:
    return [(40, 60 + 24 * number, words) for number, words in enumerate(SENTENCES[:count])]


def picture_of(content: bytes, tmp_path: Path, quote: str, page: int = 1) -> Image.Image:
    """The page with the quote boxed that it finds in the text which is stored of the file."""
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    parsed = parse_file(path, "a.pdf", max_bytes=10_000_000)
    starts = (*parsed.page_starts, len(parsed.text))
    text = parsed.text[starts[page - 1] : starts[page]]
    at = text.index(quote)
    return Image.open(io.BytesIO(page_picture(content, page, text, at, at + len(quote))))


def boxed_at(picture: Image.Image, places: Sequence[tuple[float, float]], size: tuple[float, float] = (WIDTH, HEIGHT)):
    """At which of these places, in points, the paper is yellow."""
    scale = picture.width / size[0]
    pixels = [picture.getpixel((round(left * scale), round(top * scale))) for left, top in places]
    return [red > 200 and blue < 235 and red - blue > 15 for red, green, blue in pixels]


def between_lines(count: int = 12) -> list[tuple[float, float]]:
    """A little left of the first letter of every line, within the margin of its box."""
    return [(39.2, 57 + 24 * number) for number in range(count)]


def test_the_line_that_is_quoted_is_boxed_and_no_other(tmp_path: Path) -> None:
    picture = picture_of(drawn([one_column()]), tmp_path, SENTENCES[4])
    assert picture.format == "PNG"
    assert (picture.width, picture.height) == (834, 1250)
    assert boxed_at(picture, between_lines()) == [number == 4 for number in range(12)]


def test_a_quote_over_lines_boxes_each_and_part_of_a_line_its_line(tmp_path: Path) -> None:
    content = drawn(
        [
            [
                (40, 60, "The ferry leaves the pier of Borvik at"),
                (40, 72, "noon and comes back with the evening"),
                (40, 84, "tide on every weekday of the summer."),
            ]
        ]
    )
    picture = picture_of(content, tmp_path, "comes back with the evening tide")
    assert boxed_at(picture, [(39.2, 57), (39.2, 69), (39.2, 81)]) == [False, True, True]


def test_nothing_quoted_is_nothing_boxed(tmp_path: Path) -> None:
    content = drawn([one_column()])
    bare = Image.open(io.BytesIO(page_picture(content, 1, "", 0, 0)))
    strange = Image.open(io.BytesIO(page_picture(content, 1, "Words that are not there.", 0, 25)))
    assert not any(boxed_at(bare, between_lines()))
    assert bare.tobytes() == strange.tobytes()


def test_columns_that_are_drawn_line_by_line_are_boxed_in_their_column(tmp_path: Path) -> None:
    left = [
        "The observatory of Hestia opened its",
        "new dome after nine years of work and",
        "paid 4,120 crowns for the glass of it.",
    ]
    right = [
        "A second telescope will follow when",
        "the council of Lomar has found money",
        "for the road that leads up the hill.",
    ]
    rows = [(40, 60 + 12 * n, a) for n, a in enumerate(left)] + [(230, 60 + 12 * n, b) for n, b in enumerate(right)]
    content = drawn([sorted(rows, key=lambda row: row[1])])
    picture = picture_of(content, tmp_path, "found money for the road")
    assert boxed_at(picture, [(39.2, 57), (39.2, 69), (39.2, 81)]) == [False] * 3
    assert boxed_at(picture, [(229.2, 57), (229.2, 69), (229.2, 81)]) == [False, True, True]


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_turned_page_is_drawn_as_it_is_read(tmp_path: Path, turned: int) -> None:
    document = pypdfium2.PdfDocument(drawn([one_column()]))
    document[0].set_rotation(turned)
    turned_file = io.BytesIO()
    document.save(turned_file)
    picture = Image.open(io.BytesIO(page_picture(turned_file.getvalue(), 1, SENTENCES[4], 0, len(SENTENCES[4]))))
    back = picture.rotate(turned, expand=True)
    assert boxed_at(back, between_lines()) == [number == 4 for number in range(12)]


def test_a_page_of_which_a_part_is_shown_is_boxed_in_that_part(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(drawn([one_column()]))
    document[0].set_cropbox(20, 30, 380, 570)
    cropped = io.BytesIO()
    document.save(cropped)
    picture = Image.open(io.BytesIO(page_picture(cropped.getvalue(), 1, SENTENCES[4], 0, len(SENTENCES[4]))))
    places = [(left - 20, top - 30) for left, top in between_lines()]
    assert boxed_at(picture, places, (360, 540)) == [number == 4 for number in range(12)]


def test_a_page_as_large_as_a_wall_is_drawn_small(tmp_path: Path) -> None:
    pdf = FPDF(unit="pt", format=(14_400, 14_400))
    pdf.add_page()
    picture = Image.open(io.BytesIO(page_picture(bytes(pdf.output()), 1, "", 0, 0)))
    assert picture.width * picture.height <= 1.01 * MOST_PIXELS


def test_only_pages_that_there_are_are_drawn() -> None:
    content = drawn([one_column(), one_column()])
    for number in (0, -1, 3, 10**9):
        with pytest.raises(FileRefused, match="2 pages"):
            page_picture(content, number, "", 0, 0)
    with pytest.raises(FileRefused):
        page_picture(b"no pdf", 1, "", 0, 0)


def test_of_words_that_stand_twice_those_nearest_to_the_quote_are_taken() -> None:
    lines = [
        Line(words, Box(0, n, 1, n + 1)) for n, words in enumerate(["It is so.", "Why? Be-", "cause", "it is so."])
    ]
    text = "It is so. Why? Because it is so."
    assert lines_quoted(lines, text, 0, 9) == lines[:1]
    assert lines_quoted(lines, text, 23, 32) == lines[3:]
    assert lines_quoted(lines, text, 15, 22) == lines[1:3]
    assert lines_quoted(lines, text, 9, 10) == []


def test_a_row_that_is_stored_with_its_heads_boxes_its_cells() -> None:
    cells = ["Town", "Ships", "Tarn", "1,431", "Lomar", "2,207"]
    lines = [Line(words, Box(n % 2, n // 2, n % 2 + 1, n // 2 + 1)) for n, words in enumerate(cells)]
    row = "Town: Lomar | Ships: 2,207"
    assert [line.text for line in lines_quoted(lines, row, 0, len(row))] == ["Town", "Ships", "Lomar", "2,207"]


# A collection


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataDirectory]:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "files").mkdir()
    two = drawn([one_column(6), [(40, 60 + 24 * n, words) for n, words in enumerate(SENTENCES[6:])]])
    (folder / "files" / "a.pdf").write_bytes(two)
    files = write(folder / "files", {"b.txt": "The ferry of Borvik leaves at noon.\n"})
    with DataDirectory.own(folder / "data", splitter=split_lines) as owned:
        owned.collection("default", WordHashEmbedder(), create=True).ingest(files)
        yield owned


def _named(data: DataDirectory, suffix: str) -> Document:
    found = data.collection("default", WordHashEmbedder()).documents()
    return next(one for one in found if one.sources[0].endswith(suffix))


def test_a_collection_draws_the_page_of_a_quote(data: DataDirectory) -> None:
    collection, document = data.collection("default", WordHashEmbedder()), _named(data, ".pdf")
    at = document.text.index(SENTENCES[7])
    quoted = Span(at, at + len(SENTENCES[7]))
    picture = Image.open(io.BytesIO(collection.picture(document.id, 2, quoted)))
    assert boxed_at(picture, between_lines(6)) == [number == 1 for number in range(6)]
    elsewhere = Image.open(io.BytesIO(collection.picture(document.id, 1, quoted)))
    assert not any(boxed_at(elsewhere, between_lines(6)))


def test_a_quote_over_two_pages_is_boxed_on_both(data: DataDirectory) -> None:
    collection, document = data.collection("default", WordHashEmbedder()), _named(data, ".pdf")
    quoted = Span(document.text.index(SENTENCES[5]), document.text.index(SENTENCES[6]) + len(SENTENCES[6]))
    first, second = (Image.open(io.BytesIO(collection.picture(document.id, page, quoted))) for page in (1, 2))
    assert boxed_at(first, between_lines(6)) == [False] * 5 + [True]
    assert boxed_at(second, between_lines(6)) == [True] + [False] * 5


def test_what_cannot_be_drawn_says_why(data: DataDirectory, tmp_path: Path) -> None:
    collection, pdf, text = data.collection("default", WordHashEmbedder()), _named(data, ".pdf"), _named(data, ".txt")
    with pytest.raises(NoPage, match="2 pages; there is no page 3"):
        collection.picture(pdf.id, 3)
    with pytest.raises(NoPage, match=r"text/plain are not drawn"):
        collection.picture(text.id, 1)
    with pytest.raises(UnknownDocument):
        collection.picture("doc_none", 1)


def test_a_page_that_takes_too_long_is_refused_and_the_next_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(drawn([one_column()]))
    with ParserProcess(ParserLimits(wall_s=0.0)) as hasty, pytest.raises(FileRefused, match="longer than 0 s"):
        hasty.picture(path, "application/pdf", 1, "", Span(0, 0))
    with ParserProcess() as process:
        with pytest.raises(FileRefused, match="1 pages"):
            process.picture(path, "application/pdf", 2, "", Span(0, 0))
        picture = process.picture(path, "application/pdf", 1, "", Span(0, 0))
    assert picture == page_picture(path.read_bytes(), 1, "", 0, 0)


def test_where_no_original_is_kept_no_page_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(drawn([one_column()]))
    with DataDirectory.own(tmp_path / "data", splitter=split_lines, keep_originals=False) as owned:
        collection = owned.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {}))
        with pytest.raises(NoOriginal, match="DOSSIER_KEEP_ORIGINALS"):
            collection.picture(collection.documents()[0].id, 1)
