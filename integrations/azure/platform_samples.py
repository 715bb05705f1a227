"""Test records of Azure's resource logs, each with the fields that its document must have."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

_ROOT = "/SUBSCRIPTIONS/8A4DE8B5/RESOURCEGROUPS/SHOP/PROVIDERS"
_UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"


def _sample(expect: dict[str, Any], **record: Any) -> Sample:
    usual = {"time": "2026-04-19T10:20:30.123Z", "callerIpAddress": "203.0.113.7", "correlationId": "c-1"}
    return Sample(orjson.dumps(usual | record).decode(), expect)


_VAULT: dict[str, Any] = {
    "resourceId": f"{_ROOT}/MICROSOFT.KEYVAULT/VAULTS/PROD", "operationName": "SecretGet", "operationVersion": "2016-10-01",
    "category": "AuditEvent", "resultType": "Success", "resultSignature": "OK", "durationMs": "16",
    "identity": {"claim": {"oid": "o-1", _UPN: "alice@example.com", "appid": "a-1"}},
    "properties": {"id": "https://prod.vault.azure.net/secrets/db", "clientInfo": "curl/8.5.0", "httpStatusCode": 200,
                   "requestUri": "https://prod.vault.azure.net/secrets/db/?api-version=7.4"},
}  # fmt: skip
KEYVAULT_SAMPLES = (
    _sample(
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "SecretGet", "event.category": ["iam"], "event.type": ["access"],
         "event.outcome": "success", "event.duration": 16_000_000, "source.ip": "203.0.113.7", "user.name": "alice",
         "user.email": "alice@example.com", "user.id": "o-1", "http.response.status_code": 200, "url.domain": "prod.vault.azure.net",
         "user_agent.name": "curl", "azure.resource.name": "PROD", "cloud.account.id": "8A4DE8B5"},
        **_VAULT,
    ),
    _sample({"event.outcome": "failure", "event.type": ["deletion"], "http.response.status_code": 403, "user.id": "a-1"},
            **_VAULT | {"operationName": "KeyDelete", "identity": {"claim": {"appid": "a-1"}}, "properties": {"httpStatusCode": 403}}),
)  # fmt: skip
_BLOB: dict[str, Any] = {
    "resourceId": f"{_ROOT}/MICROSOFT.STORAGE/STORAGEACCOUNTS/EXAMPLE/BLOBSERVICES/DEFAULT", "category": "StorageRead",
    "operationName": "GetBlob", "statusCode": 200, "statusText": "Success", "durationMs": 5, "callerIpAddress": "203.0.113.7:51024",
    "protocol": "HTTPS", "uri": "https://example.blob.core.windows.net:443/data/april.csv?sv=1",
    "identity": {"type": "OAuth", "requester": {"objectId": "o-1", "upn": "alice@example.com"}},
    "properties": {"accountName": "example", "userAgentHeader": "curl/8.5.0", "objectKey": "/example/data/april.csv",
                   "responseBodySize": 4096, "tlsVersion": "TLS 1.2"},
}  # fmt: skip
STORAGE_SAMPLES = (
    _sample(
        {"event.action": "GetBlob", "event.category": ["file"], "event.type": ["access"], "event.outcome": "success",
         "source.ip": "203.0.113.7", "source.port": 51024, "file.path": "/example/data/april.csv", "file.name": "april.csv",
         "http.response.status_code": 200, "http.response.body.bytes": 4096, "tls.version": "1.2", "user.name": "alice",
         "url.domain": "example.blob.core.windows.net", "url.query": "sv=1", "network.protocol": "https"},
        **_BLOB,
    ),
    _sample({"event.outcome": "failure", "event.reason": "AuthorizationFailure", "event.type": ["deletion"], "source.ip": "2001:db8::7"},
            **_BLOB | {"category": "StorageDelete", "operationName": "DeleteBlob", "statusCode": 403, "statusText": "AuthorizationFailure",
                       "callerIpAddress": "[2001:db8::7]:51024"}),
)  # fmt: skip
PLATFORM_SAMPLES = (
    _sample(
        {"event.action": "Microsoft.Logic/workflows/workflowRunCompleted", "event.category": ["api"], "event.type": ["info"],
         "event.outcome": "success", "azure.platformlogs.category": "WorkflowRuntime", "azure.resource.name": "FLOW", "log.level": "Information"},
        resourceId=f"{_ROOT}/MICROSOFT.LOGIC/WORKFLOWS/FLOW", operationName="Microsoft.Logic/workflows/workflowRunCompleted",
        category="WorkflowRuntime", level="Information", resultType="Succeeded", properties={},
    ),
    _sample(
        {"event.category": ["database"], "event.outcome": "failure", "event.reason": "login failed"},
        resourceId=f"{_ROOT}/MICROSOFT.SQL/SERVERS/S/DATABASES/D", operationName="Microsoft.Sql/servers/audit", category="SQLSecurityAuditEvents",
        resultType="Failed", resultDescription="login failed",
    ),
)  # fmt: skip
