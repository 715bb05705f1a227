"""What access logs of web servers share: the Common Log Format, its request line, and who asked.

Made for speed, since such logs are long: a line costs one pattern, and what repeats (requests, agents,
addresses) is taken apart once. Whatever is cached is copied on the way out, since events are changed later.

References: https://httpd.apache.org/docs/current/mod/mod_log_config.html#formats (common, combined),
RFC 9110 (methods, status codes), RFC 9112, 3 (the request line).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from integrations.contract import UnparsedError
from integrations.text import address
from integrations.times import Times
from integrations.web import agent_fields, put_url
from rules.ecs import Document

QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(
    r"(.{1,1024}?) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:)(\d\d) ([+-]\d{4})\] "
    + QUOTED
    + r" (\d{3}|-) (\d{1,18}|-)(?: (?:"
    + QUOTED
    + "|-) "
    + QUOTED
    + ")?(.*)",
    re.DOTALL | re.ASCII,
)
_ESCAPED = re.compile(r'\\(?:x([2-7][0-9A-Fa-f])|(["\\]))')
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_VERSION = re.compile(r"HTTP/(\d(?:\.\d{1,2})?)", re.ASCII)
CACHED = 512
"""Characters of the longest request that is remembered."""


class AccessLine(NamedTuple):
    """One line, its quoted parts unescaped; None where the line has no such part."""

    head: str
    """What stands before the time: the client, its identity, its user; a virtual host before them."""
    time: str
    request: str
    status: str
    size: str
    referrer: str | None
    agent: str | None
    tail: str
    """What the site added to the format."""


def split_line(line: str, times: Times) -> AccessLine:
    """Split a line in the common or combined format, with whatever stands before and behind.

    Raises `UnparsedError`.
    """
    match = _LINE.match(line)
    if match is None:
        raise UnparsedError(
            'expected the common or combined log format: host ident user [time] "request" status bytes …'
        )
    head, minute, second, offset, request, status, size, referrer, agent, tail = match.groups()
    return AccessLine(
        head,
        clf_time(minute, second, offset, times),
        request,
        status,
        size,
        unescape(referrer) if referrer and referrer != "-" else None,
        unescape(agent) if agent and agent != "-" else None,
        tail,
    )


def looks_like_access(line: str) -> re.Match[str] | None:
    """Return a match whose last group is the tail, None for what is no line of these formats."""
    return _LINE.match(line)


def clf_time(minute: str, second: str, offset: str, times: Times) -> str:
    """Return the time of ``10/Oct/2000:13:55:``, ``36`` and ``-0700`` as ECS writes it.

    Raises `UnparsedError`.
    """
    known = times.minutes.get((minute, offset))
    if known is None:
        whole = times.parse(f"{minute}00 {offset}", "%d/%b/%Y:%H:%M:%S %z")
        if whole is None:
            raise UnparsedError(f"{minute}{second} {offset} is no time")
        if len(times.minutes) > 4096:
            times.minutes.clear()
        times.minutes[minute, offset] = known = whole[:17]
    if second > "59":
        if second > "60":
            raise UnparsedError(f"{minute}{second} {offset} is no time")
        second = "59"
    return f"{known}{second}.000Z"


def unescape(text: str) -> str:
    r"""Return a quoted part as it was sent, as far as it can be shown: ``\"``, ``\\`` and, of printable
    characters, ``\x22`` (nginx). Others stay escaped."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: found[2] or _shown(found[1]), text)


def _shown(digits: str) -> str:
    character = chr(int(digits, 16))
    return character if character.isprintable() else f"\\x{digits}"


class Request(NamedTuple):
    """A request line."""

    method: str | None
    version: str | None
    url: Mapping[str, Any]
    """``url.*``, flat; empty where the line is no HTTP request."""


def read_request(line: str) -> Request:
    """Take a request line (``GET /index.html HTTP/1.1``) apart; what is none has neither method nor URL."""
    return _known_request(line) if len(line) <= CACHED else _read_request(line)


def _read_request(line: str) -> Request:
    method, space, rest = unescape(line).partition(" ")
    if not space or not _METHOD.fullmatch(method):
        return Request(None, None, {})
    target, space, protocol = rest.rpartition(" ")
    version = _VERSION.fullmatch(protocol)
    if not space or version is None:
        target = rest
    target = target.strip()
    if version is None and not target.startswith(("/", "http")):
        return Request(None, None, {})
    return Request(method, version[1] if version else None, _read_url(target))


