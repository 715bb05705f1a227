"""PAM, logind and cron: sessions that begin and end, and what PAM says of a login it refused.

Formats: pam_unix(8), pam_succeed_if(8), pam_faillock(8), systemd-logind.service(8), cron(8).
"""

from __future__ import annotations

import re

from integrations.linux.lines import Line, Table, put
from rules.ecs import Document

_AUTH, _SESSION, _IAM = ("authentication",), ("session",), ("iam",)
_ATTEMPT = (
    r"authentication failures?; logname=\S{0,256} uid=\d{0,10} euid=\d{0,10} tty=(?P<tty>\S{0,64}) "
    r"ruser=(?P<ruser>\S{0,256}) rhost=(?P<address>\S{0,255})(?: {1,2}user=(?P<user>.{0,256}))?"
)


def _opened(document: Document, match: re.Match[str]) -> None:
    """The one who opens it is the user, the one it is for the effective user, where they differ."""
    by, user = match["by"], match["who"]
    put(document, ("user", "name"), by or user)
    if match["who_id"] and not by:
        put(document, ("user", "id"), match["who_id"])
    if by:
        put(document, ("user", "effective", "name"), user)
        if match["by_id"]:
            put(document, ("user", "id"), match["by_id"])


def _failed(document: Document, match: re.Match[str]) -> None:
    if match["user"] is None and match["ruser"]:
        put(document, ("user", "name"), match["ruser"])


PAM = Table(
    [
    Line(r"session opened for user (?P<who>[^\s(]{1,256})(?:\(uid=(?P<who_id>\d{1,10})\))?"
         r"(?: by (?P<by>[^\s(]{1,256})?\(uid=(?P<by_id>\d{1,10})\))?", "session_opened", _SESSION, ("start",), "success", more=_opened),
    Line(r"session closed for user (?P<user>\S{1,256})", "session_closed", _SESSION, ("end",), "success"),
    Line(_ATTEMPT, "pam_authentication_failure", _AUTH, ("info",), "failure", more=_failed),
    Line(r"PAM \d{1,6} more " + _ATTEMPT, "pam_authentication_failure_summary", _AUTH, ("info",), "failure", words=("PAM",), more=_failed),
    Line(r"check pass; user unknown", "pam_user_unknown", _AUTH, ("info",), "failure"),
    Line(r"bad username \[(?P<user>.{0,256})\]", "pam_user_unknown", _AUTH, ("info",), "failure"),
    Line(r"(?:conversation failed|auth could not identify password for \[(?P<user>[^\]]{0,256})\])", "pam_no_password", _AUTH, ("info",),
         "failure"),
    Line(r'(?P<reason>requirement ".{1,200}" not met) by user "(?P<user>.{0,256})"', "pam_requirement_not_met", _AUTH, ("info",), "failure"),
    Line(r"(?P<reason>Consecutive login failures) for user (?P<user>\S{1,256}) account temporarily locked", "pam_account_locked", _AUTH,
         ("info", "denied"), "failure"),
    Line(r"user (?P<user>\S{1,256}) \(\d{1,10}\) (?P<reason>(?:has time limit|tally).{0,200})", "pam_account_locked", _AUTH, ("info", "denied"),
         "failure"),
    Line(r"(?P<reason>account|expired password|password) for user (?P<user>\S{1,256}).{0,200}", "pam_account", _AUTH, ("info",)),
    Line(r"account (?P<user>\S{1,256}) (?P<reason>has (?:expired|been locked).{0,100})", "pam_account_denied", _AUTH, ("info", "denied"), "failure"),
    Line(r"received for user (?P<user>\S{1,256}): \d{1,4} \((?P<reason>[^)]{1,100})\)", "pam_error", _AUTH, ("info",), "failure"),
    Line(r"password changed for (?P<target>\S{1,256})", "password_changed", _IAM, ("user", "change"), "success"),
    Line(r'user "(?P<target>[^"]{1,256})" (?P<reason>does not exist in /etc/passwd)', "password_change_failed", _IAM, ("user", "change"), "failure"),
    ]
)  # fmt: skip
"""Of any program; to be read without the module in front (``pam_unix(sshd:auth):``), see `module`."""

_MODULE = re.compile(r"pam_\w{1,32}\(([^:)]{1,64}):(?:auth|account|session|chauthtok|setcred)\): ?", re.ASCII)


def module(message: str) -> tuple[str, str]:
    """Return the PAM service, empty where there is none, and the message without it.

    Before Linux-PAM 0.99 the program's name has it: ``sshd(pam_unix)``.
    """
    if message.startswith("pam_") and (match := _MODULE.match(message)):
        return match[1], message[match.end() :]
    return "", message


LOGIND = Table(
    [
        Line(r"New session '?(?P<session>[^\s']{1,64})'? of user '?(?P<user>[^\s']{1,256}?)'?(?: with class .{1,200}?)?\.", "logind_session_new",
             _SESSION, ("start",), "success"),
        Line(r"Session (?P<session>\S{1,64}) logged out\..*", "logind_session_logged_out", _SESSION, ("end",)),
        Line(r"Removed session (?P<session>\S{1,64})\.", "logind_session_removed", _SESSION, ("end",), "success"),
        Line(r"(?:The system will (?P<reason>power off|reboot|suspend|halt).*|System is (?:powering down|rebooting|halting).*)", "logind_shutdown",
             ("host",), ("end",), words=("The", "System")),
    ]
)  # fmt: skip

CRON = Table(
    [
        Line(r"\((?P<user>[^)]{1,256})\) CMD \((?P<command>.*)\)", "cron_command", ("process",), ("start",)),
        Line(r"\((?P<user>[^)]{1,256})\) CMDEND \((?P<command>.*)\)", "cron_command_ended", ("process",), ("end",)),
        Line(r"\((?P<user>[^)]{1,256})\) (?:REPLACE|DELETE|BEGIN EDIT|END EDIT|RELOAD) \((?P<file>.*)\)", "crontab_changed", ("configuration",),
             ("change",), "success"),
        Line(r"\((?P<user>[^)]{1,256})\) LIST \((?P<file>.*)\)", "crontab_listed", ("configuration",), ("access",), "success"),
        Line(r"\((?P<user>[^)]{1,256})\) (?P<reason>AUTH|WRONG FILE OWNER|INSECURE MODE|ERROR|FAILED to .{1,100}) \(.*\)", "cron_error",
             ("process",), ("error",), "failure"),
    ]
)  # fmt: skip
