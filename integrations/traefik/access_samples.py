"""Samples of ``traefik.access``, written after Traefik's documentation of its fields."""

from integrations.contract import Sample

ACCESS_SAMPLES = (
    Sample(
        '192.0.2.7 - alice [02/Oct/2025:20:22:07 +0000] "GET /ui/favicon-16x16.png HTTP/1.1" 304 0 "https://example.com/login" "curl/8.5.0" 262 "web@docker" "http://10.0.0.3:5601" 2ms',
        {
            "@timestamp": "2025-10-02T20:22:07.000Z",
            "event.category": ["web"],
            "event.type": ["access"],
            "event.outcome": "success",
            "event.duration": 2_000_000,
            "source.ip": "192.0.2.7",
            "user.name": "alice",
            "http.request.method": "GET",
            "http.request.referrer": "https://example.com/login",
            "url.extension": "png",
            "user_agent.name": "curl",
            "destination.ip": "10.0.0.3",
            "destination.port": 5601,
            "vendor.request_count": 262,
            "vendor.frontend_name": "web@docker",
        },
    ),
    Sample(
        '2001:db8::7 - - [02/Oct/2025:20:22:08 +0000] "GET / HTTP/2.0" 404 19 - "Android" 10 "-" "-" 0ms',
        {"event.outcome": "failure", "source.ip": "2001:db8::7", "event.duration": 0, "destination.ip": None},
    ),
    Sample(
        '{"ClientAddr":"203.0.113.9:52116","ClientHost":"203.0.113.9","ClientPort":"52116","ClientUsername":"-","DownstreamContentSize":85,"DownstreamStatus":200,"Duration":13456789,"OriginStatus":200,"RequestAddr":"www.example.com","RequestHost":"www.example.com","RequestMethod":"POST","RequestPath":"/api/v1/users?id=7","RequestPort":"-","RequestProtocol":"HTTP/2.0","RequestScheme":"https","RouterName":"web@file","ServiceAddr":"10.0.0.9:4140","ServiceName":"web@file","ServiceURL":"http://10.0.0.9:4140","StartUTC":"2025-10-02T20:22:09.123456789Z","TLSCipher":"TLS_AES_128_GCM_SHA256","TLSVersion":"1.3","entryPointName":"websecure","level":"info","msg":"","request_User-Agent":"curl/8.5.0","time":"2025-10-02T20:22:09Z"}',
        {
            "@timestamp": "2025-10-02T20:22:09.123Z",
            "event.outcome": "success",
            "event.duration": 13_456_789,
            "source.ip": "203.0.113.9",
            "source.port": 52116,
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "http.version": "2.0",
            "url.path": "/api/v1/users",
            "url.query": "id=7",
            "url.scheme": "https",
            "url.domain": "www.example.com",
            "user_agent.name": "curl",
            "tls.version": "1.3",
            "destination.ip": "10.0.0.9",
            "user.name": None,
            "vendor.RouterName": "web@file",
        },
    ),
)
