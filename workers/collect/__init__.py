"""Collectors: records in, acknowledged events out; a position moves only after the acknowledgement."""

from workers.collect.ingest import IngestReport, file_origin, ingest_file
from workers.collect.service import run_collectors

__all__ = ["IngestReport", "file_origin", "ingest_file", "run_collectors"]
