"""Icinga 2: its main, debug and startup logs."""

from integrations.contract import Source
from integrations.icinga.logs import DEBUG, MAIN, STARTUP

SOURCES: tuple[Source, ...] = (DEBUG, MAIN, STARTUP)
