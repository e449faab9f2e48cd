"""Words of a question that point back at something said before it: "it", "their", "there", "those", "the latter"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.values import Span
from rag.conversation.noun_phrases import Phrase
from rag.conversation.question_words import HELPING, PERSONS, PREPOSITIONS
from rag.facts.wording import WORD, base, fold

Kind = Literal["thing", "things", "person", "place", "matter"]

_KINDS: dict[str, Kind] = {
    "it": "thing", "itself": "thing", "its": "thing",
    "they": "things", "them": "things", "themselves": "things", "their": "things", "theirs": "things",
    "he": "person", "him": "person", "himself": "person", "his": "person",
    "she": "person", "her": "person", "herself": "person", "hers": "person",
    "there": "place",
    "this": "matter", "that": "matter", "these": "matter", "those": "matter",
    "one": "matter", "ones": "matter", "former": "matter", "latter": "matter", "both": "matter", "either": "matter",
    "neither": "matter",
    "others": "matter",
}  # fmt: skip
_OWNING = frozenset("its their his her".split())
_DEMONSTRATIVES = frozenset("this that these those".split())
_CLAUSE = re.compile(
    r"[.,;:?!]|\b(?:and|but|or|if|when|because|that|which|who|while|so|after|before|since|how|why|what|where|whether|than|to)\b",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|be|been|would)\sit\s(?:also\s|really\s|ever\s)?(?:better|bad|best|common|dangerous|difficult|easy|good|hard|harmful|healthy|important|legal"
    r"|likely|natural|necessary|normal|ok|okay|possible|safe|true|wise|worth|wrong|\w+ible|\w+ary)\s(?:to|that|for|if)\s"
    r"|\bit\s(?:takes?|took|costs?|means?|feels?\slike)\s(?:\w+\s){0,3}to\s|\bis\sit\slike\sto\s|\bit\s(?:rain|snow)|\bworth\sit\b",
    re.IGNORECASE,
)
_REMARK = re.compile(r"(?:that|this)(?:'s|\sis|\swas|\ssounds?)\s[^.!?]{1,60}[.!]+(?=\s)", re.IGNORECASE)
_BE = frozenset("is are was were be been isn't aren't wasn't weren't".split())
_EXISTS = _BE | {"has", "have", "had", "exist", "exists", "existed"}
_PAIRING = {"both": "and", "either": "or", "neither": "nor"}
_FREE_NEXT = frozenset("who of in with that which whose affected".split())
_ONE_BEFORE = frozenset("which this that the a an another first second third last next other each any".split())


@dataclass(frozen=True, slots=True)
class Pointer:
    """A word that stands for something said before, and what it can stand for."""

    word: str
    span: Span
    kind: Kind
    owns: bool


def pointers(question: str, phrases: Sequence[Phrase]) -> tuple[Pointer, ...]:
    """The words that nothing in the question itself explains.

    Args:
        phrases: The question's own noun phrases.

    >>> [pointer.word for pointer in pointers("When did it open, and who runs it?", ())]
    ['it', 'it']
    """
    text = fold(question).replace("\u00a0", " ")
    empty = [match.span() for pattern in (_EMPTY_IT, _REMARK) for match in pattern.finditer(text)]
    tokens = list(WORD.finditer(text))
    said = [base(token[0]) for token in tokens]
    found: list[Pointer] = []
    for number, token in enumerate(tokens):
        word = said[number].split("'")[0]
        kind = _KINDS.get(word)
        if kind is None or any(start <= token.start() < end for start, end in empty):
            continue
        span = Span(token.start(), token.start() + len(word))
        noun_next = any(phrase.span.start in (token.start(), token.end() + 1) for phrase in phrases)
        owns = word in _OWNING and (word != "her" or noun_next)
        if _points(word, said, number, tokens, text, noun_next=noun_next):
            pointer = Pointer(word, span, kind, owns)
            if not _explained(text, pointer, phrases):
                found.append(pointer)
    return tuple(found)


def _points(
    word: str, said: Sequence[str], number: int, tokens: Sequence[re.Match[str]], text: str, *, noun_next: bool
) -> bool:
    """Whether this word points at all, where it stands."""
    before = said[number - 1] if number else ""
    behind = said[number + 1] if number + 1 < len(said) else ""
    last = not behind or text[tokens[number].end() : tokens[number + 1].start()].strip() != ""
    if word == "there":
        return before not in _EXISTS and behind not in _EXISTS and before not in HELPING and not said[number].count("'")
    if word in _DEMONSTRATIVES:
        if noun_next:
            return False  # a noun phrase that points is looked at as a phrase
        if word == "that":
            return (
                last or number == 0 or before in _BE or before in HELPING or (before in PREPOSITIONS and before != "in")
            )
        return behind not in _FREE_NEXT
    if word == "one":
        return (last or behind in _BE | PREPOSITIONS) and (before in _ONE_BEFORE or before.endswith("er"))
    if word in _PAIRING:
        return _PAIRING[word] not in said[number:]
    if word in ("former", "latter"):
        return before == "the" and not noun_next
    return True


def _explained(text: str, pointer: Pointer, phrases: Sequence[Phrase]) -> bool:
    """Whether a phrase of an earlier clause, or for "its" any earlier one, is what the word stands for."""
    for phrase in phrases:
        if phrase.span.end > pointer.span.start or not fits(phrase, pointer.kind):
            continue
        if (phrase.anchored or phrase.bare) and (
            pointer.owns or _CLAUSE.search(text, phrase.span.end, pointer.span.start)
        ):
            return True
    return False


def fits(phrase: Phrase, kind: Kind) -> bool:
    """Whether a word of this kind can stand for a phrase: "it" for one thing, "they" for several or for a body of people."""
    if kind == "thing":
        return phrase.named or not phrase.plural
    if kind == "things":
        return phrase.named or phrase.plural
    if kind == "person":
        titled = phrase.text.lower().startswith("the ")  # "Ada Rahn" and "the minister", not "the Foreign Office"
        return not phrase.plural and (phrase.head in PERSONS or (phrase.named and not titled))
    return kind != "place" or phrase.named
