"""Answers told while they are made: nothing is told that has not passed, and what was told stays and keeps its number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.answer.telling import Listener
from rag.build import Dossier
from rag.llm.generate import LLMAnswerer
from rag.pipeline import Pipeline
from rag.settings import Settings
from rag.values import Answer, Citation, EvidenceView, Statement
from tests.fakes_llm import ReadingModel

QUESTION = "How many members voted for the deal?"
UNANSWERED = "Who won the 2022 World Cup?"
TRUE = "Union secretary Oskar Lindqvist said that 310 members had voted in favour."
ALSO_TRUE = "Captain Maria Solberg steered the first crossing."
INVENTED = "Union secretary Oskar Lindqvist said that 987 members had voted in favour."


class Heard(Listener):
    """Writes down what it hears, in order; drafts apart."""

    def __init__(self) -> None:
        self.drafts: list[tuple[Answer, str]] = []
        self.after: list[int] = []
        self.sources_heard: list[list[EvidenceView]] = []
        self.statements: list[Statement] = []
        self.citations: dict[int, Citation] = {}
        self.log: list[str] = []

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        self.sources_heard.append(list(evidence))
        self.log.append("sources")

    def draft(self, answer: Answer, writing: str) -> None:
        self.drafts.append((answer, writing))
        self.after.append(len(self.log))

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        self.statements.append(statement)
        self.citations |= {one.number: one for one in citations}
        self.log.append(statement.text)


@pytest.fixture(scope="module")
def pipeline(harbour_dossier: Dossier) -> Pipeline:
    return harbour_dossier.pipeline()


def number_of(passages: dict[int, str], words: str) -> int:
    return next(number for number, text in passages.items() if words in text)


def saying(*statements: tuple[str, str], breaks_off: bool = False, **rest: object) -> ReadingModel:
    """A model that makes statements, each citing the passage that holds some words."""

    def reply(passages: dict[int, str]) -> str:
        told = [{"text": text, "citations": [number_of(passages, words)]} for text, words in statements]
        return json.dumps({"statements": told, "short": "310", "not_stated": False, **rest})

    return ReadingModel(reply, breaks_off=breaks_off)


def told(pipeline: Pipeline, question: str, model: ReadingModel | None, **options: object) -> tuple[Answer, Heard]:
    heard = Heard()
    answerer = LLMAnswerer(model) if model else None
    return replace(pipeline, language_model=answerer, **options).answer(question, listener=heard), heard  # type: ignore[arg-type]


def assert_told_as_answered(answer: Answer, heard: Heard) -> None:
    """Every statement of the answer was told, none else was, and each number means the same passage in both."""
    assert [one.text for one in heard.statements] == [one.text for one in answer.statements]
    chunks = {one.number: one.chunk_id for one in answer.citations}
    for statement in heard.statements:
        assert statement.citations and set(statement.citations) <= set(heard.citations)
    for number, citation in heard.citations.items():
        assert chunks[number] == citation.chunk_id
    for before, after in zip(heard.statements, answer.statements, strict=True):
        assert set(before.citations) <= set(after.citations)


def test_an_unsupported_sentence_between_two_supported_ones_is_never_told(pipeline: Pipeline) -> None:
    model = saying((ALSO_TRUE, "Solberg"), (INVENTED, "Lindqvist"), (TRUE, "Lindqvist"))
    answer, heard = told(pipeline, QUESTION, model)
    assert heard.log == ["sources", "sources", ALSO_TRUE, TRUE]
    assert_told_as_answered(answer, heard)
    assert "987" not in answer.model_dump_json(exclude={"evidence"})
    assert answer.answered_by == "llm:reading" and not answer.degraded


def test_the_extractive_answer_is_told_whole_before_the_model_is_asked(pipeline: Pipeline) -> None:
    model = saying((TRUE, "Lindqvist"))
    answer, heard = told(pipeline, QUESTION, model)
    ((draft, writing),) = heard.drafts
    assert (draft.answered_by, draft.degraded, writing, heard.after) == ("extractive", False, "reading", [2])
    assert draft.id == answer.id and "310" in draft.text and draft.citations[0].number == 1
    assert (answer.answered_by, answer.text) != (draft.answered_by, draft.text)
    assert told(pipeline, QUESTION, None)[1].drafts == []
    assert told(pipeline, UNANSWERED, saying(not_stated=True))[1].drafts == []


def test_a_draft_that_nothing_replaces_is_the_answer_and_says_why(pipeline: Pipeline) -> None:
    answer, heard = told(pipeline, QUESTION, saying((INVENTED, "Lindqvist")))
    ((draft, _),) = heard.drafts
    assert (answer.text, answer.citations, answer.short) == (draft.text, draft.citations, draft.short)
    assert answer.degraded_reason is not None and answer.degraded_reason.code == "nothing-supported"


def test_where_the_reader_finds_an_answer_a_very_small_model_does_not_take_it_back(pipeline: Pipeline) -> None:
    silent = saying(not_stated=True)
    answer, _ = told(pipeline, QUESTION, silent, talkative=True)
    assert "310" in answer.text and answer.degraded
    assert told(pipeline, QUESTION, silent)[0].verdict == "not_stated"


def test_statements_are_told_while_the_model_still_speaks(pipeline: Pipeline) -> None:
    heard = Heard()
    seen: list[int] = []

    class Watching(ReadingModel):
        def complete(self, messages, **options):  # type: ignore[no-untyped-def]
            completion = super().complete(messages, **options)
            seen.append(len(heard.statements))
            return completion

    model = Watching(saying((TRUE, "Lindqvist"), (ALSO_TRUE, "Solberg")).reply)
    replace(pipeline, language_model=LLMAnswerer(model)).answer(QUESTION, listener=heard)
    assert seen[0] >= 1


def test_what_was_told_before_a_model_broke_off_is_the_degraded_answer(pipeline: Pipeline) -> None:
    answer, heard = told(pipeline, QUESTION, saying((TRUE, "Lindqvist"), breaks_off=True))
    assert answer.degraded and answer.answered_by == "llm:reading" and [one.text for one in heard.statements] == [TRUE]
    assert_told_as_answered(answer, heard)


@pytest.mark.parametrize("breaks_off", [False, True])
def test_where_nothing_passed_the_extractive_answer_is_told(pipeline: Pipeline, breaks_off: bool) -> None:
    answer, heard = told(pipeline, QUESTION, saying((INVENTED, "Lindqvist"), breaks_off=breaks_off))
    assert answer.degraded and answer.answered_by == "extractive" and "310" in answer.text and "987" not in answer.text
    assert_told_as_answered(answer, heard)


def test_an_extractive_answer_is_told_too_and_sources_come_first(pipeline: Pipeline) -> None:
    answer, heard = told(pipeline, QUESTION, None)
    assert heard.log[:2] == ["sources", "sources"] and "310" in heard.log[2]
    assert [one.chunk_id for one in heard.sources_heard[1]] == [one.chunk_id for one in answer.evidence]
    assert_told_as_answered(answer, heard)


def test_nothing_is_told_of_what_is_not_stated(pipeline: Pipeline) -> None:
    answer, heard = told(pipeline, UNANSWERED, saying(not_stated=True))
    assert answer.verdict == "not_stated" and heard.log == ["sources", "sources"]


def test_what_passed_is_shown_however_little_it_is(pipeline: Pipeline) -> None:
    many = [(INVENTED.replace("987", str(number)), "Lindqvist") for number in range(980, 990)]
    answer, heard = told(pipeline, QUESTION, saying((TRUE, "Lindqvist"), *many))
    assert answer.verdict != "not_stated" and answer.confidence == pipeline.settings.answer_threshold
    assert_told_as_answered(answer, heard)


def test_a_model_that_always_says_something_is_asked_only_where_there_is_an_answer(pipeline: Pipeline) -> None:
    model = saying((TRUE, "Lindqvist"))
    answer, _ = told(pipeline, UNANSWERED, model, talkative=True)
    assert (answer.verdict, answer.degraded, model.asked) == ("not_stated", False, 0)
    answer, _ = told(pipeline, QUESTION, model, talkative=True)
    assert (answer.answered_by, model.asked) == ("llm:reading", 1)


def test_of_a_model_that_always_says_something_only_what_is_verified_is_told(pipeline: Pipeline) -> None:
    weak = "The answer to this question is that the port authority will not pay a bonus of 2.4 million crowns."
    model = saying((weak, "authority"), (TRUE, "Lindqvist"))
    answer, heard = told(pipeline, QUESTION, model, talkative=True)
    assert [one.text for one in answer.statements] == [TRUE]
    assert all(one.status == "verified" for one in answer.statements)
    assert_told_as_answered(answer, heard)


def test_tokens_are_counted_and_priced_also_when_the_models_words_were_cut(pipeline: Pipeline) -> None:
    priced = pipeline.settings.model_copy(update={"llm_price_in": 3.0, "llm_price_out": 15.0})
    for model in (saying((TRUE, "Lindqvist")), saying((INVENTED, "Lindqvist"))):
        answer, _ = told(pipeline, QUESTION, model, settings=priced)
        assert answer.usage == {"prompt_tokens": 1000, "completion_tokens": 500}
        assert answer.cost == pytest.approx(0.0105)
        assert told(pipeline, QUESTION, model)[0].cost is None
    assert told(pipeline, QUESTION, None, settings=priced)[0].cost is None


@pytest.mark.parametrize("known", [{"llm_price_in": 1.0}, {"llm_price_out": 1.0}, {}])
def test_without_both_prices_there_is_no_cost(known: dict[str, float]) -> None:
    assert Settings(**known).cost_of({"prompt_tokens": 5, "completion_tokens": 5}) is None  # type: ignore[arg-type]


def test_prices_and_patience_do_not_change_the_settings_hash() -> None:
    changed = Settings(llm_price_in=1.0, llm_price_out=2.0, llm_failures=1, llm_rest_s=1.0, llm_timeout_s=1.0)
    assert changed.answer_hash() == Settings().answer_hash()
