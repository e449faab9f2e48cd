"""Conversations over HTTP: each key has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.client import Dossier, DossierProblem
from tests.fakes_ui import FakeDossier, serving
from ui.access.keys import Keys

QUESTION = "Who counted the ships of the harbour?"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """The address, and two keys; the second may only read."""
    keys = Keys(tmp_path / "data")
    ada, ben = (keys.create(name, may_write=name == "ada")[1] for name in ("ada", "ben"))
    keys.close()
    dossier = FakeDossier(tmp_path / "data", require_keys=True)
    with serving(dossier) as url:
        yield url, ada, ben


def test_a_conversation_is_listed_named_pinned_and_deleted_by_its_key_alone(server: tuple[str, str, str]) -> None:
    url, *keys = server
    with Dossier(url, keys[0]) as ada, Dossier(url, keys[1]) as ben:
        theirs, own = ada.ask(QUESTION, thread="new"), ben.ask(QUESTION, thread="new")
        assert theirs.thread and own.thread
        assert [one.id for one in ben.threads().threads] == [own.thread]
        line = ada.threads(find="SHIPS").threads[0]
        assert (line.id, line.title, line.question, line.turns, line.pinned) == (
            theirs.thread,
            None,
            QUESTION,
            1,
            False,
        )
        ben.change_thread(own.thread, title="Ships & <ships>", pinned=True)
        line = ben.threads().threads[0]
        assert (line.title, line.pinned) == ("Ships & <ships>", True)
        ben.change_thread(own.thread, title=None)
        assert (ben.threads().threads[0].title, ben.threads().threads[0].pinned) == (None, True)
        for act in (ben.thread, ben.remove_thread, lambda thread: ben.change_thread(thread, pinned=True)):
            with pytest.raises(DossierProblem) as refused:
                act(theirs.thread)
            assert refused.value.code == "unknown-thread"
        with pytest.raises(DossierProblem):
            ben.ask(QUESTION, thread=theirs.thread)
        ben.remove_thread(own.thread)
        assert ben.threads().total == 0
        assert ada.threads().total == 1
        with pytest.raises(DossierProblem):
            ben.answer(own.id)


@pytest.mark.parametrize(
    "change",
    [{"title": ""}, {"title": "x" * 201}, {"title": "a\nb"}, {"title": 7}, {"pinned": "yes"}, {"pinned": None}, {"owner": "me"}, [], "title"],
)  # fmt: skip
def test_a_change_that_cannot_be_is_refused(server: tuple[str, str, str], change: Any) -> None:
    url, key, _ = server
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        answer = client.post("/v1/answer", json={"question": QUESTION, "thread": "new"}).json()
        assert client.patch(f"/v1/threads/{answer['thread']}", json=change).status_code in (400, 422)
        line = client.get("/v1/threads").json()["threads"][0]
        assert (line["title"], line["pinned"]) == (None, False)
