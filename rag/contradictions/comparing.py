"""Whether two values compare, and whether one thing can be meant by both: after conversion, within what is written."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from rag.contradictions.values import Value
from rag.facts.dates import DateMention
from rag.facts.quantities import Quantity
from rag.facts.units import converted, dimension, is_currency
from rag.facts.wording import FUNCTION_WORDS, words

ABOUT = Decimal("0.1")  # "about 1.7 million" covers a tenth either way
BEYOND = Decimal("0.25")  # "over 3 million" covers up to a quarter more
ROUNDED = Decimal("0.05")  # "2,000" may be 1,987, but not 1,600
_LIMITS = {"at least": "least", "at most": "most"}
"""Two limits of one side are two rules, which are the same only where their figures are."""
_COUNTS = frozenset({"", "person"})  # a bare count and a count of people may be one thing


def comparable(left: Value, right: Value) -> bool:
    """True when two values are of one kind and one dimension: 5 mg and 5 g compare, 5 mg and 5 hours do not."""
    if left.quantity and right.quantity:
        return _one_dimension(left.quantity, right.quantity)
    if left.date and right.date:
        return all(
            (getattr(left.date, part) is None) == (getattr(right.date, part) is None) for part in ("month", "day")
        )
    return left.kind == right.kind


def agree(left: Value, right: Value) -> bool:
    """True when both may be meant by one value: one figure within its bounds, one date, one person, one outcome."""
    if left.quantity and right.quantity:
        return same_quantity(left.quantity, right.quantity)
    if left.date and right.date:
        return _same_date(left.date, right.date)
    if left.kind == "time":
        return left.clock == right.clock
    if left.kind == "name":
        return bool(left.name & right.name) or _initials(left, right) or _initials(right, left)
    return left.upholds == right.upholds


def same_quantity(left: Quantity, right: Quantity) -> bool:
    """True when one amount can be meant by both: the ranges that they cover overlap, in one unit.

    >>> from rag.facts.quantities import quantities
    >>> pairs = ("100 °C, 212 °F", "5 mg, 5 g", "10 euros a month, 120 euros a year", "about 1.7 million, over 3 million")
    >>> [same_quantity(*quantities(pair)) for pair in pairs]
    [True, False, True, False]
    """
    if bool(left.per) != bool(right.per):
        left, right = replace(left, per=""), replace(right, per="")
    if _LIMITS.get(left.bound, "one") == _LIMITS.get(right.bound, "other"):
        return _base(left.number, left) == _base(right.number, right)
    (low, high), (other_low, other_high) = _range(left), _range(right)
    if low <= other_high and other_low <= high:
        return True
    if left.upper is not None or right.upper is not None:
        return False
    return _rounded(left, right) or _rounded(right, left)


def _one_dimension(left: Quantity, right: Quantity) -> bool:
    sides = {_LIMITS.get(left.bound), _LIMITS.get(right.bound)}
    if len(sides - {None}) > 1:  # "at least three" and "up to nine" are limits of two sides
        return False
    units = {left.unit, right.unit}
    return len(units) == 1 or units <= _COUNTS or ("" not in units and len({dimension(unit) for unit in units}) == 1)


def _range(quantity: Quantity) -> tuple[Decimal, Decimal]:
    """What a quantity covers with its bound, in base units."""
    low = _base(quantity.number, quantity)
    high = low if quantity.upper is None else _base(quantity.upper, quantity)
    match quantity.bound:
        case "about":
            return low * (1 - ABOUT), high * (1 + ABOUT)
        case "over" | "at least":
            return low, high * (1 + BEYOND)
        case "under" | "at most":
            return low * (1 - BEYOND), high
        case _:
            return low, high


def _base(number: Decimal, quantity: Quantity) -> Decimal:
    base = converted(number, quantity.unit)
    return base / converted(Decimal(1), quantity.per) if quantity.per else base


def _rounded(rough: Quantity, exact: Quantity) -> bool:
    """Whether `rough` is `exact` to the digits that are written of it: 2,000 for 1,987, 149 for 148.6, but not 41 for 47.

    The same holds of two units, whose figures hardly ever meet exactly: 5 km for 3.1 miles.
    """
    step = _step(rough, other_unit=rough.unit != exact.unit, finer=_exponent(exact) < min(0, _exponent(rough)))
    if step is None:
        return False
    low, high = sorted(_base(rough.number + side * step / 2, rough) for side in (-1, 1))
    value, said = _base(exact.number, exact), _base(rough.number, rough)
    if not low < value < high:
        return False
    return dimension(rough.unit) == "[temperature]" or abs(value - said) <= abs(said) * ROUNDED


def _step(rough: Quantity, *, other_unit: bool, finer: bool) -> Decimal | None:
    """The place of the last digit that counts; None where a figure is as exact as it stands."""
    exponent = _exponent(rough)
    if other_unit or exponent >= 2 or (finer and not is_currency(rough.unit)):
        return Decimal(10) ** exponent
    return None


def _exponent(quantity: Quantity) -> int:
    """Of the last digit that is written behind the point, else of the last one that is not a nought."""
    number = quantity.number
    exponent = (number.normalize() if number == number.to_integral_value() else number).as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _same_date(left: DateMention, right: DateMention) -> bool:
    pairs = ((left.year, right.year), (left.month, right.month), (left.day, right.day))
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def _initials(short: Value, long: Value) -> bool:
    """Whether one name is written as the initials of the other's words."""
    spelled = "".join(word[0] for word in words(long.text) if len(word) > 1 and word not in FUNCTION_WORDS)
    return any(len(word) > 1 and word == spelled for word in short.name)
