"""``rpc_firewall.log``: records of Zero Networks' RPC Firewall (event log ``RPCFW``), as JSON.

Reference: the README of zeronetworks/rpcfirewall, "RPC Firewall event": event 3 is a call, its values stand in
order: function, process id, image, protocol, endpoint, client address and port, interface, operation number,
security identifier, authentication level and service. Shippers give them by name; those names stay under
``vendor``, which is where rules look for them.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, mapping, put, put_end, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_executable
from rules.ecs import Document

_TRANSPORTS = {"ncacn_ip_tcp": "tcp", "ncadg_ip_udp": "udp"}


def _read(entry: dict[str, Any], times: Times) -> Document:
    code = integer(entry.get("EventID"))
    if code is None:
        raise UnparsedError("expected EventID, and InterfaceUuid and OpNum of a call")
    data = mapping(entry.get("EventData")) or entry
    stamp = next(
        (entry[name] for name in ("TimeCreated", "EventTime", "@timestamp", "UtcTime") if name in entry), None
    )
    document: Document = {
        "@timestamp": times.required(times.any(stamp), times.any(mapping(stamp).get("SystemTime")))
    }
    is_call = code == 3 or "InterfaceUuid" in data
    decision = (text(data.get("Action")) or text(data.get("Status")) or "").lower()
    blocked = any(word in decision for word in ("block", "deny", "denied"))
    if is_call:
        types = (
            ["connection", "protocol", "denied" if blocked else "allowed"]
            if decision
            else ["connection", "protocol"]
        )
        categorise(
            document,
            ["network"],
            types,
            action="rpc-call",
            outcome=("failure" if blocked else "success") if decision else None,
        )
    else:
        categorise(document, ["process"], ["info"], action="rpc-firewall")
    put(document, "event.code", str(code))
    put(document, "host.name", text(entry.get("Computer")) or text(entry.get("Hostname")))
    put(document, "host.os.type", "windows")
    put_end(
        document,
        "source",
        text(data.get("SourceAddress")) or text(data.get("NetworkAddress")),
        data.get("SourcePort"),
    )
    put(document, "network.transport", _TRANSPORTS.get((text(data.get("Protocol")) or "").lower()))
    if is_call:
        put(document, "network.protocol", "dce_rpc")
    put_executable(document, "process", text(data.get("ImagePath")) or text(data.get("ProcessName")))
    put(document, "process.pid", integer(data.get("ProcessID") or data.get("ProcessId")))
    user = text(data.get("ClientName")) or text(data.get("User"))
    domain, separator, name = (user or "").rpartition("\\")
    put(document, "user.name", name if separator else user)
    put(document, "user.domain", domain)
    put(document, "user.id", text(data.get("SID")))
    put(document, "vendor", {**{name: value for name, value in entry.items() if name != "EventData"}, **data})
    return document


def _recognise(entry: dict[str, Any]) -> bool:
    return entry.get("EventLog") == "RPCFW" or ("InterfaceUuid" in entry and "OpNum" in entry)


LOG = json_source(
    "rpc_firewall.log",
    "RPC Firewall",
    "zeronetworks/rpcfirewall, README",
    _read,
    _recognise,
    (
        Sample('{"EventLog":"RPCFW","EventID":3,"TimeCreated":"2026-03-30T16:01:36.123Z","Computer":"dc-1","InterfaceUuid":"e3514235-4b06-11d1-ab04-00c04fc2dcd2",'
               '"OpNum":3,"Protocol":"ncacn_ip_tcp","SourceAddress":"203.0.113.9","SourcePort":"50112","ImagePath":"C:\\\\Windows\\\\System32\\\\lsass.exe",'
               '"ProcessID":"712","ClientName":"EXAMPLE\\\\bob","Action":"Block"}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "rpc-call", "event.type": ["connection", "protocol", "denied"],
                "event.outcome": "failure", "source.ip": "203.0.113.9", "process.name": "lsass.exe", "user.name": "bob", "user.domain": "EXAMPLE",
                "network.transport": "tcp", "vendor.InterfaceUuid": "e3514235-4b06-11d1-ab04-00c04fc2dcd2", "vendor.OpNum": 3, "vendor.EventLog": "RPCFW"}),
        Sample('{"EventLog":"RPCFW","EventID":1,"TimeCreated":"2026-03-30T16:01:36.123Z","Computer":"dc-1"}', {"event.action": "rpc-firewall"}),
    ),
)  # fmt: skip
