"""Fortinet: what its firewalls log, and addresses that they deny."""

from integrations.contract import Action, Source
from integrations.fortinet.block_ip import BlockIp
from integrations.fortinet.fortigate import FORTIGATE
from integrations.fortinet.rest_api import FORTIGATE as FIREWALL

SOURCES: tuple[Source, ...] = (FORTIGATE,)
ACTIONS: tuple[Action, ...] = (BlockIp(),)
CONNECTIONS = (FIREWALL,)
