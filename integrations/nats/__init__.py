"""NATS: the server's log."""

from integrations.contract import Source
from integrations.nats.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
