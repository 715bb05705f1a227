"""``apache.error``: the error log as 2.2 and as 2.4 write it (ErrorLogFormat's default).

2.2: ``[time] [level] [client 192.0.2.7] message``. 2.4: ``[time] [module:level] [pid 1:tid 2] [client
192.0.2.7:1234] AH00163: message``. Lines without a time (what a CGI program wrote) are kept as messages.
"""

from __future__ import annotations

import re

from integrations.access import end_fields, split_last, split_port
from integrations.apache.error_samples import ERROR_SAMPLES
from integrations.fields import categorise, integer, put
from integrations.normalisers import line_source
from integrations.text import address
from integrations.times import Times
from integrations.unwrapping import by_syslog
from integrations.web import put_path
from rules.ecs import Document

_HEAD = re.compile(
    r"\[(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)(\.\d{1,6})? (\d{4})\] "
    r"(?:\[(?:([\w-]{0,64}):)?([a-z0-9]{2,16})\] )?",
    re.ASCII,
)
_PID = re.compile(r"\[pid (\d{1,10})(?::tid (\d{1,20}))?\] ", re.ASCII)
_CLIENT = re.compile(r"\[(?:client|remote) ([^\s\]]{1,64}(?:\](?::\d{1,5}))?)\] ", re.ASCII)
_CODE = re.compile(r"(AH\d{5}): ", re.ASCII)
_LOGIN = re.compile(
    r"(?:AH\d{5}: )?user ([^:]{1,128}?)(?: not found: |: authentication failure for )", re.ASCII
)
_REFERER = ", referer: "
_FAILED = frozenset({"emerg", "alert", "crit", "error", "warn"})


def read(line: str, times: Times) -> Document:
    match = _HEAD.match(line)
    if match is None:
        return {
            "@timestamp": times.received(),
            "event": {"kind": "event", "category": ["web"], "type": ["info"]},
            "message": line,
        }
    day, fraction, year, module, level = match.groups()
    document: Document = {
        "@timestamp": times.required(
            times.parse(f"{year} {day}{fraction or '.0'}", "%Y %b %d %H:%M:%S.%f"),
        ),
        "event": {
            "kind": "event",
            "category": ["web"],
            "type": ["error" if level in _FAILED else "info"],
        },
    }
    rest = line[match.end() :]
    put(document, "log.level", level)
    if found := _PID.match(rest):
        put(document, "process.pid", integer(found[1]))
        put(document, "process.thread.id", integer(found[2]))
        rest = rest[found.end() :]
    if found := _CLIENT.match(rest):
        host, port = _client(found[1], module is not None)
        put(document, "source", end_fields(host))
        put(document, "source.port", port)
        rest = rest[found.end() :]
    vendor = {}
    if module:
        vendor["module"] = module
    message = rest
    _, referer, url = rest.rpartition(_REFERER)
    if referer and url.strip() and " " not in url.strip():
        put(document, "http.request.referrer", url.strip())
    if found := _CODE.search(message[:256]):
        put(document, "event.code", found[1])
    put(document, "message", message)
    if message.startswith("File does not exist: /"):
        put_path(document, "file", message[21:].partition(_REFERER)[0])
    if found := _LOGIN.match(message):
        put(document, "user.name", found[1])
        categorise(document, ["web", "authentication"], ["error"], outcome="failure")
    put(document, "vendor", vendor)
    return document


def _client(text: str, with_port: bool) -> tuple[str, int | None]:
    """2.4 writes the port right behind the address, also behind an IPv6 one without brackets."""
    if with_port:
        return split_last(text)
    return (text, None) if address(text) else split_port(text)


def recognise(line: str) -> bool:
    match = _HEAD.match(line)
    return match is not None and match[5] is not None


ERROR = by_syslog(
    line_source(
        "apache.error",
        "Apache HTTP Server error log (2.2 and 2.4)",
        "https://httpd.apache.org/docs/current/logs.html#errorlog",
        read,
        recognise,
        ERROR_SAMPLES,
    ),
    "apache",
    "apache2",
    "httpd",
)
