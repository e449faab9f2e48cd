"""Compares lexical indexes (tantivy, SQLite FTS5, bm25s) on size, speed, updates and a kill; ADR 0003 holds the outcome.

Run: python -m eval.bench.lexical [--chunks 100000] [--texts FOLDER_OR_JSONL] [--kills 5]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from index.lexical import LexicalIndex
from index.stop_words import STOP_WORDS

CAP_BYTES = 4 * 1024**3
PER_DOCUMENT = 10
TOP_K = 40
QUERIES = 200
UPDATE = 100
GROUP = 2_000

Rows = Sequence[tuple[str, str, str]]  # chunk id, document id, text


class Candidate(Protocol):
    """A lexical index in a folder."""

    def add(self, rows: Rows) -> None:
        """Add chunks; durable and searchable when it returns."""

    def delete(self, document_id: str) -> None:
        """Delete a document's chunks; durable and gone from searches when it returns."""

    def search(self, query: str, top_k: int) -> list[str]: ...

    def count(self) -> int: ...

    def close(self) -> None: ...


class Tantivy:
    """What Dossier ships."""

    def __init__(self, folder: Path) -> None:
        self._index = LexicalIndex(folder)

    def add(self, rows: Rows) -> None:
        self._index.apply(
            (), [row[0] for row in rows], [row[1] for row in rows], [""] * len(rows), [row[2] for row in rows]
        )

    def delete(self, document_id: str) -> None:
        self._index.apply([document_id])

    def search(self, query: str, top_k: int) -> list[str]:
        return [chunk_id for chunk_id, _ in self._index.search(query, top_k)]

    def count(self) -> int:
        return self._index.count()

    def close(self) -> None:
        self._index.close()


