"""What the judge sees of a span, and how its weights are fitted."""

from __future__ import annotations

import numpy as np
import pytest

from index.values import Chunk, Document, Provenance, Span
from rag.judge import FEATURES, WEIGHTS_FILE, AskedFor, Judge, Logistic, features, judge_from
from rag.training.judge import READER, Example, cross_validate, examples_of, fit, fit_all, forget
from rag.training.pool import Asked, Question
from rag.values import Evidence, Hit, Reading, SpanAnswer

PASSAGE = "The mill in Orba was not rebuilt. Jon Ask says so. " + "It rained. " * 20 + "The mill burned in 2019."


def _signals(question: str, answer: str, sentence: str) -> dict[str, float]:
    start = PASSAGE.index(answer)
    found = features(
        AskedFor.of(question),
        answers=1.0,
        score=1.0,
        dense=0.5,
        rank=1,
        span=Span(start, start + len(answer)),
        sentence=sentence,
        passage=PASSAGE,
        context="",
    )
    return dict(zip(FEATURES, found, strict=True))


def test_words_far_from_the_span_do_not_count_as_near_it() -> None:
    far = _signals("When was the mill in Orba burned?", "2019", "The mill burned in 2019.")
    near = _signals("What was not rebuilt in Orba?", "The mill", "The mill in Orba was not rebuilt.")
    assert far["coverage"] == near["coverage"] == near["nearby"] == 1.0
    assert far["nearby"] < 1.0


@pytest.mark.parametrize(
    ("question", "sentence", "negated"),
    [
        ("What was not rebuilt?", "The mill in Orba was not rebuilt.", 0.0),
        ("Who didn't rebuild the mill?", "Jon Ask says so.", 1.0),
        ("Who says so?", "Jon Ask says so.", 0.0),
        ("Which mills in Orba are non-working?", "The mill burned in 2019.", 1.0),
        ("Who notes it?", "Jon Ask says so.", 0.0),
    ],
)
def test_a_question_for_what_is_not_wants_a_sentence_that_says_so(question: str, sentence: str, negated: float) -> None:
    assert _signals(question, sentence[:4], sentence)["negated"] == negated


def test_the_packaged_weights_come_with_the_curve_of_their_confidence() -> None:
    import json

    curve = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))["risk_coverage"]
    thresholds, coverages, risks = zip(*curve, strict=True)
    assert list(thresholds) == sorted(thresholds)
    assert list(coverages) == sorted(coverages, reverse=True)
    assert risks[-1] < risks[0] / 2


def _examples(count: int, *, seen: bool, seed: int) -> list[Example]:
    """Two candidates a question; the reader tells answerable ones apart, better where it has seen them, and so do words nearby."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        answerable = bool(number % 2)
        signals = rng.normal(size=(2, len(FEATURES)))
        signals[:, READER] += (6.0 if seen else 1.0) * (1 if answerable else -1)
        signals[:, FEATURES.index("nearby")] += 1.0 if answerable else -1.0
        signals[0, FEATURES.index("reader")] += 3.0
        right = np.array([answerable, False])
        found.append(Example(signals, right, right, answerable, seen))
    return found


def test_the_reader_is_not_trusted_for_what_it_remembers() -> None:
    examples = _examples(200, seen=False, seed=1) + _examples(200, seen=True, seed=2)
    new, both = fit(examples[:200]), fit(examples)
    for place in READER:
        assert new["answerable"]["weights"][place] == both["answerable"]["weights"][place]


def test_what_the_reader_remembers_brings_its_scores_nearer_and_leaves_new_questions_alone() -> None:
    examples = _examples(100, seen=False, seed=1) + _examples(100, seen=True, seed=2)
    moved = forget(examples)
    assert all(before is after for before, after in zip(examples[:100], moved[:100], strict=True))

    def apart(items: list[Example]) -> float:
        means = [np.mean([e.features[0, READER] for e in items if e.answerable == kind]) for kind in (True, False)]
        return float(means[0] - means[1])

    assert apart(moved[100:]) == pytest.approx(0.4 * apart(examples[100:]))


def test_the_fit_finds_what_decides_and_says_how_well_on_questions_it_has_not_seen() -> None:
    stored = fit_all(_examples(200, seen=False, seed=1) + _examples(200, seen=True, seed=2))
    assert stored["features"] == list(FEATURES)
    assert stored["cross_validation"]["answerable_auroc"] > 0.85
    assert stored["cross_validation"]["span_right"] > 0.8
    judge = judge_from(stored)
    assert judge.answerable.weights[FEATURES.index("nearby")] > 0.5


def test_the_curve_counts_as_many_questions_with_an_answer_as_without() -> None:
    examples = _examples(120, seen=False, seed=3) + _examples(60, seen=True, seed=4)
    few_without = [e for n, e in enumerate(examples) if e.answerable or n % 6 == 0]
    _, curve = cross_validate(few_without)
    threshold, coverage, risk = curve[0]
    assert threshold == 0.05
    assert coverage > 0.5
    assert risk == pytest.approx(1 - 0.5 / coverage, abs=0.05)


def _asked(*, accepted: tuple[str, ...], away: bool = False, found: bool = True) -> Asked:
    text = "Otto Lind built the mill in 1911."
    document = Document("d", text, "text/plain", Provenance(), (), (), "d", 1, "")
    hit = Hit(Chunk("d", "d", 0, 0, len(text), text), 1, 1.0, dense_score=0.5)
    evidence = Evidence(1, hit, document, Reading(1.0, (SpanAnswer(0, 9, 5.0), SpanAnswer(28, 32, 1.0))))
    passage = "elsewhere" if away else "d"
    return Asked(Question("Who built the mill?", "", passage, accepted, away, seen=False), (evidence,), found)


def test_right_is_the_accepted_answer_in_its_own_passage() -> None:
    (example,) = examples_of([_asked(accepted=("Lind",))])
    assert example.answerable
    assert example.right.tolist() == [True, False]
    assert example.holds.tolist() == [True, True]  # the sentence is quoted whole
    (without,) = examples_of([_asked(accepted=("Lind",), away=True, found=False)])
    assert not without.answerable
    assert not without.right.any()
    assert not without.holds.any()


def test_a_question_whose_passage_the_search_missed_teaches_nothing() -> None:
    assert examples_of([_asked(accepted=("Lind",), found=False)]) == []


def test_a_judge_is_two_models() -> None:
    model = {"weights": [0.0] * len(FEATURES), "bias": 1.0}
    assert judge_from({"right": model, "answerable": model}) == Judge(*[Logistic((0.0,) * len(FEATURES), 1.0)] * 2)
