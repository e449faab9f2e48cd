"""What a number counts: units and currencies by their names in several languages (CLDR), converted by pint; and words that multiply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pint import UnitRegistry

SCALE_WORDS = r"hundred|thousand|lakh|million|crore|billion|trillion|dozen"
_SCALES = {"ten": 1, "hundred": 2, "thousand": 3, "k": 3, "lakh": 5, "million": 6, "mn": 6, "mln": 6, "m": 6, "crore": 7,
           "billion": 9, "bn": 9, "b": 9, "trillion": 12, "tn": 12}  # fmt: skip
_SCALE_AFTER = re.compile(rf"\s?(?:bn|mn|mln|tn|m|k|b)\b|[\s-](?:{SCALE_WORDS})s?\b", re.IGNORECASE)
_EXACT = Context(prec=140)

LOCALES = ("en", "en_GB", "de", "fr", "es", "it", "pt", "nl", "ru", "ar", "zh")
"""Whose names of units are read; the first that has a name keeps it."""
_EVERYWHERE = frozenset(
    "year month week day hour minute second kilometer meter centimeter kilogram gram tonne liter hectare square-meter cubic-meter celsius".split()
)
"""Units whose names are read in every one of these languages; the others in English."""
_KINDS = frozenset(
    "area digital duration electric energy frequency length mass power pressure speed temperature volume".split()
)
_LEFT_OUT = frozenset(
    "century decade quarter night point furlong fathom stone foodcalorie therm-us drop pinch jigger dram cup pint quart barrel "
    "bushel tablespoon teaspoon dessert-spoon light-speed beaufort generic millimeter-ofhg inch-ofhg dunam earth-mass earth-radius gasoline-energy-density mile-scandinavian "
    "ounce-troy solar-mass solar-radius".split()
)
"""Units whose names are everyday words, or that pint does not know."""
_NO_SYMBOLS = frozenset("in pm pc au ac gr ct tn smi ly atm Da Ml Cg. mil om ora an pie".split())
"""Names in the data that are everyday words or numbers when they stand behind a number ("10 in 2010", "6 pm")."""
_SYMBOLS = {"h": "hour", "L": "liter", "l": "liter", "µg": "microgram", "μg": "microgram", "ug": "microgram", "mcg": "microgram",
            "m2": "square-meter", "m²": "square-meter", "km²": "square-kilometer", "m3": "cubic-meter", "m³": "cubic-meter",
            "kWh": "kilowatt-hour", "Pa": "pascal", "mA": "milliampere", "s": "second", "°": "degree", "degrees": "degree",
            "degree": "degree", "deg": "degree", "hrs": "hour", "mins": "minute", "secs": "second", "yrs": "year", "kgs": "kilogram",
            "kilos": "kilogram", "kilo": "kilogram", "tons": "tonne", "ton": "tonne"}  # fmt: skip
_PINT = {"celsius": "degC", "fahrenheit": "degF", "mile-per-gallon": "mile/gallon", "nautical-mile": "nautical_mile",
         "light-year": "light_year", "astronomical-unit": "astronomical_unit", "british-thermal-unit": "Btu",
         "pound-force-per-square-inch": "psi", "fluid-ounce": "fluid_ounce", "kilowatt-hour": "kilowatt_hour"}  # fmt: skip
_RATIOS = {"percent": r"(?:%|٪|％)(?![\s-]point)|percent(?:age)?\b(?![\s-]point)|per\s?cent\b(?![\s-]point)|pc\b|Prozent\b|pour\scent\b|por\sciento\b",
           "basis point": r"basis\spoints?\b|bps\b", "point": r"(?:%|per\s?cent(?:age)?)?[\s-]?points?\b|pps?\b"}  # fmt: skip
_RATIO_AFTER = [(unit, re.compile(rf"[\s-]?(?:{pattern})", re.IGNORECASE)) for unit, pattern in _RATIOS.items()]
_PERSON = re.compile(r"[\s-](?:[^\W\d_][\w'-]{0,30}\s){0,2}?(?:people|persons?)\b", re.IGNORECASE)
_BARE_MONEY = {
    "dollar": "USD",
    "buck": "USD",
    "euro": "EUR",
    "pound": "GBP",
    "rupee": "PKR",
    "yen": "JPY",
    "yuan": "CNY",
    "rmb": "CNY",
}
"""What is meant when the country is left out."""
_SIGNS = {"$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "rs": "PKR", "₹": "INR", "¥": "JPY"}
_SIGN = re.compile(r"((?:US|A|C|HK|NZ)\$|\$|€|£|₹|¥|₩|₽|\b[Rr]s\b\.?|\b(?:[A-Z]{3}|usd|eur|gbp|chf|pkr|inr)\b)\s?$")
_PER = re.compile(r"\s?/\s?|\s(?:an?|per|each|every|pro|par|por|al|il)\s", re.IGNORECASE)
_LONGEST_NAME = 28


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
    """The currency sign or code, with the space behind it, that `folded` ends with, or ""."""
    match = _SIGN.search(folded)
    return match[0] if match and _currency(match[1]) else ""


def unit_at(folded: str, start: int, end: int) -> str:
    """What the number at `folded[start:end]` counts: a currency (ISO 4217), a measure (CLDR), "percent", "person", or "".

    >>> [unit_at(said, 0, 2) for said in ("12 km/h", "12 Stunden", "12 °C", "12 US dollars", "12 ducks")]
    ['kilometer-per-hour', 'hour', 'celsius', 'USD', '']
    """
    return unit_of(folded, start, end)[0]


def unit_of(folded: str, start: int, end: int) -> tuple[str, str, int]:
    """The same, with the unit of time for which it holds ("per"), or "", and where all of it ends."""
    currency = currency_before(folded[max(0, start - 6) : start])
    if currency:
        return _currency(currency) or "", *_per(folded, end)
    for ratio, pattern in _RATIO_AFTER:
        if match := pattern.match(folded, end):
            return ratio, "", match.end()
    if named := _named_at(folded, end):
        return named[0], *_per(folded, named[1])
    return "person" if _PERSON.match(folded, end) else "", *_per(folded, end)


def is_currency(unit: str) -> bool:
    """Whether a unit is money."""
    return len(unit) == 3 and unit.isupper()


def dimension(unit: str) -> str:
    """What kind of thing a unit measures: units of one dimension convert, a currency only into itself.

    >>> dimension("gram") == dimension("tonne"), dimension("gram") == dimension("liter")
    (True, False)
    """
    found = _pint_unit(unit)
    return str(found.dimensionality) if found is not None else unit


def converted(number: Decimal, unit: str) -> Decimal:
    """A number in the base unit of its dimension, offsets of temperatures included; itself where nothing converts.

    >>> round(converted(Decimal(212), "fahrenheit"), 2) == round(converted(Decimal(100), "celsius"), 2)
    True
    """
    found = _pint_unit(unit)
    if found is None:
        return number
    return Decimal(_registry().Quantity(number, found).to_base_units().magnitude)


def _per(folded: str, end: int) -> tuple[str, int]:
    """The unit of time behind "a", "per", "/" ("a month") and where it ends; "" and `end` without one."""
    match = _PER.match(folded, end, end + 12)
    named = _named_at(folded, match.end()) if match else None
    return named if named and dimension(named[0]) == "[time]" else ("", end)


def _named_at(folded: str, at: int) -> tuple[str, int] | None:
    """The longest name of a unit that begins here, or after one space or hyphen, and where it ends."""
    exact, names = _names()
    if at < len(folded) and folded[at] in " \u00a0-\n":
        at += 1
    for size in range(min(_LONGEST_NAME, len(folded) - at), 0, -1):
        said = folded[at : at + size].replace("\u00a0", " ")
        unit = exact.get(said) or names.get(said.casefold())
        if unit and _ends(folded, at + size):
            return unit, at + size
    return None


def _ends(folded: str, end: int) -> bool:
    """Whether a word may end here; scripts without spaces go on at once."""
    if end >= len(folded) or not (folded[end - 1].isalnum() and folded[end].isalnum()):
        return True
    return ord(folded[end - 1]) > 0x2E80


def _currency(said: str) -> str | None:
    plain = said.strip(" .\u00a0")
    return _SIGNS.get(plain.lower()) or _names()[0].get(plain.upper() if len(plain) == 3 else plain)


@lru_cache(maxsize=1)
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Symbols, which keep their case, and names, folded: what is meant by each."""
    from babel import Locale

    exact, names = dict(_SYMBOLS), {name: unit for name, unit in _SYMBOLS.items() if len(name) > 2}
    for at, name in enumerate(LOCALES):
        data = Locale.parse(name)._data
        for unit, style, said in _unit_names(data["unit_patterns"]):
            if at > 1 and (unit not in _EVERYWHERE or (style == "short" and name != "zh")):
                continue
            if style == "long" or len(said) > 3 or not said.isascii():
                names.setdefault(said.casefold(), unit)
            else:
                exact.setdefault(said, unit)
        for code, said in _currency_names(data, every=at == 0):
            names.setdefault(said.casefold(), code)
        if at == 0:
            exact.update({code: code for code in data["currency_names"] if len(code) == 3})
            exact.update({sign: code for code, sign in data["currency_symbols"].items() if not sign.isalnum()})
    exact["$"], exact["¥"] = "USD", "JPY"
    for bare, code in _BARE_MONEY.items():
        names[bare] = names[f"{bare}s"] = code
    return exact, names


