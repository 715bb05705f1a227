"""SonicWall: what its firewalls log."""

from integrations.contract import Source
from integrations.sonicwall.firewall import FIREWALL

SOURCES: tuple[Source, ...] = (FIREWALL,)
