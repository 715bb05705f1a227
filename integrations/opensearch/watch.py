"""What health is judged by: bounded questions about events and alerts. Each reads a few minutes, an hour of
one day, or the end of an index; none reads the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.opensearch.connection import Connection
from integrations.opensearch.patterns import canary_events, shown_events
from integrations.ports import Checkpoints, StoreLimitError
from rules.ecs import get, parse_timestamp, timestamp
from rules.health.cadence import hour_of, moment_of

MOST_SOURCES = 1000
MOST_BEHIND = 20
"""Of how many backing indices the oldest waiting event is looked up: those that are furthest behind."""
MOST_RULES = 20


@dataclass(frozen=True)
class Delivered:
    """What one dataset delivered in a stretch of time."""

    last: datetime
    events: int
    errors: int
    cut: int
    reason: str
    """Of one of its errors."""


class OpenSearchWatch:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        prefix = connection.prefix
        self._events = shown_events(prefix)
        self._canaries = canary_events(prefix)
        self._alerts = f"{prefix}siem-alerts"
        self._canary_alerts = f"{prefix}siem-canary-alerts"

    async def waiting(self, matched: Checkpoints, upto: Checkpoints) -> tuple[datetime | None, int]:
        """Return when the oldest event that is not matched was stored, and how many there are about.

        Deletions have sequence numbers too; where nothing but those is new, nothing waits.
        """
        behind = {index: upto[index] - matched.get(index, -1) for index in upto}
        behind = {index: count for index, count in behind.items() if count > 0}
        oldest: datetime | None = None
        for index in sorted(behind, key=lambda one: -behind[one])[:MOST_BEHIND]:
            body = {
                "size": 1, "sort": [{"_seq_no": "asc"}], "_source": ["event.ingested"],
                "query": {"range": {"_seq_no": {"gt": matched.get(index, -1), "lte": upto[index]}}},
                "track_total_hits": False,
            }  # fmt: skip
            for hit in (await self._connection.search(index, body))["hits"]["hits"]:
                stored = parse_timestamp(str(get(hit["_source"], "event.ingested")))
                oldest = min(oldest or stored, stored)
        return oldest, sum(behind.values()) if oldest else 0

    async def delivered(self, first: datetime, last: datetime) -> dict[str, Delivered]:
        """Return what each dataset delivered between two times of storing."""
        error, cut = {"term": {"event.kind": "pipeline_error"}}, {"term": {"log.flags": "truncated"}}
        one = {"top_hits": {"size": 1, "_source": ["error.message"]}}
        aggs = {
            "last": {"max": {"field": "event.ingested"}},
            "errors": {"filter": error, "aggs": {"one": one}},
            "cut": {"filter": cut},
        }
        buckets = await self._by_dataset(first, last, aggs)
        return {
            bucket["key"]: Delivered(
                last=datetime.fromtimestamp(bucket["last"]["value"] / 1000, UTC),
                events=bucket["doc_count"],
                errors=bucket["errors"]["doc_count"],
                cut=bucket["cut"]["doc_count"],
                reason=_reason(bucket["errors"]["one"]["hits"]["hits"]),
            )
            for bucket in buckets
        }

    async def hours(
        self, first: int, hours: int
    ) -> tuple[dict[str, dict[int, int]], dict[str, dict[int, int]]]:
        """Return (events, errors) of `hours` hours from `first` on, by dataset and hour."""
        errors = {"filter": {"term": {"event.kind": "pipeline_error"}}}
        by_hour = {
            "date_histogram": {"field": "event.ingested", "fixed_interval": "1h", "min_doc_count": 1},
            "aggs": {"errors": errors},
        }
        last = moment_of(first + hours) - timedelta(milliseconds=1)
        events: dict[str, dict[int, int]] = defaultdict(dict)
        wrong: dict[str, dict[int, int]] = defaultdict(dict)
        for bucket in await self._by_dataset(moment_of(first), last, {"hours": by_hour}):
            for each in bucket["hours"]["buckets"]:
                hour = int(each["key"]) // 3_600_000
                events[bucket["key"]][hour] = each["doc_count"]
                if each["errors"]["doc_count"]:
                    wrong[bucket["key"]][hour] = each["errors"]["doc_count"]
        return dict(events), dict(wrong)

    async def _by_dataset(
        self, first: datetime, last: datetime, aggs: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        terms = {"field": "event.dataset", "size": MOST_SOURCES}
        body = {
            "size": 0, "track_total_hits": False,
            "query": {"range": {"event.ingested": {"gte": timestamp(first), "lte": timestamp(last)}}},
            "aggs": {"by": {"terms": terms, "aggs": dict(aggs)}},
        }  # fmt: skip
        answer = await self._connection.search(self._events, body)
        found = answer.get("aggregations", {}).get("by", {"buckets": [], "sum_other_doc_count": 0})
        if found["sum_other_doc_count"]:
            raise StoreLimitError(f"there are more than {MOST_SOURCES} datasets: not all can be watched")
        return list(found["buckets"])

    async def ends(self, dataset: str | None, *, first: bool = False) -> datetime | None:
        """Return when the last (or first) event of a dataset, or of any, was stored."""
        query = {"term": {"event.dataset": dataset}} if dataset else {"match_all": {}}
        body = {
            "size": 1, "track_total_hits": False, "_source": ["event.ingested"], "query": query,
            "sort": [{"event.ingested": {"order": "asc" if first else "desc", "unmapped_type": "date"}}],
        }  # fmt: skip
        for hit in (await self._connection.search(self._events, body))["hits"]["hits"]:
            return parse_timestamp(str(get(hit["_source"], "event.ingested")))
        return None

    async def busy_rules(self, now: datetime, least: int) -> dict[str, int]:
        """Return the rules that raised so many alerts within the last hour, the most first."""
        body = {
            "size": 0, "track_total_hits": False,
            "query": {"range": {"detected": {"gte": timestamp(now - timedelta(hours=1))}}},
            "aggs": {"by": {"terms": {"field": "rule", "size": MOST_RULES, "min_doc_count": least}}},
        }  # fmt: skip
        answer = await self._connection.search(self._alerts, body)
        buckets = answer.get("aggregations", {}).get("by", {"buckets": []})["buckets"]
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}

    async def alerts_by_hour(
        self, rules: Sequence[str], first: datetime, last: datetime
    ) -> dict[str, tuple[dict[int, int], datetime | None]]:
        """Return for each rule its alerts by hour between two times, and when its first one was raised."""
        if not rules:
            return {}
        hours = {"date_histogram": {"field": "detected", "fixed_interval": "1h", "min_doc_count": 1}}
        body = {
            "size": 0, "track_total_hits": False,
            "query": {"bool": {"filter": [
                {"terms": {"rule": list(rules)}},
                {"range": {"detected": {"gte": timestamp(first), "lt": timestamp(last)}}},
            ]}},
            "aggs": {"by": {"terms": {"field": "rule", "size": MOST_RULES}, "aggs": {"hours": hours}}},
        }  # fmt: skip
        answer = await self._connection.search(self._alerts, body)
        found: dict[str, tuple[dict[int, int], datetime | None]] = {rule: ({}, None) for rule in rules}
        for bucket in answer.get("aggregations", {}).get("by", {"buckets": []})["buckets"]:
            counts = {int(one["key"]) // 3_600_000: one["doc_count"] for one in bucket["hours"]["buckets"]}
            found[bucket["key"]] = counts, moment_of(min(counts)) if counts else None
        return found

    async def canary(self, rule: str, action: str) -> tuple[datetime | None, datetime | None]:
        """Return the times of the last canary that was stored, and of the last that came out as an alert."""
        planted = await self._last(self._canaries, {"term": {"event.action": action}}, "@timestamp")
        alerted = await self._last(self._canary_alerts, {"term": {"rule": rule}}, "last")
        return planted, alerted

    async def _last(self, index: str, query: Mapping[str, Any], field: str) -> datetime | None:
        body = {
            "size": 1, "track_total_hits": False, "_source": [field], "query": query,
            "sort": [{field: {"order": "desc", "unmapped_type": "date"}}],
        }  # fmt: skip
        for hit in (await self._connection.search(index, body))["hits"]["hits"]:
            return parse_timestamp(str(hit["_source"][field]))
        return None

    async def forget_canary_alerts(self, before: datetime) -> None:
        """Delete what came out of canaries of former days."""
        query = {"query": {"range": {"detected": {"lt": timestamp(before)}}}}
        await self._connection.request(
            "POST", f"/{self._canary_alerts}/_delete_by_query", query,
            conflicts="proceed", ignore_unavailable="true",
        )  # fmt: skip


def _reason(hits: Sequence[Mapping[str, Any]]) -> str:
    return str(get(hits[0]["_source"], "error.message") or "") if hits else ""


def hours_over(now: datetime) -> int:
    """Return the first hour whose counts may still change."""
    return hour_of(now - timedelta(minutes=2))
