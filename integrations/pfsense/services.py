"""What the services of pfSense and OPNsense log: resolver, DHCP, VPNs, the web interface, sshd, Suricata.

References: unbound.conf(5) ``log-queries`` and ``log-replies``; ISC dhcpd and Kea; OpenVPN's and strongSwan's
(charon's) messages; pfSense's auth.inc and OPNsense's audit log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.dns import put_code, put_question
from integrations.fields import add, categorise, integer, mac, put, put_end, put_ip, text
from integrations.flows import put_account, put_flow, put_side, put_transport
from integrations.linux.sshd import SSHD
from integrations.normalisers import load_object
from integrations.pfsense.filterlog import read_packet
from rules.ecs import Document

_IP = r"[0-9A-Fa-f.:]{2,45}"
_QUERY = re.compile(
    rf"(?:\[\d{{1,10}}:[0-9a-f]{{1,8}}\] )?info: (?P<client>{_IP}) (?P<name>\S{{1,255}}) (?P<type>[A-Z0-9]{{1,16}}) (?P<class>[A-Z]{{2,8}})(?: (?P<code>[A-Z]{{3,16}}) (?P<seconds>[\d.]{{1,16}}) (?P<cached>[01]) (?P<size>\d{{1,8}}))?",
    re.ASCII,
)


def _read_unbound(message: str, document: Document) -> bool:
    if (match := _QUERY.match(message)) is None:
        return False
    categorise(
        document,
        ["network"],
        ["protocol", "connection"],
        action="dns-reply" if match["code"] else "dns-query",
        outcome="success",
    )
    for side in ("source", "client"):
        put_end(document, side, match["client"])
    put(document, "network.protocol", "dns")
    put_question(document, match["name"].rstrip("."), match["type"], match["class"])
    if match["code"]:
        put_code(document, match["code"])
        put(
            document,
            "event.duration",
            round(float(match["seconds"]) * 1e9) if match["seconds"].count(".") < 2 else None,
        )
        if match["code"] == "SERVFAIL":
            document["event"]["outcome"] = "failure"
    return True


_LEASE = re.compile(
    rf"(?P<what>DHCP[A-Z]{{3,12}})(?: (?:on|for|of|from) (?!(?:[0-9a-fA-F]{{2}}:){{5}})(?P<ip>{_IP}))?(?: \((?P<server>{_IP})\))?(?: (?:to|from))?(?: (?P<mac>[0-9a-fA-F:]{{17}}))?(?: \((?P<host>[^()]{{1,255}})\))?(?: via (?P<interface>[^\s:]{{1,64}}))?",
    re.ASCII,
)
_KEA = re.compile(
    rf".{{0,120}}?(?P<what>DHCP[46]_[A-Z0-9_]{{3,40}})\s.{{0,80}}?hwtype=\d{{1,4}} (?P<mac>[0-9a-fA-F:]{{17}}).{{0,200}}?(?:lease|address) (?P<ip>{_IP})(?=\s|$)",
    re.ASCII,
)


def _read_dhcp(message: str, document: Document) -> bool:
    match = _LEASE.match(message) or _KEA.match(message)
    if match is None:
        return False
    fields = match.groupdict()
    action = fields["what"].lower()
    failed = action in ("dhcpnak", "dhcpdecline")
    categorise(
        document,
        ["network"],
        ["connection", "protocol"],
        action=action,
        outcome="failure" if failed else "success",
    )
    put(document, "network.protocol", "dhcp")
    put(document, "network.transport", "udp")
    for side in ("source", "client"):
        put_end(document, side, fields.get("ip"))
        put(document, f"{side}.mac", mac(fields.get("mac")))
        put(document, f"{side}.domain", text(fields.get("host")))
        put(document, f"{side}.address", fields.get("ip"))
    put_end(document, "server", fields.get("server"))
    put_side(document, "ingress", fields.get("interface"))
    return True


_PEER = rf"(?P<ip>{_IP}?)(?::(?P<port>\d{{1,5}}))?"
_OPENVPN = tuple(
    (re.compile(pattern, re.ASCII), meaning)
    for pattern, meaning in (
        (rf"openvpn server '(?P<server>[^']{{1,64}})' user '(?P<user>[^']{{1,256}})' address '{_PEER}' - connected", ("session", "start", "connected", "success")),
        (rf"openvpn server '(?P<server>[^']{{1,64}})' user '(?P<user>[^']{{1,256}})' address '{_PEER}' - disconnected", ("session", "end", "disconnected", "success")),
        (rf"openvpn server '(?P<server>[^']{{1,64}})' user '(?P<user>[^']{{1,256}})' address '{_PEER}' - connecting", ("session", "info", "connecting", None)),
        (r"user '(?P<user>[^']{1,256})' authenticated", ("authentication", "start", "authenticated", "success")),
        (r"user '(?P<user>[^']{1,256})' could not authenticate", ("authentication", "start", "authentication-failed", "failure")),
        (rf"{_PEER} \[(?P<user>[^\]]{{1,256}})\] Peer Connection Initiated with ", ("session", "start", "connected", "success")),
        (rf"(?P<user>[^\s/]{{1,256}})/{_PEER} (?:SIGTERM|SIGUSR1|\[[^\]]{{1,256}}\] Inactivity timeout|Connection reset)", ("session", "end", "disconnected", "success")),
        (rf"(?:(?P<user>[^\s/]{{1,256}})/)?{_PEER} TLS (?:Auth )?Error: (?P<reason>.{{1,200}})", ("authentication", "start", "tls-error", "failure")),
        (rf"(?:(?P<user>[^\s/]{{1,256}})/)?{_PEER} (?:MULTI|MULTI_sva): (?P<reason>.{{1,200}})", ("session", "info", "configured", None)),
    )
)  # fmt: skip


def _read_openvpn(message: str, document: Document) -> bool:
    for pattern, (category, kind, action, outcome) in _OPENVPN:
        if match := pattern.match(message):
            categorise(document, dict.fromkeys([category, "network"]), [kind], action=action, outcome=outcome)
            _put_who(document, match.groupdict())
            return True
    return False


def _put_who(document: Document, fields: Mapping[str, str | None]) -> None:
    put_end(document, "source", fields.get("ip"), fields.get("port"))
    if user := put_account(document, "user", fields.get("user")):
        put(document, "source.user.name", user if "source" in document else None)
    put(document, "event.reason", text(fields.get("reason")))
    put(document, "service.name", text(fields.get("server")))


_IKE = tuple(
    (re.compile(r"(?:\d{1,3}\[\w{3}\] )?(?:<[^<>]{1,80}> )?" + pattern, re.ASCII), meaning)
    for pattern, meaning in (
        (rf"IKE_SA \S{{1,80}} established between (?P<local>{_IP})\[.{{0,128}}?\]\.\.\.(?P<ip>{_IP})\[", ("start", "ike-established", "success")),
        (rf"deleting IKE_SA \S{{1,80}} between (?P<local>{_IP})\[.{{0,128}}?\]\.\.\.(?P<ip>{_IP})\[", ("end", "ike-deleted", "success")),
        (rf"(?:received|sending) packet: from (?P<ip>{_IP})\[(?P<port>\d{{1,5}})\] to (?P<local>{_IP})\[(?P<local_port>\d{{1,5}})\]", ("info", "ike-packet", None)),
        (rf"(?P<ip>{_IP}) is initiating an? ", ("start", "ike-initiated", None)),
        (r"authentication of '(?P<user>[^']{1,256})' with .{1,40}? successful", ("info", "ike-authenticated", "success")),
        (r"(?:EAP method \w{1,20} failed for peer|.{0,40}?authentication failed.{0,40}?peer) (?P<user>\S{1,256})", ("info", "ike-authentication-failed", "failure")),
        (r"received (?:AUTHENTICATION_FAILED|NO_PROPOSAL_CHOSEN) ", ("error", "ike-refused", "failure")),
        (r"CHILD_SA \S{1,80} established", ("start", "ipsec-established", "success")),
    )
)  # fmt: skip


def _read_ike(message: str, document: Document) -> bool:
    for pattern, (kind, action, outcome) in _IKE:
        if match := pattern.match(message):
            fields = match.groupdict()
            category = "authentication" if "user" in fields else "network"
            categorise(document, dict.fromkeys([category, "network"]), [kind], action=action, outcome=outcome)
            _put_who(document, fields)
            put_end(document, "destination", fields.get("local"), fields.get("local_port"))
            return True
    return False


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
            _put_who(document, match.groupdict())
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
    "filterlog": read_packet, "unbound": _read_unbound, "dhcpd": _read_dhcp, "kea-dhcp4": _read_dhcp, "kea-dhcp6": _read_dhcp,
    "dhcp6s": _read_dhcp, "openvpn": _read_openvpn, "charon": _read_ike, "ipsec": _read_ike, "php-fpm": _read_admin,
    "php": _read_admin, "audit": _read_admin, "lighttpd": _read_admin, "sshd": _read_sshd, "sshd-session": _read_sshd,
    "suricata": _read_ids, "snort": _read_ids,
}  # fmt: skip
"""By program. ``openvpn`` may be an instance: ``openvpn_server1``."""
_CATEGORIES = {
    "unbound": "network", "dhcpd": "network", "openvpn": "network", "charon": "network", "dpinger": "network", "ntpd": "host",
    "sshguard": "network", "haproxy": "network", "nginx": "web", "squid": "web", "hostapd": "network", "radvd": "network",
}  # fmt: skip


def read_service(program: str, message: str, document: Document) -> None:
    """Add to a message's document what it means; of one that nobody knows, that its program said it."""
    name = program.rpartition("/")[2]
    key = (
        "openvpn" if name.startswith(("openvpn", "ovpn")) else "charon" if name.startswith("charon") else name
    )
    reader = READERS.get(key)
    if reader is not None and reader(message, document):
        return
    category = _CATEGORIES.get(key, "host")
    categorise(document, [category])
    add(document, "event.type", "info")
    if (found := _ANY_IP.search(message)) and category == "network":
        put_ip(document, "source.ip", found[1])


_ANY_IP = re.compile(r"\bfrom (?:\[AF_INET6?\])?((?:\d{1,3}\.){3}\d{1,3})\b", re.ASCII)
