"""Messages as SonicOS writes them, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_HEAD = '<134>  id=firewall sn=18B169000001 time="2026-03-30 16:01:36 UTC" fw=198.51.100.1'
_ENDS = "src=192.0.2.10:51234:X0:laptop-7 dst=203.0.113.80:443:X1:www.example.com"
SAMPLES = (
    Sample(
        f'{_HEAD} pri=6 c=262144 m=98 msg="Connection Opened" n=123 {_ENDS} srcMac=02:00:00:00:00:01 natSrc=198.51.100.1:40022 proto=tcp/https sent=60 usr="alice" rule="5 (LAN->WAN)" app=49201 appName="HTTPS" fw_action="NA"',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.category": ["network"], "event.type": ["connection", "start", "allowed"], "event.action": "connection-opened", "event.code": "98", "event.severity": 6, "event.sequence": 123,
         "event.outcome": "success", "log.level": "info", "source.ip": "192.0.2.10", "source.port": 51234, "source.domain": "laptop-7", "source.mac": "02-00-00-00-00-01", "source.bytes": 60, "source.nat.ip": "198.51.100.1",
         "source.nat.port": 40022, "destination.ip": "203.0.113.80", "destination.port": 443, "destination.domain": "www.example.com", "network.transport": "tcp", "network.protocol": "https", "network.application": "https",
         "network.bytes": 60, "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc=", "observer.vendor": "SonicWall", "observer.product": "SonicOS", "observer.type": "firewall", "observer.serial_number": "18B169000001",
         "observer.ip": "198.51.100.1", "observer.ingress.interface.name": "X0", "observer.egress.interface.name": "X1", "rule.id": "5 (LAN->WAN)", "user.name": "alice", "message": "Connection Opened"},
    ),
    Sample(
        f'{_HEAD} pri=6 c=1024 gcat=6 m=537 msg="Connection Closed" n=9 {_ENDS} proto=tcp/https sent=1200 rcvd=5000 spkt=12 rpkt=13 cdur=15000 rule="5" dpi=1',
        {"event.action": "connection-closed", "event.type": ["connection", "end"], "network.bytes": 6200, "network.packets": 25, "event.duration": 15_000_000_000},
    ),
    Sample(
        f'{_HEAD} pri=5 c=64 m=36 msg="TCP connection dropped" n=4 src=203.0.113.7:40000:X1 dst=198.51.100.1:23:X1 proto=tcp/telnet note="TCP Flag(s): SYN" fw_action="drop"',
        {"event.type": ["connection", "denied"], "event.blocked": "true", "event.reason": "TCP Flag(s): SYN", "event.action": "tcp-connection-dropped", "log.level": "notice", "network.protocol": "telnet"},
    ),
    Sample(
        f'{_HEAD} pri=1 c=32 m=609 msg="IPS Prevention Alert: WEB-ATTACKS test, SID: 1234, Priority: High" sid=1234 ipscat=WEB-ATTACKS ipspri=1 n=3 src=203.0.113.7:40000:X1 dst=192.0.2.10:80:X0 proto=tcp/http',
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.type": ["denied"], "event.action": "ips-prevention-alert", "rule.id": "1234", "rule.name": "WEB-ATTACKS test", "rule.category": "WEB-ATTACKS"},
    ),
    Sample(
        f'{_HEAD} pri=1 c=0 m=809 msg="Gateway Anti-Virus Alert: EICAR (Trojan) blocked" n=3 src=203.0.113.80:80:X1 dst=192.0.2.10:51234:X0 proto=tcp/http fileName="eicar.com"',
        {"event.kind": "alert", "event.category": ["network", "malware"], "threat.indicator.name": "EICAR (Trojan) blocked", "file.name": "eicar.com"},
    ),
    Sample(
        f'{_HEAD} pri=6 c=1024 m=97 msg="Web site hit" n=7 {_ENDS} proto=tcp/http op=1 sent=300 rcvd=4000 result=200 dstname=www.example.com arg=/a/b.html?x=1 code=27 Category="Information Technology"',
        {"event.category": ["network", "web"], "event.type": ["access", "allowed"], "url.domain": "www.example.com", "url.path": "/a/b.html", "url.query": "x=1", "http.request.method": "GET", "http.response.status_code": 200,
         "rule.category": "Information Technology"},
    ),
    Sample(f'{_HEAD} pri=4 c=4 m=14 msg="Web site access denied" n=8 {_ENDS} proto=tcp/http dstname=bet.example.com arg=/ code=11 Category="Gambling" note="Policy: default"', {"event.type": ["access", "denied"], "url.domain": "bet.example.com"}),
    Sample(
        f'{_HEAD} pri=6 c=16 m=29 msg="Administrator login allowed" n=2 usr="admin" src=192.0.2.9:50000:X0 dst=192.0.2.1:443:X0 proto=tcp/https note="admin at GUI"',
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "success", "user.name": "admin", "source.ip": "192.0.2.9"},
    ),
    Sample(
        f'{_HEAD} pri=1 c=32 m=30 msg="Administrator login denied due to bad credentials" n=2 usr="root" src=203.0.113.7:50000:X1 dst=198.51.100.1:443:X1 proto=tcp/https',
        {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "root"},
    ),
    Sample(f'{_HEAD} pri=6 c=16 m=263 msg="User logged out" n=2 usr="bob" src=192.0.2.10:0:X0 dst=192.0.2.1:0:X0', {"event.type": ["end"], "event.outcome": "success"}),
    Sample(f'{_HEAD} pri=6 c=0 m=1382 msg="Configuration succeeded: Access Rule Added" n=2 usr="admin" src=192.0.2.9 note="x"', {"event.category": ["configuration"], "event.action": "configuration-succeeded"}),
    Sample(f'{_HEAD} pri=5 c=128 m=37 msg="UDP packet dropped" n=3 srcV6=2001:db8::7 dstV6=2001:db8:1::1 proto=udp/53', {"network.type": "ipv6", "source.ip": "2001:db8::7", "network.transport": "udp", "network.protocol": None}),
    Sample(f'{_HEAD} pri=1 c=32 m=82 msg="Possible port scan detected" n=3 src=203.0.113.7:40000:X1 dst=198.51.100.1:22:X1 note="TCP scanned port list, 80, 22"', {"event.kind": "alert", "event.type": ["info"], "event.severity": 1}),
    Sample('id=firewall sn=18B169000001 time="2026-03-30 16:01:36" fw=198.51.100.1 pri=6 c=1 m=4444 msg="Nobody knows this" n=1', {"event.category": ["host"], "event.action": "nobody-knows-this"}),
    Sample('id=firewall sn=18B169000001 time="2026-03-30 16:01:36" fw=198.51.100.1 pri=6 c=1 m=4445 msg="SSLVPN user login denied: bad password" n=1 usr=bob', {"event.category": ["authentication"], "event.outcome": "failure"}),
    Sample(
        "<134>Mar 30 16:01:36 fw-1 CEF:0|SonicWall|NSA 2600|6.5.4.4-44n|97|Web site hit|4|cat=1024 gcat=2 src=192.0.2.10 spt=51234 deviceInboundInterface=X0 dst=203.0.113.80 dpt=443 deviceOutboundInterface=X1 proto=tcp/https "
        "suser=alice request=www.example.com/a out=300 in=4000 cnt=5 msg=Web site hit",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.code": "97", "event.category": ["network", "web"], "source.port": 51234, "url.domain": "www.example.com", "network.bytes": 4300, "user.name": "alice", "observer.version": "6.5.4.4-44n"},
    ),
)  # fmt: skip
