"""Scans and pictures are read by text recognition and marked so; without it the refusal names the command."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image

from index.directory import DataDirectory
from index.errors import FileRefused
from index.load import ocr, parse_file
from index.sandbox import ParserProcess
from index.values import ParsedFile
from tests.fakes import WordHashEmbedder
from tests.storage import split_lines, write

INSTALLED = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the extra 'ocr' is not installed")
LINES = ("The ferry of Lunde paid 1,207 crowns.", "It sails on Tuesday at 14:30.")


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess() as process:
        yield process


def picture(*lines: str) -> Image.Image:
    """A small page as a scanner sees it: 150 dots to the inch."""
    pdf = FPDF(unit="pt", format=(300, 120))
    pdf.add_page()
    pdf.set_font("times", size=12)
    for place, words in enumerate(lines):
        pdf.text(20, 40 + 18 * place, words)
    drawn: Image.Image = pypdfium2.PdfDocument(bytes(pdf.output()))[0].render(scale=150 / 72).to_pil()
    return drawn


def saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.convert("RGB").save(file, kind)
    return file.getvalue()


def parsed(parser: ParserProcess, folder: Path, name: str, content: bytes) -> ParsedFile:
    (folder / name).write_bytes(content)
    return parser.parse(folder / name, name)


def refused(parser: ParserProcess, folder: Path, name: str, content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        parsed(parser, folder, name, content)
    return caught.value


def scan(*pages: tuple[str, ...], typed: str | None = None) -> bytes:
    """A PDF whose pages are pictures, after a page of type where there is one."""
    pdf = FPDF(unit="pt", format=(300, 120))
    if typed:
        pdf.add_page()
        pdf.set_font("helvetica", size=12)
        pdf.text(20, 40, typed)
    for lines in pages:
        pdf.add_page()
        pdf.image(picture(*lines), 0, 0, w=300)
    return bytes(pdf.output())


@INSTALLED
@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.webp", "WEBP"), ("a.tiff", "TIFF"), ("a.bmp", "BMP")]
)
def test_a_picture_is_read_and_says_that_it_was(parser: ParserProcess, tmp_path: Path, name: str, kind: str) -> None:
    found = parsed(parser, tmp_path, name, saved(picture(*LINES), kind))
    assert found.text.split() == " ".join(LINES).split()
    assert found.media_type == Image.MIME[kind]
    (read,) = found.recognised
    assert (read.start, read.end) == (0, len(found.text))
    assert 0.8 < read.confidence <= 1
    assert found.notes[0].startswith("read 1 page by text recognition (mean confidence ")


@INSTALLED
def test_only_the_pages_of_a_pdf_that_are_pictures_are_recognised(parser: ParserProcess, tmp_path: Path) -> None:
    content = scan(LINES[:1], LINES[1:], typed="The harbour of Tarn reopened on 4 May.")
    found = parsed(parser, tmp_path, "a.pdf", content)
    pages = [
        found.text[start:end].strip()
        for start, end in zip(found.page_starts, [*found.page_starts[1:], None], strict=True)
    ]
    assert pages == ["The harbour of Tarn reopened on 4 May.", *LINES]
    assert [found.text[one.start : one.end] for one in found.recognised] == list(LINES)


@INSTALLED
def test_what_was_recognised_is_kept_with_the_document_and_through_a_correction(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(scan(LINES[:1], typed="The harbour of Tarn reopened on 4 May."))
    with DataDirectory.own(tmp_path / "data", splitter=split_lines) as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        assert collection.ingest(write(tmp_path / "files", {})).refused == ()
        document = collection.documents()[0]
        (read,) = document.recognised
        assert document.text[read.start : read.end] == LINES[0]
        assert document.recognised_at(0, 10) is None
        assert document.recognised_at(read.start, read.start + 5) == read.confidence
        assert collection.document(collection.edit(document.id, title="A report")).recognised == (read,)


@INSTALLED
def test_a_picture_without_words_is_refused(parser: ParserProcess, tmp_path: Path) -> None:
    blank = saved(Image.new("RGB", (200, 100), "white"), "PNG")
    assert "No text was recognised" in str(refused(parser, tmp_path, "a.png", blank))


def _claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))

    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@INSTALLED
def test_a_picture_that_is_too_large_is_refused_before_it_is_unpacked(parser: ParserProcess, tmp_path: Path) -> None:
    why = refused(parser, tmp_path, "a.png", _claims(30_000, 30_000))
    assert (why.code, str(why)) == (
        "too_complex",
        "The picture has 30,000 x 30,000 pixels; 50,000,000 in all are allowed.",
    )


@INSTALLED
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.png", b"no picture", "bad_type"),
        ("a.png", _claims(100, 100), "parse_error"),
        ("a.jpg", b"%PDF-1.4 and so on", "bad_type"),
        ("a.tiff", b"II*\x00\x08\x00\x00\x00", "bad_type"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "bad_type"),
    ],
)
def test_what_is_no_picture_is_refused(
    parser: ParserProcess, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    assert refused(parser, tmp_path, name, content).code in (code, "parse_error")


def test_without_text_recognition_the_refusal_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.load.ocr.find_spec", lambda name: None)
    assert not ocr.is_installed()
    for name, content in (("a.png", saved(picture(*LINES), "PNG")), ("a.pdf", scan(LINES))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileRefused, match=r"pip install 'dossier-rag\[ocr\]'") as caught:
            parse_file(tmp_path / name, name, max_bytes=10_000_000)
        assert caught.value.code == "no_text"
