"""ClamAV: what it found, and what its updater did."""

from integrations.clamav.log import LOG
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (LOG,)
