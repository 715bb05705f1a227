"""Cisco: what its firewalls, routers and switches log."""

from integrations.cisco.asa import ASA
from integrations.cisco.ftd import FTD
from integrations.cisco.ios import IOS
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (ASA, FTD, IOS)
