"""What is wrong with the system itself, for Prometheus. Who watches that learns also when nobody looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from integrations.ports import StateStore
from rules.health import HealthKind
from workers.health import HEALTH, Findings


async def read_findings(state: StateStore) -> Findings:
    """Return what the last look found. Raises `StoreError`."""
    found = await state.get(HEALTH)
    return Findings.model_validate(found[0]) if found else Findings()


class HealthMetrics(Collector):
    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def collect(self) -> Iterable[Metric]:
        wrong = Counter(one.finding.kind for one in self._findings.episodes.values() if not one.told_over)
        gauge = GaugeMetricFamily("siem_health_findings", "What is wrong now, by kind.", labels=("kind",))
        for kind in HealthKind:
            gauge.add_metric((kind.value,), wrong[kind])
        yield gauge
        times = (
            ("siem_health_looked_timestamp_seconds", "When health was looked at last.", self._findings.at),
            ("siem_canary_timestamp_seconds", "The last canary that came out.", self._findings.canary),
        )
        for name, what, moment in times:
            if moment is not None:
                yield GaugeMetricFamily(name, what, value=moment.timestamp())
