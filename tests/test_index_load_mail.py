import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.values import Published
from tests.documents import FIRST, SECOND, mail_bytes


def load(folder, content):
    path = folder / "content"
    path.write_bytes(content)
    return parse_file(path, "a.eml", max_bytes=25_000_000)


def body_of(parsed):
    return "\n".join(parsed.text[span.start : span.end] for span in parsed.body)


def test_a_message_says_who_wrote_when_about_what(tmp_path):
    said = load(tmp_path, mail_bytes(FIRST)).provenance
    assert (said.title, said.author, said.published) == (
        "The ferry – again",
        "Ann Lée",
        Published("2025-11-10", "day", "header"),
    )


def test_plain_text_is_preferred_and_attachments_are_named(tmp_path):
    parsed = load(tmp_path, mail_bytes(FIRST, html=f"<p>{SECOND}</p>", attachment=b"\x00\x01"))
    assert body_of(parsed).replace("\n", " ").endswith(FIRST) and SECOND not in parsed.text
    (note,) = parsed.notes
    assert note.startswith("attachment ") and "not read" in note


def test_a_message_in_html_alone_is_read_without_what_is_hidden(tmp_path):
    head = b"From: ann@example.org\nSubject: x\nDate: Mon, 10 Nov 2025 09:00:00 +0000\nContent-Type: text/html; charset=utf-8\n\n"
    parsed = load(
        tmp_path, head + f"<html><body><p>{FIRST}</p><p style='display:none'>SECRET</p></body></html>".encode()
    )
    assert FIRST in parsed.text and "SECRET" not in parsed.text


def test_an_older_message_that_is_quoted_is_not_body(tmp_path):
    parsed = load(
        tmp_path, mail_bytes(f"{FIRST}\n\nOn Sunday, Bo Ek wrote:\n> is there a ferry?\n> please say\n\nBest, Ann\n")
    )
    assert "is there a ferry" in parsed.text
    assert "is there a ferry" not in body_of(parsed) and "wrote:" not in body_of(parsed)
    assert body_of(parsed).endswith("Best, Ann")


def test_a_charset_that_is_wrong_or_unknown_loses_no_letter(tmp_path):
    for charset in ("us-ascii", "utf-8", "x-unknown"):
        head = f"From: ann@example.org\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n".encode()
        assert load(tmp_path, head + "naïve café façade".encode("latin-1")).text.endswith("naïve café façade")


def test_a_message_without_text_is_no_text(tmp_path):
    with pytest.raises(FileRefused) as refused:
        load(
            tmp_path,
            b"From: ann@example.org\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
        )
    assert refused.value.code == "no_text"


def test_words_without_headers_are_no_message(tmp_path):
    with pytest.raises(FileRefused) as refused:
        load(tmp_path, b"Dear Ann,\n\nFrom: is not a header here.\n")
    assert refused.value.code == "bad_type"


def test_parts_nested_without_end_are_refused(tmp_path):
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3_000))
    with pytest.raises(FileRefused) as refused:
        load(tmp_path, b"From: ann@example.org\n" + nested + b"Content-Type: text/plain\n\ntext")
    assert refused.value.code in ("too_complex", "parse_error", "no_text")
