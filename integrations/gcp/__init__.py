"""Google Cloud: its audit logs and what its network logs."""

from integrations.contract import Source
from integrations.gcp.audit import AUDIT
from integrations.gcp.network import DNS, FIREWALL, LOADBALANCER, VPCFLOW

SOURCES: tuple[Source, ...] = (AUDIT, DNS, FIREWALL, LOADBALANCER, VPCFLOW)
