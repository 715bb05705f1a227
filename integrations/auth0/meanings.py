"""Auth0's log event type codes: what each is called and what it means in ECS.

Reference: https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes. A code that is not here is told by its
first letter (``s`` done, ``f`` failed) and by its description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    action: str
    categories: tuple[str, ...]
    types: tuple[str, ...]
    outcome: str | None
    kind: str = "event"


_LOGIN = (("authentication",), ("info",))
_USER = (("iam",), ("user", "change"))
_ATTACK = (("authentication", "intrusion_detection"), ("denied",))

CODES: Mapping[str, Meaning] = {
    "s": Meaning("successful-login", *_LOGIN, "success"),
    "ssa": Meaning("successful-silent-authentication", *_LOGIN, "success"),
    "slo": Meaning("user-logout-successful", *_LOGIN, "success"),
    "flo": Meaning("user-logout-failed", *_LOGIN, "failure"),
    "f": Meaning("failed-login", *_LOGIN, "failure"),
    "fp": Meaning("incorrect-password", *_LOGIN, "failure"),
    "fu": Meaning("invalid-username-or-email", *_LOGIN, "failure"),
    "fc": Meaning("failed-connector-login", *_LOGIN, "failure"),
    "fco": Meaning("origin-not-allowed", *_LOGIN, "failure"),
    "fcoa": Meaning("failed-cross-origin-authentication", *_LOGIN, "failure"),
    "scoa": Meaning("successful-cross-origin-authentication", *_LOGIN, "success"),
    "fens": Meaning("failed-native-social-login", *_LOGIN, "failure"),
    "sens": Meaning("successful-native-social-login", *_LOGIN, "success"),
    "fsa": Meaning("failed-silent-authentication", *_LOGIN, "failure"),
    "w": Meaning("warnings-during-login", *_LOGIN, None),
    "ss": Meaning("user-signup-successful", ("iam",), ("user", "creation"), "success"),
    "fs": Meaning("user-signup-failed", ("iam",), ("user", "creation"), "failure"),
    "du": Meaning("user-deletion-successful", ("iam",), ("user", "deletion"), "success"),
    "sdu": Meaning("user-deletion-successful", ("iam",), ("user", "deletion"), "success"),
    "fdu": Meaning("user-deletion-failed", ("iam",), ("user", "deletion"), "failure"),
    "scp": Meaning("password-change-successful", *_USER, "success"),
    "fcp": Meaning("password-change-failed", *_USER, "failure"),
    "scpr": Meaning("password-change-request-successful", *_USER, "success"),
    "fcpr": Meaning("password-change-request-failed", *_USER, "failure"),
    "sce": Meaning("email-change-successful", *_USER, "success"),
    "fce": Meaning("email-change-failed", *_USER, "failure"),
    "scu": Meaning("username-change-successful", *_USER, "success"),
    "fcu": Meaning("username-change-failed", *_USER, "failure"),
    "scpn": Meaning("phone-number-change-successful", *_USER, "success"),
    "fcpn": Meaning("phone-number-change-failed", *_USER, "failure"),
    "ublkdu": Meaning("user-login-block-released", *_USER, "success"),
    "limit_wc": Meaning("account-blocked-too-many-failed-logins", *_ATTACK, "failure", "alert"),
    "limit_sul": Meaning("user-blocked-too-many-logins-per-minute", *_ATTACK, "failure", "alert"),
    "limit_mu": Meaning("ip-blocked-too-many-failed-logins", *_ATTACK, "failure", "alert"),
    "limit_ui": Meaning("rate-limit-on-userinfo", ("web",), ("denied",), "failure"),
    "api_limit": Meaning("rate-limit-on-api", ("web",), ("denied",), "failure"),
    "pwd_leak": Meaning("login-with-breached-password", *_ATTACK, "failure", "alert"),
    "signup_pwd_leak": Meaning("signup-with-breached-password", *_ATTACK, "failure", "alert"),
    "reset_pwd_leak": Meaning("reset-to-breached-password", *_ATTACK, "failure", "alert"),
    "sapi": Meaning("successful-api-operation", ("configuration", "web"), ("change",), "success"),
    "fapi": Meaning("failed-api-operation", ("configuration", "web"), ("change",), "failure"),
    "mgmt_api_read": Meaning("management-api-read", ("configuration", "web"), ("access",), "success"),
    "seacft": Meaning("successful-exchange-of-authorization-code", *_LOGIN, "success"),
    "feacft": Meaning("failed-exchange-of-authorization-code", *_LOGIN, "failure"),
    "seccft": Meaning("successful-exchange-of-client-credentials", *_LOGIN, "success"),
    "feccft": Meaning("failed-exchange-of-client-credentials", *_LOGIN, "failure"),
    "sepft": Meaning("successful-exchange-of-password", *_LOGIN, "success"),
    "fepft": Meaning("failed-exchange-of-password", *_LOGIN, "failure"),
    "sertft": Meaning("successful-exchange-of-refresh-token", *_LOGIN, "success"),
    "fertft": Meaning("failed-exchange-of-refresh-token", *_LOGIN, "failure"),
    "gd_auth_succeed": Meaning("mfa-authentication-succeeded", *_LOGIN, "success"),
    "gd_auth_failed": Meaning("mfa-authentication-failed", *_LOGIN, "failure"),
    "gd_auth_rejected": Meaning("mfa-authentication-rejected", ("authentication",), ("denied",), "failure"),
    "gd_otp_rate_limit_exceed": Meaning("mfa-too-many-failures", ("authentication",), ("denied",), "failure"),
    "gd_recovery_rate_limit_exceed": Meaning(
        "mfa-too-many-recovery-failures", ("authentication",), ("denied",), "failure"
    ),
    "gd_send_pn": Meaning("mfa-push-notification-sent", *_LOGIN, "success"),
    "gd_send_sms": Meaning("mfa-sms-sent", *_LOGIN, "success"),
    "gd_start_auth": Meaning("mfa-authentication-started", *_LOGIN, None),
    "gd_enrollment_complete": Meaning("mfa-enrollment-complete", *_USER, "success"),
    "gd_unenroll": Meaning("mfa-device-unenrolled", *_USER, "success"),
    "gd_user_delete": Meaning("mfa-user-deleted", ("iam",), ("user", "deletion"), "success"),
    "mfar": Meaning("mfa-required", *_LOGIN, None),
}


def meaning_of(code: str) -> Meaning:
    """Return what a code means; never without a type."""
    if (known := CODES.get(code)) is not None:
        return known
    outcome = "failure" if code.startswith("f") else "success" if code.startswith("s") else None
    return Meaning(code, ("web",), ("info",), outcome)
