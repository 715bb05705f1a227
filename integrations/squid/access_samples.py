"""Samples of ``squid.access``, written after the Squid wiki's page of its log formats."""

from integrations.contract import Sample

ACCESS_SAMPLES = (
    Sample(
        "1767862800.779    180 192.0.2.7 TCP_MISS/200 4112 GET http://www.example.com/a/index.html?q=1 alice HIER_DIRECT/203.0.113.80 text/html",
        {
            "@timestamp": "2026-01-08T09:00:00.779Z",
            "event.category": ["web", "network"],
            "event.type": ["access"],
            "event.action": "tcp_miss",
            "event.outcome": "success",
            "event.duration": 180_000_000,
            "source.ip": "192.0.2.7",
            "destination.ip": "203.0.113.80",
            "destination.domain": "www.example.com",
            "user.name": "alice",
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "http.response.bytes": 4112,
            "http.response.mime_type": "text/html",
            "url.original": "http://www.example.com/a/index.html?q=1",
            "url.domain": "www.example.com",
            "url.path": "/a/index.html",
            "observer.type": "proxy",
            "vendor.hierarchy": "HIER_DIRECT",
        },
    ),
    Sample(
        "1767862801.001     12 2001:db8::7 TCP_DENIED/407 3900 CONNECT www.example.com:443 - HIER_NONE/- text/html",
        {
            "event.type": ["access", "denied"],
            "event.outcome": "failure",
            "source.ip": "2001:db8::7",
            "url.original": "www.example.com:443",
            "url.domain": "www.example.com",
            "url.port": 443,
            "destination.port": 443,
            "destination.ip": None,
            "user.name": None,
        },
    ),
    Sample(
        "1767862802.500      0 192.0.2.7 NONE/400 3800 GET error:invalid-request - HIER_NONE/- text/html",
        {"event.reason": "invalid-request", "url.original": None, "event.outcome": "failure"},
    ),
    Sample(
        "Jan  8 09:00:03 proxy-1 squid[77]: 1767862803.100   5000 192.0.2.7 TCP_TUNNEL/200 812345 CONNECT www.example.com:443 bob HIER_DIRECT/2001:db8::80 -",
        {"observer.hostname": "proxy-1", "destination.ip": "2001:db8::80", "event.action": "tcp_tunnel"},
    ),
    Sample(
        '192.0.2.7 - alice [08/Jan/2026:09:00:04 +0000] "GET http://www.example.com/ HTTP/1.1" 200 412 "-" "curl/8.5.0" TCP_MISS:HIER_DIRECT',
        {
            "event.action": "tcp_miss",
            "user.name": "alice",
            "url.domain": "www.example.com",
            "user_agent.name": "curl",
            "http.response.body.bytes": 412,
        },
    ),
    Sample(
        '192.0.2.7 - - [08/Jan/2026:09:00:05 +0000] "GET http://blocked.example.org/ HTTP/1.1" 403 4012 TCP_DENIED:HIER_NONE',
        {"event.type": ["access", "denied"], "event.outcome": "failure"},
    ),
)
