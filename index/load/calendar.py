"""Calendars (ics): every appointment and task a line with its heads, as rows of a table are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted
from index.load.limits import check_text
from index.values import Provenance

MOST_ENTRIES = 20_000
_MOST_PEOPLE = 100
_LONGEST = 20_000
_KINDS = ("VEVENT", "VTODO", "VJOURNAL")
_TEXTS = (("SUMMARY", "Summary"), ("LOCATION", "Where"), ("STATUS", "Status"), ("CATEGORIES", "Categories"), ("DESCRIPTION", "Description"))  # fmt: skip


def parse_calendar(content: bytes) -> Extracted:
    check_text(content)
    text, notes = decode(content)
    if not text.lstrip("\ufeff \r\n").upper().startswith("BEGIN:VCALENDAR"):
        raise FileRefused("bad_type", "Its name says calendar, but it does not begin with BEGIN:VCALENDAR.")
    if text.upper().count("\nBEGIN:") > 4 * MOST_ENTRIES:
        raise FileRefused("too_complex", f"It has more than {MOST_ENTRIES:,} entries. Split it.")
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(text.lstrip("\ufeff"), multiple=True)
        entries = [one for calendar in calendars for one in calendar.walk() if one.name in _KINDS]
        if len(entries) > MOST_ENTRIES:
            raise FileRefused(
                "too_complex", f"It has {len(entries):,} entries; {MOST_ENTRIES:,} are allowed. Split it."
            )
        lines = [line for line in ("; ".join(_parts(one)) for one in entries) if line]
        title = next((words for one in calendars if (words := _words(one.get("X-WR-CALNAME")))), None)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise FileRefused("parse_error", f"It is not a readable calendar ({type(error).__name__}).") from error
    if not lines:
        raise FileRefused("no_text", "There is no entry in it.")
    provenance = Provenance(title=title[:300] if title else None)
    return Extracted(tuple(lines), "text/calendar", unit="row", debris=False, provenance=provenance, notes=tuple(notes))


def _parts(entry: Any) -> Iterator[str]:
    """ "Head: value" of what an entry says, in the order in which people tell it."""
    texts = {name: _words(entry.get(name)) for name, _ in _TEXTS}
    if texts["SUMMARY"]:
        yield f"Summary: {texts['SUMMARY']}"
    for name, head in (("DTSTART", "Begins"), ("DTEND", "Ends"), ("DUE", "Due"), ("COMPLETED", "Completed")):
        if when := _when(entry.get(name)):
            yield f"{head}: {when}"
    if repeats := entry.get("RRULE"):
        yield f"Repeats: {_words(repeats.to_ical().decode())}" if hasattr(repeats, "to_ical") else "Repeats: yes"
    for name, head in (("ORGANIZER", "Organizer"), ("ATTENDEE", "Attendees")):
        people = entry.get(name)
        named = [
            _person(one) for one in (people if isinstance(people, list) else [people] if people else [])[:_MOST_PEOPLE]
        ]
        if named:
            yield f"{head}: {', '.join(named)}"
    yield from (f"{head}: {texts[name]}" for name, head in _TEXTS[1:] if texts[name])


def _when(value: Any) -> str:
    """ "2025-11-16", or with the time and the zone that is named."""
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime):
        zone = value.params.get("TZID") or ("UTC" if moment.tzinfo is not None else "")
        return f"{moment:%Y-%m-%d %H:%M} {zone}".rstrip()
    return moment.isoformat() if isinstance(moment, date) else ""


def _person(value: Any) -> str:
    address = _words(str(value).partition(":")[2] or str(value))
    name = _words(getattr(value, "params", {}).get("CN"))
    return f"{name} <{address}>" if name and name != address else address


def _words(value: Any) -> str:
    if hasattr(value, "cats"):
        value = ", ".join(map(str, value.cats))
    elif isinstance(value, list):
        value = ", ".join(map(_words, value))
    return " ".join(str(value or "")[:_LONGEST].split())
