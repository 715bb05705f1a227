"""Samples of ``iis.access``, written after Microsoft's documentation of W3C logging."""

from integrations.contract import Sample

_FIELDS = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
_ALL = "#Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken X-Forwarded-For\n"
_FTP = "#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath\n"

ACCESS_SAMPLES = (
    Sample(
        "198.51.100.7, EXAMPLE\\bob, 3/30/2026, 16:01:36, W3SVC1, WEB-1, 192.0.2.5, 15, 200, 612, 404, 0, GET, /a.htm, x=1,",
        {
            "@timestamp": "2026-03-30T16:01:36.000Z",
            "source.ip": "198.51.100.7",
            "destination.ip": "192.0.2.5",
            "user.domain": "EXAMPLE",
            "related.user": ["bob", "EXAMPLE\\bob"],
            "http.request.method": "GET",
            "http.response.status_code": 404,
            "http.response.bytes": 612,
            "http.request.bytes": 200,
            "url.path": "/a.htm",
            "url.query": "x=1",
            "event.duration": 15_000_000,
        },
    ),
    Sample(
        _FIELDS
        + "2026-01-08 09:10:11 192.0.2.80 GET /owa/auth.aspx q=100&r=%2f 443 EXAMPLE\\alice 203.0.113.9 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64;+rv:128.0)+Gecko/20100101+Firefox/128.0 https://www.example.com/ 200 0 0 123",
        {
            "@timestamp": "2026-01-08T09:10:11.000Z",
            "event.category": ["web", "network"],
            "event.type": ["connection"],
            "event.outcome": "success",
            "event.duration": 123_000_000,
            "source.ip": "203.0.113.9",
            "destination.ip": "192.0.2.80",
            "destination.port": 443,
            "http.request.method": "GET",
            "http.request.referrer": "https://www.example.com/",
            "http.response.status_code": 200,
            "url.path": "/owa/auth.aspx",
            "url.query": "q=100&r=%2f",
            "url.original": "/owa/auth.aspx?q=100&r=%2f",
            "url.extension": "aspx",
            "user.name": "EXAMPLE\\alice",
            "user_agent.name": "Firefox",
            "user_agent.os.full": "Windows 10",
            "vendor.sc-substatus": "0",
        },
    ),
    Sample(
        _ALL
        + "2026-01-08 10:11:12 W3SVC1 WEB-1 2001:db8::80 POST /upload.aspx - 80 - 10.0.0.4 HTTP/1.1 curl/8.5.0 sid=1 - www.example.com:80 500 0 64 123 456 789 203.0.113.9,+10.0.0.4",
        {
            "event.outcome": "failure",
            "destination.ip": "2001:db8::80",
            "destination.domain": "www.example.com",
            "url.domain": "www.example.com",
            "http.version": "1.1",
            "http.request.body.bytes": 456,
            "http.response.body.bytes": 123,
            "http.request.cookie": "sid=1",
            "network.forwarded_ip": "203.0.113.9",
            "host.name": "WEB-1",
            "vendor.s-sitename": "W3SVC1",
            "vendor.sc-win32-status": "64",
        },
    ),
    Sample(
        "2026-01-08 10:11:13 192.0.2.80 GET / - 443 - 203.0.113.9 - 401 0 0 7",
        {
            "event.outcome": "failure",
            "source.ip": "203.0.113.9",
            "event.duration": 7_000_000,
            "user.name": None,
        },
    ),
    Sample(
        _FTP
        + "2026-01-08 10:11:14 203.0.113.9 - 192.0.2.80 21 PASS *** 530 1326 41 3f2a7d10-0000-4000-8000-000000000001 -",
        {
            "event.action": "pass",
            "event.category": ["network", "authentication"],
            "event.outcome": "failure",
            "network.protocol": "ftp",
            "source.ip": "203.0.113.9",
            "destination.port": 21,
            "session.id": "3f2a7d10-0000-4000-8000-000000000001",
        },
    ),
    Sample(
        _FTP
        + "2026-01-08 10:11:15 203.0.113.9 alice 192.0.2.80 21 STOR report.docx 226 0 0 3f2a7d10-0000-4000-8000-000000000001 /in/report.docx",
        {
            "event.action": "stor",
            "event.category": ["network", "file"],
            "event.type": ["creation"],
            "user.name": "alice",
            "file.path": "/in/report.docx",
            "file.name": "report.docx",
            "event.outcome": "success",
        },
    ),
    Sample(
        "#Fields: date time c-ip cs-username s-sitename s-ip s-port cs-method cs-uri-query sc-status sc-bytes cs-bytes time-taken\n"
        "2026-01-08 10:11:16 203.0.113.9 mail.example.org SMTPSVC1 192.0.2.80 25 EHLO +mail.example.org 250 300 30 0",
        {"event.action": "ehlo", "network.protocol": "smtp", "event.category": ["email", "network"]},
    ),
)
