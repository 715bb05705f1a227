"""Entra ID's sign-in error codes: what they mean, in the words of Microsoft's list.

Reference: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes (AADSTS…)
"""

from __future__ import annotations

from collections.abc import Mapping

ERRORS: Mapping[str, str] = {
    "16000": "InteractionRequired",
    "50034": "UserAccountNotFound",
    "50053": "IdsLocked",
    "50055": "InvalidPasswordExpiredPassword",
    "50056": "Invalid or null password",
    "50057": "User account is disabled. The account has been disabled by an administrator.",
    "50058": "UserInformationNotProvided",
    "50072": "UserStrongAuthEnrollmentRequiredInterrupt",
    "50074": "Strong Auth required",
    "50076": "UserStrongAuthClientAuthNRequired",
    "50079": "UserStrongAuthEnrollmentRequired",
    "50097": "Device authentication is required",
    "50105": "EntitlementGrantsNotFound",
    "50125": "PasswordResetRegistrationRequiredInterrupt",
    "50126": "InvalidUserNameOrPassword",
    "50129": "DeviceIsNotWorkplaceJoined",
    "50131": "ConditionalAccessFailed",
    "50132": "SsoArtifactInvalidOrExpired",
    "50133": "SsoArtifactRevoked",
    "50140": "KmsiInterrupt",
    "50144": "InvalidPasswordExpiredOnPremPassword",
    "50155": "DeviceAuthenticationFailed",
    "50158": "ExternalSecurityChallenge - External security challenge was not satisfied",
    "50173": "FreshTokenNeeded",
    "50196": "LoopDetected",
    "50199": "CmsiInterrupt",
    "53000": "DeviceNotCompliant",
    "53001": "DeviceNotDomainJoined",
    "53002": "ApplicationUsedIsNotAnApprovedApp",
    "53003": "Blocked by Conditional Access",
    "53004": "ProofUpBlockedDueToRisk",
    "53011": "User blocked due to risk on home tenant",
    "65001": "DelegationDoesNotExist",
    "65004": "UserDeclinedConsent",
    "70043": "BadTokenDueToSignInFrequency",
    "70044": "The session has expired",
    "81010": "DesktopSsoAuthTokenInvalid",
    "90094": "AdminConsentRequired",
    "90095": "AdminConsentRequiredRequestAccess",
    "135010": "KeyNotFound",
    "500121": "Authentication failed during strong authentication request",
    "500011": "InvalidResourceServicePrincipalNotFound",
    "500133": "Assertion is not within its valid time range",
    "700016": "UnauthorizedClient_DoesNotMatchRequest",
    "7000215": "Invalid client secret is provided",
    "7000222": "InvalidClientSecretExpiredKeysProvided",
    "9002341": "User is required to permit single sign-on",
}
"""Code to name or sentence."""

INTERRUPTED = frozenset(
    {
        "16000",
        "50055",
        "50058",
        "50072",
        "50074",
        "50076",
        "50079",
        "50097",
        "50125",
        "50127",
        "50129",
        "50140",
    }
    | {"50144", "50199", "65001", "16001", "16003", "50011", "50203", "51006", "90094", "9002341"}
)
"""Neither in nor refused: the sign-in goes on with another step (``Interrupted`` in Entra's portal)."""
