"""Reranking and reading of the best passages against one bare forward pass of the same encoder over the same tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from eval.bench.invented import invented_questions, write_articles
from eval.bench.speed import CHUNKS_PER_ARTICLE, ingest_folder, seconds_of, spread
from index.directory import DataDirectory
from index.protocols import Embedder
from rag.question.analyse import analyse
from rag.reading.encoder import Integers, Outputs, PairEncoder
from rag.reading.extract import ExtractiveAnswerer
from rag.reading.onnx import OnnxForward
from rag.reading.reader import PACKAGED_FOLDER, PACKAGED_SHA256, EncoderReader
from rag.search.rerank import Reranker
from rag.search.retrieve import Retriever
from rag.search.select import as_evidence
from rag.values import Evidence

PASSAGES = 20
CHUNKS = 400
WARM_UP = 3


class RecordingForward:
    """Passes batches on and remembers them."""

    def __init__(self, inner: OnnxForward) -> None:
        self.inner = inner
        self.batches: list[tuple[Integers, Integers, Integers]] = []

    def __call__(self, ids: Integers, mask: Integers, types: Integers) -> Outputs:
        self.batches.append((ids, mask, types))
        return self.inner(ids, mask, types)


def bench_reading(folder: Path, embedder: Embedder, *, questions: int, chunks: int = CHUNKS) -> dict[str, Any]:
    """From evidence to a draft (tokens, forward pass, spans, signals, order, judge) against the forward pass alone, in turns.

    A question whose batches are not the same on both sides cannot occur: the bare side runs what the other one recorded.
    """
    write_articles(folder / "read", math.ceil(chunks / CHUNKS_PER_ARTICLE))
    forward = RecordingForward(OnnxForward(PACKAGED_FOLDER, sha256=PACKAGED_SHA256))
    reader = EncoderReader()
    reader._encoder = PairEncoder(PACKAGED_FOLDER / "tokenizer.json", forward)
    reranker, answerer = Reranker(reader), ExtractiveAnswerer()

    def read(question: str, evidence: Sequence[Evidence]) -> None:
        answerer.draft(question, reranker.rerank(analyse(question, publishers=()), evidence))

    times: dict[str, list[float]] = {"ours": [], "bare": []}
    passages: list[int] = []
    data = DataDirectory.own(folder / "reading")
    try:
        collection = data.collection("bench", embedder, create=True)
        ingest_folder(collection, folder / "read")
        retriever = Retriever(collection, embedder)
        for number, question in enumerate(invented_questions(questions + WARM_UP)):
            evidence = as_evidence(retriever.retrieve(question, PASSAGES), collection)
            forward.batches.clear()
            read(question, evidence)
            batches = list(forward.batches)
            sides = {"ours": partial(read, question, evidence), "bare": partial(forward_all, forward.inner, batches)}
            for side in sides if number % 2 == 0 else reversed(sides):
                seconds = seconds_of(sides[side])
                if number >= WARM_UP:
                    times[side].append(seconds * 1000)
            passages.append(len(evidence))
        collection.close()
    finally:
        data.close()
    return {
        "questions": questions,
        "passages": median(passages),
        **{f"{side}_ms": spread(values) for side, values in times.items()},
        "time_ratio": median(ours / bare for ours, bare in zip(times["ours"], times["bare"], strict=True)),
    }


def forward_all(forward: OnnxForward, batches: Sequence[tuple[Integers, Integers, Integers]]) -> None:
    """The bare side: batches that were recorded, through the model alone."""
    for batch in batches:
        forward(*batch)
