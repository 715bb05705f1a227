"""``linux.auth``: sshd, sudo, su, account changes, cron and logins, from ``auth.log`` or the journal.

ECS as Elastic's ``system.auth`` draws it. A failed login is counted once: sshd's ``Failed …`` line is
the ``ssh_login`` with outcome failure; PAM's ``authentication failure`` and ``Invalid user`` lines
that go with it have actions of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.contract import Normaliser, Origin, Record, Source, UnparsedError
from integrations.linux.samples import AUTH_SAMPLES
from integrations.syslog import Envelope, parse_envelope, repeats
from rules.ecs import Document, nest, timestamp

Fields = dict[str, Any]
Reader = Callable[[re.Match[str]], Fields]

_FROM = r"(?P<ip>[0-9a-fA-F:.%]{2,60}|\S{1,255})"
_AUTH, _SESSION, _IAM = ["authentication"], ["session"], ["iam"]


def _login(outcome: str) -> Reader:
    def read(match: re.Match[str]) -> Fields:
        return {
            "event.action": "ssh_login",
            "event.category": [*_AUTH, *_SESSION] if outcome == "success" else _AUTH,
            "event.type": ["start"] if outcome == "success" else ["info"],
            "event.outcome": outcome,
            "user.name": match["user"],
            "system.auth.ssh.method": match["method"],
            "system.auth.ssh.event": "Accepted" if outcome == "success" else "Failed",
            "system.auth.ssh.invalid_user": True if match.groupdict().get("invalid") else None,
            "system.auth.ssh.signature": match.groupdict().get("signature"),
        } | _peer(match)

    return read


def _peer(match: re.Match[str]) -> Fields:
    groups = match.groupdict()
    port = groups.get("port")
    return {"source.address": groups.get("ip"), "source.port": int(port) if port else None}


def _plain(action: str, category: list[str], kind: list[str], outcome: str | None = None) -> Reader:
    """Return a reader that names what happened and copies user and peer where the line has them."""

    def read(match: re.Match[str]) -> Fields:
        groups = match.groupdict()
        return {
            "event.action": action,
            "event.category": category,
            "event.type": kind,
            "event.outcome": outcome,
            "user.name": groups.get("user") or None,
        } | _peer(match)

    return read


def _session(match: re.Match[str]) -> Fields:
    opened = match["what"] == "opened"
    return {
        "event.action": "session_opened" if opened else "session_closed",
        "event.category": _SESSION,
        "event.type": ["start"] if opened else ["end"],
        "event.outcome": "success",
        "user.name": match["user"],
        "process.parent.name": match["service"],
    } | ({"user.effective.name": match["user"], "user.name": match["by"]} if match["by"] else {})


def _sudo(match: re.Match[str]) -> Fields:
    reason = (match["reason"] or "").strip()
    denied = bool(reason)
    return {
        "event.action": "sudo_denied" if denied else "sudo_command",
        "event.category": [*_AUTH, "process"],
        "event.type": ["denied"] if denied else ["start"],
        "event.outcome": "failure" if denied else "success",
        "event.reason": reason or None,
        "user.name": match["user"],
        "user.effective.name": match["target"],
        "process.command_line": match["command"],
        "process.working_directory": match["pwd"],
        "process.executable": match["command"].split(" ", 1)[0],
        "system.auth.sudo.tty": match["tty"],
    }


def _su(match: re.Match[str]) -> Fields:
    failed = match["failed"] is not None
    return {
        "event.action": "su",
        "event.category": _AUTH,
        "event.type": ["info"] if failed else ["start"],
        "event.outcome": "failure" if failed else "success",
        "user.name": match["user"],
        "user.effective.name": match["target"],
    }


def _account(action: str, kind: str, target: str = "user") -> Reader:
    def read(match: re.Match[str]) -> Fields:
        groups = match.groupdict()
        names = {"group.name": groups.get("group"), "group.id": groups.get("gid")}
        if target == "user":
            names |= {"user.target.name": groups.get("user"), "user.target.id": groups.get("uid")}
        return {
            "event.action": action,
            "event.category": _IAM,
            "event.type": [target, kind],
            "event.outcome": "success",
            **names,
        }

    return read


def _member(match: re.Match[str]) -> Fields:
    groups = match.groupdict()
    return {
        "event.action": "user_added_to_group"
        if groups.get("verb", "add") == "add"
        else "user_removed_from_group",
        "event.category": _IAM,
        "event.type": ["group", "change"],
        "event.outcome": "success",
        "user.target.name": match["user"],
        "group.name": match["group"],
        "user.name": groups.get("by"),
    }


def _cron(match: re.Match[str]) -> Fields:
    return {
        "event.action": "cron_command",
        "event.category": ["process"],
        "event.type": ["start"],
        "user.name": match["user"],
        "process.command_line": match["command"],
    }


_PAM = [
    (r"pam_unix\((?P<service>[^:)]{1,64}):session\): session (?P<what>opened|closed) for user "
     r"(?P<user>[^\s(]{1,256})(?:\(uid=\d+\))?(?: by (?:(?P<by>[^\s(]{1,256})?)\(uid=\d+\))?.*", _session),
    (r"pam_\w{1,32}\((?P<service>[^:)]{1,64}):auth\): authentication failure;.*?rhost=(?P<ip>\S{0,255})"
     r"(?:\s+user=(?P<user>\S{1,256}))?.*", _plain("pam_authentication_failure", _AUTH, ["info"], "failure")),
    (r"PAM (?P<more>\d{1,6}) more authentication failures?;.*?rhost=(?P<ip>\S{0,255})(?:\s+user=(?P<user>\S{1,256}))?.*",
     _plain("pam_authentication_failure_summary", _AUTH, ["info"], "failure")),
    (r"pam_\w{1,32}\([^)]{1,64}:auth\): check pass; user unknown.*", _plain("pam_user_unknown", _AUTH, ["info"], "failure")),
    (r"pam_unix\([^)]{1,64}:chauthtok\): password changed for (?P<user>\S{1,256})", _account("password_changed", "change")),
    (r'pam_unix\([^)]{1,64}:chauthtok\): user "(?P<user>[^"]{1,256})" does not exist in /etc/passwd',
     _plain("password_change_failed", _IAM, ["user", "change"], "failure")),
]  # fmt: skip

_METHOD = r"(?P<method>[\w/-]{1,64})"
_SSHD = [
    (rf"Accepted {_METHOD} for (?P<user>.{{0,256}}?) from {_FROM} port (?P<port>\d{{1,5}})(?: ssh2)?"
     r"(?:: (?P<signature>.*))?", _login("success")),
    (rf"(?:error: PAM: |)?Failed {_METHOD} for (?P<invalid>invalid user )?(?P<user>.{{0,256}}?) from {_FROM} "
     r"port (?P<port>\d{1,5})(?: ssh2)?(?:: (?P<signature>.*))?", _login("failure")),
    (rf"(?:Invalid|Illegal) user (?P<user>.{{0,256}}?) from {_FROM}(?: port (?P<port>\d{{1,5}}))?",
     _plain("ssh_invalid_user", _AUTH, ["info"], "failure")),
    (rf"User (?P<user>.{{0,256}}?) from {_FROM} not allowed because .*", _plain("ssh_user_not_allowed", _AUTH, ["denied"], "failure")),
    (rf"(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?(?P<user>.{{0,256}}?) from {_FROM} "
     r"port (?P<port>\d{1,5}).*", _plain("ssh_too_many_attempts", _AUTH, ["denied"], "failure")),
    (r"Disconnecting(?: (?:authenticating|invalid) user (?P<user>\S{1,256}) " + _FROM + r" port (?P<port>\d{1,5}))?: "
     r"Too many authentication failures.*", _plain("ssh_too_many_attempts", _AUTH, ["denied"], "failure")),
    (rf"Connection from {_FROM} port (?P<port>\d{{1,5}})(?: on .*)?", _plain("ssh_connection", ["network"], ["connection", "start"])),
    (r"(?:Connection (?:closed|reset) by|Disconnected from)(?: (?:authenticating |invalid )?user (?P<user>\S{1,256}))? "
     + _FROM + r" port (?P<port>\d{1,5})(?: \[preauth\])?", _plain("ssh_disconnected", ["network"], ["connection", "end"])),
    (rf"Connection (?:closed|reset) by {_FROM}(?: \[preauth\])?", _plain("ssh_disconnected", ["network"], ["connection", "end"])),
    (rf"Received disconnect from {_FROM}(?: port (?P<port>\d{{1,5}}))?:.*", _plain("ssh_disconnected", ["network"], ["connection", "end"])),
    (rf"Did not receive identification string from {_FROM}(?: port (?P<port>\d{{1,5}}))?.*",
     _plain("ssh_no_identification", ["network"], ["connection", "info"])),
    (rf"(?:error: )?(?:Bad protocol version identification|kex_exchange_identification|banner exchange).* (?:from|by) {_FROM}"
     r"(?: port (?P<port>\d{1,5}))?.*", _plain("ssh_bad_protocol", ["network"], ["connection", "info"], "failure")),
    (rf"(?:reverse mapping checking getaddrinfo for \S{{0,255}} \[{_FROM}\] failed|Address {_FROM.replace('ip', 'ip2')} maps to).*"
     r"POSSIBLE BREAK-IN ATTEMPT!?", _plain("ssh_possible_break_in", _AUTH, ["info"])),
    (r"Server listening on .*", _plain("ssh_server_started", ["process"], ["start"])),
    (r"Received signal (?P<signal>\d{1,2}); terminating.*", _plain("ssh_server_stopped", ["process"], ["end"])),
]  # fmt: skip

_SUDO = [
    (r"\s*(?P<user>\S{1,256}) : (?:(?P<reason>[^;=]{1,200}) ; )?TTY=(?P<tty>\S{1,64}) ; PWD=(?P<pwd>.{0,4096}?) ; "
     r"USER=(?P<target>\S{1,256}) ; (?:GROUP=\S{1,256} ; )?(?:ENV=.{0,4096} ; )?COMMAND=(?P<command>.*)", _sudo),
]  # fmt: skip

_SUPER = [
    (r"(?P<failed>FAILED )?SU \(to (?P<target>\S{1,256})\) (?P<user>\S{1,256}) on .*", _su),
    (r"(?P<failed>FAILED su|Successful su) for (?P<target>\S{1,256}) by (?P<user>\S{1,256})",
     lambda match: _su(match) | ({} if match["failed"].startswith("FAILED") else {"event.outcome": "success", "event.type": ["start"]})),
    (r"\(to (?P<target>\S{1,256})\) (?P<user>\S{1,256}) on \S{1,64}(?P<failed>\Zx)?", _su),
]  # fmt: skip

_ACCOUNTS = [
    (r"new user: name=(?P<user>[^,]{1,256}), UID=(?P<uid>\d+), GID=(?P<gid>\d+), home=(?P<home>[^,]*), shell=(?P<shell>[^,]*).*",
     _account("user_created", "creation")),
    (r"new group: name=(?P<group>[^,]{1,256}), GID=(?P<gid>\d+)", _account("group_created", "creation", "group")),
    (r"group added to /etc/g?shadow: name=(?P<group>[^,]{1,256})(?:, GID=(?P<gid>\d+))?", _account("group_created", "creation", "group")),
    (r"group added to /etc/group: name=(?P<group>[^,]{1,256}), GID=(?P<gid>\d+)", _account("group_created", "creation", "group")),
    (r"delete user '(?P<user>[^']{1,256})'", _account("user_deleted", "deletion")),
    (r"removed group '(?P<group>[^']{1,256})'.*", _account("group_deleted", "deletion", "group")),
    (r"(?P<verb>add) '(?P<user>[^']{1,256})' to (?:shadow )?group '(?P<group>[^']{1,256})'", _member),
    (r"(?P<verb>delete) '(?P<user>[^']{1,256})' from (?:shadow )?group '(?P<group>[^']{1,256})'", _member),
    (r"user (?P<user>\S{1,256}) (?P<verb>add)ed by (?P<by>\S{1,256}) to group (?P<group>\S{1,256})", _member),
    (r"change user '(?P<user>[^']{1,256})' .*", _account("user_changed", "change")),
    (r"password for '(?P<user>[^']{1,256})' changed by '[^']{1,256}'", _account("password_changed", "change")),
]  # fmt: skip

_CRON = [(r"\((?P<user>[^)]{1,256})\) CMD \((?P<command>.*)\)", _cron)]

_LOGIND = [
    (r"New session (?P<session>\S{1,64}) of user (?P<user>\S{1,256})\.", _plain("logind_session_new", _SESSION, ["start"], "success")),
    (r"Session (?P<session>\S{1,64}) logged out.*", _plain("logind_session_logged_out", _SESSION, ["end"])),
    (r"Removed session (?P<session>\S{1,64})\.", _plain("logind_session_removed", _SESSION, ["end"])),
]  # fmt: skip


def _compile(table: Sequence[tuple[str, Reader]]) -> list[tuple[re.Pattern[str], Reader]]:
    return [(re.compile(pattern, re.DOTALL), reader) for pattern, reader in table]


_BY_PROGRAM = {
    "sshd": _compile([*_SSHD, *_PAM]),
    "sudo": _compile([*_SUDO, *_PAM]),
    "su": _compile([*_SUPER, *_PAM]),
    "cron": _compile([*_CRON, *_PAM]),
    "systemd-logind": _compile(_LOGIND),
    **dict.fromkeys(
        (
            "useradd",
            "usermod",
            "userdel",
            "groupadd",
            "groupmod",
            "groupdel",
            "passwd",
            "chpasswd",
            "gpasswd",
        ),
        _compile([*_ACCOUNTS, *_PAM]),
    ),
}
_OTHERS = _compile(_PAM)
_ALIASES = {"sshd-session": "sshd", "sshd-auth": "sshd", "CRON": "cron", "crond": "cron", "CROND": "cron"}
_IP = re.compile(r"[0-9a-fA-F.:]{2,45}\Z")


class _AuthNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = record.data.decode("utf-8", "replace")
        if not text.strip():
            return ()
        envelope = parse_envelope(text, self._origin)
        times, message = repeats(envelope.message)
        document = nest(_fields(envelope, message))
        return [(record, document)] * times

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


def _fields(envelope: Envelope, message: str) -> Fields:
    program = _ALIASES.get(envelope.program, envelope.program)
    found: Fields = {"event.action": "message", "event.category": [], "event.type": ["info"]}
    for pattern, reader in _BY_PROGRAM.get(program, _OTHERS):
        if match := pattern.fullmatch(message):
            found = reader(match)
            break
    address = found.get("source.address")
    if address and _IP.match(address):
        found["source.ip"] = address
    elif address:
        found["source.domain"] = address
    fields = {
        "@timestamp": timestamp(envelope.time),
        "event.kind": "event",
        "host.name": envelope.host,
        "host.hostname": envelope.host,
        "process.name": program,
        "process.pid": envelope.pid,
        "log.syslog.appname": envelope.program,
        "log.syslog.priority": envelope.priority,
        "message": message,
    } | found
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _open(origin: Origin) -> Normaliser:
    return _AuthNormaliser(origin)


def _guess(records: Sequence[bytes]) -> float:
    origin = Origin(received=datetime(2026, 1, 1, tzinfo=UTC))
    hits = 0
    for record in records:
        try:
            envelope = parse_envelope(record.decode("utf-8", "replace"), origin)
        except UnparsedError:
            continue
        hits += _ALIASES.get(envelope.program, envelope.program) in _BY_PROGRAM
    return hits / max(1, len(records))


AUTH = Source(
    name="linux.auth",
    title="Linux logins, privilege changes and account changes (auth.log, secure, journal)",
    documentation="sshd(8), sudoers(5), pam_unix(8), useradd(8); RFC 3164, RFC 5424, systemd.journal-fields(7)",
    open=_open,
    guess=_guess,
    samples=AUTH_SAMPLES,
)
