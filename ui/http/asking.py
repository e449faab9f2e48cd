"""The routes that take a question or a query."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from rag.answer.telling import Listener
from rag.coverage.table import Coverage
from rag.values import Answer
from rag.views import SearchView
from ui.desk import LocalDesk
from ui.http.events import EventStream, Hearing
from ui.http.idempotency import IdempotentRoute
from ui.http.openapi import problems
from ui.http.work import RequestWork
from ui.requests import AnswerRequest, CoverageRequest, SearchRequest
from ui.slots import Slots


def asking(desk: LocalDesk, slots: Slots) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["asking"], route_class=IdempotentRoute)

    @router.post(
        "/answer",
        response_model=Answer,
        summary="One question, answered with proof or not at all",
        openapi_extra=problems("unknown-collection", "unknown-thread", "question-too-long", "no-language-model"),
    )
    async def answer(asked: AnswerRequest, request: Request) -> Answer | Response:
        """Every statement of the answer was checked against the passage that it cites; `not_stated` is an answer too.

        With `stream`, server-sent events: `sources` as often as what is read changes, `delta` for each checked statement, `citation` for
        each passage that it cites, and `done` with the whole answer, or `error` with a problem document. Where a language model writes,
        `draft` comes before: `answer` is whole and checked, made without that model and shown at once, and `writing` is who writes;
        `done` replaces it, under the same id. A silence of 15 s is a comment.
        """

        def make(listener: Listener) -> Answer:
            return desk.answer(
                asked.question,
                collection=asked.collection,
                filters=asked.filters,
                thread=asked.thread,
                manner=asked.manner,
                listener=listener,
            )

        hearing = Hearing(request, slots, make)
        if not asked.stream:
            return await hearing.whole()
        await hearing.begun()
        return EventStream(hearing)

    @router.post(
        "/search",
        summary="Ranked passages, and why each ranks",
        openapi_extra=problems("unknown-collection", "question-too-long"),
    )
    async def search(asked: SearchRequest, request: Request) -> SearchView:
        """Each passage comes with its rank in both searches, its scores and its signals."""

        def make(_: Listener) -> SearchView:
            return desk.search(
                asked.query,
                top_k=asked.top_k,
                context=asked.context,
                collection=asked.collection,
                filters=asked.filters,
            )

        return await RequestWork(request, slots, make).whole()

    @router.post(
        "/coverage",
        summary="What each document says about one thing, all of them counted",
        openapi_extra=problems("unknown-collection", "question-too-long"),
    )
    async def coverage(asked: CoverageRequest, request: Request) -> Coverage:
        """A name or phrase is counted in every document; a question is put to every document. No document is left out."""

        def make(listener: Listener) -> Coverage:
            return desk.coverage(
                asked.asked,
                reading=asked.reading,
                per_document=asked.per_document,
                collection=asked.collection,
                filters=asked.filters,
                progress=lambda *_: listener.sources(()),
            )

        return await RequestWork(request, slots, make).whole()

    return router
