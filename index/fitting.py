"""Chunks that fit the model together with the heading that is embedded above each of them."""

from __future__ import annotations

from collections.abc import Sequence

from index.heading import heading_of
from index.protocols import Embedder
from index.values import ParsedFile, Provenance, Span

_MIN_BUDGET = 32


def split_to_fit(parsed: ParsedFile, embedder: Embedder) -> list[Span]:
    """`index.split.split`, with room for the heading."""
    from index.split import split

    budget = _budget(parsed.provenance, embedder)
    return split(parsed.text, parsed.body, count_tokens=embedder.count_tokens, max_tokens=budget)


def refitted(text: str, spans: Sequence[Span], provenance: Provenance, embedder: Embedder) -> list[Span]:
    """The chunks of a text under another heading: the same spans, but for those that the model could no longer read whole."""
    from index.split import split

    budget = _budget(provenance, embedder)
    counts = embedder.count_tokens([text[span.start : span.end] for span in spans]) if spans else []
    fitting: list[Span] = []
    for span, count in zip(spans, counts, strict=True):
        if count <= budget:
            fitting.append(span)
        else:
            fitting += split(text, [span], count_tokens=embedder.count_tokens, max_tokens=budget)
    return fitting


def _budget(provenance: Provenance, embedder: Embedder) -> int:
    """Tokens that a chunk may have below its heading."""
    head = heading_of(provenance)
    used = embedder.count_tokens([head])[0] if head else 0
    return max(embedder.max_tokens - used, _MIN_BUDGET)
