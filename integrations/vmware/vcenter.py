"""``vmware.vcenter``: vCenter Server: events as vpxd streams them by syslog, single sign-on's audit events, vpxd.log.

Reference: VMware vSphere documentation, "Forward vCenter Server events to a remote syslog server":
``Event [id] [1-1] [time] [type] [severity] [user] [datacenter] [chain] [message]``; and audit_events.log of the
single sign-on service, whose events are JSON.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, put, put_end, text
from integrations.normalisers import load_object
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.vmware.lines import read_line, vendor_of, vsphere_source
from integrations.vmware.meanings import put_user, read_event, read_sentence
from rules.ecs import Document

_EVENT = re.compile(
    r"Event \[(\d{1,12})\] \[\d{1,3}-\d{1,3}\] \[([^\]]{10,40})\] \[([\w.]{3,128})\] \[(\w{1,16})\] \[([^\]]{0,256})\] \[([^\]]{0,256})\] "
    r"\[(\d{0,12})\] \[(.*)\]?",
    re.DOTALL | re.ASCII,
)
_SSO = {
    "com.vmware.sso.LoginSuccess": (["authentication"], ["start"], "success"),
    "com.vmware.sso.LoginFailure": (["authentication"], ["start", "denied"], "failure"),
    "com.vmware.sso.Logout": (["authentication", "session"], ["end"], "success"),
    "com.vmware.sso.PrincipalManagement": (["iam"], ["change", "user"], None),
    "com.vmware.sso.RoleManagement": (["iam"], ["change", "admin"], None),
    "com.vmware.sso.ConfigurationManagement": (["configuration"], ["change"], None),
    "com.vmware.sso.DomainManagement": (["configuration"], ["change"], None),
    "com.vmware.sso.LockoutPolicy": (["configuration"], ["change"], None),
    "com.vmware.sso.PasswordPolicy": (["configuration"], ["change"], None),
}
_ADDRESS = re.compile(r"@([0-9a-fA-F.:]{3,45}) logged")


def _read(message: str, envelope: Envelope | None, times: Times) -> Document:
    at = message.find("Event [", 0, 200)
    if at >= 0 and (match := _EVENT.match(message, at)):
        return _vim(match, envelope, times)
    brace = message.find("{", 0, 200)
    if brace >= 0 and '"type"' in message:
        return _sso(message[brace:], envelope, times)
    said = read_line(message, envelope, times)
    document: Document = {"@timestamp": said.time}
    categorise(document, [], ["error" if said.level in {"error", "critical"} else "info"])
    put(document, "message", said.message)
    put(document, "log.level", said.level)
    put(document, "process.name", said.program)
    put(document, "process.pid", said.pid)
    put(document, "vendor", vendor_of(said))
    _put_host(document, said.host)
    read_sentence(said.message, document)
    if user := said.originator.get("user"):
        put_user(document, user)
    return document


def _put_host(document: Document, host: str | None) -> None:
    put(document, "host.name", host)
    put(document, "host.hostname", host)


def _vim(match: re.Match[str], envelope: Envelope | None, times: Times) -> Document:
    number, stamp, name, severity, user, datacenter, chain, message = match.groups()
    message = message.removesuffix("]")
    time = times.iso(stamp) or (envelope.time if envelope is not None else None)
    document: Document = {"@timestamp": times.required(time)}
    read_event(name, message, document)
    put(document, "message", message)
    put(document, "log.level", severity)
    if severity == "error" and document["event"]["type"] == ["info"]:
        document["event"]["type"] = ["error"]
    if text(user):
        document.get("user", {}).clear()
        put_user(document, user)
        if not document["user"]:
            del document["user"]
    _put_host(document, envelope.host if envelope is not None else None)
    put(document, "process.name", envelope.program if envelope is not None else None)
    put(
        document,
        "vendor",
        {"event_id": number, "type": name, "datacenter": datacenter, "chain_id": chain, "severity": severity},
    )
    return document


def _sso(data: str, envelope: Envelope | None, times: Times) -> Document:
    entry = load_object(data)
    kind = text(entry.get("type"))
    if kind is None:
        raise UnparsedError("expected type, as com.vmware.sso.LoginSuccess, in an audit event")
    time = times.any(entry.get("timestamp")) or times.parse(entry.get("timestamp"), "%m/%d/%Y %H:%M:%S %Z")
    document: Document = {"@timestamp": times.required(time, envelope.time if envelope is not None else None)}
    categories, types, outcome = _SSO.get(kind, (["iam"], ["info"], None))
    categorise(document, categories, types, action=kind.rpartition(".")[2], outcome=outcome)
    put(document, "event.code", kind)
    put(document, "message", text(entry.get("description")))
    put(document, "log.level", text(entry.get("eventSeverity")))
    put_user(document, entry.get("user"))
    client = text(entry.get("client"))
    if client is None and (match := _ADDRESS.search((text(entry.get("description")) or "")[:1024])):
        client = match[1]
    put_end(document, "source", client)
    _put_host(document, envelope.host if envelope is not None else None)
    document["vendor"] = entry
    return document


def _recognise(message: str) -> bool:
    head = message[:400]
    return (
        ("Event [" in head and "[vim.event." in head)
        or ('"com.vmware.sso.' in message[:4096])
        or ("vpxd[" in head[:80] and "[Originator@" in head)
    )


VCENTER = vsphere_source(
    "vmware.vcenter",
    "VMware vCenter Server (events, single sign-on audit, vpxd)",
    "VMware vSphere documentation, Forward vCenter Server Log Files and Events to Remote Syslog Server",
    _read,
    _recognise,
    (
        Sample("<14>1 2026-03-30T16:01:36.123Z vc-1 vpxd 4321 - - Event [1234567] [1-1] [2026-03-30T16:01:35.987654Z] [vim.event.UserLoginSessionEvent] [info] "
               "[VSPHERE.LOCAL\\alice] [] [1234567] [User VSPHERE.LOCAL\\alice@198.51.100.7 logged in as VMware-client/6.5.0]",
               {"@timestamp": "2026-03-30T16:01:35.987Z", "event.action": "UserLoginSessionEvent", "event.category": ["authentication"],
                "event.outcome": "success", "event.code": "vim.event.UserLoginSessionEvent", "user.name": "alice", "user.domain": "VSPHERE.LOCAL",
                "source.ip": "198.51.100.7", "user_agent.original": "VMware-client/6.5.0", "host.name": "vc-1", "log.level": "info",
                "message": "User VSPHERE.LOCAL\\alice@198.51.100.7 logged in as VMware-client/6.5.0"}),
        Sample("Mar 30 16:01:36 vc-1 vpxd[4321]: Event [1234568] [1-1] [2026-03-30T16:01:36.123Z] [vim.event.BadUsernameSessionEvent] [error] [] [] [1234568] "
               "[Cannot login bob@203.0.113.9]",
               {"event.outcome": "failure", "event.type": ["start", "denied"], "user.name": "bob", "source.ip": "203.0.113.9", "log.level": "error"}),
        Sample("Mar 30 16:01:36 vc-1 vpxd[4321]: Event [1234569] [1-1] [2026-03-30T16:01:36.123Z] [vim.event.VmRemovedEvent] [info] [EXAMPLE\\alice] [DC1] [1234569] "
               "[Removed web-1 on esx-1 from DC1]",
               {"event.action": "VmRemovedEvent", "event.category": ["host"], "event.type": ["deletion"], "user.name": "alice", "vendor.datacenter": "DC1"}),
        Sample('2026-03-30T16:01:36.123Z {"user":"eve@vsphere.local","client":"203.0.113.9","timestamp":"2026-03-30T16:01:36.123Z","description":"User '
               'eve@vsphere.local@203.0.113.9 failed to log in with response code 401","eventSeverity":"INFO","type":"com.vmware.sso.LoginFailure"}',
               {"event.action": "LoginFailure", "event.outcome": "failure", "user.name": "eve", "user.domain": "vsphere.local", "source.ip": "203.0.113.9"}),
        Sample("2026-03-30T16:01:36.123Z info vpxd[04321] [Originator@6876 sub=vpxLro opID=abc] [VpxLRO] -- BEGIN session-1 -- vim.SessionManager.login",
               {"process.name": "vpxd", "process.pid": 4321, "vendor.originator.sub": "vpxLro", "event.type": ["info"]}),
    ),
)  # fmt: skip
