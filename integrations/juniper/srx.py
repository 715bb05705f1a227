"""``juniper.srx``: security and system logs of Juniper's SRX firewalls, structured or not.

Reference: Juniper, "System Log Explorer" (RT_FLOW, RT_UTM, RT_IDP, RT_IDS, RT_AAMW, RT_SECINTEL, UI).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, put, put_end, put_ip, put_new, text
from integrations.flows import put_account, put_flow, put_length, put_observer, put_side, put_transport
from integrations.juniper.records import Log, read_log
from integrations.juniper.srx_samples import SAMPLES
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_domain, put_path
from rules.ecs import Document

Entry = Mapping[str, str]
_LEVELS = ("emergency", "alert", "critical", "error", "warning", "notification", "informational", "debug")
_OWN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_OURS = re.compile(
    r"\[junos@2636[\d.]|\bRT_(?:FLOW|UTM|IDP|IDS|AAMW|SECINTEL)\b|\bUI_[A-Z]{3,20}_[A-Z_]{3,40}: |\bUI_COMMIT: ",
    re.ASCII,
)


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    log = read_log(message, envelope)
    if log is None and envelope is not None and envelope.program:
        log = Log("", envelope.program, {}, message)  # a daemon's own words: kernel, sshd, cron
    if log is None:
        raise UnparsedError('expected a Junos log: [junos@2636… key="value"] or TAG: text')
    document = started(envelope)
    if "log" in document:
        document["log"].get("syslog", {}).pop("structured_data", None)
    own = _OWN_TIME.search(message[:200]) if envelope is None else None
    document["@timestamp"] = times.required(
        document.get("@timestamp"),
        times.iso(own[0]) if own else None,
        times.epoch(log.entry.get("epoch-time")),
        times.received(),
    )
    document["vendor"] = {"tag": log.tag, "process": log.process, **log.entry}
    name = envelope.host if envelope is not None else None
    put_observer(document, "Juniper", "SRX", name=name)
    if envelope is not None and envelope.priority is not None:
        put(document, "event.severity", envelope.priority % 8)
        put(document, "log.level", _LEVELS[envelope.priority % 8])
    put(document, "event.code", text(log.tag))
    put(document, "event.provider", text(log.process))
    put(document, "message", text(log.text) or text(log.entry.get("message")))
    _read_ends(document, log.entry)
    next((reader for prefix, reader in _READERS if log.tag.startswith(prefix)), _read_other)(document, log)
    put_flow(document, log.entry.get("icmp-type"))
    return document


def _read_ends(document: Document, entry: Entry) -> None:
    for side, name in (("source", "source"), ("destination", "destination")):
        put_end(document, side, entry.get(f"{name}-address"), entry.get(f"{name}-port"))
        nat, port = entry.get(f"nat-{name}-address"), integer(entry.get(f"nat-{name}-port"))
        put_ip(document, f"{side}.nat.ip", nat)
        put(document, f"{side}.nat.port", port if nat else None)
        who = {"source": "client", "destination": "server"}[side]
        put(document, f"{side}.bytes", integer(entry.get(f"bytes-from-{who}")))
        put(document, f"{side}.packets", integer(entry.get(f"packets-from-{who}")))
    put_end(document, "source", entry.get("source-name") if "source-address" not in entry else None)
    put_transport(document, entry.get("protocol-id") or entry.get("protocol-name") or entry.get("protocol"))
    put_side(
        document, "ingress", entry.get("packet-incoming-interface") or entry.get("interface-name") or entry.get("source-interface-name"),
        entry.get("source-zone-name") or entry.get("source-zone"),
    )  # fmt: skip
    put_side(
        document,
        "egress",
        entry.get("destination-interface-name"),
        entry.get("destination-zone-name") or entry.get("destination-zone"),
    )
    put_account(document, "source.user", entry.get("username") if "source-address" in entry else None)
    put_account(document, "user", entry.get("username"))
    put(document, "rule.name", text(entry.get("policy-name")))
    put(document, "network.protocol", (entry.get("service-name") or "").lower().removeprefix("junos-"))
    application = entry.get("nested-application") or entry.get("application") or entry.get("application-name")
    put(document, "network.application", (application or "").lower())


_FLOWS = {
    "CREATE": ("flow_started", ["start", "allowed", "connection"], "false"),
    "CLOSE": ("flow_close", ["end", "allowed", "connection"], "false"),
    "VOL_UPDATE": ("flow_update", ["allowed", "connection"], "false"),
    "DENY": ("flow_deny", ["denied", "connection"], "true"),
}


def _read_flow(document: Document, log: Log) -> None:
    what = (
        log.tag.removeprefix("APPTRACK_")
        .removeprefix("RT_FLOW_")
        .removeprefix("SESSION_")
        .removesuffix("_LS")
    )
    action, types, blocked = _FLOWS.get(what, (log.tag.lower(), ["info"], None))
    categorise(document, ["network"], types, action=action, outcome="success" if blocked else None)
    put(document, "event.blocked", blocked)
    put(document, "event.reason", text(log.entry.get("reason")))
    if "elapsed-time" in log.entry:
        put(document, "event.end", document["@timestamp"])
        put_length(document, log.entry["elapsed-time"])


_UTM = {
    "WEBFILTER_URL_BLOCKED": ("web_filter", ("network", "web"), False), "WEBFILTER_URL_PERMITTED": ("web_filter", ("network", "web"), True),
    "WEBFILTER_URL_REDIRECTED": ("web_filter", ("network", "web"), False), "AV_VIRUS_DETECTED_MT": ("virus_detected", ("network", "malware"), False),
    "AV_FILE_NOT_SCANNED_DROPPED_MT": ("antivirus_filter", ("network", "malware"), False),
    "AV_FILE_NOT_SCANNED_PASSED_MT": ("antivirus_filter", ("network", "malware"), True), "AV_HUGE_FILE_DROPPED_MT": ("antivirus_filter", ("network", "malware"), False),
    "AV_HUGE_FILE_NOT_SCANNED_MT": ("antivirus_filter", ("network", "malware"), True), "AV_SCANNER_DROP_FILE_MT": ("antivirus_filter", ("network", "malware"), False),
    "AV_SCANNER_ERROR_SKIPPED_MT": ("antivirus_filter", ("network", "malware"), True), "AV_SCANNER_ERROR_DROPPED_MT": ("antivirus_filter", ("network", "malware"), False),
    "ANTISPAM_SPAM_DETECTED_MT": ("antispam_filter", ("network", "email"), False), "CONTENT_FILTERING_BLOCKED_MT": ("content_filter", ("network",), False),
}  # fmt: skip
"""By tag (its newer forms end in _LS): action, categories, whether it was let pass."""


def _verdict(document: Document, allowed: bool | None) -> None:
    if allowed is None:
        document["event"]["type"] = ["info"]
        return
    document["event"]["type"] = ["allowed" if allowed else "denied", "connection"]
    document["event"]["outcome"] = "success"
    document["event"]["blocked"] = "false" if allowed else "true"


def _read_utm(document: Document, log: Log) -> None:
    tag = log.tag.removesuffix("_LS")
    known = _UTM.get(tag) or _UTM.get(f"{tag}_MT")
    action, categories, allowed = known or (tag.lower(), ("network",), None)
    kind = "alert" if "malware" in categories and allowed is False else "event"
    categorise(document, categories, [], kind=kind, action=action)
    _verdict(document, allowed)
    url, path = text(log.entry.get("url")), text(log.entry.get("obj"))
    if url:
        host, slash, rest = (
            url.partition("://")[2].partition("/") if "://" in url[:12] else url.partition("/")
        )
        put_domain(document, "url", host.partition(":")[0])
        put(document, "url.original", url)
        put(document, "url.path", path or (f"/{rest}" if slash else None))
        add(document, "related.hosts", host.partition(":")[0])
    _put_file(document, log.entry.get("filename") or log.entry.get("file-name"))
    put(document, "rule.category", text(log.entry.get("category")))
    put(document, "rule.ruleset", text(log.entry.get("profile-name") or log.entry.get("profile")))
    put(document, "event.reason", text(log.entry.get("reason")))
    put(
        document, "threat.indicator.name", text(log.entry.get("name")) if tag.startswith("AV_VIRUS") else None
    )


def _put_file(document: Document, name: str | None) -> None:
    found = text(name)
    if found and ("/" in found or "\\" in found):
        put_path(document, "file", found)
    elif found:
        put(document, "file.name", found)
        put(document, "file.extension", found.rpartition(".")[2] if "." in found[1:] else None)


def _read_attack(document: Document, log: Log) -> None:
    entry = log.entry
    action = entry.get("action", "").upper()
    categorise(document, ["network", "intrusion_detection"], [], kind="alert", action="security_threat")
    allowed = (
        None
        if not action
        else action in ("NONE", "IGNORE", "NO_ACTION", "PERMIT", "RECOMMENDED", "MARK DIFFSERV")
    )
    _verdict(document, allowed)
    put(document, "rule.name", text(entry.get("rule-name")))
    put(document, "rule.ruleset", text(entry.get("rulebase-name")))
    put(document, "rule.description", text(entry.get("attack-name") or entry.get("threat-name")))
    put(document, "threat.indicator.name", text(entry.get("attack-name")))
    if int(integer(entry.get("elapsed-time")) or 0) > 0:
        put_length(document, entry["elapsed-time"])
    put(document, "source.bytes", integer(entry.get("inbound-bytes")))
    put(document, "destination.bytes", integer(entry.get("outbound-bytes")))
    put(document, "source.packets", integer(entry.get("inbound-packets")))
    put(document, "destination.packets", integer(entry.get("outbound-packets")))


_SCREENS = (
    ("flood", "flood_detected"), ("sweep", "sweep_detected"), ("scan", "scan_detected"), ("spoof", "spoofing_detected"),
    ("fragment", "fragment_detected"), ("session limit", "session_limit_detected"), ("tunnel", "tunneling_screen"),
    ("flag", "illegal_tcp_flag_detected"), ("syn ", "illegal_tcp_flag_detected"), ("fin ", "illegal_tcp_flag_detected"),
)  # fmt: skip


def _read_screen(document: Document, log: Log) -> None:
    name = log.entry.get("attack-name", "")
    action = next((found for word, found in _SCREENS if word in name.lower()), "attack_detected")
    categorise(document, ["network", "intrusion_detection"], [], kind="alert", action=action)
    did = log.entry.get("action", "").lower()
    _verdict(document, None if not did else did not in ("drop", "block", "dropped"))
    put(document, "rule.description", text(name.rstrip("!")))
    put_new(
        document,
        "network.transport",
        {"RT_SCREEN_TCP": "tcp", "RT_SCREEN_UDP": "udp", "RT_SCREEN_ICMP": "icmp"}.get(
            log.tag.removesuffix("_LS")
        ),
    )


def _read_malware(document: Document, log: Log) -> None:
    entry = log.entry
    action = entry.get("action", "").upper()
    categorise(document, ["network", "malware"], [], kind="alert", action="malware_detected")
    allowed = None if not action else action in ("PERMIT", "LOG", "NONE")
    _verdict(document, allowed)
    put_account(document, "user", entry.get("username"))
    _put_file(document, entry.get("filename") or entry.get("file-name"))
    digest = entry.get("sample-sha256") or entry.get("file-hash-lookup") or ""
    put(document, "file.hash.sha256", digest.lower() if len(digest) == 64 and digest.isalnum() else None)
    put(document, "threat.indicator.name", text(entry.get("malware-info") or entry.get("threat-name")))
    put_domain(document, "url", text(entry.get("http-host") or entry.get("hostname")))
    put(document, "event.risk_score", integer(entry.get("verdict-number") or entry.get("threat-severity")))
    put(document, "rule.category", text(entry.get("category") or entry.get("sub-category")))


_SYSTEM = {
    "UI_CMDLINE_READ_LINE": (["configuration"], ["access"], "command-executed", "success"),
    "UI_LOGIN_EVENT": (["authentication", "session"], ["start"], "logged-in", "success"),
    "UI_LOGOUT_EVENT": (["authentication", "session"], ["end"], "logged-out", "success"),
    "UI_AUTH_EVENT": (["authentication"], ["start"], "authenticated", "success"),
    "UI_COMMIT": (["configuration"], ["change"], "commit", "success"),
    "UI_COMMIT_COMPLETED": (["configuration"], ["change"], "commit-completed", "success"),
    "UI_CFG_AUDIT_SET": (["configuration"], ["change"], "set", "success"),
    "UI_CFG_AUDIT_SET_SECRET": (["configuration"], ["change"], "set", "success"),
    "UI_CFG_AUDIT_OTHER": (["configuration"], ["change"], "changed", "success"),
    "SSHD_LOGIN_FAILED": (["authentication"], ["start"], "logon-failed", "failure"),
    "SSHD_LOGIN_ATTEMPTS_THRESHOLD": (["authentication"], ["start"], "logon-failed", "failure"),
    "LOGIN_FAILED": (["authentication"], ["start"], "logon-failed", "failure"),
    "LOGIN_INFORMATION": (["authentication"], ["start"], "logged-in", "success"),
    "FWAUTH_FTP_USER_AUTH_FAIL": (["authentication"], ["start"], "logon-failed", "failure"),
    "FWAUTH_WEBAUTH_FAIL": (["authentication"], ["start"], "logon-failed", "failure"),
    "FWAUTH_WEBAUTH_SUCCESS": (["authentication"], ["start"], "logged-in", "success"),
}  # fmt: skip
_PLAIN_LOGIN = re.compile(r"User (\S{1,256}) logged in from host (?:\[)?([0-9A-Fa-f.:]{2,45})", re.ASCII)


def _read_other(document: Document, log: Log) -> None:
    categories, types, action, outcome = _SYSTEM.get(log.tag, (["host"], ["info"], log.tag.lower(), None))
    categorise(document, categories, types, action=action or None, outcome=outcome)
    put(document, "process.command_line", text(log.entry.get("command")))
    connection = log.entry.get("ssh-connection", "").split()
    if len(connection) == 4:
        put_end(document, "source", connection[0], connection[1])
        put_end(document, "destination", connection[2], connection[3])
    if login := _PLAIN_LOGIN.search(log.text):
        put_account(document, "user", login[1])
        put_end(document, "source", login[2])


_READERS: tuple[tuple[str, Callable[[Document, Log], None]], ...] = (
    ("RT_FLOW_SESSION", _read_flow), ("APPTRACK_SESSION", _read_flow), ("RT_SCREEN", _read_screen), ("IDP_ATTACK", _read_attack),
    ("IDP_APPDDOS", _read_attack), ("WEBFILTER", _read_utm), ("AV_", _read_utm), ("ANTISPAM", _read_utm), ("CONTENT_FILTERING", _read_utm),
    ("SRX_AAMW", _read_malware), ("AAMW", _read_malware), ("SECINTEL", _read_malware),
)  # fmt: skip
"""By how the tag begins."""


def _recognise(message: str) -> bool:
    return _OURS.search(message[:600]) is not None


SRX = message_source(
    "juniper.srx",
    "Juniper SRX firewalls",
    "Juniper System Log Explorer (RT_FLOW, RT_UTM, RT_IDP, RT_IDS, RT_AAMW, RT_SECINTEL, UI)",
    read,
    _recognise,
    SAMPLES,
)
