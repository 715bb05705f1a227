"""``squid.access``: the proxy's access log in its native, common and combined formats.

Native: ``time.ms duration client code/status bytes method URL user hierarchy/peer type``, durations in
milliseconds, also with the logformat's two more columns of headers. Common and combined end with
``code:hierarchy``. Reference: https://wiki.squid-cache.org/Features/LogFormat
"""

from __future__ import annotations

import re

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
from integrations.fields import categorise, integer, put, put_new
from integrations.normalisers import message_source
from integrations.squid.access_samples import ACCESS_SAMPLES
from integrations.syslog import Envelope
from integrations.text import address
from integrations.times import Times
from integrations.web import put_domain
from rules.ecs import Document

_NATIVE = re.compile(
    r"(\d{9,11}\.\d{1,6}) +(-?\d{1,12}) (\S{1,255}) ([A-Z_]{2,64})/(\d{3}|-) (-?\d{1,18}) (\S{1,32}) (.{1,16384}?) "
    r"(\S{1,255}|\"[^\"]{0,255}\") ([A-Z_]{2,64})/(\S{1,255}) (\S{1,255}(?:; ?\S{1,64})?)(.*)",
    re.ASCII | re.DOTALL,
)
_TAIL = re.compile(r" ([A-Z][A-Z_]{2,63}):([A-Z][A-Z_]{2,63})\s*", re.ASCII)
_DENIED = ("DENIED", "AUTH")
_ABSENT = frozenset({"NONE", "NONE_NONE", "-"})


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    if match := _NATIVE.match(message):
        document = _read_native(match, times)
    else:
        document = _read_common(message, times)
    put(document, "observer.vendor", "Squid")
    put(document, "observer.product", "Squid")
    put(document, "observer.type", "proxy")
    if envelope is not None:
        put(document, "observer.hostname", envelope.host)
    return document


def _read_native(match: re.Match[str], times: Times) -> Document:
    time, taken, client, code, status, size, method, url, user, hierarchy, peer, kind, _ = match.groups()
    document: Document = {"@timestamp": times.required(times.epoch(time))}
    _code(document, code, hierarchy)
    if int(taken) >= 0:
        put(document, "event.duration", int(taken) * 1_000_000)
    put(document, "source", end_fields(client))
    if status not in ("-", "000"):
        put(document, "http.response.status_code", int(status))
        put_new(document, "event.outcome", outcome_of(int(status)))
    put(document, "http.response.bytes", integer(size))
    if kind != "-":
        put(document, "http.response.mime_type", kind.partition(";")[0])
    if method not in _ABSENT:
        put(document, "http.request.method", method)
    if user.strip('"') not in ("-", ""):
        put(document, "user.name", user.strip('"'))
    _url(document, method, url)
    if peer != "-":
        if ip := address(peer):
            put(document, "destination.address", peer)
            put(document, "destination.ip", ip)
        else:
            put(document, "destination.address", peer)
            put(document, "destination.domain", peer)
    return document


def _url(document: Document, method: str, url: str) -> None:
    """``CONNECT`` asks for ``host:port``; what was no request has ``error:…`` for its URL."""
    if url.startswith("error:") or url == "-":
        put(document, "event.reason", None if url == "-" else url[6:])
        return
    if method == "CONNECT" or "/" not in url:
        put(document, "url.original", url)
        host, port = split_port(url)
        put_domain(document, "url", host)
        put(document, "url.port", port)
    else:
        document["url"] = url_fields(url)
    if not address(host := document["url"].get("domain", "")):
        put(document, "destination.domain", host)
    put_new(document, "destination.port", document["url"].get("port"))


def _code(document: Document, code: str, hierarchy: str) -> None:
    denied = any(word in code for word in _DENIED)
    categorise(
        document,
        ["web", "network"],
        ["access", "denied"] if denied else ["access"],
        action=code.lower(),
        outcome="failure" if denied else None,
    )
    document["vendor"] = {"code": code, "hierarchy": hierarchy}


def _read_common(message: str, times: Times) -> Document:
    access = split_line(message, times)
    parts = access.head.split(" ", 2)
    match = _TAIL.match(access.tail)
    if len(parts) < 3 or match is None:
        raise UnparsedError(
            "expected Squid's native format, or the common one with code:hierarchy at its end"
        )
    document = access_event(access, end_fields(parts[0]), parts[2])
    method = document.get("http", {}).get("request", {}).get("method", "")
    if original := document.get("url", {}).get("original"):
        _url(document, method, original)
    status = document.get("http", {}).get("response", {}).get("status_code")
    if status == 0:
        del document["http"]["response"]["status_code"]
    _code(document, match[1], match[2])
    if "denied" not in document["event"]["type"] and status:
        put(document, "event.outcome", outcome_of(status))
    return document


def recognise(message: str) -> bool:
    if _NATIVE.match(message):
        return True
    match = looks_like_access(message)
    return match is not None and _TAIL.match(match[10]) is not None


ACCESS = message_source(
    "squid.access",
    "Squid proxy access log (native, common, combined)",
    "https://wiki.squid-cache.org/Features/LogFormat",
    read,
    recognise,
    ACCESS_SAMPLES,
)
