"""Test records of ``jumpcloud.event``, each with the fields that its document must have.

Shapes after https://docs.jumpcloud.com/api/insights/directory/1.0/index.html
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def record(action: str, service: str = "directory", **more: Any) -> dict[str, Any]:
    """Return an event with the usual fields."""
    return {
        "initiated_by": {"id": "u1", "type": "user", "username": "alice", "email": "alice@example.com"}, "event_type": action,
        "success": True, "service": service, "organization": "org-1", "@version": "1", "client_ip": "203.0.113.7", "id": "ev-1",
        "geoip": {"country_code": "IE", "region_name": "Leinster", "latitude": 53.3, "longitude": -6.2},
        "useragent": {"name": "Chrome", "version": "123.0", "os_name": "Windows"}, "timestamp": "2026-04-19T10:20:30.123456789Z",
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


EVENT_SAMPLES = (
    _sample(
        record("user_login_attempt", mfa=True),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "user_login_attempt", "event.category": ["authentication"],
         "event.type": ["start"], "event.outcome": "success", "event.provider": "directory", "user.id": "u1", "user.name": "alice",
         "user.email": "alice@example.com", "source.ip": "203.0.113.7", "client.ip": "203.0.113.7", "organization.id": "org-1",
         "source.geo.country_iso_code": "IE", "user_agent.name": "Chrome"},
    ),
    _sample(record("sso_auth", "sso", success=False, error_message="denied by policy", application={"name": "wiki"}, client_ip="2001:db8::7"),
            {"event.outcome": "failure", "event.reason": "denied by policy", "service.name": "wiki", "source.ip": "2001:db8::7"}),
    _sample(record("user_create", resource={"id": "u2", "type": "user", "username": "bob"}),
            {"event.category": ["iam"], "event.type": ["user", "creation"], "user.target.name": "bob", "user.target.id": "u2"}),
    _sample(record("login_attempt", "systems", initiated_by=None, username="root", system={"hostname": "web-1", "displayName": "web-1"}, success=False),
            {"event.category": ["authentication"], "user.name": "root", "host.hostname": "web-1", "event.outcome": "failure"}),
    _sample(record("group_update", resource={"id": "g1", "type": "user_group", "name": "admins"}), {"event.category": ["iam"]}),
    _sample(record("policy_update", client_ip=None), {"event.category": ["configuration"], "event.type": ["change"], "source.ip": None}),
)  # fmt: skip
