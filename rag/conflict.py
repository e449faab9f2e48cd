"""Values that disagree, side by side. None is averaged and none is chosen.

Two statements disagree when each answers the question with a figure of one unit, from sources of different origin, and the
figures do not agree even when their bounds ("about", "over") are taken into account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.values import Span
from rag.dates import dates
from rag.quantities import Quantity, quantities
from rag.values import Evidence
from rag.verify import VerifiedStatement

LONGEST_ANSWER_WORDS = 12
ABOUT = Decimal("0.1")  # "about 1.7 million" covers a tenth either way
BEYOND = Decimal("0.25")  # "over 3 million" covers up to a quarter more
_COUNTS = frozenset({"", "person"})  # a bare count and a count of people may be one thing
_NO_FIGURES = frozenset({"ordinal"})  # nor is "millions" a figure: it disagrees with nothing


@dataclass(frozen=True, slots=True)
class Figure:
    """The figure with which one statement answers, and where it stands in its document."""

    statement: VerifiedStatement
    evidence: Evidence
    quantity: Quantity
    text: str

    @property
    def sentence(self) -> str:
        quote = self.statement.quotes[0]
        return self.evidence.document.text[quote.start : quote.end]


def find_conflict(
    statements: Sequence[VerifiedStatement], evidence: Sequence[Evidence]
) -> tuple[tuple[Figure, ...], ...]:
    """The positions that disagree, newest publication first and undated last; () when the statements agree.

    Figures that agree share a position. Copies of one report count once, whatever they say.
    """
    numbered = {item.number: item for item in evidence}
    found = [figure for statement in statements if (figure := figure_of(statement, numbered))]
    if not found:
        return ()
    comparable = [
        figure
        for figure in found
        if same_unit(figure.quantity, found[0].quantity) and same_time(figure.sentence, found[0].sentence)
    ]
    positions: list[list[Figure]] = []
    for figure in comparable:
        held = next((group for group in positions if agree(group[0].quantity, figure.quantity)), None)
        if held is not None:
            held.append(figure)
        elif all(
            figure.evidence.document.origin != other.evidence.document.origin for group in positions for other in group
        ):
            positions.append([figure])
    if len(positions) < 2:
        return ()
    return tuple(tuple(group) for group in sorted(positions, key=_newest, reverse=True))


def figure_of(statement: VerifiedStatement, numbered: Mapping[int, Evidence]) -> Figure | None:
    """The figure in a statement's bare answer, read with the words around it so that its bound and unit are known."""
    if statement.answer is None or not statement.quotes:
        return None
    quote, item = statement.quotes[0], numbered[statement.quotes[0].evidence]
    text = item.document.text
    quantity = quantity_of(text, Span(quote.start, quote.end), statement.answer)
    return Figure(statement, item, quantity, text[statement.answer.start : statement.answer.end]) if quantity else None


def quantity_of(text: str, sentence: Span, answer: Span) -> Quantity | None:
    """The one figure of a bare answer, with the bound and the unit that its sentence gives it."""
    if len(text[answer.start : answer.end].split()) > LONGEST_ANSWER_WORDS:
        return None
    start, end = answer.start - sentence.start, answer.end - sentence.start
    inside = [
        quantity
        for quantity in quantities(text[sentence.start : sentence.end])
        if quantity.span.start < end
        and quantity.span.end > start
        and quantity.unit not in _NO_FIGURES
        and quantity.bound != "many"
    ]
    return inside[0] if len(inside) == 1 else None


def same_unit(left: Quantity, right: Quantity) -> bool:
    """True when two quantities may be compared."""
    return left.unit == right.unit or {left.unit, right.unit} <= _COUNTS


def same_time(left: str, right: str) -> bool:
    """False when two sentences name years, and none that both name: figures of different years are different things.

    >>> same_time("It had 300 guests in 2019.", "It had 500 guests in 2021."), same_time("It had 300.", "In 2021: 500.")
    (False, True)
    """
    ours, theirs = ({date.year for date in dates(text) if date.year} for text in (left, right))
    return not ours or not theirs or bool(ours & theirs)


def agree(left: Quantity, right: Quantity) -> bool:
    """True when one number can be meant by both: the ranges that their bounds cover overlap.

    >>> one, other = quantities("about 1.7 million, over 3 million")
    >>> agree(one, other)
    False
    """
    (low, high), (other_low, other_high) = _range(left), _range(right)
    return low <= other_high and other_low <= high


def _range(quantity: Quantity) -> tuple[Decimal, Decimal]:
    number = quantity.number
    match quantity.bound:
        case "about":
            return number * (1 - ABOUT), number * (1 + ABOUT)
        case "over" | "at least":
            return number, number * (1 + BEYOND)
        case "under" | "at most":
            return number * (1 - BEYOND), number
        case _:
            return number, number


def _newest(group: Sequence[Figure]) -> str:
    dates = (figure.evidence.document.provenance.published for figure in group)
    return max((published.date for published in dates if published), default="")
