"""Small sets in the published format, and readers that find known strings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.values import Reading, SpanAnswer


def write_lines(path: Path, lines: Sequence[Mapping[str, Any] | str]) -> Path:
    """Gzip JSON Lines; a text goes in as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()))
    return path


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


def write_set(
    folder: Path, passages: Mapping[str, str], questions: Sequence[Mapping[str, Any]], *, test_ids: Sequence[str] = ()
) -> Path:
    """A set of invented passages, each titled by its id in capitals."""
    corpus = [{"_id": identifier, "title": identifier.upper(), "text": text} for identifier, text in passages.items()]
    write_lines(folder / "dev" / "corpus.jsonl.gz", corpus)
    write_lines(folder / "dev" / "queries.jsonl.gz", questions)
    if test_ids:
        (folder / "dev" / "test_ids.txt").write_text("\n".join(test_ids) + "\n")
    return folder


class KnownReader:
    """Finds the first of its known strings that a passage holds; `answers` is that string's weight, or -5.

    Args:
        known: Log-odds by string, in the order in which they are looked for.
        shift: Added to offsets, to stand for a reader whose spans fall into the title.
    """

    def __init__(self, known: Mapping[str, float], *, shift: int = 0) -> None:
        self._known = known
        self._shift = shift
        self.asked: list[tuple[str, tuple[str, ...], tuple[str | None, ...]]] = []

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        self.asked.append((question, tuple(passages), tuple(titles)))
        return [self._read(passage) for passage in passages]

    def _read(self, passage: str) -> Reading:
        for text, weight in self._known.items():
            at = passage.find(text)
            if at >= 0:
                start = at + self._shift
                return Reading(weight, (SpanAnswer(start, start + len(text), weight / 2),))
        return Reading(-5.0)
