"""Questions that are kept, go on, are asked again, and are forgotten when what they were answered from is erased."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from index.erasure import text_pieces
from index.errors import StorageFailed, UnknownAnswer, UnknownThread
from index.files import find_files
from index.pieces import files_holding
from index.redaction import ERASED, without_document
from index.values import Filters
from rag.asking import LONGEST_TOLD, NEW, Asking, told_turns
from rag.build import Dossier, open_dossier
from rag.conversation.follow_up import TURNS
from rag.manner import Manner, Strictness
from rag.settings import Settings, load_settings
from rag.values import Answer

SECRETARY = "Who is the secretary of the union?"
PASSENGERS = "How many passengers were counted?"


@pytest.fixture
def folder(tmp_path: Path, harbour_files: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for path in harbour_files.iterdir():
        (folder / path.name).write_text(path.read_text())
    return folder


def take_in(dossier: Dossier, folder: Path) -> None:
    found = find_files([folder], max_files=10)
    dossier.collection(create=True).ingest(found.files, roots=found.roots, refusals=found.refusals)


@pytest.fixture
def dossier(tmp_path: Path, folder: Path) -> Iterator[Dossier]:
    with open_dossier(load_settings(data=tmp_path / "data", keep_answers=50)) as dossier:
        take_in(dossier, folder)
        yield dossier


@pytest.fixture
def asking(dossier: Dossier) -> Asking:
    return Asking(dossier)


def test_an_answer_is_kept_whole_with_how_it_was_asked(asking: Asking) -> None:
    answer = asking.ask(PASSENGERS, filters=Filters(publisher="Northern Post"), as_of="2021-06")
    kept = asking.kept(answer.id)
    assert kept.answer == answer
    assert all(one.text for one in kept.answer.evidence)
    assert (kept.asked.publisher, kept.asked.as_of, kept.turn, answer.thread) == (
        "Northern Post",
        "2021-06",
        None,
        None,
    )
    assert (kept.outdated, kept.removed, kept.erased) == (False, (), ())


def test_a_thread_hands_its_turns_on_and_the_follow_up_is_rewritten(asking: Asking) -> None:
    first = asking.ask("How many passengers did the company count on 9 May?", thread=NEW)
    second = asking.ask("And on 4 May?", thread=first.thread)
    assert (second.question, second.rewritten_by) == ("And on 4 May?", "rule")
    assert "passengers" in second.query and "4 May" in second.query
    assert first.thread is not None
    assert [(one.turn, one.answer.id) for one in asking.turns(first.thread)] == [(1, first.id), (2, second.id)]
    assert asking.ask("And on 4 May?", thread=NEW).rewritten_by is None


@pytest.mark.parametrize("thread", ["thr_x", "", "new ", "\0", "x" * 500])
def test_a_thread_that_does_not_exist_is_an_error_and_keeps_nothing(asking: Asking, thread: str) -> None:
    with pytest.raises(UnknownThread):
        asking.ask(SECRETARY, thread=thread)
    assert asking.newest(limit=9) == (0, [])


def test_nothing_is_kept_when_the_settings_keep_none(tmp_path: Path, dossier: Dossier) -> None:
    dossier.settings = dossier.settings.model_copy(update={"keep_answers": 0})
    answer = Asking(dossier).ask(SECRETARY, thread=NEW)
    assert (answer.verdict, answer.thread) == ("answered", None)
    assert Asking(dossier).newest(limit=9) == (0, [])


def test_an_answer_that_cannot_be_kept_is_still_given(
    asking: Asking, dossier: Dossier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFailed("The disk is full.")

    monkeypatch.setattr(dossier.collection().answers, "keep", full)
    answer = asking.ask(SECRETARY, thread=NEW)
    assert (answer.verdict, answer.thread) == ("answered", None)
    assert "not kept" in caplog.text


def test_asked_again_over_the_same_documents_nothing_changed(asking: Asking) -> None:
    for question in (SECRETARY, "Who won the 2022 World Cup?"):
        replay = asking.replay(asking.ask(question).id)
        assert replay.changes.model_dump(exclude_defaults=True) == {"changed": False}
    assert (asking.changed_since(limit=9), asking.newest(limit=9)[0]) == ([], 2)


def test_a_follow_up_is_asked_again_as_it_was_searched(asking: Asking) -> None:
    first = asking.ask("How many passengers did the company count on 9 May?", thread=NEW)
    second = asking.ask("And on 4 May?", thread=first.thread)
    replay = asking.replay(second.id, keep=True)
    assert (replay.new.query, replay.new.question, replay.new.thread) == (second.query, second.question, None)
    assert not replay.changes.changed
    assert asking.kept(replay.new.id).answer == replay.new


def test_what_new_documents_changed_is_found_and_the_rest_is_not(
    asking: Asking, dossier: Dossier, folder: Path
) -> None:
    twice = [asking.ask(SECRETARY) for _ in range(2)]
    other = asking.ask("How many passengers did the company count on 9 May?")
    head = "---\ntitle: A new secretary\npublisher: The Tarn Courier\npublished: 2021-07-01\n---\n"
    (folder / "harbour.md").write_text(
        f"{head}The new secretary of the union is Tove Halvorsen, members decided in June.\n"
    )
    take_in(dossier, folder)
    assert {one.answer.id for one in asking.newest(limit=9, outdated=True)[1]} == {twice[0].id, twice[1].id, other.id}
    changed = asking.changed_since(limit=9)
    assert [one.old.answer.id for one in changed] == [twice[1].id], "the same question is asked once"
    changes = changed[0].changes
    assert changes.short is not None and "Lindqvist" in changes.short[0] and "Halvorsen" in changes.short[1]
    assert [one.document_id for one in changes.citations_gone] == list(changes.documents_went)
    assert set(changes.documents_came) >= {one.document_id for one in changes.citations_new}
    assert asking.changed_since(limit=0) == []


def test_erasing_a_document_takes_it_out_of_real_answers(asking: Asking, dossier: Dossier) -> None:
    answer, other = asking.ask(SECRETARY), asking.ask("Who steered the first crossing?")
    collection = dossier.collection()
    gone = collection.document(answer.citations[0].document_id)
    pieces = [piece for piece in text_pieces(gone.text) if b"\n" not in piece]
    assert len(files_holding(collection.directory, pieces)) == len(pieces), "the proof sees what is there"
    collection.erase(gone.id)
    everything = b"".join(path.read_bytes() for path in collection.directory.rglob("*") if path.is_file())
    assert b"Lindqvist" not in everything and b"Harbour strike" not in everything
    kept = asking.kept(answer.id)
    assert kept.erased == (gone.id,)
    assert (kept.answer.question, kept.answer.text, kept.answer.short) == (SECRETARY, ERASED, "")
    assert (kept.answer.citations[0].quote, kept.answer.citations[0].publisher) == (ERASED, None)
    assert "Solberg" in asking.kept(other.id).answer.text
    replay = asking.replay(answer.id)
    assert replay.changes.changed and replay.changes.documents_went == (gone.id,)


def test_what_an_answer_says_of_other_documents_is_known_field_by_field_and_stays(asking: Asking) -> None:
    content = asking.ask(SECRETARY).model_dump(mode="json")
    assert without_document(content, "doc_other") == content
    assert set(Answer.model_fields) == content.keys()


def test_an_answer_of_which_the_question_was_erased_cannot_be_asked_again(asking: Asking, dossier: Dossier) -> None:
    gone = next(one for one in dossier.collection().documents() if "Lindqvist" in one.text)
    answer = asking.ask(f"Who said this: {gone.text[200:400]}?", thread=NEW)
    dossier.collection().erase(gone.id)
    with pytest.raises(UnknownAnswer, match="erased"):
        asking.replay(answer.id)
    assert asking.changed_since(limit=9) == []
    assert asking.ask("Who is the captain?", thread=answer.thread).query == "Who is the captain?"


def test_what_a_later_dossier_added_to_an_answer_does_not_stop_this_one(asking: Asking, dossier: Dossier) -> None:
    answer = asking.ask(SECRETARY)
    with dossier.collection().catalogue.writing() as connection:
        connection.execute(
            """UPDATE answers SET content = json_set(content, '$.novelty', 1, '$.citations[0].novelty', 2)"""
        )
    assert asking.kept(answer.id).answer == answer


def test_a_forgotten_answer_is_gone(asking: Asking) -> None:
    answer = asking.ask(SECRETARY)
    asking.forget(answer.id)
    for look in (asking.kept, asking.forget, asking.replay):
        with pytest.raises(UnknownAnswer):
            look(answer.id)


def test_a_conversation_that_the_caller_keeps_makes_a_follow_up_stand_alone(asking: Asking) -> None:
    earlier = ["How many passengers did the company count on 9 May?", "And on 4 May?"]
    answer = asking.ask("And on 8 May?", history=earlier)
    assert (answer.question, answer.query) == ("And on 8 May?", "How many passengers did the company count on 8 May?")
    assert (answer.rewritten_by, answer.thread) == ("rule", None)


def test_a_long_conversation_is_looked_at_from_its_end() -> None:
    told = told_turns([f"How many ships came in {year}? " + "x " * 5000 for year in range(1000, 2000)])
    assert len(told) == TURNS
    assert told[-1].question.startswith("How many ships came in 1999?")
    assert all(len(one.question) <= LONGEST_TOLD for one in told)


def test_how_sure_an_answer_must_be_can_be_said_with_the_question(asking: Asking, dossier: Dossier) -> None:
    asked = {manner: asking.ask(PASSENGERS, manner=Manner(strictness=manner)) for manner in get_args(Strictness)}
    assert len({one.settings_hash for one in asked.values()}) == 3
    assert asked["normal"].settings_hash == dossier.settings.answer_hash()
    replay = asking.replay(asked["strict"].id)
    assert (replay.old.manner.strictness, replay.new.settings_hash) == ("strict", asked["strict"].settings_hash)


@pytest.mark.parametrize("usual", [0.0, 0.05, 0.28, 0.9, 1.0])
def test_strict_never_shows_more_and_lenient_never_less(usual: float) -> None:
    settings = Settings(answer_threshold=usual)
    lenient, normal, strict = (
        Manner(strictness=one).applied_to(settings).answer_threshold for one in get_args(Strictness)
    )
    assert lenient <= normal == usual <= strict
