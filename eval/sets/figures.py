"""From rankings of a public set to figures: each question's share, intervals, and every row against the best single one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from eval.cases import LocatedEvidence
from eval.figures import Share, figures
from eval.intervals import paired_bootstrap, wilcoxon
from eval.measures import MAP, MRR, Hits, Recall, Success, covered_characters, judge_documents, judge_passages, nDCG
from eval.observe import DENSE, LEXICAL
from eval.sets.cases import SetQuery, SetRanking
from eval.sets.corpus import IndexedSet

KEPT = 10
"""Documents, and passages, that are kept of a ranking: the deepest cutoff."""
MEASURES = (
    nDCG @ 10,
    Recall @ 4,
    Recall @ 5,
    Recall @ 10,
    Success @ 1,
    Success @ 5,
    MRR @ 10,
    MAP @ 10,
    Hits @ 4,
    Hits @ 10,
)
PASSAGE_MEASURES = (Success @ 1, Success @ 5, Recall @ 5, Recall @ 10, MRR @ 10, nDCG @ 10)
TESTED = "nDCG@10"
"""The measure that rows are compared by."""
SIGNIFICANT = 0.05


def digest_of(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def measure_set(
    indexed: IndexedSet,
    queries: Sequence[SetQuery],
    rankings: Mapping[str, Mapping[str, SetRanking]],
    *,
    part: str,
) -> dict[str, Any]:
    """Everything that a report says of one set."""
    evaluation_set = indexed.evaluation_set
    shares = {query.id: query_shares(query, rankings[query.id], [*_wanted(query, indexed)]) for query in queries}
    listed = [shares[query.id] for query in queries if query.test]
    rows = list(dict.fromkeys(row for query in queries for row in rankings[query.id]))
    best = best_single(list(shares.values()), rows)
    return {
        "set": evaluation_set.name,
        "part": part,
        "digest": evaluation_set.digest,
        "documents": len(evaluation_set.documents),
        "passages": indexed.collection.chunk_count,
        "lost": [asdict(item) for item in indexed.lost],
        "questions": len(evaluation_set.queries),
        "without_relevant": len(evaluation_set.queries) - len(evaluation_set.searched),
        "asked": len(queries),
        "rows": rows,
        "figures": [asdict(figure) for figure in figures(list(shares.values()))],
        "test_figures": [asdict(figure) for figure in figures(listed)],
        "best_single": best,
        "against_best": [against(row, best, list(shares.values())) for row in rows if best and row != best],
        "median_ms": {row: _median([rankings[query.id][row].seconds for query in queries]) * 1000 for row in rows},
        "fewer_than_10_documents": {
            row: sum(len(rankings[query.id][row].documents) < min(KEPT, len(indexed.ids)) for query in queries)
            for row in rows
        },
        "cases": [
            {
                "id": query.id,
                "digest": digest_of(query.text, *sorted(query.relevant)),
                "test": query.test,
                "shares": shares[query.id],
            }
            for query in queries
        ],
    }


def query_shares(
    query: SetQuery, rankings: Mapping[str, SetRanking], wanted: Sequence[LocatedEvidence]
) -> dict[str, Share]:
    """What one question adds to every figure of every row."""
    shares: dict[str, Share] = {}
    for row, ranking in rankings.items():
        judged = judge_documents(ranking.documents, query.relevant)
        shares |= {f"documents/{row}/{measure}": (measure(judged), 1.0) for measure in MEASURES}
        if wanted:
            judged = judge_passages(ranking.passages, wanted)
            shares |= {f"passages/{row}/{measure}": (measure(judged), 1.0) for measure in PASSAGE_MEASURES}
        if query.references and wanted:
            places = [(item.document_id, span.start, span.end) for item in wanted for span in item.spans]
            covered = covered_characters(ranking.passages, places)
            union = covered.wanted + covered.retrieved - covered.found
            precision = covered.found / covered.retrieved if covered.retrieved else 0.0
            shares[f"characters/{row}/recall@{KEPT}"] = (covered.found / covered.wanted, 1.0)
            shares[f"characters/{row}/precision@{KEPT}"] = (precision, 1.0)
            shares[f"characters/{row}/IoU@{KEPT}"] = (covered.found / union, 1.0)
    return shares


def best_single(shares: Sequence[Mapping[str, Share]], rows: Sequence[str]) -> str | None:
    """The better of the lexical and the dense row by TESTED, lexical when they are equal; None when neither was run."""
    single = [row for row in (LEXICAL, DENSE) if row in rows]
    totals = {row: sum(case[f"documents/{row}/{TESTED}"][0] for case in shares) for row in single}
    return max(single, key=lambda row: totals[row]) if single else None


def against(row: str, best: str, shares: Sequence[Mapping[str, Share]]) -> dict[str, Any]:
    """A row against the best single row on the same questions: paired bootstrap and signed-rank test.

    `verdict` is "above" or "under" where both tests say so at 5 %, else "not told apart".
    """
    ours, theirs = ([case[f"documents/{name}/{TESTED}"] for case in shares] for name in (row, best))
    difference = paired_bootstrap(ours, theirs)
    p = wilcoxon([above for above, _ in ours], [above for above, _ in theirs])
    told = max(difference.p, p) < SIGNIFICANT
    verdict = ("above" if difference.delta > 0 else "under") if told else "not told apart"
    return {"row": row, "measure": TESTED, **asdict(difference), "wilcoxon_p": p, "verdict": verdict}


def _wanted(query: SetQuery, indexed: IndexedSet) -> Iterator[LocatedEvidence]:
    """Places of the answer in the stored text: all references, or any of the spans."""
    if query.doc_id is None or query.doc_id not in query.relevant:
        return
    for spans in [[span] for span in query.references] or [list(query.spans)]:
        places = tuple(place for span in spans if (place := indexed.place(query.doc_id, span)))
        if places:
            yield LocatedEvidence(query.doc_id, None, places)


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0
