"""How well the reader knows that a passage does not answer: AUROC over passages that do and passages that do not.

Two scores are measured side by side: `answers` (the log-odds that the passage answers at all) and `span` (the best
span's logit over "no answer"). Confidence is the logistic function of `answers`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.measures import calibration, exact_match, expected_calibration_error, risk_coverage
from eval.normalise import squad_normalise
from eval.numbers.figure import auroc_figure, mean_figure
from eval.numbers.questions import Question, questions_of, read_questions, sample
from eval.numbers.reading import LONG_CHARS, best_text, read_one, span_score
from eval.progress import Progress
from eval.sets.cases import SetDocument
from eval.sets.lines import read_lines
from eval.sets.read import read_set
from index.errors import DossierError
from rag.protocols import Reader

WRONG_PASSAGE_SETS = ("squad2_dev", "xquad_en", "qed")
LIMIT = 1000
WRONG_LIMIT = 300
DEPTH = 50
"""How far down BM25's ranking a passage without the answer is looked for."""


class ToolMissing(DossierError):
    """A library that only measuring needs is not installed."""

    code = "tool-missing"


@dataclass(frozen=True, slots=True)
class Scored:
    """One question with what it was read on, after reading.

    Attributes:
        answers: Log-odds that the passage answers; of several passages the highest.
        span: The best span's score over "no answer"; of several passages the highest.
        label: The passage does answer.
        right: What the reader would show is an accepted answer; None where the set has no accepted answers to compare.
    """

    answers: float
    span: float
    label: bool
    right: bool | None = None


