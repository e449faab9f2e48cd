"""Names in a question: people leave capitals out, and a question's first word is capitalised whatever it is."""

from __future__ import annotations

import re

from index.values import Span
from rag.facts.names import Name, names
from rag.facts.wording import FUNCTION_WORDS, WORD, base, fold

_OPENERS = frozenset(
    """according add are based briefly can compare considering contrast could define describe did do does explain find
    following from give given has have identify if is list looking name please question regarding say says show summarise
    summarize tell thanks using was were whats whos would write""".split()
)
_NO_NAMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday i'm i've i'd i'll ok okay mr mrs ms dr".split()
)
_VERB_NEXT = re.compile(r"(?:'s\b|\s(?:is|was|are|were|has|had|did|does|will|would|said|says)\b)")


def question_names(question: str) -> tuple[Name, ...]:
    """Runs of capitalised words and acronyms that are names, without what opens the question or a sentence.

    Args:
        question: A question; one typed in capitals throughout has no names.

    >>> [name.text for name in question_names("Did Ada Rahn meet the WHO? What came of it?")]
    ['Ada Rahn', 'WHO']
    """
    if not any(letter.islower() for letter in question):
        return ()
    return tuple(kept for name in names(question) if (kept := _kept(question, name)))


def _kept(question: str, name: Name) -> Name | None:
    tokens = list(WORD.finditer(fold(name.text)))
    opening = name.initial
    while tokens and name.initial and _opens(tokens[0][0]):
        tokens, opening = tokens[1:], False
    if all(base(token[0]) in _NO_NAMES or _opens(token[0]) for token in tokens):
        return None
    start = name.span.start + tokens[0].start()
    if opening and len(tokens) == 1 and not _marked(tokens[0][0]) and not _VERB_NEXT.match(question, name.span.end):
        return None
    return Name(
        question[start : name.span.end],
        tuple(base(token[0]) for token in tokens),
        opening,
        Span(start, name.span.end),
    )


def _opens(word: str) -> bool:
    return base(word) in _OPENERS | FUNCTION_WORDS and not (word.isupper() and len(word) > 1)


def _marked(word: str) -> bool:
    """True for what is a name wherever it stands: WHO, TechCrunch, Ostria's, A320."""
    return sum(letter.isupper() or letter.isdigit() for letter in word) > 1 or word.endswith("'s")
