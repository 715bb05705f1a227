"""``leef.event``: any product's events in LEEF.

Format: IBM QRadar, "Log Event Extended Format (LEEF)" 1.0 and 2.0, predefined event attributes.
"""

from __future__ import annotations

from collections.abc import Mapping

from integrations.contract import Sample
from integrations.fields import add, categorise, integer, mac, put, put_end
from integrations.generic.cef import outcome_of, severity_of
from integrations.generic.subjects import put_subject
from integrations.normalisers import message_source, started
from integrations.notations import read_leef
from integrations.syslog import Envelope
from integrations.text import address
from integrations.times import Times
from integrations.web import put_url
from rules.ecs import Document

_FORMATS = (
    "%b %d %Y %H:%M:%S", "%b %d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f%z", "%d %b %Y %H:%M:%S",
    "%b %d %Y %H:%M:%S %Z", "%b %d %Y %H:%M:%S.%f", "%b %d %Y %H:%M:%S.%f %Z", "%b %d %H:%M:%S %Z",
)  # fmt: skip
_JAVA: Mapping[str, str] = {
    "yyyy": "%Y", "MMM": "%b", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%f", "Z": "%z", "z": "%Z",
}  # fmt: skip


def read_event(message: str, envelope: Envelope | None, times: Times) -> Document:
    """Return the document of a LEEF record. Raises `UnparsedError`."""
    leef = read_leef(message)
    fields = leef.attributes
    document = started(envelope)
    action = fields.get("action") or fields.get("act")
    categorise(document, action=action or leef.event_id, outcome=outcome_of(fields.get("outcome") or action))
    put(document, "observer.vendor", leef.vendor)
    put(document, "observer.product", leef.product)
    put(document, "observer.version", leef.product_version)
    put(document, "event.code", leef.event_id)
    put(document, "event.severity", severity_of(fields.get("sev", "")))
    put(document, "event.reason", fields.get("reason"))
    put(document, "message", fields.get("msg") or fields.get("name"))
    for side, prefix in (("source", "src"), ("destination", "dst")):
        host = fields.get(prefix) or fields.get("identHostName" if prefix == "src" else "")
        put_end(document, side, host, fields.get(f"{prefix}Port"))
        put(document, f"{side}.bytes", integer(fields.get(f"{prefix}Bytes")))
        put(document, f"{side}.packets", integer(fields.get(f"{prefix}Packets")))
        put(document, f"{side}.mac", mac(fields.get(f"{prefix}MAC")))
        put(document, f"{side}.nat.ip", address(fields.get(f"{prefix}PostNAT", "")))
        put(document, f"{side}.nat.port", integer(fields.get(f"{prefix}PostNATPort")))
    sizes = [integer(fields.get(f"{prefix}Bytes")) for prefix in ("src", "dst")]
    if any(size is not None for size in sizes):
        put(document, "network.bytes", sum(size or 0 for size in sizes))
    put(document, "network.transport", (fields.get("proto") or "").lower())
    user = fields.get("usrName") or fields.get("accountName")
    put(document, "user.name", user)
    put(document, "user.domain", fields.get("domain"))
    put(document, "group.name", fields.get("groupID"))
    put(document, "rule.name", fields.get("policy"))
    put_url(document, fields.get("url"))
    add(document, "related.user", user)
    document["@timestamp"] = _time(fields, times) or document.get("@timestamp") or times.received()
    document["vendor"] = dict(fields)
    put_subject(document, f"{leef.event_id} {fields.get('name') or fields.get('cat') or ''}")
    return document


def _time(fields: Mapping[str, str], times: Times) -> str | None:
    value = fields.get("devTime")
    if value is None:
        return None
    form = fields.get("devTimeFormat")
    if form and len(form) < 64:
        for java, python in _JAVA.items():
            form = form.replace(java, python) if f"%{java}" not in form else form
        if found := times.parse(value, form.replace("'", "")):
            return found
    return times.any(value) or times.parse(value, *_FORMATS)


def recognise(message: str) -> bool:
    at = message.find("LEEF:", 0, 512)
    return at >= 0 and message[at + 5 : at + 6].isdigit() and message.count("|", at) >= 5


LEEF = message_source(
    "leef.event",
    "Events of any product in LEEF (IBM's Log Event Extended Format)",
    "IBM QRadar: Log Event Extended Format (LEEF), versions 1.0 and 2.0",
    read_event,
    recognise,
    (
        Sample(
            "<13>1 2026-03-30T16:01:36.123Z gw LEEF:1.0|Example|Access Gateway|4.2|allow|src=203.0.113.7\tdst=192.0.2.1",
            {"@timestamp": "2026-03-30T16:01:36.123Z", "observer.hostname": "gw", "observer.product": "Access Gateway", "event.action": "allow"},
        ),
        Sample(
            "LEEF:1.0|Example|Gateway|4.2|deny|devTime=Mar 30 2026 16:01:36.500 EST\tsrc=203.0.113.7",
            {"@timestamp": "2026-03-30T21:01:36.500Z"},
        ),
        Sample(
            "Mar 30 16:01:36 gw LEEF:1.0|Example|Gateway|4.2|deny|src=203.0.113.7\tdst=192.0.2.1\tsrcPort=40000\tdstPort=22\tproto=TCP\t"
            "usrName=alice\tsev=7\tdevTime=Mar 30 2026 16:01:36\taction=denied\tsrcBytes=10\tdstBytes=20",
            {"source.ip": "203.0.113.7", "destination.port": 22, "user.name": "alice", "event.severity": 7, "event.outcome": "failure",
             "@timestamp": "2026-03-30T16:01:36.000Z", "event.code": "deny", "network.bytes": 30},
        ),
        Sample(
            "LEEF:2.0|Example|Gateway|5|login|^|src=2001:db8::7^usrName=bob^devTime=2026-03-30T16:01:36Z^outcome=success",
            {"source.ip": "2001:db8::7", "user.name": "bob", "event.outcome": "success", "event.action": "login"},
        ),
    ),
)  # fmt: skip
