"""True statements that people wrote, with the sentences that each rests on: what the gate must let through."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eval.numbers.altered import names_speaker
from eval.numbers.questions import SEED
from eval.sets.lines import read_lines
from index.sentences import sentence_spans
from rag.facts.wording import words as words_of

Part = Literal["measured", "development"]

ANSWERS = {"clapnq": 55, "quotesum": 19, "wice": 5, "begin": 26, "selqa": 40, "qed": 35, "multihop_rag_500": 20}
"""How many answers of each set; 200 together."""
_MARKED = re.compile(r"\[ (?P<source>[0-9]+) (?P<words>[^\[\]]*)\]")
_MOSTLY = 0.6
"""Of a sentence of quotesum: so much must be marked as taken from a source, or its words may be the question's."""


@dataclass(frozen=True, slots=True)
class Case:
    """One answer: its statements, and the sentences of the source that they rest on.

    Attributes:
        clean: No packaged model was trained on it.
    """

    source: str
    key: str
    title: str
    quotes: tuple[str, ...]
    statements: tuple[str, ...]
    clean: bool = True
    publisher: str | None = None
    author: str | None = None
    published: str | None = None


def read_cases(data: Path, part: Part, *, limit: int | None = None, seed: int = SEED) -> list[Case]:
    """The answers that are measured, or others to develop on: of every set a fixed draw, and no answer in both.

    No packaged model was trained on what is measured.

    Raises:
        NoSet, SetInvalid: A set is missing, or a line of it is wrong.
    """
    chosen: list[Case] = []
    for name, count in ANSWERS.items():
        offered = [case for case in _READERS[name](data / name, data) if case.statements]
        random.Random(seed).shuffle(offered)  # noqa: S311
        measured = [case for case in offered if case.clean][:count]
        others = [case for case in offered if case not in measured]
        chosen += (measured if part == "measured" else others)[: min(limit or count, count)]
    return chosen


def _clapnq(folder: Path, data: Path) -> list[Case]:
    passages = {
        line["_id"]: line for line in read_lines(folder / "dev" / "corpus.jsonl.gz", {"_id": str, "sentences": list})
    }
    tested = _ids(folder)
    return [
        Case(
            "clapnq",
            line["_id"],
            line["title"],
            tuple(passages[line["doc_id"]]["sentences"][place] for place in line["gold_sentences"]),
            _sentences(line["answers"][0]),
            line["_id"] in tested,
        )
        for line in read_lines(folder / "dev" / "queries.jsonl.gz", {"_id": str, "doc_id": str, "title": str})
        if line.get("answerable") and line.get("gold_sentences") and line.get("answers")
    ]


def _quotesum(folder: Path, data: Path) -> list[Case]:
    """One summary of each question; of its sentences those that mostly are marked as taken from a source."""
    found: dict[str, Case] = {}
    for line in read_lines(folder / "dev" / "examples.jsonl.gz", {"qid": str, "documents": list, "summary": str}):
        texts = {document["doc_id"]: document["text"] for document in line["documents"]}
        plain, marked = _without_marks(line["summary"])
        kept: list[str] = []
        cited: list[str] = []
        for span in sentence_spans(plain):
            within = [(source, min(end, span.end) - max(start, span.start)) for source, start, end in marked]
            taken = {source: length for source, length in within if length > 0 and source in texts}
            if sum(taken.values()) >= _MOSTLY * (span.end - span.start):
                kept.append(plain[span.start : span.end])
                cited += [texts[source] for source in taken]
        if kept:
            title = " / ".join(dict.fromkeys(document["title"] for document in line["documents"]))
            found.setdefault(
                line["qid"], Case("quotesum", line["qid"], title, tuple(dict.fromkeys(cited)), tuple(kept))
            )
    return list(found.values())


def _without_marks(summary: str) -> tuple[str, list[tuple[str, int, int]]]:
    """A summary as it reads, and which part of it is from which source.

    >>> _without_marks("Orba [ 2 is small ] .")
    ('Orba is small.', [('2', 5, 13)])
    """
    text = ""
    marked: list[tuple[str, int, int]] = []
    at = 0
    for mark in _MARKED.finditer(summary):
        text += summary[at : mark.start()]
        words = mark["words"].strip()
        marked.append((mark["source"], len(text), len(text) + len(words)))
        text, at = text + words, mark.end()
        if re.match(r" [.,;:]", summary[at:]):
            at += 1
    return text + summary[at:], marked


