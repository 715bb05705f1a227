"""Test records of ``duo.log``, each with the fields that its document must have.

Shapes after https://duo.com/docs/adminapi#logs
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def authentication(result: str = "success", reason: str = "user_approved", **more: Any) -> dict[str, Any]:
    """Return an entry of the authentication log, version 2."""
    return {
        "access_device": {"browser": "Chrome", "browser_version": "123.0", "hostname": "laptop-7", "ip": "203.0.113.7",
                          "location": {"city": "Dublin", "country": "Ireland", "state": "Leinster"}, "os": "Mac OS X",
                          "os_version": "14.4"},
        "alias": "", "application": {"key": "DIEXAMPLE", "name": "VPN"},
        "auth_device": {"ip": "198.51.100.9", "key": "DP1", "location": {}, "name": "phone"}, "email": "alice@example.com",
        "event_type": "authentication", "factor": "duo_push", "isotimestamp": "2026-04-19T10:20:30.123456+00:00",
        "ood_software": "", "reason": reason, "result": result, "timestamp": 1776594030, "txid": "tx-1",
        "user": {"groups": ["Staff"], "key": "DU1", "name": "alice"},
    } | more  # fmt: skip


def administration(action: str, thing: Any, description: Any, **more: Any) -> dict[str, Any]:
    """Return an entry of the administrator log."""
    return {"action": action, "description": orjson.dumps(description).decode() if description is not None else None,
            "isotimestamp": "2026-04-19T10:20:30+00:00", "object": thing, "timestamp": 1776594030, "username": "Admin Example"} | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


_WHO = {"user.name": "alice", "user.id": "DU1", "user.email": "alice@example.com", "source.ip": "203.0.113.7",
        "source.user.name": "alice", "user_agent.name": "Chrome", "user_agent.os.name": "Mac OS X", "source.geo.city_name": "Dublin",
        "event.category": ["authentication"], "event.type": ["info"], "service.name": "VPN", "transaction.id": "tx-1",
        "source.user.group.name": ["Staff"]}  # fmt: skip

LOG_SAMPLES = (
    _sample(authentication(), {**_WHO, "@timestamp": "2026-04-19T10:20:30.123Z", "event.outcome": "success",
                               "event.reason": "user_approved", "event.action": "authentication",
                               "related.user": ["alice", "alice@example.com"]}),
    _sample(authentication("denied", "no_response"), {**_WHO, "event.outcome": "failure", "event.reason": "no_response"}),
    _sample(authentication("fraud", "user_marked_fraud"), {**_WHO, "event.outcome": "failure", "event.reason": "user_marked_fraud"}),
    _sample(authentication("success", "bypass_user", user={"name": "alice@example.com", "key": "DU1"}, access_device={"ip": "2001:db8::7"}),
            {"event.reason": "bypass_user", "user.domain": "example.com", "source.ip": "2001:db8::7",
             "vendor.event_type": "authentication", "vendor.reason": "bypass_user"}),
    _sample(authentication(event_type="enrollment", user=None, email=None, access_device=None),
            {"event.category": ["iam"], "event.action": "enrollment", "user.name": None, "source.ip": None}),
    _sample(administration("user_update", "bob", {"status": "Bypass", "email": "bob@example.com"}),
            {"event.category": ["iam"], "event.type": ["user", "change"], "event.action": "user_update", "user.name": "Admin Example",
             "user.target.name": "bob", "user.target.email": "bob@example.com", "event.outcome": "success"}),
    _sample(administration("admin_login_error", None, {"ip_address": "198.51.100.9", "error": "SAML login is disabled", "email": "admin@example.com"}),
            {"event.category": ["authentication"], "event.outcome": "failure", "source.ip": "198.51.100.9",
             "event.reason": "SAML login is disabled", "user.email": "admin@example.com"}),
    _sample(administration("admin_create", "Bob Example", {"role": "Owner", "email": "bob@example.com"}),
            {"event.type": ["admin", "creation"], "user.target.full_name": "Bob Example", "user.target.roles": ["Owner"]}),
    _sample(administration("bypass_create", "bob", {"bypass_code_ids": ["B1"]}), {"event.type": ["user", "creation"], "user.target.name": "bob"}),
    _sample(administration("integration_update", "VPN", "plain text", username="API"), {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(administration("o2fa_user_provisioned", "Windows Logon", {"hostname": "laptop-7", "factor": "duo_otp",
                           "user_agent": "DuoCredProv/4.0 (Windows NT 10.0)"}, username="alice"),
            {"event.category": ["iam"], "host.hostname": "laptop-7", "user.name": "alice", "user_agent.original": "DuoCredProv/4.0 (Windows NT 10.0)"}),
    _sample({"context": "authentication", "credits": 1, "phone": "+35315550100", "telephony_id": "t1", "ts": "2026-04-19T10:20:30.123456+00:00",
             "txid": "tx-1", "type": "sms"},
            {"event.action": "telephony-sms", "event.category": ["authentication"], "event.reason": "authentication", "transaction.id": "tx-1"}),
    _sample({"access_device": {"browser": "Chrome", "ip": {"address": "203.0.113.7"}, "os": "Windows"}, "action": {"details": None, "name": "webauthn_credential_create"},
             "activity_id": "a1", "actor": {"details": '{"email":"alice@example.com"}', "key": "DU1", "name": "alice", "type": "user"}, "akey": "DA1",
             "application": {"key": "DI1", "name": "Self-Service", "type": "web"}, "outcome": {"result": "SUCCESS"},
             "target": {"details": None, "key": "DU2", "name": "bob", "type": "user"}, "ts": "2026-04-19T10:20:30.123456+00:00"},
            {"event.action": "webauthn_credential_create", "event.category": ["iam"], "event.type": ["user", "creation"], "event.outcome": "success",
             "user.name": "alice", "user.email": "alice@example.com", "user.target.name": "bob", "source.ip": "203.0.113.7"}),
    _sample({"explanations": [{"summary": "alice has not logged in from this country", "type": "NEW_COUNTRY_CODE"}], "priority_event": True, "sekey": "SE1",
             "state": "new", "surfaced_auth": authentication(), "surfaced_timestamp": 1776594030123, "triage_event_uri": "https://admin.example.com/t/1",
             "triaged_as_interesting": False, "type": "auth"},
            {"event.kind": "alert", "event.category": ["threat", "authentication"], "@timestamp": "2026-04-19T10:20:30.123Z", "user.name": "alice",
             "event.severity": 73, "event.reason": "alice has not logged in from this country", "source.ip": "203.0.113.7"}),
)  # fmt: skip
