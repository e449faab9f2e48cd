"""What a question asks for, what a span states, and when two stated values agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.values import Span
from rag.contradictions.comparing import agree, comparable, same_quantity
from rag.contradictions.scope import same_thing
from rag.contradictions.values import Value, value_of
from rag.facts.quantities import quantities
from rag.question.asked import Asked, kind_asked

QUESTION = "What came of it?"


def stated(asked: Asked, sentence: str, answer: str, published: str | None = None) -> Value | None:
    start = sentence.index(answer)
    return value_of(QUESTION, asked, sentence, Span(0, len(sentence)), Span(start, start + len(answer)), published)


def value(asked: Asked, sentence: str, answer: str, published: str | None = None) -> Value:
    found = stated(asked, sentence, answer, published)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many ships came?", "quantity"),
        ("What was the death toll?", "quantity"),
        ("what's the budget of the theatre", "quantity"),
        ("When does the bridge open?", "date"),
        ("In which year was it founded?", "date"),
        ("Who leads the union?", "name"),
        ("Where will the court sit?", "name"),
        ("Which company won the contract?", "name"),
        ("Did the vote pass?", "outcome"),
        ("Is the mill still open?", "outcome"),
        ("How did the talks end?", "outcome"),
        ("Who attended the meeting?", "text"),
        ("Which countries signed?", "text"),
        ("Why did it close?", "text"),
        ("Is it red or green?", "text"),
    ],
)
def test_a_question_shows_what_kind_of_value_it_asks_for(question: str, kind: str) -> None:
    assert kind_asked(question) == kind


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1.7 million ships", "1,700,000 ships"),
        ("about 1.7 million", "1.75 million"),
        ("over 300 guests", "310 guests"),
        ("$2bn", "2 billion dollars"),
        ("twelve", "12"),
        ("2,000 people", "1,987 people"),
        ("between 2 and 3 million", "2.4 million"),
        ("2-3 million", "about 3 million"),
    ],
)
def test_one_figure_in_two_forms_is_no_conflict(left: str, right: str) -> None:
    assert same_quantity(quantities(left)[0], quantities(right)[0])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("about 1.7 million", "over 3 million"),
        ("2-3 million", "4 million"),
        ("41 dead", "47 dead"),
        ("1,200", "1,300"),
        ("2,000 people", "1,600 people"),
        ("at most 10", "12"),
    ],
)
def test_two_figures_that_cannot_be_meant_by_one_another_disagree(left: str, right: str) -> None:
    assert not same_quantity(quantities(left)[0], quantities(right)[0])


def test_a_figure_is_shown_with_its_bound() -> None:
    assert value("quantity", "Some say over 3 million came.", "3 million").text == "over 3 million"
    assert value("quantity", "It cost more than $2 billion.", "2 billion").text == "more than $2 billion"
    assert value("quantity", "It hosts about 2 million people.", "It hosts about 2 million").text == "about 2 million"


def test_millions_and_third_are_no_figures() -> None:
    assert stated("quantity", "Millions came.", "Millions") is None
    assert stated("quantity", "She came third.", "third") is None


def test_a_date_without_its_year_takes_it_from_the_publication() -> None:
    told, other = (
        value("date", "It opened on 3 May.", "3 May", "2021-05-10"),
        value("date", "on May 3, 2021", "May 3, 2021"),
    )
    later = value("date", "It opens on 4 May 2021.", "4 May 2021")
    assert agree(told, other) and not agree(told, later)


def test_a_day_and_a_month_do_not_compare() -> None:
    assert not comparable(value("date", "on 3 May 2021", "3 May 2021"), value("date", "in June 2021", "June 2021"))


def test_a_surname_a_title_and_initials_are_the_same_name() -> None:
    full = value("name", "Captain Maria Solberg steered.", "Captain Maria Solberg")
    assert agree(full, value("name", "Solberg was at the helm.", "Solberg"))
    assert not agree(full, value("name", "Captain Jonas Reed steered.", "Captain Jonas Reed"))
    council = value("name", "The World Health Organization decided.", "World Health Organization")
    assert agree(council, value("name", "The WHO decided.", "WHO"))


def test_two_names_in_one_span_are_no_single_value() -> None:
    assert stated("name", "Ada Rahn and Bo Lind signed.", "Ada Rahn and Bo Lind") is None


@pytest.mark.parametrize(
    ("sentence", "upholds"),
    [
        ("The talks ended without agreement.", False),
        ("An agreement on the water of the lake was signed by both sides.", True),
        ("The council rejected the plan.", False),
        ("The council approved the plan by 12 votes.", True),
        ("The strike was called off.", False),
        ("It rained.", None),
    ],
)
def test_a_sentence_tells_whether_something_came_to_pass(sentence: str, upholds: bool | None) -> None:
    found = stated("outcome", sentence, sentence)
    assert (found.upholds if found else None) is upholds


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("Did the vote pass?", "The council approved the plan.", "The council rejected the plan."),
        ("Did the talks fail?", "The talks collapsed on Monday.", "Both sides reached an agreement."),
        (
            "Is the harbour used by smugglers?",
            "Smugglers use the harbour.",
            "The harbour is not used by any smugglers.",
        ),
        ("Is the frontier a recognised border?", "It is the recognised border.", "It is a disputed border."),
        ("Are the parties united?", "They are united.", "The parties are divided."),
    ],
)
def test_a_question_for_yes_or_no_is_upheld_or_not(question: str, yes: str, no: str) -> None:
    for text, upholds in ((yes, True), (no, False)):
        whole = Span(0, len(text))
        found = value_of(question, "outcome", text, whole, whole)
        assert found is not None
        assert found.upholds is upholds, text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("31 people were killed.", "90 people were injured."),
        ("In 2021 trade was 31.", "In 2011 trade was 90."),
        ("Revenue was 31 million.", "Profit fell to 90 million."),
        ("31 teachers fell ill.", "90 pupils fell ill."),
        ("There were 31 deaths in Tarn.", "There were 90 deaths in Eskil."),
        ("Exports came to 31 million.", "Imports came to 90 million."),
    ],
)
def test_a_figure_for_another_year_place_or_measure_is_another_thing(left: str, right: str) -> None:
    spans = [Span(text.index(number), text.index(number) + 2) for text, number in ((left, "31"), (right, "90"))]
    assert not same_thing("How many?", left, spans[0], right, spans[1])


def test_a_figure_for_another_place_than_the_question_names_is_another_thing() -> None:
    left, right = "31 ships came in May.", "In Eskil 90 ships were counted."
    assert not same_thing("How many ships came in Tarn?", left, Span(0, 2), right, Span(9, 11))


def test_a_place_that_the_question_names_is_not_held_against_a_sentence() -> None:
    left, right = "31 ships came to the port in Tarn.", "The harbour at Tarn in Ostria counted 90 ships."
    assert same_thing("How many ships came to Tarn?", left, Span(0, 2), right, Span(36, 38))


@given(st.text(max_size=200), st.text(max_size=60), st.sampled_from(["quantity", "date", "name", "outcome", "text"]))
def test_no_text_fails_and_every_value_stands_where_it_says(before: str, answer: str, asked: Asked) -> None:
    text = f"{before} {answer}"
    found = value_of(QUESTION, asked, text, Span(0, len(text)), Span(len(before) + 1, len(text)), "2021-05-10")
    assert found is None or text[found.span.start : found.span.end] == found.text
    kind_asked(text)
