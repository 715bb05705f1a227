"""Ingest against a plain bulk: what normalising, enriching, sealing and encrypting cost.

Rounds alternate, so that both sides see the same machine. One reads log files and stores them as `siem
ingest` does, Python on one core beside the node. The other sends the same documents, originals readable,
as bulk requests that were made before the clock starts, of the same size and with as many under way. Both
go to data streams of the same template on the same node.

Times of a busy machine are noise; processor time is less so, and is measured too: this process's and the
node's, for each event.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
import psutil

from bot.bench.figures import BenchError, Load, LoadWatch
from bot.bench.lines import MAKERS, lines
from integrations.catalogue import source
from integrations.framing import read_records
from integrations.opensearch import Connection, OpenSearchStores, connect, keep_keyring
from integrations.pipeline import Pipeline, Place, geo_enricher
from rules.ecs import Document
from workers.collect.delivery import BATCH, Writing
from workers.collect.ingest import IngestReport, LogFile, file_origin, ingest_files
from workers.engines import Engines, Progress

UNUSED = "127.0.0.1:1"
"""Stands for the Temporal that nobody asks."""
UNDER_WAY = 2
"""Requests at once, on both sides."""
SEALED, PLAIN = "sealed-", "plain-"
BULK = "/_bulk?filter_path=errors,items.*.error"
MERGE_SECONDS = 600.0


@dataclass(frozen=True)
class IngestOptions:
    lines: int = 200_000
    """Of all sources and measured rounds together."""
    rounds: int = 4
    """Measured ones; one as large goes before, for the node to warm up."""

    @property
    def each(self) -> int:
        """Lines of each source in each round."""
        return max(1, self.lines // (self.rounds * len(MAKERS)))


@dataclass(frozen=True)
class Spent:
    """What one side of a round took."""

    seconds: float
    own: float
    """Seconds of processor time of this process."""
    node: float
    """And of the node, merges in the background included."""

    @property
    def processor(self) -> float:
        return self.own + self.node


@dataclass(frozen=True)
class IngestRound:
    events: int
    sealed: Spent
    """From the first byte read to the last event acknowledged."""
    plain: Spent
    """The bulk requests alone."""

    @property
    def share(self) -> float:
        return self.plain.seconds / self.sealed.seconds

    @property
    def processor_share(self) -> float:
        return self.plain.processor / self.sealed.processor


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
    def processor_share(self) -> float:
        """The plain bulk's processor time to ours; the median of the rounds."""
        return statistics.median(one.processor_share for one in self.rounds)

    @property
    def bytes_ratio(self) -> float:
        """Stored for the plain bulk's bytes, originals and seals included, merged to one segment each."""
        return self.sealed_bytes / self.plain_bytes


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
            plain = Connection(url, prefix=PLAIN, timeout=MERGE_SECONDS)
            node = node_below(data)
            try:
                await sealed.setup()
                await twin.setup()
                watch = LoadWatch()
                for number in range(options.rounds + 1):
                    one = await _round(options.each, number, data, sealed, plain, url, node)
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


def node_below(data: Path) -> psutil.Process:
    """Return the process of the node whose data lie in a folder. Raises `BenchError`."""
    for process in psutil.process_iter(["cmdline"]):
        if any(str(data) in word for word in process.info["cmdline"] or ()) and "java" in process.name():
            return process
    raise BenchError(f"there is no node whose data lie in {data}")


async def _round(
    each: int,
    number: int,
    data: Path,
    stores: OpenSearchStores,
    plain: Connection,
    url: str,
    node: psutil.Process,
) -> IngestRound:
    files = write_files(data, each, number)
    bodies, events, streams = _bodies(files)
    if not number:
        for stream in streams:
            await plain.request("PUT", f"/_data_stream/{stream}")
            sealed = f"{SEALED}{stream.removeprefix(PLAIN)}"
            await plain.request("PUT", f"/_data_stream/{sealed}")
    spent: dict[str, Spent] = {}
    for side in ("sealed", "plain") if number % 2 else ("plain", "sealed"):
        with _clock(node, spent, side):
            if side == "sealed":
                created = sum(one.created for one in await ingest(files, stores.events))
            else:
                created = await _send(bodies, url)
        if created != events:
            raise BenchError(f"{side}: {created} of {events} events were stored in round {number}")
    for path in files.values():
        path.unlink()
    return IngestRound(events, spent["sealed"], spent["plain"])


