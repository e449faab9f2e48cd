"""How much of what answers a question is in the ten passages that are found, and how much else: by chunker.

Characters are counted, as in Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), which
counts tokens. With G the union of a question's gold spans and R the union of the retrieved passages, both sets of characters:

    recall = |G and R| / |G|        precision = |G and R| / |R|        IoU = |G and R| / |G or R|

`iou_counting_overlaps` is that report's own: its denominator counts a character once for each passage that holds it, so
overlapping chunks cost more. It is never above `iou`; rows are compared on `iou`, which favours chunkers that overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from eval.intervals import paired_bootstrap
from eval.measures import covered_characters
from eval.numbers.corpus import ingested
from eval.numbers.figure import mean_figure
from eval.numbers.questions import questions_of, sample
from eval.peers.quickstart import sentence_splitter
from eval.progress import Progress
from eval.sets.cases import EvaluationSet, SetDocument, SetProblem
from eval.sets.corpus import IndexedSet
from eval.sets.lines import SetInvalid
from eval.sets.read import read_set
from index.protocols import Embedder
from index.split import split
from index.values import Span

SET = "chroma_chunking"
TOP_K = 10
LIMIT = 276
QUICKSTART_TOKENS = 256
QUICKSTART_OVERLAP = 20

Place = tuple[str, int, int]
"""A document's id, and where in its text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk as its chunker made it. A peer's text may lack a few characters of its span, or have no place at all."""

    span: Span
    text: str


Chunker = Callable[[str], Sequence[Piece]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the places that answer it together."""

    id: str
    text: str
    gold: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a retrieval has in common with the gold spans, in shares of characters."""

    recall: float
    precision: float
    iou: float
    iou_counting_overlaps: float


def overlap(retrieved: Sequence[Place], gold: Sequence[Place]) -> Overlap:
    """Compare retrieved passages with gold spans, which may overlap each other.

    >>> overlap([("a", 0, 10), ("a", 5, 15)], [("a", 10, 20)])
    Overlap(recall=0.5, precision=0.3333333333333333, iou=0.25, iou_counting_overlaps=0.2)
    """
    covered = covered_characters(retrieved, gold)
    if not covered.wanted:
        raise ValueError("gold must hold 1 or more characters, got none")
    return Overlap(
        covered.found / covered.wanted,
        covered.found / covered.held if covered.held else 0.0,
        covered.found / (covered.wanted + covered.held - covered.found),
        covered.found / (covered.wanted + covered.retrieved - covered.found),
    )


def asked_of(evaluation_set: EvaluationSet, folder: Path, limit: int | None = None) -> list[Asked]:
    """The questions with their gold spans. Raises SetInvalid where a question has none."""
    asked = [
        Asked(query.id, query.text, tuple((query.doc_id, span.start, span.end) for span in query.references))
        for query in (question.query for question in questions_of(evaluation_set, folder))
        if query.doc_id
    ]
    bare = [
        SetProblem("dev/queries", 0, f"question {item.id!r:.80} has no gold span") for item in asked if not item.gold
    ]
    if bare:
        raise SetInvalid(folder, bare)
    return sample(asked, limit)


def our_chunker(embedder: Embedder) -> Chunker:
    """The product's splitter with its default target, on the whole text."""

    def chunk(text: str) -> list[Piece]:
        spans = split(text, [Span(0, len(text))], count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
        return [Piece(span, text[span.start : span.end]) for span in spans]

    return chunk


def llama_index_chunker(tokens: int | None = None, overlap_tokens: int = 0) -> Chunker:
    """llama-index's splitter with `tokens`, or with its own defaults."""
    cut = sentence_splitter(tokens, overlap_tokens)
    return lambda text: [Piece(span or Span(0, 0), piece) for piece, span in cut(text)]


def dense_search(
    documents: Sequence[SetDocument], chunker: Chunker, embedder: Embedder
) -> tuple[Callable[[str], list[Place]], int]:
    """A search by cosine over bare chunk texts, the same for every chunker; and the number of chunks."""
    pieces = [(document.id, piece) for document in documents for piece in chunker(document.text)]
    vectors = embedder.embed_passages([piece.text for _, piece in pieces])
    places = [(identifier, piece.span.start, piece.span.end) for identifier, piece in pieces]

    def search(question: str) -> list[Place]:
        scores = vectors @ embedder.embed_query(question)
        return [places[number] for number in (-scores).argsort(kind="stable")[:TOP_K].tolist()]

    return search, len(places)


def measure_chunking(
    data: Path, embedder: Embedder, *, limit: int | None = None, hybrid: bool = True, progress: Progress | None = None
) -> dict[str, Any]:
    """Rows by chunker, each over all questions at TOP_K passages, and ours against each peer on the same questions."""
    evaluation_set = read_set(data / SET)
    asked = asked_of(evaluation_set, data / SET, min(limit or LIMIT, LIMIT))
    chunkers: dict[str, Callable[[], Chunker]] = {
        "ours": partial(our_chunker, embedder),
        "llama-index default": llama_index_chunker,
        "llama-index 256": partial(llama_index_chunker, QUICKSTART_TOKENS, QUICKSTART_OVERLAP),
    }
    found: dict[str, list[Overlap]] = {}
    chunks: dict[str, int] = {}
    for name, make in chunkers.items():
        search, chunks[name] = dense_search(evaluation_set.documents, make(), embedder)
        found[name] = _ask(search, asked, progress)
    if hybrid:
        with ingested(evaluation_set) as (dossier, indexed):
            pipeline = dossier.pipeline()

            def route(question: str) -> list[Place]:
                chunks = (hit.chunk for hit in pipeline.search(question, top_k=TOP_K))
                return [(indexed.ids[chunk.document_id], chunk.start, chunk.end) for chunk in chunks]

            found["ours, whole route"] = _ask(route, in_stored_text(asked, indexed), progress)
            chunks["ours, whole route"] = indexed.collection.chunk_count
    ours = "ours"
    return {
        "n": len(asked),
        "top_k": TOP_K,
        "rows": {name: {"chunks": chunks[name], **_figures(items)} for name, items in found.items()},
        "ours_against": {
            name: _against(found[ours], items) for name, items in found.items() if name.startswith("llama-index")
        },
    }


def in_stored_text(asked: Sequence[Asked], indexed: IndexedSet) -> list[Asked]:
    """The questions with their gold spans as they stand after the ingest. Raises SetInvalid where one is gone."""
    placed, problems = [], []
    for question in asked:
        spans = [(name, indexed.place(name, Span(start, end))) for name, start, end in question.gold]
        problems += [
            SetProblem(f"document {name}", 0, f"a gold span of question {question.id!r:.80} is gone after the ingest")
            for name, span in spans
            if span is None
        ]
        gold = tuple((name, span.start, span.end) for name, span in spans if span)
        placed.append(replace(question, gold=gold))
    if problems:
        raise SetInvalid(Path(indexed.evaluation_set.name), problems)
    return placed


def _ask(search: Callable[[str], Sequence[Place]], asked: Sequence[Asked], progress: Progress | None) -> list[Overlap]:
    found = []
    for done, question in enumerate(asked, start=1):
        found.append(overlap(search(question.text), question.gold))
        if progress:
            progress(done, len(asked))
    return found


def _figures(found: Sequence[Overlap]) -> dict[str, Any]:
    return {
        name: mean_figure([getattr(item, name) for item in found]).to_json() for name in Overlap.__dataclass_fields__
    }


def _against(ours: Sequence[Overlap], theirs: Sequence[Overlap]) -> dict[str, Any]:
    compared = {}
    for name in ("recall", "precision", "iou"):
        sides = [[(getattr(item, name), 1.0) for item in side] for side in (ours, theirs)]
        difference = paired_bootstrap(*sides)
        compared[name] = {
            "delta": difference.delta,
            "low": difference.interval.low,
            "high": difference.interval.high,
            "p": difference.p,
        }
    return compared
