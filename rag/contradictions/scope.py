"""Do two sentences give their values for one thing? A figure for another year, place, group or measure is a different thing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from index.values import Span
from rag.contradictions.values import Value
from rag.facts.dates import dates
from rag.facts.wording import FUNCTION_WORDS, base, fold, stem, words
from rag.reading.judge import stems

_NEAR_CHARS = 60
_CLASSES: tuple[Mapping[str, str], ...] = tuple(
    {form: name for name, forms in group.items() for form in forms.split()}
    for group in (
        {
            "dead": "killed dead deaths died die fatalities bodies toll killing",
            "hurt": "injured wounded hurt injuries casualties hospitalised hospitalized",
            "missing": "missing unaccounted",
            "driven out": "displaced evacuated homeless fled evacuees stranded",
            "arrested": "arrested detained charged jailed convicted",
            "rescued": "rescued saved freed released",
        },
        {
            "revenue": "revenue revenues sales turnover takings",
            "profit": "profit profits earnings surplus",
            "loss": "loss losses deficit",
            "debt": "debt debts borrowing loans",
            "cost": "cost costs spending expenditure",
        },
        {"import": "imports imported import", "export": "exports exported export"},
        {
            "teachers": "teacher teachers lecturers",
            "pupils": "pupils pupil students schoolchildren",
            "doctors": "doctors doctor surgeons",
            "nurses": "nurses nurse",
            "patients": "patients patient",
            "soldiers": "soldiers soldier troops",
            "police": "police policemen officers",
            "civilians": "civilians civilian",
            "crew": "crew sailors crewmen",
            "passengers": "passengers passenger",
            "fighters": "militants fighters rebels",
            "prisoners": "prisoners inmates",
            "farmers": "farmers farmer",
            "drivers": "drivers driver",
            "refugees": "refugees refugee migrants",
        },
        {"men": "men boys male males", "women": "women girls female females", "children": "children minors pupils"},
        {"adults": "adults adult", "children": "children minors child"},
        {"births": "births born", "deaths": "deaths died"},
        {
            "for": "favour favor yes supporting ayes",
            "against": "against no opposing noes",
            "abstained": "abstained abstentions",
        },
        {
            "daily": "daily day",
            "weekly": "weekly week",
            "monthly": "monthly month",
            "yearly": "yearly annual annually year",
        },
        {"highest": "maximum highest peak record", "lowest": "minimum lowest", "mean": "average mean median"},
        {
            "plan": "planned budgeted forecast target projected originally initially",
            "fact": "actual final finally eventually actually",
        },
        {"north": "north northern", "south": "south southern", "east": "east eastern", "west": "west western"},
        {"first": "first", "second": "second", "third": "third", "fourth": "fourth"},
        {"upper": "upper", "lower": "lower"},
        {"urban": "urban city", "rural": "rural countryside"},
        {
            "started": "began begin start started opened opens launched",
            "ended": "ended end finished closed closes expired concluded",
        },
        {"employees": "employees workers staff jobs", "customers": "customers users subscribers passengers visitors"},
    )
)
_PLACE = re.compile(
    r"\b(?:[Ii]n|[Aa]t|near|across|throughout|outside|of|for|from) (?:the )?(?:[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,3})"
)
_NO_PLACES = frozenset(
    """january february march april may june july august september october november december monday tuesday wednesday thursday
    friday saturday sunday""".split()
)


def same_thing(question: str, left: str, left_value: Span, right: str, right_value: Span) -> bool:
    """False when the sentences themselves say that they speak of different years, places, groups or measures.

    Args:
        question: What was asked; a sentence that names no place near its value is of the place that the question names.
        left, right: The sentences.
        left_value, right_value: Where the value stands in each.

    >>> same_thing("How many?", "31 people were killed.", Span(0, 2), "90 people were injured.", Span(0, 2))
    False
    """
    if not same_time(left, right):
        return False
    if any(_differ(group, left, left_value, right, right_value) for group in _CLASSES):
        return False
    asked = _places(question)
    ours, theirs = (
        _places(_around(text, value)) or asked for text, value in ((left, left_value), (right, right_value))
    )
    return not ours or not theirs or bool(_stems(ours) & _stems(theirs))


def same_time(left: str, right: str) -> bool:
    """False when two sentences name years, and none that both name: figures of different years are different things.

    >>> same_time("It had 300 guests in 2019.", "It had 500 guests in 2021."), same_time("It had 300.", "In 2021: 500.")
    (False, True)
    """
    ours, theirs = ({date.year for date in dates(text) if date.year} for text in (left, right))
    return not ours or not theirs or bool(ours & theirs)


def _around(sentence: str, value: Span) -> str:
    """The words near a value, within its clause."""
    before = sentence[max(0, value.start - _NEAR_CHARS) : value.start]
    after = sentence[value.end : value.end + _NEAR_CHARS]
    if value.start > _NEAR_CHARS:  # no halves of words
        before = before.partition(" ")[2]
    if value.end + _NEAR_CHARS < len(sentence):
        after = after.rpartition(" ")[0]
    cut = max(before.rfind(mark) for mark in (";", ", ", " and ", " while ", " but "))
    ends = [place for mark in (";", ", ", " and ", " while ", " but ") if (place := after.find(mark)) >= 0]
    return before[cut + 1 if cut >= 0 else 0 :] + " " + after[: min(ends, default=len(after))]


def _differ(group: Mapping[str, str], left: str, left_value: Span, right: str, right_value: Span) -> bool:
    """Whether both values belong to members of a group of things that exclude each other, and to none in common."""
    ours, theirs = _members(group, left, left_value), _members(group, right, right_value)
    return bool(ours) and bool(theirs) and not ours & theirs


def _members(group: Mapping[str, str], sentence: str, value: Span) -> frozenset[str]:
    """Which of a group a value belongs to: what its clause names, otherwise the last one that is named before it."""
    named = frozenset(group[word] for word in words(_around(sentence, value)) if word in group)
    if named:
        return named
    before = [group[word] for word in words(sentence[: value.start]) if word in group]
    return frozenset(before[-1:])


def _places(text: str) -> frozenset[str]:
    """Words of names that stand behind "in", "at", "of" and the like."""
    folded = fold(text)
    found = (base(word) for match in _PLACE.finditer(folded) for word in re.findall(r"[A-Z][\w'-]+", match[0]))
    return frozenset(word for word in found if word not in FUNCTION_WORDS and word not in _NO_PLACES)


def _stems(names: frozenset[str]) -> frozenset[str]:
    """What "Ostria" and "Ostrian" share."""
    return frozenset(stem(name)[:5] for name in names)


def other_item(question: str, best: Value, other: Value) -> bool:
    """Whether a value is of another item than the best one: another column, another number in its head, or something else counted.

    >>> other_item("How many hubs?", Value("quantity", "7", Span(0, 1), counted=frozenset({"hubs"})),
    ...            Value("quantity", "3", Span(0, 1), counted=frozenset({"lanes"})))
    True
    """
    asked = stems(question)
    numbers = _numbers(stems(other.head))
    if numbers and _numbers(asked) and not numbers & asked:
        return True
    return bool(other.counted) and bool(best.counted or best.head) and not other.counted & (asked | best.counted)


def other_column(question: str, best: Value, sentence: str) -> bool:
    """Whether the best value is a bare figure under a head that the question names, and a rival's sentence does not name it."""
    if not best.head or (best.quantity and best.quantity.unit):
        return False
    named = frozenset(word for word in stems(question) & stems(best.head) if not word[0].isdigit())
    return bool(named) and not named & stems(sentence)


