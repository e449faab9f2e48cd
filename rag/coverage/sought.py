"""Whether what is asked of every document is a phrase to count or a question to read, seen from its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.coverage.mentions import Phrase, phrase_of
from rag.coverage.table import Reading
from rag.facts.wording import fold

_DOCUMENTS = r"(?:documents?|articles?|sources?|reports?|texts?|outlets?|papers?|files?|pieces?)"
_MENTIONING = re.compile(
    rf"(?:and )?(?:in )?(?:how many|which|what)(?: of (?:the|these|my|our))? {_DOCUMENTS}"
    r" (?:do |does )?(?:mentions?|names?|contains?|includes?|cites?|refers? to|speaks? of|talks? about|uses?)"
    r" (?:the (?:words?|phrases?|names?|terms?) )?(?P<sought>.+)",
    re.IGNORECASE,
)
_SAYING = re.compile(
    rf"what (?:do|does) (?:(?:the|each|every|all|my|our|these)(?: of the)? )?{_DOCUMENTS} say (?:about|on|of) (?P<sought>.+)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(?:and |but |so |in |on |at |to |by |for |from |since |until )?(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did"
    r"|has|have|had|can|could|will|would|should)\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"(?:the|a|an)\s+(?=\S)", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]+\"|'[^']+'")


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for in every document.

    Attributes:
        query: The phrase or the question.
        phrase: The words to count; None for a question.
    """

    query: str
    phrase: Phrase | None = None

    @property
    def reading(self) -> Reading:
        return "question" if self.phrase is None else "mention"


def how_to_read(asked: str, reading: Reading | None = None) -> Sought:
    """A phrase to count, or a question.

    Args:
        asked: One line, as it was typed.
        reading: How it is to be taken; None: as it looks.

    Raises:
        ValueError: It is to be counted and holds no word.

    >>> [how_to_read(text).query for text in ("How many documents mention the Doha talks?", "Who signed it?")]
    ['Doha talks', 'Who signed it?']
    """
    if reading == "question":
        return Sought(asked)
    folded = fold(asked)
    named = _MENTIONING.fullmatch(folded) or _SAYING.fullmatch(folded)
    sought = asked[named.start("sought") :] if named else asked
    counted = _MENTIONING.fullmatch(folded) is not None or _QUOTED.fullmatch(sought.strip()) is not None
    if reading is None and not counted and (_QUESTION.match(fold(sought)) or (not named and sought.endswith("?"))):
        return Sought(sought)
    return _phrase(sought.strip().rstrip("?!.").strip())


def _phrase(sought: str) -> Sought:
    """What to count: the words in quotation marks as they stand, others without a leading article."""
    folded = fold(sought)
    if _QUOTED.fullmatch(folded):
        sought = sought[1:-1].strip()
    elif article := _ARTICLE.match(folded):
        sought = sought[article.end() :]
    phrase = phrase_of(sought)
    if phrase is None:
        raise ValueError("asked must hold a word to look for")
    return Sought(sought, phrase)
