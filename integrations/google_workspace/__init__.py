"""Google Workspace: the activities of all its applications, and the Alert Center's alerts."""

from integrations.google_workspace.activity import ACTIVITY

SOURCES = (ACTIVITY,)

__all__ = ["SOURCES"]
