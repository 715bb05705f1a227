"""Logs that Strata Logging Service (Cortex Data Lake) forwards, as JSON over HTTPS or ``Name=value`` text, by the
names of PAN-OS's CSV logs.

Reference: Palo Alto Networks, "Strata Logging Service Log Reference": HTTPS and EMAIL fields of each log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.fields import text
from integrations.normalisers import load_object
from integrations.notations import read_pairs

_NAMES: Mapping[str, str] = {
    "TimeReceived": "receive_time", "DeviceSN": "serial", "LogType": "type", "Subtype": "subtype",
    "TimeGenerated": "time_generated", "TimeGeneratedHighResolution": "high_res_timestamp",
    "SourceAddress": "src", "SourceIP": "src", "DestinationAddress": "dst", "DestinationIP": "dst",
    "NATSource": "natsrc", "NATDestination": "natdst", "Rule": "rule", "RuleMatched": "rule", "RuleUUID": "rule_uuid",
    "SourceUser": "srcuser", "DestinationUser": "dstuser", "Application": "app", "VirtualLocation": "vsys",
    "FromZone": "from", "ToZone": "to", "InboundInterface": "inbound_if", "OutboundInterface": "outbound_if",
    "LogSetting": "logset", "SessionID": "sessionid", "RepeatCount": "repeatcnt", "CountOfRepeats": "repeatcnt",
    "SourcePort": "sport", "DestinationPort": "dport", "NATSourcePort": "natsport", "NATDestinationPort": "natdport",
    "Protocol": "proto", "Action": "action", "Bytes": "bytes", "BytesSent": "bytes_sent",
    "BytesReceived": "bytes_received", "PacketsTotal": "packets", "PacketsSent": "pkts_sent",
    "PacketsReceived": "pkts_received", "SessionStartTime": "start", "SessionDuration": "elapsed",
    "URLCategory": "category", "SequenceNo": "seqno", "SourceLocation": "srcloc", "DestinationLocation": "dstloc",
    "SessionEndReason": "session_end_reason", "DeviceName": "device_name", "VirtualSystemName": "vsys_name",
    "VendorSeverity": "severity", "Severity": "severity", "DirectionOfAttack": "direction", "ThreatID": "threatid",
    "ThreatName": "threatid", "ThreatCategory": "thr_category", "FileName": "misc", "URL": "misc",
    "FileHash": "filedigest", "FileType": "filetype", "ContentType": "contenttype", "UserAgent": "user_agent",
    "X-Forwarded-For": "xff", "X-Forwarded-ForIP": "xff_ip", "Referer": "referer", "HTTPMethod": "http_method",
    "SenderEmail": "sender", "EmailSubject": "subject", "RecipientEmail": "recipient", "EventIDValue": "eventid",
    "EventID": "eventid", "EventName": "eventid", "Stage": "stage", "AuthMethod": "auth_method",
    "TunnelType": "tunnel_type", "SourceUserName": "srcuser", "SourceRegion": "srcregion",
    "EndpointDeviceName": "machinename", "PublicIPv4": "public_ip", "PublicIPv6": "public_ipv6",
    "PrivateIPv4": "private_ip", "PrivateIPv6": "private_ipv6", "HostID": "hostid",
    "EndpointSerialNumber": "serialnumber", "EndpointSN": "serialnumber", "GlobalProtectClientVersion": "client_ver",
    "EndpointOSType": "client_os", "EndpointOSVersion": "client_os_ver", "Reason": "reason",
    "ConnectionError": "error", "ErrorMessage": "error", "Description": "opaque", "EventDescription": "opaque",
    "EventStatus": "status", "LoginDuration": "login_duration", "ConnectionMethod": "connect_method",
    "ConnectionErrorID": "error_code", "Portal": "portal", "Gateway": "gateway", "EventComponent": "object",
    "Object": "object", "Module": "module", "Command": "cmd", "Admin": "admin", "Client": "client", "Result": "result",
    "ConfigurationPath": "path", "Host": "host", "HipMatchName": "matchname", "HipMatchType": "matchtype",
    "TLSVersion": "tls_version", "TLSEncryptionAlgorithm": "tls_enc", "EllipticCurve": "ec_curve",
    "ServerNameIndication": "sni", "SNI": "sni", "CommonName": "cn", "IssuerCommonName": "issuer_cn",
    "Fingerprint": "fingerprint", "CertificateSerial": "cert_serial", "UserIP": "ip", "User": "user",
    "MappingDataSource": "datasource", "MappingDataSourceName": "datasourcename",
}  # fmt: skip
_NONE = frozenset({"", "null", "unknown", "N/A"})
_TYPES = {
    "FILE": "THREAT",
    "URL": "THREAT",
    "DATA": "THREAT",
    "AUTH": "AUTHENTICATION",
    "HIPMATCH": "HIPMATCH",
}


def is_strata(message: str) -> bool:
    """Whether a message is one, by the names that all of them have."""
    head = message[:4096]
    return ('"LogType"' in head and '"DeviceSN"' in head) or ("LogType=" in head and "DeviceSN=" in head)


def read_strata_entry(message: str) -> dict[str, str]:
    """Return the fields of a log. Raises `UnparsedError` for a JSON object that can't be read."""
    start = message.find("{")
    fields: Mapping[str, Any] = (
        load_object(message[start:]) if start >= 0 and '"LogType"' in message else read_pairs(message)
    )
    entry: dict[str, str] = {}
    for name, value in fields.items():
        said = text(value)
        if said is not None and said not in _NONE:
            entry.setdefault(_NAMES.get(name, name), said)
    kind = entry.get("type", "").upper()
    entry.setdefault("subtype", kind.lower())
    entry["type"] = _TYPES.get(kind, kind)
    return entry
