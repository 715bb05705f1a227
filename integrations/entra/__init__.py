"""Microsoft Entra ID (Azure Active Directory): sign-ins, directory audits and identity protection, and what
is done to its users and applications. Its connection is Microsoft's (`integrations.microsoft`)."""

from integrations.contract import Action
from integrations.entra.activity import GRAPH, PROVISIONING
from integrations.entra.audit import AUDIT
from integrations.entra.disable import DisableAppConsent, DisableUser
from integrations.entra.risk import RISK
from integrations.entra.signin import SIGNIN
from integrations.entra.users import LookupSignIns, LookupUser, ResetPassword, RevokeSessions

SOURCES = (SIGNIN, AUDIT, RISK, GRAPH, PROVISIONING)
ACTIONS: tuple[Action, ...] = (
    DisableUser(), DisableAppConsent(), RevokeSessions(), ResetPassword(), LookupUser(), LookupSignIns(),
)  # fmt: skip

__all__ = ["ACTIONS", "SOURCES"]
