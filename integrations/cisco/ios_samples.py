"""Messages as IOS and NX-OS write them, and what they mean."""

from __future__ import annotations

from integrations.contract import Sample

SAMPLES = (
    Sample(
        "<190>Mar 30 16:01:36 rtr-1 585917: *Mar 30 16:01:35.861 UTC: %SEC-6-IPACCESSLOGP: list 100 denied tcp 203.0.113.7(40000) (GigabitEthernet0/1 0200.0000.0001) -> 192.0.2.10(22), 1 packet",
        {"@timestamp": "2026-03-30T16:01:35.861Z", "event.category": ["network"], "event.type": ["connection", "denied"], "event.action": "deny", "event.outcome": "success", "event.code": "IPACCESSLOGP",
         "event.provider": "firewall", "event.sequence": 585917, "event.severity": 6, "log.level": "informational", "source.ip": "203.0.113.7", "source.port": 40000, "source.packets": 1, "source.mac": "02-00-00-00-00-01",
         "destination.ip": "192.0.2.10", "destination.port": 22, "network.transport": "tcp", "network.packets": 1, "network.community_id": "1:jdhD3WBWv57cRo47WdWpqXMzsk0=", "rule.name": "100",
         "observer.vendor": "Cisco", "observer.product": "IOS", "observer.hostname": "rtr-1", "observer.ingress.interface.name": "GigabitEthernet0/1", "vendor.clock": "not synchronised",
         "message": "%SEC-6-IPACCESSLOGP: list 100 denied tcp 203.0.113.7(40000) (GigabitEthernet0/1 0200.0000.0001) -> 192.0.2.10(22), 1 packet"},
    ),
    Sample(
        "<190>585918: rtr-1: Mar 30 2026 16:01:36.100: %SEC-6-IPACCESSLOGDP: list 150 permitted icmp 203.0.113.7 -> 192.0.2.10 (8/0), 5 packets",
        {"@timestamp": "2026-03-30T16:01:36.100Z", "event.type": ["connection", "allowed"], "event.action": "allow", "network.transport": "icmp", "network.community_id": "1:6wDjvsd+khypOLMEIul78ZNkbuE=", "source.packets": 5,
         "observer.hostname": "rtr-1", "event.sequence": 585918},
    ),
    Sample("585919: Mar 30 16:01:36: %SEC-6-IPACCESSLOGRP: list IN denied igmp 192.0.2.9 -> 224.0.0.22, 1 packet ", {"network.transport": "igmp", "destination.ip": "224.0.0.22"}),
    Sample("Mar 30 16:01:36.000: %SEC-6-IPACCESSLOGS: list 10 denied 203.0.113.7 1 packet", {"source.ip": "203.0.113.7", "destination.ip": None, "rule.name": "10"}),
    Sample("Mar 30 16:01:36: %SEC-6-IPACCESSLOGNP: list 103 denied 0 203.0.113.7 -> 192.0.2.10, 1 packet", {"destination.ip": "192.0.2.10", "network.transport": None}),
    Sample("Mar 30 16:01:36: %IPV6_ACL-6-ACCESSLOGP: list V6/20 denied udp 2001:db8::7(40000) -> 2001:db8:1::1(53), 1 packet", {"source.ip": "2001:db8::7", "source.port": 40000, "network.type": "ipv6", "network.transport": "udp"}),
    Sample("Mar 30 16:01:36 rtr-1 7: Mar 30 16:01:36.000 UTC: %FMANFP-6-IPACCESSLOGP: SIP0: fman_fp_image:  list IN denied tcp 203.0.113.7(40000) -> 192.0.2.10(22), 1 packet", {"event.action": "deny", "destination.port": 22}),
    Sample(
        "<189>Mar 30 16:01:36 rtr-1 12: Mar 30 16:01:36.123 UTC: %SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: alice] [Source: 192.0.2.9] [localport: 22] at 16:01:36 UTC Mon Mar 30 2026",
        {"event.category": ["authentication"], "event.type": ["start"], "event.outcome": "success", "user.name": "alice", "source.ip": "192.0.2.9", "destination.port": 22},
    ),
    Sample(
        "<188>Mar 30 16:01:36 rtr-1 13: Mar 30 16:01:36.123 UTC: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: root] [Source: 203.0.113.7] [localport: 22] [Reason: Login Authentication Failed] at 16:01:36 UTC Mon Mar 30 2026",
        {"event.outcome": "failure", "event.action": "logon-failed", "user.name": "root", "source.ip": "203.0.113.7", "event.reason": "Login Authentication Failed"},
    ),
    Sample(
        "Mar 30 16:01:36 rtr-1 14: .Mar 30 16:01:36.123: %SYS-5-CONFIG_I: Configured from console by alice on vty0 (192.0.2.9)",
        {"event.category": ["configuration"], "event.type": ["change"], "event.action": "configured", "user.name": "alice", "source.ip": "192.0.2.9", "vendor.clock": "not synchronised"},
    ),
    Sample(
        "Mar 30 16:01:36: %SYS-5-CONFIG_P: Configured programmatically by process SEP_webui_wsma_http from console as cisco_tac_admin on vty1",
        {"user.name": "cisco_tac_admin", "process.name": "SEP_webui_wsma_http", "event.action": "configured-programmatically"},
    ),
    Sample("Mar 30 16:01:36: %PARSER-5-CFGLOG_LOGGEDCMD: User:alice  logged command:username bob privilege 15", {"process.command_line": "username bob privilege 15", "user.name": "alice"}),
    Sample("Mar 30 16:01:36: %SYS-6-LOGOUT: User alice has exited tty session 2(192.0.2.9)", {"event.type": ["end"], "user.name": "alice", "source.ip": "192.0.2.9"}),
    Sample("Mar 30 16:01:36: %LINEPROTO-5-UPDOWN: Line protocol on Interface GigabitEthernet0/1, changed state to down", {"event.action": "interface-state-changed", "event.reason": "down", "observer.ingress.interface.name": "GigabitEthernet0/1"}),
    Sample("Mar 30 16:01:36: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up", {"event.severity": 3, "event.reason": "up"}),
    Sample("Mar 30 16:01:36: %SSH-5-SSH2_USERAUTH: User 'alice' authentication for SSH2 Session from 192.0.2.9 (tty = 0) using crypto cipher 'aes256-ctr', hmac 'hmac-sha2-256' Failed", {"event.outcome": "failure", "user.name": "alice"}),
    Sample("Mar 30 16:01:36: %IP-TCP-3-BADAUTH: Invalid MD5 digest from 203.0.113.9:179 to 192.0.2.1:30012", {"event.outcome": "failure", "source.port": 179, "destination.ip": "192.0.2.1", "vendor.facility": "IP-TCP"}),
    Sample(
        "<189>: 2026 Mar 30 16:01:36 UTC: %AAA-6-AAA_ACCOUNTING_MESSAGE: update:192.0.2.9@pts/0:alice:configure terminal ; interface Ethernet1/1 ; shutdown (SUCCESS)",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.outcome": "success", "user.name": "alice", "source.ip": "192.0.2.9", "process.command_line": "configure terminal ; interface Ethernet1/1 ; shutdown (SUCCESS)"},
    ),
    Sample("2026 Mar 30 16:01:36 sw-1 %AUTHPRIV-3-SYSTEM_MSG: pam_aaa:Authentication failed for user bob from 203.0.113.7 - sshd[1234]", {"event.outcome": "failure", "user.name": "bob", "observer.hostname": "sw-1"}),
    Sample("2026 Mar 30 16:01:36 sw-1 %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by alice on 192.0.2.9@pts/0", {"user.name": "alice", "source.ip": "192.0.2.9"}),
    Sample("<187>Mar 30 16:01:36 rtr-1 15: Mar 30 16:01:35 PST: %BGP-5-ADJCHANGE: neighbor 203.0.113.9 Down BGP Notification sent", {"event.category": ["network"], "event.type": ["info"], "event.action": "adjchange", "event.code": "ADJCHANGE"}),
    Sample("Mar 30 16:01:36 rtr-1 16: %PLATFORM-1-CRASHED: crashed", {"event.category": ["host"], "log.level": "alert"}),
    Sample("<187>: 2026 Mar 30 16:01:36 PDT: %DAEMON-3-SYSTEM_MSG: ftp disabled, removing - xinetd[4930]", {"@timestamp": "2026-03-30T23:01:36.000Z"}),
    Sample("<189> Mar 30 16:01:36 sw-1 %ACLLOG-5-ACLLOG_PKTLOG no colon", {"event.code": "ACLLOG_PKTLOG", "observer.hostname": "sw-1", "message": "%ACLLOG-5-ACLLOG_PKTLOG: no colon"}),
    Sample(
        "<190>290692: rtr-1 RP/0/RSP0/CPU0:Mar 30 16:01:36.000 UTC: SSHD_[65935]: %SECURITY-SSHD-6-INFO_USER_LOGOUT : User 'alice' from '192.0.2.9' logged out on 'vty0'",
        {"event.category": ["authentication", "session"], "event.type": ["end"], "user.name": "alice", "source.ip": "192.0.2.9"},
    ),
    Sample(
        "<190>RP/0/RSP0/CPU0:Mar 30 16:01:36: ssh_syslog_proxy[1214]: %SECURITY-SSHD_SYSLOG_PRX-6-INFO_GENERAL : sshd[39770]: Failed authentication/pam for <unknown> from 203.0.113.7 port 48906 ssh2",
        {"event.outcome": "failure", "source.ip": "203.0.113.7", "source.port": 48906},
    ),
    Sample(
        "<190>RP/0/RSP0/CPU0:Mar 30 16:01:36: config[67105]: %MGBL-CONFIG-6-DB_COMMIT : Configuration committed by user 'alice'. Use 'show configuration commit changes 1000000007' to view the changes.",
        {"event.category": ["configuration"], "event.type": ["change"], "event.outcome": "success", "user.name": "alice"},
    ),
)  # fmt: skip
