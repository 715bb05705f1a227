"""Bitbucket Data Center: its audit log."""

from integrations.bitbucket.audit import AUDIT

SOURCES = (AUDIT,)

__all__ = ["SOURCES"]
