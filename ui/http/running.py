"""Is the process up, are the models loaded, and how is it doing?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Response

from index.errors import DossierError
from rag.views import StatusView
from ui.http.openapi import problems
from ui.jobs import Jobs
from ui.observe.metrics import CONTENT_TYPE, Metrics
from ui.problems import Problem, of_error, unexpected
from ui.protocols import Dossier
from ui.slots import Slots

MEASURED: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


class Readiness:
    """Loads the models on a thread of its own, so that `/livez` answers meanwhile."""

    def __init__(self, dossier: Dossier, when_ready: Callable[[], None] = lambda: None) -> None:
        self._dossier = dossier
        self._when_ready = when_ready
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
            self._when_ready()
        except DossierError as error:
            self._failure = of_error(error)
        except Exception as error:  # noqa: BLE001 - said by /readyz
            self._failure = unexpected(error)
        else:
            self._ready.set()


def running(readiness: Readiness, metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["running it"])

    @router.head("/livez", include_in_schema=False)
    @router.get("/livez", summary="Is the process up?")
    def livez() -> StatusView:
        """Answers as long as the process does."""
        return StatusView(status="ok")

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", summary="Are the models loaded?", openapi_extra=problems("not-ready", "model-unavailable"))
    def readyz() -> StatusView:
        """Ready once a question would be answered."""
        readiness.check()
        return StatusView(status="ready")

    @router.get(
        "/metrics", summary="Counts and times, as Prometheus reads them", response_class=Response, responses=MEASURED
    )
    def measured() -> Response:
        """No text of a question, a document or a name is in it."""
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return router


def add_levels(metrics: Metrics, dossier: Dossier, slots: Slots, jobs: Jobs) -> None:
    """What is looked up whenever the metrics are asked for."""

    def sizes(which: int) -> Mapping[str, float]:
        found = {}
        for name in dossier.names():
            with suppress(DossierError):  # one damaged collection does not hide the others
                found[name] = dossier.size(name)[which]
        return found

    metrics.gauge("dossier_documents", "Documents of a collection.", "collection", lambda: sizes(0))
    metrics.gauge("dossier_chunks", "Passages of a collection.", "collection", lambda: sizes(1))
    metrics.gauge("dossier_original_bytes", "Bytes of the files kept of a collection.", "collection", lambda: sizes(2))
    metrics.gauge(
        "dossier_questions",
        "Questions that are worked on, and that wait for a slot.",
        "state",
        lambda: {"working": slots.used, "waiting": slots.waiting},
    )
    metrics.counter("dossier_questions_refused", "Questions sent away.", "reason", lambda: {"busy": slots.refused})
    metrics.counter("dossier_jobs", "Uploads that were read, by outcome.", "outcome", lambda: dict(jobs.outcomes))
