"""Which of Zeek's logs a JSON object without ``_path`` is of, by the fields it has.

Only names that a log does not share with those further down the table decide.
Reference: https://docs.zeek.org/en/current/logs/index.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ALL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("conn", ("conn_state",)),
    ("x509", ("certificate.serial",)),
    ("x509", ("certificate.subject",)),
    ("known_certs", ("port_num", "issuer_subject")),
    ("known_certs", ("port_num", "subject")),
    ("known_services", ("port_num", "service")),
    ("known_services", ("port_num", "port_proto")),
    ("known_modbus", ("host", "device_type")),
    ("intel", ("seen.indicator",)),
    ("notice", ("note", "msg")),
    ("notice", ("note", "suppress_for")),
    ("signature", ("sig_id",)),
    ("software", ("software_type",)),
    ("software", ("unparsed_version",)),
    ("capture_loss", ("percent_lost",)),
    ("stats", ("pkts_proc",)),
    ("ocsp", ("hashAlgorithm",)),
    ("ocsp", ("certStatus",)),
    ("pe", ("machine", "is_exe")),
    ("pe", ("machine", "compile_ts")),
    ("tunnel", ("tunnel_type",)),
    ("analyzer_debug", ("analyzer_kind", "event")),
    ("analyzer", ("analyzer_kind",)),
    ("dpd", ("failure_reason", "analyzer")),
    ("dhcp", ("msg_types",)),
    ("dhcp", ("uids", "mac")),
    ("dhcp", ("uids", "client_addr")),
    ("dns", ("trans_id", "query")),
    ("dns", ("trans_id", "rejected")),
    ("dns", ("qtype_name",)),
    ("smtp", ("trans_depth", "helo")),
    ("smtp", ("trans_depth", "mailfrom")),
    ("smtp", ("trans_depth", "last_reply")),
    ("sip", ("call_id",)),
    ("sip", ("trans_depth", "response_path")),
    ("http", ("trans_depth",)),
    ("ssh", ("auth_attempts",)),
    ("ssh", ("host_key_alg",)),
    ("ssh", ("hasshVersion",)),
    ("ssh", ("client", "server", "direction")),
    ("kerberos", ("request_type",)),
    ("kerberos", ("forwardable", "renewable")),
    ("smb_mapping", ("share_type",)),
    ("dce_rpc", ("endpoint", "operation")),
    ("dce_rpc", ("named_pipe",)),
    ("ntlm", ("server_nb_computer_name",)),
    ("ntlm", ("server_dns_computer_name",)),
    ("ntlm", ("domainname",)),
    ("ntlm", ("username", "hostname")),
    ("rdp", ("security_protocol",)),
    ("rdp", ("cookie", "result")),
    ("rfb", ("client_major_version",)),
    ("snmp", ("get_requests",)),
    ("socks", ("bound.host",)),
    ("socks", ("request.host",)),
    ("socks", ("bound_p",)),
    ("syslog", ("facility", "severity", "message")),
    ("modbus", ("func",)),
    ("dnp3", ("fc_request",)),
    ("dnp3", ("fc_reply",)),
    ("netcontrol", ("rule_id", "cmd")),
    ("mysql", ("cmd", "arg")),
    ("mysql", ("cmd", "rows")),
    ("ldap_search", ("base_object",)),
    ("ldap", ("message_id", "opcode")),
    ("quic", ("client_initial_dcid",)),
    ("irc", ("nick", "command")),
    ("irc", ("command", "value")),
    ("ntp", ("stratum",)),
    ("ftp", ("reply_code",)),
    ("ftp", ("command", "arg")),
    ("ftp", ("data_channel.passive",)),
    ("radius", ("username", "result")),
    ("radius", ("framed_addr",)),
    ("ssl", ("established",)),
    ("ssl", ("cipher", "version")),
    ("files", ("fuid", "source", "analyzers")),
    ("files", ("fuid", "tx_hosts")),
    ("files", ("fuid", "seen_bytes")),
    ("smb_cmd", ("command", "status", "sub_command")),
    ("smb_cmd", ("command", "status", "version")),
    ("mqtt_connect", ("connect_status",)),
    ("mqtt_connect", ("proto_name", "client_id")),
    ("mqtt_publish", ("retain", "topic")),
    ("mqtt_publish", ("qos", "topic", "payload_len")),
    ("mqtt_subscribe", ("topics", "ack")),
    ("packet_filter", ("filter", "init")),
    ("reporter", ("level", "location", "message")),
    ("config", ("old_value", "new_value")),
    ("weird", ("name", "notice", "peer")),
    ("traceroute", ("src", "dst", "proto")),
)


def path_of(entry: Mapping[str, Any]) -> str | None:
    """Return the log's name, None where the fields are of no log that is known."""
    path = entry.get("_path")
    if isinstance(path, str) and path:
        return path
    if isinstance(action := entry.get("action"), str) and action.startswith("SMB::"):
        return "smb_files"
    for name, fields in _ALL:
        if all(field in entry for field in fields):
            return name
    if "host" in entry and set(entry) <= {"ts", "host", "_write_ts", "_system_name"}:
        return "known_hosts"
    return None
