"""The extractive answerer over a reader whose spans are given."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from index.values import Chunk, Document, Provenance
from rag.extract import ExtractiveAnswerer
from rag.judge import FEATURES, AskedFor, Judge, packaged_judge, stem
from rag.protocols import SpanAnswer
from rag.values import Evidence, Hit


class GivenReader:
    """Answers every passage with the spans it was given."""

    def __init__(self, spans: Sequence[Sequence[SpanAnswer]]) -> None:
        self.spans = spans

    def read(self, question: str, passages: Sequence[str], *, spans: int = 1) -> list[list[SpanAnswer]]:
        return [list(found[:spans]) for found in self.spans]


def evidence(number: int, text: str, *, at: int = 0) -> Evidence:
    document = Document(
        f"d{number}", "x" * at + text, "text/plain", Provenance(), (), (f"d{number}",), f"d{number}", 1, ""
    )
    return Evidence(
        number,
        Hit(Chunk(f"c{number}", document.id, 0, at, at + len(text), text), number, 1 / number, dense_score=0.5),
        document,
    )


def span(text: str, answer: str, score: float = 5.0) -> SpanAnswer:
    return SpanAnswer(text.index(answer), text.index(answer) + len(answer), score)


def test_the_answer_is_the_span_and_the_statement_its_sentence() -> None:
    text = "It rained. The envoy signed on 4 May. Nobody spoke."
    draft = ExtractiveAnswerer(GivenReader([[span(text, "4 May")]])).draft(
        "When did the envoy sign?", [evidence(1, text, at=100)]
    )
    assert draft.short == "4 May"
    assert [statement.text for statement in draft.statements] == ["The envoy signed on 4 May."]
    quote = draft.statements[0].quotes[0]
    assert (quote.start, quote.end) == (111, 137)


def test_a_half_word_is_made_whole_and_loose_signs_go() -> None:
    text = 'She said "not punitive", they wrote.'
    draft = ExtractiveAnswerer(GivenReader([[SpanAnswer(9, 21, 5.0)]])).draft("What did she say?", [evidence(1, text)])
    assert draft.short == "not punitive"


def test_a_span_over_a_heading_begins_after_it() -> None:
    text = "## Refugees\n\nMillions came. They stayed."
    draft = ExtractiveAnswerer(GivenReader([[SpanAnswer(3, 21, 5.0)]])).draft("Who came?", [evidence(1, text)])
    assert draft.short == "Millions"


def test_a_span_of_signs_is_no_answer() -> None:
    text = "## ... \n\nNothing more."
    assert (
        ExtractiveAnswerer(GivenReader([[SpanAnswer(0, 6, 9.0)]])).draft("What?", [evidence(1, text)]).statements == ()
    )


def test_without_evidence_there_is_no_answer_and_no_confidence() -> None:
    draft = ExtractiveAnswerer(GivenReader([])).draft("What?", [])
    assert draft.statements == () and draft.short == "" and draft.confidence == 0.0


def test_of_two_passages_the_one_with_the_questions_names_wins() -> None:
    near, right = "The port of Eskil counted 12 ships.", "The port of Tarn counted 31 ships."
    reader = GivenReader([[span(near, "12", 4.0)], [span(right, "31", 4.0)]])
    assert (
        ExtractiveAnswerer(reader)
        .draft("How many ships did Tarn count?", [evidence(1, near), evidence(2, right)])
        .short
        == "31"
    )


@given(st.integers(0, 40), st.integers(0, 40), st.text(alphabet='ab .\n"#(', min_size=1, max_size=40))
def test_any_span_of_any_passage_gives_offsets_inside_it(start: int, end: int, text: str) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    if start == end:
        return
    item = evidence(1, text, at=3)
    for candidate in ExtractiveAnswerer(GivenReader([[SpanAnswer(start, end, 1.0)]])).candidates("a b?", [item]):
        assert 3 <= candidate.sentence.start <= candidate.sentence.end <= 3 + len(text)
        assert 3 <= candidate.span.start < candidate.span.end <= 3 + len(text)


def test_the_packaged_judge_has_a_weight_for_every_signal() -> None:
    judge = packaged_judge()
    assert len(judge.weights) == len(FEATURES)
    assert 0.0 <= judge.confidence(-1e9) < 0.01 < 0.99 < judge.confidence(1e9) <= 1.0


def test_confidence_rises_with_the_logit() -> None:
    judge = Judge((1.0,) * len(FEATURES), 0.0, 1.0, 0.0)
    assert judge.confidence(-1) < judge.confidence(0) == 0.5 < judge.confidence(1)


def test_a_questions_names_and_numbers_are_its_hard_words() -> None:
    asked = AskedFor.of("How many ships did Tarn count in 2021?")
    assert asked.hard == {stem("Tarn"), "2021"} and stem("ships") in asked.words and stem("many") not in asked.words
