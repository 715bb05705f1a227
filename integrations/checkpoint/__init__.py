"""Check Point: what its gateways and management servers log."""

from integrations.checkpoint.firewall import FIREWALL
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (FIREWALL,)
