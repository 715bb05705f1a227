"""Test lines of ``linux.auth``, each with the fields that its document must have."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.contract import Origin, Sample

_APRIL = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))


def _line(text: str, /, **expect: object) -> Sample:
    fields = {name.replace("__", "."): value for name, value in expect.items()}
    return Sample(record=f"Mar 30 16:01:36 web-1 {text}", expect=fields, origin=_APRIL)


_FAILED = {
    "event__action": "ssh_login",
    "event__outcome": "failure",
    "event__category": ["authentication"],
    "event__type": ["info"],
}
_PEER = {"source__ip": "203.0.113.7"}

SSHD_SAMPLES = (
    _line("sshd[14723]: Accepted password for deploy from 203.0.113.7 port 57668 ssh2",
          event__action="ssh_login", event__outcome="success", event__category=["authentication", "session"], event__type=["start"],
          user__name="deploy", source__ip="203.0.113.7", source__port=57668, host__name="web-1", process__name="sshd", process__pid=14723,
          system__auth__ssh__event="Accepted", system__auth__ssh__method="password"),
    _line("sshd[1]: Accepted publickey for root from 2001:db8::7 port 22 ssh2: ED25519 SHA256:0wnd+A/b",
          event__outcome="success", source__ip="2001:db8::7", system__auth__ssh__method="publickey",
          system__auth__ssh__signature="ED25519 SHA256:0wnd+A/b", related__hash=["SHA256:0wnd+A/b"]),
    _line("sshd[1]: Accepted publickey for ci from 203.0.113.7 port 22 ssh2: RSA-CERT SHA256:aa ID build bot (serial 7) CA RSA SHA256:bb",
          event__outcome="success", user__name="ci", system__auth__ssh__signature="RSA-CERT SHA256:aa"),
    _line("sshd[1]: Accepted keyboard-interactive/pam for alice from ::ffff:203.0.113.7 port 22 ssh2",
          event__outcome="success", source__ip="203.0.113.7", system__auth__ssh__method="keyboard-interactive/pam"),
    _line("sshd[2]: Failed password for root from 203.0.113.7 port 51320 ssh2", **_FAILED, **_PEER, user__name="root"),
    _line("sshd[2]: Failed password for invalid user admin from 203.0.113.7 port 1 ssh2",
          **_FAILED, **_PEER, user__name="admin", system__auth__ssh__invalid_user=True),
    _line("sshd[2]: Failed password for invalid user  from 203.0.113.7 port 1 ssh2", **_FAILED, **_PEER, user__name=None),
    _line("sshd[2]: Failed publickey for git from 203.0.113.7 port 1 ssh2: RSA SHA256:abc", **_FAILED, user__name="git",
          related__hash=["SHA256:abc"]),
    _line("sshd[2]: Failed keyboard-interactive/pam for invalid user a b from 203.0.113.7 port 1 ssh2 [preauth]", **_FAILED, user__name="a b"),
    _line("sshd[2]: Failed password for invalid user x from 198.51.100.9 port 22 ssh2 from 203.0.113.7 port 51320 ssh2", **_FAILED, **_PEER,
          source__port=51320, user__name="x from 198.51.100.9 port 22 ssh2"),
    _line("sshd[2]: Failed password for invalid user x from 198.51.100.9 port 22 ssh2: RSA SHA256:a from 203.0.113.7 port 51320 ssh2",
          **_FAILED, **_PEER),
    _line("sshd[2]: message repeated 5 times: [ Failed password for root from 203.0.113.7 port 51320 ssh2]",
          **_FAILED, **_PEER, user__name="root", message="Failed password for root from 203.0.113.7 port 51320 ssh2"),
    _line("sshd[3]: Invalid user admin from 203.0.113.7", event__action="ssh_invalid_user", user__name="admin", **_PEER),
    _line("sshd[3]: Invalid user x from 198.51.100.9 port 1 from 203.0.113.7 port 40000", event__action="ssh_invalid_user", **_PEER,
          source__port=40000),
    _line("sshd[3]: input_userauth_request: invalid user admin [preauth]", event__action="ssh_invalid_user_request", user__name="admin"),
    _line("sshd[3]: User root from 203.0.113.7 not allowed because not listed in AllowUsers", event__action="ssh_user_not_allowed",
          event__outcome="failure", user__name="root", event__reason="not listed in AllowUsers"),
    _line("sshd[3]: error: maximum authentication attempts exceeded for invalid user pi from 203.0.113.7 port 9 ssh2 [preauth]",
          event__action="ssh_too_many_attempts", user__name="pi", source__port=9, **_PEER),
    _line("sshd[3]: Disconnecting: Too many authentication failures [preauth]", event__action="ssh_attempts_disconnected"),
    _line("sshd[3]: Disconnecting authenticating user root 203.0.113.7 port 9: Too many authentication failures [preauth]",
          event__action="ssh_attempts_disconnected", user__name="root", **_PEER),
    _line("sshd[3]: error: PAM: Authentication failure for root from 203.0.113.7", event__action="pam_authentication_failure", user__name="root",
          **_PEER),
    _line("sshd[3]: Connection closed by 203.0.113.7 [preauth]", event__action="ssh_disconnected", event__type=["connection", "end"], **_PEER),
    _line("sshd[3]: Connection closed by invalid user git 203.0.113.7 port 40126 [preauth]", event__action="ssh_disconnected",
          user__name="git", source__port=40126),
    _line("sshd[3]: Connection reset by 203.0.113.7 port 9", event__action="ssh_disconnected", source__port=9),
    _line("sshd[3]: Disconnected from authenticating user root 203.0.113.7 port 9 [preauth]", event__action="ssh_disconnected",
          user__name="root", **_PEER),
    _line("sshd[3]: Disconnected from user deploy 203.0.113.7 port 9", event__action="ssh_disconnected", user__name="deploy", **_PEER),
    _line("sshd[3]: Received disconnect from 203.0.113.7 port 9:11: Bye Bye [preauth]", event__action="ssh_disconnect_received",
          source__port=9, **_PEER),
    _line("sshd[3]: Received disconnect from 203.0.113.7: 11: disconnected by user", event__action="ssh_disconnect_received", **_PEER),
    _line("sshd[3]: Connection from 203.0.113.7 port 9 on 192.0.2.1 port 22", event__action="ssh_connection", source__port=9,
          destination__port=22),
    _line("sshd[3]: Did not receive identification string from 203.0.113.7", event__action="ssh_no_identification", **_PEER),
    _line("sshd[3]: Bad protocol version identification '' from 203.0.113.7 port 54509", event__action="ssh_bad_protocol", **_PEER),
    _line("sshd[3]: banner exchange: Connection from 203.0.113.7 port 9: invalid format", event__action="ssh_bad_protocol", **_PEER),
    _line("sshd[3]: fatal: Unable to negotiate with 203.0.113.7 port 9: no matching cipher found. Their offer: aes256-cbc [preauth]",
          event__action="ssh_no_negotiation", **_PEER),
    _line("sshd[3]: fatal: Timeout before authentication for 203.0.113.7 port 9", event__action="ssh_authentication_timeout", **_PEER),
    _line("sshd[3]: drop connection #10 from [203.0.113.7]:9 on [192.0.2.1]:22 past MaxStartups", event__action="ssh_connection_dropped", **_PEER),
    _line("sshd[3]: reverse mapping checking getaddrinfo for host.example [203.0.113.7] failed - POSSIBLE BREAK-IN ATTEMPT!",
          event__action="ssh_possible_break_in", **_PEER),
    _line("sshd[3]: Address 203.0.113.7 maps to host.example, but this does not map back to the address - POSSIBLE BREAK-IN ATTEMPT!",
          event__action="ssh_possible_break_in", **_PEER),
    _line("sshd[3]: Starting session: command for deploy from 203.0.113.7 port 9 id 0", event__action="ssh_session_started", user__name="deploy"),
    _line("sshd[3]: subsystem request for sftp by user deploy", event__action="ssh_subsystem", user__name="deploy"),
    _line("sshd[3]: User child is on pid 4", event__action=None, message="User child is on pid 4", process__name="sshd"),
)  # fmt: skip

PAM_SAMPLES = (
    _line("sshd[3]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7  user=root",
          event__action="pam_authentication_failure", event__outcome="failure", user__name="root", **_PEER),
    _line("sshd[3]: PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7",
          event__action="pam_authentication_failure_summary", **_PEER),
    _line("sudo: pam_unix(sudo:auth): authentication failure; logname=eve uid=1001 euid=0 tty=/dev/pts/0 ruser=eve rhost=  user=eve",
          event__action="pam_authentication_failure", user__name="eve", source__ip=None),
    _line("sshd(pam_unix)[3]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=203.0.113.7  user=root",
          event__action="pam_authentication_failure", process__name="sshd", **_PEER),
    _line("sshd[3]: pam_unix(sshd:auth): check pass; user unknown", event__action="pam_user_unknown"),
    _line('sshd[3]: pam_succeed_if(sshd:auth): requirement "uid >= 1000" not met by user "root"', event__action="pam_requirement_not_met",
          user__name="root"),
    _line("sshd[3]: pam_unix(sshd:session): session opened for user deploy(uid=1000) by (uid=0)", event__action="session_opened",
          event__category=["session"], event__type=["start"], user__name="deploy", user__id="1000"),
    _line("sudo: pam_unix(sudo:session): session opened for user root by alice(uid=1000)", event__action="session_opened",
          user__name="alice", user__id="1000", user__effective__name="root"),
    _line("systemd: pam_unix(systemd-user:session): session opened for user alice by (uid=0)", event__action="session_opened", user__name="alice"),
    _line("sshd[3]: pam_unix(sshd:session): session closed for user deploy", event__action="session_closed", event__type=["end"],
          user__name="deploy"),
    _line("passwd[8]: pam_unix(passwd:chauthtok): password changed for eve", event__action="password_changed", user__target__name="eve",
          event__category=["iam"], event__type=["user", "change"]),
    _line('chpasswd[8]: pam_unix(chpasswd:chauthtok): user "eve" does not exist in /etc/passwd', event__action="password_change_failed",
          event__outcome="failure"),
)  # fmt: skip

PRIVILEGE_SAMPLES = (
    _line("sudo:   deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow",
          event__action="sudo_command", event__outcome="success", event__category=["authentication", "process"], event__type=["start"],
          user__name="deploy", user__effective__name="root", process__command_line="/usr/bin/cat /etc/shadow",
          process__executable="/usr/bin/cat", process__working_directory="/home/deploy", system__auth__sudo__tty="pts/0"),
    _line("sudo:    alice : PWD=/ ; USER=root ; GROUP=adm ; ENV=A=1 ; COMMAND=/bin/ls", event__action="sudo_command",
          process__command_line="/bin/ls"),
    _line("sudo:  mallory : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
          event__action="sudo_denied", event__outcome="failure", event__type=["denied"], event__reason="user NOT in sudoers",
          user__name="mallory", system__auth__sudo__error="user NOT in sudoers"),
    _line("sudo:  mallory : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
          event__action="sudo_denied", event__reason="3 incorrect password attempts"),
    _line("su[9]: FAILED SU (to root) mallory on pts/1", event__action="su", event__outcome="failure", user__effective__name="root",
          user__name="mallory"),
    _line("su[9]: (to root) alice on pts/1", event__action="su", event__outcome="success", user__name="alice"),
    _line("su[9]: Successful su for root by alice", event__action="su", event__outcome="success", event__type=["start"], user__name="alice"),
    _line("su[9]: + /dev/pts/1 alice:root", event__action="su_terminal", user__effective__name="root"),
    _line("pkexec[5]: alice: Executing command [USER=root] [TTY=unknown] [CWD=/home/alice] [COMMAND=/usr/bin/id -u]",
          event__action="pkexec_command", user__name="alice", user__effective__name="root", process__command_line="/usr/bin/id -u"),
    _line("pkexec[5]: mallory: Error executing command as another user: Not authorized [USER=root] [TTY=/dev/pts/0] [CWD=/] [COMMAND=/bin/sh]",
          event__action="pkexec_denied", event__outcome="failure", event__reason="Not authorized"),
    _line("login[6]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure", event__action="console_login",
          event__outcome="failure", user__name="root"),
)  # fmt: skip

ACCOUNT_SAMPLES = (
    _line("useradd[7]: new user: name=eve, UID=1004, GID=1004, home=/home/eve, shell=/bin/bash, from=/dev/pts/0",
          event__action="user_created", event__category=["iam"], event__type=["user", "creation"], event__outcome="success",
          user__target__name="eve", user__name="eve", user__id="1004", group__id="1004", system__auth__useradd__shell="/bin/bash"),
    _line("useradd[7]: failed adding user 'eve', data deleted", event__action="user_creation_failed", event__outcome="failure"),
    _line("userdel[7]: delete user 'eve'", event__action="user_deleted", event__type=["user", "deletion"], user__target__name="eve"),
    _line("userdel[7]: removed group 'eve' owned by 'eve'", event__action="group_deleted", group__name="eve"),
    _line("groupadd[7]: group added to /etc/group: name=ops, GID=2000", event__action="group_file_changed", group__name="ops"),
    _line("groupadd[7]: new group: name=ops, GID=2000", event__action="group_created", event__type=["group", "creation"], group__name="ops",
          group__id="2000"),
    _line("usermod[8]: add 'eve' to group 'sudo'", event__action="user_added_to_group", event__type=["group", "change"],
          user__target__name="eve", group__name="sudo"),
    _line("usermod[8]: add 'eve' to shadow group 'sudo'", event__action="group_file_changed", group__name="sudo"),
    _line("usermod[8]: change user 'eve' UID from '1004' to '0'", event__action="user_id_changed", event__reason="UID from '1004' to '0'"),
    _line("usermod[8]: lock user 'eve' password", event__action="user_locked", user__target__name="eve"),
    _line("gpasswd[8]: user eve added by root to group docker", event__action="user_added_to_group", user__name="root",
          user__target__name="eve", group__name="docker"),
    _line("passwd[8]: password for 'eve' changed by 'root'", event__action="password_changed", user__name="root", user__target__name="eve"),
)  # fmt: skip

SESSION_SAMPLES = (
    _line("CRON[5]: pam_unix(cron:session): session opened for user root by (uid=0)", event__action="session_opened", user__name="root",
          process__name="CRON"),
    _line("CRON[5]: (root) CMD (run-parts /etc/cron.hourly)", event__action="cron_command", event__category=["process"],
          event__type=["start"], user__name="root", process__command_line="run-parts /etc/cron.hourly"),
    _line("crontab[5]: (eve) REPLACE (eve)", event__action="crontab_changed", user__name="eve"),
    _line("systemd-logind[4]: New session 50 of user ubuntu.", event__action="logind_session_new", user__name="ubuntu", session__id="50"),
    _line("systemd-logind[4]: Removed session 50.", event__action="logind_session_removed", session__id="50"),
    _line("gdm-launch[4]: something else", event__action=None, event__kind="event", message="something else", process__name="gdm-launch"),
)  # fmt: skip

ENVELOPE_SAMPLES = (
    Sample("2026-03-30T18:01:36.123456+02:00 web-1 sshd-session[9]: Failed none for root from 203.0.113.7 port 1 ssh2",
           {"@timestamp": "2026-03-30T16:01:36.123Z", "process.name": "sshd", "event.outcome": "failure"}),
    Sample("<86>Mar 30 2026 16:01:36 web-1 sshd[9]: Connection closed by 203.0.113.7",
           {"@timestamp": "2026-03-30T16:01:36.000Z", "log.syslog.facility.code": 10, "log.syslog.severity.name": "Informational"}),
    Sample("Mar  3 16:01:60 sudo: pam_unix(sudo:session): session closed for user root",
           {"@timestamp": "2026-03-03T16:02:00.000Z", "host.name": None, "process.name": "sudo", "user.name": "root"}),
    Sample('<38>1 2026-03-30T16:01:36Z web-1 sshd 14723 - [x@1 a="\\]"] Accepted password for a b from 203.0.113.7 port 1 ssh2',
           {"user.name": "a b", "log.syslog.priority": 38, "process.pid": 14723, "log.syslog.structured_data.x@1.a": "]"}),
    Sample('{"__REALTIME_TIMESTAMP":"1774886496000000","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"sshd","_PID":"7","_EXE":"/usr/sbin/sshd",'
           '"PRIORITY":"6","SYSLOG_FACILITY":"10","MESSAGE":"Accepted password for deploy from 203.0.113.7 port 1 ssh2"}',
           {"@timestamp": "2026-03-30T16:01:36.000Z", "event.outcome": "success", "process.pid": 7, "log.syslog.priority": 86,
            "process.executable": "/usr/sbin/sshd"}),
    Sample('{"__REALTIME_TIMESTAMP":"1774886496000000","_HOSTNAME":"web-1","_COMM":"su","MESSAGE":[97,10,98]}',
           {"message": "a\nb", "process.name": "su"}),
)  # fmt: skip

_OTHER_SYSTEMS = (
    Sample("Mar 30 16:01:36 sun-1 sshd[7]: [ID 800047 auth.notice] Failed none for root from 198.51.100.7 port 40000 ssh2",
           {"event.action": "ssh_login", "event.outcome": "failure", "user.name": "root", "source.ip": "198.51.100.7"}),
    Sample("2026-03-30 16:01:36.801612-0700  mac-1 sshd[7]: Accepted publickey for bob from 198.51.100.7 port 40000 ssh2: RSA SHA256:x",
           {"@timestamp": "2026-03-30T23:01:36.801Z", "event.outcome": "success", "user.name": "bob"}),
    Sample("Mar 30 16:01:36 sun-1 su: 'su root' failed for bob on /dev/pts/8",
           {"event.action": "su", "event.outcome": "failure", "user.name": "bob", "user.effective.name": "root"}),
    Sample("Mar 30 16:01:36 bsd-1 su: bob to root on /dev/ttyp1", {"event.outcome": "success", "user.name": "bob", "user.effective.name": "root"}),
    Sample("Mar 30 16:01:36 aix-1 su: failed: pts/4 changing from bob to root", {"event.outcome": "failure", "user.name": "bob"}),
    Sample("Mar 30 16:01:36 web-1 sshd[7]: fatal: Unable to negotiate with 198.51.100.7: no matching host key type found. Their offer: ssh-rsa",
           {"event.action": "ssh_no_negotiation", "source.ip": "198.51.100.7"}),
    Sample("Mar 30 16:01:36 web-1 sshd[7]: ssh_dispatch_run_fatal: Connection from 198.51.100.7 port 1: Broken pipe [preauth]",
           {"event.action": "ssh_connection_broken", "source.ip": "198.51.100.7", "event.reason": "Broken pipe"}),
    Sample("Mar 30 16:01:36 web-1 sshd[7]: Corrupted MAC on input. [preauth]", {"event.action": "ssh_connection_broken", "event.category": ["network"]}),
    Sample("Mar 30 16:01:36 ap-1 dropbear[7]: Password auth succeeded for 'bob' from 198.51.100.7:40000",
           {"event.action": "ssh_login", "event.outcome": "success", "user.name": "bob", "source.port": 40000}),
    Sample("Mar 30 16:01:36 ap-1 dropbear[7]: Pubkey auth succeeded for 'bob' with ssh-rsa key SHA256:x from 2001:db8::7:40000",
           {"event.outcome": "success", "source.ip": "2001:db8::7", "source.port": 40000}),
    Sample("Mar 30 16:01:36 ap-1 dropbear[7]: Bad password attempt for 'root' from 198.51.100.7:40000",
           {"event.action": "ssh_login", "event.outcome": "failure", "user.name": "root"}),
    Sample("Mar 30 16:01:36 ap-1 dropbear[7]: Login attempt for nonexistent user from 198.51.100.7:40000", {"event.action": "ssh_invalid_user", "source.ip": "198.51.100.7"}),
    Sample("Mar 30 16:01:36 ap-1 dropbear[7]: Exit (bob): Disconnect received", {"event.action": "ssh_disconnected", "user.name": "bob", "event.reason": "Disconnect received"}),
)  # fmt: skip

AUTH_SAMPLES = (
    *_OTHER_SYSTEMS,
    *SSHD_SAMPLES,
    *PAM_SAMPLES,
    *PRIVILEGE_SAMPLES,
    *ACCOUNT_SAMPLES,
    *SESSION_SAMPLES,
    *ENVELOPE_SAMPLES,
)
