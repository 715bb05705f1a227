"""Test records of ``google_workspace.activity``, each with the fields that its document must have.

Shapes after https://developers.google.com/workspace/admin/reports/v1/appendix/activity/login and its siblings.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def event(kind: str, name: str, **parameters: Any) -> dict[str, Any]:
    """Return an event; a list is a multiValue, a truth value a boolValue, a number an intValue, a dict a message."""
    return {"type": kind, "name": name, "parameters": [_parameter(*pair) for pair in parameters.items()]}


def _parameter(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"name": name, "boolValue": value}
    if isinstance(value, int):
        return {"name": name, "intValue": str(value)}
    if isinstance(value, list):
        return {"name": name, "multiValue": value}
    if isinstance(value, dict):
        return {"name": name, "messageValue": {"parameter": [_parameter(*pair) for pair in value.items()]}}
    return {"name": name, "value": value}


def activity(application: str, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an activity of the Reports API."""
    return {
        "kind": "admin#reports#activity",
        "id": {"time": "2026-04-19T10:20:30.123Z", "uniqueQualifier": "-1", "applicationName": application,
               "customerId": "C01example"},
        "etag": '"x"', "actor": {"callerType": "USER", "email": "alice@example.com", "profileId": "1001"},
        "ipAddress": "203.0.113.7", "events": list(events),
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


def _drive(name: str, **more: Any) -> dict[str, Any]:
    return activity("drive", event("access", name, **{"doc_title": "pay.pdf", "doc_type": "pdf", "doc_id": "1x",
                    "owner": "bob@example.com", "visibility": "people_with_link", "primary_event": True, **more}))  # fmt: skip


ACTIVITY_SAMPLES = (
    _sample(
        activity("login", event("login", "login_success", login_type="google_password", is_suspicious=False,
                                login_challenge_method=["password", "totp"])),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "login_success", "event.provider": "login",
         "event.dataset": "google_workspace.login", "event.module": "google_workspace", "event.outcome": "success",
         "event.category": ["authentication", "session"], "event.type": ["start"], "user.name": "alice",
         "user.email": "alice@example.com", "user.domain": "example.com", "user.id": "1001", "source.ip": "203.0.113.7",
         "source.address": "203.0.113.7", "source.user.email": "alice@example.com", "source.user.id": "1001",
         "organization.id": "C01example", "service.name": "login.googleapis.com", "related.user": ["alice"],
         "vendor.parameters.login_challenge_method": ["password", "totp"], "vendor.parameters.is_suspicious": False},
    ),
    _sample(
        activity("login", event("login", "login_failure", login_type="google_password",
                                login_failure_type="login_failure_invalid_password"), ipAddress="2001:db8::7"),
        {"event.outcome": "failure", "event.reason": "login_failure_invalid_password", "source.ip": "2001:db8::7",
         "event.category": ["authentication"], "event.type": ["start"]},
    ),
    _sample(activity("login", event("login", "logout")), {"event.type": ["end"], "event.outcome": "success"}),
    _sample(
        activity("login", event("login", "login_challenge", login_challenge_status="Challenge Failed", is_second_factor=True)),
        {"event.outcome": "failure", "event.reason": "Challenge Failed", "event.type": ["info"]},
    ),
    _sample(
        activity("login", event("attack_warning", "gov_attack_warning"), ipAddress=None),
        {"event.kind": "alert", "event.category": ["authentication"], "source.ip": None},
    ),
    _sample(
        activity("login", event("email_forwarding_change", "email_forwarding_out_of_domain",
                                email_forwarding_destination_address="mallory@example.org")),
        {"event.category": ["email", "configuration"], "email.to.address": ["mallory@example.org"]},
    ),
    _sample(
        activity("login", event("account_warning", "suspicious_login", affected_email_address="bob@example.com")),
        {"event.kind": "alert", "user.target.email": "bob@example.com", "user.target.name": "bob"},
    ),
    _sample(
        activity("admin", event("APPLICATION_SETTINGS", "CHANGE_APPLICATION_SETTING", APPLICATION_NAME="Security",
                                SETTING_NAME="ContextAwareAccess", NEW_VALUE="false", OLD_VALUE="true")),
        {"event.action": "CHANGE_APPLICATION_SETTING", "event.category": ["iam", "configuration"], "event.type": ["change"],
         "event.dataset": "google_workspace.admin", "service.name": "admin.googleapis.com",
         "vendor.parameters.SETTING_NAME": "ContextAwareAccess", "vendor.parameters.NEW_VALUE": "false"},
    ),
    _sample(activity("admin", event("USER_SETTINGS", "CREATE_USER", USER_EMAIL="new@example.com")),
            {"event.category": ["iam"], "event.type": ["user", "creation"], "user.target.name": "new",
             "user.target.domain": "example.com", "related.user": ["new@example.com", "new", "alice"]}),
    _sample(activity("admin", event("USER_SETTINGS", "GRANT_ADMIN_PRIVILEGE", USER_EMAIL="bob@example.com")),
            {"event.type": ["user", "change"], "user.target.email": "bob@example.com"}),
    _sample(activity("admin", event("DELEGATED_ADMIN_SETTINGS", "ASSIGN_ROLE", USER_EMAIL="bob@example.com", ROLE_NAME="_SEED_ADMIN_ROLE")),
            {"event.category": ["iam"], "event.type": ["user", "change"], "user.target.roles": ["_SEED_ADMIN_ROLE"]}),
    _sample(activity("admin", event("GROUP_SETTINGS", "ADD_GROUP_MEMBER", USER_EMAIL="bob@example.com", GROUP_EMAIL="admins@example.com")),
            {"event.category": ["iam"], "event.type": ["group", "change"], "group.name": "admins", "group.domain": "example.com"}),
    _sample(activity("admin", event("DOMAIN_SETTINGS", "AUTHORIZE_API_CLIENT_ACCESS", API_CLIENT_NAME="x", API_SCOPES=["a", "b"])),
            {"event.category": ["iam", "configuration"], "vendor.parameters.API_SCOPES": ["a", "b"]}),
    _sample(
        _drive("download"),
        {"event.dataset": "google_workspace.drive", "event.category": ["file"], "event.type": ["access"], "file.name": "pay.pdf",
         "file.extension": "pdf", "file.type": "file", "file.owner": "bob", "vendor.parameters.visibility": "people_with_link"},
    ),
    _sample(
        _drive("change_user_access", target_user="mallory@example.org", new_value=["can_edit"], old_value=["none"]),
        {"event.category": ["file", "iam", "configuration"], "event.type": ["change"], "user.target.email": "mallory@example.org"},
    ),
    _sample(_drive("trash", doc_type="folder", doc_title="Pay"), {"event.type": ["deletion"], "file.type": "dir"}),
    _sample(_drive("upload"), {"event.type": ["creation"]}),
    _sample(
        activity("token", event("auth", "authorize", client_id="1.apps.googleusercontent.com", app_name="Mail Helper",
                                client_type="WEB", scope=["https://mail.google.com/"])),
        {"event.category": ["iam"], "event.type": ["info", "user"], "service.name": "Mail Helper",
         "service.id": "1.apps.googleusercontent.com", "vendor.parameters.scope": ["https://mail.google.com/"]},
    ),
    _sample(
        activity("saml", event("login", "login_failure", application_name="Wiki", failure_type="failure_app_not_enabled_for_user")),
        {"event.category": ["authentication", "session"], "event.outcome": "failure", "service.name": "Wiki",
         "event.reason": "failure_app_not_enabled_for_user"},
    ),
    _sample(activity("user_accounts", event("2sv_change", "2sv_disable")), {"event.category": ["iam"], "event.type": ["change", "user"]}),
    _sample(activity("groups", event("acl_change", "change_acl_permission", group_email="all@example.com")),
            {"event.category": ["iam"], "event.type": ["group", "change"], "group.name": "all"}),
    _sample(activity("groups_enterprise", event("moderator_action", "remove_member", group_id="all@example.com", member_id="bob@example.com")),
            {"event.type": ["group", "deletion"], "user.target.name": "bob"}),
    _sample(
        activity("mobile", event("device_updates", "DEVICE_COMPROMISED_EVENT", USER_EMAIL="bob@example.com", DEVICE_ID="dev-1",
                                 DEVICE_MODEL="Pixel", SERIAL_NUMBER="S1", OS_VERSION="14")),
        {"event.kind": "alert", "device.id": "dev-1", "device.model.name": "Pixel", "host.os.version": "14"},
    ),
    _sample(activity("calendar", event("calendar_change", "create_event", event_title="Board")), {"event.category": ["web"], "event.type": ["creation"]}),
    _sample(activity("chat", event("user_action", "message_posted")), {"event.category": ["web"], "event.type": ["info"]}),
    _sample(activity("meet", event("call", "call_ended", ip_address="198.51.100.9", duration_seconds=60), ipAddress=None),
            {"event.category": ["session"], "source.ip": "198.51.100.9", "vendor.parameters.duration_seconds": 60}),
    _sample(activity("gcp", event("CLOUD_OSLOGIN", "IMPORT_SSH_PUBLIC_KEY")), {"event.category": ["configuration"], "event.type": ["creation"]}),
    _sample(
        activity("rules", event("rule_match_type", "rule_match", rule_name="Cards", severity="HIGH", resource_title="cards.csv",
                                resource_owner_email="bob@example.com")),
        {"event.kind": "alert", "rule.name": "Cards", "event.severity": 73, "file.name": "cards.csv", "file.owner": "bob"},
    ),
    _sample(
        activity("chrome", event("CONTENT_TRANSFER_TYPE", "MALWARE_TRANSFER", URL="https://files.example.org/a.exe", DEVICE_NAME="laptop-7",
                                 CONTENT_NAME="C:\\Users\\alice\\a.exe", CONTENT_HASH="c" * 64, EVENT_RESULT="EVENT_RESULT_BLOCKED")),
        {"event.kind": "alert", "event.category": ["malware", "file"], "event.type": ["info", "denied"], "file.name": "a.exe",
         "url.domain": "files.example.org", "host.name": "laptop-7", "file.hash.sha256": "c" * 64},
    ),
    _sample(
        activity("context_aware_access", event("CONTEXT_AWARE_ACCESS_USER_EVENT", "ACCESS_DENY_EVENT", CAA_APPLICATION="GMAIL")),
        {"event.category": ["iam"], "event.type": ["denied"], "event.outcome": "failure"},
    ),
    _sample(activity("data_studio", event("ACCESS", "DOWNLOAD_REPORT")), {"event.category": ["web"], "event.type": ["access"]}),
    _sample(activity("keep", event("user_action", "deleted_attachment")), {"event.type": ["deletion"]}),
    _sample(activity("vault", event("user_action", "create_export", matter_id="m")), {"event.category": ["email", "file"], "event.type": ["access"]}),
    _sample(activity("access_transparency", event("GSUITE_RESOURCE", "ACCESS", JUSTIFICATIONS="x"), actor={"callerType": "KEY", "key": "SYSTEM"}),
            {"event.type": ["access"], "user.name": "SYSTEM"}),
    _sample(
        activity("gmail", event("delivery", "delivery", event_info={"success": True, "timestamp_usec": 5, "client_context": {"ip": "x"}})),
        {"event.category": ["email"], "vendor.parameters.event_info.success": True, "vendor.parameters.event_info.client_context.ip": "x"},
    ),
    _sample(activity("brand_new", event("x", "something")), {"event.dataset": "google_workspace.brand_new", "event.category": ["web"]}),
    _sample(
        {**activity("login"), "events": event("login", "login_success")},
        {"event.action": "login_success", "vendor.events.name": "login_success"},
    ),
    _sample(
        {"customerId": "C01example", "alertId": "al-1", "createTime": "2026-04-19T10:20:30Z", "startTime": "2026-04-19T10:00:00Z",
         "type": "Suspicious login", "source": "Google identity", "metadata": {"severity": "MEDIUM", "status": "NOT_STARTED"},
         "data": {"@type": "type.googleapis.com/google.apps.alertcenter.type.AccountWarning", "email": "bob@example.com",
                  "loginDetails": {"loginTime": "2026-04-19T10:00:00Z", "ipAddress": "198.51.100.9"}}},
        {"event.kind": "alert", "event.dataset": "google_workspace.alert", "event.category": ["iam", "threat"], "user.name": "bob",
         "source.ip": "198.51.100.9", "event.severity": 47, "rule.name": "Suspicious login", "event.start": "2026-04-19T10:00:00.000Z"},
    ),
    _sample(
        {"customerId": "C01example", "alertId": "al-2", "createTime": "2026-04-19T10:20:30Z", "type": "User reported phishing",
         "source": "Gmail phishing", "data": {"maliciousEntity": {"fromHeader": "ceo@example.org"},
                                              "messages": [{"messageId": "<1@example.org>", "recipient": "bob@example.com", "subjectText": "Pay"}]}},
        {"event.kind": "alert", "event.category": ["email", "threat"], "email.from.address": ["ceo@example.org"],
         "email.to.address": ["bob@example.com"], "email.subject": ["Pay"], "email.message_id": ["<1@example.org>"]},
    ),
)  # fmt: skip
