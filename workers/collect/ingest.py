"""One file once: normalised and stored whole when it returns."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from integrations.contract import Origin, Record, Source
from integrations.pipeline import Enricher, Pipeline, Place
from integrations.ports import EventStore
from rules.ecs import Document

BATCH = 2000


@dataclass
class IngestReport:
    """What became of a file's records."""

    records: int = 0
    events: int = 0
    created: int = 0
    duplicates: int = 0
    unparsed: int = 0
    """Events kept as pipeline errors."""


async def ingest_file(
    source: Source, path: Path, store: EventStore, origin: Origin, enrichers: tuple[Enricher, ...] = ()
) -> IngestReport:
    """Read a file to its end and store all of it; the same file again stores nothing twice.

    Raises OSError, or `integrations.ports.StoreError` with nothing lost: run it again.
    """
    report = IngestReport()
    pipeline = Pipeline(source, origin, Place(str(path)), enrichers)
    batch: list[Document] = []
    for record in records_of(path):
        report.records += 1
        batch += pipeline.feed(record)
        if len(batch) >= BATCH:
            await _store(batch, store, report)
            batch = []
    await _store([*batch, *pipeline.flush()], store, report)
    return report


async def _store(batch: list[Document], store: EventStore, report: IngestReport) -> None:
    if not batch:
        return
    result = await store.write(batch)
    report.events += len(batch)
    report.created += result.created
    report.duplicates += result.duplicates
    report.unparsed += sum(document["event"]["kind"] == "pipeline_error" for document in batch)
    report.unparsed += len(result.rejected)


def records_of(path: Path) -> Iterator[Record]:
    """Yield a file's lines as records; a gzip file's are those of its content.

    Positions are of the content, not of the file: its first 64 KiB name it.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        identity = "content-" + hashlib.sha256(file.read(65_536)).hexdigest()[:24]
    offset = 0
    with opened(path, "rb") as file:
        for line in file:
            yield Record(data=line.rstrip(b"\r\n"), position=f"{identity}@{offset}")
            offset += len(line)
