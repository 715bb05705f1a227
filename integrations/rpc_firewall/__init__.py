"""RPC Firewall: remote procedure calls that Windows hosts let in or blocked."""

from integrations.contract import Source
from integrations.rpc_firewall.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
