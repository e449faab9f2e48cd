"""Who waits gets a turn: in the order of asking, also against one who takes the lock again and again; in bounded time or a refusal."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from index.errors import Busy
from index.turns import Shared, Turns
from tests.fakes import WordHashEmbedder
from tests.storage import article, own, write


def _waiting(turns: Turns, count: int) -> None:
    while len(turns._waiting) < count:
        pass


def test_turns_are_given_in_the_order_of_asking_also_against_one_who_asks_again_at_once() -> None:
    turns, order = Turns(), []

    def greedy() -> None:
        for _ in range(3):
            with turns, turns:  # it may take again what it holds
                order.append("greedy")
                _waiting(turns, len(others) - (len(order) - order.count("greedy")))

    def patient(name: str) -> None:
        with turns:
            order.append(name)

    others = [threading.Thread(target=patient, args=(name,)) for name in "abc"]
    with turns:
        for number, thread in enumerate(others, 1):
            thread.start()
            _waiting(turns, number)
        first = threading.Thread(target=greedy)
        first.start()
        _waiting(turns, 4)
    for thread in (*others, first):
        thread.join(30)
    assert order == ["a", "b", "c", "greedy", "greedy", "greedy"]


def test_who_is_not_called_in_time_is_told_to_come_back_and_holds_up_nobody() -> None:
    turns = Turns()
    refused: list[str] = []

    def late() -> None:
        try:
            with turns.within(0.01, "A correction"):
                refused.append("called")
        except Busy as error:
            refused.append(str(error))

    with turns:
        thread = threading.Thread(target=late)
        thread.start()
        thread.join(30)
    assert len(refused) == 1
    assert "A correction waits" in refused[0]
    with turns.within(0.01, "Another"):
        pass


def test_side_by_side_goes_on_together_and_alone_waits_for_all_and_is_not_overtaken() -> None:
    shared, order = Shared(), []
    inside = threading.Barrier(2)

    def beside() -> None:
        with shared.together():
            inside.wait(30)
            inside.wait(30)
            order.append("beside")

    def alone() -> None:
        with shared.alone():
            order.append("alone")

    def later() -> None:
        with shared.together():
            order.append("later")

    threads = [threading.Thread(target=beside)]
    threads[0].start()
    inside.wait(30)
    for target in (alone, later):
        threads.append(threading.Thread(target=target))
        threads[-1].start()
        while target is alone and not shared._alone_waiting:
            pass
    with pytest.raises(threading.BrokenBarrierError):
        threading.Barrier(2).wait(0.05)  # time for who would overtake
    assert order == []
    inside.wait(30)
    for thread in threads:
        thread.join(30)
    assert order == ["beside", "alone", "later"]


class _Gated(WordHashEmbedder):
    """Holds the ingest of one text until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.go = threading.Event(), threading.Event()

    def embed_passages(self, texts):  # type: ignore[no-untyped-def]
        if any("HELD" in text for text in texts):
            self.held.set()
            assert self.go.wait(60)
        return super().embed_passages(texts)


def test_a_long_ingest_holds_up_neither_another_one_nor_a_correction_nor_a_removal(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        embedder = _Gated()
        collection = data.collection("default", embedder, create=True)
        collection.ingest(write(tmp_path / "first", {"a.txt": article(1), "b.txt": article(2)}))
        files = write(tmp_path / "long", {"long.txt": "HELD back\n" + article(3)})
        long = threading.Thread(target=collection.ingest, args=(files,))
        long.start()
        assert embedder.held.wait(60)
        one, other = collection.documents()
        assert len(collection.ingest(write(tmp_path / "short", {"short.txt": article(4)})).added) == 1
        collection.edit(one.id, title="Corrected")
        collection.remove(other.id)
        embedder.go.set()
        long.join(60)
        assert len(collection.documents()) == 3


def test_two_ingests_at_once_never_take_one_name_for_two_contents(tmp_path: Path) -> None:
    from dataclasses import replace

    with own(tmp_path / "data") as data:
        embedder = _Gated()
        collection = data.collection("default", embedder, create=True)

        def sent(folder: str, text: str) -> list:  # type: ignore[type-arg]
            return [
                replace(one, source="upload/a.txt", keeps=True) for one in write(tmp_path / folder, {"a.txt": text})
            ]

        collection.ingest(sent("one", article(1)))
        long = threading.Thread(target=collection.ingest, args=(sent("two", "HELD back\n" + article(2)),))
        long.start()
        assert embedder.held.wait(60)
        collection.ingest(sent("three", article(3)))
        embedder.go.set()
        long.join(60)
        sources = sorted(source for one in collection.documents() for source in one.sources)
    assert sources == ["upload/a (2).txt", "upload/a (3).txt", "upload/a.txt"]
