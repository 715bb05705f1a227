"""Records of the Linux audit daemon: ``type=SYSCALL msg=audit(1489519230.178:19600327): pid=4121 …``.

Reference: the kernel's audit user-space interface, ausearch(8), and "Audit record fields" of the Linux
Audit project's specifications. Untrusted strings come quoted, or in hexadecimal where they hold spaces,
quotes or control characters. Enriched records (``log_format = ENRICHED``) repeat ids as names, in upper
case, after a group separator.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.contract import UnparsedError
from rules.ecs import timestamp

_HEAD = re.compile(
    r"(?:node=(\S{1,255}) )?type=(\S{1,64}) msg=audit\((\d{1,11})\.(\d{1,6}):(\d{1,20})\):? ?(.*)",
    re.DOTALL | re.ASCII,
)
_SYSLOG = re.compile(
    r"(?:kernel: )?(?:\[ *\d{1,10}\.\d{1,9}\] )?audit: type=(\d{1,5}|\S{1,64}) audit\((\d{1,11})\.(\d{1,6}):(\d{1,20})\): ?(.*)",
    re.DOTALL | re.ASCII,
)
_FIELD = re.compile(r"""([A-Za-z_][\w.-]{0,63})=("[^"]*+"|'[^']*+'|\{[^}]*+\}|[^\s\x1d]*+)""", re.ASCII)
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){1,4096}", re.ASCII)
_STRINGS = frozenset(
    "proctitle cmd name exe comm cwd acct data file path key ocomm old-disk new-disk vm watch".split()
)
"""Fields that may come in hexadecimal (``name`` of PATH, ``acct`` of USER_…, ``cmd`` of USER_CMD)."""
_ARGUMENT = re.compile(r"a\d{1,4}(?:\[\d{1,4}\])?", re.ASCII)
_NUMBERED = {
    "1100": "USER_AUTH", "1101": "USER_ACCT", "1103": "CRED_ACQ", "1104": "CRED_DISP", "1105": "USER_START", "1106": "USER_END",
    "1107": "USER_AVC", "1112": "USER_LOGIN", "1130": "SERVICE_START", "1131": "SERVICE_STOP", "1300": "SYSCALL", "1302": "PATH",
    "1305": "CONFIG_CHANGE", "1306": "SOCKADDR", "1307": "CWD", "1309": "EXECVE", "1320": "EOE", "1325": "NETFILTER_CFG", "1326": "SECCOMP",
    "1327": "PROCTITLE", "1334": "BPF", "1400": "AVC", "1403": "MAC_POLICY_LOAD", "1404": "MAC_STATUS", "1701": "ANOM_ABEND",
}  # fmt: skip
"""Types as the kernel's own log writes them (include/uapi/linux/audit.h)."""


@dataclass(frozen=True)
class AuditRecord:
    node: str | None
    type: str
    seconds: int
    time: str
    """As ECS writes it."""
    serial: int
    """With the time, the event that the record is a part of."""
    fields: dict[str, str]
    """Decoded; ``?`` and ``(null)`` are left out; ``msg='…'`` is taken apart."""


def parse_record(text: str) -> AuditRecord:
    """Parse one line. Raises `UnparsedError`."""
    match = _HEAD.match(text)
    if match:
        node, kind, seconds, fraction, serial, rest = match.groups()
    elif match := _SYSLOG.search(text[:512] if len(text) > 512 else text):
        kind, seconds, fraction, serial, _ = match.groups()
        node, rest = None, text[match.start(5) :]
        kind = _NUMBERED.get(kind, f"UNKNOWN_{kind}" if kind.isdigit() else kind)
    else:
        raise UnparsedError("expected `type=TYPE msg=audit(SECONDS.MILLISECONDS:SERIAL): …`")
    moment = datetime.fromtimestamp(int(seconds), UTC) if len(seconds) < 11 else None
    if moment is None:
        raise UnparsedError(f"{seconds} is no time of this age")
    time = f"{timestamp(moment)[:19]}.{fraction[:3]:0<3}Z"
    return AuditRecord(node, kind, int(seconds), time, int(serial), _fields(kind, rest))


def _fields(kind: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        if name == "msg" and value.startswith("'"):
            for inner, said in _fields(kind, value[1:-1]).items():
                found.setdefault(inner, said)
            continue
        decoded = _decode(kind, name, value)
        if decoded is not None:
            found.setdefault(name, decoded)
    return found


def _decode(kind: str, name: str, value: str) -> str | None:
    if value[:1] in {'"', "'"}:
        return value[1:-1]
    if value in {"?", "(null)", ""}:
        return None
    text = name in _STRINGS or (kind == "EXECVE" and _ARGUMENT.fullmatch(name) is not None)
    bare_number = kind == "EXECVE" and len(value) < 4 and value.isdigit()
    if text and not bare_number and _HEXADECIMAL.fullmatch(value):
        raw = bytes.fromhex(value)
        if kind in {"PROCTITLE", "USER_CMD"} or name in {"proctitle", "cmd"}:
            raw = raw.rstrip(b"\x00").replace(b"\x00", b" ")
        return raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return value


def socket_address(text: str) -> tuple[str | None, int | None, str | None]:
    """Return (IP address, port, path of a UNIX socket) of a SOCKADDR's ``saddr`` (struct sockaddr)."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None, None, None
    family = int.from_bytes(raw[:2], "little")
    if family == 2 and len(raw) >= 8:
        return str(ipaddress.IPv4Address(raw[4:8])), int.from_bytes(raw[2:4], "big"), None
    if family == 10 and len(raw) >= 24:
        return str(ipaddress.IPv6Address(raw[8:24])), int.from_bytes(raw[2:4], "big"), None
    if family == 1:
        return None, None, raw[2:].split(b"\x00")[0].decode("utf-8", "backslashreplace") or None
    return None, None, None
