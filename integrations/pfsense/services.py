"""What the services of pfSense and OPNsense log: resolver, DHCP, VPNs, the web interface, sshd, Suricata.

References: pfSense's auth.inc and OPNsense's audit log; see `integrations.linux.network_services` for the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.fields import add, categorise, integer, put, put_end, put_ip, text
from integrations.flows import put_flow, put_transport
from integrations.linux.network_services import NETWORK_SERVICES, put_who, service_key
from integrations.linux.sshd import SSHD
from integrations.normalisers import load_object
from integrations.pfsense.filterlog import read_packet
from rules.ecs import Document

_IP = r"[0-9A-Fa-f.:]{2,45}"
_ADMIN = tuple(
    (re.compile(r"(?:(?P<page>/[\w./-]{1,128}): )?" + pattern, re.ASCII), meaning)
    for pattern, meaning in (
        (rf"Successful login for user '(?P<user>[^']{{1,256}})' from: ?(?P<ip>{_IP})", (("authentication",), "start", "logged-in", "success")),
        (rf"(?:webConfigurator|Web GUI) authentication error for (?:user )?'(?P<user>[^']{{0,256}})' from:? (?P<ip>{_IP})", (("authentication",), "start", "logon-failed", "failure")),
        (rf"(?:User|Session) (?:logged out|timed out) for user '(?P<user>[^']{{1,256}})' from: ?(?P<ip>{_IP})", (("authentication",), "end", "logged-out", "success")),
        (r"user (?P<user>\S{1,256}) authenticated successfully for (?P<server>\S{1,64})", (("authentication",), "start", "logged-in", "success")),
        (r"user (?P<user>\S{1,256}) failed authentication for (?P<server>\S{1,64})", (("authentication",), "start", "logon-failed", "failure")),
        (r"user (?P<user>\S{1,256}) could not authenticate for (?P<server>\S{1,64})", (("authentication",), "start", "logon-failed", "failure")),
        (rf"Configuration Change: (?P<user>[^@\s]{{1,256}})@(?P<ip>{_IP})(?: \([^()]{{1,80}}\))?: ?(?P<reason>.{{0,400}})", (("configuration",), "change", "configuration-changed", "success")),
        (rf"user (?P<user>[^@\s]{{1,256}})(?:@(?P<ip>{_IP}))? changed configuration to (?P<reason>.{{1,400}})", (("configuration",), "change", "configuration-changed", "success")),
    )
)  # fmt: skip
ADMIN_LINES = tuple(pattern for pattern, _ in _ADMIN)


def _read_admin(message: str, document: Document) -> bool:
    for pattern, (categories, kind, action, outcome) in _ADMIN:
        if match := pattern.match(message):
            categorise(document, categories, [kind], action=action, outcome=outcome)
            put_who(document, match.groupdict())
            return True
    return False


def _read_sshd(message: str, document: Document) -> bool:
    return SSHD.read(message, document)


_ALERT = re.compile(
    rf"(?:\[(?P<what>Drop|wDrop|Block)\] )?\[(?:\*\*\] \[)?(?P<gid>\d{{1,10}}):(?P<sid>\d{{1,10}}):(?P<rev>\d{{1,10}})\] ?\"?(?P<name>.{{1,400}}?)\"? (?:\[\*\*\] )?\[Classification: (?P<class>[^\]]{{1,128}})\] \[Priority: (?P<priority>\d{{1,3}})\]:? \{{(?P<proto>[\w-]{{1,20}})\}} "
    rf"(?P<s>{_IP}?)(?::(?P<sport>\d{{1,5}}))? -> (?P<d>{_IP}?)(?::(?P<dport>\d{{1,5}}))?$",
    re.ASCII,
)


def _read_ids(message: str, document: Document) -> bool:
    """Read what Suricata or Snort says of an alert, as a line or as EVE JSON."""
    fields: dict[str, object]
    if message.startswith("{"):
        entry = load_object(message)
        found = entry.get("alert")
        alert = found if isinstance(found, dict) else {}
        fields = {
            "s": entry.get("src_ip"), "d": entry.get("dest_ip"), "sport": entry.get("src_port"), "dport": entry.get("dest_port"),
            "proto": entry.get("proto"), "sid": text(alert.get("signature_id")), "rev": text(alert.get("rev")),
            "name": alert.get("signature"), "class": alert.get("category"), "priority": alert.get("severity"),
            "what": "Drop" if alert.get("action") == "blocked" else None,
        }  # fmt: skip
        document["vendor"] = entry
        kind = text(entry.get("event_type")) or "event"
    elif match := _ALERT.match(message):
        fields, kind = dict(match.groupdict()), "alert"
    else:
        return False
    categorise(
        document,
        ["network", *(["intrusion_detection"] if kind == "alert" else [])],
        [],
        kind="alert" if kind == "alert" else "event",
        action=kind,
    )
    dropped = fields["what"] is not None
    document["event"]["type"] = ["info", *(["denied" if dropped else "allowed"] if kind == "alert" else [])]
    put_end(document, "source", fields["s"], fields["sport"])
    put_end(document, "destination", fields["d"], fields["dport"])
    put_transport(document, fields["proto"])
    put(document, "rule.id", text(fields["sid"]))
    put(document, "rule.name", text(fields["name"]))
    put(document, "rule.category", text(fields["class"]))
    put(document, "rule.version", text(fields["rev"]))
    put(document, "event.severity", integer(fields["priority"]))
    put_flow(document)
    return True


READERS: Mapping[str, Callable[[str, Document], bool]] = {
    **NETWORK_SERVICES, "filterlog": read_packet, "php-fpm": _read_admin, "php": _read_admin, "audit": _read_admin,
    "lighttpd": _read_admin, "sshd": _read_sshd, "sshd-session": _read_sshd, "suricata": _read_ids, "snort": _read_ids,
}  # fmt: skip
"""By program."""
_CATEGORIES = {
    "unbound": "network", "dhcpd": "network", "openvpn": "network", "charon": "network", "dpinger": "network", "ntpd": "host",
    "sshguard": "network", "haproxy": "network", "nginx": "web", "squid": "web", "hostapd": "network", "radvd": "network",
}  # fmt: skip


def read_service(program: str, message: str, document: Document) -> None:
    """Add to a message's document what it means; of one that nobody knows, that its program said it."""
    key = service_key(program)
    reader = READERS.get(key)
    if reader is not None and reader(message, document):
        return
    category = _CATEGORIES.get(key, "host")
    categorise(document, [category])
    add(document, "event.type", "info")
    if (found := _ANY_IP.search(message)) and category == "network":
        put_ip(document, "source.ip", found[1])


_ANY_IP = re.compile(r"\bfrom (?:\[AF_INET6?\])?((?:\d{1,3}\.){3}\d{1,3})\b", re.ASCII)
