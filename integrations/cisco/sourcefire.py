"""Events of Firepower as they were sent before 6.3, under the tag ``SFIMS``, and what the management center says
of its administrators.

Reference: Cisco, "Firepower Management Center Configuration Guide", "External Alerting with Alert Responses" and
"Stream Audit Logs to Syslog". All give the names of today's security events (430001 to 430005), so that one
reader serves both.
"""

from __future__ import annotations

import re

_PAIR = re.compile(
    r"(?:^|, ?|\[)([A-Z][A-Za-z0-9_/]{0,40}(?: [A-Z][A-Za-z0-9_]{0,40}){0,4}): ?([^,\]]{0,2048})", re.ASCII
)
_FLOW = re.compile(
    r"\{([\w-]{1,20})\} ([0-9A-Fa-f.:]{2,45}?)(?::(\d{1,5}))?(?: \([^()]{0,64}\))? ?-> ?([0-9A-Fa-f.:]{2,45}?)(?::(\d{1,5}))?(?: \([^()]{0,64}\))?\s{0,4}$",
    re.ASCII,
)
_ATTACK = re.compile(
    r"\s{0,4}(?:\[[^\[\]]{1,128}\]){0,2}\[(\d{1,10}):(\d{1,10}):(\d{1,10})\] \"?(.{1,512}?)\"? \[Impact: ([^\]]{1,64})\] From \"?([^\"\s]{1,255})\"?.{0,200}?"
    r"\[Classification: ([^\]]{1,200})\] \[Priority: (\d{1,2})\]",
    re.DOTALL | re.ASCII,
)
_AUDIT = re.compile(
    r"(?:[\w.-]{1,255}: )?([^\s@,]{1,128})@([0-9A-Fa-f.:]{2,45}|localhost), ([^,]{1,255}), (.{1,1024})",
    re.DOTALL | re.ASCII,
)
_NOTHING = frozenset({"", "unknown", "none", "n/a", "(null)", "no authentication required", "0000"})
_NAMES = {
    "InterfaceIngress": "IngressInterface", "InterfaceEgress": "EgressInterface",
    "SecurityZoneIngress": "IngressZone", "SecurityZoneEgress": "EgressZone", "WebApp": "WebApplication",
    "AccessControlRuleReasons": "AccessControlRuleReason", "UserName": "User", "ReferencedHost": "ReferencedHost",
    "HTTPReferer": "HTTPReferer", "Policy": "ACPolicy", "SHA256": "FileSHA256", "Disposition": "SHA_Disposition",
    "ConnectType": "ConnectionType", "DE": "DetectionEngine",
}  # fmt: skip


def read_sourcefire(text: str) -> tuple[str, dict[str, str]] | None:
    """Return the number that an ``SFIMS`` event has today and its fields, None for a text that is none."""
    if attack := _ATTACK.match(text):
        gid, sid, revision, said, impact, sensor, classification, priority = attack.groups()
        entry = {
            "GID": gid, "SID": sid, "Revision": revision, "Message": said, "Impact": impact, "Sensor": sensor,
            "Classification": classification, "Priority": priority,
        }  # fmt: skip
        return "430001", entry | _ends(text)
    entry = {}
    for name, value in _PAIR.findall(text)[:300]:
        name = name.replace(" ", "")
        if value.strip().lower() not in _NOTHING:
            entry.setdefault(_NAMES.get(name, name), value.strip())
    entry |= _ends(text)
    if not {"SrcIP", "DstIP"} <= entry.keys():
        return None
    if entry.keys() & {"FileSHA256", "FileName"}:
        return "430005" if entry.get("SHA_Disposition", "").lower() == "malware" else "430004", entry
    return "430002" if entry.get("ConnectionType", "").lower() == "start" else "430003", entry


def _ends(text: str) -> dict[str, str]:
    match = _FLOW.search(text, max(0, len(text) - 400))
    if match is None:
        return {}
    protocol, source, source_port, destination, port = match.groups()
    found = {
        "Protocol": protocol,
        "SrcIP": source,
        "SrcPort": source_port,
        "DstIP": destination,
        "DstPort": port,
    }
    return {name: value for name, value in found.items() if value}


def read_audit(text: str) -> tuple[str, str, str, str] | None:
    """Return user, address, place and deed of a line of the management center's audit log."""
    match = _AUDIT.fullmatch(text.strip())
    return (match[1], match[2], match[3], match[4]) if match else None