class Fts5:
    """SQLite's own, with its Porter stemmer, WAL and synchronous=FULL, its texts in a table of their own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / "fts.sqlite3", isolation_level=None)
        self._database.executescript(
            """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE IF NOT EXISTS chunks (key INTEGER PRIMARY KEY, chunk TEXT, document TEXT, text TEXT);
            CREATE INDEX IF NOT EXISTS by_document ON chunks (document);
            CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
                text, content='chunks', content_rowid='key', tokenize="porter unicode61 remove_diacritics 2");"""
        )

    def add(self, rows: Rows) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        first = self._database.execute("SELECT coalesce(max(key), 0) FROM chunks").fetchone()[0]
        self._database.executemany("INSERT INTO chunks (chunk, document, text) VALUES (?, ?, ?)", rows)
        self._database.execute("INSERT INTO words (rowid, text) SELECT key, text FROM chunks WHERE key > ?", (first,))
        self._database.execute("COMMIT")

    def delete(self, document_id: str) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute(
            "INSERT INTO words (words, rowid, text) SELECT 'delete', key, text FROM chunks WHERE document = ?",
            (document_id,),
        )
        self._database.execute("DELETE FROM chunks WHERE document = ?", (document_id,))
        self._database.execute("COMMIT")

    def search(self, query: str, top_k: int) -> list[str]:
        words = [word for word in query.lower().replace("?", " ").split() if word not in STOP_WORDS["en"]]
        expression = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        rows = self._database.execute(
            "SELECT chunk FROM chunks JOIN (SELECT rowid AS key, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?) USING (key)",
            (expression, top_k),
        )
        return [row[0] for row in rows]

    def count(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def close(self) -> None:
        self._database.close()


class Bm25s:
    """numpy arrays, loaded by mmap; every change builds the whole index again, so it keeps the texts beside it."""

    def __init__(self, folder: Path) -> None:
        import bm25s

        self._bm25s: Any = bm25s
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._rows: list[tuple[str, str, str]] = []
        self._index: Any = None
        if (folder / "index").exists():
            self._rows = [tuple(json.loads(line)) for line in (folder / "rows.jsonl").read_text().splitlines()]
            self._index = bm25s.BM25.load(folder / "index", mmap=True)

    def _tokens(self, texts: Sequence[str]) -> Any:
        return self._bm25s.tokenize(texts, stopwords=sorted(STOP_WORDS["en"]), show_progress=False)

    def _save(self) -> None:
        self._index = self._bm25s.BM25()
        self._index.index(self._tokens([row[2] for row in self._rows]), show_progress=False)
        fresh = self._folder / "fresh"
        self._index.save(fresh)
        (self._folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in self._rows))
        shutil.rmtree(self._folder / "index", ignore_errors=True)
        fresh.rename(self._folder / "index")

    def add(self, rows: Rows) -> None:
        self._rows += rows
        self._save()

    def delete(self, document_id: str) -> None:
        self._rows = [row for row in self._rows if row[1] != document_id]
        self._save()

    def search(self, query: str, top_k: int) -> list[str]:
        places, scores = self._index.retrieve(self._tokens([query]), k=min(top_k, len(self._rows)), show_progress=False)
        return [self._rows[place][0] for place, score in zip(places[0], scores[0], strict=True) if score > 0]

    def count(self) -> int:
        return len(self._rows)

    def close(self) -> None:
        self._index = None


CANDIDATES: dict[str, Callable[[Path], Candidate]] = {"tantivy": Tantivy, "fts5": Fts5, "bm25s": Bm25s}


def words(count: int, chance: random.Random) -> list[str]:
    """Invented words, short ones first, as in a language."""
    syllables = [first + vowel for first in "bcdfghklmnprstvz" for vowel in "aeiou"]
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(chance.choice(syllables) for _ in range(chance.randrange(1, 3 + len(found) // 5_000)))] = None
    return list(found)


def invented(count: int, seed: int = 0) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Chunks of about 100 words whose frequencies follow Zipf's law, and questions about some of them."""
    chance = random.Random(seed)  # noqa: S311
    vocabulary = words(30_000, chance)
    weights = [1 / (rank + 2.7) for rank in range(len(vocabulary))]
    total = 0.0
    cumulative = [total := total + weight for weight in weights]
    rows = []
    for number in range(count):
        picked = chance.choices(vocabulary, cum_weights=cumulative, k=chance.randrange(70, 131))
        picked[chance.randrange(len(picked))] = f"{chance.randrange(1_000, 999_999):,}"
        rows.append((f"chk_{number:032d}", f"doc_{number // PER_DOCUMENT:032d}", " ".join(picked)))
    return rows, questions(rows, chance)


def given(place: Path, count: int) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Chunks of text files in a folder, or of the strings in a JSON Lines file, and questions about some of them."""
    rows: list[tuple[str, str, str]] = []
    for number, text in enumerate(_texts(place)):
        parts = text.split()
        for start in range(0, len(parts), 100):
            rows.append((f"chk_{len(rows):032d}", f"doc_{number:032d}", " ".join(parts[start : start + 100])))
            if len(rows) == count:
                return rows, questions(rows, random.Random(0))  # noqa: S311
    return rows, questions(rows, random.Random(0))  # noqa: S311


def _texts(place: Path) -> Iterator[str]:
    if place.is_dir():
        for path in sorted(place.rglob("*.txt")):
            yield path.read_text(errors="replace")
        return
    with place.open() as lines:
        for line in lines:
            yield " ".join(value for value in json.loads(line).values() if isinstance(value, str))


def questions(rows: Rows, chance: random.Random) -> list[str]:
    """Natural in shape: question words, and six words that occur together somewhere."""
    starts = ("What did the", "Who said that", "How many of the", "When was the", "Where is the")
    picked = [chance.choice(rows)[2].split() for _ in range(QUERIES)]
    return [f"{chance.choice(starts)} {' '.join(chance.sample(parts, min(6, len(parts))))}?" for parts in picked]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(name: str, rows: Rows, asked: Sequence[str], folder: Path) -> dict[str, float]:
    """Build, search, update. Times in seconds; a query's in milliseconds."""
    candidate = CANDIDATES[name](folder)
    started = time.perf_counter()
    for start in range(0, len(rows), len(rows) if name == "bm25s" else GROUP):
        candidate.add(rows[start : start + (len(rows) if name == "bm25s" else GROUP)])
    figures = {"build_s": time.perf_counter() - started}
    candidate.close()
    figures["size_mb"] = size_of(folder) / 1e6
    candidate = CANDIDATES[name](folder)
    times = []
    for question in asked:
        started = time.perf_counter()
        candidate.search(question, TOP_K)
        times.append((time.perf_counter() - started) * 1_000)
    figures["query_p50_ms"] = statistics.median(times)
    figures["query_p95_ms"] = statistics.quantiles(times, n=20)[-1]
    figures["add_100_s"] = statistics.median(_timed(partial(candidate.add, _extra(rows, turn))) for turn in range(3))
    figures["delete_1_s"] = statistics.median(
        _timed(partial(candidate.delete, rows[turn * 500][1])) for turn in range(3)
    )
    candidate.close()
    return figures


