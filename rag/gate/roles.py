"""Who does what to whom, and who says it: names that stand in the quotes and take each other's part in the statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from index.sentences import sentence_spans
from index.values import Span
from rag.facts.names import names
from rag.facts.quantities import quantities
from rag.facts.wording import FUNCTION_WORDS, WORD, base, content_words, fold, stem, words
from rag.gate.cited import Cited
from rag.speech.attribution import speaker_of

Said = Literal["", "same", "differs", "unsaid"]

_FAR = 3
_APART = 4
_THING_CHARS = 30
_LINKS = frozenset("in at on from to of by for into under near against".split())
_BE = frozenset("is are was were be been being".split())
_OWN = frozenset("article report author writer piece source sources it he she they".split())


@dataclass(frozen=True, slots=True)
class _Deed:
    """What stands between two names of one sentence, in their order."""

    first: frozenset[str]
    second: frozenset[str]
    relation: frozenset[str]
    passive: bool

    def alike(self, other: _Deed) -> bool:
        return bool(self.relation & other.relation)


def exchanged_names(text: str, cited: Cited) -> tuple[str, ...]:
    """Two names that stand the other way round about the same words than in the quotes; () when there are none.

    A sentence in the passive turns its names round, and is read so.
    """
    sources = {deed for quoted in cited.texts for deed in _deeds(quoted, _FAR)}
    for deed in dict.fromkeys(_deeds(text, 1)):
        alike = [source for source in sources if deed.alike(source)]
        straight = any(_same(deed, source, turned=False) for source in alike)
        if not straight and any(_same(deed, source, turned=True) for source in alike):
            return (" ".join(sorted(deed.first)), " ".join(sorted(deed.second)))
    return ()


def exchanged_counts(text: str, cited: Cited) -> tuple[str, ...]:
    """What is counted with another number of the quotes than its own: "7 prisoners and 5 lorries" of 5 and 7; else ()."""
    counts: dict[str, set[Decimal]] = {}
    for quoted in cited.texts:
        for number, thing in _counted(quoted):
            counts.setdefault(thing, set()).add(number)
    known = {number for numbers in counts.values() for number in numbers}
    for number, thing in _counted(text):
        if number in known and number not in counts.get(thing, {number}):
            return (str(number), thing)
    return ()


def joined_names(text: str, cited: Cited) -> tuple[str, ...]:
    """Neighbours in a name that the quotes have apart only: "Ada Tovik" of "Ada Rahn and Ida Tovik"."""
    near = {pair for quoted in cited.texts for pair in _neighbours(quoted)}
    named = {word for spoken in cited.words for word in spoken}
    found: list[str] = []
    for name in names(text):
        spoken = WORD.findall(fold(name.text))[name.initial and name.words[0] in FUNCTION_WORDS :]
        for one, other in pairwise(spoken):
            pair = base(one), base(other)
            if not one.endswith("'s") and named.issuperset(pair) and not {pair, pair[::-1]} & near:
                found.append(" ".join(pair))
    return tuple(found)


def who_said(text: str, quotes: Sequence[tuple[str, Span]], cited: Cited) -> Said:
    """Whether the speaker to whom a statement gives its words is the one to whom the source gives them.

    "unsaid" when the source has nobody say them, or does not name who does; "" when the statement names no speaker.

    Args:
        quotes: The text of each cited document, and the span of it that is quoted.
    """
    speaker = speaker_of(text, Span(0, len(text)))
    stated = _who(speaker.name) if speaker else frozenset()
    if speaker is None or not stated or stated <= cited.attribution | _OWN:
        return ""
    said = content_words(text) - {stem(word) for word in stated}
    found = [item for document, span in quotes for item in _speakers(said, document, span)]
    most = max((shared for shared, _ in found), default=0)
    speakers = [name for shared, name in found if shared == most]
    if any(_one_name(stated, _who(name)) or _initials(speaker.name, name) for name in speakers):
        return "same"
    others = [who for name in speakers if (who := _who(name) - _OWN)]
    return "differs" if others and not any(who & stated for who in others) else "unsaid"


def _neighbours(text: str) -> Iterator[tuple[str, str]]:
    """Words between which nothing stands but names and words without meaning of their own."""
    matches = list(WORD.finditer(fold(text)))
    for place, match in enumerate(matches):
        for other in matches[place + 1 : place + 1 + _APART]:
            yield base(match[0]), base(other[0])
            if other[0].islower() and other[0] not in FUNCTION_WORDS:
                break


def _deeds(text: str, far: int) -> Iterator[_Deed]:
    for span in sentence_spans(text):
        sentence = text[span.start : span.end]
        found = names(sentence)
        for place, first in enumerate(found):
            for second in found[place + 1 : place + 1 + far]:
                one, other = _who(first.text), _who(second.text)
                between = words(sentence[first.span.end : second.span.start])
                if one and other and between and not _one_name(one, other):
                    relation = {stem(word) for word in between if word not in FUNCTION_WORDS}
                    if between[-1] in _LINKS:
                        relation.add(f"{between[-1]} ")
                    yield _Deed(one, other, frozenset(relation), "by" in between and not _BE.isdisjoint(between))


def _counted(text: str) -> Iterator[tuple[Decimal, str]]:
    for quantity in quantities(text):
        following = WORD.search(text, quantity.span.end, quantity.span.end + _THING_CHARS)
        if following and quantity.unit in ("", "person") and not following[0][0].isdigit():
            things = [stem(word) for word in words(following[0]) if word not in FUNCTION_WORDS]
            yield from ((quantity.number, thing) for thing in things[:1])


def _same(stated: _Deed, source: _Deed, *, turned: bool) -> bool:
    if turned == (stated.passive == source.passive):
        source = _Deed(source.second, source.first, source.relation, source.passive)
    return _one_name(stated.first, source.first) and _one_name(stated.second, source.second)


def _one_name(one: frozenset[str], other: frozenset[str]) -> bool:
    """A name and its shorter form: "Ada Rahn", "Rahn"."""
    return one <= other or other <= one


def _who(name: str) -> frozenset[str]:
    return frozenset(word for word in words(name) if word not in FUNCTION_WORDS)


def _initials(one: str, other: str) -> bool:
    """True when one name is made of the first letters of the other: "FO", "Foreign Office"."""
    return any(
        len(short := "".join(words(some))) > 1
        and short in "".join(word[0] for word in words(full) if word not in FUNCTION_WORDS)
        for some, full in ((one, other), (other, one))
    )


def _speakers(said: frozenset[str], document: str, span: Span) -> Iterator[tuple[int, str]]:
    """Who says each quoted sentence, the part of it that is most like what is `said`, with how many words they share."""
    for sentence in sentence_spans(document, span.start, span.end):
        part = max(_parts(document, sentence), key=lambda part: _shared(said, document, part))
        whole = _shared(said, document, sentence)
        if not whole:
            continue
        for answer in (part, None):
            if speaker := speaker_of(document, sentence, answer):
                yield whole, speaker.name


def _shared(said: frozenset[str], document: str, span: Span) -> int:
    return len(said & content_words(document[span.start : span.end]))


def _parts(document: str, sentence: Span) -> Iterable[Span]:
    """The sentence between its commas."""
    edges = [at for at in range(sentence.start, sentence.end) if document[at] in ",;:"]
    starts = [sentence.start, *(edge + 1 for edge in edges)]
    return [Span(start, end) for start, end in zip(starts, [*edges, sentence.end], strict=True) if end > start] or [
        sentence
    ]
