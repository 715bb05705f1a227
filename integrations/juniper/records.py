"""Junos' logs as fields, structured (``[junos@2636… key="value"]``) or not, under the structured names.

Reference: Juniper, "System Log Explorer"; "sd-syslog" and "syslog" formats of security logs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from integrations.notations import read_pairs
from integrations.syslog import Envelope

_TAG = r"[A-Z][A-Z0-9]{1,20}(?:_[A-Z0-9]{1,40}){1,8}"
_STRUCTURED = re.compile(
    rf"(?:(?P<process>[\w./-]{{1,64}}) \S{{1,64}} )?(?P<tag>{_TAG}|-) \[junos@[\d.]{{1,64}} ", re.ASCII
)
_LINE = re.compile(
    rf"(?:(?P<process>[\w./-]{{1,64}})(?:\[\d{{1,10}}\])?: )?(?:%[\w-]{{1,64}}: )?(?P<tag>{_TAG}): ?",
    re.ASCII,
)
_ADDRESS = r"[0-9A-Fa-f.:]{2,45}"


def _path(first: str, second: str, prefix: str = "") -> str:
    return rf"(?P<{first}>{_ADDRESS})/(?P<{prefix}sp>\d{{1,5}})-{{1,2}}>(?P<{second}>{_ADDRESS})/(?P<{prefix}dp>\d{{1,5}})(?: 0x[0-9a-fA-F]{{1,8}})?"


_FLOW = re.compile(
    r"(?:APPTRACK |AppTrack )?session (?P<what>created|closed|denied)(?P<reason>[^:/]{0,80}?)?:? "
    + _path("s", "d") + r" (?P<service>[^\s]{1,64}) "
    + rf"(?:(?:[\w.:-]{{1,64}} ){{0,2}}?{_path('ns', 'nd', 'n')} (?:\S{{1,64}} ){{2,6}}?)?"
    + r"(?P<proto>\d{1,3})(?:\((?P<icmp>\d{1,3})\))? (?P<policy>\S{1,128}) (?P<sz>\S{1,64}) (?P<dz>\S{1,64})"
    + r"(?: (?P<session>\d{1,12})(?: (?P<spk>\d{1,18})\((?P<sby>\d{1,18})\) (?P<dpk>\d{1,18})\((?P<dby>\d{1,18})\) (?P<elapsed>\d{1,12}))?)?",
    re.ASCII,
)  # fmt: skip
_SCREEN = re.compile(
    rf"(?P<name>[^!:]{{1,128}}!?)!? source: (?P<s>{_ADDRESS}?)(?::(?P<sp>\d{{1,5}}))?, destination: (?P<d>{_ADDRESS}?)(?::(?P<dp>\d{{1,5}}))?,"
    r"(?: protocol-id: (?P<proto>\d{1,3}),)? zone name: (?P<sz>[^,]{1,64}), interface name: (?P<interface>[^,]{1,64}), action: (?P<action>[\w-]{1,20})",
    re.ASCII,
)
_WEB = re.compile(
    rf'.{{0,40}}?ACTION="(?P<what>[^"]{{1,64}})" (?P<s>{_ADDRESS})\((?P<sp>\d{{1,5}})\)->(?P<d>{_ADDRESS})\((?P<dp>\d{{1,5}})\)',
    re.ASCII,
)
_ATTACK = re.compile(
    rf"IDP: at (?P<epoch>\d{{1,12}}), (?P<kind>\w{{1,20}}) Attack log <(?P<s>{_ADDRESS})/(?P<sp>\d{{1,5}})->(?P<d>{_ADDRESS})/(?P<dp>\d{{1,5}})> for (?P<proto>\w{{1,10}}) protocol"
    r"(?: and service (?P<service>\S{1,64}))?(?: application (?P<app>\S{1,64}))?(?: by rule (?P<rule>\S{1,64}))?(?: of rulebase (?P<base>\S{1,64}))?(?: in policy (?P<policy>[^.\s]{1,64}))?",
    re.ASCII,
)
_NAMES = {
    "s": "source-address", "d": "destination-address", "sp": "source-port", "dp": "destination-port", "service": "service-name",
    "ns": "nat-source-address", "nd": "nat-destination-address", "nsp": "nat-source-port", "ndp": "nat-destination-port",
    "proto": "protocol-id", "icmp": "icmp-type", "policy": "policy-name", "sz": "source-zone-name", "dz": "destination-zone-name",
    "session": "session-id-32", "spk": "packets-from-client", "sby": "bytes-from-client", "dpk": "packets-from-server",
    "dby": "bytes-from-server", "elapsed": "elapsed-time", "reason": "reason", "name": "attack-name", "interface": "interface-name",
    "action": "action", "epoch": "epoch-time", "app": "application-name", "rule": "rule-name", "base": "rulebase-name",
}  # fmt: skip
_UPPER = {
    "CATEGORY": "category", "REASON": "reason", "PROFILE": "profile-name", "URL": "url", "OBJ": "obj", "USERNAME": "username",
    "ROLES": "roles", "name": "attack-name", "threat-severity": "threat-severity", "action": "action",
}  # fmt: skip
_QUOTED = re.compile(r"'([^']{0,2048})'")


class Log(NamedTuple):
    tag: str
    """``RT_FLOW_SESSION_CREATE``; empty where the line names none."""
    process: str
    entry: Mapping[str, str]
    text: str


def read_log(message: str, envelope: Envelope | None) -> Log | None:
    """Return a Junos log's tag and fields, None where it has no tag."""
    more = envelope.more or {} if envelope is not None else {}
    program = envelope.program if envelope is not None else ""
    for name, values in more.get("log.syslog.structured_data", {}).items():
        if name.startswith("junos@"):
            return Log(more.get("log.syslog.msgid", ""), program, _present(values), message)
    if match := _STRUCTURED.search(message[:600]):
        tag = match["tag"].strip("-")
        return Log(tag, match["process"] or program, _present(read_pairs(message[match.end() :])), "")
    if msgid := more.get("log.syslog.msgid"):
        return Log(msgid, program, _unstructured(msgid, message), message)
    whole = f"{program}: {message}" if program else message
    if (match := _LINE.match(whole)) is None:
        return None
    rest = whole[match.end() :]
    return Log(match["tag"], match["process"] or "", _unstructured(match["tag"], rest), rest)


