"""Microsoft 365: the unified audit log."""

from integrations.m365.audit import AUDIT

SOURCES = (AUDIT,)

__all__ = ["SOURCES"]
