"""How the installation is: its engines, its processes, the sweep, its health, and what sources delivered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from temporalio.client import Client
from temporalio.service import RPCError

from integrations.opensearch import OpenSearchStores
from integrations.ports import StateStore, StoreError
from rules.ecs import parse_timestamp
from rules.health import Episode, stamp
from workers.collect.sightings import is_away, read_collectors, trouble_of, words_of
from workers.collect.state import CollectorState
from workers.desk import PartStatus
from workers.health_metrics import read_findings
from workers.intelligence import readings
from workers.scheduled_queries import troubles
from workers.supervisor import STATUS_FILE
from workers.sweep import ALIVE

LATE = timedelta(seconds=30)
"""A sweep that has not looked for so long is late."""
UNWATCHED = timedelta(minutes=3)
"""Health is looked at once a minute."""


def parts_of(
    client: Client, stores: OpenSearchStores, data: Path
) -> Callable[[], Awaitable[list[PartStatus]]]:
    """Return a question that answers with the state of every part, each with a sentence."""

    async def ask() -> list[PartStatus]:
        return [
            await _temporal(client),
            *await _store(stores),
            *await _beside(stores),
            *_processes(data / STATUS_FILE),
        ]

    return ask


async def _temporal(client: Client) -> PartStatus:
    try:
        running = await client.count_workflows("ExecutionStatus = 'Running'")
    except RPCError as error:
        return PartStatus("temporal", False, f"does not answer: {error.message}")
    return PartStatus("temporal", True, f"{running.count} workflows are running")


async def _store(stores: OpenSearchStores) -> list[PartStatus]:
    try:
        health = await stores.connection.request("GET", "/_cluster/health")
        sources = await stores.events.sources()
        found = await stores.state.get(ALIVE)
        collectors = await read_collectors(stores.state)
        wrong = await health_of(stores.state)
    except StoreError as error:
        return [PartStatus("opensearch", False, str(error))]
    colour = health["status"]
    return [
        PartStatus("opensearch", colour != "red", f"{colour}, {health['active_primary_shards']} shards"),
        _sweep(found[0] if found else None),
        *wrong,
        *(
            PartStatus(f"source {name}", True, f"{count:,} event{'s' * (count != 1)}, the last at {last}")
            for name, count, last in sources
        ),
        *collector_parts(collectors),
    ]


def collector_parts(collectors: Sequence[CollectorState]) -> list[PartStatus]:
    """Return the entries of ``collect:`` as their collectors last told of them."""
    found = []
    for collector in collectors:
        away = is_away(collector, datetime.now(UTC))
        for source in collector.sources:
            name = f"collect {source.name}" + (f" at {collector.host}" if len(collectors) > 1 else "")
            trouble = f"the collector has said nothing since {collector.at}" if away else trouble_of(source)
            words = words_of(source)
            found.append(PartStatus(name, trouble is None, f"{trouble}; {words}" if trouble else words))
    return found


async def _beside(stores: OpenSearchStores) -> list[PartStatus]:
    try:
        known = await readings(stores.state)
        troubled = await troubles(stores.state)
    except StoreError:
        return []
    queries = [PartStatus(f"query {name}", False, words) for name, words in sorted(troubled.items())]
    return queries + [
        PartStatus(
            f"intelligence {name}",
            not one.error,
            one.error or f"read {one.read:%Y-%m-%d %H:%M}Z, {one.skipped:,} not taken",
        )
        for name, one in sorted(known.items())
        if one.error or one.read
    ]


def _sweep(alive: dict[str, Any] | None) -> PartStatus:
    if alive is None:
        return PartStatus("sweep", False, "has not run yet")
    age = datetime.now(UTC) - parse_timestamp(alive["at"])
    return PartStatus("sweep", age < LATE, f"looked {age.total_seconds():.0f} s ago")


async def health_of(state: StateStore, now: datetime | None = None) -> list[PartStatus]:
    """Return what is wrong with the system itself and since when, or that nothing is. Raises `StoreError`."""
    known = await read_findings(state)
    if known.at is None:
        return [PartStatus("health", False, "was not looked at yet")]
    age = (now or datetime.now(UTC)) - known.at
    wrong = [episode for episode in known.episodes.values() if not episode.told_over]
    looked = f"looked {max(0, age.total_seconds()):.0f} s ago"
    words = f"wrong: {len(wrong)}" if wrong else "nothing is wrong"
    if known.canary is not None:
        words += f", the canary of {stamp(known.canary)} came out"
    return [
        PartStatus("health", age < UNWATCHED, f"{looked}, {words}"),
        *(
            PartStatus(f"health {one.finding.kind.value}", False, _wrong(one))
            for one in sorted(wrong, key=lambda one: (-one.finding.severity.rank, one.finding.since))
        ),
        *(
            PartStatus(f"health {name}", False, f"can't be looked at: {reason}")
            for name, reason in known.unseen.items()
        ),
    ]


def _wrong(episode: Episode) -> str:
    return f"since {stamp(episode.finding.since)}, {episode.incident}: {episode.finding.text}"


def _processes(path: Path) -> list[PartStatus]:
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))["parts"]
    except (OSError, ValueError, KeyError):
        return []
    found = []
    for name, part in parts.items():
        alive = bool(part.get("pid")) and psutil.pid_exists(part["pid"])
        state = f"{part.get('state')}, pid {part.get('pid')}, restarted {part.get('restarts', 0)} times"
        found.append(PartStatus(f"process {name}", alive and part.get("state") == "ready", state))
    return found
