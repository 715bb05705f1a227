"""What collectors say of themselves, where people and Prometheus read it."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from rules.ecs import timestamp
from tests.workers.fakes import MemoryState
from workers.collect import service
from workers.collect.sightings import SourceMetrics, is_away, read_collectors, trouble_of, words_of
from workers.collect.state import STATE_KEY, SourceState
from workers.site_file import CollectSection

from .conftest import KeptEvents
from .running import collecting, said, until
from .test_tail import append, line


def metrics(found: SourceMetrics) -> dict[str, dict[str, float]]:
    """Return values by metric and entry, read back as Prometheus would."""
    registry = CollectorRegistry()
    registry.register(found)
    values: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            values.setdefault(sample.name, {})[sample.labels.get("entry", "")] = sample.value
    return values


async def test_every_entry_is_counted_from_record_to_store(
    tmp_path: Path, store: KeptEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TELL", 0.05)
    append(tmp_path / "auth.log", *range(20))
    with (tmp_path / "auth.log").open("a") as log:
        log.write("no syslog at all\n" + line(21)[:15] + " web-1 sshd[1]: " + "x" * 70_000 + "\n")
    states = MemoryState()
    entries = (
        {"name": "tailed", "year": 2026, "files": ["auth.log"]},
        {"name": "sent", "syslog": {"udp": "127.0.0.1:0"}},
    )
    sections = [CollectSection.model_validate({"source": "linux.auth", **entry}) for entry in entries]
    async with collecting(tmp_path, store, *sections, states=states):
        await until(lambda: len(store.kept) == 22)
        port = int((await _heard(states))[1].listens[0].rpartition(":")[2])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(5):
                sender.sendto(f"<86>{line(number)}".encode(), ("127.0.0.1", port))
        await until(lambda: len(store.kept) == 27)
        async with asyncio.timeout(10):
            while [one.events for one in await _heard(states)] != [22, 5]:  # noqa: ASYNC110 - in a store
                await asyncio.sleep(0.02)
    tailed, sent = await _heard(states)
    assert (tailed.received, tailed.events, tailed.unparsed, tailed.cut) == (22, 22, 1, 1)
    assert (sent.received, sent.events, sent.unparsed, sent.cut) == (5, 5, 0, 0)
    assert trouble_of(tailed) is None
    assert words_of(tailed).startswith("22 received, 22 stored, 1 not parsed, 1 cut, the last at 20")
    values = metrics(SourceMetrics(await read_collectors(states)))
    assert values["siem_source_received_total"] == {"tailed": 22, "sent": 5}
    assert values["siem_source_stored_total"] == {"tailed": 22, "sent": 5}
    assert values["siem_source_pipeline_errors_total"] == {"tailed": 1, "sent": 0}
    assert values["siem_source_cut_total"] == {"tailed": 1, "sent": 0}
    assert values["siem_source_dropped_total"] == {"tailed": 0, "sent": 0}
    assert values["siem_source_in_trouble"] == {"tailed": 0, "sent": 0}
    assert values["siem_source_lag_seconds"]["tailed"] > 0
    assert abs(values["siem_source_last_seen_timestamp_seconds"]["sent"] - datetime.now(UTC).timestamp()) < 60


async def _heard(states: MemoryState) -> list[SourceState]:
    async with asyncio.timeout(10):
        while not (found := await read_collectors(states)):  # noqa: ASYNC110 - it is in a store
            await asyncio.sleep(0.02)
    return list(found[0].sources)


async def test_counts_go_on_after_a_restart(tmp_path: Path, store: KeptEvents) -> None:
    section = CollectSection.model_validate({"source": "linux.auth", "year": 2026, "files": ["auth.log"]})
    for count in (10, 20):
        append(tmp_path / "auth.log", *range(count - 10, count))
        async with collecting(tmp_path, store, section):
            await until(lambda count=count: len(store.kept) == count)
    assert (said(tmp_path).received, said(tmp_path).events) == (20, 20)


async def test_who_was_not_heard_of_is_away_and_later_forgotten() -> None:
    states = MemoryState()
    now = datetime.now(UTC)
    for host, ago in (("a", timedelta()), ("b", timedelta(minutes=2)), ("c", timedelta(days=31))):
        said = {"host": host, "pid": 1, "at": timestamp(now - ago), "sources": []}
        await states.put(f"{STATE_KEY}{host}", said)
    await states.put(f"{STATE_KEY}d", {"written": "by another version"})
    found = await read_collectors(states)
    assert [(one.host, is_away(one, now)) for one in found] == [("a", False), ("b", True)]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"problem": "okta: 401"}, "okta: 401"),
        ({"waits_for": "the store is away"}, "waits for the store: the store is away"),
        ({"spool": {"depth": 9, "limit": 9, "full": "it is full", "damaged": 0}}, "senders wait: it is full"),
        ({"unreadable": {"/var/log/a": "no", "/b": "no"}}, "can't read /var/log/a: no, and 1 more"),
    ],
)
def test_trouble_is_said(fields: dict[str, object], text: str) -> None:
    state = SourceState.model_validate(
        {"name": "a", "source": "linux.auth", "way": "files", "since": "2026-03-30T16:01:36.000Z", **fields}
    )
    assert trouble_of(state) == text
