"""Samples of ``haproxy.log``, written after HAProxy's Configuration Manual, 8.2."""

from integrations.contract import Sample

LOG_SAMPLES = (
    Sample(
        'Feb  6 12:14:14 lb-1 haproxy[14389]: 192.0.2.7:33317 [06/Feb/2026:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {www.example.com|curl} {} "GET /index.html?a=1 HTTP/1.1"',
        {
            "@timestamp": "2026-02-06T12:14:14.655Z",
            "event.category": ["web"],
            "event.type": ["access"],
            "event.outcome": "success",
            "event.duration": 109_000_000,
            "source.ip": "192.0.2.7",
            "source.port": 33317,
            "http.request.method": "GET",
            "http.version": "1.1",
            "http.response.status_code": 200,
            "http.response.bytes": 2750,
            "url.original": "/index.html?a=1",
            "url.path": "/index.html",
            "process.name": "haproxy",
            "process.pid": 14389,
            "observer.hostname": "lb-1",
            "vendor.backend_name": "static",
            "vendor.server_name": "srv1",
            "vendor.termination_state": "----",
            "vendor.request_headers": ["www.example.com", "curl"],
            "vendor.connections.active": 1,
        },
    ),
    Sample(
        '<134>1 2026-02-06T12:14:15.655Z lb-1 haproxy 14389 - - 2001:db8::7:33318 [06/Feb/2026:12:14:15.655] fe~ web/<NOSRV> 0/-1/-1/-1/0 503 213 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
        {
            "event.outcome": "failure",
            "source.ip": "2001:db8::7",
            "source.port": 33318,
            "vendor.server_name": "<NOSRV>",
            "log.syslog.facility.code": 16,
        },
    ),
    Sample(
        'Feb  6 12:14:16 lb-1 haproxy[14389]: 192.0.2.7:33319 [06/Feb/2026:12:14:16.655] http-in http-in/<NOSRV> -1/-1/-1/-1/5 400 187 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"',
        {"event.outcome": "failure", "event.reason": "bad request", "http.request.method": None},
    ),
    Sample(
        "Feb  6 12:12:56 lb-1 haproxy[14387]: 192.0.2.7:33313 [06/Feb/2026:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
        {
            "@timestamp": "2026-02-06T12:12:51.443Z",
            "event.category": ["network"],
            "event.type": ["connection"],
            "event.outcome": "success",
            "event.duration": 5_007_000_000,
            "network.transport": "tcp",
            "network.type": "ipv4",
            "network.bytes": 212,
            "vendor.backend_name": "bck",
            "vendor.connections.retries": 3,
        },
    ),
    Sample(
        "Feb  6 12:12:09 lb-1 haproxy[14385]: Connect from 192.0.2.7:33312 to 198.51.100.80:8012 (www/HTTP)",
        {
            "event.category": ["web", "network"],
            "event.type": ["connection"],
            "source.port": 33312,
            "destination.ip": "198.51.100.80",
            "destination.port": 8012,
            "network.community_id": "1:F4IQ3AwRb4deSYWVhtSnOyO2mAA=",
        },
    ),
    Sample(
        "Feb  6 12:12:10 lb-1 haproxy[14385]: 192.0.2.7:56059 [06/Feb/2026:12:12:10.123] frt/1: Connection error during SSL handshake",
        {"event.outcome": "failure", "event.reason": "Connection error during SSL handshake"},
    ),
    Sample(
        "Feb  6 12:12:11 lb-1 haproxy[14385]: Server app/app1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 0 active and 0 backup servers left.",
        {"event.action": "server-down", "event.type": ["error"], "vendor.server_name": "app1"},
    ),
)
