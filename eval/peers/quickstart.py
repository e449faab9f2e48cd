"""The quickstart peer: what llama-index finds with its defaults and our embedder, so that it can be measured beside us."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eval.observe import Passage, Ranker
from index.protocols import Embedder, Vectors
from index.values import Document, Filters, Span

QUICKSTART_TOP_K = 2
"""Passages that llama-index's query engine hands to its reader by default; a ranking goes deeper only to be measured."""

_TITLE_WITHIN = 400
_GAP = re.compile(r"\s*")


def quickstart_ranker(documents: Sequence[Document], embedder: Embedder) -> Ranker:
    """What llama-index finds over `documents` as its starter example sets it up, with `embedder` in the place of its own.

    Documents are cut by `SentenceSplitter()` (1,024 of its own tokens, 200 of overlap), a chunk is embedded with its
    document's metadata above it, and the nearest by cosine win. The search is exact, as in llama-index's own store;
    Chroma's graph search can at best find the same. docs/peers.md says where each default is written down.

    Args:
        documents: What is searched; embedded at the first query, not here.

    Returns:
        A ranker over chunks. A chunk that does not stand verbatim in its document (the splitter drops a few characters
        of unusual texts) is a passage of length 0: it counts for its document and for no span.
    """
    return Quickstart(documents, embedder)


class Quickstart:
    """llama-index's defaults over documents; see `quickstart_ranker`."""

    def __init__(self, documents: Sequence[Document], embedder: Embedder) -> None:
        self._documents = {document.id: document for document in documents}
        self._embedder = embedder

    @cached_property
    def _indexed(self) -> tuple[list[_Piece], Vectors]:
        pieces = _pieces(self._documents.values())
        return pieces, self._embedder.embed_passages([piece.embedded for piece in pieces])

    def __call__(self, query: str, top_k: int, filters: Filters | None = None) -> tuple[Passage, ...]:
        """The `top_k` nearest chunks of the documents that pass `filters`, best first."""
        if top_k < 1:
            raise ValueError(f"top_k must be 1 or more, got {top_k}")
        pieces, vectors = self._indexed
        if not pieces:
            return ()
        scores = vectors @ self._embedder.embed_query(query)
        found: list[Passage] = []
        for place in np.argsort(-scores, kind="stable"):
            piece = pieces[int(place)]
            if passes(self._documents[piece.document_id], filters):
                found.append(Passage(piece.document_id, piece.span.start, piece.span.end, float(scores[place])))
                if len(found) == top_k:
                    break
        return tuple(found)


def passes(document: Document, filters: Filters | None) -> bool:
    """Whether a caller's filters leave `document`; the meaning is `index.catalogue.Catalogue.matching`'s."""
    if not filters:
        return True
    publisher, published = document.provenance.publisher, document.provenance.published
    if filters.publisher and (publisher or "").strip().casefold() != filters.publisher.strip().casefold():
        return False
    if not (filters.since or filters.until):
        return True
    if published is None:
        return False
    since, until = (bound[: len(published.date)] if bound else None for bound in (filters.since, filters.until))
    return (not since or published.date[: len(since)] >= since) and (not until or published.date[: len(until)] <= until)


def missing_title(document: Document) -> str | None:
    """The title when the text does not open with it: a peer shall read what a person reads above the text."""
    title = (document.provenance.title or "").strip()
    return title if title and title not in document.text[: len(title) + _TITLE_WITHIN] else None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A chunk of the splitter: where it stands, and the text that llama-index embeds for it."""

    document_id: str
    span: Span
    embedded: str


def _pieces(documents: Iterable[Document]) -> list[_Piece]:
    from llama_index.core import Document as SourceDocument
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import MetadataMode

    splitter = SentenceSplitter()
    pieces: list[_Piece] = []
    for document in documents:
        title = missing_title(document)
        source = SourceDocument(text=document.text, id_=document.id, metadata={"title": title} if title else {})
        nodes = splitter.get_nodes_from_documents([source])
        chunks = [node.get_content(metadata_mode=MetadataMode.NONE) for node in nodes]
        spans = _located(document.text, chunks, splitter.chunk_overlap)
        pieces += [
            _Piece(document.id, span or Span(0, 0), node.get_content(metadata_mode=MetadataMode.EMBED))
            for node, span in zip(nodes, spans, strict=True)
        ]
    return pieces


def sentence_splitter(tokens: int | None = None, overlap: int = 0) -> Callable[[str], list[tuple[str, Span | None]]]:
    """llama-index's SentenceSplitter over bare texts: chunks with their places, None for one that is not verbatim.

    Args:
        tokens: Size of a chunk; without it llama-index's own defaults (1,024 tokens, overlap 200 in 0.14).
    """
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(chunk_size=tokens, chunk_overlap=overlap) if tokens else SentenceSplitter()

    def cut(text: str) -> list[tuple[str, Span | None]]:
        chunks = splitter.split_text(text)
        return list(zip(chunks, _located(text, chunks, splitter.chunk_overlap), strict=True))

    return cut


def _located(text: str, chunks: Sequence[str], overlap: int) -> list[Span | None]:
    from llama_index.core.utils import get_tokenizer

    tokenize = get_tokenizer()
    return locate_chunks(text, chunks, overlap=overlap, count_tokens=lambda part: len(tokenize(part)))


def locate_chunks(
    text: str, chunks: Sequence[str], *, overlap: int, count_tokens: Callable[[str], int]
) -> list[Span | None]:
    """Where consecutive chunks of `text` stand in it; None for one that is not verbatim there.

    llama-index looks for a chunk just after the start of the one before, which is too early where sentences repeat.
    Consecutive chunks leave no gap and share at most `overlap` tokens, so the first place that keeps both is taken.
    """
    spans: list[Span | None] = []
    last = Span(0, 0)
    for chunk in chunks:
        start = _place(text, chunk, last, overlap, count_tokens)
        if start is None:
            spans.append(None)
            continue
        last = Span(start, start + len(chunk))
        spans.append(last)
    return spans


def _place(text: str, chunk: str, last: Span, overlap: int, count_tokens: Callable[[str], int]) -> int | None:
    gap = _GAP.match(text, last.end)
    reach = gap.end() if gap else last.end
    places: list[int] = []
    place = text.find(chunk, last.start, reach + len(chunk))
    while place != -1:
        if place + len(chunk) > last.end:
            places.append(place)
        place = text.find(chunk, place + 1, reach + len(chunk))
    if places:
        fitting = bisect_left(places, True, key=lambda start: count_tokens(text[start : last.end]) <= overlap)
        return places[min(fitting, len(places) - 1)]
    if text.endswith(chunk, last.start, last.end):  # overlap and blank space only
        return last.end - len(chunk)
    place = text.find(chunk, last.end)
    return place if place != -1 else None
