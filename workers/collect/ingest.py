"""Files, each once: normalised and stored whole when it returns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from integrations.contract import Origin, Source
from integrations.framing import read_records
from integrations.pipeline import Enricher, Pipeline, Place
from integrations.ports import Writable, WriteResult
from rules.ecs import Document
from workers.collect.delivery import BATCH, Delivery, Writing
from workers.garbage import rare_collections

FRESH = 100
"""Events that are drafted at once: few enough for the processor's caches to have them still. Then requests
under way get their turn: a batch is larger than what a socket takes at once."""


@dataclass
class IngestReport:
    """What became of a file's records."""

    records: int = 0
    events: int = 0
    created: int = 0
    duplicates: int = 0
    unparsed: int = 0
    """Events kept as pipeline errors."""


def file_origin(
    path: Path, timezone: str = "UTC", year: int | None = None, host: str | None = None
) -> Origin:
    """Return the origin of a file's records: received when it was last written. Raises OSError."""
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Origin(received=modified, timezone=timezone, year=year, host=host)


@dataclass(frozen=True)
class LogFile:
    """A file to be read once."""

    source: Source
    path: Path
    origin: Origin


async def ingest_file(
    source: Source,
    path: Path,
    store: Writing,
    origin: Origin,
    enrichers: Sequence[Enricher] = (),
) -> IngestReport:
    """As `ingest_files`, of one file."""
    (report,) = await ingest_files([LogFile(source, path, origin)], store, enrichers)
    return report


async def ingest_files(
    files: Sequence[LogFile], store: Writing, enrichers: Sequence[Enricher] = ()
) -> list[IngestReport]:
    """Read files (also gzip, bzip2 or xz) to their ends and store all of it; the same file again stores
    nothing twice, whatever its name. The next file is read while the last events of one are on their way.

    Raises OSError or EOFError where one can't be read, or `integrations.ports.StoreError`; what was
    stored by then stays, and running it again stores the rest.
    """
    delivery = Delivery(store.write)
    reports: list[IngestReport] = []
    try:
        with rare_collections():
            for file in files:
                reports.append(IngestReport())
                await _read(file, store, delivery, enrichers, reports[-1])
            await delivery.settle()
    finally:
        await delivery.abandon()
    return reports


async def _read(
    file: LogFile, store: Writing, delivery: Delivery, enrichers: Sequence[Enricher], report: IngestReport
) -> None:
    pipeline = Pipeline(file.source, file.origin, Place(str(file.path)), enrichers)
    batch: list[Writable] = []
    unparsed = 0

    def draft(events: list[Document]) -> None:
        nonlocal unparsed
        unparsed += sum(event["event"]["kind"] == "pipeline_error" for event in events)
        batch.extend(store.draft(events))

    async def give() -> None:
        nonlocal batch, unparsed
        given, known, batch, unparsed = batch, unparsed, [], 0

        def acknowledge(result: WriteResult) -> None:
            report.events += len(given)
            report.created += result.created
            report.duplicates += result.duplicates
            report.unparsed += len(result.rejected) + known

        await delivery.give(given, acknowledge)

    fresh: list[Document] = []
    for record in read_records(file.path, file.source.framing):
        report.records += 1
        fresh += pipeline.feed(record)
        if len(fresh) >= FRESH:
            draft(fresh)
            fresh = []
            if len(batch) >= BATCH:
                await give()
            else:
                await asyncio.sleep(0)
    draft([*fresh, *pipeline.flush()])
    await give()
