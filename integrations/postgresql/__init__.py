"""PostgreSQL: its server log, with pgaudit's records in it; its roles locked, their sessions ended."""

from integrations.contract import Action, Source
from integrations.postgresql.connection import POSTGRESQL
from integrations.postgresql.log import LOG
from integrations.postgresql.roles import END_SESSIONS, LockRole

SOURCES: tuple[Source, ...] = (LOG,)
ACTIONS: tuple[Action, ...] = (LockRole(), END_SESSIONS)
CONNECTIONS = (POSTGRESQL,)
