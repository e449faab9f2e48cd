"""The questions people ask, over a Dossier that this process owns; every door that is not remote goes through here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index.errors import UnknownDocument
from rag.values import Answer
from ui.offered import files_under
from ui.problems import Problem
from ui.protocols import Dossier, Progress
from ui.requests import AnswerFilters, SearchFilters, check_asked, check_collection, check_length
from ui.views import (
    DocumentsView,
    DocumentView,
    HitView,
    IngestView,
    SearchView,
    TextView,
    document_view,
    hit_view,
    ingest_view,
)

MOST_DOCUMENTS = 10_000
_LONGEST_ID = 200


def check_id(document_id: str) -> str:
    """Raises Problem for an id that is no text, UnknownDocument for one that no document can have."""
    if any(char < " " or "\ud800" <= char <= "\udfff" for char in document_id):
        raise Problem("invalid-request", "document id: must not contain control characters")
    if not document_id or len(document_id) > _LONGEST_ID:
        raise UnknownDocument("There is no such document. Run: dossier documents")
    return document_id


class LocalDesk:
    """`ui.protocols.Desk` over an open Dossier."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier

    def index(self, paths: Sequence[Path], *, collection: str | None, progress: Progress | None) -> IngestView:
        found = files_under(paths, self._dossier.settings)
        target = self._dossier.collection(check_collection(collection), create=True)
        report = target.ingest(found.files, roots=found.roots, refusals=found.refusals, progress=progress)
        return ingest_view(report)

    def answer(self, question: str, *, collection: str | None, filters: AnswerFilters) -> Answer:
        check_length(question, self._dossier.settings.max_question_chars, "question")
        pipeline = self._dossier.pipeline(check_collection(collection))
        return pipeline.answer(check_asked(question), filters=filters.to_filters(), as_of=filters.as_of)

    def search(
        self, query: str, *, top_k: int, context: int, collection: str | None, filters: SearchFilters
    ) -> SearchView:
        check_length(query, self._dossier.settings.max_question_chars, "query")
        name = check_collection(collection)
        found = self._dossier.pipeline(name).search(check_asked(query), top_k=top_k, filters=filters.to_filters())
        documents = self._dossier.collection(name)
        hits: list[HitView] = []
        for hit in found:
            try:
                hits.append(hit_view(hit, documents.document(hit.chunk.document_id), context))
            except UnknownDocument:  # removed since it was found: it must not be shown
                continue
        return SearchView(query=query, hits=tuple(hits))

    def documents(self, *, collection: str | None, offset: int = 0, limit: int = MOST_DOCUMENTS) -> DocumentsView:
        documents = self._dossier.collection(check_collection(collection)).documents()
        page = documents[offset : offset + limit]
        return DocumentsView(total=len(documents), documents=tuple(document_view(one) for one in page))

    def document(self, document_id: str, *, collection: str | None) -> DocumentView:
        target = self._dossier.collection(check_collection(collection))
        return document_view(target.document(check_id(document_id)))

    def text(self, document_id: str, *, collection: str | None, start: int, end: int | None) -> TextView:
        target = self._dossier.collection(check_collection(collection))
        text = target.document(check_id(document_id)).text
        last = len(text) if end is None else min(end, len(text))
        first = min(start, len(text))
        if last < first:
            raise Problem("invalid-request", "end must not be before start")
        return TextView(document_id=document_id, start=first, end=last, length=len(text), text=text[first:last])

    def remove(self, document_id: str, *, collection: str | None, erase: bool) -> None:
        target = self._dossier.collection(check_collection(collection))
        (target.erase if erase else target.remove)(check_id(document_id))

    def rebuild(self, *, collection: str | None, reembed: bool, progress: Progress | None) -> None:
        self._dossier.collection(check_collection(collection)).rebuild(reembed=reembed, progress=progress)

    def close(self) -> None:
        self._dossier.close()
