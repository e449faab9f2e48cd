"""What a single line of a saved page is: a byline, a date, a share bar, a form, or text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.date_words import label_of
from index.dates import dates_in, parse_date
from index.language import ENGLISH
from index.values import Span

Role = Literal[
    "text",
    "title",
    "kicker",
    "byline",
    "date",
    "force",
    "label",
    "share",
    "counter",
    "mark",
    "form",
    "about",
    "disclaimer",
    "weak",
]
_META_ORDER: tuple[Role, ...] = ("byline", "date", "force", "label", "share", "counter")
META = frozenset(_META_ORDER)
DEBRIS: frozenset[Role] = frozenset({"share", "counter", "mark", "form", "about", "disclaimer"})

_LONGEST_DEBRIS = 220
_LONGEST_DISCLAIMER = 2_000
_LINES_READ = 200
"""Lines from the top on which dates in other languages are looked for: further down they are text anyway."""

NAME = r"(?-i:[^\W\d_a-z][\w.'’-]*(?:\s+(?:(?:de|da|del|van|von|der|den|al|el|bin|ibn|ul|of|on|the|for|and)\s+)*[^\W\d_a-z][\w.'’-]*){0,5})"
_LEAD = re.compile(r"^(?:[-*•·|–—]\s*)+|(?:\s*[|•·])+$")
_PARTS = re.compile(r"\s*[|•·]\s*|\s+[-–—]\s+")

BYLINE = re.compile(
    rf"(?:(?:written|reported|posted|published)\s+by|by|author)\s*:?\s+(?P<name>{NAME}(?:(?:,|\s+and|\s*&)\s+{NAME}){{0,4}})",
    re.I,
)
DATE_LINE = re.compile(
    r"(?P<label>(?:first\s+)?published(?:\s+on)?|posted(?:\s+on)?|(?:last\s+)?(?:updated|revised)(?:\s+on|\s+at)?|(?:dated|issued|released)(?:\s+on)?|(?:publication\s+)?date|date\s+(?:published|of\s+(?:issue|publication))|on)?\s*[:\-–]?\s*(?P<date>\S.*)",
    re.I,
)
FORCE_LINE = re.compile(
    r"(?:effective(?:\s+(?:from|as\s+of|date))?|as\s+(?:of|at)|(?:in\s+force|valid)\s+(?:from|since)|(?:adopted|approved)(?:\s+on)?)\s*[:\-–]?\s*(?P<date>\S.*)",
    re.I,
)
ABOUT = re.compile(rf"about\s+(?P<name>{NAME})\s+\d[\d,]*\s+(?:articles?|posts?|stories)", re.I)
SHARE_BY = re.compile(rf"share\s*[-–—:|]\s*(?P<name>{NAME})", re.I)
LABELS = {
    **dict.fromkeys(
        ("opinion", "op-ed", "oped", "editorial", "editorials", "commentary", "viewpoint", "column", "columns"),
        "opinion",
    ),
    **dict.fromkeys(("analysis", "news analysis", "in-depth analysis"), "analysis"),
}
_NETWORKS = r"(?:facebook|twitter|x|whatsapp|linkedin|reddit|telegram|pinterest|instagram|youtube|messenger|e-?mail|mail|print|sms)"
_COUNTER = re.compile(
    r"\d[\d,.]*\s*[km]?\+?\s+(?:comments?|views?|shares?|likes?|reads?|replies|reactions?|retweets?|claps?|min(?:ute)?s?(?:\s+read)?)"
    r"|(?:comments?|views?|shares?|likes?)\s*[:(]?\s*\d[\d,.]*\s*\)?|(?:estimated\s+)?reading\s+time\s*:?\s*\d+\s*min(?:ute)?s?|no\s+comments?(?:\s+yet)?",
    re.I,
)
_SHARE = re.compile(
    rf"(?:share|tweet|pin|follow|join)\s+(?:this|it|us|on|via|by|with|to)\b(?:[^.?!]{{0,50}})|(?:{_NETWORKS}(?:\s*[,/|]?\s+|\s*[,/|]\s*)){{1,8}}{_NETWORKS}"
    rf"|(?:share|tweet)\s*[-–—:|]\s*\S.{{0,50}}|(?:share|tweet)\s+{_NETWORKS}(?:\s+{_NETWORKS}){{0,8}}|copy\s+(?:the\s+)?link",
    re.I,
)
_FORM = re.compile(
    r"be\s+the\s+first\s+to\s+comment\W*|(?:leave|post|write|add)\s+a\s+(?:reply|comment|response)\b.{0,40}|your\s+e-?mail\s+address\s+will\s+not\s+be\s+published\b.{0,80}"
    r"|required\s+fields\s+are\s+marked.{0,10}|save\s+my\s+name,?\s+e-?mail.{0,120}|notify\s+me\s+of\s+(?:new|follow-?up).{0,60}|(?:post|submit)\s+comment|cancel\s+reply"
    r"|advertisements?|(?:story|article)\s+continues\s+(?:below|after).{0,40}|skip\s+to\s+(?:main\s+)?content|(?:©|copyright\b|\(c\)).{0,150}|all\s+rights\s+reserved\.?"
    r"|(?:subscribe|sign\s+up)\s+(?:to|for)\s.{0,100}(?:newsletter|updates|alerts|channel|inbox).{0,60}|follow\s+us\b.{0,80}|join\s+(?:our|us\s+on)\s.{0,60}(?:channel|group|whatsapp|telegram).{0,30}"
    r"|(?:also|must)\s+read\s*:.{0,180}|read\s+(?:more|also|next)\s*(?:[:…>»].{0,180})?|click\s+here\s+(?:to|for)\s.{0,100}|we\s+use\s+cookies\b.{0,200}|accept\s+(?:all\s+)?cookies",
    re.I,
)
_WEAK = re.compile(
    rf"share|tweet|pin|save|like|follow|listen|copy|home|menu|search|subscribe|log\s?in|sign\s?in|register|comments?|sponsored|ad|ads|related|recommended|more|next|previous|tags?|{_NETWORKS}"
    r"|related\s+(?:articles?|stories|posts?|news)|more\s+(?:from|in|on)\s.{0,40}|(?:next|previous)\s+(?:post|article|story)|you\s+may\s+also\s+like|tags?\s*:.{0,120}|name|website|powered\s+by\s.{0,40}",
    re.I,
)
_MARK = re.compile(r"[\W_]{1,12}")
_DISCLAIMER = re.compile(
    r"[(\[*_]{0,3}(?:disclaimer\b\s*[:.–—-]|(?:the\s+)?(?:views?|opinions?)(?:\s+and\s+opinions?)?\s+expressed\b|(?:note|editor[’']?s\s+note)\s*:.{0,60}\b(?:artificial\s+intelligence|AI)\b"
    r"|this\s+(?:article|story|post|text|content|summary|report|page)\s+(?:was|is|has\s+been)\s+(?:partly\s+|partially\s+)?(?:generated|written|produced|created|drafted)\b.{0,60}\b(?:artificial\s+intelligence|AI|language\s+model|ChatGPT)\b)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank: its span without surrounding white space, and what it is on the page."""

    span: Span
    text: str
    role: Role
    blank_before: bool


