"""Samples of ``nginx.access``, written after ngx_http_log_module's documentation."""

from integrations.contract import Sample

_AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

ACCESS_SAMPLES = (
    Sample(
        '<190>Mar 30 16:01:36 web-1 nginx: 198.51.100.7 - alice [30/Mar/2026:16:01:36 +0000] "GET /a.php?x=1 HTTP/1.1" 200 612 "-" "curl/7.88.1"',
        {
            "@timestamp": "2026-03-30T16:01:36.000Z",
            "source.ip": "198.51.100.7",
            "user.name": "alice",
            "url.domain": None,
            "host.name": "web-1",
            "log.syslog.priority": 190,
            "url.query": "x=1",
        },
    ),
    Sample(
        f'198.51.100.66 - - [25/Oct/2025:14:49:33 +0200] "GET /shop/list.php?id=7 HTTP/1.1" 200 612 "https://www.example.com/" "{_AGENT}" "-"',
        {
            "@timestamp": "2025-10-25T12:49:33.000Z",
            "event.category": ["web"],
            "event.type": ["access"],
            "event.outcome": "success",
            "source.ip": "198.51.100.66",
            "http.request.method": "GET",
            "http.request.referrer": "https://www.example.com/",
            "http.response.status_code": 200,
            "http.response.body.bytes": 612,
            "http.version": "1.1",
            "url.original": "/shop/list.php?id=7",
            "url.extension": "php",
            "user_agent.name": "Chrome",
            "user_agent.version": "126.0.0.0",
            "user.name": None,
        },
    ),
    Sample(
        '10.0.0.2, 10.0.0.1, 93.184.215.14 - bob [25/Oct/2025:14:49:34 +0000] "GET / HTTP/1.1" 401 571 "-" "curl/8.5.0"',
        {
            "source.ip": "93.184.215.14",
            "source.address": "93.184.215.14",
            "user.name": "bob",
            "event.outcome": "failure",
            "vendor.remote_ip_list": ["10.0.0.2", "10.0.0.1", "93.184.215.14"],
        },
    ),
    Sample(
        '"10.5.102.222, 93.184.215.14" 10.2.1.185 - - [22/Jan/2026:13:18:29 +0000] "GET /a?q=100 HTTP/1.1" 200 7 "-" "Amazon CloudFront"',
        {"source.ip": "93.184.215.14", "user_agent.name": "Other"},
    ),
    Sample(
        'www.example.com:8443 2001:db8::7 - - [22/Jan/2026:13:18:30 +0000] "HEAD / HTTP/2.0" 200 0 "-" "-" "203.0.113.9"',
        {
            "destination.domain": "www.example.com",
            "destination.port": 8443,
            "url.domain": "www.example.com",
            "source.ip": "2001:db8::7",
            "network.forwarded_ip": "203.0.113.9",
        },
    ),
    Sample(
        '192.0.2.1 - - [22/Jan/2026:13:18:31 +0000] "" 400 0 "-" "-"',
        {"event.outcome": "failure", "http.request.method": None, "url.original": None},
    ),
    Sample(
        r'unix: - - [22/Jan/2026:13:18:32 +0000] "\x03\x00\x00\x13" 400 173 "-" "-"',
        {"source.address": "unix:", "source.ip": None, "vendor.request": r"\x03\x00\x00\x13"},
    ),
    Sample(
        '192.0.2.1 - - [22/Jan/2026:13:18:33 +0000] "GET /x HTTP/1.1" 200 7 "-" "curl/8.5.0" "-" 1.250 1.249 . -',
        {"event.duration": 1_250_000_000},
    ),
    Sample(
        '192.0.2.1 - - [22/Jan/2026:13:18:34 +0000] "GET /x HTTP/1.1" 504 7 "-" "curl/8.5.0" "-" rt=60.001 uct="0.000" uht="-" urt="60.000"',
        {"event.duration": 60_001_000_000, "event.outcome": "failure"},
    ),
    Sample(
        '10.0.0.2,93.184.215.14 - - [22/Jan/2026:13:18:35 +0000] "GET /x HTTP/1.1" 200 7 "-" "curl/8.5.0" "-"',
        {"source.ip": "93.184.215.14", "vendor.remote_ip_list": ["10.0.0.2", "93.184.215.14"]},
    ),
)
