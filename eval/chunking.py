"""How much of what answers a question is in the ten passages that are found, and how much else: by chunker.

Characters are counted, as in Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), which
counts tokens. With G the union of a question's gold spans and R the union of the retrieved passages, both sets of characters:

    recall = |G and R| / |G|        precision = |G and R| / |R|        IoU = |G and R| / |G or R|

`iou_counting_overlaps` is that report's own: its denominator counts a character once for each passage that holds it, so
overlapping chunks cost more. It is never above `iou`; rows are compared on `iou`, which favours chunkers that overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eval.corpora import Ingested, ingested
from eval.figure import mean_figure
from eval.intervals import paired_bootstrap
from eval.lines import Line, SetUnusable, read_lines, sample
from eval.peers import locate_chunks
from eval.reading import Progress
from index.protocols import Embedder
from index.split import split
from index.values import Span

SET = "chroma_chunking"
TOP_K = 10
LIMIT = 276
QUICKSTART_TOKENS = 256
QUICKSTART_OVERLAP = 20

Place = tuple[str, Span]
"""A document's id and a span of its text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk as its chunker made it. A peer's text may lack a few characters of its span, or have no place at all."""

    span: Span
    text: str


Chunker = Callable[[str], Sequence[Piece]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the spans of one document that answer it."""

    id: str
    text: str
    document: str
    gold: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a retrieval has in common with the gold spans, in shares of characters."""

    recall: float
    precision: float
    iou: float
    iou_counting_overlaps: float


def overlap(retrieved: Sequence[Place], document: str, gold: Sequence[Span]) -> Overlap:
    """Compare retrieved passages with gold spans, which may overlap each other.

    >>> overlap([("a", Span(0, 10)), ("a", Span(5, 15))], "a", [Span(10, 20)])
    Overlap(recall=0.5, precision=0.3333333333333333, iou=0.25, iou_counting_overlaps=0.2)
    """
    wanted = merged(gold)
    if not wanted:
        raise ValueError("gold must hold 1 or more characters, got none")
    by_document: dict[str, list[Span]] = defaultdict(list)
    for identifier, span in retrieved:
        by_document[identifier].append(span)
    found = {identifier: merged(spans) for identifier, spans in by_document.items()}
    size = sum(map(_length, wanted))
    union = sum(_length(span) for spans in found.values() for span in spans)
    total = sum(_length(span) for _, span in retrieved)
    shared = sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in wanted for b in found.get(document, ()))
    return Overlap(
        shared / size,
        shared / union if union else 0.0,
        shared / (size + union - shared),
        shared / (size + total - shared),
    )


def merged(spans: Sequence[Span]) -> list[Span]:
    """The union of spans as disjoint spans, in order.

    >>> merged([Span(5, 9), Span(0, 3), Span(2, 5)])
    [Span(start=0, end=9)]
    """
    joined: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _length(span: Span) -> int:
    return span.end - span.start


def read_set(folder: Path, limit: int | None = None) -> tuple[dict[str, Line], list[Asked]]:
    """Documents by id and the questions. Raises SetUnusable where a gold span is not in its document."""
    documents = {
        line["_id"]: line for line in read_lines(folder / "dev" / "corpus.jsonl.gz", {"_id": str, "text": str})
    }
    path = folder / "dev" / "queries.jsonl.gz"
    asked = []
    for line in read_lines(path, {"_id": str, "text": str, "doc_id": str, "references": list}):
        if line["doc_id"] not in documents:
            raise SetUnusable(f"{path}: question {line['_id']} stands on {line['doc_id']}, which is not in the corpus")
        text = documents[line["doc_id"]]["text"]
        spans = tuple(Span(reference["start"], reference["end"]) for reference in line["references"])
        if not spans or any(not 0 <= span.start < span.end <= len(text) for span in spans):
            raise SetUnusable(f"{path}: question {line['_id']} has no gold span, or one outside {line['doc_id']}")
        asked.append(Asked(line["_id"], line["text"], line["doc_id"], spans))
    return documents, sample(asked, limit)


def our_chunker(embedder: Embedder) -> Chunker:
    """The product's splitter with its default target, on the whole text."""

    def chunk(text: str) -> list[Piece]:
        spans = split(text, [Span(0, len(text))], count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
        return [Piece(span, text[span.start : span.end]) for span in spans]

    return chunk


def llama_index_chunker(tokens: int | None = None, overlap_tokens: int = 0) -> Chunker:
    """llama-index's SentenceSplitter; with its own defaults (1,024 tokens, overlap 200 in 0.14) unless `tokens` are given."""
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.utils import get_tokenizer

    splitter = SentenceSplitter(chunk_size=tokens, chunk_overlap=overlap_tokens) if tokens else SentenceSplitter()
    tokenize = get_tokenizer()

    def chunk(text: str) -> list[Piece]:
        pieces = splitter.split_text(text)
        spans = locate_chunks(
            text, pieces, overlap=splitter.chunk_overlap, count_tokens=lambda part: len(tokenize(part))
        )
        return [Piece(span or Span(0, 0), piece) for span, piece in zip(spans, pieces, strict=True)]

    return chunk


def dense_search(
    documents: Mapping[str, Line], chunker: Chunker, embedder: Embedder
) -> tuple[Callable[[str], list[Place]], int]:
    """A search by cosine over bare chunk texts, the same for every chunker; and the number of chunks."""
    pieces = [(identifier, piece) for identifier, line in documents.items() for piece in chunker(line["text"])]
    vectors = embedder.embed_passages([piece.text for _, piece in pieces])
    places = [(identifier, piece.span) for identifier, piece in pieces]

    def search(question: str) -> list[Place]:
        scores = vectors @ embedder.embed_query(question)
        return [places[number] for number in (-scores).argsort(kind="stable")[:TOP_K].tolist()]

    return search, len(places)


def measure_chunking(
    data: Path, embedder: Embedder, *, limit: int | None = None, hybrid: bool = True, progress: Progress | None = None
) -> dict[str, Any]:
    """Rows by chunker, each over all questions at TOP_K passages, and ours against each peer on the same questions."""
    documents, asked = read_set(data / SET, min(limit or LIMIT, LIMIT))
    chunkers: dict[str, Callable[[], Chunker]] = {
        "ours": partial(our_chunker, embedder),
        "llama-index default": llama_index_chunker,
        "llama-index 256": partial(llama_index_chunker, QUICKSTART_TOKENS, QUICKSTART_OVERLAP),
    }
    found: dict[str, list[Overlap]] = {}
    chunks: dict[str, int] = {}
    for name, make in chunkers.items():
        search, chunks[name] = dense_search(documents, make(), embedder)
        found[name] = _ask(search, asked, progress)
    if hybrid:
        with ingested(list(documents.values())) as corpus:
            pipeline = corpus.dossier.pipeline()
            shifts = _shifts(documents, corpus)

            def route(question: str) -> list[Place]:
                return [
                    _moved(hit.chunk.start, hit.chunk.end, *shifts[hit.chunk.document_id])
                    for hit in pipeline.search(question, top_k=TOP_K)
                ]

            found["ours, whole route"] = _ask(route, asked, progress)
            chunks["ours, whole route"] = corpus.dossier.collection().chunk_count
    ours = "ours"
    return {
        "n": len(asked),
        "top_k": TOP_K,
        "rows": {name: {"chunks": chunks[name], **_figures(items)} for name, items in found.items()},
        "ours_against": {
            name: _against(found[ours], items) for name, items in found.items() if name.startswith("llama-index")
        },
    }


def _ask(search: Callable[[str], Sequence[Place]], asked: Sequence[Asked], progress: Progress | None) -> list[Overlap]:
    found = []
    for done, question in enumerate(asked, start=1):
        found.append(overlap(search(question.text), question.document, question.gold))
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


def _shifts(documents: Mapping[str, Line], corpus: Ingested) -> dict[str, tuple[str, int]]:
    """For each stored document the set's id, and by how much its text begins later than in the set."""
    shifts = {}
    for document in corpus.documents:
        identifier = corpus.ids[document.id][0]
        original = documents[identifier]["text"]
        at = document.text.find(original.strip())
        if at < 0:
            raise SetUnusable(f"Document {identifier} was changed by the ingest; its gold spans cannot be placed.")
        shifts[document.id] = (identifier, at - (len(original) - len(original.lstrip())))
    return shifts


def _moved(start: int, end: int, identifier: str, shift: int) -> Place:
    return identifier, Span(max(0, start - shift), max(0, end - shift))
