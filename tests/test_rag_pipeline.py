import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import LanguageModelFailed
from index.files import find_files
from index.values import Filters
from rag.build import Dossier, open_dossier
from rag.pipeline import Pipeline, clean_question
from rag.settings import load_settings
from rag.values import Answer, Draft, DraftStatement, Evidence, Quote


@pytest.fixture(scope="module")
def pipeline(harbour_dossier: Dossier) -> Pipeline:
    return harbour_dossier.pipeline()


def assert_proved(answer: Answer, pipeline: Pipeline) -> None:
    """Every quote is verbatim at its offsets and every statement cites a citation that exists."""
    numbers = {citation.number for citation in answer.citations}
    for citation in answer.citations:
        text = pipeline.retriever.corpus.document(citation.document_id).text
        assert text[citation.start : citation.end] == citation.quote != ""
    assert all(statement.citations and set(statement.citations) <= numbers for statement in answer.statements)


def test_a_question_is_answered_with_a_verbatim_quote_and_its_source(pipeline: Pipeline) -> None:
    answer = pipeline.answer("Who is the secretary of the union?")
    assert answer.verdict == "answered" and "Lindqvist" in answer.short
    first = answer.citations[0]
    assert (first.publisher, first.author, first.published, first.published_source) == (
        "The Tarn Courier",
        "Ilse Brandt",
        "2021-05-06",
        "front matter",
    )
    assert "Oskar Lindqvist" in first.quote and "[1]" in answer.text
    assert_proved(answer, pipeline)


def test_what_the_documents_do_not_say_is_not_stated_and_shows_the_nearest(pipeline: Pipeline) -> None:
    answer = pipeline.answer("Who won the 2022 World Cup?")
    assert answer.verdict == "not_stated" and answer.citations == () and answer.short == ""
    assert answer.text.startswith("The documents don't say.") and answer.evidence


def test_the_same_question_gets_the_same_answer(pipeline: Pipeline) -> None:
    first, second = (pipeline.answer("How many passengers were counted?") for _ in range(2))
    assert first.model_copy(update={"id": "", "timings_ms": {}}) == second.model_copy(
        update={"id": "", "timings_ms": {}}
    )


def test_a_number_means_one_passage_in_citations_and_evidence(pipeline: Pipeline) -> None:
    answer = pipeline.answer("When did the ferries leave again?")
    passages = {view.number: view.chunk_id for view in answer.evidence}
    assert len(passages) == len(answer.evidence)
    assert all(passages[citation.number] == citation.chunk_id for citation in answer.citations)
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))


def test_a_publisher_filter_leaves_no_other_outlet(pipeline: Pipeline) -> None:
    answer = pipeline.answer("When do the ferries run again?", filters=Filters(publisher="Northern Post"))
    assert {view.publisher for view in answer.evidence} == {"Northern Post"}


def test_as_of_hides_what_was_published_later(pipeline: Pipeline) -> None:
    answer = pipeline.answer("When do the ferries run again?", as_of="2021-05-07")
    assert {view.publisher for view in answer.evidence} == {"The Tarn Courier"}
    assert answer.filters.as_of == "2021-05-07"


def test_as_of_a_month_does_not_reach_past_an_earlier_end(pipeline: Pipeline) -> None:
    until = Filters(until="2021-05-07")
    answer = pipeline.answer("When do the ferries run again?", filters=until, as_of="2021-05")
    assert {view.publisher for view in answer.evidence} == {"The Tarn Courier"}


def test_as_of_a_date_still_lets_a_question_name_its_source(pipeline: Pipeline) -> None:
    answer = pipeline.answer("According to the Tarn Courier, when do the ferries run?", as_of="2021-12-31")
    assert (answer.filters.publisher, answer.filters.as_of) == ("The Tarn Courier", "2021-12-31")
    assert answer.filters.detected and answer.filters.until is None


def test_a_filter_that_nothing_passes_is_not_stated(pipeline: Pipeline) -> None:
    answer = pipeline.answer("Who steered?", filters=Filters(publisher="No Such Paper"))
    assert answer.verdict == "not_stated" and answer.evidence == ()


