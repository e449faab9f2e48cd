"""Dates in the words of other languages than English: "3. Februar 2025", "5 de marzo de 2025", "2025年3月5日", "১ মার্চ ২০২৫".

The names of months and days are dateparser's; how a date is put together is said here, so that nothing is filled in or taken
for a date that only looks like one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LOCALES = {"no": "nb"}
# Months by the sun as the Levant calls them: the Arabic locale has the names of the West.
_MORE_MONTHS = {
    "ar": (
        "كانون الثاني|يناير|جانفي", "شباط|فبراير|فيفري", "آذار|اذار|مارس", "نيسان|أبريل|ابريل|إبريل|أفريل", "أيار|ايار|مايو|ماي",
        "حزيران|يونيو|جوان", "تموز|يوليو|يوليوز|جويلية", "آب|أغسطس|اغسطس|غشت|أوت", "أيلول|ايلول|سبتمبر|شتنبر",
        "تشرين الأول|تشرين الاول|أكتوبر|اكتوبر", "تشرين الثاني|نوفمبر|نونبر", "كانون الأول|كانون الاول|ديسمبر|دجنبر",
    ),
}  # fmt: skip
_BETWEEN = r"(?:de|del|di|do|da|of|d['’]|den|ta|året|r\.|τ(?:ου|ης)|года?|року|рік|năm|سنة|عام|من|سن|พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|m\.|év|sayılı)"
_BEFORE = (
    r"(?:den|der|am|vom|le|du|el|al|il|lo|dal|em|a|à|op|van|d\.|dne|dnia|z\s+dnia|от|с|з|від|на|στις|την|της|από|ngày|le\s+lundi|วันที่|"
    r"في|بتاريخ|مورخ|در|ב-?|ליום|מיום|को|दिनांक|kl\.?|la|din|pe|på|fra|ab|il\s+giorno|kelt|:)"
)
_ORDINAL = r"(?:\.|º|ª|°|er|ère|re|e|a\.?|ος|η|-?(?:го|е|ое|ого|й|га))?"
_TIME = r"(?:[\s,،]*(?:um|à|a\s+las|alle|ore|às|om|kl\.?|klo|в|о|στις|saat|alas)?\s*\d{1,2}[:.h時时시]\d{2}(?:[:.]\d{2})?(?:\s*(?:Uhr|h|Uhr|uur|分))?)?"
_SPACE = r"[\s,،.]"
_CHINESE_DIGITS = {
    one: digit
    for digit, ones in enumerate(("〇零○", "一", "二", "三", "四", "五", "六", "七", "八", "九"))
    for one in ones
}
_CHINESE = "〇零○一二三四五六七八九十"
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "民國": 1911, "民国": 1911}
_EAST = re.compile(
    rf"(?:(?P<era>{'|'.join(_ERAS)})\s*(?P<count>元|\d{{1,3}})|(?P<year>\d{{4}}|[{_CHINESE}]{{4}}))\s*[年년]\s*"
    rf"(?P<month>\d{{1,2}}|[{_CHINESE}]{{1,2}})\s*[月월](?:\s*(?P<day>\d{{1,2}}|[{_CHINESE}]{{1,3}})\s*[日号號일])?"
    r"(?:\s*[(（][^)）\s]{1,4}[)）])?(?:\s*(?:星期|周|週)[一二三四五六日天])?"
)
_NUMERIC = (
    re.compile(
        r"(?<![\w/.-])(?P<day>\d{1,2})(?P<mark>[/.-])\s?(?P<month>\d{1,2})(?P=mark)\s?(?P<year>\d{4})(?![\w/-]|\.\d)"
    ),
    re.compile(
        r"(?<![\w/.-])(?P<year>\d{4})(?P<mark>[/.-])\s?(?P<month>\d{1,2})(?P=mark)\s?(?P<day>\d{1,2})\.?(?![\w/-])"
    ),
)
_BUDDHIST_FROM, _BUDDHIST = 2400, 543
_JALALI_MONTHS = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند".split()
_JALALI = re.compile(
    rf"(?<!\w)(?P<day>\d{{1,2}})\s+(?P<month>{'|'.join(_JALALI_MONTHS)})(?:\s+(?:ماه|سال))*\s+(?P<year>1[34]\d\d)(?!\w)"
)


@dataclass(frozen=True, slots=True)
class WordedDate:
    """A date as it stands in a text; it may not exist: whoever reads it checks that."""

    start: int
    end: int
    year: int
    month: int
    day: int | None


def worded_dates(text: str, language: str) -> Iterator[WordedDate]:
    """The dates of a short text in `language`, by kind of writing, not overlapping an earlier one's."""
    text = _plain_digits(text)
    if not re.search(r"\d{4}|[年년]", text):
        return
    taken: list[tuple[int, int]] = []
    for pattern in _patterns(language):
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            if read := _read(match, language):
                yield read


