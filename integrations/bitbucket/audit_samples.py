"""Test records of ``bitbucket.audit``, each with the fields that its document must have.

Shapes after https://confluence.atlassian.com/bitbucketserver/audit-log-integrations-1005493346.html
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def record(category: str, action: str, **more: Any) -> dict[str, Any]:
    """Return a record with the usual fields."""
    return {
        "affectedObjects": [{"id": "3", "name": "PAY", "type": "PROJECT"}],
        "auditType": {"action": action, "actionI18nKey": f"bitbucket.service.audit.action.{action.replace(' ', '').lower()}",
                      "area": "LOCAL_CONFIG_AND_ADMINISTRATION", "category": category,
                      "categoryI18nKey": f"bitbucket.service.audit.category.{category.replace(' ', '').lower()}", "level": "BASE"},
        "author": {"id": "2", "name": "alice", "type": "NORMAL"}, "changedValues": [], "extraAttributes": [], "method": "Browser",
        "node": "n-1", "source": "203.0.113.7", "system": "https://bitbucket.example.com:7990",
        "timestamp": {"epochSecond": 1776594030, "nano": 123000000}, "version": "1.0",
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


AUDIT_SAMPLES = (
    _sample(
        record("Projects", "Project created"),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "bitbucket.service.audit.action.projectcreated",
         "event.category": ["configuration"], "event.type": ["creation"], "user.id": "2", "user.name": "alice",
         "source.ip": "203.0.113.7", "source.address": "203.0.113.7", "service.address": "https://bitbucket.example.com:7990",
         "related.hosts": ["bitbucket.example.com"], "message": "Project created", "vendor.auditType.category": "Projects"},
    ),
    _sample(record("Authentication", "User login failed", author={"id": "-2", "name": "Anonymous"}),
            {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "failure"}),
    _sample(record("Permissions", "Global permission granted", affectedObjects=[{"id": "7", "name": "bob", "type": "USER"}]),
            {"event.category": ["iam", "configuration"], "event.type": ["change"], "user.target.name": "bob", "user.target.id": "7"}),
    _sample(record("Users and groups", "User added to group", affectedObjects=[{"name": "admins", "type": "GROUP"}]),
            {"event.category": ["iam"], "event.type": ["group", "change"], "group.name": "admins"}),
    _sample(record("Security", "Unauthorized access to a resource", source="2001:db8::7, 198.51.100.9", timestamp="2026-04-19T10:20:30.123Z"),
            {"event.outcome": "failure", "source.ip": "2001:db8::7", "related.ip": ["2001:db8::7", "198.51.100.9"]}),
    _sample({**{key: value for key, value in record("Repositories", "Repository deleted").items() if key != "auditType"},
             "type": record("Repositories", "Repository deleted")["auditType"]},
            {"event.type": ["deletion"], "vendor.auditType.action": "Repository deleted"}),
)  # fmt: skip
