"""A whole answer, from the question to the Answer, against one bare forward pass over the tokens that must be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from eval.bench.invented import invented_questions, write_articles
from eval.bench.reading import WARM_UP, RecordingForward, forward_all
from eval.bench.speed import CHUNKS_PER_ARTICLE, RandomEmbedder, ingest_folder, seconds_of, spread
from index.directory import DataDirectory
from index.protocols import Embedder, Vectors
from rag.pipeline import Pipeline
from rag.reading.encoder import PairEncoder
from rag.reading.extract import ExtractiveAnswerer
from rag.reading.onnx import OnnxForward
from rag.reading.reader import PACKAGED_FOLDER, PACKAGED_SHA256, EncoderReader
from rag.search.rerank import Reranker
from rag.search.retrieve import Retriever
from rag.settings import load_settings


class EncodedQuestions:
    """Random vectors for passages; questions are encoded as in the product, because that time is part of an answer."""

    def __init__(self, inner: Embedder) -> None:
        self._random = RandomEmbedder(inner)
        self.fingerprint, self.dimension, self.max_tokens = "random:384", self._random.dimension, inner.max_tokens
        self.embed_query, self.count_tokens = inner.embed_query, inner.count_tokens

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._random.embed_passages(texts)


def bench_answering(folder: Path, embedder: Embedder, *, questions: int, chunks: int) -> dict[str, Any]:
    """`Pipeline.answer` without a language model against the forward passes that it made, in turns.

    What must be read is what it reads: the bare side runs the batches that the whole answer recorded.
    """
    write_articles(folder / "answer", math.ceil(chunks / CHUNKS_PER_ARTICLE))
    forward = RecordingForward(OnnxForward(PACKAGED_FOLDER, sha256=PACKAGED_SHA256))
    reader = EncoderReader()
    reader._encoder = PairEncoder(PACKAGED_FOLDER / "tokenizer.json", forward)
    encoded = EncodedQuestions(embedder)
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    data = DataDirectory.own(folder / "answering")
    try:
        collection = data.collection("bench", encoded, create=True)
        ingest_folder(collection, folder / "answer")
        settings = load_settings(data=folder / "answering")
        pipeline = Pipeline(
            Retriever(collection, encoded), Reranker(reader), ExtractiveAnswerer(), settings, checker=reader
        )
        for number, question in enumerate(invented_questions(questions + WARM_UP)):
            forward.batches.clear()
            pipeline.answer(question)
            batches = list(forward.batches)
            sides: dict[str, Callable[[], object]] = {
                "ours": partial(pipeline.answer, question),
                "bare": partial(forward_all, forward.inner, batches),
            }
            for side in sides if number % 2 == 0 else reversed(sides):
                seconds = seconds_of(sides[side])
                if number >= WARM_UP:
                    times[side].append(seconds * 1000)
        held = collection.chunk_count
        collection.close()
    finally:
        data.close()
    return {
        "chunks": held,
        "questions": questions,
        **{f"{side}_ms": spread(values) for side, values in times.items()},
        "time_ratio": median(ours / bare for ours, bare in zip(times["ours"], times["bare"], strict=True)),
    }
