"""Microsoft Azure: its activity log and what its resources log."""

from integrations.azure.activity import ACTIVITY
from integrations.azure.network import FIREWALL, NSGFLOW
from integrations.azure.platform import KEYVAULT, PLATFORM, STORAGE
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (ACTIVITY, FIREWALL, KEYVAULT, NSGFLOW, PLATFORM, STORAGE)