def _present(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value not in ("", "N/A", "None", "UNKNOWN", "-")}


def _unstructured(tag: str, rest: str) -> dict[str, str]:
    for pattern in (_FLOW, _SCREEN, _WEB, _ATTACK):
        if match := pattern.match(rest):
            named = {
                _NAMES[key]: value.strip()
                for key, value in match.groupdict().items()
                if value and key in _NAMES
            }
            pairs = read_pairs(rest) if pattern in (_WEB, _ATTACK) else {}
            named |= {
                _UPPER[key]: value
                for key, value in pairs.items()
                if key in _UPPER and _UPPER[key] not in named
            }
            return _present(named)
    quoted = _QUOTED.findall(rest[:8192])[:8]
    keys = _QUOTES.get(tag, ("username",) if "User '" in rest or "user '" in rest else ())
    return {key: value for key, value in zip(keys, quoted, strict=False) if value}


_QUOTES: Mapping[str, tuple[str, ...]] = {
    "UI_CMDLINE_READ_LINE": ("username", "command"),
    "UI_LOGIN_EVENT": ("username", "class-name", "ssh-connection", "client-mode"),
    "UI_AUTH_EVENT": ("username", "authentication-level"),
    "UI_COMMIT": ("username", "command"),
    "UI_COMMIT_PROGRESS": ("message",),
    "SSHD_LOGIN_FAILED": ("username", "source-address"),
    "LOGIN_FAILED": ("username", "source-address"),
    "LOGIN_INFORMATION": (),
    "UI_DBASE_LOGIN_EVENT": ("username",),
}
"""What the quoted words of a message are, in their order."""
