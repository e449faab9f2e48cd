"""What the doors show of documents, hits and ingests: the same shapes over HTTP, with `--json`, and to a remote command."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from index.feedback import Judgement, Rating
from index.metadata import as_json
from index.sentences import sentences_around
from index.threads import Thread
from index.values import Document, IngestReport, Span
from rag.replay import KeptAnswer, Replay
from rag.values import Hit, Verdict

MetadataJson = str | int | float | list[str]
JobStatus = Literal["queued", "running", "done", "failed"]
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MAX_NAME_CHARS = 255


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class DocumentView(View):
    """A document without its text. `characters` is the length of the text, in code points.

    `original_bytes` is the size of the file that it was read from, null where that is not kept.
    """

    id: str
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    kind: str | None = None
    published: str | None = None
    published_precision: str | None = None
    published_source: str | None = None
    media_type: str
    language: str | None = None
    characters: int
    pages: int = 0
    chunk_count: int
    origin: str
    added_at: str
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    original_bytes: int | None = None
    metadata: dict[str, MetadataJson] = {}
    superseded_by: str | None = None


class DocumentsView(View):
    """Newest published first, then the undated; `total` counts all, also those on other pages of the list."""

    total: int
    documents: tuple[DocumentView, ...]


class TextView(View):
    """`text` is the stored text from `start` to `end`; `length` is that of the whole text. All in code points."""

    document_id: str
    start: int
    end: int
    length: int
    text: str


class HitView(View):
    """A passage and why it ranks: ranks count from 1, None means that this retriever did not find it.

    `rerank_score` is the log-odds that the passage answers, None for what was not reranked; `signals` are 0 to 1.
    `before` and `after` are the neighbouring sentences that were asked for, as they stand in the document.
    """

    rank: int
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    dense_score: float | None = None
    lexical_score: float | None = None
    rerank_score: float | None = None
    signals: dict[str, float] = Field(default_factory=dict)
    chunk_id: str
    document_id: str
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    page: int | None = None
    start: int
    end: int
    text: str
    before: str = ""
    after: str = ""
    superseded_by: str | None = None


class SearchView(View):
    """`undated_left_out`: documents that a filter by date left out for having none."""

    query: str
    hits: tuple[HitView, ...]
    undated_left_out: int = 0


class AnswerLine(View):
    """A kept answer in a list. `outdated`: documents came or went since, so that it may be another now."""

    id: str
    asked_at: str
    thread: str | None = None
    turn: int | None = None
    question: str
    query: str
    verdict: Verdict
    short: str
    outdated: bool


class AnswersView(View):
    """Newest first; `total` counts all, also those on other pages of the list."""

    total: int
    answers: tuple[AnswerLine, ...]


class ThreadView(View):
    """The turns of a conversation, oldest first."""

    id: str
    turns: tuple[AnswerLine, ...]


class ThreadLine(View):
    """A conversation in a list. `title` is what its owner called it; without one it goes by `question`, its first."""

    id: str
    title: str | None = None
    question: str
    pinned: bool
    turns: int
    asked_at: str


class ThreadsView(View):
    """The pinned first, then by the newest turn; `total` counts all, also those on other pages of the list."""

    total: int
    threads: tuple[ThreadLine, ...]


class ChangesView(View):
    """Of `outdated` kept answers the newest were asked again; `changed` are those that came out otherwise."""

    outdated: int
    changed: tuple[Replay, ...]


class RefusalView(View):
    source: str
    code: str
    reason: str


class ReplacementView(View):
    """A source that holds another document than before; `gone` when no other source holds the old one."""

    source: str
    old: str
    new: str
    gone: bool


class BesideView(View):
    """A file whose name was taken by another content: both are kept, this one as `source`."""

    name: str
    source: str


class SuccessorView(View):
    """Of two documents `new` looks like the version that stands in the place of `old`. Mark it with an edit of `old`: superseded_by."""

    old: str
    new: str
    why: str


class IngestView(View):
    """What an ingest did; `added`, `replaced` and `removed` hold document ids."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    refused: tuple[RefusalView, ...] = ()
    embedded_chunks: int = 0
    reused_chunks: int = 0
    replacements: tuple[ReplacementView, ...] = ()
    beside: tuple[BesideView, ...] = ()
    successors: tuple[SuccessorView, ...] = ()
    seconds: dict[str, float] = {}


class JobView(View):
    """An ingest on its way. `report` is there when it is done, `error` when it failed.

    A large one is read in parts, and waits between them while others have their turn. `remaining_s` is about how long it takes at
    its pace so far, once that can be told.
    """

    id: str
    status: JobStatus
    stage: str = "queued"
    done: int = 0
    total: int = 0
    remaining_s: float | None = None
    report: IngestView | None = None
    error: str | None = None


class RemovedView(View):
    id: str
    erased: bool


class CollectionView(View):
    """A collection; `usual` is the one meant when none is named. One that is not `readable` is counted as empty.

    `original_bytes` is the size of the files that are kept of its documents.
    """

    name: str
    documents: int = 0
    chunks: int = 0
    original_bytes: int = 0
    usual: bool
    readable: bool = True


class CollectionsView(View):
    collections: tuple[CollectionView, ...]


class RemovedCollectionView(View):
    name: str
    removed: bool = True


class FeedbackView(View):
    """What one caller said of one answer. `gold` is the gold case made of it, as a line of a gold file."""

    id: str
    answer_id: str
    rating: Rating
    reasons: tuple[str, ...] = ()
    comment: str = ""
    gold: dict[str, Any] | None = None
    given_at: str
    caller: str


class FeedbackListView(View):
    """Newest first; `total` counts all, also those on other pages of the list."""

    total: int
    feedback: tuple[FeedbackView, ...]


