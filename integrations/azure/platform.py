"""Azure's resource logs: Key Vault, storage accounts, and any other in Azure Monitor's common form.

References: https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema,
https://learn.microsoft.com/azure/key-vault/general/logging and
https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference
"""

from __future__ import annotations

from typing import Any

from integrations.azure.activity import CATEGORIES as OF_ACTIVITY
from integrations.azure.platform_samples import KEYVAULT_SAMPLES, PLATFORM_SAMPLES, STORAGE_SAMPLES
from integrations.azure.records import (
    first,
    loaded,
    meaning,
    of_records,
    outcome_of,
    put_claims,
    recognising,
    started,
)
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, mapping, pick, put, put_new, text
from integrations.normalisers import json_source
from integrations.principals import put_principal
from integrations.times import Times
from integrations.web import put_agent, put_path, put_url, unescaped
from rules.ecs import Document

_STORAGE = frozenset({"StorageRead", "StorageWrite", "StorageDelete"})
_OF_OTHERS = frozenset(
    {"SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs"}
    | {"ManagedIdentitySignInLogs", "ADFSSignInLogs", "RiskyUsers", "UserRiskEvents", "ProvisioningLogs"}
    | {"RiskyServicePrincipals", "ServicePrincipalRiskEvents", "MicrosoftGraphActivityLogs"}
    | {"kube-audit", "kube-audit-admin", "NetworkSecurityGroupFlowEvent", "FlowLogFlowEvent", "AuditEvent"}
)
"""Categories that have a source of their own."""


def _begin(record: dict[str, Any], times: Times) -> tuple[Document, str, dict[str, Any]]:
    operation = first(record, "operationName", "OperationName", "operation")
    if operation is None:
        raise UnparsedError("expected a resource log record with operationName")
    document = started(record, times)
    properties = loaded(record.get("properties"))
    category, kind = meaning(operation)
    categorise(document, category, [kind], action=operation)
    result = first(record, "resultType", "statusCode", "resultSignature", "statusText")
    put(document, "event.outcome", outcome_of(result))
    put(document, "event.reason", first(record, "resultDescription"))
    put(document, "azure.platformlogs.category", first(record, "category", "Category"))
    put(document, "organization.id", first(record, "tenantId"))
    document["vendor"] = record
    return document, operation, properties


def _read_platform(record: dict[str, Any], times: Times) -> Document:
    document, _, properties = _begin(record, times)
    identity = record.get("identity")
    put_claims(document, loaded(pick(mapping(identity), "claims") or mapping(identity).get("claim")))
    put(document, "message", text(properties.get("message")) or text(properties.get("Message")))
    return document


def _read_keyvault(record: dict[str, Any], times: Times) -> Document:
    """A vault's calls: ``SecretGet``, ``KeySign``, ``VaultAccessPolicyChangedEventGridNotification``."""
    document, operation, properties = _begin(record, times)
    categorise(document, ["iam"], [_vault_kind(operation)], action=operation)
    status = integer(properties.get("httpStatusCode"))
    outcome = outcome_of(str(status)) if status is not None else outcome_of(first(record, "resultType"))
    put(document, "event.outcome", outcome)
    put(document, "http.response.status_code", status)
    put(document, "http.request.id", text(properties.get("clientRequestId")))
    put_url(document, properties.get("requestUri") or properties.get("id"))
    put_agent(document, properties.get("clientInfo"))
    claims = mapping(mapping(record.get("identity")).get("claim"))
    put_claims(document, claims)
    put_new(document, "user.id", text(claims.get("appid")))
    return document


_VAULT_KINDS = (
    (("Get", "List", "Decrypt", "Sign", "Verify", "Encrypt", "Wrap", "Unwrap", "Backup"), "access"),
    (("Delete", "Purge"), "deletion"),
    (("Create", "Import", "Restore", "Recover"), "creation"),
    (("Set", "Update", "Put", "Patch", "Change", "Rotate"), "change"),
)


def _vault_kind(operation: str) -> str:
    for words, kind in _VAULT_KINDS:
        if any(word in operation[:128] for word in words):
            return kind
    return "info"


def _read_storage(record: dict[str, Any], times: Times) -> Document:
    """A request to blobs, files, queues or tables, all but its body."""
    document, operation, properties = _begin(record, times)
    named = first(record, "category") or ""
    kind = {"StorageRead": "access", "StorageWrite": "change", "StorageDelete": "deletion"}.get(named, "info")
    categorise(document, ["file"], [kind], action=operation)
    put(document, "event.reason", first(record, "statusText"))
    put(document, "http.response.status_code", integer(record.get("statusCode")))
    put_url(document, record.get("uri"))
    put_agent(document, properties.get("userAgentHeader"))
    put(document, "http.request.referrer", text(properties.get("referrerHeader")))
    put(document, "http.request.body.bytes", integer(properties.get("requestBodySize")))
    put(document, "http.response.body.bytes", integer(properties.get("responseBodySize")))
    put(
        document,
        "tls.version",
        (text(properties.get("tlsVersion")) or "").lower().removeprefix("tls").strip(),
    )
    put(document, "network.protocol", (first(record, "protocol") or "").lower())
    identity = mapping(record.get("identity"))
    requester = mapping(identity.get("requester"))
    put(document, "user.id", text(requester.get("objectId")))
    put_principal(document, "user", text(requester.get("upn")))
    key = unescaped((text(properties.get("objectKey")) or "").strip("/"))
    if key.count("/") > 1:
        put_path(document, "file", f"/{key}")
    return document


def _is_record(record: dict[str, Any]) -> bool:
    return first(record, "operationName") is not None and first(record, "resourceId") is not None


def _is_keyvault(record: dict[str, Any]) -> bool:
    about = first(record, "resourceId") or ""
    return _is_record(record) and record.get("category") == "AuditEvent" and "/VAULTS/" in about.upper()


def _is_storage(record: dict[str, Any]) -> bool:
    return _is_record(record) and first(record, "category") in _STORAGE


def _is_platform(record: dict[str, Any]) -> bool:
    named = record.get("category")
    if not _is_record(record) or not isinstance(named, str) or "auditID" in record:
        return False
    if named in _OF_OTHERS | OF_ACTIVITY | _STORAGE or named.startswith(("AzureFirewall", "AZFW")):
        return False
    return "/PROVIDERS/" in (first(record, "resourceId") or "").upper()


KEYVAULT = json_source(
    "azure.keyvault",
    "Azure Key Vault audit events",
    "https://learn.microsoft.com/azure/key-vault/general/logging",
    of_records(_read_keyvault),
    recognising(_is_keyvault),
    KEYVAULT_SAMPLES,
)
STORAGE = json_source(
    "azure.storage",
    "Azure Storage resource logs",
    "https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference",
    of_records(_read_storage),
    recognising(_is_storage),
    STORAGE_SAMPLES,
)
PLATFORM = json_source(
    "azure.platform",
    "Azure resource logs in the common form",
    "https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema",
    of_records(_read_platform),
    recognising(_is_platform),
    PLATFORM_SAMPLES,
)
