"""Cloudflare: its Logpush, and addresses that it blocks."""

from integrations.cloudflare.api import CLOUDFLARE
from integrations.cloudflare.block_ip import BlockIp
from integrations.cloudflare.http import HTTP
from integrations.cloudflare.list_ip import ListIp
from integrations.contract import Action, Source

SOURCES: tuple[Source, ...] = (HTTP,)
ACTIONS: tuple[Action, ...] = (BlockIp(), ListIp())
CONNECTIONS = (CLOUDFLARE,)
