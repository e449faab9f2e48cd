"""What of a saved page is its header, its debris and its text. Whole lines only: a sentence that mentions "share" is text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.dates import parse_date
from index.values import Span

Role = Literal[
    "text",
    "title",
    "kicker",
    "byline",
    "date",
    "label",
    "share",
    "counter",
    "mark",
    "form",
    "about",
    "disclaimer",
    "weak",
]
_META_ORDER: tuple[Role, ...] = ("byline", "date", "label", "share", "counter")
META = frozenset(_META_ORDER)
DEBRIS: frozenset[Role] = frozenset({"share", "counter", "mark", "form", "about", "disclaimer"})

HEADER_LINES = 14
TAIL_LINES = 16
LONGEST_HEADER_LINE = 300
_LONGEST_DEBRIS = 220
_LONGEST_DISCLAIMER = 2_000

NAME = r"(?-i:[^\W\d_a-z][\w.'’-]*(?:\s+(?:(?:de|da|del|van|von|der|den|al|el|bin|ibn|ul|of|on|the|for|and)\s+)*[^\W\d_a-z][\w.'’-]*){0,5})"
_LEAD = re.compile(r"^(?:[-*•·|–—]\s*)+|(?:\s*[|•·])+$")
_PARTS = re.compile(r"\s*[|•·]\s*|\s+[-–—]\s+")

BYLINE = re.compile(
    rf"(?:(?:written|reported|posted|published)\s+by|by|author)\s*:?\s+(?P<name>{NAME}(?:(?:,|\s+and|\s*&)\s+{NAME}){{0,4}})",
    re.I,
)
DATE_LINE = re.compile(
    r"(?P<label>(?:first\s+)?published(?:\s+on)?|posted(?:\s+on)?|(?:last\s+)?updated(?:\s+on|\s+at)?|date|on)?\s*[:\-–]?\s*(?P<date>\S.*)",
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
_PROSE_END = re.compile(r"[.!?…:;,。][\"'”’»)\]]*$")
_BULLET = re.compile(r"(?:[-*•‣▪●]|\d{1,3}[.)])(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank: its span without surrounding white space, and what it is on the page."""

    span: Span
    text: str
    role: Role
    blank_before: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page by role, and the spans that are worth searching."""

    header: tuple[Line, ...]
    lines: tuple[Line, ...]
    body: tuple[Span, ...]

    def tail(self) -> tuple[Line, ...]:
        """The last lines, where disclaimers, comment forms and notes on the author stand."""
        return self.lines[-TAIL_LINES:]


def read_page(text: str, start: int = 0) -> Page:
    """Tell header, debris and text of `text[start:]` apart.

    A header is cut only when prose follows it; without prose everything is body, so nothing that is not a page loses a line.
    """
    lines = list(_classified(text, start))
    header = _header(lines)
    roles = [line.role for line in lines]
    for index, line in enumerate(header):
        roles[index] = line.role
    _settle(lines, roles, len(header))
    lines = [Line(line.span, line.text, role, line.blank_before) for line, role in zip(lines, roles, strict=True)]
    outside = DEBRIS | META | {"title", "kicker"}
    body = tuple(
        _runs(
            lines,
            [
                (index >= len(header) and line.role not in DEBRIS) or line.role not in outside
                for index, line in enumerate(lines)
            ],
        )
    )
    if not body:
        body = tuple(_runs(lines, [True] * len(lines)))
    return Page(tuple(lines[: len(header)]), tuple(lines), body)


def is_prose(text: str) -> bool:
    """Whether a line reads as running text and not as a headline or a label."""
    return len(text) >= LONGEST_HEADER_LINE or (
        bool(_PROSE_END.search(text[-8:])) and not text.endswith(("?", "!", ":"))
    )


def parts(text: str) -> list[str]:
    """A line cut at its bars and dots: "By Ann Lee | 3 May 2020" gives two parts."""
    return [part for part in _PARTS.split(_LEAD.sub("", text.strip())) if part]


def date_of(part: str) -> tuple[str, str] | None:
    """(label, date) when a part of a line is nothing but a date and perhaps "Published"."""
    if len(part) > 100 or not any(character.isdigit() for character in part):
        return None
    match = DATE_LINE.fullmatch(part)
    if match is None:
        return None
    read = parse_date(match.group("date"))
    if read is None or read[1] == "year":
        return None
    return (match.group("label") or "").lower(), match.group("date")


def _classified(text: str, at: int) -> Iterator[Line]:
    blank = True
    while at <= len(text):
        newline = text.find("\n", at)
        stop = len(text) if newline < 0 else newline
        stripped = text[at:stop].strip()
        if stripped:
            start = at + len(text[at:stop]) - len(text[at:stop].lstrip())
            yield Line(Span(start, start + len(stripped)), stripped, _role(stripped), blank)
        blank = not stripped
        at = stop + 1


@lru_cache(maxsize=4096)
def _role(line: str) -> Role:
    if len(line) > _LONGEST_DEBRIS:
        return "disclaimer" if len(line) <= _LONGEST_DISCLAIMER and _DISCLAIMER.match(line) else "text"
    if _MARK.fullmatch(line):
        return "mark"
    bare = _LEAD.sub("", line)
    roles = {_role_of_part(part) for part in (parts(line) if not _SHARE.fullmatch(bare) else [bare])}
    if len(roles) == 1:
        return roles.pop()
    if roles and roles <= META:
        return next(role for role in _META_ORDER if role in roles)
    return _role_of_part(bare)


def _role_of_part(part: str) -> Role:
    if _COUNTER.fullmatch(part):
        return "counter"
    if date_of(part):
        return "date"
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


def _header(lines: Sequence[Line]) -> list[Line]:
    """The first lines with their roles, up to the last byline, date or share bar before the text begins."""
    end = decks = 0
    for index, line in enumerate(lines[:HEADER_LINES]):
        if line.role in META:
            end = index + 1
        elif line.role == "text" and is_prose(line.text):
            decks += 1
            if decks > 1 or len(line.text) >= LONGEST_HEADER_LINE or index == 0:
                break
    if _is_chronicle(lines) or not any(line.role == "text" and is_prose(line.text) for line in lines[end:]):
        end = 0
    if end == 0:
        return _headlines(lines)
    header = list(lines[:end])
    headlines = [
        index
        for index, line in enumerate(header)
        if line.role == "text" and not is_prose(line.text) and not _BULLET.match(line.text)
    ]
    if len(headlines) > 4:
        return []
    chosen = next(
        (index for index in headlines if len(header[index].text.split()) >= 4), headlines[0] if headlines else None
    )
    for index in headlines:
        if index == chosen:
            header[index] = _as(header[index], "title")
        elif len(header[index].text.split()) < 8:
            header[index] = _as(header[index], "kicker")
    return [_as(line, "share") if line.role == "weak" else line for line in header]


def _headlines(lines: Sequence[Line]) -> list[Line]:
    """A headline without byline or date, and a second one of the same story below it."""
    if not _has_title(lines):
        return []
    if headlines_agree(lines[0].text, lines[1].text):
        return [_as(lines[0], "title"), _as(lines[1], "kicker")]
    return [_as(lines[0], "title")]


def _as(line: Line, role: Role) -> Line:
    return Line(line.span, line.text, role, line.blank_before)


def _is_chronicle(lines: Sequence[Line]) -> bool:
    """Whether dates stand on lines of their own throughout: then they are entries, not when the text was published."""
    return sum(1 for line in lines[:200] if line.role == "date") > 2


def _has_title(lines: Sequence[Line]) -> bool:
    """Whether the first line is a headline over the text, without byline or date."""
    if len(lines) < 2:
        return False
    first, second = lines[0], lines[1]
    if (
        first.role not in ("text",)
        or is_prose(first.text)
        or first.text.endswith(":")
        or len(first.text) > LONGEST_HEADER_LINE
    ):
        return False
    if first.text[0].islower() or _BULLET.match(first.text) or not any(is_prose(line.text) for line in lines[1:]):
        return False
    return (
        second.blank_before
        or (len(second.text) >= 150 and not second.text[0].islower())
        or (len(first.text) > 40 and headlines_agree(first.text, second.text))
    )


def headlines_agree(one: str, other: str) -> bool:
    """Whether two lines are headlines of the same story: they share three words that carry meaning, or most of them."""
    if is_prose(other) or len(other) > LONGEST_HEADER_LINE:
        return False
    words = [set(re.findall(r"[^\W\d_]{4,}", line.lower())) for line in (one, other)]
    shared = len(words[0] & words[1])
    return shared >= 3 or (shared >= 2 and shared * 2 >= len(words[0]))


def _settle(lines: Sequence[Line], roles: list[Role], header: int) -> None:
    """Decide what a line alone cannot say: weak words count beside debris, disclaimers and forms count at the ends."""
    tail = max(header, len(lines) - TAIL_LINES)
    for index in range(header, len(lines)):
        role = roles[index]
        if role in ("date", "label", "byline") or (role == "disclaimer" and 3 + header <= index < tail):
            roles[index] = "text"
        elif role == "mark" and (
            index + 1 < len(lines) or not _near(roles, index, {"form", "mark", "share", "counter"})
        ):
            roles[index] = (
                "mark" if _near(roles, index, {"form", "share", "counter"}) and roles[index - 1] != "text" else "text"
            )
    # Forward, then backward: a row of weak lines joins debris at either end.
    for index in (*range(header, len(lines)), *reversed(range(header, len(lines)))):
        if roles[index] == "weak" and _near(roles, index, DEBRIS):
            roles[index] = "form"
    roles[header:] = ["text" if role == "weak" else role for role in roles[header:]]


def _near(roles: Sequence[Role], index: int, wanted: frozenset[Role] | set[Role]) -> bool:
    return any(roles[other] in wanted for other in (index - 1, index + 1) if 0 <= other < len(roles))


def _runs(lines: Sequence[Line], keep: Sequence[bool]) -> Iterator[Span]:
    start: int | None = None
    end = 0
    for line, kept in zip(lines, keep, strict=True):
        if kept:
            start = line.span.start if start is None else start
            end = line.span.end
        elif start is not None:
            yield Span(start, end)
            start = None
    if start is not None:
        yield Span(start, end)
