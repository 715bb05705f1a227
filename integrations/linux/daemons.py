"""Logins that a host's other services report: FTP, mail, RADIUS, and whom fail2ban shuts out.

Formats: vsftpd.conf(5), ProFTPD's and Pure-FTPd's messages, Dovecot's login process, Postfix's smtpd, FreeRADIUS's
``auth = yes``, fail2ban's actions.
"""

from __future__ import annotations

import re

from integrations.linux.lines import Line, Table, put
from rules.ecs import Document

_AUTH, _SESSION, _NETWORK, _FILE = ("authentication",), ("session",), ("network",), ("file",)
_IP = r"(?:::ffff:)?(?P<address>[0-9A-Fa-f.:]{2,45})"
_USER = r"(?P<user>[^\]]{1,256})"
_MAILBOX = r"user=<(?P<user>[^>]{0,256})>(?:, method=(?P<method>[\w-]{1,32}))?, rip=(?P<address>[0-9A-Fa-f.:]{2,45})(?:, .{0,400})?"


def _ftp(document: Document, _match: re.Match[str]) -> None:
    put(document, ("network", "protocol"), "ftp")


def _mail(document: Document, match: re.Match[str]) -> None:
    put(document, ("network", "protocol"), match["protocol"])


_FTP = Table(
    [
    Line(rf'\[{_USER}\] OK LOGIN: Client "{_IP}".{{0,200}}', "ftp_login", _AUTH, ("start",), "success", more=_ftp),
    Line(rf'\[{_USER}\] FAIL LOGIN: Client "{_IP}".{{0,200}}', "ftp_login", _AUTH, ("start",), "failure", more=_ftp),
    Line(rf'CONNECT: Client "{_IP}".{{0,200}}', "ftp_connect", _NETWORK, ("connection", "start"), "success", more=_ftp),
    Line(rf'\[{_USER}\] OK (?:UPLOAD|MKDIR): Client "{_IP}", "(?P<file>[^"]{{1,1024}})".{{0,200}}', "ftp_upload", _FILE, ("creation",),
         "success", more=_ftp),
    Line(rf'\[{_USER}\] OK DOWNLOAD: Client "{_IP}", "(?P<file>[^"]{{1,1024}})".{{0,200}}', "ftp_download", _FILE, ("access",), "success",
         more=_ftp),
    Line(rf'\[{_USER}\] OK DELETE: Client "{_IP}", "(?P<file>[^"]{{1,1024}})".{{0,200}}', "ftp_delete", _FILE, ("deletion",), "success",
         more=_ftp),
    Line(rf"(?:\S{{1,255}} )?\([^()\[\]]{{0,255}}\[{_IP}\]\)(?: -|:) USER (?P<user>\S{{1,256}}?):? Login successful\.?", "ftp_login", _AUTH,
         ("start",), "success", more=_ftp),
    Line(rf"(?:\S{{1,255}} )?\([^()\[\]]{{0,255}}\[{_IP}\]\)(?: -|:) USER (?P<user>\S{{1,256}}) \(Login failed\): (?P<reason>.{{1,200}}?)\.?",
         "ftp_login", _AUTH, ("start",), "failure", more=_ftp),
    Line(rf"(?:\S{{1,255}} )?\([^()\[\]]{{0,255}}\[{_IP}\]\)(?: -|:) USER (?P<user>\S{{1,256}}): (?P<reason>no such user found).{{0,300}}",
         "ftp_login", _AUTH, ("start",), "failure", more=_ftp),
    Line(rf"\([^@()]{{1,256}}@{_IP}\) \[WARNING\] (?P<reason>Authentication failed) for user \[{_USER}\]", "ftp_login", _AUTH, ("start",),
         "failure", more=_ftp),
    Line(rf"\([^@()]{{1,256}}@{_IP}\) \[INFO\] (?P<user>\S{{1,256}}) is now logged in", "ftp_login", _AUTH, ("start",), "success", more=_ftp),
    Line(rf"\((?P<user>[^@()]{{1,256}})@{_IP}\) \[INFO\] Logout\.?.{{0,100}}", "ftp_logout", _SESSION, ("end",), "success", more=_ftp),
    ]
)  # fmt: skip
_DOVECOT = Table(
    [
    Line(rf"(?P<protocol>imap|pop3|submission|managesieve)-login: (?:Info: )?Login: {_MAILBOX}", "mail_login", _AUTH, ("start",), "success",
         more=_mail),
    Line(r"(?P<protocol>imap|pop3|submission|managesieve)-login: (?:Info: )?(?:Disconnected|Aborted login|Login aborted)(?:: [\w :-]{1,80})? "
         rf"\((?P<reason>auth failed)[^()]{{0,120}}\)(?: \([\w-]{{1,40}}\))?: {_MAILBOX}", "mail_login", _AUTH, ("start",), "failure", more=_mail),
    ]
)  # fmt: skip


