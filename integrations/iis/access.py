"""``iis.access``: W3C extended logs of web sites, and of IIS's FTP and SMTP services.

The order of fields is what ``#Fields:`` says. Without it, the usual orders of IIS 7 to 10 are known by their
length. ``time-taken`` is milliseconds. IIS's own fixed format with commas is read too; its times are the
server's, in the origin's zone: https://learn.microsoft.com/windows/win32/http/iis-logging.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.access import end_fields, first_public, forwarded, outcome_of, split_port
from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, port_number, put, put_new
from integrations.headers import headed_source
from integrations.iis.access_samples import ACCESS_SAMPLES
from integrations.iis.w3c import field_names, split_fields
from integrations.text import address
from integrations.times import Times
from integrations.unwrapping import by_syslog
from integrations.web import agent_fields, put_path, put_url
from rules.ecs import Document

_START = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip"
_END = "sc-status sc-substatus sc-win32-status"
_LONG = "cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip"
USUAL: Mapping[int, tuple[str, ...]] = {
    len(names): names
    for names in (
        tuple(order.split())
        for order in (
            f"{_START} cs(user-agent) {_END} time-taken",
            f"{_START} cs(user-agent) cs(referer) {_END} time-taken",
            f"date time s-sitename {_LONG} cs(user-agent) cs(cookie) cs(referer) cs-host {_END} "
            "sc-bytes cs-bytes time-taken",
            f"date time s-sitename s-computername s-ip {_LONG} cs-version cs(user-agent) cs(cookie) "
            f"cs(referer) cs-host {_END} sc-bytes cs-bytes time-taken",
        )
    )
}
"""By IIS 7.0 and 7.5's default, 8 and later's, without server, and all fields."""
_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ ", re.ASCII)
_FTP = frozenset(
    "USER PASS RETR STOR DELE MKD XMKD RMD RNFR RNTO APPE CWD ControlChannelOpened ControlChannelClosed "
    "DataChannelOpened DataChannelClosed".split()
)
_SMTP = frozenset("HELO EHLO MAIL RCPT DATA BDAT QUIT RSET AUTH VRFY".split())
_FILES = {
    "RETR": "access", "STOR": "creation", "APPE": "change", "DELE": "deletion", "RNFR": "change", "RNTO": "change",
}  # fmt: skip


_FIXED = (
    "c-ip cs-username date time s-sitename s-computername s-ip time-taken cs-bytes sc-bytes sc-status "
    "sc-win32-status cs-method cs-uri-stem cs-uri-query"
).split()
_FIXED_LINE = re.compile(
    r"[0-9A-Fa-f.:]{2,45}, [^,]{1,256}, \d{1,2}/\d{1,2}/\d{2,4}, \d{1,2}:\d\d:\d\d, [A-Z0-9]{3,20}, ",
    re.ASCII,
)


def _fixed(line: str, times: Times) -> tuple[dict[str, str], str]:
    """Return the fields of a line in IIS's own format, and its time."""
    values = [value.strip() for value in line.split(",", len(_FIXED) - 1)]
    values[-1] = values[-1].rstrip(", ")
    fields = {name: value for name, value in zip(_FIXED, values, strict=False) if value not in ("-", "")}
    clock = f"{fields.get('date', '')} {fields.get('time', '')}"
    return fields, times.required(times.parse(clock, "%m/%d/%Y %H:%M:%S", "%m/%d/%y %H:%M:%S"))


def read(line: str, names: tuple[str, ...], times: Times) -> Document:
    if _FIXED_LINE.match(line):
        fields, time = _fixed(line, times)
    else:
        fields = split_fields(line, names, USUAL, "an IIS access line")
        time = times.required(times.iso(f"{fields.get('date', '')} {fields.get('time', '')}Z"))
    document: Document = {"@timestamp": time}
    _ends(document, fields)
    method = fields.get("cs-method", "")
    protocol = _protocol(fields, method)
    if protocol == "ftp":
        _ftp(document, fields, method)
    elif protocol == "smtp":
        categorise(document, ["email", "network"], ["protocol"], action=method.lower())
        put(document, "network.protocol", "smtp")
    else:
        _web(document, fields)
    if status := integer(fields.get("sc-status")):
        put_new(document, "event.outcome", outcome_of(status))
        if protocol == "http":
            put(document, "http.response.status_code", status)
    if (taken := integer(fields.get("time-taken"))) is not None and 0 <= taken < 10**10:
        put(document, "event.duration", taken * 1_000_000)
    put(document, "user.name", fields.get("cs-username"))
    domain, backslash, account = fields.get("cs-username", "").partition("\\")
    if backslash:
        put(document, "user.domain", domain)
        add(document, "related.user", account)
    put(document, "host.name", fields.get("s-computername"))
    document["vendor"] = fields
    return document


