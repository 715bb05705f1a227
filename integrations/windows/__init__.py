"""Windows: its event logs, however they come."""

from integrations.contract import Source
from integrations.windows.evtx import EVTX

SOURCES: tuple[Source, ...] = (EVTX,)
