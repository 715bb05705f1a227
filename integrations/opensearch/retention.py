"""Retention: what has had its time is deleted, held events are kept, and the chain says what went.

A backing index goes as a whole once its newest event is past its time, so nothing goes early. With
held events in it, the others go one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from integrations.opensearch.connection import Connection
from integrations.opensearch.generations import backing_indices
from integrations.opensearch.holds import Hold, held
from integrations.opensearch.sealing import SealWriter
from integrations.opensearch.seals import Kind
from integrations.ports import StoreError, StoreLimitError
from rules.ecs import timestamp

LEAST_DAYS = 180
MOST_KEPT = 10_000
"""The most held events of one backing index: their ids go into the chain."""
POLL_SECONDS = 0.2


class Period(BaseModel):
    """How long events are kept, counted from when they were stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=LEAST_DAYS, ge=1)
    reason: str = ""
    """Why it is less than 180 days; needed then."""

    @model_validator(mode="after")
    def _reason_for_less(self) -> Self:
        if self.days < LEAST_DAYS and not self.reason.strip():
            raise ValueError(f"{self.days} days are less than {LEAST_DAYS}: write the reason beside it")
        return self


class RetentionPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Period = Period()
    datasets: dict[str, Period] = Field(default_factory=dict)
    """Dataset, or a pattern of them such as ``aws.*``, to its own period; the first that fits."""

    def period_of(self, dataset: str) -> Period:
        for pattern, period in self.datasets.items():
            if fnmatchcase(dataset, pattern):
                return period
        return self.default

    def days_of(self, dataset: str) -> int:
        return self.period_of(dataset).days


@dataclass(frozen=True)
class Expired:
    """What went of one backing index."""

    index: str
    events: int
    kept: int
    """Held ones, which stay."""


async def expire(
    connection: Connection, seals: SealWriter, events: str, policy: RetentionPolicy, holds: Sequence[Hold],
    now: datetime,
) -> list[Expired]:  # fmt: skip
    """Delete what is past its time; `events` is the pattern of the data streams.

    The chain says so before it happens, so a crash in between leaves something to delete again and
    nothing unexplained. Raises `StoreError`; repeatable.
    """
    gone: list[Expired] = []
    await connection.refresh(events)
    for stream, indices in sorted((await backing_indices(connection, events)).items()):
        dataset = stream.removeprefix(f"{connection.prefix}logs-").rpartition("-")[0]
        period = policy.period_of(dataset)
        limit = now - timedelta(days=period.days)
        for index in indices[:-1]:
            newest = await _newest(connection, index)
            if newest is not None and newest < limit:
                gone.append(await _expire_index(connection, seals, stream, index, newest, holds, now, period))
            elif newest is None and len(indices) > 1:
                await connection.request("DELETE", f"/{index}")  # empty: nothing to account for
    return gone


@dataclass(frozen=True)
class StreamAge:
    """How a data stream stands towards its period."""

    stream: str
    dataset: str
    days: int
    reason: str
    indices: int
    events: int
    bytes: int
    oldest: datetime | None
    """When its oldest event was stored."""
    due: int
    """Events of indices that are past their time; held ones among them will stay."""


async def ages(
    connection: Connection, events: str, policy: RetentionPolicy, now: datetime
) -> list[StreamAge]:
    """Return how each data stream stands, by name."""
    await connection.refresh(events)
    stats = await connection.request(
        "GET", f"/{events}/_stats/docs,store", retry=True, expand_wildcards="open,hidden",
        filter_path="indices.*.primaries",
    )  # fmt: skip
    sizes = (stats or {}).get("indices", {})
    found: list[StreamAge] = []
    for stream, indices in sorted((await backing_indices(connection, events)).items()):
        dataset = stream.removeprefix(f"{connection.prefix}logs-").rpartition("-")[0]
        period = policy.period_of(dataset)
        of = {index: sizes.get(index, {}).get("primaries", {}) for index in indices}
        counts = {index: int(one.get("docs", {}).get("count", 0)) for index, one in of.items()}
        due = 0
        for index in indices[:-1]:
            newest = await _newest(connection, index)
            if newest is not None and newest < now - timedelta(days=period.days):
                due += counts[index]
        found.append(
            StreamAge(
                stream=stream, dataset=dataset, days=period.days, reason=period.reason,
                indices=len(indices), events=sum(counts.values()),
                bytes=sum(int(one.get("store", {}).get("size_in_bytes", 0)) for one in of.values()),
                oldest=await _end(connection, stream, "min"), due=due,
            )
        )  # fmt: skip
    return found


