"""Test records of ``onepassword.event``, each with the fields that its document must have.

Shapes after https://developer.1password.com/docs/events-api/reference
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

ALICE = {"uuid": "ALICEUUID", "name": "Alice Example", "email": "alice@example.com"}
CLIENT = {"app_name": "1Password Browser Extension", "app_version": "81000", "platform_name": "Chrome", "platform_version": "123",
          "os_name": "Windows", "os_version": "11", "ip_address": "203.0.113.7"}  # fmt: skip
PLACE = {"country": "IE", "region": "Leinster", "city": "Dublin", "latitude": 53.3, "longitude": -6.2}


def signin(category: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return a sign-in attempt."""
    return {"uuid": "E1", "session_uuid": "S1", "timestamp": "2026-04-19T10:20:30.123Z", "category": category, "type": kind, "country": "IE",
            "details": None, "target_user": ALICE, "client": CLIENT, "location": PLACE} | more  # fmt: skip


def audit(action: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return an audit event."""
    return {"uuid": "E3", "timestamp": "2026-04-19T10:20:30.123Z", "actor_uuid": "ALICEUUID", "actor_details": ALICE, "action": action,
            "object_type": kind, "object_uuid": "O1", "session": {"uuid": "S1", "login_time": "2026-04-19T10:00:00Z", "device_uuid": "D1",
                                                                  "ip": "203.0.113.7"}, "location": PLACE} | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


EVENT_SAMPLES = (
    _sample(
        signin("success", "credentials_ok"),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "success", "event.category": ["authentication"], "event.type": ["info"],
         "event.outcome": "success", "event.reason": "credentials_ok", "user.id": "ALICEUUID", "user.full_name": "Alice Example",
         "user.email": "alice@example.com", "user.name": "alice", "source.ip": "203.0.113.7", "source.geo.country_iso_code": "IE",
         "session.id": "S1", "user_agent.os.name": "Windows", "related.user": ["alice@example.com", "alice"]},
    ),
    _sample(signin("mfa_failed", "totp_bad", client={**CLIENT, "ip_address": "2001:db8::7"}),
            {"event.outcome": "failure", "event.action": "mfa_failed", "event.reason": "totp_bad", "source.ip": "2001:db8::7"}),
    _sample(
        {"uuid": "E2", "timestamp": "2026-04-19T10:20:30.123Z", "used_version": 0, "vault_uuid": "V1", "item_uuid": "I1", "action": "reveal",
         "user": ALICE, "client": CLIENT, "location": PLACE},
        {"event.action": "reveal", "event.category": ["file"], "event.type": ["access"], "user.name": "alice", "vendor.vault_uuid": "V1"},
    ),
    _sample(audit("join", "gm", aux_uuid="BOBUUID", aux_details={"uuid": "BOBUUID", "name": "Bob", "email": "bob@example.com"}),
            {"event.category": ["iam"], "event.type": ["group", "change"], "user.target.name": "bob", "user.target.id": "BOBUUID", "group.id": "O1",
             "source.ip": "203.0.113.7", "session.id": "S1"}),
    _sample(audit("suspend", "user"), {"event.category": ["iam"], "event.type": ["user", "change"], "user.target.id": "O1"}),
    _sample(audit("create", "vault"), {"event.category": ["configuration"], "event.type": ["creation"]}),
    _sample(audit("disblmfa", "mfa", session=None), {"event.category": ["configuration", "iam"], "event.type": ["info"], "source.ip": None}),
)  # fmt: skip
