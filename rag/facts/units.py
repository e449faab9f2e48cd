"""What a number counts, and the words that multiply it."""

from __future__ import annotations

import re
from decimal import Context, Decimal

SCALE_WORDS = r"hundred|thousand|lakh|million|crore|billion|trillion|dozen"
_SCALES = {"ten": 1, "hundred": 2, "thousand": 3, "k": 3, "lakh": 5, "million": 6, "mn": 6, "mln": 6, "m": 6, "crore": 7,
           "billion": 9, "bn": 9, "b": 9, "trillion": 12, "tn": 12}  # fmt: skip
_SCALE_AFTER = re.compile(rf"\s?(?:bn|mn|mln|tn|m|k|b)\b|[\s-](?:{SCALE_WORDS})s?\b", re.IGNORECASE)
_EXACT = Context(prec=140)
_UNITS = {
    "percent": r"%(?![\s-]point)|percent(?:age)?\b(?![\s-]point)|per\s?cent\b(?![\s-]point)|pc\b",
    "basis point": r"basis\spoints?\b|bps\b", "point": r"(?:%|per\s?cent(?:age)?)?[\s-]?points?\b|pps?\b",
    "USD": r"(?:US|U\.S\.|American)?\s?(?:dollars?|USD)\b|bucks\b", "EUR": r"euros?\b|EUR\b", "GBP": r"pounds?\b|GBP\b",
    "PKR": r"(?:Pakistani\s)?rupees?\b|PKR\b", "INR": r"Indian\srupees?\b|INR\b", "JPY": r"yen\b", "CNY": r"yuan\b|RMB\b",
    "year": r"years?\b|yrs?\b", "month": r"months?\b", "week": r"weeks?\b", "day": r"days?\b", "hour": r"hours?\b|hrs?\b",
    "minute": r"minutes?\b|mins?\b", "second": r"seconds?\b|secs?\b",
    "kilometre": r"km\b|kilomet(?:re|er)s?\b", "mile": r"miles?\b", "metre": r"m\b|met(?:re|er)s?\b", "foot": r"feet\b|foot\b|ft\b",
    "kilogram": r"kgs?\b|kilograms?\b|kilos?\b", "tonne": r"tonn?es?\b|tons?\b", "degree": r"degrees?\b|°",
}  # fmt: skip
_PERSON = re.compile(
    r"[\s-](?:[^\W\d_][\w'-]{0,30}\s){0,2}?(?:people|persons?|refugees?|migrants?|soldiers?|troops|civilians?|militants?|fighters?|men|women"
    r"|children|students?|workers?|employees?|personnel|officers?|residents?|victims?|terrorists?|prisoners?|patients?|voters?)\b",
    re.IGNORECASE,
)
_UNIT_AFTER = [(unit, re.compile(rf"[\s-]?(?:{pattern})", re.IGNORECASE)) for unit, pattern in _UNITS.items()]
_CURRENCIES = {"$": "USD", "us$": "USD", "usd": "USD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "rs": "PKR", "pkr": "PKR",
               "₹": "INR", "inr": "INR", "¥": "JPY"}  # fmt: skip
_CURRENCY = re.compile(r"(US\$|\$|€|£|₹|¥|\b(?:USD|EUR|GBP|PKR|INR|Rs)\b\.?)\s?$", re.IGNORECASE)


def scale(number: Decimal, words: str) -> Decimal:
    """The number multiplied by every scale word in `words`.

    >>> scale(Decimal("1.7"), "m") == 1_700_000
    True
    """
    for word in re.findall("[a-z]+", words.lower()):
        plain = word.removesuffix("s") if len(word) > 2 else word
        number = _EXACT.multiply(number, Decimal(12) if plain == "dozen" else Decimal(10) ** _SCALES[plain])
    return number


def scaled_at(folded: str, end: int) -> bool:
    """True when a scale word follows a number that ends at `end`."""
    return _SCALE_AFTER.match(folded, end) is not None


def currency_before(folded: str) -> str:
    """The currency sign, with the space behind it, that `folded` ends with, or ""."""
    match = _CURRENCY.search(folded)
    return match[0] if match else ""


def unit_at(folded: str, start: int, end: int) -> str:
    """What the number at `folded[start:end]` counts: a currency, a measure, "person", or "" when it is not known."""
    currency = currency_before(folded[max(0, start - 6) : start])
    if currency:
        return _CURRENCIES[currency.lower().rstrip(". \u00a0")]
    for unit, pattern in _UNIT_AFTER:
        if pattern.match(folded, end):
            return unit
    return "person" if _PERSON.match(folded, end) else ""
