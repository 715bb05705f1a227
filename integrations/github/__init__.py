"""GitHub: the audit log of organisations and enterprises, and issues as tickets."""

from integrations.contract import Action
from integrations.github.audit import AUDIT
from integrations.github.connection import GITHUB
from integrations.github.create_issue import CreateIssue

SOURCES = (AUDIT,)
ACTIONS: tuple[Action, ...] = (CreateIssue(),)
CONNECTIONS = (GITHUB,)

__all__ = ["ACTIONS", "CONNECTIONS", "SOURCES"]
