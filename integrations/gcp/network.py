"""Google Cloud's network logs: VPC flows, firewall rules, Cloud DNS, HTTP(S) load balancers.

References: https://cloud.google.com/vpc/docs/about-flow-logs-records,
https://cloud.google.com/firewall/docs/firewall-rules-logging,
https://cloud.google.com/dns/docs/monitoring and
https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.contract import UnparsedError
from integrations.dns import MOST_ANSWERS, put_answers, put_question
from integrations.fields import categorise, integer, mapping, objects, pick, put, put_end, put_ip, text
from integrations.flows import put_flow, put_transport
from integrations.gcp.entries import log_entry, log_id, put_zone, recognised, started
from integrations.gcp.network_samples import (
    DNS_SAMPLES,
    FIREWALL_SAMPLES,
    LOADBALANCER_SAMPLES,
    VPCFLOW_SAMPLES,
)
from integrations.normalisers import Recognise, json_source
from integrations.text import address
from integrations.times import Times
from integrations.web import put_agent, put_url
from rules.ecs import Document


def _read_flow(raw: dict[str, Any], times: Times) -> Document:
    entry, payload = _payload(raw, "connection")
    document = started(entry, times)
    categorise(document, ("network",), ("connection",))
    put(document, "event.start", times.iso(payload.get("start_time")))
    put(document, "event.end", times.iso(payload.get("end_time")))
    _put_connection(document, payload)
    for field, name in (("bytes", "bytes_sent"), ("packets", "packets_sent")):
        put(document, f"source.{field}", integer(payload.get(name)))
        put(document, f"network.{field}", integer(payload.get(name)))
    reporter = "dest" if text(payload.get("reporter")) == "DEST" else "src"
    _put_instance(
        document, mapping(payload.get(f"{reporter}_instance")), mapping(payload.get(f"{reporter}_vpc"))
    )
    for side, name in (("source", "src"), ("destination", "dest")):
        put(document, f"{side}.domain", text(pick(payload, f"{name}_instance.vm_name")))
        _put_geo(document, side, mapping(payload.get(f"{name}_location")))
    ours = [isinstance(payload.get(f"{side}_instance"), dict) for side in ("src", "dest")]
    put(document, "network.direction", _DIRECTIONS.get((ours[0], ours[1])))
    put_flow(document)
    document["vendor"] = entry
    return document


_DIRECTIONS = {(True, True): "internal", (True, False): "outbound", (False, True): "inbound"}


def _read_firewall(raw: dict[str, Any], times: Times) -> Document:
    entry, payload = _payload(raw, "connection")
    document = started(entry, times)
    disposition = text(payload.get("disposition"))
    kind = {"ALLOWED": "allowed", "DENIED": "denied"}.get(disposition or "")
    outcome = {"allowed": "success", "denied": "failure"}.get(kind or "")
    types = ["connection", kind] if kind else ["connection"]
    categorise(document, ("network",), types, action="firewall-rule", outcome=outcome)
    _put_connection(document, payload)
    details = mapping(payload.get("rule_details"))
    put(document, "rule.name", text(details.get("reference")))
    direction = {"INGRESS": "inbound", "EGRESS": "outbound"}.get(text(details.get("direction")) or "")
    put(document, "network.direction", direction)
    ours, theirs = ("destination", "source") if direction == "inbound" else ("source", "destination")
    instance, peer = mapping(payload.get("instance")), mapping(payload.get("remote_instance"))
    _put_instance(document, instance, mapping(payload.get("vpc")))
    put(document, f"{ours}.domain", text(instance.get("vm_name")))
    put(document, f"{theirs}.domain", text(peer.get("vm_name")))
    _put_geo(document, theirs, mapping(payload.get("remote_location")))
    put_flow(document)
    document["vendor"] = entry
    return document


def _read_dns(raw: dict[str, Any], times: Times) -> Document:
    entry, payload = _payload(raw, "queryName")
    document = started(entry, times)
    code = text(payload.get("responseCode"))
    outcome = None if code is None else "success" if code == "NOERROR" else "failure"
    categorise(document, ("network",), ("protocol",), action="dns-query", outcome=outcome)
    put_question(document, payload.get("queryName"), payload.get("queryType"))
    put(document, "dns.response_code", code)
    _put_answers(document, payload)
    for side, key in (("source", "sourceIP"), ("destination", "destinationIP")):
        put(document, f"{side}.address", put_ip(document, f"{side}.ip", payload.get(key)))
    put(document, "source.domain", text(payload.get("vmInstanceName")))
    put(document, "network.protocol", "dns")
    put_transport(document, text(payload.get("protocol")))
    put_flow(document)
    put(document, "cloud.instance.id", text(payload.get("vmInstanceIdString")))
    put(document, "cloud.instance.name", text(payload.get("vmInstanceName")))
    put_zone(document, text(payload.get("vmZoneName")))
    if (latency := integer(payload.get("serverLatency"))) is not None:
        put(document, "event.duration", latency * 1_000_000)
    document["vendor"] = entry
    return document


def _put_answers(document: Document, payload: dict[str, Any]) -> None:
    """``rdata`` is one answer a line: ``www.example.com. 300 IN a 203.0.113.7``."""
    answers: list[dict[str, Any]] = []
    for line in (text(payload.get("rdata")) or "").split("\n")[:MOST_ANSWERS]:
        parts = line.split(None, 4)
        if len(parts) == 5:
            name, ttl, klass, kind, data = parts
            answers.append(
                {"name": name.rstrip("."), "ttl": ttl, "class": klass, "type": kind, "data": data.rstrip(".")}
            )
    if not answers:
        for found in objects(payload.get("structuredRdata"))[:MOST_ANSWERS]:
            value = found.get("rvalue") or found.get("rdata")
            answers.append({"name": found.get("domainName"), "type": found.get("type"), "data": value})
    put_answers(document, answers)


def _read_balancer(raw: dict[str, Any], times: Times) -> Document:
    entry = log_entry(raw)
    request = mapping(entry.get("httpRequest"))
    if not request:
        raise UnparsedError("expected a LogEntry of a load balancer with httpRequest")
    document = started(entry, times)
    status = integer(request.get("status"))
    outcome = None if not status else "success" if status < 400 else "failure"
    categorise(document, ("web",), ("access",), outcome=outcome)
    policy = mapping(pick(entry, "jsonPayload.enforcedSecurityPolicy"))
    put(document, "rule.name", text(policy.get("name")))
    put(document, "event.action", (text(policy.get("outcome")) or "").lower())
    put(document, "event.reason", text(pick(entry, "jsonPayload.statusDetails")))
    for side, key in (("source", "remoteIp"), ("destination", "serverIp")):
        host, port = _host_port(text(request.get(key)))
        put_end(document, side, host, port)
    put(document, "http.request.method", text(request.get("requestMethod")))
    put(document, "http.request.bytes", integer(request.get("requestSize")))
    put(document, "http.response.bytes", integer(request.get("responseSize")))
    put(document, "http.response.status_code", status)
    put(document, "http.request.referrer", text(request.get("referer")))
    protocol, slash, version = (text(request.get("protocol")) or "http").partition("/")
    put(document, "network.protocol", protocol.lower())
    put(document, "http.version", version if slash else None)
    put_url(document, request.get("requestUrl"))
    put_agent(document, request.get("userAgent"))
    latency = text(request.get("latency")) or ""
    if latency.endswith("s") and (seconds := _seconds(latency[:-1])) is not None:
        put(document, "event.duration", seconds)
    put(document, "trace.id", (text(entry.get("trace")) or "").rpartition("/")[2])
    put_flow(document)
    document["vendor"] = entry
    return document


def _seconds(written: str) -> int | None:
    whole, _, part = written.partition(".")
    if not (whole.isascii() and whole.isdecimal() and len(whole) < 10 and (not part or part.isdecimal())):
        return None
    return int(whole) * 1_000_000_000 + int(f"{part[:9]:0<9}")


def _host_port(written: str | None) -> tuple[str | None, str | None]:
    """``203.0.113.7:443``, an address alone, or ``[2001:db8::7]:443``."""
    if written is None or address(written):
        return written, None
    host, _, port = written.rpartition(":")
    return host or written, port


def _payload(raw: dict[str, Any], key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    entry = log_entry(raw)
    payload = mapping(entry.get("jsonPayload"))
    if key not in payload:
        raise UnparsedError(f"expected a LogEntry with jsonPayload.{key}")
    return entry, payload


def _put_connection(document: Document, payload: dict[str, Any]) -> None:
    connection = mapping(payload.get("connection"))
    for side, name in (("source", "src"), ("destination", "dest")):
        ip = put_ip(document, f"{side}.ip", connection.get(f"{name}_ip"))
        put(document, f"{side}.address", ip)
        put(document, f"{side}.port", integer(connection.get(f"{name}_port")))
    put_transport(document, connection.get("protocol"))


def _put_instance(document: Document, instance: dict[str, Any], vpc: dict[str, Any]) -> None:
    put(document, "cloud.project.id", text(instance.get("project_id")))
    put(document, "cloud.instance.name", text(instance.get("vm_name")))
    put_zone(document, text(instance.get("zone")))
    put(document, "network.name", text(vpc.get("vpc_name")))


def _put_geo(document: Document, side: str, place: dict[str, Any]) -> None:
    put(document, f"{side}.as.number", integer(place.get("asn")))
    put(document, f"{side}.geo.city_name", text(place.get("city")))
    put(document, f"{side}.geo.region_name", text(place.get("region")))
    put(document, f"{side}.geo.continent_name", text(place.get("continent")))


def _of(log: str, more: Callable[[dict[str, Any]], bool] = bool) -> Recognise:
    def recognise(raw: dict[str, Any]) -> bool:
        entry = recognised(raw)
        return log_id(entry).endswith(log) and more(entry)

    return recognise


VPCFLOW = json_source(
    "gcp.vpcflow",
    "Google Cloud VPC flow logs",
    "https://cloud.google.com/vpc/docs/about-flow-logs-records",
    _read_flow,
    _of("/vpc_flows"),
    VPCFLOW_SAMPLES,
)
FIREWALL = json_source(
    "gcp.firewall",
    "Google Cloud firewall rules logging",
    "https://cloud.google.com/firewall/docs/firewall-rules-logging",
    _read_firewall,
    _of("/firewall"),
    FIREWALL_SAMPLES,
)
DNS = json_source(
    "gcp.dns",
    "Google Cloud DNS query logs",
    "https://cloud.google.com/dns/docs/monitoring",
    _read_dns,
    _of("/dns_queries"),
    DNS_SAMPLES,
)
LOADBALANCER = json_source(
    "gcp.loadbalancer",
    "Google Cloud HTTP(S) load balancers",
    "https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring",
    _read_balancer,
    _of("requests", lambda entry: isinstance(entry.get("httpRequest"), dict)),
    LOADBALANCER_SAMPLES,
)
