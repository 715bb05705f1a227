"""The embedded engines: OpenSearch and Temporal from pip alone, in one data folder."""

from workers.engines.embedded import Addresses, Engines, find_engines, find_opensearch
from workers.engines.errors import (
    ChecksumError,
    DiskFullError,
    DownloadError,
    EngineError,
    EnginesNotRunningError,
    EngineStartError,
    FolderLockedError,
    FolderNotWritableError,
    PortInUseError,
)
from workers.engines.progress import Health, Progress, Report, Stage
from workers.engines.temporal import SEARCH_ATTRIBUTES, prepare_namespace

__all__ = [
    "SEARCH_ATTRIBUTES",
    "Addresses",
    "ChecksumError",
    "DiskFullError",
    "DownloadError",
    "EngineError",
    "EngineStartError",
    "Engines",
    "EnginesNotRunningError",
    "FolderLockedError",
    "FolderNotWritableError",
    "Health",
    "PortInUseError",
    "Progress",
    "Report",
    "Stage",
    "find_engines",
    "find_opensearch",
    "prepare_namespace",
]
