"""Jira Cloud: incidents as issues, and what is found as comments on them."""

from integrations.contract import Action
from integrations.jira.connection import JIRA
from integrations.jira.issues import AddComment, CreateIssue

ACTIONS: tuple[Action, ...] = (CreateIssue(), AddComment())
CONNECTIONS = (JIRA,)
