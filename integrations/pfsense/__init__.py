"""pfSense: what its packet filter and its services log."""

from integrations.contract import Source
from integrations.pfsense.log import PFSENSE

SOURCES: tuple[Source, ...] = (PFSENSE,)
