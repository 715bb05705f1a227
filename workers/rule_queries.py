"""Rules asked as OpenSearch queries: the compiled tree of each, in the engine's language."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integrations.opensearch import OpenSearchStores, connect
from integrations.opensearch.mapping import properties
from rules.sigma import Kinds, Matcher, QueryError, gate_of, kinds_of, query_of, wide_query_of
from workers.composition import open_stores
from workers.engines import Engines, EnginesNotRunningError, find_opensearch
from workers.settings import Settings, read_environment

_UNUSED = "127.0.0.1:1"
"""Stands for the engine that is not started."""


@dataclass(frozen=True)
class RuleQueries:
    """The queries of rules by rule id, and why others have none that finds their events alone."""

    queries: dict[str, dict[str, Any]]
    missing: dict[str, str]
    wide: dict[str, dict[str, Any]]
    """Of those others: queries that find at least their events, which the matcher tells from the rest."""


def queries_of(matcher: Matcher, kinds: Kinds | None = None) -> RuleQueries:
    """Return what to ask the store for each rule of a matcher."""
    known = kinds or kinds_of(properties())
    queries: dict[str, dict[str, Any]] = {}
    missing: dict[str, str] = {}
    wide: dict[str, dict[str, Any]] = {}
    for detection, tree in matcher.compiled():
        try:
            queries[detection.id] = query_of(tree, gate_of(detection.logsource), known)
        except QueryError as error:
            missing[detection.id] = str(error)
            wide[detection.id] = wide_query_of(tree, gate_of(detection.logsource), known)
    return RuleQueries(queries, missing, wide)


@asynccontextmanager
async def some_opensearch(settings: Settings | None) -> AsyncIterator[OpenSearchStores]:
    """The cluster that the settings or ``SIEM_OPENSEARCH_URL`` name, else the node that runs on the
    site's data folder, else a node started for this."""
    url = read_environment().opensearch_url
    if settings is not None:
        try:
            url = find_opensearch(settings)
        except EnginesNotRunningError:
            url = None
    if url is not None:
        stores = await (open_stores(settings, url) if settings is not None else connect(url))
        try:
            yield stores
        finally:
            await stores.close()
        return
    with tempfile.TemporaryDirectory(prefix="siem-match-") as folder:
        async with Engines(Path(folder), temporal_address=_UNUSED) as engines:
            stores = await connect(engines.addresses.opensearch_url)
            try:
                yield stores
            finally:
                await stores.close()
