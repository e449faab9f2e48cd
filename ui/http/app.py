"""The HTTP interface: FastAPI routes over a desk, each answering with a value of `rag.views` or a problem document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from ui.desk import LocalDesk
from ui.http.asking import asking
from ui.http.chat import chat
from ui.http.collections import collections
from ui.http.documents import documents, uploads
from ui.http.feedback import feedback
from ui.http.idempotency import Replays
from ui.http.keeping import keeping
from ui.http.models import models
from ui.http.openapi import TAGS, describe
from ui.http.refusals import install
from ui.http.responses import responses
from ui.http.running import Readiness, add_levels, running
from ui.jobs import Jobs
from ui.observe.metrics import Metrics
from ui.protocols import Dossier
from ui.slots import Slots


def create_app(
    dossier: Dossier,
    *,
    slots: Slots | None = None,
    metrics: Metrics | None = None,
    when_ready: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The application over an open Dossier, which stays the caller's to close. Wrap it in `ui.access.guard.Guard`.

    Args:
        slots: Shared with the page, which finds them as `app.state.slots`; as the settings say when left out.
        metrics: What `/metrics` says.
        when_ready: Called once the models are loaded.
    """
    jobs, readiness = Jobs(dossier), Readiness(dossier, when_ready)
    slots, metrics = slots or Slots.of(dossier.settings), metrics or Metrics()
    add_levels(metrics, dossier, slots, jobs)

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
        openapi_tags=TAGS,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would hold query strings: see ui.observe
    )
    app.state.jobs, app.state.slots, app.state.replays = jobs, slots, Replays()
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    install(app)
    desk = LocalDesk(dossier)
    app.include_router(running(readiness, metrics))
    app.include_router(asking(desk, slots))
    app.include_router(keeping(desk, slots))
    app.include_router(chat(desk, dossier, slots))
    app.include_router(responses(desk, dossier, slots))
    app.include_router(models(dossier, slots))
    app.include_router(collections(dossier, desk))
    app.include_router(documents(desk))
    app.include_router(feedback(desk))
    app.include_router(uploads(dossier, jobs))
    return app
