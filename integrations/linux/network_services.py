"""What the network services of many systems log: Unbound, ISC dhcpd and Kea, OpenVPN, strongSwan.

References: unbound.conf(5) ``log-queries`` and ``log-replies``; ISC dhcpd and Kea; OpenVPN's and strongSwan's
(charon's) messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.dns import put_code, put_question
from integrations.fields import categorise, mac, put, put_end, text
from integrations.flows import put_account, put_side
from rules.ecs import Document

_IP = r"[0-9A-Fa-f.:]{2,45}"
_QUERY = re.compile(
    rf"(?:\[\d{{1,10}}:[0-9a-f]{{1,8}}\] )?info: (?P<client>{_IP}) (?P<name>\S{{1,255}}) (?P<type>[A-Z0-9]{{1,16}}) (?P<class>[A-Z]{{2,8}})(?: (?P<code>[A-Z]{{3,16}}) (?P<seconds>[\d.]{{1,16}}) (?P<cached>[01]) (?P<size>\d{{1,8}}))?",
    re.ASCII,
)


def read_unbound(message: str, document: Document) -> bool:
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


def read_dhcp(message: str, document: Document) -> bool:
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


def read_openvpn(message: str, document: Document) -> bool:
    for pattern, (category, kind, action, outcome) in _OPENVPN:
        if match := pattern.match(message):
            categorise(document, dict.fromkeys([category, "network"]), [kind], action=action, outcome=outcome)
            put_who(document, match.groupdict())
            return True
    return False


def put_who(document: Document, fields: Mapping[str, str | None]) -> None:
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


def read_ike(message: str, document: Document) -> bool:
    for pattern, (kind, action, outcome) in _IKE:
        if match := pattern.match(message):
            fields = match.groupdict()
            category = "authentication" if "user" in fields else "network"
            categorise(document, dict.fromkeys([category, "network"]), [kind], action=action, outcome=outcome)
            put_who(document, fields)
            put_end(document, "destination", fields.get("local"), fields.get("local_port"))
            return True
    return False


NETWORK_SERVICES: Mapping[str, Callable[[str, Document], bool]] = {
    "unbound": read_unbound, "dhcpd": read_dhcp, "kea-dhcp4": read_dhcp, "kea-dhcp6": read_dhcp, "dhcp6s": read_dhcp,
    "openvpn": read_openvpn, "charon": read_ike, "ipsec": read_ike,
}  # fmt: skip
"""By program. ``openvpn`` may be an instance: ``openvpn_server1``, see `service_key`."""


def service_key(program: str) -> str:
    """Return the name under which a program is known: ``openvpn`` for ``/usr/sbin/openvpn_server1``."""
    name = program.rpartition("/")[2]
    if name.startswith(("openvpn", "ovpn")):
        return "openvpn"
    return "charon" if name.startswith("charon") else name
