"""The collector is killed at random moments while it pulls from four vendors and fetches objects: every
record is in a real OpenSearch, once."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from integrations.opensearch import Keyring, OpenSearchStores, connect
from rules.ecs import get
from tests.integrations.vendor_server import Answer, Handler

from .object_store import Store, object_stores, trail
from .pull_servers import SERVERS, PullServer

pytestmark = pytest.mark.engine

COLLECTOR = """
    import asyncio, json, sys
    from pathlib import Path
    from integrations.opensearch import Keyring, connect
    from workers.collect import run_collectors
    from workers.site_file import CollectSection

    url, prefix, folder, given = sys.argv[1:]
    sections, connections = json.loads(given)

    async def main():
        stores = await connect(url, prefix=prefix, keyring=Keyring({"test": b"k" * 32}))
        await run_collectors(
            [CollectSection.model_validate(one) for one in sections], stores.events, Path(folder),
            asyncio.Event(), enrichers=[], connections=connections,
        )

    asyncio.run(main())
"""
NAMES = {"okta.system", "m365.audit", "google_workspace.activity", "github.audit", "aws.cloudtrail"}


@pytest.fixture
async def stores(opensearch_url: str, index_prefix: str) -> AsyncIterator[OpenSearchStores]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"test": b"k" * 32}))
    await stores.setup()
    yield stores
    await stores.close()


async def stored(stores: OpenSearchStores) -> Counter[tuple[str, str]]:
    """Return how often there is an event of each source and user."""
    upto = await stores.events.checkpoints()
    found: Counter[tuple[str, str]] = Counter()
    async for page in stores.events.between({}, upto):
        for event in page:
            user = str(get(event.document, "user.name") or get(event.document, "user.email"))
            found[get(event.document, "event.module"), user.partition("@")[0]] += 1
    return found


async def counted(stores: OpenSearchStores) -> int:
    await stores.events.checkpoints()  # and all before them can be found
    return sum(count for _, count, _ in await stores.events.sources())


def slowed(server: PullServer) -> PullServer:
    """Let every answer take its time, so that pulls are killed in their middle."""
    through = server._through

    @web.middleware
    async def slowly(request: web.Request, handler: Handler) -> Answer:
        await asyncio.sleep(0.03)
        return await through(request, handler)

    server._through = slowly  # type: ignore[method-assign]
    return server


async def test_every_record_is_stored_once_whenever_the_collector_dies(
    opensearch_url: str,
    index_prefix: str,
    stores: OpenSearchStores,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seed = random.Random(7)
    monkeypatch.setattr(logging.getLogger("werkzeug"), "disabled", True)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(slowed(make())) for make in SERVERS]
        bucket = stack.enter_context(object_stores())()
        given = json.dumps(configuration(servers, bucket))
        command = [
            *(sys.executable, "-c", textwrap.dedent(COLLECTOR)),
            *(opensearch_url, index_prefix, str(tmp_path), given),
        ]
        wanted: Counter[tuple[str, str]] = Counter()
        for number in range(12 if request.config.getoption("--kills") == "all" else 2):
            await more(servers, bucket, number, wanted)
            before = await counted(stores)
            process = await asyncio.to_thread(subprocess.Popen, command)
            try:
                async with asyncio.timeout(60):
                    while await counted(stores) == before:
                        await asyncio.sleep(0.05)
                        assert process.poll() is None
                await asyncio.sleep(seed.random() * 0.5)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
        in_between = await stored(stores)
        last = await asyncio.to_thread(subprocess.Popen, command)
        try:
            async with asyncio.timeout(60 + len(wanted) / 50):
                while await counted(stores) < len(wanted):  # noqa: ASYNC110 - in a store
                    await asyncio.sleep(0.3)
                while bucket.waiting() != (0, 0):  # noqa: ASYNC110 - it is in a queue
                    await asyncio.sleep(0.1)
        finally:
            last.terminate()
            last.wait()
        assert await stored(stores) == wanted
        assert all(server.violations == [] for server in servers)
        assert 0 < len(in_between) < len(wanted), "it was killed in the middle"
        print("stored once:", len(wanted), "of them before the last start:", len(in_between))


def configuration(servers: list[PullServer], bucket: Store) -> tuple[list[Any], dict[str, Any]]:
    """Return sections and connections, as JSON types."""
    sections: list[Any] = [
        {
            "source": server.source,
            "pull": {"connection": server.source.replace(".", "-"), "every": "100ms", "since": "6h",
                     "with": {**server.options}},
        }
        for server in servers
    ]  # fmt: skip
    connections = {server.source.replace(".", "-"): server.connection for server in servers}
    objects = {"connection": "store", "queue": bucket.queue, "visibility": "2s"}
    sections.append({"source": "aws.cloudtrail", "objects": objects})
    return sections, {**connections, "store": bucket.connection}


async def more(
    servers: list[PullServer], bucket: Store, number: int, wanted: Counter[tuple[str, str]]
) -> None:
    """Let records and objects appear; they are wanted once."""
    for server in servers:
        first = len(server.records)
        server.add(400, timedelta(minutes=3) - timedelta(seconds=number))
        module = server.source.partition(".")[0]
        wanted.update((module, f"user-{user}") for user in range(first, len(server.records)))
    for part in range(8):
        users = range((number * 8 + part) * 50, (number * 8 + part) * 50 + 50)
        key = f"CloudTrail/{number}-{part}.json.gz"
        await asyncio.to_thread(bucket.put, key, trail(users))
        await asyncio.to_thread(bucket.send, {"Records": [bucket.told(key)]})
        wanted.update(("aws", f"user-{user}") for user in users)
