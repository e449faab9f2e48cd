"""Who does what to whom, and who says it: names that stand in the quotes and take each other's part in the statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from index.sentences import sentence_spans
from index.values import Span
from rag.attribution import speaker_of
from rag.cited import Cited
from rag.facts import names
from rag.wording import FUNCTION_WORDS, content_words, stem, words

Said = Literal["", "same", "differs", "unsaid"]

_FAR = 3
_APART = 4
_LINKS = frozenset("in at on from to of by for into under near against".split())
_BE = frozenset("is are was were be been being".split())
_SPEECHES = 8
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
    sources = [deed for quoted in cited.texts for deed in _deeds(quoted, _FAR)]
    for deed in _deeds(text, 1):
        alike = [source for source in sources if deed.alike(source)]
        straight = any(_same(deed, source, turned=False) for source in alike)
        if not straight and any(_same(deed, source, turned=True) for source in alike):
            return (" ".join(sorted(deed.first)), " ".join(sorted(deed.second)))
    return ()


def joined_names(text: str, cited: Cited) -> tuple[str, ...]:
    """Neighbours in a name that the quotes have apart only: "Ada Tovik" of "Ada Rahn and Ida Tovik"."""
    near = {
        (one, other)
        for spoken in cited.words
        for place, one in enumerate(spoken)
        for other in spoken[place + 1 : place + 1 + _APART]
    }
    named = {word for spoken in cited.words for word in spoken}
    return tuple(
        f"{one} {other}"
        for name in names(text)
        for one, other in pairwise(name.words[name.initial and name.words[0] in FUNCTION_WORDS :])
        if one in named and other in named and not {(one, other), (other, one)} & near
    )


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
    found = [who for document, span in quotes for who in _speakers(text, document, span)]
    if any(who & stated or any(word in cited.acronyms for word in stated) for who in found):
        return "same"
    return "differs" if any(who - _OWN for who in found) else "unsaid"


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


def _same(stated: _Deed, source: _Deed, *, turned: bool) -> bool:
    if turned == (stated.passive == source.passive):
        source = _Deed(source.second, source.first, source.relation, source.passive)
    return _one_name(stated.first, source.first) and _one_name(stated.second, source.second)


def _one_name(one: frozenset[str], other: frozenset[str]) -> bool:
    """A name and its shorter form: "Ada Rahn", "Rahn"."""
    return one <= other or other <= one


def _who(name: str) -> frozenset[str]:
    return frozenset(word for word in words(name) if word not in FUNCTION_WORDS)


def _speakers(text: str, document: str, span: Span) -> Iterator[frozenset[str]]:
    """Who says the part of each quoted sentence that is most like the statement."""
    wanted = content_words(text)
    sentences = sentence_spans(document, span.start, span.end)
    near = sorted(sentences, key=lambda sentence: -len(wanted & content_words(document[sentence.start : sentence.end])))
    for sentence in near[:_SPEECHES]:
        part = max(
            _parts(document, sentence), key=lambda part: len(wanted & content_words(document[part.start : part.end]))
        )
        for answer in (part, None):
            if speaker := speaker_of(document, sentence, answer):
                yield _who(speaker.name)


def _parts(document: str, sentence: Span) -> Iterable[Span]:
    """The sentence between its commas."""
    edges = [at for at in range(sentence.start, sentence.end) if document[at] in ",;:"]
    starts = [sentence.start, *(edge + 1 for edge in edges)]
    return [Span(start, end) for start, end in zip(starts, [*edges, sentence.end], strict=True) if end > start] or [
        sentence
    ]
