"""``pfsense.log``: the system log of a pfSense firewall; `make_read` reads OPNsense's as well.

Reference: Netgate, "pfSense Documentation: System Logs, Raw Filter Log Format". Envelopes are BSD's, often
without a host, or RFC 5424's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from integrations.contract import Sample, Source, UnparsedError
from integrations.fields import put
from integrations.flows import put_observer
from integrations.normalisers import ReadMessage, message_source, started
from integrations.pfsense.filterlog import LINE, read_packet
from integrations.pfsense.log_samples import SAMPLES
from integrations.pfsense.services import READERS, read_service
from integrations.syslog import Envelope
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}", re.ASCII)
_PROGRAM = re.compile(
    rf"(?:^|[\s/])(?:{'|'.join(map(re.escape, READERS))}|openvpn\w{{0,32}})(?:\[\d{{1,10}}\])?:? ", re.ASCII
)
_PFSENSE_ONLY = re.compile(
    r"webConfigurator|php-fpm(?:\[\d{1,10}\])?: /|pfsense|openvpn server '|check_reload_status",
    re.ASCII | re.IGNORECASE,
)
_OPNSENSE_ONLY = re.compile(
    r"Web GUI authentication error|configd\.py|OPNsense|authenticated successfully for WebGui",
    re.ASCII | re.IGNORECASE,
)


def make_read(vendor: str, product: str) -> ReadMessage:
    """Return the reading function of a firewall of this make."""

    def read(message: str, envelope: Envelope | None, times: Times) -> Document:
        document = started(envelope)
        if "log" in document:
            document["log"].get("syslog", {}).pop("structured_data", None)
        document.setdefault("@timestamp", times.received())
        document.pop("observer", None)
        put_observer(document, vendor, product, name=envelope.host if envelope is not None else None)
        put(document, "message", message)
        if envelope is None or not envelope.program:
            if not read_packet(message, document):
                raise UnparsedError("expected a syslog line that names its program, or filterlog's fields")
            return document
        program = envelope.program.rpartition("/")[2]
        put(document, "process.name", program)
        put(document, "process.pid", envelope.pid)
        put(document, "event.provider", program)
        read_service(program, message, document)
        return document

    return read


def make_guess(is_ours: Callable[[str], bool]) -> Callable[[Sequence[bytes]], float]:
    """Return a guess: where one record is of this make for certain, those of its programs count too."""

    def guess(records: Sequence[bytes]) -> float:
        certain = count = 0
        for record in records:
            line = readable(record)
            ours = is_ours(line)
            certain += ours
            count += ours or _PROGRAM.search(line[:200]) is not None
        return count / max(1, len(records)) if certain else 0.0

    return guess


def tracker(line: str) -> str | None:
    """Return what names the rule in a filterlog line, None where there is no such line."""
    for match in re.finditer(r"(?:^|[\s-])(?=\d{1,8},\d{0,8},)", line[:400], re.ASCII):
        if found := LINE.match(line, match.end()):
            return found[4]
    return None


def _is_pfsense(line: str) -> bool:
    found = tracker(line)
    if found is not None:
        return found.isdigit() and len(found) >= 4
    return _PFSENSE_ONLY.search(line[:400]) is not None and _OPNSENSE_ONLY.search(line[:400]) is None


def is_opnsense(line: str) -> bool:
    found = tracker(line)
    if found is not None:
        return _HASH.fullmatch(found) is not None or found in ("", "0")
    return _OPNSENSE_ONLY.search(line[:400]) is not None


def filter_source(
    name: str,
    title: str,
    documentation: str,
    read: ReadMessage,
    is_ours: Callable[[str], bool],
    samples: Sequence[Sample],
) -> Source:
    """Return a source of one make's system log."""
    return replace(
        message_source(name, title, documentation, read, is_ours, samples), guess=make_guess(is_ours)
    )


PFSENSE = filter_source(
    "pfsense.log",
    "pfSense (packet filter, resolver, DHCP, VPN, web interface)",
    "Netgate pfSense Documentation, Raw Filter Log Format",
    make_read("netgate", "pfSense"),
    _is_pfsense,
    SAMPLES,
)
