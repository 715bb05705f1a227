"""Samples of ``zeek.log``, written after Zeek's documentation of its logs."""

from integrations.contract import Sample

_C = '"ts":1767862800.123456,"uid":"CAcJw21BbVedgFnYH3","id.orig_h":"192.0.2.7","id.orig_p":38334,"id.resp_h":"198.51.100.80","id.resp_p":'
_TSV = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"

LOG_SAMPLES = (
    Sample(
        "1774886496.500000\tCAcJw21BbVedgFnYH3\t192.0.2.7\t38334\t203.0.113.80\t443\ttcp\tssl\t0.076967\t75\t178\tSF\tT\tF\t0\tShADadFf\t2\t103\t1\t206\t-",
        {
            "@timestamp": "2026-03-30T16:01:36.500Z",
            "event.dataset": "zeek.conn",
            "source.ip": "192.0.2.7",
            "source.port": 38334,
            "destination.port": 443,
            "network.transport": "tcp",
            "vendor.conn_state": "SF",
            "event.duration": 76_967_000,
        },
    ),
    Sample(
        "<13>Mar 30 16:01:36 sensor-1 zeek_dns: 1774886496.500000\tCAcJw21BbVedgFnYH3\t192.0.2.7\t38334\t203.0.113.80\t53\tudp\t8555\t0.066852\twww.example.com\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t203.0.113.9\t60.000000\tF",
        {
            "event.dataset": "zeek.dns",
            "dns.question.name": "www.example.com",
            "dns.resolved_ip": ["203.0.113.9"],
            "network.protocol": "dns",
        },
    ),
    Sample(
        "1774886496.500000\tCAcJw21BbVedgFnYH3\t192.0.2.7\t38334\t203.0.113.80\t80\t1\tGET\twww.example.com\t/\t-\t1.1\tcurl/8.5.0\t-\t0\t39\t200\tOK\t-\t-\t(empty)\t-\t-\t-\t-\t-\t-\tFAbcdE1fGhIjKlMn2\t-\ttext/plain",
        {
            "event.dataset": "zeek.http",
            "http.request.method": "GET",
            "url.domain": "www.example.com",
            "http.response.status_code": 200,
        },
    ),
    Sample(
        "1774886496.500000\tCAcJw21BbVedgFnYH3\t192.0.2.7\t38334\t203.0.113.80\t443\tTLSv13\tTLS_AES_256_GCM_SHA384\tx25519\twww.example.com\tF\t-\th2\tT\tCsiI\t-\t-\tT",
        {"event.dataset": "zeek.ssl", "tls.client.server_name": "www.example.com", "tls.established": True},
    ),
    Sample(
        "1774886496.500000\tCAcJw21BbVedgFnYH3\t192.0.2.7\t38334\t203.0.113.80\t22\t2\tT\t1\tINBOUND\tSSH-2.0-OpenSSH_9.7\tSSH-2.0-OpenSSH_9.6\taes128-ctr\thmac-sha2-256\tnone\tcurve25519-sha256\tssh-ed25519\taa:bb",
        {"event.dataset": "zeek.ssh", "vendor.auth_attempts": 1, "vendor.direction": "INBOUND"},
    ),
    Sample(
        "1774886496.500000\tFAbcdE1fGhIjKlMn2\tCAcJw21BbVedgFnYH3\t192.0.2.7\t38334\t203.0.113.80\t80\tHTTP\t0\tMD5\ttext/plain\t-\t0.000000\tF\tF\t39\t39\t0\t0\tF\t-\tabababababababababababababababab\t-\t-\t-\t-\t-",
        {"event.dataset": "zeek.files", "file.hash.md5": "ab" * 16, "file.mime_type": "text/plain"},
    ),
    Sample(
        "1774886496.500000\tCAcJw21BbVedgFnYH3\t192.0.2.7\t38334\t203.0.113.80\t80\tbad_TCP_checksum\t-\tF\tzeek",
        {"event.dataset": "zeek.weird", "vendor.name": "bad_TCP_checksum"},
    ),
    Sample(
        '<13>Mar 30 16:01:36 sensor-1 zeek[7]: {"_path":"conn","ts":1774886496.5,"uid":"C1","id.orig_h":"192.0.2.10","id.orig_p":51234,"id.resp_h":"203.0.113.80","id.resp_p":443,"proto":"tcp","conn_state":"SF"}',
        {"@timestamp": "2026-03-30T16:01:36.500Z", "source.ip": "192.0.2.10", "log.syslog.appname": "zeek"},
    ),
    Sample(
        '{"ts":1774886496.5,"uid":"C1","id.orig_h":"192.0.2.10","id.orig_p":51234,"id.resp_h":"203.0.113.80","id.resp_p":1883,"proto_name":"MQTT","proto_version":"3.1.1","client_id":"pump-1","connect_status":"Connection Accepted"}',
        {"event.dataset": "zeek.mqtt_connect", "event.category": ["network"], "destination.port": 1883},
    ),
    Sample(
        "{"
        + _C
        + '443,"proto":"tcp","service":"ssl","duration":0.076967,"orig_bytes":75,"resp_bytes":178,"conn_state":"SF","local_orig":true,"local_resp":false,"missed_bytes":0,"history":"ShADadFf","orig_pkts":2,"orig_ip_bytes":103,"resp_pkts":1,"resp_ip_bytes":206,"tunnel_parents":[]}',
        {
            "@timestamp": "2026-01-08T09:00:00.123Z",
            "event.dataset": "zeek.conn",
            "event.category": ["network"],
            "event.type": ["connection", "start", "end"],
            "event.outcome": "success",
            "event.duration": 76_967_000,
            "source.ip": "192.0.2.7",
            "source.port": 38334,
            "source.bytes": 103,
            "source.packets": 2,
            "destination.ip": "198.51.100.80",
            "destination.port": 443,
            "destination.bytes": 206,
            "network.bytes": 309,
            "network.packets": 3,
            "network.direction": "outbound",
            "network.transport": "tcp",
            "network.protocol": "ssl",
            "network.type": "ipv4",
            "vendor.conn_state": "SF",
        },
    ),
    Sample(
        _TSV
        + "#path\tconn\n#open\t2026-01-08-09-00-00\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\ttunnel_parents\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tset[string]\n1767862800.123456\tCAcJw21BbVedgFnYH3\t2001:db8::7\t38334\t2001:db8::80\t22\ttcp\t-\t-\t-\t-\tREJ\tT\tT\t(empty)",
        {
            "event.dataset": "zeek.conn",
            "event.type": ["connection", "start", "denied"],
            "event.outcome": "failure",
            "source.ip": "2001:db8::7",
            "destination.port": 22,
            "network.direction": "internal",
            "network.type": "ipv6",
            "vendor.tunnel_parents": [],
        },
    ),
    Sample(
        _TSV
        + "#path\thttp\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod\thost\turi\tuser_agent\tstatus_code\ttags\n#types\ttime\tstring\taddr\tport\taddr\tport\tcount\tstring\tstring\tstring\tstring\tcount\tset[enum]\n1767862800.5\tCx\t192.0.2.7\t38334\t198.51.100.80\t80\t1\tGET\twww.example.com\t/a\\x09b\tcurl/8.5.0\t404\t-",
        {
            "event.dataset": "zeek.http",
            "event.outcome": "failure",
            "url.original": "/a\tb",
            "url.domain": "www.example.com",
        },
    ),
    Sample(
        "{"
        + _C
        + '53,"proto":"udp","trans_id":15209,"rtt":0.076967,"query":"www.example.com","qclass":1,"qclass_name":"C_INTERNET","qtype":1,"qtype_name":"A","rcode":0,"rcode_name":"NOERROR","AA":false,"TC":false,"RD":true,"RA":true,"Z":0,"answers":["web.example.com","203.0.113.80"],"TTLs":[3600.0,60.0],"rejected":false}',
        {
            "event.dataset": "zeek.dns",
            "event.type": ["connection", "info", "protocol"],
            "event.outcome": "success",
            "dns.id": "15209",
            "dns.question.name": "www.example.com",
            "dns.question.type": "A",
            "dns.question.class": "IN",
            "dns.question.registered_domain": "example.com",
            "dns.answers.data": ["web.example.com", "203.0.113.80"],
            "dns.answers.ttl": [3600, 60],
            "dns.resolved_ip": ["203.0.113.80"],
            "dns.header_flags": ["RD", "RA"],
            "dns.response_code": "NOERROR",
            "network.protocol": "dns",
            "vendor.query": "www.example.com",
        },
    ),
    Sample(
        "{"
        + _C
        + '80,"trans_depth":1,"method":"POST","host":"www.example.com:8080","uri":"/a.php?x=1","referrer":"http://example.org/","version":"1.1","user_agent":"curl/8.5.0","request_body_len":3,"response_body_len":44730,"status_code":200,"status_msg":"OK","tags":[],"resp_mime_types":["text/html"]}',
        {
            "event.dataset": "zeek.http",
            "event.category": ["network", "web"],
            "event.outcome": "success",
            "http.request.method": "POST",
            "http.request.body.bytes": 3,
            "http.response.body.bytes": 44730,
            "http.response.status_code": 200,
            "http.response.mime_type": "text/html",
            "http.version": "1.1",
            "url.domain": "www.example.com",
            "url.port": 8080,
            "url.original": "/a.php?x=1",
            "url.query": "x=1",
            "user_agent.name": "curl",
        },
    ),
    Sample(
        "{"
        + _C
        + '443,"version":"TLSv12","cipher":"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384","curve":"secp256r1","server_name":"www.example.com","resumed":false,"established":true,"subject":"CN=www.example.com,O=Example,C=DE","issuer":"CN=Example CA,O=Example","ja3":"e7d705a3286e19ea42f587b344ee6865","validation_status":"ok"}',
        {
            "event.dataset": "zeek.ssl",
            "tls.version": "1.2",
            "tls.version_protocol": "tls",
            "tls.cipher": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "tls.curve": "secp256r1",
            "tls.established": True,
            "tls.client.server_name": "www.example.com",
            "tls.client.ja3": "e7d705a3286e19ea42f587b344ee6865",
            "tls.server.x509.subject.common_name": "www.example.com",
            "network.protocol": "tls",
        },
    ),
    Sample(
        '{"ts":1767862800.1,"id":"FxZ6gZ3YR6vFlIocq3","certificate.version":3,"certificate.serial":"8BB00EE","certificate.subject":"CN=www.example.com","certificate.issuer":"CN=Example CA","certificate.not_valid_before":1735689600.0,"certificate.not_valid_after":1798761600.0,"certificate.key_alg":"rsaEncryption","certificate.key_length":2048,"san.dns":["www.example.com"]}',
        {
            "event.dataset": "zeek.x509",
            "file.x509.serial_number": "8BB00EE",
            "file.x509.subject.common_name": "www.example.com",
            "file.x509.not_after": "2027-01-01T00:00:00.000Z",
            "file.x509.alternative_names": ["www.example.com"],
            "vendor.certificate.serial": "8BB00EE",
        },
    ),
    Sample(
        '{"ts":1767862800.1,"fuid":"FMkioa222mEuM2RuQ9","tx_hosts":["198.51.100.80"],"rx_hosts":["192.0.2.7"],"conn_uids":["C8I0zn3r9EPbfLgta6"],"source":"HTTP","depth":0,"analyzers":["MD5"],"mime_type":"application/x-dosexec","filename":"setup.exe","duration":0.5,"seen_bytes":947,"total_bytes":947,"md5":"d41d8cd98f00b204e9800998ecf8427e"}',
        {
            "event.dataset": "zeek.files",
            "event.category": ["file"],
            "file.name": "setup.exe",
            "file.size": 947,
            "file.hash.md5": "d41d8cd98f00b204e9800998ecf8427e",
            "server.ip": "198.51.100.80",
            "client.ip": "192.0.2.7",
        },
    ),
    Sample(
        "{"
        + _C
        + '21,"user":"alice","password":"<hidden>","command":"STOR","arg":"ftp://198.51.100.80/./in/a.txt","reply_code":226,"reply_msg":"ok"}',
        {
            "event.dataset": "zeek.ftp",
            "user.name": "alice",
            "file.path": "/in/a.txt",
            "event.outcome": "success",
            "event.action": "STOR",
        },
    ),
    Sample(
        "{"
        + _C
        + '22,"version":2,"auth_success":false,"auth_attempts":3,"direction":"INBOUND","client":"SSH-2.0-OpenSSH_9.6","server":"SSH-2.0-OpenSSH_9.2"}',
        {
            "event.dataset": "zeek.ssh",
            "event.outcome": "failure",
            "network.direction": "inbound",
            "event.category": ["network", "authentication"],
        },
    ),
    Sample(
        "{"
        + _C
        + '25,"trans_depth":1,"helo":"mail.example.org","mailfrom":"eve@example.org","rcptto":["alice@example.com"],"subject":"Hi","from":"Eve <eve@example.org>","msg_id":"<1@example.org>","last_reply":"250 2.0.0 Ok","tls":false}',
        {
            "event.dataset": "zeek.smtp",
            "email.from.address": ["eve@example.org"],
            "email.subject": "Hi",
            "email.message_id": "1@example.org",
            "event.outcome": "success",
        },
    ),
    Sample(
        "{"
        + _C
        + '445,"action":"SMB::FILE_DELETE","path":"\\\\\\\\fs.example.com\\\\share","name":"plans\\\\a.docx","size":70,"times.modified":1767862800.0}',
        {
            "event.dataset": "zeek.smb_files",
            "event.action": "SMB::FILE_DELETE",
            "event.type": ["connection", "protocol", "deletion"],
            "file.name": "a.docx",
            "file.path": "\\\\fs.example.com\\share\\plans\\a.docx",
            "vendor.name": "plans\\a.docx",
        },
    ),
    Sample(
        "{" + _C + '445,"path":"\\\\\\\\fs\\\\IPC$","share_type":"PIPE"}',
        {"event.dataset": "zeek.smb_mapping", "file.path": "\\\\fs\\IPC$", "network.protocol": "smb"},
    ),
    Sample(
        "{"
        + _C
        + '445,"command":"CREATE","sub_command":"","argument":"x","status":"ACCESS_DENIED","rtt":0.01,"version":"SMB2","username":"alice"}',
        {"event.dataset": "zeek.smb_cmd", "event.action": "CREATE", "event.outcome": "failure"},
    ),
    Sample(
        "{" + _C + '135,"rtt":0.0003,"named_pipe":"135","endpoint":"samr","operation":"SamrConnect5"}',
        {"event.dataset": "zeek.dce_rpc", "event.action": "SamrConnect5", "vendor.operation": "SamrConnect5"},
    ),
    Sample(
        "{"
        + _C
        + '445,"username":"alice","hostname":"WS-1","domainname":"EXAMPLE","server_nb_computer_name":"DC-1","success":true}',
        {
            "event.dataset": "zeek.ntlm",
            "user.name": "alice",
            "user.domain": "EXAMPLE",
            "event.outcome": "success",
        },
    ),
    Sample(
        "{"
        + _C
        + '88,"request_type":"AS","client":"alice/EXAMPLE.COM","service":"krbtgt/EXAMPLE.COM","success":false,"error_msg":"KDC_ERR_PREAUTH_FAILED","cipher":"rc4-hmac"}',
        {
            "event.dataset": "zeek.kerberos",
            "event.action": "AS",
            "user.name": "alice",
            "user.domain": "EXAMPLE.COM",
            "event.outcome": "failure",
            "vendor.cipher": "rc4-hmac",
        },
    ),
    Sample(
        "{"
        + _C
        + '3389,"cookie":"bob","result":"Success","security_protocol":"RDP","keyboard_layout":"English"}',
        {"event.dataset": "zeek.rdp", "user.name": "bob", "event.outcome": "success"},
    ),
    Sample(
        '{"ts":1767862800.1,"uids":["C1"],"client_addr":"192.0.2.44","server_addr":"192.0.2.1","mac":"02:00:00:00:00:44","host_name":"laptop-1","assigned_addr":"192.0.2.44","lease_time":600.0,"msg_types":["REQUEST","ACK"],"duration":0.05}',
        {
            "event.dataset": "zeek.dhcp",
            "event.action": "ack",
            "client.ip": "192.0.2.44",
            "client.mac": "02-00-00-00-00-44",
            "server.ip": "192.0.2.1",
            "host.hostname": "laptop-1",
        },
    ),
    Sample(
        "{"
        + _C
        + '22,"proto":"tcp","note":"SSH::Password_Guessing","msg":"192.0.2.7 appears to be guessing SSH passwords","sub":"Sampled servers: 198.51.100.80","src":"192.0.2.7","actions":["Notice::ACTION_LOG"],"suppress_for":3600.0}',
        {
            "event.kind": "alert",
            "event.dataset": "zeek.notice",
            "rule.name": "SSH::Password_Guessing",
            "message": "192.0.2.7 appears to be guessing SSH passwords",
        },
    ),
    Sample(
        "{" + _C + '80,"name":"bad_HTTP_request","addl":"x","notice":false,"peer":"worker-1"}',
        {"event.dataset": "zeek.weird", "rule.name": "bad_HTTP_request", "event.reason": "x"},
    ),
    Sample(
        "{"
        + _C
        + '53,"seen.indicator":"bad.example.org","seen.indicator_type":"Intel::DOMAIN","seen.where":"DNS::IN_REQUEST","matched":["Intel::DOMAIN"],"sources":["feed-1"]}',
        {
            "event.kind": "alert",
            "event.dataset": "zeek.intel",
            "threat.indicator.type": "domain-name",
            "threat.indicator.url.domain": "bad.example.org",
            "threat.indicator.provider": "feed-1",
        },
    ),
    Sample(
        '{"ts":1767862800.1,"host":"192.0.2.7","software_type":"HTTP::BROWSER","name":"curl","version.major":8,"version.minor":5,"unparsed_version":"curl/8.5.0"}',
        {
            "event.dataset": "zeek.software",
            "host.ip": ["192.0.2.7"],
            "package.name": "curl",
            "package.version": "8.5",
        },
    ),
    Sample(
        '{"ts":1767862800.1,"id":"Fx","machine":"AMD64","compile_ts":1700000000.0,"os":"Windows","is_exe":true,"is_64bit":true}',
        {"event.dataset": "zeek.pe", "file.pe.architecture": "AMD64"},
    ),
    Sample(
        "{"
        + _C
        + '5060,"trans_depth":0,"method":"REGISTER","uri":"sip:example.com","call_id":"1@x","status_code":401}',
        {"event.dataset": "zeek.sip", "event.action": "register", "event.outcome": "failure"},
    ),
    Sample(
        "{"
        + _C
        + '161,"duration":0.1,"version":"2c","community":"public","get_requests":1,"set_requests":0}',
        {"event.dataset": "zeek.snmp", "network.protocol": "snmp"},
    ),
    Sample(
        "{"
        + _C
        + '1080,"version":5,"user":"alice","status":"succeeded","request.host":"203.0.113.80","request_p":80,"bound.host":"192.0.2.9"}',
        {
            "event.dataset": "zeek.socks",
            "event.outcome": "success",
            "server.ip": "203.0.113.80",
            "server.port": 80,
        },
    ),
    Sample(
        "{" + _C + '514,"proto":"udp","facility":"LOCAL7","severity":"NOTICE","message":"hello"}',
        {"event.dataset": "zeek.syslog", "log.syslog.severity.name": "notice", "message": "hello"},
    ),
    Sample(
        "{" + _C + '4789,"tunnel_type":"Tunnel::VXLAN","action":"Tunnel::CLOSE"}',
        {"event.dataset": "zeek.tunnel", "event.action": "close", "event.type": ["connection", "end"]},
    ),
    Sample(
        '{"ts":1767862800.1,"src":"192.0.2.7","dst":"198.51.100.80","proto":"udp"}',
        {"event.dataset": "zeek.traceroute", "source.ip": "192.0.2.7"},
    ),
    Sample(
        '{"ts":1767862800.1,"host":"192.0.2.7"}',
        {"event.dataset": "zeek.known_hosts", "host.ip": ["192.0.2.7"]},
    ),
    Sample(
        '{"ts":1767862800.1,"host":"192.0.2.7","port_num":22,"port_proto":"tcp","service":["SSH"]}',
        {"event.dataset": "zeek.known_services", "server.port": 22, "network.protocol": "ssh"},
    ),
    Sample(
        '{"ts":1767862800.1,"ts_delta":900.0,"peer":"zeek","gaps":1,"acks":100,"percent_lost":1.0}',
        {"event.kind": "metric", "event.dataset": "zeek.capture_loss"},
    ),
    Sample(
        "{"
        + _C
        + '1812,"username":"alice","mac":"02:00:00:00:00:44","result":"failed","framed_addr":"192.0.2.99"}',
        {"event.dataset": "zeek.radius", "user.name": "alice", "event.outcome": "failure"},
    ),
    Sample(
        "{" + _C + '502,"func":"WRITE_SINGLE_COIL","exception":"ILLEGAL_FUNCTION"}',
        {"event.dataset": "zeek.modbus", "event.action": "write_single_coil", "event.outcome": "failure"},
    ),
    Sample(
        "{" + _C + '20000,"fc_request":"READ","fc_reply":"RESPONSE","iin":4096}',
        {"event.dataset": "zeek.dnp3", "event.action": "read"},
    ),
    Sample(
        "{" + _C + '3306,"cmd":"query","arg":"select 1","success":true,"rows":1}',
        {"event.dataset": "zeek.mysql", "database.statement": "select 1", "database.rows": 1},
    ),
    Sample(
        "{" + _C + '6667,"nick":"eve","user":"eve","command":"JOIN","value":"#x"}',
        {"event.dataset": "zeek.irc", "user.name": "eve"},
    ),
    Sample("{" + _C + '123,"version":3,"mode":3,"stratum":0,"poll":1.0}', {"event.dataset": "zeek.ntp"}),
    Sample(
        "{"
        + _C
        + '5900,"client_major_version":"003","client_minor_version":"889","authentication_method":"VNC","auth":true}',
        {"event.dataset": "zeek.rfb", "event.outcome": "success"},
    ),
    Sample(
        '{"ts":1767862800.1,"src_addr":"192.0.2.7","src_port":1,"dst_addr":"198.51.100.80","dst_port":80,"note":"Signatures::Sensitive_Signature","sig_id":"my-sig","event_msg":"match"}',
        {
            "event.kind": "alert",
            "event.dataset": "zeek.signature",
            "rule.id": "my-sig",
            "destination.port": 80,
        },
    ),
    Sample(
        '{"ts":1767862800.1,"id":"Fx","hashAlgorithm":"sha1","serialNumber":"01","certStatus":"good"}',
        {"event.dataset": "zeek.ocsp"},
    ),
    Sample(
        "{" + _C + '80,"proto":"tcp","analyzer":"HTTP","failure_reason":"not a http request line"}',
        {"event.dataset": "zeek.dpd", "event.type": ["error"], "event.reason": "not a http request line"},
    ),
    Sample(
        '{"_path":"my_script","_write_ts":"2026-01-08T09:00:01.000000Z","ts":"2026-01-08T09:00:00.000000Z","x":1}',
        {"event.dataset": "zeek.my_script", "@timestamp": "2026-01-08T09:00:00.000Z", "vendor.x": 1},
    ),
    Sample(
        "{"
        + _C
        + '389,"message_id":1,"version":3,"opcode":"bind simple","result":"invalid credentials","object":"cn=alice"}',
        {
            "event.dataset": "zeek.ldap",
            "event.action": "bind simple",
            "event.outcome": "failure",
            "event.category": ["network", "authentication"],
            "user.name": "cn=alice",
        },
    ),
    Sample(
        "{"
        + _C
        + '389,"message_id":2,"scope":"tree","base_object":"dc=example,dc=com","result_count":7,"result":"success","filter":"(servicePrincipalName=*)"}',
        {"event.dataset": "zeek.ldap_search", "event.action": "search", "event.outcome": "success"},
    ),
    Sample(
        "{"
        + _C
        + '443,"version":"1","client_initial_dcid":"aa","client_scid":"bb","server_name":"www.example.com","client_protocol":"h3","history":"ISishIHhh"}',
        {
            "event.dataset": "zeek.quic",
            "tls.client.server_name": "www.example.com",
            "network.transport": "udp",
        },
    ),
)