@contextmanager
def _clock(node: psutil.Process, spent: dict[str, Spent], side: str) -> Iterator[None]:
    own, below, begun = time.process_time(), sum(node.cpu_times()[:2]), time.monotonic()
    yield
    seconds = time.monotonic() - begun
    spent[side] = Spent(seconds, time.process_time() - own, sum(node.cpu_times()[:2]) - below)


def write_files(folder: Path, each: int, seed: int) -> dict[str, Path]:
    """Write a log file of each source with `each` lines; return them by source."""
    files = {name: folder / f"{name}-{seed}.log" for name in MAKERS}
    for name, path in files.items():
        with path.open("wb") as log:
            log.writelines(lines(name, each, seed=seed))
    return files


async def ingest(files: Mapping[str, Path], store: Writing) -> list[IngestReport]:
    """Store files by source as `siem ingest` does. Raises `BenchError` where a line could not be read."""
    jobs = [LogFile(source(name), path, file_origin(path)) for name, path in files.items()]
    done = await ingest_files(jobs, store, [geo_enricher()])
    for name, one in zip(files, done, strict=True):
        if one.unparsed:
            raise BenchError(f"{one.unparsed} lines of {name} could not be read")
    return done


def _bodies(files: Mapping[str, Path]) -> tuple[list[tuple[bytes, int]], int, list[str]]:
    """Return bulk requests, each with its number of events, how many events there are, and the data
    streams they go to."""
    bodies: list[tuple[bytes, int]] = []
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
            part = events[start : start + BATCH]
            body = bytearray()
            for event in part:
                stream = f"{PLAIN}logs-{event['event']['dataset']}-default"
                streams.add(stream)
                where = {"_index": stream, "_id": event["event"]["id"]}
                body += b"%b\n%b\n" % (orjson.dumps({"create": where}), orjson.dumps(event))
            bodies.append((bytes(body), len(part)))
    return bodies, count, sorted(streams)


async def _send(bodies: Sequence[tuple[bytes, int]], url: str) -> int:
    """Send bulk requests as fast as the node takes them; return how many events it stored."""
    waiting = iter(bodies)
    headers = {"content-type": "application/x-ndjson"}

    async def send(session: aiohttp.ClientSession) -> int:
        sent = 0
        for body, events in waiting:
            async with session.post(f"{url.rstrip('/')}{BULK}", data=body, headers=headers) as answer:
                said = orjson.loads(await answer.read())
            if answer.status != 200 or said["errors"]:
                raise BenchError(f"a plain bulk failed: {str(said)[:500]}")
            sent += events
        return sent

    async with aiohttp.ClientSession() as session:
        return sum(await asyncio.gather(*(send(session) for _ in range(UNDER_WAY))))


async def _size(connection: Connection, prefix: str) -> int:
    """Return the bytes of all indices under a prefix, merged."""
    await connection.request("POST", f"/{prefix}*/_flush")
    await connection.request("POST", f"/{prefix}*/_forcemerge", max_num_segments=1)
    await connection.request("POST", f"/{prefix}*/_refresh")
    # Not `_stats`, whose sizes the node keeps for ten seconds.
    answer = await connection.request("GET", f"/{prefix}*/_segments", expand_wildcards="all")
    return sum(
        int(segment["size_in_bytes"])
        for index in answer["indices"].values()
        for copies in index["shards"].values()
        for copy in copies
        if copy["routing"]["primary"]
        for segment in copy["segments"].values()
    )
