"""Test records of ``entra.risk``, each with the fields that its document must have.

Shapes after https://learn.microsoft.com/en-us/graph/api/resources/riskdetection and ``…/riskyuser``.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

DETECTION = {
    "id": "det-1", "requestId": "req-1", "correlationId": "corr-1", "riskType": "unlikelyTravel",
    "riskEventType": "unlikelyTravel", "riskState": "atRisk", "riskLevel": "medium", "riskDetail": "none",
    "source": "IdentityProtection", "detectionTimingType": "offline", "activity": "signin", "tokenIssuerType": "AzureAD",
    "ipAddress": "203.0.113.7", "activityDateTime": "2026-04-19T10:20:30Z", "detectedDateTime": "2026-04-19T11:00:00Z",
    "lastUpdatedDateTime": "2026-04-19T11:00:01Z", "userId": "aaaa-1111", "userDisplayName": "Alice Example",
    "userPrincipalName": "alice@example.com",
    "location": {"city": "Dublin", "state": "Dublin", "countryOrRegion": "IE"},
    "additionalInfo": '[{"Key":"userAgent","Value":"axios/1.7.7"},{"Key":"mitreTechniques","Value":"T1078,T1110.003"}]',
}  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


_EXPECT = {
    "@timestamp": "2026-04-19T10:20:30.000Z", "event.kind": "alert", "event.category": ["threat", "iam"],
    "event.type": ["indicator"], "event.severity": 47, "rule.name": "unlikelyTravel", "user.name": "alice",
    "user.email": "alice@example.com", "user.id": "aaaa-1111", "user.full_name": "Alice Example",
    "source.ip": "203.0.113.7", "source.geo.country_iso_code": "IE", "user_agent.original": "axios/1.7.7",
    "threat.technique.id": ["T1078", "T1110.003"], "user.risk.calculated_level": "medium",
    "vendor.properties.riskEventType": "unlikelyTravel", "event.reason": "unlikelyTravel",
}  # fmt: skip

RISK_SAMPLES = (
    _sample(DETECTION, _EXPECT),
    _sample(
        {"time": "2026-04-19T11:00:02Z", "operationName": "User Risk Detection", "category": "UserRiskEvents",
         "resourceId": "/tenants/t/providers/Microsoft.aadiam", "tenantId": "t-1", "resultSignature": "None",
         "durationMs": 0, "callerIpAddress": "203.0.113.7", "identity": "alice", "Level": 4, "properties": DETECTION},
        {**_EXPECT, "event.action": "User Risk Detection", "organization.id": "t-1", "log.level": "4"},
    ),
    _sample(
        {"id": "aaaa-1111", "isDeleted": False, "isProcessing": False, "riskLevel": "high", "riskState": "confirmedCompromised",
         "riskDetail": "adminConfirmedSigninCompromised", "riskLastUpdatedDateTime": "2026-04-19T10:20:30Z",
         "userDisplayName": "Alice Example", "userPrincipalName": "alice@example.com"},
        {"event.category": ["iam", "threat"], "event.type": ["user", "change"], "user.id": "aaaa-1111",
         "user.email": "alice@example.com", "event.reason": "adminConfirmedSigninCompromised",
         "user.risk.calculated_level": "high", "event.action": "Risky user"},
    ),
    _sample(
        {"time": "2026-04-19T11:00:02Z", "operationName": "Service Principal Risk Detection", "tenantId": "t-1",
         "category": "ServicePrincipalRiskEvents", "properties": {
             "servicePrincipalId": "sp-1", "servicePrincipalDisplayName": "deploy", "riskEventType": "leakedCredentials",
             "riskLevel": "high", "riskState": "atRisk", "riskDetail": "none", "detectedDateTime": "2026-04-19T10:20:30Z"}},
        {"event.kind": "alert", "event.severity": 73, "user.id": "sp-1", "user.name": "deploy", "source.ip": None},
    ),
)  # fmt: skip
