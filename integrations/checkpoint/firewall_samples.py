"""Logs as Check Point's Log Exporter writes them, in each of its shapes, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_HEAD = "<134>1 2026-03-30T16:01:37Z gw-1 CheckPoint 1930 - "
_BEGIN = 'flags:"411908"; ifdir:"inbound"; ifname:"eth1"; logid:"0"; loguid:"{0x1,0x0,0x1,0x1}"; origin:"192.0.2.1"; originsicname:"CN=gw-1,O=mgmt"; sequencenum:"7"; time:"1774886496"; version:"5"; '
_FLOW = 'dst:"203.0.113.80"; inzone:"Internal"; outzone:"External"; proto:"6"; s_port:"51234"; service:"443"; service_id:"https"; src:"192.0.2.10"; '
SAMPLES = (
    Sample(
        f'{_HEAD}[action:"Accept"; {_BEGIN}{_FLOW}layer_name:"Network"; rule_name:"lan \\"out\\""; rule_uid:"0a1b2c3d-0000-4000-8000-00000000abcd"; product:"VPN-1 & FireWall-1"; xlatesrc:"198.51.100.1"; '
        'xlatedst:"0.0.0.0"; xlatesport:"40022"; xlatedport:"0"; src_user_name:"Alice Example (alice)"; sent_bytes:"1200"; received_bytes:"5000"; client_outbound_packets:"12"; server_outbound_packets:"13"]',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.category": ["network"], "event.type": ["allowed", "connection"], "event.action": "Accept", "event.outcome": "success", "event.sequence": 7,
         "source.ip": "192.0.2.10", "source.port": 51234, "source.nat.ip": "198.51.100.1", "source.nat.port": 40022, "source.user.name": "alice", "user.full_name": "Alice Example", "destination.ip": "203.0.113.80",
         "destination.port": 443, "destination.nat.ip": None, "destination.nat.port": None, "network.bytes": 6200, "network.packets": 25, "network.iana_number": "6", "network.transport": "tcp",
         "network.protocol": "https", "network.direction": "inbound", "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc=", "observer.vendor": "Checkpoint", "observer.product": "VPN-1 & FireWall-1",
         "observer.type": "firewall", "observer.ip": "192.0.2.1", "observer.hostname": "gw-1", "observer.ingress.interface.name": "eth1", "observer.ingress.zone": "Internal", "observer.egress.zone": "External",
         "rule.name": 'lan "out"', "rule.uuid": "0a1b2c3d-0000-4000-8000-00000000abcd", "rule.ruleset": "Network"},
    ),
    Sample(
        f'{_HEAD}[action:"Drop"; {_BEGIN}dst:"2001:db8::1"; src:"2001:db8::7"; proto:"17"; s_port:"40000"; service:"53"; product:"VPN-1 & FireWall-1"]',
        {"event.type": ["connection", "denied"], "event.outcome": "success", "event.blocked": "true", "network.type": "ipv6", "network.transport": "udp"},
    ),
    Sample(
        f'{_HEAD}[action:"Prevent"; {_BEGIN}{_FLOW}severity:"3"; product:"SmartDefense"; protection_name:"Apache Struts Remote Code Execution"; industry_reference:"CVE-2017-5638"; attack_info:"header"; malware_rule_id:"{{00AA}}"]',
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.type": ["connection", "denied"], "event.severity": 3, "rule.name": "Apache Struts Remote Code Execution",
         "vulnerability.id": ["CVE-2017-5638"], "rule.id": "{00AA}"},
    ),
    Sample(
        f'{_HEAD}[action:"Detect"; {_BEGIN}{_FLOW}severity:"Critical"; product:"Anti-Virus"; protection_name:"EICAR-Test"; file_name:"eicar.com"; file_md5:"44d88612fea8a8f36de82e1278abb02f"; file_size:"68"; resource:"http://www.example.com/eicar.com"]',
        {"event.kind": "alert", "event.category": ["network", "malware"], "event.severity": 4, "file.name": "eicar.com", "file.hash.md5": "44d88612fea8a8f36de82e1278abb02f", "threat.indicator.name": "EICAR-Test",
         "url.domain": "www.example.com", "file.size": 68},
    ),
    Sample(
        f'{_HEAD}[action:"Block"; {_BEGIN}{_FLOW}product:"URL Filtering"; appi_name:"Gambling Site"; matched_category:"Gambling"; resource:"https://bet.example.com/"; method:"GET"; app_risk:"3"; user:"bob"]',
        {"event.type": ["connection", "denied"], "network.application": "gambling site", "rule.category": "Gambling", "url.domain": "bet.example.com", "http.request.method": "GET", "event.risk_score": 3, "user.name": "bob"},
    ),
    Sample(
        f'{_HEAD}[action:"Log In"; {_BEGIN}product:"Identity Awareness"; src:"192.0.2.10"; src_user_name:"alice"; src_machine_name:"laptop-7"; auth_status:"Successful Login"; domain_name:"example.com"]',
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "success", "user.name": "alice", "source.domain": "laptop-7"},
    ),
    Sample(
        f'{_HEAD}[action:"Failed Log In"; {_BEGIN}product:"Mobile Access"; src:"203.0.113.7"; user:"root"; reason:"Access denied - wrong user name or password"]',
        {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "root", "event.reason": "Access denied - wrong user name or password"},
    ),
    Sample(
        f'{_HEAD}[action:"Accept"; {_BEGIN}product:"SmartConsole"; administrator:"admin"; audit_status:"Success"; operation:"Modify Object"; objectname:"lan-out"; client_ip:"192.0.2.9"; fieldschanges:"a to b"]',
        {"event.category": ["configuration"], "event.type": ["change"], "event.action": "Modify Object", "user.name": "admin", "source.ip": "192.0.2.9", "event.outcome": "success"},
    ),
    Sample(
        f'{_HEAD}[action:"Accept"; {_BEGIN}product:"SmartConsole"; administrator:"admin"; operation:"Log In"; operation_status:"Failed"; client_ip:"203.0.113.7"]',
        {"event.category": ["authentication"], "event.outcome": "failure", "source.ip": "203.0.113.7"},
    ),
    Sample(
        f'{_HEAD}[{_BEGIN}product:"System Monitor"; description:"started sending to logger"; type:"control"]',
        {"event.type": ["info"], "event.action": "control", "message": "started sending to logger"},
    ),
    Sample(
        "<134>Mar 30 16:01:37 log-1 CEF:0|Check Point|VPN-1 & FireWall-1|Check Point|Log|https|Unknown|act=Accept deviceDirection=0 rt=1774886496000 spt=51234 dpt=443 cs2Label=Rule Name cs2=lan-out layer_name=Network "
        "sourceTranslatedAddress=198.51.100.1 sourceTranslatedPort=40022 ifname=eth1 loguid={0x1,0x0,0x1,0x1} origin=192.0.2.1 originsicname=CN\\=gw-1,O\\=mgmt sequencenum=7 version=5 dst=203.0.113.80 "
        "inzone=Internal outzone=External product=VPN-1 & FireWall-1 proto=6 service_id=https src=192.0.2.10",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "Accept", "rule.name": "lan-out", "source.nat.port": 40022, "destination.port": 443, "network.direction": "inbound", "observer.hostname": "log-1"},
    ),
    Sample(
        "LEEF:2.0|Check Point|VPN-1 & FireWall-1|1.0|Drop|cat=VPN-1 & FireWall-1\tdevTime=1774886496\tsrcPort=40000\tdstPort=22\taction=Drop\tifdir=inbound\tifname=eth0\tsrc=203.0.113.7\tdst=192.0.2.10\tproto=6\trule_name=cleanup",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.type": ["connection", "denied"], "source.port": 40000, "destination.port": 22, "rule.name": "cleanup"},
    ),
    Sample(
        '{"action":"Drop","ifdir":"inbound","ifname":"eth0","loguid":"{0x1,0x0,0x1,0x1}","origin":"192.0.2.1","sequencenum":"2","time":"1774886496","product":"VPN-1 & FireWall-1","src":"203.0.113.7","dst":"192.0.2.10","proto":"6","s_port":"40000","service":"22"}',
        {"event.type": ["connection", "denied"], "event.sequence": 2, "network.transport": "tcp", "@timestamp": "2026-03-30T16:01:36.000Z"},
    ),
    Sample(
        "time=1774886496|hostname=gw-1|severity=Low|product=Anti-Bot|action=Detect|ifdir=inbound|loguid={0x1,0x0,0x1,0x1}|origin=192.0.2.1|src=192.0.2.10|dst=203.0.113.7|proto=17|service=53|s_port=40000|protection_name=C2.Test",
        {"event.kind": "alert", "event.category": ["network", "malware", "intrusion_detection"], "event.severity": 1, "observer.name": "gw-1", "rule.name": "C2.Test"},
    ),
    Sample(
        "time=1774886496|hostname=gw-1|product=Firewall|action=Drop|ifdir=inbound|ifname=bond1|loguid=gw-1{0x1,0x0,0x1,0x1}|origin=192.0.2.1|chassis_bladed_system=[ 1_1 ]|dst=192.0.2.10|proto=6|src=203.0.113.7|s_port=40000|service=23",
        {"event.type": ["connection", "denied"], "source.ip": "203.0.113.7", "destination.port": 23, "vendor.chassis_bladed_system": "[ 1_1 ]"},
    ),
    Sample(
        '<134>1 2026-03-30T16:01:37Z log-1 CheckPoint 26203 - [sc4s@2620 action="Detect" ifdir="outbound" ifname="eth0" loguid="{0x1,0x0,0x1,0x1}" origin="192.0.2.1" originsicname="cn=gw-1,o=mgmt" sequencenum="1" time="1774886496" '
        'dst="203.0.113.80" product="Anti-Bot" proto="6" s_port="51234" service="443" severity="4" src="192.0.2.10" protection_name="C2.Test"]',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.kind": "alert", "event.action": "Detect", "event.severity": 4, "source.ip": "192.0.2.10", "destination.port": 443, "network.direction": "outbound",
         "observer.hostname": "log-1", "log.syslog.procid": "26203", "log.syslog.structured_data": None},
    ),
)  # fmt: skip
