"""Amazon Route 53 Resolver query logs: what the hosts of a VPC ask.

Reference: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.aws.arn import put_place
from integrations.aws.envelopes import recognising, unwrapping
from integrations.contract import Sample, UnparsedError
from integrations.dns import put_answers, put_question
from integrations.fields import categorise, mapping, objects, pick, port_number, put, put_ip, text
from integrations.flows import put_transport
from integrations.normalisers import json_source
from integrations.text import address
from integrations.times import Times
from rules.ecs import Document


def _read(entry: dict[str, Any], times: Times) -> Document:
    name = text(entry.get("query_name"))
    if name is None:
        raise UnparsedError("expected a resolver query log record with query_name")
    document: Document = {"@timestamp": times.required(times.iso(entry.get("query_timestamp")))}
    answered = text(entry.get("rcode"))
    outcome = None if answered is None else "success" if answered == "NOERROR" else "failure"
    rule = text(entry.get("firewall_rule_action"))
    types = ["protocol"]
    if rule in ("BLOCK", "ALLOW"):
        types.append("denied" if rule == "BLOCK" else "allowed")
    categorise(document, ("network",), types, action=rule.lower() if rule else None, outcome=outcome)
    put_question(document, name, entry.get("query_type"), entry.get("query_class"))
    put(document, "dns.response_code", answered)
    answers = objects(entry.get("answers"))
    put(document, "dns.type", "answer" if answers else "query")
    put_answers(document, [
        {"data": found.get("Rdata"), "type": found.get("Type"), "class": found.get("Class")} for found in answers
    ])  # fmt: skip
    source = text(entry.get("srcaddr"))
    put(document, "source.address", source)
    put_ip(document, "source.ip", source)
    put(document, "source.port", port_number(entry.get("srcport")))
    put(document, "network.protocol", "dns")
    put_transport(document, text(entry.get("transport")))
    if source and (ip := address(source)):
        put(document, "network.type", "ipv6" if ":" in ip else "ipv4")
    put(document, "rule.id", text(entry.get("firewall_rule_group_id")))
    put(document, "rule.ruleset", text(entry.get("firewall_domain_list_id")))
    put_place(document, region=text(entry.get("region")), account=text(entry.get("account_id")))
    put(document, "cloud.instance.id", text(pick(entry, "srcids.instance")))
    document["vendor"] = entry
    return document


def _is_record(entry: dict[str, Any]) -> bool:
    return {"query_timestamp", "query_name", "query_type"} <= entry.keys() and (
        "vpc_id" in entry or "srcids" in entry or "account_id" in entry
    )


def _sample(expect: dict[str, Any], **more: Any) -> Sample:
    entry = {
        "version": "1.100000", "account_id": "111122223333", "region": "eu-central-1", "vpc_id": "vpc-1",
        "query_timestamp": "2026-04-19T10:20:30Z", "query_name": "www.example.com.", "query_type": "A",
        "query_class": "IN", "rcode": "NOERROR", "srcaddr": "192.0.2.20", "srcport": "33071", "transport": "UDP",
        "answers": [{"Rdata": "203.0.113.7", "Type": "A", "Class": "IN"}], "srcids": {"instance": "i-0a"},
    }  # fmt: skip
    return Sample(orjson.dumps(mapping(entry | more)).decode(), expect)


_SAMPLES = (
    _sample(
        {"@timestamp": "2026-04-19T10:20:30.000Z", "event.category": ["network"], "event.type": ["protocol"],
         "event.outcome": "success", "dns.question.name": "www.example.com", "dns.question.type": "A", "dns.question.class": "IN",
         "dns.question.registered_domain": "example.com", "dns.question.subdomain": "www", "dns.question.top_level_domain": "com",
         "dns.response_code": "NOERROR", "dns.answers.data": "203.0.113.7", "dns.resolved_ip": ["203.0.113.7"],
         "source.ip": "192.0.2.20", "source.port": 33071, "network.protocol": "dns", "network.transport": "udp",
         "network.iana_number": "17", "cloud.instance.id": "i-0a", "cloud.account.id": "111122223333",
         "cloud.region": "eu-central-1", "related.hosts": ["www.example.com"], "related.ip": ["203.0.113.7", "192.0.2.20"]},
    ),
    _sample({"event.outcome": "failure", "dns.response_code": "NXDOMAIN", "dns.answers.data": None, "dns.type": "query"},
            rcode="NXDOMAIN", answers=[]),
    _sample({"event.type": ["protocol", "denied"], "event.action": "block", "rule.id": "rslvr-frg-1", "rule.ruleset": "rslvr-fdl-1"},
            firewall_rule_action="BLOCK", firewall_rule_group_id="rslvr-frg-1", firewall_domain_list_id="rslvr-fdl-1"),
    _sample({"source.ip": "2001:db8::7", "network.type": "ipv6"}, srcaddr="2001:db8::7"),
)  # fmt: skip

ROUTE53 = json_source(
    "aws.route53",
    "Amazon Route 53 Resolver query logs",
    "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html",
    unwrapping(_read),
    recognising(_is_record),
    _SAMPLES,
)
