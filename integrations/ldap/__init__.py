"""Active Directory, OpenLDAP and other LDAP directories: users looked up, disabled, unlocked."""

from integrations.contract import Action
from integrations.ldap.accounts import DisableUser, LookupUser, ResetPassword, UnlockUser
from integrations.ldap.connection import LDAP
from integrations.ldap.remove_from_group import RemoveFromGroup

ACTIONS: tuple[Action, ...] = (DisableUser(), RemoveFromGroup(), UnlockUser(), ResetPassword(), LookupUser())
CONNECTIONS = (LDAP,)

__all__ = ["ACTIONS", "CONNECTIONS"]
