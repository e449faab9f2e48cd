"""How well the reader finds an answer in the passage that holds it: exact match and token F1 as SQuAD defines them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.measures import exact_match, token_f1
from eval.numbers.figure import mean_figure
from eval.numbers.questions import Question, read_questions, sample
from eval.progress import Progress
from index.split import split
from index.values import Span
from rag.protocols import Reader
from rag.values import Reading

SETS = ("squad2_dev", "xquad_en", "qed")
OTHER_SETS = ("squadshifts", "covidqa", "policyqa", "timeqa_human")
"""Other kinds of text than the sets that were trained on: reviews, forum posts, papers, policies, questions of time."""
LIMIT = 1000
OTHER_LIMIT = 400
LONG_CHARS = 3000
"""A longer document is read as the product reads it: in chunks. The passage is then the chunk that holds the answer."""
PASSAGE_TOKENS = 256


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A question, the passage that answers it with its title (or ""), and what is accepted as its answer."""

    id: str
    question: str
    title: str
    passage: str
    answers: tuple[str, ...]


def gold_cases(questions: Iterable[Question]) -> list[ReadCase]:
    """Each answerable question with its passage; of a long document, the chunk that holds most of the first gold span."""
    chunks: dict[str, list[Span]] = {}
    cases = []
    for question in questions:
        if not question.answerable:
            continue
        query, passage, text = question.query, question.passage, question.passage.text
        if len(text) > LONG_CHARS:
            if not query.spans:
                continue
            if passage.id not in chunks:
                chunks[passage.id] = chunked(text)
            text = _holding(text, chunks[passage.id], query.spans[0])
        cases.append(ReadCase(query.id, query.text, passage.title, text, query.answers))
    return cases


def chunked(text: str) -> list[Span]:
    """Chunks as the product makes them, tokens counted as a quarter of the characters so that no model is needed."""
    return split(
        text,
        [Span(0, len(text))],
        count_tokens=lambda texts: [len(text) // 4 + 2 for text in texts],
        max_tokens=PASSAGE_TOKENS,
    )


def _holding(text: str, chunks: Sequence[Span], span: Span) -> str:
    best = max(chunks, key=lambda chunk: min(chunk.end, span.end) - max(chunk.start, span.start))
    return text[best.start : best.end]


def read_one(reader: Reader, question: str, title: str, passage: str, *, titled: bool) -> Reading:
    """One passage read with its title above it, or bare."""
    return reader.read(question, [passage], titles=[title] if titled and title else ())[0]


def best_text(reading: Reading, passage: str) -> str:
    """The best span of a passage as text; "" without one. A span outside the passage (in its title) does not count.

    >>> from rag.values import SpanAnswer
    >>> best_text(Reading(1.0, (SpanAnswer(-7, -2, 9.0), SpanAnswer(0, 3, 4.0))), "Oslo is cold")
    'Osl'
    """
    for span in reading.spans:
        if 0 <= span.start < span.end <= len(passage):
            return passage[span.start : span.end].strip()
    return ""


def span_score(reading: Reading, passage: str) -> float:
    """Logit of the best span within the passage over "no answer"; minus infinity without one."""
    return max((s.score for s in reading.spans if 0 <= s.start < s.end <= len(passage)), default=-math.inf)


def measure_set(
    reader: Reader, cases: Sequence[ReadCase], *, titled: bool = True, progress: Progress | None = None
) -> dict[str, Any]:
    """Exact match and token F1 over cases; an empty answer scores 0, as no case is unanswerable."""
    em, f1 = [], []
    for done, case in enumerate(cases, start=1):
        text = best_text(read_one(reader, case.question, case.title, case.passage, titled=titled), case.passage)
        em.append(float(bool(text) and exact_match(text, case.answers)))
        f1.append(token_f1(text, case.answers) if text else 0.0)
        if progress:
            progress(done, len(cases))
    return {"n": len(cases), "em": mean_figure(em).to_json(), "f1": mean_figure(f1).to_json()}


def measure_reading(
    data: Path,
    reader: Reader,
    *,
    limit: int | None = None,
    titled: bool = True,
    sets: Sequence[str] = SETS + OTHER_SETS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """EM and F1 by set, on the gold passage of answerable questions that are in no training pool.

    Args:
        titled: The reader is given each passage's title, as the product does.
    """
    measured = {}
    for name in sets:
        default = LIMIT if name in SETS else OTHER_LIMIT
        cases = sample(gold_cases(read_questions(data / name)), min(limit or default, default))
        measured[name] = measure_set(reader, cases, titled=titled, progress=progress)
    return {"titled": titled, "sets": measured}
