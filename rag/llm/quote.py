"""Which sentences of a passage hold what a statement says: quotes are found here, never taken from a model's words."""

from __future__ import annotations

from index.sentences import sentence_spans
from index.values import Span
from rag.facts.dates import dates
from rag.facts.instructions import instructs
from rag.facts.names import names
from rag.facts.quantities import quantities
from rag.facts.wording import FUNCTION_WORDS, content_words, strip_markers
from rag.values import Evidence, Quote

MAX_QUOTES_PER_PASSAGE = 3


def find_quotes(statement: str, item: Evidence) -> tuple[Quote, ...]:
    """The sentences of a passage that hold what the statement says, in order; none when they share nothing with it.

    Greedy: the sentence that covers most of the statement first, then those that add a fact of it or two words.
    Numbers, dates and names count twice.
    """
    wanted = _features(strip_markers(statement))
    text, chunk = item.document.text, item.hit.chunk
    offered = [
        (span, _features(text[span.start : span.end]))
        for span in sentence_spans(text, chunk.start, chunk.end)
        if not instructs(text[span.start : span.end])
    ]
    chosen: list[Span] = []
    missing = dict(wanted)
    while missing and len(chosen) < MAX_QUOTES_PER_PASSAGE:
        gains = [
            (sum(missing[feature] for feature in missing if feature in held), -span.start, span)
            for span, held in offered
        ]
        gain, _, best = max(gains, default=(0, 0, Span(0, 0)))
        if gain < (2 if chosen else 1):
            break
        chosen.append(best)
        held = next(features for span, features in offered if span == best)
        missing = {feature: weight for feature, weight in missing.items() if feature not in held}
    support = 1 - sum(missing.values()) / sum(wanted.values()) if wanted else 0.0
    return tuple(Quote(item.number, span.start, span.end, round(support, 3)) for span in sorted(chosen))


def _features(text: str) -> dict[object, int]:
    """What a text says, in parts that compare: 1 for a content word, 2 for a number, a date or a word of a name."""
    weights: dict[object, int] = dict.fromkeys(content_words(text), 1)
    weights |= {("number", quantity.number): 2 for quantity in quantities(text)}
    for date in dates(text):
        weights |= {
            ("date", part, value): 2
            for part, value in (("day", date.day), ("month", date.month), ("year", date.year))
            if value
        }
    weights |= {("name", word): 2 for name in names(text) for word in name.words if word not in FUNCTION_WORDS}
    return weights
