"""What the doors need of an open Dossier; `rag.build.Dossier` is the real one, tests bring a small one of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from index.answers import Answers
    from index.feedback import Feedback
    from index.files import SourceFile
    from index.originals import Original
    from index.protocols import Embedder
    from index.stored import Counts
    from index.values import Document, Filters, IngestReport, Metadata, Refusal, Span
    from rag.answer.telling import Listener
    from rag.coverage.table import Coverage, Reading
    from rag.llm.model import LanguageModel
    from rag.manner import Manner
    from rag.protocols import Reader
    from rag.replay import Replay
    from rag.settings import Settings
    from rag.values import Answer, Hit, Kind
    from rag.views import (
        AnswersView,
        ChangesView,
        CollectionsView,
        CollectionView,
        DocumentsView,
        DocumentView,
        FeedbackListView,
        IngestView,
        SearchView,
        TextView,
    )
    from ui.export import Exported, Format
    from ui.requests import AnswerFilters, SearchFilters

Progress = Callable[[str, int, int], None]


class Collection(Protocol):
    """What the doors do to a collection; `index.collection.Collection` is the real one."""

    @property
    def answers(self) -> Answers: ...

    @property
    def feedback(self) -> Feedback: ...

    def ingest(
        self,
        files: Sequence[SourceFile],
        *,
        roots: Sequence[str] = (),
        refusals: Sequence[Refusal] = (),
        progress: Progress | None = None,
    ) -> IngestReport: ...

    def documents(self) -> list[Document]: ...

    def document(self, document_id: str) -> Document: ...

    def original(self, document_id: str) -> Original: ...

    def picture(self, document_id: str, page: int, quoted: Span | None = None) -> bytes: ...

    def undated(self, filters: Filters) -> int: ...

    def edit(self, document_id: str, *, metadata: Mapping[str, object] | None = ..., **fields: str | None) -> str: ...

    def remove(self, document_id: str) -> None: ...

    def erase(self, document_id: str) -> None: ...

    def rebuild(self, *, reembed: bool = False, progress: Progress | None = None) -> None: ...


class Pipeline(Protocol):
    """A question to an answer, a query to hits."""

    def answer(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        as_of: str | None = None,
        kind: Kind | None = None,
        listener: Listener | None = None,
    ) -> Answer: ...

    def search(self, query: str, *, top_k: int, filters: Filters | None = None) -> Sequence[Hit]: ...


class Surveyor(Protocol):
    """One thing asked of every document."""

    def cover(
        self,
        asked: str,
        *,
        reading: Reading | None = None,
        per_document: int | None = None,
        filters: Filters | None = None,
        progress: Progress | None = None,
    ) -> Coverage: ...


class DataDirectory(Protocol):
    def announce(self, url: str) -> None: ...


class Dossier(Protocol):
    """Settings, collections and pipelines of one data directory."""

    @property
    def settings(self) -> Settings: ...

    @property
    def language_model(self) -> LanguageModel | None: ...

    @property
    def embedder(self) -> Embedder: ...

    @property
    def ranker(self) -> Reader:
        """Says how likely passages answer a question."""
        ...

    def names(self) -> list[str]: ...

    def collection(self, name: str | None = None, *, create: bool = False) -> Collection: ...

    def size(self, name: str) -> Counts: ...

    def remove(self, name: str) -> None: ...

    def pipeline(self, name: str | None = None, *, settings: Settings | None = None) -> Pipeline: ...

    def surveyor(self, name: str | None = None) -> Surveyor: ...

    def warm_up(self) -> None: ...

    def close(self) -> None: ...


class OwnedDossier(Dossier, Protocol):
    """One whose data directory this process owns."""

    @property
    def data(self) -> DataDirectory: ...


class Desk(Protocol):
    """What a person can ask of a collection, whether this process owns the data or a server does."""

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str | None,
        progress: Progress | None,
        metadata: Metadata | None = None,
        gone: Sequence[str] = (),
    ) -> IngestView: ...

    def answer(
        self,
        question: str,
        *,
        collection: str | None,
        filters: AnswerFilters,
        thread: str | None = None,
        manner: Manner = ...,
    ) -> Answer: ...

    def answers(self, *, collection: str | None, limit: int) -> AnswersView: ...

    def replay(self, answer_id: str, *, collection: str | None, keep: bool) -> Replay: ...

    def changes(self, *, collection: str | None, limit: int) -> ChangesView: ...

    def export(self, answer_id: str, form: Format, *, collection: str | None) -> Exported: ...

    def feedback(self, *, collection: str | None, limit: int) -> FeedbackListView: ...

    def gold_cases(self, *, collection: str | None) -> list[Mapping[str, Any]]: ...

    def search(
        self, query: str, *, top_k: int, context: int, collection: str | None, filters: SearchFilters
    ) -> SearchView: ...

    def coverage(
        self,
        asked: str,
        *,
        reading: Reading | None,
        per_document: int | None,
        collection: str | None,
        filters: SearchFilters,
        progress: Progress | None,
    ) -> Coverage: ...

    def documents(self, *, collection: str | None) -> DocumentsView: ...

    def document(self, document_id: str, *, collection: str | None) -> DocumentView: ...

    def text(self, document_id: str, *, collection: str | None, start: int, end: int | None) -> TextView: ...

    def original(self, document_id: str, *, collection: str | None) -> Exported: ...

    def picture(
        self, document_id: str, page: int, *, collection: str | None, start: int | None, end: int | None
    ) -> bytes: ...

    def edit(self, document_id: str, fields: Mapping[str, Any], *, collection: str | None) -> DocumentView: ...

    def remove(self, document_id: str, *, collection: str | None, erase: bool) -> None: ...

    def collections(self) -> CollectionsView: ...

    def create_collection(self, name: str) -> CollectionView: ...

    def remove_collection(self, name: str) -> None: ...

    def rebuild(self, *, collection: str | None, reembed: bool, progress: Progress | None) -> None: ...

    def close(self) -> None: ...
