"""The same desk over HTTP: what a command does when a server owns the data directory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from index.errors import DirectoryOwned
from index.files import FoundFiles, SourceFile
from index.values import Metadata
from rag.asking import AS_SET
from rag.client import Dossier
from rag.coverage.table import Coverage, Reading
from rag.manner import Manner
from rag.replay import Replay
from rag.settings import Settings
from rag.values import Answer
from rag.views import (
    AnswersView,
    ChangesView,
    CollectionsView,
    CollectionView,
    DocumentsView,
    DocumentView,
    FeedbackListView,
    IngestView,
    RefusalView,
    SearchView,
    TextView,
    merge_ingests,
    shown_name,
    whole,
)
from ui.access.loopback import is_loopback
from ui.export import Exported, Format, exported
from ui.offered import offered
from ui.protocols import Progress
from ui.requests import AnswerFilters, SearchFilters, is_source

ANSWER_WAIT_S = 660.0
MOST_FILES_SENT = 200
DOCUMENTS_AT_ONCE = 1000


class RemoteDesk:
    """`ui.protocols.Desk` over a server on this machine.

    Args:
        url: Address that the server announced. Raises DirectoryOwned when it is not on this machine.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
            raise DirectoryOwned(
                f"The data directory {settings.data} is owned by a server that is not on this machine.", url=url
            )
        key = settings.key.get_secret_value() if settings.key else None
        self._settings = settings
        self._server = Dossier(f"http://{parts.netloc}", key, timeout=ANSWER_WAIT_S)

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str | None,
        progress: Progress | None,
        metadata: Metadata | None = None,
        gone: Sequence[str] = (),
    ) -> IngestView:
        """Send the files and fetched pages, wait until they are in, then remove what is no longer under the folders."""
        with offered(paths, self._settings, progress=progress) as found:
            refused = [
                RefusalView(source=whole(one.source), code=one.code, reason=whole(one.reason)) for one in found.refusals
            ]
            sendable, unsendable = self._sort(found.files)
            reports = [IngestView(refused=(*refused, *unsendable))]
            for batch in _batches(sendable, self._settings.max_file_bytes):
                reports.append(self._send(batch, collection, progress, metadata))
        found = replace(found, roots=(*found.roots, *gone))
        reports.append(IngestView(removed=tuple(self._remove_vanished(found, collection))))
        return merge_ingests(reports)

    def answer(
        self,
        question: str,
        *,
        collection: str | None,
        filters: AnswerFilters,
        thread: str | None = None,
        manner: Manner = AS_SET,
    ) -> Answer:
        how = {**manner.model_dump(exclude_defaults=True), **filters.model_dump(exclude_defaults=True)}
        return self._server.ask(question, collection=collection, thread=thread, **how)

    def answers(self, *, collection: str | None, limit: int) -> AnswersView:
        return self._server.answers(limit=limit, collection=collection)

    def replay(self, answer_id: str, *, collection: str | None, keep: bool) -> Replay:
        return self._server.replay(answer_id, keep=keep, collection=collection)

    def changes(self, *, collection: str | None, limit: int) -> ChangesView:
        return self._server.changes(limit=limit, collection=collection)

    def export(self, answer_id: str, form: Format, *, collection: str | None) -> Exported:
        return exported(answer_id, form, self._server.export(answer_id, form, collection=collection))

    def feedback(self, *, collection: str | None, limit: int) -> FeedbackListView:
        return self._server.feedback(limit=limit, collection=collection)

    def gold_cases(self, *, collection: str | None) -> list[Mapping[str, Any]]:
        return [json.loads(line) for line in self._server.gold(collection=collection).splitlines()]

    def search(
        self, query: str, *, top_k: int, context: int, collection: str | None, filters: SearchFilters
    ) -> SearchView:
        return self._server.search(query, top_k=top_k, context=context, collection=collection, **filters.model_dump())

    def coverage(
        self,
        asked: str,
        *,
        reading: Reading | None,
        per_document: int | None,
        collection: str | None,
        filters: SearchFilters,
        progress: Progress | None,
    ) -> Coverage:
        where = {"collection": collection, **filters.model_dump()}
        return self._server.coverage(asked, reading=reading, per_document=per_document, **where)

    def documents(self, *, collection: str | None) -> DocumentsView:
        found: list[DocumentView] = []
        while True:
            page = self._server.documents(offset=len(found), limit=DOCUMENTS_AT_ONCE, collection=collection)
            found.extend(page.documents)
            if not page.documents or len(found) >= page.total:
                return DocumentsView(total=len(found), documents=tuple(found))

    def document(self, document_id: str, *, collection: str | None) -> DocumentView:
        return self._server.document(document_id, collection=collection)

    def text(self, document_id: str, *, collection: str | None, start: int, end: int | None) -> TextView:
        return self._server.text(document_id, start, end, collection=collection)

    def original(self, document_id: str, *, collection: str | None) -> Exported:
        known = self._server.document(document_id, collection=collection)
        content = self._server.original(document_id, collection=collection)
        return Exported(shown_name(known.sources[0]) if known.sources else "unnamed", known.media_type, content)

    def picture(
        self, document_id: str, page: int, *, collection: str | None, start: int | None, end: int | None
    ) -> bytes:
        return self._server.picture(document_id, page, start=start, end=end, collection=collection)

    def edit(self, document_id: str, fields: Mapping[str, Any], *, collection: str | None) -> DocumentView:
        return self._server.edit(document_id, collection=collection, **fields)

    def remove(self, document_id: str, *, collection: str | None, erase: bool) -> None:
        self._server.remove(document_id, erase=erase, collection=collection)

    def collections(self) -> CollectionsView:
        return self._server.collections()

    def create_collection(self, name: str) -> CollectionView:
        return self._server.create_collection(name)

    def remove_collection(self, name: str) -> None:
        self._server.remove_collection(name)

    def rebuild(self, *, collection: str | None, reembed: bool, progress: Progress | None) -> None:
        url = self._server.url
        raise DirectoryOwned(f"The server at {url} owns the data. Stop it, then run: dossier rebuild", url=url)

    def close(self) -> None:
        self._server.close()

    def _sort(self, files: Sequence[SourceFile]) -> tuple[list[tuple[SourceFile, int]], list[RefusalView]]:
        """Files with their sizes, and why the others cannot be sent."""
        sendable: list[tuple[SourceFile, int]] = []
        refused: list[RefusalView] = []
        for file in files:
            source, most = whole(file.source), self._settings.max_file_bytes
            try:
                size = file.path.stat(follow_symlinks=False).st_size
            except OSError as error:
                refused.append(RefusalView(source=source, code="unreadable", reason=whole(str(error.strerror))))
                continue
            if not is_source(file.source):
                reason = "its path holds bytes or characters that cannot be sent; rename it"
                refused.append(RefusalView(source=source, code="bad_encoding", reason=reason))
            elif size > most:
                refused.append(RefusalView(source=source, code="too_large", reason=f"{size} bytes; {most} are allowed"))
            else:
                sendable.append((file, size))
        return sendable, refused

    def _send(
        self, batch: Sequence[SourceFile], collection: str | None, progress: Progress | None, metadata: Metadata | None
    ) -> IngestView:
        """Send a batch; when a file of it has become unreadable, each by itself, so that the others go in."""
        try:
            return self._server.add(
                [(one.name, one.path) for one in batch],
                source=[one.source for one in batch],
                collection=collection,
                progress=progress,
                metadata=metadata,
            )
        except OSError as error:
            if len(batch) > 1:
                return merge_ingests([self._send([one], collection, progress, metadata) for one in batch])
            refused = RefusalView(source=batch[0].source, code="unreadable", reason=whole(str(error.strerror)))
            return IngestView(refused=(refused,))

    def _remove_vanished(self, found: FoundFiles, collection: str | None) -> Iterator[str]:
        """Remove documents all of whose sources lay under a root and are gone; what was refused is not gone."""
        if not found.roots or any(one.code == "quota" for one in found.refusals):
            return
        present = {whole(one.source) for one in found.files}
        zips = [one for one in present if one.lower().endswith(".zip")]  # what is in them was not walked here
        refused = [whole(one.source) for one in found.refusals]
        roots = [whole(root) for root in found.roots]
        for document in self.documents(collection=collection).documents:
            if document.sources and all(
                _is_under(one, roots)
                and one not in present
                and not _is_under(one, zips)
                and not _is_under(one, refused)
                for one in document.sources
            ):
                self.remove(document.id, collection=collection, erase=False)
                yield document.id


def _is_under(source: str, places: Sequence[str]) -> bool:
    return any(source == place or source.startswith(place.rstrip("/") + "/") for place in places)


def _batches(files: Sequence[tuple[SourceFile, int]], most_bytes: int) -> Iterator[list[SourceFile]]:
    """Files in the order given, as many at once as one upload takes."""
    batch: list[SourceFile] = []
    held = 0
    for file, size in files:
        if batch and (held + size > most_bytes or len(batch) == MOST_FILES_SENT):
            yield batch
            batch, held = [], 0
        batch.append(file)
        held += size
    if batch:
        yield batch
