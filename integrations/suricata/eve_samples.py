"""Samples of ``suricata.eve``, written after the documentation of the EVE format."""

from integrations.contract import Sample

_T = '"timestamp":"2026-01-08T09:00:00.836376+0000","flow_id":1805461738637437,"in_iface":"eth1",'
_TCP = _T + '"src_ip":"192.0.2.7","src_port":41810,"dest_ip":"198.51.100.80","dest_port":80,"proto":"TCP",'

EVE_SAMPLES = (
    Sample(
        "{"
        + _TCP
        + '"event_type":"alert","alert":{"action":"allowed","gid":1,"signature_id":2013028,"rev":4,"signature":"ET POLICY curl User-Agent Outbound","category":"Attempted Information Leak","severity":2,"metadata":{"mitre_tactic_id":["TA0011"],"mitre_tactic_name":["Command_And_Control"],"mitre_technique_id":["T1071"]}},"http":{"hostname":"www.example.com","url":"/a.php?x=1","http_user_agent":"curl/8.5.0","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":96},"app_proto":"http","flow":{"pkts_toserver":3,"pkts_toclient":1,"bytes_toserver":398,"bytes_toclient":74,"start":"2026-01-08T08:59:59.000000+0000"}}',
        {
            "@timestamp": "2026-01-08T09:00:00.836Z",
            "event.kind": "alert",
            "event.category": ["network", "intrusion_detection"],
            "event.type": ["allowed"],
            "event.severity": 2,
            "event.start": "2026-01-08T08:59:59.000Z",
            "rule.id": "2013028",
            "rule.name": "ET POLICY curl User-Agent Outbound",
            "rule.category": "Attempted Information Leak",
            "message": "Attempted Information Leak",
            "threat.tactic.id": ["TA0011"],
            "threat.tactic.name": ["Command And Control"],
            "threat.technique.id": ["T1071"],
            "source.ip": "192.0.2.7",
            "source.port": 41810,
            "source.bytes": 398,
            "source.packets": 3,
            "destination.ip": "198.51.100.80",
            "destination.domain": "www.example.com",
            "destination.bytes": 74,
            "network.bytes": 472,
            "network.packets": 4,
            "network.transport": "tcp",
            "network.protocol": "http",
            "network.type": "ipv4",
            "url.path": "/a.php",
            "user_agent.name": "curl",
            "observer.ingress.interface.name": "eth1",
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"http","tx_id":0,"community_id":"1:gLWSrtNb37v9aHYoTVnDkJlpjBs=","http":{"hostname":"www.example.com","url":"/missing?x=1","http_user_agent":"curl/8.5.0","http_refer":"http://example.org/","http_content_type":"text/html","http_method":"POST","protocol":"HTTP/1.1","status":404,"length":43}}',
        {
            "event.category": ["network", "web"],
            "event.type": ["access", "protocol"],
            "event.outcome": "failure",
            "http.request.method": "POST",
            "http.request.referrer": "http://example.org/",
            "http.response.status_code": 404,
            "http.response.body.bytes": 43,
            "http.version": "1.1",
            "url.original": "/missing?x=1",
            "url.query": "x=1",
            "url.domain": "www.example.com",
            "network.protocol": "http",
            "network.community_id": "1:gLWSrtNb37v9aHYoTVnDkJlpjBs=",
        },
    ),
    Sample(
        "{"
        + _T
        + '"src_ip":"192.0.2.7","src_port":39063,"dest_ip":"192.0.2.53","dest_port":53,"proto":"UDP","event_type":"dns","dns":{"type":"query","id":13308,"rrname":"www.example.com","rrtype":"A","tx_id":0}}',
        {
            "event.category": ["network"],
            "event.type": ["protocol"],
            "dns.type": "query",
            "dns.id": "13308",
            "dns.question.name": "www.example.com",
            "dns.question.type": "A",
            "dns.question.registered_domain": "example.com",
            "dns.question.subdomain": "www",
            "network.protocol": "dns",
            "network.transport": "udp",
        },
    ),
    Sample(
        "{"
        + _T
        + '"src_ip":"192.0.2.53","src_port":53,"dest_ip":"192.0.2.7","dest_port":39063,"proto":"UDP","event_type":"dns","dns":{"version":2,"type":"answer","id":13308,"flags":"8180","qr":true,"rd":true,"ra":true,"rrname":"www.example.com","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"www.example.com","rrtype":"CNAME","ttl":30,"rdata":"web.example.com"},{"rrname":"web.example.com","rrtype":"A","ttl":30,"rdata":"203.0.113.80"}]}}',
        {
            "dns.type": "answer",
            "dns.response_code": "NOERROR",
            "dns.header_flags": ["RD", "RA"],
            "dns.answers.type": ["CNAME", "A"],
            "dns.answers.data": ["web.example.com", "203.0.113.80"],
            "dns.answers.ttl": [30, 30],
            "dns.resolved_ip": ["203.0.113.80"],
            "event.outcome": "success",
        },
    ),
    Sample(
        "{"
        + _T
        + '"src_ip":"192.0.2.53","src_port":53,"dest_ip":"192.0.2.7","dest_port":39063,"proto":"UDP","event_type":"dns","dns":{"version":3,"type":"response","id":9,"flags":"8183","qr":true,"rd":true,"ra":true,"opcode":0,"rcode":"NXDOMAIN","queries":[{"rrname":"none.example.com","rrtype":"AAAA"}],"authorities":[{"rrname":"example.com","rrtype":"SOA","ttl":900}]}}',
        {
            "dns.question.name": "none.example.com",
            "dns.question.type": "AAAA",
            "dns.response_code": "NXDOMAIN",
            "dns.op_code": "QUERY",
            "event.outcome": "failure",
        },
    ),
    Sample(
        "{"
        + _T
        + '"src_ip":"2001:db8::7","src_port":63992,"dest_ip":"2001:db8::80","dest_port":443,"proto":"TCP","event_type":"tls","tls":{"subject":"CN=www.example.com, O=Example, C=DE","issuerdn":"CN=Example CA, O=Example","serial":"0A:BC","fingerprint":"36:3f:ee:2a","sni":"www.example.com","version":"TLS 1.2","notbefore":"2025-01-01T00:00:00","notafter":"2027-01-01T00:00:00","ja3":{"hash":"e7d705a3286e19ea42f587b344ee6865","string":"771"},"ja3s":{"hash":"623de93db17d313345d7ea481e7443cf","string":"771"}}}',
        {
            "tls.server.subject": "CN=www.example.com, O=Example, C=DE",
            "tls.server.issuer": "CN=Example CA, O=Example",
            "tls.server.x509.subject.common_name": "www.example.com",
            "tls.server.x509.serial_number": "0ABC",
            "tls.server.hash.sha1": "363FEE2A",
            "tls.server.not_after": "2027-01-01T00:00:00.000Z",
            "tls.client.server_name": "www.example.com",
            "tls.client.ja3": "e7d705a3286e19ea42f587b344ee6865",
            "tls.server.ja3s": "623de93db17d313345d7ea481e7443cf",
            "tls.version": "1.2",
            "tls.version_protocol": "tls",
            "destination.domain": "www.example.com",
            "network.type": "ipv6",
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"flow","app_proto":"failed","flow":{"pkts_toserver":6,"pkts_toclient":5,"bytes_toserver":542,"bytes_toclient":3561,"start":"2026-01-08T08:59:00.000000+0000","end":"2026-01-08T08:59:08.000000+0000","age":8,"state":"closed","reason":"timeout","alerted":false}}',
        {
            "event.type": ["connection", "end"],
            "event.start": "2026-01-08T08:59:00.000Z",
            "event.end": "2026-01-08T08:59:08.000Z",
            "event.duration": 8_000_000_000,
            "event.reason": "timeout",
            "network.bytes": 4103,
            "network.packets": 11,
            "network.protocol": None,
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"netflow","netflow":{"pkts":5,"bytes":720,"start":"2026-01-08T08:59:00.000000+0000","end":"2026-01-08T08:59:08.000000+0000","age":8}}',
        {"source.bytes": 720, "source.packets": 5, "event.duration": 8_000_000_000, "network.bytes": 720},
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"fileinfo","http":{"hostname":"www.example.com"},"app_proto":"http","fileinfo":{"filename":"/dl/setup.exe","state":"CLOSED","stored":false,"size":5120,"md5":"d41d8cd98f00b204e9800998ecf8427e","tx_id":0}}',
        {
            "file.path": "/dl/setup.exe",
            "file.name": "setup.exe",
            "file.extension": "exe",
            "file.size": 5120,
            "file.hash.md5": "d41d8cd98f00b204e9800998ecf8427e",
            "related.hash": ["d41d8cd98f00b204e9800998ecf8427e"],
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"ssh","ssh":{"client":{"proto_version":"2.0","software_version":"OpenSSH_9.6"},"server":{"proto_version":"2.0","software_version":"OpenSSH_9.2"}}}',
        {
            "network.protocol": "ssh",
            "event.type": ["connection", "protocol"],
            "vendor.ssh.client.software_version": "OpenSSH_9.6",
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"smtp","smtp":{"helo":"mail.example.org","mail_from":"<eve@example.org>","rcpt_to":["<alice@example.com>"]}}',
        {
            "email.from.address": ["eve@example.org"],
            "email.to.address": ["alice@example.com"],
            "source.domain": "mail.example.org",
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"smb","smb":{"id":4,"dialect":"2.10","command":"SMB2_COMMAND_CREATE","status":"STATUS_ACCESS_DENIED","status_code":"0xc0000022","filename":"secret\\\\plan.docx","share":"\\\\\\\\fs\\\\share"}}',
        {"event.action": "create", "event.outcome": "failure", "file.name": "plan.docx"},
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"krb5","krb5":{"msg_type":"KRB_ERROR","cname":"alice","realm":"EXAMPLE.COM","sname":"krbtgt/EXAMPLE.COM","error_code":"KDC_ERR_PREAUTH_FAILED"}}',
        {
            "user.name": "alice",
            "event.outcome": "failure",
            "event.category": ["network", "authentication"],
            "error.code": "KDC_ERR_PREAUTH_FAILED",
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"rdp","rdp":{"tx_id":0,"event_type":"initial_request","cookie":"mstshash=bob"}}',
        {"user.name": "bob", "event.action": "initial_request"},
    ),
    Sample(
        "{"
        + _T
        + '"src_ip":"192.0.2.1","src_port":67,"dest_ip":"192.0.2.44","dest_port":68,"proto":"UDP","event_type":"dhcp","dhcp":{"type":"reply","id":1,"client_mac":"02:00:00:00:00:44","assigned_ip":"192.0.2.44","dhcp_type":"ack","hostname":"laptop-1"}}',
        {
            "event.action": "ack",
            "client.ip": "192.0.2.44",
            "client.mac": "02-00-00-00-00-44",
            "host.hostname": "laptop-1",
        },
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"ftp","ftp":{"command":"PASS","completion_code":["530"],"reply":["Login incorrect"]}}',
        {"event.action": "pass", "event.code": "530", "event.outcome": "failure"},
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"anomaly","anomaly":{"type":"applayer","event":"INVALID_RESPONSE","layer":"proto_parser","app_proto":"http"}}',
        {"event.type": ["error"], "event.action": "INVALID_RESPONSE", "network.protocol": "http"},
    ),
    Sample(
        "{" + _TCP + '"event_type":"drop","drop":{"len":60,"tos":0,"ttl":64,"reason":"rules"}}',
        {"event.type": ["denied"], "event.action": "drop", "event.reason": "rules"},
    ),
    Sample(
        "{" + _TCP + '"event_type":"mqtt","mqtt":{"publish":{"qos":0,"topic":"a/b","message":"x"}}}',
        {"network.protocol": "mqtt", "vendor.mqtt.publish.topic": "a/b"},
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"sip","sip":{"method":"REGISTER","uri":"sip:example.com","version":"SIP/2.0","code":"401"}}',
        {"event.action": "register", "event.code": "401", "event.outcome": "failure"},
    ),
    Sample(
        "{"
        + _TCP
        + '"event_type":"snmp","snmp":{"version":2,"community":"public","pdu_type":"get_request"}}',
        {"network.protocol": "snmp", "vendor.snmp.community": "public"},
    ),
    Sample(
        '{"timestamp":"2026-01-08T09:00:00.000000+0000","event_type":"stats","stats":{"uptime":10,"capture":{"kernel_packets":7}}}',
        {"event.kind": "metric", "vendor.stats.capture.kernel_packets": 7},
    ),
    Sample(
        "{"
        + _T
        + '"src_ip":"192.0.2.7","dest_ip":"192.0.2.8","proto":"ICMP","icmp_type":8,"icmp_code":0,"event_type":"flow","flow":{"pkts_toserver":1,"pkts_toclient":1,"bytes_toserver":98,"bytes_toclient":98,"state":"established"}}',
        {"network.transport": "icmp", "event.type": ["connection"], "source.port": None},
    ),
    Sample(
        "{"
        + _T
        + '"src_ip":"198.51.100.80","src_port":443,"dest_ip":"192.0.2.7","dest_port":54684,"proto":"TCP","event_type":"alert","alert":{"action":"blocked","gid":1,"signature_id":1,"rev":1,"signature":"TLS fingerprint","category":"","severity":3},"tls":{"sni":"www.example.com","version":"TLS 1.2"},"direction":"to_client","flow":{"pkts_toserver":3,"pkts_toclient":1,"bytes_toserver":398,"bytes_toclient":74}}',
        {
            "event.kind": "alert",
            "event.type": ["denied"],
            "message": "TLS fingerprint",
            "source.domain": "www.example.com",
            "source.bytes": 74,
            "destination.bytes": 398,
            "destination.domain": None,
        },
    ),
)
