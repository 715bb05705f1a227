"""What vSphere's messages mean in ECS: logins, shells, lockdowns, machines that go on and off, permissions.

References: vSphere Web Services API, "Event" and its descendants (``vim.event.*``); VMware's list of ESXi
observations (``esx.audit.*``, ``esx.problem.*``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.fields import categorise, put, put_end, put_new, text
from rules.ecs import Document

Meaning = tuple[tuple[str, ...], tuple[str, ...], str | None]
"""event.category, event.type, event.outcome."""

_LOGIN: Meaning = (("authentication",), ("start",), "success")
_REFUSED: Meaning = (("authentication",), ("start", "denied"), "failure")
_LOGOUT: Meaning = (("authentication", "session"), ("end",), "success")
_CHANGED: Meaning = (("configuration",), ("change",), None)
_IAM: Meaning = (("iam",), ("change", "user"), None)
_ADMIN: Meaning = (("iam",), ("change", "admin"), None)
_HOST: Meaning = (("host",), ("change",), None)

EVENTS: Mapping[str, Meaning] = {
    "UserLoginSessionEvent": _LOGIN, "UserLogoutSessionEvent": _LOGOUT, "BadUsernameSessionEvent": _REFUSED, "NoAccessUserEvent": _REFUSED,
    "InvalidLogin": _REFUSED, "SessionTerminatedEvent": (("session",), ("end",), None), "AlreadyAuthenticatedSessionEvent": _LOGIN,
    "AccountCreatedEvent": (("iam",), ("creation", "user"), None), "AccountRemovedEvent": (("iam",), ("deletion", "user"), None),
    "AccountUpdatedEvent": _IAM, "UserAssignedToGroup": (("iam",), ("change", "group"), None), "UserUnassignedFromGroup": (("iam",), ("change", "group"), None),
    "UserPasswordChanged": _IAM, "PermissionAddedEvent": _ADMIN, "PermissionUpdatedEvent": _ADMIN, "PermissionRemovedEvent": _ADMIN,
    "RoleAddedEvent": (("iam",), ("creation", "admin"), None), "RoleUpdatedEvent": _ADMIN, "RoleRemovedEvent": (("iam",), ("deletion", "admin"), None),
    "VmCreatedEvent": (("host",), ("creation",), None), "VmDeployedEvent": (("host",), ("creation",), None), "VmClonedEvent": (("host",), ("creation",), None),
    "VmRegisteredEvent": (("host",), ("creation",), None), "VmRemovedEvent": (("host",), ("deletion",), None),
    "VmPoweredOnEvent": (("host",), ("start",), None), "VmPoweredOffEvent": (("host",), ("end",), None), "VmSuspendedEvent": (("host",), ("end",), None),
    "VmResettingEvent": _HOST, "VmGuestShutdownEvent": (("host",), ("end",), None), "VmReconfiguredEvent": (("host", "configuration"), ("change",), None),
    "VmMigratedEvent": _HOST, "VmRenamedEvent": _HOST, "VmRemoteConsoleConnectedEvent": (("session",), ("start",), None),
    "VmAcquiredTicketEvent": (("session",), ("start",), None), "VmFailedToPowerOffEvent": (("host",), ("error",), "failure"),
    "HostAddedEvent": (("host",), ("creation",), None), "HostRemovedEvent": (("host",), ("deletion",), None), "HostConnectedEvent": (("host",), ("info",), None),
    "HostDisconnectedEvent": (("host",), ("info",), None), "HostShutdownEvent": (("host",), ("end",), None),
    "EnteredMaintenanceModeEvent": _HOST, "ExitMaintenanceModeEvent": _HOST, "HostReconnectionFailedEvent": (("host",), ("error",), "failure"),
    "AdminPasswordNotChangedEvent": _IAM, "DatastoreDestroyedEvent": (("host",), ("deletion",), None), "DatastoreFileDeletedEvent": (("file",), ("deletion",), None),
    "ScheduledTaskCreatedEvent": (("configuration",), ("creation",), None), "AlarmReconfiguredEvent": _CHANGED, "AlarmRemovedEvent": (("configuration",), ("deletion",), None),
    "CustomizationSucceeded": _HOST, "LicenseExpiredEvent": (("host",), ("info",), None),
}  # fmt: skip
"""``vim.event.<name>``."""

OBSERVATIONS: Sequence[tuple[str, Meaning]] = (
    ("esx.audit.ssh.session.opened", (("authentication", "session"), ("start",), "success")),
    ("esx.audit.ssh.session.closed", (("session",), ("end",), None)),
    ("esx.audit.ssh.session.failed", _REFUSED),
    ("esx.audit.shell", _CHANGED), ("esx.audit.ssh", _CHANGED), ("esx.audit.lockdownmode", _CHANGED), ("esx.audit.dcui", _CHANGED),
    ("esx.audit.account.locked", (("iam",), ("change", "user"), "failure")), ("esx.audit.account", _IAM), ("esx.audit.uw.secpolicy", _CHANGED),
    ("esx.audit.net.firewall", _CHANGED), ("esx.audit.host.boot", (("host",), ("start",), None)), ("esx.audit.host", _HOST),
    ("esx.audit.usb", _CHANGED), ("esx.audit.esximage.vib.install", (("package",), ("installation",), None)),
    ("esx.audit.esximage.vib.remove", (("package",), ("deletion",), None)), ("esx.audit.vmfs", _HOST), ("esx.audit", _CHANGED),
    ("vob.user.ssh.session.opened", (("authentication", "session"), ("start",), "success")), ("vob.user.account.locked", (("iam",), ("change", "user"), "failure")),
    ("esx.problem", (("host",), ("error",), None)), ("esx.clear", (("host",), ("info",), None)),
)  # fmt: skip
"""The first beginning that fits counts."""

_WHO = re.compile(
    r"(?:User|user|Cannot login|SSH session was (?:opened|closed) for|session for|Failed login attempt for) '?([^\s@']{1,128})@([0-9A-Za-z.:_-]{1,255})"
)
_REJECTED = re.compile(r"(Rejected|Accepted) password for user (\S{1,128}) from (\S{1,128})")
_AGENT = re.compile(r"logged in as (.{1,256}?)$|user agent: (.{1,256}?)\)?$")
_LOCKED = re.compile(r"(?:local user account|account) '?([^'\s]{1,128})'? has been locked", re.IGNORECASE)
_FIREWALL = re.compile(
    r"Firewall configuration has changed\. Operation '(\w{1,32})' for rule set (\S{1,64}) (\w{1,16})"
)
_SENTENCES: Sequence[tuple[str, str, Meaning]] = (
    (" logged in as ", "user-login", _LOGIN),
    (" logged out", "user-logout", _LOGOUT),
    ("Cannot login ", "user-login", _REFUSED),
    ("Failed login attempt", "user-login", _REFUSED),
    ("login attempts", "account-locked", (("iam",), ("change", "user"), "failure")),
    ("SSH access has been enabled", "ssh-enabled", _CHANGED),
    ("SSH access has been disabled", "ssh-disabled", _CHANGED),
    ("command line shell has been enabled", "shell-enabled", _CHANGED),
    ("command line shell has been disabled", "shell-disabled", _CHANGED),
    ("lockdown mode has been", "lockdown-mode", _CHANGED),
    ("Firewall configuration has changed", "firewall-changed", _CHANGED),
    ("Account ", "account-changed", _IAM),
    (" is powered on", "vm-powered-on", (("host",), ("start",), None)),
    (" is powered off", "vm-powered-off", (("host",), ("end",), None)),
)


def read_sentence(message: str, document: Document) -> bool:
    """Read what a message of hostd, vpxa or vobd says in words; whether it is known."""
    if match := _REJECTED.match(message):
        accepted = match[1] == "Accepted"
        categories, types, outcome = _LOGIN if accepted else _REFUSED
        categorise(document, categories, types, action="user-login", outcome=outcome)
        put(document, "user.name", match[2])
        put_end(document, "source", match[3])
        return True
    for words, action, (categories, types, outcome) in _SENTENCES:
        if words in message[:1024]:
            categorise(document, categories, types, action=action, outcome=outcome)
            put_who(document, message)
            return True
    return False


def put_who(document: Document, message: str) -> None:
    """Set the user, the address and the client that a sentence names."""
    head = message[:2048]
    if match := _WHO.search(head):
        put_user(document, match[1])
        host = match[2].rstrip(".:")
        if host not in {"127.0.0.1", "::1", "localhost"}:
            put_end(document, "source", host)
    elif match := _LOCKED.search(head):
        put_new(document, "user.name", match[1])
    if match := _AGENT.search(head):
        put(document, "user_agent.original", text(match[1] or match[2]))
    if match := _FIREWALL.search(head):
        put(document, "rule.name", match[2])
        put(document, "event.outcome", "success" if match[3].startswith("succe") else "failure")


def put_user(document: Document, name: Any) -> None:
    """Set ``user.name`` and ``.domain`` of ``DOMAIN\\alice``, ``alice@domain`` or ``alice``."""
    user = text(name)
    if user is None:
        return
    domain, separator, plain = user.rpartition("\\")
    if not separator and "@" in user:
        plain, _, domain = user.partition("@")
    put_new(document, "user.name", plain if separator or domain else user)
    put_new(document, "user.domain", domain)


def read_event(name: str, message: str, document: Document) -> None:
    """Read an event of vCenter or hostd by its type: ``vim.event.UserLoginSessionEvent``."""
    short = name.removeprefix("vim.event.").removeprefix("vim.fault.")
    categories, types, outcome = EVENTS.get(short) or _observed(name) or ((), ("info",), None)
    categorise(document, categories, types, action=short, outcome=outcome)
    put(document, "event.code", name)
    put_who(document, message)


def read_observation(name: str, message: str, document: Document) -> None:
    """Read an observation of vobd: ``esx.audit.ssh.session.opened``."""
    categories, types, outcome = _observed(name) or ((), ("info",), None)
    categorise(document, categories, types, action=name, outcome=outcome)
    put(document, "event.code", name)
    put_who(document, message)


def _observed(name: str) -> Meaning | None:
    return next((meaning for beginning, meaning in OBSERVATIONS if name.startswith(beginning)), None)
