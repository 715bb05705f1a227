"""Sophos: what its firewalls and Central log."""

from integrations.contract import Source
from integrations.sophos.central import CENTRAL
from integrations.sophos.firewall import FIREWALL
from integrations.sophos.utm import UTM

SOURCES: tuple[Source, ...] = (FIREWALL, UTM, CENTRAL)
