"""Sophos: what its firewalls log."""

from integrations.contract import Source
from integrations.sophos.firewall import FIREWALL
from integrations.sophos.utm import UTM

SOURCES: tuple[Source, ...] = (FIREWALL, UTM)
