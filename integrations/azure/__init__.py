"""Microsoft Azure: its activity log and what its resources log."""

from integrations.azure.activity import ACTIVITY
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (ACTIVITY,)
