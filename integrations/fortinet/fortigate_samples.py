"""Logs as FortiOS writes them, of each type, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_DEVICE = 'date=2026-03-30 time=09:01:36 devname="fw-1" devid="FGT60F0000000001"'
_TIME = 'vd="root" eventtime=1774886496123456789 tz="-0700"'
_ENDS = 'srcip=192.0.2.10 srcport=51234 srcintf="internal" srcintfrole="lan" dstip=203.0.113.80 dstport=443 dstintf="wan1" dstintfrole="wan"'
SAMPLES = (
    Sample(
        f'<189>{_DEVICE} logid="0000000013" type="traffic" subtype="forward" level="notice" {_TIME} {_ENDS} srccountry="Reserved" dstcountry="United States" '
        'sessionid=402 proto=6 action="close" policyid=7 policytype="policy" poluuid="0a1b2c3d-0000-51e8-0000-00000000abcd" policyname="lan-out" user="alice" group="staff" service="HTTPS" '
        'trandisp="snat" transip=198.51.100.1 transport=51234 appid=15893 app="HTTP.BROWSER" appcat="Web.Client" apprisk="medium" duration=15 sentbyte=1200 rcvdbyte=5000 sentpkt=12 rcvdpkt=13 '
        'srcmac="02:00:00:00:00:01" mastersrcmac="02:00:00:00:00:01" crscore=5',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.category": ["network"], "event.type": ["connection", "end", "allowed"], "event.action": "close", "event.outcome": "success",
         "event.code": "0000000013", "event.duration": 15_000_000_000, "event.start": "2026-03-30T16:01:36.123Z", "event.blocked": "false", "source.ip": "192.0.2.10", "source.port": 51234,
         "source.bytes": 1200, "source.packets": 12, "source.mac": "02-00-00-00-00-01", "source.nat.ip": "198.51.100.1", "source.nat.port": 51234, "source.user.name": "alice", "user.group.name": "staff",
         "destination.ip": "203.0.113.80", "destination.bytes": 5000, "network.bytes": 6200, "network.packets": 25, "network.transport": "tcp", "network.iana_number": "6", "network.protocol": "https",
         "network.application": "http.browser", "network.direction": "outbound", "network.type": "ipv4", "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc=",
         "observer.vendor": "Fortinet", "observer.product": "Fortigate", "observer.type": "firewall", "observer.name": "fw-1", "observer.serial_number": "FGT60F0000000001",
         "observer.ingress.interface.name": "internal", "observer.egress.interface.name": "wan1", "rule.id": "7", "rule.name": "lan-out", "rule.uuid": "0a1b2c3d-0000-51e8-0000-00000000abcd",
         "rule.ruleset": "policy", "rule.category": "Web.Client", "log.level": "notice", "vendor.sessionid": "402", "log.syslog.priority": 189, "log.syslog.facility.code": 23},
    ),
    Sample(
        f'<189>Mar 30 16:01:36 fw-1 {_DEVICE} logid="0000000013" type="traffic" subtype="forward" level="notice" {_TIME} srcip=2001:db8::7 srcport=40000 srcintf="wan1" srcintfrole="wan" '
        'dstip=2001:db8:1::1 dstport=23 dstintf="internal" dstintfrole="lan" proto=6 action="deny" policyid=0 policytype="policy6" service="TELNET" trandisp="noop" duration=0 sentbyte=0 rcvdbyte=0 sentpkt=0',
        {"event.type": ["connection", "denied"], "event.action": "deny", "event.outcome": "success", "event.blocked": "true", "network.type": "ipv6", "network.direction": "inbound",
         "network.bytes": 0, "rule.id": "0", "observer.hostname": "fw-1"},
    ),
    Sample(
        'date=2026-03-30 time=09:01:36 logid="0001000014" type="traffic" subtype="local" level="notice" vd="root" eventtime=1774886496 srcip=192.0.2.10 srcport=8 srcintf="internal" srcintfrole="undefined" '
        'dstip=192.0.2.1 dstport=0 dstintf=unknown-0 dstintfrole="undefined" sessionid=5 proto=1 action="start" policyid=0 service="PING" app="PING"',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.type": ["connection", "start", "allowed"], "network.transport": "icmp", "network.direction": None,
         "observer.egress.interface.name": None, "network.community_id": None},
    ),
    Sample(
        f'{_DEVICE} logid="0000000013" type="traffic" subtype="forward" level="warning" {_TIME} {_ENDS} proto=6 action="ip-conn" policyid=7 service="HTTPS" duration=0',
        {"event.type": ["connection"], "event.action": "ip-conn", "event.outcome": "failure"},
    ),
    Sample(
        f'{_DEVICE} logid="0317013312" type="utm" subtype="webfilter" eventtype="ftgd_allow" level="notice" {_TIME} policyid=7 sessionid=402 user="bob" {_ENDS} proto=6 service="HTTPS" '
        'hostname="www.example.com" profile="default" action="passthrough" reqtype="direct" url="https://www.example.com/a/b.exe?x=1" sentbyte=300 rcvdbyte=0 direction="outgoing" '
        'msg="URL belongs to an allowed category in policy" method="domain" cat=52 catdesc="Information Technology" agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/120.0" httpmethod="GET"',
        {"event.category": ["network", "web"], "event.type": ["allowed"], "event.action": "ftgd_allow", "event.outcome": "success", "url.original": "https://www.example.com/a/b.exe?x=1",
         "url.domain": "www.example.com", "url.path": "/a/b.exe", "url.extension": "exe", "rule.ruleset": "default", "rule.category": "Information Technology", "network.direction": "outbound",
         "message": "URL belongs to an allowed category in policy", "user_agent.name": "Firefox", "http.request.method": "GET", "network.bytes": 300, "user.name": "bob"},
    ),
    Sample(
        f'{_DEVICE} logid="0211008192" type="utm" subtype="virus" eventtype="infected" level="warning" {_TIME} msg="File is infected." action="blocked" service="HTTP" {_ENDS} proto=6 direction="incoming" '
        'filename="eicar.com" quarskip="File-was-not-quarantined." virus="EICAR_TEST_FILE" dtype="Virus" ref="https://fortiguard.example/virus/2172" virusid=2172 url="http://www.example.com/eicar.com" '
        'profile="av" analyticscksum="275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f" analyticssubmit="false" crscore=50 crlevel="critical"',
        {"event.kind": "alert", "event.category": ["network", "malware"], "event.type": ["denied"], "event.action": "infected", "file.name": "eicar.com", "file.extension": "com",
         "file.hash.sha256": "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", "threat.indicator.name": "EICAR_TEST_FILE", "network.direction": "inbound", "event.risk_score": 50},
    ),
    Sample(
        f'{_DEVICE} logid="0419016384" type="utm" subtype="ips" eventtype="signature" level="alert" {_TIME} severity="high" {_ENDS} sessionid=901 action="dropped" proto=6 service="HTTP" policyid=7 '
        'attack="Bash.Function.Definitions.Remote.Code.Execution" attackid=39294 profile="protect" ref="http://fortiguard.example/ids/VID39294" hostname="192.0.2.80" url="/cgi-bin/x" incidentserialno=1 '
        'msg="web_misc: Bash.Function.Definitions.Remote.Code.Execution,"',
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.type": ["denied"], "event.action": "signature", "rule.id": "39294",
         "rule.name": "Bash.Function.Definitions.Remote.Code.Execution", "url.path": "/cgi-bin/x", "url.domain": "192.0.2.80", "vendor.severity": "high"},
    ),
    Sample(
        f'{_DEVICE} logid="1059028704" type="utm" subtype="app-ctrl" eventtype="signature" level="information" {_TIME} appid=41540 {_ENDS} proto=6 service="SSL" direction="outgoing" policyid=7 '
        'applist="default" action="pass" appcat="Network.Service" app="SSL_TLSv1.2" hostname="www.example.com" incidentserialno=2 url="/" msg="Network.Service: SSL_TLSv1.2," apprisk="low"',
        {"event.category": ["network"], "event.type": ["allowed"], "network.application": "ssl_tlsv1.2", "rule.category": "Network.Service", "url.domain": "www.example.com"},
    ),
    Sample(
        f'{_DEVICE} logid="1501054802" type="utm" subtype="dns" eventtype="dns-response" level="notice" {_TIME} policyid=7 sessionid=13 srcip=192.0.2.10 srcport=54621 srcintf="internal" srcintfrole="lan" '
        'dstip=203.0.113.53 dstport=53 dstintf="wan1" dstintfrole="wan" proto=17 profile="dns" xid=5137 qname="www.example.com" qtype="A" qtypeval=1 qclass="IN" ipaddr="203.0.113.80, 203.0.113.81" '
        'msg="Domain is monitored" action="pass" cat=52 catdesc="Information Technology"',
        {"event.action": "dns-response", "dns.question.name": "www.example.com", "dns.question.type": "A", "dns.id": "5137", "dns.resolved_ip": ["203.0.113.80", "203.0.113.81"],
         "network.transport": "udp", "related.hosts": ["www.example.com"]},
    ),
    Sample(
        f'{_DEVICE} logid="1700062300" type="utm" subtype="ssl" eventtype="ssl-anomalies" level="warning" {_TIME} action="blocked" policyid=7 service="SSL" profile="deep" {_ENDS} proto=6 '
        'eventsubtype="certificate-blocked" sni="www.example.com" scertcname="example.com" scertissuer="Example CA" msg="Server certificate blocked"',
        {"event.type": ["denied"], "tls.client.server_name": "www.example.com", "tls.server.issuer": "Example CA", "tls.server.x509.subject.common_name": "example.com"},
    ),
    Sample(
        f'{_DEVICE} logid="0508020503" type="utm" subtype="emailfilter" eventtype="email" level="notice" {_TIME} {_ENDS} proto=6 service="SMTP" profile="mail" action="log-only" from="alice@example.com" '
        'to="bob@example.org" sender="alice@example.com" recipient="bob@example.org" subject="hello, \\"bob\\"" msg="general email log"',
        {"event.category": ["network", "email"], "email.from.address": ["alice@example.com"], "email.to.address": ["bob@example.org"], "email.subject": 'hello, "bob"'},
    ),
    Sample(
        f'{_DEVICE} logid="0720018432" type="anomaly" subtype="anomaly" eventtype="anomaly" level="alert" {_TIME} severity="critical" srcip=203.0.113.7 dstip=192.0.2.1 srcintf="wan1" sessionid=0 '
        'action="clear_session" proto=1 service="PING" count=1 attack="icmp_flood" icmpid="0x1474" icmptype="0x08" icmpcode="0x00" attackid=16777316 policyid=1 policytype="DoS-policy" '
        'ref="http://fortiguard.example/ids/VID16777316" msg="anomaly: icmp_flood, 51 > threshold 50" crscore=50',
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.type": ["denied"], "rule.name": "icmp_flood", "network.transport": "icmp",
         "network.community_id": "1:F09CR/jV9xLCAQVvjhBksM3Y/qs="},
    ),
    Sample(
        f'{_DEVICE} logid="0100032001" type="event" subtype="system" level="information" {_TIME} logdesc="Admin login successful" sn="1774886496" user="admin" ui="https(192.0.2.9)" method="https" '
        'srcip=192.0.2.9 dstip=192.0.2.1 action="login" status="success" reason="none" profile="super_admin" msg="Administrator admin logged in successfully from https(192.0.2.9)"',
        {"event.category": ["authentication"], "event.type": ["start"], "event.action": "login", "event.outcome": "success", "user.name": "admin", "source.ip": "192.0.2.9",
         "rule.description": "Admin login successful"},
    ),
    Sample(
        f'{_DEVICE} logid="0100032002" type="event" subtype="system" level="alert" {_TIME} logdesc="Admin login failed" user="root" ui="ssh(203.0.113.7)" method="ssh" action="login" status="failed" '
        'reason="passwd_invalid" msg="Administrator root login failed from ssh(203.0.113.7) because of invalid password"',
        {"event.category": ["authentication"], "event.outcome": "failure", "source.ip": "203.0.113.7", "event.reason": "passwd_invalid"},
    ),
    Sample(
        f'{_DEVICE} logid="0100044547" type="event" subtype="system" level="information" {_TIME} logdesc="Object attribute configured" user="admin" ui="GUI(192.0.2.9)" action="Add" cfgtid=1 '
        'cfgpath="system.admin" cfgobj="bob" cfgattr="password[*]accprofile[super_admin]" msg="Add system.admin bob"',
        {"event.category": ["configuration", "iam"], "event.type": ["creation"], "event.action": "Add", "user.target.name": "bob", "vendor.cfgpath": "system.admin", "vendor.action": "Add",
         "source.ip": "192.0.2.9", "event.outcome": "success"},
    ),
    Sample(
        f'{_DEVICE} logid="0101039426" type="event" subtype="vpn" level="alert" {_TIME} logdesc="SSL VPN login fail" action="ssl-login-fail" tunneltype="ssl-web" tunnelid=0 remip=203.0.113.7 user="alice" '
        'group="N/A" dst_host="N/A" reason="sslvpn_login_permission_denied" msg="SSL user failed to logged in"',
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "failure", "source.ip": "203.0.113.7", "user.name": "alice", "user.group.name": None},
    ),
    Sample(
        f'{_DEVICE} logid="0101039947" type="event" subtype="vpn" level="information" {_TIME} logdesc="SSL VPN tunnel up" action="tunnel-up" tunneltype="ssl-tunnel" tunnelid=12 remip=203.0.113.7 '
        'tunnelip=192.0.2.200 user="alice@example.com" group="vpn" dst_host="N/A" reason="tunnel established" msg="SSL tunnel established"',
        {"event.category": ["network", "session"], "event.type": ["start"], "event.outcome": "success", "source.nat.ip": "192.0.2.200", "user.email": "alice@example.com", "user.name": "alice"},
    ),
    Sample(
        f'{_DEVICE} logid="0101037124" type="event" subtype="vpn" level="error" {_TIME} logdesc="IPsec phase 1 error" msg="IPsec phase 1 error" action="negotiate" remip=198.51.100.9 locip=198.51.100.1 '
        'remport=500 locport=500 outintf="wan1" cookies="b2/00" user="N/A" status="negotiate_error" reason="peer SA proposal not match local policy" peer_notif="NOT-APPLICABLE"',
        {"event.category": ["network"], "event.action": "negotiate", "event.outcome": "failure", "source.ip": "198.51.100.1", "destination.ip": "198.51.100.9", "destination.port": 500},
    ),
    Sample(
        f'{_DEVICE} logid="0102043008" type="event" subtype="user" level="notice" {_TIME} logdesc="Authentication success" srcip=192.0.2.10 dstip=203.0.113.80 policyid=7 interface="internal" user="bob" '
        'group="staff" authproto="HTTP(192.0.2.10)" action="authentication" status="success" reason="N/A" msg="User bob succeeded in authentication"',
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "success", "user.name": "bob", "rule.id": "7"},
    ),
    Sample(
        f'{_DEVICE} logid="0108037892" type="event" subtype="ha" level="notice" {_TIME} logdesc="Virtual cluster member joined" msg="Virtual cluster\'s member joined" vcluster=1',
        {"event.category": ["host"], "event.type": ["info"], "event.outcome": None},
    ),
    Sample(
        "<189>Mar 30 16:01:36 fw-1 CEF:0|Fortinet|Fortigate|v7.0.5|00013|traffic:forward close|3|deviceExternalId=FGT60F0000000001 FTNTFGTeventtime=1774886496123456789 FTNTFGTtz=-0700 FTNTFGTlogid=0000000013 "
        "cat=traffic:forward FTNTFGTsubtype=forward FTNTFGTlevel=notice FTNTFGTvd=root src=192.0.2.10 spt=51234 deviceInboundInterface=internal FTNTFGTsrcintfrole=lan dst=203.0.113.80 dpt=443 "
        "deviceOutboundInterface=wan1 FTNTFGTdstintfrole=wan externalId=402 proto=6 act=close FTNTFGTpolicyid=7 FTNTFGTpolicytype=policy app=HTTPS sourceTranslatedAddress=198.51.100.1 "
        "sourceTranslatedPort=51234 FTNTFGTduration=15 out=1200 in=5000 FTNTFGTsentpkt=12 FTNTFGTrcvdpkt=13 FTNTFGTappcat=unscanned",
        {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "close", "event.type": ["connection", "end", "allowed"], "source.bytes": 1200, "source.nat.ip": "198.51.100.1", "network.protocol": "https",
         "network.packets": 25, "rule.id": "7", "observer.serial_number": "FGT60F0000000001", "observer.version": "v7.0.5"},
    ),
    Sample(
        'date=2026-03-30 time=16:01:36 logid="0802044032" type="utm" subtype="voip" eventtype="voip" level="information" vd="root" eventtime=1774886496 session_id=1 srcip=192.0.2.10 src_port=5060 dstip=203.0.113.80 dst_port=5060 '
        'proto=17 src_int="port12" dst_int="port11" policy_id=1 profile="default" voip_proto="sip" kind="call" action="permit" from="sip:10@example.com" to="sip:20@example.com"',
        {"event.category": ["network"], "source.port": 5060, "destination.port": 5060, "observer.ingress.interface.name": "port12", "rule.id": "1", "email.from.address": None},
    ),
    Sample(
        'date=2026-03-30 time=16:01:36 logid="1400041230" type="gtp" subtype="gtp-all" level="information" vd="root" eventtime=1774886496 status="prohibited" from=192.0.2.10 to=203.0.113.80 srcport=2152 dstport=2152 apn="apn.example"',
        {"source.ip": "192.0.2.10", "destination.ip": "203.0.113.80", "destination.port": 2152, "event.category": ["network"]},
    ),
    Sample(
        'date=2026-03-30 time=16:01:36 logid="0100032001" type="event" subtype="system" level="information" vd="root" eventtime=1774886496 logdesc="Admin login successful" sn="1557771654" user="admin" ui="ssh(192.0.2.9)" '
        'method="ssh" srcip=192.0.2.9 dstip=192.0.2.1 action="login" status="success"',
        {"event.category": ["authentication"], "event.outcome": "success", "user.name": "admin", "source.ip": "192.0.2.9"},
    ),
)  # fmt: skip
