"""Who says it and since when, as far as the source itself tells. Never from the file's time, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePath

from index.dates import published
from index.lines import ABOUT, BYLINE, LABELS, NAME, SHARE_BY, parts
from index.page import Page, headlines_agree
from index.page_dates import PUBLISHED_IN, date_in_name, page_date
from index.values import Provenance

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
_SEARCHED_CHARS = 100_000
FIELDS = frozenset({"title", "publisher", "author", "authors", "published", "date", "kind"})
"""Of front matter: what is provenance; every other field is free metadata."""


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
        published=page_date(page, language),
        kind=_kind(page) or (LABELS.get(labelled.group("label").lower()) if labelled else None),
    )


def from_file_name(name: str, language: str | None = None) -> Provenance:
    """The last resort: a date at either end of the name, and the rest as title when it is words."""
    stem = PurePath(name).stem
    dated = date_in_name(stem, language)
    words = (stem.replace(dated[0], "", 1) if dated else stem).replace("_", " ").replace("-", " ")
    words = " ".join(words.split())
    readable = bool(re.fullmatch(r"[^\W\d_][^\d]*(?:\d{1,4}[^\d]*)?", words)) and len(words) <= _LONGEST_FIELD
    return Provenance(
        title=words if readable else None,
        published=published(dated[1], "file name") if dated else None,
    )


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


def _named_at_end(page: Page) -> str | None:
    for line in page.tail():
        match = PUBLISHED_IN.fullmatch(line.text)
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
