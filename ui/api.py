"""The HTTP interface: FastAPI routes over a desk, each answering with a value of `ui.views` or a problem document."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, FastAPI, File, Form, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from index.errors import DossierError
from rag.answer.telling import Listener
from rag.coverage.table import Coverage
from rag.values import Answer
from ui.desk import MOST_DOCUMENTS, LocalDesk
from ui.events import EventStream, Hearing
from ui.gate import Gate
from ui.jobs import Jobs, Upload, UploadFolder
from ui.keeping import CollectionQuery, Offset, keeping
from ui.problems import PROBLEM_RESPONSES, Problem, install, of_error, unexpected
from ui.protocols import Dossier
from ui.requests import (
    LONGEST_SOURCE,
    AnswerRequest,
    CoverageRequest,
    SearchRequest,
    StrictRoute,
    check_collection,
    check_source,
)
from ui.views import (
    DocumentsView,
    DocumentView,
    JobView,
    RemovedView,
    SearchView,
    StatusView,
    TextView,
    shown_name,
)

MOST_AT_ONCE = 16
MOST_FILES = 1000


class Readiness:
    """Loads the models on a thread of its own, so that `/livez` answers meanwhile."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._ready = threading.Event()
        self._failure: Problem | None = None
        self._thread = threading.Thread(target=self._warm_up, name="dossier-warm-up", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def check(self) -> None:
        """Raises Problem until the models are loaded."""
        if self._failure is not None:
            raise self._failure
        if not self._ready.is_set():
            raise Problem("not-ready", "The models are still loading.", headers={"Retry-After": "2"})

    def _warm_up(self) -> None:
        try:
            self._dossier.warm_up()
        except DossierError as error:
            self._failure = of_error(error)
        except Exception as error:  # noqa: BLE001 - said by /readyz
            self._failure = unexpected(error)
        else:
            self._ready.set()


def create_app(dossier: Dossier, *, most_at_once: int = MOST_AT_ONCE) -> FastAPI:
    """The application over an open Dossier, which stays the caller's to close. Wrap it in `ui.security.Guard`."""
    jobs, readiness = Jobs(dossier), Readiness(dossier)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        jobs.start()
        readiness.start()
        yield
        await run_in_threadpool(jobs.close)
        await run_in_threadpool(readiness.join)

    app = FastAPI(
        title="Dossier",
        version="1",
        description="Answers questions over your own documents and proves every sentence.",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEM_RESPONSES,
        lifespan=lifespan,
    )
    app.state.jobs = jobs
    install(app)
    desk = LocalDesk(dossier)
    app.include_router(_health(readiness))
    gate = Gate(most_at_once)
    app.include_router(_asking(desk, gate))
    app.include_router(keeping(desk, gate))
    app.include_router(_reading(desk))
    app.include_router(_uploading(dossier, jobs))
    return app


def _health(readiness: Readiness) -> APIRouter:
    router = APIRouter(tags=["running it"])

    @router.head("/livez", include_in_schema=False)
    @router.get("/livez", summary="Is the process up?")
    def livez() -> StatusView:
        return StatusView(status="ok")

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", summary="Are the models loaded?")
    def readyz() -> StatusView:
        readiness.check()
        return StatusView(status="ready")

    return router


def _asking(desk: LocalDesk, gate: Gate) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["asking"], route_class=StrictRoute)

    @router.post("/answer", response_model=Answer, summary="One question, answered with proof or not at all")
    async def answer(asked: AnswerRequest, request: Request) -> Answer | Response:
        def make(listener: Listener) -> Answer:
            with gate.one():
                return desk.answer(
                    asked.question,
                    collection=asked.collection,
                    filters=asked.filters,
                    thread=asked.thread,
                    listener=listener,
                )

        hearing = Hearing(make)
        if not asked.stream:
            return await hearing.whole(request)
        await hearing.begun()
        return EventStream(hearing)

    @router.post("/search", summary="Ranked passages, and why each ranks")
    def search(asked: SearchRequest) -> SearchView:
        with gate.one():
            return desk.search(
                asked.query,
                top_k=asked.top_k,
                context=asked.context,
                collection=asked.collection,
                filters=asked.filters,
            )

    @router.post("/coverage", summary="What each document says about one thing, all of them counted")
    def coverage(asked: CoverageRequest) -> Coverage:
        with gate.one():
            return desk.coverage(
                asked.asked,
                reading=asked.reading,
                per_document=asked.per_document,
                collection=asked.collection,
                filters=asked.filters,
            )

    return router