def _wice(folder: Path, data: Path) -> list[Case]:
    """Claims of an encyclopaedia that the cited page supports, with one smallest set of sentences that does."""
    trained = _trained_on(data)
    return [
        Case(
            "wice",
            line["id"],
            line["title"],
            tuple(line["evidence"][place] for place in min(line["supporting_sets"], key=len)),
            (line["claim"],),
            line["claim"] not in trained,
        )
        for line in read_lines(folder / "dev" / "examples.jsonl.gz", {"id": str, "claim": str, "evidence": list})
        if line["label"] == "supported" and line["supporting_sets"]
    ]


def _begin(folder: Path, data: Path) -> list[Case]:
    """Replies of systems that people judged to say what the given text says, and nothing else."""
    trained = _trained_on(data)
    return [
        Case(
            "begin",
            line["id"],
            "",
            (line["premise"],),
            _sentences(line["hypothesis"]),
            line["hypothesis"] not in trained,
        )
        for line in read_lines(folder / "dev" / "pairs.jsonl.gz", {"id": str, "premise": str, "hypothesis": str})
        if line["label"] == "Fully attributable"
    ]


def _selqa(folder: Path, data: Path) -> list[Case]:
    """The sentence that answers, as it stands: what an extractive answer shows."""
    return [
        Case(
            "selqa",
            line["id"],
            line["article"],
            (line["candidates"][line["gold"][0]],),
            (line["candidates"][line["gold"][0]],),
        )
        for line in read_lines(folder / "dev" / "examples.jsonl.gz", {"id": str, "candidates": list, "gold": list})
        if len(line["gold"]) == 1
    ]


def _qed(folder: Path, data: Path) -> list[Case]:
    """The sentence that entails the answer, as it stands."""
    passages = {
        line["_id"]: line for line in read_lines(folder / "dev" / "corpus.jsonl.gz", {"_id": str, "sentences": list})
    }
    tested = _ids(folder)
    found = []
    for line in read_lines(folder / "dev" / "queries.jsonl.gz", {"_id": str, "doc_id": str, "title": str}):
        if line.get("answerable") and line.get("gold_sentences"):
            sentence = passages[line["doc_id"]]["sentences"][line["gold_sentences"][0]]
            found.append(Case("qed", line["_id"], line["title"], (sentence,), (sentence,), line["_id"] in tested))
    return found


def _news(folder: Path, data: Path) -> list[Case]:
    """Facts of news articles in which somebody speaks, as they stand."""
    return [
        Case(
            "multihop_rag_500",
            line["_id"],
            line["title"],
            (line["text"],),
            (line["text"],),
            publisher=line["source"],
            author=line["author"],
            published=line["published_at"][:10],
        )
        for line in read_lines(
            folder / "corpus.jsonl.gz", {"_id": str, "text": str, "source": str, "published_at": str}
        )
        if names_speaker(line["text"])
    ]


_READERS: Mapping[str, Callable[[Path, Path], Sequence[Case]]] = {
    "clapnq": _clapnq,
    "quotesum": _quotesum,
    "wice": _wice,
    "begin": _begin,
    "selqa": _selqa,
    "qed": _qed,
    "multihop_rag_500": _news,
}


def _sentences(text: str) -> tuple[str, ...]:
    sentences = (text[span.start : span.end] for span in sentence_spans(text))
    return tuple(sentence for sentence in sentences if words_of(sentence))


def _ids(folder: Path) -> frozenset[str]:
    return frozenset((folder / "dev" / "test_ids.txt").read_text(encoding="utf-8").split())


def _trained_on(data: Path) -> frozenset[Any]:
    return frozenset(
        line["hypothesis"] for line in read_lines(data / "train_nli" / "train" / "pairs.jsonl.gz", {"hypothesis": str})
    )
