"""Run rows of a report over a public set: rank every question, keep each ranking as it is made, and measure."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from eval.log import append_log, read_log
from eval.observe import QUICKSTART, Ranker
from eval.origin import ROOT, code_hash
from eval.progress import StageProgress
from eval.rows import PEER_ROWS
from eval.sets.cases import SetQuery, SetRanking
from eval.sets.corpus import IndexedSet, index_set
from eval.sets.figures import KEPT, digest_of, measure_set
from eval.sets.read import read_set
from index.collection import Collection
from index.ingest import Progress as IngestProgress

DEPTH = 50
"""Passages asked of every row, to fill KEPT documents: several passages may be of one document."""
RANKINGS = "rankings.jsonl"
Question = TypeVar("Question")


class Systems(Protocol):
    """What is measured: where a set is indexed, and the rows that search it."""

    @property
    def made_with(self) -> str:
        """Everything beside code and documents that can change a ranking."""

    def collection(self, name: str) -> Collection:
        """The collection that a set goes into; created when missing."""

    def rankers(self, indexed: IndexedSet, questions: Sequence[str], folder: Path) -> Mapping[str, Ranker]:
        """The rows; stored documents are ranked, by their ids in the collection.

        Args:
            questions: All that will be asked.
            folder: Where a row may keep what it makes.
        """


def run_set(
    folder: Path,
    systems: Systems,
    out: Path,
    *,
    part: str = "dev",
    limit: int | None = None,
    progress: StageProgress | None = None,
) -> dict[str, Any]:
    """Index a set, rank every question that has a relevant document, and measure.

    Rankings in `out` that were made the same way are taken from there; each new one is on disk before the next is asked for,
    so a run that was killed goes on where it stopped.

    Args:
        out: The set's own folder: documents, rankings and cases.json are kept there.
        limit: At most so many questions, spread evenly over the set.

    Returns:
        The set's part of sets.json: counts, figures, tests against the best single row, and each question's shares.

    Raises:
        NoSet, SetInvalid: The folder cannot be used.
    """
    tell: StageProgress = progress or (lambda what, done, total: None)
    evaluation_set = read_set(folder, part)
    indexed = index_set(
        evaluation_set,
        out / "documents",
        systems.collection(collection_name(evaluation_set.name)),
        progress=_stages(evaluation_set.name, tell),
    )
    queries = chosen(evaluation_set.searched, limit)
    rankings: dict[str, dict[str, SetRanking]] = {}
    for ranking in rank_queries(indexed, queries, systems, out, progress=tell):
        rankings.setdefault(ranking.query_id, {})[ranking.row] = ranking
    return measure_set(indexed, queries, rankings, part=part)


def collection_name(name: str) -> str:
    """A set's name as a collection may be called.

    >>> collection_name("MultiHop RAG (500)")
    'multihop_rag_500'
    """
    kept = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower())
    return "_".join(part for part in kept.split("_") if part)[:63] or "set"


def chosen(queries: Sequence[Question], limit: int | None) -> Sequence[Question]:
    """All questions, or `limit` of them at even distances: neighbours are often about one document."""
    if limit is None or limit >= len(queries):
        return queries
    if limit < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}")
    return [queries[number * len(queries) // limit] for number in range(limit)]


def rank_queries(
    indexed: IndexedSet, queries: Sequence[SetQuery], systems: Systems, out: Path, *, progress: StageProgress
) -> Iterator[SetRanking]:
    """Every row's ranking of every question, question by question."""
    name = indexed.evaluation_set.name
    rankers = systems.rankers(indexed, [query.text for query in queries], out / "peers")
    kept = read_log(out / RANKINGS, SetRanking.from_json)
    made_with = {row: _made_with(indexed, systems, row) for row in rankers}
    with append_log(out / RANKINGS) as keep:
        for done, query in enumerate(queries, start=1):
            for row, ranker in rankers.items():
                key = digest_of(query.id, query.text, row, made_with[row])
                ranking = kept.get(key)
                if ranking is None:
                    ranking = rank_query(key, query, row, ranker, indexed)
                    keep(asdict(ranking))
                yield ranking
            progress(f"{name}: questions", done, len(queries))


def rank_query(key: str, query: SetQuery, row: str, ranker: Ranker, indexed: IndexedSet) -> SetRanking:
    """One search, under the set's ids."""
    started = time.perf_counter()
    found = ranker(query.text, DEPTH, None)
    seconds = time.perf_counter() - started
    passages = [(indexed.ids[hit.document_id], hit.start, hit.end) for hit in found if hit.document_id in indexed.ids]
    documents = tuple(dict.fromkeys(document_id for document_id, _, _ in passages))
    return SetRanking(key, query.id, row, documents[:KEPT], tuple(passages[:KEPT]), len(found), round(seconds, 6))


def _made_with(indexed: IndexedSet, systems: Systems, row: str) -> str:
    """What a ranking depends on; the peers' code is not among the packages that answer, and is named by itself."""
    code = _peers_hash() if row in (QUICKSTART, *PEER_ROWS) else code_hash()
    documents = digest_of(*sorted(indexed.ids))
    return digest_of(indexed.evaluation_set.name, indexed.evaluation_set.digest, documents, systems.made_with, code)


def _peers_hash() -> str:
    files = sorted((ROOT / "eval" / "peers").glob("*.*"))
    return digest_of(*(hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()))


def _stages(name: str, tell: StageProgress) -> IngestProgress:
    words = {"read": "documents read", "encode": "passages embedded", "index": "passages indexed"}
    return lambda stage, done, total: tell(f"{name}: {words.get(stage, stage)}", done, total)
