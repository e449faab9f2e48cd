import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.values import Provenance, Published
from tests.documents import FIRST, SECOND, epub_bytes, rewritten, zip_bytes


def load(folder, content):
    path = folder / "content"
    path.write_bytes(content)
    return parse_file(path, "a.epub", max_bytes=25_000_000)


def refusal(folder, content):
    with pytest.raises(FileRefused) as refused:
        load(folder, content)
    return refused.value.code


def test_chapters_come_in_the_order_of_the_spine(tmp_path):
    parsed = load(tmp_path, epub_bytes([f"<h1>One</h1><p>{FIRST}</p>", f"<h1>Two</h1><p>{SECOND}</p>"]))
    assert parsed.text == f"One\n\n{FIRST}\n\nTwo\n\n{SECOND}"
    assert [(span.start, span.end) for span in parsed.body] == [(0, len(parsed.text))]


def test_the_package_says_who_and_when(tmp_path):
    said = load(tmp_path, epub_bytes([f"<p>{FIRST}</p>"])).provenance
    assert said == Provenance("Tides", "Harbour Books", "Ann Lee", Published("2019-04-02", "day", "meta"))


def test_what_is_hidden_is_not_read(tmp_path):
    assert (
        "SECRET"
        not in load(
            tmp_path, epub_bytes([f"<p>{FIRST}</p><p style='display:none'>SECRET</p><script>SECRET</script>"])
        ).text
    )


def test_a_book_without_words_is_no_text(tmp_path):
    assert refusal(tmp_path, epub_bytes(["<p> </p>"])) == "no_text"


def test_a_book_that_declares_entities_is_refused(tmp_path):
    package = '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><package><metadata>&x;</metadata></package>'
    assert refusal(tmp_path, epub_bytes(["<p>x</p>"], package=package)) == "parse_error"


def test_an_entity_in_a_chapter_is_not_read_from_a_file(tmp_path):
    (tmp_path / "private.txt").write_text("SECRET")
    doctype = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{(tmp_path / "private.txt").as_uri()}">]>'
    chapter = f"{doctype}<html><body><p>Before &x; after, and more words.</p></body></html>".encode()
    parsed = load(tmp_path, rewritten(epub_bytes(["<p>x</p>"]), {"OPS/text/c0.xhtml": chapter}))
    assert "SECRET" not in parsed.text
    assert "after, and more words." in parsed.text


def test_a_chapter_that_leads_out_of_the_archive_is_refused(tmp_path):
    package = """<package><manifest><item id="a" href="../../../etc/passwd" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>"""
    assert refusal(tmp_path, epub_bytes(["<p>x</p>"], package=package)) == "parse_error"


def test_a_locked_book_is_encrypted(tmp_path):
    lock = b'<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>'
    assert refusal(tmp_path, rewritten(epub_bytes(["<p>x</p>"]), {"META-INF/encryption.xml": lock})) == "encrypted"


def test_scrambled_fonts_lock_nothing(tmp_path):
    lock = b'<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></EncryptedData></encryption>'
    assert FIRST in load(tmp_path, rewritten(epub_bytes([f"<p>{FIRST}</p>"]), {"META-INF/encryption.xml": lock})).text


def test_another_archive_is_no_book(tmp_path):
    assert (
        refusal(tmp_path, zip_bytes({"mimetype": b"application/zip", "META-INF/container.xml": b"<a/>"})) == "bad_type"
    )
