"""The admin status as Prometheus text."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.status import AdminStatus


def prometheus_text(status: AdminStatus) -> bytes:
    registry = CollectorRegistry()
    registry.register(_StatusCollector(status))
    return generate_latest(registry)


class _StatusCollector(Collector):
    """The numbers come from the admin status, so that both agree."""

    def __init__(self, status: AdminStatus) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        yield _gauge("sessions", "Stored sessions", status.sessions.count)
        yield _gauge("runs_active", "Active runs in this process", status.runs.active)
        yield _gauge("hunts_active", "Active hunts in this process", status.hunts.active)
        yield _gauge("instances", "Processes sharing the session store", status.totals.instances)
        yield _gauge("event_streams_open", "Open event streams", status.event_streams.open)
        yield _gauge("telemetry_queued", "Queued telemetry records", status.telemetry.queued)
        yield _counter("telemetry_dropped", "Dropped telemetry records", status.telemetry.dropped)
        yield _gauge("library_behind_seconds", "Age of the oldest change not in the library", status.library.behind_s)
        yield _gauge("library_waiting", "Sessions with changes not in the library", status.library.waiting)
        yield _counter("bugs", "Unexpected errors", status.bugs)
        hunts = CounterMetricFamily("model_hunter_hunts", "Finished hunts by outcome", labels=["outcome"])
        for outcome, n in status.hunts.outcomes().items():
            hunts.add_metric([outcome], n)
        yield hunts
        yield from self._providers()

    def _providers(self) -> Iterator[Metric]:
        names = ("limit", "ceiling", "in_flight", "queued")
        for name in names:
            gauge = GaugeMetricFamily(f"model_hunter_provider_{name}", f"Calls: {name}", labels=["account"])
            for row in self._status.providers:
                gauge.add_metric([row.account], getattr(row, name))
            yield gauge
        for name in ("requests", "errors", "rate_limited", "retries"):
            counter = CounterMetricFamily(f"model_hunter_provider_{name}", f"Calls: {name}", labels=["account"])
            for row in self._status.providers:
                counter.add_metric([row.account], getattr(row, name))
            yield counter


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"model_hunter_{name}", about, value=value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(f"model_hunter_{name}", about, value=value)
