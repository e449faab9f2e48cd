"""Parts of a whole as percentages: '1 in 5', 'a fifth', '1/5' and '20 per cent' are one figure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from index.values import Span

_FEW = {word: number for number, word in enumerate("one two three four five six seven eight nine ten".split(), start=1)}
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
          "ninth": 9, "tenth": 10}  # fmt: skip
_PART = "third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_WORDS = "|".join(_FEW)
_SHARE = re.compile(
    rf"\b(?P<top>{_WORDS}|[1-9])[\s-](?P<part>(?:{_PART})s?|quarters?(?=\sof\b)|(?<=three[\s-])quarters|halves)\b(?!\sof\san?\s)"
    rf"|\ban?\s(?P<single>{_PART}|quarter)(?=\sof\b)(?!\sof\san?\s)"
    r"|(?<!first )(?<!second )(?<!last )(?<!latter )(?<!other )\b(?P<half>half)(?=\s(?:of|the|its|their|his|her|all)\b)(?!\sof\san?\s)"
    rf"|\b(?P<some>{_WORDS}|[1-9][0-9]?)\s(?:in|out\sof)\s(?:every\s)?(?P<all>{_WORDS}|[1-9][0-9]{{0,3}})(?![\w-]|[.,][0-9])"
    r"(?!\s(?:years?|months?|weeks?|days?|hours?|minutes?)\b)"
    r"|(?<![\w/.,])(?P<over>[1-9])/(?P<under>[2-9]|10|12|16|20|100)(?![\w/])|(?<![0-9\s])(?P<sign>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])",
    re.IGNORECASE,
)


def shares(folded: str) -> list[tuple[Decimal, Span]]:
    """Every part of a whole, in percent, and where it stands.

    >>> [round(share) for share, _ in shares("one in five, two-thirds and half of the rest")]
    [20, 67, 50]
    """
    return [(percent, Span(*match.span())) for match in _SHARE.finditer(folded) if (percent := _percent(match))]


def fraction(sign: str) -> Decimal:
    """The value of one sign such as "½".

    >>> fraction("¾")
    Decimal('0.75')
    """
    over, under = unicodedata.normalize("NFKC", sign).split("\u2044")
    return Decimal(over) / Decimal(under)


def _percent(match: re.Match[str]) -> Decimal | None:
    """None when the part is not smaller than the whole: "5 in 2" counts something else."""
    if match["sign"]:
        return 100 * fraction(match["sign"])
    top = match["top"] or match["some"] or match["over"] or "1"
    whole = match["part"] or match["single"] or match["half"] or match["all"] or match["under"]
    over, under = _value(top), _value(whole)
    return Decimal(100 * over) / under if over < under else None


def _value(word: str) -> int:
    plain = word.lower()
    return _FEW.get(plain) or _PARTS.get(plain) or _PARTS.get(plain.removesuffix("s")) or int(plain)