def lines_of(text: str, at: int, language: str | None = None) -> Iterator[Line]:
    """The lines of `text[at:]` that are not blank, each by what it says alone."""
    blank = True
    count = 0
    while at <= len(text):
        newline = text.find("\n", at)
        stop = len(text) if newline < 0 else newline
        stripped = text[at:stop].strip()
        if stripped:
            start = at + len(text[at:stop]) - len(text[at:stop].lstrip())
            role = _role(stripped, _foreign(language) if count < _LINES_READ else None)
            yield Line(Span(start, start + len(stripped)), stripped, role, blank)
            count += 1
        blank = not stripped
        at = stop + 1


def parts(text: str) -> list[str]:
    """A line cut at its bars and dots: "By Ann Lee | 3 May 2020" gives two parts."""
    return [part for part in _PARTS.split(_LEAD.sub("", text.strip())) if part]


def date_of(part: str, language: str | None = None) -> tuple[str, str] | None:
    """(label, date) when a part of a line is nothing but a date and perhaps "Published"; "updated" and "in force" are labels too."""
    if len(part) > 100 or not (any(character.isdigit() for character in part) or "年" in part):
        return None
    if foreign := _foreign(language):
        return _worded_date_of(part, foreign)
    if force := FORCE_LINE.fullmatch(part):
        said = parse_date(force.group("date"))
        return ("in force", force.group("date")) if said and said[1] != "year" else None
    match = DATE_LINE.fullmatch(part)
    if match is None:
        return None
    read = parse_date(match.group("date"))
    if read is None or read[1] == "year":
        return None
    label = (match.group("label") or "").lower()
    return "updated" if "updated" in label or "revised" in label else label, match.group("date")


def _worded_date_of(part: str, language: str) -> tuple[str, str] | None:
    """The same of a line in another language; the date is given as ISO 8601."""
    found = list(dates_in(part, language=language))
    if len(found) != 1:
        return None
    start, end, iso, _ = found[0]
    label = label_of(part[:start], part[end:])
    return None if label is None else (label, iso)


def _foreign(language: str | None) -> str | None:
    return None if language == ENGLISH else language


@lru_cache(maxsize=4096)
def _role(line: str, language: str | None) -> Role:
    if len(line) > _LONGEST_DEBRIS:
        return "disclaimer" if len(line) <= _LONGEST_DISCLAIMER and _DISCLAIMER.match(line) else "text"
    if _MARK.fullmatch(line):
        return "mark"
    bare = _LEAD.sub("", line)
    roles = {_role_of_part(part, language) for part in (parts(line) if not _SHARE.fullmatch(bare) else [bare])}
    if len(roles) == 1:
        return roles.pop()
    if roles and roles <= META:
        return next(role for role in _META_ORDER if role in roles)
    return _role_of_part(bare, language)


def _role_of_part(part: str, language: str | None) -> Role:
    if _COUNTER.fullmatch(part):
        return "counter"
    if dated := date_of(part, language):
        return "force" if dated[0] == "in force" else "date"
    if part.lower() in LABELS:
        return "label"
    if ABOUT.fullmatch(part):
        return "about"
    if _FORM.fullmatch(part):
        return "form"
    if _SHARE.fullmatch(part):
        return "share"
    if _WEAK.fullmatch(part):
        return "weak"
    if _DISCLAIMER.match(part):
        return "disclaimer"
    byline = BYLINE.fullmatch(part)
    if byline and len(byline.group("name").split()) > 1 and not parse_date(byline.group("name")):
        return "byline"
    return "text"
