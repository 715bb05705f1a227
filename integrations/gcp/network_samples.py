"""Test records of Google Cloud's network logs, each with the fields that its document must have."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def _sample(log: str, payload: dict[str, Any], expect: dict[str, Any], **more: Any) -> Sample:
    entry = {
        "insertId": "a1", "logName": f"projects/example/logs/{log}", "timestamp": "2026-04-19T10:20:30.5Z",
        "resource": {"type": "gce_subnetwork", "labels": {"project_id": "example", "location": "europe-west3-a"}},
        "jsonPayload": payload,
    }  # fmt: skip
    return Sample(orjson.dumps(entry | more).decode(), expect)


_CONNECTION = {
    "src_ip": "203.0.113.7",
    "src_port": 33576,
    "dest_ip": "192.0.2.20",
    "dest_port": 443,
    "protocol": 6,
}
_VM = {"project_id": "example", "vm_name": "web-1", "zone": "europe-west3-a", "region": "europe-west3"}
_VPC = {"project_id": "example", "vpc_name": "main", "subnetwork_name": "default"}
_FLOWS = "compute.googleapis.com%2Fvpc_flows"
_FIREWALL = "compute.googleapis.com%2Ffirewall"

VPCFLOW_SAMPLES = (
    _sample(
        _FLOWS,
        {"connection": _CONNECTION, "bytes_sent": "4249", "packets_sent": "20", "start_time": "2026-04-19T10:20:00.1Z",
         "end_time": "2026-04-19T10:20:20Z", "reporter": "DEST", "dest_instance": _VM, "dest_vpc": _VPC,
         "src_location": {"asn": 64500, "city": "Amsterdam", "continent": "Europe", "country": "nld"}},
        {"@timestamp": "2026-04-19T10:20:30.500Z", "event.category": ["network"], "event.type": ["connection"], "source.ip": "203.0.113.7",
         "source.port": 33576, "source.bytes": 4249, "source.packets": 20, "destination.ip": "192.0.2.20", "destination.port": 443,
         "destination.domain": "web-1", "network.bytes": 4249, "network.packets": 20, "network.transport": "tcp",
         "network.iana_number": "6", "network.direction": "inbound", "network.name": "main", "network.type": "ipv4",
         "source.as.number": 64500, "source.geo.city_name": "Amsterdam", "event.start": "2026-04-19T10:20:00.100Z",
         "cloud.instance.name": "web-1", "cloud.availability_zone": "europe-west3-a", "cloud.project.id": "example"},
    ),
    _sample(
        _FLOWS,
        {"connection": _CONNECTION | {"protocol": 17}, "bytes_sent": "99", "packets_sent": "1", "reporter": "SRC", "src_instance": _VM,
         "dest_instance": _VM | {"vm_name": "db-1"}, "src_vpc": _VPC},
        {"network.direction": "internal", "network.transport": "udp", "source.domain": "web-1", "destination.domain": "db-1"},
    ),
)  # fmt: skip
FIREWALL_SAMPLES = (
    _sample(
        _FIREWALL,
        {"connection": _CONNECTION, "disposition": "DENIED", "instance": _VM, "vpc": _VPC,
         "rule_details": {"reference": "network:main/firewall:deny-all", "direction": "INGRESS", "action": "DENY", "priority": 1000}},
        {"event.action": "firewall-rule", "event.category": ["network"], "event.type": ["connection", "denied"],
         "event.outcome": "failure", "rule.name": "network:main/firewall:deny-all", "network.direction": "inbound",
         "source.ip": "203.0.113.7", "destination.domain": "web-1", "network.transport": "tcp", "network.name": "main"},
    ),
    _sample(
        _FIREWALL,
        {"connection": {"src_ip": "2001:db8::20", "dest_ip": "2001:db8::7", "src_port": 5, "dest_port": 53, "protocol": 17},
         "disposition": "ALLOWED", "instance": _VM, "rule_details": {"direction": "EGRESS"}},
        {"event.type": ["connection", "allowed"], "network.direction": "outbound", "source.domain": "web-1", "network.type": "ipv6"},
    ),
)  # fmt: skip
DNS_SAMPLES = (
    _sample(
        "dns.googleapis.com%2Fdns_queries",
        {"queryName": "www.example.com.", "queryType": "A", "responseCode": "NOERROR", "rdata": "www.example.com.\t300\tIN\ta\t203.0.113.7",
         "sourceIP": "192.0.2.20", "protocol": "UDP", "serverLatency": 7, "vmInstanceName": "web-1", "vmZoneName": "europe-west3-a"},
        {"event.action": "dns-query", "event.outcome": "success", "event.type": ["protocol"], "dns.question.name": "www.example.com",
         "dns.question.type": "A", "dns.question.registered_domain": "example.com", "dns.response_code": "NOERROR",
         "dns.resolved_ip": ["203.0.113.7"], "dns.answers.data": "203.0.113.7", "dns.answers.ttl": 300, "source.ip": "192.0.2.20",
         "network.transport": "udp", "network.protocol": "dns", "event.duration": 7_000_000, "cloud.instance.name": "web-1"},
    ),
    _sample(
        "dns.googleapis.com%2Fdns_queries",
        {"queryName": "no.example.org.", "queryType": "AAAA", "responseCode": "NXDOMAIN", "sourceIP": "2001:db8::7", "protocol": "TCP"},
        {"event.outcome": "failure", "dns.answers.data": None, "source.ip": "2001:db8::7"},
    ),
)  # fmt: skip
LOADBALANCER_SAMPLES = (
    _sample(
        "requests",
        {"statusDetails": "response_sent_by_backend", "enforcedSecurityPolicy": {"name": "edge", "outcome": "ACCEPT"}},
        {"event.category": ["web"], "event.type": ["access"], "event.outcome": "success", "http.request.method": "GET",
         "http.response.status_code": 200, "http.request.bytes": 120, "http.response.bytes": 4096, "source.ip": "203.0.113.7",
         "source.port": 5122, "destination.ip": "192.0.2.20", "url.original": "https://www.example.com/a?x=1", "url.domain": "www.example.com",
         "url.path": "/a", "user_agent.name": "curl", "event.duration": 5_123_000, "http.version": "1.1", "network.protocol": "http",
         "rule.name": "edge", "event.reason": "response_sent_by_backend", "trace.id": "0679686673a"},
        httpRequest={"requestMethod": "GET", "requestUrl": "https://www.example.com/a?x=1", "requestSize": "120", "status": 200,
                     "responseSize": "4096", "userAgent": "curl/8.5.0", "remoteIp": "203.0.113.7:5122", "serverIp": "192.0.2.20",
                     "latency": "0.005123s", "protocol": "HTTP/1.1", "referer": "https://example.org/"},
        trace="projects/example/traces/0679686673a",
    ),
    _sample(
        "requests", {"statusDetails": "denied_by_security_policy", "enforcedSecurityPolicy": {"name": "edge", "outcome": "DENY"}},
        {"event.outcome": "failure", "event.action": "deny", "source.ip": "2001:db8::7"},
        httpRequest={"requestMethod": "POST", "requestUrl": "https://example.com/", "status": 403, "remoteIp": "2001:db8::7"},
    ),
)  # fmt: skip
