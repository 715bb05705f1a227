"""``apache.access``: the common, combined and virtual host formats, and ``ssl_request_log``.

What a site adds at the end is read where it can only mean one thing: ``%I %O`` of the ``combinedio``
format, ``%T/%D``, a duration with its unit, an X-Forwarded-For list. A lone number may be seconds or
microseconds (``%T``, ``%D``): it stays under ``vendor.tail``.
"""

from __future__ import annotations

import re

from integrations.access import (
    QUOTED,
    access_event,
    clf_time,
    end_fields,
    first_public,
    forwarded,
    looks_like_access,
    read_request,
    split_line,
    split_port,
)
from integrations.apache.access_samples import ACCESS_SAMPLES
from integrations.contract import UnparsedError
from integrations.fields import add, integer, put
from integrations.normalisers import line_source
from integrations.text import address
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_SSL = re.compile(
    r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:)(\d\d) ([+-]\d{4})\] (\S{1,255}) (\S{1,32}) (\S{1,128}) "
    + QUOTED
    + r" (\d{1,18}|-)",
    re.ASCII | re.DOTALL,
)
_IN_OUT = re.compile(r" (\d{1,18}) (\d{1,18})", re.ASCII)
_SECONDS_AND_MICROSECONDS = re.compile(r" (?:\*\*)?(\d{1,9})/(\d{1,15})(?:\*\*)?", re.ASCII)
_WITH_UNIT = re.compile(r" (?:D=)?(\d{1,15})(us|ms|s)", re.ASCII)
_NANOSECONDS = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_FORWARDED = re.compile(r' "([^"\\]{0,2048})"')
_TAIL = re.compile(
    r'(?: "[^"\\]*"){0,2}(?: (?:\*\*)?\d{1,18}(?:/\d{1,18})?(?:\*\*)?| D=\d{1,18}| \d{1,15}(?:us|ms|s)){0,3}',
    re.ASCII,
)


def read(line: str, times: Times) -> Document:
    if line.startswith("["):
        return _read_ssl(line, times)
    access = split_line(line, times)
    host, user, server = _read_head(access.head)
    document = access_event(access, end_fields(host), user)
    if server:
        name, port = split_port(server)
        end = {"ip": ip} if (ip := address(name)) else {"domain": name}
        document["destination"] = {"address": name, **end}
        if port is not None:
            document["destination"]["port"] = port
        if "domain" in end:
            document.setdefault("url", {}).setdefault("domain", name)
    if access.tail:
        _read_tail(document, access.tail)
    return document


def _read_head(head: str) -> tuple[str, str, str]:
    """Return client, user and virtual host; the identity (RFC 1413) is nobody's today. A user's name may
    have spaces: what stands after the identity is all of it."""
    parts = head.split(" ")
    if len(parts) == 3:
        return parts[0], parts[2], ""
    if len(parts) < 3:
        raise UnparsedError("expected host, identity and user before the time")
    if parts[2] == "-" or address(parts[1]):  # vhost host ident user
        return parts[1], " ".join(parts[3:]), parts[0]
    return parts[0], " ".join(parts[2:]), ""


def _read_tail(document: Document, tail: str) -> None:
    if match := _FORWARDED.match(tail):
        hosts = forwarded(match[1])
        if hosts and all(address(host) for host in hosts):
            put(document, "network.forwarded_ip", address(first_public(hosts) or ""))
            add(document, "related.ip", [address(host) for host in hosts])
            tail = tail[match.end() :]
        elif match[1] == "-":
            tail = tail[match.end() :]
    if match := _IN_OUT.fullmatch(tail):
        put(document, "http.request.bytes", integer(match[1]))
        put(document, "http.response.bytes", integer(match[2]))
    elif match := _SECONDS_AND_MICROSECONDS.fullmatch(tail):
        put(document, "event.duration", int(match[2]) * 1_000)
    elif match := _WITH_UNIT.fullmatch(tail):
        put(document, "event.duration", int(match[1]) * _NANOSECONDS[match[2]])
    elif tail.strip():
        document.setdefault("vendor", {})["tail"] = tail.strip()


def _read_ssl(line: str, times: Times) -> Document:
    """``CustomLog … "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \\"%r\\" %b"``, as the shipped ssl.conf has it."""
    match = _SSL.match(line)
    if match is None:
        raise UnparsedError('expected ssl_request_log: [time] host protocol cipher "request" bytes')
    minute, second, offset, host, protocol, cipher, request_line, size = match.groups()
    document: Document = {
        "@timestamp": clf_time(minute, second, offset, times),
        "event": {"kind": "event", "category": ["web"], "type": ["access"]},
    }
    request = read_request(request_line)
    put(document, "http.request.method", request.method)
    put(document, "http.version", request.version)
    put(document, "url", dict(request.url))
    put(document, "http.response.body.bytes", integer(size))
    put(document, "source", end_fields(host))
    put(document, "tls.cipher", None if cipher == "-" else cipher)
    name, found, version = protocol.partition("v")
    if found and name in ("TLS", "SSL"):
        put(document, "tls.version", version if "." in version else f"{version}.0")
        put(document, "tls.version_protocol", name.lower())
    return document


def recognise(line: str) -> bool:
    if line.startswith("["):
        return _SSL.match(line) is not None
    match = looks_like_access(line)
    if match is None or "," in match[1] or match[5] == "":
        return False
    return len(match[1].split(" ")) in (3, 4) and _TAIL.fullmatch(match[10]) is not None


ACCESS = by_syslog(
    line_source(
        "apache.access",
        "Apache HTTP Server access log (common, combined, virtual hosts, ssl_request_log)",
        "https://httpd.apache.org/docs/current/mod/mod_log_config.html",
        read,
        recognise,
        ACCESS_SAMPLES,
    ),
    "apache",
    "apache2",
    "httpd",
)
