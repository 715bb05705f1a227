"""MySQL, MariaDB and Percona Server: audit, general query, slow query and error logs."""

from integrations.contract import Source
from integrations.mysql.audit import AUDIT
from integrations.mysql.error import ERROR
from integrations.mysql.general import GENERAL
from integrations.mysql.slowlog import SLOWLOG

SOURCES: tuple[Source, ...] = (AUDIT, ERROR, GENERAL, SLOWLOG)
