"""Google Workspace: the activities of all its applications, the Alert Center's alerts, and what is done to users."""

from integrations.contract import Action
from integrations.google_workspace.activity import ACTIVITY
from integrations.google_workspace.directory import GOOGLE_WORKSPACE
from integrations.google_workspace.pull import REPORTS
from integrations.google_workspace.users import LookupUser, RevokeOauthGrant, RevokeSessions, SuspendUser

SOURCES = (ACTIVITY,)
ACTIONS: tuple[Action, ...] = (SuspendUser(), RevokeSessions(), RevokeOauthGrant(), LookupUser())
CONNECTIONS = (GOOGLE_WORKSPACE,)
PULLS = (REPORTS,)

__all__ = ["ACTIONS", "CONNECTIONS", "PULLS", "SOURCES"]
