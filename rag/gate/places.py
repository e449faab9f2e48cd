"""Names and figures that stand in the quotes, but not in the place that the statement gives them: there another one stands."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from index.sentences import sentence_spans
from index.values import Span
from rag.facts.names import names
from rag.facts.quantities import quantities
from rag.facts.wording import FUNCTION_WORDS, WORD, base, fold, stem
from rag.gate.cited import Cited

Key = frozenset[str] | Decimal

_NEIGHBOURS = 4
_MARGIN = 2
"""So many more words around another fact than around the same one: chance neighbours are fewer."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A name or a figure, with the words that stand before and behind it in its sentence."""

    key: Key
    around: frozenset[tuple[str, str]]


def misplaced_facts(text: str, cited: Cited) -> tuple[str, ...]:
    """The facts of a statement whose words the quotes have around another fact, which the statement leaves out."""
    stated = set(_places(text))
    sources = {place for quoted in cited.texts for place in _places(quoted)}
    keys = {place.key for place in stated}
    rivals = [place for place in sources if not any(_same(place.key, key) for key in keys)]
    found: list[str] = []
    for place in stated:
        own = max((len(place.around & other.around) for other in sources if _same(place.key, other.key)), default=None)
        others = (other for other in rivals if type(other.key) is type(place.key))
        best = max((len(place.around & other.around) for other in others), default=0)
        if own is not None and best >= own + _MARGIN:
            found.append(" ".join(sorted(place.key)) if isinstance(place.key, frozenset) else str(place.key))
    return tuple(sorted(set(found)))


def _same(one: Key, other: Key) -> bool:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one <= other or other <= one
    return one == other


def _places(text: str) -> Iterator[_Place]:
    for span in sentence_spans(text):
        sentence = text[span.start : span.end]
        found: list[tuple[Key, Span]] = [(item.number, item.span) for item in quantities(sentence)]
        for name in names(sentence):
            if who := frozenset(word for word in name.words if word not in FUNCTION_WORDS):
                found.append((who, name.span))
        matches = [match for match in WORD.finditer(fold(sentence)) if base(match[0]) not in FUNCTION_WORDS]
        starts = [match.start() for match in matches]
        stems = [stem(match[0]) for match in matches]
        for key, at in found:
            before, after = bisect_left(starts, at.start), bisect_left(starts, at.end)
            left = (("before", word) for word in stems[max(0, before - _NEIGHBOURS) : before])
            right = (("behind", word) for word in stems[after : after + _NEIGHBOURS])
            yield _Place(key, frozenset((*left, *right)))
