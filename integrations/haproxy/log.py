"""``haproxy.log``: the default, TCP and HTTP formats, connection errors, and what happens to servers.

    default  Connect from 192.0.2.7:33312 to 198.51.100.80:8012 (www/HTTP)
    tcplog   client:port [accept date] frontend backend/server Tw/Tc/Tt bytes state connections queues
    httplog  client:port [accept date] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes cookies state
             connections queues {request headers} {response headers} "request"
    error    client:port [accept date] frontend/1: Connection error during SSL handshake

Times of day come without a zone: they are in the origin's. Reference: HAProxy's Configuration Manual, 8.2.
"""

from __future__ import annotations

import re

from integrations.access import end_fields, outcome_of, read_request, split_last
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, put
from integrations.flows import put_flow
from integrations.haproxy.log_samples import LOG_SAMPLES
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.times import Times
from rules.ecs import Document

_CLIENT = r"(\S{1,128}) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,6})?)\] "
_QUEUES = r" (\d{1,9})/(\d{1,9})/(\d{1,9})/(\d{1,9})/\+?(\d{1,9}) (\d{1,9})/(\d{1,9})"
_HTTP = re.compile(
    _CLIENT
    + r"(\S{1,255}) ([^\s/]{1,255})/(\S{1,255}) (-?\d{1,12})/(-?\d{1,12})/(-?\d{1,12})/(-?\d{1,12})/\+?(-?\d{1,12})"
    r" (-?\d{1,3}) \+?(\d{1,18}) (\S{1,1024}) (\S{1,1024}) ([A-Za-z-]{4})"
    + _QUEUES
    + r'(?: (\{[^{}]{0,8192}\}))?(?: (\{[^{}]{0,8192}\}))? "(.{0,16384})"?(.*)',
    re.ASCII | re.DOTALL,
)
_TCP = re.compile(
    _CLIENT
    + r"(\S{1,255}) ([^\s/]{1,255})/(\S{1,255}) (-?\d{1,12})/(-?\d{1,12})/\+?(-?\d{1,12}) \+?(\d{1,18}) ([A-Za-z-]{2})"
    + _QUEUES
    + r"(.*)",
    re.ASCII | re.DOTALL,
)
_ERROR = re.compile(_CLIENT + r"([^\s/:]{1,255})/([^\s:]{1,255}): (.*)", re.ASCII | re.DOTALL)
_CONNECT = re.compile(r"Connect from (\S{1,128}) to (\S{1,128}) \(([^/()]{1,255})/(TCP|HTTP)\)", re.ASCII)
_SERVER = re.compile(
    r"(?:\[[A-Z]{5,9}\] [^:]{0,64}: )?(?:(?:Backup )?Server ([^\s/]{1,255})/(\S{1,255}) is (UP|DOWN|going DOWN)|"
    r"(?:backend|proxy) '?([^\s']{1,255})'? has no server available|Proxy '?([^\s']{1,255})'? (started|stopped))",
    re.ASCII | re.IGNORECASE,
)
_BEFORE = re.compile(r"haproxy(?:\[\d{1,10}\])?: ", re.ASCII)


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    document = started(envelope)
    if envelope is not None:
        put(document, "process.name", envelope.program)
        put(document, "process.pid", envelope.pid)
    elif match := _BEFORE.match(message):
        message = message[match.end() :]
    document.setdefault("@timestamp", times.received())
    if match := _HTTP.match(message):
        _read_http(document, match, times)
    elif match := _TCP.match(message):
        _read_tcp(document, match, times)
    elif match := _ERROR.match(message):
        client, accepted, frontend, listener, reason = match.groups()
        _client(document, client, accepted, times)
        categorise(document, ["network"], ["connection", "error"], outcome="failure")
        put(document, "event.reason", reason)
        put(document, "vendor", {"frontend_name": frontend, "bind_name": listener})
        put(document, "message", reason)
    elif match := _CONNECT.match(message):
        client, server, frontend, mode = match.groups()
        categorise(document, ["web", "network"] if mode == "HTTP" else ["network"], ["connection"])
        _end(document, "source", client)
        _end(document, "destination", server)
        put(document, "network.transport", "tcp")
        put(document, "vendor", {"frontend_name": frontend, "mode": mode})
        put_flow(document)
    elif match := _SERVER.match(message):
        _read_server(document, match, message)
    elif envelope is not None or _BEFORE.match(message):
        categorise(document, ["web"], ["info"])
        put(document, "message", message)
    else:
        raise UnparsedError("expected a line in HAProxy's default, TCP or HTTP format")
    return document


