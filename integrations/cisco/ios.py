"""``cisco.ios``: messages of Cisco's routers and switches (IOS, IOS-XE, IOS-XR, NX-OS).

Reference: Cisco IOS "System Message Guide"; NX-OS "System Messages Reference". Of a message that has no
reading here, facility, severity and text are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from integrations.cisco.asa import begun
from integrations.cisco.headers import Said, split_message
from integrations.cisco.ios_samples import SAMPLES
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, mac, put, put_end, put_new, text
from integrations.flows import put_account, put_flow, put_side, put_transport
from integrations.normalisers import message_source
from integrations.syslog import Envelope
from integrations.times import Times
from rules.ecs import Document

_IP = r"[0-9A-Fa-f.:]{2,45}"


class _Row(NamedTuple):
    category: tuple[str, ...]
    type: tuple[str, ...]
    action: str
    outcome: str | None
    pattern: re.Pattern[str]


def _row(category: str, type: str, action: str, outcome: str | None, pattern: str) -> _Row:
    whole = pattern.replace("<ip>", rf"(?P<s>{_IP})")
    return _Row(
        tuple(category.split()), tuple(type.split()), action, outcome, re.compile(whole, re.ASCII | re.DOTALL)
    )


_ACCESS = re.compile(
    rf"(?:.{{0,64}}: +)?list (?P<acl>\S{{1,128}}) (?P<verdict>permitted|denied) (?:(?P<proto>[\w-]{{1,20}}) )?(?P<s>{_IP})(?:\((?P<sport>\d{{1,5}})\))?"
    rf"(?: ?\((?P<sif>[^\s()]{{1,64}})(?: (?P<smac>[0-9a-fA-F.:]{{12,17}}))?\))?(?: ?-> ?(?P<d>{_IP})(?:\((?P<dport>\d{{1,5}})\))?(?: ?\((?P<icmp>\d{{1,3}})/(?P<icmpcode>\d{{1,3}})\))?)?"
    r",? (?P<packets>\d{1,12}) packets?",
    re.ASCII,
)
_LOGIN = r".{0,200}?\[user: ?(?P<user>[^\]]{0,256})\] ?\[Source: ?(?P<s>[^\]\s]{0,64})\] ?\[localport: ?(?P<dport>\d{0,5})\](?: ?\[Reason: ?(?P<reason>[^\]]{0,256})\])?"
_ROWS: Mapping[str, tuple[_Row, ...]] = {
    "LOGIN_SUCCESS": (_row("authentication", "start", "logged-in", "success", _LOGIN),),
    "LOGIN_FAILED": (_row("authentication", "start", "logon-failed", "failure", _LOGIN),),
    "QUIET_MODE_ON": (_row("authentication", "info", "login-blocked", "success", _LOGIN),),
    "WEBLOGIN_SUCCESS": (
        _row("authentication", "start", "logged-in", "success", r".{0,80}?from host <ip> by user '(?P<user>[^']{1,256})'"),
    ),
    "WEBLOGIN_FAILED": (
        _row("authentication", "start", "logon-failed", "failure", r".{0,80}?from host <ip> by user '(?P<user>[^']{1,256})'"),
    ),
    "SSH2_USERAUTH": (
        _row("authentication", "start", "ssh-login", None, r"User '(?P<user>[^']{0,256})' authentication for SSH2? Session from <ip> .{0,200}?(?P<result>Succeeded|Failed)"),
    ),
    "SSH2_SESSION": (_row("network session", "start", "ssh-session", None, r"SSH2? Session request from <ip> .{0,200}?(?P<result>Succeeded|Failed)"),),
    "SSH2_CLOSE": (_row("network session", "end", "ssh-session-closed", "success", r"SSH2? Session from <ip> .{0,40}?for user '(?P<user>[^']{0,256})'"),),
    "CONFIG_I": (
        _row("configuration", "change", "configured", "success", r"Configured from (?P<from>\S{1,64}) by (?P<user>\S{1,256}) on (?P<line>\S{1,40})(?: \(<ip>\))?"),
        _row("configuration", "change", "configured", "success", r"Configured from <ip> by (?P<user>\S{1,64})"),
        _row("configuration", "change", "configured", "success", r"Configured from (?P<from>.{1,80}?) by (?P<user>\S{1,256})"),
    ),
    "CONFIG_P": (
        _row("configuration", "change", "configured-programmatically", "success", r"Configured programmatically by process (?P<process>\S{1,128}) from \S{1,64} as (?P<user>\S{1,256}) on (?P<line>\S{1,40})"),
    ),
    "VSHD_SYSLOG_CONFIG_I": (
        _row("configuration", "change", "configured", "success", r"Configured from (?P<from>\S{1,64}) by (?P<user>\S{1,256}) on <ip>@(?P<line>\S{1,40})"),
    ),
    "CFGLOG_LOGGEDCMD": (_row("configuration", "change", "command-executed", "success", r"User: ?(?P<user>\S{1,256}) {1,4}logged command: ?(?P<command>.{1,4096})"),),
    "AAA_ACCOUNTING_MESSAGE": (
        _row("configuration", "change", "command-executed", None, r"(?P<what>\w{1,20}):<ip>@(?P<line>[^:]{1,64}):(?P<user>[^:]{1,256}):(?P<command>.{0,4096})"),
    ),
    "LOGOUT": (_row("authentication session", "end", "logged-out", "success", r"User (?P<user>\S{1,256}) has exited tty session \d{1,6}\(<ip>\)"),),
    "RELOAD": (_row("host", "end", "reload", "success", r"Reload requested(?: by (?P<user>\S{1,256}) on \S{1,40}(?: \(<ip>\))?)?"),),
    "UPDOWN": (_row("network", "change", "interface-state-changed", None, r"(?:Line protocol on )?Interface (?P<sif>[^\s,]{1,64}), changed state to (?P<reason>[\w ]{1,40})"),),
    "CHANGED": (_row("network", "change", "interface-state-changed", None, r"Interface (?P<sif>[^\s,]{1,64}), changed state to (?P<reason>[\w ]{1,40})"),),
    "BADAUTH": (_row("network authentication", "denied", "tcp-authentication-failed", "failure", r".{0,80}?from <ip>[(:](?P<sport>\d{1,5})\)? to (?P<d>[0-9A-Fa-f.:]{2,45}?)[(:](?P<dport>\d{1,5})"),),
    "SYSTEM_MSG": (
        _row("authentication", "start", "logon-failed", "failure", r".{0,80}?[Aa]uthentication fail\w{1,8}(?: for (?:illegal )?user (?P<user>\S{1,256}))? from <ip>"),
        _row("authentication", "start", "logged-in", "success", r".{0,40}?Accepted \w{1,30} for (?P<user>\S{1,256}) from <ip>(?: port (?P<sport>\d{1,5}))?"),
    ),
    "INFO_SUCCESS": (_row("authentication", "start", "logged-in", "success", r"Successfully authenticated user '(?P<user>[^']{1,256})' from '<ip>'"),),
    "ERR_FAILURE": (_row("authentication", "start", "logon-failed", "failure", r".{0,80}?user '(?P<user>[^']{1,256})' from '<ip>'"),),
    "INFO_USER_LOGOUT": (_row("authentication session", "end", "logged-out", "success", r"User '(?P<user>[^']{1,256})' from '<ip>' logged out on '(?P<line>[^']{1,64})'"),),
    "INFO_GENERAL": (
        _row("authentication", "start", "logon-failed", "failure", r"sshd\[\d{1,10}\]: Failed \S{1,40} for (?P<user>.{1,256}?) from <ip> port (?P<sport>\d{1,5})"),
        _row("authentication", "start", "logged-in", "success", r"sshd\[\d{1,10}\]: Accepted \S{1,40} for (?P<user>.{1,256}?) from <ip> port (?P<sport>\d{1,5})"),
    ),
    "DB_COMMIT": (_row("configuration", "change", "configuration-committed", "success", r"Configuration committed by user '(?P<user>[^']{1,256})'"),),
    "COMMIT_FAILURE": (_row("configuration", "change", "configuration-committed", "failure", r".{0,200}?under '(?P<line>[^']{1,64})'.{0,40}?by ?: ?'(?P<user>[^']{1,256})'"),),
    "PSECURE_VIOLATION": (_row("network", "denied", "port-security-violation", "success", r".{0,80}?caused by MAC address (?P<smac>[0-9a-fA-F.]{14}) on port (?P<sif>\S{1,64}?)\.?$"),),
    "AUTHFAIL": (_row("authentication", "info", "snmp-authentication-failed", "failure", r".{0,80}?from host <ip>"),),
}  # fmt: skip
"""By mnemonic, whatever the facility: the first pattern that fits."""
_FACILITIES = {
    "AAA": ("authentication",), "SEC_LOGIN": ("authentication",), "SEC": ("network",), "IPV6_ACL": ("network",), "LINK": ("network",),
    "LINEPROTO": ("network",), "BGP": ("network",), "OSPF": ("network",), "DUAL": ("network",), "TCP": ("network",), "SSH": ("network",),
    "PARSER": ("configuration",), "DOT1X": ("authentication",), "MAB": ("authentication",), "AUTHMGR": ("authentication",),
    "CDP": ("network",), "LDP": ("network",), "HSRP": ("network",), "STANDBY": ("network",), "SPANTREE": ("network",), "ARP": ("network",),
    "ETHPORT": ("network",), "CRYPTO": ("network",), "PORT_SECURITY": ("network",),
}  # fmt: skip
_NOT_OURS = ("ASA", "PIX", "FWSM", "FTD", "NGIPS")
_HEADED = re.compile(
    r"%[A-Z][A-Z0-9_]{1,40}(?:-[A-Z0-9_]{1,40}){0,3}-[0-7]-[A-Z][A-Z0-9_]{2,80}(?: ?:)? ", re.ASCII
)


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    said = split_message(message, envelope, times)
    if said is None or said.facility.partition("-")[0] in _NOT_OURS:
        raise UnparsedError("expected %FACILITY-severity-MNEMONIC: text")
    document = begun(said, envelope, times, "IOS")
    document["message"] = f"%{said.facility}-{said.severity}-{said.mnemonic}: {said.text}"
    document["vendor"] = {"facility": said.facility, "mnemonic": said.mnemonic}
    if not said.sure:
        document["vendor"]["clock"] = "not synchronised"
    if "ACCESSLOG" in said.mnemonic and (match := _ACCESS.match(said.text)):
        _read_access(document, match.groupdict())
        return document
    for row in _ROWS.get(said.mnemonic, ()):
        if found := row.pattern.match(said.text):
            categorise(document, row.category, row.type, action=row.action, outcome=row.outcome)
            _read_fields(document, said, found.groupdict())
            return document
    family = said.facility.partition("-")[0]
    categorise(document, _FACILITIES.get(family, ("host",)), action=said.mnemonic.lower())
    return document


def _read_access(document: Document, fields: Mapping[str, Any]) -> None:
    denied = fields["verdict"] == "denied"
    categorise(
        document,
        ["network"],
        ["connection", "denied" if denied else "allowed"],
        action="deny" if denied else "allow",
        outcome="success",
    )
    put(document, "event.provider", "firewall")
    put(document, "event.blocked", "true" if denied else "false")
    put(document, "rule.name", fields["acl"])
    put_end(document, "source", fields["s"], fields["sport"])
    put_end(document, "destination", fields["d"], fields["dport"])
    put(document, "source.mac", mac(fields["smac"]))
    put_side(document, "ingress", fields["sif"])
    put_transport(document, fields["proto"] if fields["proto"] != "0" else None)
    put(document, "source.packets", integer(fields["packets"]))
    document["vendor"] |= {name: value for name, value in fields.items() if value}
    put_flow(document, fields["icmp"], fields["icmpcode"])


def _read_fields(document: Document, said: Said, fields: Mapping[str, Any]) -> None:
    result = fields.get("result")
    command = fields.get("command") or ""
    if result or command.rstrip().endswith(("(SUCCESS)", "(FAILURE)")):
        failed = result == "Failed" or command.rstrip().endswith("(FAILURE)")
        put(document, "event.outcome", "failure" if failed else "success")
    put_end(document, "source", fields.get("s"), fields.get("sport"))
    put_end(document, "destination", fields.get("d"), fields.get("dport") or None)
    user = text(fields.get("user"))
    if user and user != "snmp":
        put_account(document, "user", user)
        if "source" in document:
            put_account(document, "source.user", user)
    put(document, "source.mac", mac(fields.get("smac")))
    put_side(document, "ingress", fields.get("sif"))
    put(document, "event.reason", text(fields.get("reason")))
    put(document, "process.name", text(fields.get("process")))
    put(document, "process.command_line", text(command))
    put_new(document, "event.provider", said.facility.lower())
    document["vendor"] |= {name: value for name, value in fields.items() if value}
    if "BADAUTH" in said.mnemonic:
        put_transport(document, "tcp")
        put_flow(document)


def _recognise(message: str) -> bool:
    head = message[:400]
    found = _HEADED.search(head)
    return found is not None and found[0][1:].partition("-")[0] not in _NOT_OURS


IOS = message_source(
    "cisco.ios",
    "Cisco IOS, IOS-XE, IOS-XR and NX-OS routers and switches",
    "Cisco IOS System Message Guide",
    read,
    _recognise,
    SAMPLES,
)
