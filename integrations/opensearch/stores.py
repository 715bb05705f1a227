"""All stores of one installation, behind one connection; and small state documents with compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from integrations.opensearch.connection import Access, Connection
from integrations.opensearch.events import OpenSearchEvents
from integrations.opensearch.intelligence import OpenSearchIntelligence
from integrations.opensearch.keyring import KeyWrapper
from integrations.opensearch.records import OpenSearchAlerts, OpenSearchEvidence, OpenSearchIncidents
from integrations.opensearch.results import OpenSearchResults
from integrations.opensearch.suppressed import OpenSearchSuppressed
from integrations.opensearch.watch import OpenSearchWatch


class OpenSearchState:
    """`integrations.ports.StateStore`: a version is ``<seq_no>.<primary_term>``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._index = f"{connection.prefix}siem-state"

    async def setup(self, replicas: int) -> None:
        body = {
            "settings": {"index": {"number_of_shards": 1, "number_of_replicas": replicas}},
            "mappings": {
                "dynamic": "strict",
                "properties": {"key": {"type": "keyword"}, "value": {"type": "object", "enabled": False}},
            },
        }
        await self._connection.ensure_index(self._index, body)

    async def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        found = await self._connection.request("GET", self._path(key), retry=True)
        if not found or not found.get("found"):
            return None
        return found["_source"]["value"], f"{found['_seq_no']}.{found['_primary_term']}"

    async def put(self, key: str, value: Mapping[str, Any], version: str | None = None) -> str:
        params: dict[str, Any] = {}
        if version == "":
            params["op_type"] = "create"
        elif version is not None:
            seq_no, _, term = version.partition(".")
            params |= {"if_seq_no": seq_no, "if_primary_term": term}
        document = {"key": key, "value": dict(value)}
        written = await self._connection.request("PUT", self._path(key), document, **params)
        return f"{written['_seq_no']}.{written['_primary_term']}"

    async def delete(self, key: str) -> None:
        await self._connection.request("DELETE", self._path(key))

    async def keys(self, prefix: str) -> list[str]:
        await self._connection.refresh(self._index)
        found: list[str] = []
        body = {"query": {"prefix": {"key": prefix}}, "_source": ["key"]}
        async for hits in self._connection.pages(self._index, body, [{"key": "asc"}]):
            found += [hit["_source"]["key"] for hit in hits]
        return found

    def _path(self, key: str) -> str:
        return f"/{self._index}/_doc/{quote(key, safe='')}"


@dataclass(frozen=True)
class OpenSearchStores:
    connection: Connection
    events: OpenSearchEvents
    alerts: OpenSearchAlerts
    incidents: OpenSearchIncidents
    evidence: OpenSearchEvidence
    state: OpenSearchState
    results: OpenSearchResults
    suppressed: OpenSearchSuppressed
    intelligence: OpenSearchIntelligence
    watch: OpenSearchWatch

    async def setup(self, replicas: int = 0) -> None:
        """Make templates and indices that are missing; safe to repeat, also by several processes at once."""
        for store in (
            self.events, self.alerts, self.incidents, self.evidence, self.state, self.results,
            self.suppressed, self.intelligence,
        ):  # fmt: skip
            await store.setup(replicas)

    async def close(self) -> None:
        """End this process's chain of seals in order, and the connection."""
        try:
            await self.events.close()
        finally:
            await self.connection.close()


async def connect(
    url: str,
    *,
    namespace: str = "default",
    prefix: str = "",
    access: Access | None = None,
    keyring: KeyWrapper | None = None,
) -> OpenSearchStores:
    """Return the stores of a cluster. Raises `StoreUnavailableError` where it does not answer.

    `namespace` is the last part of the data streams' names; `prefix` goes before every name, so
    that tests can share one node. `keyring` encrypts and opens ``event.original``; without one
    events that have it can neither be written nor read whole (`MissingKeyError`).
    """
    connection = Connection(url, prefix=prefix, access=access)
    try:
        await connection.request("GET", "/", retry=True)
    except BaseException:
        await connection.close()
        raise
    events = OpenSearchEvents(connection, namespace, keyring)
    return OpenSearchStores(
        connection=connection,
        events=events,
        alerts=OpenSearchAlerts(connection),
        incidents=OpenSearchIncidents(connection),
        evidence=OpenSearchEvidence(connection),
        state=OpenSearchState(connection),
        results=OpenSearchResults(connection, keyring, events.originals),
        suppressed=OpenSearchSuppressed(connection),
        intelligence=OpenSearchIntelligence(connection),
        watch=OpenSearchWatch(connection),
    )
