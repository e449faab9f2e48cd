import pytest

from index.errors import FileRefused
from index.load import parse_file
from tests.documents import FIRST, SECOND, pdf_bytes, raw_pdf


def load(folder, content, name="a.pdf"):
    path = folder / "content"
    path.write_bytes(content)
    return parse_file(path, name, max_bytes=10_000_000)


def refusal(folder, content):
    with pytest.raises(FileRefused) as refused:
        load(folder, content)
    return refused.value.code


def test_every_page_begins_where_it_says(tmp_path):
    parsed = load(tmp_path, pdf_bytes([FIRST, "", SECOND]))
    assert len(parsed.page_starts) == 3
    first, _, third = parsed.page_starts
    assert parsed.text[first:].replace("\n", " ").startswith(FIRST)
    assert parsed.text[third:].replace("\n", " ").startswith(SECOND)
    assert "1 of 3 pages hold no text" in parsed.notes


def test_a_scan_without_text_is_no_text(tmp_path):
    assert refusal(tmp_path, pdf_bytes(["", ""])) == "no_text"


def test_a_password_is_needed_so_it_is_encrypted(tmp_path):
    assert refusal(tmp_path, pdf_bytes([FIRST], password="secret")) == "encrypted"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_is_a_parse_error(tmp_path, share):
    content = pdf_bytes([FIRST, SECOND])
    assert refusal(tmp_path, content[: int(len(content) * share)]) == "parse_error"


def test_garbage_between_head_and_end_mark_is_a_parse_error(tmp_path):
    assert refusal(tmp_path, b"%PDF-1.7\n" + b"garbage " * 100 + b"\n%%EOF\n") == "parse_error"
    assert refusal(tmp_path, b"%PDF-1.7\ntrailer << /Size 999999999 >>\n%%EOF\n") == "parse_error"


def test_properties_name_title_and_author_but_no_date(tmp_path):
    said = load(tmp_path, pdf_bytes([FIRST], title="Ferry plan", author="Ann Lee")).provenance
    assert (said.title, said.author, said.published) == ("Ferry plan", "Ann Lee", None)


def test_a_title_that_is_a_word_processors_is_not_used(tmp_path):
    assert (
        load(tmp_path, pdf_bytes([FIRST], title="Microsoft Word - draft3.doc"), "ferry plan.pdf").provenance.title
        == "ferry plan"
    )


def test_too_many_pages_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("index.load.pdf.MAX_PAGES", 2)
    assert refusal(tmp_path, pdf_bytes([FIRST] * 3)) == "too_complex"


def test_a_hand_written_page_is_read(tmp_path):
    assert "Ferry" in load(tmp_path, raw_pdf(b"BT /F1 12 Tf 72 700 Td (Ferry at noon) Tj ET")).text


def test_a_page_that_does_not_say_its_size_is_read(tmp_path):
    content = raw_pdf(b"BT /F1 12 Tf 72 700 Td (Ferry at noon) Tj ET").replace(b"/MediaBox [0 0 612 792]", b"")
    assert "Ferry" in load(tmp_path, content).text


def test_d6_words_that_no_reader_of_the_page_sees_are_left_out_and_said_so(tmp_path):
    """Off the page or too small to read; properties, notes and comments of a PDF are not its text."""
    tiny = b"BT /F1 1 Tf 72 600 Td (TINY) Tj ET BT 0.1 0 0 0.1 72 400 Tm /F1 12 Tf (TINY) Tj ET"
    off = b"BT /F1 12 Tf 5000 600 Td (OFF) Tj ET BT /F1 12 Tf 72 -500 Td (OFF) Tj ET"
    shown = b"BT /F1 12 Tf 72 700 Td (The ferry goes at noon.) Tj ET %s BT 12 0 0 12 72 300 Tm /F1 1 Tf (It is back at three.) Tj ET"
    note = b"/Annots [<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (NOTE) >>]"
    parsed = load(tmp_path, raw_pdf(shown % (tiny + off)).replace(b"/MediaBox", note + b" /MediaBox"))
    assert (
        "\n".join(line for line in parsed.text.splitlines() if line) == "The ferry goes at noon.\nIt is back at three."
    )
    assert parsed.notes == ("left out 11 characters too small to read",)


def test_d6_a_page_that_seems_hidden_as_a_whole_is_read(tmp_path):
    """Some programs write sizes that only they understand: nothing is lost by them."""
    parsed = load(tmp_path, raw_pdf(b"BT /F1 1 Tf 72 700 Td (The ferry goes at noon.) Tj ET"))
    assert (parsed.text, parsed.notes) == ("The ferry goes at noon.", ())
