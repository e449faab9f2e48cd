from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.measures import contains_any
from eval.numbers.conflicts import REVISED, Outcome, measure_conflicts, outcome_of, read_pairs, score
from eval.numbers.disputed import (
    Ambiguous,
    Opposed,
    ask_sets,
    closed_setting,
    read_ambiguous,
    read_opposed,
    said,
    score_ambiguous,
    score_opposed,
    stated_as_true,
)
from eval.numbers.table import numbers_table
from eval.sets.lines import SetInvalid
from rag.values import Answer, Citation, Conflict, ConflictKind, Position, Statement
from tests.eval_sets import write_lines
from tests.shared import SHARED_DATA

LOOK_ALIKES = {
    *("same_figure", "rounding", "range", "other_year", "other_place", "other_group", "other_quantity"),
    *("same_person", "same_date", "expected", "opinion"),
}
NOWHERE = {"value": None, "n": 0, "interval": None}


def _answer(
    *values: str,
    verdict: str = "conflicting",
    kind: ConflictKind = "quantity",
    quotes: tuple[str, ...] = (),
    outvoted: str = "",
    timeline: tuple[str, ...] = (),
    statements: tuple[str, ...] = (),
) -> Answer:
    positions = tuple(
        Position(value=value, citations=(number,), outvoted=value == outvoted)
        for number, value in enumerate(values, start=1)
    )
    return Answer(
        id="a",
        question="?",
        query="?",
        verdict=verdict,  # type: ignore[arg-type]
        text=" ".join(quotes),
        short=" / ".join(value for value in values if value != outvoted),
        confidence=0.5,
        statements=tuple(Statement(text=text, citations=(1,), status="verified") for text in statements),
        citations=tuple(
            Citation(number=number, document_id="d", chunk_id="c", quote=quote, start=0, end=len(quote))
            for number, quote in enumerate(quotes, start=1)
        ),
        conflicts=(Conflict(about="", kind=kind, positions=positions),) if positions else (),
        timeline=tuple(Position(value=value, citations=(1,)) for value in timeline),
        answered_by="extractive",
        settings_hash="s",
        generation="g",
    )


TOLLS = (("about 15,000", "15,000"), ("more than 60,000",))


def test_a_conflict_is_right_when_all_its_positions_lie_side_by_side() -> None:
    assert outcome_of("bound", TOLLS, _answer("15,000 people", "More than 60,000")).right
    assert not outcome_of("bound", TOLLS, _answer("15,000 people", "12")).right
    assert not outcome_of("bound", TOLLS, _answer("15,000", "more than 60,000", verdict="answered")).right


def test_a_position_that_is_only_quoted_is_not_laid_side_by_side() -> None:
    answer = _answer("15,000", "12", quotes=("More than 60,000 marched.", "12 were held."))
    assert outcome_of("bound", TOLLS, answer).found == 1


def test_an_outcome_is_found_in_the_sentence_that_says_it() -> None:
    quotes = ("The court rejected the appeal.", "The appeal was upheld, said the lawyer.")
    positions = (("rejected",), ("upheld",))
    assert outcome_of("outcome", positions, _answer("no", "yes", kind="outcome", quotes=quotes)).right
    assert not outcome_of("outcome", positions, _answer("no", "yes", kind="name", quotes=quotes)).right


def test_values_that_were_revised_are_seen_on_a_timeline_or_side_by_side() -> None:
    positions = (("12",), ("19",))
    for answer in (_answer("19", "12"), _answer(verdict="answered", timeline=("19", "12"))):
        assert outcome_of(REVISED, positions, answer).traced == 2
    assert outcome_of(REVISED, positions, _answer(verdict="answered", timeline=("19",))).traced == 1


def test_figures_count_conflicts_alarms_and_refusals_and_leave_revised_values_out() -> None:
    figures = score(
        [
            Outcome("date", "conflicting", 2, 2, 2),
            Outcome("date", "conflicting", 3, 2, 2),
            Outcome("name", "answered", 2, 0, 0),
            Outcome("range", "conflicting", 0, 0, 0),
            Outcome("range", "not_stated", 0, 0, 0),
            Outcome(REVISED, "conflicting", 2, 2, 2),
        ]
    )
    assert {name: (figures[name]["value"], figures[name]["n"]) for name in figures if name not in ("n", "kinds")} == {
        "recall": (1 / 3, 3),
        "position_recall": (4 / 7, 7),
        "precision": (2 / 3, 3),
        "precision_shown": (2 / 3, 3),
        "false_alarms": (0.5, 2),
        "refused": (0.2, 5),
        "revised": (1.0, 1),
    }
    assert figures["kinds"]["date"] == {"n": 2, "conflicting": 2, "right": 1, "verdicts": {"conflicting": 2}}


