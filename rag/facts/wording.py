"""Words as they compare: case, quotes, dashes, spaces, accents and plurals folded away, so that only meaning differs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MARKER = re.compile(r"[ \t\u00a0]?\[[0-9]{1,4}(?:[ ]?[,;-][ ]?[0-9]{1,4}){0,19}\]")
WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")

_FOLDED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4`", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u202f\u2007\u2008\u2009\u200a", "\u00a0")
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

_FUNCTION_WORDS = """a about above according across after again against all almost along already also although always am among an and
    another any anyone anything are around as at away be became because been before being below besides between both but
    by can could currently despite did do does doing down due during each earlier either else even ever every everyone
    few finally first for former from further furthermore had has have having he hence her here hers him his how however
    i if in indeed initially instead into is it its itself just last later latter least less like likewise many may
    meanwhile might more moreover most much must near nearly neither never nevertheless next no nobody none nor not
    nothing now of off often on once one only onto or other others otherwise our out over overall own per perhaps rather
    recently same second several shall she should similarly since so some someone something soon still subsequently such
    than that the their them then there thereafter therefore these they third this those though through throughout thus
    to together too toward towards under unlike until up upon us very via was we were what whatever when where whereas
    whether which while who whom whose why will with within without would yes yet you your"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_NEGATIONS = """not no never none nobody nothing neither nor without cannot fail fails failed failing refuse refuses refused
    refusing deny denies denied denying reject rejects rejected unable hardly barely"""
NEGATIONS = frozenset(_NEGATIONS.split())


def fold(text: str) -> str:
    """The text with quotes, dashes, spaces and digits in one form each; every offset stays where it was.

    >>> fold("“6–7”")
    '"6-7"'
    """
    folded = text.translate(_FOLDED)
    if folded.isascii():
        return folded
    return re.sub(r"\d", lambda digit: str(unicodedata.digit(digit[0])), folded)


def strip_markers(text: str) -> str:
    """The text without citation markers such as " [1]" and "[1, 2]".

    >>> strip_markers("It was signed [1][2].")
    'It was signed.'
    """
    return MARKER.sub("", text)


def base(word: str) -> str:
    """A word without case, accents, possessive and dots: what two spellings of one name share."""
    plain = unicodedata.normalize("NFKD", word.casefold()).replace(".", "").removesuffix("'s").removesuffix("'")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def stem(word: str) -> str:
    """A word's base without an English ending; light on purpose, and used on both sides of every comparison."""
    plain = base(word)
    if len(plain) > 4 and plain.endswith("ies"):
        return plain[:-3] + "y"
    for ending, shortest in (("ing", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if len(plain) >= shortest and plain.endswith(ending) and not plain.endswith("ss"):
            return plain[: -len(ending)].removesuffix("e")
    return plain.removesuffix("e") if len(plain) > 3 else plain


def words(text: str) -> list[str]:
    """Every word's base, in order; hyphens separate words.

    >>> words("Cease-fire: Doha’s")
    ['cease', 'fire', 'doha']
    """
    return [base(match[0]) for match in WORD.finditer(_INVISIBLE.sub("", fold(text)))]


def content_words(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning."""
    return frozenset(stem(word) for word in words(text) if word not in FUNCTION_WORDS and word not in NEGATIONS)


def negated(text: str) -> bool:
    """True when a word of the text denies something."""
    return any(word in NEGATIONS or word.endswith("n't") for word in words(text))


def quoted_phrases(text: str) -> list[str]:
    """What stands between quotation marks, double or single; apostrophes inside words are none.

    >>> quoted_phrases("He didn’t say “stay firm” or 'go'.")
    ['stay firm', 'go']
    """
    folded = fold(text)
    found = [match[1] for match in re.finditer(r'"([^"]{1,2000})"', folded)]
    outside = re.sub(r'"[^"]{1,2000}"', " ", folded)
    found += [
        match[1]
        for match in re.finditer(r"(?<!\w)'(?=\w)([^']{1,500}(?:(?<=\w)'(?=\w)[^']{1,500}){0,8})'(?!\w)", outside)
    ]
    return found


def holds_sequence(haystack: Sequence[str], needle: Sequence[str]) -> bool:
    """True when `needle` occurs in `haystack` as neighbours in order."""
    if not needle:
        return True
    joined = "\x00".join(("", *haystack, ""))
    return "\x00".join(("", *needle, "")) in joined
