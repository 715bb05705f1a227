"""The way to a directory: LDAP version 3 over TLS (RFC 4511, RFC 4513), with ldap3.

Names go into filters escaped (RFC 4515, 3) and objects are named by the DN that the directory itself gave,
never by one put together here. Which directory it is, is read from its root DSE: Active Directory says so in
``supportedCapabilities``; any other is treated as RFC 2307 with OpenLDAP's password policy.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPOperationResult
from ldap3.protocol.formatters.formatters import format_sid
from ldap3.utils.conv import escape_bytes, escape_filter_chars

from integrations.connections import ConnectionKind, Named, Setting, choose
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "ldap"
ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
"""LDAP_CAP_ACTIVE_DIRECTORY_OID, MS-ADTS 3.1.1.3.4.3.1."""
IN_CHAIN = "1.2.840.113556.1.4.1941"
"""LDAP_MATCHING_RULE_IN_CHAIN, MS-ADTS 3.1.1.3.4.4.4: nested groups."""
NAMES = (
    "sAMAccountName",
    "userPrincipalName",
    "uid",
    "cn",
    "mail",
    "proxyAddresses",
    "altSecurityIdentities",
)
"""Attributes that say what a user is called."""
GROUPS = 500
"""The most groups of one user."""
SECONDS = 8
GONE_AWAY = frozenset({"busy", "unavailable", "timeLimitExceeded", "adminLimitExceeded", "serverDown"})
T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """One object of the directory."""

    dn: str
    attributes: Mapping[str, Any]
    """Lists of texts by lower-case name."""

    def all(self, name: str) -> list[str]:
        return list(self.attributes.get(name.casefold(), ()))

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")


class Directory:
    """A directory, bound. All methods raise `ActionError`s and block: see `in_directory`."""

    def __init__(self, named: Named, connection: ldap3.Connection) -> None:
        self.named = named
        self.base = named.need("base")
        self._connection = connection
        self.is_active_directory = ACTIVE_DIRECTORY in self._capabilities()

    def _capabilities(self) -> list[str]:
        """Ask the root DSE by name: not every directory tells them unasked."""
        with self._business_errors("read the root DSE"):
            self._connection.search(
                "", "(objectClass=*)", ldap3.BASE, attributes=["supportedCapabilities"], time_limit=SECONDS
            )
        found = [one for one in self._connection.response or () if one.get("type") == "searchResEntry"]
        return [text for one in found for value in one["raw_attributes"].values() for text in _texts(value)]

    def search(self, template: str, *values: str, attributes: tuple[str, ...], base: str = "") -> list[Entry]:
        """Return the objects that a filter finds; each ``{}`` of it takes a value, escaped."""
        asked = template.format(*(escape_filter_chars(value) for value in values))
        with self._business_errors("search"):
            self._connection.search(
                base or self.base, asked, attributes=list(attributes), size_limit=1000, time_limit=SECONDS
            )
        return [
            Entry(
                one["dn"], {name.casefold(): _texts(value) for name, value in one["raw_attributes"].items()}
            )
            for one in self._connection.response or ()
            if one.get("type") == "searchResEntry"
        ]

    def user(self, name: str, attributes: tuple[str, ...] = ()) -> Entry:
        """Return the one user of a name: ``alice``, ``EXAMPLE\\alice`` or ``alice@example.com``.

        Raises `ActionRefusedError` where there is none or several.
        """
        short = name.rpartition("\\")[2]
        if self.is_active_directory:
            template = (
                "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={})(userPrincipalName={})))"
            )
        else:
            template = "(&(objectClass=person)(|(uid={})(mail={})))"
        found = self.search(template, short, name, attributes=("uid", "cn", *attributes))
        if not found:
            raise ActionRefusedError(f"{self.named.name} has no user {name} under {self.base}")
        if len(found) > 1:
            raise ActionRefusedError(
                f"{self.named.name} has {len(found)} users {name}: narrow the connection's base"
            )
        return found[0]

    def groups(self, user: Entry) -> list[Entry]:
        """Return the groups that a user is in, through other groups too.

        Active Directory follows them itself (`IN_CHAIN`), but for the primary group, which is in no ``member``
        (MS-ADTS 3.1.1.4.5.19). Any other directory is asked again for each group that was found. Raises
        `ActionRefusedError` where there are more than `GROUPS`: the guard must see them all.
        """
        if self.is_active_directory:
            template = f"(&(objectClass=group)(member:{IN_CHAIN}:={{}}))"
            found = self.search(template, user.dn, attributes=("cn", "member"))
            for group in self._primary(user):
                found += [group, *self.search(template, group.dn, attributes=("cn", "member"))]
            return self._few(user, {group.dn: group for group in found})
        attributes = ("cn", "member", "uniqueMember", "memberUid")
        template = "(|(member={})(uniqueMember={})(memberUid={}))"
        direct = self.search(template, user.dn, user.dn, user.first("uid") or user.dn, attributes=attributes)
        known = {group.dn: group for group in direct}
        level = list(known)
        while level and len(known) <= GROUPS:
            inside = "".join("(member={})(uniqueMember={})" for _ in level)
            twice = [dn for dn in level for _ in range(2)]
            found = self.search(f"(|{inside})", *twice, attributes=attributes)
            level = [group.dn for group in found if group.dn not in known]
            known |= {group.dn: group for group in found}
        return self._few(user, known)

    def names(self, user: Entry) -> list[str]:
        """Return all that the directory calls a user: its DN, its names and addresses, and its SID."""
        raw = self._raw(user.dn, *NAMES, "objectSid")
        found = [text for name in NAMES for text in _texts(raw.get(name.casefold(), ()))]
        sids = [format_sid(sid) for sid in raw.get("objectsid", ()) if sid]
        return list(dict.fromkeys([user.dn, *found, *sids]))

    def _raw(self, dn: str, *attributes: str) -> dict[str, list[bytes]]:
        """Return attributes of one object as they are, by lower-case name."""
        with self._business_errors(f"read {dn}"):
            self._connection.search(
                dn, "(objectClass=*)", ldap3.BASE, attributes=list(attributes), time_limit=SECONDS
            )
        rows = [
            one["raw_attributes"]
            for one in self._connection.response or ()
            if one.get("type") == "searchResEntry"
        ]
        return {name.casefold(): values for row in rows for name, values in row.items()}

    def _primary(self, user: Entry) -> list[Entry]:
        """Return a user's primary group: in its own domain, by the number on the user (``primaryGroupID``)."""
        raw = self._raw(user.dn, "primaryGroupID", "objectSid")
        numbers, sids = raw.get("primarygroupid"), raw.get("objectsid")
        if not numbers or not sids:
            return []
        group = sids[0][:-4] + int(numbers[0]).to_bytes(4, "little")
        asked = f"(&(objectClass=group)(objectSid={escape_bytes(group)}))"
        return self.search(asked.replace("{", "{{").replace("}", "}}"), attributes=("cn", "member"))

    def _few(self, user: Entry, known: Mapping[str, Entry]) -> list[Entry]:
        if len(known) > GROUPS:
            raise ActionRefusedError(f"{self.named.name}: {user.dn} is in more than {GROUPS} groups")
        return list(known.values())

    def modify(self, dn: str, changes: Mapping[str, Any], *, tolerated: tuple[str, ...] = ()) -> None:
        """Change an object; results named in `tolerated` count as done."""
        with self._business_errors(f"modify {dn}", tolerated):
            self._connection.modify(dn, dict(changes))

    def set_password(self, dn: str, password: str) -> None:
        """Set a password (RFC 3062, or ``unicodePwd`` where the directory is Microsoft's)."""
        with self._business_errors(f"set the password of {dn}"):
            if self.is_active_directory:
                self._connection.extend.microsoft.modify_password(dn, password)
            else:
                self._connection.extend.standard.modify_password(dn, new_password=password)

    @contextmanager
    def _business_errors(self, what: str, tolerated: tuple[str, ...] = ()) -> Iterator[None]:
        try:
            yield
        except LDAPOperationResult as error:
            if error.description in tolerated:
                return
            said = self.named.clean(
                f"{self.named.name}: {what}: {error.description}: {error.message or ''}".strip()
            )
            if error.description in GONE_AWAY:
                raise ActionUnavailableError(said) from error
            raise ActionRefusedError(said) from error
        except LDAPException as error:
            raise ActionUnavailableError(self.named.clean(f"{self.named.name}: {what}: {error}")) from error


