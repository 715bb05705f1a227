"""Lines as pfSense writes them, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_V4 = "0x0,,63,32989,0,DF,6,tcp,60,203.0.113.7,192.0.2.10,40000,22,0,S,1818117648,,64240,,mss;sackOK;TS;nop;wscale"
SAMPLES = (
    Sample(
        f"<134>1 2026-03-30T16:01:36.000000+00:00 fw.example.com filterlog 72237 - - 146,,,1535324496,igb1.12,match,block,in,4,{_V4}",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.category": ["network"], "event.type": ["connection", "denied"], "event.action": "block", "event.provider": "filterlog", "event.reason": "match",
         "event.blocked": "true", "source.ip": "203.0.113.7", "source.address": "203.0.113.7", "source.port": 40000, "destination.ip": "192.0.2.10", "destination.port": 22, "network.bytes": 60,
         "network.direction": "inbound", "network.iana_number": "6", "network.transport": "tcp", "network.type": "ipv4", "network.vlan.id": "12", "network.community_id": "1:jdhD3WBWv57cRo47WdWpqXMzsk0=",
         "observer.ingress.interface.name": "igb1.12", "observer.ingress.vlan.id": "12", "observer.name": "fw.example.com", "observer.type": "firewall", "observer.vendor": "netgate", "process.name": "filterlog",
         "process.pid": 72237, "rule.id": "1535324496", "vendor.tcp_flags": "S", "log.syslog.priority": 134},
    ),
    Sample(
        "<134>Mar 30 16:01:36 filterlog[72237]: 5,,,1000000103,igb0,match,pass,out,4,0x0,,64,1,0,none,17,udp,72,198.51.100.1,203.0.113.53,54621,53,52",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.type": ["connection", "allowed"], "event.action": "pass", "network.direction": "outbound", "network.transport": "udp", "observer.egress.interface.name": "igb0",
         "destination.port": 53, "observer.name": None, "vendor.data_length": "52"},
    ),
    Sample(
        "Mar 30 16:01:36 fw filterlog: 7,,,1000000105,em0,match,block,in,6,0x00,0x00000,255,TCP,6,40,2001:db8::7,2001:db8:1::1,40000,443,0,S,1,,1024,,",
        {"network.type": "ipv6", "source.ip": "2001:db8::7", "destination.port": 443, "network.transport": "tcp"},
    ),
    Sample("Mar 30 16:01:36 filterlog[1]: 5,,,1000000103,igb0,match,block,in,4,0x0,,64,1,0,none,1,icmp,84,203.0.113.7,192.0.2.10,request,12,1",
           {"network.transport": "icmp", "network.community_id": "1:6wDjvsd+khypOLMEIul78ZNkbuE=", "vendor.icmp_type": "request"}),
    Sample("Mar 30 16:01:36 filterlog[1]: 5,,,1000000103,igb0,match,block,in,6,0x00,0x00000,1,ICMPv6,58,24,fe80::1,ff02::1,", {"network.transport": "ipv6-icmp", "source.ip": "fe80::1"}),
    Sample("Mar 30 16:01:36 filterlog[1]: 5,,,1000000103,igb0,match,pass,in,4,0x0,,255,1,0,DF,112,carp,36,192.0.2.2,224.0.0.18,advertise,255,1,2,1,0", {"vendor.vhid": "1", "network.iana_number": "112"}),
    Sample("Mar 30 16:01:36 filterlog[1]: 5,,,1000000103,igb0,match,block,in,4,0x0,,1,1,0,none,2,igmp,32,192.0.2.9,224.0.0.1,datalength=8 ", {"network.transport": "igmp"}),
    Sample(
        "<30>Mar 30 16:01:36 unbound[77]: [77:0] info: 192.0.2.10 www.example.com. A IN",
        {"event.action": "dns-query", "dns.question.name": "www.example.com", "dns.question.type": "A", "client.ip": "192.0.2.10", "network.protocol": "dns"},
    ),
    Sample(
        "<30>Mar 30 16:01:36 unbound[77]: [77:1] info: 192.0.2.10 no.example.com. AAAA IN NXDOMAIN 0.012345 0 104",
        {"event.action": "dns-reply", "dns.response_code": "NXDOMAIN", "event.duration": 12_345_000, "dns.question.type": "AAAA"},
    ),
    Sample(
        "Mar 30 16:01:36 dhcpd[5]: DHCPACK on 192.0.2.20 to 02:00:00:00:00:01 (laptop-7) via igb1",
        {"event.action": "dhcpack", "client.ip": "192.0.2.20", "client.mac": "02-00-00-00-00-01", "client.domain": "laptop-7", "network.protocol": "dhcp", "observer.ingress.interface.name": "igb1"},
    ),
    Sample("Mar 30 16:01:36 dhcpd[5]: DHCPDISCOVER from 02:00:00:00:00:01 via igb1", {"event.action": "dhcpdiscover", "client.mac": "02-00-00-00-00-01", "client.ip": None}),
    Sample(
        "Mar 30 16:01:36 openvpn[9]: openvpn server 'ovpns1' user 'alice' address '203.0.113.7:1194' - connected",
        {"event.category": ["session", "network"], "event.type": ["start"], "user.name": "alice", "source.ip": "203.0.113.7", "source.port": 1194, "event.outcome": "success"},
    ),
    Sample("Mar 30 16:01:36 openvpn[9]: user 'root' could not authenticate.", {"event.category": ["authentication", "network"], "event.outcome": "failure", "user.name": "root"}),
    Sample("Mar 30 16:01:36 openvpn[9]: 203.0.113.7:1194 [alice] Peer Connection Initiated with [AF_INET]203.0.113.7:1194", {"user.name": "alice", "source.ip": "203.0.113.7", "event.action": "connected"}),
    Sample("Mar 30 16:01:36 openvpn[9]: 203.0.113.7:40000 TLS Error: TLS handshake failed", {"event.outcome": "failure", "source.port": 40000, "event.reason": "TLS handshake failed"}),
    Sample(
        "Mar 30 16:01:36 charon[12]: 10[IKE] <con1|7> IKE_SA con1[7] established between 198.51.100.1[198.51.100.1]...203.0.113.9[203.0.113.9]",
        {"event.action": "ike-established", "source.ip": "203.0.113.9", "destination.ip": "198.51.100.1", "event.outcome": "success"},
    ),
    Sample(
        "Mar 30 16:01:36 fw php-fpm[340]: /index.php: Successful login for user 'admin' from: 192.0.2.9 (Local Database)",
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "success", "user.name": "admin", "source.ip": "192.0.2.9"},
    ),
    Sample("Mar 30 16:01:36 fw php-fpm[340]: /index.php: webConfigurator authentication error for user 'root' from: 203.0.113.7", {"event.outcome": "failure", "source.ip": "203.0.113.7", "user.name": "root"}),
    Sample("Mar 30 16:01:36 fw php-fpm[340]: /system_usermanager.php: Configuration Change: admin@192.0.2.9 (Local Database): User bob created", {"event.category": ["configuration"], "event.reason": "User bob created", "user.name": "admin"}),
    Sample(
        "Mar 30 16:01:36 fw sshd[8]: Failed password for invalid user oracle from 203.0.113.7 port 40000 ssh2",
        {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "oracle", "source.ip": "203.0.113.7", "source.port": 40000},
    ),
    Sample(
        "Mar 30 16:01:36 fw snort[8]: [1:2010935:3] ET POLICY Suspicious inbound to MSSQL port 1433 [Classification: Potentially Bad Traffic] [Priority: 2] {TCP} 203.0.113.7:6000 -> 192.0.2.10:1433",
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "rule.id": "2010935", "rule.name": "ET POLICY Suspicious inbound to MSSQL port 1433", "event.severity": 2, "destination.port": 1433},
    ),
    Sample("Mar 30 16:01:36 fw check_reload_status[300]: Reloading filter", {"event.category": ["host"], "event.type": ["info"], "event.provider": "check_reload_status"}),
)  # fmt: skip
