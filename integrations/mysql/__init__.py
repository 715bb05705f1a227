"""MySQL, MariaDB and Percona Server: audit, general query, slow query and error logs; users locked, their
sessions ended."""

from integrations.contract import Action, Source
from integrations.mysql.accounts import END_SESSIONS, LockAccount
from integrations.mysql.audit import AUDIT
from integrations.mysql.connection import MYSQL
from integrations.mysql.error import ERROR
from integrations.mysql.general import GENERAL
from integrations.mysql.slowlog import SLOWLOG

SOURCES: tuple[Source, ...] = (AUDIT, ERROR, GENERAL, SLOWLOG)
ACTIONS: tuple[Action, ...] = (LockAccount(), END_SESSIONS)
CONNECTIONS = (MYSQL,)