async def _newest(connection: Connection, index: str) -> datetime | None:
    return await _end(connection, index, "max")


async def _end(connection: Connection, index: str, which: Literal["min", "max"]) -> datetime | None:
    body = {"size": 0, "aggs": {"end": {which: {"field": "event.ingested"}}}}
    found = (await connection.search(index, body)).get("aggregations", {}).get("end", {}).get("value")
    return datetime.fromtimestamp(found / 1000, UTC) if found is not None else None


async def _expire_index(
    connection: Connection, seals: SealWriter, stream: str, index: str, newest: datetime,
    holds: Sequence[Hold], now: datetime, period: Period,
) -> Expired:  # fmt: skip
    kept: dict[str, str] = {}
    body = {"query": held(holds), "_source": ["siem"]}
    async for hits in connection.pages(index, body, [{"_seq_no": "asc"}]):
        for hit in hits:
            mark = hit["_source"].get("siem") or {}
            kept[hit["_id"]] = f"{mark.get('batch')}.{mark.get('block')}"
        if len(kept) > MOST_KEPT:
            raise StoreLimitError(f"more than {MOST_KEPT} events of {index} are held; narrow the holds")
    counted = await connection.search(index, {"size": 0, "track_total_hits": True})
    total = int(counted["hits"]["total"]["value"])
    if total == len(kept):
        return Expired(index, 0, total)
    before = timestamp(newest + timedelta(milliseconds=1))
    data = {"stream": stream, "index": index, "before": before, "events": total - len(kept),
            "kept": sorted(kept), "days": period.days, "reason": period.reason}  # fmt: skip
    await seals.note(Kind.EXPIRY, timestamp(now), data, {})
    if kept:
        query: dict[str, Any] = {"bool": {"must_not": [{"ids": {"values": sorted(kept)}}]}}
        await delete_by_query(connection, index, query)
    else:
        await connection.request("DELETE", f"/{index}", retry=True)
    await delete_by_query(
        connection, seals.names.originals,
        {"bool": {"filter": [{"term": {"stream": stream}}, {"range": {"at": {"lt": before}}}],
                  "must_not": [{"ids": {"values": sorted(set(kept.values()))}}]}},
    )  # fmt: skip
    return Expired(index, total - len(kept), len(kept))


async def delete_by_query(connection: Connection, index: str, query: dict[str, Any]) -> int:
    """Delete what a query finds and return how much it was. Raises `StoreError` where some of it stayed."""
    await connection.refresh(index)
    started = await connection.request(
        "POST", f"/{index}/_delete_by_query", {"query": query},
        conflicts="proceed", wait_for_completion=False, refresh=True,
    )  # fmt: skip
    outcome = await finish_task(connection, started["task"], f"the deletion in {index}")
    return int(outcome.get("deleted", 0))


async def finish_task(connection: Connection, task: str, what: str) -> dict[str, Any]:
    """Wait for a task of the engine and return its outcome. Raises `StoreError` where it failed in part."""
    while True:
        state = await connection.request("GET", f"/_tasks/{task}", retry=True)
        if state is None:
            raise StoreError(f"{what} was lost with its node; start it again")
        if state["completed"]:
            break
        await asyncio.sleep(POLL_SECONDS)
    outcome: dict[str, Any] = state.get("response") or {}
    if state.get("error") or outcome.get("failures"):
        raise StoreError(f"{what} was not whole: {state.get('error') or outcome['failures']}")
    return outcome
