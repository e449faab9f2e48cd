"""What counts as a change between an answer and the same question asked again."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rag.replay import compare
from rag.values import Answer, Citation, Conflict, Position, Statement


def answer(**more: Any) -> Answer:
    same: dict[str, Any] = {
        "id": "ans_1", "question": "How many?", "query": "How many?", "verdict": "answered", "text": "Ten. [1]", "short": "Ten",
        "confidence": 0.9, "answered_by": "extractive", "settings_hash": "0", "generation": "gen_1",
    }  # fmt: skip
    return Answer(**(same | more))


def citation(document: str, quote: str = "Ten.", number: int = 1) -> Citation:
    return Citation(number=number, document_id=document, chunk_id="c", quote=quote, start=0, end=len(quote))


def statement(text: str) -> Statement:
    return Statement(text=text, citations=(1,), status="verified")


def position(value: str, **more: Any) -> Position:
    return Position(value=value, citations=(1,), **more)


def test_time_ids_and_space_are_no_change() -> None:
    old = answer(short="Ten  ships", timings_ms={"total": 1.0}, statements=(statement("Ten\nships."),))
    new = answer(id="ans_2", short="ten ships", timings_ms={"total": 9.0}, statements=(statement("Ten ships."),))
    assert compare(old, new).model_dump(exclude_defaults=True) == {"changed": False}


def test_what_is_said_otherwise_is_shown_and_is_no_change() -> None:
    changes = compare(answer(statements=(statement("Ten."),)), answer(statements=(statement("It is ten."),)))
    assert (changes.changed, changes.statements_gone, changes.statements_new) == (False, ("Ten.",), ("It is ten.",))


def test_another_verdict_and_another_short_answer_are_told_before_and_after() -> None:
    changes = compare(answer(), answer(verdict="not_stated", short=""))
    assert (changes.changed, changes.verdict, changes.short) == (True, ("answered", "not_stated"), ("Ten", ""))


def test_citations_differ_by_document_not_by_where_in_it_they_stand() -> None:
    old = answer(citations=(citation("doc_a"), citation("doc_b", number=2)))
    assert not compare(old, answer(citations=(citation("doc_b", "Other."), citation("doc_a", number=2)))).changed
    changes = compare(old, answer(citations=(citation("doc_c"), citation("doc_a", number=2))))
    assert [one.document_id for one in changes.citations_gone] == ["doc_b"]
    assert [one.document_id for one in changes.citations_new] == ["doc_c"]


def test_a_new_value_in_a_conflict_or_a_timeline_is_a_new_position() -> None:
    old = answer(conflicts=(Conflict(about="it", positions=(position("10"), position("20"))),))
    new = answer(conflicts=old.conflicts, timeline=(position("30", published="2025-01-02"),))
    changes = compare(old, new)
    assert (changes.changed, [one.value for one in changes.positions_new], changes.positions_gone) == (True, ["30"], ())


def test_an_expectation_that_was_reported_since_is_a_change() -> None:
    old, new = (answer(timeline=(position("talks", standing=standing),)) for standing in ("expected", "reported"))
    assert compare(old, new).changed


def test_other_settings_and_documents_are_told_and_are_no_change_by_themselves() -> None:
    changes = compare(answer(), answer(settings_hash="1", generation="gen_2"), came=["doc_n"], went=["doc_o"])
    assert (changes.settings, changes.generation, changes.changed) == (True, True, False)
    assert (changes.documents_came, changes.documents_went) == (("doc_n",), ("doc_o",))


names = st.lists(st.sampled_from("abcd"), max_size=5)


@given(names, names)
def test_what_came_and_what_went_swap_when_the_answers_do(before: list[str], after: list[str]) -> None:
    old, new = (
        answer(statements=tuple(map(statement, one)), citations=tuple(map(citation, one))) for one in (before, after)
    )
    there, back = compare(old, new), compare(new, old)
    assert (there.statements_gone, there.citations_gone) == (back.statements_new, back.citations_new)
    assert set(there.statements_new) == set(after) - set(before)
    assert not compare(old, old).changed
