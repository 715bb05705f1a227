"""Test records of ``keycloak.event``, each with the fields that its document must have.

Shapes after https://www.keycloak.org/docs/latest/server_admin/#configuring-auditing-to-track-events
"""

from __future__ import annotations

from integrations.contract import Sample

EVENT_SAMPLES = (
    Sample(
        '2026-04-19 10:20:30,123 WARN  [org.keycloak.events] (executor-thread-3) type="LOGIN_ERROR", realmId="r-1", realmName="shop", '
        'clientId="account", userId="u-1", ipAddress="203.0.113.7", error="invalid_user_credentials", auth_method="openid-connect", '
        'username="alice@example.com", code_id="c-1"',
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "LOGIN_ERROR", "event.category": ["authentication", "session"],
         "event.type": ["start"], "event.outcome": "failure", "event.reason": "invalid_user_credentials", "user.id": "u-1",
         "user.name": "alice", "user.email": "alice@example.com", "source.ip": "203.0.113.7", "service.name": "account",
         "organization.name": "shop", "session.id": "c-1", "log.level": "WARN", "log.logger": "org.keycloak.events",
         "process.thread.name": "executor-thread-3", "vendor.auth_method": "openid-connect"},
    ),
    Sample(
        "2026-04-19 10:20:30,123 DEBUG [org.keycloak.events] (default task-41) type=LOGIN, realmId=master, clientId=account, userId=u-1, "
        "ipAddress=2001:db8::7, auth_method=openid-connect, username=alice",
        {"event.outcome": "success", "source.ip": "2001:db8::7", "user.name": "alice"},
    ),
    Sample(
        '2026-04-19 10:20:30,123 DEBUG [org.keycloak.events] (executor-thread-9) operationType="CREATE", realmId="r-1", clientId="c", '
        'userId="u-1", ipAddress="203.0.113.7", resourceType="REALM_ROLE_MAPPING", resourcePath="users/u-2/role-mappings/realm"',
        {"event.action": "create-realm_role_mapping", "event.category": ["iam"], "event.type": ["user", "change"], "user.target.id": "u-2"},
    ),
    Sample(
        "2026-04-19 10:20:30,123 INFO  [org.keycloak.services] (main) KC-SERVICES0050: Initializing master realm",
        {"event.type": ["info"], "message": "KC-SERVICES0050: Initializing master realm", "log.level": "INFO"},
    ),
    Sample(
        '{"time":1776594030123,"type":"LOGOUT","realmId":"r-1","clientId":"account","userId":"u-1","sessionId":"s-1",'
        '"ipAddress":"203.0.113.7","details":{"username":"alice"}}',
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.type": ["end"], "user.name": "alice", "session.id": "s-1"},
    ),
    Sample(
        '{"time":1776594030123,"realmId":"r-1","authDetails":{"realmId":"master","clientId":"c","userId":"u-1","ipAddress":"203.0.113.7"},'
        '"operationType":"DELETE","resourceType":"USER","resourcePath":"users/u-2","error":null}',
        {"event.action": "delete-user", "event.type": ["user", "deletion"], "user.target.id": "u-2", "source.ip": "203.0.113.7"},
    ),
    Sample(
        '{"timestamp":"2026-04-19T10:20:30.123456Z","loggerName":"org.keycloak.events","level":"WARN",'
        '"message":"type=\\"UPDATE_PASSWORD_ERROR\\", realmId=\\"r-1\\", userId=\\"null\\", ipAddress=\\"203.0.113.7\\", error=\\"password_missing\\""}',
        {"event.category": ["iam"], "event.type": ["user", "change"], "event.outcome": "failure", "user.id": None},
    ),
)  # fmt: skip