def _reading(desk: LocalDesk) -> APIRouter:
    router = APIRouter(prefix="/v1/documents", tags=["documents"])

    @router.get("", summary="Every document, newest first")
    def documents(
        collection: CollectionQuery = None,
        offset: Offset = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_DOCUMENTS)] = 1000,
    ) -> DocumentsView:
        return desk.documents(collection=collection, offset=offset, limit=limit)

    @router.get("/{document_id}", summary="One document, without its text")
    def document(document_id: str, collection: CollectionQuery = None) -> DocumentView:
        return desk.document(document_id, collection=collection)

    @router.get("/{document_id}/text", summary="The stored text, or a span of it in code points")
    def text(
        document_id: str,
        collection: CollectionQuery = None,
        start: Offset = 0,
        end: Annotated[int | None, Query(ge=0, le=10**9)] = None,
    ) -> TextView:
        return desk.text(document_id, collection=collection, start=start, end=end)

    @router.delete("/{document_id}", summary="Remove a document; with erase, prove that no byte of it is left")
    def remove(document_id: str, collection: CollectionQuery = None, erase: bool = False) -> RemovedView:
        desk.remove(document_id, collection=collection, erase=erase)
        return RemovedView(id=document_id, erased=erase)

    return router


def _uploading(dossier: Dossier, jobs: Jobs) -> APIRouter:
    router = APIRouter(
        prefix="/v1",
        tags=["documents"],
        form_limits={"max_files": MOST_FILES, "max_fields": MOST_FILES + 10, "max_part_size": 4 * LONGEST_SOURCE},
    )
    uploads = UploadFolder(dossier.settings.data)
    largest = dossier.settings.max_file_bytes

    @router.post("/documents", status_code=202, summary="Send files; the job says how far they are")
    def upload(
        file: Annotated[list[UploadFile], File(description="One or more files.")],
        source: Annotated[list[str] | None, Form(description="A stable key for each file, in order.")] = None,
        collection: Annotated[str | None, Form()] = None,
    ) -> JobView:
        name = check_collection(collection)
        keys = _keys(file, source)
        for one in file:
            if (one.size or 0) > largest:
                raise Problem(
                    "file-too-large", f"A file may have {largest} bytes; {shown_name(one.filename or '')} has more."
                )
        folder = uploads.new()
        files = [
            Upload(key, uploads.store(folder, one.file, PurePosixPath(shown_name(one.filename or "")).suffix), shown)
            for key, one, shown in zip(keys, file, _names(file), strict=True)
        ]
        return jobs.submit(name, folder, files)

    @router.get("/jobs/{job_id}", summary="How far an upload is")
    def job(job_id: str) -> JobView:
        return jobs.view(job_id)

    return router


def _names(files: list[UploadFile]) -> list[str]:
    return [shown_name(one.filename or "") for one in files]


def _keys(files: list[UploadFile], sources: list[str] | None) -> list[str]:
    """The key of each file in the collection: what the caller says, or "upload/NAME"."""
    if sources is None:
        return [f"upload/{name}" for name in _names(files)]
    if len(sources) != len(files):
        raise Problem("invalid-request", f"source: {len(files)} files were sent with {len(sources)} keys")
    for source in sources:
        check_source(source)
    return sources
