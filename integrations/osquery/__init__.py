"""osquery: the results of scheduled queries, and the daemon's own log."""

from integrations.contract import Source
from integrations.osquery.log import LOG
from integrations.osquery.result import RESULT

SOURCES: tuple[Source, ...] = (LOG, RESULT)
