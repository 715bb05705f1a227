"""Juniper: what its firewalls log."""

from integrations.contract import Source
from integrations.juniper.srx import SRX

SOURCES: tuple[Source, ...] = (SRX,)
