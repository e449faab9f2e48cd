"""Several rankings into one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def reciprocal_rank_fusion(rankings: Iterable[Sequence[str]], *, k: int = 60) -> list[tuple[str, float]]:
    """Order chunk ids by the sum of their reciprocal ranks (Cormack, Clarke & Buettcher, SIGIR 2009).

    Scores are ignored on purpose: a cosine and a BM25 score share no unit; rank 1 means the same in both.

    Args:
        rankings: Chunk ids, best first, one sequence per retriever; an id occurs at most once in each.
        k: Damping constant; a larger value flattens the gap between ranks.

    Returns:
        Every id seen with its fused score, best first; ties fall back to id order, so two runs agree.

    >>> [id for id, _ in reciprocal_rank_fusion([["a", "b"], ["b", "c"]])]
    ['b', 'a', 'c']
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, chunk_id in enumerate(ranking, start=1):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + 1.0 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
