"""Which documents hold which value, all of them counted: what `rag.answer.positions` shows of a few passages, over a whole collection."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.positions import Holding, holding_of, of_same_thing
from rag.answer.stated import agree, comparable
from rag.question.asked import kind_asked
from rag.reading.extract import Candidate


def positions_of(question: str, ranked: Sequence[Candidate]) -> list[list[Holding]]:
    """The values of one thing, each with all who hold it, most origins first; nobody contradicts a copy of himself.

    Args:
        ranked: One candidate a document, most likely first. A value that does not compare with the first one's is left out.
    """
    asked = kind_asked(question)
    holdings = [holding for candidate in ranked if (holding := holding_of(question, asked, candidate))]
    groups: list[list[Holding]] = []
    for holding in holdings:
        first = holdings[0]
        if holding is not first and not (
            comparable(first.stated, holding.stated) and of_same_thing(question, first, holding)
        ):
            continue
        held = [group for group in groups if group[0].standing == holding.standing]
        group = next((group for group in held if agree(group[0].stated, holding.stated)), None)
        if group is not None:
            group.append(holding)
        elif all(_origin(other) != _origin(holding) for group in held for other in group):
            groups.append([holding])
    return sorted(groups, key=lambda group: (-origins(group), -len(group)))


def origins(group: Sequence[Holding]) -> int:
    """Of how many origins the documents are that hold a value."""
    return len({_origin(holding) for holding in group})


def contradicted(group: Sequence[Holding], groups: Sequence[Sequence[Holding]]) -> bool:
    """True when another value is held by more origins, or by as many: then each contradicts the other."""
    rivals = [other for other in groups if other is not group and other[0].standing == group[0].standing]
    return any(origins(rival) >= origins(group) for rival in rivals)


def _origin(holding: Holding) -> str:
    return holding.candidate.evidence.document.origin
