"""What syslog over UDP loses on loopback: datagrams at rising rates to a collector that stores meanwhile.

UDP tells no sender to wait. What the collector's thread does not read in time waits in the kernel's buffer,
and beyond that is thrown away; a network loses more on its way, of which nobody hears.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.bench.figures import BenchError, Load, LoadWatch
from bot.bench.ingest import SEALED, UNUSED
from integrations.opensearch import OpenSearchStores, connect, keep_keyring
from workers.collect import run_collectors
from workers.collect.state import SourceState, read_state
from workers.collect_section import CollectSection
from workers.engines import Engines, Progress

RATES = (1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 80_000)
"""Datagrams a second."""
BUFFERS = (16 << 20, 212_992)
"""Bytes of receive buffer: what an entry asks for, and what the kernel gives who asks for nothing."""
SETTLED = 2.5
"""Seconds without a new datagram after which the others are lost: the state is written every two."""
LONGEST = 60.0


@dataclass(frozen=True)
class UdpRound:
    buffer: int
    """Bytes."""
    rate: int
    """Datagrams a second that were to be sent."""
    reached: float
    """And that were."""
    sent: int
    lost: int

    @property
    def share(self) -> float:
        return self.lost / self.sent


@dataclass
class UdpResult:
    rounds: list[UdpRound] = field(default_factory=list)
    load: Load | None = None


async def run_udp(
    seconds: float, report: Callable[[Progress], None], tell: Callable[[str], None]
) -> UdpResult:
    """Send for so many seconds at each rate. Raises `BenchError` or `EngineError`."""
    result = UdpResult()
    with tempfile.TemporaryDirectory(prefix="siem-bench-") as folder:
        data = Path(folder)
        async with Engines(data / "engines", report, temporal_address=UNUSED, heap_mb=1024) as engines:
            keyring = keep_keyring(data / "keys")
            stores = await connect(engines.addresses.opensearch_url, prefix=SEALED, keyring=keyring)
            try:
                await stores.setup()
                watch = LoadWatch()
                for buffer in BUFFERS:
                    result.rounds += await _rounds(buffer, seconds, stores, data / str(buffer), tell)
                result.load = watch.read()
            finally:
                await stores.close()
    return result


async def _rounds(
    buffer: int, seconds: float, stores: OpenSearchStores, folder: Path, tell: Callable[[str], None]
) -> Sequence[UdpRound]:
    found = []
    async with _collecting(buffer, stores, folder) as port:
        for rate in RATES:
            count = round(rate * seconds)
            before = _said(folder).received
            reached = await _send(port, rate, count)
            lost = count - (await _received(folder, before, count) - before)
            found.append(UdpRound(buffer, rate, reached, count, lost))
            tell(f"{buffer:,} bytes of buffer, {reached:,.0f} a second: {found[-1].share:.2%} lost")
    return found


@asynccontextmanager
async def _collecting(buffer: int, stores: OpenSearchStores, folder: Path) -> AsyncIterator[int]:
    """Run a collector; yield the port at which it takes datagrams."""
    section = CollectSection.model_validate(
        {
            "source": "linux.auth", "year": 2026, "spool": "2GB",
            "syslog": {"udp": "127.0.0.1:0", "receive_buffer": buffer},
        }
    )  # fmt: skip
    stop = asyncio.Event()
    running = asyncio.create_task(run_collectors([section], stores.events, folder, stop))
    try:
        while (said := read_state(folder)) is None or not said.sources[0].listens:
            if running.done():
                running.result()
                raise BenchError("the collector stopped")
            await asyncio.sleep(0.05)
        yield int(said.sources[0].listens[0].rpartition(":")[2])
    finally:
        stop.set()
        await running


def _said(folder: Path) -> SourceState:
    said = read_state(folder)
    if said is None:
        raise BenchError("the collector says nothing of itself")
    return said.sources[0]


async def _send(port: int, rate: int, count: int) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.bench.datagrams", str(port), str(rate), str(count)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise BenchError("the sender of datagrams failed")
    return float(said)


async def _received(folder: Path, before: int, count: int) -> int:
    """Return what the collector has received when no more comes."""
    loop = asyncio.get_running_loop()
    begun = changed = loop.time()
    last = before
    while loop.time() - changed < SETTLED and loop.time() - begun < LONGEST:
        await asyncio.sleep(0.1)
        if (now := _said(folder).received) != last:
            last, changed = now, loop.time()
        if last - before >= count:
            break
    return last