def _smtp(document: Document, _match: re.Match[str]) -> None:
    put(document, ("network", "protocol"), "smtp")


_SMTPD = Table(
    [
    Line(rf"warning: [^\[\]\s]{{1,255}}\[{_IP}\]: SASL (?P<method>[\w-]{{1,32}}) authentication failed(?:: (?P<reason>.{{0,200}}))?", "mail_login",
         _AUTH, ("start",), "failure", words=("warning:",), more=_smtp),
    Line(rf"\w{{1,32}}: client=[^\[\]\s]{{1,255}}\[{_IP}\](?::\d{{1,5}})?, sasl_method=(?P<method>[\w-]{{1,32}}), sasl_username=(?P<user>\S{{1,256}})"
         r"(?:, .{0,200})?", "mail_login", _AUTH, ("start",), "success", more=_smtp),
    Line(rf"(?:dis)?connect from [^\[\]\s]{{1,255}}\[{_IP}\].{{0,200}}", "mail_connection", _NETWORK, ("connection",), more=_smtp),
    ]
)  # fmt: skip


def _radius(document: Document, _match: re.Match[str]) -> None:
    put(document, ("network", "protocol"), "radius")


_NAS = r"(?:/[^\]]{0,256})?\](?: \(from client .{0,300})?"
_RADIUS = Table(
    [
    Line(rf"(?:Auth: )?(?:\(\d{{1,10}}\) {{1,2}})?Login OK: \[(?P<user>[^\]/]{{1,256}}){_NAS}", "radius_login", _AUTH, ("start",), "success",
         more=_radius),
    Line(rf"(?:Auth: )?(?:\(\d{{1,10}}\) {{1,2}})?(?:Login incorrect|Invalid user)(?: \((?P<reason>[^\[\]]{{1,300}})\))?: \[(?P<user>[^\]/]{{1,256}}){_NAS}",
         "radius_login", _AUTH, ("start",), "failure", more=_radius),
    ]
)  # fmt: skip


def _jail(document: Document, match: re.Match[str]) -> None:
    put(document, ("rule", "name"), match["jail"])


_FAIL2BAN = Table(
    [
    Line(rf"(?:(?:NOTICE|WARNING|INFO) {{1,4}})?\[(?P<jail>[\w.-]{{1,64}})\] (?:Restore )?Ban {_IP}", "address_banned",
         ("network", "intrusion_detection"), ("denied",), "success", more=_jail),
    Line(rf"(?:(?:NOTICE|WARNING|INFO) {{1,4}})?\[(?P<jail>[\w.-]{{1,64}})\] Unban {_IP}", "address_unbanned", _NETWORK, ("allowed",), "success",
         more=_jail),
    Line(rf"(?:(?:NOTICE|WARNING|INFO) {{1,4}})?\[(?P<jail>[\w.-]{{1,64}})\] Found {_IP}(?: - .{{0,40}})?", "address_found",
         ("intrusion_detection",), ("info",), more=_jail),
    ]
)  # fmt: skip
DAEMONS: dict[str, Table] = {
    **dict.fromkeys(("vsftpd", "proftpd", "pure-ftpd"), _FTP),
    "dovecot": _DOVECOT,
    **dict.fromkeys(("postfix/smtpd", "postfix/submission/smtpd", "postfix/smtps/smtpd"), _SMTPD),
    **dict.fromkeys(("radiusd", "freeradius"), _RADIUS),
    **dict.fromkeys(
        ("fail2ban", "fail2ban-server", "fail2ban.actions", "fail2ban.filter", "fail2ban.actions.action"),
        _FAIL2BAN,
    ),
}
"""By the program that logs."""