def measure_answerable(
    data: Path, reader: Reader, *, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """AUROC by kind of wrong passage, calibration and the risk-coverage curve on the human unanswerable questions."""
    most = min(limit or LIMIT, LIMIT)
    squad = score_written(reader, sample(read_questions(data / "squad2_dev"), most), progress=progress)
    clapnq = score_written(reader, sample(read_questions(data / "clapnq"), most), progress=progress)
    few = min(limit or WRONG_LIMIT, WRONG_LIMIT)
    near, left_out = {}, {}
    for name in WRONG_PASSAGE_SETS:
        near[name], left_out[name] = score_near(data / name, reader, limit=few, progress=progress)
    miracl = score_many(data / "nomiracl_en", reader, limit=few, progress=progress)
    pooled = [item for items in near.values() for item in items]
    return {
        "squad2_dev": {**_aurocs(squad), **reliability(squad)},
        "clapnq": _aurocs(clapnq),
        "near_wrong_passage": {
            **_aurocs(pooled, per_case=2),
            "sets": {name: _aurocs(items, per_case=2) for name, items in near.items()},
            "without_a_wrong_passage": left_out,
        },
        "nomiracl_en": {**_aurocs(miracl), "at_even_odds": at_even_odds(miracl)},
    }


def score_written(
    reader: Reader, questions: Sequence[Question], *, titled: bool = True, progress: Progress | None = None
) -> list[Scored]:
    """Each question read on the passage that it was written on, which answers it or not."""
    scored = []
    for done, question in enumerate(questions, start=1):
        query, text = question.query, question.passage.text
        reading = read_one(reader, query.text, question.passage.title, text, titled=titled)
        right = query.answerable and exact_match(best_text(reading, text), query.answers)
        scored.append(Scored(reading.answers, span_score(reading, text), query.answerable, right))
        if progress:
            progress(done, len(questions))
    return scored


def score_near(
    folder: Path, reader: Reader, *, limit: int | None, titled: bool = True, progress: Progress | None = None
) -> tuple[list[Scored], int]:
    """Answerable questions read twice: on their passage, and on the nearest one that holds no accepted answer.

    Returns:
        The readings, and how many questions had no such passage among the first DEPTH.
    """
    evaluation_set = read_set(folder)
    questions = sample([q for q in questions_of(evaluation_set, folder) if q.answerable], limit)
    passages = [passage for passage in evaluation_set.documents if len(passage.text) <= LONG_CHARS]
    wrong = nearest_wrong(questions, passages)
    scored: list[Scored] = []
    for done, (question, other) in enumerate(zip(questions, wrong, strict=True), start=1):
        if other is not None:
            for passage, label in ((question.passage, True), (other, False)):
                reading = read_one(reader, question.query.text, passage.title, passage.text, titled=titled)
                scored.append(Scored(reading.answers, span_score(reading, passage.text), label))
        if progress:
            progress(done, len(questions))
    return scored, wrong.count(None)


def nearest_wrong(questions: Sequence[Question], passages: Sequence[SetDocument]) -> list[SetDocument | None]:
    """For each question the passage that BM25 (Lucene's variant, `bm25s`) ranks first of those that cannot answer it.

    A passage can answer when it is the question's own, or holds an accepted answer as whole words after SQuAD's normalisation.
    """
    try:
        import bm25s
    except ImportError as error:
        raise ToolMissing(
            "Wrong passages are found with bm25s, which is not installed. Run: pip install bm25s"
        ) from error

    texts = [f"{passage.title} {passage.text}" for passage in passages]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
    plain = [f" {squad_normalise(text)} " for text in texts]
    ranked, _ = index.retrieve(
        bm25s.tokenize([question.query.text for question in questions], stopwords="en", show_progress=False),
        k=min(DEPTH, len(passages)),
        show_progress=False,
    )
    return [
        _first_wrong(question, ranking, passages, plain) for question, ranking in zip(questions, ranked, strict=True)
    ]


def _first_wrong(
    question: Question, ranking: Iterable[int], passages: Sequence[SetDocument], plain: Sequence[str]
) -> SetDocument | None:
    wanted = [normal for answer in question.query.answers if (normal := squad_normalise(answer))]
    for number in ranking:
        passage = passages[int(number)]
        if passage.id != question.passage.id and not any(f" {form} " in plain[number] for form in wanted):
            return passage
    return None


def score_many(folder: Path, reader: Reader, *, limit: int | None, progress: Progress | None = None) -> list[Scored]:
    """Questions with ten retrieved passages each: does any of them answer? The highest score of the ten counts."""
    fields = {"question": str, "answerable": bool, "documents": list}
    examples = sample(read_lines(folder / "dev" / "examples.jsonl.gz", fields), limit)
    scored = []
    for done, example in enumerate(examples, start=1):
        texts = [passage["text"] for passage in example["documents"]]
        titles = [passage.get("title") for passage in example["documents"]]
        readings = reader.read(example["question"], texts, titles=titles)
        answers = max((reading.answers for reading in readings), default=-math.inf)
        span = max((span_score(r, text) for r, text in zip(readings, texts, strict=True)), default=-math.inf)
        scored.append(Scored(answers, span, example["answerable"]))
        if progress:
            progress(done, len(examples))
    return scored


def _aurocs(scored: Sequence[Scored], *, per_case: int = 1) -> dict[str, Any]:
    labels = [item.label for item in scored]
    return {
        "n": len(scored) // per_case,
        "answerable": sum(labels),
        "answers": auroc_figure([item.answers for item in scored], labels, per_case=per_case).to_json(),
        "span": auroc_figure([item.span for item in scored], labels, per_case=per_case).to_json(),
    }


def at_even_odds(scored: Sequence[Scored]) -> dict[str, Any]:
    """What happens when log-odds above 0 are answered: the two error rates of NoMIRACL (Thakur et al., 2024)."""
    return {
        "wrongly_answers": mean_figure([float(item.answers > 0) for item in scored if not item.label]).to_json(),
        "wrongly_refuses": mean_figure([float(item.answers <= 0) for item in scored if item.label]).to_json(),
    }


def reliability(scored: Sequence[Scored]) -> dict[str, Any]:
    """Calibration of "this passage answers", and the risk of showing the best span when the least confident are refused.

    A shown answer is wrong when it is not an exact match, and always when the question is unanswerable.
    """
    confidences = [probability(item.answers) for item in scored]
    labels = [item.label for item in scored]
    curve = risk_coverage(confidences, [bool(item.right) for item in scored])
    return {
        "calibration_error": expected_calibration_error(confidences, labels),
        "calibration": calibration(confidences, labels),
        "risk_coverage_area": risk_coverage_area(curve),
        "risk_at_coverage": {f"{share:.2f}": risk_at(curve, share) for share in (0.1, 0.25, 0.5, 0.75, 1.0)},
    }


def risk_coverage_area(curve: Sequence[tuple[float, float]]) -> float | None:
    """Mean risk over coverage, each step of the curve by its width (Geifman, Uziel & El-Yaniv, ICLR 2019); lower is better.

    >>> risk_coverage_area([(0.5, 0.0), (1.0, 0.5)])
    0.25
    """
    if not curve:
        return None
    before = (0.0, *(coverage for coverage, _ in curve))
    return math.fsum((coverage - last) * risk for last, (coverage, risk) in zip(before, curve, strict=False))


def risk_at(curve: Sequence[tuple[float, float]], share: float) -> float | None:
    """The risk at the first point that answers at least `share` of the cases."""
    return next((risk for coverage, risk in curve if coverage >= share - 1e-9), None)


def probability(log_odds: float) -> float:
    """The logistic function, safe at both ends.

    >>> probability(0.0), probability(float("-inf"))
    (0.5, 0.0)
    """
    return 0.0 if log_odds < -700 else 1.0 / (1.0 + math.exp(-log_odds))
