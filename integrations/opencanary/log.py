"""``opencanary.log``: JSON records of OpenCanary, of its file, its webhook or by syslog.

Reference: OpenCanary documentation, and the log types of opencanary/logger.py. Fields stay under ``vendor`` as
they are named (``vendor.logtype``), which is where rules look for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, mapping, put, put_end, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent, put_path, put_url
from rules.ecs import Document

_LOGIN = ("authentication", "start", "login-attempt")
_CONNECTION = ("network", "connection", "connection")
TYPES: Mapping[int, tuple[str, str, str, str]] = {
    1000: ("base", "process", "start", "booted"), 1001: ("base", "process", "info", "message"), 1002: ("base", "process", "info", "debug"),
    1003: ("base", "process", "error", "error"), 1004: ("base", "process", "info", "ping"), 1005: ("base", "configuration", "change", "configuration-saved"),
    1006: ("base", "process", "info", "example"),
    2000: ("ftp", *_LOGIN), 3000: ("http", "web", "access", "get"), 3001: ("http", "authentication", "start", "post-login-attempt"),
    3002: ("http", "web", "access", "unimplemented-method"), 3003: ("http", "web", "access", "redirect"),
    4000: ("ssh", *_CONNECTION), 4001: ("ssh", "network", "info", "remote-version"), 4002: ("ssh", *_LOGIN),
    5000: ("smb", "file", "access", "file-open"), 5001: ("tcp", "network", "connection", "port-scan-syn"),
    5002: ("tcp", "network", "connection", "port-scan-nmap-os"), 5003: ("tcp", "network", "connection", "port-scan-nmap-null"),
    5004: ("tcp", "network", "connection", "port-scan-nmap-xmas"), 5005: ("tcp", "network", "connection", "port-scan-nmap-fin"),
    6001: ("telnet", *_LOGIN), 6002: ("telnet", *_CONNECTION), 7001: ("http-proxy", *_LOGIN), 8001: ("mysql", *_LOGIN),
    9001: ("mssql", "authentication", "start", "login-sql-authentication"), 9002: ("mssql", "authentication", "start", "login-windows-authentication"),
    9003: ("mssql", *_CONNECTION), 10001: ("tftp", "network", "protocol", "request"), 11001: ("ntp", "network", "protocol", "monlist"),
    12001: ("vnc", *_LOGIN), 13001: ("snmp", "network", "protocol", "command"), 14001: ("rdp", *_LOGIN), 15001: ("sip", "network", "protocol", "request"),
    16001: ("git", "network", "protocol", "clone-request"), 17001: ("redis", "database", "access", "command"),
    18001: ("tcp", "network", "connection", "banner-connection"), 18002: ("tcp", "network", "info", "banner-keep-alive-secret"),
    18003: ("tcp", "network", "info", "banner-keep-alive-data"), 18004: ("tcp", "network", "info", "banner-data"), 18005: ("tcp", "network", "info", "banner-secret"),
    19001: ("llmnr", "network", "protocol", "query-response"),
    99000: ("user", "network", "info", "user-0"), 99001: ("user", "network", "info", "user-1"), 99002: ("user", "network", "info", "user-2"),
}  # fmt: skip
"""``logtype`` to protocol, category, type, action."""


def _read(entry: dict[str, Any], times: Times) -> Document:
    kind = integer(entry.get("logtype"))
    if kind is None:
        raise UnparsedError("expected logtype, a number, as OpenCanary writes it")
    protocol, category, type, action = TYPES.get(kind, ("unknown", "network", "info", "unknown"))
    time = (
        times.iso(f"{entry.get('utc_time')}Z")
        or times.iso(entry.get("local_time_adjusted"))
        or times.iso(entry.get("local_time"))
    )
    document: Document = {"@timestamp": times.required(time)}
    is_touched = protocol != "base"
    categorise(
        document,
        [category, "intrusion_detection"] if is_touched else [category],
        [type],
        kind="alert" if is_touched else "event",
        action=f"{protocol}-{action}",
        outcome="failure" if category == "authentication" else None,
    )
    put(document, "event.code", str(kind))
    put(document, "observer.hostname", text(entry.get("node_id")))
    put(document, "observer.vendor", "Thinkst")
    put(document, "observer.product", "OpenCanary")
    put(document, "observer.type", "honeypot")
    put_end(document, "source", _host(entry.get("src_host")), _port(entry.get("src_port")))
    put_end(document, "destination", _host(entry.get("dst_host")), _port(entry.get("dst_port")))
    if is_touched and protocol not in {"unknown", "user"}:
        put(document, "network.protocol" if protocol != "tcp" else "network.transport", protocol)
    _data(document, mapping(entry.get("logdata")))
    document["vendor"] = entry
    return document


def _host(value: Any) -> str | None:
    return text(value)


def _port(value: Any) -> int | None:
    number = integer(value)
    return number if number is not None and number >= 0 else None


def _data(document: Document, data: dict[str, Any]) -> None:
    put(document, "user.name", text(data.get("USERNAME")) or text(data.get("USER")))
    put(document, "message", text(mapping(data.get("msg")).get("logdata")) or text(data.get("msg")))
    if path := text(data.get("PATH")):
        put_url(document, path)
    put_agent(document, text(data.get("USERAGENT")) or text(data.get("HTTP_USER_AGENT")))
    put(document, "url.domain", text(data.get("HOSTNAME")) if "PATH" in data else None)
    if filename := text(data.get("FILENAME")):
        put_path(document, "file", filename)
    put(document, "database.statement", text(data.get("CMD")))


def _recognise(entry: dict[str, Any]) -> bool:
    return "logtype" in entry and "logdata" in entry and "node_id" in entry


_TAIL = (
    '"local_time":"2026-03-30 16:01:36.123456","local_time_adjusted":"2026-03-30 18:01:36.123456","node_id":"canary-1",'
    '"src_host":"203.0.113.9","src_port":50112,"utc_time":"2026-03-30 16:01:36.123456"}'
)

LOG = json_source(
    "opencanary.log",
    "OpenCanary honeypot",
    "OpenCanary documentation; opencanary/logger.py",
    _read,
    _recognise,
    (
        Sample('{"dst_host":"192.0.2.5","dst_port":22,"logdata":{"LOCALVERSION":"SSH-2.0-x","PASSWORD":"secret","USERNAME":"root"},"logtype":4002,' + _TAIL,
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.kind": "alert", "event.category": ["authentication", "intrusion_detection"],
                "event.action": "ssh-login-attempt", "event.outcome": "failure", "event.code": "4002", "user.name": "root", "source.ip": "203.0.113.9",
                "source.port": 50112, "destination.port": 22, "network.protocol": "ssh", "observer.hostname": "canary-1", "vendor.logtype": 4002}),
        Sample('{"dst_host":"192.0.2.5","dst_port":80,"logdata":{"HOSTNAME":"192.0.2.5","PATH":"/index.html","SKIN":"nasLogin","USERAGENT":"curl/8.5.0"},'
               '"logtype":3000,' + _TAIL,
               {"event.kind": "alert", "event.category": ["web", "intrusion_detection"], "url.path": "/index.html", "user_agent.original": "curl/8.5.0"}),
        Sample('{"dst_host":"192.0.2.5","dst_port":6379,"logdata":{"ARGS":"*","CMD":"KEYS"},"logtype":17001,' + _TAIL,
               {"event.kind": "alert", "event.action": "redis-command", "database.statement": "KEYS"}),
        Sample('{"dst_host":"","dst_port":-1,"logdata":{"msg":{"logdata":"Canary running!!!"}},"logtype":1001,"node_id":"canary-1","src_host":"","src_port":-1,'
               '"utc_time":"2026-03-30 16:01:36.123456"}',
               {"event.kind": "event", "message": "Canary running!!!", "source.port": None}),
        Sample('{"dst_host":"192.0.2.5","dst_port":1,"logdata":{},"logtype":77777,' + _TAIL, {"event.kind": "alert", "event.action": "unknown-unknown"}),
    ),
)  # fmt: skip
