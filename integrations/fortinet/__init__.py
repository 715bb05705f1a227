"""Fortinet: what its firewalls log."""

from integrations.contract import Source
from integrations.fortinet.fortigate import FORTIGATE

SOURCES: tuple[Source, ...] = (FORTIGATE,)
