import zipfile

import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.load.limits import Archive
from tests.documents import FIRST, SECOND, docx_bytes, pptx_bytes, rewritten, zip_bytes

ENTITY = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def load(folder, content, name="a.docx"):
    path = folder / "content"
    path.write_bytes(content)
    return parse_file(path, name, max_bytes=25_000_000)


def refusal(folder, content, name="a.docx"):
    with pytest.raises(FileRefused) as refused:
        load(folder, content, name)
    return refused.value.code


def document_xml(content):
    import io

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("word/document.xml")


def test_paragraphs_and_tables_come_in_their_order(tmp_path):
    parsed = load(
        tmp_path,
        docx_bytes([FIRST, SECOND], table=[["Boat", "Engine"], ["Tern", "new"]], title="Ferry plan", author="Ann Lee"),
    )
    assert parsed.text == f"{FIRST}\n\n{SECOND}\n\nBoat: Tern; Engine: new"
    assert (parsed.provenance.title, parsed.provenance.author, parsed.provenance.published) == (
        "Ferry plan",
        "Ann Lee",
        None,
    )
    assert parsed.page_starts == ()


def test_hidden_words_are_not_read(tmp_path):
    from io import BytesIO

    from docx import Document

    document = Document()
    paragraph = document.add_paragraph(FIRST)
    paragraph.add_run(" SECRET").font.hidden = True
    buffer = BytesIO()
    document.save(buffer)
    assert load(tmp_path, buffer.getvalue()).text == FIRST


def test_a_document_without_words_is_no_text(tmp_path):
    assert refusal(tmp_path, docx_bytes([""])) == "no_text"


def test_slides_are_pages_and_notes_are_read(tmp_path):
    parsed = load(
        tmp_path, pptx_bytes([("Ferry plan", FIRST, None), ("Boats", SECOND, "Ask about the pier.")]), "a.pptx"
    )
    assert len(parsed.page_starts) == 2
    assert parsed.text[parsed.page_starts[1] :] == f"Boats\n\n{SECOND}\n\nAsk about the pier."
    assert parsed.provenance.title == "Ferry plan"


def test_an_archive_that_says_it_is_huge_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("an entry was unpacked")

    content = rewritten(docx_bytes([FIRST]), {"word/bomb.xml": bytes(201_000_000)})
    assert len(content) < 1_000_000
    monkeypatch.setattr(Archive, "read", refuse)
    assert refusal(tmp_path, content) == "too_complex"


def test_an_archive_that_lies_about_its_size_is_stopped_while_it_is_unpacked(tmp_path, monkeypatch):
    honest = rewritten(docx_bytes([FIRST]), {"word/bomb.bin": bytes(30_000_000)})
    size, claimed = (30_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    lying = honest.replace(size, claimed)
    assert lying != honest
    assert refusal(tmp_path, lying) in ("parse_error", "too_complex")


def test_entries_together_are_counted_while_they_are_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("index.load.limits.MAX_ARCHIVE_BYTES", 50_000)
    content = rewritten(docx_bytes([FIRST]), {})
    archive_bytes = 60_000
    assert (
        refusal(tmp_path, rewritten(content, {"word/more.xml": b"<a>" + b"x" * archive_bytes + b"</a>"}))
        == "too_complex"
    )


def test_a_ratio_beyond_what_text_reaches_is_refused(tmp_path):
    assert refusal(tmp_path, rewritten(docx_bytes([FIRST]), {"word/media/x.xml": bytes(20_000_000)})) == "too_complex"


def test_too_many_entries_are_refused(tmp_path):
    assert (
        refusal(tmp_path, rewritten(docx_bytes([FIRST]), {f"word/{number}.xml": b"<a/>" for number in range(2_100)}))
        == "too_complex"
    )


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "..\\x", "C:\\x", "C:x"])
def test_names_that_lead_out_of_the_archive_are_refused(tmp_path, name):
    assert refusal(tmp_path, rewritten(docx_bytes([FIRST]), {name: b"x"})) == "parse_error"


def test_a_link_in_the_archive_is_refused(tmp_path):
    link = zipfile.ZipInfo("word/link")
    link.external_attr = 0o120777 << 16
    import io

    buffer = io.BytesIO(docx_bytes([FIRST]))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal(tmp_path, buffer.getvalue()) == "parse_error"


def test_external_entities_are_refused_and_their_file_never_appears(tmp_path):
    content = docx_bytes([FIRST])
    xml = document_xml(content)
    hostile = ENTITY + xml[xml.index(b"?>") + 2 :].replace(FIRST.encode(), b"&x;")
    assert refusal(tmp_path, rewritten(content, {"word/document.xml": hostile})) == "parse_error"
    wide = hostile.decode().replace('version="1.0"', 'version="1.0" encoding="UTF-16"').encode("utf-16")
    assert refusal(tmp_path, rewritten(content, {"word/document.xml": wide})) == "parse_error"


def test_entities_that_multiply_are_refused(tmp_path):
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY %c "&%c;&%c;">' % (98 + n, 97 + n, 97 + n) for n in range(20))
        + b"]>"
    )
    content = docx_bytes([FIRST])
    xml = document_xml(content)
    assert (
        refusal(tmp_path, rewritten(content, {"word/document.xml": laughs + xml[xml.index(b"?>") + 2 :]}))
        == "parse_error"
    )


@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_an_archive_cut_off_is_a_parse_error(tmp_path, share):
    content = docx_bytes([FIRST])
    assert refusal(tmp_path, content[: int(len(content) * share)]) == "parse_error"


def test_xml_that_is_broken_or_too_deep_is_refused(tmp_path):
    content = docx_bytes([FIRST])
    assert refusal(tmp_path, rewritten(content, {"word/document.xml": b"<w:document"})) == "parse_error"
    assert refusal(tmp_path, rewritten(content, {"word/document.xml": b"<a>" * 100_000})) in (
        "parse_error",
        "too_complex",
    )


def test_an_archive_of_another_kind_is_refused(tmp_path):
    assert refusal(tmp_path, zip_bytes({"a.txt": b"text"})) == "bad_type"
    assert refusal(tmp_path, docx_bytes([FIRST]), "a.pptx") == "bad_type"
    assert refusal(tmp_path, docx_bytes([FIRST]), "a.epub") == "bad_type"
    assert refusal(tmp_path, b"MZ" + docx_bytes([FIRST])) == "bad_type"


def test_a_document_with_a_password_is_encrypted(tmp_path):
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert refusal(tmp_path, compound) == "encrypted"


def test_encrypted_entries_are_refused(tmp_path):
    content = bytearray(docx_bytes([FIRST]))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = content.index(mark) + (6 if mark == b"PK\x03\x04" else 8)
        content[at] |= 1
    assert refusal(tmp_path, bytes(content)) == "encrypted"
