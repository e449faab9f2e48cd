"""Numbers that a text states, as values that compare: '$1.7m' and '1.7 million dollars' are one quantity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from index.values import Span
from rag.facts.dates import blank, without_dates
from rag.facts.shares import fraction, shares
from rag.facts.units import SCALE_WORDS, currency_before, scale, unit_of
from rag.facts.wording import fold

Bound = Literal["", "about", "over", "at least", "under", "at most", "many"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a text states.

    Attributes:
        number: The value, multiplied out: 1700000 for "1.7m"; the percentage of a share such as "1 in 5".
        unit: "USD" and other currencies, "percent", "ordinal", "person", "day", "kilometer" and other measures, or "" when unknown.
        bound: "about", "over", ... when the text says so; "many" for "dozens" and "thousands of".
        upper: The upper end of a range ("2-3 million"), of which `number` is the lower one; None when it is no range.
        per: The unit of time for which it holds: "month" for "10 euros a month".
    """

    number: Decimal
    unit: str
    bound: Bound
    span: Span
    upper: Decimal | None = None
    per: str = ""


_CARDINALS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS_IN_ORDER = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_ONES = {word: number for number, word in enumerate(_CARDINALS.split())}
_ONES |= {word: 10 * number for number, word in enumerate(_TENS.split(), start=2)}
_ORDINALS = {word: number for number, word in enumerate(_ORDINALS_IN_ORDER.split(), start=1)}
_DIGITS = (
    r"[0-9]{1,3}(?:\.[0-9]{3}){1,8},[0-9]{1,2}(?![0-9])|[0-9]{1,3}(?:['’][0-9]{3}){1,8}(?:\.[0-9]{1,2})?(?![0-9])"
    r"|[0-9]{1,3}(?:,[0-9]{2,3}){0,8},[0-9]{3}(?![0-9])(?:\.[0-9]{1,40})?"
    r"|[0-9]{1,3}(?:\u00a0[0-9]{3}){1,6}(?![0-9])(?:[.,][0-9]{1,40})?"
    r"|[0-9]{1,3}(?: [0-9]{3}){2,6}(?![0-9])|[0-9]{1,3}(?:\.[0-9]{3}){2,6}(?![0-9.])"
    r"|[0-9]{1,3} 000(?![0-9])|(?<!,)[0-9]+,[0-9]{1,2}(?![0-9,])|[0-9]+(?:\.[0-9]+)?"
)
_NOT_IN_CODE = "(?:(?<![^\\W_])|" + "|".join(f"(?<={sign})" for sign in ("rs", "usd", "eur", "gbp", "pkr", "inr")) + ")"
_FIGURE = re.compile(
    rf"(?P<sign>(?<![\w)\]%.,-])-(?=[0-9]))?{_NOT_IN_CODE}(?P<digits>{_DIGITS})(?P<part>\s?[½⅓⅔¼¾]|\sand\sa\shalf\b)?(?:(?P<ordinal>st|nd|rd|th)\b|(?P<short>(?:k|mn|mln|m|bn|b|tn))\b"
    rf"|(?P<spaced>[\s-](?:mn|mln|bn|tn)\b|[\s-](?:{SCALE_WORDS})s?\b(?:\s(?:{SCALE_WORDS})s?\b)?)|(?P<decade>s)\b)?",
    re.IGNORECASE,
)
_NUMBER_WORD = "|".join(sorted((*_ONES, *SCALE_WORDS.split("|")), key=len, reverse=True))
_IN_WORDS = re.compile(
    rf"\b(?:(?:an?\s)?(?:half[\s-]|quarter\sof\s(?=an?\s))(?:an?\s)?|an?\s)?(?:{_NUMBER_WORD})"
    rf"(?:(?:\s|-|\sand\s)(?:{_NUMBER_WORD})|\sand\sa\shalf){{0,9}}\b(?!s)",
    re.IGNORECASE,
)
_MANY = re.compile(r"\b(?:ten|hundred|thousand|lakh|million|crore|billion|trillion|dozen)s\b", re.IGNORECASE)
_ORDINAL_WORD = re.compile(rf"\b(?:{'|'.join(_ORDINALS)})\b(?!,)", re.IGNORECASE)
_BEFORE_PRONOUN = re.compile(r"\b(?:no|the|this|that|any|every|some|each)[\s-]$", re.IGNORECASE)
_AFTER_PRONOUN = re.compile(r"\s(?:of|another|can|could|must|should|may|might|has|is|would)\b|'s\b", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:\s?%|\sper\s?cent)?(?P<by>\s?-\s?|\s(?:to|or|and)\s)")
_BEFORE_RANGE = re.compile(r"\b(?P<lead>between|(?:rang|vary)\w{0,3}\sfrom|from)\s(?:[a-z]{1,13}\s)?$", re.IGNORECASE)
_ARTICLES = {"a": Decimal(1), "an": Decimal(1), "half": Decimal("0.5"), "quarter": Decimal("0.25")}
_SCALE_END = re.compile(rf"(?:\b(?:{SCALE_WORDS})s?\b|(?<=[0-9\s])(?:k|mn|mln|m|bn|b|tn)\b)", re.IGNORECASE)
_BOUNDS: dict[Bound, str] = {
    "at least": r"\bat least|\bno (?:fewer|less) than|\ba minimum of",
    "at most": r"\bat most|\bup to|\bno more than|\bas (?:many|much) as|\ba maximum of",
    "over": r"\bmore than|\bover|\babove|\bexceed(?:s|ed|ing)?|\bupwards? of|>",
    "under": r"\bless than|\bfewer than|\bunder|\bbelow|<",
    "about": r"\babout|\baround|\bsome|\broughly|\bapproximately|\bestimated|\bnearly|\balmost|\bclose to|~",
}
_BOUND_BEFORE = [(bound, re.compile(rf"(?:{words})\s{{0,2}}$", re.IGNORECASE)) for bound, words in _BOUNDS.items()]


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of the text that is not part of a date, in order, whether in digits or in words.

    >>> [(str(q.number), q.unit) for q in quantities("$6bn, or 6 billion dollars, in 2025; 4 per cent")]
    [('6000000000', 'USD'), ('6000000000', 'USD'), ('4', 'percent')]
    """
    masked = without_dates(text)
    found = [Quantity(percent, "percent", _bound(masked, span), span) for percent, span in shares(masked)]
    masked = blank(masked, [quantity.span for quantity in found])
    for match in _FIGURE.finditer(masked):
        unit = "ordinal" if match["ordinal"] else "decade" if match["decade"] else ""
        found.append(_quantity(masked, _figure(match), Span(*match.span()), unit))
    masked = _FIGURE.sub(lambda match: " " * len(match[0]), masked)
    for match in _IN_WORDS.finditer(masked):
        found += [_quantity(masked, number, span) for number, span in _in_words(masked, match)]
    found += [
        Quantity(scale(Decimal(1), match[0]), "", "many", Span(*match.span())) for match in _MANY.finditer(masked)
    ]
    for match in _ORDINAL_WORD.finditer(masked):
        found.append(Quantity(Decimal(_ORDINALS[match[0].lower()]), "ordinal", "", Span(*match.span())))
    return tuple(_join_ranges(sorted(found, key=lambda quantity: quantity.span), fold(text)))


def _join_ranges(found: Iterable[Quantity], folded: str) -> list[Quantity]:
    """Two neighbours that are the ends of one range become one quantity: "2-3 million", "between 2 and 3 million"."""
    joined: list[Quantity] = []
    for quantity in found:
        lower = joined[-1] if joined else None
        if lower is None or not (between := _between(lower, quantity, folded)):
            joined.append(quantity)
            continue
        lower = _scaled(lower, quantity, folded)
        if between == "change":
            joined[-1:] = [lower, quantity]
        else:
            joined[-1] = replace(
                lower,
                unit=lower.unit or quantity.unit,
                per=lower.per or quantity.per,
                span=Span(lower.span.start, quantity.span.end),
                upper=quantity.number,
            )
    return joined


def _between(lower: Quantity, upper: Quantity, folded: str) -> Literal["", "range", "change"]:
    """How two neighbours belong together: as a range, as a change ("from 2 to 3 million"), or not at all."""
    currency = currency_before(folded[max(0, upper.span.start - 6) : upper.span.start])
    gap = (
        _BETWEEN.fullmatch(folded, lower.span.end, upper.span.start - len(currency))
        if lower.span.end < upper.span.start
        else None
    )
    plain = (
        not {lower.unit, upper.unit} & {"ordinal", "decade"}
        and lower.upper is None
        and "many" not in (lower.bound, upper.bound)
    )
    if gap is None or not plain or lower.number >= upper.number or (lower.unit and upper.unit not in ("", lower.unit)):
        return ""
    before = folded[max(0, lower.span.start - 40) : lower.span.start]
    before = before[: len(before) - len(currency_before(before))]
    lead = match["lead"].lower() if (match := _BEFORE_RANGE.search(before)) else ""
    by = gap["by"].strip().lower()
    if by == "to":
        return "change" if lead == "from" else "range"
    if by == "and":
        return "range" if lead == "between" else ""
    measured = upper.unit or _SCALE_END.search(folded, upper.span.start, upper.span.end)
    return "range" if measured else ""  # "a 2-3 defeat" is a score


def _scaled(lower: Quantity, upper: Quantity, folded: str) -> Quantity:
    """The lower end with the scale of the upper one where that is written once for both: "2-3 million"."""
    own = _SCALE_END.search(folded, lower.span.start, lower.span.end)
    words = "" if own else " ".join(_SCALE_END.findall(folded, upper.span.start, upper.span.end))
    number = scale(lower.number, words)
    return replace(lower, number=number) if number < upper.number else lower


_COMMA_DECIMAL = re.compile(
    r"[0-9]{1,3}(?:[.\u00a0][0-9]{3})*,[0-9]{1,2}|[0-9]+,[0-9]{1,2}|[0-9]{1,3}(?:\u00a0[0-9]{3})+,[0-9]+"
)
"""A comma before one or two last digits is a decimal one: "20.115,75"."""


def _figure(match: re.Match[str]) -> Decimal:
    digits = match["digits"]
    if digits.count(".") > 1 or _COMMA_DECIMAL.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    plain = Decimal(re.sub("[,'’ \u00a0]", "", digits)) + _part(match["part"])
    plain = -plain if match["sign"] else plain
    return scale(plain, match["short"] or match["spaced"] or "")


def _part(written: str | None) -> Decimal:
    if not written:
        return Decimal(0)
    return fraction(written.strip()) if written.strip() in "½⅓⅔¼¾" else Decimal("0.5")


def _in_words(text: str, match: re.Match[str]) -> list[tuple[Decimal, Span]]:
    """Number words to numbers: "two hundred and five thousand" is one number, "two three" is two."""
    found: list[tuple[Decimal, Span]] = []
    total, current, article, opened, closed = Decimal(0), Decimal(0), None, -1, -1
    for word in re.finditer(r"[a-z]+", match[0], re.IGNORECASE):
        plain, start, end = word[0].lower(), match.start() + word.start(), match.start() + word.end()
        if plain == "half" and opened >= 0:
            current, closed = current + Decimal("0.5"), end
        elif plain in _ARTICLES:
            article = min(article or Decimal(1), _ARTICLES[plain])
        if plain in (*_ARTICLES, "of", "and"):
            continue
        value = _ONES.get(plain)
        if (
            opened >= 0
            and value is not None
            and (value == 0 or total + current == 0 or current % (10 if value < 10 else 100))
        ):
            found.append((total + current, Span(opened, closed)))
            total, current, opened = Decimal(0), Decimal(0), -1
        opened, closed = (start if opened < 0 else opened), end
        if value is not None:
            current += value
        elif plain in ("hundred", "dozen"):
            current = scale(current or article or Decimal(1), plain)
        else:
            total, current = total + scale(current or article or Decimal(1), plain), Decimal(0)
        article = None
    found.append((total + current, Span(opened, closed)))
    return [(number, span) for number, span in found if not _is_pronoun(text, span)]


def _is_pronoun(text: str, span: Span) -> bool:
    if text[span.start : span.end].lower() != "one":
        return False
    before = text[max(0, span.start - 8) : span.start]
    return bool(_BEFORE_PRONOUN.search(before) or _AFTER_PRONOUN.match(text, span.end))


def _quantity(text: str, number: Decimal, span: Span, unit: str = "") -> Quantity:
    found, per, _ = (unit, "", 0) if unit else unit_of(text, span.start, span.end)
    return Quantity(number, found, _bound(text, span), span, per=per)


def _bound(text: str, span: Span) -> Bound:
    window = text[max(0, span.start - 24) : span.start]
    currency = currency_before(window)
    lead = window[: -len(currency)] if currency else window
    return next((bound for bound, pattern in _BOUND_BEFORE if pattern.search(lead)), "")


def stated_from(text: str, quantity: Quantity) -> int:
    """Where a quantity begins with the bound and the currency that stand before it.

    >>> said = "It cost more than $3 million."
    >>> said[stated_from(said, quantities(said)[0]):]
    'more than $3 million.'
    """
    begin = quantity.span.start
    window = fold(text[max(0, begin - 24) : begin])
    currency = currency_before(window)
    lead = window[: -len(currency)] if currency else window
    starts = [match.start() for _, pattern in _BOUND_BEFORE if (match := pattern.search(lead))]
    return begin - len(window) + min(starts) if starts else begin - len(currency)


def stated_to(text: str, quantity: Quantity) -> int:
    """Where a quantity ends with the unit behind it.

    >>> said = "It takes 3 days."
    >>> said[: stated_to(said, quantities(said)[0])]
    'It takes 3 days'
    """
    return max(quantity.span.end, unit_of(fold(text), quantity.span.start, quantity.span.end)[2])
