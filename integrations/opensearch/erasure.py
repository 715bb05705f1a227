"""Erasure on request (GDPR, article 17): events about a person, and their sealed originals.

The chain says first which events go and what their blocks become; the person is named there only
by a digest of the query. What a legal hold covers stays (article 17, 3e) and is reported.
Alerts, incidents and evidence are records of what was done and are not touched; large results that playbook
runs keep (`integrations.opensearch.results`) are copies of answers, and go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from integrations.opensearch.connection import Connection
from integrations.opensearch.holds import Hold, held
from integrations.opensearch.originals import Originals
from integrations.opensearch.retention import finish_task
from integrations.opensearch.sealing import SealWriter, block_document, body_digest
from integrations.opensearch.seals import Kind
from integrations.ports import StoreError
from rules.ecs import timestamp


@dataclass(frozen=True)
class Erased:
    events: tuple[str, ...]
    held: int
    """Matching events that a legal hold keeps."""
    results: tuple[str, ...] = ()
    """What playbook runs kept of it, by id."""


@dataclass(frozen=True)
class Concerned:
    """What an erasure would find."""

    datasets: dict[str, int]
    """Dataset to events."""
    held: dict[str, int]
    """Name of a legal hold to how many of them it keeps."""
    results: int = 0
    """Large results of playbooks' actions that mention it, held ones not counted."""

    @property
    def events(self) -> int:
        return sum(self.datasets.values())


async def concerned(
    connection: Connection, events: str, query: str | Mapping[str, Any], holds: Sequence[Hold]
) -> Concerned:
    """Count what `erase` would find, touching nothing."""
    await connection.refresh(events)
    datasets = {"datasets": {"terms": {"field": "event.dataset", "size": 1000, "missing": "none"}}}
    answer = await connection.search(events, {"size": 0, "query": _asked(query), "aggs": datasets})
    buckets = answer.get("aggregations", {}).get("datasets", {"buckets": []})["buckets"]
    kept: dict[str, int] = {}
    for hold in holds:
        body = {"bool": {"filter": [_asked(query), held([hold])]}}
        found = await connection.search(events, {"size": 0, "track_total_hits": True, "query": body})
        if total := int(found["hits"]["total"]["value"]):
            kept[hold.name] = total
    return Concerned({bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}, kept)


def _asked(query: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(query, str):
        return {"query_string": {"query": query, "analyze_wildcard": True}}
    return dict(query)


async def erase(
    connection: Connection, seals: SealWriter, originals: Originals, events: str,
    query: str | Mapping[str, Any],
    holds: Sequence[Hold], *, reason: str, by: str, now: datetime,
) -> Erased:  # fmt: skip
    """Delete the events that a query finds (Lucene's syntax, or the engine's own), and their originals
    from the blocks. The engine's files hold what was deleted until `expunge`.

    Raises `StoreQueryError` for a faulty query, `StoreError`; repeatable after either.
    """
    await connection.refresh(events)
    asked = _asked(query)
    kept = await connection.search(
        events,
        {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [asked, held(holds)]}}},
    )
    found: list[dict[str, Any]] = []
    body = {"query": {"bool": {"filter": [asked], "must_not": [held(holds)]}}, "_source": ["siem"]}
    async for hits in connection.pages(events, body, [{"_seq_no": "asc"}, {"_index": "asc"}]):
        found += hits
    text = query if isinstance(query, str) else orjson.dumps(query, option=orjson.OPT_SORT_KEYS).decode()
    subject = hashlib.sha256(text.encode()).hexdigest()
    for start in range(0, len(found), 1000):
        data = {"reason": reason, "by": by, "query_sha256": subject}
        await _erase(connection, seals, originals, found[start : start + 1000], data, now)
    await connection.refresh(events)
    return Erased(tuple(hit["_id"] for hit in found), int(kept["hits"]["total"]["value"]))


async def _erase(
    connection: Connection, seals: SealWriter, originals: Originals, hits: Sequence[dict[str, Any]],
    data: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    places: dict[str, list[int]] = {}
    for hit in hits:
        mark = hit["_source"].get("siem") or {}
        if "block" in mark:
            places.setdefault(f"{mark['batch']}.{mark['block']}", []).append(mark["place"])
    emptied = await _emptied(connection, seals.names.originals, originals, places)
    digests = {name: body_digest(source["data"]) for name, (source, _) in emptied.items()}
    ids = sorted(hit["_id"] for hit in hits)
    await seals.note(Kind.ERASURE, timestamp(now), data | {"events": ids}, digests)
    for name, (source, at) in emptied.items():
        path = f"/{seals.names.originals}/_doc/{name}"
        await connection.request("PUT", path, source, **at)  # a conflict: erased twice at once, run it again
    lines = [orjson.dumps({"delete": {"_index": hit["_index"], "_id": hit["_id"]}}) for hit in hits]
    for result in await connection.bulk(lines, retry=True):
        if result["status"] not in (200, 404):
            raise StoreError(f"an event could not be deleted: {result.get('error')}")


async def _emptied(
    connection: Connection, index: str, originals: Originals, places: dict[str, list[int]]
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return each block without the originals at its places, and the version that it must replace."""
    names = sorted(places)
    texts = await originals.open_blocks(names)
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for name in names:
        doc = await connection.request("GET", f"/{index}/_doc/{name}", retry=True)
        if doc is None or name not in texts:
            continue
        left = [None if at in places[name] else text for at, text in enumerate(texts[name])]
        key = doc["_source"]["key"]
        block = block_document(name, left, key, await originals.cipher(key))
        version = {"if_seq_no": doc["_seq_no"], "if_primary_term": doc["_primary_term"]}
        found[name] = doc["_source"] | block, version
    return found


async def expunge(connection: Connection, indices: str) -> list[str]:
    """Have the engine write its files anew without what was deleted; return the indices that had some.

    The engine keeps what was deleted for about a minute, for copies of the index that lag behind, so
    right after an erasure this does nothing yet. Raises `StoreError`.
    """
    await connection.refresh(indices)
    stats = await connection.request(
        "GET", f"/{indices}/_stats/docs", retry=True, expand_wildcards="open,hidden",
        filter_path="indices.*.primaries",
    )  # fmt: skip
    found = (stats or {}).get("indices", {})
    marred = sorted(name for name, one in found.items() if one["primaries"]["docs"].get("deleted"))
    allowed = "index.merge.policy.expunge_deletes_allowed"
    for index in marred:
        await connection.request("POST", f"/{index}/_flush", retry=True, wait_if_ongoing=True)
        await connection.request("PUT", f"/{index}/_settings", {allowed: 0})
        try:
            started = await connection.request(
                "POST", f"/{index}/_forcemerge", only_expunge_deletes=True, wait_for_completion=False
            )
            await finish_task(connection, started["task"], f"writing {index} anew")
        finally:
            await connection.request("PUT", f"/{index}/_settings", {allowed: None})
    return marred