class StatusView(View):
    status: str


def whole(text: str) -> str:
    """`text` with surrogates, as file names may hold, written out: every view must fit into UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shown_name(name: str) -> str:
    """A file name as a client sent it, made safe to show: no folder, no control or direction characters.

    >>> shown_name("../../etc/cron.d/x")
    'x'
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(char for char in base if unicodedata.category(char)[0] != "C" and char not in _BIDI)
    kept = kept.strip()
    if len(kept) > MAX_NAME_CHARS:
        stem, dot, suffix = kept.rpartition(".")
        tail = dot + suffix if dot and len(suffix) <= 10 else ""
        kept = (stem if tail else kept)[: MAX_NAME_CHARS - len(tail)] + tail
    return kept if kept.strip(".") else "unnamed"


def document_view(document: Document) -> DocumentView:
    said = document.provenance
    return DocumentView(
        id=document.id,
        title=said.title,
        publisher=said.publisher,
        author=said.author,
        kind=said.kind,
        published=said.published.date if said.published else None,
        published_precision=said.published.precision if said.published else None,
        published_source=said.published.source if said.published else None,
        media_type=document.media_type,
        language=document.language,
        characters=len(document.text),
        pages=len(document.page_starts),
        chunk_count=document.chunk_count,
        origin=document.origin,
        added_at=document.added_at,
        sources=tuple(whole(source) for source in document.sources),
        notes=document.notes,
        original_bytes=document.original_bytes,
        metadata=dict(as_json(document.metadata)),
        superseded_by=document.superseded_by,
    )


def hit_view(hit: Hit, document: Document, context: int = 0) -> HitView:
    """A hit with `context` sentences of its document on either side.

    Before the first chunk and after the last lies only what is not searched: front matter, the debris of a page.
    """
    said, chunk = document.provenance, hit.chunk
    before, after = sentences_around(document.text, Span(chunk.start, chunk.end), context)
    if chunk.ordinal == 0:
        before = Span(chunk.start, chunk.start)
    if chunk.ordinal == document.chunk_count - 1:
        after = Span(chunk.end, chunk.end)
    return HitView(
        rank=hit.rank,
        score=hit.score,
        dense_rank=hit.dense_rank,
        lexical_rank=hit.lexical_rank,
        dense_score=hit.dense_score,
        lexical_score=hit.lexical_score,
        rerank_score=hit.rerank_score,
        signals=dict(hit.signals),
        chunk_id=hit.chunk.id,
        document_id=document.id,
        title=said.title,
        publisher=said.publisher,
        published=said.published.date if said.published else None,
        page=document.page_of(hit.chunk.start),
        start=hit.chunk.start,
        end=hit.chunk.end,
        text=hit.chunk.text,
        before=document.text[before.start : before.end],
        after=document.text[after.start : after.end],
        superseded_by=document.superseded_by,
    )


def answer_line(kept: KeptAnswer) -> AnswerLine:
    answer = kept.answer
    return AnswerLine(
        id=answer.id,
        asked_at=kept.asked_at,
        thread=answer.thread,
        turn=kept.turn,
        question=answer.question,
        query=answer.query,
        verdict=answer.verdict,
        short=answer.short,
        outdated=kept.outdated,
    )


def thread_line(thread: Thread) -> ThreadLine:
    return ThreadLine(
        id=thread.id,
        title=thread.title,
        question=thread.question,
        pinned=thread.pinned,
        turns=thread.turns,
        asked_at=thread.asked_at,
    )


def feedback_view(judgement: Judgement) -> FeedbackView:
    return FeedbackView(
        id=judgement.id,
        answer_id=judgement.answer_id,
        rating=judgement.rating,
        reasons=judgement.reasons,
        comment=judgement.comment,
        gold=None if judgement.gold is None else dict(judgement.gold),
        given_at=judgement.given_at,
        caller=judgement.caller,
    )


def ingest_view(report: IngestReport) -> IngestView:
    return IngestView(
        added=tuple(whole(one) for one in report.added),
        replaced=tuple(whole(one) for one in report.replaced),
        removed=tuple(whole(one) for one in report.removed),
        unchanged=report.unchanged,
        refused=tuple(
            RefusalView(source=whole(one.source), code=one.code, reason=whole(one.reason)) for one in report.refused
        ),
        embedded_chunks=report.embedded_chunks,
        reused_chunks=report.reused_chunks,
        replacements=tuple(
            ReplacementView(source=whole(one.source), old=one.old, new=one.new, gone=one.gone)
            for one in report.replacements
        ),
        beside=tuple(BesideView(name=whole(one.name), source=whole(one.source)) for one in report.beside),
        successors=tuple(SuccessorView(old=one.old, new=one.new, why=one.why) for one in report.successors),
        seconds=dict(report.seconds),
    )


def merge_ingests(views: Iterable[IngestView]) -> IngestView:
    """One report of several: what one folder became when it was sent in parts."""
    parts = list(views)
    seconds: dict[str, float] = {}
    for part in parts:
        for name, value in part.seconds.items():
            seconds[name] = seconds.get(name, 0.0) + value
    return IngestView(
        added=tuple(one for part in parts for one in part.added),
        replaced=tuple(one for part in parts for one in part.replaced),
        removed=tuple(one for part in parts for one in part.removed),
        unchanged=sum(part.unchanged for part in parts),
        refused=tuple(one for part in parts for one in part.refused),
        embedded_chunks=sum(part.embedded_chunks for part in parts),
        reused_chunks=sum(part.reused_chunks for part in parts),
        replacements=tuple(one for part in parts for one in part.replacements),
        beside=tuple(one for part in parts for one in part.beside),
        successors=tuple(one for part in parts for one in part.successors),
        seconds=seconds,
    )
