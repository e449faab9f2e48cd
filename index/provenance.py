"""Who says it and since when, as far as the source itself tells. Never from the file's time, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePath

from index.date_words import dates_its_title
from index.dates import dates_in, published
from index.language import ENGLISH
from index.lines import ABOUT, BYLINE, LABELS, NAME, SHARE_BY, Line, date_of, parts
from index.page import Page, headlines_agree, is_prose
from index.values import Provenance, Published

_OUTLET_WORDS = (
    "News|Times|Post|Herald|Tribune|Daily|Gazette|Journal|Press|Express|Observer|Chronicle|Guardian|Telegraph|Mirror|Star|Sun|Mail|Standard|Courier|Globe|Mercury|Examiner"
    "|Register|Dispatch|Bulletin|Review|Monitor|Weekly|Today|TV|Television|Radio|Broadcasting|Magazine|Wire|Newspaper|Sentinel|Inquirer|Ledger|Argus|Echo|Record|Reporter"
)
_OUTLET = re.compile(rf"\b(?:{_OUTLET_WORDS})\b")
_TAIL_NAME = re.compile(
    rf"(?P<name>(?:[^\W\d_a-z][\w.'’&-]*\s+){{1,4}}?(?:{_OUTLET_WORDS})(?:\s+(?:HD|TV|Online|Network|Today|Now|Live|Digital|Daily|Plus|24(?:/7)?|{_OUTLET_WORDS}))*)$"
)
_SEPARATED = re.compile(r"\s+[|–—-]\s+(?P<name>[^|–—]{2,60})$")
_ASKS = re.compile(
    r"\s(?:spoke\s+(?:to|with)|asked|interviewed|sat\s+down\s+with|caught\s+up\s+with|talked\s+(?:to|with))\b"
)
_ASKER = re.compile(rf"(?:^|(?<=[\s\"“‘(]))(?P<name>(?:The\s+)?{NAME})$")
_LONGEST_NAME = 80
_COPYRIGHT = re.compile(
    rf"(?:©|copyright|\(c\))\s*(?:©\s*)?(?:\d{{4}}(?:\s*[-–]\s*\d{{4}})?)?,?\s*(?P<name>(?:The\s+)?{NAME})", re.I
)
_PUBLISHED_IN = re.compile(
    rf"(?:first\s+)?published\s+in\s+(?:the\s+)?(?P<name>(?:The\s+)?{NAME})(?:,|\s+on|\s+in)?\s+(?P<date>.{{4,40}}?)\.?",
    re.I,
)
_DATELINE = re.compile(r"[^\W\d_a-z][^\Wa-z]+(?:[\s,./'-]+[^\W\d_a-z][^\Wa-z]*){0,4}\s*(?:,|:|\(|[-–—])?\s*")
_AFTER_DATE = re.compile(r"\s*(?:\([^)\n]{1,40}\)\s*)?(?:[-–—:)]|\()")
_BY_MACHINE = re.compile(
    r"\b(?:this|the)\s+(?:article|story|post|text|content|summary|report|page|piece)\s+(?:was|is|has\s+been|were)\s+(?:\w+ly\s+|in\s+part\s+)?(?:generated|written|produced|created|drafted|assisted)\b"
    r"[^.]{0,60}\b(?:artificial\s+intelligence|AI|(?:large\s+)?language\s+model|ChatGPT)\b",
    re.I,
)
_VIEWS = re.compile(
    r"(?:the\s+)?(?:views?|opinions?)(?:\s+and\s+opinions?)?\s+expressed\b[^.]{0,80}\b(?:author|writer|own)", re.I
)
_TITLE_LABEL = re.compile(r"(?P<label>opinion|op-ed|editorial|commentary|analysis)\s*[:|]\s+(?P<title>\S.+)", re.I)
_LONGEST_FIELD = 300
_NAME_DATES = (
    re.compile(r"(?<![\d-])(?P<date>(?P<year>\d{4})(?P<mark>[-_.])(?P<month>\d{2})(?:(?P=mark)(?P<day>\d{2}))?)(?![\d]|[-._]\d)"),
    re.compile(r"(?<!\w)(?P<date>(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-3]\d))(?![^\W_])"),
)
_SEARCHED_CHARS = 100_000
_TITLE_LINES = 3
_CLOSING_LINES = 3


def from_front_matter(fields: Mapping[str, object]) -> Provenance:
    """What the fields title, publisher, author, published (or date) and kind say; other fields are ignored."""
    when = fields.get("published", fields.get("date"))
    if isinstance(when, datetime):
        when = when.date()
    stamp = str(when) if isinstance(when, (str, int, date)) and not isinstance(when, bool) else ""
    kind = _field(fields.get("kind"))
    return Provenance(
        title=_field(fields.get("title")),
        publisher=_field(fields.get("publisher")),
        author=_field(fields.get("author", fields.get("authors"))),
        published=published(stamp, "front matter"),
        kind=kind.lower() if kind else None,
    )


def merge(first: Provenance, *others: Provenance) -> Provenance:
    """For each field, the first that says something."""
    merged = first
    for other in others:
        merged = Provenance(
            title=merged.title or other.title,
            publisher=merged.publisher or other.publisher,
            author=merged.author or other.author,
            published=merged.published or other.published,
            kind=merged.kind or other.kind,
        )
    return merged


def from_page(text: str, page: Page, language: str | None = None) -> Provenance:
    """What the lines of a page saved without markup say: headline, byline, date line, share bar, notes at its end."""
    title, outlet = _title(text, page)
    labelled = _TITLE_LABEL.fullmatch(title) if title else None
    if labelled:
        title = labelled.group("title")
    return Provenance(
        title=title,
        publisher=_share_name(page, outlet=True) or outlet or _named_at_end(page) or _interviewer(text),
        author=_author(page),
        published=_published(page, language),
        kind=_kind(page) or (LABELS.get(labelled.group("label").lower()) if labelled else None),
    )


def from_file_name(name: str, language: str | None = None) -> Provenance:
    """The last resort: a date at either end of the name, and the rest as title when it is words."""
    stem = PurePath(name).stem
    dated = _date_in_name(stem, language)
    words = (stem.replace(dated[0], "", 1) if dated else stem).replace("_", " ").replace("-", " ")
    words = " ".join(words.split())
    readable = bool(re.fullmatch(r"[^\W\d_][^\d]*(?:\d{1,4}[^\d]*)?", words)) and len(words) <= _LONGEST_FIELD
    return Provenance(
        title=words if readable else None,
        published=published(dated[1], "file name") if dated else None,
    )


def _date_in_name(stem: str, language: str | None) -> tuple[str, str] | None:
    """A date at either end of a file's name, as it stands there and as it is read: 2025-03-05, 20250305, 5-march-2025."""
    for digits in _NAME_DATES:
        if match := digits.match(stem) or re.search(f"{digits.pattern}$", stem):
            iso = "-".join(part for part in match.group("year", "month", "day") if part)
            return match.group("date"), iso
    spaced = stem.replace("_", " ").replace("-", " ")
    for start, end, iso, precision in dates_in(spaced, language=language):
        if precision != "year" and (not spaced[:start].strip() or not spaced[end:].strip(" )")):
            return stem[start:end], iso
    return None


