"""When two answers say the same: SQuAD's normalisation, and numbers and dates compared by value."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

MAX_COMPARED_CHARS = 20_000
"""Longer texts are compared on their first part, so that a comparison has a bounded cost."""
MAX_NUMBER_DIGITS = 15
"""A longer run of digits is a name, not a quantity: it is compared as it is written."""

_LISTED = re.compile(r"[a-z]+")
_MONTH_NAMES = _LISTED.findall("january february march april may june july august september october november december")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_SMALL = _LISTED.findall(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS_NAMES = _LISTED.findall("twenty thirty forty fifty sixty seventy eighty ninety")
_TENS = {word: 10 * number for number, word in enumerate(_TENS_NAMES, start=2)}
_NUMBER_WORDS = {word: number for number, word in enumerate(_SMALL)} | _TENS
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT_SCALES = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
_SAME_WORD = {
    "dollar": "dollars",
    "usd": "dollars",
    "euro": "euros",
    "eur": "euros",
    "pounds": "pound",
    "pct": "percent",
}
_SYMBOLS = {"$": "dollars", "€": "euros", "£": "pound", "%": "percent"}
_ARTICLES = frozenset({"a", "an", "the"})

_month = r"(?P<{0}>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_day = r"(?P<{0}>[0-3]?\d)(?:st|nd|rd|th)?"
_TOKEN = re.compile(
    "|".join(
        (
            r"(?P<iso>\b(?P<iy>\d{4})-(?P<im>[01]\d)(?:-(?P<id>[0-3]\d))?\b)",
            rf"(?P<dmy>\b{_day.format('d1')}(?:\s+of)?\s+{_month.format('m1')}(?:,?\s+(?P<y1>\d{{4}})\b)?)",
            rf"(?P<mdy>\b{_month.format('m2')}\s+(?:the\s+)?{_day.format('d2')}\b(?![\d:.]\d)(?:,?\s+(?P<y2>\d{{4}})\b)?)",
            rf"(?P<my>\b{_month.format('m3')},?\s+(?P<y3>\d{{4}})\b)",
            r"(?P<number>(?:(?<![\w)])[-−])?\d+(?:,\d{3})+(?:\.\d+)?|(?:(?<![\w)])[-−])?\d+(?:\.\d+)?)(?P<suffix>(?:bn|tn|mn|[kmb])\b|(?:st|nd|rd|th)\b)?",
            r"(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)",
            r"(?P<symbol>[$€£%])",
        )
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DateValue:
    """A date as far as a text says it; None is a part that the text leaves open."""

    year: int | None
    month: int
    day: int | None


Value = DateValue | Decimal
Token = str | DateValue | Decimal


def squad_normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces (SQuAD's evaluation script, Rajpurkar et al. 2016).

    >>> squad_normalise("The  1.7 million, refugees!")
    '17 million refugees'
    """
    bare = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(word for word in bare.split() if word not in _ARTICLES)


def canonical(text: str) -> tuple[Token, ...]:
    """The text as words, numbers and dates, in order: what remains when spelling is set aside.

    >>> canonical("about $1.7 million")
    ('about', Decimal('1700000'), 'dollars')
    >>> canonical("on Oct. 18") == canonical("on the 18th of October")
    True
    """
    raw: list[Token] = []
    pending_symbol: str | None = None
    for match in _TOKEN.finditer(text[:MAX_COMPARED_CHARS]):
        if match["symbol"]:
            if match["symbol"] == "%":
                raw.append("percent")
            else:
                pending_symbol = _SYMBOLS[match["symbol"]]
            continue
        raw.extend(_token(match))
        if pending_symbol and match["word"] is None:
            raw.append(_Currency(pending_symbol))
        pending_symbol = None
    return tuple(_scaled(raw))


def same_value(left: Token, right: Token) -> bool:
    """Equal words, equal numbers, or dates that agree in every part that both of them give (a missing year agrees)."""
    if isinstance(left, DateValue) and isinstance(right, DateValue):
        years_agree = left.year is None or right.year is None or left.year == right.year
        return years_agree and (left.month, left.day) == (right.month, right.day)
    return type(left) is type(right) and left == right


