"""Ordinary files of every kind: what is in them can be found, with the heads of tables, and what is no text is refused in words."""

import io
import json
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from docx import Document as new_docx
from pptx import Presentation as new_pptx
from pptx.util import Inches

from index.errors import FileRefused
from index.load import UNREAD, parse_file
from index.load.rows import row_lines
from index.values import ParsedFile

ROWS = [["Berth", "Depth (m)", "Crane"], ["North", "7.5", "yes"], ["South", "5", "no"]]
HEADED = "Berth: North; Depth (m): 7.5; Crane: yes"


def parsed(folder: Path, name: str, content: bytes | str) -> ParsedFile:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return parse_file(file, name, max_bytes=5_000_000)


def zipped(parts: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def docx_bytes() -> bytes:
    document = new_docx()
    document.add_paragraph("Berths of the harbour")
    table = document.add_table(rows=3, cols=3)
    for row, cells in zip(table.rows, ROWS, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def pptx_bytes() -> bytes:
    presentation = new_pptx()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Berths"
    table = slide.shapes.add_table(3, 3, Inches(1), Inches(2), Inches(5), Inches(2)).table
    for row, cells in enumerate(ROWS):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    slide.notes_slide.notes_text_frame.text = "Say that the crane is new."
    stream = io.BytesIO()
    presentation.save(stream)
    return stream.getvalue()


def xlsx_bytes(sheets: dict[str, list[list[str]]]) -> bytes:
    """The least that a workbook needs, with its text in the cells."""
    names = list(sheets)
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for n in range(1, len(names) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{kinds}</Types>',
        "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="s{n}"/>' for n, name in enumerate(names, start=1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="s{n}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        + "</Relationships>",
    }
    for n, rows in enumerate(sheets.values(), start=1):
        cells = "".join(
            f'<row r="{r}">'
            + "".join(
                f'<c r="{chr(64 + c)}{r}" t="inlineStr"><is><t>{text}</t></is></c>'
                for c, text in enumerate(row, start=1)
            )
            + "</row>"
            for r, row in enumerate(rows, start=1)
        )
        parts[f"xl/worksheets/sheet{n}.xml"] = (
            f'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'
        )
    return zipped(parts)


ODF = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'


def odf_bytes(kind: str, body: str) -> bytes:
    content = f'<?xml version="1.0"?><office:document-content {ODF}><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>'
    return zipped({"mimetype": "", "content.xml": content, "META-INF/manifest.xml": "<m/>"})


ODF_TABLE = (
    "<table:table>"
    + "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in ROWS
    )
    + "</table:table>"
)
HTML_TABLE = (
    "<table>" + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS) + "</table>"
)
MARKDOWN_TABLE = "| Berth | Depth (m) | Crane |\n|---|---:|---|\n| North | 7.5 | yes |\n| South | 5 | no |\n"