def split_site_name(title: str) -> tuple[str, str | None]:
    """A headline without the outlet's name behind a bar or dash, and that name.

    >>> split_site_name("Rain stops play | The Valley Herald")
    ('Rain stops play', 'The Valley Herald')
    """
    match = _SEPARATED.search(title)
    if match and _OUTLET.search(match.group("name")) and len(match.group("name").split()) <= 6:
        return title[: match.start()].rstrip(), match.group("name").strip()
    return title, None


def _field(value: object) -> str | None:
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value if isinstance(item, (str, int)))
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return None
    return " ".join(str(value).split())[:_LONGEST_FIELD] or None


def _title(text: str, page: Page) -> tuple[str | None, str | None]:
    """The headline and, when a page title has the site's name glued to its end, that name."""
    headlines = [line for line in page.header if line.role in ("title", "kicker")]
    title = next((re.sub(r"^#{1,6}\s+", "", line.text) for line in headlines if line.role == "title"), None)
    if title is None:
        return None, None
    separated, outlet = split_site_name(title)
    if outlet:
        return separated, outlet
    if len(headlines) >= 2 and headlines_agree(headlines[0].text, headlines[1].text) and headlines[0].role == "title":
        return _unglued(title, text[headlines[0].span.end : _SEARCHED_CHARS])
    return title, None


