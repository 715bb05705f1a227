"""Test records of ``azure.activity``, each with the fields that its document must have."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

SUBSCRIPTION = "8a4de8b5-095c-47d0-a96f-a75130c61d53"
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"


def _record(operation: str, **more: Any) -> dict[str, Any]:
    return {
        "time": "2026-04-19T10:20:30.1234567Z", "operationName": operation, "category": "Administrative", "resultType": "Success",
        "resourceId": f"/SUBSCRIPTIONS/{SUBSCRIPTION}/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/WEB-1",
        "resultSignature": "Succeeded.OK", "durationMs": 41, "callerIpAddress": "203.0.113.7", "correlationId": "c-1", "level": "Information",
        "location": "global", "tenantId": "t-1",
        "identity": {
            "authorization": {"scope": "/subscriptions/1", "action": operation, "evidence": {"role": "Owner"}},
            "claims": {f"{_CLAIMS}upn": "alice@example.com", "name": "Alice Example", "ipaddr": "203.0.113.7",
                       "http://schemas.microsoft.com/identity/claims/objectidentifier": "o-1"},
        },
        "properties": {"statusCode": "OK", "eventCategory": "Administrative"},
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


ACTIVITY_SAMPLES = (
    _sample(
        _record("MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE"),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE", "event.category": ["host"],
         "event.type": ["change"], "event.outcome": "success", "event.duration": 41_000_000, "cloud.provider": "azure",
         "cloud.account.id": SUBSCRIPTION, "source.ip": "203.0.113.7", "user.name": "alice", "user.domain": "example.com",
         "user.email": "alice@example.com", "user.full_name": "Alice Example", "user.id": "o-1", "user.roles": ["Owner"],
         "log.level": "Information", "azure.resource.name": "WEB-1", "azure.resource.group": "SHOP",
         "azure.activitylogs.category": "Administrative", "organization.id": "t-1", "transaction.id": "c-1"},
    ),
    _sample(
        _record("MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", resultType="Success", properties={"statusCode": "Created",
                "requestbody": '{"Id":"x","Properties":{"PrincipalId":"p-9","RoleDefinitionId":"/providers/r"}}'}),
        {"event.category": ["iam"], "event.type": ["creation"], "user.target.id": "p-9"},
    ),
    _sample(_record("MICROSOFT.KEYVAULT/VAULTS/DELETE", resultType="Failure", resultDescription="Forbidden"),
            {"event.category": ["configuration"], "event.type": ["deletion"], "event.outcome": "failure", "event.reason": "Forbidden"}),
    _sample(_record("MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", resultType="Start"),
            {"event.category": ["api"], "event.type": ["access"], "event.outcome": "unknown"}),
    _sample(_record("MICROSOFT.COMPUTE/VIRTUALMACHINES/DEALLOCATE/ACTION", callerIpAddress="2001:db8::7"),
            {"event.category": ["host"], "event.type": ["end"], "source.ip": "2001:db8::7"}),
    _sample(_record("Microsoft.Security/locations/alerts/activate/action", category="Security", identity=None, callerIpAddress=None,
                    properties={"message": "Suspicious login"}),
            {"event.kind": "alert", "event.category": ["threat"], "message": "Suspicious login", "user.name": None}),
    _sample(
        {"caller": "bob@example.com", "operationName": {"value": "Microsoft.Network/networkSecurityGroups/write", "localizedValue": "W"},
         "category": {"value": "Administrative", "localizedValue": "Administrative"}, "status": {"value": "Failed"}, "level": "Error",
         "eventTimestamp": "2026-04-19T10:20:30Z", "submissionTimestamp": "2026-04-19T10:21:30Z", "claims": {"oid": "o-2"},
         "resourceId": f"/subscriptions/{SUBSCRIPTION}/resourcegroups/shop/providers/Microsoft.Network/networkSecurityGroups/web",
         "resourceProviderName": {"value": "Microsoft.Network"}, "httpRequest": {"clientIpAddress": "203.0.113.7", "method": "PUT"}},
        {"event.action": "Microsoft.Network/networkSecurityGroups/write", "event.outcome": "failure", "user.name": "bob",
         "user.id": "o-2", "source.ip": "203.0.113.7", "http.request.method": "PUT", "azure.resource.provider": "Microsoft.Network"},
    ),
    _sample(
        {"TimeGenerated": "2026-04-19T10:20:30Z", "OperationNameValue": "Microsoft.ADHybridHealthService/services/delete",
         "CategoryValue": "Administrative", "ActivityStatusValue": "Success", "ResourceProviderValue": "Microsoft.ADHybridHealthService",
         "ResourceId": "/providers/Microsoft.ADHybridHealthService/services/AdFederationService-x", "Caller": "00000000-1",
         "CallerIpAddress": "203.0.113.7"},
        {"event.type": ["deletion"], "user.id": "00000000-1", "source.ip": "203.0.113.7",
         "azure.resource.id": "/providers/Microsoft.ADHybridHealthService/services/AdFederationService-x"},
    ),
    _sample({"records": [_record("MICROSOFT.RESOURCES/DEPLOYMENTS/WRITE")]},
            {"event.category": ["configuration"], "event.type": ["change"]}),
)  # fmt: skip
