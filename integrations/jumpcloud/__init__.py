"""JumpCloud: events of Directory Insights."""

from integrations.jumpcloud.event import EVENT

SOURCES = (EVENT,)

__all__ = ["SOURCES"]