def test_a_conflict_of_other_things_than_the_gold_ones_is_rightly_suspected_and_not_shown() -> None:
    figures = score([Outcome("money", "conflicting", 2, 1, 1)])
    assert (figures["precision"]["value"], figures["precision_shown"]["value"]) == (1.0, 0.0)


def test_nothing_said_to_conflict_leaves_precision_unmeasured() -> None:
    assert score([Outcome("money", "answered", 2, 0, 0)])["precision"] == NOWHERE


def test_half_of_the_gold_pairs_conflict_and_half_only_look_like_it() -> None:
    pairs = read_pairs()
    counts = Counter(
        "alike" if pair.kind in LOOK_ALIKES else "revised" if pair.kind == REVISED else "conflict" for pair in pairs
    )
    assert counts == {"alike": 30, "conflict": 30, "revised": 4}
    assert all((len(pair.positions) >= 2) != (pair.kind in LOOK_ALIKES) for pair in pairs)
    assert len({pair.id for pair in pairs}) == len({pair.question for pair in pairs}) == len(pairs)


def test_every_gold_position_stands_in_a_document_of_its_pair_and_not_in_all_of_them() -> None:
    for pair in read_pairs():
        for forms in pair.positions:
            holding = [contains_any(document.text, forms) for document in pair.documents]
            assert any(holding), (pair.id, forms)
            assert pair.kind == REVISED or not all(holding), (pair.id, forms)


def test_gold_documents_are_of_the_length_of_news_and_dated() -> None:
    for document in (document for pair in read_pairs() for document in pair.documents):
        assert 80 <= len(document.text.split()) <= 250, document.id
        assert document.published is not None
        assert document.publisher, document.id


def test_a_line_of_the_gold_file_without_its_fields_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetInvalid, match="line 1: field 'kind' is missing"):
        read_pairs(write_lines(tmp_path / "pairs.jsonl", [{"id": "c01"}]))


def test_an_answer_marked_as_outvoted_is_said_but_not_stated_as_true() -> None:
    answer = _answer("Oslo", "Bergen", outvoted="Bergen", statements=("It lies in Oslo.", "It lies in Bergen."))
    assert said(answer) == ("Oslo", "Oslo", "Bergen", "It lies in Oslo.", "It lies in Bergen.")
    assert stated_as_true(answer, ["Oslo"])
    assert not stated_as_true(answer, ["Bergen"])
    assert stated_as_true(_answer("Oslo", "Bergen"), ["Bergen"])
    assert said(_answer("Oslo", verdict="not_stated")) == ()


def test_ambiguous_questions_want_every_valid_answer_and_no_wrong_one() -> None:
    case = Ambiguous("Where?", (), ("Oslo", "Bergen"), ("Moss",))
    whole, spoilt = _answer("Oslo", "Bergen"), _answer("Oslo", "Bergen", "Moss")
    marked, silent = _answer("Oslo", "Bergen", "Moss", outvoted="Moss"), _answer(verdict="not_stated")
    figures = score_ambiguous([(case, answer) for answer in (whole, spoilt, marked, silent)])
    assert figures["exact"]["value"] == 0.5
    assert (figures["recall"]["value"], figures["precision"]["value"]) == (6 / 8, 6 / 7)
    assert figures["refused"]["value"] == 0.25


def test_opposed_texts_are_shown_when_both_answers_stand_under_the_verdict_conflicting() -> None:
    case = Opposed("When?", ("8 August 2014",), ("On August 8 , 2014 .",), ("1998",), ("In 1998.",))
    unheard = replace(case, true_texts=("In summer.",))
    both, one = _answer("August 8 , 2014", "1998"), _answer("8 August 2014", verdict="answered")
    alone = _answer("1998", verdict="answered")
    figures = score_opposed([(case, both, alone), (case, one, one), (unheard, both, alone), (unheard, both, alone)])
    found = {name: (figures[name]["value"], figures[name]["n"]) for name in ("shown", "conflicting", "follows")}
    assert found == {"shown": (0.5, 2), "conflicting": (0.75, 4), "follows": (0.75, 4)}


