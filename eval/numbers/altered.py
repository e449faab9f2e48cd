"""Quotes with one thing changed, and quotes reworded without a change of meaning, to test a support checker on.

Not what `rag.training.alter` does: other patterns, word lists and templates, so that a checker is measured on changes that it
was not trained on. Deterministic for a given random.Random.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

Alteration = Callable[[str, random.Random], str | None]

_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_COUNTS = "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty".split()
_PEOPLE = "Tamsin Okafor|Ludvig Harken|Priya Castellan|Emeka Strand|Noor Whitfield|Jorun Battista|Silas Mbeki|Ottoline Reyes".split(
    "|"
)
_PLACES = "Valdoro|Kestrel Bay|Nordhavn|Port Ellery|Tashmir|Quillan Heights|Oberwald|San Teodor".split("|")
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})+(?![\w-])|(?<![\w.,/-])\d+(?![\w/-])(?!\.\d)")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_MONTH = re.compile(rf"\b(?:{'|'.join(month for month in _MONTHS if month != 'May')})\b")
_DAY_OF_MONTH = re.compile(rf"\b\d{{1,2}}(?: of)? (?:{'|'.join(_MONTHS)})\b|\b(?:{'|'.join(_MONTHS)}) \d{{1,2}}\b")
_DAY = re.compile(rf"\b(?:{'|'.join(_DAYS)})\b")
_COUNT = re.compile(rf"\b(?:{'|'.join(_COUNTS)})\b")
_FULL_NAME = re.compile(r"(?<![.!?\"“] )(?<!^)\b[A-Z][a-zé]+(?: [A-Z][a-zé]+){1,2}\b")
_AFTER_IN = re.compile(r"\b(?:in|from|at|near) ([A-Z][a-zé]{3,})\b(?! [A-Z])")
_VERB = re.compile(r"\b(is|are|was|were|has|have|had|can|could|will|would)\b(?! (?:not|never|no)\b)")
_NO_PERSON = frozenset(
    """States Kingdom War University College Church House Congress Party Union Council League Court Street River Sea Island Islands
    World North South East West America Europe Africa Asia Wikipedia Bank Company Club Army Act Day New""".split()
)
_NAME = r"(?:[A-Z][\w’'-]+)(?: [A-Z][\w’'-]+){0,3}"
_SPEAKERS = (
    re.compile(rf"\b(?:according to|(?:said|says|wrote)(?! (?:that|to|in|on|it|the)\b)) (?P<who>{_NAME})"),
    re.compile(rf"(?P<who>\b(?:{_NAME}|[Hh]e|[Ss]he|[Tt]hey)) (?:said|says|told|wrote|added|explained)\b(?! to\b)"),
)


_ANY_NAME = re.compile(r"(?<![.!?\"“] )(?<!^)\b[A-Z][a-zé]+(?: [A-Z][a-zé]+){0,2}\b")
_DONE = re.compile(
    r"\b[a-z]{2,}ed\b|\b(?:is|are|was|were|has|had|won|beat|led|met|took|gave|told|said|sent|left|held|made|fought)\b"
)
_OPPOSITES = {
    word: other
    for pair in """rose/fell gained/lost won/lost grew/shrank accepted/rejected agreed/refused supported/opposed before/after more/fewer
    more/less most/least increase/decrease increased/decreased success/failure successful/unsuccessful succeeded/failed first/last
    all/none some/none many/few always/never began/ended started/ended started/stopped opened/closed upper/lower higher/lower
    highest/lowest larger/smaller largest/smallest older/younger oldest/youngest early/late earlier/later longer/shorter
    longest/shortest above/below northern/southern north/south eastern/western east/west inside/outside maximum/minimum
    majority/minority possible/impossible legal/illegal appointed/dismissed allowed/banned""".split()
    for word, other in (pair.split("/"), pair.split("/")[::-1])
}
_OPPOSITE_WORD = re.compile(rf"\b(?:{'|'.join(_OPPOSITES)})\b", re.IGNORECASE)


def change_number(sentence: str, chance: random.Random) -> str | None:
    """A count multiplied, or a count in words replaced; dates are left to `change_date`."""
    found = _counts(sentence)
    words = list(_COUNT.finditer(sentence))
    if found:
        match = chance.choice(found)
        value = int(match[0].replace(",", ""))
        other = value * chance.choice((2, 3, 5)) + chance.choice((1, 4, 7))
        return _put(sentence, match, f"{other:,}" if "," in match[0] else str(other))
    if words:
        match = chance.choice(words)
        return _put(sentence, match, chance.choice([word for word in _COUNTS if word != match[0]]))
    return None


def change_date(sentence: str, chance: random.Random) -> str | None:
    """Another month, weekday or year."""
    for pattern, names in ((_MONTH, _MONTHS), (_DAY, _DAYS)):
        if match := pattern.search(sentence):
            return _put(sentence, match, chance.choice([name for name in names if name != match[0]]))
    if match := _YEAR.search(sentence):
        return _put(sentence, match, str(int(match[0]) + chance.choice((-14, -6, -3, 3, 6, 14))))
    return None


def change_name(sentence: str, chance: random.Random) -> str | None:
    """A person or place replaced by an invented one."""
    if found := [match for match in _FULL_NAME.finditer(sentence) if not _NO_PERSON & set(match[0].split())]:
        return _put(sentence, chance.choice(found), chance.choice(_PEOPLE))
    if match := _AFTER_IN.search(sentence):
        if match[1] in _MONTHS + _DAYS:
            return None
        return sentence[: match.start(1)] + chance.choice(_PLACES) + sentence[match.end(1) :]
    return None


def change_sense(sentence: str, chance: random.Random) -> str | None:
    """The sentence denied, by "never" or "no longer" after its verb, or by words before it."""
    verb = _VERB.search(sentence)
    if verb is None or chance.random() < 0.3:
        opening = chance.choice(("It is untrue that ", "Nobody claims that ", "It has been refuted that "))
        return opening + (sentence if sentence.split()[0].isupper() else sentence[0].lower() + sentence[1:])
    return _put(sentence, verb, f"{verb[0]} {chance.choice(('never', 'no longer', 'by no means'))}")


def change_speaker(sentence: str, chance: random.Random) -> str | None:
    """What is said put in the mouth of somebody whom the passage does not name; None when nobody is named as saying it."""
    for pattern in _SPEAKERS:
        if match := pattern.search(sentence):
            return sentence[: match.start("who")] + chance.choice(_PEOPLE) + sentence[match.end("who") :]
    return None


def names_speaker(sentence: str) -> bool:
    """Whether `change_speaker` finds anybody in it who says something."""
    return any(pattern.search(sentence) for pattern in _SPEAKERS)


ALTERATIONS: dict[str, Alteration] = {
    "number": change_number,
    "date": change_date,
    "name": change_name,
    "negation": change_sense,
    "speaker": change_speaker,
}


def exchange_names(sentence: str, chance: random.Random) -> str | None:
    """Two names between which something is done change places: who did it to whom is wrong, every word is still there."""
    found = [match for match in _ANY_NAME.finditer(sentence) if match[0] not in _MONTHS + _DAYS]
    pairs = [
        (one, other)
        for one, other in pairwise(found)
        if one[0] not in other[0] and other[0] not in one[0] and _DONE.search(sentence, one.end(), other.start())
    ]
    if not pairs:
        return None
    one, other = chance.choice(pairs)
    return sentence[: one.start()] + other[0] + sentence[one.end() : other.start()] + one[0] + sentence[other.end() :]


def change_direction(sentence: str, chance: random.Random) -> str | None:
    """A word that says which way, when, how many or with what outcome replaced by its opposite."""
    found = list(_OPPOSITE_WORD.finditer(sentence))
    if not found:
        return None
    match = chance.choice(found)
    other = _OPPOSITES[match[0].lower()]
    return _put(sentence, match, other.capitalize() if match[0][0].isupper() else other)


def move_speech(people: Sequence[str]) -> Alteration:
    """What is said put in the mouth of somebody else whom the passage names: `people`."""

    def change(sentence: str, chance: random.Random) -> str | None:
        for pattern in _SPEAKERS:
            match = pattern.search(sentence)
            others = [name for name in people if match and name not in sentence and match["who"] not in name]
            if match and others:
                return sentence[: match.start("who")] + chance.choice(others) + sentence[match.end("who") :]
        return None

    return change


def move_figure(figures: Sequence[str]) -> Alteration:
    """A figure replaced by another one of the source: `figures`."""

    def change(sentence: str, chance: random.Random) -> str | None:
        found = _counts(sentence)
        others = [figure for figure in figures if not re.search(rf"\b{re.escape(figure)}\b", sentence)]
        return _put(sentence, chance.choice(found), chance.choice(others)) if found and others else None

    return change


def move_name(people: Sequence[str]) -> Alteration:
    """A name replaced by another one of the source: `people`."""

    def change(sentence: str, chance: random.Random) -> str | None:
        found = [match for match in _FULL_NAME.finditer(sentence) if not _NO_PERSON & set(match[0].split())]
        others = [name for name in people if name not in sentence]
        return _put(sentence, chance.choice(found), chance.choice(others)) if found and others else None

    return change


def reword(sentence: str, chance: random.Random) -> str | None:
    """The same statement in slightly other words: a number without its comma, a common word for another, a lead taken off."""
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", sentence)
    plain = re.sub(r"^(?:However|Moreover|Furthermore|In addition|Also|Meanwhile), (\w)", lambda m: m[1].upper(), plain)
    swaps = [swap for swap in _SAME if re.search(swap[0], plain)]
    if swaps:
        pattern, other = chance.choice(swaps)
        plain = re.sub(pattern, other, plain, count=1)
    return plain if plain != sentence else None


_SAME = (
    (r"\bsaid\b(?! to\b)", "stated"),
    (r"\bbegan\b", "started"),
    (r"\bapproximately\b", "about"),
    (r"\babout(?= \d)", "roughly"),
    (r"\bmany\b", "numerous"),
    (r"\blarge\b", "big"),
    (r"\bbecause\b(?! of\b)", "since"),
    (r"\breceived\b", "got"),
    (r"\boften\b", "frequently"),
    (r"\blocated\b", "situated"),
    (r"\bnear\b(?=(?: the)? [A-Z])", "close to"),
    (r"\bsuch as\b", "like"),
    (r"\bseveral\b", "a number of"),
    (r"\busually\b", "generally"),
    (r"\bonly\b(?= \d)", "just"),
    (r"\bmore than(?= \d)", "over"),
)


def _counts(sentence: str) -> list[re.Match[str]]:
    """Figures in digits that are no part of a date."""
    dated = [day.span() for day in _DAY_OF_MONTH.finditer(sentence)]
    return [
        match
        for match in _NUMBER.finditer(sentence)
        if not _YEAR.fullmatch(match[0]) and not any(a <= match.start() < b for a, b in dated)
    ]


def _put(sentence: str, match: re.Match[str], by: str) -> str:
    return sentence[: match.start()] + by + sentence[match.end() :]
