"""The four classes, on answers small enough to be judged by eye."""

import pytest

from eval.cases import GoldCase
from eval.classes import classify, shows
from rag.values import Answer, Citation, Statement

FACT = GoldCase("g1", "fact", "What does it cost?", answers=("40 pounds",))
YEAR = GoldCase("g2", "fact", "What did it cost in 2024?", answers=("40 pounds",), not_in_headline=("45 pounds",))
LIST = GoldCase("g3", "list", "Who came?", items=(("Ola",), ("Per", "Peter"), ("Siv",)), min_items=2)
EVERY = GoldCase("g4", "howto", "How?", items=(("rinse",), ("dry",)))
CONFLICT = GoldCase("g5", "conflict", "How many?", positions=(("17",), ("30", "thirty")))
NEAR = GoldCase("g6", "near_unanswerable", "When does it close?")


def answer(short="", text="", quotes=(), verdict="answered"):
    cited = tuple(
        Citation(number=number, document_id="d", chunk_id="c", quote=quote, start=0, end=len(quote))
        for number, quote in enumerate(quotes, start=1)
    )
    statements = tuple(Statement(text=one.quote, citations=(one.number,), status="verified") for one in cited)
    return Answer(
        id="a", question="q", query="q", verdict=verdict, text=text, short=short, confidence=0.5, statements=statements,
        citations=cited, answered_by="extractive", settings_hash="s", generation="g",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "given", "found"),
    [
        (FACT, answer("40 pounds", "It costs 40 pounds. [1]"), "good"),
        (FACT, answer("45 pounds", "It costs 45 pounds, before 40 pounds. [1]"), "wrong"),
        (FACT, answer("", "It costs 40 pounds. [1]"), "good"),
        (FACT, answer("", "The passages that come nearest say:", ["It costs 40 pounds."]), "half"),
        (FACT, answer("", "The passages that come nearest say:", ["It is closed."]), "wrong"),
        (FACT, answer(verdict="not_stated", text="Not stated."), "refused"),
        (FACT, answer("40 pounds", verdict="conflicting"), "wrong"),
        (YEAR, answer("from 45 pounds to 40 pounds"), "wrong"),
        (YEAR, answer("40 pounds", "It cost 40 pounds, then 45 pounds."), "good"),
        (LIST, answer("", "Ola and Peter came."), "good"),
        (LIST, answer("Ola", "Ola came."), "half"),
        (LIST, answer("", "They came.", ["Ola, Per and Siv came."]), "wrong"),
        (EVERY, answer("", "Rinse it."), "half"),
        (EVERY, answer("", "Rinse it. Dry it."), "good"),
        (CONFLICT, answer("17", "Thirty, says another.", verdict="conflicting"), "good"),
        (CONFLICT, answer("", "They disagree.", ["It has 17.", "It has 30."], verdict="conflicting"), "good"),
        (CONFLICT, answer("17", "17 or 30.", verdict="answered"), "half"),
        (CONFLICT, answer("17", "It has 17.", verdict="conflicting"), "half"),
        (CONFLICT, answer("12", "It has 12.", verdict="answered"), "wrong"),
        (CONFLICT, answer(verdict="not_stated"), "refused"),
        (NEAR, answer(verdict="not_stated", text="It opens at 9."), "good"),
        (NEAR, answer("at 9", "It opens at 9."), "wrong"),
    ],
)
def test_an_answer_is_in_the_class_that_a_reader_would_put_it_in(case, given, found):
    assert classify(case, given) == found


@pytest.mark.parametrize(
    ("text", "form", "found"),
    [
        ("It costs 1,250 € a month", "1250 €", True),
        ("It costs 1 250 €", "1,250 €", True),
        ("It costs 11250 €", "1250 €", False),
        ("THE RED DOOR!", "red door", True),
        ("reddoor", "red door", False),
        ("the day’s end", "day's end", True),
        ("a \uff12\uff10 mg tablet", "20 mg", True),
        ("120 mg", "20 mg", False),
        ("C++ [1]", "c", True),
        ("anything", "?!", False),
        ("", "a", False),
    ],
)
def test_a_form_stands_as_whole_words_whatever_its_case_and_thousands(text, form, found):
    assert shows(text, [form]) is found
