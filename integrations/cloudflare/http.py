"""``cloudflare.http``: what Logpush delivers, every data set of it, told apart by its fields.

HTTP requests are ``cloudflare.http``; the others name their own data set: ``cloudflare.firewall_event``,
``cloudflare.dns``, ``cloudflare.gateway_dns``, ``.gateway_http``, ``.gateway_network``, ``.audit``,
``.access_request``. Times are RFC 3339, or a number since 1970 in seconds or nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.access import outcome_of
from integrations.cloudflare import edge
from integrations.cloudflare.http_samples import HTTP_SAMPLES
from integrations.cloudflare.zero_trust import (
    read_access,
    read_audit,
    read_gateway_dns,
    read_gateway_http,
    read_gateway_network,
)
from integrations.contract import UnparsedError
from integrations.dns import put_code, put_question
from integrations.fields import categorise, integer, port_number, put, put_end, text
from integrations.flows import put_flow
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import agent_fields, put_url
from rules.ecs import Document

Read = Callable[[Document, Mapping[str, Any], Times], None]


def _request(document: Document, entry: Mapping[str, Any], times: Times) -> None:
    categorise(document, ["web", "network"], ["access"])
    put(document, "event.start", times.any(entry.get("EdgeStartTimestamp")))
    put(document, "event.end", times.any(entry.get("EdgeEndTimestamp")))
    start, end = entry.get("EdgeStartTimestamp"), entry.get("EdgeEndTimestamp")
    if type(start) is int and type(end) is int and 10**17 < start <= end < 10**19:
        put(document, "event.duration", end - start)
    _client(document, entry)
    put_end(document, "destination", entry.get("EdgeServerIP"))
    put(document, "http.request.bytes", integer(entry.get("ClientRequestBytes")))
    put(document, "http.response.bytes", integer(entry.get("EdgeResponseBytes")))
    put(document, "http.response.body.bytes", integer(entry.get("EdgeResponseBodyBytes")))
    put(document, "http.response.mime_type", text(entry.get("EdgeResponseContentType")))
    if status := integer(entry.get("EdgeResponseStatus")):
        put(document, "http.response.status_code", status)
        put(document, "event.outcome", outcome_of(status))
    _tls(document, text(entry.get("ClientSSLProtocol")), text(entry.get("ClientSSLCipher")))
    put(document, "tls.client.ja3", text(entry.get("JA3Hash")))
    action = text(entry.get("SecurityAction")) or text(entry.get("WAFAction"))
    if action and action not in ("unknown", "none"):
        put(document, "event.action", action.lower())
        _rule(document, entry.get("SecurityRuleID") or entry.get("WAFRuleID"))
        put(
            document,
            "rule.description",
            text(entry.get("SecurityRuleDescription") or entry.get("WAFRuleMessage")),
        )
    if (cached := text(entry.get("CacheCacheStatus"))) and cached != "unknown":
        put(document, "labels.cache_status", cached)


def _client(document: Document, entry: Mapping[str, Any]) -> None:
    """What requests and firewall events say alike of who asked for what."""
    put_end(document, "source", entry.get("ClientIP"), entry.get("ClientSrcPort"))
    if (number := integer(entry.get("ClientASN"))) and number > 0:
        put(document, "source.as.number", number)
    put(document, "source.as.organization.name", text(entry.get("ClientASNDescription")))
    if (country := text(entry.get("ClientCountry"))) and len(country) == 2:
        put(document, "source.geo.country_iso_code", country.upper())
    put(document, "network.protocol", "http")
    put(document, "http.request.method", text(entry.get("ClientRequestMethod")))
    if (version := text(entry.get("ClientRequestProtocol"))) and version.startswith("HTTP/"):
        put(document, "http.version", version[5:])
    referrer: str | None = text(entry.get("ClientRequestReferer"))
    if referrer is None and (host := text(entry.get("ClientRefererHost"))):
        path = f"{entry.get('ClientRefererPath') or ''}{entry.get('ClientRefererQuery') or ''}"
        referrer = f"{text(entry.get('ClientRefererScheme')) or 'https'}://{host}{path}"
    put(document, "http.request.referrer", referrer)
    uri = text(entry.get("ClientRequestURI"))
    if uri is None and (asked := text(entry.get("ClientRequestPath"))):
        uri = asked + (text(entry.get("ClientRequestQuery")) or "")
    put_url(document, uri)
    put(document, "url.domain", text(entry.get("ClientRequestHost")))
    put(document, "url.scheme", text(entry.get("ClientRequestScheme")))
    if agent := text(entry.get("ClientRequestUserAgent")):
        document["user_agent"] = agent_fields(agent)
    put(document, "http.request.id", text(entry.get("RayID")))


def _tls(document: Document, protocol: str | None, cipher: str | None) -> None:
    name, found, version = (protocol or "").partition("v")
    if found and name in ("TLS", "SSL"):
        put(document, "tls.version", version if "." in version else f"{version}.0")
        put(document, "tls.version_protocol", name.lower())
    put(document, "tls.cipher", None if cipher == "NONE" else cipher)


def _rule(document: Document, value: Any) -> None:
    put(document, "rule.id", text(value))


_DENYING = frozenset(
    "block challenge jschallenge managedchallenge drop connectionclose simulate_block challengefailed "
    "jschallengefailed managedchallengefailed".split()
)


def _firewall(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    action = (text(entry.get("Action")) or "").lower()
    denied = action.replace("_", "") in _DENYING
    allowed = action in ("allow", "bypass", "skip")
    kinds = ["access", "denied"] if denied else ["access", "allowed"] if allowed else ["access"]
    categorise(document, ["web", "network"], kinds, action=action or None)
    _client(document, entry)
    put(document, "http.response.status_code", integer(entry.get("EdgeResponseStatus")))
    _rule(document, entry.get("RuleID"))
    put(document, "rule.description", text(entry.get("Description")))
    put(document, "rule.ruleset", text(entry.get("Source")))


def _dns(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    categorise(document, ["network"], ["info", "protocol"])
    put_question(document, entry.get("QueryName"), entry.get("QueryType"))
    put_code(document, entry.get("ResponseCode"))
    put_end(document, "source", entry.get("SourceIP"))
    put(document, "network.protocol", "dns")
    put(
        document,
        "dns.type",
        "answer" if "dns" in document and "response_code" in document["dns"] else "query",
    )


def _other(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    """A data set that has no reader: what its usual names say."""
    categorise(document, ["network"], ["info"])
    put_end(
        document,
        "source",
        entry.get("ClientIP") or entry.get("SourceIP") or entry.get("SrcIP"),
        entry.get("SourcePort"),
    )
    put_end(
        document,
        "destination",
        entry.get("DestinationIP") or entry.get("DstIP"),
        port_number(entry.get("DestinationPort")),
    )
    if (action := text(entry.get("Action") or entry.get("Event"))) is not None:
        put(document, "event.action", action.lower())


_SETS: tuple[tuple[tuple[str, ...], str | None, Read], ...] = (
    (("EdgeStartTimestamp",), None, _request),
    (("EdgeResponseStatus", "ClientRequestHost", "EdgeEndTimestamp"), None, _request),
    (("RuleID", "ClientRequestHost", "Action"), "firewall_event", _firewall),
    (("ClientRequestMethod", "Action", "Source"), "firewall_event", _firewall),
    (("QueryName", "ResolverDecision"), "gateway_dns", read_gateway_dns),
    (("HTTPMethod", "PolicyName"), "gateway_http", read_gateway_http),
    (("HTTPHost", "HTTPMethod", "Action"), "gateway_http", read_gateway_http),
    (("SNI", "Transport", "Action"), "gateway_network", read_gateway_network),
    (("SourceIP", "DestinationIP", "PolicyName", "Transport"), "gateway_network", read_gateway_network),
    (("QueryName", "ClientResponseCode"), "dns_firewall", edge.read_dns_firewall),
    (("QueryName", "QueryType", "ResponseCode"), "dns", _dns),
    (("ActorEmail", "ActionType"), "audit", read_audit),
    (("ActorID", "ActionType", "ResourceType"), "audit", read_audit),
    (("AppUUID", "Allowed"), "access_request", read_access),
    (("app_uid", "allowed", "user_email"), "access_request", edge.read_access_api),
    (("app_uuid", "allowed", "user_email"), "access_request", edge.read_access_api),
    (("Application", "ClientBytes", "Event"), "spectrum_event", edge.read_spectrum),
    (("IPSourceAddress", "IPDestinationAddress"), "network_analytics", edge.read_analytics),
    (("SignatureID", "SignatureMessage"), "magic_ids", edge.read_intrusion),
    (("LastKnownGoodColoCode", "Phase"), "nel_report", edge.read_error_report),
    (("SessionID", "SessionStartTime", "IngressColoName"), "network_session", edge.read_session),
    (("SessionID", "SessionStartTime", "OriginIP"), "network_session", edge.read_session),
    (("PostureCheckType", "DeviceID"), "device_posture", edge.read_posture),
    (("FindingTypeSeverity", "IntegrationID"), "casb", edge.read_finding),
    (("FinalDisposition", "SMTPEnvelopeFrom"), "email_security_alerts", edge.read_mail),
    (("FinalDisposition", "MessageID"), "email_security_alerts", edge.read_mail),
    (("CSPDirective", "PageURL"), "page_shield_events", edge.read_page),
    (("SinkholeID", "SrcAddr"), "sinkhole_http", edge.read_sinkhole),
    (("ScriptName", "EventType", "Outcome"), "workers_trace", edge.read_worker),
)
"""Fields that a data set has, its name, and its reader; the first that fits counts."""
_TIMES = (
    "EdgeStartTimestamp",
    "EdgeEndTimestamp",
    "Datetime",
    "Timestamp",
    "When",
    "CreatedAt",
    "SessionEndTime",
    "SessionStartTime",
    "DetectedTimestamp",
    "EventTimestampMs",
    "created_at",
)


def _set_of(entry: Mapping[str, Any]) -> tuple[str | None, Read] | None:
    for names, dataset, reader in _SETS:
        if all(name in entry for name in names):
            return dataset, reader
    return None


def read(entry: dict[str, Any], times: Times) -> Document:
    found = _set_of(entry)
    if found is None and not any(name[:1].isupper() for name in entry):
        raise UnparsedError("expected an object of Cloudflare's Logpush: its names begin with capitals")
    dataset, reader = found or (None, _other)
    document: Document = {
        "@timestamp": times.required(*(times.any(entry.get(name)) for name in _TIMES)),
    }
    reader(document, entry, times)
    if dataset is not None:
        put(document, "event.dataset", f"cloudflare.{dataset}")
    put(document, "observer.vendor", "Cloudflare")
    put(document, "observer.type", "proxy")
    document["vendor"] = entry
    put_flow(document)
    return document


def recognise(entry: dict[str, Any]) -> bool:
    return _set_of(entry) is not None


HTTP = json_source(
    "cloudflare.http",
    "Cloudflare Logpush (HTTP requests, firewall events, DNS, Gateway, Access, audit, Spectrum and others)",
    "https://developers.cloudflare.com/logs/reference/log-fields/",
    read,
    recognise,
    HTTP_SAMPLES,
)
