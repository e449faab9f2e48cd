"""Outlook messages are read as e-mails: head, text, attachments, and what the head says as metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.sandbox import ParserProcess
from index.values import ParsedFile
from tests.documents import FIRST, docx_bytes
from tests.outlook import message_bytes

BODY = "The third boat will be sold before the summer begins."


def _parsed(tmp_path: Path, content: bytes) -> ParsedFile:
    path = tmp_path / "content"
    path.write_bytes(content)
    return parse_file(path, "a.msg", max_bytes=10_000_000)


def test_a_message_is_read_with_head_text_attachments_and_metadata(tmp_path: Path) -> None:
    people = (("Otto Weiss", "otto@tarn.example"), ("The board", "board@tarn.example"))
    content = message_bytes(
        to=people, cc=(("Jørn", "jorn@tarn.example"),), attachments={"figures.docx": docx_bytes([FIRST]), "notes.txt": b"Bring the figures.", "x.exe": b"MZ"}
    )  # fmt: skip
    parsed = _parsed(tmp_path, content)
    assert parsed.media_type == "application/vnd.ms-outlook"
    assert (parsed.provenance.title, parsed.provenance.author) == ("The third boat", "Ilse Brandt")
    assert parsed.provenance.published and parsed.provenance.published.date == "2025-11-16"
    for words in (
        BODY,
        FIRST,
        "Attachment: figures.docx",
        "Bring the figures.",
        "From: Ilse Brandt <ilse@tarn.example>",
    ):
        assert words in parsed.text
    assert parsed.metadata == {
        "from": ("Ilse Brandt <ilse@tarn.example>",),
        "to": ("Otto Weiss <otto@tarn.example>", "The board <board@tarn.example>"),
        "cc": ("Jørn <jorn@tarn.example>",),
        "subject": "The third boat",
        "date": "2025-11-16",
    }
    assert any("x.exe not read" in note for note in parsed.notes)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"body": None, "html": f"<html><body><p>{BODY}</p></body></html>"}, BODY),
        ({"body": BODY * 200}, BODY),
        ({"subject": "Grüße aus 東京"}, "Grüße aus 東京"),
        ({"subject": 'A "quoted"\x00 line\r\nBcc: x@y.example'}, "line Bcc: x@y.example"),
        ({"sender": ("No address", "")}, BODY),
        ({"sent": None}, BODY),
    ],
)
def test_messages_of_other_kinds_keep_every_letter(tmp_path: Path, given: dict[str, Any], words: str) -> None:
    assert words in _parsed(tmp_path, message_bytes(**given)).text


@pytest.mark.parametrize(
    "content",
    [b"hello", message_bytes()[:700], message_bytes()[:8] + b"\0" * 4000, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 200],
)
def test_what_is_no_message_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileRefused):
        _parsed(tmp_path, content)


def test_a_message_is_read_in_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "a.msg"
    path.write_bytes(message_bytes())
    with ParserProcess() as parser:
        assert BODY in parser.parse(path, "a.msg").text


def test_damaged_messages_never_break_the_parser(tmp_path: Path) -> None:
    content = bytearray(message_bytes())
    for at in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[at] ^= 0xFF
        try:
            _parsed(tmp_path, bytes(damaged))
        except FileRefused:
            continue
