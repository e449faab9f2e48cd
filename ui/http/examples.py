"""Invented examples for the description of the API, made of the values themselves, so that they cannot grow old."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from rag.coverage.table import Count, Coverage, DocumentCoverage
from rag.replay import Changes, KeptAnswer, Replay
from rag.views import (
    AnswersView,
    ChangesView,
    CollectionsView,
    CollectionView,
    DocumentsView,
    DocumentView,
    FeedbackListView,
    FeedbackView,
    HitView,
    IngestView,
    JobView,
    RemovedCollectionView,
    RemovedView,
    SearchView,
    StatusView,
    TextView,
    ThreadLine,
    ThreadsView,
    ThreadView,
    answer_line,
)
from ui.http.openai_examples import OPENAI, OPENAI_STREAMS
from ui.http.shown import ANSWER as _ANSWER
from ui.http.shown import ANSWER_ID as _ANSWER_ID
from ui.http.shown import ASKED_AT as _ASKED_AT
from ui.http.shown import ID as _ID
from ui.http.shown import PLACE as _PLACE
from ui.http.shown import QUESTION as _QUESTION
from ui.http.shown import QUOTE as _QUOTE
from ui.http.shown import SAID as _SAID

_KEPT = KeptAnswer(asked_at=_ASKED_AT, answer=_ANSWER)
_LINE = answer_line(_KEPT)
_REPLAY = Replay(old=_KEPT, new=_ANSWER, changes=Changes(changed=False))
_DOCUMENT = DocumentView(
    id=_ID,
    **_SAID,
    published_precision="day",
    published_source="front matter",
    media_type="text/markdown",
    characters=2480,
    chunk_count=4,
    origin=_ID,
    added_at="2024-06-01T08:00:00+00:00",
    sources=("upload/harbour.md",),
)
_HIT = HitView(rank=1, score=0.82, dense_rank=1, lexical_rank=1, text=_QUOTE, **_SAID, **_PLACE)
_COLLECTION = CollectionView(name="harbour", documents=12, chunks=96, usual=False)
_JUDGED = FeedbackView(id="fb_3a1c9d52", answer_id=_ANSWER_ID, rating="good", given_at=_ASKED_AT, caller="local")
_COVERAGE = Coverage(
    asked="Ilse Brandt",
    query="Ilse Brandt",
    reading="mention",
    text='1 of 1 document (1 origin) mentions "Ilse Brandt", 2 times in all.',
    says=Count(documents=1, origins=1),
    contradicts=Count(),
    silent=Count(),
    mentions=2,
    documents=(DocumentCoverage(number=1, document_id=_ID, origin=_ID, status="says", mentions=2, **_SAID),),
    collection="default",
    generation=_ANSWER.generation,
    settings_hash=_ANSWER.settings_hash,
)
_THREAD = ThreadLine(id="thr_5e0d7c", question=_QUESTION, pinned=False, turns=1, asked_at="2024-06-02T09:30:00+00:00")
_VIEWS: tuple[BaseModel, ...] = (
    _ANSWER,
    _KEPT,
    _REPLAY,
    _DOCUMENT,
    _COLLECTION,
    _JUDGED,
    _COVERAGE,
    AnswersView(total=1, answers=(_LINE,)),
    ThreadView(id="thr_5e0d7c", turns=(_LINE.model_copy(update={"thread": "thr_5e0d7c", "turn": 1}),)),
    ThreadsView(total=1, threads=(_THREAD,)),
    ChangesView(outdated=0, changed=()),
    SearchView(query="harbour master", hits=(_HIT,)),
    DocumentsView(total=1, documents=(_DOCUMENT,)),
    TextView(document_id=_ID, start=0, end=len(_QUOTE), length=2480, text=_QUOTE),
    RemovedView(id=_ID, erased=True),
    JobView(
        id="job_4f1a", status="done", stage="done", done=1, total=1, report=IngestView(added=(_ID,), embedded_chunks=4)
    ),
    CollectionsView(collections=(_COLLECTION,)),
    RemovedCollectionView(name="harbour"),
    FeedbackListView(total=1, feedback=(_JUDGED,)),
    StatusView(status="ok"),
)

EXAMPLES: Mapping[str, Any] = {
    **{type(view).__name__: view.model_dump(mode="json") for view in _VIEWS},
    **OPENAI,
    "AnswerRequest": {"question": _QUESTION, "filters": {"since": "2024"}, "strictness": "normal"},
    "SearchRequest": {"query": "harbour master", "top_k": 5, "context": 1},
    "CoverageRequest": {"asked": "Ilse Brandt", "reading": "mention"},
    "CollectionRequest": {"name": "harbour"},
    "ThreadChange": {"title": "The reopening", "pinned": True},
    "EditRequest": {"published": "2024-05-06", "publisher": "Tarn Courier"},
    "FeedbackRequest": {
        "answer_id": _ANSWER_ID,
        "rating": "bad",
        "reasons": ["wrong_answer"],
        "gold": True,
        "expected": "4 May",
    },
}
"""By the name of the schema."""

STREAMS: Mapping[str, Any] = {
    "answer": {"event": "delta", "data": _ANSWER.statements[0].model_dump_json()},
    **OPENAI_STREAMS,
}
"""One event, by the operation."""
