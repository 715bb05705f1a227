"""Test records of ``auth0.log``, each with the fields that its document must have.

Shapes after https://auth0.com/docs/customize/log-streams
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def record(code: str, **more: Any) -> dict[str, Any]:
    """Return an event as a log stream sends it."""
    return {"log_id": "90020", "data": {
        "date": "2026-04-19T10:20:30.123Z", "type": code, "description": "Something happened", "connection": "Users", "client_id": "c-1",
        "client_name": "Shop", "ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
        "details": {"session_id": "s-1"}, "hostname": "example.eu.auth0.com", "user_id": "auth0|1", "user_name": "alice@example.com",
        "strategy": "auth0", "log_id": "90020"} | more}  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


LOG_SAMPLES = (
    _sample(
        record("s"),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "successful-login", "event.category": ["authentication"],
         "event.type": ["info"], "event.outcome": "success", "event.code": "s", "user.id": "auth0|1", "user.name": "alice",
         "user.email": "alice@example.com", "source.ip": "203.0.113.7", "network.type": "ipv4", "log.level": "info",
         "user_agent.name": "Firefox", "service.name": "Shop", "session.id": "s-1"},
    ),
    _sample(record("fp", description="Wrong email or password.", ip="2001:db8::7"),
            {"event.action": "incorrect-password", "event.outcome": "failure", "event.reason": "Wrong email or password.",
             "network.type": "ipv6", "log.level": "error"}),
    _sample(record("gd_auth_rejected"), {"event.type": ["denied"], "event.outcome": "failure", "event.action": "mfa-authentication-rejected"}),
    _sample(record("limit_wc"), {"event.kind": "alert", "event.category": ["authentication", "intrusion_detection"]}),
    _sample(record("sapi", user_name=None, details={"request": {"method": "patch", "path": "/api/v2/clients/1", "auth": {"user": {"email": "bob@example.com"}}},
                                                    "response": {"statusCode": 200}}),
            {"event.category": ["configuration", "web"], "http.request.method": "PATCH", "url.path": "/api/v2/clients/1", "user.name": "bob",
             "http.response.status_code": 200}),
    _sample(record("du"), {"event.category": ["iam"], "event.type": ["user", "deletion"]}),
    _sample({"_id": "1", "date": "2026-04-19T10:20:30Z", "type": "brand_new", "client_id": "c-1"},
            {"event.action": "brand_new", "event.category": ["web"], "event.outcome": None}),
)  # fmt: skip
