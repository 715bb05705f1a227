"""Data sets of Logpush about the network, the mail and the devices: Spectrum, network analytics, DNS Firewall, Magic
IDS, error reports of browsers, Zero Trust sessions, postures, CASB, mail, Page Shield, sinkholes, Workers.

Reference: https://developers.cloudflare.com/logs/reference/log-fields/, by data set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.access import outcome_of
from integrations.cloudflare.zero_trust import put_person
from integrations.dns import put_code, put_question
from integrations.fields import add, categorise, integer, mapping, put, put_end, put_ip, text
from integrations.flows import put_transport
from integrations.times import Times
from integrations.web import agent_fields, put_url
from rules.ecs import Document

Entry = Mapping[str, Any]


def _country(document: Document, place: str, value: Any) -> None:
    if (country := text(value)) and len(country) == 2:
        put(document, f"{place}.geo.country_iso_code", country.upper())


def read_spectrum(document: Document, entry: Entry, times: Times) -> None:
    event = (text(entry.get("Event")) or "").lower()
    kind = {"connect": "start", "disconnect": "end", "clientfiltered": "denied"}.get(event, "info")
    categorise(document, ["network"], ["connection", kind], action=event or None)
    failed = event in ("tlserror", "originerror", "clientfiltered")
    put(document, "event.outcome", "failure" if failed else "success")
    put(document, "event.start", times.any(entry.get("ConnectTimestamp")))
    put(document, "event.end", times.any(entry.get("DisconnectTimestamp")) if event == "disconnect" else None)
    put_end(document, "source", entry.get("ClientIP"), entry.get("ClientPort"))
    put_end(document, "destination", entry.get("OriginIP"), entry.get("OriginPort"))
    put(document, "source.bytes", integer(entry.get("ClientBytes")))
    put(document, "destination.bytes", integer(entry.get("OriginBytes")))
    put(document, "source.as.number", integer(entry.get("ClientAsn")))
    _country(document, "source", entry.get("ClientCountry"))
    put_transport(document, entry.get("ClientProto") or entry.get("Transport"))
    put(document, "http.response.status_code", integer(entry.get("Status")) or None)
    put(
        document,
        "tls.cipher",
        text(entry.get("ClientTlsCipher")) if entry.get("ClientTlsCipher") != "UNK" else None,
    )
    put(document, "tls.client.server_name", text(entry.get("ClientTlsClientHelloServerName")))


def read_analytics(document: Document, entry: Entry, _: Times) -> None:
    """Packets that the edge saw, sampled."""
    verdict = (text(entry.get("Verdict")) or text(entry.get("Outcome")) or "").lower()
    types = ["connection", *({"drop": ["denied"], "pass": ["allowed"]}.get(verdict, []))]
    attack = text(entry.get("AttackID")) or text(entry.get("AttackVector"))
    categorise(
        document, ["network", *(["intrusion_detection"] if attack else [])], types, action=verdict or None,
        outcome="success" if verdict else None,
    )  # fmt: skip
    put_end(document, "source", entry.get("IPSourceAddress"), entry.get("SourcePort"))
    put_end(document, "destination", entry.get("IPDestinationAddress"), entry.get("DestinationPort"))
    for end, name in (("source", "Source"), ("destination", "Destination")):
        put(document, f"{end}.as.number", integer(entry.get(f"{name}ASN")))
        put(document, f"{end}.as.organization.name", text(entry.get(f"{name}ASNName")))
        _country(document, end, entry.get(f"{name}Country"))
    put_transport(document, entry.get("IPProtocolName") or entry.get("IPProtocol"))
    put(document, "network.bytes", integer(entry.get("IPTotalLength")))
    direction = {"ingress": "inbound", "egress": "outbound"}.get((text(entry.get("Direction")) or "").lower())
    put(document, "network.direction", direction)
    put(document, "event.reason", text(entry.get("MitigationReason")))
    put(document, "rule.id", text(entry.get("RuleID")))
    put(document, "rule.name", text(entry.get("RuleName")))
    put(document, "rule.ruleset", text(entry.get("RulesetID")))


def read_dns_firewall(document: Document, entry: Entry, _: Times) -> None:
    categorise(document, ["network"], ["info", "protocol"])
    put_question(document, entry.get("QueryName"), entry.get("QueryType"))
    put_code(document, entry.get("ClientResponseCode"))
    put_end(document, "source", entry.get("SourceIP"))
    put_end(document, "destination", entry.get("UpstreamIP"))
    put(document, "network.protocol", "dns")
    put(document, "network.transport", "tcp" if entry.get("QueryTCP") is True else "udp")
    put(document, "dns.type", "answer")
    put(document, "event.reason", text(entry.get("ResponseReason")))


def read_intrusion(document: Document, entry: Entry, _: Times) -> None:
    action = (text(entry.get("Action")) or "").lower()
    types = {"drop": ["denied"], "pass": ["allowed"]}.get(action, ["info"])
    categorise(document, ["network", "intrusion_detection"], types, kind="alert", action=action or None)
    put_end(document, "source", entry.get("SourceIP"), entry.get("SourcePort"))
    put_end(document, "destination", entry.get("DestinationIP"), entry.get("DestinationPort"))
    put_transport(document, entry.get("Protocol"))
    put(document, "rule.id", text(entry.get("SignatureID")))
    put(document, "rule.name", text(entry.get("SignatureMessage")))
    put(document, "rule.version", text(entry.get("SignatureRevision")))


def read_error_report(document: Document, entry: Entry, _: Times) -> None:
    """Network error logging: what browsers could not reach."""
    categorise(document, ["network"], ["info"], action="network-error", outcome="failure")
    put(document, "event.reason", text(entry.get("Type")))
    put(document, "error.type", text(entry.get("Type")))
    put(document, "source.as.number", integer(entry.get("ClientIPASN")))
    put(document, "source.as.organization.name", text(entry.get("ClientIPASNDescription")))
    _country(document, "source", entry.get("ClientIPCountry"))


def read_session(document: Document, entry: Entry, times: Times) -> None:
    categorise(document, ["network", "session"], ["connection", "end"], action="network_session")
    put(document, "event.start", times.any(entry.get("SessionStartTime")))
    put(document, "event.end", times.any(entry.get("SessionEndTime")))
    put(document, "event.reason", text(entry.get("ConnectionCloseReason")))
    put_end(document, "source", entry.get("SourceIP"), entry.get("SourcePort"))
    put_end(document, "destination", entry.get("OriginIP"), entry.get("OriginPort"))
    put_ip(document, "source.nat.ip", entry.get("EgressIP"))
    put(document, "source.nat.port", integer(entry.get("EgressPort")) or None)
    put(document, "source.bytes", integer(entry.get("BytesSent")))
    put(document, "destination.bytes", integer(entry.get("BytesReceived")))
    put_transport(document, entry.get("Protocol"))
    put(document, "network.protocol", (text(entry.get("DetectedProtocol")) or "").lower())
    put(document, "session.id", text(entry.get("SessionID")))
    put(document, "tls.cipher", text(entry.get("ClientTLSCipher")))
    put(document, "rule.id", text(entry.get("EgressRuleID")))
    put(document, "rule.name", text(entry.get("EgressRuleName")))
    put_person(document, entry.get("Email"), entry.get("UserID"))
    put(document, "host.id", text(entry.get("DeviceID")))
    put(document, "host.name", text(entry.get("DeviceName")))


def read_posture(document: Document, entry: Entry, _: Times) -> None:
    good = entry.get("PostureEvaluatedResult")
    outcome = {True: "success", False: "failure"}.get(good) if isinstance(good, bool) else None
    categorise(document, ["host", "configuration"], ["info"], action="device-posture", outcome=outcome)
    put_person(document, entry.get("Email"), entry.get("UserUID"))
    put(document, "host.id", text(entry.get("DeviceID")))
    put(document, "host.name", text(entry.get("DeviceName")))
    put(document, "host.os.version", text(entry.get("OSVersion")))
    put(document, "device.manufacturer", text(entry.get("DeviceManufacturer")))
    put(document, "device.model.name", text(entry.get("DeviceModel")))
    put(document, "device.serial_number", text(entry.get("DeviceSerialNumber")))
    put(document, "rule.id", text(entry.get("PolicyID")))
    put(document, "rule.name", text(entry.get("PostureCheckName")))
    put(document, "rule.category", text(entry.get("PostureCheckType")))


_SEVERITIES = {"critical": 99, "high": 73, "medium": 47, "low": 21, "informational": 1}


def read_finding(document: Document, entry: Entry, _: Times) -> None:
    categorise(document, ["threat"], ["info"], kind="alert", action="casb-finding")
    severity = (text(entry.get("FindingTypeSeverity")) or "").lower()
    put(document, "event.severity", _SEVERITIES.get(severity))
    put(document, "rule.id", text(entry.get("FindingTypeID")))
    put(document, "rule.name", text(entry.get("FindingTypeDisplayName")))
    put_url(document, entry.get("AssetLink"))
    put(document, "message", text(entry.get("AssetDisplayName")))


def read_mail(document: Document, entry: Entry, times: Times) -> None:
    verdict = (text(entry.get("FinalDisposition")) or "").lower()
    categorise(document, ["email", "threat"], ["info"], kind="alert", action=verdict or None)
    put(document, "email.from.address", _addresses(entry.get("From")))
    put(
        document,
        "email.sender.address",
        text(entry.get("SMTPEnvelopeFrom")) or text(entry.get("OriginalSender")),
    )
    put(document, "email.to.address", _addresses(entry.get("To")))
    put(document, "email.cc.address", _addresses(entry.get("CC")))
    put(document, "email.reply_to.address", _addresses(entry.get("ReplyTo")))
    put(document, "email.subject", text(entry.get("Subject")))
    put(document, "email.message_id", text(entry.get("MessageID")))
    put(document, "email.origination_timestamp", times.any(entry.get("SentDate")))
    put_end(document, "source", entry.get("SMTPHeloServerIP"))
    reasons = entry.get("AlertReasons")
    put(
        document,
        "event.reason",
        ", ".join(map(str, reasons[:20])) if isinstance(reasons, list) else text(reasons),
    )


def _addresses(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [address for item in items[:100] if (address := text(item)) and "@" in address]


def read_page(document: Document, entry: Entry, _: Times) -> None:
    action = (text(entry.get("Action")) or "").lower()
    categorise(document, ["web"], ["access"], kind="alert", action=action or None)
    put_url(document, entry.get("URL"))
    put(document, "http.request.referrer", text(entry.get("PageURL")))
    put(document, "rule.id", text(entry.get("PolicyID")))
    add(document, "related.hosts", [text(entry.get("Host")), text(entry.get("URLHost"))])


def read_sinkhole(document: Document, entry: Entry, _: Times) -> None:
    categorise(document, ["network", "web"], ["access"], kind="alert", action="sinkholed")
    put_end(document, "source", entry.get("SrcAddr"))
    put_end(document, "destination", entry.get("DestAddr"))
    put_url(document, entry.get("URL") or entry.get("URI"))
    put(document, "http.request.method", text(entry.get("Method")))
    put(document, "http.request.referrer", text(entry.get("Referrer")))
    put(document, "http.request.body.bytes", integer(entry.get("BodyLength")))
    put(document, "user.name", text(entry.get("Username")))
    if agent := text(entry.get("UserAgent")):
        document["user_agent"] = agent_fields(agent)


def read_worker(document: Document, entry: Entry, _: Times) -> None:
    """A run of a Worker, with the request that caused it."""
    outcome = (text(entry.get("Outcome")) or "").lower()
    categorise(
        document, ["web"], ["access"], action=text(entry.get("EventType")) or "fetch",
        outcome="success" if outcome == "ok" else "failure" if outcome else None,
    )  # fmt: skip
    event = mapping(entry.get("Event"))
    request, response = mapping(event.get("Request")), mapping(event.get("Response"))
    put_url(document, request.get("URL"))
    put(document, "http.request.method", text(request.get("Method")))
    if status := integer(response.get("Status")):
        put(document, "http.response.status_code", status)
        put(document, "event.outcome", outcome_of(status))
    put(document, "http.request.id", text(event.get("RayID")))
    put(document, "service.name", text(entry.get("ScriptName")))


def read_access_api(document: Document, entry: Entry, _: Times) -> None:
    """An authentication at Access as the API lists them, with names in lower case."""
    action = text(entry.get("action")) or "login"
    allowed = entry.get("allowed")
    categorise(
        document, ["authentication"], ["end" if action == "logout" else "start"], action=action,
        outcome="success" if allowed is True else "failure" if allowed is False else None,
    )  # fmt: skip
    put_person(document, entry.get("user_email"), entry.get("user_uid"))
    put_end(document, "source", entry.get("ip_address"))
    put(document, "url.domain", text(entry.get("app_domain")))
    put(document, "http.request.id", text(entry.get("ray_id")))
