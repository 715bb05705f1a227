"""Alerts, incidents and evidence: whole models, with the few fields beside them that are searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from integrations.opensearch.connection import Connection
from integrations.ports import StoreConflictError, StoreError, StoreLimitError
from rules.alerts import Alert
from rules.ecs import timestamp
from rules.evidence import EvidenceRecord
from rules.health.canaries import is_canary
from rules.incidents import IncidentFacts

_KEYWORD = {"type": "keyword"}
_DATE = {"type": "date"}
_BODY = {"type": "object", "enabled": False}
MOST = 100_000
"""The most alerts that one question reads; more raise, so that an answer is never short."""


def _index(properties: Mapping[str, Any], replicas: int) -> dict[str, Any]:
    return {
        "settings": {"index": {"number_of_shards": 1, "number_of_replicas": replicas}},
        "mappings": {"dynamic": "strict", "properties": dict(properties) | {"body": _BODY}},
    }


class OpenSearchAlerts:
    """`integrations.ports.AlertStore`. Alerts of canaries are written in the same request, to an index of
    their own, which no question about alerts reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._index = f"{connection.prefix}siem-alerts"
        self._canaries = f"{connection.prefix}siem-canary-alerts"

    async def setup(self, replicas: int) -> None:
        fields = {
            "entities": _KEYWORD, "incident": _KEYWORD, "rule": _KEYWORD, "severity": _KEYWORD,
            "first": _DATE, "last": _DATE, "detected": _DATE, "id": _KEYWORD,
        }  # fmt: skip
        await self._connection.ensure_index(self._index, _index(fields, replicas))
        await self._connection.ensure_index(self._canaries, _index(fields, replicas))

    async def create(self, alerts: Sequence[Alert]) -> list[str]:
        lines: list[bytes] = []
        for alert in alerts:
            index = self._canaries if is_canary(alert) else self._index
            lines.append(orjson.dumps({"create": {"_index": index, "_id": alert.id}}))
            document = {
                "id": alert.id,
                "entities": [str(entity) for entity in alert.entities],
                "rule": alert.rule,
                "severity": alert.severity.value,
                "first": timestamp(alert.first),
                "last": timestamp(alert.last),
                "detected": timestamp(alert.detected),
                "body": alert.model_dump(mode="json"),
            }
            lines.append(orjson.dumps(document))
        if not lines:
            return []
        results = await self._connection.bulk(lines, refresh="true")
        for result in results:
            if result["status"] not in {201, 409}:
                raise StoreError(f"an alert could not be written: {result['error']}")
        return [alert.id for alert, result in zip(alerts, results, strict=True) if result["status"] == 201]

    async def assign(self, alerts: Sequence[str], incident: str) -> None:
        lines: list[bytes] = []
        for alert in alerts:
            lines.append(
                orjson.dumps({"update": {"_index": self._index, "_id": alert, "retry_on_conflict": 3}})
            )
            lines.append(orjson.dumps({"doc": {"incident": incident}}))
        if lines:
            for result in await self._connection.bulk(lines, refresh="true"):
                if result["status"] != 200:
                    raise StoreError(f"an alert could not join {incident}: {result['error']}")

    async def incident_of(self, alerts: Sequence[str]) -> dict[str, str]:
        if not alerts:
            return {}
        answer = await self._connection.request(
            "POST", f"/{self._index}/_mget", {"ids": list(alerts)}, retry=True, _source_includes="incident"
        )
        return {
            found["_id"]: found["_source"]["incident"]
            for found in answer["docs"]
            if found.get("found") and "incident" in found["_source"]
        }

    async def of_incident(self, incident: str) -> list[Alert]:
        return await self._find({"term": {"incident": incident}})

    async def about(self, entities: Sequence[str], first: datetime, last: datetime) -> list[Alert]:
        return await self._find(_about(entities, first, last))

    async def recent(self, limit: int) -> list[Alert]:
        body = {"size": limit, "sort": [{"detected": "desc"}, {"id": "asc"}], "query": {"match_all": {}}}
        hits = (await self._connection.search(self._index, body))["hits"]["hits"]
        return [Alert.model_validate(hit["_source"]["body"]) for hit in hits]

    async def _find(self, query: Mapping[str, Any]) -> list[Alert]:
        found: list[Alert] = []
        async for hits in self._connection.pages(
            self._index, {"query": query}, [{"first": "asc"}, {"id": "asc"}]
        ):
            found += [Alert.model_validate(hit["_source"]["body"]) for hit in hits]
            if len(found) > MOST:
                raise StoreLimitError(f"more than {MOST} alerts answer one question: {query}")
        return found


def _about(entities: Sequence[str], first: datetime, last: datetime) -> dict[str, Any]:
    return {
        "bool": {
            "filter": [
                {"terms": {"entities": list(entities)}},
                {"range": {"first": {"lte": timestamp(last)}}},
                {"range": {"last": {"gte": timestamp(first)}}},
            ]
        }
    }


