"""Test records of ``onelogin.event``, each with the fields that its document must have.

Shapes after https://developers.onelogin.com/api-docs/1/events/event-resource
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def record(number: int, **more: Any) -> dict[str, Any]:
    """Return an event with the usual fields."""
    return {"id": 62, "created_at": "2026-04-19T10:20:30.123Z", "account_id": 9, "user_id": 7, "user_name": "Bob Example",
            "event_type_id": number, "notes": None, "ipaddr": "203.0.113.7", "actor_user_id": None, "actor_user_name": None,
            "app_id": None, "app_name": None, "role_name": None, "error_description": None, "risk_score": None} | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


EVENT_SAMPLES = (
    _sample(
        record(5, risk_score=17),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.code": "5", "event.action": "user-logged-into-onelogin",
         "event.category": ["authentication", "session"], "event.type": ["start", "user"], "event.outcome": "success", "user.id": "7",
         "user.full_name": "Bob Example", "source.ip": "203.0.113.7", "event.risk_score": 17, "organization.id": "9"},
    ),
    _sample(record(6, error_description="bad password", ipaddr="2001:db8::7"),
            {"event.outcome": "failure", "event.reason": "bad password", "source.ip": "2001:db8::7"}),
    _sample(record(3, actor_user_id=1, actor_user_name="alice@example.com"),
            {"event.category": ["iam", "session"], "user.name": "alice", "user.id": "1", "user.target.id": "7",
             "user.target.full_name": "Bob Example", "vendor.event_type_id": 3}),
    _sample(record(553, actor_user_id=1, actor_user_name="Alice Example"), {"event.type": ["user", "change"], "user.target.id": "7"}),
    _sample(record(8, app_id=4, app_name="Wiki"), {"service.name": "Wiki", "service.id": "4", "event.type": ["start", "user"]}),
    _sample({"uuid": "u-1", "event_timestamp": "2026-04-19 10:20:30 UTC", "event_type_id": 9999, "actor_system": "Trigger"},
            {"@timestamp": "2026-04-19T10:20:30.000Z", "event.action": "event-type-9999", "user.name": "Trigger"}),
)  # fmt: skip
