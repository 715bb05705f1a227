"""``nginx.access``: the combined format and what is commonly put before and behind it.

Before: a virtual host (``example.com:443``), and a list of addresses from X-Forwarded-For in the client's
place (quoted or not), of which the first public one asked. Behind: ``"$http_x_forwarded_for"``, request and
upstream times as numbers or as ``rt=0.012 urt="0.010"``.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.access import (
    AccessLine,
    access_event,
    end_fields,
    first_public,
    forwarded,
    looks_like_access,
    split_line,
    split_port,
)
from integrations.contract import UnparsedError
from integrations.fields import add, put
from integrations.nginx.access_samples import ACCESS_SAMPLES
from integrations.normalisers import line_source
from integrations.text import address
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_FORWARDED = re.compile(r' "([^"\\]{0,2048})"')
_SECONDS = re.compile(r" (\d{1,9})\.(\d{3})(?= |$)", re.ASCII)
_NAMED = re.compile(r'\b(?:rt|request_time|req_time)="?(\d{1,9})\.(\d{3})\b', re.ASCII)
_TAIL = re.compile(
    r'(?: "[^"\\]*"){0,3}(?: (?:\d{1,9}\.\d{3}|-|\.|p)| [a-z_]{2,32}="?[^" ]*"?,?){0,16}', re.ASCII
)


def read(line: str, times: Times) -> Document:
    access = split_line(line, times)
    hosts, user, server = read_head(access.head)
    document = client_event(access, hosts, user)
    if server:
        _put_server(document, server)
    if access.tail:
        _read_tail(document, access.tail)
    return document


def client_event(access: AccessLine, hosts: list[str], user: str) -> Document:
    """Return the document of a line whose client is one, or a list, of `hosts`."""
    client = hosts[0] if len(hosts) == 1 else first_public(hosts)
    document = access_event(access, end_fields(client) if client else {}, user)
    if len(hosts) > 1:
        document.setdefault("vendor", {})["remote_ip_list"] = hosts
        add(document, "related.ip", [ip for host in hosts if (ip := address(host))])
    return document


def read_head(head: str) -> tuple[list[str], str, str]:
    """Return the client's addresses (several of a list), the user, and the virtual host, empty for none."""
    who, dash, user = head.partition(" - ")
    if not dash:
        raise UnparsedError("expected '$remote_addr - $remote_user' before the time")
    if " " not in who:
        return (_hosts(who) if "," in who else [who]), user, ""
    quoted = who.startswith('"')
    if not quoted and '"' in who:
        server, _, who = who.partition(" ")
        return _hosts(who), user, server
    if quoted:
        return _hosts(who), user, ""
    server, _, rest = who.partition(" ")
    if "," in server:
        return _hosts(who), user, ""
    return _hosts(rest), user, server


def _hosts(text: str) -> list[str]:
    items = text.replace('"', " ").replace(",", " ").split()[:100]
    return [item for item in items if item not in ("-", "unknown")]


def _put_server(document: Document, server: str) -> None:
    name, port = split_port(server)
    end: dict[str, Any] = {"ip": ip} if (ip := address(name)) else {"domain": name}
    document["destination"] = {"address": name, **end}
    if port is not None:
        document["destination"]["port"] = port
    if "domain" in end:
        document.setdefault("url", {}).setdefault("domain", name)


def _read_tail(document: Document, tail: str) -> None:
    if match := _FORWARDED.match(tail):
        if hosts := forwarded(match[1]):
            ips = [ip for host in hosts if (ip := address(host))]
            put(document, "network.forwarded_ip", first_public(ips))
            add(document, "related.ip", ips)
        tail = tail[match.end() :]
    if match := _SECONDS.match(tail) or _NAMED.search(tail[:2048]):
        put(document, "event.duration", int(match[1]) * 1_000_000_000 + int(match[2]) * 1_000_000)
    if tail.strip():
        document.setdefault("vendor", {})["tail"] = tail.strip()


def recognise(line: str) -> bool:
    match = looks_like_access(line)
    if match is None or _TAIL.fullmatch(match[10]) is None:
        return False
    return " - " in match[1] and match[9] is not None


ACCESS = by_syslog(
    line_source(
        "nginx.access",
        "nginx access log (combined, with X-Forwarded-For, virtual host or times)",
        "https://nginx.org/en/docs/http/ngx_http_log_module.html",
        read,
        recognise,
        ACCESS_SAMPLES,
    ),
    "nginx",
)
