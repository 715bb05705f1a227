"""The shapes in which Check Point's Log Exporter writes one log: all give the same fields.

Reference: Check Point sk122323, "Log Exporter": ``syslog`` (``[key:"value"; …]`` behind an RFC 5424 header
whose structured data it isn't), ``rfc5424`` (``[name@number key="value" …]``, which is), ``generic`` and
``splunk`` (``key=value|…``), CEF, LEEF, JSON.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from integrations.contract import UnparsedError
from integrations.fields import text
from integrations.normalisers import load_object
from integrations.notations import MOST_FIELDS, read_cef, read_leef

_HEAD = re.compile(
    r"(?:<\d{1,3}>)?1 (\S{10,40}) (\S{1,255}) (?:CheckPoint|\S{1,64}) (\S{1,64}) \S{1,64} (?:- ?)?(?=\[)",
    re.ASCII,
)
_PAIR = re.compile(
    r'([A-Za-z_][\w.\- ]{0,63}?) ?: ?(?:"((?:[^"\\]|\\.)*)"|([^";\]]*))(?=;|\]|$| )', re.ASCII | re.DOTALL
)
_ELEMENT = re.compile(r"\[[^\s=\]\"]{1,64} (?=[A-Za-z_][\w.-]{0,63}=\")", re.ASCII)
_PARAMETER = re.compile(r'([A-Za-z_][\w.-]{0,63})="((?:[^"\\]|\\.)*)"', re.ASCII | re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CEF = {
    "act": "action", "spt": "s_port", "dpt": "service", "rt": "time", "sourceTranslatedAddress": "xlatesrc",
    "sourceTranslatedPort": "xlatesport", "destinationTranslatedAddress": "xlatedst",
    "destinationTranslatedPort": "xlatedport", "suser": "src_user_name", "duser": "dst_user_name",
    "request": "resource", "deviceInboundInterface": "ifname", "deviceOutboundInterface": "ifname",
    "Rule Name": "rule_name", "fname": "file_name", "fileHash": "file_md5", "in": "received_bytes",
    "out": "sent_bytes", "app": "service_id", "msg": "message", "requestMethod": "method",
    "requestClientApplication": "web_client_type", "shost": "src_machine_name", "dhost": "dst_machine_name",
    "cp_severity": "severity", "requestContext": "referrer", "Protection Name": "protection_name",
    "Threat Prevention Rule Name": "rule_name", "Application Rule Name": "rule_name", "cat": "protection_type",
    "Protection Type": "protection_type", "reason": "reason", "Email Subject": "email_subject", "smac": "mac_source_address",
}  # fmt: skip
_LEEF = {
    "srcPort": "s_port", "dstPort": "service", "devTime": "time", "usrName": "user", "cat": "product", "sev": "severity",
    "srcPostNAT": "xlatesrc", "dstPostNAT": "xlatedst", "srcPostNATPort": "xlatesport", "dstPostNATPort": "xlatedport",
    "srcBytes": "sent_bytes", "dstBytes": "received_bytes", "totalPackets": "packets", "identHostName": "src_machine_name",
    "url": "resource", "srcMAC": "mac_source_address",
}  # fmt: skip


class Shaped(NamedTuple):
    entry: dict[str, str]
    time: str | None = None
    """Of the header, where the exporter's own."""
    host: str | None = None


def read_shape(message: str) -> Shaped:
    """Return a log's fields, whatever its shape. Raises `UnparsedError`."""
    begin = message.lstrip()
    if begin.startswith("{"):
        return Shaped({key: said for key, value in load_object(begin).items() if (said := text(value))})
    head = begin[:400]
    if "CEF:" in head:
        return Shaped(_cef(begin))
    if "LEEF:" in head:
        leef = read_leef(begin)
        entry = {_LEEF.get(key, key): value for key, value in leef.attributes.items() if value}
        entry.setdefault("product", leef.product)
        entry.setdefault("action", leef.event_id)
        return Shaped(entry)
    time = host = None
    if match := _HEAD.match(begin):
        time, host, _ = match.groups()
        begin = begin[match.end() :]
    if element := _ELEMENT.search(begin, 0, 400):
        return Shaped(_parameters(begin[element.end() :]), time, host)
    start = begin.find("[", 0, 400)
    if start >= 0 and "|" not in begin[:start]:
        return Shaped(_pairs(begin[start + 1 :]), time, host)
    if "|" in begin and "=" in begin:
        return Shaped(
            dict(
                piece.strip().partition("=")[::2] for piece in begin.split("|")[:MOST_FIELDS] if "=" in piece
            )
        )
    raise UnparsedError(
        'expected [key:"value"; …], key=value|…, CEF, LEEF or JSON of Check Point\'s Log Exporter'
    )


def _pairs(rest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PAIR.finditer(rest):
        key, quoted, bare = match.groups()
        value = _ESCAPED.sub(r"\1", quoted) if quoted and "\\" in quoted else quoted or bare
        if value and value.strip():
            found.setdefault(key.strip(), value.strip())
        if len(found) >= MOST_FIELDS:
            break
    return found


def _parameters(rest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(rest):
        if value := _ESCAPED.sub(r"\1", match[2]).strip():
            found.setdefault(match[1], value)
        if len(found) >= MOST_FIELDS:
            break
    return found


def _cef(begin: str) -> dict[str, str]:
    cef = read_cef(begin)
    if cef.vendor != "Check Point":
        raise UnparsedError(f"expected CEF of Check Point, not of {cef.vendor[:80]!r}")
    entry: dict[str, str] = {}
    for key, value in cef.labelled().items():
        if value:
            entry.setdefault(_CEF.get(key, key), value)
    if direction := entry.pop("deviceDirection", None):
        entry.setdefault("ifdir", {"0": "inbound", "1": "outbound"}.get(direction, direction))
    entry.setdefault("product", cef.product)
    return entry