def _unit_names(patterns: Any) -> Iterator[tuple[str, str, str]]:
    """Unit, style and each form in which a language writes it behind a number, the long ones first."""
    for style in ("long", "short"):
        for identifier in patterns:
            kind, _, unit = identifier.partition("-")
            if kind not in _KINDS or unit in _LEFT_OUT or "person" in unit or "imperial" in unit or "metric" in unit:
                continue
            for form, pattern in dict(patterns[identifier].get(style, {})).items():
                if form != "per" and isinstance(pattern, str) and pattern.startswith("{0}"):
                    said = pattern[3:].replace("\u00a0", " ").strip()
                    if said and said[0] != "/" and said not in _NO_SYMBOLS:
                        yield unit, style, said


def _currency_names(data: Any, *, every: bool) -> Iterator[tuple[str, str]]:
    for code in data["currency_names_plural"] if every else ("EUR", "USD", "GBP", "CHF"):
        for said in dict(data["currency_names_plural"].get(code, {})).values():
            if len(said) > 3:
                yield code, said


@lru_cache(maxsize=1)
def _registry() -> UnitRegistry[Any]:
    import pint

    return pint.UnitRegistry(non_int_type=Decimal, autoconvert_offset_to_baseunit=True)


@lru_cache(maxsize=256)
def _pint_unit(unit: str) -> Any:
    """The unit as pint has it; None for money, people and what else does not convert."""
    if not unit or is_currency(unit) or unit in ("person", "ordinal", "decade", "clock", *_RATIOS):
        return None
    import pint

    said = _PINT.get(unit)
    if said is None:
        top, _, under = unit.partition("-per-")
        said = _power(top) + (f"/({_power(under)})" if under else "")
    try:
        return _registry().parse_units(said)
    except (pint.UndefinedUnitError, pint.errors.DefinitionSyntaxError, ValueError):
        return None


def _power(name: str) -> str:
    for word, power in (("square-", "**2"), ("cubic-", "**3")):
        if name.startswith(word):
            return name.removeprefix(word).replace("-", "_") + power
    return name.replace("-", "_")


def unit_in(head: str) -> str:
    """The one unit or currency that the head of a column names: "price_eur_2026", "Weight (kg)"; "" for none.

    >>> unit_in("price_eur_2026"), unit_in("Weight (kg)"), unit_in("Remark")
    ('EUR', 'kilogram', '')
    """
    exact, names = _names()
    said = [word for word in re.split(r"[\W_]+", head) if word]
    found = [
        (currency_before(word) and _currency(word)) or exact.get(word) or names.get(word.casefold())
        for word in said[1:]
    ]
    signs = [_SIGNS[sign] for sign in head if sign in _SIGNS] + ["percent"] * ("%" in head)
    return next((unit for unit in (*signs, *found) if unit), "")