def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    kinds = [_EAST, *_NUMERIC, *_named(language)]
    return (*kinds, _JALALI) if language == "fa" else tuple(kinds)


def _read(match: re.Match[str], language: str) -> WordedDate | None:
    parts = match.groupdict()
    if match.re is _JALALI:
        number = _JALALI_MONTHS.index(parts["month"]) + 1
        return WordedDate(*match.span(), *_from_jalali(int(parts["year"]), number, int(parts["day"])))
    if parts.get("era"):
        year = _ERAS[parts["era"]] + (1 if parts["count"] == "元" else int(parts["count"]))
    else:
        year = _number(parts["year"])
    if language == "th" and year >= _BUDDHIST_FROM:
        year -= _BUDDHIST
    named = parts.get("name")
    month = _month_of(language)[_bare(named)] if named else _number(parts["month"])
    day = _number(parts["day"]) if parts.get("day") else None
    return WordedDate(*match.span(), year, month, day)


@lru_cache(maxsize=64)
def _named(language: str) -> tuple[re.Pattern[str], ...]:
    """Day, month and year with the month in words, in the orders that languages put them."""
    months, days = _month_of(language), _day_names(language)
    if not months:
        return ()
    name = "(?P<name>" + "|".join(map(_loose, sorted(months, key=len, reverse=True))) + r")(?![^\W\d_])\.?"
    week = (
        rf"(?:(?:{'|'.join(map(_loose, sorted(days, key=len, reverse=True)))})\.?{_SPACE}*)?(?:{_BEFORE}\s*)?"
        if days
        else ""
    )
    between = rf"{_SPACE}*(?:{_BETWEEN}\s*){{0,2}}{_SPACE}*"
    day, year = rf"(?P<day>\d{{1,2}}){_ORDINAL}", r"(?P<year>\d{4})(?!\d)"
    return tuple(
        re.compile(rf"(?<![\w/.-]){pattern}", re.I)
        for pattern in (
            rf"{week}{day}{between}{name}{between}{year}{_TIME}",
            rf"{week}{name}\s*{day}[\s,،]+{between}{year}{_TIME}",
            rf"{year}{between}{name}{between}{day}(?:\s*d\.)?(?!\d){_TIME}",
            rf"{name}{between}{year}",
        )
    )


@lru_cache(maxsize=64)
def _month_of(language: str) -> dict[str, int]:
    """The number of each month's name; what dateparser calls a month by its number alone is left to the other patterns."""
    info = _locale(language)
    names = {
        _bare(name): number
        for number, month in enumerate(_MONTHS, start=1)
        for name in info.get(month, ())
        if len(_bare(name)) > 1 and not (name[0].isdigit() or _EAST_MONTH.fullmatch(name))
    }
    for number, more in enumerate(_MORE_MONTHS.get(language, ()), start=1):
        names |= dict.fromkeys(map(_bare, more.split("|")), number)
    return names


_EAST_MONTH = re.compile(rf"[{_CHINESE}\d]+[月월]")


@lru_cache(maxsize=64)
def _day_names(language: str) -> tuple[str, ...]:
    info = _locale(language)
    return tuple({_bare(name) for day in _DAYS for name in info.get(day, ()) if len(name) > 1})


def _locale(language: str) -> dict[str, list[str]]:
    """What dateparser knows of a language; nothing of one that it does not know."""
    from dateparser.languages.loader import default_loader

    try:
        info: dict[str, list[str]] = default_loader.get_locale(_LOCALES.get(language, language)).info
    except ValueError:
        return {}
    return info


def _bare(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).lower().rstrip(".").split())


def _loose(name: str) -> str:
    """A name as a pattern in which any white space parts its words."""
    return r"\s+".join(map(re.escape, name.split()))


def _plain_digits(text: str) -> str:
    """Digits of every script as those of ASCII, each in its place."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(one)) if one > "\x7f" and one.isdecimal() else one for one in text)


def _number(written: str) -> int:
    """A number in digits, or in Chinese numerals: digit by digit, or with ten.

    >>> _number("二〇二五"), _number("十二"), _number("二十一"), _number("7")
    (2025, 12, 21, 7)
    """
    if written.isdigit() and written.isascii():
        return int(written)
    if "十" in written:
        tens, _, ones = written.partition("十")
        return 10 * _CHINESE_DIGITS.get(tens, 1) + _CHINESE_DIGITS.get(ones, 0)
    return int("".join(str(_CHINESE_DIGITS[one]) for one in written))


def _from_jalali(year: int, month: int, day: int) -> tuple[int, int, int]:
    """A date of the Persian calendar as the Gregorian calendar has it, by the 33-year rule of leap years."""
    from datetime import date, timedelta

    years = year - 979
    days = 365 * years + years // 33 * 8 + (years % 33 + 3) // 4 + (day - 1)
    days += sum(31 if one <= 6 else 30 for one in range(1, month))
    found = date(1600, 3, 20) + timedelta(days=days)
    return found.year, found.month, found.day
