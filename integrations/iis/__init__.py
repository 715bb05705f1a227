"""Microsoft Internet Information Services: W3C access logs (web, FTP, SMTP) and HTTP.sys' error log."""

from integrations.contract import Source
from integrations.iis.access import ACCESS
from integrations.iis.error import ERROR

SOURCES: tuple[Source, ...] = (ACCESS, ERROR)
