"""Two rankings into one: by score, or by rank alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

Ranking = Sequence[tuple[str, float]]
"""(chunk id, score), best first; an id occurs at most once."""
Fusion = Callable[[Ranking, Ranking], list[tuple[str, float]]]
"""(dense ranking with cosines, lexical ranking with BM25 scores) to every id with its fused score, best first."""


def fuse_scores(dense: Ranking, lexical: Ranking, *, lexical_weight: float) -> list[tuple[str, float]]:
    """Order chunk ids by cosine + `lexical_weight` x BM25 as a share of the best BM25 (Bruch, Gai & Ingber, TOIS 2023).

    A side that is not sure says so by itself: where no passage is near, cosines lie close together and the words decide;
    where many passages share the words, BM25 scores do and the meaning decides. Ranks cannot tell. A passage
    that dense search did not return is given the lowest cosine that it did return.

    >>> fuse_scores([("a", 0.5), ("b", 0.25)], [("b", 8.0)], lexical_weight=0.5)
    [('b', 0.75), ('a', 0.5)]
    """
    lowest = min((score for _, score in dense), default=0.0)
    best = max((score for _, score in lexical), default=0.0)
    cosines = dict(dense)
    shares = {chunk_id: score / best if best > 0 else 0.0 for chunk_id, score in lexical}
    scores = {
        chunk_id: cosines.get(chunk_id, lowest) + lexical_weight * shares.get(chunk_id, 0.0)
        for chunk_id in (*cosines, *shares)
    }
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def fuse_ranks(dense: Ranking, lexical: Ranking, *, k: int) -> list[tuple[str, float]]:
    """Reciprocal rank fusion of both, scaled so that rank 1 on both sides gives 1."""
    fused = reciprocal_rank_fusion([[chunk_id for chunk_id, _ in side] for side in (dense, lexical)], k=k)
    return [(chunk_id, score * (k + 1) / 2) for chunk_id, score in fused]


def reciprocal_rank_fusion(rankings: Iterable[Sequence[str]], *, k: int = 60) -> list[tuple[str, float]]:
    """Order chunk ids by the sum of their reciprocal ranks (Cormack, Clarke & Buettcher, SIGIR 2009).

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


def interleave(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Ids of several rankings in turn, each once: the first of each, then the second of each, and so on.

    >>> interleave([["a", "b"], ["b", "c"]])
    ['a', 'b', 'c']
    """
    longest = max((len(ranking) for ranking in rankings), default=0)
    turns = (ranking[place] for place in range(longest) for ranking in rankings if place < len(ranking))
    return list(dict.fromkeys(turns))
