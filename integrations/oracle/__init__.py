"""Oracle Database: its audit trail."""

from integrations.contract import Source
from integrations.oracle.audit import AUDIT

SOURCES: tuple[Source, ...] = (AUDIT,)
