"""A small invented set in the format of the public ones, and systems over real indexes with the hashing embedder."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.observe import DENSE, FUSED, LEXICAL, Passage, Ranker
from eval.set_corpus import IndexedSet
from index.collection import Collection, DataDirectory
from index.values import Filters
from tests.fakes import WordHashEmbedder
from tests.storage import sentence

DOCUMENTS = 24
AWKWARD = {
    3: "---\ntitle: not front matter\n---\nThe ferry of Lomar sails at dawn, said entry k3000 of the harbour book. # no heading",
    4: "# A heading at once\nThe quarry of Jorvik was sold in 1901 for 12,500 crowns, said entry k4000 of the land book.",
    5: "The tunnel of Hestia\u200b was sur\u00adveyed in 1877 for 9,310 crowns, said entry k5000 of the survey book.",
}


def document(number: int) -> dict[str, Any]:
    text = AWKWARD.get(number) or " ".join(sentence(number * 1_000 + line) for line in range(3))
    return {
        "_id": f"d{number}", "title": f"Registry: page {number} \"of\" 'many'", "text": text,
        "source": f"The Courier #{number % 2}", "author": None if number % 3 else "A. Lee: clerk",
        "published_at": f"2021-05-{number + 1:02d}T08:00:00+00:00",
    }  # fmt: skip


def query(number: int) -> dict[str, Any]:
    text = document(number)["text"]
    start = text.index("said")
    quote = text[start : start + 20]
    return {
        "_id": f"q{number}", "text": f"Which entry: {text[:start]}?", "doc_id": f"d{number}", "answerable": True,
        "answers": [quote], "spans": [{"text": quote, "start": start}],
    }  # fmt: skip


def write_set(folder: Path, *, compressed: bool = True, **files: Sequence[Mapping[str, Any] | str]) -> Path:
    """A good set with 12 questions and one that nothing answers; `files` replaces whole files by stem."""
    whole: dict[str, Sequence[Mapping[str, Any] | str]] = {
        "corpus": [document(number) for number in range(DOCUMENTS - 4)],
        "distractors": [document(number) for number in range(DOCUMENTS - 4, DOCUMENTS)],
        "queries": [
            *(query(number) for number in range(12)),
            {"_id": "q99", "text": "Who won the race?", "answerable": False, "doc_id": "d0", "answers": []},
        ],
        "qrels": [{"query_id": f"q{number}", "doc_id": f"d{number}", "score": 1} for number in range(12)],
        "test_ids": ["q1", "q2", "q99"],
        **files,
    }
    (folder / "dev").mkdir(parents=True, exist_ok=True)
    for stem, records in whole.items():
        lines = "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records) + "\n"
        place = folder if stem in ("corpus", "distractors") else folder / "dev"
        if stem == "test_ids":
            (place / "test_ids.txt").write_text(lines)
        elif compressed:
            (place / f"{stem}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
        else:
            (place / f"{stem}.jsonl").write_text(lines)
    return folder


class HashedSystems:
    """Lexical, dense and fused rows over a real collection; `asked` counts searches.

    Args:
        fails_at: The search that raises KeyboardInterrupt, as when a person ends the run.
    """

    def __init__(self, data: DataDirectory, *, made_with: str = "s1", fails_at: int | None = None) -> None:
        self.data, self.made_with, self.fails_at = data, made_with, fails_at
        self.embedder = WordHashEmbedder()
        self.asked = 0

    def collection(self, name: str) -> Collection:
        return self.data.collection(name, self.embedder, create=True)

    def rankers(self, indexed: IndexedSet) -> Mapping[str, Ranker]:
        found = indexed.collection

        def lexical(question: str, top_k: int) -> list[str]:
            return [chunk_id for chunk_id, _ in found.search_lexical(question, top_k)]

        def dense(question: str, top_k: int) -> list[str]:
            return [chunk_id for chunk_id, _ in found.search_dense(self.embedder.embed_query(question), top_k)]

        def fused(question: str, top_k: int) -> list[str]:
            both = zip(lexical(question, top_k), dense(question, top_k), strict=False)
            return list(dict.fromkeys(chunk_id for pair in both for chunk_id in pair))[:top_k]

        def row(search: Callable[[str, int], list[str]]) -> Ranker:
            def rank(question: str, top_k: int, filters: Filters | None) -> tuple[Passage, ...]:
                self.asked += 1
                if self.asked == self.fails_at:
                    raise KeyboardInterrupt
                chunks = found.chunks(search(question, top_k))
                return tuple(Passage(c.document_id, c.start, c.end, 1.0) for c in chunks.values())

            return rank

        return {LEXICAL: row(lexical), DENSE: row(dense), FUSED: row(fused)}