async def in_directory(site: Site, name: Any, work: Callable[[Directory], T]) -> T:
    """Bind, work, unbind; in a thread, for LDAP's library blocks. Raises `ActionError`s."""
    named = choose(site, KIND, name)

    def bound() -> T:
        connection = _connect(named)
        try:
            return work(Directory(named, connection))
        finally:
            _close(connection)

    return await asyncio.to_thread(bound)


def _connect(named: Named) -> ldap3.Connection:
    url = urlsplit(named.need("url"))
    plain = url.scheme == "ldap" and named.get("starttls") is False
    if url.scheme not in ("ldap", "ldaps") or not url.hostname:
        raise ActionRefusedError(f"connection {named.name!r}: url is ldaps://host or ldap://host (StartTLS)")
    ca = named.get("ca")
    server = ldap3.Server(
        url.hostname,
        port=url.port or (636 if url.scheme == "ldaps" else 389),
        use_ssl=url.scheme == "ldaps",
        tls=ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(ca) if ca else None),
        get_info=ldap3.NONE,
        connect_timeout=SECONDS,
    )
    connection = ldap3.Connection(
        server,
        named.need("user"),
        named.need("password"),
        auto_referrals=False,
        raise_exceptions=True,
        receive_timeout=SECONDS,
        return_empty_attributes=False,
    )
    try:
        connection.open(read_server_info=False)
        if url.scheme == "ldap" and not plain:
            connection.start_tls(read_server_info=False)
        connection.bind()
        return connection
    except LDAPOperationResult as error:
        _close(connection)
        said = (
            f"{named.name}: bind as {named.need('user')}: {error.description} {error.message or ''}".strip()
        )
        raise ActionRefusedError(named.clean(said)) from error
    except (LDAPException, OSError) as error:
        _close(connection)
        raise ActionUnavailableError(named.clean(f"{named.name}: no answer: {error}")) from error


