"""What the events of Google Workspace's applications mean in ECS: by application and event, else by the verb.

Reference: https://developers.google.com/workspace/admin/reports/v1/appendix/activity/login and its siblings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from integrations.operations import type_of

Meaning: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Categories and types."""

_ACCESS_RIGHTS: Meaning = (("file", "iam", "configuration"), ("change",))

EVENTS: Mapping[tuple[str, str], Meaning] = {
    ("login", "login_success"): (("authentication", "session"), ("start",)),
    ("login", "login_failure"): (("authentication",), ("start",)),
    ("login", "logout"): (("authentication", "session"), ("end",)),
    ("login", "email_forwarding_out_of_domain"): (("email", "configuration"), ("change",)),
    ("login", "2sv_disable"): (("iam",), ("change", "user")),
    ("login", "password_edit"): (("iam",), ("change", "user")),
    ("saml", "login_success"): (("authentication", "session"), ("start",)),
    ("saml", "login_failure"): (("authentication", "session"), ("start",)),
    ("user_accounts", "email_forwarding_out_of_domain"): (("email", "iam"), ("change", "user")),
    ("token", "authorize"): (("iam",), ("info", "user")),
    ("token", "revoke"): (("iam",), ("info", "user")),
    ("token", "activity"): (("iam",), ("info", "user")),
    ("context_aware_access", "ACCESS_DENY_EVENT"): (("iam",), ("denied",)),
    ("drive", "trash"): (("file",), ("deletion",)),
    ("drive", "untrash"): (("file",), ("creation",)),
    **{
        ("drive", name): _ACCESS_RIGHTS
        for name in (
            "change_acl_editors",
            "change_document_access_scope",
            "change_document_access_scope_hierarchy_reconciled",
            "change_document_visibility",
            "change_document_visibility_hierarchy_reconciled",
            "change_user_access",
            "change_user_access_hierarchy_reconciled",
            "shared_drive_membership_change",
            "change_owner",
            "change_owner_hierarchy_reconciled",
            "shared_drive_settings_change",
            "sheets_import_range_access_change",
            "publish_change",
        )
    },
    **{
        ("drive", name): (("file",), ("access",))
        for name in (
            "view",
            "download",
            "preview",
            "print",
            "sheets_import_range",
            "source_copy",
            "email_as_attachment",
            "sheets_import_url",
            "access_item_content",
            "sync_item_content",
            "prefetch_item_content",
        )
    },
    **{
        ("drive", name): (("file",), ("creation",))
        for name in ("create", "upload", "copy", "approval_requested")
    },
    **{
        ("drive", name): (("file",), ("change",))
        for name in (
            "edit",
            "rename",
            "move",
            "add_to_folder",
            "remove_from_folder",
            "add_lock",
            "remove_lock",
            "storage_usage_update",
            "create_comment",
            "edit_comment",
            "delete_comment",
            "resolve_comment",
            "reopen_comment",
            "reassign_comment",
            "accept_suggestion",
            "reject_suggestion",
            "create_suggestion",
            "delete_suggestion",
            "team_drive_membership_change",
            "add_item_label",
            "remove_item_label",
        )
    },
    ("drive", "delete"): (("file",), ("deletion",)),
    ("drive", "deny_access_request"): (("file", "iam"), ("denied",)),
    ("drive", "request_access"): (("file", "iam"), ("info",)),
    ("chrome", "MALWARE_TRANSFER"): (("malware", "file"), ("info",)),
    ("chrome", "UNSAFE_SITE_VISIT"): (("web", "threat"), ("info",)),
    ("chrome", "PASSWORD_BREACH"): (("threat",), ("info",)),
    ("chrome", "PASSWORD_REUSE"): (("threat",), ("info",)),
    ("chrome", "PASSWORD_CHANGED"): (("iam",), ("user", "change")),
    ("chrome", "SENSITIVE_DATA_TRANSFER"): (("file", "web"), ("info",)),
    ("chrome", "CONTENT_TRANSFER"): (("file", "web"), ("info",)),
    ("chrome", "URL_NAVIGATION"): (("web",), ("access",)),
    ("chrome", "LOGIN_EVENT"): (("authentication",), ("info",)),
    ("chrome", "BROWSER_EXTENSION_INSTALL"): (("package",), ("installation",)),
    ("rules", "rule_match"): (("file",), ("access",)),
    ("rules", "action_complete"): (("file",), ("access",)),
    ("vault", "create_export"): (("email", "file"), ("access",)),
    ("vault", "download_export"): (("email", "file"), ("access",)),
    ("vault", "view_per_matter_litigation_hold_report"): (("configuration",), ("access",)),
    ("mobile", "DEVICE_COMPROMISED_EVENT"): (("host", "intrusion_detection"), ("info",)),
    ("mobile", "SUSPICIOUS_ACTIVITY_EVENT"): (("host", "intrusion_detection"), ("info",)),
    ("device", "DEVICE_COMPROMISED_EVENT"): (("host", "intrusion_detection"), ("info",)),
}

