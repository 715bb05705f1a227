"""Squid."""

from integrations.contract import Source
from integrations.squid.access import ACCESS

SOURCES: tuple[Source, ...] = (ACCESS,)
