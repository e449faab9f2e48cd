"""What a span states - a figure, a date, a name, an outcome - as a value that compares with what others state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from index.values import Span
from rag.facts.dates import DateMention, dates, expected_year
from rag.facts.names import names
from rag.facts.outcomes import came_to_pass
from rag.facts.quantities import Quantity, quantities, stated_from
from rag.facts.wording import FUNCTION_WORDS, words
from rag.gate.sense import contradicts
from rag.question.asked import Asked, asks_yes_no
from rag.values import ConflictKind

LONGEST_ANSWER_WORDS = 12
ABOUT = Decimal("0.1")  # "about 1.7 million" covers a tenth either way
BEYOND = Decimal("0.25")  # "over 3 million" covers up to a quarter more
ROUNDED = Decimal("0.05")  # "2,000" may be 1,987, but not 1,600
_COUNTS = frozenset({"", "person"})  # a bare count and a count of people may be one thing
_NO_FIGURES = frozenset({"ordinal"})  # nor is "millions" a figure: it disagrees with nothing
_TITLES = frozenset(
    """mr mrs ms dr sir dame lord lady president minister prime premier mayor chancellor senator general captain colonel judge justice
    chief director secretary professor spokesman spokeswoman spokesperson king queen prince princess the of and""".split()
)
_SEVERAL = re.compile(r",|;|\b(?:and|or)\b")


@dataclass(frozen=True, slots=True)
class Stated:
    """One value as a sentence states it; only the field of its kind is set.

    Attributes:
        text: As it stands in the document, with its bound: "over 3 million".
        span: Where `text` stands in the document.
        upholds: Of an outcome: whether it came to pass, or whether the question is answered with yes.
    """

    kind: ConflictKind
    text: str
    span: Span
    quantity: Quantity | None = None
    date: DateMention | None = None
    name: frozenset[str] = frozenset()
    upholds: bool | None = None


def stated_by(
    question: str, asked: Asked, text: str, sentence: Span, answer: Span, published: str | None = None
) -> Stated | None:
    """The value with which `answer` answers; None when it holds none, or more than one.

    Args:
        asked: What the question asks for; of "text", a figure is taken for the value when the answer is one.
        text: The document's text, of which both spans are.
        published: When the document was published, for dates that leave out their year.
    """
    if len(text[answer.start : answer.end].split()) > LONGEST_ANSWER_WORDS and asked != "outcome":
        return None
    if asked in ("quantity", "text"):
        return _figure(text, sentence, answer)
    if asked == "date":
        return _date(text, sentence, answer, published)
    return _name(text, answer) if asked == "name" else _outcome(question, text, sentence, answer)


def agree(left: Stated, right: Stated) -> bool:
    """True when both may be meant by one value: one figure within its bounds, one date, one person, one outcome."""
    if left.quantity and right.quantity:
        return same_quantity(left.quantity, right.quantity)
    if left.date and right.date:
        return _same_date(left.date, right.date)
    if left.kind == "name":
        return bool(left.name & right.name) or _initials(left, right) or _initials(right, left)
    return left.upholds == right.upholds


def comparable(left: Stated, right: Stated) -> bool:
    """True when two values are of one kind, and of one unit."""
    if left.quantity and right.quantity:
        return left.quantity.unit == right.quantity.unit or {left.quantity.unit, right.quantity.unit} <= _COUNTS
    if left.date and right.date:
        return all(
            (getattr(left.date, part) is None) == (getattr(right.date, part) is None) for part in ("month", "day")
        )
    return left.kind == right.kind


def same_quantity(left: Quantity, right: Quantity) -> bool:
    """True when one number can be meant by both: the ranges that their bounds cover overlap.

    >>> one, other = quantities("about 1.7 million, over 3 million")
    >>> same_quantity(one, other)
    False
    """
    (low, high), (other_low, other_high) = _range(left), _range(right)
    return (low <= other_high and other_low <= high) or _rounded(left, right) or _rounded(right, left)


def _figure(text: str, sentence: Span, answer: Span) -> Stated | None:
    """The one figure of a bare answer, with the bound and the unit that its sentence gives it."""
    start, end = answer.start - sentence.start, answer.end - sentence.start
    quoted = text[sentence.start : sentence.end]
    inside = [
        quantity
        for quantity in quantities(quoted)
        if quantity.span.start < end
        and quantity.span.end > start
        and quantity.unit not in _NO_FIGURES
        and quantity.bound != "many"
    ]
    if len(inside) != 1:
        return None
    begin = stated_from(quoted, inside[0])
    span = Span(sentence.start + begin, max(answer.end, sentence.start + inside[0].span.end))
    return Stated("quantity", text[span.start : span.end], span, quantity=inside[0])


def _date(text: str, sentence: Span, answer: Span, published: str | None) -> Stated | None:
    """The one date of a bare answer, its year filled in from the publication where it is left out."""
    start, end = answer.start - sentence.start, answer.end - sentence.start
    inside = [
        date for date in dates(text[sentence.start : sentence.end]) if date.span.start < end and date.span.end > start
    ]
    if len(inside) != 1:
        return None
    found = inside[0]
    if found.year is None and found.month is not None and published:
        found = DateMention(expected_year(found.month, found.day, published), found.month, found.day, found.span)
    return Stated("date", text[answer.start : answer.end], answer, date=found)


def _name(text: str, answer: Span) -> Stated | None:
    """The one name of a bare answer; what a sentence begins with counts, as an answer span is no sentence."""
    bare = text[answer.start : answer.end]
    found = names(bare)
    if not found or _SEVERAL.search(bare[found[0].span.start : found[-1].span.end]):
        return None
    spelled = [word for name in found if name.text.isupper() for word in name.words]  # the WHO is no "who"
    ordinary = frozenset(word for name in found for word in name.words if len(word) > 1) - _TITLES - FUNCTION_WORDS
    kept = ordinary.union(spelled)
    return Stated("name", bare, answer, name=kept) if kept else None


def _outcome(question: str, text: str, sentence: Span, answer: Span) -> Stated | None:
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
    return Stated("outcome", text[answer.start : answer.end], answer, upholds=upholds)


def _same_date(left: DateMention, right: DateMention) -> bool:
    pairs = ((left.year, right.year), (left.month, right.month), (left.day, right.day))
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def _initials(short: Stated, long: Stated) -> bool:
    """Whether one name is written as the initials of the other's words."""
    spelled = "".join(word[0] for word in words(long.text) if len(word) > 1 and word not in FUNCTION_WORDS)
    return any(len(word) > 1 and word == spelled for word in short.name)


def _range(quantity: Quantity) -> tuple[Decimal, Decimal]:
    number, upper = quantity.number, quantity.upper if quantity.upper is not None else quantity.number
    match quantity.bound:
        case "about":
            return number * (1 - ABOUT), upper * (1 + ABOUT)
        case "over" | "at least":
            return number, upper * (1 + BEYOND)
        case "under" | "at most":
            return number * (1 - BEYOND), upper
        case _:
            return number, upper


def _rounded(rough: Quantity, exact: Quantity) -> bool:
    """Whether `rough` is `exact` to its own significant digits: 2,000 for 1,987, but not 41 for 47."""
    digits = rough.number.normalize().as_tuple()
    if (
        not isinstance(digits.exponent, int)
        or digits.exponent < 2
        or rough.upper is not None
        or exact.upper is not None
    ):
        return False
    apart = abs(rough.number - exact.number)
    return apart < Decimal(10) ** digits.exponent / 2 and apart <= rough.number * ROUNDED
