"""What OpenSSH's server logs: auth.c, auth2*.c, sshd.c, packet.c, serverloop.c and session.c of OpenSSH.

A user's name is what a stranger typed: it may look like the rest of a line. So the address is the
last one that a line has (the name's pattern is greedy), never one out of the name.
"""

from __future__ import annotations

import re

from integrations.linux.lines import ADDRESS, PORT, Line, Table, put
from rules.ecs import Document

_AUTH, _LOGIN, _NETWORK = ("authentication",), ("authentication", "session"), ("network",)
_USER = r"(?P<user>.{0,256})"
_METHOD = r"(?P<method>[\w@./-]{1,64})"
_KEY = r"(?:: (?P<signature>[\w@.-]{1,64} \S{1,256})(?: ID .{0,1024} \(serial \d{1,20}\) CA \S{1,64} \S{1,256})?)?"
_FROM = rf"from {ADDRESS} port {PORT}(?: ssh2?)?"
_WHO = r"(?:(?P<state>invalid|authenticating) )?(?:user )(?P<user>.{0,256}) "


def _login(document: Document, match: re.Match[str]) -> None:
    ssh = document["system"]["auth"]["ssh"]
    ssh["event"] = match["verb"]
    if match.re.groupindex.get("invalid") and match["invalid"]:
        ssh["invalid_user"] = True
    if signature := match["signature"]:
        document["related"] = {"hash": [signature.split(" ")[1]]}


def _invalid(document: Document, match: re.Match[str]) -> None:
    del match
    put(document, ("system", "auth", "ssh"), {"event": "Invalid", "invalid_user": True})


def _dropped(document: Document, match: re.Match[str]) -> None:
    del match
    put(document, ("system", "auth", "ssh", "dropped_ip"), document["source"]["address"])


def _verb(verb: str, action: str, kind: str, outcome: str, category: tuple[str, ...] = _AUTH) -> Line:
    return Line(
        rf"(?P<verb>{verb}) {_METHOD} for (?P<invalid>invalid user |illegal user )?{_USER} {_FROM}{_KEY}",
        action, category, (kind,), outcome, words=(verb,), more=_login,
    )  # fmt: skip


def _closing(pattern: str, words: tuple[str, ...]) -> list[Line]:
    kind = ("connection", "end")
    return [
        Line(rf"{pattern} {_WHO}{ADDRESS} port {PORT}", "ssh_disconnected", _NETWORK, kind, words=words),
        Line(rf"{pattern} {ADDRESS}(?: port {PORT})?", "ssh_disconnected", _NETWORK, kind, words=words),
    ]


