"""The routes of feedback: answers judged, and the gold cases that were made of the judgements."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, StrictBool

from index.feedback import MAX_COMMENT_CHARS, Rating
from rag.views import FeedbackListView, FeedbackView, RemovedView
from ui.access.caller import acting
from ui.desk import LocalDesk
from ui.http.idempotency import IdempotentRoute
from ui.http.keeping import CollectionQuery, Id, Offset
from ui.http.openapi import problems
from ui.requests import Asked, CollectionName, Line, PlainText, Strict

MOST_LISTED = 200
GOLD_TYPE = "application/x-ndjson"
_EXAMPLE = (
    '{"id": "gold_7d1c5b0e", "question": "When did the harbour of Tarn reopen?", "filters": {}, "kind": "fact", '
    '"answers": ["4 May"], "evidence": [{"document": "harbour.md", "quote": "The harbour of Tarn reopened on 4 May."}]}\n'
)

Reason = Literal["wrong_answer", "wrong_citation", "missing", "outdated", "unclear", "should_have_refused", "other"]


class FeedbackRequest(Strict):
    answer_id: Annotated[Line, Field(max_length=200)]
    rating: Rating
    reasons: Annotated[tuple[Reason, ...], Field(max_length=7)] = ()
    comment: Annotated[PlainText, Field(max_length=MAX_COMMENT_CHARS)] = ""
    gold: StrictBool = Field(
        False, description="Also make a gold case of it, for `dossier eval`; needs a key that may write."
    )
    expected: Annotated[Asked, Field(max_length=500)] | None = Field(
        None, description="The right answer, in words of a passage that was read; it becomes the gold answer."
    )
    collection: CollectionName | None = None


def feedback(desk: LocalDesk) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["feedback"], route_class=IdempotentRoute)

    @router.post(
        "/feedback",
        status_code=201,
        summary="Judge a kept answer",
        openapi_extra=problems(
            "unknown-collection", "unknown-answer", "feedback-full", "no-gold-case", "read-only-key"
        ),
    )
    def judge(said: FeedbackRequest) -> FeedbackView:
        """With `gold`, the answer becomes a gold case: as it was given when `good`; with `expected`, or as one that the documents do not
        answer (`should_have_refused`), when `bad`.
        """
        return desk.judge(
            said.answer_id,
            said.rating,
            reasons=said.reasons,
            comment=said.comment,
            gold=said.gold,
            expected=said.expected,
            collection=said.collection,
            caller=acting(),
        )

    @router.get("/feedback", summary="Judgements, newest first")
    def list_feedback(
        collection: CollectionQuery = None,
        offset: Offset = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    ) -> FeedbackListView:
        """They go with their answer, unless a gold case was made of them."""
        return desk.feedback(collection=collection, limit=limit, offset=offset)

    @router.delete("/feedback/{feedback_id}", summary="Delete a judgement, and the gold case made of it")
    def remove_feedback(feedback_id: Id, collection: CollectionQuery = None) -> RemovedView:
        """The answer stays."""
        desk.forget_feedback(feedback_id, collection=collection)
        return RemovedView(id=feedback_id, erased=False)

    @router.get(
        "/gold",
        summary="The gold cases, as a file for dossier eval",
        response_class=Response,
        responses={200: {"content": {GOLD_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}}}},
    )
    def gold_cases(collection: CollectionQuery = None) -> Response:
        """JSON Lines; of each answer the last gold case."""
        lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in desk.gold_cases(collection=collection)]
        headers = {"Content-Disposition": 'attachment; filename="gold.jsonl"'}
        return Response("".join(lines), media_type=GOLD_TYPE, headers=headers)

    return router
