"""Test records of ``okta.system``, each with the fields that its document must have.

Shapes after https://developer.okta.com/docs/reference/api/system-log/ and its list of event types.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

ALICE = {"id": "00u1example0alice", "type": "User", "alternateId": "alice@example.com", "displayName": "Alice Example",
         "detailEntry": None}  # fmt: skip
BOB = {"id": "00u1example00bob", "type": "User", "alternateId": "bob@example.com", "displayName": "Bob Example",
       "detailEntry": None}  # fmt: skip
GROUP = {"id": "00g1example", "type": "UserGroup", "alternateId": "unknown", "displayName": "Admins"}
APP = {
    "id": "0oa1example",
    "type": "AppInstance",
    "alternateId": "Okta Admin Console",
    "displayName": "Okta Admin Console",
}
BROWSER = ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/123.0.0.0 Safari/537.36")  # fmt: skip


def record(event_type: str, target: Any = None, actor: Any = None, result: Any = "SUCCESS", reason: Any = None,
           debug: Any = None, **more: Any) -> dict[str, Any]:  # fmt: skip
    """Return a LogEvent with the usual fields."""
    return {
        "actor": actor or ALICE,
        "client": {
            "userAgent": {"rawUserAgent": BROWSER, "os": "Mac OS 14", "browser": "CHROME"}, "zone": "null",
            "device": "Computer", "id": None, "ipAddress": "203.0.113.7",
            "geographicalContext": {"city": "Dublin", "state": "Leinster", "country": "Ireland", "postalCode": "D02",
                                    "geolocation": {"lat": 53.33, "lon": -6.25}},
        },
        "device": None,
        "authenticationContext": {"authenticationProvider": None, "externalSessionId": "102example", "interface": None},
        "displayMessage": "Something happened", "eventType": event_type,
        "outcome": {"result": result, "reason": reason}, "published": "2026-04-19T10:20:30.123Z",
        "securityContext": {"asNumber": 64500, "asOrg": "example isp", "isp": "example isp", "domain": "example.net",
                            "isProxy": False},
        "severity": "INFO",
        "debugContext": {"debugData": debug or {"requestId": "r1", "requestUri": "/api/v1/authn", "url": "/api/v1/authn?"}},
        "legacyEventType": "core.example", "transaction": {"type": "WEB", "id": "t1", "detail": {}},
        "uuid": "3aeede38-0000-11ea-abd3-1f5d113f2546", "version": "0",
        "request": {"ipChain": [{"ip": "203.0.113.7", "version": "V4", "source": None}]}, "target": target,
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


SYSTEM_SAMPLES = (
    _sample(
        record("user.session.start"),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "user.session.start", "event.outcome": "success",
         "event.category": ["authentication", "session"], "event.type": ["start", "user"], "user.id": "00u1example0alice",
         "user.name": "alice", "user.email": "alice@example.com", "user.domain": "example.com",
         "user.full_name": "Alice Example", "client.ip": "203.0.113.7", "source.ip": "203.0.113.7",
         "source.address": "203.0.113.7", "client.geo.city_name": "Dublin", "client.geo.country_name": "Ireland",
         "client.as.number": 64500, "client.as.organization.name": "example isp", "source.domain": "example.net",
         "source.user.id": "00u1example0alice", "client.user.full_name": "Alice Example", "log.level": "info",
         "user_agent.original": BROWSER, "user_agent.name": "Chrome", "user_agent.os.name": "Mac OS X",
         "session.id": "102example", "transaction.id": "t1", "message": "Something happened",
         "url.path": "/api/v1/authn", "related.ip": ["203.0.113.7"],
         "related.user": ["alice@example.com", "alice", "Alice Example"],
         "vendor.actor.alternateId": "alice@example.com", "vendor.securityContext.isProxy": False},
    ),
    _sample(
        record("user.session.start", result="FAILURE", reason="INVALID_CREDENTIALS", severity="WARN"),
        {"event.outcome": "failure", "event.reason": "INVALID_CREDENTIALS", "log.level": "warn"},
    ),
    _sample(
        record("policy.evaluate_sign_on", result="CHALLENGE", reason="Sign-on policy evaluation resulted in CHALLENGE",
               target=[APP, {"id": "rul1", "type": "PolicyRule", "alternateId": "unknown", "displayName": "Catch-all"},
                       {"id": "pol1", "type": "PolicyEntity", "alternateId": "unknown", "displayName": "Admins' policy"}],
               debug={"risk": "{reasons=Anomalous Device, level=HIGH}", "behaviors": "{New Device=POSITIVE}"}),
        {"event.category": ["authentication"], "event.type": ["info"], "event.outcome": "unknown",
         "service.name": "Okta Admin Console", "rule.name": "Catch-all", "rule.ruleset": "Admins' policy",
         "user.risk.calculated_level": "high", "vendor.debugContext.debugData.behaviors": "{New Device=POSITIVE}"},
    ),
    _sample(
        record("user.mfa.okta_verify.deny_push", result="FAILURE", reason="User rejected Okta push verify", target=[BOB]),
        {"event.action": "user.mfa.okta_verify.deny_push", "event.category": ["authentication"],
         "event.type": ["denied", "user"], "event.outcome": "failure", "event.reason": "User rejected Okta push verify",
         "user.target.name": "bob"},
    ),
    _sample(
        record("user.authentication.auth_via_mfa", result="FAILURE", reason="FastPass declined phishing attempt"),
        {"event.category": ["authentication"], "event.type": ["info", "user"], "event.outcome": "failure"},
    ),
    _sample(
        record("user.authentication.sso", target=[APP, {"id": "0ua1", "type": "AppUser", "alternateId": "alice.app",
                                                        "displayName": "Alice Example"}]),
        {"event.type": ["start", "user"], "service.id": "0oa1example", "user.target.name": "alice.app"},
    ),
    _sample(
        record("user.mfa.factor.reset_all", target=[BOB]),
        {"event.category": ["iam"], "event.type": ["user", "change"], "user.target.email": "bob@example.com",
         "user.target.id": "00u1example00bob", "user.target.full_name": "Bob Example"},
    ),
    _sample(
        record("user.account.privilege.grant", target=[BOB], debug={"privilegeGranted": "Super administrator, Org administrator"}),
        {"event.category": ["iam"], "event.type": ["user", "change"], "user.target.name": "bob",
         "user.target.roles": ["Super administrator", "Org administrator"]},
    ),
    _sample(record("user.lifecycle.create", target=[BOB]), {"event.category": ["iam"], "event.type": ["user", "creation"]}),
    _sample(record("user.lifecycle.deactivate", target=[BOB]), {"event.type": ["user", "change"]}),
    _sample(record("user.lifecycle.delete.completed", target=[BOB]), {"event.type": ["user", "deletion"]}),
    _sample(record("user.account.lock", target=[BOB], result="FAILURE"), {"event.category": ["iam"], "event.outcome": "failure"}),
    _sample(
        record("group.user_membership.add", target=[BOB, GROUP]),
        {"event.category": ["iam"], "event.type": ["group", "change"], "group.name": "Admins", "group.id": "00g1example",
         "user.target.name": "bob", "user.target.group.name": "Admins"},
    ),
    _sample(
        record("group.privilege.grant", target=[GROUP], debug={"privilegeGranted": "Help Desk administrator"}),
        {"event.category": ["iam"], "event.type": ["group", "change"], "group.name": "Admins"},
    ),
    _sample(record("application.lifecycle.update", target=[APP]), {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(record("policy.rule.delete"), {"event.category": ["configuration"], "event.type": ["deletion"]}),
    _sample(record("zone.deactivate"), {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(record("system.api_token.create"), {"event.category": ["configuration", "iam"], "event.type": ["creation"]}),
    _sample(
        record("app.oauth2.as.consent.grant", target=[APP]),
        {"event.category": ["iam"], "event.type": ["user", "change"], "event.outcome": "success"},
    ),
    _sample(
        record("security.threat.detected", result="DENY", reason="Password Spray",
               actor={"id": "203.0.113.7", "type": "ipAddress", "alternateId": "unknown", "displayName": "203.0.113.7"},
               debug={"threatSuspected": "true", "threatDetections": "{Password Spray=HIGH}"}),
        {"event.kind": "alert", "event.category": ["intrusion_detection", "threat"], "event.type": ["indicator"],
         "event.outcome": "failure", "user.name": None, "event.reason": "Password Spray"},
    ),
    _sample(
        {"eventType": "brand.new.type", "published": "2026-04-19T10:20:30Z", "actor": None, "uuid": "1", "client": None,
         "outcome": None, "target": {}},
        {"event.action": "brand.new.type", "event.category": None, "event.type": ["info"], "event.outcome": None},
    ),
    _sample(
        record("user.session.start", actor={"id": "unknown", "type": "SystemPrincipal", "alternateId": "system@okta.com",
                                            "displayName": "Okta System"},
               client={"ipAddress": "2001:db8::7", "geographicalContext": None, "userAgent": None},
               request={"ipChain": [{"ip": "2001:db8::7"}, {"ip": "198.51.100.2"}]}),
        {"client.ip": "2001:db8::7", "related.ip": ["2001:db8::7", "198.51.100.2"], "user.name": "system",
         "user_agent.original": None},
    ),
)  # fmt: skip
