"""The way to a MySQL or MariaDB server: its own protocol over TLS, with asyncmy.

https://dev.mysql.com/doc/refman/8.4/en/encrypted-connections.html,
https://mariadb.com/docs/server/security/encryption/data-in-transit-encryption. Accounts stand in statements that
take no parameters (``ALTER USER``), so a name with a quote, a backslash or a control character is refused; who
has such names can't be helped here.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncmy
from asyncmy import errors
from asyncmy.cursors import DictCursor

from integrations.connections import ConnectionKind, Named, Setting, choose
from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "mysql"
SECONDS = 6.0
LATER = frozenset(
    {1040, 1041, 1053, 1080, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 2002, 2003, 2006, 2013}
)
"""Codes that a later attempt may not meet: too many connections, shutdown, network, locks
(https://dev.mysql.com/doc/mysql-errors/8.4/en/)."""
FAULTS = (errors.MySQLError, OSError, TimeoutError, asyncio.IncompleteReadError)
_PLAIN = re.compile(r"[^\x00-\x1f\x7f'\"`\\]{1,255}\Z")


@dataclass(frozen=True)
class Server:
    """A server, logged in. Faults become `ActionError`s where `open_mysql` ends."""

    named: Named
    connection: Any
    mariadb: bool
    own: str
    """The user's name that we are logged in as."""

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        async with self.connection.cursor(DictCursor) as cursor:
            await cursor.execute(query, arguments or None)
            return [dict(row) for row in await cursor.fetchall()]

    async def execute(self, statement: str) -> None:
        async with self.connection.cursor() as cursor:
            await cursor.execute(statement)


def account(user: str, host: str) -> str:
    """Return an account as a statement names it. Raises `ActionRefusedError` for one that can't be written."""
    for part in (user, host):
        if not _PLAIN.match(part):
            raise ActionRefusedError(
                f"{part!r:.80} can't be named in a statement: it has a quote or the like"
            )
    return f"'{user}'@'{host}'"


@asynccontextmanager
async def open_mysql(site: Site, name: Any) -> AsyncIterator[Server]:
    """Log in to the site's server. Raises `ActionError`s, also for what goes wrong within."""
    named = choose(site, KIND, name)
    tls = _tls(named)
    connection: Any = None
    try:
        async with asyncio.timeout(SECONDS):
            connection = await asyncmy.connect(
                host=named.need("host"),
                port=int(named.get("port") or 3306),
                user=named.need("user"),
                password=named.need("password"),
                ssl=tls,
                connect_timeout=int(SECONDS),
                read_timeout=SECONDS,
                autocommit=True,
                sql_mode="TRADITIONAL",
                local_infile=False,
                auth_plugin_map=None if tls else {"mysql_clear_password": _InClear, "dialog": _InClear},
                program_name="siem",
            )
        server = Server(named, connection, False, "")
        ((row),) = await server.rows("SELECT VERSION() AS version, CURRENT_USER() AS own")
        own = str(row["own"]).rpartition("@")[0]
        yield Server(named, connection, "mariadb" in str(row["version"]).lower(), own)
    except FAULTS as error:
        raise _told(named, error) from error
    finally:
        if connection is not None:
            connection.close()


class _InClear:
    """Stands where the driver would send the password as it is: without TLS, no server gets it so."""

    def __init__(self, connection: Any) -> None:
        del connection

    def authenticate(self, packet: Any) -> Any:
        del packet
        raise errors.OperationalError(2059, "the server wants the password in clear, and there is no TLS")


def _tls(named: Named) -> ssl.SSLContext | None:
    """Return how to talk: always with TLS and a certificate that is checked, unless it says ``tls: false``."""
    if named.get("tls") is False:
        return None
    ca = named.get("ca")
    try:
        return ssl.create_default_context(cafile=str(ca) if ca else None)
    except OSError as error:
        raise ActionRefusedError(f"connection {named.name!r}: ca can't be read: {error}") from error


def _told(named: Named, error: BaseException) -> ActionError:
    words = named.clean(f"{named.name}: {error or type(error).__name__}"[:500])
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ActionRefusedError(f"{words}: name its authority as ca")
        if isinstance(cause, ssl.SSLError):
            return ActionRefusedError(
                f"{words}: turn TLS on there, or say tls: false for one on this machine"
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, TimeoutError):
        return ActionUnavailableError(f"{named.name}: no answer within {SECONDS:.0f} s")
    code = error.args[0] if isinstance(error, errors.MySQLError) and error.args else 0
    if isinstance(error, errors.MySQLError) and code not in LATER:
        return ActionRefusedError(words)
    return ActionUnavailableError(words)


async def _test(site: Site, name: str) -> str:
    async with open_mysql(site, name) as server:
        ((row),) = await server.rows("SELECT VERSION() AS version, CURRENT_USER() AS own")
    return f"{'MariaDB' if server.mariadb else 'MySQL'} {row['version']} answers {row['own']}"


MYSQL = ConnectionKind(
    name=KIND,
    title="MySQL (5.7 and later) or MariaDB (10.4 and later): one server",
    documentation="https://dev.mysql.com/doc/refman/8.4/en/account-locking.html",
    settings=(
        Setting("host", "its name or address"),
        Setting("port", "else 3306", required=False),
        Setting("user", "an account of its own"),
        Setting("password", "its password", secret=True),
        Setting("ca", "path of the certificate authority, where the system does not know it", required=False),
        Setting("tls", "false: talk without TLS, to a server on this machine", required=False),
    ),
    permissions=(
        "MySQL: CREATE USER, PROCESS, CONNECTION_ADMIN; SELECT on mysql.user (Host, User, account_locked) and "
        "mysql.role_edges",
        "MariaDB: CREATE USER, PROCESS, CONNECTION ADMIN; SELECT on mysql.global_priv and mysql.roles_mapping",
    ),
    test=_test,
    setup="MySQL: CREATE USER siem@'10.0.0.5' IDENTIFIED BY '…' REQUIRE SSL; GRANT CREATE USER, PROCESS, "
    "CONNECTION_ADMIN ON *.* TO siem@'10.0.0.5'; GRANT SELECT (Host, User, account_locked) ON mysql.user TO "
    "siem@'10.0.0.5'; GRANT SELECT ON mysql.role_edges TO siem@'10.0.0.5'; accounts with SYSTEM_USER are out of "
    "its reach. MariaDB: GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* …; GRANT SELECT ON mysql.global_priv "
    "…; GRANT SELECT ON mysql.roles_mapping ….",
)
