"""Palo Alto Networks: what its firewalls log."""

from integrations.contract import Source
from integrations.panw.panos import PANOS

SOURCES: tuple[Source, ...] = (PANOS,)
