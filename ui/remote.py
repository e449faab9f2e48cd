"""The same desk over HTTP: what a command does when a server owns the data directory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from index.errors import DirectoryOwned, DossierError
from index.files import FoundFiles, SourceFile
from rag.coverage.table import Coverage, Reading
from rag.replay import Replay
from rag.settings import Settings
from rag.values import Answer
from rag.views import (
    AnswersView,
    ChangesView,
    DocumentsView,
    DocumentView,
    IngestView,
    JobView,
    RefusalView,
    SearchView,
    merge_ingests,
    whole,
)
from ui.access.loopback import is_loopback
from ui.export import Exported, Format, file_name
from ui.offered import files_under
from ui.protocols import Progress
from ui.requests import AnswerFilters, SearchFilters, is_source

ANSWER_WAIT_S = 660.0
MOST_FILES_SENT = 200
DOCUMENTS_AT_ONCE = 1000
_POLL_S = 0.1
_BUSY_TRIES = 120


class ServerRefused(DossierError):
    """The server that owns the data directory did not do it; `code` is that of its problem document."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
        self._url = f"http://{parts.netloc}"
        self._settings = settings
        timeout = httpx.Timeout(ANSWER_WAIT_S, connect=5.0)
        self._client = httpx.Client(base_url=self._url, timeout=timeout, trust_env=False, follow_redirects=False)

    def index(self, paths: Sequence[Path], *, collection: str | None, progress: Progress | None) -> IngestView:
        """Send the files, wait until they are in, then remove what is no longer under the folders."""
        found = files_under(paths, self._settings)
        refused = [
            RefusalView(source=whole(one.source), code=one.code, reason=whole(one.reason)) for one in found.refusals
        ]
        sendable, unsendable = self._sort(found.files)
        reports = [IngestView(refused=(*refused, *unsendable))]
        for batch in _batches(sendable, self._settings.max_file_bytes):
            reports.append(self._send(batch, collection, progress))
        reports.append(IngestView(removed=tuple(self._remove_vanished(found, collection))))
        return merge_ingests(reports)

    def answer(
        self, question: str, *, collection: str | None, filters: AnswerFilters, thread: str | None = None
    ) -> Answer:
        asked = {"question": question, "collection": collection, "filters": filters.model_dump(), "thread": thread}
        return Answer.model_validate(self._call("POST", "/v1/answer", json=asked))

    def answers(self, *, collection: str | None, limit: int) -> AnswersView:
        params = {**_named(collection), "limit": limit}
        return AnswersView.model_validate(self._call("GET", "/v1/answers", params=params))

    def replay(self, answer_id: str, *, collection: str | None, keep: bool) -> Replay:
        params = {**_named(collection), "keep": "true" if keep else "false"}
        path = f"/v1/answers/{quote(answer_id, safe='')}/replay"
        return Replay.model_validate(self._call("POST", path, params=params))

    def changes(self, *, collection: str | None, limit: int) -> ChangesView:
        params = {**_named(collection), "limit": limit}
        return ChangesView.model_validate(self._call("GET", "/v1/changes", params=params))

    def export(self, answer_id: str, form: Format, *, collection: str | None) -> Exported:
        params = {**_named(collection), "format": form}
        response = self._request("GET", f"/v1/answers/{quote(answer_id, safe='')}/export", params=params)
        return Exported(file_name(answer_id, form), response.headers["content-type"], response.content)

    def search(
        self, query: str, *, top_k: int, context: int, collection: str | None, filters: SearchFilters
    ) -> SearchView:
        asked = {
            "query": query,
            "top_k": top_k,
            "context": context,
            "collection": collection,
            "filters": filters.model_dump(),
        }
        return SearchView.model_validate(self._call("POST", "/v1/search", json=asked))

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
        sent = {
            "asked": asked,
            "reading": reading,
            "per_document": per_document,
            "collection": collection,
            "filters": filters.model_dump(),
        }
        return Coverage.model_validate(self._call("POST", "/v1/coverage", json=sent))

    def documents(self, *, collection: str | None) -> DocumentsView:
        documents: list[DocumentView] = []
        total = 1
        while len(documents) < total:
            params = {**_named(collection), "offset": len(documents), "limit": DOCUMENTS_AT_ONCE}
            page = DocumentsView.model_validate(self._call("GET", "/v1/documents", params=params))
            documents.extend(page.documents)
            total = page.total if page.documents else 0
        return DocumentsView(total=len(documents), documents=tuple(documents))

    def remove(self, document_id: str, *, collection: str | None, erase: bool) -> None:
        params = {**_named(collection), "erase": "true" if erase else "false"}
        self._call("DELETE", f"/v1/documents/{quote(document_id, safe='')}", params=params)

    def rebuild(self, *, collection: str | None, reembed: bool, progress: Progress | None) -> None:
        raise DirectoryOwned(
            f"The server at {self._url} owns the data. Stop it, then run: dossier rebuild", url=self._url
        )

    def close(self) -> None:
        self._client.close()

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

    def _send(self, batch: Sequence[SourceFile], collection: str | None, progress: Progress | None) -> IngestView:
        refused: list[RefusalView] = []
        for _ in range(_BUSY_TRIES):
            with ExitStack() as stack:
                refused.clear()
                opened = []
                for file in batch:
                    try:
                        opened.append((file, stack.enter_context(file.path.open("rb"))))
                    except OSError as error:
                        reason = whole(str(error.strerror))
                        refused.append(RefusalView(source=file.source, code="unreadable", reason=reason))
                if not opened:
                    return IngestView(refused=tuple(refused))
                fields: dict[str, Any] = {"source": [file.source for file, _ in opened], **_named(collection)}
                parts = [("file", (whole(file.name), stream, "application/octet-stream")) for file, stream in opened]
                try:
                    job = JobView.model_validate(self._call("POST", "/v1/documents", data=fields, files=parts))
                except ServerRefused as error:
                    if error.code != "busy":
                        raise
                    time.sleep(1.0)
                    continue
            return merge_ingests([self._wait(job, progress), IngestView(refused=tuple(refused))])
        raise ServerRefused("busy", f"The server at {self._url} has too many uploads waiting. Try again later.")

    def _wait(self, job: JobView, progress: Progress | None) -> IngestView:
        while job.status in ("queued", "running"):
            if progress is not None and job.status == "running":
                progress(job.stage, job.done, job.total)
            time.sleep(_POLL_S)
            job = JobView.model_validate(self._call("GET", f"/v1/jobs/{job.id}"))
        if job.report is None:
            raise ServerRefused("job-failed", f"The server at {self._url} could not index the files: {job.error}")
        return job.report

    def _remove_vanished(self, found: FoundFiles, collection: str | None) -> Iterator[str]:
        """Remove documents all of whose sources lay under a root and are gone; what was refused is not gone."""
        if not found.roots or any(one.code == "quota" for one in found.refusals):
            return
        present = {whole(one.source) for one in found.files}
        refused = [whole(one.source) for one in found.refusals]
        roots = [whole(root) for root in found.roots]
        for document in self.documents(collection=collection).documents:
            if document.sources and all(
                _is_under(one, roots) and one not in present and not _is_under(one, refused) for one in document.sources
            ):
                self.remove(document.id, collection=collection, erase=False)
                yield document.id

    def _call(self, method: str, path: str, **more: Any) -> Any:
        return self._request(method, path, **more).json()

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **more)
        except (httpx.TransportError, UnicodeEncodeError) as error:
            raise ServerRefused(
                "server-gone",
                f"The server at {self._url} owns {self._settings.data} and does not answer ({type(error).__name__}). "
                "Stop it and run the command again.",
            ) from error
        if response.is_success:
            return response
        raise _refusal(response)


def _refusal(response: httpx.Response) -> ServerRefused:
    try:
        problem = response.json()
        code, detail = str(problem["type"]).rsplit(":", 1)[-1], str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "error", f"The server answered {response.status_code}."
    return ServerRefused(code, detail)


def _is_under(source: str, places: Sequence[str]) -> bool:
    return any(source == place or source.startswith(place.rstrip("/") + "/") for place in places)


def _named(collection: str | None) -> dict[str, Any]:
    return {} if collection is None else {"collection": collection}


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
