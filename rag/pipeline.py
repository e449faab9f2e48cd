"""The route from a question to an answer, on one screen."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from index.values import Filters
from rag.answer.compose import Asked, compose_answer
from rag.answer.drafting import Checked, Gate, written
from rag.answer.findings import Findings, find
from rag.answer.lines import Line, draft_of, lines_of
from rag.answer.telling import Listener, Telling
from rag.answerers.answering import KindAnswerer, Proposal, Question, drafted
from rag.answerers.listing import listed
from rag.contradictions.judging import Judges
from rag.filters import filters_as_json
from rag.language import asked_in, by_words, read_by_words, verbatim_draft, without_headline
from rag.protocols import Answerer, SupportChecker
from rag.query.kind import Asked as AskedKind
from rag.query.kind import KindClassifier, told
from rag.question.analyse import Query, analyse
from rag.reading.extract import ExtractiveAnswerer
from rag.reading.judge import AskedFor
from rag.search.rerank import Reranker
from rag.search.retrieve import Retriever
from rag.search.select import as_evidence, select_evidence
from rag.settings import Settings
from rag.values import Answer, Draft, Evidence, FiltersView, Hit, Kind

Result = TypeVar("Result")
MAX_TOP_K = 50
MOSTLY, LISTING = 0.6, 0.3
"""Probabilities by the classifier of kinds: from the first on a question is taken to ask for more than a bare value, from the second on for items."""
SURE = 0.5
"""Probability of a kind without an answerer of its own under which the answerer of facts, who looks into tables, is asked too."""
NEAREST = 0.2
"""Of the threshold: so sure must the best passage be to be quoted as the nearest, where more than a bare value is asked for."""
NOT_COMPARED = frozenset({"list", "howto", "why", "compare", "definition", "summary"})
"""Kinds whose answers are no values that sources could disagree on."""
NO_ONE_VALUE = frozenset({"list", "howto", "compare", "summary", "yesno"})
"""Kinds that no span answers by itself, so none is a headline: of "the north stand or the south stand?", of "may I?", it would be a guess."""


@dataclass(frozen=True, slots=True)
class _Extracted:
    """An answer without a language model: what was read along which lines, what passed, and the proposal that it is, if it is one."""

    evidence: list[Evidence]
    lines: tuple[Line, ...]
    checked: Checked
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions over one collection.

    Attributes:
        language_model: Answers first when there is one; the extractive answerer stands in when it fails or is cut.
        talkative: The language model always says something, so it is asked only where the reader finds an answer, and what is
            weak of it is cut.
        checker: Reads statements that are not verbatim beside their quotes.
        by_periods: Whether the time that a question asks for has a say in what is chosen.
        kinds: Tells of what kind a question is; without it every question is a fact.
        answerers: Who answers a kind; a kind without one is read as a fact.
    """

    retriever: Retriever
    reranker: Reranker
    extractive: ExtractiveAnswerer
    settings: Settings
    language_model: Answerer | None = None
    talkative: bool = False
    checker: SupportChecker | None = None
    by_periods: bool = True
    kinds: KindClassifier | None = None
    answerers: Mapping[str, KindAnswerer] = field(default_factory=dict)

    def answer(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        as_of: str | None = None,
        kind: Kind | None = None,
        listener: Listener | None = None,
    ) -> Answer:
        """One checked answer; a question that the documents do not answer gets the verdict `not_stated`.

        Args:
            filters: Which documents may be searched.
            as_of: Only what was published up to this ISO date, and what held then where the question names no time.
            kind: What kind of question it is; None lets the classifier say.
            listener: Hears the answer while it is made.
        """
        clock, threshold, telling = _Clock(), self.settings.answer_threshold, Telling(listener or Listener())
        query = clock.time("analyse", lambda: self._analyse(question, as_of))
        given = filters or Filters()
        scope = self._scope(query, given)
        hits = clock.time("retrieve", lambda: self._retrieve(query, self.settings.retrieve, _as_of(scope, as_of)))
        if not hits and scope != given:  # nothing is published under what the question seemed to restrict
            scope = given
            hits = clock.time("retrieve", lambda: self._retrieve(query, self.settings.retrieve, _as_of(scope, as_of)))
        asked_for = clock.time("kind", lambda: self._kind(query, kind))
        near = asked_for.open >= MOSTLY and AskedFor.of(query.text).words and not self._foreign(query)
        least = threshold * NEAREST if near else threshold
        found = self._extract(query, asked_for, hits, _as_of(scope, as_of), least, clock, telling)
        proposal, evidence = found.proposal, found.evidence
        corpus = self.retriever.corpus
        view = FiltersView(
            **filters_as_json(scope),
            as_of=as_of,
            detected=scope != given,
            undated_left_out=corpus.undated(_as_of(scope, as_of)),
        )
        asked = Asked(
            question,
            query.text,
            asked_for.kind,
            view,
            corpus.chunk_count,
            self.settings.answer_hash(),
            corpus.generation,
        )

        judges = Judges(self.extractive, self.checker) if self.checker else None

        def composed(checked: Checked, *, tell: bool) -> Answer:
            draft, statements = checked
            findings = clock.time(
                "compare",
                lambda: (
                    Findings(statements, nearest=not proposal.short and draft.confidence < threshold)
                    if proposal
                    else find(
                        found.lines,
                        statements,
                        evidence,
                        draft.confidence,
                        threshold,
                        quoted_from=least,
                        compared=asked_for.kind not in NOT_COMPARED,
                        judges=judges,
                    )
                ),
            )
            if tell:
                telling.statements(findings.statements)
            return compose_answer(
                asked,
                draft,
                findings,
                evidence,
                order=telling.order if tell else (),
                items=proposal.items if proposal else (),
                cost=self.settings.cost_of(draft.usage),
                timings_ms=clock.read(),
            )

        model = None if proposal else self._writer(evidence, found.checked[0])
        if model is None:
            return composed(found.checked, tell=True)
        first = composed(found.checked, tell=False)
        telling.draft(first, model.name)
        better = clock.time("answer", lambda: self._written(query, self._gate(evidence), model, found.checked, telling))
        return composed(better, tell=True).model_copy(update={"id": first.id})

    def search(self, question: str, *, top_k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The `top_k` best passages, best first, each with its ranks, scores and signals."""
        if not 1 <= top_k <= MAX_TOP_K:
            raise ValueError(f"top_k must be 1 to {MAX_TOP_K}, got {top_k}")
        query = self._analyse(question)
        hits = self._retrieve(query, max(top_k, self.settings.rerank), filters or Filters())
        if self._foreign(query):
            return hits[:top_k]
        first = as_evidence(hits[: self.settings.rerank], self.retriever.corpus)
        ranked = [item.hit for item in self.reranker.rerank(query, first)] if first else []
        rest = hits[self.settings.rerank :]
        return [replace(hit, rank=rank) for rank, hit in enumerate((*ranked, *rest), start=1)][:top_k]

    def _extract(
        self,
        query: Query,
        asked: AskedKind,
        hits: Sequence[Hit],
        filters: Filters,
        least: float,
        clock: _Clock,
        telling: Telling,
    ) -> _Extracted:
        """The answer without a language model: by the answerer of the kind, by the reader, or by the list that the reader was led to."""
        proposal = clock.time("propose", lambda: self._proposal(query, asked, hits, filters))
        if proposal is not None and not proposal.stand_in:
            return self._proposed(proposal, (), telling)
        chosen = clock.time("choose", lambda: self._choose(hits))
        telling.sources(chosen)
        evidence = clock.time("read", lambda: self._read(query, chosen))
        telling.sources(evidence)
        lines = clock.time("extract", lambda: self._lines(query, evidence))
        checked = clock.time("answer", lambda: self._extracted(query, lines, self._gate(evidence)))
        if asked.kind in NO_ONE_VALUE and asked.open >= MOSTLY:
            checked = replace(checked[0], short=""), checked[1]
        found = self._listed(asked, lines, least)
        if found is None and checked[0].confidence < self.settings.answer_threshold:
            found = proposal
        return self._proposed(found, lines, telling) if found else _Extracted(evidence, lines, checked)

    def _proposed(self, proposal: Proposal, lines: tuple[Line, ...], telling: Telling) -> _Extracted:
        evidence = list(proposal.evidence)
        telling.sources(evidence)
        return _Extracted(evidence, lines, _passed(drafted(proposal), self._gate(evidence)), proposal)

    def _gate(self, evidence: Sequence[Evidence]) -> Gate:
        return Gate(evidence, self.checker, verified_only=self.talkative)

    def _analyse(self, question: str, as_of: str | None = None) -> Query:
        text = clean_question(question, longest=self.settings.max_question_chars)
        query = analyse(text, publishers=self.retriever.corpus.publishers(), today=date.today(), as_of=as_of)
        return query if self.by_periods else replace(query, period=None)

    def _scope(self, query: Query, given: Filters) -> Filters:
        """What the caller set, and the outlet and dates that the question sets where the caller set neither."""
        if not self.settings.detect_filters or given.publisher or given.dated:
            return given
        set_by = query.filters
        return replace(given, publisher=set_by.publisher, since=set_by.since, until=set_by.until)

    def _foreign(self, query: Query) -> bool:
        """Whether the question is in a language that the models do not know."""
        return asked_in(query.text, self.retriever.corpus.languages(), self.settings.languages) is not None

    def _retrieve(self, query: Query, top_k: int, filters: Filters) -> list[Hit]:
        parts = query.parts if self.settings.split_questions else ()
        if query.planned:
            parts = (*query.planned.searches, *parts)
        retriever = replace(self.retriever, fusion=by_words) if self._foreign(query) else self.retriever
        return retriever.retrieve(query.text, top_k, parts=parts, filters=filters)

    def _kind(self, query: Query, kind: Kind | None) -> AskedKind:
        """What kind of question it is; a fact where nothing tells kinds apart."""
        guessed = self.kinds.of(query.text) if self.kinds else AskedKind("fact", 0.0)
        return told(kind, guessed) if kind else guessed

    def _proposal(self, query: Query, asked: AskedKind, hits: Sequence[Hit], filters: Filters) -> Proposal | None:
        """The answer of the question's kind; None for a fact, and where its kind finds nothing."""
        answerer = self.answerers.get(asked.kind) or (self.answerers.get("fact") if asked.probability < SURE else None)
        if answerer is None or not hits:
            return None
        return answerer.propose(Question(query, asked, self.retriever.corpus, self.retriever.embedder, hits, filters))

    def _listed(self, asked: AskedKind, lines: Sequence[Line], least: float) -> Proposal | None:
        """The list that the best candidates lie in, where items or steps are asked for, or how many there are."""
        counted = asked.kind == "count"  # the words that lead up to a list say whether it is the one
        if len(lines) != 1 or not lines[0].candidates or (lines[0].candidates[0].support < least and not counted):
            return None
        if not counted and asked.listing < LISTING:
            return None
        return listed(lines[0].question, lines[0].candidates, self.retriever.corpus, counted=counted)

    def _choose(self, hits: Sequence[Hit]) -> list[Evidence]:
        """The passages worth reading."""
        chosen = select_evidence(
            hits,
            self.retriever.corpus,
            limit=max(self.settings.rerank, self.settings.read),
            per_document=self.settings.per_document,
        )
        return chosen if self.settings.rerank else chosen[: self.settings.read]

    def _read(self, query: Query, chosen: Sequence[Evidence]) -> list[Evidence]:
        """The passages read, the best first."""
        if chosen and self._foreign(query):
            return read_by_words(query.text, chosen, self.retriever.corpus.languages())[: self.settings.read]
        return self.reranker.rerank(query, chosen)[: self.settings.read] if chosen else []

    def _lines(self, query: Query, evidence: Sequence[Evidence]) -> tuple[Line, ...]:
        if self._foreign(query):
            return (Line(query.text, ()),)
        return lines_of(
            query,
            evidence,
            self.extractive,
            self.reranker.reader,
            threshold=self.settings.answer_threshold,
            split=self.settings.split_questions,
        )

    def _extracted(self, query: Query, lines: Sequence[Line], gate: Gate) -> Checked:
        """The answer without a language model, and what passed of it."""
        if self._foreign(query):
            return _passed(verbatim_draft(query.text, gate.evidence, self.retriever.corpus.languages()), gate)
        draft = draft_of(lines, self.extractive, threshold=self.settings.answer_threshold)
        return _passed(without_headline(draft, gate.evidence, self.settings.languages), gate)

    def _writer(self, evidence: Sequence[Evidence], extracted: Draft) -> Answerer | None:
        """The language model, where there is one and something that it may write about."""
        if not evidence or (self.talkative and extracted.confidence < self.settings.answer_threshold):
            return None
        return self.language_model

    def _written(self, query: Query, gate: Gate, model: Answerer, extracted: Checked, telling: Telling) -> Checked:
        """The language model's answer, and what passed of it; the extracted one where nothing of it stands."""
        least = self.settings.answer_threshold
        return written(query.text, gate, model, extracted, telling, least=least, stands=self.talkative)


def _passed(draft: Draft, gate: Gate) -> Checked:
    return draft, gate.passed(draft)


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
