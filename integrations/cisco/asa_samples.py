"""Messages as ASA writes them, of each class, and what they mean."""

from __future__ import annotations

from typing import Any

from integrations.contract import Sample


def _of(number: int, severity: int, text: str, expect: dict[str, Any]) -> Sample:
    return Sample(
        f"Mar 30 2026 16:01:36 asa-1 : %ASA-{severity}-{number}: {text}",
        {"event.code": str(number), "event.severity": severity} | expect,
    )


_DENIED = {
    "event.action": "firewall-rule",
    "event.category": ["network"],
    "event.type": ["info", "denied"],
    "event.outcome": "failure",
    "event.blocked": "true",
}
_ENDS = {
    "source.ip": "203.0.113.7",
    "source.port": 40000,
    "destination.ip": "192.0.2.10",
    "destination.port": 22,
}
_VPN = "Group <staff> User <alice> IP <203.0.113.7> "
_WHO = {"user.name": "alice", "source.ip": "203.0.113.7"}
SAMPLES = (
    Sample(
        '<164>Mar 30 2026 16:01:36 asa-1 : %ASA-4-106023: Deny tcp src outside:203.0.113.7/40000 dst inside:192.0.2.10/22 by access-group "outside_in" [0x8ed66b60, 0x0]',
        {"@timestamp": "2026-03-30T16:01:36.000Z", **_DENIED, **_ENDS, "event.code": "106023", "event.severity": 4, "log.level": "warning", "rule.name": "outside_in",
         "network.transport": "tcp", "network.iana_number": "6", "network.type": "ipv4", "network.community_id": "1:jdhD3WBWv57cRo47WdWpqXMzsk0=",
         "observer.vendor": "Cisco", "observer.product": "asa", "observer.type": "firewall", "observer.hostname": "asa-1", "host.hostname": "asa-1",
         "observer.ingress.interface.name": "outside", "observer.egress.interface.name": "inside", "log.syslog.priority": 164},
    ),
    Sample(
        "<164>Mar 30 2026 16:01:36: %ASA-4-106023: Deny icmp src outside:203.0.113.7 dst inside:192.0.2.10 (type 8, code 0) by access-group \"outside_in\" [0x0, 0x0]",
        {"@timestamp": "2026-03-30T16:01:36.000Z", **_DENIED, "network.transport": "icmp", "observer.hostname": None, "network.community_id": "1:6wDjvsd+khypOLMEIul78ZNkbuE="},
    ),
    Sample(
        "%ASA-6-302013: Built outbound TCP connection 1447236 for outside:203.0.113.80/443 (203.0.113.80/443) to inside:192.0.2.10/51234 (198.51.100.1/40022)(LOCAL\\alice) (alice)",
        {"event.action": "firewall-rule", "event.type": ["connection", "start", "allowed"], "event.outcome": "success", "network.direction": "outbound", "source.ip": "192.0.2.10",
         "source.port": 51234, "source.nat.ip": "198.51.100.1", "source.nat.port": 40022, "source.user.name": "alice", "destination.ip": "203.0.113.80", "destination.port": 443,
         "destination.nat.ip": None, "observer.ingress.interface.name": "inside", "observer.egress.interface.name": "outside", "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc="},
    ),
    Sample(
        "Mar 30 16:01:36 asa-1 %ASA-6-302013: Built inbound TCP connection 7 for outside:2001:db8::7/40000 (2001:db8::7/40000) to dmz:2001:db8:1::1/443 (2001:db8:1::1/443)",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "source.ip": "2001:db8::7", "destination.ip": "2001:db8:1::1", "network.type": "ipv6", "network.direction": "inbound", "observer.hostname": "asa-1"},
    ),
    Sample(
        "Mar 30 2026 16:01:36 asa-1 CiscoASA[999]: %ASA-6-302014: Teardown TCP connection 1447236 for outside:203.0.113.80/443 to inside:192.0.2.10/51234 duration 0:01:05 bytes 6200 TCP FINs from inside (alice)",
        {"event.action": "flow-expiration", "event.type": ["connection", "end"], "event.duration": 65_000_000_000, "event.start": "2026-03-30T16:00:31.000Z", "event.end": "2026-03-30T16:01:36.000Z",
         "network.bytes": 6200, "event.reason": "TCP FINs from inside", "user.name": "alice", "process.name": "CiscoASA", "process.pid": 999},
    ),
    _of(302013, 6, "Built inbound TCP connection 8 for inside:192.0.2.9/12523 (192.0.2.9/12523) to NP Identity Ifc:192.0.2.1/22 (192.0.2.1/22)",
        {"source.ip": "192.0.2.9", "destination.port": 22, "observer.egress.interface.name": "NP Identity Ifc"}),
    _of(302016, 6, "Teardown UDP connection 9 for outside:203.0.113.53/53 to inside:192.0.2.10/54621 duration 0:00:00 bytes 139", {"network.transport": "udp", "network.bytes": 139, "event.duration": 0}),
    _of(302020, 6, "Built inbound ICMP connection for faddr 203.0.113.7/1 gaddr 198.51.100.1/0 laddr 192.0.2.10/0 type 8 code 0",
        {"source.ip": "203.0.113.7", "destination.ip": "192.0.2.10", "destination.nat.ip": "198.51.100.1", "network.transport": "icmp", "network.community_id": "1:6wDjvsd+khypOLMEIul78ZNkbuE="}),
    _of(302021, 6, "Teardown ICMP connection for faddr 203.0.113.7/1(alice) gaddr 192.0.2.10/0 laddr 192.0.2.10/0", {"event.action": "flow-expiration", "source.user.name": "alice"}),
    _of(106001, 2, "Inbound TCP connection denied from 203.0.113.7/40000 to 192.0.2.10/22 flags SYN  on interface outside", {**_DENIED, **_ENDS, "network.transport": "tcp", "log.level": "critical"}),
    _of(106006, 2, "Deny inbound UDP from 203.0.113.7/40000 to 192.0.2.10/22 on interface outside", {**_DENIED, **_ENDS, "network.direction": "inbound"}),
    _of(106007, 2, "Deny inbound UDP from 203.0.113.7/40000 to 192.0.2.10/22 due to DNS Response", {**_DENIED, "event.reason": "DNS Response"}),
    _of(106010, 3, "Deny inbound protocol 47 src outside:203.0.113.7 dst inside:192.0.2.10", {**_DENIED, "network.transport": "gre"}),
    _of(106014, 3, "Deny inbound icmp src outside:203.0.113.7 dst inside:192.0.2.10 (type 8, code 0)", {**_DENIED, "source.ip": "203.0.113.7"}),
    _of(106015, 6, "Deny TCP (no connection) from 203.0.113.7/40000 to 192.0.2.10/22 flags RST ACK  on interface outside",
        {**_DENIED, **_ENDS, "event.reason": "no connection", "observer.ingress.interface.name": "outside"}),
    _of(106016, 2, "Deny IP spoof from (203.0.113.7) to 192.0.2.10 on interface outside", {**_DENIED, "source.ip": "203.0.113.7"}),
    _of(106021, 1, "Deny TCP reverse path check from 203.0.113.7 to 192.0.2.10 on interface inside", {**_DENIED, "network.transport": "tcp", "event.reason": "reverse path check"}),
    _of(106100, 4, "access-list outside_in denied tcp outside/203.0.113.7(40000)(LOCAL\\bob) -> inside/192.0.2.10(22) hit-cnt 1 first hit [0x71a87d94, 0x0]", {**_DENIED, **_ENDS, "source.user.name": "bob", "rule.name": "outside_in"}),
    _of(106100, 6, "access-list dmz_in permitted udp dmz/192.0.2.30(56575) -> inside/192.0.2.10(53) hit-cnt 1 300-second interval [0x0, 0x0]",
        {"event.type": ["info", "allowed"], "event.outcome": "success", "event.blocked": "false", "vendor.hits": "1"}),
    _of(304001, 5, "alice@192.0.2.10 Accessed URL 203.0.113.80:http://www.example.com/a?b=1",
        {"event.category": ["network", "web"], "url.original": "http://www.example.com/a?b=1", "url.domain": "www.example.com", "user.name": "alice", "source.ip": "192.0.2.10", "destination.ip": "203.0.113.80"}),
    _of(304001, 5, "192.0.2.10 Accessed URL 203.0.113.80:/index.html", {"url.path": "/index.html", "url.domain": "203.0.113.80"}),
    _of(304002, 5, "Access denied URL http://bad.example.com/x SRC 192.0.2.10 DEST 203.0.113.80 on interface inside", {"event.type": ["access", "denied"], "url.domain": "bad.example.com"}),
    _of(305011, 6, "Built dynamic TCP translation from inside:192.0.2.10/1772 to outside:198.51.100.1/8256",
        {"event.type": ["info"], "event.action": "firewall-rule", "source.port": 1772, "destination.ip": "198.51.100.1", "destination.port": 8256, "network.transport": "tcp"}),
    _of(305012, 6, "Teardown dynamic UDP translation from inside:192.0.2.10/1772 to outside:198.51.100.1/8256 duration 0:00:30", {"event.duration": 30_000_000_000}),
    _of(305013, 5, "Asymmetric NAT rules matched for forward and reverse flows; Connection for udp src outside:203.0.113.7/40000 dst inside:192.0.2.10/22 denied due to NAT reverse path failure", {**_DENIED, **_ENDS}),
    _of(313001, 3, "Denied ICMP type=8, code=0 from 203.0.113.7 on interface outside", {**_DENIED, "source.ip": "203.0.113.7", "network.transport": "icmp"}),
    _of(313005, 4, "No matching connection for ICMP error message: icmp src outside:203.0.113.7 dst inside:192.0.2.10 (type 3, code 3) on outside interface.  Original IP payload: udp src 192.0.2.10/53 dst 203.0.113.7/40000.",
        {**_DENIED, "destination.ip": "192.0.2.10"}),
    _of(313008, 3, "Denied IPv6-ICMP type=133, code=0 from fe80::1 on interface outside", {**_DENIED, "network.transport": "ipv6-icmp", "source.ip": "fe80::1"}),
    _of(338002, 4, "Dynamic filter monitored blacklisted TCP traffic from inside:192.0.2.10/6798 (198.51.100.1/7890) to outside:203.0.113.7/80 (203.0.113.7/80), destination 203.0.113.7 resolved from dynamic list: bad.example.com, "
        "threat-level: high, category: Malware", {"event.kind": "alert", "source.nat.ip": "198.51.100.1", "threat.indicator.domain": "bad.example.com", "vendor.level": "high"}),
    _of(338006, 4, "Dynamic filter dropped blacklisted TCP traffic from inside:192.0.2.10/6798 (198.51.100.1/7890) to outside:203.0.113.7/80 (203.0.113.7/80), destination 203.0.113.7 resolved from local list: bad.example.com",
        {"event.kind": "alert", "event.type": ["info", "denied"]}),
    _of(400013, 4, "IPS:2003 ICMP redirect from 203.0.113.7 to 192.0.2.10 on interface outside", {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "source.ip": "203.0.113.7"}),
    _of(401004, 4, "Shunned packet: 203.0.113.7 ==> 192.0.2.10 on interface outside", {"event.kind": "alert", "event.type": ["info", "denied"]}),
    _of(419002, 4, "Duplicate TCP SYN from inside:192.0.2.10/51234 to outside:203.0.113.80/443 with different initial sequence number", {"event.outcome": "success", "event.blocked": "true", "source.port": 51234}),
    _of(602303, 6, "IPSEC: An outbound LAN-to-LAN SA (SPI= 0xDEADBEEF) between 198.51.100.1 and 203.0.113.9 (user= 203.0.113.9) has been created.", {"event.action": "vpn", "destination.ip": "203.0.113.9"}),
    _of(605004, 6, "Login denied from 203.0.113.7/40000 to outside:192.0.2.10/ssh for user \"root\"",
        {"event.category": ["authentication"], "event.action": "logon-failed", "event.outcome": "failure", "user.name": "root", **_ENDS}),
    _of(605005, 6, "Login permitted from 203.0.113.7/40000 to inside:192.0.2.10/https for user \"alice\"", {"event.action": "logged-in", "event.outcome": "success", "destination.port": 443, **_WHO}),
    _of(607001, 6, "Pre-allocate SIP SIGNALLING secondary channel for inside:192.0.2.10/5060 to outside:203.0.113.80 from 200 OK message", {"destination.port": 5060, "source.ip": "203.0.113.80"}),
    _of(609001, 7, "Built local-host inside:192.0.2.10", {"event.type": ["start"], "source.ip": "192.0.2.10"}),
    _of(609002, 7, "Teardown local-host inside:192.0.2.10 duration 0:02:00", {"event.action": "flow-expiration", "event.duration": 120_000_000_000}),
    _of(611101, 6, "User authentication succeeded: IP address: 203.0.113.7, Uname: alice", {"event.outcome": "success", **_WHO}),
    _of(611102, 6, "User authentication failed: Uname: alice", {"event.outcome": "failure", "user.name": "alice"}),
    _of(611103, 5, "User logged out: Uname: alice", {"event.type": ["end"], "user.name": "alice"}),
    _of(710003, 3, "TCP access denied by ACL from 203.0.113.7/40000 to outside:192.0.2.10/22", {**_DENIED, **_ENDS}),
    _of(710005, 7, "UDP request discarded from 203.0.113.7/40000 to outside:192.0.2.10/22", {**_ENDS, "event.type": ["info", "denied"]}),
    _of(713120, 5, "Group = staff, Username = alice, IP = 203.0.113.7, PHASE 2 COMPLETED (msgid=4dfb1b2a)", {**_WHO, "event.action": "vpn", "source.user.group.name": "staff"}),
    _of(716001, 6, _VPN + "WebVPN session started.", {**_WHO, "event.category": ["network", "session"], "event.type": ["connection", "start"], "event.action": "client-vpn-connected"}),
    _of(716002, 6, _VPN + "WebVPN session terminated: User requested.", {**_WHO, "event.type": ["connection", "end"], "event.reason": "User requested"}),
    _of(716039, 6, _VPN + "Authentication: rejected, Session Type: WebVPN.", {**_WHO, "event.outcome": "failure", "event.category": ["authentication"]}),
    _of(722051, 4, _VPN + "IPv4 Address <192.0.2.200> IPv6 address <::> assigned to session", {**_WHO, "source.nat.ip": "192.0.2.200", "event.action": "client-vpn-connected"}),
    _of(722023, 6, _VPN + "UDP SVC connection terminated without compression", {**_WHO, "event.action": "client-vpn-disconnected"}),
    _of(725002, 6, "Device completed SSL handshake with client outside:203.0.113.7/40000 to 192.0.2.10/443 for TLSv1.2 session", {"tls.version": "1.2", "destination.port": 443, "source.port": 40000}),
    _of(733100, 4, "[ Scanning] drop rate-1 exceeded. Current burst rate is 8 per second, max configured rate is 10; Current average rate is 9 per second", {"event.kind": "alert", "vendor.object": "Scanning"}),
    _of(733102, 4, "Threat-detection adds host 203.0.113.7 to shun list", {"event.kind": "alert", "event.action": "host-shunned", "source.ip": "203.0.113.7"}),
    _of(734001, 6, "DAP: User alice, Addr 203.0.113.7, Connection AnyConnect: The following DAP records were selected for this connection: DfltAccessPolicy", {**_WHO, "rule.name": "DfltAccessPolicy"}),
    _of(746012, 5, "user-identity: Add IP-User mapping 192.0.2.10 - EXAMPLE\\alice Succeeded - VPN user", {"event.category": ["iam"], "user.name": "alice", "user.domain": "EXAMPLE", "event.outcome": "success"}),
    _of(750006, 5, "Local:198.51.100.1:500 Remote:203.0.113.7:500 Username:alice IKEv2 SA UP. Reason: New Connection Established", {**_WHO, "event.action": "client-vpn-connected"}),
    _of(751011, 4, "Local:198.51.100.1:500 Remote:203.0.113.7:500 Username:alice IKEv2 Failed user authentication. Error: no group", {**_WHO, "event.outcome": "failure"}),
    _of(769001, 5, "UPDATE: ASA image disk0:/asa9-16.bin was added to system boot list", {"event.category": ["package"]}),
    _of(772003, 4, "PASSWORD: session login failed, user alice, IP 203.0.113.7, cause: password expired", {**_WHO, "event.outcome": "failure", "event.reason": "password expired"}),
    _of(111008, 5, "User 'alice' executed the 'no logging enable' command.", {"event.category": ["configuration"], "event.type": ["change"], "process.command_line": "no logging enable", "user.name": "alice"}),
    _of(111010, 5, "User 'alice', running 'CLI' from IP 203.0.113.7, executed 'write memory'", {**_WHO, "process.command_line": "write memory", "event.provider": "CLI"}),
    _of(111009, 7, "User 'alice' executed cmd: show running-config", {"event.type": ["access"], "process.command_line": "show running-config"}),
    _of(113004, 6, "AAA user authentication Successful : server =  192.0.2.50 : user = alice", {"event.outcome": "success", "user.name": "alice", "vendor.server": "192.0.2.50"}),
    _of(113005, 6, "AAA user authentication Rejected : reason = Invalid password : server = 192.0.2.50 : user = alice : user IP = 203.0.113.7", {**_WHO, "event.outcome": "failure", "event.reason": "Invalid password"}),
    _of(113006, 6, "User alice locked out on exceeding 3 successive failed authentication attempts", {"event.action": "user-locked-out", "user.name": "alice"}),
    _of(113012, 6, "AAA user authentication Successful : local database : user = alice", {"event.outcome": "success", "user.name": "alice"}),
    _of(113015, 6, "AAA user authentication Rejected : reason = User was not found : local database : user = ***** : user IP = 203.0.113.7", {"event.outcome": "failure", "user.name": None, "source.ip": "203.0.113.7"}),
    _of(113019, 4, "Group = staff, Username = alice, IP = 203.0.113.7, Session disconnected. Session Type: SSL, Duration: 1h:01m:05s, Bytes xmt: 5000, Bytes rcv: 1200, Reason: User Requested",
        {**_WHO, "event.action": "client-vpn-disconnected", "event.duration": 3_665_000_000_000, "source.bytes": 1200, "destination.bytes": 5000, "network.bytes": 6200, "event.reason": "User Requested"}),
    _of(113021, 3, "Attempted console login failed user 'alice' did NOT have appropriate Admin Rights.", {"event.outcome": "failure", "user.name": "alice"}),
    _of(113039, 6, _VPN + "AnyConnect parent session started.", {**_WHO, "event.action": "client-vpn-connected"}),
    _of(109005, 6, "Authentication succeeded for user 'alice' from 203.0.113.7/40000 to 192.0.2.10/22 on interface outside", {**_WHO, **_ENDS}),
    _of(411002, 4, "Line protocol on Interface outside, changed state to down", {"event.category": ["host"], "event.reason": "down"}),
    _of(999999, 6, "A message that nobody knows of", {"event.category": ["host"], "event.type": ["info"], "message": "A message that nobody knows of"}),
    Sample("<166>2026-03-30T16:01:36Z asa-1 : %ASA-session-6-302018: Teardown GRE connection 7 from outside:203.0.113.7 to inside:192.0.2.10 duration 0:00:10 bytes 99", {"network.transport": "gre", "network.bytes": 99}),
    Sample("<166>:Mar 30 16:01:36 UTC: %PIX-6-302015: Built inbound UDP connection 7 for outside:203.0.113.7/53 (203.0.113.7/53) to inside:192.0.2.10/53 (192.0.2.10/53)", {"@timestamp": "2026-03-30T16:01:36.000Z", "network.transport": "udp"}),
    Sample("%ASA-4-401004 Shunned packet: 203.0.113.7 = 192.0.2.10 on interface outside", {"event.code": "401004", "event.kind": "alert", "source.ip": "203.0.113.7"}),
    _of(737026, 6, "IPAA: Session=0x1, Client assigned 10.8.0.2 from local pool POOL", {"event.category": ["network"], "event.action": "vpn", "event.duration": None, "event.start": None}),
)  # fmt: skip
