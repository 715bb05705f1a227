"""Snort 2 and 3."""

from integrations.contract import Source
from integrations.snort.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