FORMATS: dict[str, tuple[bytes | str, str]] = {
    "berths.docx": (docx_bytes(), HEADED),
    "berths.pptx": (pptx_bytes(), HEADED),
    "berths.xlsx": (xlsx_bytes({"Berths": ROWS}), HEADED),
    "two.xlsx": (xlsx_bytes({"Berths": ROWS, "Fees": [["Ship", "Fee"], ["Tug", "40"]]}), "Fees, row 2: Ship: Tug; Fee: 40"),
    "berths.odt": (odf_bytes("text", f"<text:h>Berths</text:h><text:p>Two of them.</text:p>{ODF_TABLE}"), HEADED),
    "berths.odp": (odf_bytes("presentation", f"<draw:page><text:p>The crane is new.</text:p>{ODF_TABLE}</draw:page>"), HEADED),
    "berths.html": (f"<html><body><h1>Berths</h1><p>There are two.</p>{HTML_TABLE}</body></html>", HEADED),
    "berths.md": (f"# Berths\n\nThere are two.\n\n{MARKDOWN_TABLE}\nNorth is the deeper one.\n", HEADED),
    "berths.csv": ("Berth;Depth (m);Crane\nNorth;7,5;yes\n", "Berth: North; Depth (m): 7,5; Crane: yes"),
    "berths.rtf": ("{\\rtf1\\ansi The crane at berth North is new.\\par}", "The crane at berth North is new."),
    "berths.json": (json.dumps({"berths": [{"name": "North", "depth": 7.5}], "port": {"open": True}}), "berths[1]: name: North; depth: 7.5\nport.open: true"),
    "berths.jsonl": ('{"name": "North"}\n{"name": "South"}\n', "[2]: name: South"),
    "berths.yaml": ("port:\n  harbour master:\n    phone: 4411\n", "port.harbour master.phone: 4411"),
    "berths.toml": ("[crane]\nlift_tonnes = 12\n", "crane.lift_tonnes: 12"),
    "berths.xml": ("<port><berth name='North'><depth>7.5</depth></berth></port>", "port.berth.depth: 7.5"),
    "berths.ipynb": (json.dumps({"cells": [{"source": ["depth = 7.5\n"], "outputs": [{"text": ["deep enough"]}]}]}), "deep enough"),
    "berths.py": ("# The harbour's depth.\nDEPTH = 7.5\n", "DEPTH = 7.5"),
    "server.log": ("2025-05-01 10:00:01 ERROR crane stopped\n", "crane stopped"),
    "berths.rst": ("Berths\n======\n\nTwo berths are open.\n", "Two berths are open."),
    "berths.adoc": ("= Berths\n\nTwo berths are open.\n", "Two berths are open."),
    "berths.org": ("* Berths\nTwo berths are open.\n", "Two berths are open."),
    "berths.tex": ("\\section{Berths} Two berths are open.\n", "Two berths are open."),
    "film.srt": ("1\n00:00:01,000 --> 00:00:04,000\nThe crane is new.\n", "The crane is new."),
    "film.vtt": ("WEBVTT\n\n00:01.000 --> 00:04.000\nThe crane is new.\n", "The crane is new."),
    "closing.ics": ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Harbour closed\nEND:VEVENT\nEND:VCALENDAR\n", "Harbour closed"),
    "README": ("Two berths are open.\n", "Two berths are open."),
    "settings.ini": ("[crane]\nlift = 12\n", "lift = 12"),
    "harbour.sql": ("SELECT depth FROM berths;\n", "SELECT depth FROM berths;"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_ordinary_file_is_read(name: str, tmp_path: Path) -> None:
    content, held = FORMATS[name]
    document = parsed(tmp_path, name, content)
    assert held in document.text
    at = document.text.index(held)
    assert any(span.start <= at and at + len(held) <= span.end for span in document.body)


@pytest.mark.parametrize("suffix", sorted(UNREAD))
def test_what_is_no_text_is_refused_in_words(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        parsed(tmp_path, f"file{suffix}", b"anything")
    assert refused.value.code == "bad_type" and suffix in str(refused.value)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(50), b"MZ" + bytes(200), bytes(range(256)) * 4])
def test_an_unknown_suffix_is_judged_by_its_content(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        parsed(tmp_path, "file.xyz", content)
    assert refused.value.code == "bad_type"


def test_a_private_key_is_never_indexed(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        parsed(tmp_path, "id_host", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n")
    assert refused.value.code == "hidden"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"PK\x03\x04broken", "parse_error"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted"),
        ("a.json", b"{", "parse_error"),
        ("a.yaml", b"a: &x [1]\nb: [*x, *x]\n", "parse_error"),
        ("a.toml", b"= 3", "parse_error"),
        ("a.xml", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "parse_error"),
        ("a.xml", b"<a>" * 100 + b"</a>" * 100, "too_complex"),
        ("a.json", b"[" * 90 + b"]" * 90, "too_complex"),
        ("a.rtf", b"no rich text", "bad_type"),
        ("a.mbox", b"no mailbox", "bad_type"),
        ("a.odt", zipped({"content.xml": "<a/>"}), "parse_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_broken_or_hostile_file_is_refused(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        parsed(tmp_path, name, content)
    assert refused.value.code == code


def test_a_sheet_of_too_many_columns_is_refused(tmp_path: Path) -> None:
    wide = '<row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c><c r="A1"/></row>'
    content = xlsx_bytes({"Wide": [["a"]]})
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w") as copy:
        for part in source.namelist():
            text = source.read(part).decode()
            copy.writestr(
                part,
                text.replace('<row r="1">', f'{wide}<row r="2">').replace('r="A1" t', 'r="A2" t')
                if "sheet1" in part
                else text,
            )
    with pytest.raises(FileRefused) as refused:
        parsed(tmp_path, "wide.xlsx", stream.getvalue())
    assert refused.value.code == "too_complex"


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Office <office@example.org>", "crew@example.org", "Winch"
    message["Date"] = "Tue, 06 May 2025 09:30:00 +0200"
    message.set_content("The offer is attached.\n\n> an older message\n")
    message.add_attachment("The winch costs 900 crowns.", filename="offer.txt")
    message.add_attachment(docx_bytes(), maintype="application", subtype="octet-stream", filename="berths.docx")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    return message


def test_attachments_are_read_under_their_names(tmp_path: Path) -> None:
    document = parsed(tmp_path, "offer.eml", mail().as_bytes())
    body = "\n".join(document.text[span.start : span.end] for span in document.body)
    assert "Attachment: offer.txt\n\nThe winch costs 900 crowns." in body and HEADED in body
    assert "From: Office <office@example.org>" in body and "To: crew@example.org" in body
    assert any("logo.png" in note and "picture" in note for note in document.notes)
    assert document.provenance.title == "Winch" and "an older message" not in body


def test_a_message_in_messages_is_read_only_so_deep(tmp_path: Path) -> None:
    message = mail()
    for _ in range(5):
        outer = EmailMessage()
        outer["From"], outer["Subject"] = "a@example.org", "Fwd"
        outer.set_content("See below.")
        outer.add_attachment(message)
        message = outer
    document = parsed(tmp_path, "deep.eml", message.as_bytes())
    assert "See below." in document.text and "winch" not in document.text


def test_a_mailbox_is_read_message_by_message(tmp_path: Path) -> None:
    box = b"".join(b"From a@example.org Tue May  6 09:30:00 2025\n" + mail().as_bytes() + b"\n" for _ in range(2))
    document = parsed(tmp_path, "all.mbox", box)
    assert document.text.count("The winch costs 900 crowns.") == 2 and len(document.page_starts) == 2


def test_a_saved_page_is_read_out_of_its_archive(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Saved"
    message.set_content(f"<html><body><h1>Berths</h1><p>There are two.</p>{HTML_TABLE}</body></html>", subtype="html")
    assert HEADED in parsed(tmp_path, "page.mhtml", message.as_bytes()).text


def test_a_consent_banner_is_no_part_of_the_page(tmp_path: Path) -> None:
    banner = (
        "<div class='cookie-banner'><h2>Your privacy</h2><p>"
        + "We and our 77 partners store data. " * 30
        + "</p></div>"
    )
    document = parsed(
        tmp_path, "page.html", f"<html><body>{banner}<h1>Berths</h1><p>Berth North is open again.</p></body></html>"
    )
    assert "77 partners" not in document.text and "Berth North is open again." in document.text


def test_a_table_that_lays_out_a_mail_is_read_as_text(tmp_path: Path) -> None:
    inner = "<table><tr><td>One</td><td>Two</td></tr></table>"
    document = parsed(
        tmp_path,
        "page.html",
        f"<html><body><table><tr><td><p>The crane is new.</p>{inner}</td><td>Menu</td></tr></table></body></html>",
    )
    assert "The crane is new." in document.text and "The crane is new.:" not in document.text


def test_heads_of_two_rows_are_joined_and_rows_without_heads_stay_rows() -> None:
    assert (
        row_lines([["Berth", "Summer", ""], ["", "Day", "Night"], ["North", "40", "60"]])[0]
        == "Berth: North; Summer Day: 40; Summer Night: 60"
    )
    assert row_lines([["1", "2"], ["3", "4"]]) == ["1: 2", "3: 4"]
    assert row_lines([["2023", "2024"], ["3", "4"]]) == ["2023: 2024", "3: 4"]
    assert row_lines([]) == []
