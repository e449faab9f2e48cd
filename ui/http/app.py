"""The HTTP interface: FastAPI routes over a desk, each answering with a value of `rag.views` or a problem document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from ui.desk import LocalDesk
from ui.http.asking import asking
from ui.http.documents import documents, uploads
from ui.http.early import EarlyRefusal
from ui.http.keeping import keeping
from ui.http.running import Readiness, running
from ui.jobs import Jobs
from ui.problems import PROBLEM_RESPONSES, install
from ui.protocols import Dossier
from ui.slots import Slots


def create_app(dossier: Dossier, *, slots: Slots | None = None) -> FastAPI:
    """The application over an open Dossier, which stays the caller's to close. Wrap it in `ui.access.guard.Guard`.

    Args:
        slots: Shared with the page, which finds them as `app.state.slots`; as the settings say when left out.
    """
    jobs, readiness = Jobs(dossier), Readiness(dossier)
    slots = slots or Slots.of(dossier.settings)

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
    app.state.jobs, app.state.slots = jobs, slots
    app.add_middleware(EarlyRefusal, slots=slots)
    install(app)
    desk = LocalDesk(dossier)
    app.include_router(running(readiness))
    app.include_router(asking(desk, slots))
    app.include_router(keeping(desk, slots))
    app.include_router(documents(desk))
    app.include_router(uploads(dossier, jobs))
    return app
