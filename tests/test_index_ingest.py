"""Ingest: what changed is counted, what is known is not embedded again, what fails is named and the rest goes on."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from index.collection import Collection
from index.directory import DataDirectory
from index.errors import ModelUnavailable
from index.files import SourceFile
from index.ingest import BATCH_CHUNKS
from index.protocols import Vectors
from index.values import ParsedFile, Refusal
from tests.fakes import WordHashEmbedder
from tests.storage import PlainParser, article, found_by_own_words, offered, own, split_lines, write


@pytest.fixture
def embedder() -> WordHashEmbedder:
    return WordHashEmbedder()


@pytest.fixture
def collection(tmp_path: Path, embedder: WordHashEmbedder) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", embedder, create=True)


def _texts(collection: Collection) -> set[str]:
    return {document.text for document in collection.documents()}


def test_new_files_are_searchable_and_counted(
    tmp_path: Path, collection: Collection, embedder: WordHashEmbedder
) -> None:
    files = write(tmp_path / "files", {f"{n}.txt": article(n, title=f"Title {n}") for n in range(5)})
    report = collection.ingest(files)
    assert (len(report.added), report.unchanged, report.embedded_chunks, report.reused_chunks) == (5, 0, 20, 0)
    assert set(report.seconds) == {"parse", "encode", "store", "index", "total"}
    assert all(ways == {"lexical", "dense"} for ways in found_by_own_words(collection, embedder).values())
    assert embedder.embedded[0].startswith("Title 0\n")


def test_unchanged_files_are_neither_parsed_nor_embedded_again(tmp_path: Path, embedder: WordHashEmbedder) -> None:
    parsed: list[str] = []

    class Counting(PlainParser):
        def parse(self, path: Path, name: str) -> ParsedFile:
            parsed.append(name)
            return super().parse(path, name)

    files = write(tmp_path / "files", {f"{n}.txt": article(n) for n in range(5)})
    for run in range(3):
        with DataDirectory.own(tmp_path / "data", parser=Counting(), splitter=split_lines) as data:
            collection = data.collection("default", embedder, create=True)
            sequence = collection.catalogue.sequence
            report = collection.ingest(files, roots=[str(tmp_path / "files")])
            if run:
                assert (report.unchanged, report.added, report.embedded_chunks) == (5, (), 0)
                assert collection.catalogue.sequence == sequence, "nothing was written"
    assert len(parsed) == 5
    assert len(embedder.embedded) == 20


def test_a_changed_file_replaces_and_keeps_the_vectors_of_what_stayed(
    tmp_path: Path, collection: Collection, embedder: WordHashEmbedder
) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1)})
    old = collection.ingest(files).added[0]
    (tmp_path / "files/a.txt").write_text(article(1) + "The pier at Lomar was sold.\n")
    report = collection.ingest(files)
    assert len(report.replaced) == 1
    assert report.removed == (old,)
    assert (report.embedded_chunks, report.reused_chunks) == (1, 4)
    assert collection.search_lexical("pier Lomar sold", 1)
    assert old not in {document.id for document in collection.documents()}


def test_the_same_content_under_two_names_is_one_document_with_two_sources(
    tmp_path: Path, collection: Collection
) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(1)})
    report = collection.ingest(files)
    assert (len(report.added), report.unchanged, report.embedded_chunks) == (1, 1, 4)
    document = collection.documents()[0]
    assert document.sources == tuple(file.source for file in files)
    (tmp_path / "files/a.txt").unlink()
    report = collection.ingest(files[1:], roots=[str(tmp_path / "files")])
    assert report.removed == ()
    assert collection.document(document.id).sources == (files[1].source,)


def test_a_renamed_file_is_unchanged(tmp_path: Path, collection: Collection) -> None:
    collection.ingest(write(tmp_path / "files", {"a.txt": article(1)}))
    (tmp_path / "files/a.txt").rename(tmp_path / "files/b.txt")
    report = collection.ingest(offered(tmp_path / "files"), roots=[str(tmp_path / "files")])
    assert (report.added, report.removed, report.unchanged, report.embedded_chunks) == ((), (), 1, 0)
    assert collection.documents()[0].sources == (str(tmp_path / "files/b.txt"),)


def test_files_that_are_gone_go_and_files_elsewhere_stay(tmp_path: Path, collection: Collection) -> None:
    inside, outside = (
        write(tmp_path / "in", {"a.txt": article(1), "b.txt": article(2)}),
        write(tmp_path / "in2", {"c.txt": article(3)}),
    )
    stored = write(tmp_path / "up", {"d.txt": article(4)})[0]
    upload = SourceFile("upload/d.txt", stored.path, stored.name)
    collection.ingest([*inside, *outside, upload])
    report = collection.ingest(inside[:1], roots=[str(tmp_path / "in")])
    assert len(report.removed) == 1
    assert _texts(collection) == {article(1), article(3), article(4)}


@pytest.mark.parametrize("code", ["unreadable", "hidden", "quota"])
def test_a_source_that_was_only_refused_stays(tmp_path: Path, collection: Collection, code: str) -> None:
    files = write(tmp_path / "files/sub", {"a.txt": article(1), "b.txt": article(2)})
    collection.ingest(files)
    refusals = [Refusal(str(tmp_path / "files/sub"), code, "Not now.")]
    report = collection.ingest([], roots=[str(tmp_path / "files")], refusals=refusals)
    assert report.removed == ()
    assert report.refused == tuple(refusals)
    assert len(_texts(collection)) == 2


def test_a_changed_file_that_is_refused_keeps_its_old_version(tmp_path: Path, collection: Collection) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(2)})
    collection.ingest(files)
    write(tmp_path / "files", {"a.txt": "REFUSE", "b.txt": article(3)})
    report = collection.ingest(files, roots=[str(tmp_path / "files")])
    assert [(refusal.source, refusal.code) for refusal in report.refused] == [(files[0].source, "parse_error")]
    assert _texts(collection) == {article(1), article(3)}


def test_every_file_is_counted_once(tmp_path: Path, collection: Collection) -> None:
    files = write(tmp_path / "files", {f"{n}.txt": article(n) for n in range(3)})
    collection.ingest(files)
    files = write(
        tmp_path / "files",
        {"1.txt": article(9), "3.txt": article(3), "4.txt": article(3), "5.txt": "REFUSE", "6.txt": ""},
    )
    files.append(SourceFile(str(tmp_path / "absent.txt"), tmp_path / "absent.txt", "absent.txt"))
    report = collection.ingest(files)
    assert len(report.added) + len(report.replaced) + report.unchanged + len(report.refused) == len(files)
    assert {refusal.code for refusal in report.refused} == {"parse_error", "empty", "missing"}


@pytest.mark.parametrize(
    ("changes", "code", "expected"),
    [(1, None, "second"), (5, "changed", "old"), (-1, "changed", "old")],
    ids=["once", "always", "vanishes"],
)
def test_a_file_that_changes_while_it_is_read_goes_in_whole_or_not_at_all(
    tmp_path: Path, embedder: WordHashEmbedder, changes: int, code: str | None, expected: str
) -> None:
    path = tmp_path / "files/a.txt"
    left = [0]

    class Disturbing(PlainParser):
        def parse(self, path: Path, name: str) -> ParsedFile:
            parsed = super().parse(path, name)
            if left[0] > 0:
                left[0] -= 1
                path.write_text("The second version of it.\n" + " " * left[0])
            elif left[0] < 0:
                path.unlink()
            return parsed

    files = write(tmp_path / "files", {"a.txt": "The old version of it.\n"})
    with DataDirectory.own(tmp_path / "data", parser=Disturbing(), splitter=split_lines) as data:
        collection = data.collection("default", embedder, create=True)
        collection.ingest(files)
        path.write_text("The first version of it.\n")
        left[0] = changes
        report = collection.ingest(files, roots=[str(tmp_path / "files")])
        assert [refusal.code for refusal in report.refused] == ([code] if code else [])
        assert [text.split()[1] for text in _texts(collection)] == [expected]


def test_a_batch_is_encoded_at_once_and_progress_tells_it(tmp_path: Path, collection: Collection) -> None:
    calls: list[tuple[str, int, int]] = []
    files = write(tmp_path / "files", {f"{n:03}.txt": article(n, 10) for n in range(BATCH_CHUNKS // 5)})
    collection.ingest(files, progress=lambda *call: calls.append(call))
    assert [call for call in calls if call[0] == "read"][-1] == ("read", len(files), len(files))
    assert [done for stage, done, _ in calls if stage == "encode"] == [520, 1020]
    assert calls[-1] == ("index", 1020, 1020)


def test_an_ingest_that_is_cancelled_keeps_what_was_acknowledged(
    tmp_path: Path, collection: Collection, embedder: WordHashEmbedder
) -> None:
    files = write(tmp_path / "files", {f"{n:03}.txt": article(n, 10) for n in range(BATCH_CHUNKS // 5)})

    class Cancelled(Exception):
        pass

    def cancel(stage: str, done: int, total: int) -> None:
        if stage == "index":
            raise Cancelled

    with pytest.raises(Cancelled):
        collection.ingest(files, progress=cancel)
    assert len(_texts(collection)) == 52
    report = collection.ingest(files)
    assert (report.unchanged, len(report.added)) == (52, len(files) - 52)


def test_vectors_that_cannot_be_searched_stop_the_ingest_and_nothing_goes_in(tmp_path: Path) -> None:
    class Broken(WordHashEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            return np.full((len(texts), 64), np.nan, dtype=np.float32)

    with own(tmp_path / "data") as data:
        collection = data.collection("default", Broken(), create=True)
        with pytest.raises(ModelUnavailable, match="cannot be searched"):
            collection.ingest(write(tmp_path / "files", {"a.txt": article(1)}))
        assert collection.documents() == []


@pytest.mark.parametrize("text", ["half \ud83d a pair", "NUL \0 inside", "‮ right to left", "😀" * 50])
def test_odd_characters_are_kept_or_refused(tmp_path: Path, embedder: WordHashEmbedder, text: str) -> None:
    class Odd(PlainParser):
        def parse(self, path: Path, name: str) -> ParsedFile:
            parsed = super().parse(path, name)
            return ParsedFile(text, parsed.media_type, parsed.provenance, parsed.body)

    with DataDirectory.own(
        tmp_path / "data", parser=Odd(), splitter=lambda parsed: [type(parsed.body[0])(0, len(parsed.text))]
    ) as data:
        collection = data.collection("default", embedder, create=True)
        report = collection.ingest(write(tmp_path / "files", {"a.txt": "x"}))
        if "\ud83d" in text:
            assert [refusal.code for refusal in report.refused] == ["bad_encoding"]
        else:
            assert _texts(collection) == {text}
            assert collection.chunks(collection.catalogue.chunk_ids(report.added)).popitem()[1].text == text


def test_a_name_that_is_not_utf8_is_refused_and_shown(tmp_path: Path, collection: Collection) -> None:
    name = "caf\udce9.txt"
    report = collection.ingest([SourceFile(f"/{name}", tmp_path / "x", name)])
    assert [(refusal.code, refusal.source) for refusal in report.refused] == [("bad_encoding", "/caf\\udce9.txt")]


def test_searches_run_while_files_go_in_and_see_whole_documents(tmp_path: Path, collection: Collection) -> None:
    stop = threading.Event()
    failures: list[object] = []
    embedder = WordHashEmbedder()
    vector = embedder.embed_query("registry entry")

    def search() -> None:
        while not stop.is_set():
            try:
                hits = [*collection.search_dense(vector, 10), *collection.search_lexical("registry entry", 10)]
                for chunk in collection.chunks([chunk_id for chunk_id, _ in hits]).values():
                    document = collection.document(chunk.document_id)
                    if document.text[chunk.start : chunk.end] != chunk.text:
                        failures.append(chunk)
            except Exception as error:  # noqa: BLE001
                failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    files = write(tmp_path / "files", {f"{n:03}.txt": article(n) for n in range(60)})
    for start in range(0, len(files), 10):
        collection.ingest(files[start : start + 10])
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert collection.chunk_count == 240


def test_content_that_moves_to_another_file_is_not_gone(tmp_path: Path, collection: Collection) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1)})
    collection.ingest(files)
    files = write(tmp_path / "files", {"a.txt": article(2), "b.txt": article(1)})
    report = collection.ingest(files, roots=[str(tmp_path / "files")])
    assert report.removed == ()
    assert report.embedded_chunks == 4
    assert _texts(collection) == {article(1), article(2)}


class Folder(RuleBasedStateMachine):
    """A folder and a collection that follows it, against a dict."""

    names = st.sampled_from([f"{letter}.txt" for letter in "abcdef"])
    contents = st.integers(0, 7)

    @initialize()
    def start(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="dossier-test-"))
        (self.root / "files").mkdir()
        self.model: dict[str, str] = {}
        self.stored: dict[str, str] = {}
        self.embedder = WordHashEmbedder()
        self._open()

    def _open(self) -> None:
        self.data = own(self.root / "data")
        self.collection = self.data.collection("default", self.embedder, create=True)

    @rule(name=names, content=contents)
    def write_file(self, name: str, content: int) -> None:
        text = article(content, lines=2)
        (self.root / "files" / name).write_text(text)
        self.model[name] = text

    @rule(name=names, other=names)
    def rename_file(self, name: str, other: str) -> None:
        if name in self.model:
            (self.root / "files" / name).rename(self.root / "files" / other)
            self.model[other] = self.model.pop(name)

    @rule(name=names)
    def delete_file(self, name: str) -> None:
        if self.model.pop(name, None) is not None:
            (self.root / "files" / name).unlink()

    @rule()
    def ingest(self) -> None:
        before = set(self.stored.values())
        report = self.collection.ingest(offered(self.root / "files"), roots=[str(self.root / "files")])
        self.stored = dict(self.model)
        after = set(self.stored.values())
        assert len(report.added) + len(report.replaced) + report.unchanged == len(self.model)
        assert len(report.removed) == len(before - after)

    @rule(name=names)
    def remove_document(self, name: str) -> None:
        if name in self.stored:
            text = self.stored[name]
            document = next(document for document in self.collection.documents() if document.text == text)
            self.collection.remove(document.id)
            self.stored = {key: value for key, value in self.stored.items() if value != text}

    @rule()
    def reopen(self) -> None:
        self.data.close()
        embedded = len(self.embedder.embedded)
        self._open()
        assert len(self.embedder.embedded) == embedded

    @invariant()
    def the_collection_is_what_was_last_ingested(self) -> None:
        if not hasattr(self, "collection"):
            return
        documents = self.collection.documents()
        found = {Path(source).name: document.text for document in documents for source in document.sources}
        assert found == self.stored
        hits = {chunk_id for chunk_id, _ in self.collection.search_lexical("registry entry", 100)}
        chunks = self.collection.chunks(list(hits))
        assert hits == set(chunks), "the lexical index holds nothing that is gone"
        assert {chunk.document_id for chunk in chunks.values()} == {document.id for document in documents}
        dense = self.collection.search_dense(self.embedder.embed_query("registry entry"), 100)
        assert {chunk_id for chunk_id, _ in dense} == hits

    def teardown(self) -> None:
        if hasattr(self, "data"):
            self.data.close()
            shutil.rmtree(self.root)


TestFolder = Folder.TestCase
TestFolder.settings = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_two_contents_of_one_uploaded_name_are_two_documents_and_the_report_says_so(
    tmp_path: Path, collection: Collection
) -> None:
    def upload(place: str, text: str, *, keeps: bool = True) -> SourceFile:
        return SourceFile(
            "upload/notes.txt", write(tmp_path / place, {"x.txt": text})[0].path, "notes.txt", keeps=keeps
        )

    first, second = upload("one", article(1)), upload("two", article(2))
    assert len(collection.ingest([first]).added) == 1
    report = collection.ingest([second])
    assert (len(report.added), report.replaced, report.removed, report.replacements) == (1, (), (), ())
    assert [(one.name, one.source) for one in report.beside] == [("upload/notes.txt", "upload/notes (2).txt")]
    assert _texts(collection) == {article(1), article(2)}
    again = collection.ingest([first, second, upload("three", article(3)), upload("four", article(2))])
    assert (again.unchanged, len(again.added), again.removed) == (3, 1, ())
    assert {one.sources for one in collection.documents()} == {
        ("upload/notes.txt",),
        ("upload/notes (2).txt",),
        ("upload/notes (3).txt",),
    }
    new = collection.ingest([upload("five", article(4), keeps=False)])
    assert [(one.source, one.gone, one.old) for one in new.replacements] == [("upload/notes.txt", True, new.removed[0])]
    assert new.replacements[0].new == new.replaced[0]
    assert _texts(collection) == {article(2), article(3), article(4)}
