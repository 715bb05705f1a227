"""PAN-OS logs that are not about a session: system, configuration, users, GlobalProtect, hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.fields import add, categorise, mac, put, put_end, put_ip, text
from integrations.flows import put_account, put_length
from rules.ecs import Document

Entry = Mapping[str, str]

_QUOTED_USER = re.compile(r"\buser '([^']{1,256})'", re.IGNORECASE)
_USER = re.compile(r"\bUser(?: name)?:? ([^\s,']{1,256})(?: logged (in|out) via |,)")
_FROM = re.compile(r"\b(?:[Ff]rom:? |Client IP: |peer IP )([0-9A-Fa-f.:]{3,45})")
_FAILED = re.compile(r"\bfail|\binvalid\b|\bdenied\b|\bnot authenticated\b|\bincorrect\b", re.IGNORECASE)
_ENDING = re.compile(r"(?:^|-)(\w{1,20})-(fail|succ)(?:ess|ure)?$", re.ASCII)
"""How the ids of what was tried end: ``auth-fail``, ``globalprotectgateway-auth-succ``, ``ike-nego-p1-fail``."""
_AUTH_EVENTS = frozenset({"auth-success", "auth-fail", "auth-server-up", "auth-server-down"})
_SYSTEM_CATEGORIES = {
    "auth": "authentication", "vpn": "network", "globalprotect": "network", "dhcp": "network",
    "dnsproxy": "network", "routing": "network", "satd": "network", "sslvpn": "network", "port": "network",
    "ha": "host", "hw": "host", "nat": "network", "ntpd": "host", "upgrade": "package", "userid": "iam",
}  # fmt: skip


def _read_system(document: Document, entry: Entry) -> None:
    """PAN-OS says most of what matters in the description (``opaque``)."""
    said = entry.get("opaque", "")
    subtype, event = entry.get("subtype", "").lower(), entry.get("eventid", "").lower()
    category = _SYSTEM_CATEGORIES.get(subtype)
    categorise(document, [category] if category else ["host"], action=event or subtype or None)
    put(document, "message", said)
    login = _USER.search(said)
    quoted = _QUOTED_USER.search(said)
    if name := quoted[1] if quoted else login[1] if login else None:
        put_account(document, "user", name.rstrip("."))
    ending = _ENDING.search(event)
    if (logged := login[2] if login else None) or (ending is not None and ending[1] in ("auth", "login")):
        document["event"]["category"] = ["authentication"]
        document["event"]["type"] = ["end" if logged == "out" else "start"]
        failed = ending[2] == "fail" if ending is not None else _FAILED.search(said)
        document["event"]["outcome"] = "failure" if failed else "success"
    elif ending is not None:
        document["event"]["outcome"] = "failure" if ending[2] == "fail" else "success"
        if ending[1] == "logout":
            document["event"]["category"], document["event"]["type"] = ["authentication", "session"], ["end"]
    elif event in _AUTH_EVENTS or category == "authentication":
        document["event"]["outcome"] = "failure" if _FAILED.search(said) else "success"
    if origin := _FROM.search(said):
        put_end(document, "source", origin[1].rstrip(".:"))


_COMMANDS = {
    "add": "creation", "create": "creation", "clone": "creation", "multi-clone": "creation",
    "delete": "deletion", "revert": "change", "load": "change", "set": "change", "edit": "change",
    "rename": "change", "move": "change", "commit": "change", "commit-all": "change", "import": "change",
    "override": "change", "request": "change", "multi-move": "change",
}  # fmt: skip
_RESULTS = {"succeeded": "success", "submitted": "success", "failed": "failure", "unauthorized": "failure"}


def _read_config(document: Document, entry: Entry) -> None:
    command = entry.get("cmd", "").lower()
    categorise(
        document,
        ["configuration"],
        [_COMMANDS.get(command.partition(" ")[0], "change")],
        action=command or None,
        outcome=_RESULTS.get(entry.get("result", "").lower(), "unknown"),
    )
    put_account(document, "user", entry.get("admin"))
    put_end(document, "source", entry.get("host"))
    put(document, "event.provider", text(entry.get("client")))


_GLOBALPROTECT = {
    "portal-prelogin": ("authentication", "info"), "portal-auth": ("authentication", "start"),
    "portal-gen-cookie": ("session", "info"), "portal-getconfig": ("configuration", "access"),
    "gateway-prelogin": ("authentication", "info"), "gateway-auth": ("authentication", "start"),
    "gateway-register": ("session", "start"), "gateway-connected": ("session", "start"),
    "gateway-tunnel-latency": ("network", "info"), "gateway-getconfig": ("configuration", "access"),
    "gateway-setup-ssl": ("network", "start"), "gateway-setup-ipsec": ("network", "start"),
    "gateway-switch-to-ssl": ("network", "change"), "gateway-config-release": ("session", "info"),
    "gateway-hip-check": ("host", "info"), "gateway-hip-report": ("host", "info"),
    "gateway-logout": ("session", "end"), "gateway-agent-msg": ("session", "info"),
    "quarantine-add": ("host", "change"), "quarantine-delete": ("host", "change"),
}  # fmt: skip


def _read_globalprotect(document: Document, entry: Entry) -> None:
    event = entry.get("eventid", "").lower() or entry.get("subtype", "")
    category, kind = _GLOBALPROTECT.get(event, ("network", "info"))
    status = entry.get("status", "").lower()
    categorise(
        document,
        dict.fromkeys([category, "network"]),
        [kind],
        action=event or None,
        outcome=status if status in ("success", "failure") else None,
    )
    public = entry.get("public_ip")
    put_end(document, "source", public if public not in (None, "0.0.0.0") else entry.get("public_ipv6"))
    if (private := entry.get("private_ip", "")) not in ("", "0.0.0.0"):
        put_ip(document, "source.nat.ip", private)
    put_account(document, "source.user", entry.get("srcuser"))
    put_account(document, "user", entry.get("srcuser"))
    put(document, "host.name", text(entry.get("machinename")))
    put(document, "host.hostname", text(entry.get("machinename")))
    put(document, "host.id", text(entry.get("hostid")))
    put(document, "host.os.full", text(entry.get("client_os_ver")))
    system = entry.get("client_os", "")
    put(document, "host.os.name", text(system))
    put(document, "host.os.type", _OS_TYPES.get(system.lower()))
    put(document, "event.reason", text(entry.get("reason") or entry.get("error")))
    put(document, "error.code", text(entry.get("error_code")) if entry.get("error_code") != "0" else None)
    put(document, "message", text(entry.get("opaque")))
    if (entry.get("login_duration") or "0") != "0":
        put_length(document, entry["login_duration"])


_OS_TYPES = {
    "windows": "windows", "mac": "macos", "macos": "macos", "linux": "linux", "android": "android", "ios": "ios",
}  # fmt: skip


def _read_userid(document: Document, entry: Entry) -> None:
    subtype = entry.get("subtype", "").lower()
    kind = {"login": "start", "logout": "end"}.get(subtype)
    categorise(document, ["authentication"] if kind else ["iam"], [kind or "info"], action=subtype or None)
    if kind:
        document["event"]["outcome"] = "success"
    put_end(document, "source", entry.get("ip"))
    put_account(document, "source.user", entry.get("user"))
    put_account(document, "user", entry.get("user"))
    put(document, "event.provider", text(entry.get("datasourcename")))


def _read_authentication(document: Document, entry: Entry) -> None:
    event = entry.get("event", "")
    failed = _FAILED.search(event) or "reject" in event.lower() or "timed out" in event.lower()
    passed = re.search(r"success|allow|accept|authenticated", event, re.IGNORECASE)
    categorise(
        document,
        ["authentication"],
        ["start"],
        action=event.lower().replace(" ", "-") or entry.get("subtype"),
        outcome="failure" if failed else "success" if passed else "unknown",
    )
    put_end(document, "source", entry.get("ip"))
    put_account(document, "source.user", entry.get("user"))
    put_account(document, "user", entry.get("user"))
    put(document, "rule.name", text(entry.get("authpolicy")))
    put(document, "rule.uuid", text(entry.get("rule_uuid")))
    put(document, "source.mac", mac(entry.get("src_mac")))
    put(document, "user_agent.original", text(entry.get("user_agent")))
    put(document, "message", text(entry.get("desc")))


def _read_hipmatch(document: Document, entry: Entry) -> None:
    categorise(document, ["host"], action="hip_match", outcome="success")
    ip = entry.get("src")
    put_end(document, "source", ip if ip not in (None, "0.0.0.0") else entry.get("srcipv6"))
    put_account(document, "source.user", entry.get("srcuser"))
    put_account(document, "user", entry.get("srcuser"))
    put(document, "host.name", text(entry.get("machinename")))
    put(document, "host.hostname", text(entry.get("machinename")))
    put(document, "host.id", text(entry.get("hostid")))
    put(document, "host.os.name", text(entry.get("os")))
    put(document, "source.mac", mac(entry.get("mac")))
    put(document, "rule.name", text(entry.get("matchname")))


def _read_correlation(document: Document, entry: Entry) -> None:
    categorise(
        document, ["intrusion_detection", "network"], ["indicator"], kind="alert", action="correlation_match"
    )
    put_end(document, "source", entry.get("src"))
    put_account(document, "source.user", entry.get("srcuser"))
    put_account(document, "user", entry.get("srcuser"))
    put(document, "rule.name", text(entry.get("objectname")))
    put(document, "rule.id", text(entry.get("object_id")))
    put(document, "rule.category", text(entry.get("category")))
    put(document, "message", text(entry.get("evidence")))


def _read_iptag(document: Document, entry: Entry) -> None:
    categorise(document, ["network"], action=entry.get("eventid") or entry.get("subtype"))
    put_end(document, "source", entry.get("ip"))
    add(document, "tags", text(entry.get("tag_name")))


def _read_audit(document: Document, entry: Entry) -> None:
    """Commands that administrators gave in the console or on the command line."""
    event = entry.get("eventid") or entry.get("subtype")
    categorise(document, ["configuration"], ["access"], action=event, outcome="success")
    put_account(document, "user", entry.get("object"))
    put(document, "process.command_line", entry.get("cmd"))
    put(document, "message", entry.get("cmd"))


READERS: Mapping[str, Callable[[Document, Entry], None]] = {
    "AUDIT": _read_audit,
    "SYSTEM": _read_system,
    "CONFIG": _read_config,
    "GLOBALPROTECT": _read_globalprotect,
    "USERID": _read_userid,
    "AUTHENTICATION": _read_authentication,
    "AUTH": _read_authentication,
    "HIPMATCH": _read_hipmatch,
    "HIP-MATCH": _read_hipmatch,
    "CORRELATION": _read_correlation,
    "IPTAG": _read_iptag,
}