APPLICATIONS: Mapping[str, Meaning] = {
    "access_transparency": (("configuration",), ("access",)),
    "calendar": (("web",), ()),
    "chat": (("web",), ()),
    "chrome": (("host",), ()),
    "context_aware_access": (("iam",), ()),
    "data_studio": (("web",), ()),
    "device": (("host",), ()),
    "drive": (("file",), ()),
    "gcp": (("configuration",), ()),
    "gmail": (("email",), ()),
    "groups": (("iam",), ("group",)),
    "groups_enterprise": (("iam",), ("group",)),
    "jamboard": (("configuration",), ()),
    "keep": (("web",), ()),
    "login": (("authentication",), ("info",)),
    "meet": (("session",), ()),
    "mobile": (("host",), ()),
    "rules": (("configuration",), ()),
    "saml": (("authentication",), ("info",)),
    "token": (("iam",), ("info", "user")),
    "user_accounts": (("iam",), ("change", "user")),
    "vault": (("configuration",), ()),
}
_ADMIN_SETTINGS: Mapping[str, Meaning] = {
    "USER_SETTINGS": (("iam",), ("user",)),
    "GROUP_SETTINGS": (("iam",), ("group",)),
    "DELEGATED_ADMIN_SETTINGS": (("iam",), ()),
    "LICENSES_SETTINGS": (("iam",), ("user",)),
}

ALERTS = frozenset(
    {
        ("chrome", name)
        for name in ("MALWARE_TRANSFER", "UNSAFE_SITE_VISIT", "PASSWORD_BREACH", "SENSITIVE_DATA_TRANSFER")
    }
    | {
        ("rules", "rule_match"),
        ("mobile", "DEVICE_COMPROMISED_EVENT"),
        ("mobile", "SUSPICIOUS_ACTIVITY_EVENT"),
    }
    | {("device", "DEVICE_COMPROMISED_EVENT"), ("login", "gov_attack_warning"), ("login", "suspicious_login")}
    | {("login", "suspicious_login_less_secure_app"), ("login", "suspicious_programmatic_login")}
)
"""Detections by Google itself."""


def meaning_of(application: str, kind: str, name: str) -> Meaning:
    """Return the categories and types of an event; never without a type. `kind` is its ``type``."""
    if (known := EVENTS.get((application, name))) is not None:
        return known
    if application == "admin":
        categories, subjects = _ADMIN_SETTINGS.get(kind, (("iam", "configuration"), ()))
        verb = type_of(name)
        # A member that is added changes the group.
        verb = "change" if verb and "MEMBER" in name else verb
        if kind == "DELEGATED_ADMIN_SETTINGS" and name in ("ASSIGN_ROLE", "UNASSIGN_ROLE"):
            subjects = ("user",)
        return categories, (*subjects, *([verb] if verb else [])) or ("info",)
    categories, types = APPLICATIONS.get(application, (("web",), ()))
    if types in ((), ("group",)):
        verb = type_of(name)
        return categories, (*types, *([verb] if verb else [])) or ("info",)
    return categories, types
