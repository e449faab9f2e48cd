"""What a generation must show before it may answer: every chunk, every vector, and searches that find them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from index.analysis import has_words
from index.catalogue import Catalogue
from index.dense import CacheDamaged, DenseIndex
from index.lexical import LexicalIndex, damaged_files
from index.protocols import Vectors

PROBES = 1_000
RECALL_PROBES = 64
RECALL_AT = 10
MIN_SELF_FOUND = 0.995
MIN_RECALL = 0.9
_GROUP_DOCUMENTS = 50
_TOLERANCE = 1e-4
_LEXICAL_PROBES = 32
_PROBE_CHARS = 300


def check_generation(catalogue: Catalogue, path: Path, *, fresh: bool) -> None:
    """Compare a generation on disk with the catalogue. Run it in a child process: it may not survive.

    Args:
        catalogue: The truth.
        path: The generation's directory; nothing else may have it open.
        fresh: It was just built. How well approximate search finds neighbours is then a property of the vectors and no
            sign of damage, so the demands on it are lower.

    Raises:
        CacheDamaged: What is wrong.
    """
    dense = DenseIndex(path / "chroma")
    try:
        check_dense(catalogue, dense, fresh=fresh)
    finally:
        dense.close()
    if damaged := damaged_files(path / "lexical"):
        raise CacheDamaged(f"the lexical index holds {', '.join(damaged)}, which is not as it was written")
    check_lexical(catalogue, LexicalIndex(path / "lexical"))


def check_dense(catalogue: Catalogue, dense: DenseIndex, *, fresh: bool) -> None:
    """Ids, every vector, and whether searches reach them."""
    documents = list(catalogue.chunk_counts())
    wanted = [chunk_id for ids, _ in _vector_groups(catalogue, documents) for chunk_id in ids]
    _same_ids("vector index", wanted, dense.ids())
    if dense.count() != len(wanted):
        raise CacheDamaged(f"the vector index counts {dense.count()} chunks of {len(wanted)}")
    if not wanted:
        return
    probed = _spread(wanted, PROBES)
    probes: dict[str, Vectors] = {}
    for ids, vectors in _vector_groups(catalogue, documents):
        stored = dense.vectors(ids)
        for chunk_id, vector in zip(ids, vectors, strict=True):
            if chunk_id not in stored or not np.allclose(_unit(stored[chunk_id]), _unit(vector), atol=_TOLERANCE):
                raise CacheDamaged(f"the vector index does not hold the vector of chunk {chunk_id}")
            if chunk_id in probed:
                probes[chunk_id] = vector
    found = sum(_finds(dense, chunk_id, vector) for chunk_id, vector in probes.items()) / len(probes)
    if found < (0.5 if fresh else MIN_SELF_FOUND):
        raise CacheDamaged(f"only {found:.0%} of {len(probes)} sampled vectors find themselves")
    recall = recall_at(catalogue, dense, list(probes.values()))
    if recall < (0.3 if fresh else MIN_RECALL):
        raise CacheDamaged(f"searches find only {recall:.0%} of the {RECALL_AT} nearest vectors")


def recall_at(catalogue: Catalogue, dense: DenseIndex, probes: Sequence[Vectors]) -> float:
    """Part of the exact nearest RECALL_AT that search returns, for queries halfway between probes; ties count as found."""
    queries = np.stack([_unit(one + other) for one, other in zip(probes, [*probes[1:], probes[0]], strict=True)])[
        :RECALL_PROBES
    ]
    scores = np.concatenate(
        [vectors @ queries.T for _, vectors in _vector_groups(catalogue, list(catalogue.chunk_counts()))]
    )
    cutoff = min(RECALL_AT, len(scores))
    limits = np.sort(scores, axis=0)[-cutoff]
    hits = 0
    for query, limit in zip(queries, limits, strict=True):
        hits += sum(score >= limit - _TOLERANCE for _, score in dense.search(query, cutoff))
    return hits / (cutoff * len(queries))


def check_lexical(catalogue: Catalogue, lexical: LexicalIndex) -> None:
    """Ids, and whether a chunk is found by its own words."""
    counts = catalogue.chunk_counts()
    wanted = catalogue.chunk_ids(list(counts))
    _same_ids("lexical index", wanted, lexical.ids())
    sample = catalogue.chunks(sorted(_spread(wanted, _LEXICAL_PROBES)))
    for chunk in sample.values():
        found = lexical.search(chunk.text[:_PROBE_CHARS], counts[chunk.document_id], documents=[chunk.document_id])
        if has_words(chunk.text[:_PROBE_CHARS]) and chunk.id not in {chunk_id for chunk_id, _ in found}:
            raise CacheDamaged(f"the lexical index does not find chunk {chunk.id} by its own words")


def _same_ids(name: str, wanted: Sequence[str], held: Sequence[str]) -> None:
    missing, strange = set(wanted) - set(held), set(held) - set(wanted)
    if missing or strange or len(held) != len(wanted):
        raise CacheDamaged(
            f"the {name} lacks {len(missing)} chunks and holds {len(strange)} that are not in the catalogue"
        )


def _vector_groups(catalogue: Catalogue, documents: Sequence[str]) -> Iterator[tuple[list[str], Vectors]]:
    for start in range(0, len(documents), _GROUP_DOCUMENTS):
        ids, vectors = catalogue.vectors(documents[start : start + _GROUP_DOCUMENTS])
        if ids:
            yield ids, vectors


def _finds(dense: DenseIndex, chunk_id: str, vector: Vectors) -> bool:
    """Its own id, or another chunk with the same vector, comes first."""
    hits = dense.search(vector, RECALL_AT)
    return bool(hits) and (hits[0][1] >= 1 - _TOLERANCE or chunk_id in {hit for hit, _ in hits})


def _spread(ids: Sequence[str], count: int) -> set[str]:
    """At most `count` ids, evenly spread."""
    step = max(1, -(-len(ids) // count))
    return set(ids[::step])


def _unit(vector: Vectors) -> Vectors:
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm else vector
