"""``traefik.access``: Traefik's access log, in its extended common format or as JSON lines.

Common: the combined format, then ``<requests so far> "<router>" "<server URL>" <duration>ms``.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from integrations.access import (
    access_event,
    end_fields,
    looks_like_access,
    outcome_of,
    split_line,
    split_port,
    url_fields,
)
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, port_number, put, put_new, text
from integrations.normalisers import line_source, load_object
from integrations.text import address
from integrations.times import Times
from integrations.traefik.access_samples import ACCESS_SAMPLES
from integrations.unwrapping import by_syslog
from integrations.web import agent_fields
from rules.ecs import Document

_TAIL = re.compile(r' (\d{1,18}|-) "([^"]{0,1024})" "([^"]{0,2048})" (\d{1,12})ms', re.ASCII)


def read(line: str, times: Times) -> Document:
    if line.lstrip().startswith("{"):
        return _read_json(load_object(line), times)
    access = split_line(line, times)
    parts = access.head.split(" ", 2)
    if len(parts) < 3:
        raise UnparsedError("expected host, identity and user before the time")
    document = access_event(access, end_fields(parts[0]), parts[2])
    if match := _TAIL.match(access.tail):
        count, router, server, milliseconds = match.groups()
        put(document, "event.duration", int(milliseconds) * 1_000_000)
        vendor = document.setdefault("vendor", {})
        put(vendor, "request_count", integer(count))
        put(vendor, "frontend_name", text(router))
        put(vendor, "backend_url", text(server))
        _put_server(document, server)
    return document


def _put_server(document: Document, url: Any) -> None:
    """The server that answered: ``http://10.0.0.5:80``, or ``10.0.0.5:80``."""
    if not isinstance(url, str) or len(url) > 2048:
        return
    host, port = split_port(url.rpartition("://")[2].partition("/")[0])
    if ip := address(host):
        put(document, "destination.address", host)
        put(document, "destination.ip", ip)
        put(document, "destination.port", port)


def _read_json(entry: dict[str, Any], times: Times) -> Document:
    if "DownstreamStatus" not in entry and "ClientHost" not in entry:
        raise UnparsedError("expected ClientHost, RequestMethod and DownstreamStatus")
    start = times.iso(entry.get("StartUTC"))
    document: Document = {
        "@timestamp": times.required(start, times.iso(entry.get("time"))),
    }
    categorise(document, ["web"], ["access"])
    put(document, "event.start", start)
    if (duration := integer(entry.get("Duration"))) is not None and duration >= 0:
        put(document, "event.duration", duration)
    if status := integer(entry.get("DownstreamStatus")):
        put(document, "http.response.status_code", status)
        put(document, "event.outcome", outcome_of(status))
    put(document, "http.response.body.bytes", integer(entry.get("DownstreamContentSize")))
    put(document, "http.request.body.bytes", integer(entry.get("RequestContentSize")))
    put(document, "source", end_fields(text(entry.get("ClientHost")) or ""))
    put(document, "source.port", port_number(entry.get("ClientPort")))
    put(document, "user.name", text(entry.get("ClientUsername")))
    put(document, "http.request.method", text(entry.get("RequestMethod")))
    if protocol := text(entry.get("RequestProtocol")):
        put(document, "http.version", protocol.removeprefix("HTTP/"))
    if path := text(entry.get("RequestPath")):
        document["url"] = url_fields(path)
    put_new(document, "url.scheme", text(entry.get("RequestScheme")))
    if host := text(entry.get("RequestHost")):
        put(document, "url.domain", host)
    put(document, "url.port", port_number(entry.get("RequestPort")))
    headers = {name.lower(): value for name, value in entry.items() if name.lower().startswith("request_")}
    if agent := text(headers.get("request_user-agent")):
        document["user_agent"] = agent_fields(agent)
    put(document, "http.request.referrer", text(headers.get("request_referer")))
    if version := text(entry.get("TLSVersion")):
        put(document, "tls.version", version)
        put(document, "tls.version_protocol", "tls")
    put(document, "tls.cipher", text(entry.get("TLSCipher")))
    put(document, "tls.client.subject", text(entry.get("TLSClientSubject")))
    put(document, "log.level", text(entry.get("level")))
    _put_server(document, entry.get("ServiceAddr") or entry.get("ServiceURL") or entry.get("BackendAddr"))
    document["vendor"] = entry
    return document


def recognise(line: str) -> bool:
    if line.lstrip().startswith("{"):
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
        return isinstance(entry, dict) and "DownstreamStatus" in entry and "ClientHost" in entry
    match = looks_like_access(line)
    return match is not None and _TAIL.match(match[10]) is not None


ACCESS = by_syslog(
    line_source(
        "traefik.access",
        "Traefik access log (CLF and JSON)",
        "https://doc.traefik.io/traefik/observability/access-logs/",
        read,
        recognise,
        ACCESS_SAMPLES,
    ),
    "traefik",
)
