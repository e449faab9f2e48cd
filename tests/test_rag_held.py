"""Whether what a passage says held at the time asked for."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag.reading.held
from index.sentences import sentence_spans
from index.values import Chunk, Document, Provenance, Published, Span
from rag.facts.periods import Period, period_asked
from rag.reading.extract import ExtractiveAnswerer
from rag.reading.held import Story
from rag.values import Evidence, Hit, Reading, SpanAnswer

CAREER = "In 2003 he joined Sel. In 2008 he moved to Lom, where he stayed until 2011. He has coached Brell since 2012."
OFFICES = (
    "Ada Rahn (1929-1935), Jon Ask (1935-1941), Petra Vance (1941-1950); Oskar Lind held the office from 1950 to 1962."
)
MOVES = "She taught in Orba from 1990 to 1996, in Sel from 1996 to 2003 and in Tarn in 2004."


def period(question: str) -> Period:
    found = period_asked(question)
    assert found is not None
    return found


def told_best(text: str, names: list[str], question: str) -> str:
    """The name of whose time the text tells what fits the question best."""
    story, sentences = Story.of(text, Span(0, len(text))), sentence_spans(text)

    def held(name: str) -> float:
        start = text.index(name)
        sentence = next(s for s in sentences if s.start <= start < s.end)
        return story.held_at(period(question), sentence, Span(start, start + len(name)))

    return max(names, key=held)


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(rag.reading.held).failed == 0


@pytest.mark.parametrize(
    ("text", "names", "question", "expected"),
    [
        (CAREER, ["Sel", "Lom", "Brell"], "What team was he with in 2007?", "Sel"),
        (CAREER, ["Sel", "Lom", "Brell"], "What team was he with in 2009?", "Lom"),
        (CAREER, ["Sel", "Lom", "Brell"], "What team was he with in 2020?", "Brell"),
        (CAREER, ["Sel", "Lom", "Brell"], "What team was he with from 2003 to 2008?", "Sel"),
        (CAREER, ["Sel", "Lom", "Brell"], "What team was he with after 2012?", "Brell"),
        (OFFICES, ["Ada Rahn", "Jon Ask", "Petra Vance", "Oskar Lind"], "Who led it in 1938?", "Jon Ask"),
        (OFFICES, ["Ada Rahn", "Jon Ask", "Petra Vance", "Oskar Lind"], "Who led it in the late 1940s?", "Petra Vance"),
        (OFFICES, ["Ada Rahn", "Jon Ask", "Petra Vance", "Oskar Lind"], "Who led it from 1929 to 1935?", "Ada Rahn"),
        (OFFICES, ["Ada Rahn", "Jon Ask", "Petra Vance", "Oskar Lind"], "Who led it before 1962?", "Oskar Lind"),
        (MOVES, ["Orba", "Sel", "Tarn"], "Where did she teach between May 1998 and 2001?", "Sel"),
        (MOVES, ["Orba", "Sel", "Tarn"], "Where did she teach before June 1995?", "Orba"),
        (MOVES, ["Orba", "Sel", "Tarn"], "Where did she teach in 2004?", "Tarn"),
    ],
)
def test_the_clause_whose_time_covers_the_time_asked_for_fits_best(
    text: str, names: list[str], question: str, expected: str
) -> None:
    assert told_best(text, names, question) == expected


def test_a_sentence_without_a_time_has_that_of_the_one_before_but_less_surely() -> None:
    text = "In 2007 he lived in Sel. He worked at the Mill there."
    story, asked = Story.of(text, Span(0, len(text))), period("in 2007")
    first, second = story.held_at(asked, Span(0, 24), Span(20, 23)), story.held_at(asked, Span(25, 53), Span(42, 46))
    assert first > second > 0


def test_a_passage_knows_the_times_told_just_before_it() -> None:
    text = "In 2007 he lived in Sel.\n\nHe worked at the Mill there."
    story = Story.of(text, Span(26, len(text)))
    assert story.held_at(period("in 2007"), Span(26, len(text)), Span(43, 47)) > 0
    assert story.held(period("in 2007")) == 0.0


def test_no_time_told_fits_no_time() -> None:
    story = Story.of("It rained in Sel.", Span(0, 17))
    assert story.held(period("in 2007")) == story.held_at(period("in 2007"), Span(0, 17), Span(13, 16)) == 0.0


def evidence(text: str, *answers: tuple[str, float], published: str | None = None) -> Evidence:
    spans = tuple(SpanAnswer(text.index(name), text.index(name) + len(name), score) for name, score in answers)
    stamp = Published(published, "day", "meta") if published else None
    document = Document("d", text, "text/plain", Provenance(published=stamp), (), (), "d", 1, "")
    hit = Hit(Chunk("c", "d", 0, 0, len(text), text), 1, 1.0, dense_score=0.5)
    return Evidence(1, hit, document, Reading(1.0, spans))


def best(question: str, item: Evidence, asked: Period | None) -> str:
    return ExtractiveAnswerer().candidates(question, [item], period=asked)[0].text


def test_the_span_of_the_time_asked_for_is_chosen_over_one_that_the_reader_likes_better() -> None:
    item = evidence(OFFICES, ("Ada Rahn", 5.0), ("Jon Ask", 3.0), ("Petra Vance", 3.5))
    question = "Who held the office in 1938?"
    assert best(question, item, None) == "Ada Rahn"
    assert best(question, item, period(question)) == "Jon Ask"


def test_without_a_time_in_the_question_the_day_of_the_asker_counts() -> None:
    item = evidence(CAREER, ("Sel", 4.0), ("Lom", 4.5), ("Brell", 3.0))
    question = "What team is he with?"
    assert best(question, item, period_asked(question)) == "Lom"
    assert best(question, item, period_asked(question, "2007-05-01")) == "Sel"
    assert best(question, item, period_asked(question, "2020-05-01")) == "Brell"


def test_a_span_over_two_times_is_taken_apart() -> None:
    text = "In 1985 he moved to Tarn, and in 1991 to Quay."
    item = evidence(text, ("Tarn, and in 1991 to Quay", 3.0))
    assert best("What team did he join in 1991?", item, period("in 1991")) == "Quay"
    assert best("What team did he join in 1985?", item, period("in 1985")) == "Tarn"


def test_a_time_that_is_the_answer_stays_whole() -> None:
    item = evidence("The mill burned down on 3 May 1999.", ("3 May 1999", 4.0))
    assert best("On which day of 1999 did the mill burn down?", item, period("1999")) == "3 May 1999"


_WORDS = st.sampled_from(
    "In 2003 he joined Sel ; 1998-2003 ( ) - and since until 2012 31 November 05/06/07 9999 . , to".split()
)


@given(st.lists(_WORDS, max_size=60).map(" ".join), st.data())
def test_any_passage_fits_between_0_and_1_and_pieces_lie_in_their_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    story = Story.of(text, Span(0, len(text)), "2025-11-04")
    for question in ("in 2007", "before 2012", "from 1998 to 2003"):
        assert 0.0 <= story.held(period(question)) <= 1.0
        assert 0.0 <= story.held_at(period(question), Span(0, len(text)), Span(start, end)) <= 1.0
    pieces = story.apart(Span(start, end))
    assert pieces and all(start <= piece.start <= piece.end <= end for piece in pieces)
