import math
import re
import subprocess
import sys

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import LocatedEvidence
from eval.measures import (
    DOCUMENT_MEASURES,
    MAP,
    MRR,
    PASSAGE_MEASURES,
    Hits,
    Judged,
    Recall,
    Success,
    auroc,
    calibration,
    citation_faults,
    contains_any,
    covered_characters,
    exact_match,
    expected_calibration_error,
    judge_documents,
    judge_passages,
    nDCG,
    positions_shown,
    risk_coverage,
    token_f1,
    value_match,
)
from index.values import Span
from rag.values import Answer, Citation, Statement
from tests.eval_fakes import FakePipeline, MemoryCorpus

FIELD = {
    "Success": ir_measures.Success,
    "Hits": ir_measures.Success,
    "Recall": ir_measures.R,
    "MRR": ir_measures.RR,
    "MAP": ir_measures.AP,
    "nDCG": ir_measures.nDCG,
}
DOCUMENT_IDS = [f"d{number}" for number in range(15)]
ranked_documents = st.lists(st.sampled_from(DOCUMENT_IDS), unique=True, max_size=15)
wanted_documents = st.sets(st.sampled_from(DOCUMENT_IDS), min_size=1).map(frozenset)


def field_score(measure, grades, ranking):
    """The same measure by ir-measures, on one query; a query without hits scores its default."""
    run = [ir_measures.ScoredDoc("q", item, float(len(ranking) - rank)) for rank, item in enumerate(ranking)]
    qrels = [ir_measures.Qrel("q", item, grade) for item, grade in grades.items()]
    return ir_measures.calc_aggregate([FIELD[measure.name] @ measure.cutoff], qrels, run)[
        FIELD[measure.name] @ measure.cutoff
    ]


def stored(**texts):
    return texts.get


def answer(**fields):
    common = {
        "id": "a",
        "question": "q",
        "query": "q",
        "text": "t",
        "short": "",
        "confidence": 0.5,
        "answered_by": "extractive",
    }
    return Answer(**common, settings_hash="s", generation="g", **fields)


def cite(number, quote, start, document_id="d1"):
    return Citation(
        number=number, document_id=document_id, chunk_id="c", quote=quote, start=start, end=start + len(quote)
    )


def test_the_measures_import_nothing_heavy():
    code = "import sys, eval.measures; print([m for m in ('numpy', 'pydantic', 'typer', 'rich', 'torch') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.parametrize("measure", DOCUMENT_MEASURES, ids=str)
@given(ranking=ranked_documents, wanted=wanted_documents)
def test_document_measures_agree_with_ir_measures(measure, ranking, wanted):
    ours = measure(judge_documents(ranking, wanted))
    assert math.isclose(ours, field_score(measure, dict.fromkeys(wanted, 1), ranking), abs_tol=1e-9)


@pytest.mark.parametrize("measure", [measure for measure in PASSAGE_MEASURES if measure.name != "Recall"], ids=str)
@given(gains=st.lists(st.integers(0, 3), max_size=14), missed=st.integers(0, 4))
def test_passage_measures_agree_with_ir_measures_on_graded_gains(measure, gains, missed):
    judged = Judged(tuple(gains), missed)
    if not judged.wanted:
        with pytest.raises(ValueError, match="1 or more wanted"):
            measure(judged)
        return
    grades = {f"h{rank}": gain for rank, gain in enumerate(gains)} | {f"missed{number}": 1 for number in range(missed)}
    assert math.isclose(
        measure(judged), field_score(measure, grades, [f"h{rank}" for rank in range(len(gains))]), abs_tol=1e-9
    )


@given(gains=st.lists(st.integers(0, 1), max_size=14), missed=st.integers(0, 4))
def test_passage_recall_agrees_with_ir_measures_when_each_passage_brings_one_quote(gains, missed):
    judged = Judged(tuple(gains), missed)
    grades = {f"h{rank}": gain for rank, gain in enumerate(gains)} | {f"missed{number}": 1 for number in range(missed)}
    ranking = [f"h{rank}" for rank in range(len(gains))]
    if judged.wanted:
        assert math.isclose((Recall @ 10)(judged), field_score(Recall @ 10, grades, ranking), abs_tol=1e-9)


@given(gains=st.lists(st.integers(0, 3), max_size=14), missed=st.integers(0, 4))
def test_every_measure_lies_between_0_and_1(gains, missed):
    judged = Judged(tuple(gains), missed)
    if judged.wanted:
        assert all(0 <= measure(judged) <= 1 + 1e-12 for measure in PASSAGE_MEASURES)


def test_a_query_without_hits_scores_zero_and_does_not_vanish():
    assert [measure(judge_documents([], frozenset({"d1"}))) for measure in DOCUMENT_MEASURES] == [0.0] * len(
        DOCUMENT_MEASURES
    )


def test_a_measure_prints_as_the_field_writes_it():
    assert [str(measure) for measure in (nDCG @ 10, MRR @ 10, Recall @ 5, Success @ 1, MAP @ 10)] == [
        "nDCG@10", "MRR@10", "Recall@5", "Success@1", "MAP@10",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="cutoff must be 1 or more, got 0"):
        nDCG @ 0


def test_a_document_ranks_where_its_first_passage_ranks():
    assert judge_documents(["d1", "d1", "d1", "d2"], frozenset({"d2"})) == Judged((0, 1), 0)


