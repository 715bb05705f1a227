"""Rules as queries over events that are not in the store yet: an index for a moment, asked, removed.

It is how `siem rules match --engine opensearch` and the tests hold the matcher and the queries of the
same rules to one answer. The index has the mapping of the stored events.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from integrations.opensearch.connection import Connection, require_whole
from integrations.opensearch.mapping import SETTINGS, properties
from integrations.ports import StoreError
from rules.ecs import Document

MOST_EVENTS = 10_000
"""Events asked at once: so many hits one search may return."""
SEARCHES = 25
"""Queries of one request, run one after the other: each pattern is an automaton in the node's memory."""
BULK = 1000


@dataclass
class Answers:
    """Which query found which events."""

    found: list[tuple[int, str]] = field(default_factory=list)
    """(place of the event, name of the query), by place."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why a query could not be asked, by its name."""
    refused: dict[int, str] = field(default_factory=dict)
    """Why an event could not be indexed, by its place."""


async def ask_queries(
    connection: Connection, documents: Sequence[Document], queries: Mapping[str, Mapping[str, Any]]
) -> Answers:
    """Index events for a moment and ask each query of them. Raises `StoreError`."""
    answers = Answers()
    for start in range(0, len(documents), MOST_EVENTS):
        some = documents[start : start + MOST_EVENTS]
        async with indexed(connection, some, start, answers) as index:
            names = list(queries)
            for first in range(0, len(names), SEARCHES):
                await _ask(connection, index, names[first : first + SEARCHES], queries, answers)
    answers.found.sort(key=lambda pair: pair[0])
    return answers


@asynccontextmanager
async def indexed(
    connection: Connection, documents: Sequence[Document], start: int, answers: Answers
) -> AsyncIterator[str]:
    """Index documents for a moment, each under its place from `start` on; yields the index."""
    index = f"{connection.prefix}siem-match-{uuid.uuid4().hex[:12]}"
    body = {"settings": SETTINGS, "mappings": {"dynamic": False, "properties": properties()}}
    await connection.request("PUT", f"/{index}", body)
    try:
        for first in range(0, len(documents), BULK):
            lines: list[bytes] = []
            for place, document in enumerate(documents[first : first + BULK], start + first):
                lines.append(orjson.dumps({"index": {"_index": index, "_id": str(place)}}))
                lines.append(orjson.dumps(document))
            for result in await connection.bulk(lines):
                if result["status"] not in (200, 201):
                    answers.refused[int(result["_id"])] = str(result["error"].get("reason"))
        await connection.refresh(index)
        yield index
    finally:
        await connection.request("DELETE", f"/{index}")


async def _ask(
    connection: Connection,
    index: str,
    names: Sequence[str],
    queries: Mapping[str, Mapping[str, Any]],
    answers: Answers,
) -> None:
    lines: list[bytes] = []
    for name in names:
        search = {"size": MOST_EVENTS, "_source": False, "track_total_hits": True, "query": queries[name]}
        lines += [orjson.dumps({"index": index}), orjson.dumps(search)]
    body = b"\n".join(lines) + b"\n"
    answer = await connection.request("POST", "/_msearch", body, ndjson=True, max_concurrent_searches=1)
    for name, response in zip(names, answer["responses"], strict=True):
        if "error" in response:
            answers.failed[name] = _reason(response["error"])
            continue
        hits = response["hits"]["hits"]
        if response["_shards"]["failed"]:
            answers.failed[name] = _reason(response["_shards"]["failures"][0]["reason"])
            continue
        require_whole(response, index)
        if response["hits"]["total"]["value"] != len(hits):
            raise StoreError(f"the answer to {name} is not whole")
        answers.found += [(int(hit["_id"]), name) for hit in hits]


def _reason(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    causes = error.get("root_cause") or error.get("failed_shards") or []
    inner = causes[0] if causes else {}
    return str((inner.get("reason") if isinstance(inner, Mapping) else "") or error.get("reason"))
