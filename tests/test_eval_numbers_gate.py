from __future__ import annotations

import doctest
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import eval.numbers.statements
from eval.numbers.altered import ALTERATIONS, change_direction, exchange_names, move_figure, move_name, move_speech
from eval.numbers.gate import MOVED, TRUE, evidence_of, judge_cases, measure_gate, variants
from eval.numbers.statements import ANSWERS, Case, read_cases
from eval.numbers.table import gate_lines
from rag.values import Relation
from tests.eval_sets import write_lines
from tests.shared import SHARED_DATA, needs_shared

SENTENCE = (
    "Engineer Petra Vance said on 4 March 2019 that Orba had fewer than 1,310 members before Lom was hit by Quell."
)
CASE = Case(
    "invented",
    "1",
    "Orba",
    ("Orba is a town.", SENTENCE, "Lem Brask disagreed, he said, and named 9 of them."),
    (SENTENCE,),
)


class NoSupport:
    def relations(self, statement: str, passages: Sequence[str]) -> list[Relation]:
        return [Relation(0.0, 0.0, 1.0) for _ in passages]


def test_a_statement_is_judged_as_it_is_and_with_each_change_that_can_be_made() -> None:
    made = dict(variants(SENTENCE, CASE, random.Random(3)))
    assert set(made) == {TRUE, *ALTERATIONS, *MOVED}
    assert made[TRUE] == SENTENCE
    assert all(made[kind] != SENTENCE for kind in made if kind != TRUE)


def test_what_the_source_says_too_is_no_change() -> None:
    opposite = change_direction(SENTENCE, random.Random(3))
    assert opposite is not None
    both = replace(CASE, quotes=(SENTENCE, opposite))
    kinds = [kind for kind, _ in variants(SENTENCE, both, random.Random(3))]
    assert len(kinds) >= len(ALTERATIONS)
    assert all(text != opposite for _, text in variants(SENTENCE, both, random.Random(3)))


def test_changes_move_what_is_there() -> None:
    chance = random.Random(1)
    assert exchange_names("At noon Orba accused Lom of theft.", chance) == "At noon Lom accused Orba of theft."
    assert exchange_names("At noon Orba and Lom slept.", chance) is None
    assert change_direction("It rose.", chance) == "It fell."
    assert change_direction("It slept.", chance) is None
    assert move_speech(["Lem Brask"])("It sank, said Petra Vance.", chance) == "It sank, said Lem Brask."
    assert move_speech([])("It sank, said Petra Vance.", chance) is None
    assert move_figure(["31", "40"])("It has 31 shops.", chance) == "It has 40 shops."
    assert move_figure(["31"])("It has 31 shops.", chance) is None
    assert move_name(["Lem Brask", "Petra Vance"])("There Petra Vance slept.", chance) == "There Lem Brask slept."
    assert move_speech(["Petra"])("It sank, said Petra Vance.", chance) is None


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(eval.numbers.statements).failed == 0


def test_quotes_stand_where_they_are_cited() -> None:
    evidence, quotes = evidence_of(CASE)
    assert tuple(evidence.document.text[quote.start : quote.end] for quote in quotes) == CASE.quotes


def test_true_statements_pass_and_changed_ones_are_caught() -> None:
    judged = judge_cases([CASE], None)
    assert [item.result.status for item in judged if item.kind == TRUE] == ["verified"]
    assert all(item.cut or item.weak for item in judged if item.kind in ALTERATIONS)


def test_what_the_checker_doubts_counts_as_caught_and_not_as_cut() -> None:
    case = replace(CASE, statements=("Petra Vance said that Orba had fewer than 1,310 members.",))
    (plain, *_), (doubted, *_) = judge_cases([case], None), judge_cases([case], NoSupport())
    assert (plain.weak, doubted.weak, doubted.cut) == (False, True, False)


