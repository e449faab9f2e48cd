"""Ingest and search against the bare libraries, both sides in one run, in turns, by their medians."""

from __future__ import annotations

import gc
import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from eval.bench.invented import invented_questions, write_articles
from index.collection import Collection
from index.directory import DataDirectory
from index.embed import SentenceEmbedder
from index.files import find_files
from index.protocols import Embedder, Vectors
from index.values import IngestReport
from rag.search.retrieve import Retriever

CHUNKS_PER_ARTICLE = 9
TOP_K = 10
WARM_UP_QUERIES = 20
WARM_UP_ARTICLES = 3
MAX_FILES = 100_000


class RecordingEmbedder:
    """Passes everything on and remembers which texts were encoded, and for how long."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.texts: list[str] = []
        self.seconds = 0.0
        self.fingerprint, self.dimension, self.max_tokens = inner.fingerprint, inner.dimension, inner.max_tokens

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        started = time.perf_counter()
        vectors = self._inner.embed_passages(texts)
        self.seconds += time.perf_counter() - started
        return vectors

    def embed_query(self, query: str) -> Vectors:
        return self._inner.embed_query(query)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._inner.count_tokens(texts)


class RandomEmbedder:
    """Unit vectors drawn by the text's hash: search at size is measured without hours of encoding."""

    fingerprint, dimension, max_tokens = "random:384", 384, 256

    def __init__(self, tokenizer: Embedder) -> None:
        self._tokenizer = tokenizer

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return (
            np.stack([self.embed_query(text) for text in texts]) if texts else np.zeros((0, self.dimension), np.float32)
        )

    def embed_query(self, query: str) -> Vectors:
        seed = int.from_bytes(query.encode()[:400].ljust(8, b"\0"), "little")
        vector = np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._tokenizer.count_tokens(texts)


def bench_ingest(folder: Path, embedder: Embedder, *, articles: int, rounds: int) -> dict[str, Any]:
    """Ingest of new articles against `SentenceTransformer.encode` over the same texts, in turns."""
    write_articles(folder / "articles", articles)
    model: Any = SentenceEmbedder()._model
    ours, bare, encoding = [], [], []
    write_articles(folder / "few", WARM_UP_ARTICLES)
    _ingest(folder / "warm-up", folder / "few", embedder)
    texts: list[str] = []
    for number in range(rounds):
        for side in ("ours", "bare") if number % 2 == 0 else ("bare", "ours"):
            gc.collect()
            if side == "ours":
                seconds, texts, encode_seconds = _ingest(folder / f"data-{number}", folder / "articles", embedder)
                ours.append(seconds)
                encoding.append(encode_seconds / seconds)
            else:
                bare.append(seconds_of(partial(model.encode, texts, show_progress_bar=False)))
    return {
        "chunks": len(texts),
        "articles": articles,
        "rounds": rounds,
        "ingest_s": ours,
        "bare_encode_s": bare,
        "throughput_ratio": median(bare) / median(ours),
        "share_not_encoding": 1 - median(encoding),
    }


def bench_search(folder: Path, embedder: Embedder, *, chunks: int, queries: int) -> dict[str, Any]:
    """Search for one encoded question against a bare Chroma query of the same collection and top_k, in turns."""
    random_embedder = RandomEmbedder(embedder)
    write_articles(folder / "many", math.ceil(chunks / CHUNKS_PER_ARTICLE))
    data = DataDirectory.own(folder / "search")
    try:
        collection = data.collection("bench", random_embedder, create=True)
        ingest_folder(collection, folder / "many")
        retriever = Retriever(collection, random_embedder)
        handle = _bare_chroma(collection)
        times: dict[str, list[float]] = {"ours": [], "bare": [], "bare_at_depth": []}
        for number, question in enumerate(invented_questions(queries + WARM_UP_QUERIES)):
            vector = random_embedder.embed_query(question)
            sides: dict[str, Callable[[], object]] = {
                "ours": partial(retriever.retrieve, question, TOP_K),
                "bare": partial(handle.query, query_embeddings=[vector], n_results=TOP_K),
                "bare_at_depth": partial(handle.query, query_embeddings=[vector], n_results=retriever.depth),
            }
            for side in sides if number % 2 == 0 else reversed(sides):
                seconds = seconds_of(sides[side])
                if number >= WARM_UP_QUERIES:
                    times[side].append(seconds * 1000)
        held = collection.chunk_count
        collection.close()
    finally:
        data.close()
    return {
        "chunks": held,
        "queries": queries,
        "top_k": TOP_K,
        **{f"{side}_ms": spread(values) for side, values in times.items()},
        "time_ratio": median(times["ours"]) / median(times["bare"]),
        "time_ratio_at_depth": median(times["ours"]) / median(times["bare_at_depth"]),
    }


def ingest_folder(collection: Collection, folder: Path) -> IngestReport:
    """Everything in a folder into a collection, as `dossier index FOLDER` does."""
    found = find_files([folder], max_files=MAX_FILES)
    return collection.ingest(found.files, roots=found.roots, refusals=found.refusals)


def peak_memory_bytes() -> dict[str, int]:
    """Most memory that this process held so far, and most that any child held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "largest_child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit,
    }


def _ingest(data_path: Path, folder: Path, embedder: Embedder) -> tuple[float, list[str], float]:
    """Seconds of one ingest into a new data directory, the texts that were encoded, and the seconds that took."""
    recording = RecordingEmbedder(embedder)
    data = DataDirectory.own(data_path)
    try:
        collection = data.collection("bench", recording, create=True)
        seconds = seconds_of(lambda: ingest_folder(collection, folder))
        collection.close()
    finally:
        data.close()
    return seconds, recording.texts, recording.seconds


def _bare_chroma(collection: Collection) -> Any:
    """The Chroma collection behind a collection, for a query without anything of ours around it."""
    with collection._generations.using() as live:
        return live.dense._collection


def seconds_of(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": median(values), "p95": float(np.percentile(values, 95)), "mean": float(np.mean(values))}
