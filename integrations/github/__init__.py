"""GitHub: the audit log of organisations and enterprises."""

from integrations.github.audit import AUDIT

SOURCES = (AUDIT,)

__all__ = ["SOURCES"]
