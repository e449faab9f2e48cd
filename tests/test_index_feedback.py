"""Judgements of answers: what is kept, for how long, and what an erasure leaves of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index import feedback as module
from index.collection import Collection
from index.erasure import text_pieces
from index.errors import FeedbackFull, UnknownAnswer, UnknownFeedback
from index.feedback import MAX_COMMENT_CHARS, Feedback
from index.pieces import files_holding
from index.redaction import ERASED
from tests.fakes import WordHashEmbedder
from tests.storage import article, own, write

CASE = {
    "id": "g1",
    "kind": "fact",
    "question": "Who moved?",
    "answers": ["nobody"],
    "evidence": [{"document": "z.txt"}],
}


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {f"{n}.txt": article(n, 4) for n in range(2)}))
        for number in range(3):
            content = {"id": f"ans_{number}", "question": "?", "query": "?", "citations": [], "evidence": []}
            collection.answers.keep(content, {}, thread=None, sequence=collection.answers.seen(), most=9)
        yield collection


@pytest.fixture
def feedback(collection: Collection) -> Feedback:
    return collection.feedback


def test_a_judgement_is_kept_as_it_was_given(collection: Collection, feedback: Feedback) -> None:
    given = feedback.add(
        "ans_1", "bad", caller="reader", reasons=["wrong date"], comment="It was May — in fact.", gold=CASE
    )
    assert feedback.judgement(given.id) == given
    assert (given.reasons, given.gold, given.caller) == (("wrong date",), CASE, "reader")
    assert collection.feedback.newest(limit=9) == [given]


def test_the_newest_come_first_and_those_of_one_answer_can_be_told_apart(feedback: Feedback) -> None:
    first, second, third = (feedback.add(name, "good", caller="a") for name in ("ans_1", "ans_2", "ans_1"))
    assert feedback.newest(limit=2) == [third, second]
    assert feedback.newest(limit=2, offset=2) == [first]
    assert feedback.newest(limit=9, answer_id="ans_1") == [third, first]
    assert (feedback.count(), feedback.count(answer_id="ans_2"), feedback.count(answer_id="ans_0")) == (3, 1, 0)


def test_gold_cases_come_out_in_the_order_they_were_made(feedback: Feedback) -> None:
    for number in (1, 2):
        feedback.add("ans_1", "good", caller="a", gold={**CASE, "id": f"g{number}"})
        feedback.add("ans_1", "good", caller="a")
    assert [case["id"] for case in feedback.gold_cases()] == ["g1", "g2"]


def test_a_deleted_judgement_is_gone_with_its_case(feedback: Feedback) -> None:
    given = feedback.add("ans_1", "good", caller="a", gold=CASE)
    feedback.delete(given.id)
    assert (feedback.count(), feedback.gold_cases()) == (0, [])
    for use in (feedback.delete, feedback.judgement):
        with pytest.raises(UnknownFeedback):
            use(given.id)


def test_an_answer_that_is_not_kept_cannot_be_judged(feedback: Feedback) -> None:
    with pytest.raises(UnknownAnswer):
        feedback.add("ans_x", "good", caller="a")


@pytest.mark.parametrize(
    "wrong",
    [{"rating": "fine"}, {"comment": "x" * (MAX_COMMENT_CHARS + 1)}, {"comment": "\ud83d"}, {"reasons": ["x"] * 11}, {"reasons": [" "]},
     {"reasons": ["x" * 65]}, {"gold": {"question": "x" * 100_000}}],
)  # fmt: skip
def test_what_is_too_long_or_no_judgement_is_refused(feedback: Feedback, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        feedback.add("ans_1", **({"rating": "good", "caller": "a"} | wrong))
    assert feedback.count() == 0


def test_beyond_the_most_nothing_is_dropped_silently(feedback: Feedback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_JUDGEMENTS", 2)
    given = [feedback.add("ans_1", "good", caller="a") for _ in range(2)]
    with pytest.raises(FeedbackFull):
        feedback.add("ans_1", "good", caller="a")
    feedback.delete(given[0].id)
    feedback.add("ans_1", "good", caller="a")


def test_what_was_said_of_a_forgotten_answer_goes_with_it_and_a_gold_case_stays(
    collection: Collection, feedback: Feedback
) -> None:
    other = feedback.add("ans_2", "good", caller="a")
    feedback.add("ans_1", "bad", caller="a", comment="Wrong.")
    case = feedback.add("ans_1", "bad", caller="a", gold=CASE)
    collection.answers.forget("ans_1")
    assert feedback.newest(limit=9) == [case, other]


def test_an_answer_that_makes_room_for_newer_ones_leaves_its_judgements(
    collection: Collection, feedback: Feedback
) -> None:
    given = feedback.add("ans_0", "bad", caller="a", reasons=["wrong date"])
    content = {"id": "ans_9", "question": "?", "query": "?", "citations": [], "evidence": []}
    collection.answers.keep(content, {}, thread=None, sequence=0, most=1)
    assert feedback.newest(limit=9) == [given]


def test_an_erased_document_takes_its_words_out_of_judgements_and_gold_cases(
    collection: Collection, feedback: Feedback
) -> None:
    gone, other = collection.documents()
    line = gone.text.splitlines()[1]
    quoted = feedback.add("ans_1", "bad", caller="a", comment=f"It says: {line}", reasons=["late", line[:60]])
    free = feedback.add("ans_1", "bad", caller="a", comment="Not what I asked.", gold=CASE)
    about_other = {**CASE, "evidence": [{"document": other.id, "quote": other.text[:50]}]}
    kept = feedback.add("ans_1", "good", caller="a", gold=about_other)
    cases = [
        {**CASE, "evidence": [{"document": gone.id}]},
        {**CASE, "evidence": [{"document": Path(gone.sources[0]).name}]},
        {**CASE, "evidence": [{"document": "elsewhere.txt", "quote": line[4:30]}]},
        {**CASE, "answers": [line[:24]]},
        {**CASE, "question": f"Is it true that {line}"},
    ]
    gold = [feedback.add("ans_1", "good", caller="a", gold=case) for case in cases]
    collection.erase(gone.id)
    scrubbed = feedback.judgement(quoted.id)
    assert (scrubbed.comment, scrubbed.reasons, scrubbed.rating) == (ERASED, (), "bad")
    assert feedback.judgement(free.id) == free
    assert feedback.judgement(kept.id) == kept
    assert [feedback.judgement(one.id).gold for one in gold] == [None] * len(gold)
    assert not files_holding(collection.directory, [*text_pieces(gone.text), line[4:30].encode(), line[:24].encode()])


def test_words_that_another_document_holds_too_stay_where_they_are(
    tmp_path: Path, collection: Collection, feedback: Feedback
) -> None:
    gone = collection.documents()[0]
    line = gone.text.splitlines()[1]
    collection.ingest(write(tmp_path / "more", {"copy.txt": f"Copied: {line}\n"}))
    given = feedback.add("ans_1", "good", caller="a", comment=line, gold={**CASE, "answers": [line]})
    collection.erase(gone.id)
    assert feedback.judgement(given.id) == given
