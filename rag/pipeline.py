"""The route from a question to an answer, on one screen."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from index.errors import LanguageModelFailed
from index.values import Filters
from rag.compose import Asked, compose_answer
from rag.extract import ExtractiveAnswerer
from rag.protocols import Answerer
from rag.retrieve import Retriever
from rag.select import select_evidence
from rag.settings import Settings
from rag.values import Answer, Draft, Evidence, FiltersView, Hit
from rag.verify import VerifiedStatement, short_stands, supported, verify

Result = TypeVar("Result")
MAX_TOP_K = 50


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions over one collection.

    Attributes:
        language_model: Answers first when there is one; the extractive answerer stands in when it fails or is cut.
    """

    retriever: Retriever
    extractive: ExtractiveAnswerer
    settings: Settings
    language_model: Answerer | None = None

    def answer(self, question: str, *, filters: Filters | None = None, as_of: str | None = None) -> Answer:
        """One checked answer; a question that the documents do not answer gets the verdict `not_stated`.

        Args:
            filters: Which documents may be searched.
            as_of: Only what was published up to this ISO date.
        """
        query = clean_question(question, longest=self.settings.max_question_chars)
        scope = _as_of(filters, as_of)
        clock = _Clock()
        vector = clock.time("encode", lambda: self.retriever.embedder.embed_query(query))
        hits = clock.time(
            "retrieve", lambda: self.retriever.retrieve_by_vector(query, vector, self.settings.retrieve, filters=scope)
        )
        evidence = clock.time("select", lambda: self._select(hits))
        draft = clock.time("answer", lambda: self._draft(query, evidence))
        draft, statements = clock.time("verify", lambda: self._verify(query, draft, evidence))
        corpus = self.retriever.corpus
        view = FiltersView(
            publisher=scope.publisher, since=scope.since, until=filters.until if filters else None, as_of=as_of
        )
        asked = Asked(
            question, query, view, corpus.name, corpus.chunk_count, self.settings.answer_hash(), corpus.generation
        )
        threshold = self.settings.answer_threshold
        return compose_answer(asked, draft, statements, evidence, threshold=threshold, timings_ms=clock.read())

    def search(self, query: str, *, top_k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The `top_k` best passages, best first, each with its ranks and scores."""
        if not 1 <= top_k <= MAX_TOP_K:
            raise ValueError(f"top_k must be 1 to {MAX_TOP_K}, got {top_k}")
        return self.retriever.retrieve(
            clean_question(query, longest=self.settings.max_question_chars), top_k, filters=filters
        )

    def _select(self, hits: Sequence[Hit]) -> list[Evidence]:
        return select_evidence(
            hits, self.retriever.corpus, limit=self.settings.read, per_document=self.settings.per_document
        )

    def _draft(self, query: str, evidence: Sequence[Evidence]) -> Draft:
        if self.language_model is None or not evidence:
            return self.extractive.draft(query, evidence)
        try:
            return self.language_model.draft(query, evidence)
        except LanguageModelFailed:
            return replace(self.extractive.draft(query, evidence), degraded=True)

    def _verify(
        self, query: str, draft: Draft, evidence: Sequence[Evidence]
    ) -> tuple[Draft, Sequence[VerifiedStatement]]:
        """What passed of a draft; a generated draft of which nothing passed gives way to the extractive answer."""
        passed = supported(verify(draft, evidence))
        if self.language_model is None or draft.degraded or not draft.statements:
            return draft, passed
        if not passed:
            fallback = replace(self.extractive.draft(query, evidence), degraded=True)
            return fallback, supported(verify(fallback, evidence))
        short = draft.short if short_stands(draft.short, passed, evidence) else ""
        return replace(
            draft, short=short, confidence=round(draft.confidence * len(passed) / len(draft.statements), 4)
        ), passed


def clean_question(question: str, *, longest: int) -> str:
    """A question as it is searched: one line, no control or invisible characters.

    Raises:
        ValueError: It is blank, longer than `longest` characters, or holds a lone surrogate.
    """
    if len(question) > longest:
        raise ValueError(f"question must be at most {longest} characters, got {len(question)}")
    if any(unicodedata.category(character) == "Cs" for character in question):
        raise ValueError("question must be valid Unicode, got a lone surrogate")
    visible = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in question if unicodedata.category(c) != "Cf"
    )
    line = " ".join(visible.split())
    if not line:
        raise ValueError("question must not be blank")
    return line


def _as_of(filters: Filters | None, as_of: str | None) -> Filters:
    """Filters narrowed to what was published up to `as_of`."""
    scope = filters or Filters()
    if as_of is None:
        return scope
    return replace(scope, until=min(as_of, scope.until) if scope.until else as_of)


@dataclass(slots=True)
class _Clock:
    """Milliseconds of each stage."""

    spent: dict[str, float] = field(default_factory=dict)

    def time(self, stage: str, run: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        result = run()
        self.spent[stage] = (time.perf_counter() - began) * 1000
        return result

    def read(self) -> dict[str, float]:
        return {**self.spent, "total": sum(self.spent.values())}
