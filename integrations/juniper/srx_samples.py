"""Logs as Junos writes them, structured or not, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_FLOW = 'source-address="192.0.2.10" source-port="51234" destination-address="203.0.113.80" destination-port="443"'
_NAT = 'nat-source-address="198.51.100.1" nat-source-port="40022" nat-destination-address="203.0.113.80" nat-destination-port="443"'
_ZONES = 'protocol-id="6" policy-name="lan-out" source-zone-name="trust" destination-zone-name="untrust" session-id-32="41"'
_JUNOS = "[junos@2636.1.1.1.2.135 "


def _head(process: str, tag: str) -> str:
    return f"<14>1 2026-03-30T16:01:36.134Z srx-1 {process} - {tag} {_JUNOS}"


SAMPLES = (
    Sample(
        _head("RT_FLOW", "RT_FLOW_SESSION_CREATE") + f'{_FLOW} service-name="junos-https" {_NAT} {_ZONES} username="alice" roles="N/A" packet-incoming-interface="ge-0/0/1.0" application="UNKNOWN"]',
        {"@timestamp": "2026-03-30T16:01:36.134Z", "event.category": ["network"], "event.type": ["start", "allowed", "connection"], "event.action": "flow_started", "event.outcome": "success",
         "source.ip": "192.0.2.10", "source.nat.ip": "198.51.100.1", "source.nat.port": 40022, "source.user.name": "alice", "user.name": "alice", "destination.port": 443, "network.iana_number": "6",
         "network.transport": "tcp", "network.protocol": "https", "network.application": None, "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc=", "observer.vendor": "Juniper", "observer.product": "SRX",
         "observer.type": "firewall", "observer.name": "srx-1", "observer.ingress.zone": "trust", "observer.ingress.interface.name": "ge-0/0/1.0", "observer.egress.zone": "untrust", "rule.name": "lan-out",
         "vendor.tag": "RT_FLOW_SESSION_CREATE", "vendor.session-id-32": "41", "event.severity": 6, "log.level": "informational"},
    ),
    Sample(
        _head("RT_FLOW", "RT_FLOW_SESSION_CLOSE") + f'reason="TCP FIN" {_FLOW} service-name="junos-https" {_NAT} {_ZONES} packets-from-client="12" bytes-from-client="1200" packets-from-server="13" '
        'bytes-from-server="5000" elapsed-time="15" application="SSL" nested-application="GOOGLE-GEN" username="N/A"]',
        {"event.action": "flow_close", "event.type": ["end", "allowed", "connection"], "event.reason": "TCP FIN", "event.duration": 15_000_000_000, "event.start": "2026-03-30T16:01:21.134Z", "source.bytes": 1200,
         "destination.packets": 13, "network.bytes": 6200, "network.packets": 25, "network.application": "google-gen", "user.name": None},
    ),
    Sample(
        _head("RT_FLOW", "RT_FLOW_SESSION_DENY") + 'source-address="2001:db8::7" source-port="40000" destination-address="2001:db8:1::1" destination-port="23" service-name="junos-telnet" protocol-id="6" '
        'icmp-type="0" policy-name="deny-all" source-zone-name="untrust" destination-zone-name="trust" packet-incoming-interface="ge-0/0/0.0"]',
        {"event.action": "flow_deny", "event.type": ["denied", "connection"], "event.blocked": "true", "network.type": "ipv6"},
    ),
    Sample(
        "<14>Mar 30 16:01:36 srx-1 RT_FLOW: RT_FLOW_SESSION_CREATE: session created 192.0.2.10/51234->203.0.113.80/443 0x0 junos-https 198.51.100.1/40022->203.0.113.80/443 0x0 source rule r1 N/A N/A 6 lan-out trust untrust 41 N/A(N/A) ge-0/0/1.0 UNKNOWN UNKNOWN UNKNOWN",
        {"event.action": "flow_started", "source.nat.port": 40022, "rule.name": "lan-out", "observer.egress.zone": "untrust", "network.protocol": "https", "network.transport": "tcp", "observer.name": "srx-1"},
    ),
    Sample(
        "Mar 30 16:01:36 srx-1 RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN: 192.0.2.10/51234->203.0.113.80/443 junos-https 192.0.2.10/51234->203.0.113.80/443 None None 6 lan-out trust untrust 41 12(1200) 13(5000) 15",
        {"event.action": "flow_close", "event.reason": "TCP FIN", "source.bytes": 1200, "destination.packets": 13, "event.duration": 15_000_000_000},
    ),
    Sample(
        "Mar 30 16:01:36 srx-1 RT_FLOW: RT_FLOW_SESSION_DENY: session denied 203.0.113.7/40000->192.0.2.10/23 0x0 junos-telnet 6(0) deny-all untrust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0 No policy deny",
        {"event.action": "flow_deny", "source.port": 40000, "destination.port": 23, "rule.name": "deny-all"},
    ),
    Sample(
        _head("RT_FLOW", "APPTRACK_SESSION_CLOSE") + f'reason="idle" {_FLOW} service-name="None" {_ZONES} bytes-from-client="1200" bytes-from-server="5000" elapsed-time="3" application="HTTP" username="bob"]',
        {"event.action": "flow_close", "network.application": "http", "user.name": "bob"},
    ),
    Sample(
        _head("RT_UTM", "WEBFILTER_URL_BLOCKED") + f'{_FLOW} category="cat1" reason="BY_BLACK_LIST" profile="uf1" url="www.example.com" obj="/a/b.php" username="alice" roles="N/A"]',
        {"event.category": ["network", "web"], "event.type": ["denied", "connection"], "event.action": "web_filter", "url.domain": "www.example.com", "url.path": "/a/b.php", "rule.category": "cat1", "rule.ruleset": "uf1"},
    ),
    Sample(
        'Mar 30 16:01:36 srx-1 RT_UTM: WEBFILTER_URL_PERMITTED: WebFilter: ACTION="URL Permitted" 192.0.2.10(51234)->203.0.113.80(80) CATEGORY="News" REASON="BY_OTHER" PROFILE="uf1" URL=www.example.com OBJ=/ USERNAME=N/A ROLES=N/A',
        {"event.type": ["allowed", "connection"], "url.domain": "www.example.com", "source.ip": "192.0.2.10", "destination.port": 80, "rule.category": "News"},
    ),
    Sample(
        _head("RT_UTM", "AV_VIRUS_DETECTED_MT") + f'{_FLOW} source-zone-name="untrust" filename="www.example.com/dl/eicar.com" temporary-filename="x" name="EICAR-Test-File" url="EICAR-Test-File"]',
        {"event.kind": "alert", "event.category": ["network", "malware"], "event.action": "virus_detected", "file.name": "eicar.com", "threat.indicator.name": "EICAR-Test-File"},
    ),
    Sample(
        _head("RT_UTM", "ANTISPAM_SPAM_DETECTED_MT") + 'source-zone="trust" destination-zone="untrust" source-name="spam.example.com" source-address="203.0.113.7" profile-name="as1" action="drop" reason="Match local blacklist"]',
        {"event.action": "antispam_filter", "event.category": ["network", "email"], "source.ip": "203.0.113.7"},
    ),
    Sample(
        _head("RT_IDP", "IDP_ATTACK_LOG_EVENT") + 'epoch-time="1774886496" message-type="SIG" source-address="203.0.113.7" source-port="40000" destination-address="192.0.2.10" destination-port="80" protocol-name="TCP" '
        'service-name="SERVICE_IDP" application-name="HTTP" rule-name="3" rulebase-name="IPS" policy-name="Recommended" action="DROP" threat-severity="HIGH" attack-name="HTTP:EXT:TEST" elapsed-time="0" '
        'source-zone-name="untrust" source-interface-name="ge-0/0/0.0" destination-zone-name="dmz" destination-interface-name="ge-0/0/2.0" inbound-bytes="0" outbound-bytes="0"]',
        {"event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.action": "security_threat", "event.type": ["denied", "connection"], "rule.name": "3", "rule.description": "HTTP:EXT:TEST",
         "threat.indicator.name": "HTTP:EXT:TEST", "observer.egress.interface.name": "ge-0/0/2.0", "network.transport": "tcp", "vendor.threat-severity": "HIGH"},
    ),
    Sample(
        "Mar 30 16:01:36 srx-1 RT_IDP: IDP_ATTACK_LOG_EVENT: IDP: at 1774886496, ANOMALY Attack log <203.0.113.7/40000->192.0.2.10/80> for TCP protocol and service HTTP application NONE by rule 7 of rulebase IPS in policy Recommended. "
        "attack: repeat=0, action=NONE, threat-severity=HIGH, name=TCP:C2S:TEST, NAT <0.0.0.0:0->0.0.0.0:0>, time-elapsed=0, intf:untrust:ge-0/0/0.0->dmz:ge-0/0/2.0",
        {"event.kind": "alert", "event.type": ["allowed", "connection"], "rule.description": "TCP:C2S:TEST", "source.port": 40000, "rule.ruleset": "IPS"},
    ),
    Sample(
        _head("RT_IDS", "RT_SCREEN_TCP") + 'attack-name="TCP sweep!" source-address="203.0.113.7" source-port="6000" destination-address="192.0.2.10" destination-port="1433" source-zone-name="untrust" interface-name="ge-0/0/0.0" action="drop"]',
        {"event.kind": "alert", "event.action": "sweep_detected", "network.transport": "tcp", "rule.description": "TCP sweep", "observer.ingress.zone": "untrust"},
    ),
    Sample(
        "Mar 30 16:01:36 srx-1 RT_IDS: RT_SCREEN_UDP: UDP flood! source: 203.0.113.7:40000, destination: 192.0.2.10:53, zone name: untrust, interface name: ge-0/0/0.0, action: alarm-without-drop",
        {"event.kind": "alert", "event.action": "flood_detected", "event.type": ["allowed", "connection"], "source.port": 40000, "destination.ip": "192.0.2.10", "destination.port": 53},
    ),
    Sample(
        _head("RT_AAMW", "SRX_AAMW_ACTION_LOG") + f'http-host="www.example.com" file-category="executable" action="BLOCK" verdict-number="9" verdict-source="cloud/blacklist" {_FLOW} {_ZONES} username="alice" '
        'sample-sha256="275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f" filename="setup.exe" malware-info="Eicar:TestVirus"]',
        {"event.kind": "alert", "event.action": "malware_detected", "event.type": ["denied", "connection"], "file.name": "setup.exe", "file.hash.sha256": "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
         "threat.indicator.name": "Eicar:TestVirus", "url.domain": "www.example.com"},
    ),
    Sample(
        _head("RT_SECINTEL", "SECINTEL_ACTION_LOG") + f'category="secintel" sub-category="CC" action="BLOCK" action-detail="DROP" http-host="N/A" threat-severity="10" {_FLOW} protocol-id="6" policy-name="cc_policy"]',
        {"event.kind": "alert", "event.type": ["denied", "connection"], "event.risk_score": 10, "rule.name": "cc_policy"},
    ),
    Sample(
        _head("mgd", "UI_CMDLINE_READ_LINE") + 'username="alice" command="show configuration "]',
        {"event.category": ["configuration"], "event.action": "command-executed", "process.command_line": "show configuration", "user.name": "alice"},
    ),
    Sample(
        "Mar 30 16:01:36 srx-1 mgd[1234]: UI_CMDLINE_READ_LINE: User 'bob', command 'request system zeroize '",
        {"process.command_line": "request system zeroize", "user.name": "bob", "event.provider": "mgd"},
    ),
    Sample(
        "Mar 30 16:01:36 srx-1 mgd[1234]: UI_LOGIN_EVENT: User 'alice' login, class 'super-user' [1234], ssh-connection '192.0.2.9 50000 192.0.2.1 22', client-mode 'cli'",
        {"event.category": ["authentication", "session"], "event.outcome": "success", "source.ip": "192.0.2.9", "source.port": 50000, "destination.port": 22, "user.name": "alice"},
    ),
    Sample(
        "Mar 30 16:01:36 srx-1 sshd: SSHD_LOGIN_FAILED: Login failed for user 'root' from host '203.0.113.7'",
        {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "root", "source.ip": "203.0.113.7"},
        ),
    Sample("Mar 30 16:01:36 srx-1 login[77]: LOGIN_INFORMATION: User bob logged in from host 192.0.2.9 on device ttyp0", {"user.name": "bob", "source.ip": "192.0.2.9", "event.outcome": "success"}),
    Sample("Mar 30 16:01:36 srx-1 mgd[9]: UI_COMMIT: User 'alice' requested 'commit' operation (comment: none)", {"event.type": ["change"], "event.action": "commit", "user.name": "alice"}),
    Sample("Mar 30 16:01:36 srx-1 /kernel: tcp_auth_ok: Packet from 203.0.113.9:179 missing MD5 digest", {"event.category": ["host"], "event.provider": "/kernel"}),
    Sample("Mar 30 16:01:36 srx-1 chassisd[9]: CHASSISD_FAN_FAILED: Fan 1 just failed", {"event.category": ["host"], "event.action": "chassisd_fan_failed", "message": "Fan 1 just failed"}),
)  # fmt: skip
