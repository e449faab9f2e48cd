"""Everybody who is told what a server does, in one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.settings import Settings
from rag.values import Answer
from ui.access.caller import acting
from ui.observe.audit import Audit
from ui.observe.logs import log_request
from ui.observe.metrics import Metrics
from ui.observe.seen import REQUEST, Seen

if TYPE_CHECKING:
    from ui.observe.traces import Traces

MOST_IDS = 100
"""Ids in one line of the audit trail; how many there are is said beside them."""
_REFUSED = (401, 403)


@dataclass(frozen=True, slots=True)
class Observers:
    """The log, the metrics, and where they are wanted the traces and the audit trail."""

    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces | None = None
    audit: Audit | None = None

    @classmethod
    def of(cls, settings: Settings, *, keys_required: bool) -> Observers:
        """As the settings say. The trail is kept where keys tell callers apart, unless the settings say otherwise."""
        audited = keys_required if settings.audit is None else settings.audit
        traces = None
        if endpoint := settings.traces or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
            from ui.observe.traces import open_traces  # costs half a second, which only those pay who want it

            traces = open_traces(endpoint)
        return cls(traces=traces, audit=Audit(settings.data) if audited else None)

    def span(self, traceparent: str | None) -> AbstractContextManager[Callable[[Seen], object]]:
        """Lies around a request; what it yields is told how the request ended."""
        return nullcontext(lambda _: None) if self.traces is None else self.traces.request(traceparent)

    def request(self, seen: Seen) -> None:
        log_request(seen)
        self.metrics.request(seen)
        if self.audit is not None and seen.status in _REFUSED:
            self.audit.add(
                "refused",
                request=seen.request,
                caller=seen.caller,
                route=f"{seen.method} {seen.route}",
                status=seen.status,
            )

    def answered(self, answer: Answer) -> None:
        self.metrics.answered(answer)
        if self.traces is not None:
            self.traces.answered(answer)

    @contextmanager
    def doing(self, event: str, collection: str) -> Iterator[list[str]]:
        """Lies around what a caller does with a collection; takes the ids that it is about."""
        ids: list[str] = []
        status = "failed"
        try:
            yield ids
            status = "done"
        finally:
            if self.audit is not None:
                said = {"request": REQUEST.get(None), "caller": acting().name, "collection": collection}
                self.audit.add(event, **said, ids=ids[:MOST_IDS], count=len(ids), status=status)

    def close(self) -> None:
        if self.traces is not None:
            self.traces.close()
