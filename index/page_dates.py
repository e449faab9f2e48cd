"""The day that a page says it is of, or that its file's name tells: read from what stands there, never from the file's time."""

from __future__ import annotations

import re

from index.date_words import dates_its_title
from index.dates import dates_in, published
from index.language import ENGLISH
from index.lines import NAME, Line, date_of, parts
from index.page import Page, is_prose
from index.values import Published

PUBLISHED_IN = re.compile(
    rf"(?:first\s+)?published\s+in\s+(?:the\s+)?(?P<name>(?:The\s+)?{NAME})(?:,|\s+on|\s+in)?\s+(?P<date>.{{4,40}}?)\.?",
    re.I,
)
_DATELINE = re.compile(r"[^\W\d_a-z][^\Wa-z]+(?:[\s,./'-]+[^\W\d_a-z][^\Wa-z]*){0,4}\s*(?:,|:|\(|[-–—])?\s*")
_AFTER_DATE = re.compile(r"\s*(?:\([^)\n]{1,40}\)\s*)?(?:[-–—:)]|\()")
_NAME_DATES = (
    re.compile(
        r"(?<![\d-])(?P<date>(?P<year>\d{4})(?P<mark>[-_.])(?P<month>\d{2})(?:(?P=mark)(?P<day>\d{2}))?)(?![\d]|[-._]\d)"
    ),
    re.compile(r"(?<![^\W_])(?P<date>(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-3]\d))(?![^\W_])"),
)
_TITLE_LINES = 3
_CLOSING_LINES = 3
_LONGEST_TITLE = 300


def page_date(page: Page, language: str | None) -> Published | None:
    """The day that the page says it was published; else from when it is in force, or, as papers of many countries are dated,
    the day of which it tells the state of things. An English page that was updated does not say when it was published.
    """
    since: str | None = None
    for line in page.header:
        if line.role in ("byline", "date", "force", "share", "counter"):
            for part in parts(line.text):
                read = date_of(part, language)
                if read and read[0] not in ("updated", "in force"):
                    return published(read[1], "dateline", language=language)
                if read and (read[0] == "in force" or language not in (None, ENGLISH)):
                    since = since or read[1]
    for line in page.tail():
        if (match := PUBLISHED_IN.fullmatch(line.text)) and (found := published(match.group("date"), "dateline")):
            return found
    first = next((line for line in page.lines[len(page.header) :] if line.role == "text"), None)
    if first and (found := _dateline(first, language)):
        return found
    if since:
        return published(since, "dateline", language=language)
    return _day_of_title(page, language) or (_signed(page, language) if language not in (None, ENGLISH) else None)


def _day_of_title(page: Page, language: str | None) -> Published | None:
    """The day that a headline names at its end: "Board meeting, 21 October 2025"."""
    for line in page.lines[:_TITLE_LINES]:
        if line.role in ("text", "title", "kicker"):
            title = re.sub(r"^#{1,6}\s+", "", line.text)[:_LONGEST_TITLE]
            for start, end, found, precision in dates_in(title, language=language):
                if is_prose(title if language in (None, ENGLISH) else title[:start]):
                    continue
                if precision != "year" and dates_its_title(title[:start], title[start:end], title[end:]):
                    return published(found, "dateline")
    return None


def _signed(page: Page, language: str | None) -> Published | None:
    """The day on one of the last lines, alone or after a place, as letters and notices end in many countries."""
    for line in reversed(page.lines[-_CLOSING_LINES:]):
        read = date_of(line.text, language)
        if read and read[0] in ("", "published"):
            return published(read[1], "dateline")
    return None


def _dateline(line: Line, language: str | None) -> Published | None:
    """A place and a full date in front of the first sentence: "GENEVA, 3 May 2020 (Wire) - The talks ..."."""
    opening = line.text[:120]
    place = _DATELINE.match(opening)
    if place is None:
        return None
    for start, end, found, precision in dates_in(opening, language=language):
        if start == place.end() and precision == "day" and _AFTER_DATE.match(opening, end):
            return published(found, "dateline")
    return None


def date_in_name(stem: str, language: str | None) -> tuple[str, str] | None:
    """A date at either end of a file's name, as it stands there and as it is read: 2025-03-05, 20250305, 5-march-2025.

    In the middle only a whole one counts, and only where the name holds no other.
    """
    for digits in _NAME_DATES:
        whole = [match for match in digits.finditer(stem) if match["day"]]
        inside = whole[0] if len(whole) == 1 else None
        if match := digits.match(stem) or re.search(f"{digits.pattern}$", stem) or inside:
            iso = "-".join(part for part in match.group("year", "month", "day") if part)
            return match.group("date"), iso
    spaced = stem.replace("_", " ").replace("-", " ")
    for start, end, iso, precision in dates_in(spaced, language=language):
        if precision != "year" and (not spaced[:start].strip() or not spaced[end:].strip(" )")):
            return stem[start:end], iso
    return None