def test_no_answer_is_both_measured_and_developed_on(tmp_path: Path) -> None:
    write_sets(tmp_path)
    measured, others = read_cases(tmp_path, "measured"), read_cases(tmp_path, "development")
    assert {case.source for case in measured} == set(ANSWERS)
    assert measured == read_cases(tmp_path, "measured")
    assert all(case.clean for case in measured)
    assert not {(case.source, case.key) for case in measured} & {(case.source, case.key) for case in others}
    assert [case.statements for case in measured if case.source == "quotesum"] == [("Orba is a very small town.",)]
    assert [len(case.quotes) for case in measured if case.source == "wice"] == [1]


def test_shares_are_reported_by_kind_and_source(tmp_path: Path) -> None:
    write_sets(tmp_path)
    measured = measure_gate(tmp_path, None)
    assert measured["answers"] == len(read_cases(tmp_path, "measured"))
    assert measured["true"]["cut"]["value"] == 0.0
    assert set(measured["true_by_source"]) == set(ANSWERS)
    assert set(measured["changed_by_kind"]) == {*ALTERATIONS, *MOVED}
    assert measured["changed_by_kind"]["speaker"]["caught"]["n"] == 1
    assert measured["changed_by_kind"]["date"]["caught"] == {"value": None, "n": 0, "interval": None}
    assert [row.reach for row in gate_lines(measured) if row.reach] == ["95", "at most 5"]


@needs_shared
def test_the_real_sets_hold_two_hundred_answers() -> None:
    assert len(read_cases(SHARED_DATA, "measured")) == 200


@needs_shared
@pytest.mark.timeout(120)
def test_real_statements_are_judged_without_a_checker() -> None:
    measured = measure_gate(SHARED_DATA, None, part="development", limit=4)
    assert measured["changed"]["caught"]["n"] > 20


def write_sets(folder: Path) -> None:
    """A set of each kind, of one or two answers."""
    town = "Orba is a very small town."
    passage = {"_id": "p", "sentences": [town, "It has 40 inhabitants."]}
    asked = {"doc_id": "p", "title": "Orba", "answerable": True, "gold_sentences": [0], "answers": [town]}
    for name in ("clapnq", "qed"):
        write_lines(folder / name / "dev" / "corpus.jsonl.gz", [passage])
        write_lines(folder / name / "dev" / "queries.jsonl.gz", [{"_id": "q1", **asked}, {"_id": "q2", **asked}])
        (folder / name / "dev" / "test_ids.txt").write_text("q2\n", encoding="utf-8")
    summary = "[ 1 Orba is a very small town. ] It has nothing to be seen but the [ 1 town ] ."
    documents = [{"doc_id": "1", "title": "Orba", "text": town}]
    write_lines(
        folder / "quotesum" / "dev" / "examples.jsonl.gz", [{"qid": "q", "documents": documents, "summary": summary}]
    )
    claim = {"id": "w", "claim": town, "title": "Orba", "label": "supported", "evidence": ["Orba.", town]}
    write_lines(folder / "wice" / "dev" / "examples.jsonl.gz", [{**claim, "supporting_sets": [[0, 1], [1]]}])
    reply = {"premise": town, "label": "Fully attributable"}
    write_lines(
        folder / "begin" / "dev" / "pairs.jsonl.gz",
        [{"id": "b1", "hypothesis": town, **reply}, {"id": "b2", "hypothesis": "Orba is small.", **reply}],
    )
    write_lines(folder / "train_nli" / "train" / "pairs.jsonl.gz", [{"hypothesis": "Orba is small."}])
    write_lines(
        folder / "selqa" / "dev" / "examples.jsonl.gz",
        [{"id": "s", "article": "Orba", "candidates": ["No.", town], "gold": [1]}],
    )
    fact = {
        "_id": "n",
        "title": "News",
        "text": f"{town[:-1]}, Petra Vance said.",
        "source": "Post",
        "author": "Jo",
        "published_at": "2025-01-02T00:00",
    }
    write_lines(folder / "multihop_rag_500" / "corpus.jsonl.gz", [fact])
