"""Samples of ``nginx.ingress_controller``."""

from integrations.contract import Sample

INGRESS_CONTROLLER_SAMPLES = (
    Sample(
        '192.0.2.1 - - [07/Feb/2026:11:48:51 +0000] "POST /products HTTP/1.1" 200 59 "-" "curl/8.5.0" 89 0.001 [default-web-8080] [] 10.1.0.5:8080 59 0.000 200 529a007902362a5f51385a5fa7049884',
        {
            "@timestamp": "2026-02-07T11:48:51.000Z",
            "source.ip": "192.0.2.1",
            "event.outcome": "success",
            "event.duration": 1_000_000,
            "http.request.method": "POST",
            "http.request.bytes": 89,
            "http.request.id": "529a007902362a5f51385a5fa7049884",
            "url.path": "/products",
            "destination.ip": "10.1.0.5",
            "destination.port": 8080,
            "vendor.upstream.name": "default-web-8080",
            "vendor.upstream.response.status_code": 200,
        },
    ),
    Sample(
        '192.0.2.1 - - [07/Feb/2026:11:49:50 +0000] "PATCHp /products/42 HTTP/1.1" 400 163 "-" "-" 0 0.000 [] [] - - - - 4c7d2079340e68353c7d0dfff00b904b',
        {"http.request.method": "PATCHp", "event.outcome": "failure", "destination.ip": None},
    ),
    Sample(
        '192.0.2.1 - alice [07/Feb/2026:11:49:51 +0000] "GET / HTTP/2.0" 200 5 "-" "curl/8.5.0" 33 1.204 [shop-cart-80] [] 10.1.0.5:80, 10.1.0.6:80 0, 5 1.000, 0.204 502, 200 0f3a007902362a5f51385a5fa7049884',
        {
            "user.name": "alice",
            "destination.ip": "10.1.0.6",
            "vendor.upstream.addresses": ["10.1.0.5:80", "10.1.0.6:80"],
            "vendor.upstream.response.time": 0.204,
        },
    ),
)
