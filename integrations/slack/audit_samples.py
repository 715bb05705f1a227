"""Test records of ``slack.audit``, each with the fields that its document must have.

Shapes after https://docs.slack.dev/admins/audit-logs-api
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

ALICE = {"id": "W1ALICE", "name": "Alice Example", "email": "alice@example.com", "team": "T1"}
BOB = {"id": "W1BOB", "name": "Bob Example", "email": "bob@example.com", "team": "T1"}


def record(action: str, kind: str = "user", thing: Any = None, **details: Any) -> dict[str, Any]:
    """Return an entry about an entity."""
    return {
        "id": "0123a45b-0000-0000-0000-000000000001", "date_create": 1776594030, "action": action,
        "actor": {"type": "user", "user": ALICE}, "entity": {"type": kind, kind: BOB if thing is None else thing},
        "context": {"location": {"type": "workspace", "id": "T1", "name": "Example", "domain": "example"},
                    "ua": "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0", "session_id": 847,
                    "ip_address": "203.0.113.7"},
        "details": details,
    }  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


AUDIT_SAMPLES = (
    _sample(
        record("user_login"),
        {"@timestamp": "2026-04-19T10:20:30.000Z", "event.action": "user_login", "event.outcome": "success",
         "event.category": ["authentication", "session"], "event.type": ["start", "user"], "user.id": "W1ALICE",
         "user.full_name": "Alice Example", "user.email": "alice@example.com", "user.name": "alice",
         "source.ip": "203.0.113.7", "source.address": "203.0.113.7", "user_agent.name": "Firefox", "session.id": "847",
         "organization.id": "T1", "user.target.email": "bob@example.com",
         "related.user": ["alice@example.com", "alice", "bob@example.com", "bob"]},
    ),
    _sample(record("user_login_failed", reason="bad_password"), {"event.outcome": "failure", "event.reason": "bad_password"}),
    _sample(record("user_logout"), {"event.type": ["end", "user"]}),
    _sample(
        record("anomaly", "enterprise", {"id": "E1", "name": "Example"}, reason=["asn", "user_agent"]),
        {"event.kind": "alert", "event.category": ["threat", "intrusion_detection"], "event.reason": "asn, user_agent"},
    ),
    _sample(record("user_created"), {"event.category": ["iam"], "event.type": ["user", "creation"], "user.target.name": "bob"}),
    _sample(record("user_deactivated"), {"event.type": ["user", "change"]}),
    _sample(record("role_change_to_owner"), {"event.category": ["iam"], "event.type": ["user", "change"], "user.target.id": "W1BOB"}),
    _sample(record("user_channel_join", "channel", {"id": "C1", "name": "board", "privacy": "private"}),
            {"event.type": ["group", "change"], "group.name": "board", "group.id": "C1"}),
    _sample(record("file_downloaded", "file", {"id": "F1", "name": "pay.pdf", "filetype": "pdf", "title": "Pay"}),
            {"event.category": ["file"], "event.type": ["access"], "file.name": "pay.pdf", "file.extension": "pdf"}),
    _sample(record("app_installed", "app", {"id": "A1", "name": "Helper", "scopes": ["channels:history"]}),
            {"event.category": ["configuration"], "event.type": ["installation"], "service.name": "Helper"}),
    _sample(record("pref.two_factor_auth_changed", "workspace", {"id": "T1", "name": "Example"}),
            {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(record("manual_export_started", "workspace", {"id": "T1"}), {"event.category": ["file"], "event.type": ["access"]}),
    _sample({"id": "1", "date_create": "1776594030", "action": "something_new", "actor": None, "entity": "odd"},
            {"event.type": ["info"], "user.name": None, "source.ip": None}),
    _sample(record("file_downloaded", "file", {"id": "F1", "name": "pay.pdf", "filetype": "application/pdf", "title": "Pay"}),
            {"file.name": "pay.pdf", "file.mime_type": "application/pdf", "file.extension": "pdf"}),
)  # fmt: skip
