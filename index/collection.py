"""A collection as other packages use it: documents that are searched, read, changed and judged together."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from index.answers import Answers
from index.catalogue import FILE_NAME, Catalogue
from index.changes import remove_document
from index.dense import CacheDamaged
from index.edits import Edit, EditedSource, edit_of
from index.erasure import erase_document, finish_erasures
from index.errors import ModelChanged, StorageFailed, UnknownDocument
from index.feedback import Feedback
from index.files import SourceFile
from index.fitting import split_to_fit
from index.generation import Generation
from index.generations import Generations
from index.ingest import MODEL, Ingest, Progress
from index.lost import refuse_lost_file, refuse_lost_rows
from index.metadata import checked_key, checked_value, edit_metadata
from index.originals import Original, Originals
from index.pictures import PagePainter, page_of_document
from index.protocols import Embedder, Vectors
from index.reading import FileParser, FileReader, Splitter
from index.reembed import reembed_chunks
from index.revise import revise_document
from index.schema import storage_errors
from index.selection import EXACT_CHUNKS, Selections, search_selection
from index.successors import KEY as SUPERSEDED
from index.successors import check_successor
from index.turns import Shared
from index.unzip import unzipped
from index.upgrade import note_languages
from index.values import Chunk, Document, Filters, IngestReport, Refusal, Span

RECIPE = "3"
PASSAGES = "heading"
UNZIPPED = "unzipped"
NOTHING: Mapping[str, object] = MappingProxyType({})

LONGEST_WAIT_S = 30.0
"""A correction, removal or erasure that does not get its turn by then is told to come back."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


def fingerprint_of(embedder: Embedder) -> str:
    """Name of the vectors: the embedder, and what of a chunk is embedded."""
    return f"{embedder.fingerprint}|{PASSAGES}"


