"""Erasure on request (GDPR, article 17): events about a person, and their sealed originals.

The chain says first which events go and what their blocks become; the person is named there only
by a digest of the query. What a legal hold covers stays (article 17, 3e) and is reported.
Alerts, incidents and evidence are records of what was done and are not touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from integrations.opensearch.connection import Connection
from integrations.opensearch.holds import Hold, held
from integrations.opensearch.originals import Originals
from integrations.opensearch.sealing import SealWriter, block_document, body_digest
from integrations.opensearch.seals import Kind
from integrations.ports import StoreError
from rules.ecs import timestamp


@dataclass(frozen=True)
class Erased:
    events: tuple[str, ...]
    held: int
    """Matching events that a legal hold keeps."""


async def erase(
    connection: Connection, seals: SealWriter, originals: Originals, events: str, query: str,
    holds: Sequence[Hold], *, reason: str, by: str, now: datetime,
) -> Erased:  # fmt: skip
    """Delete the events that a query finds (Lucene's syntax), and their originals from the blocks.

    Raises `StoreQueryError` for a faulty query, `StoreError`; repeatable after either.
    """
    await connection.refresh(events)
    asked: dict[str, Any] = {"query_string": {"query": query, "analyze_wildcard": True}}
    kept = await connection.search(
        events,
        {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [asked, held(holds)]}}},
    )
    found: list[dict[str, Any]] = []
    body = {"query": {"bool": {"filter": [asked], "must_not": [held(holds)]}}, "_source": ["siem"]}
    async for hits in connection.pages(events, body, [{"_seq_no": "asc"}, {"_index": "asc"}]):
        found += hits
    subject = hashlib.sha256(query.encode()).hexdigest()
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
