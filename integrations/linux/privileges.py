"""Who became somebody else: sudo, su, pkexec, doas, and logins on a console.

Formats: sudoers(5) "LOG FORMAT", su(1) of util-linux and of shadow, pkexec(1), doas(1), login(1).
"""

from __future__ import annotations

import re

from integrations.linux.lines import Line, Table, put
from rules.ecs import Document

_AUTH, _COMMAND = ("authentication",), ("authentication", "process")
_SUDO_FIELDS = (
    r"(?:TTY=(?P<tty>\S{1,128}) ; )?(?:CHROOT=.{1,4096}? ; )?PWD=(?P<pwd>.{0,4096}?) ; USER=(?P<effective>\S{1,256}) ; "
    r"(?:GROUP=(?P<as_group>\S{1,256}) ; )?(?:TSID=\S{1,64} ; )?(?:ENV=.{0,4096}? ; )?COMMAND=(?P<command>.*)"
)


def _run(document: Document, match: re.Match[str]) -> None:
    command = match["command"]
    put(document, ("process", "executable"), command.split(" ", 1)[0])
    sudo = {"command": command, "pwd": match["pwd"], "user": match["effective"]}
    if match["tty"]:
        del document["system"]["auth"]["tty"]
        sudo["tty"] = match["tty"]
    put(document, ("system", "auth", "sudo"), sudo)


def _denied(document: Document, match: re.Match[str]) -> None:
    _run(document, match)
    reason = match["reason"].strip()
    document["event"]["reason"] = reason
    if reason == "problem with defaults entries":
        document["event"] |= {"action": "sudo_problem", "type": ["error"], "outcome": "unknown"}
    else:
        put(document, ("system", "auth", "sudo", "error"), reason)


def _as_executed(document: Document, match: re.Match[str]) -> None:
    put(document, ("process", "executable"), match["command"].split(" ", 1)[0])


def _as_root(document: Document, match: re.Match[str]) -> None:
    del match
    put(document, ("user", "name"), "root")


SUDO = Table(
    [
        Line(rf"\s*(?P<user>.{{1,256}}?) : {_SUDO_FIELDS}", "sudo_command", _COMMAND, ("start",), "success", more=_run),
        Line(rf"\s*(?P<user>.{{1,256}}?) : (?P<reason>[^;=]{{1,300}}) ; {_SUDO_FIELDS}", "sudo_denied", _COMMAND, ("denied",), "failure",
             more=_denied),
    ]
)  # fmt: skip

SU = Table(
    [
        Line(r"FAILED SU \(to (?P<effective>\S{1,256})\) (?P<user>\S{1,256}) on (?P<tty>\S{1,64})", "su", _AUTH, ("info",), "failure"),
        Line(r"FAILED su for (?P<effective>\S{1,256}) by (?P<user>\S{1,256})", "su", _AUTH, ("info",), "failure"),
        Line(r"'su (?P<effective>[^\s']{1,256})' failed for (?P<user>\S{1,256}) on (?P<tty>\S{1,64})", "su", _AUTH, ("info",), "failure", words=("'su",)),
        Line(r"'su (?P<effective>[^\s']{1,256})' succeeded for (?P<user>\S{1,256}) on (?P<tty>\S{1,64})", "su", _AUTH, ("start",), "success", words=("'su",)),
        Line(r"failed: (?P<tty>\S{1,64}) changing from (?P<user>\S{1,256}) to (?P<effective>\S{1,256})", "su", _AUTH, ("info",), "failure"),
        Line(r"from (?P<user>\S{1,256}) to (?P<effective>\S{1,256}) at (?P<tty>\S{1,64})", "su", _AUTH, ("start",), "success"),
        Line(r"BAD SU (?P<user>\S{1,256}) to (?P<effective>\S{1,256}) on (?P<tty>\S{1,64})", "su", _AUTH, ("info",), "failure"),
        Line(r"Successful su for (?P<effective>\S{1,256}) by (?P<user>\S{1,256})", "su", _AUTH, ("start",), "success"),
        Line(r"\(to (?P<effective>\S{1,256})\) (?P<user>\S{1,256}) on (?P<tty>\S{1,64})", "su", _AUTH, ("start",), "success"),
        Line(r"(?P<user>[^\s():+-]{1,256}) to (?P<effective>\S{1,256}) on (?P<tty>/dev/\S{1,64})", "su", _AUTH, ("start",), "success"),
        Line(r"\+ (?P<tty>\S{1,64}) (?P<user>[^\s:]{1,256}):(?P<effective>\S{1,256})", "su_terminal", _AUTH, ("info",), "success"),
        Line(r"- (?P<tty>\S{1,64}) (?P<user>[^\s:]{1,256}):(?P<effective>\S{1,256})", "su_terminal", _AUTH, ("info",), "failure"),
    ]
)  # fmt: skip
"""``+`` and ``-`` stand beside a line that says the same in words: only that one is ``su``."""

POLKIT = Table(
    [
        Line(r"(?P<user>[^:]{1,256}): Executing command \[USER=(?P<effective>[^\]]{1,256})\] \[TTY=(?P<tty>[^\]]{0,64})\] "
             r"\[CWD=(?P<pwd>[^\]]{0,4096})\] \[COMMAND=(?P<command>.*)\]", "pkexec_command", _COMMAND, ("start",), "success", more=_as_executed),
        Line(r"(?P<user>[^:]{1,256}): Error executing command as another user: (?P<reason>[^\[]{1,200}?) \[USER=(?P<effective>[^\]]{1,256})\] "
             r"\[TTY=(?P<tty>[^\]]{0,64})\] \[CWD=(?P<pwd>[^\]]{0,4096})\] \[COMMAND=(?P<command>.*)\]", "pkexec_denied", _COMMAND, ("denied",),
             "failure", more=_as_executed),
        Line(r"Operator of unix-(?:session|process):(?P<session>[^\s:]{1,64})\S{0,64} successfully authenticated as unix-user:(?P<effective>\S{1,256}) "
             r"to gain .*", "polkit_authenticated", _AUTH, ("info",), "success"),
        Line(r"Operator of unix-(?:session|process):(?P<session>[^\s:]{1,64})\S{0,64} FAILED to authenticate to gain .*", "polkit_authenticated", _AUTH,
             ("info",), "failure"),
    ]
)  # fmt: skip

DOAS = Table(
    [
        Line(r"(?P<user>\S{1,256}) ran command (?P<command>.{1,8192}) as (?P<effective>\S{1,256}) from (?P<pwd>.{1,4096})", "doas_command", _COMMAND,
             ("start",), "success", more=_as_executed),
        Line(r"failed (?:auth|command) for (?P<user>[^\s:]{1,256}).*", "doas_denied", _COMMAND, ("denied",), "failure"),
    ]
)  # fmt: skip

LOGIN = Table(
    [
        Line(r"FAILED LOGIN \(?\d{1,5}\)? (?:on|FROM) '?(?P<tty>[^\s']{1,64})'? FOR '?(?P<user>[^']{0,256}?)'?, (?P<reason>.*)", "console_login", _AUTH,
             ("info",), "failure"),
        Line(r"ROOT LOGIN +ON '?(?P<tty>[^\s']{1,64})'?(?: FROM .*)?", "console_login", ("authentication", "session"), ("start",), "success",
             more=_as_root),
        Line(r"LOGIN ON '?(?P<tty>[^\s']{1,64})'? BY '?(?P<user>[^\s']{1,256})'?(?: FROM .*)?", "console_login", ("authentication", "session"),
             ("start",), "success"),
    ]
)  # fmt: skip
