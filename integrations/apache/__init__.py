"""Apache HTTP Server: access and error logs."""

from integrations.apache.access import ACCESS
from integrations.apache.error import ERROR
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (ACCESS, ERROR)
