"""``snort.log``: alerts of Snort 2 and 3 as fast, full (several lines), syslog, CSV and JSON write them.

    fast  08/27-16:22:45.123456  [**] [1:2010935:2] message [**] [Classification: …] [Priority: 2] {TCP} a:1 -> b:2
    full  [**] [1:2010935:2] message [**], then lines of classification, time and ends, packet header, references
    csv   Snort 2's default columns (the time first, then generator, id, revision, message …) or Snort 3's

Times have no year unless Snort runs with ``-y``. References: the manuals of Snort 2.9 (2.6) and 3 (alert modules).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from integrations.access import split_last
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, mac, put, put_end, text
from integrations.flows import put_flow, put_transport
from integrations.joining import joined_source
from integrations.normalisers import load_object, without_envelope
from integrations.notations import read_csv
from integrations.snort.log_samples import LOG_SAMPLES
from integrations.syslog import EnvelopeReader
from integrations.times import Times
from rules.ecs import Document

_STAMP = r"(\d\d/\d\d(?:/\d\d(?:\d\d)?)?-\d\d:\d\d:\d\d(?:\.\d{1,6})?)"
_TIME = re.compile(_STAMP, re.ASCII)
_RULE = re.compile(r"\[(\d{1,10}):(\d{1,10}):(\d{1,10})\] ", re.ASCII)
_CLASS = re.compile(r"\[Classification: ([^\]]{0,256})\]")
_PRIORITY = re.compile(r"\[Priority: (\d{1,3})\]", re.ASCII)
_APP = re.compile(r"\[AppID: ([^\]]{1,128})\]")
_PROTOCOL = re.compile(r"\{([A-Za-z0-9-]{1,16})\}", re.ASCII)
_ENDS = re.compile(r"([0-9A-Fa-f.:]{2,64}) -> ([0-9A-Fa-f.:]{2,64})", re.ASCII)
_HEADER = re.compile(r"^([A-Z][A-Z0-9-]{1,15}) TTL:(\d{1,3}) TOS:", re.ASCII | re.MULTILINE)
_ICMP = re.compile(r"^Type: ?(\d{1,3})  Code: ?(\d{1,3})", re.ASCII | re.MULTILINE)
_XREF = re.compile(r"\[Xref => ([^\]]{1,512})\]")
_VERDICT = re.compile(r"\[(Drop|WDrop|Block|Reject|Rewrite|Alert|drop|wouldDrop|block|allow|reset)\]")
_STARTS = re.compile(
    rb"\{|\[\*\*\] \[|.{0,256}?\[\d{1,10}:\d{1,10}:\d{1,10}\] |\d\d/\d\d(?:/\d{2,4})?-[\d:.]{8,15} {0,2},"
)
_OLD = (
    "timestamp sig_generator sig_id sig_rev msg proto src srcport dst dstport ethsrc ethdst ethlen tcpflags tcpseq "
    "tcpack tcplen tcpwindow ttl tos id dgmlen iplen icmptype icmpcode icmpid icmpseq"
).split()
_NEW = "timestamp pkt_num proto pkt_gen pkt_len dir src_ap dst_ap rule action".split()
_DENYING = frozenset({"drop", "block", "reject", "reset", "would_drop", "blocked", "wdrop"})


def read(line: str, times: Times) -> Document:
    if line.lstrip()[:1] == "{":
        return _read_fields(load_object(line), times)
    if (match := _TIME.match(line)) and line[match.end() :].lstrip()[:1] == ",":
        return _read_csv(line, times)
    rule = _RULE.search(line[:1024])
    if rule is None:
        raise UnparsedError("expected an alert of Snort: [generator:id:revision] message … {PROTO} a -> b")
    return _read_text(line, rule, times)


def _read_text(line: str, rule: re.Match[str], times: Times) -> Document:
    head, rest = line[: rule.start()], line[rule.end() :]
    document: Document = {}
    stamp = _TIME.search(head)
    if stamp is None:
        _, envelope = without_envelope(line.partition("\n")[0], EnvelopeReader(times.origin))
        if envelope is not None:
            document["@timestamp"] = envelope.time
            put(document, "observer.hostname", envelope.host)
        stamp = _TIME.search(rest[:4096])
    if "@timestamp" not in document:
        document["@timestamp"] = (_time(stamp[1], times) if stamp else None) or times.received()
    said = _CLASS.search(rest[:2048])
    ends = [
        at
        for at in (rest.find(" [**]"), said.start() if said else -1, rest.find("[Priority:"), rest.find("{"))
        if at >= 0
    ]
    message = rest[: min(ends)] if ends else rest.partition("\n")[0]
    vendor: Document = {}
    verdict = _VERDICT.search(head[:256])
    _alert(
        document,
        vendor,
        rule[1],
        rule[2],
        rule[3],
        message.strip().strip('"'),
        verdict[1] if verdict else None,
    )
    put(document, "rule.category", said[1] if said else None)
    if (priority := _PRIORITY.search(rest[:2048])) is not None:
        put(document, "event.severity", int(priority[1]))
    if (app := _APP.search(rest[:2048])) is not None:
        put(document, "network.application", app[1].lower())
    protocol = _PROTOCOL.search(rest[:4096]) or _HEADER.search(rest[:4096])
    put_transport(document, protocol[1] if protocol else None)
    if (found := _ENDS.search(rest[:4096])) is not None:
        for side, end in (("source", found[1]), ("destination", found[2])):
            put_end(document, side, *split_last(end))
    icmp = _ICMP.search(rest[:4096])
    references = _XREF.findall(rest[:8192])
    if references:
        put(document, "rule.reference", references[0])
        vendor["references"] = references
    document["vendor"] = vendor
    put_flow(document, *(icmp.groups() if icmp else ()))
    return document


def _time(stamp: str, times: Times) -> str | None:
    whole = stamp if "." in stamp else f"{stamp}.0"
    # Snort 2 writes a year last, Snort 3 first; 13 and above is no month.
    return times.parse(
        whole,
        "%m/%d-%H:%M:%S.%f",
        "%m/%d/%Y-%H:%M:%S.%f",
        "%m/%d/%y-%H:%M:%S.%f",
        "%y/%m/%d-%H:%M:%S.%f",
    )


def _alert(
    document: Document, vendor: Document, generator: Any, ident: Any, revision: Any, message: str | None,
    action: str | None,
) -> None:  # fmt: skip
    verdict = (action or "").lower()
    types = ["denied"] if verdict in _DENYING else ["allowed"] if verdict == "allow" else ["info"]
    categorise(document, ["network", "intrusion_detection"], types, kind="alert", action=verdict or None)
    put(document, "rule.id", text(ident))
    put(document, "rule.version", text(revision))
    put(document, "rule.name", message)
    put(document, "rule.description", message)
    put(document, "message", message)
    put(vendor, "gid", integer(generator))
    put(document, "observer.vendor", "Snort")
    put(document, "observer.product", "Snort")
    put(document, "observer.type", "ids")


def _read_csv(line: str, times: Times) -> Document:
    values = [value.strip() for value in read_csv(line)]
    names = _NEW if len(values) == len(_NEW) else _OLD if 10 <= len(values) <= len(_OLD) else None
    if names is None:
        raise UnparsedError(
            f"expected {len(_NEW)} columns (Snort 3) or {len(_OLD)} (Snort 2), not {len(values)}"
        )
    entry: dict[str, Any] = {name: value for name, value in zip(names, values, strict=False) if value}
    if names is _OLD:
        entry = {_RENAMED.get(name, name): value for name, value in entry.items()}
    return _read_fields(entry, times)


_RENAMED = {
    "sig_generator": "gid", "sig_id": "sid", "sig_rev": "rev", "src": "src_addr", "srcport": "src_port",
    "dst": "dst_addr", "dstport": "dst_port", "ethsrc": "eth_src", "ethdst": "eth_dst", "icmptype": "icmp_type",
    "icmpcode": "icmp_code", "tcpflags": "tcp_flags", "dgmlen": "ip_len", "tcplen": "tcp_len",
}  # fmt: skip
"""Snort 2's columns by Snort 3's names."""


def _read_fields(entry: Mapping[str, Any], times: Times) -> Document:
    stamp = text(entry.get("timestamp")) or ""
    document: Document = {
        "@timestamp": times.required(
            times.epoch(entry.get("seconds")), _time(stamp, times), times.iso(stamp)
        ),
    }
    if stamp and (found := _time(stamp, times)):
        document["@timestamp"] = found
    rule = (text(entry.get("rule")) or "").split(":")
    known = rule if len(rule) == 3 else [None, None, None]
    if entry.get("sid", known[1]) is None:
        raise UnparsedError(
            "expected rule (generator:id:revision), or gid, sid and rev, in an alert of Snort"
        )
    _alert(
        document,
        {},
        entry.get("gid", known[0]),
        entry.get("sid", known[1]),
        entry.get("rev", known[2]),
        (text(entry.get("msg")) or "").strip('"') or None,
        text(entry.get("action")),
    )
    put(document, "rule.category", text(entry.get("class")))
    put(document, "event.severity", integer(entry.get("priority")))
    put_transport(document, entry.get("proto"))
    for side, prefix in (("source", "src"), ("destination", "dst")):
        host, port = split_last(text(entry.get(f"{prefix}_ap")) or "")
        put_end(
            document,
            side,
            entry.get(f"{prefix}_addr") or host,
            integer(entry.get(f"{prefix}_port")) or port or None,
        )
        put(document, f"{side}.mac", mac(entry.get(f"eth_{prefix}")))
    put(document, "network.protocol", _service(entry.get("service")))
    put(document, "network.vlan.id", text(entry.get("vlan")) if entry.get("vlan") not in (0, "0") else None)
    put(document, "observer.ingress.interface.name", text(entry.get("iface")))
    if (payload := integer(entry.get("pkt_len"))) is not None:
        put(document, "network.bytes", payload)
    document["vendor"] = dict(entry)
    put_flow(document, entry.get("icmp_type"), entry.get("icmp_code"))
    return document


def _service(value: Any) -> str | None:
    name = (text(value) or "").lower()
    return name if name not in ("", "unknown") else None


def starts(line: bytes) -> bool:
    return _STARTS.match(line) is not None


def recognise(line: str) -> bool:
    if line[:1] == "{":
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
        if not isinstance(entry, dict) or not isinstance(entry.get("timestamp"), str):
            return False
        rule = entry.get("rule")
        named = isinstance(rule, str) and rule.count(":") == 2
        return (named or ("sid" in entry and "gid" in entry)) and ("src_ap" in entry or "src_addr" in entry)
    if _TIME.match(line) and line.count(",") >= 9:
        return True
    return _RULE.search(line[:512]) is not None and ("[**]" in line or "[Priority:" in line or " -> " in line)


LOG = joined_source(
    "snort.log",
    "Snort 2 and 3 alerts (fast, full, syslog, CSV, JSON)",
    "https://docs.snort.org/start/alert_logging",
    starts,
    read,
    recognise,
    LOG_SAMPLES,
)
