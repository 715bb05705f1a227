"""Test records of ``aws.elb``, each with the fields that its document must have."""

from __future__ import annotations

from integrations.contract import Sample

_GROUP = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/73e2d6bc24d8a067"

ELB_SAMPLES = (
    Sample(
        "https 2026-04-19T10:20:30.186641Z app/web/50dc6c495c0c9188 203.0.113.7:2817 192.0.2.20:80 0.086 0.048 0.037 200 200 34 366 "
        '"GET https://www.example.com:443/login?x=1 HTTP/1.1" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
        f'{_GROUP} "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" '
        '"arn:aws:acm:eu-central-1:111122223333:certificate/12345678" 1 2026-04-19T10:20:30.100000Z "authenticate,forward" "-" "-" '
        '"192.0.2.20:80" "200" "-" "-" TID_1234',
        {"@timestamp": "2026-04-19T10:20:30.186Z", "event.category": ["web"], "event.type": ["access"], "event.outcome": "success",
         "source.ip": "203.0.113.7", "source.port": 2817, "destination.ip": "192.0.2.20", "destination.port": 80,
         "http.request.method": "GET", "http.version": "1.1", "http.response.status_code": 200, "http.request.body.bytes": 34,
         "http.response.body.bytes": 366, "url.original": "https://www.example.com:443/login?x=1", "url.domain": "www.example.com",
         "url.path": "/login", "url.query": "x=1", "url.scheme": "https", "url.port": 443, "user_agent.name": "curl",
         "tls.cipher": "ECDHE-RSA-AES128-GCM-SHA256", "tls.version": "1.2", "tls.version_protocol": "tls",
         "trace.id": "Root=1-58337281-1d84f3d73c47ec4e58577259", "event.start": "2026-04-19T10:20:30.100Z",
         "event.end": "2026-04-19T10:20:30.186Z", "cloud.provider": "aws", "cloud.region": "eu-central-1",
         "cloud.account.id": "111122223333", "vendor.elb": "app/web/50dc6c495c0c9188", "vendor.matched_rule_priority": "1"},
    ),
    Sample(
        'http 2026-04-19T10:20:31.186641Z app/web/50dc6c495c0c9188 198.51.100.9:2817 - -1 -1 -1 403 - 34 366 '
        f'"POST http://www.example.com:80/?id=1%27 HTTP/1.1" "-" - - {_GROUP} "Root=1-5" "-" "-" 0 2026-04-19T10:20:31.100000Z "waf" "-" '
        '"-" "-" "-" "-" "-"',
        {"event.outcome": "failure", "http.response.status_code": 403, "destination.ip": None, "url.query": "id=1%27",
         "http.request.method": "POST", "tls.version": None},
    ),
    Sample(
        'https 2026-04-19T10:20:32.1Z app/web/50dc6c495c0c9188 [2001:db8::7]:2817 - -1 -1 -1 502 - 0 610 "GET https://example.com:443/ HTTP/2.0" '
        f'"x" c TLSv1.3 {_GROUP} "Root=1-6" "example.com" "session-reused" 0 2026-04-19T10:20:32.0Z "lambda" "-" "LambdaInvalidResponse"',
        {"source.ip": "2001:db8::7", "event.reason": "LambdaInvalidResponse", "http.version": "2.0"},
    ),
    Sample(
        '2026-04-19T10:20:33.945958Z my-loadbalancer 203.0.113.7:2817 192.0.2.20:80 0.000073 0.001048 0.000057 200 200 0 29 '
        '"GET http://www.example.com:80/ HTTP/1.1" "curl/8.5.0" - -',
        {"event.category": ["web"], "http.response.body.bytes": 29, "url.domain": "www.example.com", "source.port": 2817},
    ),
    Sample(
        '2026-04-19T10:20:34.945958Z my-loadbalancer 203.0.113.7:2817 192.0.2.20:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -',
        {"event.category": ["network"], "event.type": ["connection"], "source.bytes": 82, "destination.bytes": 305,
         "network.bytes": 387, "network.transport": "tcp", "network.type": "ipv4"},
    ),
    Sample(
        "tls 2.0 2026-04-19T10:20:35 net/network/c6e77e28c25b2234 g3d4b5e8bb8464cd 203.0.113.7:51341 192.0.2.20:443 5 2 98 246 - "
        "arn:aws:acm:eu-central-1:111122223333:certificate/2a108f19 - ECDHE-RSA-AES128-SHA tlsv12 - api.example.com - - - 2026-04-19T10:20:30",
        {"event.category": ["network"], "event.outcome": "success", "event.duration": 5_000_000, "tls.version": "1.2",
         "tls.cipher": "ECDHE-RSA-AES128-SHA", "tls.client.server_name": "api.example.com", "source.bytes": 98,
         "destination.bytes": 246, "event.start": "2026-04-19T10:20:30.000Z", "cloud.account.id": "111122223333"},
    ),
    Sample(
        "2026-04-19T10:20:36.514108Z 203.0.113.7 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036 "
        '"CN=client.example.com,O=Example Corp,C=DE" NotBefore=2025-09-21T22:43:21Z;NotAfter=2027-06-17T22:43:21Z FEF257372D5C14D4 Success '
        "TID_3180a73013c8ca4bac2f731159d4b0fe",
        {"@timestamp": "2026-04-19T10:20:36.514Z", "event.category": ["network"], "event.type": ["connection", "start"],
         "event.outcome": "success", "source.ip": "203.0.113.7", "source.port": 36280, "destination.port": 443,
         "network.transport": "tcp", "tls.version": "1.2", "tls.established": True,
         "tls.client.subject": "CN=client.example.com,O=Example Corp,C=DE", "tls.client.not_before": "2025-09-21T22:43:21.000Z",
         "tls.client.not_after": "2027-06-17T22:43:21.000Z", "tls.client.x509.serial_number": "FEF257372D5C14D4",
         "trace.id": "TID_3180a73013c8ca4bac2f731159d4b0fe", "vendor.tls_handshake_latency": "4.036"},
    ),
    Sample(
        '2026-04-19T10:20:37.1Z 2001:db8::7 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 - "CN=x" '
        "NotBefore=2025-09-21T22:43:21Z;NotAfter=2025-10-17T22:43:21Z 0A Failed:ClientCertExpired TID_1",
        {"source.ip": "2001:db8::7", "event.outcome": "failure", "event.reason": "ClientCertExpired", "tls.established": False},
    ),
    Sample(
        "2026-04-19T10:20:38.1Z 203.0.113.7 36280 80 - - - - - - - TID_2",
        {"event.outcome": "success", "destination.port": 80, "tls.established": None, "vendor.conn_trace_id": "TID_2"},
    ),
)  # fmt: skip
