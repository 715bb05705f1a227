"""Azure Monitor's records: what every log of a resource has in common.

``{"time", "resourceId", "operationName", "category", "resultType", "callerIpAddress", "identity", "properties"}``,
alone or in ``{"records": […]}`` as an event hub has them. Reference:
https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from integrations.contract import UnparsedError
from integrations.fields import integer, mapping, objects, pick, put, put_new, text
from integrations.normalisers import ReadObject, Recognise
from integrations.principals import put_principal, relate_principal
from integrations.text import address
from integrations.times import Times
from rules.ecs import Document

_RESOURCE = re.compile(
    r"/subscriptions/([^/]{1,64})(?:/resourcegroups/([^/]{1,128}))?(?:/providers/([^/]{1,128})/(.{1,1024}))?",
    re.IGNORECASE | re.DOTALL,
)
_OUTCOMES = {
    "success": "success", "succeeded": "success", "succeed": "success", "ok": "success", "accepted": "success",
    "failure": "failure", "failed": "failure", "fail": "failure", "clienterror": "failure", "servererror": "failure",
    "unauthorized": "failure", "forbidden": "failure", "canceled": "failure", "cancelled": "failure",
}  # fmt: skip
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_OBJECT = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def of_records(read: Callable[[dict[str, Any], Times], Document | list[Document]]) -> ReadObject:
    """Return a reader that also takes what an event hub wraps around records."""

    def read_all(entry: dict[str, Any], times: Times) -> list[Document]:
        found: list[Document] = []
        inner = entry.get("records")
        for record in objects(inner) if isinstance(inner, list) else [entry]:
            documents = read(record, times)
            found += documents if isinstance(documents, list) else [documents]
        if not found:
            raise UnparsedError("an envelope without records")
        return found

    return read_all


def recognising(recognise: Recognise) -> Recognise:
    """Return what recognises a record also within ``{"records": […]}``."""

    def recognise_any(entry: dict[str, Any]) -> bool:
        inner = entry.get("records")
        return any(map(recognise, objects(inner)[:20] if isinstance(inner, list) else [entry]))

    return recognise_any


def started(record: dict[str, Any], times: Times) -> Document:
    """Return the beginning of a document: time, place, resource, caller's address. Raises `UnparsedError`."""
    names = ("time", "eventTimestamp", "TimeGenerated", "timeStamp", "timestamp", "submissionTimestamp")
    document: Document = {"@timestamp": times.required(*[times.iso(record.get(name)) for name in names])}
    put(document, "cloud.provider", "azure")
    put_resource(document, first(record, "resourceId", "ResourceId", "_ResourceId", "resourceid"))
    put_new(document, "cloud.region", text(record.get("location")) or text(record.get("region")))
    put(document, "log.level", first(record, "level", "Level"))
    put(document, "transaction.id", first(record, "correlationId", "CorrelationId"))
    if (duration := integer(record.get("durationMs"))) is not None and 0 <= duration < 1 << 42:
        put(document, "event.duration", duration * 1_000_000)
    caller = first(record, "callerIpAddress", "CallerIpAddress", "CallerIPAddress")
    put_caller(document, caller or text(pick(record, "httpRequest.clientIpAddress")))
    return document


def first(record: dict[str, Any], *names: str) -> str | None:
    """Return the first of some fields that is a text; of ``{"value", "localizedValue"}`` the value."""
    for name in names:
        value = record.get(name)
        if isinstance(value, dict):
            value = value.get("value")
        if (found := text(value)) is not None:
            return found
    return None


def put_caller(document: Document, caller: str | None) -> None:
    """Set ``source`` from ``203.0.113.7``, ``203.0.113.7:51024`` or ``[2001:db8::7]:51024``."""
    if caller is None:
        return
    ip = address(caller.strip("[]"))
    if ip is None:
        host, _, port = caller.rpartition(":")
        ip = address(host.strip("[]"))
        put(document, "source.port", integer(port) if ip else None)
    put(document, "source.address", ip or caller)
    put(document, "source.ip", ip)


