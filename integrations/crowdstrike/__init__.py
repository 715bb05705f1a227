"""CrowdStrike Falcon: what it finds, what its sensors see, and hosts contained and hashes blocked by it."""

from integrations.contract import Action, Source
from integrations.crowdstrike.alert import ALERT
from integrations.crowdstrike.block_hash import BlockHash
from integrations.crowdstrike.falcon import CROWDSTRIKE
from integrations.crowdstrike.fdr import FDR
from integrations.crowdstrike.hosts import IsolateHost, LookupHost

SOURCES: tuple[Source, ...] = (ALERT, FDR)
ACTIONS: tuple[Action, ...] = (IsolateHost(), BlockHash(), LookupHost())
CONNECTIONS = (CROWDSTRIKE,)
