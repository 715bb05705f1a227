"""Sophos: what its firewalls log."""

from integrations.contract import Source
from integrations.sophos.firewall import FIREWALL

SOURCES: tuple[Source, ...] = (FIREWALL,)
