"""Microsoft's Defender products, and the app registration by which all of Microsoft is asked."""

from integrations.contract import Action, Source
from integrations.microsoft.block_hash import BlockHash
from integrations.microsoft.defender_endpoint import DEFENDER_ENDPOINT
from integrations.microsoft.defender_xdr import DEFENDER_XDR
from integrations.microsoft.isolate_host import IsolateHost
from integrations.microsoft.machines import LookupMachine, RunAvScan
from integrations.microsoft.registration import MICROSOFT

SOURCES: tuple[Source, ...] = (DEFENDER_ENDPOINT, DEFENDER_XDR)
ACTIONS: tuple[Action, ...] = (IsolateHost(), RunAvScan(), BlockHash(), LookupMachine())
CONNECTIONS = (MICROSOFT,)
