"""The words that name a speaker: a name without the words before it, a source without one as it stands, or a pronoun."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from index.values import Span

SubjectKind = Literal["name", "noun", "pronoun"]

WORD = re.compile(
    r"[^\W_](?:[\w&/]|[.'’-](?=\w)|(?<=\b[A-Z])\.|(?<=\bDr)\.|(?<=\bMr)\.|(?<=\bMs)\.|(?<=\bMrs)\.|(?<=\bGen)\.)*"
)
OPENERS = frozenset(
    """meanwhile earlier later also still then now today yesterday and but or yet so however instead moreover likewise similarly monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september october november december only even
    again finally first second third nevertheless indeed thus therefore""".split()
)
PREPOSITIONS = frozenset(
    "in on at during following after from under by with within for of to through amid despite speaking asked against over about regarding".split()
)
_HONORIFICS = frozenset(("mr", "mrs", "ms", "miss", "sir"))
_KEPT = frozenset("in at of from for within with inside near".split())
_DETERMINERS = frozenset(
    "the a an one some several many another any two three four both other others this these those our his her its their".split()
)
_PRONOUNS = frozenset("he she they it i we you".split())
_NOBODY = frozenset("there this these those which what that nothing nobody everyone who whoever no it's".split())
_STATEMENTS = frozenset("statement statements communique communiqué readout declaration letter tweet post".split())
ROLES = frozenset(
    """spokesperson spokesman spokeswoman minister president secretary ambassador senator general envoy director chairman chairwoman chief
    professor analyst scholar journalist lawyer mayor judge commissioner governor officer leader captain colonel""".split()
)
HUMANS = ROLES | frozenset(
    "official diplomat commentator expert researcher resident author writer witness adviser aide source".split()
)
_SOURCES = (
    frozenset("police government ministry management staff parliament leadership army military navy one".split())
    | ROLES
)
_FINITE = frozenset("is are was were be been has have had will would does did do".split())


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is named as speaking: `span` is the bare name, or the whole noun phrase of a source without one.

    Attributes:
        phrase: Where the words about the speaker begin ("Foreign Office spokesperson Ada Rahn").
    """

    span: Span
    kind: SubjectKind
    phrase: int = 0


def source_phrase(masked: str, start: int, end: int) -> Subject | None:
    """The one noun phrase of a stretch without commas: a name without the words before it, or a source as it stands."""
    words = list(WORD.finditer(masked, start, end))
    if not words or words[-1][0].lower() in PREPOSITIONS | {"and", "or", "but"}:
        return None
    first = words[0].start()
    while len(words) > 1 and words[0][0].lower() in OPENERS:
        words.pop(0)
    if words[0][0].lower() in PREPOSITIONS:
        words = _after_opening(masked, words)
    if not words:
        return None
    if words[-1][0].lower() in _PRONOUNS and (len(words) == 1 or words[-1][0].islower()):
        return Subject(Span(*words[-1].span()), "pronoun", first)
    if any(word[0] in _FINITE for word in words) or words[0][0].lower() in _NOBODY:
        return None
    found = _of_statement(masked, words) or _headed(masked, words)
    return replace(found, phrase=first) if found else None


