"""Spans for OpenTelemetry: one a request, below it one an answer with its stages. Ids, names, counts and times, no texts.

FastAPI's own spans are not used: they hold the whole query string of a request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from rag.values import Answer
from ui.observe.seen import Seen

_PROPAGATOR = TraceContextTextMapPropagator()
_NS_PER_MS = 1_000_000


class Traces:
    """Sends spans with an exporter, from a thread of its own."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": "dossier"}), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("dossier")

    @contextmanager
    def request(self, traceparent: str | None) -> Iterator[Callable[[Seen], None]]:
        """The span of the request at hand, which is told at its end what was seen.

        Args:
            traceparent: The header of a client that has a span of its own.
        """
        parent = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
        with self._tracer.start_as_current_span(
            "request", parent, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:

            def told(seen: Seen) -> None:
                span.update_name(f"{seen.method} {seen.route}")
                span.set_attributes(
                    {
                        "http.request.method": seen.method,
                        "http.route": seen.route,
                        "http.response.status_code": seen.status,
                        "dossier.request": seen.request,
                        "dossier.caller": seen.caller,
                    }
                )
                if seen.status >= 500:
                    span.set_status(Status(StatusCode.ERROR))

            yield told

    def answered(self, answer: Answer) -> None:
        """The span of an answer that has just been made, and one for each of its stages."""
        end = time.time_ns()
        at = end - round(answer.timings_ms.get("total", 0) * _NS_PER_MS)
        whole = self._tracer.start_span("answer", start_time=at)
        whole.set_attributes(
            {
                "dossier.answer": answer.id,
                "dossier.verdict": answer.verdict,
                "dossier.answered_by": answer.answered_by,
                "dossier.degraded": answer.degraded,
                "dossier.statements": len(answer.statements),
                "dossier.citations": len(answer.citations),
                "dossier.passages": len(answer.evidence),
            }
        )
        below = set_span_in_context(whole)
        for stage, spent in answer.timings_ms.items():
            if stage != "total":
                ended = at + round(spent * _NS_PER_MS)
                self._tracer.start_span(stage, below, start_time=at).end(ended)
                at = ended
        whole.end(end)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def open_traces(endpoint: str) -> Traces:
    """Traces to an OTLP endpoint over gRPC; in the clear where its address begins with http:."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return Traces(OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http:")))
