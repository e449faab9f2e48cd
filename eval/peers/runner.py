"""Runs inside the peers' own environment: documents and queries from files, rankings to a file. Imports nothing of ours.

    python -I runner.py PEER FOLDER

FOLDER holds job.json ({"key", "model", "top_k"}), documents.jsonl ({"id", "text"}) and queries.jsonl ({"id", "text"}).
Written are rankings.jsonl ({"row", "query_id", "passages": [[document id, start, end, score], ...]}) and, last of all,
done.json ({"key", "versions"}): without it nothing counts.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any


def txtai(job: dict[str, Any], documents: list[Any], queries: list[Any], write: Any) -> tuple[str, ...]:
    """Whole documents as txtai's first example indexes them, with content stored; then the same with `hybrid=True`."""
    from txtai import Embeddings  # type: ignore[import-not-found,unused-ignore]
    from txtai.database import SQLError  # type: ignore[import-not-found,unused-ignore]

    lengths = {document["id"]: len(document["text"]) for document in documents}
    for row, settings in (("txtai", {}), ("txtai hybrid", {"hybrid": True})):
        index = Embeddings(path=job["model"], content=True, **settings)
        index.index([(document["id"], document["text"], None) for document in documents])
        for query in queries:
            try:
                found = index.search(query["text"], job["top_k"])
            except SQLError:  # it reads a question that begins with "select " as SQL
                found = []
            write(row, query["id"], [[hit["id"], 0, lengths[hit["id"]], hit["score"]] for hit in found])
        index.close()
    return ("txtai", "transformers", "torch", "faiss-cpu")


def haystack(job: dict[str, Any], documents: list[Any], queries: list[Any], write: Any) -> tuple[str, ...]:
    """DocumentSplitter, InMemoryDocumentStore and both of its retrievers, each with its defaults."""
    from haystack import Document  # type: ignore[import-not-found,unused-ignore]
    from haystack.components.preprocessors import DocumentSplitter  # type: ignore[import-not-found,unused-ignore]
    from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found,unused-ignore]
        InMemoryBM25Retriever,
        InMemoryEmbeddingRetriever,
    )
    from haystack.document_stores.in_memory import InMemoryDocumentStore  # type: ignore[import-not-found,unused-ignore]
    from haystack_integrations.components.embedders.sentence_transformers import (  # type: ignore[import-not-found,unused-ignore]
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    sources = [Document(content=document["text"], meta={"document": document["id"]}) for document in documents]
    pieces = DocumentSplitter().run(documents=sources)["documents"]
    passages = SentenceTransformersDocumentEmbedder(model=job["model"], progress_bar=False).run(documents=pieces)
    store = InMemoryDocumentStore()
    store.write_documents(passages["documents"])
    embedder = SentenceTransformersTextEmbedder(model=job["model"], progress_bar=False)
    near, lexical = InMemoryEmbeddingRetriever(store), InMemoryBM25Retriever(store)

    texts = {document["id"]: document["text"] for document in documents}

    def passage(hit: Any) -> list[Any]:
        name, start = hit.meta["document"], hit.meta["split_idx_start"]
        end = start + len(hit.content)
        verbatim = texts[name][start:end] == hit.content
        return [name, *((start, end) if verbatim else (0, 0)), hit.score]

    def ranking(found: Any) -> list[Any]:
        return [passage(hit) for hit in found["documents"]]

    for query in queries:
        vector = embedder.run(text=query["text"])["embedding"]
        write("haystack", query["id"], ranking(near.run(query_embedding=vector, top_k=job["top_k"])))
        write("haystack bm25", query["id"], ranking(lexical.run(query=query["text"], top_k=job["top_k"])))
    return ("haystack-ai", "sentence-transformers-haystack", "sentence-transformers", "transformers", "torch")


def main(peer: str, folder: Path) -> None:
    """Run one peer over one folder."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    documents, queries = lines(folder / "documents.jsonl"), lines(folder / "queries.jsonl")
    with (folder / "rankings.jsonl").open("w", encoding="utf-8") as out:

        def write(row: str, query_id: str, passages: list[Any]) -> None:
            out.write(json.dumps({"row": row, "query_id": query_id, "passages": passages}, default=float) + "\n")

        packages = {"txtai": txtai, "haystack": haystack}[peer](job, documents, queries, write)
    done = {"key": job["key"], "versions": {package: version(package) for package in packages}}
    (folder / "done.json").write_text(json.dumps(done), encoding="utf-8")


def lines(path: Path) -> list[Any]:
    """One JSON value a line. Lines end at newlines only: a text may hold other separators."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