def _close(connection: ldap3.Connection) -> None:
    """Close the socket without a word: `unbind` would want an answer from who gives none."""
    if connection.socket is not None:
        connection.socket.close()


def _texts(values: Any) -> list[str]:
    return [one.decode("utf-8", "backslashreplace") if isinstance(one, bytes) else str(one) for one in values]


async def _test(site: Site, name: str) -> str:
    def look(directory: Directory) -> str:
        found = directory.search("(objectClass=*)", attributes=("objectClass",), base=directory.base)
        kind = "Active Directory" if directory.is_active_directory else "an LDAP directory"
        return f"{kind} answers {directory.named.need('user')}; {len(found)} objects can be seen under {directory.base}"

    return await in_directory(site, name, look)


LDAP = ConnectionKind(
    name=KIND,
    title="Active Directory or OpenLDAP, over LDAP with TLS",
    documentation="https://learn.microsoft.com/windows/win32/adsi/user-object-user-interface-mapping",
    settings=(
        Setting("url", "ldaps://dc-1.example.com, or ldap://… for StartTLS"),
        Setting("base", "where users and groups lie: DC=example,DC=com"),
        Setting("user", "a DN, or user@example.com in Active Directory"),
        Setting("password", "its password", secret=True),
        Setting("ca", "path of the certificate authority, where the system does not know it", required=False),
        Setting(
            "starttls",
            "false: talk without TLS over ldap://, for a directory on this machine",
            required=False,
        ),
    ),
    permissions=(
        "Active Directory, delegated on the users' OU: read; write userAccountControl, lockoutTime, pwdLastSet; "
        "Reset Password; on the groups' OU: write member",
        "OpenLDAP: write pwdAccountLockedTime (manage), shadowExpire, userPassword, member, memberUid; and the "
        "overlay ppolicy on the users' own database: check once that who is disabled can't bind",
    ),
    test=_test,
    setup="Active Directory: dsacls 'OU=Users,DC=example,DC=com' /I:S "
    "/G 'EXAMPLE\\siem:WP;userAccountControl;user' 'EXAMPLE\\siem:WP;lockoutTime;user' "
    "'EXAMPLE\\siem:CA;Reset Password;user'",
)
