"""Palo Alto Networks: what its firewalls log, and addresses that they drop."""

from integrations.contract import Action, Source
from integrations.panw.block_ip import BlockIp
from integrations.panw.panos import PANOS
from integrations.panw.xml_api import PANOS as FIREWALL

SOURCES: tuple[Source, ...] = (PANOS,)
ACTIONS: tuple[Action, ...] = (BlockIp(),)
CONNECTIONS = (FIREWALL,)
