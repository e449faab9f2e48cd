"""Commands while a server owns the data directory: everything goes to it over HTTP, and only on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import DirectoryOwned
from rag.client import DossierProblem
from rag.settings import Settings
from tests.fakes_ui import FakeDossier, document, serving
from ui.remote import RemoteDesk
from ui.requests import AnswerFilters, SearchFilters


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data", max_file_bytes=2000)


@pytest.fixture
def desk(dossier: FakeDossier) -> Iterator[RemoteDesk]:
    with serving(dossier) as url:
        desk = RemoteDesk(url, dossier.settings)
        yield desk
        desk.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(3):
        (folder / f"note {number}.txt").write_text(f"Note number {number} speaks of the quarry.")
    return folder


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.5:7860",
        "https://127.0.0.1:7860",
        "http://evil.example",
        "file:///etc/passwd",
        "",
        "http://127.0.0.1.evil.example",
    ],
)
def test_a_server_that_is_not_on_this_machine_is_never_asked(tmp_path: Path, url: str) -> None:
    with pytest.raises(DirectoryOwned, match="not on this machine"):
        RemoteDesk(url, Settings(data=tmp_path))


def test_files_are_sent_with_their_absolute_path_as_key(desk: RemoteDesk, dossier: FakeDossier, folder: Path) -> None:
    report = desk.index([folder], collection=None, progress=None)
    assert len(report.added) == 3
    sources = {source for one in dossier.collection().documents() for source in one.sources}
    assert {str(path) for path in folder.iterdir()} < sources


def test_sending_the_same_folder_again_changes_nothing(desk: RemoteDesk, folder: Path) -> None:
    desk.index([folder], collection=None, progress=None)
    report = desk.index([folder], collection=None, progress=None)
    assert (report.added, report.removed, report.unchanged, report.embedded_chunks) == ((), (), 3, 0)


def test_what_vanished_from_a_folder_goes_and_what_lies_elsewhere_stays(
    desk: RemoteDesk, dossier: FakeDossier, folder: Path
) -> None:
    desk.index([folder], collection=None, progress=None)
    gone = folder / "note 1.txt"
    gone_id = document(gone.read_text(), "x").id
    gone.unlink()
    report = desk.index([folder], collection=None, progress=None)
    assert report.removed == (gone_id,)
    assert len(dossier.collection().held) == 2 + 2


def test_a_file_that_is_refused_now_keeps_what_is_stored_of_it(desk: RemoteDesk, folder: Path) -> None:
    desk.index([folder], collection=None, progress=None)
    kept = folder / "note 1.txt"
    kept.unlink()
    kept.symlink_to("/etc/hostname")
    report = desk.index([folder], collection=None, progress=None)
    assert ([one.code for one in report.refused], report.removed) == (["not_regular"], ())


def test_a_single_file_removes_nothing_else(desk: RemoteDesk, folder: Path) -> None:
    desk.index([folder], collection=None, progress=None)
    report = desk.index([folder / "note 0.txt"], collection=None, progress=None)
    assert (report.removed, report.unchanged) == ((), 1)


def test_many_files_go_in_several_uploads_and_one_report(desk: RemoteDesk, folder: Path) -> None:
    for number in range(10):
        (folder / f"long {number}.txt").write_text(f"{number} " + "long " * 200)
    seen: list[tuple[str, int, int]] = []
    report = desk.index([folder], collection=None, progress=lambda *step: seen.append(step))
    assert len(report.added) == 13
    assert report.seconds["total"] > 0.5


def test_every_file_is_counted_once_also_those_that_cannot_be_sent(desk: RemoteDesk, folder: Path) -> None:
    (folder / "big.txt").write_text("x" * 2001)
    (folder / "line\nbreak.txt").write_text("A name over two lines.")
    (folder / "bad.txt").write_text("BAD")
    (folder / "link.txt").symlink_to("/etc/hostname")
    report = desk.index([folder], collection=None, progress=None)
    codes = sorted(one.code for one in report.refused)
    assert codes == ["bad_encoding", "not_regular", "parse_error", "too_large"]
    assert len(report.added) == 3


def test_a_named_collection_is_made_and_the_default_is_not_touched(
    desk: RemoteDesk, dossier: FakeDossier, folder: Path
) -> None:
    desk.index([folder], collection="quarry", progress=None)
    assert (len(dossier.collection("quarry").held), len(dossier.collection().held)) == (3, 2)


def test_questions_come_back_as_values(desk: RemoteDesk) -> None:
    answer = desk.answer("When did the harbour reopen?", collection=None, filters=AnswerFilters(since="2024"))
    found = desk.search("harbour", top_k=3, context=1, collection=None, filters=SearchFilters())
    assert (answer.verdict, found.hits[0].document_id) == ("answered", answer.citations[0].document_id)


def test_kept_answers_come_back_as_values(desk: RemoteDesk) -> None:
    first = desk.answer("When did the harbour reopen?", collection=None, filters=AnswerFilters(), thread="new")
    desk.answer("And the market?", collection=None, filters=AnswerFilters(), thread=first.thread)
    listed = desk.answers(collection=None, limit=1)
    assert (listed.total, listed.answers[0].turn, listed.answers[0].thread) == (2, 2, first.thread)
    replay = desk.replay(first.id, collection=None, keep=False)
    assert (replay.old.answer, replay.changes.changed) == (first, False)
    assert desk.changes(collection=None, limit=5).changed == ()
    file = desk.export(first.id, "csv", collection=None)
    assert (file.name, file.media_type) == (f"{first.id}.csv", "text/csv; charset=utf-8")
    assert b"The harbour of Tarn reopened on 4 May." in file.content


def test_a_removed_document_is_gone(desk: RemoteDesk, dossier: FakeDossier) -> None:
    listed = desk.documents(collection=None)
    desk.remove(listed.documents[0].id, collection=None, erase=False)
    desk.remove(listed.documents[1].id, collection=None, erase=True)
    assert desk.documents(collection=None).documents == ()
    assert dossier.collection().erased == [listed.documents[1].id]


@pytest.mark.parametrize("document_id", ["nothing", "a/b", "../x", "?erase=true", "ä", "a b"])
def test_an_unknown_document_is_an_error_with_the_code_of_the_server(desk: RemoteDesk, document_id: str) -> None:
    with pytest.raises(DossierProblem) as error:
        desk.remove(document_id, collection=None, erase=False)
    assert error.value.code in ("unknown-document", "not-found")


def test_a_server_that_is_gone_is_named_with_what_mends_it(tmp_path: Path) -> None:
    with serving(FakeDossier(tmp_path / "data")) as url:
        pass
    desk = RemoteDesk(url, Settings(data=tmp_path))
    with pytest.raises(DossierProblem, match="does not answer"):
        desk.documents(collection=None)
    desk.close()


def test_an_upload_that_fails_in_the_server_is_an_error_here(
    desk: RemoteDesk, dossier: FakeDossier, folder: Path
) -> None:
    dossier.collection().fail = lambda: RuntimeError("secret")
    with pytest.raises(DossierProblem, match="could not index the files: error") as error:
        desk.index([folder], collection=None, progress=None)
    assert "secret" not in str(error.value)