def test_a_question_that_names_its_source_searches_only_that_and_says_so(pipeline: Pipeline) -> None:
    answer = pipeline.answer("According to the Northern Post, when did the ferries leave the quay again?")
    assert {view.publisher for view in answer.evidence} == {"Northern Post"}
    assert (answer.filters.publisher, answer.filters.detected) == ("Northern Post", True)
    switched_off = replace(pipeline, settings=pipeline.settings.model_copy(update={"detect_filters": False}))
    whole = switched_off.answer("According to the Northern Post, when did the ferries leave the quay again?")
    assert len({view.publisher for view in whole.evidence}) > 1 and not whole.filters.detected


def test_a_caller_who_sets_a_filter_is_obeyed_whatever_the_question_says(pipeline: Pipeline) -> None:
    asked = "According to the Northern Post, when did the ferries leave the quay again?"
    answer = pipeline.answer(asked, filters=Filters(publisher="The Tarn Courier"))
    assert {view.publisher for view in answer.evidence} == {"The Tarn Courier"}
    assert (answer.filters.publisher, answer.filters.detected) == ("The Tarn Courier", False)


def test_a_restriction_that_leaves_nothing_is_dropped(pipeline: Pipeline) -> None:
    answer = pipeline.answer("What did the Northern Post report before 2019 about the ferries?")
    assert answer.evidence and not answer.filters.detected and answer.filters.until is None


def test_both_parts_of_a_question_are_searched(pipeline: Pipeline) -> None:
    answer = pipeline.answer("Who is the secretary of the union, and who steered the first crossing?")
    texts = [view.text for view in answer.evidence[:2]]
    assert any("Lindqvist" in text for text in texts) and any("Solberg" in text for text in texts)


@pytest.mark.parametrize("question", ["the", "?", "and or", "Is?", "…", "🌊"])
def test_a_question_without_a_content_word_is_not_stated(pipeline: Pipeline, question: str) -> None:
    assert pipeline.answer(question).verdict == "not_stated"


def test_signals_show_what_the_question_names(pipeline: Pipeline) -> None:
    first = pipeline.search("Who did the Northern Post say steered on 9 May?", top_k=1)[0]
    assert first.signals["outlet_named"] == 1.0 and first.rerank_score is not None


@pytest.mark.parametrize("question", ["", "   ", "\u200b\u200b", "\n\t", "a" * 4001, "\ud800 lone"])
def test_a_question_that_cannot_be_asked_is_refused_by_name(pipeline: Pipeline, question: str) -> None:
    with pytest.raises(ValueError, match=r"^question"):
        pipeline.answer(question)


@pytest.mark.parametrize("top_k", [0, -1, 51, 10**18])
def test_a_top_k_out_of_range_is_refused_by_name(pipeline: Pipeline, top_k: int) -> None:
    with pytest.raises(ValueError, match=r"^top_k must be 1 to 50, got"):
        pipeline.search("ferries", top_k=top_k)


def test_search_ranks_from_one_with_falling_scores(pipeline: Pipeline) -> None:
    hits = pipeline.search("ferries between Tarn and Eskil", top_k=5)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(hit.dense_rank or hit.lexical_rank for hit in hits)


@given(st.text(max_size=200))
def test_a_clean_question_is_one_visible_line_or_refused(text: str) -> None:
    try:
        cleaned = clean_question(text, longest=200)
    except ValueError:
        return
    assert cleaned == " ".join(cleaned.split()) and not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs"}


class FixedAnswerer:
    """Proposes one statement that quotes the first passage whole."""

    name = "fixed"

    def __init__(self, text: str | None) -> None:
        self.text = text

    def draft(self, question: str, evidence: list[Evidence], **told: object) -> Draft:
        if self.text is None:
            raise LanguageModelFailed("the model at this address did not answer")
        chunk = evidence[0].hit.chunk
        statement = DraftStatement(self.text, (Quote(evidence[0].number, chunk.start, chunk.end),))
        return Draft((statement,), "", 1.0, "llm:fixed")


def test_a_language_model_that_fails_leaves_the_extractive_answer(pipeline: Pipeline) -> None:
    answer = replace(pipeline, language_model=FixedAnswerer(None)).answer("Who is the secretary of the union?")
    assert answer.degraded and answer.answered_by == "extractive" and "Lindqvist" in answer.short
    assert answer.degraded_reason is not None and answer.degraded_reason.code == "unusable"
    assert "at this address" not in answer.degraded_reason.message
    assert_proved(answer, pipeline)


