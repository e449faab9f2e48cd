"""Who holds what, and whether they disagree: positions over candidates of an extractive answerer."""

from dataclasses import replace

from index.values import Document, Provenance, Published
from rag.contradictions.positions import Positions, find_positions, with_holders
from rag.gate.verify import verify
from rag.reading.extract import Candidate, ExtractiveAnswerer
from rag.values import Chunk, Evidence, Hit, Reading, SpanAnswer


def passage(
    number: int, text: str, answer: str, published: str | None = None, *, origin: str | None = None, score: float = 5.0
) -> Evidence:
    """Evidence in which the reader found `answer`."""
    dated = Published(published, "day", "front matter") if published else None
    name = f"d{number}"
    document = Document(name, text, "text/plain", Provenance(published=dated), (), (name,), origin or name, 1, "")
    start = text.index(answer)
    reading = Reading(2.0, (SpanAnswer(start, start + len(answer), score),))
    return Evidence(
        number, Hit(Chunk(f"c{number}", name, 0, 0, len(text), text), number, 1.0, dense_score=0.5), document, reading
    )


def candidates(question: str, *found: Evidence) -> list[Candidate]:
    return ExtractiveAnswerer().candidates(question, found)


def positions(question: str, *found: Evidence) -> Positions:
    result = find_positions(question, candidates(question, *found))
    assert result is not None
    return result


def values(found: Positions) -> list[str]:
    return [group.first.value.text for group in found.groups]


TRADE = "How large is trade between Tarn and Eskil?"
SIX = "Trade between Tarn and Eskil is around $6 million."
TWO = "The trade between Tarn and Eskil exceeded $2 million."


def test_two_figures_of_two_sources_are_two_positions_newest_first() -> None:
    found = positions(TRADE, passage(1, SIX, "$6 million", "2021-03-01"), passage(2, TWO, "$2 million", "2022-03-01"))
    assert found.disagree and values(found) == ["exceeded $2 million", "around $6 million"]


def test_a_rival_counts_however_low_it_ranks() -> None:
    found = positions(TRADE, passage(1, SIX, "$6 million"), passage(9, TWO, "$2 million", score=0.0))
    assert found.disagree


def test_figures_that_agree_are_one_position_with_all_who_hold_it() -> None:
    same = "Trade between Tarn and Eskil came to 6.1 million dollars."
    found = positions(TRADE, passage(1, SIX, "$6 million"), passage(2, same, "6.1 million dollars"))
    assert not found.disagree and [len(group.claims) for group in found.groups] == [2]


def test_copies_of_one_report_are_one_origin() -> None:
    found = positions(
        TRADE,
        passage(1, SIX, "$6 million"),
        passage(2, SIX, "$6 million", origin="d1"),
        passage(3, TWO, "$2 million"),
    )
    assert [(len(group.claims), group.origins) for group in found.groups] == [(2, 1), (1, 1)]


def test_a_reprint_does_not_disagree_with_its_original() -> None:
    assert not positions(TRADE, passage(1, SIX, "$6 million"), passage(2, TWO, "$2 million", origin="d1")).disagree


def test_a_figure_of_another_place_another_unit_or_another_thing_is_no_position() -> None:
    others = {
        "The trade between Tarn and Morvik exceeded $2 million.": "$2 million",
        "The trade between Tarn and Eskil grew by 2 percent.": "2 percent",
        "Fish was sold for $2 million.": "$2 million",
        "In 2011 trade between Tarn and Eskil was $2 million.": "$2 million",
    }
    best = passage(1, SIX.replace("is around", "in 2021 was around"), "$6 million")
    for text, answer in others.items():
        assert not positions(TRADE, best, passage(7, text, answer)).disagree, text


def test_two_people_in_one_office_disagree_and_a_surname_does_not() -> None:
    one, other = "Ada Rahn leads the harbour union.", "The harbour union is led by Bo Lind."
    asked = "Who leads the harbour union?"
    assert positions(asked, passage(1, one, "Ada Rahn"), passage(2, other, "Bo Lind")).disagree
    again = "The harbour union, which Rahn leads, met."
    assert not positions(asked, passage(1, one, "Ada Rahn"), passage(2, again, "Rahn")).disagree


def test_a_list_of_names_is_no_disagreement() -> None:
    one, other = "Ada Rahn attended the meeting.", "Bo Lind attended the meeting."
    asked = "Who attended the meeting?"
    assert find_positions(asked, candidates(asked, passage(1, one, "Ada Rahn"), passage(2, other, "Bo Lind"))) is None


def test_an_expectation_and_its_outcome_do_not_disagree() -> None:
    hope = "The bridge at Tarn is expected to cost $6 million."
    fact = "The bridge at Tarn cost $9 million."
    found = positions(
        "How much did the bridge at Tarn cost?",
        passage(1, fact, "$9 million", "2022-01-01"),
        passage(2, hope, "$6 million", "2020-01-01"),
    )
    assert not found.disagree
    assert [group.first.standing for group in found.groups] == ["reported", "expected"]


def test_each_position_gets_a_statement_and_each_statement_all_who_hold_it() -> None:
    found = [passage(1, SIX, "$6 million"), passage(2, SIX, "$6 million"), passage(3, TWO, "$2 million", score=0.0)]
    answerer = ExtractiveAnswerer()
    ranked = answerer.candidates(TRADE, found)
    held = find_positions(TRADE, ranked)
    assert held is not None
    first = verify(replace(answerer.draft_of(ranked[:1])), found)
    shown = with_holders(first, held, found)
    assert [(said.text, [quote.evidence for quote in said.quotes], said.status) for said in shown] == [
        (SIX, [1, 2], "verified"),
        (TWO, [3], "verified"),
    ]


def test_without_a_value_there_are_no_positions() -> None:
    text = "The port closed because of ice."
    assert (
        find_positions("Why did it close?", candidates("Why did it close?", passage(1, text, "because of ice"))) is None
    )
    assert find_positions("How many?", []) is None


def test_two_speakers_of_one_document_may_disagree_and_the_document_alone_does_not() -> None:
    asked = "How many people marched in Tarn?"
    text = "Police said that 1,200 people marched in Tarn. Union leader Bo Lind said that 4,000 people marched in Tarn."
    plain = "On Monday 1,200 people marched in Tarn. On Friday 4,000 people marched in Tarn."
    for said, disagree in ((text, True), (plain, False)):
        one, other = passage(1, said, "1,200 people"), passage(2, said, "4,000 people")
        same = replace(other, document=one.document, hit=replace(other.hit, chunk=one.hit.chunk))
        assert positions(asked, one, same).disagree is disagree


def test_two_sentences_that_say_yes_do_not_prove_each_other() -> None:
    asked = "Did the council approve the bridge at Tarn?"
    one, other = (
        "The council approved the bridge at Tarn.",
        "The council, which approved a bridge at Tarn, met on Friday.",
    )
    found = [passage(1, one, "approved the bridge"), passage(2, other, "approved a bridge")]
    answerer = ExtractiveAnswerer()
    ranked = answerer.candidates(asked, found)
    held = find_positions(asked, ranked)
    assert held is not None and not held.disagree
    shown = with_holders(verify(answerer.draft_of(ranked[:1]), found), held, found)
    assert [[quote.evidence for quote in said.quotes] for said in shown] == [[1]]
