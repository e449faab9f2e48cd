"""Which documents hold which value, all of them counted: what `rag.contradictions.positions` shows of a few passages, over a whole collection."""

from __future__ import annotations

from collections.abc import Sequence

from rag.contradictions.claims import Claim, claim_of, of_same_thing
from rag.contradictions.comparing import agree
from rag.question.asked import kind_asked
from rag.reading.extract import Candidate


def positions_of(question: str, ranked: Sequence[Candidate]) -> list[list[Claim]]:
    """The values of one thing, each with all who hold it, most origins first; nobody contradicts a copy of himself.

    Args:
        ranked: One candidate a document, most likely first. A value that does not compare with the first one's is left out.
    """
    asked = kind_asked(question)
    claims = [claim for candidate in ranked if (claim := claim_of(question, asked, candidate))]
    groups: list[list[Claim]] = []
    for claim in claims:
        first = claims[0]
        if claim is not first and not of_same_thing(question, first, claim):
            continue
        held = [group for group in groups if group[0].standing == claim.standing]
        group = next((group for group in held if agree(group[0].value, claim.value)), None)
        if group is not None:
            group.append(claim)
        elif all(other.origin != claim.origin for group in held for other in group):
            groups.append([claim])
    return sorted(groups, key=lambda group: (-origins(group), -len(group)))


def origins(group: Sequence[Claim]) -> int:
    """Of how many origins the documents are that hold a value."""
    return len({claim.origin for claim in group})


def contradicted(group: Sequence[Claim], groups: Sequence[Sequence[Claim]]) -> bool:
    """True when another value is held by more origins, or by as many: then each contradicts the other."""
    rivals = [other for other in groups if other is not group and other[0].standing == group[0].standing]
    return any(origins(rival) >= origins(group) for rival in rivals)
