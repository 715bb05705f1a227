"""``bind.named``: BIND 9's log, its queries first, in files or by syslog, with or without category and severity.

    client @0x7f28 192.0.2.7#53123 (www.example.com): view int: query: www.example.com IN A +E(0)K (192.0.2.53)

Reference: BIND 9 Administrator Reference Manual, "logging" and "Query Log Format".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from integrations.bind.named_samples import NAMED_SAMPLES
from integrations.contract import UnparsedError
from integrations.dns import put_code, put_question
from integrations.fields import categorise, put, put_end
from integrations.flows import put_flow, put_transport
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.times import Times
from rules.ecs import Document

_TIME = re.compile(
    r"(\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?) ",
    re.ASCII,
)
_CATEGORIES = (
    "queries query-errors responses security general default client cname config database delegation-only "
    "dispatch dnssec dnstap edns-disabled lame-servers network notify nsid rate-limit resolver rpz rpz-passthru "
    "serve-stale sieve spill sslkeylog trust-anchor-telemetry unmatched update update-security xfer-in xfer-out "
    "zoneload"
).split()
_CATEGORY = re.compile(rf"({'|'.join(sorted(_CATEGORIES, key=len, reverse=True))}): ", re.ASCII)
_SEVERITY = re.compile(r"(info|notice|warning|error|critical|debug(?: \d{1,3})?): ", re.ASCII)
_CLIENT = re.compile(
    r"client (?:@0x[0-9a-fA-F]{1,16} )?([0-9A-Fa-f.:%a-z]{2,64})#(\d{1,5})(?:/key \S{1,255})?(?: \((.{0,1024}?)\))?: (?:view (\S{1,128}): )?",
    re.ASCII,
)
_QUERY = re.compile(
    r"(query|response): (.{1,1024}?) (\S{1,32}) (\S{1,32}) (?:([A-Z]{2,16}) )?([+-]\S{0,64})(?: \(([0-9A-Fa-f.:%a-z]{2,64})\))?(?: \[ECS (\S{1,64})\])?",
    re.ASCII,
)
_FAILED = re.compile(
    r"query failed \(([^()]{1,64})\)(?: for (\S{1,1024}?)/([A-Z0-9]{1,16})/([A-Z0-9]{1,16}))?", re.ASCII
)
_DENIED = re.compile(
    r"(query(?: \(cache\))?|zone transfer|update|notify|bad zone transfer request:?|update forwarding) '(\S{1,1024}?)' (denied|approved)"
    r"(?: \((.{0,256})\))?",
    re.ASCII,
)
_RPZ = re.compile(
    r"(?:disabled )?rpz (\S{1,16}) (\S{1,16}) rewrite (\S{1,1024}?)(?:/([A-Z0-9]{1,16})/([A-Z]{1,8}))? via (\S{1,1024})",
    re.ASCII,
)
_TRANSFER = re.compile(
    r"transfer of '(\S{1,1024}?)/(\w{1,8})': (AXFR|IXFR)(?:-style IXFR)? (started|ended)", re.ASCII
)
_UPDATING = re.compile(
    r"updating zone '(\S{1,1024}?)/(\w{1,8})': (adding an RR|deleting (?:an RR|rrset|all rrsets))(?: at '(\S{1,255})')?",
    re.ASCII,
)
_RESOLVING = re.compile(
    r"(.{1,128}?) resolving '(\S{1,1024}?)/(\w{1,16})/(\w{1,8})': (\S{1,64})#(\d{1,5})", re.ASCII
)


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    document = started(envelope)
    rest = message.lstrip()
    if match := _TIME.match(rest):
        time = times.iso(match[1]) or times.parse(match[1], "%d-%b-%Y %H:%M:%S.%f", "%d-%b-%Y %H:%M:%S")
        document["@timestamp"] = times.required(time)
        rest = rest[match.end() :]
    vendor: Document = {}
    if match := _CATEGORY.match(rest):
        vendor["category"] = match[1]
        rest = rest[match.end() :]
    if match := _SEVERITY.match(rest):
        put(document, "log.level", match[1])
        rest = rest[match.end() :]
    known = envelope is not None or "@timestamp" in document or bool(vendor)
    document.setdefault("@timestamp", times.received())
    categorise(document, ["network"], ["info"])
    if envelope is not None:
        put(document, "process.name", envelope.program)
        put(document, "process.pid", envelope.pid)
    said = False
    if client := _CLIENT.match(rest):
        put_end(document, "source", client[1], client[2])
        put(vendor, "view", client[4])
        rest = rest[client.end() :]
        said = any(reader(document, vendor, rest) for reader in _READERS)
        if not said and client[3]:
            put_question(document, client[3])
    elif match := _RESOLVING.match(rest):
        said = True
        categorise(document, ["network"], ["protocol", "error"], action="resolve", outcome="failure")
        put_question(document, match[2], match[3], match[4])
        put_end(document, "destination", match[5], match[6])
        put(document, "event.reason", match[1])
        put(document, "network.protocol", "dns")
    elif not known:
        raise UnparsedError("expected a line of named: a time, a category, or 'client …#port (name): …'")
    elif (document.get("log") or {}).get("level", "").startswith(("error", "critical")):
        categorise(document, ["network"], ["error"])
    put(document, "message", rest)
    put(document, "vendor", vendor)
    put_flow(document)
    return document


def _query(document: Document, vendor: Document, rest: str) -> bool:
    match = _QUERY.match(rest)
    if match is None:
        return False
    kind, name, klass, type_, code, flags, server, subnet = match.groups()
    categorise(document, ["network"], ["protocol"], action=kind)
    put_question(document, name, type_, klass)
    put(document, "dns.type", "query" if kind == "query" else "answer")
    put_code(document, code)
    letters = re.sub(r"\(.*?\)", "", flags)
    names = [name for letter, name in (("+", "RD"), ("C", "CD"), ("D", "DO")) if letter in letters]
    put(document, "dns.header_flags", names)
    put_transport(document, "tcp" if "T" in letters else "udp")
    put(document, "network.protocol", "dns")
    put_end(document, "destination", server)
    vendor["flags"] = flags
    put(vendor, "client_subnet", subnet)
    return True


def _failed(document: Document, _: Document, rest: str) -> bool:
    match = _FAILED.match(rest)
    if match is None:
        return False
    reason, name, klass, type_ = match.groups()
    categorise(document, ["network"], ["protocol", "error"], action="query-failed", outcome="failure")
    put_question(document, name, type_, klass)
    put(document, "event.reason", reason)
    if reason.isupper():
        put_code(document, reason)
    put(document, "network.protocol", "dns")
    return True


def _denied(document: Document, _: Document, rest: str) -> bool:
    match = _DENIED.match(rest)
    if match is None:
        return False
    what, about, verdict, reason = match.groups()
    bad = verdict == "denied"
    categorise(
        document,
        ["network"],
        ["protocol", "denied" if bad else "allowed"],
        action=f"{what.rstrip(':')} {verdict}".replace("(", "").replace(")", "").replace(" ", "-"),
        outcome="failure" if bad else "success",
    )
    parts = about.split("/")
    if len(parts) == 3:
        put_question(document, parts[0], parts[1], parts[2])
    else:
        put_question(document, parts[0], None, parts[1] if len(parts) > 1 else None)
    put(document, "event.reason", reason)
    put(document, "network.protocol", "dns")
    return True


def _rpz(document: Document, vendor: Document, rest: str) -> bool:
    match = _RPZ.match(rest)
    if match is None:
        return False
    trigger, policy, name, type_, klass, via = match.groups()
    kind = "allowed" if policy in ("PASSTHRU", "DISABLED") else "denied"
    categorise(document, ["network"], ["protocol", kind], action="rpz-rewrite")
    put_question(document, name, type_, klass)
    put(document, "rule.name", via)
    vendor |= {"trigger": trigger, "policy": policy}
    put(document, "network.protocol", "dns")
    return True


def _transfer(document: Document, _: Document, rest: str) -> bool:
    match = _TRANSFER.match(rest)
    if match is None:
        return False
    zone, klass, kind, what = match.groups()
    categorise(
        document, ["network"], ["protocol", "start" if what == "started" else "end"],
        action=f"zone-transfer-{what}", outcome="success",
    )  # fmt: skip
    put_question(document, zone, kind, klass)
    put(document, "network.protocol", "dns")
    return True


def _updating(document: Document, vendor: Document, rest: str) -> bool:
    match = _UPDATING.match(rest)
    if match is None:
        return False
    zone, klass, what, name = match.groups()
    categorise(
        document, ["network", "configuration"], ["creation" if what.startswith("adding") else "deletion"],
        action="update", outcome="success",
    )  # fmt: skip
    put_question(document, name or zone, None, klass)
    put(vendor, "zone", zone)
    put(document, "network.protocol", "dns")
    return True


_READERS: tuple[Callable[[Document, Document, str], bool], ...] = (
    _query, _failed, _denied, _rpz, _transfer, _updating,
)  # fmt: skip


def recognise(message: str) -> bool:
    message = message.lstrip()
    time = _TIME.match(message)
    rest = message[time.end() :] if time else message
    if match := _CATEGORY.match(rest):
        rest = rest[match.end() :]
        if time is not None or _SEVERITY.match(rest):
            return True
    if match := _SEVERITY.match(rest):
        rest = rest[match.end() :]
    return _CLIENT.match(rest) is not None or _RESOLVING.match(rest) is not None


NAMED = message_source(
    "bind.named",
    "ISC BIND 9 (named): queries, errors, security, transfers",
    "https://bind9.readthedocs.io/en/stable/reference.html#logging-block-definition-and-usage",
    read,
    recognise,
    NAMED_SAMPLES,
)
