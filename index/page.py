"""What of a saved page is its header, its debris and its text. Whole lines only: a sentence that mentions "share" is text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.lines import DEBRIS, META, Line, Role, lines_of
from index.values import Span

HEADER_LINES = 14
TAIL_LINES = 16
LONGEST_HEADER_LINE = 300
_PROSE_END = re.compile(r"[.!?…:;,。！？；：，،؛؟۔।][\"'”’»)\]]*$")
_ENDS_IN_YEAR = re.compile(r"\d{4}\s(?:r|г|р)\.$")  # "2024 r.": the year's mark, no sentence's end
_BULLET = re.compile(r"(?:[-*•‣▪●]|\d{1,3}[.)])(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page by role, and the spans that are worth searching."""

    header: tuple[Line, ...]
    lines: tuple[Line, ...]
    body: tuple[Span, ...]

    def tail(self) -> tuple[Line, ...]:
        """The last lines, where disclaimers, comment forms and notes on the author stand."""
        return self.lines[-TAIL_LINES:]


def read_page(text: str, start: int = 0, language: str | None = None) -> Page:
    """Tell header, debris and text of `text[start:]` apart.

    A header is cut only when prose follows it; without prose everything is body, so nothing that is not a page loses a line.
    """
    lines = list(lines_of(text, start, language))
    header = _header(lines)
    roles = [line.role for line in lines]
    for index, line in enumerate(header):
        roles[index] = line.role
    _settle(lines, roles, len(header))
    lines = [Line(line.span, line.text, role, line.blank_before) for line, role in zip(lines, roles, strict=True)]
    outside = (DEBRIS | META | {"title", "kicker"}) - {"force"}  # from when it holds is told, not debris
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
        bool(_PROSE_END.search(text[-8:]))
        and not _ENDS_IN_YEAR.search(text[-12:])
        and not text.endswith(("?", "!", ":", "？", "！", "：", "؟"))
    )


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
        if role in ("date", "force", "label", "byline") or (role == "disclaimer" and 3 + header <= index < tail):
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
