"""Findings that raised no alert: each kept whole, with the name of what silenced it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from integrations.opensearch.connection import Connection
from integrations.ports import StoreError
from rules.alerts import Alert
from rules.ecs import parse_timestamp, timestamp
from rules.exceptions import Silenced

_KEYWORD = {"type": "keyword"}
_DATE = {"type": "date"}


@dataclass(frozen=True)
class SilencedCount:
    """What one exception has silenced."""

    exception: str
    findings: int
    last: datetime | None


class OpenSearchSuppressed:
    """`integrations.ports.SuppressedStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._index = f"{connection.prefix}siem-suppressed"

    async def setup(self, replicas: int) -> None:
        properties: dict[str, Any] = {
            "id": _KEYWORD, "exception": _KEYWORD, "into": _KEYWORD, "rule": _KEYWORD, "entities": _KEYWORD,
            "severity": _KEYWORD, "first": _DATE, "last": _DATE, "detected": _DATE,
            "body": {"type": "object", "enabled": False},
        }  # fmt: skip
        body = {
            "settings": {"index": {"number_of_shards": 1, "number_of_replicas": replicas}},
            "mappings": {"dynamic": "strict", "properties": properties},
        }
        await self._connection.ensure_index(self._index, body)

    async def create(self, found: Sequence[Silenced]) -> None:
        """Write findings, create-only by their alert's id; the same again changes nothing."""
        lines: list[bytes] = []
        for one in found:
            alert = one.alert
            document = {
                "id": alert.id, "exception": one.exception, "into": one.into, "rule": alert.rule,
                "entities": [str(entity) for entity in alert.entities], "severity": alert.severity.value,
                "first": timestamp(alert.first), "last": timestamp(alert.last),
                "detected": timestamp(alert.detected), "body": alert.model_dump(mode="json"),
            }  # fmt: skip
            lines.append(orjson.dumps({"create": {"_index": self._index, "_id": alert.id}}))
            lines.append(orjson.dumps(document))
        if not lines:
            return
        for result in await self._connection.bulk(lines, refresh="true"):
            if result["status"] not in (201, 409):
                raise StoreError(f"a silenced finding could not be written: {result['error']}")

    async def counts(self) -> list[SilencedCount]:
        """Return what each exception has silenced, the most first."""
        aggs = {
            "by": {
                "terms": {"field": "exception", "size": 10_000},
                "aggs": {"last": {"max": {"field": "last"}}},
            }
        }
        answer = await self._connection.search(self._index, {"size": 0, "aggs": aggs})
        buckets = answer.get("aggregations", {}).get("by", {"buckets": []})["buckets"]
        return [
            SilencedCount(
                bucket["key"], bucket["doc_count"], parse_timestamp(bucket["last"]["value_as_string"])
            )
            for bucket in buckets
        ]

    async def recent(
        self, limit: int, *, exception: str = "", entity: str = "", rule: str = ""
    ) -> list[Silenced]:
        """Return the latest findings, of one exception, about one entity (``kind:value``), of one rule."""
        asked = (("exception", exception), ("entities", entity), ("rule", rule))
        terms = [{"term": {field: value}} for field, value in asked if value]
        body = {
            "size": limit,
            "sort": [{"last": "desc"}, {"id": "asc"}],
            "query": {"bool": {"filter": terms}},
        }
        hits = (await self._connection.search(self._index, body))["hits"]["hits"]
        return [
            Silenced(
                Alert.model_validate(hit["_source"]["body"]),
                hit["_source"]["exception"],
                hit["_source"]["into"],
            )
            for hit in hits
        ]
