"""The HTTP interface: FastAPI routes over a desk, each answering with a value of `rag.views` or a problem document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from ui.desk import LocalDesk
from ui.http.asking import asking
from ui.http.documents import documents, uploads
from ui.http.keeping import keeping
from ui.http.running import Readiness, running
from ui.http.slots import Gate
from ui.jobs import Jobs
from ui.problems import PROBLEM_RESPONSES, install
from ui.protocols import Dossier

MOST_AT_ONCE = 16


def create_app(dossier: Dossier, *, most_at_once: int = MOST_AT_ONCE) -> FastAPI:
    """The application over an open Dossier, which stays the caller's to close. Wrap it in `ui.access.guard.Guard`."""
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
    app.include_router(running(readiness))
    gate = Gate(most_at_once)
    app.include_router(asking(desk, gate))
    app.include_router(keeping(desk, gate))
    app.include_router(documents(desk))
    app.include_router(uploads(dossier, jobs))
    return app
