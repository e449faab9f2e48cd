"""Is the process up, are the models loaded?"""

from __future__ import annotations

import threading

from fastapi import APIRouter

from index.errors import DossierError
from rag.views import StatusView
from ui.problems import Problem, of_error, unexpected
from ui.protocols import Dossier


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


def running(readiness: Readiness) -> APIRouter:
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
