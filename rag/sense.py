"""Whether a statement says the same as its quotes in the same sense: shared words, denials, and words that mean the opposite."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from index.sentences import sentence_spans
from rag.cited import Cited
from rag.missing import ATTRIBUTION
from rag.wording import FUNCTION_WORDS, NEGATIONS, content_words, stem, words

NO_OVERLAP = 0.25
"""A smaller share of a statement's content words in its quotes: the quotes are about something else."""
WEAK_OVERLAP = 0.5
"""A smaller share: the reader is warned."""
_SCOPE = 3
_NEIGHBOURS = 3
_FUNCTION_STEMS = frozenset(map(stem, FUNCTION_WORDS))
_DENIALS = NEGATIONS | frozenset(
    """untrue false falsely incorrect incorrectly wrongly refute refutes refuted disprove disproves disproved debunk debunked myth
    dismiss dismissed baseless unfounded lack lacks lacked lacking yet""".split()
)
_OPPOSITES = """
rose rise rises risen rising increase increased increases increasing grew grow grown growing growth climbed gained gain jumped soared surged up
/ fell fall falls fallen falling decrease decreased decreases shrank shrink declined decline dropped drop dwindled plunged slumped lost down

accepted accept accepts approved approve approves agreed agree backed supported support supports endorsed welcomed
/ rejected reject rejects refused refuse refuses declined opposed oppose opposes vetoed disagreed denied

won win wins winning victory victorious beat / lost lose loses losing defeat
success successful successfully succeeded succeed succeeds / failure failed fail fails unsuccessful unsuccessfully
began begin begins begun started start starts opened open opens launched
/ ended end ends stopped stop stops closed close closes finished concluded suspended halted
before earlier prior preceding previously / after later following subsequent subsequently
first earliest / last latest final
more most majority over / fewer less least minority under
all every everyone each always some many numerous / none never no nobody few
higher highest high maximum above upper top / lower lowest low minimum below bottom
larger largest large bigger biggest big greater greatest / smaller smallest small little
older oldest old elder / younger youngest young new newest
early / late
longer longest long / shorter shortest short
north northern northwest northeast / south southern southwest southeast
east eastern / west western
inside within / outside beyond
possible / impossible
legal lawful / illegal unlawful
allowed allow allows permitted legalised legalized / banned ban bans forbidden prohibited barred
appointed hired named elected / dismissed fired sacked removed
admitted confirmed confirm confirms / denied deny denies
arrived entered / left departed withdrew
bought buy buys / sold sell sells
imports import imported / exports export exported
male man men / female woman women
strengthened improved better best / weakened worsened worse worst
guilty convicted / innocent acquitted
public / private
profit gain / loss
"""
_AXES: dict[str, list[tuple[int, int]]] = {}
for _number, _axis in enumerate(line for line in _OPPOSITES.replace("\n/", " /").splitlines() if "/" in line):
    for _side, _words in enumerate(_axis.split("/")):
        for _word in {stem(word) for word in _words.split()}:
            _AXES.setdefault(_word, []).append((_number, _side))


@dataclass(frozen=True, slots=True)
class Sense:
    """How a statement compares with its quotes.

    Attributes:
        overlap: Share of the statement's content words that the quotes hold.
        negation: "differs" when one side denies what the other affirms, else "same".
        opposite: A word of the statement where the quotes have its opposite, or "".
    """

    overlap: float
    negation: str
    opposite: str


@dataclass(frozen=True, slots=True)
class _Said:
    """The stems of one sentence in order, and which of them lie behind a word that denies."""

    stems: tuple[str, ...]
    denials: tuple[frozenset[str], ...]

    @property
    def denied(self) -> frozenset[str]:
        return frozenset(word for scope in self.denials for word in scope)


def compare_sense(text: str, cited: Cited) -> Sense:
    """A statement against what it cites."""
    sentences = [_read(quoted[span.start : span.end]) for quoted in cited.texts for span in sentence_spans(quoted)]
    stated = _read(text)
    return Sense(
        _overlap(text, cited), "differs" if _denies(stated, sentences) else "same", _opposite(stated, sentences)
    )


def _read(sentence: str) -> _Said:
    spoken = words(sentence)
    stems = tuple(stem(word) for word in spoken)
    content = [place for place, word in enumerate(spoken) if word not in FUNCTION_WORDS and word not in _DENIALS]
    denials = []
    for place, word in enumerate(spoken):
        if word in _DENIALS or word.endswith("n't"):
            at = bisect_left(content, place)
            scope = content[at : at + _SCOPE] or content[max(0, at - _SCOPE) : at]
            denials.append(frozenset(stems[position] for position in scope))
    return _Said(stems, tuple(denials))


def _overlap(text: str, cited: Cited) -> float:
    """Share of the statement's content words that are cited, leaving out words that only say who reported it."""
    spoken = content_words(text)
    quoted = {stem(word) for word in cited.vocabulary}
    wanted = spoken - ATTRIBUTION - ({stem(word) for word in cited.attribution} - quoted)
    if not wanted:  # an outlet's name alone says nothing; "Yes." proves nothing by itself
        return 0.0 if spoken else WEAK_OVERLAP - 0.01
    return len(wanted & quoted) / len(wanted)


def _denies(stated: _Said, sentences: Sequence[_Said]) -> bool:
    """True when one side denies what the other affirms."""
    denied = frozenset(word for sentence in sentences for word in sentence.denied)
    affirmed = frozenset(word for sentence in sentences for word in sentence.stems if word not in sentence.denied)
    for scope in stated.denials:
        known = scope & (denied | affirmed)
        if not (known & denied if known else denied):
            return True
    plain = frozenset(stated.stems) - stated.denied
    for sentence in sentences:
        for scope in sentence.denials:
            shared = scope & frozenset(stated.stems)
            if shared and shared <= plain and not shared & affirmed:
                return True
    return False


def _opposite(stated: _Said, sentences: Sequence[_Said]) -> str:
    """A word of the statement whose opposite stands in the quotes among the same words, and nothing of its own side does."""
    quoted: dict[tuple[int, int], set[frozenset[str]]] = {}
    for sentence in sentences:
        for place, word in enumerate(sentence.stems):
            for meaning in _AXES.get(word, ()):
                quoted.setdefault(meaning, set()).add(_around(sentence.stems, place))
    for place, word in enumerate(stated.stems):
        around = _around(stated.stems, place)
        for axis, side in _AXES.get(word, ()):
            same = max((len(around & other) for other in quoted.get((axis, side), ())), default=0)
            opposed = max((len(around & other) for other in quoted.get((axis, 1 - side), ())), default=0)
            if opposed > same:
                return word
    return ""


def _around(stems: tuple[str, ...], place: int) -> frozenset[str]:
    return (
        frozenset(stems[max(0, place - _NEIGHBOURS) : place] + stems[place + 1 : place + 1 + _NEIGHBOURS])
        - _FUNCTION_STEMS
    )
