"""Counts and times for Prometheus, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from rag.values import Answer
from ui.observe.seen import Seen

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

Read = Callable[[], Mapping[str, float]]


class Metrics:
    """What is counted while a server runs, and what is looked up whenever somebody asks."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "dossier_requests", "Requests that have ended.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "dossier_request_seconds",
            "Time until a response had ended.",
            ("route",),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._answers = Counter(
            "dossier_answers",
            "Answers, by what they say and who made them; degraded when the language model was of no use.",
            ("verdict", "answered_by", "degraded"),
            registry=self._registry,
        )

        self._degraded = Counter(
            "dossier_degraded_answers",
            "Answers for which the language model was of no use, by the reason.",
            ("reason",),
            registry=self._registry,
        )

    def request(self, seen: Seen) -> None:
        self._requests.labels(seen.method, seen.route, str(seen.status)).inc()
        self._seconds.labels(seen.route).observe(seen.ms / 1000)

    def answered(self, answer: Answer) -> None:
        self._answers.labels(answer.verdict, answer.answered_by, str(answer.degraded).lower()).inc()
        if answer.degraded_reason is not None:
            self._degraded.labels(answer.degraded_reason.code).inc()

    def gauge(self, name: str, said: str, label: str, read: Read) -> None:
        """A value for each value of one label, as it is when somebody asks."""
        self._look_up(lambda: GaugeMetricFamily(name, said, labels=[label]), read)

    def counter(self, name: str, said: str, label: str, read: Read) -> None:
        """As `gauge`, of what only grows."""
        self._look_up(lambda: CounterMetricFamily(name, said, labels=[label]), read)

    def text(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _look_up(self, family: Callable[[], GaugeMetricFamily | CounterMetricFamily], read: Read) -> None:
        class LookedUp(Collector):
            def collect(self) -> Iterable[Metric]:
                found = family()
                for value, number in read().items():
                    found.add_metric([value], number)
                return [found]

        self._registry.register(LookedUp())
