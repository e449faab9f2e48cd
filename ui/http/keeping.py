"""The routes of answers that were kept: listed, shown, asked again, exported, forgotten."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, StrictBool

from rag.answer.telling import Listener
from rag.replay import KeptAnswer, Replay
from rag.views import AnswersView, ChangesView, RemovedView, ThreadsView, ThreadView
from ui.desk import LocalDesk
from ui.export import Format
from ui.http.idempotency import IdempotentRoute
from ui.http.work import RequestWork
from ui.requests import Line, Strict
from ui.slots import Slots

MOST_ANSWERS = 200
MOST_ASKED_AGAIN = 50
LONGEST_TITLE = 200

CollectionQuery = Annotated[str | None, Query(description="Collection; the one in the settings when left out.")]
Offset = Annotated[int, Query(ge=0, le=10**9)]
Id = Annotated[str, Path(json_schema_extra={"pattern": r"^[^\u0000-\u001f]+$"})]


_FILE = {"schema": {"type": "string", "format": "binary"}}
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            **dict.fromkeys(("text/markdown", _WORD, "text/csv"), _FILE),
            "application/json": {"schema": {"$ref": "#/components/schemas/KeptAnswer"}},
        }
    }
}


class ThreadChange(Strict):
    title: Annotated[Line, Field(min_length=1, max_length=LONGEST_TITLE)] | None = None
    pinned: StrictBool = False


def keeping(desk: LocalDesk, slots: Slots) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["kept answers"], route_class=IdempotentRoute)

    @router.get("/answers", summary="Kept answers, newest first")
    def answers(
        collection: CollectionQuery = None,
        offset: Offset = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ANSWERS)] = 50,
        outdated: Annotated[bool, Query(description="Only those since which documents came or went.")] = False,
    ) -> AnswersView:
        """Each with its verdict and short answer, and whether documents came or went since."""
        return desk.answers(collection=collection, limit=limit, offset=offset, outdated=outdated)

    @router.get("/answers/{answer_id}", summary="One kept answer, whole, with what became of its documents")
    def kept(answer_id: Id, collection: CollectionQuery = None) -> KeptAnswer:
        """The answer as it was given, how it was asked for, and which of its documents are gone."""
        return desk.kept(answer_id, collection=collection)

    @router.post("/answers/{answer_id}/replay", summary="The same question again, and what changed")
    async def replay(answer_id: Id, request: Request, collection: CollectionQuery = None, keep: bool = False) -> Replay:
        """Asked as it was then, of the documents as they are now. The new answer is kept only with `keep`."""

        def make(listener: Listener) -> Replay:
            return desk.replay(answer_id, collection=collection, keep=keep, listener=listener)

        return await RequestWork(request, slots, make).whole()

    @router.get(
        "/answers/{answer_id}/export",
        summary="A kept answer as a file, with footnotes",
        response_class=Response,
        responses=EXPORTED,
    )
    def export(
        answer_id: Id,
        collection: CollectionQuery = None,
        form: Annotated[Format, Query(alias="format")] = "markdown",
    ) -> Response:
        """Markdown, Word, CSV or JSON, with the quotes and where they stand."""
        file = desk.export(answer_id, form, collection=collection)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type=file.media_type, headers=headers)

    @router.delete("/answers/{answer_id}", summary="Forget a kept answer")
    def forget(answer_id: Id, collection: CollectionQuery = None) -> RemovedView:
        """The answer and its turn of a conversation are deleted."""
        desk.forget(answer_id, collection=collection)
        return RemovedView(id=answer_id, erased=False)

    @router.get("/threads/{thread_id}", summary="The turns of a conversation, oldest first")
    def thread(thread_id: Id, collection: CollectionQuery = None) -> ThreadView:
        """A conversation is its turns; it is gone with the last of them."""
        return desk.thread(thread_id, collection=collection)

    @router.get("/threads", summary="Your conversations: the pinned, then the others by their newest turn")
    def threads(
        collection: CollectionQuery = None,
        offset: Offset = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ANSWERS)] = 50,
        find: Annotated[str, Query(max_length=200, description="Words of a title or a question.")] = "",
    ) -> ThreadsView:
        """Those of the key that asks; another key's conversations do not exist for it."""
        return desk.threads(collection=collection, limit=limit, offset=offset, find=find)

    @router.patch("/threads/{thread_id}", summary="Name a conversation, or pin it")
    def change_thread(thread_id: Id, change: ThreadChange, collection: CollectionQuery = None) -> ThreadView:
        """What is left out stays as it is; `title` null calls it by its first question again."""
        desk.change_thread(thread_id, change.model_dump(exclude_unset=True), collection=collection)
        return desk.thread(thread_id, collection=collection)

    @router.delete("/threads/{thread_id}", summary="Delete a conversation with its turns")
    def forget_thread(thread_id: Id, collection: CollectionQuery = None) -> RemovedView:
        """Its answers and what was said of them are deleted; gold cases made of them stay."""
        desk.forget_thread(thread_id, collection=collection)
        return RemovedView(id=thread_id, erased=False)

    @router.get("/changes", summary="Kept answers that new or removed documents changed: the newest are asked again")
    async def changes(
        request: Request,
        collection: CollectionQuery = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ASKED_AGAIN)] = 10,
    ) -> ChangesView:
        """Only answers that documents have come or gone since are asked again."""

        def make(listener: Listener) -> ChangesView:
            return desk.changes(collection=collection, limit=limit, listener=listener)

        return await RequestWork(request, slots, make).whole()

    return router
