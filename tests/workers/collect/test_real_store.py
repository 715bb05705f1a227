"""On a real OpenSearch node: what sources make is accepted as it is, tailed promptly, and stored once."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.catalogue import source, sources
from integrations.contract import Record
from integrations.opensearch import Keyring, OpenSearchStores, connect
from integrations.pipeline import Pipeline, geo_enricher
from integrations.recognition import DEFAULT_ORIGIN
from workers.collect import file_origin, ingest_file, run_collectors
from workers.site_file import CollectSection

from .test_tail import append

pytestmark = pytest.mark.engine


@pytest.fixture
async def stores(opensearch_url: str, index_prefix: str) -> AsyncIterator[OpenSearchStores]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"test": b"k" * 32}))
    await stores.setup()
    yield stores
    await stores.close()


async def test_the_store_takes_every_sources_samples_as_they_are(stores: OpenSearchStores) -> None:
    """In one data stream: all have the same mapping, and making hundreds of them takes minutes."""
    events = []
    for one in sources():
        pipeline = Pipeline(one, DEFAULT_ORIGIN, enrichers=[geo_enricher()])
        for place, sample in enumerate(one.samples):
            events += pipeline.feed(Record(sample.record.encode(), f"sample@{place}"))
        events += pipeline.flush()
    for event in events:
        name = event["data_stream"]["dataset"]
        assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", name)
        event["data_stream"]["dataset"] = "samples"
    created = 0
    for at in range(0, len(events), 300):
        result = await stores.events.write(events[at : at + 300])
        assert result.rejected == ()
        created += result.created
    assert created == len(events) > 1000


async def test_a_file_is_stored_once_however_often_and_found_again(
    stores: OpenSearchStores, tmp_path: Path
) -> None:
    log = tmp_path / "auth.log"
    append(log, *range(600))
    auth = source("linux.auth")
    first = await ingest_file(auth, log, stores.events, file_origin(log, year=2026))
    again = await ingest_file(auth, log, stores.events, file_origin(log, year=2026))
    assert (first.created, first.unparsed) == (600, 0)
    assert (again.created, again.duplicates) == (0, 600)
    moment = datetime(2026, 3, 30, 16, 1, 7, tzinfo=UTC)
    await stores.events.checkpoints()
    assert await stores.events.count({"related.ip": ["203.0.113.7"]}, moment, moment) == 10


async def stored(stores: OpenSearchStores, moment: datetime) -> int:
    await stores.events.checkpoints()
    return await stores.events.count({"process.name": ["sshd"]}, moment, moment)


async def test_a_line_is_stored_soon_after_it_is_written(stores: OpenSearchStores, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    stop = asyncio.Event()
    section = CollectSection(source="linux.auth", files=("auth.log",), year=2026)
    running = asyncio.create_task(
        run_collectors([section], stores.events, tmp_path / "state", stop, root=tmp_path, enrichers=[])
    )
    moment = datetime(2026, 3, 30, 16, 1, 1, tzinfo=UTC)
    waited = []
    try:
        async with asyncio.timeout(60):
            for number in range(5):
                append(log, 60 * number + 1)
                begun = time.monotonic()
                while await stored(stores, moment) <= number:  # noqa: ASYNC110 - the store tells nobody
                    await asyncio.sleep(0.02)
                waited.append(time.monotonic() - begun)
    finally:
        stop.set()
        await running
    print("seconds from line to search:", [round(seconds, 3) for seconds in waited])
