"""SentinelOne: what it finds, what is done in its console, what its agents see, and computers cut off by it."""

from integrations.contract import Action, Source
from integrations.sentinelone.block_hash import BlockHash
from integrations.sentinelone.console import SENTINELONE
from integrations.sentinelone.event import EVENT
from integrations.sentinelone.hosts import IsolateHost, LookupHost

SOURCES: tuple[Source, ...] = (EVENT,)
ACTIONS: tuple[Action, ...] = (IsolateHost(), BlockHash(), LookupHost())
CONNECTIONS = (SENTINELONE,)
