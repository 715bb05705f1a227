"""dnsmasq."""

from integrations.contract import Source
from integrations.dnsmasq.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
