from __future__ import annotations

from pathlib import Path

import pytest

from eval.numbers.questions import read_questions, sample
from eval.sets.lines import SetInvalid
from tests.eval_sets import write_passages


def test_a_sample_is_the_same_each_time_keeps_the_order_and_holds_no_item_twice() -> None:
    items = list(range(500))
    drawn = sample(items, 40)
    assert drawn == sample(items, 40) == sorted(set(drawn))
    assert len(drawn) == 40
    assert sample(items, 40, seed=1) != drawn
    assert sample(items, None) == sample(items, 500) == items


def test_a_limit_of_0_is_refused() -> None:
    with pytest.raises(ValueError, match="limit must be 1 or more, got 0"):
        sample([1], 0)


def test_a_question_that_names_no_passage_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetInvalid, match="dev/queries: question 'q1' names no document"):
        read_questions(write_passages(tmp_path, {"mill": "It burned."}, [{"_id": "q1", "text": "What burned?"}]))
