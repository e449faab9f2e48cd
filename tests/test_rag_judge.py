"""The judge's curve of risk over coverage, and the threshold that it gives for a target error."""

import json
from pathlib import Path

import numpy as np
import pytest

from rag.build import open_dossier
from rag.reading.judge import FEATURES, WEIGHTS_FILE, threshold_for
from rag.settings import load_settings
from rag.training.judge import Example, cross_validate, fit, hold_out, risk_coverage


def examples(count: int) -> list[Example]:
    """Two candidates a question, of which the reader's signal tells the right one; every second question has no answer."""
    chance = np.random.default_rng(3)
    found = []
    for number in range(count):
        answerable = number % 2 == 0
        features = chance.normal(size=(2, len(FEATURES)))
        features[0, FEATURES.index("reader")] += 3.0 if answerable else 0.0
        features[:, FEATURES.index("coverage")] += 2.0 if answerable else -2.0
        found.append(Example(features, np.array([answerable, False]), answerable))
    return found


def test_judges_are_measured_on_what_they_were_not_fitted_on_and_each_example_once() -> None:
    held_out = hold_out(examples(60))
    assert sum(len(held.confidence) for held in held_out) == 60
    assert cross_validate(held_out)["answerable_auroc"] > 0.9


def test_the_surest_answers_are_wrong_least_often() -> None:
    points = risk_coverage(hold_out(examples(100)))
    assert points[-1]["coverage"] == 1.0
    assert points[0]["risk"] < points[-1]["risk"]
    thresholds = [point["threshold"] for point in points]
    assert thresholds == sorted(thresholds, reverse=True)


def test_fitting_twice_gives_the_same_weights() -> None:
    assert fit(examples(40)) == fit(examples(40))


def test_a_smaller_target_error_asks_for_more_confidence() -> None:
    chosen = [threshold_for(error) for error in (0.1, 0.25, 0.4, 0.6, 0.9)]
    assert chosen == sorted(chosen, reverse=True) and chosen[0] > chosen[-1]


def test_the_threshold_keeps_the_error_of_the_pool_under_the_target() -> None:
    points = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))["risk_coverage"]
    at = {point["threshold"]: point["risk"] for point in points}
    assert at[threshold_for(0.4)] <= 0.4


@pytest.mark.parametrize(("target", "threshold"), [(None, 0.3), (0.4, threshold_for(0.4))])
def test_a_target_error_in_the_settings_sets_the_threshold(
    tmp_path: Path, target: float | None, threshold: float
) -> None:
    with open_dossier(load_settings(data=tmp_path, target_error=target)) as dossier:
        assert dossier.settings.answer_threshold == threshold