def _unglued(title: str, rest: str) -> tuple[str, str | None]:
    """Cut an outlet's name that follows a headline without any mark between them.

    Two headlines of one story stand at the top of the page; what only the first has at its end, in capitals and with a word
    that outlets call themselves by, is no part of the story. A word that the rest of the page uses belongs to the headline.
    """
    match = _TAIL_NAME.search(title)
    if match is None:
        return title, None
    words = match.group("name").split()
    known = {word.lower() for word in re.findall(r"\w+", rest)}
    while words and not _OUTLET.fullmatch(words[0]) and words[0].lower() in known and words[0] != "The":
        words.pop(0)
    if not words or _OUTLET.fullmatch(words[0]) or words == ["The"]:
        return title, None
    name = " ".join(words)
    return title[: len(title) - len(name)].rstrip(" |–—-"), name


def _share_name(page: Page, *, outlet: bool) -> str | None:
    """The name on a share bar: a site's when it is one word or names an outlet, else a person's."""
    for line in page.header:
        if match := SHARE_BY.fullmatch(line.text.strip("-*• ")):
            name = match.group("name")
            if re.fullmatch(r"(?i)facebook|twitter|x|whatsapp|linkedin|telegram|this.*", name):
                continue
            if (len(name.split()) == 1 or bool(_OUTLET.search(name))) == outlet:
                return name
    return None


def _author(page: Page) -> str | None:
    for line in page.header:
        for part in parts(line.text):
            if line.role == "byline" and (match := BYLINE.fullmatch(part)):
                return _named(match.group("name"))
    for line in page.tail():
        if match := ABOUT.fullmatch(line.text):
            return _named(match.group("name"))
    return _share_name(page, outlet=False)


def _named(name: str) -> str:
    joined = " ".join(name.split())
    return joined.title() if joined.isupper() and len(joined) > 4 else joined


def _published(page: Page, language: str | None) -> Published | None:
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
        if (match := _PUBLISHED_IN.fullmatch(line.text)) and (found := published(match.group("date"), "dateline")):
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
            title = re.sub(r"^#{1,6}\s+", "", line.text)[:_LONGEST_FIELD]
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


def _named_at_end(page: Page) -> str | None:
    for line in page.tail():
        match = _PUBLISHED_IN.fullmatch(line.text)
        if match and published(match.group("date"), "dateline"):
            return match.group("name")
        match = _COPYRIGHT.match(line.text) if line.role == "form" else None
        if match and _OUTLET.search(match.group("name")):
            return match.group("name").rstrip(".")
    return None


def _interviewer(text: str) -> str | None:
    """The outlet that asks the questions in the text: named in full once, and asking at least twice, also by its initials.

    A report may say what another outlet was told; only an outlet's own piece has the outlet ask again and again.
    """
    searched = text[:_SEARCHED_CHARS]
    before = (searched[max(0, match.start() - _LONGEST_NAME) : match.start()] for match in _ASKS.finditer(searched))
    asked = [" ".join(match.group("name").split()) for words in before if (match := _ASKER.search(words))]
    for name in asked:
        words = name.split()
        if len(words) < 2 or not _OUTLET.search(name):
            continue
        initials = {"".join(word[0] for word in words if word[0].isupper()), "".join(word[0] for word in words).upper()}
        if sum(1 for other in asked if other == name or other in initials) >= 2:
            return name
    return None


def _kind(page: Page) -> str | None:
    ends = [*page.lines[: len(page.header) + 2], *page.tail()]
    if any(_BY_MACHINE.search(line.text[:600]) for line in ends if line.role == "disclaimer"):
        return "machine-assisted"
    for line in page.header:
        for part in parts(line.text):
            if line.role == "label" and part.lower() in LABELS:
                return LABELS[part.lower()]
    if any(_VIEWS.match(line.text.strip("([*_ ")) for line in ends if line.role == "disclaimer"):
        return "opinion"
    return None