def put_resource(document: Document, identity: str | None) -> None:
    """Set ``cloud.account.id`` (the subscription) and ``azure.resource.*`` from a resource's id."""
    if identity is None:
        return
    put(document, "azure.resource.id", identity)
    match = _RESOURCE.match(identity)
    if match is None:
        return
    subscription, group, provider, rest = match.groups()
    put(document, "cloud.account.id", subscription)
    put(document, "azure.subscription_id", subscription)
    put(document, "azure.resource.group", group)
    if rest:
        put(document, "azure.resource.provider", f"{provider}/{rest.partition('/')[0]}")
        put(document, "azure.resource.name", rest.rpartition("/")[2])


def outcome_of(result: str | None) -> str | None:
    """Return the outcome that a ``resultType`` or an HTTP status says, None of one that has not ended."""
    if result is None:
        return None
    if (status := integer(result)) is not None:
        if 100 <= status < 600:
            return "success" if status < 400 else "failure"
        return "success" if status == 0 else "failure"
    return _OUTCOMES.get(result.lower())


def put_claims(document: Document, claims: dict[str, Any]) -> None:
    """Set ``user.*`` from the claims of a caller's token."""
    upn = text(claims.get(f"{_CLAIMS}upn")) or text(claims.get("upn"))
    email = text(claims.get(f"{_CLAIMS}emailaddress")) or text(claims.get(f"{_CLAIMS}name"))
    for principal in (upn, email):
        if principal:
            put_principal(document, "user", principal)
            relate_principal(document, principal)
    full = text(claims.get("name"))
    put(document, "user.full_name", full if full != upn else None)
    identity = text(claims.get(_OBJECT)) or text(claims.get("oid"))
    put(document, "user.id", identity)
    if "source" not in document:
        put_caller(document, text(claims.get("ipaddr")))


def loaded(value: Any) -> dict[str, Any]:
    """Return a JSON object that may stand as text, as Log Analytics has it."""
    if isinstance(value, str) and value[:1] == "{" and len(value) < 262_144:
        try:
            return mapping(orjson.loads(value))
        except orjson.JSONDecodeError:
            return {}
    return mapping(value)


_KINDS = {"READ": "access", "WRITE": "change", "DELETE": "deletion"}
_READS = ("LIST", "GET", "READ", "VALIDATE", "CHECK", "EXPORT", "DOWNLOAD", "QUERY", "SEARCH")


@lru_cache(maxsize=4096)
def meaning(operation: str) -> tuple[list[str], str]:
    """Return ``event.category`` and ``event.type`` of an operation: ``MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE``.

    Reference: https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
    """
    upper = operation[:512].upper()
    parts = upper.split("/")
    kind = _KINDS.get(parts[-1])
    if kind is None and parts[-1] == "ACTION" and len(parts) > 1:
        verb = parts[-2]
        kind = (
            "access"
            if verb.startswith(_READS)
            else "deletion"
            if verb.startswith(("DELETE", "PURGE"))
            else "change"
        )
    for begin, category in _CATEGORIES:
        if upper.startswith(begin):
            return [category], _HOST.get("/".join(parts[2:])) or kind or "info"
    if kind in ("change", "deletion"):
        return ["configuration"], kind
    return ["api"], kind or "info"


_HOST = {"START/ACTION": "start", "DEALLOCATE/ACTION": "end", "POWEROFF/ACTION": "end"}
_CATEGORIES = (
    ("MICROSOFT.AUTHORIZATION/", "iam"),
    ("MICROSOFT.MANAGEDIDENTITY/", "iam"),
    ("MICROSOFT.AADIAM/", "iam"),
    ("MICROSOFT.AAD", "iam"),
    ("MICROSOFT.COMPUTE/VIRTUALMACHINES/", "host"),
    ("MICROSOFT.SQL/", "database"),
    ("MICROSOFT.DOCUMENTDB/", "database"),
    ("MICROSOFT.DBFORPOSTGRESQL/", "database"),
    ("MICROSOFT.DBFORMYSQL/", "database"),
    ("MICROSOFT.STORAGE/STORAGEACCOUNTS/BLOBSERVICES/CONTAINERS/BLOBS", "file"),
)
