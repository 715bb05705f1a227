"""What Okta's event types mean in ECS: ``event.category`` and ``event.type``, by the type or its beginning.

Reference: https://developer.okta.com/docs/reference/api/event-types/ (over a thousand types; those that are
not named here are told by their first parts, and by the verb they end in).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from integrations.operations import type_of

Meaning: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Categories and types."""

_AUTHENTICATED: Meaning = (("authentication",), ("info",))

WHOLE: Mapping[str, Meaning] = {
    "user.session.start": (("authentication", "session"), ("start", "user")),
    "user.session.end": (("authentication", "session"), ("end", "user")),
    "user.session.access_admin_app": (("authentication", "session"), ("access", "user")),
    "user.session.impersonation.initiate": (("authentication", "session"), ("start", "user")),
    "user.session.impersonation.end": (("authentication", "session"), ("end", "user")),
    "user.session.impersonation.grant": (("iam", "session"), ("user", "change")),
    "user.session.impersonation.revoke": (("iam", "session"), ("user", "change")),
    "user.session.clear": (("session",), ("end", "user")),
    "user.session.expire": (("session",), ("end", "user")),
    "user.session.context.change": (("session",), ("change", "user")),
    "user.authentication.sso": (("authentication",), ("start", "user")),
    "user.authentication.slo": (("authentication",), ("end", "user")),
    "user.authentication.verify": (("authentication",), ("info", "user")),
    "user.authentication.universal_logout": (("authentication", "session"), ("end", "user")),
    "user.mfa.okta_verify.deny_push": (("authentication",), ("denied", "user")),
    "user.mfa.attempt_bypass": (("authentication",), ("info", "user")),
    "user.account.report_suspicious_activity_by_enduser": (("iam", "threat"), ("user", "info")),
    "user.account.lock": (("iam",), ("user", "change")),
    "user.account.lock.limit": (("iam",), ("user", "change")),
    "user.account.unlock_token": (("iam",), ("user", "info")),
    "user.risk.detect": (("iam", "threat"), ("user", "info")),
    "user.risk.change": (("iam", "threat"), ("user", "change")),
    "policy.evaluate_sign_on": _AUTHENTICATED,
    "policy.auth_reevaluate.fail": (("authentication", "session"), ("denied",)),
    "app.generic.unauth_app_access_attempt": (("authentication",), ("denied",)),
    "security.threat.detected": (("intrusion_detection", "threat"), ("indicator",)),
    "security.breached_credential.detected": (("threat",), ("indicator",)),
    "security.attack.start": (("intrusion_detection", "threat"), ("start",)),
    "security.attack.end": (("intrusion_detection", "threat"), ("end",)),
    "security.request.blocked": (("network", "intrusion_detection"), ("denied",)),
    "core.concurrency.org.limit.violation": (("web",), ("info",)),
    "device.user.add": (("iam", "host"), ("user", "creation")),
}

BEGINNINGS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "user.session.": (("session",), ("user",)),
    "user.authentication.": (("authentication",), ("info", "user")),
    "user.mfa.factor.": (("iam",), ("user",)),
    "user.mfa.": (("authentication",), ("user",)),
    "user.credential.": (("iam",), ("user",)),
    "user.account.": (("iam",), ("user",)),
    "user.lifecycle.": (("iam",), ("user",)),
    "user.": (("iam",), ("user",)),
    "group.": (("iam",), ("group",)),
    "iam.": (("iam",), ("admin",)),
    "application.user_membership.": (("iam",), ("user",)),
    "application.provision.group": (("iam",), ("group",)),
    "application.provision.user": (("iam",), ("user",)),
    "application.": (("configuration",), ()),
    "app.oauth2.as.authorize": (("authentication",), ("info",)),
    "app.oauth2.as.consent.": (("iam",), ("user",)),
    "app.oauth2.token.": (("authentication",), ("info",)),
    "app.oauth2.as.token.": (("authentication",), ("info",)),
    "app.oauth2.": (("configuration",), ()),
    "app.user_management.": (("iam",), ("user",)),
    "app.ad.": (("iam",), ()),
    "app.ldap.": (("iam",), ()),
    "app.": (("web",), ()),
    "policy.": (("configuration",), ()),
    "zone.": (("configuration",), ()),
    "network_zone.": (("configuration",), ()),
    "device.": (("host",), ()),
    "security.authenticator.": (("configuration",), ()),
    "security.": (("configuration",), ()),
    "system.api_token.": (("configuration", "iam"), ()),
    "system.idp.": (("configuration",), ()),
    "system.log_stream.": (("configuration",), ()),
    "system.agent.": (("configuration",), ()),
    "system.email.": (("email",), ("info",)),
    "system.push.": (("authentication",), ("info",)),
    "system.sms.": (("authentication",), ("info",)),
    "system.voice.": (("authentication",), ("info",)),
    "system.org.rate_limit.": (("web",), ("info",)),
    "system.": (("configuration",), ()),
    "support.": (("iam",), ("admin",)),
    "org.": (("configuration",), ()),
    "oauth2.": (("configuration",), ()),
    "workflows.user.": (("iam",), ("user",)),
    "workflows.": (("configuration",), ()),
    "pam.": (("iam",), ()),
    "access.request.": (("iam",), ()),
    "governance.": (("iam",), ()),
    "certification.": (("iam",), ()),
    "mim.": (("host",), ()),
    "inline_hook.": (("configuration",), ()),
    "event_hook.": (("configuration",), ()),
    "analytics.": (("web",), ("access",)),
    "task.": (("iam",), ("info",)),
}

ALERTS = frozenset(
    {"security.threat.detected", "security.attack.start", "security.breached_credential.detected"}
)
"""Detections by Okta itself (ThreatInsight, identity threat protection)."""


@lru_cache(maxsize=4096)
def meaning_of(event_type: str) -> Meaning:
    """Return the categories and types of an event type; never without a type."""
    if (known := WHOLE.get(event_type)) is not None:
        return known
    parts = event_type.split(".")
    for length in range(len(parts), 0, -1):
        beginning = ".".join(parts[:length])
        found = BEGINNINGS.get(beginning + ".") or BEGINNINGS.get(beginning)
        if found is not None:
            categories, subjects = found
            kind = _kind(parts)
            types = subjects if kind is None or "info" in subjects else (*subjects, kind)
            return categories, types or ("info",)
    return (), ("info",)


def _kind(parts: list[str]) -> str | None:
    """Return what the last verb says; who joins or leaves a group changes the group."""
    if "user_membership" in parts and parts[0] == "group":
        return "change"
    return next((kind for part in reversed(parts[1:]) if (kind := type_of(part))), None)
