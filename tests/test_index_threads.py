"""Conversations as a list: whose they are, how they are found, and that they go with the last of their turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.answers import Answers
from index.catalogue import Catalogue
from index.errors import UnknownThread
from index.threads import Thread


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(Catalogue(tmp_path / "dossier.sqlite3"))


def keep(answers: Answers, name: str, question: str, thread: str | None, *, most: int = 100) -> None:
    content: dict[str, Any] = {"id": name, "question": question, "query": question, "citations": [], "evidence": []}
    answers.keep(content, {}, thread=thread, sequence=0, most=most)


def ids(found: list[Thread]) -> list[str]:
    return [one.id for one in found]


def test_threads_are_listed_by_their_newest_turn_and_the_pinned_stand_first(answers: Answers) -> None:
    keep(answers, "a1", "Who built the bridge?", "a")
    keep(answers, "b1", "When did the ferry sink?", "b")
    keep(answers, "c1", "What did it cost?", "c")
    keep(answers, "none", "Outside of any", None)
    keep(answers, "a2", "And when?", "a")
    threads = answers.threads
    assert ids(threads.listed(limit=9)) == ["a", "c", "b"]
    threads.pin("b", True)
    assert [(one.id, one.pinned, one.turns, one.question) for one in threads.listed(limit=2)] == [
        ("b", True, 1, "When did the ferry sink?"),
        ("a", False, 2, "Who built the bridge?"),
    ]
    threads.pin("b", False)
    assert ids(threads.listed(limit=1, offset=2)) == ["b"]
    assert threads.count() == 3


@pytest.mark.parametrize(
    ("find", "found"),
    [("FERRY", ["b"]), ("and  when", ["a"]), ("harbour", ["c"]), ("100%", ["c"]), ("0_", []), ("%", ["c"]), ("", ["c", "b", "a"])],
)  # fmt: skip
def test_a_thread_is_found_by_its_title_and_by_each_of_its_questions(
    answers: Answers, find: str, found: list[str]
) -> None:
    keep(answers, "a1", "Who built the bridge?", "a")
    keep(answers, "a2", "And when?", "a")
    keep(answers, "b1", "When did the ferry sink?", "b")
    keep(answers, "c1", "Is it 100% sure?", "c")
    answers.threads.rename("c", "Harbour, open points")
    assert ids(answers.threads.listed(limit=9, find=find)) == found
    assert answers.threads.count(find=find) == len(found)


def test_a_title_is_given_and_taken_back(answers: Answers) -> None:
    keep(answers, "a1", "Who built the bridge?", "a")
    answers.threads.rename("a", "<b>Bridge</b>")
    assert answers.threads.listed(limit=1)[0].title == "<b>Bridge</b>"
    answers.threads.rename("a", None)
    assert answers.threads.listed(limit=1)[0].title is None


def test_the_threads_of_another_owner_do_not_exist(answers: Answers) -> None:
    ada, ben = answers.owned_by("key_ada"), answers.owned_by("key_ben")
    keep(ada, "a1", "Who built the bridge?", "a")
    keep(ben, "b1", "Who kept the lighthouse?", "b")
    assert ids(ada.threads.listed(limit=9)) == ["a"]
    assert ids(ben.threads.listed(limit=9)) == ["b"]
    assert ben.threads.count(find="bridge") == 0
    for act in (
        lambda: ben.thread("a"),
        lambda: ben.threads.rename("a", "Mine"),
        lambda: ben.threads.pin("a", True),
        lambda: ben.threads.forget("a"),
    ):
        with pytest.raises(UnknownThread):
            act()
    assert ada.threads.listed(limit=9) == [
        Thread("a", None, False, 1, "Who built the bridge?", ada.answer("a1").asked_at)
    ]
    assert ben.answer("a1").content["question"] == "Who built the bridge?"


def test_a_thread_is_deleted_with_its_turns_and_with_the_last_of_them(answers: Answers) -> None:
    for number in (1, 2):
        keep(answers, f"a{number}", "Who?", "a")
        keep(answers, f"b{number}", "Who?", "b")
    answers.threads.forget("a")
    assert ids(answers.threads.listed(limit=9)) == ["b"]
    assert answers.count() == 2
    answers.forget("b1")
    assert answers.threads.listed(limit=9)[0].turns == 1
    answers.forget("b2")
    assert answers.threads.count() == 0
    keep(answers, "c1", "Who?", "c", most=1)
    keep(answers, "d1", "Who?", "d", most=1)
    assert ids(answers.threads.listed(limit=9)) == ["d"]


def test_the_turns_before_one_are_read_a_page_at_a_time(answers: Answers) -> None:
    for number in range(1, 8):
        keep(answers, f"a{number}", f"Question {number}?", "a")
    assert [one.turn for one in answers.thread("a", newest=3, before=6)] == [3, 4, 5]
    assert answers.thread("a", newest=3, before=1) == []
