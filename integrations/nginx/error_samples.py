"""Samples of ``nginx.error``."""

from integrations.contract import Sample

ERROR_SAMPLES = (
    Sample(
        '<187>Mar 30 16:01:36 web-1 nginx: 2026/03/30 16:01:36 [error] 12#12: *5 open() "/var/www/x" failed (2: No such file or directory), client: 198.51.100.7, server: example.com, request: "GET /x HTTP/1.1", host: "example.com"',
        {
            "event.type": ["error"],
            "source.ip": "198.51.100.7",
            "url.original": "/x",
            "host.name": "web-1",
            "log.level": "error",
        },
    ),
    Sample(
        '2025/10/25 14:49:34 [error] 54053#0: *1 open() "/usr/share/nginx/html/favicon.ico" failed (2: No such file or directory), client: 192.0.2.7, server: localhost, request: "GET /favicon.ico HTTP/1.1", host: "www.example.com:8080", referrer: "http://www.example.com:8080/"',
        {
            "@timestamp": "2025-10-25T14:49:34.000Z",
            "event.category": ["web"],
            "event.type": ["error"],
            "log.level": "error",
            "process.pid": 54053,
            "process.thread.id": 0,
            "source.ip": "192.0.2.7",
            "http.request.method": "GET",
            "http.request.referrer": "http://www.example.com:8080/",
            "url.original": "/favicon.ico",
            "url.domain": "www.example.com",
            "url.port": 8080,
            "file.path": "/usr/share/nginx/html/favicon.ico",
            "vendor.connection_id": 1,
        },
    ),
    Sample(
        '2025/10/25 14:49:35 [error] 7#7: *9 FastCGI sent in stderr: "PHP message: one\nPHP message: two" while reading response header from upstream, client: 2001:db8::7, server: www.example.com, request: "POST /a.php HTTP/2.0", upstream: "fastcgi://unix:/run/php.sock:", host: "www.example.com"',
        {
            "log.flags": ["multiline"],
            "source.ip": "2001:db8::7",
            "url.extension": "php",
            "vendor.upstream": "fastcgi://unix:/run/php.sock:",
        },
    ),
    Sample(
        '2025/10/25 14:49:36 [error] 7#7: *10 user "alice": password mismatch, client: 192.0.2.7, server: _, request: "GET /admin HTTP/1.1", host: "www.example.com"',
        {
            "event.category": ["web", "authentication"],
            "event.outcome": "failure",
            "user.name": "alice",
            "source.ip": "192.0.2.7",
        },
    ),
    Sample(
        "2025/10/25 14:49:37 [notice] 1#1: start worker processes",
        {"event.type": ["info"], "log.level": "notice", "message": "start worker processes"},
    ),
)
