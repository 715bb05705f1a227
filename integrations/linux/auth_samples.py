"""Test lines of the Linux sources, each with the fields that its document must have."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.contract import Origin, Sample

_MARCH = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))


def _line(message: str, **expect: object) -> Sample:
    fields = {name.replace("__", "."): value for name, value in expect.items()}
    return Sample(record=f"Mar 30 16:01:36 web-1 {message}", expect=fields, origin=_MARCH)


AUTH_SAMPLES = (
    _line(
        "sshd[14723]: Accepted password for deploy from 203.0.113.7 port 57668 ssh2",
        event__action="ssh_login", event__outcome="success", user__name="deploy", source__ip="203.0.113.7",
        source__port=57668, host__name="web-1", process__name="sshd", process__pid=14723,
        event__category=["authentication", "session"],
    ),
    _line(
        "sshd[1]: Accepted publickey for root from 2001:db8::7 port 22 ssh2: RSA SHA256:abc",
        event__outcome="success", source__ip="2001:db8::7", system__auth__ssh__method="publickey",
    ),
    _line(
        "sshd[2]: Failed password for invalid user admin from 203.0.113.7 port 1 ssh2",
        event__action="ssh_login", event__outcome="failure", user__name="admin", source__ip="203.0.113.7",
    ),
    _line(
        "sshd[2]: message repeated 5 times: [ Failed password for root from 203.0.113.7 port 51320 ssh2]",
        event__action="ssh_login", event__outcome="failure", user__name="root",
    ),
    _line(
        "sshd[3]: Invalid user admin from 203.0.113.7", event__action="ssh_invalid_user", user__name="admin"
    ),
    _line(
        "sshd[3]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
        "rhost=203.0.113.7  user=root",
        event__action="pam_authentication_failure", user__name="root", source__ip="203.0.113.7",
    ),
    _line(
        "sshd[3]: PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7",
        event__action="pam_authentication_failure_summary", source__ip="203.0.113.7",
    ),
    _line("sshd[3]: Connection closed by 203.0.113.7 [preauth]", event__action="ssh_disconnected"),
    _line(
        "sshd[3]: Disconnected from authenticating user root 203.0.113.7 port 9 [preauth]",
        event__action="ssh_disconnected", user__name="root",
    ),
    _line(
        "sshd[3]: Bad protocol version identification '' from 203.0.113.7 port 54509",
        event__action="ssh_bad_protocol", source__ip="203.0.113.7",
    ),
    _line(
        "sudo:   deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow",
        event__action="sudo_command", user__name="deploy", user__effective__name="root",
        process__command_line="/usr/bin/cat /etc/shadow",
    ),
    _line(
        "sudo:  mallory : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
        event__action="sudo_denied", event__outcome="failure", event__reason="user NOT in sudoers",
    ),
    _line(
        "su[9]: FAILED SU (to root) mallory on pts/1",
        event__action="su", event__outcome="failure", user__effective__name="root",
    ),
    _line("su[9]: (to root) alice on pts/1", event__action="su", event__outcome="success", user__name="alice"),
    _line(
        "useradd[7]: new user: name=eve, UID=1004, GID=1004, home=/home/eve, shell=/bin/bash",
        event__action="user_created", user__target__name="eve", event__type=["user", "creation"],
    ),
    _line(
        "usermod[8]: add 'eve' to group 'sudo'",
        event__action="user_added_to_group", user__target__name="eve", group__name="sudo",
    ),
    _line(
        "passwd[8]: pam_unix(passwd:chauthtok): password changed for eve",
        event__action="password_changed", user__target__name="eve",
    ),
    _line(
        "CRON[5]: pam_unix(cron:session): session opened for user root by (uid=0)",
        event__action="session_opened", user__name="root", process__name="CRON",
    ),
    _line(
        "CRON[5]: (root) CMD (run-parts /etc/cron.hourly)",
        event__action="cron_command", process__command_line="run-parts /etc/cron.hourly",
    ),
    _line(
        "systemd-logind[4]: New session 50 of user ubuntu.",
        event__action="logind_session_new", user__name="ubuntu",
    ),
    Sample(
        record="2026-03-30T18:01:36.123456+02:00 web-1 sshd-session[9]: Failed none for root from 203.0.113.7 port 1 ssh2",
        expect={"@timestamp": "2026-03-30T16:01:36.123Z", "process.name": "sshd", "event.outcome": "failure"},
    ),
    Sample(
        record='<38>1 2026-03-30T16:01:36Z web-1 sshd 14723 - [x@1 a="]"] Accepted password for a b from 203.0.113.7 port 1 ssh2',
        expect={"user.name": "a b", "log.syslog.priority": 38, "process.pid": 14723},
    ),
    Sample(
        record='{"__REALTIME_TIMESTAMP":"1774886496000000","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"sshd","_PID":"7",'
        '"MESSAGE":"Accepted password for deploy from 203.0.113.7 port 1 ssh2"}',
        expect={"@timestamp": "2026-03-30T16:01:36.000Z", "event.outcome": "success", "process.pid": 7},
    ),
)  # fmt: skip
