"""The route from a question to an answer, on one screen."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from index.errors import LanguageModelFailed
from index.values import Filters
from rag.analyse import Query, analyse
from rag.compose import Asked, compose_answer
from rag.extract import ExtractiveAnswerer
from rag.findings import find
from rag.lines import Line, draft_of, lines_of
from rag.protocols import Answerer, SupportChecker
from rag.rerank import Reranker
from rag.retrieve import Retriever
from rag.select import as_evidence, select_evidence
from rag.settings import Settings
from rag.support import check_support
from rag.values import Answer, Draft, Evidence, FiltersView, Hit
from rag.verify import VerifiedStatement, short_stands, supported, verify

Result = TypeVar("Result")
MAX_TOP_K = 50


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions over one collection.

    Attributes:
        language_model: Answers first when there is one; the extractive answerer stands in when it fails or is cut.
        checker: Reads statements that are not verbatim beside their quotes.
    """

    retriever: Retriever
    reranker: Reranker
    extractive: ExtractiveAnswerer
    settings: Settings
    language_model: Answerer | None = None
    checker: SupportChecker | None = None

    def answer(self, question: str, *, filters: Filters | None = None, as_of: str | None = None) -> Answer:
        """One checked answer; a question that the documents do not answer gets the verdict `not_stated`.

        Args:
            filters: Which documents may be searched.
            as_of: Only what was published up to this ISO date.
        """
        clock, threshold = _Clock(), self.settings.answer_threshold
        query = clock.time("analyse", lambda: self._analyse(question))
        given = filters or Filters()
        scope = self._scope(query, given)
        hits = clock.time("retrieve", lambda: self._retrieve(query, self.settings.retrieve, _as_of(scope, as_of)))
        if not hits and scope != given:  # nothing is published under what the question seemed to restrict
            scope = given
            hits = clock.time("retrieve", lambda: self._retrieve(query, self.settings.retrieve, _as_of(scope, as_of)))
        evidence = clock.time("read", lambda: self._read(query, hits))
        lines = clock.time("extract", lambda: self._lines(query, evidence))
        draft = clock.time("answer", lambda: self._draft(query, lines, evidence))
        draft, statements = clock.time("verify", lambda: self._verify(draft, lines, evidence))
        findings = clock.time("compare", lambda: find(lines, statements, evidence, draft.confidence, threshold))
        corpus = self.retriever.corpus
        view = FiltersView(
            publisher=scope.publisher, since=scope.since, until=scope.until, as_of=as_of, detected=scope != given
        )
        asked = Asked(
            question, query.text, view, corpus.name, corpus.chunk_count, self.settings.answer_hash(), corpus.generation
        )
        return compose_answer(asked, draft, findings, evidence, timings_ms=clock.read())

    def search(self, question: str, *, top_k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The `top_k` best passages, best first, each with its ranks, scores and signals."""
        if not 1 <= top_k <= MAX_TOP_K:
            raise ValueError(f"top_k must be 1 to {MAX_TOP_K}, got {top_k}")
        query = self._analyse(question)
        hits = self._retrieve(query, max(top_k, self.settings.rerank), filters or Filters())
        first = as_evidence(hits[: self.settings.rerank], self.retriever.corpus)
        ranked = [item.hit for item in self.reranker.rerank(query, first)] if first else []
        rest = hits[self.settings.rerank :]
        return [replace(hit, rank=rank) for rank, hit in enumerate((*ranked, *rest), start=1)][:top_k]

    def _analyse(self, question: str) -> Query:
        text = clean_question(question, longest=self.settings.max_question_chars)
        return analyse(text, publishers=self.retriever.corpus.publishers(), today=date.today())

    def _scope(self, query: Query, given: Filters) -> Filters:
        """What the caller set, and what the question sets where the caller set nothing."""
        if not self.settings.detect_filters or given:
            return given
        return query.filters

    def _retrieve(self, query: Query, top_k: int, filters: Filters) -> list[Hit]:
        parts = query.parts if self.settings.split_questions else ()
        if query.planned:
            parts = (*query.planned.searches, *parts)
        return self.retriever.retrieve(query.text, top_k, parts=parts, filters=filters)

    def _read(self, query: Query, hits: Sequence[Hit]) -> list[Evidence]:
        """The passages worth reading, read, the best first."""
        chosen = select_evidence(
            hits,
            self.retriever.corpus,
            limit=max(self.settings.rerank, self.settings.read),
            per_document=self.settings.per_document,
        )
        if not self.settings.rerank:
            chosen = chosen[: self.settings.read]
        return self.reranker.rerank(query, chosen)[: self.settings.read] if chosen else []

    def _lines(self, query: Query, evidence: Sequence[Evidence]) -> tuple[Line, ...]:
        return lines_of(
            query,
            evidence,
            self.extractive,
            self.reranker.reader,
            threshold=self.settings.answer_threshold,
            split=self.settings.split_questions,
        )

    def _draft(self, query: Query, lines: Sequence[Line], evidence: Sequence[Evidence]) -> Draft:
        if self.language_model is None or not evidence:
            return self._extract(lines)
        try:
            return self.language_model.draft(query.text, evidence)
        except LanguageModelFailed:
            return replace(self._extract(lines), degraded=True)

    def _extract(self, lines: Sequence[Line]) -> Draft:
        return draft_of(lines, self.extractive, threshold=self.settings.answer_threshold)

    def _verify(
        self, draft: Draft, lines: Sequence[Line], evidence: Sequence[Evidence]
    ) -> tuple[Draft, Sequence[VerifiedStatement]]:
        """What passed of a draft; a generated draft of which nothing passed gives way to the extractive answer."""
        passed = supported(verify(draft, evidence))
        if self.checker is not None:
            passed = check_support(passed, evidence, self.checker)
        if self.language_model is None or draft.degraded or not draft.statements:
            return draft, passed
        if not passed:
            fallback = replace(self._extract(lines), degraded=True)
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


def _as_of(filters: Filters, as_of: str | None) -> Filters:
    """Filters narrowed to what was published up to `as_of`."""
    if as_of is None:
        return filters
    return replace(filters, until=min(as_of, filters.until or as_of, key=_last_day))


def _last_day(iso: str) -> str:
    """What the end of a day, month or year sorts by."""
    return f"{iso}-99-99"[:10]


@dataclass(slots=True)
class _Clock:
    """Milliseconds of each stage."""

    spent: dict[str, float] = field(default_factory=dict)

    def time(self, stage: str, run: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        result = run()
        self.spent[stage] = self.spent.get(stage, 0.0) + (time.perf_counter() - began) * 1000
        return result

    def read(self) -> dict[str, float]:
        return {**self.spent, "total": sum(self.spent.values())}
