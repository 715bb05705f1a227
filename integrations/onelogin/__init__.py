"""OneLogin: its events."""

from integrations.onelogin.event import EVENT

SOURCES = (EVENT,)

__all__ = ["SOURCES"]
