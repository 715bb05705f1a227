"""Wazuh: what its server finds."""

from integrations.contract import Source
from integrations.wazuh.alerts import ALERTS

SOURCES: tuple[Source, ...] = (ALERTS,)
