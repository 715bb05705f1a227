"""``linux.auth``: sshd, sudo, su, account changes, cron and logins, from ``auth.log`` or the journal.

ECS as Elastic's ``system.auth`` documents it. A failed login is counted once: sshd's ``Failed …`` line
is the ``ssh_login`` with outcome failure; PAM's ``authentication failure`` and sshd's ``Invalid user``
that go with it have actions of their own. What no table knows stays an event with its message.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime

from integrations.contract import Normaliser, Origin, Record, Source, UnparsedError
from integrations.linux.accounts import ACCOUNTS
from integrations.linux.auth_samples import AUTH_SAMPLES
from integrations.linux.daemons import DAEMONS
from integrations.linux.lines import Table
from integrations.linux.privileges import DOAS, LOGIN, POLKIT, SU, SUDO
from integrations.linux.sessions import CRON, LOGIND, PAM, module
from integrations.linux.sshd import DROPBEAR, SSHD, bare
from integrations.syslog import EnvelopeReader, repeats
from integrations.text import readable
from rules.ecs import Document

TABLES: dict[str, Table] = {
    "sshd": SSHD,
    "dropbear": DROPBEAR,
    "sudo": SUDO,
    "su": SU,
    "doas": DOAS,
    "login": LOGIN,
    "pkexec": POLKIT,
    "polkitd": POLKIT,
    "systemd-logind": LOGIND,
    "elogind-daemon": LOGIND,
    **dict.fromkeys(("CRON", "cron", "crond", "CROND", "/usr/sbin/cron", "crontab", "anacron"), CRON),
    **dict.fromkeys(
        (
            "chage chfn chgpasswd chpasswd chsh gpasswd groupadd groupdel groupmems groupmod newusers passwd "
            "useradd userdel usermod"
        ).split(),
        ACCOUNTS,
    ),
}
"""By the program that logs."""

_ALSO = {
    "systemd",
    "(systemd)",
    "systemd-user",
    "polkit-agent-helper-1",
    "gdm-password]",
    "runuser",
    "unix_chkpwd",
}
SSH_PROCESSES = frozenset({"sshd-session", "sshd-auth", "sshd-listener"})
"""Since OpenSSH 9.8 sshd is several programs; to the rules they are ``sshd``."""


class AuthNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._read = EnvelopeReader(origin).read

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        if not text or text.isspace():
            return ()
        envelope = self._read(text)
        times, message = repeats(envelope.message)
        document = envelope.document(message)
        describe(envelope.program, message, document)
        if times == 1:
            return ((record, document),)
        return [(record, deepcopy(document)) for _ in range(times)]

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


def describe(program: str, message: str, document: Document) -> bool:
    """Add to a message's document what it means; whether any table knows it."""
    if program in SSH_PROCESSES:
        program = document["process"]["name"] = "sshd"
    service, rest = module(message)
    if service:
        document["service"] = {"name": service}
        return PAM.read(rest, document)
    if program.endswith(("(pam_unix)", "(pam_sss)")):
        program = document["process"]["name"] = program.partition("(")[0]
        return PAM.read(rest, document)
    table = TABLES.get(program) or DAEMONS.get(program)
    if table is not None and table.read(bare(message) if table is SSHD else message, document):
        return True
    return message.startswith("PAM ") and PAM.read(message, document)


def open_auth(origin: Origin) -> Normaliser:
    return AuthNormaliser(origin)


def guess_auth(records: Sequence[bytes]) -> float:
    """Return the share of records that an authentication log's programs wrote."""
    reader = EnvelopeReader(Origin(received=datetime(2026, 1, 1, tzinfo=UTC)))
    hits = 0
    for record in records:
        try:
            envelope = reader.read(readable(record))
        except UnparsedError:
            continue
        program = envelope.program.partition("(")[0] or envelope.program
        hits += program in TABLES or program in SSH_PROCESSES or program in _ALSO
    return hits / max(1, len(records))


AUTH = Source(
    name="linux.auth",
    title="Linux logins, privilege changes and account changes (auth.log, secure, journal)",
    documentation="sshd(8), sudoers(5), pam_unix(8), useradd(8); RFC 3164, RFC 5424, systemd.journal-fields(7)",
    open=open_auth,
    guess=guess_auth,
    samples=AUTH_SAMPLES,
)
