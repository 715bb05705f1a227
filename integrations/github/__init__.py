"""GitHub: the audit log of organisations and enterprises, and issues as tickets."""

from integrations.contract import Action
from integrations.github.audit import AUDIT
from integrations.github.connection import GITHUB
from integrations.github.create_issue import CreateIssue
from integrations.github.pull import AUDIT_LOG, GITHUB_AUDIT

SOURCES = (AUDIT,)
ACTIONS: tuple[Action, ...] = (CreateIssue(),)
CONNECTIONS = (GITHUB, GITHUB_AUDIT)
PULLS = (AUDIT_LOG,)

__all__ = ["ACTIONS", "CONNECTIONS", "PULLS", "SOURCES"]
