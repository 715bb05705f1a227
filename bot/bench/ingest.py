"""Ingest against a plain bulk: what normalising, enriching, sealing and encrypting cost.

Rounds alternate, so that both sides see the same machine. One writes log files as `siem ingest` does, on one
core beside the node; the other sends the same documents, originals readable, made and serialised before the
clock starts, as bulk requests of the same size with as many under way. Both go to data streams of the same
template on the same node.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil

from bot.bench.figures import BenchError, Load, LoadWatch
from bot.bench.lines import MAKERS, lines
from integrations.catalogue import source
from integrations.framing import read_records
from integrations.opensearch import Connection, OpenSearchStores, connect, keep_keyring
from integrations.pipeline import Pipeline, Place, geo_enricher
from rules.ecs import Document
from workers.collect.delivery import BATCH
from workers.collect.ingest import file_origin, ingest_file
from workers.engines import Engines, Progress

UNUSED = "127.0.0.1:1"
"""Stands for the Temporal that nobody asks."""
UNDER_WAY = 2
"""Requests at once, on both sides."""
SEALED, PLAIN = "sealed-", "plain-"


@dataclass(frozen=True)
class IngestOptions:
    lines: int = 10_000
    """Of each source, each round."""
    rounds: int = 4
    """Measured ones; one goes before, for the node to warm up."""


@dataclass
class IngestRound:
    events: int
    sealed: float
    """Seconds from the first byte read to the last event acknowledged."""
    plain: float
    """Seconds of the bulk requests alone."""
    memory: int
    """Bytes of this process after it."""

    @property
    def share(self) -> float:
        return self.plain / self.sealed


@dataclass
class IngestResult:
    rounds: list[IngestRound] = field(default_factory=list)
    sealed_bytes: int = 0
    plain_bytes: int = 0
    load: Load | None = None

    @property
    def share(self) -> float:
        """Of the plain bulk's speed; the median of the rounds."""
        return statistics.median(one.share for one in self.rounds)

    @property
    def bytes_ratio(self) -> float:
        """Stored for the plain bulk's bytes, originals and seals included, merged to one segment each."""
        return self.sealed_bytes / self.plain_bytes

    @property
    def memory_ratio(self) -> float:
        """Memory after the last measured round to that after the first."""
        return self.rounds[-1].memory / self.rounds[0].memory


async def run_ingest(
    options: IngestOptions, report: Callable[[Progress], None], tell: Callable[[str], None]
) -> IngestResult:
    """Measure. Raises `BenchError` or `EngineError`."""
    result = IngestResult()
    with tempfile.TemporaryDirectory(prefix="siem-bench-") as folder:
        data = Path(folder)
        async with Engines(data / "engines", report, temporal_address=UNUSED, heap_mb=1024) as engines:
            url = engines.addresses.opensearch_url
            keys = keep_keyring(data / "keys")
            sealed = await connect(url, prefix=SEALED, keyring=keys)
            twin = await connect(url, prefix=PLAIN, keyring=keys)
            plain = Connection(url, prefix=PLAIN)
            try:
                await sealed.setup()
                await twin.setup()
                watch = LoadWatch()
                for number in range(options.rounds + 1):
                    one = await _round(options, number, data, sealed, plain)
                    if number:
                        tell(f"round {number} of {options.rounds}: {one.share:.2f} of a plain bulk's speed")
                        result.rounds.append(one)
                result.load = watch.read()
                result.sealed_bytes = await _size(plain, SEALED)
                result.plain_bytes = await _size(plain, PLAIN)
            finally:
                await plain.close()
                await twin.close()
                await sealed.close()
    return result


async def _round(
    options: IngestOptions, number: int, data: Path, stores: OpenSearchStores, plain: Connection
) -> IngestRound:
    files = {name: data / f"{name}-{number}.log" for name in MAKERS}
    for name, path in files.items():
        with path.open("wb") as log:
            log.writelines(lines(name, options.lines, seed=number))
    bodies, events, streams = _bodies(files)
    if not number:
        for stream in streams:
            await plain.request("PUT", f"/_data_stream/{stream}")
    seconds: dict[str, float] = {}
    for side in ("sealed", "plain") if number % 2 else ("plain", "sealed"):
        begun = time.monotonic()
        if side == "sealed":
            created = await _ingest(files, stores)
        else:
            created = await _send(bodies, plain)
        seconds[side] = time.monotonic() - begun
        if created != events:
            raise BenchError(f"{side}: {created} of {events} events were stored in round {number}")
    for path in files.values():
        path.unlink()
    memory = psutil.Process().memory_info().rss
    return IngestRound(events, seconds["sealed"], seconds["plain"], memory)


async def _ingest(files: dict[str, Path], stores: OpenSearchStores) -> int:
    created = 0
    for name, path in files.items():
        done = await ingest_file(source(name), path, stores.events, file_origin(path), [geo_enricher()])
        if done.unparsed:
            raise BenchError(f"{done.unparsed} lines of {name} could not be read")
        created += done.created
    return created


def _bodies(files: dict[str, Path]) -> tuple[list[list[bytes]], int, list[str]]:
    """Return the lines of bulk requests, how many events they hold, and the data streams they go to."""
    bodies: list[list[bytes]] = []
    streams: set[str] = set()
    count = 0
    for name, path in files.items():
        pipeline = Pipeline(source(name), file_origin(path), Place(str(path)), [geo_enricher()])
        events: list[Document] = []
        for record in read_records(path, source(name).framing):
            events += pipeline.feed(record)
        events += pipeline.flush()
        count += len(events)
        for start in range(0, len(events), BATCH):
            body: list[bytes] = []
            for event in events[start : start + BATCH]:
                stream = f"{PLAIN}logs-{event['event']['dataset']}-default"
                streams.add(stream)
                where = {"_index": stream, "_id": event["event"]["id"]}
                body += [orjson.dumps({"create": where}), orjson.dumps(event)]
            bodies.append(body)
    return bodies, count, sorted(streams)


async def _send(bodies: list[list[bytes]], plain: Connection) -> int:
    under_way = asyncio.Semaphore(UNDER_WAY)

    async def send(body: list[bytes]) -> int:
        async with under_way:
            results = await plain.bulk(body, filter_path="items.*.status,items.*.error")
        for one in results:
            if one["status"] != 201:
                raise BenchError(f"a plain bulk failed: {one['error']}")
        return len(results)

    return sum(await asyncio.gather(*(send(body) for body in bodies)))


async def _size(connection: Connection, prefix: str) -> int:
    """Return the bytes of all indices under a prefix, merged."""
    await connection.request("POST", f"/{prefix}*/_flush")
    await connection.request("POST", f"/{prefix}*/_forcemerge", max_num_segments=1, request_timeout=300)
    await connection.request("POST", f"/{prefix}*/_refresh")
    answer = await connection.request("GET", f"/{prefix}*/_stats/store", expand_wildcards="all")
    return int(answer["_all"]["primaries"]["store"]["size_in_bytes"])
