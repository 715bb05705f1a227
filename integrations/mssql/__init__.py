"""Microsoft SQL Server: its audit and its error log."""

from integrations.contract import Source
from integrations.mssql.audit import AUDIT
from integrations.mssql.errorlog import ERRORLOG

SOURCES: tuple[Source, ...] = (AUDIT, ERRORLOG)
