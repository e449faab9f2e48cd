"""Data of every older schema opens as it was; nothing of a newer one is touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index import schema
from index.catalogue import FILE_NAME
from index.edits import Edit
from index.errors import StorageFailed
from tests.fakes import WordHashEmbedder
from tests.storage import article, found_by_own_words, own, write

OLDER = range(1, schema.SCHEMA_VERSION)


def _made_by(version: int, tmp_path: Path) -> Path:
    """A data directory as a Dossier of an older schema left it: its own tables, its rows."""
    with own(tmp_path / "now") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        texts = {f"{n}.txt": article(n, 3, title=f"Report {n}", date="2020-01-02") for n in range(3)}
        collection.ingest(write(tmp_path / "files", texts))
        content = {"id": "ans_1", "question": "What of it?", "query": "?", "citations": [], "evidence": []}
        collection.answers.keep(content, {}, thread=None, sequence=collection.answers.seen(), most=9)
    folder = tmp_path / "old" / "collections" / "default"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as old:
        old.execute("PRAGMA page_size = 8192")
        old.execute("PRAGMA journal_mode = WAL")
        old.executescript("".join(schema.STEPS[:version]) + f"PRAGMA user_version = {version};")
        old.execute("ATTACH ? AS now", (str(tmp_path / "now" / "collections" / "default" / FILE_NAME),))
        tables = [row[0] for row in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
    return tmp_path / "old"


@pytest.mark.parametrize("version", OLDER)
def test_data_of_an_older_schema_opens_with_the_same_ids_and_finds_every_chunk(tmp_path: Path, version: int) -> None:
    path = _made_by(version, tmp_path)
    with own(tmp_path / "now") as data:
        before = {one.id: one.text for one in data.collection("default", WordHashEmbedder()).documents()}
    embedder = WordHashEmbedder()
    with own(path) as data:
        collection = data.collection("default", embedder)
        assert {one.id: one.text for one in collection.documents()} == before
        assert all(ways == {"lexical", "dense"} for ways in found_by_own_words(collection, WordHashEmbedder()).values())
        assert embedder.embedded == []
        assert collection.answers.count() == (version > 1)
        assert collection.ingest([]).removed == ()
        new_id = collection.edit(next(iter(before)), author="Ilse Brandt")
        assert collection.edited(new_id) == Edit(author="Ilse Brandt")
        assert collection.feedback.count() == 0


@pytest.mark.parametrize("version", [*OLDER, schema.SCHEMA_VERSION])
def test_an_older_file_becomes_exactly_what_a_new_one_is(tmp_path: Path, version: int) -> None:
    def tables(path: Path) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()

    for name, steps in (("old", schema.STEPS[:version]), ("new", ())):
        with closing(schema.connect(tmp_path / name)) as connection:
            if steps:
                connection.executescript("".join(steps) + f"PRAGMA user_version = {len(steps)};")
            schema.prepare(connection, tmp_path / name)
    assert tables(tmp_path / "old") == tables(tmp_path / "new")
    assert {name for _, name in schema.schema_names()} == {name for name, _ in tables(tmp_path / "new")}


def test_data_of_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "collections" / "default"
    path.mkdir(parents=True)
    with closing(sqlite3.connect(path / FILE_NAME)) as connection:
        connection.executescript(f"CREATE TABLE later (x); PRAGMA user_version = {schema.SCHEMA_VERSION + 1};")
    with own(tmp_path) as data, pytest.raises(StorageFailed, match="pip install --upgrade dossier"):
        data.collection("default", WordHashEmbedder())
    with closing(sqlite3.connect(path / FILE_NAME)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("later",)]
