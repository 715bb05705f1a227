"""Logs as Sophos Firewall writes them, of each type, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_OLD = '<30>device="SFW" date=2026-03-30 time=16:01:36 timezone="GMT" device_name="XG125" device_id=C00000000000001'
_NEW = '<30>device_name="SFW" timestamp="2026-03-30T18:01:36+0200" device_model="XGS126" device_serial_id="X00000000000001"'
_FLOW = "src_ip=192.0.2.10 src_country_code=R1 dst_ip=203.0.113.80 dst_country_code=USA"
SAMPLES = (
    Sample(
        f'{_OLD} log_id=010101600001 log_type="Firewall" log_component="Firewall Rule" log_subtype="Allowed" status="Allow" priority=Information duration=15 fw_rule_id=2 policy_type=1 user_name="alice" user_gp="staff" '
        f'application="SSL/TLS" in_interface="Port1" out_interface="Port2" src_mac=02:00:00:00:00:01 {_FLOW} protocol="TCP" src_port=51234 dst_port=443 sent_pkts=12 recv_pkts=13 sent_bytes=1200 recv_bytes=5000 '
        'tran_src_ip=198.51.100.1 tran_src_port=40022 tran_dst_ip= tran_dst_port=0 srczonetype="LAN" srczone="LAN" dstzonetype="WAN" dstzone="WAN" connevent="Stop" connid="77" vconnid=""',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.category": ["network"], "event.type": ["connection", "end", "allowed"], "event.action": "allowed", "event.outcome": "success", "event.code": "00001",
         "event.severity": 6, "log.level": "informational", "event.duration": 15_000_000_000, "event.start": "2026-03-30T16:01:21.000Z", "source.ip": "192.0.2.10", "source.nat.ip": "198.51.100.1", "source.nat.port": 40022,
         "destination.nat.port": None, "source.mac": "02-00-00-00-00-01", "source.bytes": 1200, "network.bytes": 6200, "network.packets": 25, "network.transport": "tcp", "network.direction": "outbound",
         "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc=", "network.application": "ssl/tls", "user.name": "alice", "observer.vendor": "Sophos", "observer.product": "XG", "observer.type": "firewall",
         "observer.serial_number": "C00000000000001", "observer.name": "XG125", "observer.ingress.zone": "LAN", "observer.egress.interface.name": "Port2", "rule.id": "2"},
    ),
    Sample(
        f'{_NEW} log_id="010102600002" log_type="Firewall" log_component="Firewall Rule" log_subtype="Denied" log_version=1 severity="Information" fw_rule_id="0" fw_rule_name="" fw_rule_section="Local rule" '
        'src_ip="2001:db8::7" dst_ip="2001:db8:1::1" protocol="UDP" src_port=40000 dst_port=53 packets_sent=1 bytes_sent=60 src_zone_type="WAN" src_zone="WAN" dst_zone_type="LAN" dst_zone="LAN" hb_status="No Heartbeat"',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.type": ["connection", "denied"], "event.blocked": "true", "network.type": "ipv6", "source.bytes": 60, "source.packets": 1, "network.direction": "inbound",
         "observer.serial_number": "X00000000000001", "observer.egress.zone": "LAN", "vendor.hb_status": "No Heartbeat"},
    ),
    Sample(
        f'{_OLD} log_id=020804407002 log_type="IDP" log_component="Signatures" log_subtype="Drop" priority=Warning idp_policy_id=1 fw_rule_id=25 user_name="" signature_id=1881 signature_msg="SERVER-WEBAPP bad HTTP/1.1 request" '
        f'classification="access to a potentially vulnerable web application" rule_priority=2 {_FLOW} protocol="TCP" src_port=51234 dst_port=80 platform="Windows" category="server-webapp" target="Server"',
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.type": ["denied"], "event.action": "drop", "rule.id": "1881", "rule.name": "SERVER-WEBAPP bad HTTP/1.1 request", "event.severity": 4},
    ),
    Sample(
        f'{_OLD} log_id=030906208001 log_type="Anti-Virus" log_component="HTTP" log_subtype="Virus" status="" priority=Critical fw_rule_id=2 user_name="bob" iap=13 url="http://www.example.com/dl/eicar.com" domainname="www.example.com" '
        f'virus="EICAR-AV-Test" filename="eicar.com" filesize=68 {_FLOW} protocol="TCP" src_port=51234 dst_port=80 sent_bytes=100 recv_bytes=200 status_code=403',
        {"event.kind": "alert", "event.category": ["network", "malware"], "event.type": ["denied"], "threat.indicator.name": "EICAR-AV-Test", "file.name": "eicar.com", "file.size": 68, "url.domain": "www.example.com",
         "http.response.status_code": 403, "event.severity": 2},
    ),
    Sample(
        f'{_OLD} log_id=050901616001 log_type="Content Filtering" log_component="HTTP" log_subtype="Denied" status="" priority=Information fw_rule_id=2 user_name="EXAMPLE\\\\alice" iap=13 category="Gambling" category_type="Objectionable" '
        f'url="https://bet.example.com/x?y=1" contenttype="text/html" httpresponsecode="403" {_FLOW} protocol="TCP" src_port=51234 dst_port=443 sent_bytes=10 recv_bytes=20 domain=bet.example.com',
        {"event.category": ["network", "web"], "event.type": ["access", "denied"], "event.code": "16001", "url.domain": "bet.example.com", "url.query": "y=1", "rule.category": "Gambling", "user.name": "alice", "user.domain": "EXAMPLE",
         "http.response.mime_type": "text/html", "destination.domain": "bet.example.com"},
    ),
    Sample(
        f'{_OLD} log_id=054402617051 log_type="Content Filtering" log_component="Application" log_subtype="Denied" priority=Information fw_rule_id=2 application="Ultrasurf Proxy" application_category="Proxy and Tunnel" {_FLOW} protocol="TCP" src_port=1 dst_port=80',
        {"event.type": ["connection", "denied"], "network.application": "ultrasurf proxy", "rule.category": "Proxy and Tunnel"},
    ),
    Sample(
        f'{_OLD} log_id=062910617701 log_type="Event" log_component="Firewall Authentication" log_subtype="Authentication" status="Successful" priority=Information user_name="alice" usergroupname="staff" auth_client="Web Client" '
        'auth_mechanism="AD" reason="" src_ip=192.0.2.10 message="User alice of group staff logged in successfully to Firewall through AD authentication mechanism from 192.0.2.10" name="Alice" src_mac=',
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "success", "event.action": "successful", "user.name": "alice", "source.ip": "192.0.2.10", "source.user.group.name": "staff"},
    ),
    Sample(
        f'{_OLD} log_id=062811617703 log_type="Event" log_component="SSL VPN Authentication" log_subtype="Authentication" status="Failed" priority=Notice user_name="root" auth_mechanism="Local" reason="wrong credentials" src_ip=203.0.113.7 '
        'message="User root failed to login to SSL VPN through Local authentication mechanism because of wrong credentials"',
        {"event.outcome": "failure", "event.reason": "wrong credentials", "event.severity": 5, "log.level": "notification"},
    ),
    Sample(
        f'{_OLD} log_id=062009617502 log_type="Event" log_component="GUI" log_subtype="Admin" status="Successful" priority=Notice user_name="admin" src_ip=192.0.2.9 SYSLOG_SERVER_NAME="siem" message="Syslog Server siem was updated by admin from 192.0.2.9 using GUI"',
        {"event.category": ["configuration"], "event.type": ["change"], "event.outcome": "success", "user.name": "admin", "source.ip": "192.0.2.9"},
    ),
    Sample(
        f'{_OLD} log_id=062009617507 log_type="Event" log_component="GUI" log_subtype="Admin" status="Failed" priority=Notice user_name="admin" src_ip=203.0.113.7 message="User admin failed to login from 203.0.113.7 using GUI because of wrong credentials"',
        {"event.category": ["authentication"], "event.outcome": "failure"},
    ),
    Sample(
        f'{_OLD} log_id=062811617801 log_type="Event" log_component="SSL VPN" log_subtype="System" status="Established" priority=Information user_name="alice" connectionname="" connectiontype="0" src_ip=203.0.113.7 message="SSL VPN User alice connected"',
        {"event.category": ["network", "session"], "event.type": ["start"], "event.outcome": "success"},
    ),
    Sample(
        f'{_OLD} log_id=086504618010 log_type="ATP" log_component="Firewall" log_subtype="Drop" priority=Warning user_name="" protocol="TCP" src_port=51234 dst_port=80 sourceip=192.0.2.10 destinationip=203.0.113.7 url=203.0.113.7 '
        'threatname=C2/Generic-A eventid=1 eventtype="Standard" login_user="bob" process_user="" ep_uuid= execution_path="C:\\\\Users\\\\bob\\\\x.exe"',
        {"event.kind": "alert", "event.type": ["denied"], "threat.indicator.name": "C2/Generic-A", "destination.ip": "203.0.113.7", "user.name": "bob", "process.name": "x.exe"},
    ),
    Sample(
        f'{_OLD} log_id=075000617071 log_type="WAF" log_component="Web Application Firewall" priority=Information user_name="-" server=shop.example.com sourceip=203.0.113.7 localip=192.0.2.80 ws_protocol="HTTP/1.1" url=/a.php queryparam=?id=1 '
        'cookie="-" referer=- method=GET httpstatus=403 reason="SQL Injection Attack" extra="x" contenttype="text/html" useragent="curl/8.5.0" host=203.0.113.7 responsetime=19 bytessent=5000 bytesrcv=1200 fw_rule_id=3',
        {"event.category": ["network", "web"], "event.type": ["access", "denied"], "event.outcome": "failure", "http.response.status_code": 403, "url.path": "/a.php", "url.query": "id=1", "url.domain": "shop.example.com",
         "source.bytes": 1200, "destination.bytes": 5000, "http.request.method": "GET", "user_agent.name": "curl", "user.name": None, "event.reason": "SQL Injection Attack"},
    ),
    Sample(
        f'{_OLD} log_id=041107413001 log_type="Anti-Spam" log_component="SMTP" log_subtype="Spam" status="" priority=Warning fw_rule_id=0 from_email_address="spam@example.org" to_email_address="bob@example.com" email_subject="You won" mailid="<1@example.org>" src_ip=203.0.113.7 action=QUARANTINE',
        {"event.category": ["network", "email"], "email.from.address": ["spam@example.org"], "email.subject": "You won", "event.action": "spam"},
    ),
    Sample(
        f'{_NEW} log_id="191501319052" log_type="SSL" log_component="SSL" log_subtype="Decrypt" log_version=1 severity="Notification" src_ip="192.0.2.10" dst_ip="203.0.113.80" protocol="TCP" src_port=51234 dst_port=443 fw_rule_id="5" '
        'fw_rule_name="web" sni="www.example.com" tls_version="TLS1.3" cipher_suite="TLS_AES_256_GCM_SHA384" fingerprint="aa00"',
        {"event.type": ["connection", "allowed"], "tls.version": "1.3", "tls.client.server_name": "www.example.com", "rule.name": "web", "event.severity": 5},
    ),
    Sample(
        f'{_OLD} log_id=138301618041 log_type="Sandbox" log_component="Web" log_subtype="Denied" priority=Critical user_name="bob" src_ip=192.0.2.10 filename="setup.exe" filetype="application/octet-stream" filesize=153006 '
        'sha1sum="3395856ce81f2b7382dee72602f798b642f14140" source="www.example.com" reason="cached malicious"',
        {"event.kind": "alert", "file.hash.sha1": "3395856ce81f2b7382dee72602f798b642f14140", "event.category": ["network", "malware"]},
    ),
    Sample(f'{_OLD} log_id=127726618031 log_type="Heartbeat" log_component="Endpoint" log_subtype="Information" priority=Notice ep_name="laptop-7" ep_uuid="u-1" ep_ip=192.0.2.10 hb_status="Missing"', {"event.category": ["host"], "host.name": "laptop-7", "source.ip": "192.0.2.10"}),
    Sample(f'{_OLD} log_id=106025618011 log_type="Wireless Protection" log_component="Wireless Protection" log_subtype="Information" priority=Information ap=A1 ssid="staff" clients_conn_SSID=2', {"event.category": ["host"], "event.action": "information"}),
    Sample(_OLD.replace("GMT", "CDT") + ' log_id=010101600001 log_type="Firewall" log_component="Firewall Rule" log_subtype="Allowed" status="Allow"', {"@timestamp": "2026-03-30T21:01:36.000Z"}),
)  # fmt: skip
