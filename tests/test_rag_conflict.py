import pytest

from index.sentences import sentence_spans
from index.values import Chunk, Document, Provenance, Published, Span
from rag.conflict import agree, find_conflict
from rag.facts import quantities
from rag.values import Evidence, Hit, Quote
from rag.verify import VerifiedStatement


def piece(number: int, text: str, published: str | None = None, origin: str | None = None) -> Evidence:
    dated = Published(published, "day", "front matter") if published else None
    document = Document(
        f"d{number}",
        text,
        "text/plain",
        Provenance(published=dated),
        (),
        (f"d{number}",),
        origin or f"d{number}",
        1,
        "",
    )
    return Evidence(number, Hit(Chunk(f"c{number}", document.id, 0, 0, len(text), text), number, 1 / number), document)


def says(evidence: Evidence, answer: str) -> VerifiedStatement:
    text = evidence.document.text
    start = text.index(answer)
    span = Span(start, start + len(answer))
    sentence = next(s for s in sentence_spans(text) if s.start <= start < s.end)
    return VerifiedStatement(text, (Quote(evidence.number, sentence.start, sentence.end),), "verified", {}, span)


def test_two_figures_from_two_sources_are_two_positions_newest_first() -> None:
    old = piece(1, "The town has approximately 1.7 million residents.", "2021-03-01")
    new = piece(2, "There are over 3 million residents in the town.", "2022-03-01")
    conflict = find_conflict([says(old, "approximately 1.7 million"), says(new, "over 3 million")], [old, new])
    assert [[figure.text for figure in group] for group in conflict] == [
        ["over 3 million"],
        ["approximately 1.7 million"],
    ]


def test_the_bound_beside_the_span_counts() -> None:
    one, other = piece(1, "It costs about $1.7 billion."), piece(2, "It costs $1.8 billion.")
    assert find_conflict([says(one, "$1.7 billion"), says(other, "$1.8 billion")], [one, other]) == ()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1.7 million ships", "1,700,000 ships"),
        ("about 1.7 million", "1.75 million"),
        ("over 300 guests", "310 guests"),
        ("$2bn", "2 billion dollars"),
        ("twelve", "12"),
    ],
)
def test_one_figure_in_two_forms_is_no_conflict(left: str, right: str) -> None:
    assert agree(quantities(left)[0], quantities(right)[0])


def test_figures_of_different_units_are_different_things() -> None:
    money, share = (
        piece(1, "The bridge cost 40 million dollars."),
        piece(2, "The bridge took 40 per cent of the budget."),
    )
    assert find_conflict([says(money, "40 million dollars"), says(share, "40 per cent")], [money, share]) == ()


def test_a_reprint_does_not_disagree_with_its_original() -> None:
    first, copy = piece(1, "The crew counted 40 ships."), piece(2, "The crew counted 14 ships.", origin="d1")
    assert find_conflict([says(first, "40"), says(copy, "14")], [first, copy]) == ()


def test_two_figures_of_one_document_are_no_conflict_between_sources() -> None:
    only = piece(1, "In May there were 40 ships. In June there were 90 ships.")
    assert find_conflict([says(only, "40"), says(only, "90")], [only]) == ()


def test_words_and_long_answers_are_left_alone() -> None:
    one, other = piece(1, "Ada Rahn leads the port."), piece(2, "Bo Lind leads the port.")
    assert find_conflict([says(one, "Ada Rahn"), says(other, "Bo Lind")], [one, other]) == ()


def test_a_vague_figure_disagrees_with_nothing() -> None:
    one, other = piece(1, "Millions of people came."), piece(2, "Over 3 million people came.")
    assert find_conflict([says(one, "Millions"), says(other, "3 million")], [one, other]) == ()
