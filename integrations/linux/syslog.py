"""``linux.syslog``: everything a Linux host says: ``syslog``, ``messages``, the whole journal, cron's log.

What `linux.auth` and `iptables.log` know is read as there; the rest stays an event with its program,
its severity and its message.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime

from integrations.contract import Normaliser, Origin, Record, Sample, Source, UnparsedError
from integrations.linux.auth import describe
from integrations.linux.network_services import NETWORK_SERVICES, service_key
from integrations.linux.packets import read_packet
from integrations.syslog import EnvelopeReader, repeats
from integrations.text import readable
from rules.ecs import Document

_LEVELS = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")


class _SyslogNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._read = EnvelopeReader(origin).read

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        if not text or text.isspace():
            return ()
        envelope = self._read(text)
        times, message = repeats(envelope.message)
        document = envelope.document(message)
        document.setdefault("host", {})["os"] = {"type": "linux"}
        if envelope.priority is not None:
            document["log"]["level"] = _LEVELS[envelope.priority % 8]
        if not (envelope.program == "kernel" and read_packet(message, document)):
            reader = NETWORK_SERVICES.get(service_key(envelope.program))
            if reader is None or not reader(message, document):
                describe(envelope.program, message, document)
        return [(record, document if at == 0 else deepcopy(document)) for at in range(times)]

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


def _open(origin: Origin) -> Normaliser:
    return _SyslogNormaliser(origin)


def _guess(records: Sequence[bytes]) -> float:
    """Any syslog line may be of it, but a source that knows its lines knows better."""
    reader = EnvelopeReader(Origin(received=datetime(2026, 1, 1, tzinfo=UTC)))
    hits = 0
    for record in records:
        try:
            hits += bool(reader.read(readable(record)).program)
        except UnparsedError:
            continue
    return 0.6 * hits / max(1, len(records))


SYSLOG = Source(
    name="linux.syslog",
    title="Linux system log (syslog, messages, cron, the whole journal)",
    documentation="RFC 3164, RFC 5424, systemd.journal-fields(7), cron(8)",
    open=_open,
    guess=_guess,
    samples=(
        Sample(
            "<30>Mar 30 16:01:36 web-1 systemd[1]: Started Daily apt upgrade and clean activities.",
            {"process.name": "systemd", "process.pid": 1, "log.level": "informational", "log.syslog.facility.name": "system",
             "message": "Started Daily apt upgrade and clean activities.", "event.action": None, "host.os.type": "linux"},
        ),
        Sample("Mar 30 16:01:36 web-1 kernel: [    1.0] usb 1-1: new high-speed USB device number 2 using xhci_hcd",
               {"process.name": "kernel", "process.pid": None}),
        Sample("Mar 30 16:01:36 web-1 kernel: [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.7 DST=192.0.2.1 LEN=40 PROTO=UDP SPT=1 DPT=53 LEN=20",
               {"event.category": ["network"], "source.ip": "203.0.113.7", "destination.port": 53}),
        Sample("Mar 30 16:01:36 web-1 CRON[9]: (alice) CMD (/usr/local/bin/backup)",
               {"event.action": "cron_command", "process.command_line": "/usr/local/bin/backup"}),
        Sample("Mar 30 16:01:36 mac com.apple.xpc.launchd[1] (com.example.agent[77]): Service exited with abnormal code: 1",
               {"process.name": "com.apple.xpc.launchd", "message": "Service exited with abnormal code: 1"}),
        Sample("Mar 30 16:01:36 web-1 last message repeated 3 times", {"message": "last message repeated 3 times", "process.name": None}),
        Sample('Mar 30 16:01:36 web-1 vsftpd[9]: [bob] FAIL LOGIN: Client "::ffff:203.0.113.7"',
               {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.7",
                "network.protocol": "ftp"}),
        Sample("Mar 30 16:01:36 web-1 proftpd[9]: web-1 (203.0.113.7[203.0.113.7]) - USER bob (Login failed): Incorrect password.",
               {"event.action": "ftp_login", "event.outcome": "failure", "user.name": "bob", "event.reason": "Incorrect password"}),
        Sample("Mar 30 16:01:36 web-1 proftpd[9]: web-1 (203.0.113.7[203.0.113.7]) - USER alice: Login successful.",
               {"event.action": "ftp_login", "event.outcome": "success", "user.name": "alice"}),
        Sample("Mar 30 16:01:36 web-1 pure-ftpd: (?@203.0.113.7) [WARNING] Authentication failed for user [bob]",
               {"event.action": "ftp_login", "event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.7"}),
        Sample("Mar 30 16:01:36 mail dovecot: imap-login: Login: user=<alice>, method=PLAIN, rip=203.0.113.7, lip=192.0.2.1, mpid=1, TLS, session=<x>",
               {"event.category": ["authentication"], "event.outcome": "success", "user.name": "alice", "source.ip": "203.0.113.7",
                "network.protocol": "imap"}),
        Sample("Mar 30 16:01:36 mail dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<bob>, "
               "method=PLAIN, rip=203.0.113.7, lip=192.0.2.1, session=<y>",
               {"event.outcome": "failure", "event.reason": "auth failed", "user.name": "bob"}),
        Sample("Mar 30 16:01:36 mail postfix/smtpd[9]: warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
               {"event.action": "mail_login", "event.outcome": "failure", "source.ip": "203.0.113.7", "network.protocol": "smtp"}),
        Sample("Mar 30 16:01:36 mail postfix/smtpd[9]: 3F2A1: client=pc.example.com[203.0.113.7], sasl_method=PLAIN, sasl_username=alice",
               {"event.action": "mail_login", "event.outcome": "success", "user.name": "alice"}),
        Sample("Mar 30 16:01:36 aaa radiusd[9]: Auth: (2) Login incorrect (pap: Cleartext password does not match): [bob/secret] (from client ap port 0)",
               {"event.action": "radius_login", "event.outcome": "failure", "user.name": "bob"}),
        Sample("Mar 30 16:01:36 aaa freeradius[9]: (1) Login OK: [alice] (from client ap port 0 cli 00-11-22-33-44-55)",
               {"event.outcome": "success", "user.name": "alice", "network.protocol": "radius"}),
        Sample("Mar 30 16:01:36 web-1 fail2ban.actions[9]: NOTICE [sshd] Ban 203.0.113.7",
               {"event.action": "address_banned", "event.category": ["network", "intrusion_detection"], "source.ip": "203.0.113.7",
                "rule.name": "sshd"}),
        Sample("Mar 30 16:01:36 gw dhcpd[9]: DHCPACK on 192.0.2.20 to 00:11:22:33:44:55 (laptop) via eth0",
               {"event.category": ["network"], "event.action": "dhcpack", "event.outcome": "success", "client.ip": "192.0.2.20",
                "client.mac": "00-11-22-33-44-55", "network.protocol": "dhcp"}),
        Sample("Mar 30 16:01:36 gw unbound: [123:0] info: 192.0.2.20 www.example.com. A IN",
               {"event.action": "dns-query", "dns.question.name": "www.example.com", "source.ip": "192.0.2.20"}),
        Sample("Mar 30 16:01:36 gw openvpn[9]: 203.0.113.7:1194 [alice] Peer Connection Initiated with [AF_INET]203.0.113.7:1194",
               {"event.action": "connected", "event.category": ["session", "network"], "user.name": "alice", "source.ip": "203.0.113.7"}),
        Sample("Mar 30 16:01:36 gw charon: 12[IKE] IKE_SA vpn[1] established between 192.0.2.1[a]...203.0.113.7[b]",
               {"event.action": "ike-established", "event.outcome": "success", "source.ip": "203.0.113.7"}),
        Sample("1986-04-26T01:23:45.101+0400 gw shutdown[2649]: shutting down for system halt", {"@timestamp": "1986-04-25T21:23:45.101Z"}),
    ),
)  # fmt: skip
