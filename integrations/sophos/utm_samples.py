"""Lines as Sophos UTM writes them, of each kind, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_HEAD = "<30>2026:03:30-16:01:36 utm-1 "
SAMPLES = (
        Sample(
            _HEAD + 'ulogd[4867]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="Packet dropped" action="drop" fwrule="60001" initf="eth0" '
            'srcmac="02:00:00:00:00:01" dstmac="02:00:00:00:00:02" srcip="198.51.100.7" dstip="192.0.2.1" proto="6" length="40" srcport="40000" dstport="22" tcpflags="SYN"',
            {"@timestamp": "2026-03-30T16:01:36.000Z", "event.category": ["network"], "event.type": ["connection", "denied"], "event.action": "drop", "event.code": "2001", "event.blocked": "true",
             "source.ip": "198.51.100.7", "destination.port": 22, "network.transport": "tcp", "rule.id": "60001", "observer.hostname": "utm-1", "observer.ingress.interface.name": "eth0",
             "source.mac": "02-00-00-00-00-01", "log.syslog.priority": 30, "log.level": "info", "message": "Packet dropped"},
        ),
        Sample(
            _HEAD + 'httpproxy[5111]: id="0060" severity="info" sys="SecureWeb" sub="http" name="web request blocked, forbidden category detected" action="block" method="GET" srcip="192.0.2.10" '
            'dstip="" user="bob" ad_domain="EXAMPLE" group="" statuscode="403" size="3214" url="http://www.example.com/a.html?x=1" referer="" ua="Mozilla/5.0" categoryname="Gambling" content-type="text/html"',
            {"event.category": ["network", "web"], "event.type": ["access", "denied"], "user.name": "bob", "user.domain": "EXAMPLE", "url.domain": "www.example.com", "http.response.status_code": 403,
             "rule.category": "Gambling"},
        ),
        Sample(
            _HEAD + 'aua[1234]: id="3005" severity="warn" sys="System" sub="auth" name="Authentication failed" srcip="198.51.100.7" host="" user="admin" caller="webadmin" reason="DENIED"',
            {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "failure", "user.name": "admin", "event.reason": "DENIED", "service.name": "webadmin", "event.severity": 4},
        ),
        Sample(
            _HEAD + 'snort[1234]: id="2101" severity="warn" sys="SecureNet" sub="ips" name="Intrusion protection alert" action="drop" reason="SERVER-WEBAPP injection" group="500" srcip="198.51.100.7" '
            'dstip="192.0.2.80" proto="6" srcport="40000" dstport="80" sid="23111" class="Web Application Attack" priority="1"',
            {"event.kind": "alert", "event.type": ["denied"], "rule.id": "23111", "rule.name": "SERVER-WEBAPP injection", "rule.category": "Web Application Attack"},
        ),
        Sample(
            _HEAD + 'openvpn[1234]: id="2201" severity="info" sys="SecureNet" sub="vpn" event="Connection started" username="bob" variant="ssl" srcip="198.51.100.7" virtual_ip="192.0.2.200"',
            {"event.category": ["network", "session"], "event.type": ["start"], "user.name": "bob", "source.nat.ip": "192.0.2.200", "event.action": "connection-started"},
        ),
        Sample(
            _HEAD + 'smtpd[1234]: id="1003" severity="info" sys="SecureMail" sub="smtp" name="email rejected" srcip="198.51.100.7" from="a@example.org" to="bob@example.com" subject="hi" queueid="1x" size="9"',
            {"event.category": ["network", "email"], "event.type": ["denied"], "email.from.address": ["a@example.org"], "email.to.address": ["bob@example.com"]},
        ),
        Sample(
            _HEAD + 'confd[1234]: I main::top-level:1() => id="3100" severity="info" sys="System" sub="confd" name="object changed" class="packetfilter" type="packetfilter" user="admin" srcip="192.0.2.9"',
            {"event.category": ["configuration"], "event.type": ["change"], "user.name": "admin", "source.ip": "192.0.2.9"},
        ),
        Sample(
            _HEAD + 'reverseproxy: id="0299" srcip="198.51.100.7" localip="192.0.2.80" size="312" user="-" host="198.51.100.7" method="GET" statuscode="403" reason="waf" extra="SQL" exceptions="-" time="8214" '
            'url="/a.php" server="www.example.com" port="443" query="?id=1" referer="-"',
            {"event.type": ["access", "denied"], "url.domain": "www.example.com", "url.path": "/a.php", "url.query": "id=1", "event.duration": 8_214_000, "destination.ip": "192.0.2.80"},
        ),
        Sample(
            _HEAD + "dhcpd: DHCPACK on 192.0.2.10 to 02:00:00:00:00:01 via eth0",
            {"event.category": ["network"], "process.name": "dhcpd", "message": "DHCPACK on 192.0.2.10 to 02:00:00:00:00:01 via eth0"},
        ),
)  # fmt: skip
