"""MongoDB: the server's log and its audit log."""

from integrations.contract import Source
from integrations.mongodb.audit import AUDIT
from integrations.mongodb.log import LOG

SOURCES: tuple[Source, ...] = (AUDIT, LOG)
