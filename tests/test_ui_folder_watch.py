"""A folder that is followed: on real files, in this process, over a server, and as a command that Ctrl-C ends."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from index.collection import Collection
from index.directory import DataDirectory
from index.errors import StorageFailed
from index.values import ParsedFile
from rag.settings import Settings
from tests.commands import ROOT
from tests.fakes import WordHashEmbedder
from tests.fakes_ui import FakeDossier, serving
from tests.storage import PlainParser, article, own, split_lines
from tests.test_index_unzip import zipped
from ui.desk import LocalDesk
from ui.folder_watch import FolderWatch
from ui.protocols import Desk
from ui.remote import RemoteDesk

PATIENCE_S = 120


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "papers").mkdir()
    return tmp_path / "papers"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", WordHashEmbedder(), create=True)


def _desk(collection: Collection, tmp_path: Path) -> LocalDesk:
    held: Any = SimpleNamespace(
        settings=Settings(data=tmp_path / "data"), collection=lambda name=None, create=False: collection
    )
    return LocalDesk(held)


class Watched:
    """A watch in a thread of its own, and what it tells."""

    def __init__(self, desk: Desk, folder: Path, tmp_path: Path) -> None:
        self.lines: queue.Queue[str] = queue.Queue()
        self.stop = threading.Event()
        self.watch = FolderWatch(
            desk,
            folder,
            Settings(data=tmp_path / "data"),
            collection=None,
            tell=self.lines.put,
            stop=self.stop,
            every_s=0.02,
        )
        self.thread = threading.Thread(target=self.watch.run)

    def next(self) -> str:
        return self.lines.get(timeout=PATIENCE_S)


@contextmanager
def watching(desk: Desk, folder: Path, tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(desk, folder, tmp_path)
    watched.thread.start()
    try:
        yield watched
    finally:
        watched.stop.set()
        watched.thread.join(PATIENCE_S)
    assert not watched.thread.is_alive()


def _sources(collection: Collection) -> list[str]:
    return sorted(source for one in collection.documents() for source in one.sources)


def test_what_comes_changes_and_goes_is_followed_with_a_line_each(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.txt").write_text(article(1))
    (folder / ".env").write_text("KEY=1")
    with watching(_desk(collection, tmp_path), folder, tmp_path) as watched:
        assert watched.next().startswith("1 files; 1 added, 0 replaced, 0 removed, 0 unchanged, 1 refused.")
        assert watched.next().startswith(f"refused {folder}/.env: hidden")
        (folder / "b.txt").write_text(article(2))
        assert watched.next() == f"added {folder}/b.txt"
        (folder / "b.txt").write_text(article(3))
        assert watched.next() == f"changed {folder}/b.txt"
        (folder / "a.txt").unlink()
        assert watched.next() == f"removed {folder}/a.txt"
        (folder / "c.txt").write_text("REFUSE")
        assert watched.next() == f"refused {folder}/c.txt: parse_error: It says REFUSE."
        (folder / "deep").mkdir()
        (folder / "papers.zip").write_bytes(zipped({"d.txt": article(4)}))
        assert watched.next() == f"added {folder}/papers.zip"
        assert _sources(collection) == [f"{folder}/b.txt", f"{folder}/papers.zip/d.txt"]
        (folder / "papers.zip").rename(folder / "deep" / "moved.zip")
        assert {watched.next(), watched.next()} == {f"added {folder}/deep/moved.zip", f"removed {folder}/papers.zip"}
        assert _sources(collection) == [f"{folder}/b.txt", f"{folder}/deep/moved.zip/d.txt"]


def test_what_went_while_nobody_watched_is_gone_at_the_start(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    desk = _desk(collection, tmp_path)
    (folder / "a.txt").write_text(article(1))
    desk.index([folder], collection=None, progress=None)
    (folder / "a.txt").rename(folder / "b.txt")
    with watching(desk, folder, tmp_path) as watched:
        watched.next()
    assert _sources(collection) == [f"{folder}/b.txt"]


def _step(watch: FolderWatch, looks: list[Any]) -> None:
    looks.append(watch._look())
    watch._follow(looks[0], looks[-2], looks[-1])


def _written(path: Path, text: str, at_s: int) -> None:
    path.write_text(text)
    os.utime(path, (at_s, at_s))


def test_a_file_that_is_still_being_written_waits_and_holds_up_no_other(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    watched = Watched(_desk(collection, tmp_path), folder, tmp_path)
    looks = [watched.watch._look()]
    for second in range(5):
        _written(folder / "growing.txt", article(1, second + 1), second)
        if second == 1:
            _written(folder / "whole.txt", article(2), 1)
        _step(watched.watch, looks)
    assert _sources(collection) == [f"{folder}/whole.txt"]
    _step(watched.watch, looks)
    assert _sources(collection) == [f"{folder}/growing.txt", f"{folder}/whole.txt"]
    now = folder / "now.txt"
    now.write_text(article(3))
    os.utime(now, (4e9, 4e9))  # a clock that is wrong keeps no file out
    _step(watched.watch, looks)
    _step(watched.watch, looks)
    assert f"{now}" in _sources(collection)


def test_a_file_that_is_replaced_by_another_in_one_step_is_never_gone_between(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    """Editors write aside and rename; a look in between sees no file, and that is no reason to remove a document."""
    watched = Watched(_desk(collection, tmp_path), folder, tmp_path)
    _written(folder / "a.txt", article(1), 1)
    looks = [watched.watch._look()]
    _step(watched.watch, looks)
    (folder / "a.txt").rename(tmp_path / "aside.txt")
    _step(watched.watch, looks)
    assert _sources(collection) == [f"{folder}/a.txt"]
    (tmp_path / "aside.txt").rename(folder / "a.txt")
    _step(watched.watch, looks)
    _step(watched.watch, looks)
    assert _sources(collection) == [f"{folder}/a.txt"]
    assert watched.lines.get_nowait() == f"added {folder}/a.txt" and watched.lines.empty()


@pytest.mark.parametrize("away", ["moved", "replaced", "unreadable"])
def test_a_folder_that_is_away_takes_no_document_with_it(
    collection: Collection, folder: Path, tmp_path: Path, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(_desk(collection, tmp_path), folder, tmp_path)
    (folder / "deep").mkdir()
    _written(folder / "deep" / "a.txt", article(1), 1)
    looks = [watched.watch._look()]
    _step(watched.watch, looks)
    if away == "unreadable":
        scan = os.scandir

        def refusing(path: Any) -> Any:
            if str(path).endswith("deep"):
                raise PermissionError(13, "Permission denied")
            return scan(path)

        monkeypatch.setattr(os, "scandir", refusing)
    else:
        folder.rename(tmp_path / "elsewhere")
        if away == "replaced":
            folder.mkdir()
    for _ in range(3):
        _step(watched.watch, looks)
    assert _sources(collection) == [f"{folder}/deep/a.txt"]
    assert watched.lines.get_nowait() == f"added {folder}/deep/a.txt"
    said = {"moved": "is not there", "replaced": "is another folder", "unreadable": "unreadable"}[away]
    assert said in watched.lines.get_nowait() and watched.lines.empty()  # told once


class Meddling(PlainParser):
    """Somebody writes to the file while it is parsed, as often as it is parsed in the first attempt."""

    def __init__(self, times: int) -> None:
        self.left = times

    def parse(self, path: Path, name: str) -> ParsedFile:
        parsed = super().parse(path, name)
        if self.left:
            self.left -= 1
            path.write_text(path.read_text() + "One line more.\n")
        return parsed


def test_a_file_that_changes_while_it_is_read_goes_in_as_it_is_at_the_end(folder: Path, tmp_path: Path) -> None:
    with DataDirectory.own(tmp_path / "data", parser=Meddling(2), splitter=split_lines) as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        with watching(_desk(collection, tmp_path), folder, tmp_path) as watched:
            watched.next()
            (folder / "a.txt").write_text(article(1))
            assert watched.next().startswith(f"refused {folder}/a.txt: changed")
            assert watched.next() == f"added {folder}/a.txt"
        (document,) = collection.documents()
        assert document.text == (folder / "a.txt").read_text() and document.text.count("One line more.") == 2


def test_what_fails_is_told_once_and_tried_again(
    collection: Collection, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = _desk(collection, tmp_path)
    index: Callable[..., Any] = desk.index
    failing = [True] * 3

    def full(*args: Any, **kwargs: Any) -> Any:
        if failing and args[0]:
            failing.pop()
            raise StorageFailed("The disk is full.")
        return index(*args, **kwargs)

    with watching(desk, folder, tmp_path) as watched:
        watched.next()
        monkeypatch.setattr(desk, "index", full)
        (folder / "a.txt").write_text(article(1))
        assert watched.next() == "not indexed, and tried again: The disk is full."
        assert watched.next() == f"added {folder}/a.txt"


def test_a_server_that_owns_the_data_is_sent_what_changes(folder: Path, tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path / "data")
    held = dossier.collection()
    with serving(dossier) as url:
        desk = RemoteDesk(url, dossier.settings)
        with watching(desk, folder, tmp_path) as watched:
            watched.next()
            (folder / "a.txt").write_text("The quay of Orm.")
            assert watched.next() == f"added {folder}/a.txt"
            assert (f"{folder}/a.txt",) in {one.sources for one in held.documents()}
            (folder / "a.txt").unlink()
            assert watched.next() == f"removed {folder}/a.txt"
            assert (f"{folder}/a.txt",) not in {one.sources for one in held.documents()}
        desk.close()


@pytest.mark.parametrize("ending", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)])
def test_the_command_tells_a_line_for_each_change_and_ends_cleanly(
    folder: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    command = [
        sys.executable,
        "-m",
        "ui",
        "--data",
        str(tmp_path / "data"),
        "watch",
        str(folder),
        "--every",
        "0.1",
        "--tag",
        "board",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith("0 files; 0 added")
        (folder / "a.txt").write_text("The harbour of Tarn reopened on 4 May.")
        assert process.stdout.readline() == f"added {folder}/a.txt\n"
        process.send_signal(ending)
        assert (process.stdout.read(), process.stderr.read(), process.wait(PATIENCE_S)) == ("", "", 0)
    with own(tmp_path / "data") as data:
        (document,) = data.collection("default", WordHashEmbedder()).documents()
        assert document.metadata == {"tags": ("board",)}
