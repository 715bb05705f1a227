"""Microsoft Entra ID (Azure Active Directory): sign-ins, directory audits and identity protection."""

from integrations.entra.audit import AUDIT
from integrations.entra.risk import RISK
from integrations.entra.signin import SIGNIN

SOURCES = (SIGNIN, AUDIT, RISK)

__all__ = ["SOURCES"]
