"""Lines as OPNsense writes them, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_HEAD = "2026-03-30T16:01:36+00:00 opn.example.com"
_EVE = (
    '{"timestamp":"2026-03-30T16:01:36.000000+0000","event_type":"alert","src_ip":"203.0.113.7","src_port":6000,"dest_ip":"192.0.2.10","dest_port":1433,"proto":"TCP",'
    '"alert":{"action":"blocked","gid":1,"signature_id":2010935,"rev":3,"signature":"ET SCAN test","category":"Misc","severity":2}}'
)
SAMPLES = (
    Sample(
        f'<134>1 {_HEAD} filterlog 63013 - [meta sequenceId="7"] 82,,,fae559338f65e11c53669fc3642c93c2,vtnet0,match,block,in,4,0x0,,238,54321,0,none,6,tcp,40,203.0.113.7,192.0.2.10,40000,22,0,S,1,,1024,,',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.type": ["connection", "denied"], "event.action": "block", "rule.id": "fae559338f65e11c53669fc3642c93c2", "source.ip": "203.0.113.7", "destination.port": 22,
         "network.community_id": "1:jdhD3WBWv57cRo47WdWpqXMzsk0=", "observer.product": "OPNsense", "observer.name": "opn.example.com", "observer.ingress.interface.name": "vtnet0", "process.pid": 63013},
    ),
    Sample(
        f'<134>1 {_HEAD} filterlog 63013 - [meta sequenceId="8"] 9,,,02f4bab031b57d1e30553ce08e0ec131,vlan01,match,pass,out,6,0x00,0x00000,64,udp,17,90,2001:db8::10,2001:db8:1::53,54621,53,70',
        {"event.type": ["connection", "allowed"], "network.type": "ipv6", "network.transport": "udp", "network.direction": "outbound", "destination.port": 53},
    ),
    Sample("Mar 30 16:01:36 opn filterlog[1]: 82,,,0,vtnet0,match,block,in,4,0x0,,238,1,0,none,6,tcp,40,203.0.113.7,192.0.2.10,40000,23,0,S,1,,1024,,", {"event.action": "block", "rule.id": "0", "destination.port": 23}),
    Sample(
        f'<37>1 {_HEAD} audit 4321 - [meta sequenceId="9"] user root authenticated successfully for WebGui [using OPNsense\\Auth\\Local + OPNsense\\Auth\\Local]',
        {"event.category": ["authentication"], "event.outcome": "success", "user.name": "root", "event.provider": "audit"},
    ),
    Sample(f'<35>1 {_HEAD} audit 4321 - [meta sequenceId="9"] /index.php: Web GUI authentication error for \'root\' from 203.0.113.7', {"event.outcome": "failure", "source.ip": "203.0.113.7", "user.name": "root"}),
    Sample(
        f'<37>1 {_HEAD} audit 4321 - [meta sequenceId="9"] user root@192.0.2.9 changed configuration to /conf/backup/config-1774886496.xml in /firewall_rules_edit.php made changes',
        {"event.category": ["configuration"], "event.type": ["change"], "user.name": "root", "source.ip": "192.0.2.9"},
    ),
    Sample(f'<173>1 {_HEAD} suricata 99 - [meta sequenceId="1"] {_EVE}', {"event.kind": "alert", "event.type": ["info", "denied"], "rule.id": "2010935", "rule.name": "ET SCAN test", "source.port": 6000, "event.severity": 2}),
    Sample(
        f'<173>1 {_HEAD} suricata 99 - [meta sequenceId="1"] [Drop] [1:2010935:3] ET SCAN test [Classification: Misc] [Priority: 2] {{TCP}} 203.0.113.7:6000 -> 192.0.2.10:1433',
        {"event.kind": "alert", "event.type": ["info", "denied"], "rule.category": "Misc"},
    ),
    Sample(f'<30>1 {_HEAD} unbound 5 - [meta sequenceId="2"] [5:0] info: 192.0.2.10 www.example.com. A IN', {"dns.question.name": "www.example.com"}),
    Sample(
        f"<30>1 {_HEAD} kea-dhcp4 6 - [meta sequenceId=\"3\"] INFO [kea-dhcp4.leases.0x1] DHCP4_LEASE_ALLOC [hwtype=1 02:00:00:00:00:01], cid=[no info], tid=0x1: lease 192.0.2.20 has been allocated for 7200 seconds",
        {"event.action": "dhcp4_lease_alloc", "client.ip": "192.0.2.20", "client.mac": "02-00-00-00-00-01"},
    ),
    Sample(f"<29>1 {_HEAD} openvpn_server1 7 - [meta sequenceId=\"4\"] alice/203.0.113.7:40000 SIGTERM[soft,remote-exit] received, client-instance exiting", {"event.type": ["end"], "user.name": "alice"}),
    Sample(f'<13>1 {_HEAD} configd.py 8 - [meta sequenceId="5"] [00000000-0000-4000-8000-000000000001] Reloading filter', {"event.category": ["host"]}),
)  # fmt: skip
