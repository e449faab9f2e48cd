"""What a cell holds, as it is compared: its words, and its number or its range ("15 to 29 ml/min", "over 5 years")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from rag.reading.judge import stem

_WORD = re.compile(r"[^\W\d_]+|\d[\d.,'’\u00a0\u202f]*\d|\d")
_BETWEEN = re.compile(r"\s*(?:to|-|–|—|bis|à|a|hasta|until|and)\s*(?:[A-Za-z€$£]{1,4}\s*)?")
_BELOW = re.compile(
    r"(?:below|under|up to|less than|at most|until|max\.?|<=?|≤|bis|unter|bis zu|jusqu'à|moins de|hasta|menos de)\s*\D{0,5}$",
    re.I,
)
_ABOVE = re.compile(
    r"(?:above|over|more than|at least|from|min\.?|>=?|≥|über|ab|mehr als|plus de|más de|desde|à partir de)\s*\D{0,5}$",
    re.I,
)
_OPEN = re.compile(r"\s*\D{0,12}?(?:or more|and over|and more|or older|and above|\+|oder mehr|et plus|o más)", re.I)
_NUMBER = re.compile(
    r"(?<![\w.])[-−]?(?:\d{1,3}(?:[,'’\u00a0\u202f ]\d{3})+(?:\.\d+)?(?!\w)|\d{1,3}(?:\.\d{3})+,\d+(?!\w)|\d+(?:[.,]\d+)?)"
)
INFINITE = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Value:
    """What a cell, or a stretch of a question, holds.

    Attributes:
        words: Stems of its words and numbers.
        low, high: Of a number the number twice, of a range its ends, infinite where it is open; None without a number.
    """

    words: frozenset[str]
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def number(self) -> Decimal | None:
        """The number, where it is one and no range."""
        return self.low if self.low is not None and self.low == self.high else None

    def holds(self, number: Decimal) -> bool:
        """Whether a number lies in the range; a single number holds nothing but itself."""
        return self.low is not None and self.high is not None and self.low <= number <= self.high


@lru_cache(maxsize=20_000)
def value_of(text: str) -> Value:
    """A cell as a value.

    >>> value_of("15 to 29 ml/min").holds(Decimal(20)), value_of("over 5 years").holds(Decimal(9)), value_of("EUR 1,250.50").number
    (True, True, Decimal('1250.50'))
    """
    words = words_of(text)
    found = list(_NUMBER.finditer(text))
    if not found:
        return Value(words)
    first = decimal_of(found[0][0])
    if first is None:
        return Value(words)
    if len(found) > 1 and _BETWEEN.fullmatch(text[found[0].end() : found[1].start()]):
        second = decimal_of(found[1][0].lstrip("-−"))
        if second is not None and second > first:
            return Value(words, first, second)
    if len(found) > 1:  # "70-1", "2 of 5": no one number
        return Value(words)
    before = text[: found[0].start()]
    if _BELOW.search(before):
        return Value(words, -INFINITE, first)
    if _ABOVE.search(before) or _OPEN.match(text, found[0].end()):
        return Value(words, first, INFINITE)
    return Value(words, first, first)


def words_of(text: str) -> frozenset[str]:
    """Stems of words, and numbers as they are compared; letters and digits that stand together are told apart."""
    return frozenset(_token(match[0]) for match in _WORD.finditer(text))


def numbers_of(text: str) -> list[Decimal]:
    """Every number of a text."""
    return [number for match in _NUMBER.finditer(text) if (number := decimal_of(match[0])) is not None]


def decimal_of(text: str) -> Decimal | None:
    """A number written with a point or a comma before its decimals, and marks between its thousands.

    >>> decimal_of("20,115"), decimal_of("3,5"), decimal_of("1 250.5")
    (Decimal('20115'), Decimal('3.5'), Decimal('1250.5'))
    """
    plain = re.sub(r"[\s'’\u00a0\u202f]", "", text.replace("−", "-"))
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+,\d+", plain):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", ".")
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _token(word: str) -> str:
    if word[0].isdigit():
        number = decimal_of(word.rstrip(".,"))
        return word if number is None else f"{number.normalize():f}"
    return stem(word)
