"""PostgreSQL: its server log, with pgaudit's records in it."""

from integrations.contract import Source
from integrations.postgresql.log import LOG

SOURCES: tuple[Source, ...] = (LOG,)