SSHD = Table(
    [
        _verb("Failed", "ssh_login", "info", "failure"),
        _verb("Accepted", "ssh_login", "start", "success", _LOGIN),
        _verb("Postponed", "ssh_postponed", "info", "unknown"),
        _verb("Partial", "ssh_partial_login", "info", "unknown"),
        Line(rf"(?:Invalid|Illegal) user {_USER} from {ADDRESS} port {PORT}", "ssh_invalid_user", _AUTH, ("info",), "failure",
             words=("Invalid", "Illegal"), more=_invalid),
        Line(rf"(?:Invalid|Illegal) user {_USER} from {ADDRESS}", "ssh_invalid_user", _AUTH, ("info",), "failure",
             words=("Invalid", "Illegal"), more=_invalid),
        Line(rf"input_userauth_request: invalid user {_USER}", "ssh_invalid_user_request", _AUTH, ("info",), "failure"),
        Line(rf"User {_USER} from {ADDRESS} not allowed because (?P<reason>.{{1,300}})", "ssh_user_not_allowed", _AUTH, ("info", "denied"),
             "failure"),
        Line(rf"ROOT LOGIN REFUSED FROM {ADDRESS}(?: port {PORT})?", "ssh_root_login_refused", _AUTH, ("info", "denied"), "failure"),
        Line(rf"maximum authentication attempts exceeded for (?:invalid user )?{_USER} {_FROM}", "ssh_too_many_attempts", _AUTH,
             ("info", "denied"), "failure"),
        Line(rf"Disconnecting {_WHO}{ADDRESS} port {PORT}: (?P<reason>Too many authentication failures).*", "ssh_attempts_disconnected",
             _NETWORK, ("connection", "end")),
        Line(rf"Disconnecting: (?P<reason>Too many authentication failures)(?: for (?:invalid user )?{_USER})?",
             "ssh_attempts_disconnected", _NETWORK, ("connection", "end")),
        Line(rf"Disconnecting {_WHO}{ADDRESS} port {PORT}: (?P<reason>.*)", "ssh_disconnected", _NETWORK, ("connection", "end")),
        Line(rf"PAM: Authentication failure for (?:illegal user |invalid user )?{_USER} from {ADDRESS}", "pam_authentication_failure", _AUTH,
             ("info",), "failure"),
        Line(rf"PAM: (?P<reason>.{{1,200}}?) for (?:illegal user |invalid user )?{_USER} from {ADDRESS}", "pam_error", _AUTH, ("info",),
             "failure"),
        Line(r"Access denied for user (?P<user>\S{1,256}) by PAM account configuration", "ssh_account_denied", _AUTH, ("info", "denied"),
             "failure"),
        Line(rf"Timeout before authentication for (?:connection from )?{ADDRESS}(?: to \S{{1,255}}, pid = \d{{1,10}})?(?: port {PORT})?",
             "ssh_authentication_timeout", _AUTH, ("info",), "failure"),
        Line(r"Authentication refused: (?P<reason>.*)", "ssh_key_refused", _AUTH, ("info",), "failure"),
        *_closing(r"Connection (?:closed|reset) by", ("Connection",)),
        *_closing(r"Disconnected from", ("Disconnected",)),
        Line(rf"Connection from {ADDRESS} port {PORT}(?: on \S{{1,255}} port (?P<to_port>\d{{1,5}}).*)?", "ssh_connection", _NETWORK,
             ("connection", "start")),
        Line(rf"Closing connection to {ADDRESS} port {PORT}", "ssh_disconnected", _NETWORK, ("connection", "end")),
        Line(rf"Received disconnect from {ADDRESS} port {PORT}:(?P<reason>.*)", "ssh_disconnect_received", _NETWORK, ("connection", "end")),
        Line(rf"Received disconnect from {ADDRESS}: (?P<reason>.*)", "ssh_disconnect_received", _NETWORK, ("connection", "end")),
        Line(rf"Did not receive identification string from {ADDRESS} port {PORT}", "ssh_no_identification", _NETWORK,
             ("connection", "info"), more=_dropped),
        Line(rf"Did not receive identification string from {ADDRESS}", "ssh_no_identification", _NETWORK, ("connection", "info"), more=_dropped),
        Line(rf"Bad protocol version identification .* from {ADDRESS}(?: port {PORT})?", "ssh_bad_protocol", _NETWORK, ("connection", "error"),
             "failure"),
        Line(rf"banner exchange: Connection from {ADDRESS} port {PORT}: (?P<reason>.*)", "ssh_bad_protocol", _NETWORK,
             ("connection", "error"), "failure"),
        Line(r"kex_exchange_identification: (?P<reason>.*)", "ssh_bad_protocol", _NETWORK, ("connection", "error"), "failure"),
        Line(rf"Unable to negotiate with {ADDRESS}(?: port {PORT}|(?=:)): (?P<reason>.*)", "ssh_no_negotiation", _NETWORK, ("connection", "error"),
             "failure"),
        Line(rf"drop connection #\d{{1,9}} from \[(?P<address>[^\]\s]{{1,255}})\]:{PORT} on \[[^\]]{{1,255}}\]:\d{{1,5}} (?P<reason>.*)",
             "ssh_connection_dropped", _NETWORK, ("connection", "denied"), "failure"),
        Line(rf"refused connect from {ADDRESS}(?: \(.{{1,255}}\))?", "ssh_connection_dropped", _NETWORK, ("connection", "denied"), "failure"),
        Line(r"reverse mapping checking getaddrinfo for \S{0,255} \[(?P<address>[^\]\s]{1,255})\] failed.*", "ssh_possible_break_in",
             _NETWORK, ("connection", "info")),
        Line(rf"Address {ADDRESS} maps to \S{{0,255}}, but this does not map back to the address.*", "ssh_possible_break_in", _NETWORK,
             ("connection", "info")),
        Line(rf"Nasty PTR record .* is set up for {ADDRESS}, ignoring", "ssh_possible_break_in", _NETWORK, ("connection", "info")),
        Line(rf"Starting session: (?P<what>.{{1,300}}?) for (?P<user>\S{{1,256}}) from {ADDRESS} port {PORT}(?: id \d{{1,5}})?",
             "ssh_session_started", ("session",), ("start",), "success"),
        Line(rf"Close session: user (?P<user>\S{{1,256}}) from {ADDRESS} port {PORT}(?: id \d{{1,5}})?", "ssh_session_closed", ("session",),
             ("end",), "success"),
        Line(rf"ssh_dispatch_run_fatal: Connection from {ADDRESS} port {PORT}: (?P<reason>.*)", "ssh_connection_broken", _NETWORK,
             ("connection", "error"), "failure"),
        Line(rf"Read error from remote host {ADDRESS}(?: port {PORT})?: (?P<reason>.*)", "ssh_connection_broken", _NETWORK,
             ("connection", "error"), "failure"),
        Line(r"(?P<reason>Bad packet length \d{1,12}|Corrupted MAC on input)\.", "ssh_connection_broken", _NETWORK,
             ("connection", "error"), "failure", words=("Bad", "Corrupted")),
        Line(r"subsystem request for (?P<what>\S{1,64}) by user (?P<user>\S{1,256})", "ssh_subsystem", ("session",), ("info",)),
        Line(r"Server listening on .*", "ssh_server_started", ("process",), ("start",)),
        Line(r"Received signal \d{1,2}; terminating\.", "ssh_server_stopped", ("process",), ("end",)),
    ]
)  # fmt: skip
"""To be read without the prefixes ``error:`` and ``fatal:`` and without the suffix ``[preauth]``."""


