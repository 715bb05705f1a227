"""HAProxy."""

from integrations.contract import Source
from integrations.haproxy.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
