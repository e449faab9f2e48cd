"""What the product is measured on must not be trained on: questions of exams, and passages that share a run of words with one.

An exam is the `dev` part of a set that is measured, and the test part of the pooled claims. Of a set with `dev/test_ids.txt` only those questions, and the passages that
they were written on, are the exam: the rest of it is in the training pools.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN = 13
"""Words in a row that make two passages the same text, as in the decontamination of GPT-3 (Brown et al., NeurIPS 2020)."""
NOT_MEASURED = ("train_", "lang_", "begin", "fever_symmetric", "foolmetwice", "wice")
"""Folders whose `dev` is no exam here: training pools, other languages, and the sets that `CLAIMS` divides by premise."""
CLAIMS = "train_nli/test/pairs.jsonl.gz"
_WORD = re.compile(r"\w+")
_NO_TEXT = frozenset({"id", "_id", "licence", "source", "url", "doc_id", "query_id", "llm_outputs"})


@dataclass(frozen=True, slots=True)
class Exams:
    """Questions and runs of words of everything that is measured."""

    questions: frozenset[str]
    runs: frozenset[int]

    @classmethod
    def read(cls, data: Path) -> Exams:
        """From every `dev` part under DATA."""
        questions: set[str] = set()
        runs: set[int] = set()
        for text in _texts(data):
            words = _words(text)
            if len(words) <= 60:
                questions.add(" ".join(words))
            runs.update(_runs(words))
        return cls(frozenset(questions), frozenset(runs))

    def asks(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts is a question or claim of an exam, whatever its case and punctuation."""
        return any(" ".join(_words(text)) in self.questions for text in texts)

    def holds(self, passage: str) -> bool:
        """Whether a passage shares RUN words in a row with one of an exam."""
        return any(run in self.runs for run in _runs(_words(passage)))


def _texts(data: Path) -> Iterator[str]:
    for folder in sorted(path for path in data.iterdir() if path.is_dir() and not path.name.startswith(NOT_MEASURED)):
        chosen = folder / "dev" / "test_ids.txt"
        for file in sorted((*folder.glob("dev*.jsonl.gz"), *folder.glob("dev/*.jsonl.gz"))):
            lines = list(_lines(file))
            if chosen.is_file():
                lines = _of_test(file, lines, folder, set(chosen.read_text(encoding="utf-8").split()))
            for line in lines:
                yield from _strings(line)
    if (data / CLAIMS).is_file():
        for line in _lines(data / CLAIMS):
            yield from _strings(line)


def _of_test(file: Path, lines: list[dict[str, Any]], folder: Path, ids: set[str]) -> list[dict[str, Any]]:
    if file.name.startswith("queries"):
        return [line for line in lines if line["_id"] in ids]
    asked = [line for line in _lines(folder / "dev" / "queries.jsonl.gz") if line["_id"] in ids]
    read = {document for line in asked for document in _documents(line)}
    return [line for line in lines if line.get("_id") in read]


def _documents(line: dict[str, Any]) -> Iterator[str]:
    found = line.get("doc_id") or ()
    yield from [found] if isinstance(found, str) else found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NO_TEXT:
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _runs(words: list[str]) -> Iterator[int]:
    for first in range(len(words) - RUN + 1):
        yield hash(tuple(words[first : first + RUN]))
