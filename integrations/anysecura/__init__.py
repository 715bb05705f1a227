"""AnySecura: what its agents see and prevent on computers."""

from integrations.anysecura.event import EVENT
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (EVENT,)
