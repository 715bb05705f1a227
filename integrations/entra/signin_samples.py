"""Test records of ``entra.signin``, each with the fields that its document must have.

Shapes after https://learn.microsoft.com/en-us/graph/api/resources/signin and Azure Monitor's diagnostic logs.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

TENANT = "11111111-2222-3333-4444-555555555555"
BROWSER = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 "
           "Safari/537.36 Edg/123.0.0.0")  # fmt: skip


def signin(code: int = 0, reason: str = "Other.", extra: Any = None, **more: Any) -> dict[str, Any]:
    """Return a sign-in as Microsoft Graph gives it."""
    return {
        "id": "66ea54eb-6301-4ee5-be62-ff5a759b0100", "createdDateTime": "2026-04-19T10:20:30Z",
        "userDisplayName": "Alice Example", "userPrincipalName": "alice@example.com", "userId": "aaaa-1111",
        "appId": "de8bc8b5-d9f9-48b1-a8ad-b748da725064", "appDisplayName": "Graph Explorer", "ipAddress": "203.0.113.7",
        "clientAppUsed": "Browser", "correlationId": "corr-1", "conditionalAccessStatus": "success",
        "isInteractive": True, "riskDetail": "none", "riskLevelAggregated": "none", "riskLevelDuringSignIn": "none",
        "riskState": "none", "riskEventTypes": [], "resourceDisplayName": "Microsoft Graph",
        "resourceId": "00000003-0000-0000-c000-000000000000", "userAgent": BROWSER,
        "authenticationRequirement": "singleFactorAuthentication", "authenticationProtocol": "none",
        "status": {"errorCode": code, "failureReason": reason, "additionalDetails": extra},
        "deviceDetail": {"deviceId": "", "displayName": "", "operatingSystem": "Windows 10", "browser": "Edge 123.0.0",
                         "isCompliant": False, "isManaged": False, "trustType": ""},
        "location": {"city": "Dublin", "state": "Dublin", "countryOrRegion": "IE",
                     "geoCoordinates": {"altitude": None, "latitude": 53.35, "longitude": -6.26}},
        "appliedConditionalAccessPolicies": [], "networkLocationDetails": [], "autonomousSystemNumber": 64500,
    } | more  # fmt: skip


def monitor(properties: dict[str, Any], category: str = "SignInLogs", **more: Any) -> dict[str, Any]:
    """Wrap a sign-in as Azure Monitor does."""
    status = properties.get("status")
    code = status.get("errorCode", 0) if isinstance(status, dict) else 0
    return {
        "time": "2026-04-19T10:20:31.0000000Z", "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity", "operationVersion": "1.0", "category": category, "tenantId": TENANT,
        "resultType": str(code), "resultSignature": "None",
        "durationMs": 15, "callerIpAddress": "203.0.113.7", "correlationId": "corr-1", "identity": "Alice Example",
        "Level": 4, "location": "IE", "properties": properties,
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


_WHO = {"user.name": "alice", "user.domain": "example.com", "user.email": "alice@example.com", "user.id": "aaaa-1111",
        "user.full_name": "Alice Example", "source.ip": "203.0.113.7", "client.ip": "203.0.113.7",
        "source.address": "203.0.113.7", "source.geo.country_iso_code": "IE", "source.geo.city_name": "Dublin",
        "event.category": ["authentication"], "event.type": ["info"], "event.action": "Sign-in activity",
        "@timestamp": "2026-04-19T10:20:30.000Z", "cloud.provider": "azure", "transaction.id": "corr-1",
        "user_agent.name": "Edge", "user_agent.os.name": "Windows", "service.name": "Microsoft Graph",
        "related.user": ["alice@example.com", "alice", "Alice Example"], "related.ip": ["203.0.113.7"],
        "source.as.number": 64500}  # fmt: skip

SIGNIN_SAMPLES = (
    _sample(
        signin(),
        {**_WHO, "event.outcome": "success", "event.code": "0", "error.code": None, "device.id": None,
         "vendor.properties.authenticationRequirement": "singleFactorAuthentication", "vendor.Status": ["Success"]},
    ),
    _sample(
        monitor(signin(50126, "Error validating credentials due to invalid username or password."),
                resultDescription="Invalid username or password or Invalid on-premise username or password."),
        {**_WHO, "event.outcome": "failure", "event.code": "50126", "error.code": "50126", "event.duration": 15_000_000,
         "event.reason": "Error validating credentials due to invalid username or password.", "log.level": "4",
         "message": "Invalid username or password or Invalid on-premise username or password.",
         "organization.id": TENANT, "vendor.resultType": "50126", "vendor.ResultType": "50126"},
    ),
    _sample(
        monitor(signin(500121, "Authentication failed during strong authentication request.",
                       "MFA denied; user declined the authentication",
                       authenticationRequirement="multiFactorAuthentication",
                       authenticationDetails=[{"authenticationMethod": "Mobile app notification", "succeeded": False,
                                               "authenticationStepResultDetail": "MFA denied; user declined the authentication"}])),
        {**_WHO, "event.outcome": "failure", "event.code": "500121",
         "event.reason": "MFA denied; user declined the authentication",
         "vendor.Status": ["Failure", "MFA denied; user declined the authentication"]},
    ),
    _sample(
        signin(53003, "Access has been blocked by Conditional Access policies.", appliedConditionalAccessPolicies=[
            {"id": "ca-1", "displayName": "Block legacy", "result": "failure"},
            {"id": "ca-2", "displayName": "Require MFA", "result": "notApplied"}]),
        {"event.outcome": "failure", "event.code": "53003", "rule.name": ["Block legacy"], "rule.id": ["ca-1"],
         "event.reason": "Access has been blocked by Conditional Access policies."},
    ),
    _sample(
        signin(riskState="atRisk", riskLevelDuringSignIn="high", authenticationProtocol="deviceCode", ipAddress="2001:db8::7",
               deviceDetail={"deviceId": "dev-1", "displayName": "laptop-7", "operatingSystem": "Windows 11"}),
        {"user.risk.calculated_level": "high", "source.ip": "2001:db8::7", "device.id": "dev-1", "host.name": "laptop-7",
         "host.os.name": "Windows 11", "vendor.properties.message": "Device Code", "vendor.properties.riskState": "atRisk"},
    ),
    _sample(
        monitor({**signin(), "deviceDetail": '{"deviceId":"dev-1","isCompliant":true}',
                 "location": '{"city":"Dublin","countryOrRegion":"IE"}', "status": '{"errorCode":50074,"failureReason":""}'},
                "NonInteractiveUserSignInLogs", resultType="50074"),
        {"event.code": "50074", "device.id": "dev-1", "source.geo.city_name": "Dublin", "event.outcome": "failure",
         "event.reason": "Strong Auth required"},
    ),
    _sample(
        monitor({"id": "s1", "createdDateTime": "2026-04-19T10:20:30Z", "servicePrincipalId": "sp-1",
                 "servicePrincipalName": "deploy", "appId": "app-1", "resourceDisplayName": "Azure Key Vault",
                 "ipAddress": "198.51.100.9", "status": {"errorCode": 7000215, "failureReason": "Invalid client secret provided."},
                 "location": {"city": "Dublin", "countryOrRegion": "IE"}}, "ServicePrincipalSignInLogs", identity="deploy"),
        {"user.id": "sp-1", "user.name": "deploy", "service.name": "Azure Key Vault", "event.outcome": "failure",
         "source.ip": "198.51.100.9", "event.reason": "Invalid client secret provided."},
    ),
    _sample(
        monitor({"id": "s2", "createdDateTime": "2026-04-19T10:20:30Z", "servicePrincipalId": "sp-2", "appId": "app-2",
                 "servicePrincipalName": "vm-1", "resourceDisplayName": "Azure Storage", "ipAddress": ""},
                "ManagedIdentitySignInLogs", callerIpAddress=None, resultType=0),
        {"user.id": "sp-2", "user.name": "vm-1", "event.outcome": "success", "source.ip": None},
    ),
    _sample(
        monitor({"createdDateTime": "2026-04-19T10:20:30Z", "userPrincipalName": "n/a"}, callerIpAddress="198.51.100.3:1234",
                resultType="oddly"),
        {"source.ip": "198.51.100.3", "source.port": 1234, "event.outcome": None},
    ),
)  # fmt: skip