class Collection:
    """Documents that are searched together; implements `index.protocols.Corpus`. Safe for threads.

    When the stored vectors are of another model than `embedder`, documents can be read and removed; whatever needs vectors raises
    ModelChanged until `rebuild(reembed=True)`.
    """

    def __init__(
        self,
        directory: Path,
        embedder: Embedder,
        *,
        parser: Callable[[], FileParser],
        painter: Callable[[], PagePainter],
        splitter: Splitter | None,
        max_file_bytes: int,
        keep_originals: bool = True,
        readonly: bool = False,
    ) -> None:
        self._readonly = readonly
        self.name = directory.name
        self.directory = directory
        self._embedder = embedder
        self._parser = parser
        self._painter = painter
        self._splitter = splitter or (lambda parsed: split_to_fit(parsed, embedder))
        self._max_file_bytes = max_file_bytes
        self._keeping = keep_originals
        self._ingesting = Shared()
        with storage_errors(directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            refuse_lost_file(directory)
            for left in directory.glob(f"{UNZIPPED}*"):  # of ingests that were killed
                shutil.rmtree(left, ignore_errors=True)
        self.catalogue = Catalogue(directory / FILE_NAME)
        self._kept = Catalogue(directory / FILE_NAME, readonly=True) if readonly else self.catalogue
        self.answers = Answers(self._kept)
        self.feedback = Feedback(self._kept)
        try:
            refuse_lost_rows(directory, self.catalogue)
            note_languages(self.catalogue)
            self._originals = Originals(self.catalogue, directory)
            self._originals.sweep(staged=True)
            self._generations = Generations(self.catalogue, directory)
            self._finish_erasures()
        except BaseException:
            self.catalogue.close()
            raise
        self._selections = Selections(self.catalogue)
        self._model_checked = -1
        self._counted = (-1, 0)
        self._outlets: tuple[int, list[str]] = (-1, [])
        self._languages: tuple[int, list[str]] = (-1, [])

    # Searching

    @property
    def generation(self) -> str:
        """Id of the index generation that answers now."""
        return self._generations.live_id

    @property
    def chunk_count(self) -> int:
        sequence = self.catalogue.sequence
        if self._counted[0] != sequence:
            self._counted = (sequence, self.catalogue.chunk_count())
        return self._counted[1]

    def search_dense(self, vector: Vectors, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]:
        """Up to `top_k` (chunk id, cosine similarity), best first. Raises ModelChanged."""
        _check_top_k(top_k)
        self.check_model()
        if vector.shape != (self._embedder.dimension,) or not np.isfinite(vector).all() or not vector.any():
            raise ValueError(
                f"vector must be {self._embedder.dimension} finite numbers and not all zero, got shape {vector.shape}"
            )
        top_k = min(top_k, self.chunk_count)
        if not top_k:
            return []
        if not filters and self.chunk_count > EXACT_CHUNKS:
            return self._searched(lambda live: live.dense.search(vector, top_k))
        selection = self._selections.select(filters or Filters())  # a small collection is itself a small selection
        return self._searched(lambda live: search_selection(live.dense, selection, vector, top_k))

    def search_lexical(self, query: str, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]:
        """Up to `top_k` (chunk id, BM25 score), best first. Any text is a valid query."""
        _check_top_k(top_k)
        documents = self._selections.select(filters).documents if filters else None
        return self._searched(lambda live: live.lexical.search(query, top_k, documents=documents))

    def _searched(self, search: Callable[[Generation], T]) -> T:
        """Search the live generation; one that fails is replaced and asked again."""
        with self._generations.using() as live:
            failed = live.id
            try:
                return search(live)
            except CacheDamaged:
                pass
        self._generations.mend(failed)
        with self._generations.using() as live:
            return search(live)

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks of `ids` that are still in the catalogue, in the order of `ids`."""
        return self.catalogue.chunks(ids)

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises UnknownDocument."""
        return self.catalogue.document(document_id)

    def original(self, document_id: str) -> Original:
        """The file that a document was read from. Raises UnknownDocument, NoOriginal."""
        return self._originals.of(document_id)

    def picture(self, document_id: str, page: int, quoted: Span | None = None) -> bytes:
        """A page of a document, from 1, as PNG, with what is quoted of the document's text boxed; see `index.pictures`.

        Raises:
            UnknownDocument: There is no such document.
            NoOriginal: Its file is not kept, or is damaged.
            NoPage: There is no such page, or it cannot be drawn.
        """
        document = self.catalogue.document(document_id)
        return page_of_document(self._painter(), document, self._originals.of(document_id), page, quoted)

    def documents(self) -> list[Document]:
        """Newest published first, then undated; text included."""
        return self.catalogue.documents()

    def matching(self, filters: Filters) -> list[str]:
        """Ids of the documents that pass a filter."""
        return self._selections.select(filters).documents

    def undated(self, filters: Filters) -> int:
        """How many documents a filter by date leaves out for having none; 0 where it asks for no date."""
        return self.catalogue.undated(filters)

    def passages(self, document_id: str) -> list[Chunk]:
        """Every chunk of one document, in order; none when it is not there."""
        return list(self.catalogue.chunks(self.catalogue.chunk_ids([document_id])).values())

    def vectors(self, document_id: str) -> tuple[list[str], Vectors]:
        """Chunk ids of one document and their vectors, row by row. Raises ModelChanged."""
        self.check_model()
        return self.catalogue.vectors([document_id])

    def publishers(self) -> list[str]:
        """Every outlet named by a document, sorted."""
        sequence = self.catalogue.sequence
        if self._outlets[0] != sequence:
            self._outlets = (sequence, self.catalogue.publishers())
        return self._outlets[1]

    def languages(self) -> list[str]:
        """Every language that a document is in, sorted."""
        sequence = self.catalogue.sequence
        if self._languages[0] != sequence:
            self._languages = (sequence, self.catalogue.languages())
        return self._languages[1]

    # Changing

    def ingest(
        self,
        files: Sequence[SourceFile],
        *,
        roots: Sequence[str] = (),
        refusals: Sequence[Refusal] = (),
        progress: Progress | None = None,
    ) -> IngestReport:
        """Take files in, those in ZIP files too. A file is acknowledged when its batch is committed; others, and searches, go on beside it.

        Args:
            files: What to read.
            roots: Folders that were seen whole: a source under one of them that is not among `files` is removed.
            refusals: Files that were refused before; they go into the report, and what is stored of them stays.
            progress: Told (stage, done, total).

        Raises:
            ModelChanged: The stored vectors are of another model.
            StorageFailed: The disk is full or cannot be written; what was acknowledged stays.
        """
        self._check_writable()
        with self._ingesting.together():
            self.check_model()
            aside = self.directory / f"{UNZIPPED}-{secrets.token_hex(8)}"  # another ingest may go on beside this one
            with unzipped(files, aside, max_bytes=self._max_file_bytes) as (all_, zips, left_out):
                return self._ingest(all_, (*roots, *zips), (*refusals, *left_out), progress)

    def edit(self, document_id: str, *, metadata: Mapping[str, object] | None = NOTHING, **fields: str | None) -> str:
        """Correct what is known of a document; it becomes a new revision, and the correction is laid over later ones too.

        Args:
            document_id: The document; every source of it is corrected.
            metadata: Free keys to set, "superseded_by" among them, which takes a document's id; "" and None as for the fields, None for it takes all of them back. The id stays: it is no part of
                what is cited.
            fields: `title`, `publisher`, `author`, `published` (ISO 8601, as much of it as is known). "" says that it is not
                known; None takes the correction back, so that the field is again what the file says.

        Returns:
            The id of the document as it is now; the same one when nothing changes.

        Raises:
            UnknownDocument: There is no such document, or none that is to supersede it.
            ModelChanged: The stored vectors are of another model.
            ValueError: A field is not one of these, or its value cannot be one.
        """
        self._check_writable()
        said = {
            checked_key(key): value if value is None or value == "" else checked_value(checked_key(key), value)
            for key, value in (metadata or {}).items()
        }
        sources = self.catalogue.document(document_id).sources
        if fields:
            self.check_model()
            with self._generations.lock.within(LONGEST_WAIT_S, "A correction"):
                document_id = revise_document(
                    self.catalogue,
                    self._generations,
                    self._embedder,
                    document_id,
                    fields,
                    fingerprint=fingerprint_of(self._embedder),
                )
        if said or metadata is None:
            with self._generations.lock.within(LONGEST_WAIT_S, "A correction"), self.catalogue.writing() as connection:
                if successor := said.get(SUPERSEDED):
                    said[SUPERSEDED] = check_successor(connection, document_id, str(successor))
                edit_metadata(connection, sources, None if metadata is None else said)
        return document_id

    def edited(self, document_id: str) -> Edit:
        """The correction that lies over a document; one with several sources has the same over each, or that of the first. Raises UnknownDocument."""
        sources = self.catalogue.document(document_id).sources
        found = self._edit_of(sources[0])
        return found.edit if found else Edit()

    def remove(self, document_id: str) -> None:
        """Remove a document and all its sources; from this moment it cannot be cited. Raises UnknownDocument."""
        self._check_writable()
        with self._generations.lock.within(LONGEST_WAIT_S, "A removal"):
            with self.catalogue.writing() as connection:
                if not remove_document(connection, document_id):
                    raise UnknownDocument(f"No document '{document_id}' in this collection. Run: dossier documents")
            self._originals.sweep()
            self._generations.follow()

    def erase(self, document_id: str) -> None:
        """Remove a document and prove that neither its text, its vectors nor its original are left in any file of the collection.

        Raises:
            UnknownDocument: There is no such document.
            StorageFailed: Something of it is left; the message says where. The next open goes on, and so does erasing it again.
        """
        self._check_writable()
        with self._generations.lock.within(LONGEST_WAIT_S, "An erasure"):
            erase_document(self.catalogue, self._generations, self._originals, self.directory, document_id)

    def _finish_erasures(self) -> None:
        """Go on with what was cut off; what cannot be done now keeps nobody from the documents that are there."""
        try:
            with self._generations.lock:
                finish_erasures(self.catalogue, self._generations, self._originals, self.directory)
        except StorageFailed as error:
            logger.warning("an erasure in collection %s is still not finished: %s", self.name, error)

    def rebuild(self, *, reembed: bool = False, progress: Progress | None = None) -> None:
        """Build the search indexes anew from stored vectors. Nothing is embedded, unless `reembed` asks for it.

        Originals that are missing or damaged are taken again from where they came from, if the same bytes are still there, and what an
        older Dossier read is read again from them; where originals are not kept any longer, they go.

        Args:
            reembed: Encode every chunk with the embedder in the settings; vectors it has made before are used again.
            progress: Told ("encode" or "index", done, total).
        """
        self._check_writable()
        with self._ingesting.alone(), self._generations.lock:
            if reembed:
                reembed_chunks(self.catalogue, self._embedder, fingerprint_of(self._embedder), progress)
            if not self._keeping:
                self._originals.drop()
            else:
                self._originals.renew()
                if self._fits():
                    self._read_again(progress)
            self._generations.rebuild((lambda done, total: progress("index", done, total)) if progress else None)

    def _check_writable(self) -> None:
        """A copy of what cannot be written is thrown away: nothing may be acknowledged of it. Raises StorageFailed."""
        if self._readonly:
            raise StorageFailed(
                f"Collection '{self.name}' can only be read: its directory cannot be written. Make it writable ('chmod -R u+rwX'), "
                "or set DOSSIER_DATA to another directory."
            )

    def check_model(self) -> None:
        """Raises ModelChanged when the stored vectors are not of this embedder."""
        sequence = self.catalogue.sequence
        if self._model_checked == sequence:
            return
        if not self._fits():
            raise ModelChanged(
                f"Collection '{self.name}' was embedded by {self.catalogue.meta(MODEL)}; the settings say "
                f"{fingerprint_of(self._embedder)}. Run: dossier rebuild --reembed, or set DOSSIER_EMBEDDER back."
            )
        self._model_checked = sequence

    def _fits(self) -> bool:
        return not self.chunk_count or self.catalogue.meta(MODEL) in (None, fingerprint_of(self._embedder))

    def close(self) -> None:
        """Close in order; the next start is a quick one."""
        with self._ingesting.alone():
            try:
                self._generations.close()
            finally:
                self._kept.close()
                self.catalogue.close()

    def _ingest(
        self,
        files: Sequence[SourceFile],
        roots: Sequence[str] = (),
        refusals: Sequence[Refusal] = (),
        progress: Progress | None = None,
    ) -> IngestReport:
        staged: list[Path] = []

        def stage(content: bytes) -> Path:
            staged.append(self._originals.stage(content))
            return staged[-1]

        fingerprint = fingerprint_of(self._embedder)
        reader = FileReader(
            self._parser(),
            self._splitter,
            fingerprint=fingerprint,
            recipe=self._recipe,
            max_bytes=self._max_file_bytes,
            known=self.catalogue.source,
            edit=self._edit_of,
            stage=stage if self._keeping else None,
            kept=self._originals.kept(),
        )
        run = Ingest(
            self.catalogue,
            self._generations,
            self._embedder,
            reader,
            self._originals,
            fingerprint=fingerprint,
            progress=progress,
        )
        try:
            return run.run(files, roots=roots, refusals=refusals)
        finally:
            self._originals.unstage(staged)  # only its own: another ingest may go on beside this one
            with self._generations.lock:
                self._originals.sweep()

    def _read_again(self, progress: Progress | None) -> None:
        """Read what was read by another recipe from its original, as if it were given once more under its name."""
        kept = self._originals.kept()
        files = [
            SourceFile(source, self._originals.folder / stored.sha256, PurePath(source).name)
            for source, stored in self.catalogue.sources().items()
            if stored.recipe != self._recipe and stored.sha256 in kept
        ]
        if files:
            self._ingest(files, progress=progress)

    @property
    def _recipe(self) -> str:
        scans = "|ocr" if find_spec("rapidocr") else ""  # once it is there, pages that were blank are read
        return f"{RECIPE}|{self._embedder.max_tokens}{scans}"

    def _edit_of(self, source: str) -> EditedSource | None:
        with self.catalogue.reading() as connection:
            return edit_of(connection, source)


def _check_top_k(top_k: int) -> None:
    if top_k < 1:
        raise ValueError(f"top_k must be 1 or more, got {top_k}")
