"""Test records of Azure's network logs, each with the fields that its document must have."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

_ROOT = "/SUBSCRIPTIONS/8A4DE8B5/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.NETWORK"


def _firewall(category: str, properties: dict[str, Any], expect: dict[str, Any]) -> Sample:
    record = {
        "time": "2026-04-19T10:20:30.123456Z", "category": category, "resourceId": f"{_ROOT}/AZUREFIREWALLS/EDGE",
        "operationName": f"{category}Log", "properties": properties,
    }  # fmt: skip
    return Sample(orjson.dumps(record).decode(), expect)


FIREWALL_SAMPLES = (
    _firewall(
        "AZFWNetworkRule",
        {"Protocol": "TCP", "SourceIp": "192.0.2.20", "SourcePort": 55910, "DestinationIp": "203.0.113.7", "DestinationPort": 443,
         "Action": "Deny", "Policy": "p", "RuleCollection": "net", "Rule": "no-web", "ActionReason": ""},
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.category": ["network"], "event.type": ["connection", "denied"],
         "event.action": "Deny", "event.outcome": "failure", "source.ip": "192.0.2.20", "source.port": 55910,
         "destination.ip": "203.0.113.7", "destination.port": 443, "network.transport": "tcp", "network.type": "ipv4", "rule.name": "no-web",
         "rule.ruleset": "net", "observer.name": "EDGE", "observer.product": "Azure Firewall", "cloud.provider": "azure"},
    ),
    _firewall(
        "AZFWApplicationRule",
        {"Protocol": "HTTPS", "SourceIp": "192.0.2.20", "SourcePort": 1, "DestinationPort": 443, "Fqdn": "www.example.com",
         "TargetUrl": "", "Action": "Allow", "Rule": "web", "WebCategory": "News"},
        {"event.type": ["connection", "allowed"], "destination.domain": "www.example.com", "network.protocol": "https",
         "url.domain": "www.example.com", "rule.category": "News"},
    ),
    _firewall(
        "AZFWNatRule",
        {"Protocol": "TCP", "SourceIp": "203.0.113.7", "SourcePort": 5, "DestinationIp": "198.51.100.9", "DestinationPort": 3389,
         "TranslatedIp": "192.0.2.4", "TranslatedPort": 3389, "Rule": "rdp"},
        {"event.action": "DNAT", "event.type": ["connection", "allowed"], "destination.nat.ip": "192.0.2.4", "destination.nat.port": 3389},
    ),
    _firewall(
        "AZFWThreatIntel",
        {"Protocol": "TCP", "SourceIp": "192.0.2.20", "DestinationIp": "203.0.113.7", "Action": "Alert", "ThreatDescription": "Botnet"},
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "rule.name": "Botnet"},
    ),
    _firewall(
        "AZFWDnsQuery",
        {"SourceIp": "192.0.2.20", "SourcePort": 41352, "QueryId": 7, "QueryType": "A", "QueryClass": "IN", "QueryName": "www.example.com.",
         "Protocol": "udp", "ResponseCode": "NOERROR"},
        {"event.type": ["protocol"], "dns.question.name": "www.example.com", "dns.response_code": "NOERROR", "event.outcome": "success",
         "network.protocol": "dns"},
    ),
    _firewall(
        "AzureFirewallNetworkRule", {"msg": "TCP request from 192.0.2.20:55910 to 203.0.113.7:443. Action: Deny. Rule Collection: net. Rule: r1"},
        {"event.action": "Deny", "source.port": 55910, "destination.ip": "203.0.113.7", "rule.name": "r1", "rule.ruleset": "net"},
    ),
    _firewall(
        "AzureFirewallApplicationRule", {"msg": "HTTPS request from 192.0.2.20:5234 to www.example.com:443. Action: Allow. Rule: web"},
        {"destination.domain": "www.example.com", "destination.port": 443, "network.protocol": "https"},
    ),
    _firewall(
        "AzureFirewallNetworkRule", {"msg": "TCP request from 203.0.113.7:5 to 198.51.100.9:3389 was DNAT'ed to 192.0.2.4:3389"},
        {"event.action": "DNAT", "destination.nat.ip": "192.0.2.4", "source.ip": "203.0.113.7"},
    ),
    _firewall(
        "AzureFirewallDnsProxy",
        {"msg": "DNS Request: 192.0.2.20:41352 - 12345 AAAA IN no.example.org. udp 46 false 512 NXDOMAIN qr,rd,ra 108 0.012s"},
        {"event.action": "dns-query", "dns.question.name": "no.example.org", "event.outcome": "failure", "dns.question.type": "AAAA"},
    ),
)  # fmt: skip


def _flows(line: str, expect: dict[str, Any], *, of_network: bool = False) -> Sample:
    record: dict[str, Any] = {"time": "2026-04-19T10:21:00Z", "macAddress": "000D3AF87856"}
    if of_network:
        record |= {
            "category": "FlowLogFlowEvent", "flowLogVersion": 4, "targetResourceID": "/subscriptions/1",
            "flowRecords": {"flows": [{"aclID": "a", "flowGroups": [{"rule": "DefaultRule", "flowTuples": [line]}]}]},
        }  # fmt: skip
    else:
        flow = {"mac": "000D3AF87856", "flowTuples": [line]}
        record |= {
            "category": "NetworkSecurityGroupFlowEvent", "operationName": "NetworkSecurityGroupFlowEvents",
            "resourceId": f"{_ROOT}/NETWORKSECURITYGROUPS/WEB",
            "properties": {"Version": 2, "flows": [{"rule": "DefaultRule_DenyAllInBound", "flows": [flow]}]},
        }  # fmt: skip
    return Sample(orjson.dumps(record).decode(), expect)


NSGFLOW_SAMPLES = (
    _flows(
        "1776594030,203.0.113.7,192.0.2.20,35370,23,T,I,D,B,,,,",
        {"@timestamp": "2026-04-19T10:20:30.000Z", "event.category": ["network"], "event.action": "deny", "event.outcome": "failure",
         "event.type": ["connection", "denied", "start"], "source.ip": "203.0.113.7", "source.port": 35370, "destination.ip": "192.0.2.20",
         "destination.port": 23, "network.transport": "tcp", "network.direction": "inbound", "rule.name": "DefaultRule_DenyAllInBound",
         "destination.mac": "00-0D-3A-F8-78-56", "azure.resource.name": "WEB", "vendor.flowState": "begin"},
    ),
    _flows(
        "1776594030,192.0.2.20,203.0.113.7,55910,443,T,O,A,E,52,29952,47,27072",
        {"event.type": ["connection", "allowed", "end"], "source.bytes": 29952, "source.packets": 52, "destination.bytes": 27072,
         "network.bytes": 57024, "network.packets": 99, "network.direction": "outbound"},
    ),
    _flows("1776594030,192.0.2.20,203.0.113.7,5,53,U,O,A", {"network.transport": "udp", "event.type": ["connection", "allowed"]}),
    _flows(
        "1776594030123,192.0.2.20,203.0.113.7,55910,443,6,O,E,NX,12,3044,10,2000",
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "allow", "network.transport": "tcp", "source.bytes": 3044,
         "event.type": ["connection", "allowed", "end"]}, of_network=True,
    ),
    _flows("1776594030123,2001:db8::7,2001:db8::20,5,22,6,I,D,NX,0,0,0,0",
           {"event.action": "deny", "source.ip": "2001:db8::7", "network.type": "ipv6"}, of_network=True),
)  # fmt: skip
