"""Small changes that turn a right question or statement into a wrong one: another name, another number, a negation, an opposite.

They teach the encoder that a passage on the subject need not hold the answer, and that a statement may differ from its
source in one word. Deterministic for a given random.Random.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from rag.training.sources import Relation

NAME = re.compile(r"\b[A-Z][\w'’-]+(?: (?:of |the )?[A-Z][\w'’-]+)*|\b\d[\d,.]*\d\b|\b\d\b")
_OPPOSITES = """
first/last largest/smallest highest/lowest most/least more/fewer before/after increase/decrease increased/decreased rose/fell won/lost
early/late oldest/youngest best/worst above/below north/south east/west northern/southern eastern/western all/none always/never
supported/opposed accepted/rejected started/ended began/stopped open/closed inside/outside older/younger larger/smaller
higher/lower longer/shorter longest/shortest good/bad legal/illegal allowed/forbidden public/private male/female
including/excluding with/without minimum/maximum gross/net adults/children arrival/departure buy/sell summer/winter morning/evening
passed/failed met/missed upper/lower left/right import/export imports/exports employee/employer tenant/landlord internal/external
weekdays/weekends monthly/yearly daily/weekly annual/monthly front/back single/double full/partial required/optional
""".split()
_OPPOSITE = {a: b for pair in _OPPOSITES for a, b in (pair.split("/"), pair.split("/")[::-1])}
_UNITS = """
mg/g/kg/mcg ml/l cm/m/km metres/kilometres meters/kilometers miles/feet minutes/hours/days/weeks/months/years seconds/minutes
kB/MB/GB/TB million/billion thousand/million percent/points °C/°F euros/dollars/pounds EUR/USD/GBP/CHF €/$/£ kW/MW/GW
""".split()
_UNIT = {unit: [other for other in group.split("/") if other != unit] for group in _UNITS for unit in group.split("/")}
_MEASURE = re.compile(
    r"(?<=\d)( ?)(" + "|".join(map(re.escape, sorted(_UNIT, key=len, reverse=True))) + r")(?![\w°])|[€$£](?=\d)"
)
_AUXILIARY = re.compile(r"\b(is|are|was|were|did|does|do|can|could|will|would|has|have|had|should|must|may)\b(?! not)")
_SPEAKER = re.compile(r"\b(said|says|told|announced|claimed|reported|argued|stated|wrote|warned|denied)\b")


def alter_question(question: str, passage: str, answer: str, others: list[str], rng: random.Random) -> str | None:
    """The question about something that the passage does not answer; None when nothing in it can be changed.

    Args:
        others: Names and numbers from elsewhere.

    >>> alter_question("Who rules Sweden today?", "In Norway and Sweden, kings rule.", "kings", [], random.Random(1))
    'Who rules Norway today?'
    """
    ways = [swap_name, swap_name, opposite, negate] if rng.random() < 0.75 else [opposite, negate, swap_name]
    for way in ways[:1] if rng.random() < 0.5 else ways:
        changed = way(question, passage, rng, avoid=answer, others=others)
        if changed:
            return changed
    return None


def swap_name(text: str, passage: str, rng: random.Random, *, avoid: str = "", others: list[str]) -> str | None:
    """One name or number of `text` replaced by another of the passage (two in three) or from elsewhere."""
    asked = [match for match in NAME.finditer(text) if match.start() > 0 and match[0] in passage]
    if not asked:
        return None
    swapped = rng.choice(asked)
    numeric = swapped[0][0].isdigit()
    pool = names_in(passage) if rng.random() < 0.67 else others
    fitting = sorted(
        {
            name
            for name in pool
            if name[0].isdigit() == numeric and name not in text and not (avoid and (name in avoid or avoid in name))
        }
    )
    return _replaced(text, swapped, rng.choice(fitting)) if fitting else None


def swap_number(text: str, passage: str, rng: random.Random, *, avoid: str = "", others: list[str]) -> str | None:
    """One number replaced by a number near it that the passage does not hold."""
    numbers = [match for match in NAME.finditer(text) if match[0][0].isdigit()]
    if not numbers:
        return None
    match = rng.choice(numbers)
    digits = [n for n, character in enumerate(match[0]) if character.isdigit()]
    place = rng.choice(digits)
    other = rng.choice([d for d in "123456789" if d != match[0][place]])
    changed = match[0][:place] + other + match[0][place + 1 :]
    return None if changed in passage else _replaced(text, match, changed)


def opposite(text: str, passage: str, rng: random.Random, *, avoid: str = "", others: list[str]) -> str | None:
    """One word replaced by its opposite."""
    found = [match for match in re.finditer(r"\b[a-z]+\b", text) if match[0] in _OPPOSITE]
    return _replaced(text, match, _OPPOSITE[match[0]]) if found and (match := rng.choice(found)) else None


def swap_unit(text: str, passage: str, rng: random.Random, *, avoid: str = "", others: list[str]) -> str | None:
    """The unit or currency of one number replaced by another of its kind, which the passage does not give for it.

    >>> swap_unit("Take 5 mg a day.", "", random.Random(1), others=[])
    'Take 5 g a day.'
    """
    found = list(_MEASURE.finditer(text))
    if not found:
        return None
    match = rng.choice(found)
    unit = match[2] or match[0]
    changed = f"{match[1] or ''}{rng.choice(_UNIT[unit])}"
    whole = text[: match.start()] + changed + text[match.end() :]
    return None if whole in passage else whole


def negate(text: str, passage: str, rng: random.Random, *, avoid: str = "", others: list[str]) -> str | None:
    """A "not" put in after an auxiliary verb, or taken out."""
    if " not " in text:
        return text.replace(" not ", " ", 1)
    found = list(_AUXILIARY.finditer(text))
    if not found:
        return None
    match = rng.choice(found)
    return text[: match.end()] + " not" + text[match.end() :]


def swap_speaker(text: str, passage: str, rng: random.Random, *, avoid: str = "", others: list[str]) -> str | None:
    """The name before or after a verb of saying replaced by another name of the passage."""
    verb = _SPEAKER.search(text)
    if not verb:
        return None
    near = [m for m in NAME.finditer(text) if not m[0][0].isdigit() and abs(m.start() - verb.start()) < 60]
    if not near:
        return None
    speaker = min(near, key=lambda match: abs(match.start() - verb.start()))
    fitting = sorted(name for name in names_in(passage) or others if not name[0].isdigit() and name not in text)
    return _replaced(text, speaker, rng.choice(fitting)) if fitting else None


def names_in(passage: str) -> list[str]:
    """Names and numbers of a passage, without words that are upper case only because a sentence begins with them."""
    return [
        match[0]
        for match in NAME.finditer(passage)
        if match[0][0].isdigit()
        or not (match.start() == 0 or passage[: match.start()].rstrip().endswith((".", "!", "?", "\n", '"', ":")))
    ]


CHANGES: dict[Callable[..., str | None], Relation] = {
    swap_name: "unsupported",
    swap_number: "refute",
    swap_unit: "refute",
    opposite: "refute",
    negate: "refute",
    swap_speaker: "unsupported",
}
"""Ways to change a sentence of a passage, and what the passage then says of it: another name may be true as well."""


def _replaced(text: str, match: re.Match[str], by: str) -> str:
    return text[: match.start()] + by + text[match.end() :]
