"""Questions to begin with: what documents suggest, which of them are shown, and that looking for them is in nobody's way."""

import asyncio
import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.files import find_files
from index.values import Document
from rag.build import open_dossier
from rag.settings import Settings
from tests.fakes_page import MemoryDossier, make_document
from ui.access.caller import LOCAL, acting_as
from ui.page.examples import MOST_ASKED, MOST_SHOWN, Examples, chosen_of, shown_examples
from ui.page.greeting import MOST_GREETED
from ui.page.suggested import suggested_questions
from ui.slots import Slots

HARBOUR = """The bridge at Lindholm was opened on 12 May 1911. The bridge cost 2 million crowns.
At least 14 people were injured when a crane fell. Otto Lind, an engineer from Graa, built it.
Marta Sund, a senior lawyer, said that talks about the harbour would fail. Norland hosts 3,000 dock workers."""


def of(*texts: str) -> list[Document]:
    return [make_document(text, title=f"T{number}") for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    "question",
    [
        "When was the bridge at Lindholm opened?",
        "What did the bridge cost?",
        "How many people were injured?",
        "Who is Marta Sund?",
        "What does Marta Sund say about the harbour?",
        "How many dock workers does Norland host?",
    ],
)
def test_what_documents_count_date_and_say_becomes_a_question(question: str) -> None:
    assert question in suggested_questions(of(HARBOUR))


def test_what_several_documents_speak_of_is_asked_before_what_one_does() -> None:
    found = suggested_questions(
        of("Some 12 ferries were sunk.", "At least 14 people were hurt.", "Over 20 people were hurt.")
    )
    assert found.index("How many people were hurt?") < found.index("How many ferries were sunk?")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=4))
def test_any_text_suggests_short_questions_and_always_the_same(texts: list[str]) -> None:
    documents = of(*texts)
    found = suggested_questions(documents)
    assert found == suggested_questions(documents)
    assert all(len(one) <= 90 and one.endswith("?") and "\n" not in one for one in found)


def test_a_very_long_document_costs_no_more_than_its_beginning() -> None:
    start = HARBOUR + " Nothing else happened there. " * 400
    assert suggested_questions(of(start)) == suggested_questions(of(start + "At least 9 ships were sunk. " * 100_000))


# Which are shown


@dataclasses.dataclass(frozen=True)
class Outcome:
    verdict: str
    short: str = "12 May"
    confidence: float = 0.9


def verdicts(*names: str) -> list[tuple[str, Any]]:
    return [(f"{number}?", Outcome(name)) for number, name in enumerate(names)]


@given(st.lists(st.sampled_from(["answered", "conflicting", "not_stated", "partial"]), max_size=8))
def test_only_answered_questions_are_shown_and_a_conflict_is_among_them(names: list[str]) -> None:
    asked = dict(verdicts(*names))
    shown = chosen_of(asked.items())
    right = [question for question, outcome in asked.items() if outcome.verdict in ("answered", "conflicting")]
    assert set(shown) <= set(right)
    assert len(shown) == min(MOST_SHOWN, len(right))
    assert any(asked[one].verdict == "conflicting" for one in shown) == ("conflicting" in names)


def test_no_more_is_asked_than_needed() -> None:
    asked = iter(verdicts("conflicting", "answered", "answered", "answered", "answered", "answered"))
    assert chosen_of(asked) == ("0?", "1?", "2?", "3?")
    assert len(list(asked)) == 2


def test_a_question_is_offered_only_when_its_answer_is_sure_and_has_a_headline() -> None:
    asked = [("Sure?", Outcome("answered")), ("Unsure?", Outcome("answered", confidence=0.3)), ("Bare?", Outcome("answered", short=""))]  # fmt: skip
    assert chosen_of(asked, least=0.5) == ("Sure?",)  # type: ignore[arg-type]


# Behind the page


def wait_for(examples: Examples, dossier: MemoryDossier) -> tuple[str, ...]:
    """What is found; asks no pipeline twice."""
    for _ in range(6_000):
        found = examples.of("default", dossier.collection(), dossier.pipeline)
        if found is not None:
            return found
        threading.Event().wait(0.02)
    raise AssertionError("no examples within two minutes")


def test_examples_are_found_behind_the_page_once_for_each_state_of_the_collection(tmp_path: Path) -> None:
    dossier, examples = MemoryDossier(tmp_path, of(HARBOUR)), Examples(Slots(1))
    assert examples.of("default", dossier.collection(), dossier.pipeline) is None
    found = wait_for(examples, dossier)
    assert 0 < len(found) <= MOST_SHOWN
    asked = len(dossier.heard)
    assert asked <= MOST_ASKED + MOST_GREETED
    assert wait_for(examples, dossier) == found
    assert len(dossier.heard) == asked
    assert examples.close()


def test_examples_wait_while_people_ask_and_take_no_place(tmp_path: Path) -> None:
    dossier, slots = MemoryDossier(tmp_path, of(HARBOUR)), Slots(1)
    examples = Examples(slots)
    with slots.one():
        assert examples.of("default", dossier.collection(), dossier.pipeline) is None
        threading.Event().wait(0.3)
        assert dossier.heard == []
    assert wait_for(examples, dossier)
    assert slots.waiting == slots.refused == 0
    assert examples.close()


def test_a_page_that_closes_ends_the_search_at_once(tmp_path: Path) -> None:
    dossier, slots = MemoryDossier(tmp_path, of(HARBOUR)), Slots(1)
    examples = Examples(slots)
    with slots.one():
        examples.of("default", dossier.collection(), dossier.pipeline)
        assert examples.close()
    assert dossier.heard == []
    assert examples.of("default", dossier.collection(), dossier.pipeline) == ()


def test_a_pipeline_that_fails_costs_the_examples_and_nothing_else(tmp_path: Path) -> None:
    class Broken:
        def answer(self, question: str, **_: Any) -> Any:
            raise RuntimeError("closed")

    dossier, examples = MemoryDossier(tmp_path, of(HARBOUR)), Examples(Slots(1))
    assert examples.of("default", dossier.collection(), Broken) is None  # type: ignore[arg-type]
    assert wait_for(examples, dossier) == ()
    assert examples.close()


@pytest.mark.nightly
def test_the_seeds_offer_three_questions_one_of_which_their_sources_disagree_on(tmp_path: Path) -> None:
    found = find_files([Path(__file__).parents[1] / "seeds"], max_files=20)
    with open_dossier(Settings(data=tmp_path)) as dossier:
        collection = dossier.collection(create=True)
        collection.ingest(found.files, roots=found.roots)
        pipeline, questions = dossier.pipeline(), suggested_questions(collection.documents())
        asked = {}
        shown = chosen_of((one, asked.setdefault(one, pipeline.answer(one))) for one in questions[:MOST_ASKED])
    assert len(shown) == MOST_SHOWN
    assert [asked[one].verdict for one in shown].count("conflicting") == 1


def test_the_page_shows_nothing_until_the_examples_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.page.examples.BEAT_S", 0.02)
    dossier, examples = MemoryDossier(tmp_path, of(HARBOUR), llm="llama:///none.gguf"), Examples(Slots(1))

    async def steps() -> list[Any]:
        with acting_as(LOCAL):
            return [step async for step in shown_examples(dossier, examples, "")]  # type: ignore[arg-type]

    shown = asyncio.run(steps())
    assert shown[0] == ""
    assert 'class="example"' in shown[-1]
    assert all(heard.settings.llm is None for heard in dossier.heard)
    assert "Newest in your documents" in shown[-1]
    assert asyncio.run(steps()) == shown[-1:]
    assert examples.close()
