"""Azure's network logs: Azure Firewall, and the flow logs of network security groups and virtual networks.

References: https://learn.microsoft.com/azure/firewall/monitor-firewall-reference,
https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview and
https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview

One record of a flow log holds many flows: each is an event, all flows of a record having its ``vendor`` part
without the flows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from integrations.azure.network_samples import FIREWALL_SAMPLES, NSGFLOW_SAMPLES
from integrations.azure.records import first, loaded, of_records, recognising, started
from integrations.contract import UnparsedError
from integrations.dns import put_answers, put_code, put_question
from integrations.fields import (
    add,
    categorise,
    integer,
    mac,
    mapping,
    objects,
    put,
    put_end,
    put_ip,
    put_new,
    text,
)
from integrations.flows import put_flow, put_transport
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_domain, put_url
from rules.ecs import Document

_REQUEST = re.compile(r"([A-Za-z0-9]{1,16})(?: Type=\S{1,16})? request from (\S{1,64}) to (\S{1,300})")
_ACTION = re.compile(r"Action: ?(\w{1,32})")
_NAMED = re.compile(
    r"(Policy|Rule Collection Group|Rule Collection|Rule|Web Category|ThreatIntel): ?([^.]{1,256})"
)
_TRANSLATED = re.compile(r"DNAT'ed to (\S{1,64})")
_DNS = re.compile(
    r"DNS Request: (\S{1,64}):(\d{1,5}) - (\d{1,9}) (\S{1,16}) (\S{1,16}) (\S{1,255}) (\S{1,8}) \d{1,9} \S{1,8} \d{1,9} (\S{1,32})"
)
_TYPES = {
    "allow": "allowed", "deny": "denied", "block": "denied", "drop": "denied", "reject": "denied", "alert": "allowed",
    "dnat": "allowed",
}  # fmt: skip
_OUTCOMES = {"allowed": "success", "denied": "failure"}


def _read_firewall(record: dict[str, Any], times: Times) -> Document:
    properties = loaded(record.get("properties"))
    named = first(record, "category", "Category") or ""
    if not properties:
        raise UnparsedError("expected an Azure Firewall record with properties")
    document = started(record, times)
    if isinstance(message := properties.get("msg"), str):
        action = _put_message(document, message)
    else:
        action = _put_structured(document, properties, named)
    kind = _TYPES.get((action or "").lower())
    alerts = any(word in named.lower() for word in ("threatintel", "idpssignature"))
    types = ["protocol"] if "dns" in document else ["connection"]
    categorise(
        document, ["network", "intrusion_detection"] if alerts else ["network"], [*types, kind] if kind else types,
        kind="alert" if alerts else "event", action=action, outcome=_OUTCOMES.get(kind or ""),
    )  # fmt: skip
    if "dns" in document:
        put_code(document, document["dns"].get("response_code"))
    put(document, "observer.vendor", "Microsoft")
    put(document, "observer.product", "Azure Firewall")
    put(document, "observer.type", "firewall")
    put(document, "observer.name", mapping(document.get("azure", {}).get("resource")).get("name"))
    put_flow(document)
    document["vendor"] = record
    return document


def _put_structured(document: Document, properties: dict[str, Any], named: str) -> str | None:
    protocol = text(properties.get("Protocol")) or ""
    for side, name in (("source", "Source"), ("destination", "Destination")):
        put_end(document, side, text(properties.get(f"{name}Ip")), properties.get(f"{name}Port"))
    put_transport(document, protocol.partition(" ")[0])
    if protocol.lower().startswith(("http", "mssql")):
        put(document, "network.transport", "tcp")
        put(document, "network.protocol", protocol.lower())
    if fqdn := text(properties.get("Fqdn")):
        put_new(document, "destination.address", fqdn)
        put(document, "destination.domain", fqdn)
        put_domain(document, "url", fqdn)
        add(document, "related.hosts", fqdn)
    put_url(document, properties.get("TargetUrl"))
    put_ip(document, "destination.nat.ip", properties.get("TranslatedIp"))
    put(document, "destination.nat.port", integer(properties.get("TranslatedPort")))
    put(document, "rule.name", text(properties.get("Rule")) or text(properties.get("ThreatDescription")))
    put(document, "rule.ruleset", text(properties.get("RuleCollection")))
    put(document, "rule.id", text(properties.get("SignatureId")))
    put(document, "rule.category", text(properties.get("Category")) or text(properties.get("WebCategory")))
    put(document, "rule.description", text(properties.get("Description")))
    put(document, "event.severity", integer(properties.get("Severity")))
    put(document, "event.reason", text(properties.get("ActionReason")))
    if "Dns" in named or "QueryName" in properties:
        put_question(
            document, properties.get("QueryName"), properties.get("QueryType"), properties.get("QueryClass")
        )
        put(document, "dns.response_code", text(properties.get("ResponseCode")))
        put(document, "dns.id", text(properties.get("QueryId")))
        put(document, "network.protocol", "dns")
    return text(properties.get("Action")) or ("DNAT" if "TranslatedIp" in properties else None)


def _put_message(document: Document, message: str) -> str | None:
    """Read what older firewalls write as a sentence: ``TCP request from 192.0.2.1:55 to 203.0.113.7:443. Action: Deny.``"""
    put(document, "message", message)
    message = message[:4096]
    if asked := _DNS.match(message):
        address, port, query, kind, klass, name, transport, code = asked.groups()
        put_end(document, "source", address, port)
        put_transport(document, transport)
        put_question(document, name, kind, klass)
        put(document, "dns.id", query)
        put(document, "dns.response_code", code)
        put(document, "network.protocol", "dns")
        put_answers(document, [])
        return "dns-query"
    if request := _REQUEST.match(message):
        protocol, source, target = request.groups()
        put_transport(document, protocol)
        if protocol.lower() in ("http", "https", "mssql"):
            put(document, "network.transport", "tcp")
            put(document, "network.protocol", protocol.lower())
        for side, end in (("source", source), ("destination", target.rstrip("."))):
            host, colon, port = end.rpartition(":")
            put_end(document, side, host if colon else end, port)
    for name, value in _NAMED.findall(message):
        field = {"Rule": "rule.name", "Rule Collection": "rule.ruleset", "ThreatIntel": "rule.description",
                 "Web Category": "rule.category"}.get(name)  # fmt: skip
        if field:
            put(document, field, value.strip())
    if translated := _TRANSLATED.search(message):
        host, _, port = translated[1].rpartition(":")
        put_ip(document, "destination.nat.ip", host)
        put(document, "destination.nat.port", integer(port))
        return "DNAT"
    found = _ACTION.search(message)
    return found[1] if found else None


def _read_flows(record: dict[str, Any], times: Times) -> list[Document]:
    flows = list(_flows(record))
    if not isinstance(record.get("properties") or record.get("flowRecords"), dict):
        raise UnparsedError("expected a flow log record with properties.flows or flowRecords.flows")
    whole = started(record, times)
    vendor = {key: value for key, value in record.items() if key not in ("properties", "flowRecords")}
    if not flows:
        categorise(whole, ["network"], ["info"])
        whole["vendor"] = record
        return [whole]
    return [_flow(whole, vendor, rule, hardware, line, times) for rule, hardware, line in flows]


def _flows(record: dict[str, Any]) -> Iterator[tuple[str | None, Any, str]]:
    """Yield (rule, MAC address, tuple) of each flow."""
    for group in objects(mapping(record.get("properties")).get("flows")):
        for flow in objects(group.get("flows")):
            for line in _texts(flow.get("flowTuples")):
                yield text(group.get("rule")), flow.get("mac"), line
    for acl in objects(mapping(record.get("flowRecords")).get("flows")):
        for group in objects(acl.get("flowGroups")):
            for line in _texts(group.get("flowTuples")):
                yield text(group.get("rule")), record.get("macAddress"), line


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


_PROTOCOLS = {"T": "6", "U": "17", "6": "6", "17": "17", "1": "1"}
_STATES = {"B": "begin", "C": "continue", "E": "end", "D": "deny"}


def _flow(
    whole: Document, vendor: dict[str, Any], rule: str | None, hardware: Any, line: str, times: Times
) -> Document:
    """Read one tuple: time, source, destination, ports, protocol, direction, then of a security group the
    decision and the state, of a virtual network the state and the encryption; then packets and bytes each way."""
    document: Document = {
        key: dict(value) if isinstance(value, dict) else value for key, value in whole.items()
    }
    words = line[:1024].split(",")
    if len(words) < 8:  # none that is known; kept as it is
        categorise(document, ["network"], ["info"])
        document["vendor"] = {**vendor, "flowTuple": line}
        return document
    of_network = words[7] in ("B", "C", "E", "D") and not (len(words) > 8 and words[8] in _STATES)
    state = _STATES.get(words[7] if of_network else words[8] if len(words) > 8 else "")
    denied = words[7] == "D"
    document["@timestamp"] = times.epoch(words[0]) or whole["@timestamp"]
    kinds = ["connection", "denied" if denied else "allowed"]
    if state in ("begin", "end"):
        kinds.append("start" if state == "begin" else "end")
    categorise(
        document,
        ["network"],
        kinds,
        action="deny" if denied else "allow",
        outcome="failure" if denied else "success",
    )
    put_end(document, "source", words[1], words[3])
    put_end(document, "destination", words[2], words[4])
    put_transport(document, _PROTOCOLS.get(words[5], words[5]))
    put(document, "network.direction", {"I": "inbound", "O": "outbound"}.get(words[6]))
    for side, at in (("source", 9), ("destination", 11)):
        if len(words) > at + 1:
            put(document, f"{side}.packets", integer(words[at]))
            put(document, f"{side}.bytes", integer(words[at + 1]))
    put(document, "destination.mac" if words[6] == "I" else "source.mac", mac(hardware))
    put(document, "rule.name", rule)
    put_flow(document)
    document["vendor"] = {**vendor, "flowTuple": line, **({"flowState": state} if state else {})}
    return document


def _is_firewall(record: dict[str, Any]) -> bool:
    named = record.get("category")
    return isinstance(named, str) and named.startswith(("AzureFirewall", "AZFW")) and "properties" in record


def _is_flows(record: dict[str, Any]) -> bool:
    return record.get("category") in ("NetworkSecurityGroupFlowEvent", "FlowLogFlowEvent")


FIREWALL = json_source(
    "azure.firewall",
    "Azure Firewall",
    "https://learn.microsoft.com/azure/firewall/monitor-firewall-reference",
    of_records(_read_firewall),
    recognising(_is_firewall),
    FIREWALL_SAMPLES,
)
NSGFLOW = json_source(
    "azure.nsgflow",
    "Azure network security group and virtual network flow logs",
    "https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview",
    of_records(_read_flows),
    recognising(_is_flows),
    NSGFLOW_SAMPLES,
)
