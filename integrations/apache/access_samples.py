"""Samples of ``apache.access``, written after mod_log_config's documentation."""

from integrations.contract import Sample

_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

ACCESS_SAMPLES = (
    Sample(
        '<134>1 2026-03-30T16:01:36Z web-1 httpd 12 - - 198.51.100.7 - - [30/Mar/2026:16:01:36 +0000] "GET / HTTP/1.1" 404 612 "-" "curl/7.88.1"',
        {
            "source.ip": "198.51.100.7",
            "http.response.status_code": 404,
            "host.name": "web-1",
            "log.syslog.appname": "httpd",
        },
    ),
    Sample(
        '192.0.2.7 - alice [10/Oct/2025:13:55:36 -0700] "GET /index.html?page=2 HTTP/1.0" 200 2326',
        {
            "@timestamp": "2025-10-10T20:55:36.000Z",
            "event.category": ["web"],
            "event.type": ["access"],
            "event.outcome": "success",
            "source.address": "192.0.2.7",
            "source.ip": "192.0.2.7",
            "user.name": "alice",
            "http.request.method": "GET",
            "http.version": "1.0",
            "http.response.status_code": 200,
            "http.response.body.bytes": 2326,
            "url.original": "/index.html?page=2",
            "url.path": "/index.html",
            "url.query": "page=2",
            "url.extension": "html",
            "related.ip": ["192.0.2.7"],
            "related.user": ["alice"],
        },
    ),
    Sample(
        f'2001:db8::7 - - [10/Oct/2025:13:55:37 +0000] "POST /login HTTP/1.1" 403 199 "https://www.example.com/" "{_AGENT}"',
        {
            "@timestamp": "2025-10-10T13:55:37.000Z",
            "event.outcome": "failure",
            "source.ip": "2001:db8::7",
            "http.request.referrer": "https://www.example.com/",
            "user_agent.original": _AGENT,
            "user_agent.name": "Firefox",
            "user_agent.os.name": "Linux",
            "user.name": None,
        },
    ),
    Sample(
        'client.example.org - - [10/Oct/2025:13:55:38 +0000] "-" 408 - "-" "-"',
        {
            "event.outcome": "failure",
            "source.domain": "client.example.org",
            "source.ip": None,
            "http.request.method": None,
            "http.response.status_code": 408,
            "http.response.body.bytes": None,
            "user_agent.original": None,
        },
    ),
    Sample(
        'www.example.com:443 198.51.100.4 - - [10/Oct/2025:13:55:39 +0000] "GET / HTTP/2.0" 301 0 "-" "curl/8.5.0"',
        {
            "source.ip": "198.51.100.4",
            "destination.domain": "www.example.com",
            "destination.port": 443,
            "url.domain": "www.example.com",
            "user_agent.name": "curl",
            "http.version": "2.0",
        },
    ),
    Sample(
        r'192.0.2.7 - - [10/Oct/2025:13:55:40 +0000] "GET /?q=\"%3Cscript%3E HTTP/1.1" 200 5 "-" "a \"quoted\" agent" 412 530',
        {
            "url.original": '/?q="%3Cscript%3E',
            "user_agent.original": 'a "quoted" agent',
            "http.request.bytes": 412,
            "http.response.bytes": 530,
        },
    ),
    Sample(
        '192.0.2.7 - - [10/Oct/2025:13:55:41 +0000] "GET /slow HTTP/1.1" 200 5 "-" "curl/8.5.0" 2/2000123',
        {"event.duration": 2_000_123_000},
    ),
    Sample(
        '192.0.2.7 - - [10/Oct/2025:13:55:42 +0000] "GET /slow HTTP/1.1" 200 5 "-" "curl/8.5.0" 1234',
        {"event.duration": None, "vendor.tail": "1234"},
    ),
    Sample(
        '10.0.0.9 - - [10/Oct/2025:13:55:43 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.5.0" "203.0.113.9, 10.0.0.1"',
        {
            "source.ip": "10.0.0.9",
            "network.forwarded_ip": "203.0.113.9",
            "related.ip": ["203.0.113.9", "10.0.0.1", "10.0.0.9"],
        },
    ),
    Sample(
        r'192.0.2.9 - - [10/Oct/2025:13:55:44 +0000] "\x16\x03\x01\x02" 400 226',
        {
            "event.outcome": "failure",
            "http.request.method": None,
            "url.original": None,
            "vendor.request": r"\x16\x03\x01\x02",
        },
    ),
    Sample(
        '[10/Oct/2025:13:55:45 +0200] 192.0.2.7 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET /private/ HTTP/1.1" 1375',
        {
            "@timestamp": "2025-10-10T11:55:45.000Z",
            "source.ip": "192.0.2.7",
            "tls.version": "1.3",
            "tls.version_protocol": "tls",
            "tls.cipher": "TLS_AES_256_GCM_SHA384",
            "url.original": "/private/",
            "http.response.body.bytes": 1375,
        },
    ),
)