def test_an_invented_figure_never_reaches_the_answer(pipeline: Pipeline) -> None:
    invented = "Union secretary Oskar Lindqvist said that 987 members had voted in favour."
    answer = replace(pipeline, language_model=FixedAnswerer(invented)).answer("Who is the secretary of the union?")
    assert "987" not in answer.text and answer.degraded
    assert answer.degraded_reason is not None and answer.degraded_reason.code == "nothing-supported"
    assert_proved(answer, pipeline)


def test_a_statement_that_its_quote_proves_is_shown_as_the_models(pipeline: Pipeline) -> None:
    told = "Oskar Lindqvist, the union secretary, said 310 members voted in favour."
    answer = replace(pipeline, language_model=FixedAnswerer(told)).answer("How many members voted for the deal?")
    assert answer.answered_by == "llm:fixed" and "310 members" in answer.text and not answer.degraded
    assert_proved(answer, pipeline)


@pytest.mark.slow
def test_figures_that_disagree_stand_side_by_side(tmp_path, harbour_dossier: Dossier) -> None:  # type: ignore[no-untyped-def]
    told = {
        "courier.md": "---\ntitle: A full house\npublisher: The Tarn Courier\npublished: 2021-05-01\n---\nThe library in Tarn holds about 40,000 books, the mayor said.\n",
        "post.md": "---\ntitle: Shelves to spare\npublisher: Northern Post\npublished: 2021-06-01\n---\nThe Tarn library holds over 90,000 books, according to its director.\n",
    }
    for name, text in told.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    collection = harbour_dossier.collection("library", create=True)
    found = find_files([tmp_path], max_files=10)
    collection.ingest(found.files)
    answer = harbour_dossier.pipeline("library").answer("How many books does the library in Tarn hold?")
    assert answer.verdict == "conflicting"
    (conflict,) = answer.conflicts
    assert [position.normalized["number"] for position in conflict.positions] == [90_000, 40_000]
    assert [position.publisher for position in conflict.positions] == ["Northern Post", "The Tarn Courier"]
    assert "40,000" in answer.short and "90,000" in answer.short
    assert_proved(answer, harbour_dossier.pipeline("library"))


FOREIGN = {
    "lavoir.txt": "Règlement du lavoir de Montcel\nMis à jour le 4 mai 2023\n\nLe lavoir ouvre à sept heures tous les matins. "
    "La gardienne, Mme Odile Ferrand, habite la maison voisine.\n",
    "caiyuan.txt": "北岭公共菜园规定\n发布日期：2024年2月7日\n\n菜园每天清晨六点开门。菜园的管理员是何雨桐。\n",
}


def test_questions_in_other_languages_are_answered_by_whole_sentences_without_a_headline(
    tmp_path: Path,
) -> None:
    for name, text in FOREIGN.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with open_dossier(load_settings(data=tmp_path / "data")) as dossier:
        collection = dossier.collection("foreign", create=True)
        collection.ingest(find_files([tmp_path / name for name in FOREIGN], max_files=9).files)
        assert collection.languages() == ["fr", "zh"]
        check_foreign(dossier.pipeline("foreign"))


def check_foreign(foreign: Pipeline) -> None:
    for question, sentence, published in (
        (
            "Qui est la gardienne du lavoir ?",
            "La gardienne, Mme Odile Ferrand, habite la maison voisine.",
            "2023-05-04",
        ),
        ("管理员是谁？", "菜园的管理员是何雨桐。", "2024-02-07"),
    ):
        answer = foreign.answer(question)
        assert (answer.verdict, answer.short, answer.answered_by) == ("answered", "", "verbatim")
        assert answer.statements[0].text == sentence
        assert answer.citations[0].published == published
        assert_proved(answer, foreign)
        assert foreign.search(question, top_k=1)[0].chunk.text == answer.evidence[0].text
    assert foreign.answer("Où se trouve la caserne des pompiers ?").verdict == "not_stated"
    assert foreign.answer("火车站在哪里？").verdict == "not_stated"
    assert foreign.answer("Who is the keeper Odile Ferrand?").short == ""
