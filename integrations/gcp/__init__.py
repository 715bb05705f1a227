"""Google Cloud: its audit logs and what its network logs; addresses denied, service accounts and keys disabled."""

from integrations.contract import Action, Source
from integrations.gcp.accounts import DisableAccount, DisableKey
from integrations.gcp.audit import AUDIT
from integrations.gcp.block_ip import BlockIp
from integrations.gcp.connection import GCP
from integrations.gcp.network import DNS, FIREWALL, LOADBALANCER, VPCFLOW

SOURCES: tuple[Source, ...] = (AUDIT, DNS, FIREWALL, LOADBALANCER, VPCFLOW)
ACTIONS: tuple[Action, ...] = (BlockIp(), DisableKey(), DisableAccount())
CONNECTIONS = (GCP,)
