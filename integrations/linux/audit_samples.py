"""Test records of ``linux.auditd``, each with the fields that its document must have."""

from __future__ import annotations

from integrations.contract import Sample

AUDIT_SAMPLES = (
    Sample(
        "<38>Mar 30 16:01:36 host-1 audispd: node=host-1 type=USER_LOGIN msg=audit(1774886496.123:456): pid=12 uid=0 auid=1000 ses=3 msg='op=login id=1000 exe=\"/usr/sbin/sshd\" hostname=198.51.100.7 addr=198.51.100.7 terminal=/dev/pts/0 res=success'",
        {"@timestamp": "2026-03-30T16:01:36.123Z", "event.outcome": "success", "source.ip": "198.51.100.7", "host.name": "host-1", "log.syslog.priority": 38},
    ),
    Sample(
        "<38>Mar 30 16:01:36 host-1 audit[12]: USER_AUTH pid=12 uid=0 auid=1000 ses=3 msg='op=PAM:authentication acct=\"bob\" exe=\"/usr/bin/su\" hostname=? addr=? terminal=pts/0 res=failed'",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.outcome": "failure", "event.category": ["authentication"], "host.name": "host-1"},
    ),
    Sample(
        'type=SYSCALL msg=audit(1774886496.123:501): arch=c000003e syscall=59 success=yes exit=0 a0=55d8 a1=55d9 a2=55da a3=8 items=2 '
        'ppid=2380 pid=2381 auid=1000 uid=1000 gid=1000 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=7 comm="cat" '
        'exe="/usr/bin/cat" subj=unconfined key="secrets"\n'
        'type=EXECVE msg=audit(1774886496.123:501): argc=2 a0="cat" a1=2F6574632F736861646F7720\n'
        'type=CWD msg=audit(1774886496.123:501): cwd="/home/alice"\n'
        'type=PATH msg=audit(1774886496.123:501): item=0 name="/usr/bin/cat" inode=1593 dev=08:01 mode=0100755 ouid=0 ogid=0 '
        'rdev=00:00 nametype=NORMAL\n'
        'type=PROCTITLE msg=audit(1774886496.123:501): proctitle=636174002F6574632F736861646F7720\n'
        'type=EOE msg=audit(1774886496.123:501): ',
        {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "syscall", "event.category": ["process"], "event.type": ["start"],
         "event.outcome": "success", "event.sequence": 501, "process.args": ["cat", "/etc/shadow "], "process.pid": 2381,
         "process.parent.pid": 2380, "process.executable": "/usr/bin/cat", "process.working_directory": "/home/alice",
         "process.title": "cat /etc/shadow ", "user.id": "1000", "user.effective.id": "0", "file.path": "/usr/bin/cat", "file.mode": "0755",
         "rule.name": "secrets", "vendor.type": ["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE"], "vendor.a0": "cat", "vendor.SYSCALL": "execve",
         "host.architecture": "x86_64"},
    ),
    Sample(
        "type=USER_AUTH msg=audit(1774886496.072:19623789): pid=28281 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:authentication "
        "acct=\"admin\" exe=\"/usr/sbin/sshd\" hostname=203.0.113.7 addr=203.0.113.7 terminal=ssh res=failed'",
        {"event.action": "user_auth", "event.category": ["authentication"], "event.outcome": "failure", "user.name": "admin",
         "source.ip": "203.0.113.7", "process.executable": "/usr/sbin/sshd", "user.audit.id": "4294967295"},
    ),
    Sample(
        "node=web-1 type=USER_CMD msg=audit(1774886496.192:19600329): pid=4151 uid=497 auid=700 ses=11988 msg='cwd=\"/\" "
        "cmd=6C73202D6C202F726F6F74 terminal=? res=success'",
        {"host.name": "web-1", "event.type": ["start"], "process.command_line": "ls -l /root", "process.args": ["ls", "-l", "/root"],
         "process.working_directory": "/"},
    ),
    Sample(
        'type=SYSCALL msg=audit(1774886496.300:502): arch=c000003e syscall=42 success=no exit=-115 a0=3 a1=7f a2=10 a3=0 items=0 ppid=1 pid=99 '
        'auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=(none) ses=2 comm="nc" exe="/bin/nc" '
        'key=(null)\x1dARCH=x86_64 SYSCALL=connect AUID="alice" UID="alice" GID="alice"\n'
        'type=SOCKADDR msg=audit(1774886496.300:502): saddr=02000050CB0071070000000000000000',
        {"event.category": ["network"], "event.outcome": "failure", "destination.ip": "203.0.113.7", "destination.port": 80,
         "user.name": "alice", "vendor.SYSCALL": "connect", "rule.name": None},
    ),
    Sample(
        'type=AVC msg=audit(1774886496.400:503): apparmor="DENIED" operation="open" profile="nginx" name="/etc/shadow" pid=77 comm="nginx" '
        'requested_mask="r" denied_mask="r" fsuid=33 ouid=0',
        {"event.action": "avc", "event.type": ["denied"], "event.outcome": "failure", "vendor.name": "/etc/shadow", "process.name": "nginx"},
    ),
    Sample(
        "type=ADD_USER msg=audit(1774886496.500:504): pid=9 uid=0 auid=1000 ses=3 msg='op=add-user id=1005 exe=\"/usr/sbin/useradd\" "
        "acct=\"eve\" hostname=web-1 addr=? terminal=pts/0 res=success'",
        {"event.category": ["iam"], "event.type": ["user", "creation"], "user.target.name": "eve"},
    ),
    Sample(
        "type=SERVICE_STOP msg=audit(1774886496.600:505): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='unit=ufw comm=\"systemd\" "
        "exe=\"/lib/systemd/systemd\" hostname=? addr=? terminal=? res=success'",
        {"event.type": ["end"], "service.name": "ufw", "vendor.type": "SERVICE_STOP", "vendor.unit": "ufw"},
    ),
    Sample(
        'type=SYSCALL msg=audit(1774886496.640:509): arch=c000003e syscall=133 success=yes exit=0 items=2 ppid=1 pid=326 auid=4294967295 uid=0 '
        'comm="systemd-logind" exe="/usr/lib/systemd/systemd-logind" key="special"\n'
        'type=CWD msg=audit(1774886496.640:509):  cwd="/"\n'
        'type=PATH msg=audit(1774886496.640:509): item=0 name="/run/x/" inode=11378 mode=040755 ouid=0 ogid=0 objtype=PARENT\n'
        'type=PATH msg=audit(1774886496.640:509): item=1 name="/run/x/23.ref" inode=98040 mode=010600 ouid=0 ogid=0 objtype=CREATE\n'
        'type=EOE msg=audit(1774886496.640:509):',
        {"file.path": "/run/x/23.ref", "file.inode": "98040", "event.type": ["creation"]},
    ),
    Sample(
        "type=VIRT_MACHINE_ID msg=audit(1774886496.650:507): pid=5637 uid=0 auid=4294967295 ses=4294967295 msg='virt=kvm vm=\"guest-1\" "
        "uuid=5501263b-181d-47ed-ab03-a6066f3d26bf exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=pts/0 res=success'",
        {"event.category": ["host"], "container.name": "guest-1", "container.runtime": "kvm", "user.terminal": "pts/0"},
    ),
    Sample(
        "type=CONFIG_CHANGE msg=audit(1774886496.660:508): auid=1000 ses=3 op=add_rule key=\"x\" list=4 res=1",
        {"event.category": ["process", "configuration"], "event.type": ["change"], "event.outcome": "success"},
    ),
    Sample(
        "type=MAC_IPSEC_EVENT msg=audit(1774886496.700:506): op=SPD-delete auid=4294967295 ses=4294967295 res=1 src=192.0.2.0 "
        "src_prefixlen=24 dst=198.51.100.0 dst_prefixlen=16",
        {"event.action": "mac_ipsec_event", "event.outcome": "success", "source.ip": "192.0.2.0", "destination.address": "198.51.100.0"},
    ),
)  # fmt: skip
