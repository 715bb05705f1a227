"""Samples of ``snort.log``, written after the manuals of Snort 2.9 and 3."""

from integrations.contract import Sample

_ALERT = "[1:2010935:2] ET SCAN Suspicious inbound to MSSQL port 1433"

LOG_SAMPLES = (
    Sample(
        f"01/08-09:00:00.123456  [**] {_ALERT} [**] [Classification: Potentially Bad Traffic] [Priority: 2] {{TCP}} 203.0.113.9:45678 -> 192.0.2.5:1433",
        {
            "@timestamp": "2026-01-08T09:00:00.123Z",
            "event.kind": "alert",
            "event.category": ["network", "intrusion_detection"],
            "event.type": ["info"],
            "event.severity": 2,
            "rule.id": "2010935",
            "rule.version": "2",
            "rule.name": "ET SCAN Suspicious inbound to MSSQL port 1433",
            "rule.category": "Potentially Bad Traffic",
            "source.ip": "203.0.113.9",
            "source.port": 45678,
            "destination.ip": "192.0.2.5",
            "destination.port": 1433,
            "network.transport": "tcp",
            "network.type": "ipv4",
            "vendor.gid": 1,
        },
    ),
    Sample(
        '01/08/26-09:00:01.5 [Drop] [**] [116:408:1] "(ipv4) current net as source" [**] [Priority: 3] [AppID: DNS] {UDP} 2001:db8::7:53 -> 2001:db8::8:53',
        {
            "event.kind": "alert",
            "@timestamp": "2026-01-08T09:00:01.500Z",
            "event.type": ["denied"],
            "event.action": "drop",
            "rule.name": "(ipv4) current net as source",
            "source.ip": "2001:db8::7",
            "source.port": 53,
            "network.application": "dns",
        },
    ),
    Sample(
        f"[**] {_ALERT} [**]\n[Classification: Potentially Bad Traffic] [Priority: 2] \n01/08-09:00:02.000001 203.0.113.9:45678 -> 192.0.2.5:1433\nTCP TTL:64 TOS:0x0 ID:1 IpLen:20 DgmLen:60 DF\n******S* Seq: 0x1  Ack: 0x0  Win: 0x16D0  TcpLen: 40\n[Xref => http://doc.example.org/2010935]",
        {
            "event.kind": "alert",
            "@timestamp": "2026-01-08T09:00:02.000Z",
            "event.severity": 2,
            "source.port": 45678,
            "network.transport": "tcp",
            "rule.reference": "http://doc.example.org/2010935",
        },
    ),
    Sample(
        f"Jan  8 09:00:03 ids-1 snort[77]: {_ALERT} [Classification: Potentially Bad Traffic] [Priority: 2]: {{ICMP}} 203.0.113.9 -> 192.0.2.5",
        {
            "event.kind": "alert",
            "@timestamp": "2026-01-08T09:00:03.000Z",
            "observer.hostname": "ids-1",
            "network.transport": "icmp",
            "source.ip": "203.0.113.9",
            "source.port": None,
        },
    ),
    Sample(
        '01/08-09:00:04.000001 ,1,1000001,1,"web, odd",TCP,203.0.113.9,45678,192.0.2.5,80,02:00:00:00:00:01,02:00:00:00:00:02,0x4A,******S*,0x1,0x0,,0x16D0,64,0,1,60,61440,,,,',
        {
            "event.kind": "alert",
            "@timestamp": "2026-01-08T09:00:04.000Z",
            "rule.id": "1000001",
            "message": "web, odd",
            "destination.port": 80,
            "source.mac": "02-00-00-00-00-01",
        },
    ),
    Sample(
        "01/08-09:00:05.000001, 4, TCP, raw, 60, C2S, 203.0.113.9:45678, 192.0.2.5:80, 1:1000001:1, allow",
        {
            "event.kind": "alert",
            "event.type": ["allowed"],
            "rule.id": "1000001",
            "source.ip": "203.0.113.9",
            "destination.port": 80,
        },
    ),
    Sample(
        '{ "seconds" : 1767862806, "action" : "block", "class" : "Attempted Administrator Privilege Gain", "dir" : "C2S", "dst_addr" : "192.0.2.5", "dst_port" : 445, "gid" : 1, "iface" : "eth1", "msg" : "SERVER-SAMBA attempt", "priority" : 1, "proto" : "TCP", "rev" : 4, "rule" : "1:49090:4", "service" : "netbios-ssn", "sid" : 49090, "src_addr" : "203.0.113.9", "src_port" : 45678, "timestamp" : "01/08-09:00:06.500000" }',
        {
            "event.kind": "alert",
            "@timestamp": "2026-01-08T09:00:06.500Z",
            "event.type": ["denied"],
            "event.severity": 1,
            "rule.id": "49090",
            "rule.category": "Attempted Administrator Privilege Gain",
            "network.protocol": "netbios-ssn",
            "observer.ingress.interface.name": "eth1",
        },
    ),
    Sample(
        '{"timestamp":"01/08-09:00:07.500000","pkt_num":4,"proto":"UDP","pkt_gen":"raw","pkt_len":60,"dir":"C2S","src_ap":"203.0.113.9:53","dst_ap":"192.0.2.5:53","rule":"116:150:1","action":"allow"}',
        {"event.kind": "alert", "rule.id": "150", "network.bytes": 60},
    ),
)
