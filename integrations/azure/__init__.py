"""Microsoft Azure: its activity log and what its resources log; addresses denied in its network."""

from integrations.azure.activity import ACTIVITY
from integrations.azure.block_ip import BlockIp
from integrations.azure.network import FIREWALL, NSGFLOW
from integrations.azure.platform import KEYVAULT, PLATFORM, STORAGE
from integrations.azure.resource_manager import AZURE
from integrations.contract import Action, Source

SOURCES: tuple[Source, ...] = (ACTIVITY, FIREWALL, KEYVAULT, NSGFLOW, PLATFORM, STORAGE)
ACTIONS: tuple[Action, ...] = (BlockIp(),)
CONNECTIONS = (AZURE,)
