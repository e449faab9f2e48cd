"""The composition root: settings in, everything that is open in this process out. Adapters are chosen here and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from index.collection import Collection
from index.directory import DataDirectory
from index.embed import open_embedder
from index.protocols import Embedder
from index.stored import Counts
from rag.answerers.answering import KindAnswerer
from rag.answerers.catalogue import Catalogue
from rag.answerers.digest import Digest
from rag.answerers.table import TableAnswerer
from rag.coverage.survey import Surveyor
from rag.models.local import located
from rag.pipeline import Pipeline
from rag.protocols import Answerer, Reader
from rag.query.kind import KindClassifier
from rag.reading.extract import ExtractiveAnswerer
from rag.reading.judge import threshold_for
from rag.reading.reader import PACKAGED, EncoderReader
from rag.search.fuse import Fusion, fuse_ranks, fuse_scores
from rag.search.rerank import Reranker
from rag.search.retrieve import Retriever
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.llm.generate import LLMAnswerer
    from rag.llm.model import LanguageModel, LlamaIndexModel


KIND_ANSWERERS: Mapping[str, KindAnswerer] = {
    "summary": Digest(),
    "about": Catalogue(),
    **dict.fromkeys(("fact", "table", "count", "list", "compare"), TableAnswerer()),
}
"""Who answers which kind; a cell is looked up only where the question names its row and its column in the table's own words."""


class Dossier:
    """One data directory, owned by this process, with its collections and models. Models load on first use."""

    def __init__(self, settings: Settings, data: DataDirectory) -> None:
        if settings.target_error is not None:
            settings = settings.model_copy(update={"answer_threshold": threshold_for(settings.target_error)})
        self.settings = settings
        self.data = data
        self.embedder: Embedder = open_embedder(settings.embedder)
        self._reader = EncoderReader(settings.reader)
        self._scorer = EncoderReader(settings.reranker) if settings.reranker else None
        self._checker = self._reader if settings.reader == PACKAGED else EncoderReader()
        self._kinds = KindClassifier(self.embedder)
        self._collections: dict[str, Collection] = {}
        self._lock = threading.Lock()

    @property
    def ranker(self) -> Reader:
        """Says how likely passages answer a question: the cross-encoder of the settings, or the reader."""
        return self._scorer or self._reader

    def names(self) -> list[str]:
        """Names of the collections, sorted."""
        return self.data.names()

    def collection(self, name: str | None = None, *, create: bool = False) -> Collection:
        """An open collection, the one in the settings by default. Raises UnknownCollection."""
        wanted = name or self.settings.collection
        with self._lock:
            if wanted not in self._collections:
                self._collections[wanted] = self.data.collection(wanted, self.embedder, create=create)
            return self._collections[wanted]

    def size(self, name: str) -> Counts:
        """How much a collection holds; it is not opened for that. Raises UnknownCollection."""
        return self.data.size(name)

    def remove(self, name: str) -> None:
        """Delete a collection and everything in it. Raises UnknownCollection, StorageFailed."""
        with self._lock:
            self._collections.pop(name, None)
        self.data.remove(name)

    def pipeline(self, name: str | None = None, *, settings: Settings | None = None) -> Pipeline:
        """The pipeline over one collection; `settings` may differ in how it is asked, not in its models or data."""
        settings = settings or self.settings
        fusion: Fusion = (
            partial(fuse_scores, lexical_weight=settings.lexical_weight)
            if settings.fusion == "scores"
            else partial(fuse_ranks, k=settings.rrf_k)
        )
        retriever = Retriever(self.collection(name), self.embedder, depth=settings.retrieve, fusion=fusion)
        reranker = Reranker(
            self._reader,
            self._scorer,
            by_reader=settings.rerank > 0,
            by_signals=settings.signals and settings.rerank > 0,
        )
        return Pipeline(
            retriever,
            reranker,
            ExtractiveAnswerer(headline=self._checker),
            settings,
            language_model=self._llm_answerer_of(settings),
            talkative=self._llm is not None and self._llm.small,
            checker=self._checker,
            kinds=self._kinds,
            answerers=KIND_ANSWERERS,
        )

    def surveyor(self, name: str | None = None) -> Surveyor:
        """Asks every document of one collection the same thing."""
        return Surveyor(
            self.collection(name),
            self.embedder,
            self._reader,
            ExtractiveAnswerer(headline=self._checker),
            self.settings,
        )

    def warm_up(self) -> None:
        """Load the models now, so that the first question does not wait for them."""
        self.embedder.embed_query("warm up")
        for model in (self._reader, self._scorer):
            if model is not None:
                model.warm_up()
        if self._llm is not None:
            from rag.llm.generate import system_of
            from rag.llm.model import Message

            self._llm.warm_up([Message("system", system_of(prose=self._llm.small))])

    def close(self) -> None:
        """Close every collection and let go of the data directory."""
        with self._lock:
            for collection in self._collections.values():
                collection.close()
            self._collections.clear()
            if "_llm" in self.__dict__ and self._llm is not None:
                self._llm.close()
            self.data.close()

    @cached_property
    def language_model(self) -> LanguageModel | None:
        """The LLM of the settings, left alone for a while when it keeps failing; None without one."""
        if self._llm is None:
            return None
        from rag.llm.breaker import Breaker, GuardedModel

        breaker = Breaker(failures=self.settings.llm_failures, rest_s=self.settings.llm_rest_s)
        return GuardedModel(self._llm, breaker)

    @cached_property
    def _llm(self) -> LlamaIndexModel | None:
        if self.settings.llm is None:
            return None
        from rag.llm.model import open_llm

        return open_llm(
            located(self.settings.llm, self.settings.models),
            key=self.settings.llm_key.get_secret_value() if self.settings.llm_key else None,
            timeout_s=self.settings.llm_timeout_s,
            max_tokens=self.settings.llm_max_tokens,
            window=self.settings.llm_context_tokens,
        )

    def _llm_answerer_of(self, settings: Settings) -> Answerer | None:
        """Who writes, in the style of these settings."""
        answerer = self._llm_answerer if settings.llm else None
        return answerer.styled(settings.llm_style) if answerer is not None else None

    @cached_property
    def _llm_answerer(self) -> LLMAnswerer | None:
        if self.language_model is None or self._llm is None:
            return None
        from rag.llm.generate import LLMAnswerer

        # A very small model writes valid JSON with nothing in it; plain sentences get it further.
        return LLMAnswerer(
            self.language_model,
            window=self._llm.window,
            max_tokens=self.settings.llm_max_tokens,
            passages=self.settings.llm_passages,
            short=self._llm.local and self.settings.llm_passages is None,
            prose=self._llm.small,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_dossier(settings: Settings) -> Dossier:
    """Own the data directory of the settings. Raises DirectoryOwned when another process has it."""
    data = DataDirectory.own(
        settings.data, max_file_bytes=settings.max_file_bytes, keep_originals=settings.keep_originals
    )
    return Dossier(settings, data)
