"""Microsoft 365: the unified audit log, and what is done to mailboxes. Its connection is Microsoft's
(`integrations.microsoft`)."""

from integrations.contract import Action
from integrations.m365.audit import AUDIT
from integrations.m365.inbox_rules import DisableInboxRules
from integrations.m365.mail import LookupMessages, PurgeMessage
from integrations.m365.pull import ACTIVITY

SOURCES = (AUDIT,)
ACTIONS: tuple[Action, ...] = (DisableInboxRules(), PurgeMessage(), LookupMessages())
PULLS = (ACTIVITY,)

__all__ = ["ACTIONS", "PULLS", "SOURCES"]
