"""Messages as FTD writes them, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_HEAD = "<113>2026-03-30T16:01:36Z ftd-1 "
_FLOW = "SrcIP: 192.0.2.10, DstIP: 203.0.113.80, SrcPort: 51234, DstPort: 443, Protocol: tcp, IngressInterface: inside, EgressInterface: outside, IngressZone: in-zone, EgressZone: out-zone"
SAMPLES = (
    Sample(
        f"{_HEAD} %FTD-1-430003: EventPriority: Low, DeviceUUID: 00000000-0000-11e9-8000-000000000001, InstanceID: 1, FirstPacketSecond: 2026-03-30T16:01:20Z, ConnectionID: 7, AccessControlRuleAction: Allow, {_FLOW}, "
        "ACPolicy: Default, AccessControlRuleName: allow, web, Prefilter Policy: None, User: EXAMPLE\\alice, Client: Chrome, ApplicationProtocol: HTTPS, WebApplication: Example Site, ConnectionDuration: 15, InitiatorPackets: 12, "
        "ResponderPackets: 13, InitiatorBytes: 1200, ResponderBytes: 5000, NAPPolicy: Balanced, URLCategory: Unknown, URL: https://www.example.com/a, UserAgent: curl/8.5.0, SSLVersion: TLSv1.3",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.code": "430003", "event.category": ["network"], "event.type": ["connection", "end", "allowed"], "event.action": "connection-finished",
         "event.outcome": "success", "event.start": "2026-03-30T16:01:20.000Z", "event.end": "2026-03-30T16:01:35.000Z", "event.duration": 15_000_000_000, "event.severity": 1, "source.bytes": 1200,
         "destination.packets": 13, "network.bytes": 6200, "network.packets": 25, "network.protocol": "https", "network.application": "example site", "rule.name": "allow, web", "rule.ruleset": "Default",
         "user.name": "alice", "user.domain": "EXAMPLE", "observer.product": "ftd", "observer.ingress.zone": "in-zone", "observer.egress.interface.name": "outside", "url.domain": "www.example.com",
         "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc=", "tls.version": "1.3", "vendor.EventPriority": "Low", "vendor.PrefilterPolicy": "None"},
    ),
    Sample(
        f"{_HEAD}: %FTD-1-430002: AccessControlRuleAction: Block with reset, AccessControlRuleReason: URL Block, {_FLOW}, AccessControlRuleName: no-bad, User: No Authentication Required, DNSQuery: bad.example.com, DNSRecordType: a host address, DNSResponseType: No Error",
        {"event.action": "connection-started", "event.type": ["connection", "start", "denied"], "event.blocked": "true", "user.name": None, "dns.question.name": "bad.example.com", "dns.question.type": "A", "dns.response_code": "NOERROR"},
    ),
    Sample(
        f"{_HEAD} %FTD-1-430001: {_FLOW}, Priority: 1, GID: 1, SID: 2019232, Revision: 4, Message: \"MALWARE-CNC test outbound connection\", Classification: A Network Trojan was Detected, User: Unknown, InlineResult: Blocked, IntrusionPolicy: Balanced",
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.action": "intrusion-detected", "rule.id": "2019232", "rule.name": "MALWARE-CNC test outbound connection",
         "rule.category": "A Network Trojan was Detected", "event.type": ["info", "denied"]},
    ),
    Sample(
        f"{_HEAD} %FTD-1-430005: {_FLOW}, FileDirection: Download, FileAction: Malware Cloud Lookup, FileSHA256: 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f, SHA_Disposition: Malware, ThreatName: Win.Ransomware.Test, "
        "FileName: eicar_com.zip, FileType: ZIP, FileSize: 184, ApplicationProtocol: HTTP, User: No Authentication Required, URI: http://www.example.com/eicar_com.zip",
        {"event.kind": "alert", "event.category": ["network", "malware", "file"], "event.action": "malware-detected", "file.name": "eicar_com.zip", "file.size": 184, "threat.indicator.name": "Win.Ransomware.Test",
         "file.hash.sha256": "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", "url.extension": "zip", "file.path": None},
    ),
    Sample(
        f"{_HEAD} %FTD-6-430004: {_FLOW}, FileDirection: Upload, FileAction: Block, FileName: a.pdf, FileType: PDF, User: bob",
        {"event.action": "file-detected", "event.type": ["info", "denied"], "file.extension": "pdf", "user.name": "bob"},
    ),
    Sample(
        "Mar 30 2026 16:01:36 ftd-1 : %FTD-6-302014: Teardown TCP connection 7 for outside:203.0.113.80/443 to inside:192.0.2.10/51234 duration 0:00:15 bytes 6200 TCP Reset-O",
        {"event.action": "flow-expiration", "observer.product": "ftd", "network.bytes": 6200, "event.reason": "TCP Reset-O", "observer.hostname": "ftd-1"},
    ),
    Sample(
        "<46>Mar 30 16:01:36 fmc-1 SFIMS: [Primary Detection Engine (a9-11)][default policy][Connection Type: End, User: Unknown, Client: DNS, Application Protocol: DNS, Web App: Unknown, "
        "Access Control Rule Name: lan-out, Access Control Rule Action: Allow, Access Control Rule Reasons: Unknown, URL: Unknown, Interface Ingress: s1p1, Interface Egress: s1p2, Security Zone Ingress: in, "
        "Security Zone Egress: out, Initiator Packets: 1, Responder Packets: 2, Initiator Bytes: 70, Responder Bytes: 95, NetBIOS Domain: (null)] {UDP} 192.0.2.10:51234 -> 203.0.113.53:53",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.code": "430003", "event.type": ["connection", "end", "allowed"], "source.ip": "192.0.2.10", "source.bytes": 70, "destination.port": 53,
         "network.transport": "udp", "network.protocol": "dns", "rule.name": "lan-out", "observer.ingress.zone": "in", "observer.hostname": "fmc-1", "user.name": None},
    ),
    Sample(
        '<46>Mar 30 16:01:36 fmc-1 SFIMS: [1:23111:10] "POLICY-OTHER PHP injection" [Impact: Potentially Vulnerable] From "ftd-1" at Mon Mar 30 16:01:35 2026 UTC '
        "[Classification: Web Application Attack] [Priority: 1] {tcp} 198.51.100.7:46702 (unknown)->192.0.2.80:80 (unknown)",
        {"event.kind": "alert", "event.code": "430001", "rule.id": "23111", "rule.name": "POLICY-OTHER PHP injection", "rule.category": "Web Application Attack", "source.port": 46702,
         "destination.ip": "192.0.2.80", "observer.name": "ftd-1"},
    ),
    Sample(
        "<46>Mar 30 16:01:36 dev-1 SFIMS: Protocol: TCP, SrcIP: 192.0.2.10, OriginalClientIP: ::, DstIP: 203.0.113.80, SrcPort: 47097, DstPort: 443, TCPFlags: 0x0, DE: Primary Detection Engine (a9-11), Policy: default, "
        "ConnectType: Start, AccessControlRuleName: deny-all, AccessControlRuleAction: Block, UserName: bob, InitiatorPackets: 1, InitiatorBytes: 74",
        {"event.code": "430002", "event.type": ["connection", "start", "denied"], "source.ip": "192.0.2.10", "destination.port": 443, "user.name": "bob", "rule.ruleset": "default"},
    ),
    Sample(
        "<46>Mar 30 16:01:36 fmc-1 sfdccsm: admin@192.0.2.9, Devices > Device Management > NGFW Interfaces, Page View",
        {"event.category": ["configuration"], "event.type": ["access"], "user.name": "admin", "source.ip": "192.0.2.9"},
    ),
)  # fmt: skip
