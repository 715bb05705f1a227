"""``sonicwall.firewall``: SonicOS's messages: default and enhanced syslog, and ArcSight CEF.

Reference: SonicWall, "SonicOS Log Events Reference Guide" (6.5 to 7.1): ``id=firewall sn=… time="…" fw=… pri=…
c=… m=… msg="…" src=address:port:interface:name``. ``time`` is local to the device unless it ends in UTC.
"""

from __future__ import annotations

import re

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mac, put, put_end, put_ip, put_new, text
from integrations.flows import put_account, put_flow, put_observer, put_side, put_transport
from integrations.normalisers import message_source, started
from integrations.notations import read_cef, read_pairs
from integrations.sonicwall.firewall_samples import SAMPLES
from integrations.sonicwall.messages import meaning_of
from integrations.syslog import Envelope
from integrations.text import address
from integrations.times import Times
from integrations.web import put_agent, put_domain, put_path, put_url
from rules.ecs import Document

_LEVELS = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
_OPERATIONS = {"1": "GET", "2": "POST", "3": "HEAD"}
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_ATTACK_ID = re.compile(r"(?:SID|sid): ?(\d{1,9})", re.ASCII)
_SUBJECT = re.compile(
    r"(?:Alert|Alert \(\w{1,20}\)): (.{1,256}?)(?:, SID: ?\d{1,9}.{0,200})?(?: - .{0,200})?$"
)
_CEF = {
    "spt": "src_port", "dpt": "dst_port", "deviceInboundInterface": "srcIface", "deviceOutboundInterface": "dstIface", "suser": "usr",
    "duser": "dstUser", "request": "url", "act": "fw_action", "out": "sent", "in": "rcvd", "smac": "srcMac", "dmac": "dstMac",
    "shost": "src_host", "dhost": "dstname", "cat": "c", "sourceTranslatedAddress": "natSrcIp", "sourceTranslatedPort": "natSrcPort",
    "destinationTranslatedAddress": "natDstIp", "destinationTranslatedPort": "natDstPort", "cs1": "rule", "reason": "note",
    "fname": "filename", "outcome": "result", "cs6": "app", "cnt": "n", "rt": "time", "requestMethod": "op", "start": "time",
}  # fmt: skip


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    entry = _entry(message)
    document = started(envelope)
    document["vendor"] = dict(entry)
    clock = entry.get("time", "")
    document["@timestamp"] = times.required(
        times.iso(clock),
        times.epoch(clock),
        times.parse(clock, "%b %d %Y %H:%M:%S"),
        document.get("@timestamp"),
        times.received(),
    )
    put_observer(
        document, "SonicWall", "SonicOS", serial_number=text(entry.get("sn")), name=text(entry.get("id")),
        version=text(entry.get("version")),
    )  # fmt: skip
    put_ip(document, "observer.ip", entry.get("fw"))
    number, said = entry.get("m", ""), entry.get("msg", "")
    meaning = meaning_of(number, said, "src" in entry)
    categorise(
        document,
        meaning.category,
        meaning.type,
        kind=meaning.kind,
        action=_slug(said),
        outcome=meaning.outcome,
    )
    blocked = {"drop": True, "forward": False}.get(
        entry.get("fw_action", "").strip('"').lower(), meaning.blocked
    )
    if blocked is not None:
        put(document, "event.blocked", "true" if blocked else "false")
        if "network" in meaning.category and not {"allowed", "denied"} & set(meaning.type):
            add(document, "event.type", "denied" if blocked else "allowed")
    put(document, "event.code", text(number))
    put(document, "event.sequence", integer(entry.get("n")))
    severity = integer(entry.get("pri"))
    if severity is not None and 0 <= severity < 8:
        put(document, "event.severity", severity)
        put(document, "log.level", _LEVELS[severity])
    put(document, "message", text(said))
    put(document, "event.reason", text(entry.get("note")))
    _read_ends(document, entry)
    _read_subject(document, entry)
    put_flow(document, entry.get("type") or entry.get("icmpType"), entry.get("icmpCode"))
    return document


def _entry(message: str) -> dict[str, str]:
    if "CEF:" in message[:300]:
        cef = read_cef(message)
        if cef.vendor.lower() != "sonicwall":
            raise UnparsedError(f"expected CEF of SonicWall, not of {cef.vendor[:80]!r}")
        entry: dict[str, str] = {}
        for key, value in cef.extension.items():
            if value and not key.endswith("Label"):
                entry.setdefault(_CEF.get(key, key), value)
        entry.setdefault("m", cef.event_class)
        entry.setdefault("msg", cef.name)
        entry["version"] = cef.product_version
        return entry
    entry = {key: value for key, value in read_pairs(message).items() if value}
    if "m" not in entry or not entry.keys() & {"sn", "fw", "id"}:
        raise UnparsedError("expected SonicOS's fields: id=firewall sn=… time=… fw=… pri=… c=… m=… msg=…")
    return entry


