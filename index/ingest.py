"""Files -> catalogue -> search indexes, in batches: read ahead, encode many chunks at once, commit, then index."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from index.catalogue import Catalogue
from index.changes import NewDocument, add_document, has_document, link_source, split_again, unlink_source
from index.edits import edit_of, store_edit
from index.files import SourceFile
from index.generations import Generations
from index.metadata import FILE, GIVEN, store_metadata
from index.originals import Originals
from index.protocols import Embedder, Vectors
from index.reading import FileReader, ReadFile
from index.successors import offer
from index.values import IngestReport, KeptBeside, Refusal, Replacement, Successor
from index.vectors import check_vectors, put_vectors

BATCH_CHUNKS = 512
ENCODE_CHUNKS = 1_024
AHEAD = 32
MODEL = "embedder"

Progress = Callable[[str, int, int], None]


class Ingest:
    """One run over some files. Every document is acknowledged when the transaction of its batch is committed.

    Args:
        catalogue: Where documents go.
        generations: Search indexes that follow the catalogue.
        embedder: Encodes passages; called from the thread that runs `run`.
        reader: Reads files; called from another thread.
        originals: Where the bytes that the reader staged are kept.
        fingerprint: Name of the vectors, noted in the catalogue with the first document.
        progress: Told (stage, done, total) for "read", "encode" and "index". What it raises ends the run; what was
            acknowledged stays.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        generations: Generations,
        embedder: Embedder,
        reader: FileReader,
        originals: Originals,
        *,
        fingerprint: str,
        progress: Progress | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._generations = generations
        self._embedder = embedder
        self._reader = reader
        self._originals = originals
        self._fingerprint = fingerprint
        self._progress = progress or (lambda stage, done, total: None)
        self._seconds: dict[str, float] = defaultdict(float)
        self._added: list[str] = []
        self._replaced: list[str] = []
        self._removed: list[str] = []
        self._unchanged = 0
        self._refused: list[Refusal] = []
        self._replacements: list[Replacement] = []
        self._beside: list[KeptBeside] = []
        self._late: list[SourceFile] = []
        self._offered: dict[str, SourceFile] = {}
        self._embedded = self._reused = self._chunks = self._encoded = self._indexed = 0

    def run(
        self, files: Sequence[SourceFile], *, roots: Sequence[str] = (), refusals: Sequence[Refusal] = ()
    ) -> IngestReport:
        """Take the files in; remove sources under `roots` that are neither among `files` nor refused."""
        started = time.perf_counter()
        self._take_in(files)
        while self._late:
            again, self._late = self._late, []
            self._take_in(again)
        self._remove_missing(files, roots, [*refusals, *self._refused])
        with self._timed("index"):
            self._generations.catch_up()
            self._generations.compact()
        back = self._catalogue.chunk_counts(self._removed)  # content that moved from one file to another
        self._seconds["total"] = time.perf_counter() - started
        return IngestReport(
            added=tuple(self._added),
            replaced=tuple(self._replaced),
            removed=tuple(document_id for document_id in dict.fromkeys(self._removed) if document_id not in back),
            unchanged=self._unchanged,
            refused=(*refusals, *self._refused),
            embedded_chunks=self._embedded,
            reused_chunks=self._reused,
            replacements=tuple(self._replacements),
            beside=tuple(self._beside),
            successors=self._successors(),
            seconds={name: round(self._seconds[name], 4) for name in ("parse", "encode", "store", "index", "total")},
        )

    def _successors(self) -> tuple[Successor, ...]:
        """Which of the documents that came in look like newer or older versions of others."""
        came = [*self._added, *self._replaced]
        if not came:
            return ()
        with self._catalogue.reading() as connection:
            return tuple(offer(connection, came))

    def _take_in(self, files: Sequence[SourceFile]) -> None:
        batch: list[ReadFile] = []
        unkept: list[ReadFile] = []
        for done, outcome in enumerate(self._read_ahead(files), 1):
            self._progress("read", done, len(files))
            asked = files[done - 1]
            if isinstance(outcome, ReadFile) and outcome.file.source != asked.source:
                self._beside.append(KeptBeside(asked.source, outcome.file.source))
                self._offered[outcome.file.source] = asked
            if isinstance(outcome, Refusal):
                self._refused.append(outcome)
            elif outcome.document is None:
                self._unchanged += 1
                if outcome.staged:
                    unkept.append(outcome)
                self._describe(outcome.file)
            else:
                batch.append(outcome)
                self._chunks += len(outcome.document.spans)
                if sum(len(read.document.spans) for read in batch if read.document) >= BATCH_CHUNKS:
                    self._store(batch)
                    batch = []
        if batch:
            self._store(batch)
        if unkept:
            with self._generations.lock, self._timed("store"), self._catalogue.writing() as connection:
                self._originals.settle(connection, _staged(unkept))

    def _read_ahead(self, files: Iterable[SourceFile]) -> Iterator[ReadFile | Refusal]:
        """Outcomes in the order of `files`; another thread reads a few files ahead while chunks are encoded."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as pool:
            waiting: deque[Future[ReadFile | Refusal]] = deque()
            try:
                for file in files:
                    waiting.append(pool.submit(self._reader.read, file))
                    if len(waiting) > AHEAD:
                        yield self._outcome(waiting.popleft())
                while waiting:
                    yield self._outcome(waiting.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _outcome(self, future: Future[ReadFile | Refusal]) -> ReadFile | Refusal:
        with self._timed("parse"):
            return future.result()

    def _store(self, batch: Sequence[ReadFile]) -> None:
        """Encode what is new, commit the batch, bring the indexes up to it."""
        passages = {name: text for read in batch for name, text in (read.passages or {}).items()}
        fresh: dict[bytes, Vectors] = {}
        while True:
            known = self._catalogue.known_vectors(list(passages))
            with self._timed("encode"):
                self._encode(
                    {name: text for name, text in passages.items() if name not in known and name not in fresh}, fresh
                )
            with self._generations.lock, self._timed("store"), self._catalogue.writing() as connection:
                keys = put_vectors(connection, list(passages), fresh)
                if keys is not None:
                    connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (MODEL, self._fingerprint))
                    stored: set[bytes] = set(fresh)
                    taken = [read.file for read in batch if _taken_meanwhile(connection, read)]
                    late = [read.file for read in batch if _edited_meanwhile(connection, read)] + taken
                    linked = [read for read in batch if read.file not in late]
                    tallies = [self._link(connection, read, keys, stored) for read in linked]
                    self._originals.settle(connection, _staged(linked))
                    break
        for file in taken:
            self._reader.forget(file.source)
        self._late += [self._offered.get(file.source, file) for file in late]
        for tally in tallies:
            tally()
        with self._timed("index"):
            self._generations.catch_up()
        self._indexed += sum(len(read.document.spans) for read in batch if read.document)
        self._progress("index", self._indexed, max(self._chunks, self._indexed))

    def _encode(self, wanted: dict[bytes, str], fresh: dict[bytes, Vectors]) -> None:
        names = list(wanted)
        for start in range(0, len(names), ENCODE_CHUNKS):
            part = names[start : start + ENCODE_CHUNKS]
            vectors = self._embedder.embed_passages([wanted[name] for name in part])
            check_vectors(vectors, len(part))
            fresh.update(zip(part, vectors, strict=True))
            self._encoded += len(part)
            self._progress("encode", self._encoded, max(self._chunks, self._encoded))

    def _link(
        self, connection: sqlite3.Connection, read: ReadFile, keys: dict[bytes, int], fresh: set[bytes]
    ) -> Callable[[], None]:
        """Store one file inside the transaction; what it returns counts it, once the transaction is committed."""
        new = read.document
        assert new is not None
        row = connection.execute("SELECT document FROM sources WHERE source = ?", (read.file.source,)).fetchone()
        known, before = row is not None, row and row[0]
        present = has_document(connection, new.id)
        if not present:
            add_document(connection, new, keys)
        else:
            present = not split_again(connection, new, keys)
        embedded = _take(fresh, new) if not present else 0
        gone = link_source(connection, read.file.source, read.stored)
        store_metadata(connection, read.file.source, FILE, new.parsed.metadata)
        if read.file.metadata is not None:
            store_metadata(connection, read.file.source, GIVEN, read.file.metadata)
        if read.edited is not None:
            store_edit(connection, read.file.source, read.edited)

        def tally() -> None:
            if not present:
                self._embedded += embedded
                self._reused += len(new.spans) - embedded
            if gone or (known and not present):
                self._replaced.append(new.id)
            elif present:
                self._unchanged += 1
            else:
                self._added.append(new.id)
            if gone:
                self._removed.append(gone)
            if known and before != new.id:
                self._replacements.append(Replacement(read.file.source, before, new.id, gone is not None))

        return tally

    def _describe(self, file: SourceFile) -> None:
        """Keep what is said with a file whose bytes are known already."""
        if file.metadata is None:
            return
        with self._generations.lock, self._timed("store"), self._catalogue.writing() as connection:
            if connection.execute("SELECT 1 FROM sources WHERE source = ?", (file.source,)).fetchone():
                store_metadata(connection, file.source, GIVEN, file.metadata)

    def _remove_missing(self, files: Sequence[SourceFile], roots: Sequence[str], refusals: Sequence[Refusal]) -> None:
        """Sources under a root that were not offered are gone; those that were only refused, or not looked at, are not."""
        if not roots or any(refusal.code == "quota" for refusal in refusals):
            return
        offered = {file.source for file in files}
        spared = [refusal.source for refusal in refusals]
        with self._generations.lock, self._timed("store"), self._catalogue.writing() as connection:
            missing = [
                source
                for (source,) in connection.execute("SELECT source FROM sources ORDER BY source").fetchall()
                if source not in offered and _is_under(source, roots) and not _is_under(source, spared)
            ]
            gone = [document_id for source in missing if (document_id := unlink_source(connection, source))]
        self._removed += gone

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[part] += time.perf_counter() - started


def _staged(read: Iterable[ReadFile]) -> list[tuple[Path, str]]:
    return [(one.staged, one.stored.sha256) for one in read if one.staged is not None]


def _edited_meanwhile(connection: sqlite3.Connection, read: ReadFile) -> bool:
    """A person corrected the source after it was read: it is to be read again."""
    kept = edit_of(connection, read.file.source)
    return (kept and kept.edit) != (read.edited and read.edited.edit)


def _taken_meanwhile(connection: sqlite3.Connection, read: ReadFile) -> bool:
    """Another ingest put another content where this one would go in beside what was there: it needs another name."""
    row = connection.execute("SELECT sha256 FROM sources WHERE source = ?", (read.file.source,)).fetchone()
    return read.file.keeps and row is not None and row[0] != read.stored.sha256


def _take(fresh: set[bytes], new: NewDocument) -> int:
    """How many chunks of the document were encoded for it; a passage that several share counts once."""
    own = [name for name in dict.fromkeys(new.hashes) if name in fresh]
    fresh.difference_update(own)
    return len(own)


def _is_under(source: str, places: Iterable[str]) -> bool:
    return any(source == place or source.startswith(place.rstrip("/") + "/") for place in places)