def contains(text: str, part: str) -> bool:
    """Whether `part` occurs in `text` as a run of whole words, numbers and dates.

    >>> contains("It hosts 1,700,000 Afghans", "1.7 million"), contains("It hosts 11.7 million", "1.7 million")
    (True, False)
    """
    inner, outer = canonical(part), canonical(text)
    if not inner:
        return False
    last = len(outer) - len(inner)
    return any(_agree(outer[start : start + len(inner)], inner) for start in range(last + 1))


def values(text: str) -> tuple[Value, ...]:
    """The numbers and dates of a text, in order."""
    return tuple(token for token in canonical(text) if not isinstance(token, str))


def same_values(text: str, accepted: str) -> bool:
    """Whether two texts give the same numbers and dates, whatever words stand around them; False when neither gives one."""
    found, wanted = values(text), values(accepted)
    return bool(wanted) and len(found) == len(wanted) and _agree(found, wanted)


class _Currency(str):
    """A currency named before its number; it moves behind the scale word."""


def _agree(left: Sequence[Token], right: Sequence[Token]) -> bool:
    return all(same_value(a, b) for a, b in zip(left, right, strict=True))


def _token(match: re.Match[str]) -> list[Token]:
    if match["iso"]:
        return _date(match["iy"], int(match["im"]), match["id"], match[0])
    for kind, year, month, day in (("dmy", "y1", "m1", "d1"), ("mdy", "y2", "m2", "d2"), ("my", "y3", "m3", None)):
        if match[kind]:
            return _date(match[year], _MONTHS[match[month].lower()], match[day] if day else None, match[0])
    if match["number"]:
        return [_number(match["number"], (match["suffix"] or "").lower())]
    return _words(match["word"])


def _date(year: str | None, month: int, day: str | None, written: str) -> list[Token]:
    if not 1 <= month <= 12 or (day is not None and not 1 <= int(day) <= 31):
        return [Decimal(part) if part.isdigit() else part.lower() for part in re.findall(r"\d+|[^\W\d_]+", written)]
    return [DateValue(int(year) if year else None, month, int(day) if day else None)]


def _number(digits: str, suffix: str) -> Token:
    plain = digits.replace(",", "").replace("−", "-")
    if len(plain) > MAX_NUMBER_DIGITS:
        return plain
    return _exact(Decimal(plain) * _SHORT_SCALES.get(suffix, 1))


def _words(word: str) -> list[Token]:
    bare = re.sub(r"['’]s?$", "", word.lower())
    if bare in _ARTICLES or not bare:
        return []
    if bare in _NUMBER_WORDS:
        return [Decimal(_NUMBER_WORDS[bare])]
    return [_SAME_WORD.get(bare, bare)]


def _scaled(tokens: Sequence[Token]) -> list[Token]:
    """Join "1.7", "million" to one number, "twenty", "five" to 25, "per", "cent" to percent; currencies go last."""
    joined: list[Token] = []
    currency: str | None = None
    for piece in tokens:
        last = joined[-1] if joined else None
        if isinstance(piece, _Currency):
            currency = str(piece)
        elif isinstance(piece, str) and piece in _SCALES and isinstance(last, Decimal):
            joined[-1] = _exact(last * _SCALES[piece])
        elif piece == "cent" and last == "per":
            joined[-1] = "percent"
        elif isinstance(piece, Decimal) and isinstance(last, Decimal) and last in _TENS.values() and 0 < piece < 10:
            joined[-1] = last + piece
        else:
            if currency:
                joined.append(currency)
                currency = None
            if piece == "dollars" and last == "us":
                joined.pop()
            joined.append(piece)
    return [*joined, currency] if currency else joined


def _exact(value: Decimal) -> Decimal:
    """The same number without trailing zeros or an exponent, so that 1.70 and 1.7 print alike."""
    return (
        value.quantize(Decimal(1))
        if value == value.to_integral_value() and value.adjusted() < 25
        else value.normalize()
    )
