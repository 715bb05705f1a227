"""OPNsense: what its packet filter and its services log, read as pfSense's are."""

from integrations.contract import Source
from integrations.opnsense.log import OPNSENSE

SOURCES: tuple[Source, ...] = (OPNSENSE,)
