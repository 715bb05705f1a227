"""Okta: its System Log, and what can be asked of and done to its users."""

from integrations.contract import Action
from integrations.okta.connection import OKTA
from integrations.okta.pull import SYSTEM_LOG
from integrations.okta.suspend_user import SuspendUser
from integrations.okta.system import SYSTEM
from integrations.okta.users import ClearSessions, ExpirePassword, LookupFactors, LookupUser, ResetFactors

SOURCES = (SYSTEM,)
ACTIONS: tuple[Action, ...] = (
    SuspendUser(), ClearSessions(), ExpirePassword(), ResetFactors(), LookupUser(), LookupFactors(),
)  # fmt: skip
CONNECTIONS = (OKTA,)
PULLS = (SYSTEM_LOG,)

__all__ = ["ACTIONS", "CONNECTIONS", "PULLS", "SOURCES"]