def _after_opening(masked: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """What follows "In a statement" or "On Friday" without a comma: from the last article on, or the capitals at the end."""
    for number in range(len(words) - 1, 0, -1):
        if words[number][0].lower() in _DETERMINERS | _PRONOUNS and words[number - 1][0].lower() not in PREPOSITIONS:
            return words[number:]
    run = _capitals(masked, words)
    return run if len(run) < len(words) - 1 else run[1:] if run and run[0][0].lower() in OPENERS else []


def _headed(masked: str, words: list[re.Match[str]]) -> Subject | None:
    words = _of_both(words)
    core = next((n for n in range(1, len(words)) if _after_head(words, n)), len(words))
    head = words[:core]
    run = _capitals(masked, head)
    both = any(word[0] == "and" for word in head) and head[0][0][0].isupper()
    if both and len(run) < len(head):
        return Subject(Span(head[0].start(), head[-1].end()), "noun")
    kept = core < len(words) and words[core][0] in _KEPT and len(words) - core <= 6
    if run and not (kept and len(run) == len(head) == 1 and run[0][0].endswith("s")):
        run += _extended(words, core)
        return Subject(Span(run[0].start(), run[-1].end()), "name")
    if not _is_source(head):
        return None
    return Subject(Span(head[0].start(), (words if kept else head)[-1].end()), "noun")


def _is_source(head: list[re.Match[str]]) -> bool:
    """Whether words without a name can be a speaker: "a senior official", "the ministry", "security sources"."""
    first, last = head[0][0].lower(), head[-1][0]
    bare = [word for word in head if word[0].lower() not in _DETERMINERS]
    if not bare or len(head) > 8 or not last[0].isalpha():
        return False
    owned = any(re.search("[’']s?$", word[0]) for word in head[:-1])
    return first in _DETERMINERS or last.endswith("s") or last in _SOURCES or owned


def _after_head(words: list[re.Match[str]], number: int) -> bool:
    """Whether the words about a source begin here: "involved in the talks", "in Islamabad"; "retired" is part of the phrase."""
    word = words[number][0]
    if word in PREPOSITIONS | _KEPT:
        return True
    if len(word) <= 5 or not word.endswith(("ed", "ing")):
        return False
    if number + 1 == len(words):
        return False
    following = words[number + 1][0]
    return following.lower() in PREPOSITIONS | _DETERMINERS or following[0].isupper()


def _of_both(words: list[re.Match[str]]) -> list[re.Match[str]]:
    """Of "the talks failed and X" only X; "X and Y", "the X and the Y" and "security and diplomatic officials" stay whole."""
    at = max((n for n, word in enumerate(words[:-1]) if word[0] == "and"), default=0)
    if not at or (words[at + 1][0].islower() and words[at + 1][0] not in _DETERMINERS | _PRONOUNS):
        return words
    named = all(word[0][0].isupper() or word[0].lower() in _DETERMINERS | {"and"} for word in words[:at])
    return words if named else words[at + 1 :]


def _capitals(masked: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """The capitalised words at the end, behind the last word of a role ("spokesperson Ada Rahn")."""
    run: list[re.Match[str]] = []
    for word in reversed(words):
        lower = word[0].lower()
        if not any(letter.isupper() for letter in word[0]) or lower in _DETERMINERS or (run and lower in ROLES):
            break
        if run and masked[word.end() : run[0].start()].strip(" \n"):
            break
        run.insert(0, word)
    while len(run) > 1 and run[0][0].lower().rstrip(".") in OPENERS | _HONORIFICS:
        run.pop(0)
    return run


def _extended(words: list[re.Match[str]], core: int) -> list[re.Match[str]]:
    """What belongs to a name behind its first capitals: "of Foreign Affairs"."""
    tail = words[core:]
    if not tail or tail[0][0] not in ("of", "for"):
        return []
    stop = next(
        (n for n, word in enumerate(tail) if n and word[0].islower() and word[0] not in ("the", "and")), len(tail)
    )
    return tail[:stop] if stop > 1 and tail[stop - 1][0][0].isupper() else []


def _of_statement(masked: str, words: list[re.Match[str]]) -> Subject | None:
    """Whose statement it is that "says": "the ministry's statement", "the statement from the FO", "the FO statement"."""
    at = next((n for n, word in enumerate(words[:8]) if re.split("[’']", word[0])[0].lower() in _STATEMENTS), None)
    if at is None:
        return None
    owner = next((n for n in range(at + 1, len(words)) if words[n][0] in ("by", "from", "of")), None)
    if owner is not None and owner + 1 < len(words):
        return _headed(masked, words[owner + 1 :])
    before = words[:at]
    if before and re.search("[’']s?$", before[-1][0]):
        subject = _headed(masked, before)
        return _without_possessive(masked, subject)
    if before and (run := _capitals(masked, before)):
        return Subject(Span(run[0].start(), run[-1].end()), "name")
    return Subject(Span(words[0].start(), words[at].end()), "noun")


def _without_possessive(masked: str, subject: Subject | None) -> Subject | None:
    if subject is None:
        return None
    bare = re.sub("[’']s?$", "", masked[subject.span.start : subject.span.end])
    return replace(subject, span=Span(subject.span.start, subject.span.start + len(bare)))


def only_name(masked: str, start: int, end: int) -> Subject | None:
    """A name that stands alone between commas: "its spokesperson, Ada Rahn, said"."""
    words = list(WORD.finditer(masked, start, end))
    run = _capitals(masked, words)
    return Subject(Span(run[0].start(), run[-1].end()), "name", start) if run and len(run) == len(words) else None
