"""Logs as PAN-OS writes them, of each type, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

_DG = "0,0,0,0,,fw-edge"
SAMPLES = (
    Sample(
        "<14>Mar 30 16:01:36 fw-edge 1,2026/03/30 16:01:36,012345678901,TRAFFIC,end,2561,2026/03/30 09:01:35,192.0.2.10,203.0.113.80,198.51.100.1,203.0.113.80,"
        "allow-web,example\\alice,,ssl,vsys1,trust,untrust,ethernet1/2,ethernet1/1,forward-all,2026/03/30 16:01:36,25149,1,51234,443,40022,443,0x400000,tcp,allow,"
        f"6200,1200,5000,25,2026/03/30 09:01:20,15,computer-and-internet-info,0,7001,0x0,192.0.2.0-192.0.2.255,United States,0,12,13,tcp-fin,{_DG},from-policy,,,0,,0,,N/A,0,0,0,0,"
        "0a1b2c3d-0000-4000-8000-00000000abcd,0,0,,,,,,,,,,,,,,,,02:00:00:00:00:01,,,,,,,,,,,,,,,,,,,2026-03-30T09:01:35.250-07:00",
        {"@timestamp": "2026-03-30T16:01:35.250Z", "event.category": ["network"], "event.type": ["connection", "end", "allowed"], "event.action": "flow_terminated",
         "event.outcome": "success", "event.reason": "tcp-fin", "event.duration": 15_000_000_000, "event.start": "2026-03-30T16:01:20.000Z", "event.end": "2026-03-30T16:01:35.000Z", "source.mac": "02-00-00-00-00-01",
         "source.ip": "192.0.2.10", "source.port": 51234, "source.bytes": 1200, "source.packets": 12, "source.nat.ip": "198.51.100.1", "source.nat.port": 40022,
         "source.user.name": "alice", "source.user.domain": "example", "user.name": "alice", "destination.ip": "203.0.113.80", "destination.port": 443,
         "destination.bytes": 5000, "destination.packets": 13, "network.bytes": 6200, "network.packets": 25, "network.transport": "tcp", "network.type": "ipv4",
         "network.application": "ssl", "network.direction": "outbound", "network.community_id": "1:7XPsTeEhcYKGuMyikt7fbK9yTnc=",
         "rule.name": "allow-web", "rule.uuid": "0a1b2c3d-0000-4000-8000-00000000abcd",
         "observer.vendor": "Palo Alto Networks", "observer.product": "PAN-OS", "observer.type": "firewall", "observer.serial_number": "012345678901",
         "observer.hostname": "fw-edge", "observer.ingress.zone": "trust", "observer.ingress.interface.name": "ethernet1/2", "observer.egress.zone": "untrust",
         "labels.nat_translated": True, "related.user": ["alice"], "log.syslog.priority": 14},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,TRAFFIC,deny,2049,2026/03/30 16:01:36,2001:db8::7,2001:db8:1::1,::,::,deny-all,,,not-applicable,vsys1,untrust,trust,"
        "ethernet1/1,,forward-all,2026/03/30 16:01:36,0,1,40000,22,0,0,0x0,tcp,deny,74,74,0,1,2026/03/30 16:01:36,0,any,0,7002,0x0,Germany,Germany,0,1,0,policy-deny",
        {"event.action": "flow_denied", "event.type": ["connection", "denied"], "event.outcome": "success", "event.blocked": "true", "network.type": "ipv6",
         "source.ip": "2001:db8::7", "source.nat.ip": None, "source.nat.port": None, "network.direction": "inbound", "event.reason": "policy-deny"},
    ),
    Sample(
        "<14>Mar 30 16:01:36 1,2026/03/30 16:01:36,012345678901,TRAFFIC,start,2049,2026/03/30 16:01:36,192.0.2.10,203.0.113.53,0.0.0.0,0.0.0.0,dns,,,dns,vsys1,lan,wan,"
        "ethernet1/2,ethernet1/1,forward-all,2026/03/30 16:01:36,9,1,40000,53,0,0,0x0,udp,allow,78,78,0,1,2026/03/30 16:01:36,0,any",
        {"event.action": "flow_started", "event.type": ["connection", "start", "allowed"], "network.transport": "udp", "network.direction": None, "source.nat.ip": None,
         "observer.hostname": None, "event.end": None},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,THREAT,url,2561,2026/03/30 16:01:35,192.0.2.10,203.0.113.80,0.0.0.0,0.0.0.0,allow-web,bob,,web-browsing,vsys1,trust,untrust,"
        "ethernet1/2,ethernet1/1,forward-all,2026/03/30 16:01:36,25149,1,51234,80,0,0,0x0,tcp,block-url,\"www.example.com:8080/a,b/load.exe?x=\"\"1\"\"\",(9999),malware,informational,"
        "client-to-server,7003,0x0,192.0.2.0-192.0.2.255,United States,0,text/html,0,,,1,\"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/120.0\",,203.0.113.9,\"http://www.example.org/\",,,,0,"
        "0,0,0,0,,fw-edge,,,,get",
        {"event.kind": "alert", "event.action": "url_filtering", "event.category": ["intrusion_detection", "threat", "network"], "event.type": ["denied"], "event.severity": 5,
         "log.level": "informational", "url.original": 'www.example.com:8080/a,b/load.exe?x="1"', "url.domain": "www.example.com", "url.port": 8080, "url.path": "/a,b/load.exe",
         "url.extension": "exe", "url.query": 'x="1"', "http.request.method": "get", "http.request.referrer": "http://www.example.org/", "user_agent.name": "Firefox",
         "network.forwarded_ip": "203.0.113.9", "observer.hostname": "fw-edge", "user.name": "bob", "file.name": None},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,THREAT,virus,2561,2026/03/30 16:01:35,203.0.113.80,192.0.2.10,0.0.0.0,0.0.0.0,allow-web,,bob,web-browsing,vsys1,untrust,trust,"
        "ethernet1/1,ethernet1/2,forward-all,2026/03/30 16:01:36,25150,1,80,51234,0,0,0x0,tcp,reset-both,\"invoice.doc.exe\",Trojan/Win32.test(100000),any,medium,server-to-client,7004,0x0,US,US,0,,0,"
        "44d88612fea8a8f36de82e1278abb02f44d88612fea8a8f36de82e1278abb02f,,0,,pe,,,,,,0",
        {"event.kind": "alert", "event.action": "virus_detected", "event.severity": 3, "event.type": ["denied"], "event.code": "100000", "file.name": "invoice.doc.exe", "file.extension": "exe",
         "file.path": None, "file.hash.sha256": "44d88612fea8a8f36de82e1278abb02f44d88612fea8a8f36de82e1278abb02f", "threat.indicator.name": "Trojan/Win32.test",
         "vendor.threat_name": "Trojan/Win32.test", "destination.user.name": "bob", "url.original": None},
    ),
    *(
        Sample(
            f"1,2026/03/30 16:01:36,012345678901,THREAT,{subtype},2561,2026/03/30 16:01:35,192.0.2.10,203.0.113.80,0.0.0.0,0.0.0.0,any,,,unknown-tcp,vsys1,trust,untrust,"
            f"ethernet1/2,ethernet1/1,forward-all,2026/03/30 16:01:36,25151,1,51234,80,0,0,0x0,tcp,{verdict},{subject},Name of it(31000),any,{severity},client-to-server,7005,0x0,US,US,0,",
            {"event.kind": "alert", "event.action": action, "event.severity": level, "event.type": [kind]} | more,
        )
        for subtype, verdict, subject, severity, level, action, kind, more in (
            ("spyware", "sinkhole", "bad.example.com", "high", 2, "spyware_detected", "denied", {"url.domain": "bad.example.com"}),
            ("vulnerability", "drop", "", "critical", 1, "exploit_detected", "denied", {"event.code": "31000", "url.original": None}),
            ("file", "alert", "report.pdf", "low", 4, "file_match", "allowed", {"file.name": "report.pdf", "file.extension": "pdf"}),
            ("wildfire", "allow", "setup.exe", "informational", 5, "wildfire_verdict", "allowed", {"file.name": "setup.exe"}),
            ("data", "alert", "https://www.example.com/f", "low", 4, "data_match", "allowed", {}),
            ("scan", "alert", "", "medium", 3, "scan_detected", "allowed", {}),
            ("flood", "random-drop", "", "critical", 1, "flood_detected", "denied", {}),
            ("wildfire-virus", "weird", "x", "medium", 3, "wildfire_virus_detected", "info", {}),
        )
    ),
    Sample(
        "<12>Mar 30 16:01:36 fw-edge 1,2026/03/30 16:01:36,012345678901,SYSTEM,auth,2561,2026/03/30 16:01:36,,auth-fail,corp-radius,0,0,general,medium,"
        f"\"failed authentication for user 'alice'. Reason: Invalid username/password. auth profile 'corp', vsys 'shared', From: 203.0.113.7.\",9001,0x0,{_DG}",
        {"event.category": ["authentication"], "event.type": ["start"], "event.action": "auth-fail", "event.outcome": "failure", "user.name": "alice", "source.ip": "203.0.113.7", "event.severity": 3},
    ),
    Sample(
        f"1,2026/03/30 16:01:36,012345678901,SYSTEM,general,0,2026/03/30 16:01:36,,general,,0,0,general,informational,\"User bob logged in via Web from 192.0.2.9 using https\",9002,0x0,{_DG}",
        {"event.category": ["authentication"], "event.outcome": "success", "user.name": "bob", "source.ip": "192.0.2.9", "event.action": "general", "log.level": "informational"},
    ),
    Sample(
        f"1,2026/03/30 16:01:36,012345678901,SYSTEM,ha,0,2026/03/30 16:01:36,,ha2-link-change,,0,0,ha,high,\"HA2 link down\",9003,0x0,{_DG}",
        {"event.category": ["host"], "event.type": ["info"], "message": "HA2 link down", "event.action": "ha2-link-change", "event.outcome": None},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,CONFIG,0,2561,2026/03/30 16:01:36,192.0.2.9,,set,bob,Web,Succeeded, vsys  vsys1 rulebase security rules allow-web,,allow-web {action allow;},8001,0x0,"
        f"{_DG}",
        {"event.category": ["configuration"], "event.type": ["change"], "event.action": "set", "event.outcome": "success", "user.name": "bob", "source.ip": "192.0.2.9",
         "observer.hostname": "fw-edge", "vendor.after_change_detail": "allow-web {action allow;}"},
    ),
    Sample(
        f"1,2026/03/30 16:01:36,012345678901,CONFIG,0,0,2026/03/30 16:01:36,192.0.2.9,,delete,bob,CLI,Unauthorized, config shared log-settings,8002,0x8000000000000000,{_DG}",
        {"event.type": ["deletion"], "event.outcome": "failure", "vendor.seqno": "8002", "observer.hostname": "fw-edge", "event.provider": "CLI"},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,GLOBALPROTECT,0,2561,2026/03/30 16:01:36,vsys1,gateway-auth,login,SAML,,alice@example.com,DE,laptop-7,203.0.113.7,0.0.0.0,0.0.0.0,0.0.0.0,"
        "a0000000-0000-4000-8000-000000000001,PF1XXXXX,6.1.0,Windows,\"Microsoft Windows 11 Pro , 64-bit\",1,,Authentication failed,,failure,,0,on-demand,0,GP-GW,7100,0x8000000000000000,"
        "2026-03-30T16:01:36.100+00:00,,,,,,0,0,0,0,,fw-edge,1",
        {"event.category": ["authentication", "network"], "event.type": ["start"], "event.action": "gateway-auth", "event.outcome": "failure", "user.name": "alice", "user.domain": "example.com",
         "user.email": "alice@example.com", "source.ip": "203.0.113.7", "host.name": "laptop-7", "host.os.type": "windows", "event.reason": "Authentication failed", "observer.hostname": "fw-edge"},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,GLOBALPROTECT,0,2561,2026/03/30 16:01:36,vsys1,gateway-logout,logout,,,alice,DE,laptop-7,203.0.113.7,0.0.0.0,192.0.2.77,0.0.0.0,id,sn,6.1.0,Mac,"
        "macOS 14,1,client logout,,,success,,3600,on-demand,0,GP-GW,7101,0x0",
        {"event.category": ["session", "network"], "event.type": ["end"], "event.outcome": "success", "event.duration": 3_600_000_000_000, "source.nat.ip": "192.0.2.77", "host.os.type": "macos"},
    ),
    Sample(
        f"1,2026/03/30 16:01:36,012345678901,USERID,login,2561,2026/03/30 16:01:36,vsys1,192.0.2.10,example\\alice,dc-agent,0,1,3600,0,0,agent,active-directory,7200,0x0,{_DG},1",
        {"event.category": ["authentication"], "event.type": ["start"], "event.action": "login", "user.name": "alice", "user.domain": "example", "source.ip": "192.0.2.10", "event.provider": "dc-agent"},
    ),
    Sample(
        f"1,2026/03/30 16:01:36,012345678901,HIPMATCH,0,2561,2026/03/30 16:01:36,alice,vsys1,laptop-7,Windows,192.0.2.10,disk-encrypted,1,object,0,0,7300,0x0,{_DG},1,::,host-id-1,PF1,02-00-00-00-00-01",
        {"event.category": ["host"], "event.action": "hip_match", "rule.name": "disk-encrypted", "source.mac": "02-00-00-00-00-01", "host.name": "laptop-7", "source.ip": "192.0.2.10"},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,DECRYPTION,0,2561,2026/03/30 16:01:36,192.0.2.10,203.0.113.80,0.0.0.0,0.0.0.0,decrypt-all,alice,,ssl,vsys1,trust,untrust,ethernet1/2,ethernet1/1,fwd,"
        "2026/03/30 16:01:36,25160,1,51234,443,0,0,0x1000000,tcp,allow,N/A,0,0,,,0a1b2c3d-0000-4000-8000-00000000abcd,Client_Hello,Server_Hello,TLS1.2,ECDHE,AES_256_GCM,SHA384,decrypt,secp256r1,"
        "Certificate,trusted,Untrusted,Forward,00aa,ffee,2026/01/01 00:00:00,2027/01/01 00:00:00,V3,256,15,10,10,15,0,www.example.com,Example CA,Example Root,www.example.com,Untrusted issuer CA",
        {"event.category": ["network"], "event.type": ["connection", "allowed"], "tls.version": "1.2", "tls.version_protocol": "tls", "tls.cipher": "AES_256_GCM", "tls.curve": "secp256r1",
         "tls.client.server_name": "www.example.com", "tls.server.x509.issuer.common_name": "Example CA", "event.reason": "Untrusted issuer CA", "labels.ssl_decrypted": True},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,AUTHENTICATION,0,2561,2026/03/30 16:01:36,vsys1,192.0.2.10,example\\bob,bob,,mfa-policy,1,123,okta,fwd,mfa,Push sent,Browser,User rejected the push,2,7400,0x0",
        {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "bob", "rule.name": "mfa-policy", "message": "Push sent", "event.action": "user-rejected-the-push"},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,TUNNEL,end,2561,2026/03/30 16:01:36,192.0.2.10,203.0.113.80,0.0.0.0,0.0.0.0,gre,,,gre,vsys1,trust,untrust,ethernet1/2,ethernet1/1,fwd,2026/03/30 16:01:36,25161,1,"
        f"0,0,0,0,0x0,gre,allow,informational,7500,0x0,US,US,{_DG},0,,0,,GRE,900,400,500,9,4,5,0,0,0,0,1,1,aged-out,from-policy,2026/03/30 16:00:36,60,inspect",
        {"event.action": "flow_terminated", "network.transport": "gre", "source.bytes": 400, "destination.packets": 5, "event.duration": 60_000_000_000, "rule.name": "gre"},
    ),
    Sample(
        f"1,2026/03/30 16:01:36,012345678901,CORRELATION,0,2561,2026/03/30 16:01:36,192.0.2.10,alice,vsys1,compromised-host,high,{_DG},1,Beacon Detection,6005,Host visited known malware URL (9 times).",
        {"event.kind": "alert", "event.action": "correlation_match", "rule.name": "Beacon Detection", "rule.id": "6005", "source.ip": "192.0.2.10", "event.severity": 2},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,NEWKIND,0,2561,2026/03/30 16:01:36,192.0.2.10",
        {"event.type": ["info"], "observer.serial_number": "012345678901"},
    ),
    Sample(
        "<14>Mar 30 16:01:36 fw-edge CEF:0|Palo Alto Networks|PAN-OS|10.2.3|end|TRAFFIC|1|rt=Mar 30 2026 16:01:36 GMT deviceExternalId=012345678901 src=192.0.2.10 dst=203.0.113.80 "
        "sourceTranslatedAddress=198.51.100.1 destinationTranslatedAddress=203.0.113.80 cs1Label=Rule cs1=allow-web suser=example\\\\alice duser= app=ssl cs3Label=Virtual System cs3=vsys1 "
        "cs4Label=Source Zone cs4=trust cs5Label=Destination Zone cs5=untrust deviceInboundInterface=ethernet1/2 deviceOutboundInterface=ethernet1/1 cs6Label=LogProfile cs6=fwd cn1Label=SessionID cn1=25149 "
        "cnt=1 spt=51234 dpt=443 sourceTranslatedPort=40022 destinationTranslatedPort=443 flexString1Label=Flags flexString1=0x400000 proto=tcp act=allow flexNumber1Label=Total bytes flexNumber1=6200 in=5000 "
        "out=1200 cn2Label=Packets cn2=25 PanOSPacketsReceived=13 PanOSPacketsSent=12 start=Mar 30 2026 16:01:20 GMT cn3Label=Elapsed time in seconds cn3=15 cs2Label=URL Category cs2=any externalId=7001 reason=tcp-fin",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "flow_terminated", "event.type": ["connection", "end", "allowed"], "source.bytes": 1200, "destination.bytes": 5000,
         "source.nat.port": 40022, "user.name": "alice", "observer.ingress.zone": "trust", "rule.name": "allow-web", "event.duration": 15_000_000_000, "network.packets": 25},
    ),
    Sample(
        "<14>1 2026-03-30T16:01:37.565Z stream-logfwd logforwarder - panwlogs - CEF:0|Palo Alto Networks|LF|2.0|GLOBALPROTECT|globalprotect|3|ProfileToken=xxxxx dtz=UTC rt=Mar 30 2026 16:01:36 PanOSDeviceSN=012345678901 "
        "start=Mar 30 2026 16:01:35 PanOSVirtualSystem=vsys1 PanOSEventIDValue=gateway-auth PanOSStage=login PanOSAuthMethod=RADIUS PanOSSourceUserName=example\\\\alice PanOSEndpointDeviceName=laptop-7 PanOSPublicIPv4=203.0.113.7 "
        "PanOSEventStatus=failure PanOSConnectionError=Client cert not present PanOSEndpointOSType=Windows",
        {"event.action": "gateway-auth", "event.outcome": "failure", "source.ip": "203.0.113.7", "user.name": "alice", "host.name": "laptop-7", "event.reason": "Client cert not present",
         "observer.serial_number": "012345678901"},
    ),
    Sample(
        "LEEF:2.0|Palo Alto Networks|PAN-OS Syslog Integration|10.1|end|\tcat=TRAFFIC\tReceiveTime=2026/03/30 16:01:36\tSerialNumber=012345678901\tType=TRAFFIC\tSubtype=end\tdevTime=2026/03/30 16:01:35\t"
        "src=192.0.2.10\tdst=203.0.113.80\tsrcPostNAT=198.51.100.1\tdstPostNAT=203.0.113.80\tRuleName=allow-web\tusrName=alice\tApplication=ssl\tSourceZone=trust\tDestinationZone=untrust\tsrcPort=51234\t"
        "dstPort=443\tproto=tcp\taction=allow\ttotalBytes=6200\tdstBytes=5000\tsrcBytes=1200\ttotalPackets=25\tStartTime=2026/03/30 16:01:20\tElapsedTime=15",
        {"@timestamp": "2026-03-30T16:01:35.000Z", "event.action": "flow_terminated", "source.bytes": 1200, "user.name": "alice", "network.bytes": 6200, "network.transport": "tcp"},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,GTP,end,2561,2026/03/30 16:01:36,192.0.2.10,203.0.113.7,0,0,gtp-rule,,,gtp-u,vsys1,trust,untrust,ethernet1/1,ethernet1/2,fwd,0,4711,0,2152,2152,"
        "0,0,0,udp,allow,51202,15551234,apn.example,1,1,198.51.100.5,0x1,0x2,1,16,informational,310,410,1,2,124,0,0,US,US",
        {"event.category": ["network"], "event.type": ["connection", "end", "allowed"], "event.severity": 5, "source.ip": "192.0.2.10", "source.port": 2152, "destination.port": 2152, "network.transport": "udp",
         "rule.name": "gtp-rule", "network.application": "gtp-u", "vendor.apn": "apn.example", "vendor.dstloc": "US"},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,SCTP,0,2561,2026/03/30 16:01:36,192.0.2.10,203.0.113.7,0,0,sctp-rule,,,,vsys1,trust,untrust,ethernet1/1,ethernet1/2,fwd,0,4711,1,2905,2905,"
        "0,0,0,0,sctp,deny,0,0,0,0,,fw-edge,77,0,1,3,medium,0",
        {"event.category": ["network"], "event.type": ["connection", "denied"], "event.action": "sctp", "event.severity": 3, "destination.port": 2905, "network.transport": "sctp", "observer.hostname": "fw-edge"},
    ),
    Sample(
        "1,2026/03/30 16:01:36,012345678901,AUDIT,cli-op,2561,2026/03/30 16:01:36,cli-op,admin,show config running,informational",
        {"event.category": ["configuration"], "event.action": "cli-op", "user.name": "admin", "process.command_line": "show config running"},
    ),
    Sample(
        '1,2026/03/30 16:01:36,012345678901,SYSTEM,globalprotect,0,2026/03/30 16:01:36,,globalprotectgateway-auth-fail,GP-GW,0,0,general,informational,"GlobalProtect gateway user authentication failed. Login from: 198.51.100.7, '
        'Source region: IE, User name: bob, Client OS version: Windows, Reason: Authentication failed: x, Auth type: profile.",1,0x0',
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "failure", "user.name": "bob", "source.ip": "198.51.100.7"},
    ),
    Sample(
        '1,2026/03/30 16:01:36,012345678901,SYSTEM,globalprotect,0,2026/03/30 16:01:36,,globalprotectgateway-logout-succ,GP-GW,0,0,general,informational,"GlobalProtect gateway user logout succeeded. User name: bob, Client OS version: Windows, Reason: x",1,0x0',
        {"event.category": ["authentication", "session"], "event.type": ["end"], "event.outcome": "success", "user.name": "bob"},
    ),
    Sample(
        '1,2026/03/30 16:01:36,012345678901,SYSTEM,vpn,0,2026/03/30 16:01:36,,ike-nego-p1-fail,IKE-GW,0,0,general,informational,"IKE phase-1 negotiation is failed. Couldn\'t find configuration for IKE phase-1 request for peer IP 198.51.100.7[500].",1,0x0',
        {"event.category": ["network"], "event.outcome": "failure", "source.ip": "198.51.100.7"},
    ),
    Sample(
        '{"TimeReceived":"2026-03-30T16:01:40.000000Z","DeviceSN":"012345678901","LogType":"TRAFFIC","Subtype":"end","TimeGenerated":"2026-03-30T16:01:36.000000Z","SourceAddress":"192.0.2.10","DestinationAddress":"203.0.113.80",'
        '"NATSource":"198.51.100.1","NATSourcePort":40022,"Rule":"allow-web","SourceUser":"example\\\\alice","Application":"ssl","FromZone":"trust","ToZone":"untrust","SourcePort":51234,"DestinationPort":443,"Protocol":"tcp","Action":"allow",'
        '"Bytes":300,"BytesSent":100,"BytesReceived":200,"PacketsTotal":3,"SessionStartTime":"2026-03-30T16:01:00.000000Z","SessionDuration":36,"SessionEndReason":"tcp-fin","DeviceName":"fw-edge","VendorSeverity":"Informational"}',
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "flow_terminated", "event.type": ["connection", "end", "allowed"], "source.nat.ip": "198.51.100.1", "user.name": "alice", "network.bytes": 300,
         "event.duration": 36_000_000_000, "event.start": "2026-03-30T16:01:00.000Z", "rule.name": "allow-web", "observer.hostname": "fw-edge", "network.direction": "outbound"},
    ),
    Sample(
        'TimeReceived=2026-03-30T16:01:40.000000Z DeviceSN=012345678901 LogType=THREAT Subtype=url TimeGenerated=2026-03-30T16:01:36.000000Z SourceAddress=192.0.2.10 DestinationAddress=203.0.113.80 NATSource= Rule=deny '
        'Application=web-browsing FromZone=trust ToZone=untrust SourcePort=51234 DestinationPort=80 Protocol=tcp Action=block-url URL=www.example.com/a URLCategory=travel VendorSeverity=Informational HTTPMethod=post DeviceName=fw-edge',
        {"event.kind": "alert", "event.action": "url_filtering", "event.type": ["denied"], "url.domain": "www.example.com", "url.path": "/a", "http.request.method": "post", "event.severity": 5},
    ),
    Sample(
        '{"TimeReceived":"2026-03-30T16:01:40.000000Z","DeviceSN":"012345678901","LogType":"GLOBALPROTECT","Subtype":"globalprotect","TimeGenerated":"2026-03-30T16:01:36.000000Z","EventIDValue":"gateway-auth","Stage":"login","AuthMethod":"SAML",'
        '"SourceUserName":"bob","EndpointDeviceName":"pc-1","PublicIPv4":"198.51.100.7","EventStatus":"failure","EndpointOSType":"Windows"}',
        {"event.category": ["authentication", "network"], "event.outcome": "failure", "user.name": "bob", "source.ip": "198.51.100.7", "host.name": "pc-1"},
    ),
)  # fmt: skip