def _example(real: str, fake: str, *texts: tuple[str, str]) -> dict[str, Any]:
    documents = [{"doc_id": str(number), "text": text, "type": kind} for number, (text, kind) in enumerate(texts)]
    return {"question": "When?", "real_short": real, "fake_short": fake, "documents": documents}


def test_opposed_examples_whose_false_texts_do_not_hold_their_answer_are_left_out(tmp_path: Path) -> None:
    texts = (("It opened in 1990.", "real"), ("It opened in 2001.", "fake"))
    lines = [_example("1990", "2001", *texts), _example("1990", "in the new century", *texts)]
    write_lines(tmp_path / "conflictnq" / "dev" / "examples.jsonl.gz", lines)
    found = read_opposed(tmp_path / "conflictnq")
    assert [(case.true, case.false, case.false_texts) for case in found] == [(("1990",), ("2001",), (texts[1][0],))]


def test_each_example_is_asked_over_its_own_texts_and_no_others() -> None:
    with closed_setting() as ask:
        first = ask("When did the mill in Orba burn down?", ["The mill in Orba burned down in 2019."])
        other = ask("When did the mill in Orba burn down?", ["The port of Sel opened on 18 October."])
    assert first.short == "2019"
    assert {view.text for view in other.evidence} == {"The port of Sel opened on 18 October."}


def test_public_sets_become_figures_from_two_answers_an_opposed_example(tmp_path: Path) -> None:
    texts = (("It burned down in 1990.", "real"), ("It burned down in 2001.", "fake"))
    write_lines(tmp_path / "conflictnq" / "dev" / "examples.jsonl.gz", [_example("1990", "2001", *texts)])
    documents = [{"text": "It lies in Oslo.", "type": "positive"}, {"text": "It lies in Moss.", "type": "wrong"}]
    rgb = {"question": "Where?", "answer": ["Oslo"], "fake_answer": "Moss", "documents": documents}
    write_lines(tmp_path / "rgb_fact_en" / "dev" / "examples.jsonl.gz", [rgb])
    ram = {"question": "Where?", "documents": documents, "gold_answers": ["Oslo"], "wrong_answers": ["Moss"]}
    write_lines(tmp_path / "ramdocs" / "dev" / "examples.jsonl.gz", [ram])
    told: list[tuple[int, int]] = []

    def repeat(question: str, texts: Sequence[str]) -> Answer:
        return _answer(*texts, verdict="conflicting" if len(texts) > 1 else "answered")

    figures = ask_sets(tmp_path, repeat, 5, lambda done, total: told.append((done, total)))
    assert told[-1] == (5, 5)
    assert [figures[name]["shown"]["value"] for name in ("conflictnq", "rgb_fact_en")] == [1.0, 1.0]
    assert [figures[name]["follows"]["value"] for name in ("conflictnq", "rgb_fact_en")] == [1.0, 1.0]
    assert (figures["ramdocs"]["exact"]["value"], figures["ramdocs"]["precision"]["value"]) == (0.0, 0.5)
    assert "| ramdocs: every valid answer, no wrong one unmarked | 1 | 0.0" in numbers_table(
        {"disputed": {"result": figures}}
    )


def test_pairs_and_seeds_are_asked_through_files_in_a_real_collection(tmp_path: Path) -> None:
    texts = ("The harbour of Sel cost 3 million crowns.", "The harbour of Sel cost 8 million crowns.")
    line = {
        "id": "c01", "kind": "money", "question": "What did the harbour of Sel cost?", "positions": [["3 million"], ["8 million"]],
        "documents": [{"title": f"Harbour {n}", "text": text} for n, text in enumerate(texts)],
    }  # fmt: skip
    figures = measure_conflicts(write_lines(tmp_path / "pairs.jsonl", [line]), limit=1)
    assert figures["pairs"]["recall"]["n"] == figures["seeds"]["n"] == 1
    table = numbers_table({"conflicts": {"result": figures}})
    assert "| conflicts, invented pairs: recall, all positions shown | 1 | " in table
    assert "| conflicts, gold set of seeds/: precision | " in table


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the public sets are not at hand")
def test_the_public_examples_are_read() -> None:
    assert len(read_ambiguous(SHARED_DATA / "ramdocs")) == 250
    assert len(read_opposed(SHARED_DATA / "rgb_fact_en")) > 40
    assert len(read_opposed(SHARED_DATA / "conflictnq")) > 10