def _end(document: Document, side: str, text: str) -> None:
    host, port = split_last(text)
    if host.startswith("unix"):
        put(document, f"{side}.address", text)
        return
    if host.lower().startswith("::ffff:"):
        put(document, side, end_fields(host[7:]))
    else:
        put(document, side, end_fields(host))
    put(document, f"{side}.port", port)


def _client(document: Document, client: str, accepted: str, times: Times) -> None:
    time = times.parse(accepted, "%d/%b/%Y:%H:%M:%S.%f", "%d/%b/%Y:%H:%M:%S")
    document["@timestamp"] = times.required(time)
    _end(document, "source", client)


def _names(vendor: Document, frontend: str, backend: str, server: str, state: str) -> None:
    vendor |= {
        "frontend_name": frontend,
        "backend_name": backend,
        "server_name": server,
        "termination_state": state,
    }


def _queues(vendor: Document, numbers: tuple[str, ...]) -> None:
    active, front, back, on_server, retries, server_queue, backend_queue = map(int, numbers)
    vendor["connections"] = {
        "active": active, "frontend": front, "backend": back, "server": on_server, "retries": retries,
    }  # fmt: skip
    vendor |= {"server_queue": server_queue, "backend_queue": backend_queue}


def _read_http(document: Document, match: re.Match[str], times: Times) -> None:
    groups = match.groups()
    client, accepted, frontend, backend, server = groups[:5]
    waits, total = groups[5:9], int(groups[9])
    status, size = int(groups[10]), int(groups[11])
    _client(document, client, accepted, times)
    categorise(document, ["web"], ["access"])
    if total >= 0:
        put(document, "event.duration", total * 1_000_000)
    vendor: Document = {}
    _names(vendor, frontend, backend, server, groups[14])
    _queues(vendor, groups[15:22])
    names = ("request_wait_ms", "queue_wait_ms", "connection_wait_ms", "response_wait_ms")
    vendor |= {name: int(value) for name, value in zip(names, waits, strict=True)}
    put(document, "http.response.bytes", size)
    if status > 0:
        put(document, "http.response.status_code", status)
        put(document, "event.outcome", outcome_of(status))
    for name, cookie in (("request_cookie", groups[12]), ("response_cookie", groups[13])):
        if cookie != "-":
            vendor[name] = cookie
    captured = [headers.strip("{}").split("|") for headers in groups[22:24] if headers]
    for name, headers in zip(("request_headers", "response_headers"), captured, strict=False):
        if any(headers):
            vendor[name] = headers
    line = groups[24].partition('"')[0]
    request = read_request(line)
    if request.method is None:
        put(vendor, "request", None if line == "<BADREQ>" else line)
        if line == "<BADREQ>":
            put(document, "event.reason", "bad request")
    put(document, "http.request.method", request.method)
    put(document, "http.version", request.version)
    put(document, "url", dict(request.url))
    document["vendor"] = vendor


def _read_tcp(document: Document, match: re.Match[str], times: Times) -> None:
    client, accepted, frontend, backend, server, queue, connect, total, size, state, *queues, _ = (
        match.groups()
    )
    _client(document, client, accepted, times)
    outcome = "success" if state == "--" else "failure"
    categorise(document, ["network"], ["connection"], outcome=outcome)
    if int(total) >= 0:
        put(document, "event.duration", int(total) * 1_000_000)
    put(document, "network.transport", "tcp")
    put(document, "destination.bytes", integer(size))
    vendor: Document = {"queue_wait_ms": int(queue), "connection_wait_ms": int(connect)}
    _names(vendor, frontend, backend, server, state)
    _queues(vendor, tuple(queues))
    document["vendor"] = vendor
    put_flow(document)


def _read_server(document: Document, match: re.Match[str], message: str) -> None:
    backend, server, state, empty, proxy, change = match.groups()
    action = f"server {state}" if state else f"proxy {change}" if change else "no server available"
    bad = empty is not None or (state or "").lower().endswith("down")
    categorise(document, ["web"], ["error"] if bad else ["info"], action=action.lower().replace(" ", "-"))
    put(document, "message", message)
    vendor: Document = {}
    put(vendor, "backend_name", backend or empty or proxy)
    put(vendor, "server_name", server)
    document["vendor"] = vendor


def recognise(message: str) -> bool:
    if match := _BEFORE.match(message):
        message = message[match.end() :]
    return any(pattern.match(message) for pattern in (_HTTP, _TCP, _ERROR, _CONNECT, _SERVER))


LOG = message_source(
    "haproxy.log",
    "HAProxy (default, TCP and HTTP log formats)",
    "https://docs.haproxy.org/3.0/configuration.html#8.2",
    read,
    recognise,
    LOG_SAMPLES,
)
