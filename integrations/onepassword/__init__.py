"""1Password: what its Events API reports."""

from integrations.onepassword.event import EVENT

SOURCES = (EVENT,)

__all__ = ["SOURCES"]
