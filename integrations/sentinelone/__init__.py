"""SentinelOne: what it finds, what is done in its console, and what its agents see."""

from integrations.contract import Source
from integrations.sentinelone.event import EVENT

SOURCES: tuple[Source, ...] = (EVENT,)
