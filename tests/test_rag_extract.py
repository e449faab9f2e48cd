"""The extractive answerer over readings that are given."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from index.values import Chunk, Document, Provenance
from rag.reading.extract import ExtractiveAnswerer
from rag.reading.judge import FEATURES, AskedFor, Judge, Logistic, packaged_judge, stem
from rag.values import Evidence, Hit, Reading, SpanAnswer


def evidence(number: int, text: str, *spans: SpanAnswer, at: int = 0) -> Evidence:
    document = Document(
        f"d{number}", "x" * at + text, "text/plain", Provenance(), (), (f"d{number}",), f"d{number}", 1, ""
    )
    return Evidence(
        number,
        Hit(Chunk(f"c{number}", document.id, 0, at, at + len(text), text), number, 1 / number, dense_score=0.5),
        document,
        Reading(2.0, spans),
    )


def span(text: str, answer: str, score: float = 5.0) -> SpanAnswer:
    return SpanAnswer(text.index(answer), text.index(answer) + len(answer), score)


def test_the_answer_is_the_span_and_the_statement_its_sentence() -> None:
    text = "It rained. The envoy signed on 4 May. Nobody spoke."
    draft = ExtractiveAnswerer().draft("When did the envoy sign?", [evidence(1, text, span(text, "4 May"), at=100)])
    assert draft.short == "4 May"
    assert [statement.text for statement in draft.statements] == ["The envoy signed on 4 May."]
    quote = draft.statements[0].quotes[0]
    assert (quote.start, quote.end) == (111, 137)


def test_a_half_word_is_made_whole_and_loose_signs_go() -> None:
    text = 'She said "not punitive", they wrote.'
    draft = ExtractiveAnswerer().draft("What did she say?", [evidence(1, text, SpanAnswer(9, 21, 5.0))])
    assert draft.short == "not punitive"


def test_a_span_over_a_heading_begins_after_it() -> None:
    text = "## Refugees\n\nMillions came. They stayed."
    draft = ExtractiveAnswerer().draft("Who came?", [evidence(1, text, SpanAnswer(3, 21, 5.0))])
    assert draft.short == "Millions"


def test_a_span_of_signs_is_no_answer() -> None:
    text = "## ... \n\nNothing more."
    assert ExtractiveAnswerer().draft("What?", [evidence(1, text, SpanAnswer(0, 6, 9.0))]).statements == ()


def test_without_evidence_there_is_no_answer_and_no_confidence() -> None:
    draft = ExtractiveAnswerer().draft("What?", [])
    assert draft.statements == () and draft.short == "" and draft.confidence == 0.0


def test_of_two_passages_the_one_with_the_questions_names_wins() -> None:
    near, right = "The port of Eskil counted 12 ships.", "The port of Tarn counted 31 ships."
    found = [evidence(2, near, span(near, "12", 4.0)), evidence(3, right, span(right, "31", 4.0))]
    assert ExtractiveAnswerer().draft("How many ships did Tarn count?", found).short == "31"


def test_evidence_that_was_not_read_has_no_answer() -> None:
    text = "The envoy signed on 4 May."
    item = replace(evidence(1, text, span(text, "4 May")), reading=None)
    assert ExtractiveAnswerer().draft("When did the envoy sign?", [item]).statements == ()


@given(st.integers(0, 40), st.integers(0, 40), st.text(alphabet='ab .\n"#(', min_size=1, max_size=40))
def test_any_span_of_any_passage_gives_offsets_inside_it(start: int, end: int, text: str) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    if start == end:
        return
    item = evidence(1, text, SpanAnswer(start, end, 1.0), at=3)
    for candidate in ExtractiveAnswerer().candidates("a b?", [item]):
        assert 3 <= candidate.sentence.start <= candidate.sentence.end <= 3 + len(text)
        assert 3 <= candidate.span.start < candidate.span.end <= 3 + len(text)


def test_the_packaged_judge_has_a_weight_for_every_signal() -> None:
    judge = packaged_judge()
    assert len(judge.right.weights) == len(judge.answerable.weights) == len(FEATURES)
    nothing = (-2.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.05, -2.0, 0.0)
    everything = (2.0, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0)
    assert judge.answerable.probability(nothing) < 0.05 < 0.95 < judge.answerable.probability(everything)


def test_a_probability_rises_with_the_log_odds_and_never_overflows() -> None:
    model = Logistic((1.0,) * len(FEATURES), 0.0)
    odds = [model.probability((value,) * len(FEATURES)) for value in (-1e9, -1.0, 0.0, 1.0, 1e9)]
    assert odds == sorted(odds) and odds[2] == 0.5 and 0.0 <= odds[0] < odds[-1] <= 1.0


def test_one_model_chooses_the_span_and_the_other_says_whether_there_is_an_answer() -> None:
    by_span, by_rank = ((0.0, 1.0) + (0.0,) * 7), ((0.0,) * 6 + (1.0, 0.0, 0.0))
    answerer = ExtractiveAnswerer(Judge(Logistic(by_span, 0.0), Logistic(by_rank, -1.0)))
    text = "Otto Lind built the mill in 1911."
    draft = answerer.draft("Who?", [evidence(1, text, SpanAnswer(0, 9, 5.0), SpanAnswer(28, 32, 1.0))])
    assert (draft.short, draft.confidence) == ("Otto Lind", 0.5)


def test_a_questions_names_and_numbers_are_its_hard_words() -> None:
    asked = AskedFor.of("How many ships did Tarn count in 2021?")
    assert asked.hard == {stem("Tarn"), "2021"} and stem("ships") in asked.words and stem("many") not in asked.words


class Checks:
    """Holds the spans with these words for right."""

    def __init__(self, *right: str) -> None:
        self.right_words = right

    def right(self, question: str, spans: list[tuple[str, int, int]]) -> list[float]:
        return [4.0 if text[start:end] in self.right_words else -4.0 for text, start, end in spans]


def test_a_span_that_fails_the_headline_check_is_quoted_and_not_shown_as_the_answer() -> None:
    text = "Otto Lind built the mill in 1911."
    found = [evidence(1, text, SpanAnswer(0, 9, 5.0))]
    draft = ExtractiveAnswerer(headline=Checks()).draft("When?", found)
    assert draft.short == "" and draft.statements[0].text == text
    assert ExtractiveAnswerer(headline=Checks("Otto Lind")).draft("Who?", found).short == "Otto Lind"


def test_the_headline_check_may_prefer_another_span() -> None:
    text = "Otto Lind built the mill in 1911."
    found = [evidence(1, text, SpanAnswer(0, 9, 5.0), SpanAnswer(28, 32, 4.5))]
    assert ExtractiveAnswerer(headline=Checks("1911")).draft("When?", found).short == "1911"