class OpenSearchIncidents:
    """`integrations.ports.IncidentStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._index = f"{connection.prefix}siem-incidents"

    async def setup(self, replicas: int) -> None:
        fields = {
            "entities": _KEYWORD, "status": _KEYWORD, "severity": _KEYWORD, "first": _DATE, "last": _DATE,
            "opened": _DATE, "id": _KEYWORD,
        }  # fmt: skip
        await self._connection.ensure_index(self._index, _index(fields, replicas))

    async def put(self, incident: IncidentFacts, version: int) -> None:
        document = {
            "id": incident.id,
            "entities": [str(entity) for entity in incident.entities],
            "status": incident.status.value,
            "severity": incident.severity.value,
            "first": timestamp(incident.first),
            "last": timestamp(incident.last),
            "opened": timestamp(incident.opened),
            "body": incident.model_dump(mode="json"),
        }
        try:
            await self._connection.request(
                "PUT",
                f"/{self._index}/_doc/{incident.id}",
                document,
                version=version + 1,
                version_type="external_gte",
                refresh="true",
            )
        except StoreConflictError:
            return

    async def get(self, incident: str) -> IncidentFacts | None:
        found = await self._connection.request("GET", f"/{self._index}/_doc/{incident}", retry=True)
        return IncidentFacts.model_validate(found["_source"]["body"]) if found else None

    async def about(self, entities: Sequence[str], first: datetime, last: datetime) -> list[IncidentFacts]:
        query = _about(entities, first, last)
        query["bool"]["must_not"] = [{"term": {"status": "closed"}}]
        found: list[IncidentFacts] = []
        async for hits in self._connection.pages(
            self._index, {"query": query}, [{"opened": "asc"}, {"id": "asc"}]
        ):
            found += [IncidentFacts.model_validate(hit["_source"]["body"]) for hit in hits]
        return found

    async def recent(self, limit: int, *, open_only: bool = False) -> list[IncidentFacts]:
        closed = [{"term": {"status": "closed"}}] if open_only else []
        body = {
            "size": limit,
            "sort": [{"opened": "desc"}, {"id": "asc"}],
            "query": {"bool": {"must_not": closed}},
        }
        hits = (await self._connection.search(self._index, body))["hits"]["hits"]
        return [IncidentFacts.model_validate(hit["_source"]["body"]) for hit in hits]


class OpenSearchEvidence:
    """`integrations.ports.EvidenceStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._index = f"{connection.prefix}siem-evidence"

    async def setup(self, replicas: int) -> None:
        fields = {
            "chain": _KEYWORD,
            "seq": {"type": "long"},
            "at": _DATE,
            "kind": _KEYWORD,
            "actor": _KEYWORD,
        }
        await self._connection.ensure_index(self._index, _index(fields, replicas))

    async def append(self, records: Sequence[EvidenceRecord]) -> None:
        lines: list[bytes] = []
        for record in records:
            lines.append(
                orjson.dumps({"create": {"_index": self._index, "_id": f"{record.chain}:{record.seq}"}})
            )
            document = {
                "chain": record.chain,
                "seq": record.seq,
                "at": timestamp(record.at),
                "kind": record.kind,
                "actor": record.actor,
                "body": record.model_dump(mode="json"),
            }
            lines.append(orjson.dumps(document))
        if not lines:
            return
        for record, result in zip(records, await self._connection.bulk(lines), strict=True):
            if result["status"] == 409:
                await self._check_same(record)
            elif result["status"] != 201:
                raise StoreError(f"evidence {record.chain}:{record.seq} was not written: {result['error']}")

    async def _check_same(self, record: EvidenceRecord) -> None:
        found = await self._connection.request(
            "GET", f"/{self._index}/_doc/{record.chain}:{record.seq}", retry=True
        )
        if found is None or found["_source"]["body"]["hash"] != record.hash:
            raise StoreError(f"evidence {record.chain}:{record.seq} is there already, and it is another one")

    async def chain(self, chain: str) -> list[EvidenceRecord]:
        await self._connection.refresh(self._index)
        found: list[EvidenceRecord] = []
        async for hits in self._connection.pages(
            self._index, {"query": {"term": {"chain": chain}}}, [{"seq": "asc"}]
        ):
            found += [EvidenceRecord.model_validate(hit["_source"]["body"]) for hit in hits]
        return found

    async def chains(self) -> list[str]:
        await self._connection.refresh(self._index)
        names: list[str] = []
        after: dict[str, Any] | None = None
        while True:
            composite: dict[str, Any] = {"size": 1000, "sources": [{"chain": {"terms": {"field": "chain"}}}]}
            if after is not None:
                composite["after"] = after
            body = {"size": 0, "aggs": {"chains": {"composite": composite}}}
            answer = await self._connection.search(self._index, body)
            found = answer.get("aggregations", {}).get("chains", {"buckets": []})
            names += [bucket["key"]["chain"] for bucket in found["buckets"]]
            after = found.get("after_key")
            if after is None:
                return names
