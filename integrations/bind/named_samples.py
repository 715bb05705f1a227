"""Samples of ``bind.named``, written after the BIND 9 Administrator Reference Manual."""

from integrations.contract import Sample

NAMED_SAMPLES = (
    Sample(
        "<174>1 2026-03-30T17:01:36+01:00 ns-1 named 2255 - -  info: client 192.0.2.10#63295 (www.example.com): query: www.example.com IN A + (192.0.2.53)",
        {
            "@timestamp": "2026-03-30T16:01:36.000Z",
            "event.action": "query",
            "dns.question.name": "www.example.com",
            "source.ip": "192.0.2.10",
            "log.level": "info",
        },
    ),
    Sample(
        "08-Jan-2026 09:00:00.123 queries: info: client @0x7f28e40 192.0.2.7#53123 (www.example.com): view internal: query: www.example.com IN AAAA +E(0)TDK (192.0.2.53)",
        {
            "@timestamp": "2026-01-08T09:00:00.123Z",
            "event.category": ["network"],
            "event.type": ["protocol"],
            "event.action": "query",
            "log.level": "info",
            "source.ip": "192.0.2.7",
            "source.port": 53123,
            "destination.ip": "192.0.2.53",
            "dns.type": "query",
            "dns.question.name": "www.example.com",
            "dns.question.type": "AAAA",
            "dns.question.class": "IN",
            "dns.question.registered_domain": "example.com",
            "dns.header_flags": ["RD", "DO"],
            "network.transport": "tcp",
            "network.protocol": "dns",
            "network.type": "ipv4",
            "vendor.category": "queries",
            "vendor.view": "internal",
        },
    ),
    Sample(
        "Jan  8 09:00:01 ns-1 named[812]: client 2001:db8::7#40000 (example.org): query: example.org IN MX - (2001:db8::53) [ECS 198.51.100.0/24/0]",
        {
            "observer.hostname": "ns-1",
            "process.pid": 812,
            "source.ip": "2001:db8::7",
            "dns.question.type": "MX",
            "network.transport": "udp",
            "vendor.client_subnet": "198.51.100.0/24/0",
        },
    ),
    Sample(
        "08-Jan-2026 09:00:02.000 query-errors: info: client @0x7f28e40 192.0.2.7#53123 (bad.example.com): query failed (SERVFAIL) for bad.example.com/IN/A at query.c:7094",
        {
            "event.outcome": "failure",
            "event.action": "query-failed",
            "dns.response_code": "SERVFAIL",
            "dns.question.name": "bad.example.com",
            "dns.question.type": "A",
        },
    ),
    Sample(
        "08-Jan-2026 09:00:03.000 security: info: client @0x7f28e40 203.0.113.9#1042 (example.com): zone transfer 'example.com/AXFR/IN' denied",
        {
            "event.action": "zone-transfer-denied",
            "event.type": ["protocol", "denied"],
            "event.outcome": "failure",
            "dns.question.type": "AXFR",
            "source.ip": "203.0.113.9",
        },
    ),
    Sample(
        "client @0x7f28e40 203.0.113.9#1042 (www.example.com): query (cache) 'www.example.com/A/IN' denied (allow-query-cache did not match)",
        {
            "event.action": "query-cache-denied",
            "dns.question.name": "www.example.com",
            "event.reason": "allow-query-cache did not match",
        },
    ),
    Sample(
        "2026-01-08T09:00:04.000Z rpz: info: client @0x7f28e40 192.0.2.7#53123 (bad.example.org): rpz QNAME NXDOMAIN rewrite bad.example.org/A/IN via bad.example.org.rpz.local",
        {
            "@timestamp": "2026-01-08T09:00:04.000Z",
            "event.action": "rpz-rewrite",
            "event.type": ["protocol", "denied"],
            "rule.name": "bad.example.org.rpz.local",
        },
    ),
    Sample(
        "08-Jan-2026 09:00:05.000 xfer-out: info: client @0x7f28e40 192.0.2.54#5000 (example.com): transfer of 'example.com/IN': AXFR started (serial 7)",
        {
            "event.action": "zone-transfer-started",
            "dns.question.name": "example.com",
            "dns.question.type": "AXFR",
        },
    ),
    Sample(
        "08-Jan-2026 09:00:06.000 lame-servers: info: connection refused resolving 'www.example.net/A/IN': 203.0.113.53#53",
        {
            "event.action": "resolve",
            "event.outcome": "failure",
            "destination.ip": "203.0.113.53",
            "destination.port": 53,
            "event.reason": "connection refused",
        },
    ),
    Sample(
        "08-Jan-2026 09:00:07.000 update: info: client @0x7f28e40 192.0.2.7#53123: view internal: updating zone 'example.com/IN': adding an RR at 'ws-1.example.com' A 192.0.2.7",
        {
            "event.action": "update",
            "event.category": ["network", "configuration"],
            "dns.question.name": "ws-1.example.com",
        },
    ),
    Sample(
        "08-Jan-2026 09:00:08.000 general: info: zone example.com/IN: loaded serial 7",
        {
            "event.type": ["info"],
            "message": "zone example.com/IN: loaded serial 7",
            "vendor.category": "general",
        },
    ),
)
