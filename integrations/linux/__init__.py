"""Linux: what its hosts log, and what can be done to them."""

from integrations.contract import Source
from integrations.linux.auditd import AUDITD
from integrations.linux.auth import AUTH
from integrations.linux.packets import PACKETS
from integrations.linux.response import ACTIONS, CONNECTIONS
from integrations.linux.syslog import SYSLOG
from integrations.linux.sysmon import SYSMON

SOURCES: tuple[Source, ...] = (AUDITD, AUTH, PACKETS, SYSLOG, SYSMON)

__all__ = ["ACTIONS", "CONNECTIONS", "SOURCES"]
