"""What speaks for a passage besides its words."""

from __future__ import annotations

import doctest
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag.search.signals
from index.values import Document, Provenance, Published
from rag.question.analyse import Query, analyse
from rag.search.signals import WEIGHTS, bonus, signals, signals_of

OUTLETS = ["Quayside", "The Harbour Post"]


def ask(question: str) -> Query:
    return analyse(question, publishers=OUTLETS, today=date(2026, 1, 15))


def document(
    publisher: str | None = None, published: str | None = None, author: str | None = None, title: str | None = None
) -> Document:
    stamp = Published(published, {4: "year", 7: "month"}.get(len(published), "day"), "meta") if published else None  # type: ignore[arg-type]
    return Document(
        id="d1",
        text="",
        media_type="text/plain",
        provenance=Provenance(title=title, publisher=publisher, author=author, published=stamp),
        page_starts=(),
        sources=("d1.txt",),
        origin="d1",
        chunk_count=1,
        added_at="2026-01-01T00:00:00Z",
    )


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(rag.search.signals).failed == 0


def test_a_plain_question_has_no_signals() -> None:
    assert signals(ask("why do ferries sink"), document("Quayside", "2025-11-16", "Ada Rahn"), "Ferries sink.") == {}


@pytest.mark.parametrize(("publisher", "value"), [("Quayside", 1.0), ("The Harbour Post", 0.0), (None, 0.0)])
def test_a_passage_of_the_outlet_that_is_named_is_marked(publisher: str | None, value: float) -> None:
    assert signals(ask("What does Quayside say?"), document(publisher), "")["outlet_named"] == value


@pytest.mark.parametrize(
    ("author", "marked"), [("Ada Rahn", True), ("ada rahn", True), ("Ada Lind", False), (None, False)]
)
def test_a_passage_by_the_author_who_is_named_is_marked(author: str | None, marked: bool) -> None:
    found = signals(ask("What does Ada Rahn expect of the talks?"), document(author=author), "")
    assert found.get("author_named") == (1.0 if marked else None)


@pytest.mark.parametrize(
    ("question", "published", "value"),
    [
        ("What happened on 16 November 2025?", "2025-11-16", 1.0),
        ("What happened on 16 November?", "2025-11-16", 0.9),
        ("What happened on 16 November 2025?", "2025-11", 0.7),
        ("What happened in November 2025?", "2025-11-16", 0.7),
        ("What happened in November?", "2024-11-16", 0.5),
        ("What happened in 2025?", "2025-11-16", 0.4),
        ("What happened on 16 November 2025?", "2025", 0.4),
        ("What happened on 14 November 2025?", "2025-11-16", 0.3),
        ("What happened on 18 November 2025?", "2025-11-16", 0.0),
        ("What happened on 16 November 2024?", "2025-11-16", 0.0),
        ("What happened in October?", "2025-11-16", 0.0),
        ("What happened in October?", "2025", 0.0),
        ("What was said on 20251116?", "2025-11-16", 1.0),
        ("Did it change from 1 May 2024 to 16 November 2025?", "2025-11-16", 1.0),
    ],
)
def test_the_date_of_publication_matches_as_far_as_both_say(question: str, published: str, value: float) -> None:
    assert signals(ask(question), document(published=published), "")["date_match"] == value


def test_an_undated_source_has_no_date_match() -> None:
    assert "date_match" not in signals(ask("What happened in 2025?"), document(), "")


@pytest.mark.parametrize(
    ("question", "passage", "value"),
    [
        ("What happened on October 18?", "It was signed on Oct. 18.", 1.0),
        ("What happened on October 18, 2025?", "It was signed on 2025-10-18.", 1.0),
        ("What happened on October 18, 2025?", "It was signed on the 18th of October.", 1.0),
        ("What happened on October 18, 2024?", "It was signed on the 18th of October.", 0.0),
        ("What happened on October 18?", "It was signed in October.", 0.0),
        ("What happened in October?", "It was signed on October 18.", 1.0),
        ("What happened in 2025?", "It was signed on October 18.", 1.0),
        ("What happened in 1999?", "It was signed in 1999, not 2000.", 1.0),
        ("What happened in 1999?", "It had 1,999 pages.", 0.0),
        ("What happened from 1998 to 1999?", "It was signed in 1999.", 0.5),
        ("What did they say on May 14?", "Time: 20260514_20:00 Bo: hello", 1.0),
    ],
)
def test_a_date_of_the_question_is_found_however_it_is_written(question: str, passage: str, value: float) -> None:
    assert signals(ask(question), document(published="2025-11-16"), passage)["date_in_text"] == value


def test_a_date_in_the_title_counts() -> None:
    assert signals(ask("Who spoke on 20260514?"), document(title="20260514_20:00"), "Bo: hello")["date_in_text"] == 1.0


