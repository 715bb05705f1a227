"""Samples of ``apache.error``."""

from integrations.contract import Sample

ERROR_SAMPLES = (
    Sample(
        "Mar 30 16:01:36 web-1 apache2: [Mon Mar 30 16:01:36.262255 2026] [core:error] [pid 7] [client 198.51.100.7:34567] AH00037: Symbolic link not allowed",
        {
            "@timestamp": "2026-03-30T16:01:36.262Z",
            "event.code": "AH00037",
            "source.port": 34567,
            "host.name": "web-1",
        },
    ),
    Sample(
        "[Fri Sep 09 10:42:29 2025] [error] [client 192.0.2.7] File does not exist: /var/www/favicon.ico, referer: http://www.example.com/",
        {
            "@timestamp": "2025-09-09T10:42:29.000Z",
            "event.category": ["web"],
            "event.type": ["error"],
            "log.level": "error",
            "source.ip": "192.0.2.7",
            "http.request.referrer": "http://www.example.com/",
            "message": "File does not exist: /var/www/favicon.ico, referer: http://www.example.com/",
            "file.path": "/var/www/favicon.ico",
        },
    ),
    Sample(
        "[Fri Sep 09 10:42:29.902022 2025] [core:error] [pid 35708:tid 4328636416] [client 192.0.2.7:51234] AH00126: Invalid URI in request GET /../../etc/passwd HTTP/1.1",
        {
            "@timestamp": "2025-09-09T10:42:29.902Z",
            "process.pid": 35708,
            "process.thread.id": 4328636416,
            "source.ip": "192.0.2.7",
            "source.port": 51234,
            "event.code": "AH00126",
            "vendor.module": "core",
        },
    ),
    Sample(
        "[Fri Sep 09 10:42:30.000001 2025] [auth_basic:error] [pid 7] [client 2001:db8::7:40022] AH01618: user root not found: /admin",
        {
            "event.code": "AH01618",
            "source.ip": "2001:db8::7",
            "source.port": 40022,
            "user.name": "root",
            "event.category": ["web", "authentication"],
            "event.outcome": "failure",
        },
    ),
    Sample(
        "[Mon Dec 26 16:15:55.103522 2025] [mpm_prefork:notice] [pid 11379] AH00163: Apache/2.4.62 (Unix) configured -- resuming normal operations",
        {"event.type": ["info"], "log.level": "notice", "process.pid": 11379, "vendor.module": "mpm_prefork"},
    ),
    Sample(
        "[Mon Dec 26 16:15:56 2025] [notice] Apache/2.2.22 (Ubuntu) configured -- resuming normal operations",
        {"log.level": "notice", "message": "Apache/2.2.22 (Ubuntu) configured -- resuming normal operations"},
    ),
)
