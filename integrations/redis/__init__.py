"""Redis and Valkey: the server's log."""

from integrations.contract import Source
from integrations.redis.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
