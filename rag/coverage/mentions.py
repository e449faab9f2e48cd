"""Where a text mentions a name or a phrase: every place, word for word, whatever the case, the accents and the quotation marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.values import Span
from rag.facts.wording import base, fold

LONGEST_PHRASE_WORDS = 64
_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:['.][^\W_]+)*")
_GAP = re.compile(r"[ \t\u00a0]*(?:\.[ \t\u00a0]*)?[-/\"'()&]{0,2}[ \t\u00a0]*\n?[ \t\u00a0]*")
_SHORT = 3  # letters of a word that a full stop shortens: "Dr. Rahn" goes on, "Doha. Talks" does not
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is looked for.

    Attributes:
        words: Its words as they compare.
        capitals: For each word, whether only capitals will do: "US" is not "us".
        letters: The phrase as it stands, for scripts that put no spaces between words; "" for the others.
    """

    words: tuple[str, ...]
    capitals: tuple[bool, ...]
    letters: str = ""


def phrase_of(text: str) -> Phrase | None:
    """A phrase to look for; None when there is no word in it.

    >>> phrase_of('"Harbour  Office"').words
    ('harbour', 'office')
    """
    folded = fold(text)
    tokens = [match[0] for match in _TOKEN.finditer(folded)][:LONGEST_PHRASE_WORDS]
    if not tokens:
        return None
    shouted = len(tokens) > 1 and all(token.isupper() for token in tokens)
    capitals = tuple(len(token) > 1 and token.isupper() and token.isalpha() and not shouted for token in tokens)
    letters = folded.casefold().strip(" \"'") if _WITHOUT_SPACES.search(folded) else ""
    return Phrase(tuple(map(_compared, tokens)), capitals, letters)


def find_mentions(phrase: Phrase, text: str, within: Sequence[Span]) -> Iterator[Span]:
    """Every mention in the given spans of a text, in order; no two overlap, and none runs over the end of a sentence.

    >>> list(find_mentions(phrase_of("doha talks"), "The Doha-talks. Doha. Talks", [Span(0, 27)]))
    [Span(start=4, end=14)]
    """
    folded = fold(text)
    if phrase.letters:
        yield from _letter_mentions(phrase.letters, folded, within)
        return
    if not all(word in _plain(folded) for word in phrase.words):
        return
    for span in within:
        yield from _word_mentions(phrase, folded, span)


def _word_mentions(phrase: Phrase, folded: str, span: Span) -> Iterator[Span]:
    size = len(phrase.words)
    run: list[re.Match[str]] = []
    for token in _TOKEN.finditer(folded, span.start, span.end):
        if run and not _neighbours(folded, run[-1], token):
            run.clear()
        run.append(token)
        if len(run) > size:
            run.pop(0)
        if len(run) == size and all(map(_same, phrase.words, phrase.capitals, run)):
            yield Span(run[0].start(), run[-1].end())
            run.clear()


def _same(word: str, capitals: bool, token: re.Match[str]) -> bool:
    return _compared(token[0]) == word and (not capitals or token[0].removesuffix("'s").isupper())


def _neighbours(folded: str, left: re.Match[str], right: re.Match[str]) -> bool:
    gap = folded[left.end() : right.start()]
    if not _GAP.fullmatch(gap):
        return False
    return "." not in gap or len(left[0]) <= _SHORT


def _compared(token: str) -> str:
    """A word without case and accents; of a number only the commas go, as "2.6" is not "26"."""
    return token.replace(",", "") if token[0].isdigit() and "," in token else _whole(token)


def _whole(token: str) -> str:
    return token if token.replace(".", "").isdigit() else base(token)


def _plain(folded: str) -> str:
    """The text in which a word must occur if it is mentioned; quick, so that most documents are not taken apart."""
    lowered = folded.casefold()
    if not lowered.isascii():
        letters = unicodedata.normalize("NFKD", lowered)
        lowered = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return lowered + lowered.replace(".", "") + lowered.replace(",", "")


def _letter_mentions(letters: str, folded: str, within: Sequence[Span]) -> Iterator[Span]:
    pattern = re.compile(re.escape(letters), re.IGNORECASE)
    for span in within:
        yield from (Span(*match.span()) for match in pattern.finditer(folded, span.start, span.end))