_known_request = lru_cache(maxsize=16_384)(_read_request)


def url_fields(text: str) -> dict[str, Any]:
    """Return ``url.*`` of a URL or of a path with its query, flat."""
    return dict(_known_url(text) if len(text) <= CACHED else _read_url(text))


def _read_url(text: str) -> Mapping[str, Any]:
    document: Document = {}
    put_url(document, text)
    found: Mapping[str, Any] = document.get("url", {})
    return found


_known_url = lru_cache(maxsize=16_384)(_read_url)


def end_fields(host: str) -> dict[str, Any]:
    """Return ``address`` and ``ip`` or ``domain`` of one end of a connection; empty for none."""
    if not host or host == "-":
        return {}
    if ip := address(host.strip("[]")):
        return {"address": host, "ip": ip}
    if host.startswith("unix:") or len(host) > 255:
        return {"address": host}
    return {"address": host, "domain": host}


def split_port(host: str) -> tuple[str, int | None]:
    """Split ``host:port``, ``[2001:db8::1]:port``; a bare IPv6 address has no port."""
    name, colon, port = host.rpartition(":")
    if (
        colon
        and port.isascii()
        and port.isdigit()
        and len(port) < 6
        and (":" not in name or name[-1:] == "]")
    ):
        return name.strip("[]"), int(port) if int(port) < 65_536 else None
    return host.strip("[]"), None


def split_last(text: str) -> tuple[str, int | None]:
    """Split a host that a port always follows, also an IPv6 one without brackets: ``2001:db8::1:33318``."""
    host, colon, port = text.rpartition(":")
    if colon and port.isascii() and port.isdigit() and len(port) < 6 and address(host.strip("[]")):
        return host.strip("[]"), int(port) if int(port) < 65_536 else None
    return split_port(text)


def outcome_of(status: int) -> str:
    """Return what a status code says of the request: 400 and above is a failure."""
    return "success" if status < 400 else "failure"


def first_public(addresses: Iterable[str]) -> str | None:
    """Return the first address that is routed on the Internet, else the first of all: of a list of
    X-Forwarded-For, who asked first."""
    first: str | None = None
    for item in addresses:
        if first is None:
            first = item
        if _is_public(item):
            return item
    return first


@lru_cache(maxsize=16_384)
def _is_public(text: str) -> bool:
    ip = address(text)
    if ip is None:
        return False
    found = ipaddress.ip_address(ip)
    return not (found.is_private or found.is_loopback or found.is_link_local or found.is_unspecified)


def forwarded(text: str) -> list[str]:
    """Return the hosts of an X-Forwarded-For list, without ports; ``unknown`` and ``-`` are none."""
    hosts = (split_port(item.strip().strip('"'))[0] for item in text.split(",")[:100])
    return [host for host in hosts if host and host not in ("-", "unknown")]


def access_event(line: AccessLine, source: dict[str, Any], user: str) -> Document:
    """Return the document of an access line: `source` is the client's end, `user` a name or ``-``."""
    event: dict[str, Any] = {"kind": "event", "category": ["web"], "type": ["access"]}
    document: Document = {"@timestamp": line.time, "event": event}
    http: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    answered: dict[str, Any] = {}
    request = read_request(line.request)
    if request.method is not None:
        asked["method"] = request.method
        if request.url:
            document["url"] = dict(request.url)
    elif line.request and line.request != "-":
        document["vendor"] = {"request": line.request}
    if line.referrer is not None:
        asked["referrer"] = line.referrer
    if line.status != "-":
        status = int(line.status)
        answered["status_code"] = status
        event["outcome"] = outcome_of(status)
    if line.size != "-":
        answered["body"] = {"bytes": int(line.size)}
    if asked:
        http["request"] = asked
    if answered:
        http["response"] = answered
    if request.version is not None:
        http["version"] = request.version
    if http:
        document["http"] = http
    if source:
        document["source"] = source
    if user and user != "-" and user != '""':
        document["user"] = {"name": user}
    if line.agent is not None:
        document["user_agent"] = agent_fields(line.agent)
    return document
