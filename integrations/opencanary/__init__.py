"""OpenCanary: a honeypot whose every record means that somebody touched what nobody should."""

from integrations.contract import Source
from integrations.opencanary.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
