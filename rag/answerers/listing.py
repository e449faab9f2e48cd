"""Items under one heading: where the best passages lie in a list, the list is the answer, with the line that leads up to it."""

from __future__ import annotations

from collections.abc import Sequence

from index.outline import outline_of
from index.protocols import Corpus
from index.values import Span
from rag.answerers.answering import Proposal, quoting
from rag.facts.quantities import quantities
from rag.reading.extract import Candidate

MOST_ITEMS = 30
ITEM_CHARS = 600
LOOKED_AT = 3
"""So many of the best candidates may lead to a list."""


def listed(candidates: Sequence[Candidate], corpus: Corpus, *, counted: bool) -> Proposal | None:
    """The list that the best candidates lie in; None where they lie in none, or in one that is too long to be shown whole.

    Args:
        counted: Asked is how many: the headline is the number of the items.
    """
    for candidate in candidates[:LOOKED_AT]:
        document = candidate.evidence.document
        block = outline_of(document.text).list_at(candidate.sentence)
        if block is None or len(block.items) > MOST_ITEMS or (counted and _says_a_number(candidate)):
            continue
        chunks = corpus.passages(document.id)
        pieces = []
        for line in (*([block.lead] if block.lead else []), *block.items):
            chunk = next((one for one in chunks if one.start <= line.start < one.end), None)
            if chunk is not None:
                pieces.append((document, chunk, Span(line.start, min(line.end, chunk.end, line.start + ITEM_CHARS))))
        statements, evidence = quoting(pieces)
        items = tuple(one.text.lstrip("-*•‣▪●–— ") for one in statements[-len(block.items) :])
        short = str(len(items)) if counted else ""
        return Proposal(statements, evidence, candidate.support, short=short, items=items)
    return None


def _says_a_number(candidate: Candidate) -> bool:
    """Whether a candidate says itself how many: a list that it stands in is then not what is counted."""
    return bool(quantities(candidate.text))
