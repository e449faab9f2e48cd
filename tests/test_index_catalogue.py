"""The catalogue: transactions, ids, and what a bad file is called."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.catalogue import Catalogue
from index.changes import NewDocument, add_document, link_source, remove_document
from index.duplicates import sketch
from index.errors import StorageFailed, UnknownDocument
from index.heading import heading_of, passage_text
from index.stored import StoredSource, chunk_id_of, document_id_of
from index.values import ParsedFile, Provenance, Published, Span
from index.vectors import passage_hash, store_vectors


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "dossier.sqlite3")


def _new(text: str, provenance: Provenance | None = None, at: tuple[int, ...] = (0,)) -> NewDocument:
    provenance = provenance or Provenance(title="T")
    spans = tuple(Span(start, len(text)) for start in at)
    hashes = tuple(
        passage_hash("fake", passage_text(heading_of(provenance), text[span.start : span.end])) for span in spans
    )
    parsed = ParsedFile(text, "text/plain", provenance, (Span(0, len(text)),), (0, 3), ("a note",))
    return NewDocument(document_id_of(text, provenance), parsed, spans, hashes, sketch(text, parsed.body))


def _add(catalogue: Catalogue, new: NewDocument, source: str = "/a") -> None:
    with catalogue.writing() as connection:
        missing = [name for name in dict.fromkeys(new.hashes) if name not in catalogue.known_vectors([name])]
        keys = catalogue.known_vectors(list(new.hashes)) | store_vectors(
            connection, missing, np.ones((len(missing), 4), dtype=np.float32)
        )
        add_document(connection, new, keys)
        link_source(connection, source, StoredSource(new.id, 1, "hash", "1"))


def test_a_document_comes_back_as_it_went_in(catalogue: Catalogue) -> None:
    provenance = Provenance("Title", "Post", "A. Writer", Published("2025-11", "month", "json-ld"), "report")
    new = _new("Some text of it.\nMore.", provenance, at=(0, 5))
    _add(catalogue, new)
    document = catalogue.document(new.id)
    assert (document.text, document.provenance, document.page_starts, document.notes) == (
        new.parsed.text,
        provenance,
        (0, 3),
        ("a note",),
    )
    assert (document.sources, document.origin, document.chunk_count) == (("/a",), new.id, 2)
    ids = catalogue.chunk_ids([new.id])
    chunks = catalogue.chunks([ids[1], "chk_unknown", ids[0]])
    assert list(chunks) == [ids[1], ids[0]]
    assert [(chunk.ordinal, chunk.text) for chunk in chunks.values()] == [
        (1, "text of it.\nMore."),
        (0, "Some text of it.\nMore."),
    ]


def test_a_transaction_that_fails_leaves_nothing(catalogue: Catalogue) -> None:
    with pytest.raises(RuntimeError), catalogue.writing() as connection:
        new = _new("text")
        add_document(connection, new, store_vectors(connection, new.hashes, np.ones((1, 4), dtype=np.float32)))
        raise RuntimeError
    assert catalogue.documents() == []
    assert catalogue.sequence == 0
    assert catalogue.known_vectors(list(_new("text").hashes)) == {}


def test_readers_see_the_state_before_until_the_commit(catalogue: Catalogue) -> None:
    seen: list[int] = []
    with catalogue.writing() as connection:
        new = _new("text")
        add_document(connection, new, store_vectors(connection, new.hashes, np.ones((1, 4), dtype=np.float32)))
        reader = threading.Thread(target=lambda: seen.append(catalogue.chunk_count()))
        reader.start()
        reader.join()
    assert seen == [0]
    assert catalogue.chunk_count() == 1


def test_every_change_has_a_number_and_a_removal_names_its_chunks(catalogue: Catalogue) -> None:
    new = _new("some text", at=(0, 5))
    _add(catalogue, new)
    ids = catalogue.chunk_ids([new.id])
    with catalogue.writing() as connection:
        assert remove_document(connection, new.id)
        assert not remove_document(connection, new.id)
    assert [(change.sequence, change.action, change.document_id) for change in catalogue.changes_after(0)] == [
        (1, "add", new.id),
        (2, "remove", new.id),
    ]
    assert catalogue.changes_after(1)[0].chunk_ids == tuple(ids)
    assert catalogue.sequence == 2


def test_vectors_of_a_removed_document_are_known_when_it_comes_back(catalogue: Catalogue) -> None:
    new = _new("some text")
    _add(catalogue, new)
    with catalogue.writing() as connection:
        remove_document(connection, new.id)
    assert set(catalogue.known_vectors(list(new.hashes))) == set(new.hashes)
    _add(catalogue, new)
    assert catalogue.vectors([new.id])[1].shape == (1, 4)


def test_an_unknown_document_is_an_error_with_a_command(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownDocument, match="dossier documents"):
        catalogue.document("doc_x")


@settings(max_examples=50, deadline=None)
@given(text=st.text(), title=st.none() | st.text(), publisher=st.none() | st.text())
def test_ids_come_from_content_alone(text: str, title: str | None, publisher: str | None) -> None:
    own = document_id_of(text, Provenance(title, publisher))
    assert own == document_id_of(text, Provenance(title, publisher))
    assert own != document_id_of(text + "x", Provenance(title, publisher))
    assert own != document_id_of(text, Provenance(title, publisher, author="x"))
    if title != publisher:
        assert own != document_id_of(text, Provenance(publisher, title))
    assert chunk_id_of(own, 1, 11) != chunk_id_of(own, 11, 1)


def test_a_newer_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "dossier.sqlite3"
    Catalogue(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageFailed, match=r"schema 99.*upgrade"):
        Catalogue(path)


def test_another_programs_database_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "dossier.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StorageFailed, match="not a Dossier catalogue"):
        Catalogue(path)


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" + bytes(4080)])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dossier.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StorageFailed, match="dossier doctor"):
        Catalogue(path)
    assert path.read_bytes() == content


def test_the_settings_that_make_a_commit_durable_are_on(catalogue: Catalogue) -> None:
    with catalogue.writing() as connection:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]
    assert found == ["wal", 2, 1, 1]


def test_a_closed_catalogue_leaves_one_file(tmp_path: Path, catalogue: Catalogue) -> None:
    _add(catalogue, _new("text"))
    assert catalogue.documents()
    catalogue.close()
    assert [path.name for path in tmp_path.iterdir()] == ["dossier.sqlite3"]
