"""Which documents hold which value, all of them counted: what `rag.positions` shows of a few passages, over a whole collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.values import Document, Span
from rag.asked import kind_asked
from rag.extract import Candidate
from rag.same_thing import same_thing
from rag.standing import standing_of
from rag.stated import Stated, agree, comparable, stated_by
from rag.values import Standing


@dataclass(frozen=True, slots=True)
class Holding:
    """A document's best answer and the value that it states."""

    candidate: Candidate
    stated: Stated
    standing: Standing

    @property
    def document(self) -> Document:
        return self.candidate.evidence.document


def positions_of(question: str, ranked: Sequence[Candidate]) -> list[list[Holding]]:
    """The values of one thing, each with all who hold it, most origins first; nobody contradicts a copy of himself.

    Args:
        ranked: One candidate a document, most likely first. A value that does not compare with the first one's is left out.
    """
    holdings = [holding for candidate in ranked if (holding := _holding(question, candidate))]
    groups: list[list[Holding]] = []
    for holding in holdings:
        if not (comparable(holdings[0].stated, holding.stated) and _same_thing(question, holdings[0], holding)):
            continue
        held = [group for group in groups if group[0].standing == holding.standing]
        group = next((group for group in held if agree(group[0].stated, holding.stated)), None)
        if group is not None:
            group.append(holding)
        elif all(other.document.origin != holding.document.origin for group in held for other in group):
            groups.append([holding])
    return sorted(groups, key=lambda group: (-origins(group), -len(group)))


def origins(group: Sequence[Holding]) -> int:
    """Of how many origins the documents are that hold a value."""
    return len({holding.document.origin for holding in group})


def contradicted(group: Sequence[Holding], groups: Sequence[Sequence[Holding]]) -> bool:
    """True when another value is held by more origins, or by as many: then each contradicts the other."""
    rivals = [other for other in groups if other is not group and other[0].standing == group[0].standing]
    return any(origins(rival) >= origins(group) for rival in rivals)


def _holding(question: str, candidate: Candidate) -> Holding | None:
    document = candidate.evidence.document
    stamp = document.provenance.published
    published = stamp.date if stamp else None
    stated = stated_by(question, kind_asked(question), document.text, candidate.sentence, candidate.span, published)
    if stated is None:
        return None
    return Holding(candidate, stated, standing_of(document.text, candidate.sentence, published))


def _same_thing(question: str, first: Holding, other: Holding) -> bool:
    if first is other:
        return True
    return same_thing(
        question, first.candidate.sentence_text, _within(first), other.candidate.sentence_text, _within(other)
    )


def _within(holding: Holding) -> Span:
    start = holding.candidate.sentence.start
    return Span(holding.stated.span.start - start, holding.stated.span.end - start)