DROPBEAR = Table(
    [
        Line(rf"(?P<method>Password|PAM password) auth succeeded for '(?P<user>.{{0,256}})' from {ADDRESS}:{PORT}", "ssh_login", _LOGIN, ("start",),
             "success", words=("Password", "PAM")),
        Line(rf"(?P<method>Pubkey) auth succeeded for '(?P<user>.{{0,256}})' with .{{1,200}} from {ADDRESS}:{PORT}", "ssh_login", _LOGIN, ("start",),
             "success", words=("Pubkey",)),
        Line(rf"Bad (?:PAM )?password attempt for '(?P<user>.{{0,256}})' from {ADDRESS}:{PORT}", "ssh_login", _AUTH, ("info",), "failure"),
        Line(rf"Login attempt (?:for nonexistent user|with wrong user (?P<user>.{{0,256}}))(?: '.{{0,256}}')? from {ADDRESS}:{PORT}", "ssh_invalid_user",
             _AUTH, ("info",), "failure"),
        Line(rf"Child connection from {ADDRESS}:{PORT}", "ssh_connection", _NETWORK, ("connection", "start")),
        Line(r"[Ee]xit (?:\((?P<user>.{0,256}?)\)|before auth[^:]{0,300}): (?P<reason>.*)", "ssh_disconnected", _NETWORK, ("connection", "end"),
             words=("Exit", "exit")),
    ]
)  # fmt: skip
"""What Dropbear's server logs: svr-auth*.c and svr-session.c of Dropbear."""
_SOLARIS = re.compile(r"\[ID \d{1,10} [a-z0-9]{1,16}\.[a-z]{1,8}\] ", re.ASCII)


def bare(message: str) -> str:
    """Return an sshd message as `SSHD` knows it."""
    if message.startswith("[ID ") and (prefix := _SOLARIS.match(message)):
        message = message[prefix.end() :]
    if message.endswith(" [preauth]"):
        message = message[:-10]
    if message.startswith(("error: ", "fatal: ")):
        message = message[7:]
    return message
