"""ISC BIND 9."""

from integrations.bind.named import NAMED
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (NAMED,)
