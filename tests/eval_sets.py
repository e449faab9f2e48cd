"""Small sets in the published format, written to disk."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.storage import sentence

Record = Mapping[str, Any] | str
"""A line of a file; a text goes in as it is."""

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


def write_lines(path: Path, records: Sequence[Record]) -> Path:
    """JSON Lines, gzip where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_set(folder: Path, *, compressed: bool = True, **files: Sequence[Record]) -> Path:
    """A good set with 12 questions and one that nothing answers; `files` replaces whole files by stem."""
    whole: dict[str, Sequence[Record]] = {
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
    return _write(folder, whole, ".jsonl.gz" if compressed else ".jsonl")


def write_passages(
    folder: Path, passages: Mapping[str, str], questions: Sequence[Record], *, test_ids: Sequence[str] = ()
) -> Path:
    """A set of given passages, each titled by its id in capitals; with `question` lines, and no judgements."""
    corpus = [{"_id": identifier, "title": identifier.upper(), "text": text} for identifier, text in passages.items()]
    listed = {"test_ids": test_ids} if test_ids else {}
    return _write(folder, {"corpus": corpus, "queries": questions, **listed}, ".jsonl.gz")


def _write(folder: Path, files: Mapping[str, Sequence[Record]], suffix: str) -> Path:
    for stem, records in files.items():
        place = folder if stem in ("corpus", "distractors") else folder / "dev"
        write_lines(place / f"{stem}{'.txt' if stem == 'test_ids' else suffix}", records)
    return folder


def question(number: int, text: str, doc_id: str, passage: str, *answers: str, **more: Any) -> dict[str, Any]:
    """A line of queries.jsonl.gz; without answers the question has none."""
    spans = [{"text": answer, "start": passage.index(answer)} for answer in answers if answer in passage]
    return {
        "_id": f"q{number}",
        "text": text,
        "doc_id": doc_id,
        "answerable": bool(answers),
        "answers": list(answers),
        "spans": spans,
        **more,
    }
