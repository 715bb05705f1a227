"""Zeek's default logs without their header: what fields they have, in which order.

A header is lost where lines are sent by syslog, or a file is read from its middle. A line is then of the log
that has as many fields and whose types all its values have; where none or several fit, it is of none.
Reference: https://docs.zeek.org/en/current/logs/index.html, "conn.log" and the others
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.text import address
from integrations.zeek.tsv import Header

_ENDS = "ts:time uid:uid id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port"
_CONN = (
    f"{_ENDS} proto:proto service:string duration:interval orig_bytes:count resp_bytes:count conn_state:state "
    "local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count orig_ip_bytes:count "
    "resp_pkts:count resp_ip_bytes:count tunnel_parents:set[string]"
)
_HTTP = f"{_ENDS} trans_depth:count method:string host:string uri:string referrer:string version:string user_agent:string"
_HTTP_REST = (
    "request_body_len:count response_body_len:count status_code:count status_msg:string info_code:count "
    "info_msg:string tags:set[enum] username:string password:string proxied:set[string] orig_fuids:vector[string] "
    "orig_filenames:vector[string] orig_mime_types:vector[string] resp_fuids:vector[string] "
    "resp_filenames:vector[string] resp_mime_types:vector[string]"
)
_SSL = (
    f"{_ENDS} version:tls cipher:string curve:string server_name:string resumed:bool last_alert:string "
    "next_protocol:string established:bool"
)
_SSL_CHAINS = "ssl_history:string cert_chain_fps:vector[string] client_cert_chain_fps:vector[string] sni_matches_cert:bool"
_SSL_FILES = (
    "cert_chain_fuids:vector[string] client_cert_chain_fuids:vector[string] subject:string issuer:string "
    "client_subject:string client_issuer:string"
)
_FILES = (
    "depth:count analyzers:set[string] mime_type:string filename:string duration:interval local_orig:bool is_orig:bool "
    "seen_bytes:count total_bytes:count missing_bytes:count overflow_bytes:count timedout:bool parent_fuid:string "
    "md5:string sha1:string sha256:string extracted:string extracted_cutoff:bool extracted_size:count"
)
_LAYOUTS: tuple[tuple[str, str], ...] = (
    ("conn", _CONN),
    ("conn", f"{_CONN} ip_proto:count"),
    (
        "dns",
        f"{_ENDS} proto:proto trans_id:count rtt:interval query:string qclass:count qclass_name:string qtype:count "
        "qtype_name:string rcode:count rcode_name:string AA:bool TC:bool RD:bool RA:bool Z:count "
        "answers:vector[string] TTLs:vector[interval] rejected:bool",
    ),
    ("http", f"{_HTTP} origin:string {_HTTP_REST}"),
    ("http", f"{_HTTP} {_HTTP_REST}"),
    ("ssl", f"{_SSL} {_SSL_CHAINS}"),
    ("ssl", f"{_SSL} {_SSL_CHAINS} validation_status:string"),
    ("ssl", f"{_SSL} {_SSL_FILES}"),
    ("ssl", f"{_SSL} {_SSL_FILES} validation_status:string"),
    (
        "ssh",
        f"{_ENDS} version:count auth_success:bool auth_attempts:count direction:direction client:string server:string "
        "cipher_alg:string mac_alg:string compression_alg:string kex_alg:string host_key_alg:string host_key:string",
    ),
    ("files", f"ts:time fuid:fuid uid:uid {_ENDS.split(' ', 2)[2]} source:string {_FILES}"),
    (
        "files",
        f"ts:time fuid:fuid tx_hosts:set[addr] rx_hosts:set[addr] conn_uids:set[string] source:string {_FILES}",
    ),
    ("weird", f"{_ENDS} name:string addl:string notice:bool peer:string"),
    ("weird", f"{_ENDS} name:string addl:string notice:bool peer:string source:string"),
)
_STATES = frozenset("S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH".split())
_UID, _FUID = (re.compile(rf"{first}[A-Za-z0-9]{{8,24}}", re.ASCII) for first in "CF")


def _is_number(value: str) -> bool:
    whole, _, fraction = value.partition(".")
    return len(value) < 24 and value.isascii() and whole.isdigit() and (not fraction or fraction.isdigit())


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 20


_FITS: Mapping[str, Callable[[str], bool]] = {
    "time": lambda value: _is_number(value) and 9 < value.find(".") < 12,
    "interval": _is_number,
    "count": _is_count,
    "port": lambda value: _is_count(value) and int(value) < 65_536,
    "addr": lambda value: address(value) is not None,
    "bool": lambda value: value in ("T", "F"),
    "proto": lambda value: value in ("tcp", "udp", "icmp", "unknown_transport"),
    "state": lambda value: value in _STATES,
    "tls": lambda value: value.startswith(("TLSv", "SSLv", "DTLSv", "unknown-")),
    "direction": lambda value: value in ("INBOUND", "OUTBOUND"),
    "uid": lambda value: _UID.fullmatch(value) is not None,
    "fuid": lambda value: _FUID.fullmatch(value) is not None,
}
_ALWAYS = frozenset({"time", "fuid"})
"""Types of which a value is always there."""
_ZEEKS = {
    **dict.fromkeys(("uid", "fuid", "tls"), "string"),
    **dict.fromkeys(("proto", "state", "direction"), "enum"),
}
"""Zeek's own types, where ours say more."""


def _header(path: str, layout: str) -> tuple[Header, tuple[str, ...]]:
    pairs = [field.split(":") for field in layout.split(" ")]
    kinds = tuple(kind for _, kind in pairs)
    return Header(
        path, tuple(name for name, _ in pairs), tuple(_ZEEKS.get(kind, kind) for kind in kinds)
    ), kinds


_HEADERS: dict[int, list[tuple[Header, tuple[str, ...]]]] = {}
for _path, _layout in _LAYOUTS:
    _made = _header(_path, _layout)
    _HEADERS.setdefault(len(_made[1]), []).append(_made)
LOGS = tuple(dict.fromkeys(path for path, _ in _LAYOUTS))
"""Names of the logs that are known without their header."""


def layout_of(line: str) -> Header | None:
    """Return the header that a line would have, None where it fits none or more than one."""
    values = line.split("\t", 40)
    fitting = [header for header, kinds in _HEADERS.get(len(values), ()) if all(map(_fits, values, kinds))]
    return fitting[0] if len(fitting) == 1 else None


def _fits(value: str, kind: str) -> bool:
    if value == "-":
        return kind not in _ALWAYS
    check = _FITS.get(kind)
    return check is None or check(value)