def _slug(said: str) -> str | None:
    """``IPS Detection Alert: ICMP PING`` is ``ips-detection-alert``."""
    return _NOT_WORD.sub("-", re.split("[:;]", said[:120])[0].lower()).strip("-")[:80] or None


def _read_ends(document: Document, entry: dict[str, str]) -> None:
    for side, name, observed in (("source", "src", "ingress"), ("destination", "dst", "egress")):
        host, port, interface, label = _split(entry.get(f"{name}V6") or entry.get(name, ""))
        port = port or entry.get(f"{name}_port") or entry.get(f"{name}Port")
        if host not in ("", "0.0.0.0"):
            put_end(document, side, host, port)
        put_new(
            document, f"{side}.domain", text(label or entry.get(f"{name}_host")) if address(host) else None
        )
        put(document, f"{side}.mac", mac(entry.get(f"{name}Mac")))
        put_side(document, observed, interface or entry.get(f"{name}Iface"), entry.get(f"{name}Zone"))
        nat, nat_port, _, _ = _split(
            entry.get(f"nat{name.capitalize()}") or entry.get(f"nat{name.capitalize()}Ip", "")
        )
        put_ip(document, f"{side}.nat.ip", nat)
        put(
            document,
            f"{side}.nat.port",
            integer(nat_port or entry.get(f"nat{name.capitalize()}Port")) or None,
        )
    for side, count, packets in (("source", "sent", "spkt"), ("destination", "rcvd", "rpkt")):
        put(document, f"{side}.bytes", integer(entry.get(count)))
        put(document, f"{side}.packets", integer(entry.get(packets)))
    if user := text(entry.get("usr") or entry.get("user")):
        put_account(document, "user", user)
        put_account(document, "source.user", user)
    transport, _, protocol = entry.get("proto", "").partition("/")
    put_transport(document, transport)
    put(document, "network.protocol", protocol.lower() if protocol and not protocol.isdigit() else None)
    put(document, "network.application", (text(entry.get("appName")) or "").strip("'\" ").lower())
    rule = text(entry.get("rule"))
    put(document, "rule.id", rule)
    if length := integer(entry.get("cdur")):
        put(document, "event.duration", length * 1_000_000)


def _split(value: str) -> tuple[str, str | None, str | None, str | None]:
    """Split ``address:port:interface:name``; an IPv6 address stands alone or in brackets."""
    value = value.strip()
    if value.startswith("["):
        host, _, rest = value[1:].partition("]")
        parts = rest.lstrip(":").split(":")
    elif address(value):
        return value, None, None, None
    else:
        host, _, rest = value.partition(":")
        parts = rest.split(":")
    port, interface, label = (*parts, "", "", "")[:3]
    return host, port or None, interface or None, label or None


def _read_subject(document: Document, entry: dict[str, str]) -> None:
    """What the connection carried: a page, a file, an attack."""
    host, path = text(entry.get("dstname")), text(entry.get("arg"))
    if url := text(entry.get("url")):
        put_url(document, url if "://" in url[:12] else f"//{url}")
        put(document, "url.original", url)
    elif path and path.startswith("/"):
        put_url(document, path)
    if host and not address(host) and "." in host:
        put_domain(document, "url", host)
        put_new(document, "destination.domain", host)
        add(document, "related.hosts", host)
    put(
        document,
        "http.request.method",
        _OPERATIONS.get(
            entry.get("op", ""), text(entry.get("op")) if not entry.get("op", "0").isdigit() else None
        ),
    )
    put(
        document,
        "http.response.status_code",
        code if (code := integer(entry.get("result"))) and 100 <= code < 600 else None,
    )
    put(document, "http.request.referrer", text(entry.get("referer")))
    put_agent(document, entry.get("agent") or entry.get("requestClientApplication"))
    put(
        document,
        "rule.category",
        text((entry.get("Category") or entry.get("ipscat") or entry.get("spycat") or "").strip("'\" ")),
    )
    name = text(entry.get("fileName") or entry.get("filename"))
    put_path(document, "file", name)
    if name and "/" not in name and "\\" not in name:
        document["file"].pop("path", None)
    if document["event"]["kind"] == "alert":
        said = entry.get("msg", "")
        put(
            document,
            "rule.id",
            text(entry.get("sid")) or (found[1] if (found := _ATTACK_ID.search(said)) else None),
        )
        if subject := _SUBJECT.search(said[:600]):
            put(document, "rule.name", subject[1].strip())
            put(
                document,
                "threat.indicator.name",
                subject[1].strip() if "malware" in document["event"]["category"] else None,
            )


def _recognise(message: str) -> bool:
    head = message[:600]
    if "CEF:" in head:
        return "|sonicwall|" in head.lower()
    return " sn=" in f" {head}" and " fw=" in head and " pri=" in head and " m=" in head


FIREWALL = message_source(
    "sonicwall.firewall",
    "SonicWall firewalls (SonicOS)",
    "SonicOS Log Events Reference Guide (6.5-7.1)",
    read,
    _recognise,
    SAMPLES,
)
