"""Zeek's logs of connections, names, and protocols of the network itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.access import outcome_of
from integrations.dns import put_answers, put_code, put_question
from integrations.fields import add, integer, mac, number, put, put_end, text
from integrations.times import Times
from integrations.web import put_domain
from rules.ecs import Document

_STATES: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "S0": (("connection", "start"), "failure"),
    "S1": (("connection", "start"), "success"),
    "SF": (("connection", "start", "end"), "success"),
    "REJ": (("connection", "start", "denied"), "failure"),
    "S2": (("connection", "start"), "success"),
    "S3": (("connection", "start"), "success"),
    "RSTO": (("connection", "start", "end"), "success"),
    "RSTR": (("connection", "start", "end"), "success"),
    "RSTOS0": (("connection", "start", "end"), "failure"),
    "RSTRH": (("connection", "end"), "failure"),
    "SH": (("connection", "start"), "failure"),
    "SHR": (("connection",), None),
    "OTH": (("connection", "info"), None),
}
"""https://docs.zeek.org/en/current/scripts/base/protocols/conn/main.zeek.html"""
_DIRECTIONS = {
    (True, True): "internal", (True, False): "outbound", (False, True): "inbound", (False, False): "external",
}  # fmt: skip


def put_duration(document: Document, value: Any) -> None:
    """Set ``event.duration`` from seconds."""
    seconds = number(value)
    if seconds is not None and 0 <= seconds < 10**9:
        put(document, "event.duration", round(seconds * 1_000_000) * 1_000)


def read_conn(document: Document, entry: Mapping[str, Any], times: Times) -> None:
    types, outcome = _STATES.get(text(entry.get("conn_state")) or "", (("connection",), None))
    document["event"]["type"] = list(types)
    put(document, "event.outcome", outcome)
    put_duration(document, entry.get("duration"))
    put(document, "event.start", times.any(entry.get("ts")))
    put(document, "network.protocol", (text(entry.get("service")) or "").lower().split(",")[0])
    for side, name in (("source", "orig"), ("destination", "resp")):
        count = integer(entry.get(f"{name}_ip_bytes"))
        put(document, f"{side}.bytes", integer(entry.get(f"{name}_bytes")) if count is None else count)
        put(document, f"{side}.packets", integer(entry.get(f"{name}_pkts")))
        put(document, f"{side}.mac", mac(entry.get(f"{name}_l2_addr")))
    here, there = entry.get("local_orig"), entry.get("local_resp")
    if isinstance(here, bool) and isinstance(there, bool):
        put(document, "network.direction", _DIRECTIONS[here, there])
    put(document, "network.vlan.id", text(entry.get("vlan")))


def read_dns(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put_question(
        document,
        entry.get("query"),
        entry.get("qtype_name") or entry.get("qtype"),
        entry.get("qclass_name") or entry.get("qclass"),
    )
    put(document, "dns.id", text(entry.get("trans_id")))
    code = entry.get("rcode_name", entry.get("rcode"))
    put_code(document, code)
    flags = [name for name in ("AA", "TC", "RD", "RA") if entry.get(name) is True]
    put(document, "dns.header_flags", flags)
    answers, ttls = entry.get("answers"), entry.get("TTLs")
    if isinstance(answers, list):
        lifetimes = ttls if isinstance(ttls, list) else []
        put_answers(
            document,
            [
                {"data": data, "ttl": integer(_whole(lifetimes[at])) if at < len(lifetimes) else None}
                for at, data in enumerate(answers[:200])
            ],
        )
    put(document, "dns.type", "answer" if code is not None else "query")
    put_duration(document, entry.get("rtt"))
    if entry.get("rejected") is True:
        put(document, "event.outcome", "failure")


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value == value and abs(value) < 2**32 else value


def read_dce_rpc(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "event.action", text(entry.get("operation")))
    put_duration(document, entry.get("rtt"))


def read_dhcp(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    kinds = entry.get("msg_types")
    if isinstance(kinds, list) and kinds:
        put(document, "event.action", (text(kinds[-1]) or "").lower())
    assigned = text(entry.get("assigned_addr") or entry.get("assigned_ip"))
    client = text(entry.get("client_addr")) or assigned
    put_end(document, "client", client)
    put_end(document, "source", client)
    put_end(document, "server", entry.get("server_addr"))
    put_end(document, "destination", entry.get("server_addr"))
    put(document, "client.mac", mac(entry.get("mac")))
    put(document, "source.mac", mac(entry.get("mac")))
    name = text(entry.get("host_name")) or text(entry.get("client_fqdn"))
    put(document, "host.hostname", name)
    add(document, "related.ip", [assigned] if assigned else [])
    put(document, "message", text(entry.get("client_message") or entry.get("server_message")))
    put_duration(document, entry.get("duration"))
    put(document, "network.transport", "udp")


def read_sip(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "event.action", (text(entry.get("method")) or "").lower())
    put(document, "url.full", text(entry.get("uri")))
    put(document, "user_agent.original", text(entry.get("user_agent")))
    if status := integer(entry.get("status_code")):
        put(document, "event.outcome", outcome_of(status))
        put(document, "event.code", str(status))


def read_syslog(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "log.syslog.facility.name", (text(entry.get("facility")) or "").lower())
    put(document, "log.syslog.severity.name", (text(entry.get("severity")) or "").lower())
    put(document, "message", text(entry.get("message")))


def read_tunnel(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    action = (text(entry.get("action")) or "").rpartition("::")[2].lower()
    put(document, "event.action", action)
    kind = {"discover": "start", "close": "end", "expire": "end"}.get(action)
    if kind:
        document["event"]["type"] = ["connection", kind]


def read_traceroute(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put_end(document, "source", entry.get("src"))
    put_end(document, "destination", entry.get("dst"))


def read_modbus(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "event.action", (text(entry.get("func")) or "").lower())
    put(document, "event.outcome", "failure" if text(entry.get("exception")) else "success")


def read_dnp3(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(
        document, "event.action", (text(entry.get("fc_request")) or text(entry.get("fc_reply")) or "").lower()
    )


def put_destination_name(document: Document, name: str | None) -> None:
    """Set ``destination.domain`` and its parts."""
    if name:
        put_domain(document, "destination", name)
