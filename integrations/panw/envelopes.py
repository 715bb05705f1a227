"""PAN-OS logs in CEF and LEEF, by the names of its CSV logs.

Reference: Palo Alto Networks' "CEF Configuration Guide" and "LEEF" custom log formats for PAN-OS: the
extension's keys are CEF's or LEEF's own, custom ones labelled, the vendor's begin with ``PanOS``.
"""

from __future__ import annotations

from integrations.notations import read_cef, read_leef

_CEF = {
    "rt": "receive_time", "deviceExternalId": "serial", "start": "start", "end": "end", "src": "src", "dst": "dst",
    "sourceTranslatedAddress": "natsrc", "destinationTranslatedAddress": "natdst", "suser": "srcuser",
    "duser": "dstuser", "app": "app", "deviceInboundInterface": "inbound_if", "request": "misc",
    "deviceOutboundInterface": "outbound_if", "cnt": "repeatcnt", "spt": "sport", "dpt": "dport",
    "sourceTranslatedPort": "natsport", "destinationTranslatedPort": "natdport", "proto": "proto", "act": "action",
    "out": "bytes_sent", "in": "bytes_received", "externalId": "seqno", "dvchost": "device_name",
    "reason": "session_end_reason", "cat": "threatid", "fileHash": "filedigest", "fileType": "filetype",
    "requestContext": "contenttype", "requestClientApplication": "user_agent", "requestMethod": "http_method",
    "shost": "machinename", "dvc": "host", "msg": "opaque", "duid": "recipient", "suid": "sender",
    "Rule": "rule", "Virtual System": "vsys", "Source Zone": "from", "Destination Zone": "to", "LogProfile": "logset",
    "SessionID": "sessionid", "Flags": "flags", "Total bytes": "bytes", "Packets": "packets",
    "Elapsed time in seconds": "elapsed", "URL Category": "category", "PanOSPacketsReceived": "pkts_received",
    "PanOSPacketsSent": "pkts_sent", "PanOSActionFlags": "actionflags", "Direction": "direction",
    "PanOSReferer": "referer", "PanOSRuleUUID": "rule_uuid", "PanOSContentVer": "contentver",
    "VirtualLocation": "vsys", "FromZone": "from", "ToZone": "to", "PacketsTotal": "packets", "URLCategory": "category",
    "SessionDuration": "elapsed", "PanOSBytes": "bytes", "PanOSDeviceSN": "serial", "LogSetting": "logset",
    "PanOSEventIDValue": "eventid", "PanOSStage": "stage", "PanOSAuthMethod": "auth_method", "PanOSTunnelType": "tunnel_type",
    "PanOSSourceUserName": "srcuser", "PanOSSourceRegion": "srcregion", "PanOSEndpointDeviceName": "machinename",
    "PanOSPublicIPv4": "public_ip", "PanOSPublicIPv6": "public_ipv6", "PanOSPrivateIPv4": "private_ip",
    "PanOSPrivateIPv6": "private_ipv6", "PanOSHostID": "hostid", "PanOSEndpointSN": "serialnumber",
    "PanOSGlobalProtectClientVersion": "client_ver", "PanOSEndpointOSType": "client_os", "PanOSPortal": "portal",
    "PanOSEndpointOSVersion": "client_os_ver", "PanOSConnectionError": "error", "PanOSDescription": "opaque",
    "PanOSEventStatus": "status", "PanOSLoginDuration": "login_duration", "PanOSConnectionMethod": "connect_method",
    "PanOSConnectionErrorID": "error_code", "PanOSSequenceNo": "seqno", "PanOSGateway": "gateway",
    "PanOSThreatCategory": "thr_category", "PanOSVsysName": "vsys_name", "Module": "module", "cs4": "cs4",
}  # fmt: skip
_LEEF = {
    "ReceiveTime": "receive_time", "SerialNumber": "serial", "Type": "type", "cat": "type", "Subtype": "subtype",
    "devTime": "time_generated", "src": "src", "dst": "dst", "srcPostNAT": "natsrc", "dstPostNAT": "natdst",
    "RuleName": "rule", "usrName": "srcuser", "SourceUser": "srcuser", "DestinationUser": "dstuser",
    "Application": "app", "VirtualSystem": "vsys", "SourceZone": "from", "DestinationZone": "to",
    "IngressInterface": "inbound_if", "EgressInterface": "outbound_if", "LogForwardingProfile": "logset",
    "SessionID": "sessionid", "RepeatCount": "repeatcnt", "srcPort": "sport", "dstPort": "dport",
    "srcPostNATPort": "natsport", "dstPostNATPort": "natdport", "Flags": "flags", "proto": "proto",
    "action": "action", "totalBytes": "bytes", "srcBytes": "bytes_sent", "dstBytes": "bytes_received",
    "totalPackets": "packets", "srcPackets": "pkts_sent", "dstPackets": "pkts_received", "StartTime": "start",
    "ElapsedTime": "elapsed", "URLCategory": "category", "sequence": "seqno", "ActionFlags": "actionflags",
    "SourceLocation": "srcloc", "DestinationLocation": "dstloc", "SessionEndReason": "session_end_reason",
    "vSrcName": "vsys_name", "DeviceName": "device_name", "Miscellaneous": "misc", "ThreatID": "threatid",
    "Direction": "direction", "ContentType": "contenttype", "PCAP_ID": "pcap_id", "FileDigest": "filedigest",
    "Cloud": "cloud", "UserAgent": "user_agent", "identSrc": "xff", "Referer": "referer", "Sender": "sender",
    "Subject": "subject", "Recipient": "recipient", "ReportID": "reportid", "Severity": "severity",
    "EventID": "eventid", "Object": "object", "Module": "module", "msg": "opaque", "Host": "host",
    "Command": "cmd", "client": "client", "Result": "result", "ConfigurationPath": "path",
    "identHostName": "machinename",
}  # fmt: skip
_SEVERITIES = {"1": "informational", "2": "low", "3": "medium", "4": "high", "5": "critical"}
"""The guides write ``$number-of-severity``: 1 is informational, 5 critical."""


def read_cef_entry(text: str) -> dict[str, str]:
    """Return the fields of a log in CEF (``CEF:0|Palo Alto Networks|PAN-OS|…|<subtype>|<TYPE>|…``)."""
    cef = read_cef(text)
    entry = {_CEF.get(name, name): value for name, value in cef.labelled().items() if value}
    kind, subtype = cef.name, cef.event_class
    if cef.product == "LF":  # Strata Logging Service has the type first
        kind, subtype = subtype, kind
    entry["type"], entry["subtype"] = kind.upper(), subtype
    if "cs2" in cef.extension and entry["type"] == "SYSTEM":
        entry["eventid"] = cef.event_class
    entry.setdefault("severity", _SEVERITIES.get(cef.severity, cef.severity))
    entry["sw_version"] = cef.product_version
    return entry


def read_leef_entry(text: str) -> dict[str, str]:
    """Return the fields of a log in LEEF. Before 2.0 the guides separate attributes by bars."""
    leef = read_leef(text)
    attributes = leef.attributes
    if text.count("|") > 8:
        attributes = dict(
            piece.partition("=")[::2] for piece in text.split("|")[5:] if "=" in piece and piece[0] != "="
        )
    entry: dict[str, str] = {}
    for name, value in attributes.items():
        if value and value != "-":
            entry.setdefault(_LEEF.get(name, name), value)
    entry["type"] = entry.get("type", "").upper()
    return entry
