"""Zeek."""

from integrations.contract import Source
from integrations.zeek.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