def _extra(rows: Rows, turn: int) -> list[tuple[str, str, str]]:
    return [(f"new_{turn}_{number:028d}", f"new_{turn}", rows[number][2]) for number in range(min(UPDATE, len(rows)))]


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def writer(name: str, folder: Path) -> None:
    """The child that is killed: commits groups of chunks and says the number of each committed group."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (CAP_BYTES, CAP_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    candidate = CANDIDATES[name](folder)
    rows, _ = invented(1_000, seed=1)
    for group in range(10_000):
        candidate.add([(f"{group}_{row[0]}", f"{group}_{row[1]}", row[2]) for row in rows[:UPDATE]])
        print(group, flush=True)


def survives(name: str, folder: Path, kills: int) -> tuple[int, int]:
    """How many of `kills` stores still open, hold every committed group and nothing of a half one; and how many were tried."""
    good = 0
    chance = random.Random(0)  # noqa: S311
    for turn in range(kills):
        place = folder / f"kill{turn}"
        child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "eval.bench.lexical", "--writer", name, str(place)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(chance.randrange(1, 6))]
        time.sleep(chance.uniform(0, 0.2))
        child.send_signal(signal.SIGKILL)
        said += child.stdout.readlines()
        child.stdout.close()
        child.wait()
        committed = sum(line.endswith("\n") for line in said)
        try:
            candidate = CANDIDATES[name](place)
            held = candidate.count()
            candidate.search("ba ce?", TOP_K)
            candidate.close()
        except Exception as error:  # noqa: BLE001
            print(f"  {name}, kill {turn}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        good += held % UPDATE == 0 and committed <= held // UPDATE <= committed + 1
    return good, kills


def main() -> None:
    """Print one row a candidate, then each as a ratio to tantivy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--writer", nargs=2)
    options = parser.parse_args()
    if options.writer:
        writer(options.writer[0], Path(options.writer[1]))
        return
    rows, asked = given(options.texts, options.chunks) if options.texts else invented(options.chunks)
    text_mb = sum(len(text) for _, _, text in rows) / 1e6
    print(
        f"{len(rows)} chunks, {text_mb:.0f} MB of text, {len(asked)} questions, top_k {TOP_K}, {os.cpu_count()} cores"
    )
    table: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for candidate in CANDIDATES:
            table[candidate] = measure(candidate, rows, asked, Path(name) / candidate)
            shutil.rmtree(Path(name) / candidate)
            good, tried = survives(candidate, Path(name) / candidate, options.kills)
            table[candidate]["kills_survived"] = good
            print(
                f"{candidate:8}",
                *(f"{key} {value:.3g}" for key, value in table[candidate].items()),
                f"of {tried}",
                sep="  ",
            )
    for candidate, figures in table.items():
        ratios = (
            f"{key} {value / table['tantivy'][key]:.2f}" for key, value in figures.items() if table["tantivy"][key]
        )
        print(f"{candidate} / tantivy:", *ratios, sep="  ")


if __name__ == "__main__":
    main()
