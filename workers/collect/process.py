"""The process ``siem collect``: needs OpenSearch alone, so collection goes on while Temporal is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from workers.collect.objects import FETCHED
from workers.collect.service import run_collectors
from workers.composition import open_stores
from workers.engines import find_opensearch
from workers.own_vendors import enrichers, register_sources
from workers.settings import Settings


async def run_collect(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Collect until `stop` is set. Raises `EnginesNotRunningError`, `StoreError`, `CatalogueError`
    `SettingsError` or `ListenError`."""
    if objects := sum(section.objects is not None for section in settings.site.collect):
        # Each waits for its queue in a thread, and fetches in some: they must not keep others waiting.
        threads = ThreadPoolExecutor(16 + objects * (FETCHED + 1))
        asyncio.get_running_loop().set_default_executor(threads)
    stores = await open_stores(settings, find_opensearch(settings))
    try:
        await stores.setup()
        register_sources(settings)
        finishing = enrichers(settings)
        canary = settings.site.health.canary
        await run_collectors(
            settings.site.collect,
            stores.events,
            settings.data / "collect",
            stop,
            root=settings.root,
            enrichers=finishing,
            states=stores.state,
            ready=ready,
            receiver=settings.site.receiver,
            secrets=settings.collect_secrets(),
            connections=settings.collect_connections(),
            canary=None if canary.off else canary.every,
        )
    finally:
        await stores.close()
