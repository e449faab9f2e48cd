"""Items under one heading: where the best passages lie in a list, the list is the answer, with the line that leads up to it."""

from __future__ import annotations

from collections.abc import Sequence

from index.outline import ListBlock, outline_of
from index.protocols import Corpus
from index.values import Span
from rag.answerers.answering import Proposal, quoting
from rag.facts.quantities import quantities
from rag.reading.extract import Candidate
from rag.reading.judge import AskedFor, share, stems

MOST_ITEMS = 30
ITEM_CHARS = 600
NAMED = 0.5
LOOKED_AT = 3
"""So many of the best candidates may lead to a list."""


def listed(question: str, candidates: Sequence[Candidate], corpus: Corpus, *, counted: bool) -> Proposal | None:
    """The list that the best candidates lie in; None where they lie in none, or in one that is too long to be shown whole.

    Args:
        counted: Asked is how many: the headline is the number of the items, where what leads up to them names what is counted.
    """
    for candidate in candidates[:LOOKED_AT]:
        document = candidate.evidence.document
        block = outline_of(document.text).list_at(candidate.sentence)
        if block is None or len(block.items) > MOST_ITEMS:
            continue
        if counted and (_says_a_number(candidate) or not _named(question, document.text, block)):
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


def _named(question: str, text: str, block: ListBlock) -> bool:
    """Whether the line that leads up to a list holds half of the question's words: it is then the list that is asked of."""
    lead = text[block.lead.start : block.lead.end] if block.lead else ""
    return share(AskedFor.of(question).words, stems(lead)) >= NAMED


def _says_a_number(candidate: Candidate) -> bool:
    """Whether a candidate says itself how many: a list that it stands in is then not what is counted."""
    return bool(quantities(candidate.text))
