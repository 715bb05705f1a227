"""Test records of ``github.audit``, each with the fields that its document must have.

Shapes after https://docs.github.com/en/organizations (audit log events) and the streamed audit log.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def record(action: str, **more: Any) -> dict[str, Any]:
    """Return an event with the usual fields."""
    return {
        "@timestamp": 1776594030123, "_document_id": "LwW2vpJZCDS-WUmo9Z-ifw", "action": action, "actor": "alice",
        "actor_id": 101, "actor_ip": "203.0.113.7", "actor_location": {"country_code": "IE"}, "created_at": 1776594030100,
        "org": "example", "org_id": 7, "operation_type": "modify",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


AUDIT_SAMPLES = (
    _sample(
        record("repo.destroy", repo="example/payroll", visibility="private"),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "repo.destroy", "event.category": ["configuration", "web"],
         "event.type": ["deletion"], "event.outcome": "success", "user.name": "alice", "user.id": "101",
         "source.ip": "203.0.113.7", "client.ip": "203.0.113.7", "source.geo.country_iso_code": "IE",
         "organization.name": "example", "organization.id": "7", "user_agent.name": "Firefox", "vendor.repo": "example/payroll"},
    ),
    _sample(
        record("git.clone", repo="example/payroll", transport_protocol=2, transport_protocol_name="ssh", user="",
               programmatic_access_type="Fine-grained personal access token", hashed_token="abc=", user_agent="git/2.43.0"),
        {"event.category": ["web", "file"], "event.type": ["access"], "network.protocol": "ssh", "user.target.name": None,
         "vendor.programmatic_access_type": "Fine-grained personal access token", "vendor.hashed_token": "abc="},
    ),
    _sample(
        record("org.add_member", user="bob", user_id=102, permission="admin"),
        {"event.category": ["iam", "web"], "event.type": ["user", "creation"], "user.target.name": "bob", "user.target.id": "102",
         "user.target.roles": ["admin"], "related.user": ["bob", "alice"]},
    ),
    _sample(record("team.add_member", team="example/admins", user="bob"),
            {"event.type": ["group", "change"], "group.name": "admins", "user.target.group.name": "admins"}),
    _sample(record("protected_branch.destroy", repo="example/web"), {"event.category": ["configuration", "web"], "event.type": ["deletion"]}),
    _sample(record("personal_access_token.access_granted", user="bob"), {"event.category": ["iam", "web"], "event.type": ["user", "change"]}),
    _sample(record("oauth_access.create", oauth_application_name="Helper"), {"event.category": ["iam", "web"], "service.name": "Helper"}),
    _sample(record("user.failed_login", actor_ip="2001:db8::7", reason="bad password"),
            {"event.category": ["authentication"], "event.outcome": "failure", "source.ip": "2001:db8::7", "event.reason": "bad password"}),
    _sample(record("org.disable_two_factor_requirement"), {"event.category": ["configuration", "web"], "event.type": ["change"]}),
    _sample(record("secret_scanning_push_protection.bypass", repo="example/web"), {"event.type": ["info"]}),
    _sample(record("api.request", request_method="GET", url_path="/orgs/example/members?page=2", status_code=403),
            {"event.outcome": "failure", "http.request.method": "GET", "url.path": "/orgs/example/members", "http.response.status_code": 403}),
    _sample({"action": "workflows.completed_workflow_run", "actor": "dependabot[bot]", "created_at": "2026-04-19T10:20:30Z", "org": ["example"]},
            {"event.category": ["process", "web"], "organization.name": "example", "user.name": "dependabot[bot]"}),
)  # fmt: skip
