"""``nginx.error``: ``2025/10/25 14:49:34 [error] 54053#0: *1 message, client: …, server: …, request: "…"``.

A message may have newlines in it (what FastCGI programs say): lines without a time belong to the one before.
"""

from __future__ import annotations

import re

from integrations.access import end_fields, read_request, split_port
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, put
from integrations.joining import joined_source
from integrations.nginx.error_samples import ERROR_SAMPLES
from integrations.text import address
from integrations.times import Times
from integrations.unwrapping import by_syslog
from integrations.web import put_path
from rules.ecs import Document

_HEAD = re.compile(
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[([a-z]{1,16})\] (\d{1,10})#(\d{1,18}): (?:\*(\d{1,18}) )?(.*)",
    re.ASCII | re.DOTALL,
)
_STARTS = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[")
_CONTEXT = re.compile(
    r", (client|server|upstream|host|referrer|request|subrequest): "
    r'(?:"([^"]{0,8192})"|([^",\s]{0,512}))(?=,|\s*$)',
    re.ASCII,
)
_FAILED = frozenset({"emerg", "alert", "crit", "error", "warn"})
_LOGIN = re.compile(r'user "([^"]{0,256})"(?:: password mismatch| was not found in)')
_FILE = re.compile(
    r'(?:open|stat|lstat|opendir|mkdir|unlink|rename)\(\) "([^"]{1,4096})" failed \((\d{1,5}):'
)


def read(text: str, times: Times) -> Document:
    match = _HEAD.match(text)
    if match is None:
        raise UnparsedError("expected '2025/10/25 14:49:34 [level] pid#tid: message'")
    time, level, pid, thread, connection, message = match.groups()
    document: Document = {"@timestamp": times.required(times.iso(time))}
    categorise(document, ["web"], ["error" if level in _FAILED else "info"])
    put(document, "log.level", level)
    put(document, "process.pid", integer(pid))
    put(document, "process.thread.id", integer(thread))
    put(document, "message", message)
    if "\n" in message:
        put(document, "log.flags", ["multiline"])
    vendor: Document = {}
    put(vendor, "connection_id", integer(connection))
    for name, quoted, bare in _CONTEXT.findall(message):
        if value := quoted or bare:
            _context(document, vendor, name, value)
    if found := _LOGIN.match(message):
        categorise(document, ["web", "authentication"], ["error"], outcome="failure")
        put(document, "user.name", found[1])
    elif found := _FILE.match(message):
        put_path(document, "file", found[1])
        put(document, "error.code", found[2])
    put(document, "vendor", vendor)
    return document


def _context(document: Document, vendor: Document, name: str, value: str) -> None:
    if name == "client":
        put(document, "source", end_fields(value))
    elif name == "request":
        request = read_request(value)
        put(document, "http.request.method", request.method)
        put(document, "http.version", request.version)
        document["url"] = dict(request.url) | document.get("url", {})
    elif name == "referrer":
        put(document, "http.request.referrer", value)
    elif name == "host":
        host, port = split_port(value)
        put(document, "url.port", port)
        put(document, "url.domain", host)
        put(document, "destination.domain", None if address(host) else host)
    else:
        vendor[name] = value


def starts(line: bytes) -> bool:
    return _STARTS.match(line) is not None


def recognise(line: str) -> bool:
    return _HEAD.match(line) is not None


ERROR = by_syslog(
    joined_source(
        "nginx.error",
        "nginx error log",
        "https://nginx.org/en/docs/ngx_core_module.html#error_log",
        starts,
        read,
        recognise,
        ERROR_SAMPLES,
    ),
    "nginx",
)
