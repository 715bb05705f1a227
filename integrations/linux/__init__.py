"""Linux: what its hosts log, and what can be done to them."""

from integrations.contract import Source
from integrations.linux.auth import AUTH

SOURCES: tuple[Source, ...] = (AUTH,)
