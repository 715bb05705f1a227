"""Notations that many products share: CEF, LEEF, key=value, JSON of any kind."""

from integrations.contract import Source
from integrations.generic.cef import CEF
from integrations.generic.leef import LEEF
from integrations.generic.loose import JSON, KEY_VALUE

SOURCES: tuple[Source, ...] = (CEF, JSON, KEY_VALUE, LEEF)