@pytest.mark.parametrize(
    ("question", "passage", "value"),
    [
        ("Who gave $6bn?", "A gift of six billion dollars.", 1.0),
        ("Who gave $6bn?", "A gift of six million dollars.", 0.0),
        ("Which 3 of the 40 people sank?", "There were forty people.", 0.5),
        ("Who came third?", "There were 3 of them.", 0.0),
    ],
)
def test_a_number_of_the_question_is_found_however_it_is_written(question: str, passage: str, value: float) -> None:
    assert signals(ask(question), document(), passage)["number_in_text"] == value


@pytest.mark.parametrize(
    ("question", "passage", "value"),
    [
        ("Did Ada Rahn speak?", "There Ada Rahn’s speech began.", 1.0),
        ("Did Ada Rahn speak?", "There Rahn spoke.", 0.25),
        ("Did Li Hua speak?", "LiHua: hello", 1.0),
        ("Did LiHua speak?", "Li Hua spoke.", 1.0),
        ("Did Ann speak?", "The planning was done.", 0.0),
        ("Did Ada Rahn meet Bo?", "Bo was there.", 0.5),
    ],
)
def test_a_name_of_the_question_is_found_joined_or_apart(question: str, passage: str, value: float) -> None:
    assert signals(ask(question), document(), passage)["name_in_text"] == value


def test_the_name_of_an_outlet_is_not_sought_in_the_passage() -> None:
    assert "name_in_text" not in signals(ask("What does Quayside say?"), document(), "Quayside says so.")


@pytest.mark.parametrize(
    ("passage", "value"), [("He said: 'Stay  firm!'", 1.0), ("He stayed firm.", 0.0), ("Stay very firm", 0.0)]
)
def test_a_quotation_is_found_verbatim(passage: str, value: float) -> None:
    assert signals(ask('Who said "stay firm"?'), document(), passage)["quoted_in_text"] == value


@pytest.mark.parametrize(("published", "value"), [("2025-11-09", 1.0), ("2025-11-11", 0.0), ("2025-11", 1.0)])
def test_what_was_out_by_then_is_marked(published: str, value: float) -> None:
    assert (
        signals(ask("As of 10 November 2025, who leads?"), document(published=published), "")["published_by"] == value
    )


def test_the_newest_candidate_has_the_highest_recency() -> None:
    query = ask("What is the latest on the ferry?")
    dated = [document(published=day) for day in ("2025-11-10", "2025-11-16", "2025-11-01", "2025-11-16")]
    found = signals_of(query, [(each, "") for each in (*dated, document())])
    assert [each.get("recency") for each in found] == [0.5, 1.0, 0.0, 1.0, None]


def test_one_date_alone_is_the_newest_and_no_candidates_are_no_error() -> None:
    query = ask("What is the latest on the ferry?")
    assert signals_of(query, [(document(published="2025"), "")]) == [{"recency": 1.0}]
    assert signals_of(query, []) == []


def test_recency_is_absent_unless_the_question_asks_for_the_latest() -> None:
    assert signals_of(ask("why do ferries sink"), [(document(published="2025-11-16"), "")]) == [{}]


def test_every_signal_has_a_weight() -> None:
    query = ask('What is the latest Ada Rahn of Quayside calls "firm", as of 3 May 2025, about the 40 ferries?')
    (found,) = signals_of(query, [(document("Quayside", "2025-05-03", "Ada Rahn"), "40 ferries")])
    assert found.keys() == WEIGHTS.keys()


@given(st.dictionaries(st.sampled_from(sorted(WEIGHTS)), st.floats(0, 1)))
def test_the_bonus_is_bounded_and_grows_with_every_signal(found: dict[str, float]) -> None:
    assert 0 <= bonus(found) <= 1
    for name in found:
        assert bonus(found) <= bonus({**found, name: 1.0})


@given(question=st.text(max_size=200), passage=st.text(max_size=300), author=st.text(max_size=20), published=st.dates())
def test_signals_lie_between_0_and_1(question: str, passage: str, author: str, published: date) -> None:
    stamp = published.isoformat()
    for asked in (question, f"What is the latest on 3 May of {question}, as of 2021, according to Quayside?"):
        for found in signals_of(ask(asked), [(document("Quayside", stamp, author), passage)]):
            assert all(0 <= value <= 1 for value in found.values())


def test_a_passage_that_tells_of_the_time_asked_for_is_marked() -> None:
    passages = ("He led the port from 2005 to 2009.", "He led the port from 2009 to 2014.", "He led the port.")
    found = [signals(ask("Who led the port in 2007?"), document(), passage)["period_match"] for passage in passages]
    assert found[0] > 0.7 > found[1] >= found[2] == 0.0


def test_the_day_of_the_asker_is_the_time_where_the_question_names_none() -> None:
    query = analyse("Who leads the port?", publishers=OUTLETS, as_of="2007-05-01")
    assert signals(query, document(), "Jon Ask has led the port since 2005.")["period_match"] >= 0.7
    named = analyse("Who led the port in 2003?", publishers=OUTLETS, as_of="2007-05-01")
    assert signals(named, document(), "Jon Ask has led the port since 2005.")["period_match"] < 0.3