_OUT_OF_FORCE = re.compile(
    r"\b(?:superseded|archived|archive copy|obsolete|withdrawn|outdated|no longer (?:valid|in force|applies)|replaced by|out of date)\b",
    re.IGNORECASE,
)
_HEAD_CHARS = 400
_EXPECTS = re.compile(
    r"\b(?:expected|planned|scheduled|forecast|projected|hoped|intended|proposed|anticipated|predicted|due|set|likely|estimated) to\b"
    r"|\b(?:plans?|hopes?|aims?|intends?|proposes?|expects?|hoping|planning|aiming) (?:to|for|that)\b|\b(?:was|were) to (?:be|have)\b",
    re.IGNORECASE,
)


def expects(said: str) -> bool:
    """Whether words tell of something hoped for or planned; what "may" or "will" be done is as often a rule.

    >>> expects("It is expected to cost $6 million."), expects("An open bottle may be used for 28 days.")
    (True, False)
    """
    return bool(_EXPECTS.search(said))


def out_of_force(names: str, text: str) -> bool:
    """Whether a document says at its head, or in its names, that it no longer holds.

    >>> out_of_force("handbook_2019_archived.pdf", "Leave is 25 days."), out_of_force("Handbook", "Leave is 25 days.")
    (True, False)
    """
    said = f"{' '.join(re.split(r'[_/.-]', names))}\n{text[:_HEAD_CHARS]}"
    return bool(_OUT_OF_FORCE.search(said))


def _numbers(said: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in said if word[0].isdigit())