def _ends(document: Document, fields: Mapping[str, str]) -> None:
    put(document, "source", end_fields(fields.get("c-ip", "")))
    put(document, "source.port", port_number(fields.get("c-port")))
    put(document, "destination", end_fields(fields.get("s-ip", "")))
    put(document, "destination.port", port_number(fields.get("s-port")))
    hosts = forwarded(fields.get("x-forwarded-for", "").replace("+", " "))
    ips = [ip for host in hosts if (ip := address(host))]
    put(document, "network.forwarded_ip", first_public(ips))
    add(document, "related.ip", ips)


def _protocol(fields: Mapping[str, str], method: str) -> str:
    site = fields.get("s-sitename", "").upper()
    if site.startswith("SMTPSVC") or (method in _SMTP and "sc-substatus" not in fields):
        return "smtp"
    if site.startswith(("FTPSVC", "MSFTPSVC")) or "x-session" in fields or method in _FTP:
        return "ftp"
    return "http"


def _web(document: Document, fields: Mapping[str, str]) -> None:
    both = "ip" in document.get("source", {}) and "ip" in document.get("destination", {})
    categorise(document, ["web", "network"] if both else ["web"], ["connection"] if both else ["access"])
    put(document, "http.request.method", fields.get("cs-method"))
    if version := fields.get("cs-version", ""):
        put(document, "http.version", version.removeprefix("HTTP/"))
    stem, query = fields.get("cs-uri-stem"), fields.get("cs-uri-query")
    put(document, "url.path", stem)
    put(document, "url.query", query)
    if stem:
        put_url(document, f"{stem}?{query}" if query else stem)
    if host := fields.get("cs-host"):
        name, port = split_port(host)
        put(document, "url.domain", name)
        put(document, "url.port", port)
        if not address(name):
            put(document, "destination.domain", name)
    put(document, "http.request.referrer", fields.get("cs(referer)"))
    put(document, "http.request.cookie", fields.get("cs(cookie)"))
    for name, side in (("sc-bytes", "response"), ("cs-bytes", "request")):
        if (count := integer(fields.get(name))) is not None:
            put(document, f"http.{side}.bytes", count)
            put(document, f"http.{side}.body.bytes", count)
    if agent := fields.get("cs(user-agent)"):
        document["user_agent"] = agent_fields(agent.replace("+", " "))


def _ftp(document: Document, fields: Mapping[str, str], method: str) -> None:
    status = integer(fields.get("sc-status")) or 0
    categories: list[str] = ["network"]
    types: list[str] = ["protocol"]
    outcome: str | None = None
    if method in ("PASS", "USER") and status in (230, 530):
        categories, types = ["network", "authentication"], ["start"]
        outcome = "success" if status == 230 else "failure"
    elif method in _FILES:
        categories, types = ["network", "file"], [_FILES[method]]
    categorise(document, categories, types, action=method.lower(), outcome=outcome)
    put(document, "network.protocol", "ftp")
    put(document, "session.id", fields.get("x-session"))
    if method in _FILES:
        put_path(document, "file", fields.get("x-fullpath") or fields.get("cs-uri-stem"))


def recognise(line: str) -> bool:
    if line.startswith("#"):
        return (
            line.startswith("#Fields: ")
            and "cs-method" in line
            and "c-ip" in line
            and "s-queuename" not in line
        )
    if _FIXED_LINE.match(line):
        return line.count(", ") >= len(_FIXED) - 2
    if _LINE.match(line) is None:
        return False
    try:
        fields: dict[str, Any] = split_fields(line, (), USUAL, "")
    except UnparsedError:
        return False
    return address(fields.get("c-ip", "")) is not None and fields.get("s-port", "").isdigit()


ACCESS = by_syslog(
    headed_source(
        "iis.access",
        "IIS logs: W3C extended (web sites, FTP, SMTP) and its own format",
        "https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging",
        field_names,
        read,
        recognise,
        ACCESS_SAMPLES,
    ),
    "iis",
    "IIS",
)
