"""Okta: its System Log."""

from integrations.okta.system import SYSTEM

SOURCES = (SYSTEM,)

__all__ = ["SOURCES"]
