"""Whether a statement says the same as its quotes in the same sense: shared words, denials, and words that mean the opposite."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.facts.dates import blank, without_dates
from rag.facts.quantities import quantities
from rag.facts.wording import FUNCTION_WORDS, NEGATIONS, content_words, fold, stem, words
from rag.gate.cited import Cited
from rag.gate.missing import ATTRIBUTION

NO_OVERLAP = 0.25
"""A smaller share of a statement's content words in its quotes: the quotes are about something else."""
WEAK_OVERLAP = 0.5
"""A smaller share: the reader is warned."""
SAME_WORDS = 0.8
"""From this share on, a statement that contradicts its quotes is a quote turned round, and no paraphrase."""
_SCOPE = 3
_NEIGHBOURS = 3
_CLAUSE = re.compile(r"[,;:()!?\n]|\.(?!\w)| -+ |\b(?:and|but|while|whereas)\b")
_DENIALS = NEGATIONS | frozenset(
    """untrue false falsely incorrect incorrectly wrongly refute refutes refuted disprove disproves disproved debunk debunked myth
    dismiss dismissed baseless unfounded lack lacks lacked lacking yet""".split()
)
_FAILING = frozenset(("fail", "fails", "failed", "failing"))
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
all every everyone each always / some many several often most sometimes
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
recognised recognized recognise recognize undisputed / disputed dispute contested unrecognised unrecognized
united unity unified together / divided division divisions split fragmented disunity
passed pass passes adopted adopt / rejected reject rejects blocked block voted
fair just humane / unfair unjust inhumane
safe / unsafe dangerous
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
        shared: The same, leaving out the opposite.
        negation: "differs" when one side denies what the other affirms, else "same".
        opposite: A word of the statement where the quotes have its opposite, or "".
    """

    overlap: float
    shared: float
    negation: str
    opposite: str


@dataclass(frozen=True, slots=True)
class _Clause:
    """A sentence between its commas: the stems of its words in order.

    Attributes:
        content: Where the words stand that carry meaning.
        denials: Of each word that denies, where the words stand that it denies.
    """

    stems: tuple[str, ...]
    content: tuple[int, ...]
    denials: tuple[tuple[int, ...], ...]

    @property
    def denied(self) -> frozenset[int]:
        return frozenset(place for scope in self.denials for place in scope)

    def around(self, place: int) -> frozenset[str]:
        """The stems of the nearest words on both sides that carry meaning."""
        at = bisect_left(self.content, place)
        after = bisect_right(self.content, place)
        near = self.content[max(0, at - _NEIGHBOURS) : at] + self.content[after : after + _NEIGHBOURS]
        return frozenset(self.stems[position] for position in near)


def compare_sense(text: str, cited: Cited) -> Sense:
    """A statement against what it cites."""
    stated = _clauses(text)
    quoted = [clause for text in cited.texts for clause in _clauses(text)]
    opposite = _opposite(stated, quoted)
    negation = "differs" if _denies(stated, quoted) else "same"
    return Sense(_overlap(text, cited), _overlap(text, cited, without=opposite), negation, opposite)


def contradicts(text: str, other: str) -> bool:
    """True when one text denies what the other affirms, or says its opposite.

    >>> contradicts("Is the border recognised?", "Kabul calls the border disputed."), contradicts("Is it open?", "It opened.")
    (True, False)
    """
    ours, theirs = _clauses(text), _clauses(other)
    return bool(_opposite(ours, theirs)) or _denies(ours, theirs)


def _clauses(text: str) -> list[_Clause]:
    return [_clause(words(part)) for part in _CLAUSE.split(fold(text)) if part.strip()]


def _clause(spoken: Sequence[str]) -> _Clause:
    content = [place for place, word in enumerate(spoken) if word not in FUNCTION_WORDS and word not in _DENIALS]
    denials = []
    for place, word in enumerate(spoken):
        if word in _FAILING and spoken[place + 1 : place + 2] != ["to"]:
            continue  # "the talks failed" denies no talks
        if word in _DENIALS or word.endswith("n't"):
            at = bisect_left(content, place)
            before, after = content[max(0, at - _SCOPE) : at], content[at : at + _SCOPE]
            passive = spoken[place + 1 : place + 2] == ["by"]
            denials.append(tuple((before if passive else after) or before or after))
    return _Clause(tuple(stem(word) for word in spoken), tuple(content), tuple(denials))


def _overlap(text: str, cited: Cited, *, without: str = "") -> float:
    """Share of the statement's content words that are cited.

    Dates and numbers, which are compared by themselves, do not count, nor do words that only say who reported it.
    """
    plain = without_dates(text)
    spoken = content_words(blank(plain, [quantity.span for quantity in quantities(plain)])) or content_words(text)
    quoted = {stem(word) for word in cited.vocabulary}
    wanted = spoken - ATTRIBUTION - ({stem(word) for word in cited.attribution} - quoted)
    if not wanted:  # an outlet's name alone says nothing; "Yes." proves nothing by itself
        return 0.0 if spoken else WEAK_OVERLAP - 0.01
    return len(wanted & quoted) / len(wanted - {without} or wanted)


def _denies(stated: Sequence[_Clause], quoted: Sequence[_Clause]) -> bool:
    """True when one side denies what the other affirms."""
    denied = frozenset(clause.stems[place] for clause in quoted for place in clause.denied)
    affirmed = _affirmed(quoted)
    for clause in stated:
        for scope in clause.denials:
            known = next((word for place in scope if (word := clause.stems[place]) in denied | affirmed), None)
            if (known not in denied) if known else not denied:
                return True
    ours = _affirmed(stated)
    said = frozenset(clause.stems[place] for clause in stated for place in clause.content)
    scopes = (frozenset(clause.stems[place] for place in scope) for clause in quoted for scope in clause.denials)
    return any((shared := scope & said) and shared <= ours and not shared & affirmed for scope in scopes)


def _affirmed(clauses: Sequence[_Clause]) -> frozenset[str]:
    return frozenset(
        clause.stems[place]
        for clause in clauses
        for denied in (clause.denied,)
        for place in clause.content
        if place not in denied
    )


def _opposite(stated: Sequence[_Clause], quoted: Sequence[_Clause]) -> str:
    """A word of the statement whose opposite stands in the quotes among more of the same words than any word of its own side.

    What is denied counts as its opposite: "did not accept" is "rejected".
    """
    contexts: dict[tuple[int, int], set[frozenset[str]]] = {}
    for clause in quoted:
        for meaning, place in _meanings(clause):
            contexts.setdefault(meaning, set()).add(clause.around(place))
    for clause in stated:
        for (axis, side), place in _meanings(clause):
            around = clause.around(place)
            same, opposed = (
                max((len(around & other) for other in contexts.get((axis, way), ())), default=0)
                for way in (side, 1 - side)
            )
            if opposed > same:
                return clause.stems[place]
    return ""


def _meanings(clause: _Clause) -> Iterator[tuple[tuple[int, int], int]]:
    denied = clause.denied
    for place, word in enumerate(clause.stems):
        for axis, side in _AXES.get(word, ()):
            yield (axis, side ^ (place in denied)), place
