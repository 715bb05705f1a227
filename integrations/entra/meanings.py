"""What the activities of a directory mean in ECS: by the activity, else by its category and its verb.

Reference: https://learn.microsoft.com/en-us/entra/identity/monitoring-health/reference-audit-activities. Microsoft
365's audit log has the same activities with a full stop at their ends.
"""

from __future__ import annotations

from collections.abc import Mapping

from integrations.operations import type_of

_CATEGORIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "UserManagement": (("iam",), ("user",)),
    "GroupManagement": (("iam",), ("group",)),
    "RoleManagement": (("iam",), ("admin",)),
    "ApplicationManagement": (("configuration",), ()),
    "Policy": (("configuration",), ()),
    "PolicyManagement": (("configuration",), ()),
    "AuthorizationPolicy": (("configuration",), ()),
    "CrossTenantAccessSettings": (("configuration",), ()),
    "DirectoryManagement": (("configuration",), ()),
    "AdministrativeUnit": (("iam",), ("group",)),
    "Administrative": (("iam",), ("admin",)),
    "Agreement": (("configuration",), ()),
    "Authentication": (("authentication",), ()),
    "Device": (("iam", "host"), ()),
    "DeviceConfiguration": (("configuration", "host"), ()),
    "EntitlementManagement": (("iam",), ()),
    "IdentityProtection": (("iam", "threat"), ()),
    "KeyManagement": (("iam", "configuration"), ()),
    "ProvisioningManagement": (("iam",), ("user",)),
    "ResourceManagement": (("configuration",), ()),
    "UserCredentialManagement": (("iam",), ("user",)),
}
_ACTIVITIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "consent to application": (("iam", "configuration"), ("user", "change")),
    "add delegated permission grant": (("iam", "configuration"), ("user", "change")),
    "remove delegated permission grant": (("iam", "configuration"), ("user", "change")),
    "add oauth2permissiongrant": (("iam", "configuration"), ("user", "change")),
    "add app role assignment to service principal": (("iam", "configuration"), ("admin", "change")),
    "add app role assignment grant to user": (("iam",), ("user", "change")),
    "add member to role": (("iam",), ("admin", "change")),
    "remove member from role": (("iam",), ("admin", "change")),
    "add eligible member to role": (("iam",), ("admin", "change")),
    "add member to group": (("iam",), ("group", "change")),
    "remove member from group": (("iam",), ("group", "change")),
    "add owner to group": (("iam",), ("group", "change")),
    "add owner to application": (("iam", "configuration"), ("change",)),
    "add owner to service principal": (("iam", "configuration"), ("change",)),
    "add service principal credentials": (("iam", "configuration"), ("change",)),
    "invite external user": (("iam",), ("user", "creation")),
}
"""By activity, in lower case, without a full stop at its end."""


def meaning_of(activity: str, category: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ECS categories and types of an activity; never without a type."""
    name = activity.lower().rstrip(".").strip()
    if (known := _ACTIVITIES.get(name)) is not None:
        return known
    categories, subjects = _CATEGORIES.get(category, (("configuration",) if category else (), ()))
    kind = type_of(activity)
    return categories, (*subjects, *([kind] if kind else [])) or ("info",)
