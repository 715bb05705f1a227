"""Atlassian: audit logs of organisations in the cloud, and of Jira and Confluence Data Center."""

from integrations.atlassian.audit import AUDIT

SOURCES = (AUDIT,)

__all__ = ["SOURCES"]
