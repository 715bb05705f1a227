"""What the collectors of a site last said of themselves, read from the store, in words and as metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import ValidationError

from integrations.ports import StateStore
from rules.ecs import parse_timestamp
from rules.narrative import duration
from workers.collect.state import STATE_KEY, CollectorState, SourceState

STALE = timedelta(seconds=60)
"""A collector that has said nothing for so long is away."""
FORGOTTEN = timedelta(days=30)
LABELS = ("entry", "source", "collector")

_COUNTERS = (
    ("received", "Records that came in."),
    ("events", "Events that were stored."),
    ("duplicates", "Events that were stored already."),
    ("unparsed", "Events kept as pipeline errors, of those stored."),
    ("cut", "Records too long, of which the start was stored."),
    ("dropped", "Datagrams that the kernel threw away because the collector was too slow."),
    ("refused", "Requests, connections and datagrams turned away."),
    ("lost", "Gaps that were found: what was due is not there any more."),
    ("bytes", "Bytes of the records that were stored."),
)
_NAMES = {"events": "stored", "unparsed": "pipeline_errors"}


async def read_collectors(states: StateStore) -> list[CollectorState]:
    """Return what collectors last said, sorted by host, but those not heard of for a month, and what another
    version wrote.

    Raises `StoreError`.
    """
    found = []
    for key in sorted(await states.keys(STATE_KEY)):
        if (kept := await states.get(key)) is None:
            continue
        try:
            state = CollectorState.model_validate(kept[0])
        except ValidationError:
            continue
        if datetime.now(UTC) - parse_timestamp(state.at) < FORGOTTEN:
            found.append(state)
    return found


def is_away(collector: CollectorState, now: datetime) -> bool:
    return now - parse_timestamp(collector.at) > STALE


def trouble_of(source: SourceState) -> str | None:
    """Return what keeps an entry from its work, None where nothing does."""
    if source.problem:
        return source.problem
    if source.waits_for:
        return f"waits for the store: {source.waits_for}"
    if source.spool is not None and source.spool.full:
        return f"senders wait: {source.spool.full}"
    if source.unreadable:
        name, reason = next(iter(source.unreadable.items()))
        more = len(source.unreadable) - 1
        return f"can't read {name}: {reason}" + (f", and {more} more" if more else "")
    return None


def words_of(source: SourceState) -> str:
    """Return an entry's counts in a sentence."""
    said = [f"{source.received:,} received", f"{source.events:,} stored"]
    for name, what in (
        (source.unparsed, "not parsed"), (source.cut, "cut"), (source.dropped, "dropped by the kernel"),
        (source.refused, "refused"), (source.lost, "gaps"),
    ):  # fmt: skip
        if name:
            said.append(f"{name:,} {what}")
    if source.last_seen:
        said.append(f"the last at {source.last_seen}")
    if source.lag is not None:
        said.append(f"stored {duration(timedelta(seconds=source.lag))} after it happened")
    if source.spool is not None and source.spool.depth:
        said.append(f"{source.spool.depth:,} bytes in the spool")
    if behind := sum(file.behind or 0 for file in source.files):
        said.append(f"{behind:,} bytes to read")
    if source.last_lost:
        said.append(f"gap: {source.last_lost}")
    return ", ".join(said)


class SourceMetrics(Collector):
    """The same for Prometheus."""

    def __init__(self, collectors: Sequence[CollectorState]) -> None:
        self._collectors = collectors

    def collect(self) -> Iterable[Metric]:
        known = [
            ((source.name, source.source, collector.host), source)
            for collector in self._collectors
            for source in collector.sources
        ]
        for name, what in _COUNTERS:
            counter = CounterMetricFamily(f"siem_source_{_NAMES.get(name, name)}", what, labels=LABELS)
            for labels, source in known:
                counter.add_metric(labels, getattr(source, name))
            yield counter
        for name, what, values in _gauges(known):
            gauge = GaugeMetricFamily(f"siem_source_{name}", what, labels=LABELS)
            for labels, value in values:
                gauge.add_metric(labels, value)
            yield gauge
        seen = GaugeMetricFamily(
            "siem_collector_seen_timestamp_seconds", "When a collector last spoke.", labels=("collector",)
        )
        for collector in self._collectors:
            seen.add_metric((collector.host,), parse_timestamp(collector.at).timestamp())
        yield seen


_Known = tuple[tuple[str, str, str], SourceState]


def _gauges(known: Sequence[_Known]) -> Iterator[tuple[str, str, list[tuple[tuple[str, str, str], float]]]]:
    yield (
        "last_seen_timestamp_seconds",
        "When the last record came in.",
        [(labels, parse_timestamp(one.last_seen).timestamp()) for labels, one in known if one.last_seen],
    )
    yield (
        "lag_seconds",
        "From the time that the newest event of the last batch claims to when it was stored.",
        [(labels, one.lag) for labels, one in known if one.lag is not None],
    )
    yield (
        "in_trouble",
        "Whether something keeps the entry from its work.",
        [(labels, float(trouble_of(one) is not None)) for labels, one in known],
    )
    yield (
        "spool_bytes",
        "Bytes taken and not stored yet.",
        [(labels, one.spool.depth) for labels, one in known if one.spool is not None],
    )
    yield (
        "behind_bytes",
        "Bytes of files that are not read yet.",
        [(labels, sum(file.behind or 0 for file in one.files)) for labels, one in known if one.files],
    )
