"""Zeek's logs of what it noticed: notices, signatures, indicators met, oddities, and what it knows of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.fields import add, integer, port_number, put, put_end, put_new, text
from integrations.flows import put_transport
from integrations.text import address
from integrations.times import Times
from integrations.web import put_path
from rules.ecs import Document


def _put_sides(document: Document, entry: Mapping[str, Any]) -> None:
    """``src``, ``dst`` and ``p`` of a notice that is about no one connection."""
    if "source" not in document:
        put_end(
            document, "source", entry.get("src") or entry.get("src_addr"), port_number(entry.get("src_port"))
        )
    if "destination" not in document:
        put_end(
            document,
            "destination",
            entry.get("dst") or entry.get("dst_addr"),
            port_number(entry.get("dst_port")),
        )
    put_new(document, "destination.port", port_number(entry.get("p")))


def read_notice(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    _put_sides(document, entry)
    put(document, "rule.name", text(entry.get("note")))
    put(document, "rule.description", text(entry.get("msg")))
    put(document, "message", text(entry.get("msg")))
    put(document, "event.reason", text(entry.get("sub")))
    actions = entry.get("actions")
    dropped = entry.get("dropped") is True
    if dropped or (isinstance(actions, list) and "Notice::ACTION_DROP" in actions):
        document["event"]["type"] = ["info", "denied"]
    put(document, "event.action", text(entry.get("note")))
    put_path(document, "file", text(entry.get("file_desc")) if "fuid" in entry else None)
    put(document, "file.mime_type", text(entry.get("file_mime_type")))


def read_signature(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    _put_sides(document, entry)
    put(document, "rule.id", text(entry.get("sig_id")))
    put(document, "rule.name", text(entry.get("note")) or text(entry.get("sig_id")))
    put(document, "rule.description", text(entry.get("event_msg")))
    put(document, "message", text(entry.get("event_msg")))


def read_weird(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    put(document, "rule.name", text(entry.get("name")))
    put(document, "event.action", text(entry.get("name")))
    put(document, "event.reason", text(entry.get("addl")))


_INDICATORS = {
    "Intel::ADDR": ("ipv4-addr", "threat.indicator.ip"),
    "Intel::DOMAIN": ("domain-name", "threat.indicator.url.domain"),
    "Intel::URL": ("url", "threat.indicator.url.original"),
    "Intel::EMAIL": ("email-addr", "threat.indicator.email.address"),
    "Intel::FILE_NAME": ("file", "threat.indicator.file.name"),
    "Intel::FILE_HASH": ("file", ""),
    "Intel::CERT_HASH": ("x509-certificate", ""),
    "Intel::PUBKEY_HASH": ("x509-certificate", ""),
    "Intel::SOFTWARE": ("software", ""),
    "Intel::USER_NAME": ("user-account", ""),
}
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}


def read_intel(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    indicator = text(entry.get("seen.indicator"))
    kind, place = _INDICATORS.get(text(entry.get("seen.indicator_type")) or "", (None, ""))
    if kind == "ipv4-addr" and indicator and ":" in indicator:
        kind = "ipv6-addr"
    put(document, "threat.indicator.type", kind)
    put(document, "threat.indicator.name", indicator)
    if indicator and place:
        put(document, place, address(indicator) if place.endswith(".ip") else indicator)
    if indicator and kind == "file" and (digest := _HASHES.get(len(indicator))):
        put(document, f"threat.indicator.file.hash.{digest}", indicator)
        add(document, "related.hash", indicator)
    sources = entry.get("sources")
    put(
        document,
        "threat.indicator.provider",
        text(sources[0]) if isinstance(sources, list) and sources else None,
    )
    put(document, "event.action", text(entry.get("seen.where")))
    put(document, "file.mime_type", text(entry.get("file_mime_type")))


def read_analyzer(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    name = text(entry.get("analyzer_name") or entry.get("analyzer"))
    put(document, "network.protocol", name.lower() if name else None)
    put(document, "event.reason", text(entry.get("failure_reason")))


def read_known(document: Document, entry: Mapping[str, Any], _: Times) -> None:
    """What Zeek learnt of a host: that it is there, and what it serves."""
    host = text(entry.get("host"))
    if host and (ip := address(host)):
        put(document, "host.ip", [ip])
        if "port_num" in entry:
            put_end(document, "server", host)
    port = port_number(entry.get("port_num") or entry.get("host_p"))
    if "server" in document:
        put(document, "server.port", port)
    put_transport(document, entry.get("port_proto"))
    services = entry.get("service")
    if isinstance(services, list) and services:
        put(document, "network.protocol", (text(services[0]) or "").lower())
    put(document, "package.name", text(entry.get("name")) if "software_type" in entry else None)
    version = [integer(entry.get(f"version.{part}")) for part in ("major", "minor", "minor2", "minor3")]
    numbers = [str(one) for one in version if one is not None]
    put(document, "package.version", ".".join(numbers))
    put(document, "tls.server.subject", text(entry.get("subject")) if "port_num" in entry else None)
    put(document, "tls.server.issuer", text(entry.get("issuer_subject")))
