"""Windows: its event logs, however they come, and what is done to its hosts over WinRM."""

from integrations.contract import Source
from integrations.windows.evtx import EVTX
from integrations.windows.nxlog import NXLOG
from integrations.windows.rendered import XML
from integrations.windows.response import ACTIONS, CONNECTIONS
from integrations.windows.snare import SNARE
from integrations.windows.splunk import SPLUNK
from integrations.windows.winlogbeat import WINLOGBEAT

SOURCES: tuple[Source, ...] = (EVTX, NXLOG, SNARE, SPLUNK, WINLOGBEAT, XML)

__all__ = ["ACTIONS", "CONNECTIONS", "SOURCES"]
