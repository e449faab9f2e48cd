"""What a span states - a figure, a date, a time of day, a name, an outcome - as a value that compares with what others state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from index.values import Span
from rag.facts.dates import DateMention, dates, expected_year
from rag.facts.names import names
from rag.facts.outcomes import came_to_pass
from rag.facts.quantities import Quantity, quantities, stated_from, stated_to
from rag.facts.units import unit_in
from rag.facts.wording import FUNCTION_WORDS, fold, words
from rag.gate.sense import contradicts
from rag.question.asked import Asked, asks_yes_no
from rag.reading.judge import stem
from rag.values import ConflictKind

LONGEST_ANSWER_WORDS = 12
_NO_FIGURES = frozenset({"ordinal"})  # nor is "millions" a figure: it disagrees with nothing
_TITLES = frozenset(
    """mr mrs ms dr sir dame lord lady president minister prime premier mayor chancellor senator general captain colonel judge justice
    chief director secretary professor spokesman spokeswoman spokesperson king queen prince princess the of and""".split()
)
_SEVERAL = re.compile(r",|;|\b(?:and|or)\b")
_CLOCK = re.compile(
    r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-3])(?:[:h](?P<minute>[0-5]\d)(?![\d:])|[:.](?P<minutes>[0-5]\d)(?=\s?(?:[ap]\.?m\b|Uhr\b))|(?=\s?(?:[ap]\.?m\b|Uhr\b|o'clock\b)))"
    r"(?:\s?(?P<half>[ap])\.?m\b)?",
    re.IGNORECASE,
)
_CELL = re.compile(r"(?:^|; |\n)([^:;\n]{1,120}): ")
_NOUNS_AFTER = 2
_AGAIN = re.compile(r"[^\W\d_]*(?:\s[^\W\d_]+)?\s?[(\[]\s?$")
"""What stands between "ninety" and "(90)"."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value as a sentence states it; only the field of its kind is set.

    Attributes:
        text: As it stands in the document, with its bound: "over 3 million".
        span: Where `text` stands in the document.
        clock: Minutes since midnight.
        upholds: Of an outcome: whether it came to pass, or whether the question is answered with yes.
        head: Of a cell of a table, the head of its column.
        counted: Stems of the words behind a figure, which say what is counted.
    """

    kind: ConflictKind
    text: str
    span: Span
    quantity: Quantity | None = None
    date: DateMention | None = None
    clock: int | None = None
    name: frozenset[str] = frozenset()
    upholds: bool | None = None
    head: str = ""
    counted: frozenset[str] = frozenset()


def value_of(
    question: str, asked: Asked, text: str, sentence: Span, answer: Span, published: str | None = None
) -> Value | None:
    """The value with which `answer` answers; None when it holds none, or more than one.

    Args:
        asked: What the question asks for; of "text", what the answer is: a time of day, a figure, a date.
        text: The document's text, of which both spans are.
        published: When the document was published, for dates that leave out their year.
    """
    if len(text[answer.start : answer.end].split()) > LONGEST_ANSWER_WORDS and asked != "outcome":
        return None
    if asked == "name":
        return _name(question, text, answer)
    if asked == "outcome":
        return _outcome(question, text, sentence, answer)
    found = [one for one in values_in(text, sentence, published) if _overlap(one.span, answer)]
    if asked == "date":
        found = [one for one in found if one.kind == "date"] or [one for one in found if one.kind == "time"]
    elif asked == "quantity":
        found = [one for one in found if one.kind == "quantity"]
    else:
        found = next(
            (rest for kind in ("time", "quantity", "date") if (rest := [o for o in found if o.kind == kind])), []
        )
    return _whole(found[0], text, answer) if len(found) == 1 else None


def _whole(value: Value, text: str, answer: Span) -> Value:
    """A figure with the words behind it that the answer holds: "20 boxes"."""
    span = Span(value.span.start, max(value.span.end, answer.end))
    return replace(value, text=text[span.start : span.end], span=span) if value.kind == "quantity" else value


def values_in(text: str, within: Span, published: str | None = None) -> Iterator[Value]:
    """Every figure, date and time of day that a stretch of a document states, of each kind in order."""
    said = text[within.start : within.end]
    clocks = [Span(*match.span()) for match in _CLOCK.finditer(fold(said))]
    for match in _CLOCK.finditer(fold(said)):
        yield Value("time", match[0], _moved(Span(*match.span()), within.start), clock=_minutes(match))
    for figure in _once(quantities(said), said):
        if figure.unit in _NO_FIGURES or figure.bound == "many" or any(_overlap(figure.span, one) for one in clocks):
            continue
        span = Span(stated_from(said, figure), stated_to(said, figure))
        head = head_at(said, span)
        figure = replace(figure, unit=figure.unit or (unit_in(head) if head else ""))
        counted = frozenset() if figure.unit not in ("", "person") else _counted(said, figure.span.end)
        yield Value(
            "quantity",
            said[span.start : span.end],
            _moved(span, within.start),
            quantity=figure,
            head=head,
            counted=counted,
        )
    for date in dates(said):
        if published and date.year is None and date.month is not None:
            date = DateMention(expected_year(date.month, date.day, published), date.month, date.day, date.span)
        head = head_at(said, date.span)
        yield Value(
            "date", said[date.span.start : date.span.end], _moved(date.span, within.start), date=date, head=head
        )


def head_at(said: str, span: Span) -> str:
    """The head of the cell in which a span stands, of a row that reads "Head: value; Head: value"; "" outside a row.

    >>> head_at("Room: Alder; Beds: 2", Span(19, 20))
    'Beds'
    """
    line = said.rfind("\n", 0, span.start) + 1
    heads = list(_CELL.finditer(said, line, span.start))
    end = said.find("\n", span.start)
    row = said[line : end if end >= 0 else len(said)]
    return heads[-1][1].strip() if heads and len(_CELL.findall(row)) > 1 else ""


def _once(found: tuple[Quantity, ...], said: str) -> Iterator[Quantity]:
    """The figures, one that is written twice ("ninety (90) days") once, with the unit of either."""
    kept: list[Quantity] = []
    for figure in found:
        last = kept[-1] if kept else None
        if last and last.number == figure.number and _AGAIN.fullmatch(said, last.span.end, figure.span.start):
            kept[-1] = replace(last, unit=last.unit or figure.unit)
        else:
            kept.append(figure)
    yield from kept


def _counted(said: str, end: int) -> frozenset[str]:
    """Stems of the first words behind a figure that carry meaning, within its clause."""
    after = re.split(r"[.,;:()\n]", fold(said[end : end + 48]))[0]
    found = [word for word in words(after) if word.isalpha()]
    content = [word for word in found[: _NOUNS_AFTER + 1] if word not in FUNCTION_WORDS]
    return frozenset(stem(word) for word in content[:_NOUNS_AFTER])


def _minutes(match: re.Match[str]) -> int:
    hour, minute = int(match["hour"]), int(match["minute"] or match["minutes"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "p" else 0)
    return 60 * hour + minute


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def _name(question: str, text: str, answer: Span) -> Value | None:
    """The one name of a bare answer that the question does not name; what a sentence begins with counts, as an answer span is no sentence."""
    bare = text[answer.start : answer.end]
    found = names(bare)
    if not found or _SEVERAL.search(bare[found[0].span.start : found[-1].span.end]):
        return None
    spelled = [word for name in found if name.text.isupper() for word in name.words]  # the WHO is no "who"
    ordinary = frozenset(word for name in found for word in name.words if len(word) > 1) - _TITLES - FUNCTION_WORDS
    kept = ordinary.union(spelled)
    if not kept or kept <= frozenset(words(question)):
        return None
    return Value("name", bare, answer, name=kept)


def _outcome(question: str, text: str, sentence: Span, answer: Span) -> Value | None:
    """Whether what is asked came to pass, or is so; None when the sentence tells neither."""
    said = text[sentence.start : sentence.end]
    told = came_to_pass(text[answer.start : answer.end])
    told = came_to_pass(said) if told is None else told
    wanted = came_to_pass(question)
    if not asks_yes_no(question):
        upholds = told
    elif told is None or wanted is None:
        upholds = not contradicts(question, said)
    else:
        upholds = told == wanted
    if upholds is None:
        return None
    return Value("outcome", text[answer.start : answer.end], answer, upholds=upholds)
