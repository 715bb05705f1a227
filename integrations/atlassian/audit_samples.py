"""Test records of ``atlassian.audit``, each with the fields that its document must have.

Shapes after https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def record(action: str, *context: Any, **more: Any) -> dict[str, Any]:
    """Return an event of an organisation."""
    return {
        "id": "ev-1", "type": "events",
        "attributes": {
            "time": "2026-04-19T10:20:30.123Z", "action": action,
            "actor": {"id": "5b1", "name": "Alice Example", "email": "alice@example.com"}, "context": list(context),
            "container": [{"id": "org-1", "type": "orgs", "attributes": {"siteName": "example"}}],
            "location": {"ip": "203.0.113.7", "geo": "53.3,-6.2", "countryName": "Ireland", "regionName": "Leinster", "city": "Dublin"},
        } | more,
        "message": {"content": "Something was done"},
    }  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


AUDIT_SAMPLES = (
    _sample(
        record("user_added_to_group", {"id": "u2", "type": "users", "attributes": {"name": "Bob", "email": "bob@example.com"}},
               {"id": "g1", "type": "groups", "attributes": {"name": "site-admins"}}),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "user_added_to_group", "event.category": ["iam"],
         "event.type": ["group", "change"], "event.outcome": "success", "user.id": "5b1", "user.email": "alice@example.com",
         "user.name": "alice", "source.ip": "203.0.113.7", "source.geo.city_name": "Dublin", "user.target.name": "bob",
         "group.name": "site-admins", "organization.id": "org-1", "message": "Something was done"},
    ),
    _sample(record("user_login_failed", location={"ip": "2001:db8::7"}),
            {"event.category": ["authentication"], "event.outcome": "failure", "source.ip": "2001:db8::7"}),
    _sample(record("api_token_created"), {"event.category": ["iam"], "event.type": ["user", "creation"]}),
    _sample(record("policy_updated", actor=None), {"event.category": ["configuration"], "event.type": ["change"], "user.id": None}),
    _sample(
        {"auditType": {"action": "User created", "actionI18nKey": "jira.auditing.user.created", "category": "user management",
                       "categoryI18nKey": "jira.auditing.category.usermanagement"}, "affectedObjects": [{"id": "9", "name": "bob", "type": "USER"}],
         "author": {"id": "1", "name": "alice", "type": "user"}, "source": "203.0.113.7", "system": "https://jira.example.com",
         "timestamp": {"epochSecond": 1776594030, "nano": 0}},
        {"event.action": "jira.auditing.user.created", "event.category": ["iam"], "event.type": ["user", "creation"],
         "user.name": "alice", "user.target.name": "bob"},
    ),
)  # fmt: skip
