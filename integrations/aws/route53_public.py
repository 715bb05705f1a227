"""Amazon Route 53 query logs of public hosted zones: what the world's resolvers ask of a domain.

Reference: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.dns import put_question
from integrations.fields import categorise, put, put_end
from integrations.flows import put_flow, put_transport
from integrations.normalisers import line_source
from integrations.times import Times
from rules.ecs import Document

_NAMES = (
    "version", "query_timestamp", "hosted_zone_id", "query_name", "query_type", "response_code", "protocol",
    "edge_location", "resolver_ip", "edns_client_subnet",
)  # fmt: skip
_LINE = re.compile(
    r"\d\.\d \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z Z[A-Z\d]{1,32} \S{1,255} [A-Z\d]{1,16} [A-Z]{1,16} (?:UDP|TCP) ",
    re.ASCII,
)


def _read(line: str, times: Times) -> Document:
    words = line.split()
    entry = {name: word for name, word in zip(_NAMES, words, strict=False) if word != "-"}
    time = times.iso(entry.get("query_timestamp"))
    if time is None or len(words) < 9:
        raise UnparsedError(
            "expected a query of a public hosted zone: 1.0 time zone name type code protocol edge resolver subnet"
        )
    document: Document = {"@timestamp": time}
    answered = entry.get("response_code")
    outcome = None if answered is None else "success" if answered == "NOERROR" else "failure"
    categorise(document, ("network",), ("protocol", "info"), action="dns-query", outcome=outcome)
    put_question(document, entry.get("query_name"), entry.get("query_type"))
    put(document, "dns.response_code", answered)
    put(document, "dns.type", "answer")
    put_end(document, "source", entry.get("resolver_ip"))
    put_transport(document, entry.get("protocol"))
    put(document, "network.protocol", "dns")
    put_flow(document)
    put(document, "cloud.provider", "aws")
    put(document, "cloud.service.name", "route53")
    document["vendor"] = entry
    return document


ROUTE53_PUBLIC = line_source(
    "aws.route53_public",
    "Amazon Route 53 query logs of public hosted zones",
    "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html",
    _read,
    lambda line: _LINE.match(line) is not None,
    (
        Sample(
            "1.0 2026-04-19T10:20:30Z Z123412341234 www.example.com AAAA NOERROR TCP IAD12 192.0.2.1 192.0.2.0/24",
            {"@timestamp": "2026-04-19T10:20:30.000Z", "event.category": ["network"], "event.outcome": "success",
             "dns.question.name": "www.example.com", "dns.question.type": "AAAA", "dns.response_code": "NOERROR",
             "dns.question.registered_domain": "example.com", "source.ip": "192.0.2.1", "network.transport": "tcp",
             "network.protocol": "dns", "network.type": "ipv4", "related.hosts": ["www.example.com"],
             "vendor.edge_location": "IAD12", "vendor.edns_client_subnet": "192.0.2.0/24"},
        ),
        Sample(
            "1.0 2026-04-19T10:20:31Z Z123412341234 nothing.example.com A NXDOMAIN UDP FRA50-C1 2001:db8::1234 -",
            {"event.outcome": "failure", "dns.response_code": "NXDOMAIN", "source.ip": "2001:db8::1234", "network.type": "ipv6"},
        ),
    ),
)  # fmt: skip
