"""The collector's memory: flat from the first to the millionth line.

Files are read and stored as `siem ingest` does, one round after the other in this process, but as patiently
as the collector; after each round its resident memory is read. What a process needs to begin with (tables,
caches, a few batches under way) it has after the first round; a leak shows in those that follow.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bot.bench.ingest import SEALED, UNUSED, ingest, write_files
from bot.bench.lines import MAKERS
from integrations.opensearch import connect, keep_keyring
from workers.collect.delivery import PatientWriter
from workers.engines import Engines, Progress

ROUND = 10_000
"""Lines of each source in one round."""


@dataclass
class MemoryResult:
    lines: int = 0
    resident: list[int] = field(default_factory=list)
    """Bytes after each round."""

    @property
    def growth(self) -> float:
        """Memory of the last quarter of the rounds to that of the first, medians."""
        some = max(1, len(self.resident) // 4)
        return statistics.median(self.resident[-some:]) / statistics.median(self.resident[:some])

    @property
    def spread(self) -> float:
        """The most to the least."""
        return max(self.resident) / min(self.resident)


async def run_memory(
    lines: int, report: Callable[[Progress], None], tell: Callable[[str], None]
) -> MemoryResult:
    """Store `lines` lines or a few more. Raises `BenchError` or `EngineError`."""
    result = MemoryResult()
    process = psutil.Process()
    with tempfile.TemporaryDirectory(prefix="siem-bench-") as folder:
        data = Path(folder)
        async with Engines(data / "engines", report, temporal_address=UNUSED, heap_mb=1024) as engines:
            keyring = keep_keyring(data / "keys")
            stores = await connect(engines.addresses.opensearch_url, prefix=SEALED, keyring=keyring)
            try:
                await stores.setup()
                patient = PatientWriter(stores.events)
                each = min(ROUND, max(1, lines // (4 * len(MAKERS))))
                while result.lines < lines:
                    files = write_files(data, each, len(result.resident))
                    result.lines += sum(one.records for one in await ingest(files, patient))
                    for path in files.values():
                        path.unlink()
                    result.resident.append(process.memory_info().rss)
                    tell(f"{result.lines:,} lines: {result.resident[-1] / 2**20:,.0f} MiB")
            finally:
                await stores.close()
    return result
