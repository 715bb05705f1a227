"""``zeek.log``: all of Zeek's logs, as JSON lines or tab-separated with their header; the usual ones without, too.

Each log is a data set of its own, ``zeek.conn``, ``zeek.dns`` …, after ``_path`` or ``#path``, else after the
fields (`integrations.zeek.paths`). The whole record stays under ``vendor`` by Zeek's names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from integrations.contract import UnparsedError
from integrations.fields import categorise, port_number, put, put_end, text
from integrations.flows import put_flow, put_transport
from integrations.headers import headed_source
from integrations.normalisers import load_object
from integrations.times import Times
from integrations.unwrapping import by_syslog
from integrations.zeek import accounts, contents, findings, flows
from integrations.zeek.layouts import layout_of
from integrations.zeek.log_samples import LOG_SAMPLES
from integrations.zeek.paths import path_of
from integrations.zeek.tsv import Header, read_header, read_line
from rules.ecs import Document

ReadLog = Callable[[Document, Mapping[str, Any], Times], None]
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)

_PROTOCOL = ("connection", "info", "protocol")
LOGS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], ReadLog | None]] = {
    "conn": (("network",), ("connection",), flows.read_conn),
    "dns": (("network",), _PROTOCOL, flows.read_dns),
    "http": (("network", "web"), _PROTOCOL, contents.read_http),
    "ssl": (("network",), ("connection", "protocol"), contents.read_ssl),
    "x509": (("file",), ("info",), contents.read_x509),
    "ocsp": (("network",), ("protocol",), None),
    "files": (("file",), ("info",), contents.read_files),
    "pe": (("file",), ("info",), contents.read_pe),
    "ftp": (("network", "file"), _PROTOCOL, contents.read_ftp),
    "smtp": (("network", "email"), _PROTOCOL, contents.read_smtp),
    "ssh": (("network",), ("connection", "protocol"), accounts.read_ssh),
    "smb_files": (("network", "file"), ("connection", "protocol"), contents.read_smb_files),
    "smb_mapping": (("network",), ("connection", "protocol"), contents.read_smb_mapping),
    "smb_cmd": (("network",), ("connection", "protocol"), contents.read_smb_cmd),
    "dce_rpc": (("network",), ("connection", "protocol", "info"), flows.read_dce_rpc),
    "ntlm": (("network", "authentication"), ("connection", "info"), accounts.read_ntlm),
    "kerberos": (("network", "authentication"), ("connection", "protocol"), accounts.read_kerberos),
    "rdp": (("network",), ("connection", "info", "protocol"), accounts.read_rdp),
    "radius": (("network", "authentication"), ("connection", "info"), accounts.read_radius),
    "rfb": (("network",), ("connection", "info"), accounts.read_rfb),
    "socks": (("network",), ("connection", "protocol"), accounts.read_socks),
    "mysql": (("network", "database"), ("connection", "protocol"), accounts.read_mysql),
    "irc": (("network",), ("connection", "protocol", "info"), accounts.read_irc),
    "ldap": (("network",), ("connection", "protocol"), accounts.read_ldap),
    "ldap_search": (("network",), ("connection", "protocol"), accounts.read_ldap),
    "quic": (("network",), ("connection", "protocol"), contents.read_quic),
    "dhcp": (("network",), ("connection", "protocol", "info"), flows.read_dhcp),
    "sip": (("network",), ("connection", "protocol"), flows.read_sip),
    "snmp": (("network",), ("connection", "protocol"), None),
    "ntp": (("network",), ("connection", "protocol"), None),
    "syslog": (("network",), ("connection", "protocol"), flows.read_syslog),
    "tunnel": (("network",), ("connection",), flows.read_tunnel),
    "traceroute": (("network",), ("info",), flows.read_traceroute),
    "modbus": (("network",), ("connection", "protocol"), flows.read_modbus),
    "dnp3": (("network",), ("connection", "protocol"), flows.read_dnp3),
    "notice": (("intrusion_detection",), ("info",), findings.read_notice),
    "signature": (("intrusion_detection",), ("info",), findings.read_signature),
    "signatures": (("intrusion_detection",), ("info",), findings.read_signature),
    "weird": (("network",), ("info",), findings.read_weird),
    "intel": (("threat",), ("indicator",), findings.read_intel),
    "dpd": (("network",), ("error",), findings.read_analyzer),
    "analyzer": (("network",), ("error",), findings.read_analyzer),
    "software": (("host",), ("info",), findings.read_known),
    "known_hosts": (("host",), ("info",), findings.read_known),
    "known_services": (("host", "network"), ("info",), findings.read_known),
    "known_certs": (("host", "network"), ("info",), findings.read_known),
    "known_modbus": (("host", "network"), ("info",), findings.read_known),
    "capture_loss": ((), ("info",), None),
    "stats": ((), ("info",), None),
}
"""ECS's category and type of a log, and who reads what is its own. Logs of a site's scripts are plain events."""
_ALERTS = frozenset({"notice", "signature", "signatures", "intel"})
_METRICS = frozenset({"capture_loss", "stats"})
_PROTOCOLS = frozenset(
    "dns http ftp smtp ssh dce_rpc ntlm kerberos rdp radius rfb socks mysql irc dhcp sip snmp ntp syslog modbus "
    "dnp3".split()
)
_NAMED = {
    "ssl": "tls",
    "ldap": "ldap",
    "ldap_search": "ldap",
    "quic": "quic",
    "smb_files": "smb",
    "smb_mapping": "smb",
    "smb_cmd": "smb",
}

_CARRIED = {
    **dict.fromkeys("snmp ntp radius sip syslog quic dhcp".split(), "udp"),
    **dict.fromkeys(
        "http ssl ftp smtp ssh smb_files smb_mapping smb_cmd dce_rpc ntlm kerberos rdp rfb socks mysql irc "
        "ldap ldap_search modbus dnp3".split(),
        "tcp",
    ),
}
"""What carries a protocol whose log does not say it; kerberos.log, ldap.log and syslog.log mostly do."""


def read(line: str, header: Header, times: Times) -> Document:
    if line.lstrip()[:1] == "{":
        entry = load_object(line)
        path = path_of(entry)
    else:
        if not header.fields and (known := layout_of(line)) is not None:
            header = known
        entry = read_line(line, header)
        path = header.path or path_of(entry)
    if path is None or _PATH.fullmatch(path) is None:
        if "ts" not in entry:
            raise UnparsedError("expected one of Zeek's logs: no ts, and fields of no log that is known")
        path = None
    return read_entry(entry, re.sub("[-.]", "_", path.lower()) if path else None, times)


def read_entry(entry: dict[str, Any], path: str | None, times: Times) -> Document:
    """Return the document of a record; `path` is the log's name, None for one that is not known."""
    # Logs about Zeek itself, like the scripts it loaded, have no time.
    without = times.received() if "ts" not in entry and path is not None else None
    document: Document = {
        "@timestamp": times.required(times.any(entry.get("ts")), times.any(entry.get("_write_ts")), without)
    }
    categories, types, reader = LOGS.get(path or "", (("network",), ("info",), None))
    kind = "alert" if path in _ALERTS else "metric" if path in _METRICS else "event"
    categorise(document, categories, types, kind=kind)
    if path is not None:
        put(document, "event.dataset", f"zeek.{path}")
    ends = entry["id"] if isinstance(entry.get("id"), dict) else {}
    for side, name in (("source", "orig"), ("destination", "resp")):
        host = entry.get(f"id.{name}_h", ends.get(f"{name}_h"))
        port = entry.get(f"id.{name}_p", ends.get(f"{name}_p"))
        put_end(document, side, host, port_number(port))
    put_transport(document, entry.get("proto") or _CARRIED.get(path or ""))
    put(document, "network.community_id", text(entry.get("community_id")))
    if path in _PROTOCOLS or path in _NAMED:
        put(document, "network.protocol", _NAMED.get(path or "", path))
    if reader is not None:
        reader(document, entry, times)
    put(document, "observer.product", "Zeek")
    put(document, "observer.vendor", "Zeek")
    put(document, "observer.type", "ids")
    put(document, "observer.hostname", text(entry.get("_system_name")))
    document["vendor"] = entry
    put_flow(document)
    return document


def recognise(line: str) -> bool:
    if line.startswith("#"):
        return line.startswith(("#separator \\x", "#fields\tts\t", "#fields\tts_delta\t"))
    if line[:1] != "{":
        return layout_of(line) is not None
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(entry, dict) or "ts" not in entry:
        return False
    return path_of(entry) is not None and not {"kind", "apiVersion", "event_type"} & entry.keys()


LOG = by_syslog(
    headed_source(
        "zeek.log",
        "Zeek logs (JSON lines, or TSV with header), each its own data set",
        "https://docs.zeek.org/en/current/logs/index.html",
        read_header,
        read,
        recognise,
        LOG_SAMPLES,
    ),
    "zeek",
    "bro",
)
