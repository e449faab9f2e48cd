"""A flipped bit anywhere in the catalogue is found by the doctor and put back; one in an index has it built anew."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.catalogue import FILE_NAME, Catalogue
from index.checksums import Value, _as_written, row_sum
from index.collection import fingerprint_of
from index.doctor import Finding, examine, repair
from index.errors import StorageFailed
from index.faults import catalogue_faults
from index.mending import mend_catalogue
from index.schema import _WHOLE, STEPS
from tests.fakes import WordHashEmbedder
from tests.storage import article, found_by_own_words, own, write

CATALOGUE = f"collections/default/{FILE_NAME}"
FLIPS, NIGHTLY_FLIPS = 40, 400
INDEX_FLIPS, NIGHTLY_INDEX_FLIPS = 3, 100
BEFORE_CHECKSUMS = f"""
ALTER TABLE documents DROP COLUMN recognised;
DROP INDEX sources_by_sha256;
DROP TABLE originals;
DROP INDEX answers_by_question;
DROP TRIGGER threads_end;
ALTER TABLE answers DROP COLUMN question;
DROP TABLE threads;
DROP TABLE checksums;
DROP TABLE erasures;
PRAGMA user_version = {STEPS.index(_WHOLE)};
"""
"""Undoes the steps of the schema from the one that brought checksums on."""


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed data directory with a row of every kind."""
    folder = tmp_path_factory.mktemp("healthy")
    with own(folder / "data") as directory:
        collection = directory.collection("default", WordHashEmbedder(), create=True)
        texts = {f"{n}.txt": article(n, 4, title=f"Report {n}", date="2024-03-01") for n in range(30)}
        collection.ingest(write(folder / "files", texts))
        read = [{"document_id": one.id, "text": one.text[:200]} for one in collection.documents()[:3]]
        for number in range(20):
            content = {
                "id": f"ans_{number}",
                "question": "What of it?",
                "query": "?",
                "citations": [],
                "evidence": read,
            }
            collection.answers.keep(content, {}, thread="t", sequence=collection.answers.seen(), most=50)
        collection.feedback.add("ans_1", "good", caller="local", comment="as it was", gold={"question": "q"})
        collection.edit(collection.documents()[0].id, author="Ilse Brandt")
    return folder / "data"


@pytest.fixture
def data(healthy: Path, tmp_path: Path) -> Path:
    """A directory of the test's own."""
    return Path(shutil.copytree(healthy, tmp_path / "data"))