@pytest.mark.parametrize("measure", [Hits @ 4, Hits @ 10, Recall @ 4], ids=str)
@given(ranking=ranked_documents, wanted=wanted_documents)
def test_hits_and_shallow_recall_agree_with_ir_measures(measure, ranking, wanted):
    ours = measure(judge_documents(ranking, wanted))
    assert math.isclose(ours, field_score(measure, dict.fromkeys(wanted, 1), ranking), abs_tol=1e-9)


@given(
    passages=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 12)), max_size=8),
    wanted=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 12)), max_size=5),
)
def test_covered_characters_are_those_counted_one_by_one(passages, wanted):
    spans = [[(name, start, start + length) for name, start, length in given] for given in (passages, wanted)]
    each = [{(name, at) for name, start, end in given for at in range(start, end)} for given in spans]
    assert covered_characters(*spans) == (
        len(each[0] & each[1]),
        len(each[1]),
        len(each[0]),
        sum(length for _, _, length in passages),
    )


def test_a_passage_with_half_of_the_quote_covers_it_and_one_with_less_does_not():
    quote = LocatedEvidence("d1", "x" * 10, (Span(100, 110),))
    assert judge_passages([("d1", 90, 105)], [quote]) == Judged((1,), 0)
    assert judge_passages([("d1", 90, 104)], [quote]) == Judged((0,), 1)
    assert judge_passages([("d2", 90, 120)], [quote]) == Judged((0,), 1)


def test_a_quote_is_gained_once_and_at_any_of_its_places():
    quote = LocatedEvidence("d1", "x" * 10, (Span(0, 10), Span(50, 60)))
    assert judge_passages([("d1", 45, 70), ("d1", 0, 20)], [quote]) == Judged((1, 0), 0)


def test_one_passage_may_bring_two_quotes():
    quotes = [LocatedEvidence("d1", "x", (Span(0, 10),)), LocatedEvidence("d1", "y", (Span(20, 30),))]
    judged = judge_passages([("d1", 0, 40)], quotes)
    assert (Recall @ 1)(judged) == 1
    assert (nDCG @ 10)(judged) == 1


def test_exact_match_and_f1_follow_squad():
    assert exact_match("The 1.7 Million!", ["1.7 million"])
    assert not exact_match("1,700,000", ["1.7 million"])
    assert token_f1("Mira Tolle of Sel", ["Jon Ask", "Mira Tolle"]) == pytest.approx(2 / 3)
    assert token_f1("", ["Mira"]) == 0
    assert contains_any("it had 1,700,000 crowns", ["1.7 million"])
    assert value_match("1,700,000 crowns", ["1.7 million"])


def test_a_verbatim_citation_has_no_fault():
    good = answer(
        verdict="answered",
        citations=(cite(1, "dog", 4),),
        statements=(Statement(text="dog", citations=(1,), status="verified"),),
    )
    assert citation_faults(good, stored(d1="the dog ran")) == []


@pytest.mark.parametrize(
    ("citations", "fault"),
    [
        ([cite(1, "dog", 5)], "not at 5-8"),
        ([cite(1, "Dog", 4)], "not at 4-7"),
        ([cite(1, "", 4)], "not at 4-4"),
        ([cite(1, "ran", -3)], "not at -3-0"),
        ([cite(1, "dog", 4, "d9")], "not in the collection"),
        ([cite(1, "dog", 4), cite(1, "the", 0)], "number of 2 citations"),
        ([cite(2, "dog", 4)], "cites \\[1\\], which does not exist"),
        ([], "nothing is cited"),
    ],
)
def test_each_way_a_citation_can_be_wrong_is_named(citations, fault):
    statement = Statement(text="dog", citations=(1,), status="verified")
    faults = citation_faults(
        answer(verdict="answered", citations=tuple(citations), statements=(statement,)), stored(d1="the dog ran")
    )
    assert any(re.search(fault, line) for line in faults)


def test_a_statement_that_cites_nothing_and_a_refusal_that_cites_are_faults():
    bare = answer(
        verdict="answered",
        citations=(cite(1, "dog", 4),),
        statements=(Statement(text="x", citations=(), status="weak"),),
    )
    assert citation_faults(bare, stored(d1="the dog ran")) == ["'x' cites nothing"]
    refused = answer(verdict="not_stated", citations=(cite(1, "dog", 4),))
    assert citation_faults(refused, stored(d1="the dog ran")) == ["the verdict is not_stated and something is cited"]


def test_positions_count_wherever_they_are_shown():
    shown = FakePipeline(MemoryCorpus()).answer("what did it cost in crowns?")
    assert positions_shown(shown, [["1.7 million", "1,700,000"], ["2 million"]]) == 2
    assert positions_shown(shown, [["1.7 million"], ["9 million"]]) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_the_share_of_pairs_in_the_right_order(cases):
    scores, labels = [float(score) for score, _ in cases], [label for _, label in cases]
    pairs = [(a, b) for a, right in cases if right for b, wrong in cases if not wrong]
    expected = sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs) if pairs else None
    assert auroc(scores, labels) == (None if expected is None else pytest.approx(expected))


def test_risk_falls_to_the_share_of_errors_at_full_coverage():
    assert risk_coverage([0.9, 0.8, 0.8, 0.1], [True, True, False, False]) == [(0.25, 0.0), (0.75, 1 / 3), (1.0, 0.5)]
    assert risk_coverage([], []) == []


def test_calibration_error_is_the_mean_gap_over_the_bins():
    assert expected_calibration_error([0.95, 0.95, 0.05, 0.05], [True, True, False, False]) == pytest.approx(0.05)
    assert expected_calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)
    assert expected_calibration_error([], []) is None
    assert calibration([1.0, 0.0], [True, False]) == [(0.0, 0.0, 1), (1.0, 1.0, 1)]
