from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.numbers.altered import (
    ALTERATIONS,
    change_date,
    change_name,
    change_number,
    change_sense,
    change_speaker,
    reword,
)
from eval.numbers.figure import auroc_figure, balanced_accuracy, mean_figure
from eval.numbers.supporting import (
    Pair,
    altered_quotes,
    best_threshold,
    by_group,
    means,
    measure_supporting,
    read_pairs,
    score,
)
from eval.sets.lines import SetInvalid
from rag.values import Relation
from tests.eval_sets import write_lines
from tests.shared import SHARED_DATA, needs_shared

PASSAGE = (
    "However, Mayor Petra Vance said that 1,310 members had voted near Lom on 4 March 2019 and that the vote was fair. "
    "The company counted three ferries, and 40 of the 60 workers were located in Orba when the talks began again."
)


class WordChecker:
    """The share of a statement's words that the passage holds."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def relations(self, statement: str, passages: Sequence[str]) -> list[Relation]:
        self.calls.append((statement, len(passages)))
        words = statement.split()
        shares = [sum(word in passage for word in words) / len(words) for passage in passages]
        return [Relation(share, 0.0, 1.0 - share) for share in shares]


def test_a_threshold_divides_best_on_average_over_the_groups() -> None:
    pairs = [Pair("a", "", "", True), Pair("a", "", "", False), Pair("b", "", "", True), Pair("b", "", "", False)]
    # At 0.45 both groups are divided; at any other place one of them is not.
    assert best_threshold([0.9, 0.4, 0.5, 0.1], pairs) == pytest.approx(0.45)
    assert best_threshold([], []) == 0.5
    assert best_threshold([0.7, 0.7], pairs[:2]) == 0.5


def test_balanced_accuracy_is_half_for_the_majority_and_nothing_without_both_labels() -> None:
    assert balanced_accuracy([False] * 4, [True, False, False, False]) == 0.5
    assert balanced_accuracy([True, False], [True, True]) is None


def test_figures_of_each_group_and_their_plain_mean() -> None:
    pairs = [
        Pair("a", "", "", True),
        Pair("a", "", "", False),
        *(Pair("b", "", "", label) for label in (True, False, False)),
    ]
    scores = [0.9, 0.1, 0.8, 0.7, 0.2]
    groups = by_group(pairs, scores, 0.5)
    assert groups["a"]["balanced_accuracy"]["value"] == 1.0
    # b: its one true pair is found, one of its two false ones is rejected.
    assert groups["b"]["balanced_accuracy"]["value"] == 0.75
    mean = means(pairs, scores, 0.5)
    assert mean["balanced_accuracy"]["value"] == 0.875
    assert mean["auroc"]["value"] == 1.0
    assert mean["balanced_accuracy"]["interval"]["low"] <= 0.875 <= mean["balanced_accuracy"]["interval"]["high"]


def test_the_mean_leaves_out_a_group_of_one_label() -> None:
    pairs = [Pair("a", "", "", True), Pair("a", "", "", False), Pair("one", "", "", True)]
    assert means(pairs, [0.9, 0.1, 0.1], 0.5)["balanced_accuracy"]["value"] == 1.0
    assert means(pairs[2:], [0.9], 0.5)["balanced_accuracy"]["value"] is None


def test_passages_of_one_statement_are_checked_together_and_scores_keep_their_pairs() -> None:
    checker = WordChecker()
    pairs = [
        Pair("a", "bread", "bread and salt", True),
        Pair("a", "salt", "flour", False),
        Pair("a", "bread", "salt", False),
    ]
    assert score(checker, pairs) == [1.0, 0.0, 0.0]
    assert checker.calls == [("bread", 2), ("salt", 1)]


def test_only_the_label_support_is_support(tmp_path: Path) -> None:
    labels = ("support", "partial", "generic", "refute", "not_support")
    lines = [{"source": "s", "premise": "p", "hypothesis": "h", "label": label} for label in labels]
    pairs = read_pairs(write_lines(tmp_path / "pairs.jsonl.gz", lines))
    assert [pair.supported for pair in pairs] == [True, False, False, False, False]
    write_lines(tmp_path / "pairs.jsonl.gz", [lines[0], {"source": "s", "premise": "p", "label": "support"}])
    with pytest.raises(SetInvalid, match=r"pairs\.jsonl\.gz line 2: field 'hypothesis' is missing"):
        read_pairs(tmp_path / "pairs.jsonl.gz")


def test_each_alteration_changes_one_thing_and_leaves_the_rest() -> None:
    chance = random.Random(5)
    sentence = PASSAGE.split(". ")[0] + "."
    number = change_number(sentence, chance)
    assert number is not None
    assert "1,310" not in number
    assert "on 4 March 2019" in number
    date = change_date(sentence, chance)
    assert date is not None
    assert "March" not in date
    assert "2019" in date
    name = change_name(sentence, chance)
    assert name is not None
    assert "Petra Vance" not in name
    assert name.endswith("the vote was fair.")
    speaker = change_speaker(sentence, chance)
    assert speaker is not None
    assert "Petra Vance" not in speaker
    assert speaker.endswith(" said that 1,310 members had voted near Lom on 4 March 2019 and that the vote was fair.")
    denied = change_sense(sentence, chance)
    assert denied is not None
    assert denied != sentence


def test_what_has_nothing_to_change_is_left_alone() -> None:
    chance = random.Random(5)
    plain = "bread needs salt and a warm oven"
    assert [change(plain, chance) for change in (change_number, change_date, change_name, change_speaker)] == [None] * 4
    assert reword(plain, chance) is None


def test_rewording_keeps_numbers_and_names() -> None:
    chance = random.Random(1)
    assert reword("However, 1,310 members voted.", chance) == "1310 members voted."
    assert reword("It was located in Orba.", chance) == "It was situated in Orba."
    assert reword("He is said to be ill.", chance) is None


def test_altered_quotes_are_paired_balanced_and_the_same_each_time() -> None:
    passages = [PASSAGE.replace("1,310", f"1,{n}10").replace("Lom", f"Lom{n}") for n in range(2, 9)]
    pairs = altered_quotes(passages, 4)
    assert pairs == altered_quotes(passages, 4)
    for kind in ALTERATIONS:
        mine = [pair for pair in pairs if pair.group == kind]
        assert len(mine) == 8
        assert [pair.supported for pair in mine] == [True, False] * 4
        assert all(pair.statement not in pair.passage for pair in mine if not pair.supported)
        # Half of the faithful ones are reworded where they can be: verbatim or not is no sign.
        assert any(pair.statement not in pair.passage for pair in mine if pair.supported)
        assert any(pair.statement in pair.passage for pair in mine if pair.supported)


def test_a_score_that_misses_is_a_figure_without_an_interval() -> None:
    assert mean_figure([]).value is None
    assert auroc_figure([0.1, 0.2], [True, True]).interval is None
    with pytest.raises(ValueError, match="per_case must divide the 3 scores, got 2"):
        auroc_figure([1, 2, 3], [True, False, True], per_case=2)


@needs_shared
def test_the_real_sets_are_read_and_measured_with_a_checker_of_words() -> None:
    measured = measure_supporting(SHARED_DATA, WordChecker(), limit=30)
    assert set(measured["sources"]) == {"begin", "fever_symmetric", "foolmetwice", "wice"}
    assert set(measured["altered_quotes"]) == set(ALTERATIONS)
    assert all(group["n"] == 60 for group in measured["altered_quotes"].values())
