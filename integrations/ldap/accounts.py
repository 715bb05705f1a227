"""``ldap.disable_user``, ``ldap.unlock_user``, ``ldap.reset_password``, ``ldap.lookup_user``.

How an account is disabled depends on the directory, and what was there is remembered:

- Active Directory: the bit ACCOUNTDISABLE of ``userAccountControl`` (MS-ADTS 2.2.16); the other bits stay;
- an account with shadow attributes (RFC 2307): ``shadowExpire`` is a day in the past, so that PAM refuses it,
  and with OpenLDAP's password policy (draft-behera-ldap-password-policy) also ``pwdAccountLockedTime``
  ``000001010000Z``, so that every bind is refused; the policy must be active on the users' database, which
  nothing in LDAP tells: where it is only loaded, the attribute is kept and binds go on;
- any other: ``pwdAccountLockedTime`` alone. A directory that has neither refuses, and says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import ldap3

from integrations.contract import ActionCall, ActionRefusedError
from integrations.ldap.connection import KIND, Directory, Entry, in_directory
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

USER = Parameter(
    name="user", type=ValueType.USER, description="The user: alice, EXAMPLE\\alice or alice@example.com."
)
ACCOUNTDISABLE = 0x2
FOREVER = "000001010000Z"
"""Locked until an administrator unlocks it (draft-behera-ldap-password-policy-10, 5.3.3)."""
EXPIRED = "1"
"""The second of January 1970 as ``shadowExpire``, days since 1970: RFC 2307; 0 means several things."""
CONTROL, LOCKED, SHADOW, LOCKOUT = "userAccountControl", "pwdAccountLockedTime", "shadowExpire", "lockoutTime"
ATTRIBUTES = (CONTROL, LOCKED, SHADOW, LOCKOUT, "objectClass", "mail", "displayName", "lastLogonTimestamp")


class DirectoryUser:
    """An action whose target is a user of a directory."""

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return await in_directory(
            site, call.params.get("connection"), lambda it: group_names(it, it.user(call.params["user"]))
        )

    async def names_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return await in_directory(
            site, call.params.get("connection"), lambda it: it.names(it.user(call.params["user"]))
        )


class DisableUser(DirectoryUser, Reversible):
    """Sessions and Kerberos tickets that exist go on until they end: ten hours by default."""

    spec = ActionSpec(
        name="ldap.disable_user",
        kind=ActionKind.CONTAINMENT,
        summary="Disable a user in Active Directory or another LDAP directory.",
        parameters=(USER, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="disabling",
        timeout=30.0,
        connection=KIND,
        permission="write userAccountControl; or pwdAccountLockedTime and shadowExpire",
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        user, active = await self._user(call, site)
        before = {name: user.first(name) for name in (CONTROL, LOCKED, SHADOW)}
        disabled = _is_disabled(user, active)
        return Seen(disabled, f"{user.dn} is {'disabled' if disabled else 'enabled'}", before)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen

        def work(directory: Directory) -> None:
            user = directory.user(call.params["user"], ATTRIBUTES)
            if directory.is_active_directory:
                _set(directory, user, CONTROL, str(_control(user) | ACCOUNTDISABLE))
                return
            if _has_shadow(user):
                _set(directory, user, SHADOW, EXPIRED)
            try:
                _set(directory, user, LOCKED, FOREVER)
            except ActionRefusedError as error:
                if "undefinedAttributeType" in str(error) and _has_shadow(user):
                    return  # no password policy here: PAM refuses the account by its shadow expiry
                raise ActionRefusedError(
                    f"{error}; to disable users this directory needs OpenLDAP's password policy (ppolicy), "
                    "or shadowAccount on them"
                ) from error

        await in_directory(site, call.params.get("connection"), work)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        def work(directory: Directory) -> None:
            user = directory.user(call.params["user"], ATTRIBUTES)
            if directory.is_active_directory:
                _set(directory, user, CONTROL, str(_control(user) & ~ACCOUNTDISABLE))
                return
            if user.first(SHADOW) == EXPIRED:
                _set(directory, user, SHADOW, before[SHADOW])
            if user.first(LOCKED) == FOREVER:
                _set(directory, user, LOCKED, before[LOCKED])

        await in_directory(site, call.params.get("connection"), work)

    async def _user(self, call: ActionCall, site: Site) -> tuple[Entry, bool]:
        return await in_directory(
            site,
            call.params.get("connection"),
            lambda it: (it.user(call.params["user"], ATTRIBUTES), it.is_active_directory),
        )


class LookupUser:
    """Answers ``dn``, ``enabled``, ``locked``, ``name``, ``mail`` and ``groups``."""

    spec = ActionSpec(
        name="ldap.lookup_user",
        kind=ActionKind.LOOKUP,
        summary="Say whether a user of the directory is enabled or locked, and its groups.",
        parameters=(USER, CONNECTION),
        returns={
            "dn": ValueType.TEXT, "enabled": ValueType.BOOLEAN, "locked": ValueType.BOOLEAN,
            "name": ValueType.TEXT, "mail": ValueType.TEXT, "groups": ValueType.LIST,
        },
        timeout=30.0,
        connection=KIND,
        permission="read users and groups",
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        def work(directory: Directory) -> dict[str, Any]:
            user = directory.user(call.params["user"], ATTRIBUTES)
            return {
                "dn": user.dn,
                "enabled": not _is_disabled(user, directory.is_active_directory),
                "locked": bool(user.first(LOCKED)) or user.first(LOCKOUT) not in ("", "0"),
                "name": user.first("displayName") or user.first("cn"),
                "mail": user.first("mail"),
                "groups": group_names(directory, user),
            }

        return await in_directory(site, call.params.get("connection"), work)


class UnlockUser:
    """A lock of this system's own is not one of too many wrong passwords: that one stays (its undo lifts it)."""

    spec = ActionSpec(
        name="ldap.unlock_user",
        kind=ActionKind.CHANGE,
        summary="Unlock a user whom too many wrong passwords locked out.",
        parameters=(USER, CONNECTION),
        returns={"unlocked": ValueType.BOOLEAN},
        timeout=30.0,
        connection=KIND,
        permission="write lockoutTime; or pwdAccountLockedTime",
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        def work(directory: Directory) -> bool:
            user = directory.user(call.params["user"], ATTRIBUTES)
            if directory.is_active_directory:
                if user.first(LOCKOUT) in ("", "0"):
                    return False
                _set(directory, user, LOCKOUT, "0")
                return True
            if user.first(LOCKED) in ("", FOREVER):
                return False
            _set(directory, user, LOCKED, "")
            return True

        return {"unlocked": await in_directory(site, call.params.get("connection"), work)}


class ResetPassword(DirectoryUser):
    """The new password is random and is told to nobody: the person gets another one the usual way. Who stole
    the old one has nothing any more."""

    spec = ActionSpec(
        name="ldap.reset_password",
        kind=ActionKind.CHANGE,
        summary="Replace a user's password by a random one that nobody knows.",
        parameters=(USER, CONNECTION),
        returns={"done": ValueType.BOOLEAN},
        timeout=30.0,
        connection=KIND,
        permission="Reset Password; or write userPassword",
        guarded=True,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        def work(directory: Directory) -> None:
            user = directory.user(call.params["user"])
            directory.set_password(user.dn, secrets.token_urlsafe(32) + "aA1!")

        await in_directory(site, call.params.get("connection"), work)
        return {"done": True}


def group_names(directory: Directory, user: Entry) -> list[str]:
    return sorted({group.first("cn") for group in directory.groups(user)} - {""})


def _is_disabled(user: Entry, active_directory: bool) -> bool:
    """An account is disabled where nobody can sign in by any of the ways that it has."""
    if active_directory:
        return bool(_control(user) & ACCOUNTDISABLE)
    locked = user.first(LOCKED) == FOREVER
    return locked or (_has_shadow(user) and user.first(SHADOW) == EXPIRED)


def _has_shadow(user: Entry) -> bool:
    return "shadowaccount" in {one.casefold() for one in user.all("objectClass")}


def _control(user: Entry) -> int:
    value = user.first(CONTROL)
    if not value.lstrip("-").isdecimal():
        raise ActionRefusedError(f"{user.dn}: userAccountControl can't be read: grant the right to read it")
    return int(value)


def _set(directory: Directory, user: Entry, name: str, value: str) -> None:
    """Write one value, or take the attribute away where it is empty."""
    changes = {name: [(ldap3.MODIFY_REPLACE, [value] if value else [])]}
    directory.modify(user.dn, changes)
