"""Samples of ``cloudflare.http``, written after Cloudflare's reference of Logpush fields."""

from integrations.contract import Sample

HTTP_SAMPLES = (
    Sample(
        '{"CacheCacheStatus":"miss","ClientASN":64500,"ClientCountry":"de","ClientIP":"203.0.113.9","ClientRequestBytes":5800,"ClientRequestHost":"www.example.com","ClientRequestMethod":"POST","ClientRequestPath":"/wp-login.php","ClientRequestProtocol":"HTTP/1.1","ClientRequestReferer":"https://example.org/","ClientRequestScheme":"https","ClientRequestURI":"/wp-login.php?a=1","ClientRequestUserAgent":"curl/8.5.0","ClientSSLCipher":"AEAD-AES128-GCM-SHA256","ClientSSLProtocol":"TLSv1.3","ClientSrcPort":51234,"EdgeEndTimestamp":1767862800500000000,"EdgeResponseBodyBytes":100,"EdgeResponseBytes":980,"EdgeResponseContentType":"text/html","EdgeResponseStatus":403,"EdgeServerIP":"198.51.100.1","EdgeStartTimestamp":1767862800000000000,"RayID":"3a6050bcbe121a87","SecurityAction":"block","SecurityRuleDescription":"SQL injection","SecurityRuleID":"100008","ZoneName":"example.com"}',
        {
            "@timestamp": "2026-01-08T09:00:00.000Z",
            "event.dataset": "cloudflare.http",
            "event.category": ["web", "network"],
            "event.type": ["access"],
            "event.action": "block",
            "event.outcome": "failure",
            "event.duration": 500_000_000,
            "event.end": "2026-01-08T09:00:00.500Z",
            "source.ip": "203.0.113.9",
            "source.port": 51234,
            "source.as.number": 64500,
            "source.geo.country_iso_code": "DE",
            "destination.ip": "198.51.100.1",
            "http.request.method": "POST",
            "http.request.bytes": 5800,
            "http.request.referrer": "https://example.org/",
            "http.response.status_code": 403,
            "http.response.bytes": 980,
            "http.version": "1.1",
            "url.original": "/wp-login.php?a=1",
            "url.path": "/wp-login.php",
            "url.query": "a=1",
            "url.domain": "www.example.com",
            "url.scheme": "https",
            "user_agent.name": "curl",
            "tls.version": "1.3",
            "tls.version_protocol": "tls",
            "rule.id": "100008",
            "network.type": "ipv4",
            "vendor.ZoneName": "example.com",
        },
    ),
    Sample(
        '{"Action":"block","ClientASN":64500,"ClientASNDescription":"EXAMPLE-AS","ClientCountry":"nl","ClientIP":"2001:db8::9","ClientRefererHost":"","ClientRequestHost":"www.example.com","ClientRequestMethod":"GET","ClientRequestPath":"/etc/passwd","ClientRequestProtocol":"HTTP/2","ClientRequestQuery":"?x=1","ClientRequestScheme":"https","ClientRequestUserAgent":"sqlmap/1.8","Datetime":"2026-01-08T09:00:01Z","Description":"traversal","EdgeResponseStatus":403,"Kind":"firewall","RayID":"3a6050bcbe121a88","RuleID":"7c2f","Source":"firewallCustom"}',
        {
            "event.dataset": "cloudflare.firewall_event",
            "event.type": ["access", "denied"],
            "event.action": "block",
            "source.ip": "2001:db8::9",
            "url.original": "/etc/passwd?x=1",
            "rule.id": "7c2f",
            "rule.description": "traversal",
            "http.version": "2",
        },
    ),
    Sample(
        '{"ColoCode":"AMS","EDNSSubnet":"","EDNSSubnetLength":0,"QueryName":"www.example.com.","QueryType":28,"ResponseCached":false,"ResponseCode":3,"SourceIP":"203.0.113.53","Timestamp":"2026-01-08T09:00:02Z"}',
        {
            "event.dataset": "cloudflare.dns",
            "event.outcome": "failure",
            "dns.question.name": "www.example.com",
            "dns.question.type": "AAAA",
            "dns.question.registered_domain": "example.com",
            "dns.response_code": "NXDOMAIN",
            "source.ip": "203.0.113.53",
        },
    ),
    Sample(
        '{"Datetime":"2026-01-08T09:00:03Z","DeviceID":"d-1","DeviceName":"laptop-1","DstIP":"198.51.100.53","DstPort":53,"Email":"alice@example.com","Policy":"no malware","PolicyID":"p-1","Protocol":"udp","QueryName":"bad.example.org","QueryTypeName":"A","RCode":0,"RData":[{"type":"A","data":"0.0.0.0"}],"ResolverDecision":"blockedByCategory","SrcIP":"10.0.0.7","SrcPort":40000,"UserID":"u-1"}',
        {
            "event.dataset": "cloudflare.gateway_dns",
            "event.type": ["protocol", "denied"],
            "event.action": "blockedByCategory",
            "user.email": "alice@example.com",
            "user.name": "alice",
            "user.domain": "example.com",
            "host.name": "laptop-1",
            "dns.question.name": "bad.example.org",
            "network.transport": "udp",
            "rule.name": "no malware",
        },
    ),
    Sample(
        '{"AccountID":"a","Action":"block","BlockedFileHash":"","BlockedFileName":"x.exe","BlockedFileSize":10,"Datetime":"2026-01-08T09:00:04Z","DestinationIP":"198.51.100.80","DestinationPort":443,"DeviceID":"d-1","Email":"alice@example.com","HTTPHost":"example.org","HTTPMethod":"GET","HTTPStatusCode":403,"HTTPVersion":"HTTP/2","PolicyID":"p-2","PolicyName":"no exe","SourceIP":"10.0.0.7","SourcePort":40001,"URL":"https://example.org/x.exe","UserAgent":"curl/8.5.0","UserID":"u-1"}',
        {
            "event.dataset": "cloudflare.gateway_http",
            "event.type": ["access", "denied"],
            "url.domain": "example.org",
            "url.extension": "exe",
            "file.name": "x.exe",
            "destination.port": 443,
        },
    ),
    Sample(
        '{"AccountID":"a","Action":"allowedOnNoRuleMatch","Datetime":"2026-01-08T09:00:05Z","DestinationIP":"198.51.100.22","DestinationPort":22,"DeviceID":"d-1","Email":"alice@example.com","PolicyID":"","PolicyName":"","SNI":"","SessionID":"s-1","SourceIP":"10.0.0.7","SourcePort":40002,"Transport":"tcp","UserID":"u-1"}',
        {
            "event.dataset": "cloudflare.gateway_network",
            "event.type": ["connection", "allowed"],
            "network.transport": "tcp",
            "session.id": "s-1",
        },
    ),
    Sample(
        '{"ActionResult":true,"ActionType":"delete","ActorEmail":"bob@example.com","ActorID":"42","ActorIP":"203.0.113.7","ActorType":"user","ID":"1","Interface":"UI","Metadata":{},"NewValue":{},"OldValue":{},"OwnerID":"o","ResourceID":"r","ResourceType":"firewall_rule","When":"2026-01-08T09:00:06Z"}',
        {
            "event.dataset": "cloudflare.audit",
            "event.category": ["configuration"],
            "event.type": ["deletion"],
            "event.action": "delete",
            "event.outcome": "success",
            "user.id": "42",
            "user.name": "bob",
            "source.ip": "203.0.113.7",
        },
    ),
    Sample(
        '{"Action":"login","Allowed":false,"AppDomain":"app.example.com","AppUUID":"a-1","Connection":"onetimepin","Country":"us","CreatedAt":"2026-01-08T09:00:07Z","Email":"eve@example.org","IPAddress":"203.0.113.66","RayID":"1","UserUID":""}',
        {
            "event.dataset": "cloudflare.access_request",
            "event.category": ["authentication"],
            "event.type": ["start"],
            "event.outcome": "failure",
            "user.email": "eve@example.org",
            "source.ip": "203.0.113.66",
        },
    ),
    Sample(
        '{"SessionID":"1","Event":"connect","Timestamp":"2026-01-08T09:00:08Z","ClientIP":"203.0.113.66","ClientRequestMethod":"GET","Action":"log","Source":"l7ddos","RuleID":"","ClientRequestHost":"www.example.com"}',
        {"event.dataset": "cloudflare.firewall_event", "event.type": ["access"], "event.action": "log"},
    ),
    Sample(
        '{"Application":"ssh.example.com","ClientIP":"198.51.100.7","ClientPort":51234,"ClientProto":"tcp","ClientBytes":10,"OriginBytes":20,"OriginIP":"192.0.2.5","OriginPort":22,"Event":"disconnect","Status":0,"Timestamp":"2026-03-30T16:01:36Z","ConnectTimestamp":"2026-03-30T16:01:30Z","ClientCountry":"ie"}',
        {"event.dataset": "cloudflare.spectrum_event", "event.type": ["connection", "end"], "event.start": "2026-03-30T16:01:30.000Z", "source.bytes": 10, "destination.port": 22, "network.bytes": 30, "network.transport": "tcp", "source.geo.country_iso_code": "IE"},
    ),
    Sample(
        '{"Datetime":"2026-03-30T16:01:36Z","AttackID":"a1","IPSourceAddress":"198.51.100.7","SourcePort":40000,"SourceASN":64500,"IPDestinationAddress":"192.0.2.5","DestinationPort":53,"IPProtocolName":"UDP","IPTotalLength":500,"Direction":"ingress","Verdict":"drop","RuleID":"r1"}',
        {"event.dataset": "cloudflare.network_analytics", "event.type": ["connection", "denied"], "event.category": ["network", "intrusion_detection"], "network.direction": "inbound", "network.transport": "udp", "rule.id": "r1", "network.bytes": 500},
    ),
    Sample(
        '{"ClientResponseCode":3,"QueryName":"nope.example.com","QueryType":1,"QueryTCP":false,"SourceIP":"198.51.100.7","Timestamp":"2026-03-30T16:01:36Z","UpstreamIP":"192.0.2.53","ResponseReason":"success"}',
        {"event.dataset": "cloudflare.dns_firewall", "dns.response_code": "NXDOMAIN", "dns.question.name": "nope.example.com", "destination.ip": "192.0.2.53"},
    ),
    Sample(
        '{"Action":"drop","SourceIP":"198.51.100.7","SourcePort":40000,"DestinationIP":"192.0.2.5","DestinationPort":80,"Protocol":"tcp","SignatureID":2031296,"SignatureMessage":"ET x","SignatureRevision":1,"Timestamp":"2026-03-30T16:01:36Z"}',
        {"event.kind": "alert", "event.dataset": "cloudflare.magic_ids", "event.type": ["denied"], "rule.id": "2031296", "rule.name": "ET x"},
    ),
    Sample(
        '{"ClientIPASN":64500,"ClientIPCountry":"IE","LastKnownGoodColoCode":"DUB","Phase":"connection","Timestamp":"2026-03-30T16:01:36Z","Type":"tcp.timed_out"}',
        {"event.dataset": "cloudflare.nel_report", "event.outcome": "failure", "event.reason": "tcp.timed_out"},
    ),
    Sample(
        '{"SessionID":"s1","SessionStartTime":"2026-03-30T16:00:36Z","SessionEndTime":"2026-03-30T16:01:36Z","IngressColoName":"DUB","SourceIP":"198.51.100.7","SourcePort":51234,"OriginIP":"192.0.2.5","OriginPort":443,"EgressIP":"203.0.113.1","BytesSent":1,"BytesReceived":2,"Protocol":"TCP","Email":"bob@example.com"}',
        {"event.dataset": "cloudflare.network_session", "@timestamp": "2026-03-30T16:01:36.000Z", "source.nat.ip": "203.0.113.1", "user.name": "bob", "session.id": "s1", "network.bytes": 3},
    ),
    Sample(
        '{"DeviceID":"d1","DeviceName":"pc-1","Email":"bob@example.com","PostureCheckName":"disk","PostureCheckType":"disk_encryption","PostureEvaluatedResult":false,"Timestamp":"2026-03-30T16:01:36Z"}',
        {"event.dataset": "cloudflare.device_posture", "event.outcome": "failure", "host.name": "pc-1", "rule.name": "disk"},
    ),
    Sample(
        '{"AssetDisplayName":"plan.docx","AssetLink":"https://drive.example.com/d/1","DetectedTimestamp":"2026-03-30T16:01:36Z","FindingTypeDisplayName":"Shared with everybody","FindingTypeID":"f1","FindingTypeSeverity":"High","IntegrationID":"i1"}',
        {"event.kind": "alert", "event.dataset": "cloudflare.casb", "event.severity": 73, "rule.name": "Shared with everybody", "url.domain": "drive.example.com"},
    ),
    Sample(
        '{"AlertID":"a1","AlertReasons":["spoof"],"FinalDisposition":"MALICIOUS","From":"x@example.org","To":["bob@example.com"],"Subject":"hi","MessageID":"<m1@example.org>","SMTPEnvelopeFrom":"x@example.org","Timestamp":"2026-03-30T16:01:36Z"}',
        {"event.kind": "alert", "event.dataset": "cloudflare.email_security_alerts", "event.action": "malicious", "email.subject": "hi", "email.to.address": ["bob@example.com"], "event.reason": "spoof"},
    ),
    Sample(
        '{"Action":"log","CSPDirective":"script-src","Host":"www.example.com","PageURL":"https://www.example.com/pay","URL":"https://evil.example.org/a.js","URLHost":"evil.example.org","Timestamp":"2026-03-30T16:01:36Z"}',
        {"event.kind": "alert", "event.dataset": "cloudflare.page_shield_events", "url.domain": "evil.example.org"},
    ),
    Sample(
        '{"SinkholeID":"s1","SrcAddr":"198.51.100.7","DestAddr":"192.0.2.5","Method":"POST","URL":"http://bad.example.com/gate","UserAgent":"x","Timestamp":"2026-03-30T16:01:36Z"}',
        {"event.dataset": "cloudflare.sinkhole_http", "event.kind": "alert", "source.ip": "198.51.100.7", "url.path": "/gate"},
    ),
    Sample(
        '{"ScriptName":"w1","EventType":"fetch","Outcome":"ok","EventTimestampMs":1774886496123,"Event":{"RayID":"r1","Request":{"URL":"https://www.example.com/a","Method":"GET"},"Response":{"Status":200}}}',
        {"event.dataset": "cloudflare.workers_trace", "@timestamp": "2026-03-30T16:01:36.123Z", "http.response.status_code": 200, "service.name": "w1", "url.path": "/a"},
    ),
    Sample(
        '{"action":"login","allowed":false,"app_domain":"app.example.com","app_uid":"u1","connection":"saml","created_at":"2026-03-30T16:01:36Z","ip_address":"198.51.100.7","ray_id":"r1","user_email":"bob@example.com"}',
        {"event.dataset": "cloudflare.access_request", "event.outcome": "failure", "user.name": "bob", "source.ip": "198.51.100.7"},
    ),
)  # fmt: skip
