"""``iis.error``: the log of requests that HTTP.sys itself refused or dropped (``HTTPERR\\httperr1.log``)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.access import end_fields, outcome_of
from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, port_number, put
from integrations.headers import headed_source
from integrations.iis.w3c import field_names, split_fields
from integrations.times import Times
from integrations.web import put_url
from rules.ecs import Document

_START = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri"
USUAL: Mapping[int, tuple[str, ...]] = {
    len(names): names
    for names in (
        tuple(order.split())
        for order in (
            f"{_START} sc-status s-siteid s-reason s-queuename",
            f"{_START} streamid sc-status s-siteid s-reason s-queuename",
            f"{_START} streamid streamid_ex sc-status s-siteid s-reason s-queuename",
        )
    )
}
_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S{1,64} \d{1,5} \S{1,64} \d{1,5} (?:HTTP/|- )", re.ASCII)


def read(line: str, names: tuple[str, ...], times: Times) -> Document:
    fields = split_fields(line, names, USUAL, "a line of httperr.log")
    document: Document = {
        "@timestamp": times.required(times.iso(f"{fields.get('date', '')} {fields.get('time', '')}Z"))
    }
    categorise(document, ["web", "network"], ["connection"])
    for side, prefix in (("source", "c"), ("destination", "s")):
        put(document, side, end_fields(fields.get(f"{prefix}-ip", "")))
        put(document, f"{side}.port", port_number(fields.get(f"{prefix}-port")))
    put(document, "http.version", fields.get("cs-version", "").removeprefix("HTTP/"))
    put(document, "http.request.method", fields.get("cs-method"))
    put_url(document, fields.get("cs-uri"))
    if status := integer(fields.get("sc-status")):
        put(document, "http.response.status_code", status)
        put(document, "event.outcome", outcome_of(status))
    put(document, "event.reason", fields.get("s-reason"))
    document["vendor"] = fields
    return document


def recognise(line: str) -> bool:
    if line.startswith("#"):
        return line.startswith("#Fields: ") and "s-queuename" in line
    if _LINE.match(line) is None:
        return False
    try:
        split_fields(line, (), USUAL, "")
    except UnparsedError:
        return False
    return True


_FIELDS = (
    "#Software: Microsoft HTTP API 2.0\n#Version: 1.0\n#Date: 2026-01-01 08:09:10\n"
    "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason "
    "s-queuename\n"
)
SAMPLES = (
    Sample(
        _FIELDS
        + "2026-01-01 08:09:10 192.0.2.6 2094 198.51.100.80 80 HTTP/1.1 GET /qos/1kbfile.txt?a=1 - 503 1 ConnLimit "
        "DefaultAppPool",
        {
            "@timestamp": "2026-01-01T08:09:10.000Z",
            "event.category": ["web", "network"],
            "event.type": ["connection"],
            "event.outcome": "failure",
            "event.reason": "ConnLimit",
            "source.ip": "192.0.2.6",
            "source.port": 2094,
            "destination.ip": "198.51.100.80",
            "http.request.method": "GET",
            "http.response.status_code": 503,
            "url.original": "/qos/1kbfile.txt?a=1",
            "url.query": "a=1",
        },
    ),
    Sample(
        "2026-01-01 08:09:11 ::1%0 49958 ::1%0 80 - - - - - Timer_ConnectionIdle -",
        {
            "source.ip": "::1",
            "source.address": "::1%0",
            "event.reason": "Timer_ConnectionIdle",
            "event.outcome": None,
            "http.request.method": None,
        },
    ),
    Sample(
        "2026-01-01 08:09:12 192.0.2.6 12345 198.51.100.80 443 HTTP/1.1 GET /..\\..\\winnt\\win.ini 400 - URL -",
        {"url.original": "/..\\..\\winnt\\win.ini", "event.reason": "URL", "http.response.status_code": 400},
    ),
)

ERROR = headed_source(
    "iis.error",
    "HTTP.sys error log (HTTPERR)",
    "https://learn.microsoft.com/en-us/troubleshoot/developer/webapps/aspnet/site-behavior-performance/"
    "error-logging-http-apis",
    field_names,
    read,
    recognise,
    SAMPLES,
)
