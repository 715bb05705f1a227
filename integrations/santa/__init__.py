"""Santa, which decides what runs on a Mac."""

from integrations.contract import Source
from integrations.santa.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
