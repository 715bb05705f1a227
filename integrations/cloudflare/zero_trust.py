"""Data sets of Logpush about people and devices: Gateway, Access, and the account's audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.access import outcome_of
from integrations.dns import put_answers, put_code, put_question
from integrations.fields import categorise, integer, objects, put, put_end, put_new, text
from integrations.flows import put_transport
from integrations.times import Times
from integrations.web import agent_fields, put_url
from rules.ecs import Document


def put_person(document: Document, email: Any, ident: Any) -> None:
    """Set ``user.*`` of somebody who is known by an address."""
    if (address := text(email)) and "@" in address:
        name, _, domain = address.rpartition("@")
        put(document, "user.email", address)
        put(document, "user.name", name)
        put(document, "user.domain", domain)
    put(document, "user.id", text(ident))


def _device(document: Document, entry: Mapping[str, Any]) -> None:
    put_person(document, entry.get("Email"), entry.get("UserID"))
    put(document, "host.id", text(entry.get("DeviceID")))
    put(document, "host.name", text(entry.get("DeviceName")))
    put(document, "rule.id", text(entry.get("PolicyID")))
    put(document, "rule.name", text(entry.get("PolicyName") or entry.get("Policy")))


def _allowing(action: str) -> list[str]:
    """Return the types that a decision adds."""
    low = action.lower()
    if "block" in low or low in ("deny", "denied", "isolate_block", "quarantine"):
        return ["denied"]
    return ["allowed"] if "allow" in low or low in ("bypass", "off", "noaction") else []


def read_gateway_dns(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    decision = text(entry.get("ResolverDecision")) or ""
    categorise(document, ["network"], ["protocol", *_allowing(decision)], action=decision or None)
    put_question(document, entry.get("QueryName"), entry.get("QueryTypeName") or entry.get("QueryType"))
    put_code(document, entry.get("RCode"))
    answers: list[dict[str, Any]] = [
        {"type": one.get("type"), "data": one.get("data"), "name": one.get("name"), "ttl": one.get("ttl")}
        for one in objects(entry.get("RData"))
    ]
    if not answers and isinstance(ips := entry.get("ResolvedIPs"), list):
        answers = [{"data": ip} for ip in ips]
    put_answers(document, answers)
    put(document, "dns.type", "answer" if "response_code" in document.get("dns", {}) else "query")
    put_end(document, "source", entry.get("SrcIP"), entry.get("SrcPort"))
    put_end(document, "destination", entry.get("DstIP"), entry.get("DstPort"))
    put_transport(document, entry.get("Protocol"))
    put(document, "network.protocol", "dns")
    _device(document, entry)


def read_gateway_http(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    action = text(entry.get("Action")) or ""
    categorise(document, ["web", "network"], ["access", *_allowing(action)], action=action.lower() or None)
    put_url(document, entry.get("URL"))
    put_new(document, "url.domain", text(entry.get("HTTPHost")))
    put(document, "http.request.method", text(entry.get("HTTPMethod")))
    put(document, "http.version", (text(entry.get("HTTPVersion")) or "").removeprefix("HTTP/"))
    put(document, "http.request.referrer", text(entry.get("Referer")))
    if status := integer(entry.get("HTTPStatusCode")):
        put(document, "http.response.status_code", status)
        put(document, "event.outcome", outcome_of(status))
    if agent := text(entry.get("UserAgent")):
        document["user_agent"] = agent_fields(agent)
    put_end(document, "source", entry.get("SourceIP"), entry.get("SourcePort"))
    put_end(document, "destination", entry.get("DestinationIP"), entry.get("DestinationPort"))
    put(document, "network.protocol", "http")
    put(document, "network.transport", "tcp")
    put(document, "http.request.id", text(entry.get("RequestID")))
    put(document, "file.name", text(entry.get("BlockedFileName")))
    put(document, "file.size", integer(entry.get("BlockedFileSize")))
    if (sha := text(entry.get("BlockedFileHash"))) and len(sha) == 64:
        put(document, "file.hash.sha256", sha.lower())
    _device(document, entry)


def read_gateway_network(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    action = text(entry.get("Action")) or ""
    categorise(document, ["network"], ["connection", *_allowing(action)], action=action.lower() or None)
    put_end(document, "source", entry.get("SourceIP"), entry.get("SourcePort"))
    put_end(document, "destination", entry.get("DestinationIP"), entry.get("DestinationPort"))
    put_transport(document, entry.get("Transport"))
    put(document, "network.protocol", (text(entry.get("DetectedProtocol")) or "").lower())
    if name := text(entry.get("SNI")):
        put(document, "tls.client.server_name", name)
        put(document, "destination.domain", name)
    put(document, "session.id", text(entry.get("SessionID")))
    _device(document, entry)


_VERBS = {
    "create": "creation", "add": "creation", "delete": "deletion", "remove": "deletion", "purge": "deletion",
    "login": "start", "logout": "end",
}  # fmt: skip


def read_audit(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    action = text(entry.get("ActionType")) or "unknown"
    verb = action.lower().replace("-", "_").split("_")[0]
    kind = _VERBS.get(verb, "change")
    if verb in ("login", "logout"):
        categories, types = ["authentication"], [kind]
    else:
        categories, types = ["configuration"], [kind]
        resource = (text(entry.get("ResourceType")) or "").lower()
        if any(word in resource for word in ("member", "user", "account", "token", "api_key")):
            categories, types = ["iam"], [kind, "admin"]
    result = entry.get("ActionResult")
    outcome = {True: "success", False: "failure"}.get(result) if isinstance(result, bool) else None
    categorise(document, categories, types, action=action.lower(), outcome=outcome)
    put_person(document, entry.get("ActorEmail"), entry.get("ActorID"))
    put_end(document, "source", entry.get("ActorIP"))
    put(document, "event.provider", text(entry.get("Interface")))


def read_access(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    action = text(entry.get("Action")) or "login"
    allowed = entry.get("Allowed")
    outcome = "success" if allowed is True else "failure" if allowed is False else None
    categorise(
        document, ["authentication"], ["end" if action.lower() == "logout" else "start"],
        action=action.lower(), outcome=outcome,
    )  # fmt: skip
    put_person(document, entry.get("Email"), entry.get("UserUID"))
    put_end(document, "source", entry.get("IPAddress"))
    if (country := text(entry.get("Country"))) and len(country) == 2:
        put(document, "source.geo.country_iso_code", country.upper())
    put(document, "url.domain", text(entry.get("AppDomain")))
    put(document, "http.request.id", text(entry.get("RayID")))
