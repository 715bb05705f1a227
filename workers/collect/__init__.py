"""Collectors: records in, acknowledged events out; a position moves only after the acknowledgement."""

from workers.collect.ingest import IngestReport, LogFile, file_origin, ingest_file, ingest_files
from workers.collect.service import run_collectors

__all__ = [
    "IngestReport",
    "LogFile",
    "file_origin",
    "ingest_file",
    "ingest_files",
    "run_collectors",
]
