"""Suricata."""

from integrations.contract import Source
from integrations.suricata.eve import EVE

SOURCES: tuple[Source, ...] = (EVE,)