def _dump(path: Path) -> list[tuple[Any, ...]] | None:
    """What a catalogue says, row by row; None where SQLite cannot read it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        connection.text_factory = bytes
        try:
            tables = [
                bytes(row[0]).decode()
                for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            rows = [(table, *row) for table in sorted(tables) for row in connection.execute(f"SELECT * FROM {table}")]
            return sorted(rows, key=repr) + connection.execute("SELECT * FROM sqlite_master").fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return None


def _faults(path: Path) -> list[str]:
    try:
        with closing(Catalogue(path)) as catalogue:
            return list(catalogue_faults(catalogue))
    except StorageFailed as error:
        return [str(error)]


def _flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _count_flips(healthy: Path, tmp_path: Path, count: int, seed: int = 0) -> Counter[str]:
    """Flip so many bits, one at a time, in copies of the catalogue, and say what became of each."""
    before = _dump(healthy / CATALOGUE)
    seen: Counter[str] = Counter()
    path = tmp_path / FILE_NAME
    for number in range(count):
        shutil.copy(healthy / CATALOGUE, path)
        _flip(path, random.Random(seed + number))
        if (after := _dump(path)) == before:
            seen["no content"] += 1
            continue
        kind = "structure" if after is None else "rows"
        if not _faults(path):
            seen[f"{kind} missed"] += 1
            continue
        with suppress(StorageFailed):
            mend_catalogue(path, WordHashEmbedder(), fingerprint_of(WordHashEmbedder()))
        mended = not _faults(path) and _told(path) == _told(healthy / CATALOGUE)
        seen[f"{kind} {'mended' if mended else 'found'}"] += 1
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    return seen


def _told(path: Path) -> list[tuple[Any, ...]]:
    """What a catalogue says of its documents and answers, whatever it says of its search index."""
    passing = ("generations", "meta", "log", "checksums", "sqlite_sequence")
    return [row for row in _dump(path) or [] if row[0] not in passing and b"CREATE" not in repr(row).encode()]


def test_every_flipped_bit_that_changed_a_row_is_found_and_put_back(
    healthy: Path, tmp_path: Path, nightly: bool
) -> None:
    seen = _count_flips(healthy, tmp_path, NIGHTLY_FLIPS if nightly else FLIPS)
    print(dict(seen))
    assert seen["rows missed"] == seen["structure missed"] == 0
    assert seen["rows mended"] > 5, "or it shows little"
    assert seen["rows found"] == 0


@pytest.mark.parametrize("index", ["lexical", "chroma"])
def test_every_flipped_bit_in_an_index_is_found_and_the_index_is_built_anew(
    healthy: Path, data: Path, index: str, nightly: bool
) -> None:
    files = sorted(
        one for one in next(data.glob("collections/*/generations/gen_*")).joinpath(index).rglob("*") if _size(one)
    )
    sound = {file: file.read_bytes() for file in files}
    for number in range(NIGHTLY_INDEX_FLIPS if nightly else INDEX_FLIPS):
        chance = random.Random(number)
        file = chance.choices(files, weights=[_size(one) for one in files])[0]
        _flip(file, chance)
        found = _by_name(examine(data, WordHashEmbedder()))["default: index"]
        assert not found.ok, file
        assert file.name in found.detail
        file.write_bytes(sound[file])
    _flip(files[0], random.Random(0))
    assert _by_name(repair(data, WordHashEmbedder()))["default: index"].ok
    with own(data) as directory:
        ways = found_by_own_words(directory.collection("default", WordHashEmbedder()), WordHashEmbedder())
        assert all(one == {"lexical", "dense"} for one in ways.values())


def test_a_file_of_the_lexical_index_that_was_not_closed_in_order_is_checked_before_it_is_taken_for_good(
    data: Path,
) -> None:
    """As a killed server leaves it: nothing is noted of its files."""
    generation = next(data.glob("collections/*/generations/gen_*"))
    postings = max(generation.joinpath("lexical").glob("*.idx"), key=_size)
    content = bytearray(postings.read_bytes())
    content[len(content) // 3] ^= 0x40
    postings.write_bytes(content)
    with closing(Catalogue(data / CATALOGUE)) as catalogue, catalogue.writing() as connection:
        connection.execute("UPDATE generations SET clean = 0, manifest = '{}'")
    found = _by_name(examine(data, WordHashEmbedder()))["default: index"]
    assert not found.ok
    assert postings.name in found.detail
    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder())
        assert collection.generation != generation.name
        assert all(one == {"lexical", "dense"} for one in found_by_own_words(collection, WordHashEmbedder()).values())


def test_an_index_that_was_damaged_while_it_was_open_is_not_taken_for_good_when_it_is_closed(
    data: Path, tmp_path: Path
) -> None:
    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder())
        collection.ingest(write(tmp_path / "more", {"99.txt": article(99)}))
        generation = next(data.glob("collections/*/generations/gen_*"))
        postings = max(generation.joinpath("lexical").glob("*.pos"), key=_size)
        content = bytearray(postings.read_bytes())
        content[len(content) // 2] ^= 1
        postings.write_bytes(content)
    with own(data) as directory:
        assert directory.collection("default", WordHashEmbedder()).generation != generation.name


_VALUES = st.lists(st.none() | st.integers(-(2**62), 2**62) | st.binary(max_size=60), min_size=1, max_size=6)


@settings(max_examples=200)
@given(written=_VALUES, chance=st.randoms(use_true_random=False))
def test_one_flipped_bit_of_a_row_is_put_back_and_more_are_never_taken_for_it(
    written: list[Value], chance: random.Random
) -> None:
    kept = row_sum(written)
    places = [place for place, value in enumerate(written) if isinstance(value, int) or value]
    if not places:
        return
    damaged = list(written)
    place = chance.choice(places)
    damaged[place] = _flipped_value(written[place], chance)
    assert _as_written(damaged, kept) == tuple(written)
    again = list(damaged)
    again[place] = _flipped_value(damaged[place], chance)
    assert _as_written(again, kept) in (tuple(written), None)


def _flipped_value(value: Value, chance: random.Random) -> Value:
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(62))
    content = bytearray(value or b"")
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def test_text_that_is_no_longer_text_is_shown_and_put_back(data: Path) -> None:
    path = data / CATALOGUE
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE documents SET title = CAST(x'52e5706f72742030' AS TEXT) WHERE title = 'Report 0'")
        raw.execute("UPDATE documents SET notes = '{x' WHERE title = 'Report 1'")
        raw.commit()
    with own(data) as directory:
        titles = {one.provenance.title for one in directory.collection("default", WordHashEmbedder()).documents()}
        assert "R\ufffdport 0" in titles
    mend_catalogue(path, WordHashEmbedder(), fingerprint_of(WordHashEmbedder()))
    with own(data) as directory:
        titles = {one.provenance.title for one in directory.collection("default", WordHashEmbedder()).documents()}
        assert "Report 0" in titles, "it was one bit"
    assert _faults(path) == ["1 documents are not as they were written"], "the other was not"


def test_an_older_catalogue_gets_the_checksum_of_every_row_when_it_is_upgraded(healthy: Path, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    shutil.copy(healthy / CATALOGUE, path)
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(BEFORE_CHECKSUMS)
    assert _faults(path) == []
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE embeddings SET vector = zeroblob(256) WHERE key = 1")
        raw.commit()
    assert len(_faults(path)) == 2


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}
