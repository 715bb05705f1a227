"""Slack: the audit log of an Enterprise organisation."""

from integrations.slack.audit import AUDIT

SOURCES = (AUDIT,)

__all__ = ["SOURCES"]
