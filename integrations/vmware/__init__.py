"""VMware vSphere: ESXi hosts and vCenter Server."""

from integrations.contract import Source
from integrations.vmware.esxi import ESXI
from integrations.vmware.vcenter import VCENTER

SOURCES: tuple[Source, ...] = (ESXI, VCENTER)
