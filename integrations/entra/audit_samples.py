"""Test records of ``entra.audit``, each with the fields that its document must have.

Shapes after https://learn.microsoft.com/en-us/graph/api/resources/directoryaudit and Azure Monitor's diagnostic logs.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

TENANT = "11111111-2222-3333-4444-555555555555"
ADMIN: dict[str, Any] = {"user": {"id": "aaaa-1111", "displayName": None, "userPrincipalName": "admin@example.com", "ipAddress": "203.0.113.7",
                  "roles": []}}  # fmt: skip
APP = {
    "app": {
        "appId": None,
        "displayName": "Sync service",
        "servicePrincipalId": "sp-1",
        "servicePrincipalName": None,
    }
}


def audit(
    activity: str, category: str, *targets: Any, by: Any = None, result: str = "success", **more: Any
) -> dict[str, Any]:
    """Return a directory audit as Microsoft Graph gives it."""
    return {
        "id": "Directory_1", "category": category, "correlationId": "corr-1", "result": result, "resultReason": "",
        "activityDisplayName": activity, "activityDateTime": "2026-04-19T10:20:30.1234567Z",
        "loggedByService": "Core Directory", "operationType": "Update", "initiatedBy": by or ADMIN,
        "targetResources": list(targets), "additionalDetails": [{"key": "User-Agent", "value": "EvoSTS"}],
    } | more  # fmt: skip


def target(kind: str, name: str | None = None, upn: str | None = None, **changes: str) -> dict[str, Any]:
    """Return a target resource; `changes` are new values, ``_`` standing for a dot."""
    return {
        "id": f"{kind.lower()}-1", "displayName": name, "type": kind, "userPrincipalName": upn, "groupType": None,
        "modifiedProperties": [{"displayName": key.replace("_", "."), "oldValue": "[]", "newValue": value}
                               for key, value in changes.items()],
    }  # fmt: skip


def monitor(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Wrap a directory audit as Azure Monitor does."""
    return {
        "time": "2026-04-19T10:20:31.0000000Z", "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": properties["activityDisplayName"], "operationVersion": "1.0", "category": "AuditLogs",
        "tenantId": TENANT, "resultSignature": "None", "durationMs": 0, "callerIpAddress": "<null>",
        "correlationId": "corr-1", "Level": 4, "properties": properties,
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


_BOB = target("User", None, "bob@example.com")

AUDIT_SAMPLES = (
    _sample(
        monitor(audit("Add member to role", "RoleManagement",
                      target("User", None, "bob@example.com", Role_DisplayName='"Global Administrator"'))),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "Add member to role", "event.category": ["iam"],
         "event.type": ["admin", "change"], "event.outcome": "success", "event.duration": 0, "log.level": "4",
         "event.provider": "Core Directory", "user.id": "aaaa-1111", "user.name": "admin", "user.email": "admin@example.com",
         "source.ip": "203.0.113.7", "client.ip": "203.0.113.7", "user.target.name": "bob", "user.target.id": "user-1",
         "user.target.email": "bob@example.com", "user.target.roles": ["Global Administrator"], "organization.id": TENANT,
         "cloud.provider": "azure", "related.user": ["admin@example.com", "admin", "bob@example.com", "bob"],
         "vendor.modified.Role.DisplayName": "Global Administrator", "user_agent.original": "EvoSTS"},
    ),
    _sample(
        audit("Consent to application", "ApplicationManagement",
              target("ServicePrincipal", "Mail Helper", ConsentContext_IsAdminConsent='"False"',
                     ConsentAction_Permissions='"[] => [[Id: 1, ClientId: 2, Scope: Mail.Read offline_access]]"')),
        {"event.category": ["iam", "configuration"], "event.type": ["user", "change"], "service.name": "Mail Helper",
         "service.id": "serviceprincipal-1", "vendor.modified.ConsentContext.IsAdminConsent": "False"},
    ),
    _sample(
        audit("Update user", "UserManagement", target(
            "User", None, "bob@example.com", StrongAuthenticationRequirement='[{"RelyingParty":"*","State":0}]')),
        {"event.category": ["iam"], "event.type": ["user", "change"], "user.target.email": "bob@example.com"},
    ),
    _sample(audit("Add user", "UserManagement", _BOB), {"event.type": ["user", "creation"]}),
    _sample(audit("Delete user", "UserManagement", _BOB), {"event.type": ["user", "deletion"]}),
    _sample(
        audit("Invite external user", "UserManagement", _BOB, result="failure", resultReason="Not allowed"),
        {"event.outcome": "failure", "event.reason": "Not allowed", "vendor.Status": ["failure", "Not allowed"]},
    ),
    _sample(
        audit("Add member to group", "GroupManagement",
              target("User", None, "bob@example.com", Group_DisplayName='"Admins"', Group_ObjectID='"g-1"'),
              target("Group", None), by=APP),
        {"event.category": ["iam"], "event.type": ["group", "change"], "group.name": "Admins", "group.id": "g-1",
         "user.id": "sp-1", "user.name": "Sync service", "source.ip": None},
    ),
    _sample(
        audit("Update application – Certificates and secrets management ", "ApplicationManagement",
              target("Application", "Deploy", KeyDescription='["[KeyIdentifier=1]"]')),
        {"event.category": ["configuration"], "event.type": ["change"], "service.name": "Deploy",
         "event.action": "Update application – Certificates and secrets management"},
    ),
    _sample(
        audit("Delete conditional access policy", "Policy", target("Policy", "Require MFA")),
        {"event.category": ["configuration"], "event.type": ["deletion"], "rule.name": "Require MFA", "rule.id": "policy-1"},
    ),
    _sample(
        audit("Recover device local administrator password", "Device", target("Device", "laptop-7"),
              additionalDetails=[{"key": "AdditionalInfo", "value": "Successfully recovered local credential by device id"}]),
        {"event.category": ["iam", "host"], "host.name": "laptop-7", "device.id": "device-1"},
    ),
    _sample(
        monitor(audit("Something else happened", "BrandNew", initiatedBy=None, targetResources=None), callerIpAddress="198.51.100.4"),
        {"event.category": ["configuration"], "event.type": ["info"], "source.ip": "198.51.100.4"},
    ),
)  # fmt: skip
