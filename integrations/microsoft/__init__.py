"""Microsoft's Defender products."""

from integrations.contract import Source
from integrations.microsoft.defender_endpoint import DEFENDER_ENDPOINT
from integrations.microsoft.defender_xdr import DEFENDER_XDR

SOURCES: tuple[Source, ...] = (DEFENDER_ENDPOINT, DEFENDER_XDR)
