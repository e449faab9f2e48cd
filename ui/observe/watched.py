"""An open Dossier whose work is told to the observers: whichever door it is for, it comes through here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from index.files import SourceFile
from index.values import Filters, IngestReport
from rag.coverage.table import Coverage
from rag.settings import Settings
from rag.values import Answer, Hit
from ui.observe.observers import Observers
from ui.protocols import Collection, Dossier, Pipeline, Surveyor

if TYPE_CHECKING:
    from index.protocols import Embedder
    from index.stored import Counts
    from rag.llm.model import LanguageModel
    from rag.protocols import Reader


class Watched:
    """`ui.protocols.Dossier` over another."""

    def __init__(self, dossier: Dossier, observers: Observers) -> None:
        self._dossier = dossier
        self._observers = observers

    @property
    def settings(self) -> Settings:
        return self._dossier.settings

    @property
    def language_model(self) -> LanguageModel | None:
        return self._dossier.language_model

    @property
    def embedder(self) -> Embedder:
        return self._dossier.embedder

    @property
    def ranker(self) -> Reader:
        return self._dossier.ranker

    def names(self) -> list[str]:
        return self._dossier.names()

    def collection(self, name: str | None = None, *, create: bool = False) -> Collection:
        opened = self._dossier.collection(name, create=create)
        return cast(Collection, _WatchedCollection(opened, self._named(name), self._observers))

    def size(self, name: str) -> Counts:
        return self._dossier.size(name)

    def remove(self, name: str) -> None:
        with self._observers.doing("remove collection", name):
            self._dossier.remove(name)

    def pipeline(self, name: str | None = None, *, settings: Settings | None = None) -> Pipeline:
        opened = self._dossier.pipeline(name, settings=settings)
        return _WatchedPipeline(opened, self._named(name), self._observers)

    def surveyor(self, name: str | None = None) -> Surveyor:
        return _WatchedSurveyor(self._dossier.surveyor(name), self._named(name), self._observers)

    def warm_up(self) -> None:
        self._dossier.warm_up()

    def close(self) -> None:
        self._dossier.close()

    def _named(self, name: str | None) -> str:
        return name or self.settings.collection


class _WatchedCollection:
    """Tells of what changes documents; the rest is the collection's own."""

    def __init__(self, collection: Collection, name: str, observers: Observers) -> None:
        self._collection = collection
        self._name = name
        self._observers = observers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    def ingest(self, files: Sequence[SourceFile], **given: Any) -> IngestReport:
        with self._observers.doing("ingest", self._name) as ids:
            report = self._collection.ingest(files, **given)
            ids += (*report.added, *report.replaced, *report.removed)
            return report

    def edit(self, document_id: str, **fields: Any) -> str:
        with self._observers.doing("edit", self._name) as ids:
            ids.append(document_id)
            return self._collection.edit(document_id, **fields)

    def remove(self, document_id: str) -> None:
        with self._observers.doing("remove", self._name) as ids:
            ids.append(document_id)
            self._collection.remove(document_id)

    def erase(self, document_id: str) -> None:
        with self._observers.doing("erase", self._name) as ids:
            ids.append(document_id)
            self._collection.erase(document_id)


class _WatchedPipeline:
    def __init__(self, pipeline: Pipeline, name: str, observers: Observers) -> None:
        self._pipeline = pipeline
        self._name = name
        self._observers = observers

    def answer(self, question: str, **given: Any) -> Answer:
        with self._observers.doing("answer", self._name) as ids:
            answer = self._pipeline.answer(question, **given)
            ids.append(answer.id)
            self._observers.answered(answer)
            return answer

    def search(self, query: str, *, top_k: int, filters: Filters | None = None) -> Sequence[Hit]:
        with self._observers.doing("search", self._name):
            return self._pipeline.search(query, top_k=top_k, filters=filters)


class _WatchedSurveyor:
    def __init__(self, surveyor: Surveyor, name: str, observers: Observers) -> None:
        self._surveyor = surveyor
        self._name = name
        self._observers = observers

    def cover(self, asked: str, **given: Any) -> Coverage:
        with self._observers.doing("coverage", self._name):
            return self._surveyor.cover(asked, **given)
