"""What an answer gains when the time that the question asks for has a say: questions of time, each on its own page."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from eval.intervals import paired_bootstrap
from eval.measures import contains_any, exact_match, shown_text, token_f1
from eval.numbers.corpus import ingested
from eval.numbers.endtoend import Drafted, draft
from eval.numbers.figure import Figure, mean_figure
from eval.numbers.questions import SEED, Question, read_questions, sample
from eval.progress import Progress
from eval.sets.cases import EvaluationSet
from index.values import Filters
from rag.facts.periods import period_asked
from rag.protocols import Reader
from rag.search.rerank import TIMED_SPANS
from rag.values import Reading

SET = "timeqa_human"
LIMIT = 250
PASSAGES = 20
"""Of the page, all of which may be read: where one document is asked, it crowds out no other."""
MEASURES = ("em", "f1", "shown")

Half = Literal["measured", "development"]
Ask = Callable[[Question], Drafted]


@dataclass(frozen=True, slots=True)
class RememberingReader:
    """Reads each passage once for a question, so that rows that differ in what follows share one reading."""

    reader: Reader
    known: dict[tuple[str, str, str | None], Reading] = field(default_factory=dict)

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        """The readings with the best `spans` spans of each, of up to TIMED_SPANS that were kept."""
        named = titles or [None] * len(passages)
        keys = [(question, passage, title) for passage, title in zip(passages, named, strict=True)]
        fresh = [key for key in dict.fromkeys(keys) if key not in self.known]
        read = self.reader.read(
            question, [key[1] for key in fresh], titles=[key[2] for key in fresh], spans=max(spans, TIMED_SPANS)
        )
        self.known.update(zip(fresh, read, strict=True))
        return [replace(self.known[key], spans=self.known[key].spans[:spans]) for key in keys]


def questions_of_half(questions: Sequence[Question], half: Half) -> list[Question]:
    """The answerable questions of half of the pages: what was looked at while developing is never measured."""
    answerable = [question for question in questions if question.answerable]
    pages = sorted({question.passage.id for question in answerable})
    random.Random(SEED).shuffle(pages)  # noqa: S311
    seen = set(pages[: len(pages) // 2])
    return [question for question in answerable if (question.passage.id in seen) == (half == "development")]


def score_times(
    questions: Sequence[Question], rows: dict[str, Ask], progress: Progress | None = None
) -> dict[str, Any]:
    """Each row's scores on the same questions, and the gain of the first row over the second.

    - em, f1: of the best draft, whatever its confidence;
    - shown: an accepted answer stands in what a person sees, at the threshold in force.
    """
    scores: dict[str, dict[str, list[float]]] = {row: {measure: [] for measure in MEASURES} for row in rows}
    for done, question in enumerate(questions, start=1):
        for row, ask in rows.items():
            for measure, value in zip(MEASURES, _scores(ask(question), question.query.answers), strict=True):
                scores[row][measure].append(value)
        if progress:
            progress(done, len(questions))
    ours, theirs = (scores[row] for row in rows)
    return {
        "n": len(questions),
        "naming_a_time": mean_figure([float(period_asked(q.query.text) is not None) for q in questions]).to_json(),
        "rows": {
            row: {measure: mean_figure(values).to_json() for measure, values in measured.items()}
            for row, measured in scores.items()
        },
        "gain": {measure: _gain(ours[measure], theirs[measure]) for measure in MEASURES} if questions else {},
    }


def _scores(drafted: Drafted, accepted: Sequence[str]) -> tuple[float, float, float]:
    text = drafted.short
    shown = drafted.shown and any(contains_any(part, accepted) for part in shown_text(drafted.answer))
    return float(bool(text) and exact_match(text, accepted)), token_f1(text, accepted) if text else 0.0, float(shown)


def _gain(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    difference = paired_bootstrap([(value, 1.0) for value in ours], [(value, 1.0) for value in theirs])
    return {**Figure(difference.delta, difference.n, difference.interval).to_json(), "p": difference.p}


def measure_timed(
    data: Path, *, limit: int | None = None, half: Half = "measured", progress: Progress | None = None
) -> dict[str, Any]:
    """The extractive answer to each question on its own page, with times used and with times ignored, all else alike.

    Args:
        half: Whose questions: of the pages that are measured, or of those on which constants were chosen.
    """
    questions = sample(questions_of_half(read_questions(data / SET), half), min(limit or LIMIT, LIMIT))
    pages = {question.passage.id: question.passage for question in questions}
    # A page is its own outlet, so that a filter can hold a question to it.
    documents = tuple(replace(page, publisher=page.id) for page in pages.values())
    with ingested(EvaluationSet(SET, documents, (), "")) as (dossier, _):
        settings = dossier.settings.model_copy(
            update={"rerank": PASSAGES, "read": PASSAGES, "per_document": PASSAGES, "llm": None}
        )
        pipeline = dossier.pipeline(settings=settings)
        reader = RememberingReader(pipeline.reranker.reader)
        used = replace(pipeline, reranker=replace(pipeline.reranker, reader=reader), language_model=None)
        ignored = replace(used, by_periods=False)
        rows: dict[str, Ask] = {
            "times used": lambda q: draft(used, q.query.text, filters=Filters(publisher=q.passage.id)),
            "times ignored": lambda q: draft(ignored, q.query.text, filters=Filters(publisher=q.passage.id)),
        }
        return {"half": half, "pages": len(pages), **score_times(questions, rows, progress)}
