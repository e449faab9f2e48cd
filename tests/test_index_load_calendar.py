"""Calendars: an appointment is a row, with when, where and who."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.values import ParsedFile

EVENT = """BEGIN:VEVENT
UID:1
SUMMARY:Harbour board\\, autumn meeting
DTSTART;TZID=Europe/Berlin:20251021T093000
DTEND;TZID=Europe/Berlin:20251021T110000
LOCATION:Town hall\\, room 4
ORGANIZER;CN=Ilse Brandt:mailto:ilse@tarn.example
ATTENDEE;CN="Weiss, Otto":mailto:otto@tarn.example
ATTENDEE:mailto:board@tarn.example
CATEGORIES:Board,Minutes
RRULE:FREQ=YEARLY
DESCRIPTION:The third boat will be sold.\\nBring the figur
 es of spring.
END:VEVENT
"""
TASK = "BEGIN:VTODO\nUID:2\nSUMMARY:Sell the third boat\nDUE;VALUE=DATE:20251130\nSTATUS:NEEDS-ACTION\nEND:VTODO\n"


def _calendar(*entries: str) -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//\nX-WR-CALNAME:Harbour\n{''.join(entries)}END:VCALENDAR\n"


def _parsed(tmp_path: Path, content: str | bytes) -> ParsedFile:
    path = tmp_path / "content"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return parse_file(path, "a.ics", max_bytes=10_000_000)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_entry_is_a_row_with_its_heads(tmp_path: Path, newline: str) -> None:
    parsed = _parsed(tmp_path, _calendar(EVENT, TASK).replace("\n", newline))
    assert parsed.media_type == "text/calendar" and parsed.provenance.title == "Harbour"
    rows = [parsed.text[one.start : one.end] for one in parsed.body]
    assert rows == [
        "Summary: Harbour board, autumn meeting; Begins: 2025-10-21 09:30 Europe/Berlin; Ends: 2025-10-21 11:00 Europe/Berlin; Repeats: FREQ=YEARLY; "
        "Organizer: Ilse Brandt <ilse@tarn.example>; Attendees: Weiss, Otto <otto@tarn.example>, board@tarn.example; Where: Town hall, room 4; "
        "Categories: Board, Minutes; Description: The third boat will be sold. Bring the figures of spring.",
        "Summary: Sell the third boat; Due: 2025-11-30; Status: NEEDS-ACTION",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [("hello", "bad_type"), ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "no_text"), (b"%PDF-1.4", "bad_type"), ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", None),
     (_calendar(EVENT.replace("20251021T093000", "soon")), None), ("BEGIN:VCALENDAR\n" * 90_000, "too_complex"), (_calendar("END:VEVENT\n"), None)],
)  # fmt: skip
def test_what_is_no_calendar_is_refused_and_nothing_breaks(
    tmp_path: Path, content: str | bytes, code: str | None
) -> None:
    try:
        parsed = _parsed(tmp_path, content)
    except FileRefused as refused:
        assert code in (None, refused.code)
    else:
        assert code is None and parsed.body
